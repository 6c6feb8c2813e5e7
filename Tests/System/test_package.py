"""The Debian package's life in a folder: built, looked at, installed, upgraded over an older journal, removed, purged."""

import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess

import pytest

import conftest
from conftest import ROOT, Gateway, get, reading, wait_for
from disasters import balanced

pytestmark = pytest.mark.acceptance
PACKAGING = ROOT / "Config/debian"


def run(*words, **more):
    result = subprocess.run([str(word) for word in words], capture_output=True, text=True, **more)
    assert result.returncode == 0, (words, result.stdout, result.stderr)
    return result.stdout


@pytest.fixture(scope="module")
def package():
    """The package, as `make deb` makes it."""
    return pathlib.Path(run("make", "-s", "deb", cwd=ROOT, timeout=3600).strip().splitlines()[-1])


@pytest.fixture(scope="module")
def tree(package, tmp_path_factory):
    """What is in it."""
    folder = tmp_path_factory.mktemp("tree")
    run("dpkg-deb", "-R", package, folder)
    return folder


def test_the_demonstration_comes_along(tree):
    assert (tree / "usr/share/tonnelle/demo/demo.json").exists()
    assert "no errors" in run(tree / "usr/bin/tonnelle", "check", "--config", tree / "usr/share/tonnelle/demo/settings.json")


def test_lintian_finds_no_error(package):
    run("lintian", "--allow-root", "--fail-on", "error", package)


def test_the_same_program_gives_the_same_package(package, tmp_path):
    again = run(PACKAGING / "build", ROOT / ".build/package/release/tonnelle", tmp_path).strip()
    assert pathlib.Path(again).read_bytes() == package.read_bytes()


def test_the_program_needs_no_toolchain(tree):
    dynamic = run("readelf", "-d", tree / "usr/bin/tonnelle")
    assert "RUNPATH" not in dynamic and "RPATH" not in dynamic and "swift" not in dynamic
    control = (tree / "DEBIAN/control").read_text()
    for library in ["libc6", "libmosquitto1", "libsqlite3-0", "libmicrohttpd12", "zlib1g", "tzdata"]:
        assert re.search(rf"Depends: .*\b{library} \(>= [^)]+\)", control), library
    version = re.search(r"Version: ([^-]+)-", control).group(1)
    assert run(tree / "usr/bin/tonnelle", "--version").strip() == f"tonnelle {version}"


def test_the_unit_is_tight_and_means_what_it_says(tree, tmp_path):
    unit = tree / "usr/lib/systemd/system/tonnelle.service"
    run("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", unit)
    text = unit.read_text()
    # The machine that builds has neither the program nor its page where the unit names them.
    here = tmp_path / unit.name
    here.write_text(text.replace("/usr/bin/tonnelle", str(tree / "usr/bin/tonnelle")).replace("man:tonnelle(1) ", ""))
    complaints = subprocess.run(["systemd-analyze", "verify", here], capture_output=True, text=True)
    assert unit.name not in complaints.stderr, complaints.stderr
    assert "Type=notify\n" in text and re.search(r"^WatchdogSec=\d+$", text, re.M) and "User=tonnelle\n" in text


