"""The demonstration: what a newcomer sees, and that nothing of it is left behind."""

import json
import os
import signal
import subprocess
import time

import pytest

from conftest import PROGRAM, ROOT, free_ports, get, listens, wait_for


def children(pid):
    """Living processes below one."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = open(f"/proc/{entry}/stat").read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if fields[1] == str(pid) and fields[0] != "Z":
                found.append(int(entry))
    return found


def lives(pid):
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Demo:
    def __init__(self, folder, *options):
        self.folder = folder
        self.port, self.operator_port = free_ports(2)
        self.log = folder / "demo.log"
        self.process = subprocess.Popen(
            [PROGRAM, "demo", "--port", str(self.port), "--operator-port", str(self.operator_port), *options],
            stderr=open(self.log, "wb"), cwd=ROOT, env={**os.environ, "TMPDIR": str(folder)})
        wait_for("the demonstration", self.is_ready, 60)
        self.broker = children(self.process.pid)

    def is_ready(self):
        assert self.process.poll() is None, self.log.read_text()
        try:
            return get(f"http://127.0.0.1:{self.port}/readyz")[0] == 200
        except OSError:
            return False

    def features(self):
        body = get(f"http://127.0.0.1:{self.port}/collections/cool-spots/items")[2]
        return {f["id"]: f["properties"] for f in json.loads(body)["features"]}

    def stop(self, number=signal.SIGINT):
        begun = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(10)
        return code, time.monotonic() - begun


@pytest.fixture
def demo(folder):
    demo = Demo(folder)
    yield demo
    if demo.process.poll() is None:
        demo.process.kill()
        demo.process.wait()


def test_the_city_is_there_and_lives(demo):
    places = demo.features()
    assert len(places) >= 12
    assert {"park", "schoolyard", "tiers_lieu", "library", "museum", "worship", "pool"} <= {p["kind"] for p in places.values()}
    known = wait_for("known places", lambda: sum(p["availability"] != "unknown" for p in demo.features().values()) >= 9, 60)
    assert known
    # Those that no register gives are marked, those of a register are not and name it.
    for place in places.values():
        assert place.get("example", False) != bool(place.get("source")), place
    text = get(f"http://127.0.0.1:{demo.port}/", {"Accept": "text/html"})[2].decode()
    assert "n&#39;ont pas été faites dans ces lieux" in text and "60 fois plus vite" in text
    # The days before were taken in: the people of yesterday are counted out, readings are many.
    log = demo.log.read_text()
    token = log.split("token=")[1].split()[0]
    ledger = json.loads(get(f"http://127.0.0.1:{demo.operator_port}/api/ledger", {"Authorization": f"Bearer {token}"})[2])
    assert ledger["messages"] > 70_000 and ledger["accepted"] > 100_000
    assert f"http://127.0.0.1:{demo.port}/" in log
    before = demo.features()
    wait_for("a change", lambda: demo.features() != before)


def test_what_a_hot_day_shows(folder):
    """Ten hours of the first day in a minute: a refuge, hours in heat, contradicting hours, a crowd, calm beside a street."""
    demo = Demo(folder, "--speed", "600")
    try:
        def reasons(id):
            return demo.features()[id]["reasons"].split()

        assert reasons("parc-elsa-triolet") == ["hours_contradicted"]
        park, street = (demo.features()[id] for id in ("parc-de-la-commune-de-paris", "esplanade-tase"))
        assert park["noise"] == "quiet" and park["calm"] is True and park["laeq_15min"] + 5 <= street["laeq_15min"]
        wait_for("the refuge", lambda: demo.features()["salle-fraiche-du-gymnase"]["availability"] == "available", 30)
        wait_for("the crowd", lambda: reasons("tiers-lieu-la-treille")[0] == "full", 30)
        museum = f"http://127.0.0.1:{demo.port}/places/musee-des-eaux"
        wait_for("hours in heat", lambda: "Horaires de canicule" in get(museum, {"Accept": "text/html"})[2].decode(), 60)
        token = demo.log.read_text().split("token=")[1].split()[0]
        heat = json.loads(get(f"http://127.0.0.1:{demo.operator_port}/api/heat", {"Authorization": f"Bearer {token}"})[2])
        assert [(s["source"], s["level"], s["by"]) for s in heat["sources"]] == [("observation", 3, "rue")]
        # The recorded station's own extremes: 15 to 17 March 2017, shown as July.
        assert heat["observed"]["maxima"] == [36.1, 35.1, 33.8]
    finally:
        demo.stop()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_within_two_seconds_and_leaves_nothing(folder, number):
    demo = Demo(folder)
    assert demo.broker
    code, seconds = demo.stop(number)
    assert code == 0 and seconds < 2
    assert not [p for p in demo.broker if lives(p)]
    assert not listens(demo.port) and not listens(demo.operator_port)
    assert [p.name for p in folder.iterdir()] == ["demo.log"]


def test_a_killed_demonstration_takes_its_broker_along(folder):
    demo = Demo(folder)
    demo.process.kill()
    demo.process.wait()
    wait_for("the broker's end", lambda: not any(lives(p) for p in demo.broker))


def test_keep_says_where_the_data_are(folder):
    demo = Demo(folder, "--keep")
    demo.stop()
    kept = demo.log.read_text().split("the data folder is kept: ")[1].strip()
    assert os.path.exists(kept + "/data/journal.db")


def test_a_taken_port_is_said_and_nothing_stays(folder):
    demo = Demo(folder)
    try:
        second = subprocess.run(
            [PROGRAM, "demo", "--port", str(demo.port), "--operator-port", "0"], capture_output=True, cwd=ROOT, timeout=30,
            env={**os.environ, "TMPDIR": str(folder)})
        assert second.returncode == 1
        assert f"cannot listen on 127.0.0.1:{demo.port}: another program has the port" in second.stderr.decode()
        assert len([p for p in folder.iterdir() if p.is_dir()]) == 1
    finally:
        demo.stop()


def test_the_first_reading_of_a_newcomer_is_on_the_page(demo):
    """The line of Firmware-protocol/README.md and of the README, as printed there but for the port."""
    port = demo.log.read_text().split("mosquitto     127.0.0.1:")[1].split(",")[0]
    line = next(l for l in (ROOT / "README.md").read_text().splitlines() if l.startswith("mosquitto_pub"))
    assert line in (ROOT / "Firmware-protocol/README.md").read_text()
    assert demo.features()["votre-lieu"]["availability"] == "unknown"
    subprocess.run(["bash", "-c", line.replace("PORT", port)], check=True, timeout=10)
    wait_for("the reading", lambda: demo.features()["votre-lieu"].get("air_temperature") == 24.5)
    assert demo.features()["votre-lieu"]["availability"] == "available"


def test_the_last_day_is_drawn_and_can_be_read_without_seeing_it(demo):
    """Each drawing has a title, a sentence, direct labels within its frame, and a table of the same values behind it."""
    from test_pages import Browser
    place = "parc-elsa-triolet"
    status, _, body = get(f"http://127.0.0.1:{demo.port}/v1.1/Datastreams('{place}:air_temperature')/Observations?%24top=200")
    air = [o["result"] for o in json.loads(body)["value"]]
    assert len(air) >= 90
    browser = Browser()
    try:
        for width in (390, 1280):
            browser.screen(width, 900)
            browser.open(f"http://127.0.0.1:{demo.port}/places/{place}?lang=fr")
            charts = browser.driver.execute_script(
                "return [...document.querySelectorAll('svg.chart')].map(c => ({title: c.querySelector('title').textContent,"
                " text: c.querySelector('desc').textContent, lines: c.querySelectorAll('path').length,"
                " cut: [...c.querySelectorAll('text')].filter(t => { const b = t.getBBox(); return b.x < 0 || b.x + b.width > 640; }).length}))")
            assert len(charts) == 2 and all(c["lines"] > 4 and c["cut"] == 0 for c in charts), charts
            assert "Température" in charts[0]["title"] and "Ici entre" in charts[0]["text"] and "dB(A)" in charts[1]["title"]
            rows = browser.driver.execute_script(
                "return [...document.querySelectorAll('#day tbody tr')].map(r => r.children[1].textContent)")
            assert len(rows) >= 90
            # The table's values are those that are published, oldest last.
            table = [float(r.split("\u202f")[0].replace(",", ".").replace("\u2212", "-")) for r in rows if "°C" in r]
            assert set(table[5:-5]) <= set(air) | {round(v, 1) for v in air}
            assert browser.violations() == []
    finally:
        browser.driver.quit()
