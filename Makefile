# Everything a maintainer does, by name. `make help` lists it.

# Debian packages, in one place: what the program needs, what its tests need, what its benchmarks compare with.
RUN_PACKAGES   = libmosquitto-dev libsqlite3-dev libmicrohttpd-dev zlib1g-dev libcrypt-dev pkg-config \
                 mosquitto mosquitto-clients libjs-leaflet qrencode tzdata util-linux libcurl4 ca-certificates
TEST_PACKAGES  = chromium chromium-driver fonts-dejavu-core python3-venv curl gcc g++ libc6-dev gdal-bin nginx-light openssl zbar-tools \
                 prometheus victoria-metrics
ARM_PACKAGES   = gcc-arm-none-eabi libnewlib-arm-none-eabi
DEB_PACKAGES   = dpkg-dev binutils libcurl4-openssl-dev lintian mandoc man-db systemd strace
BENCH_PACKAGES = nginx-light wrk prometheus-mqtt-exporter prometheus librrd-dev gcc libc6-dev valgrind curl

SHELL = /bin/bash
PORT ?= 8080
OPERATOR_PORT ?= 8081
PROGRAM = .build/release/tonnelle
PYTEST = .venv/bin/python -m pytest -q -p no:cacheprovider

.PHONY: help build demo test unit system acceptance simulate fuzz mutants bench lint format clean deb packages test-packages bench-packages

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 16

build: packages ## the program, as .build/release/tonnelle
	swift build -c release --product tonnelle

demo: build ## a city on this machine: PORT=, OPERATOR_PORT=, KEEP=1
	@exec $(PROGRAM) demo --port $(PORT) --operator-port $(OPERATOR_PORT) $(if $(KEEP),--keep)

test: lint unit system ## all tests of every day

lint: ## the source style
	swift format lint --strict --parallel -r Sources Tests Package.swift

unit: packages test-packages ## the rooms, one by one
	$(call swift-test,--skip SimulationTests)
	$(MAKE) simulate

system: build test-packages ## the whole program, with a real broker and a real browser
	$(PYTEST) -m "not acceptance" Tests/System

acceptance: build test-packages ## the long tests: PART=name for one of them
	@$(if $(filter firmware,$(or $(PART),firmware)),$(call install,$(ARM_PACKAGES)))
	$(PYTEST) -s -m acceptance $(if $(PART),-k $(PART)) Tests/System

simulate: packages ## disasters by the seed: SEEDS=n, the first being SEED=k
	SEEDS=$(or $(SEEDS),200) SEED=$(or $(SEED),1) $(call swift-test,--filter SimulationTests)

fuzz: packages ## libFuzzer on what reads from outside: TARGET=json|senml|cbor|decoders|hours|settings|trace, SECONDS=60
	FUZZ=1 swift build -c release --scratch-path .build/fuzz --product Fuzz -Xswiftc -use-ld=lld
	mkdir -p .build/corpus/$(or $(TARGET),senml)
	SWIFT_BACKTRACE=enable=no .build/fuzz/release/Fuzz $(or $(TARGET),senml) .build/corpus/$(or $(TARGET),senml) \
		-max_total_time=$(or $(SECONDS),60) -artifact_prefix=.build/

mutants: packages ## breaks the program in many ways, one at a time: the simulation must catch each
	python3 Tests/Mutants/mutants.py

bench: packages bench-packages ## side by side with peers: ONLY=pattern
	swift build -c release
	.build/release/Benchmarks $(if $(ONLY),--only "$(ONLY)")

deb: packages ## a Debian package of the program, in .build; PART=package of the long tests installs it
	@$(call install,$(DEB_PACKAGES))
	swift build -c release --product tonnelle --static-swift-stdlib --disable-local-rpath --scratch-path .build/package
	Config/debian/build .build/package/release/tonnelle .build

format: ## formats the sources
	swift format -i --parallel -r Sources Tests Package.swift

clean: ## removes what was built
	rm -rf .build .venv

# What failed comes last, after some thousand lines of what passed.
swift-test = swift test --disable-xctest $(1) 2>&1 | tee .build/tests.log; \
	[ $${PIPESTATUS[0]} = 0 ] || { grep -A 3 'recorded an issue' .build/tests.log; exit 1; }

# apt-get is called only for what is missing. RUNLEVEL=1: installing mosquitto must not start a broker of the system.
install = missing=$$(for p in $(1); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	[ -z "$$missing" ] || { sudo=$$([ $$(id -u) = 0 ] || echo sudo); echo installing $$missing; $$sudo apt-get update -qq \
	&& $$sudo env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; }

packages:
	@$(call install,$(RUN_PACKAGES))

test-packages: .venv/ready
	@$(call install,$(TEST_PACKAGES))

bench-packages:
	@$(call install,$(BENCH_PACKAGES))

.venv/ready: Tests/System/requirements.txt
	@$(call install,python3-venv)
	python3 -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check -r $<
	.venv/bin/pip install --quiet --disable-pip-version-check --no-deps axe-playwright-python==0.1.8
	touch $@