def test_the_program_calls_nothing_that_the_unit_forbids(folder, broker, tree):
    """Under strace from start to stop, with a message, pages and a reload: every call is in the unit's list, but for some
    that it can do without; those are refused here as the unit refuses them."""
    # libdispatch would give its threads other priorities; SQLite, as root only, would give its files to their folder's owner.
    refused = {"setpriority", "fchown"}

    def group(name):
        lines = run("systemd-analyze", "syscall-filter", name).splitlines()[1:]
        calls = set()
        for line in lines:
            word = line.strip()
            if word.startswith("@"):
                calls |= group(word)
            elif word and not word.startswith("#"):
                calls.add(word)
        return calls

    unit = (tree / "usr/lib/systemd/system/tonnelle.service").read_text()
    allowed = set(group("@default"))
    for line in re.findall(r"^SystemCallFilter=(.*)$", unit, re.M):
        words = line.lstrip("~").split()
        calls = set().union(*(group(word) if word.startswith("@") else {word} for word in words))
        allowed = allowed - calls if line.startswith("~") else allowed | calls
    assert {"adjtimex", "read"} <= allowed and not {"chown", "settimeofday", "init_module"} & allowed

    gateway = Gateway(folder, broker.port)
    trace = folder / "trace"
    gateway.process = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", trace, "-e", f"inject={','.join(refused)}:error=EPERM", tree / "usr/bin/tonnelle", "serve", "--config", gateway.settings],
        stderr=open(gateway.log, "ab"))
    try:
        wait_for("readiness", gateway.is_ready)
        gateway.connected()
        broker.publish("tonnelle/v1/up/parc/air", reading(24))
        wait_for("the message", lambda: gateway.ledger()["messages"] == 1)
        for path in ["/", "/sign/parc.svg", "/collections/cool-spots/items"]:
            assert get(gateway.url(path))[0] == 200
        child = int(open(trace).readline().split()[0])
        os.kill(child, signal.SIGHUP)
        wait_for("the reload", lambda: "reloaded" in gateway.log.read_text())
        os.kill(child, signal.SIGTERM)
        assert gateway.process.wait(60) == 0
    finally:
        gateway.stop(signal.SIGKILL)
    called = set(re.findall(r"^\d+ +(\w+)\(", trace.read_text(errors="replace"), re.M))
    assert {"fsync", "fdatasync"} & called and "openat" in called
    assert called - allowed <= refused, called - allowed


def test_the_manual_page_and_the_completion_know_every_command(tree, tmp_path):
    page = tmp_path / "tonnelle.1"
    page.write_text(run("gzip", "-dc", tree / "usr/share/man/man1/tonnelle.1.gz"))
    run("mandoc", "-Tlint", "-Wwarning", page)
    groff = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page], capture_output=True)
    assert groff.stderr == b""
    shown = run("mandoc", "-Tascii", page).replace("\b", "")
    program = tree / "usr/bin/tonnelle"
    commands = re.findall(r"^  (\w+) ", run(program, "--help"), re.M)
    assert "serve" in commands and "doctor" in commands and len(commands) >= 15

    def completes(*words):
        script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tonnelle; printf "%s\\n" "${COMPREPLY[@]}"'
        return run("bash", "-uc", script, "-", tree / "usr/share/bash-completion/completions/tonnelle", "tonnelle", *words).split()

    assert set(completes("")) == {*commands, "--help", "--version"}
    assert completes("ser") == ["serve"]
    for command in commands:
        options = re.findall(r"^  (--[\w-]+)", run(program, command, "--help"), re.M)
        assert set(completes(command, "--")) == set(options), command
        page_of = page.read_text().split(f".Ss tonnelle {command}\n")[1].split("\n.S")[0].replace("\\-", "-")
        assert all(f".It Fl -{option[2:]}" in page_of for option in options if option != "--help"), command
    assert completes("check", "--config", str(page)[:-2]) == [str(page)]


class Installed:
    """A folder that stands for a machine; dpkg installs into it."""

    def __init__(self, root):
        self.root = root
        for folder in ["var/lib/dpkg/info", "var/lib/dpkg/updates", "etc"]:
            (root / folder).mkdir(parents=True)
        for file in ["status", "available"]:
            (root / "var/lib/dpkg" / file).touch()

    def dpkg(self, *words):
        return run("dpkg", f"--root={self.root}", "--force-script-chrootless", "--force-not-root", "--force-depends",
                   "--force-confold", "--no-triggers", *words)


def as_schema_1(journal):
    """Makes of a journal what the first version of its tables would have held of the same day."""
    old = sqlite3.connect(journal)
    rows = old.execute("SELECT position, entries, at, lines, crc FROM journal ORDER BY position").fetchall()
    old.close()
    for name in ["journal.db", "journal.db-wal", "journal.db-shm"]:
        (journal.parent / name).unlink(missing_ok=True)
    new = sqlite3.connect(journal)
    new.execute("PRAGMA journal_mode = WAL")
    new.execute("CREATE TABLE journal(position INTEGER PRIMARY KEY, entries INTEGER NOT NULL, at INTEGER NOT NULL, "
                "lines BLOB NOT NULL, crc INTEGER NOT NULL) STRICT")
    new.executemany("INSERT INTO journal VALUES (?, ?, ?, ?, ?)", rows)
    new.execute("PRAGMA user_version = 1")
    new.commit()
    new.close()


def test_install_upgrade_remove_purge(folder, broker, package, monkeypatch):
    earlier = pathlib.Path(run(PACKAGING / "build", ROOT / ".build/package/release/tonnelle", folder, "0.0.9-1").strip())
    machine = Installed(folder / "machine")
    root = machine.root
    program, settings, data = root / "usr/bin/tonnelle", root / "etc/tonnelle/settings.json", root / "var/lib/tonnelle"

    machine.dpkg("-i", earlier)
    assert "0.0.9-1" in machine.dpkg("-s", "tonnelle")
    user = next(line.split(":") for line in (root / "etc/passwd").read_text().splitlines() if line.startswith("tonnelle:"))
    status = data.stat()
    assert (status.st_uid, status.st_mode & 0o777) == (int(user[2]), 0o750) and user[-1].endswith("nologin")
    assert "no errors" in run(program, "check", "--config", settings)

    # A city is set up, and a day passes.
    gateway = Gateway(folder, broker.port)
    shutil.copy(folder / "places.geojson", root / "etc/tonnelle/places.geojson")
    settings.write_text(gateway.settings.read_text().replace('"data": "data"', f'"data": "{data}"'))
    mine = settings.read_text()
    monkeypatch.setattr(conftest, "PROGRAM", program)
    monkeypatch.setattr(Gateway, "settings", settings)
    monkeypatch.setattr(Gateway, "token", property(lambda self: (data / "operators.token").read_text().strip()))
    try:
        gateway.start().connected()
        for celsius in [21, 22, 23]:
            broker.publish("tonnelle/v1/up/parc/air", reading(celsius))
        wait_for("the messages", lambda: gateway.ledger()["messages"] == 3)
        before = balanced(gateway)
        assert gateway.stop() == 0
        as_schema_1(data / "journal.db")
        broker.publish("tonnelle/v1/up/parc/air", reading(24))  # waits in the broker while we are away

        machine.dpkg("-i", package)
        assert "0.0.9-1" not in machine.dpkg("-s", "tonnelle")
        assert settings.read_text() == mine and (data / "operators.token").exists()
        gateway.start().connected()
        wait_for("what waited", lambda: gateway.ledger()["messages"] == 4)
        after = balanced(gateway)
        assert after["accepted"] == before["accepted"] + 1
        assert json.loads(gateway.operators("/api/status"))["store_working"] is True
        assert gateway.stop() == 0
        database = sqlite3.connect(data / "journal.db")
        assert database.execute("PRAGMA user_version").fetchone() == (3,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()
        # Over a journal of its own the same version goes on as well.
        machine.dpkg("-i", package)
        gateway.start()
        assert balanced(gateway)["messages"] == 4
        assert gateway.stop() == 0
    finally:
        gateway.stop(signal.SIGKILL)

    (root / "etc/tonnelle/password").write_text("juste")
    machine.dpkg("-r", "tonnelle")
    assert not program.exists() and settings.read_text() == mine and (data / "journal.db").exists()
    machine.dpkg("-P", "tonnelle")
    assert not settings.exists() and not data.exists()
    assert (root / "etc/tonnelle/password").read_text() == "juste", "a purge takes only what is the package's"
