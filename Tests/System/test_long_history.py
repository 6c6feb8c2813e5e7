"""The long history: what was published of each quarter of an hour stands in VictoriaMetrics once, whoever was killed."""

import csv
import datetime
import http.server
import io
import json
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
import urllib.error
import urllib.parse

import pytest

from conftest import ROOT, free_ports, get, wait_for
from disasters import JournalWriter, line
from test_demo import Demo

QUARTER = 900_000
# Version 1.79 writes what it took to its disk after eleven seconds at the latest; later versions after `-inmemoryDataFlushInterval`.
CONFIRM = 15


class VictoriaMetrics:
    """A real one on a free loopback port, in a folder of the test's."""

    def __init__(self, folder):
        self.port, = free_ports(1)
        self.folder = folder / "victoria"
        self.log = folder / "victoria.log"
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            ["victoria-metrics", f"-storageDataPath={self.folder}", f"-httpListenAddr=127.0.0.1:{self.port}",
             "-retentionPeriod=100y", "-dedup.minScrapeInterval=1ms"], stderr=open(self.log, "ab"))
        wait_for("VictoriaMetrics", self.is_up)
        return self

    def is_up(self):
        assert self.process.poll() is None, self.log.read_text()
        try:
            return get(f"{self.url}/health")[0] == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def samples(self):
        """Each sample as (metric, labels, time): value; none stands twice."""
        query = urllib.parse.urlencode({"match[]": '{__name__=~"tonnelle_.*"}', "start": "0"})
        found = {}
        for text in get(f"{self.url}/api/v1/export?{query}")[2].decode().splitlines():
            series = json.loads(text)
            metric = dict(series["metric"])
            name = metric.pop("__name__")
            for at, value in zip(series["timestamps"], series["values"], strict=True):
                key = (name, tuple(sorted(metric.items())), at)
                assert key not in found, f"{key} stands twice"
                found[key] = value
        return found


@pytest.fixture
def victoria(folder):
    if shutil.which("victoria-metrics") is None:
        pytest.fail("victoria-metrics is missing: make test-packages")
    server = VictoriaMetrics(folder)
    yield server
    server.kill()


def outbox(data, query):
    connection = sqlite3.connect(f"file:{data}/long.sqlite?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchone()[0]
    finally:
        connection.close()


def observed(base, place, quantity):
    """What SensorThings says of the last day's quarters of an hour, by Unix milliseconds."""
    url = f"{base}/v1.1/Datastreams('{place}:{quantity}')/Observations?$top=1000"
    status, _, body = get(url)
    assert status == 200, body
    answer = json.loads(body)
    assert "@iot.nextLink" not in answer
    values = {int(datetime.datetime.fromisoformat(row["phenomenonTime"].replace("Z", "+00:00")).timestamp() * 1000): row["result"]
              for row in answer["value"]}
    return {at: value for at, value in values.items() if at % QUARTER == 0}


def kept(samples, metric, place):
    return {at: value for (name, labels, at), value in samples.items() if name == metric and dict(labels)["place"] == place}


def settings(victoria, **more):
    return json.dumps({"url": victoria.url, "confirm_s": CONFIRM, **more})


def lived_a_day(gateway):
    """A journal that holds the last 26 hours."""
    gateway.start()
    assert gateway.stop() == 0
    now = time.time_ns() // 1_000_000
    begins = now - 26 * 3_600_000
    writer = JournalWriter(gateway, begins)
    entry = 1
    for at in range(begins + 1000, now - 60_000, 300_000):  # every five minutes
        number = (at - begins) // 300_000
        for topic, value in (("parc/air", 18_000 + number * 37 % 9000), ("rue/rue", 21_000 + number * 53 % 12_000)):
            entry += 1
            text = json.dumps([{"n": "temperature", "v": value / 1000}])
            writer.append(line(at + len(topic), f"tonnelle/v1/up/{topic}", text, entry % 60_000 + 1), 1, at + len(topic))
    writer.close()


def test_a_day_is_kept_once_though_both_are_killed(broker, gateway, victoria):
    lived_a_day(gateway)
    gateway.write_settings(f' "long_history": {settings(victoria)}')
    data = gateway.folder / "data"
    # Nobody is there yet: the day waits in the outbox.
    gateway.start().connected()
    wait_for("the day in the outbox", lambda: (data / "long.sqlite").exists() and outbox(data, "SELECT count(*) FROM delivery") >= 90)
    wait_for("the word of it", lambda: "long_history_not_delivered" in gateway.log.read_text())
    expected = outbox(data, "SELECT count(*) FROM event")

    # What VictoriaMetrics has acknowledged and has in memory alone is lost with it, and comes again.
    victoria.start()
    wait_for("the first import", lambda: len(victoria.samples()) > 90)
    victoria.kill()
    assert outbox(data, "SELECT delivered FROM receiver") == 0
    victoria.start()
    lost = len(victoria.samples()) == 0
    wait_for("the second import", lambda: len(victoria.samples()) > 90, 40)
    # The gateway is killed before it knows that all is safe.
    gateway.stop(signal.SIGKILL)
    assert outbox(data, "SELECT delivered FROM receiver") == 0
    gateway.start().connected()
    wait_for("the proof", lambda: outbox(data, "SELECT delivered FROM receiver") >= expected, 60)
    assert lost, "the kill lost nothing: this test has not seen what it is for"
    # From here on it is safe.
    victoria.kill()
    victoria.start()
    samples = victoria.samples()
    for metric, quantity in (("air_temperature_celsius", "air_temperature"), ("felt_temperature_celsius", "felt_temperature")):
        # A quarter that closed since is on its way.
        theirs = observed(gateway.url(""), "parc", quantity)
        ours = kept(samples, f"tonnelle_place_{metric}", "parc")
        assert len(ours) >= 94 and all(ours[at] == value for at, value in theirs.items() if at <= max(ours)), metric
        assert all(at in ours for at in theirs if at <= max(ours))
    assert {tuple(labels) for _, labels, _ in samples} == {(("city", "ville"), ("gateway", "essai"), ("place", "parc"))}
    assert outbox(data, "SELECT dropped + refused FROM receiver") == 0
    assert len(kept(samples, "tonnelle_place_reference_temperature_celsius", "parc")) >= 90
    assert "long_history_delivered" in gateway.log.read_text()


def test_quarters_of_a_running_city_are_what_was_published(folder, victoria):
    """A day in the demonstration takes minutes: its quarters are kept as they close, with what stood there then."""
    victoria.start()
    data = folder / "demo"
    data.mkdir()
    for file in (ROOT / "Config/demo").iterdir():
        (data / file.name).write_bytes(file.read_bytes())
    text = (data / "settings.json").read_text()
    (data / "settings.json").write_text(text.replace(
        '"gateway": "demo",', f'"gateway": "demo", "long_history": {settings(victoria)},', 1))
    demo = Demo(folder, "--data", str(data), "--speed", "600")
    try:
        base = f"http://127.0.0.1:{demo.port}"

        def quarters(samples):
            return sorted({at for name, _, at in samples if name == "tonnelle_place_availability"})

        wait_for("live quarters", lambda: len(quarters(victoria.samples())) >= 6, 60)
        victoria.kill()
        victoria.start()
        wait_for("more of them", lambda: len(quarters(victoria.samples())) >= 16, 90)
        # An import comes into sight piece by piece: what counts is what is proven.
        long, = folder.rglob("long.sqlite")
        last = quarters(victoria.samples())[-1]
        wait_for("the proof", lambda: outbox(long.parent, "SELECT coalesce(min(CAST(id AS INTEGER)), 1 << 60) FROM event") > last, 60)
        samples = {key: value for key, value in victoria.samples().items() if key[2] <= last}
        live = quarters(samples)
        assert live == list(range(live[0], live[-1] + 1, QUARTER)), "a quarter is missing"
        places = demo.features()
        compared = 0
        for place in places:
            for metric, quantity in (("air_temperature_celsius", "air_temperature"), ("laeq_15min_decibels", "laeq_15min")):
                ours = kept(samples, f"tonnelle_place_{metric}", place)
                if not ours:
                    continue
                theirs = observed(base, place, quantity)
                both = [at for at in ours if at in theirs]
                assert both and all(ours[at] == theirs[at] for at in both), (place, metric)
                compared += len(both)
        assert compared > 500
        # Availability: each quarter has one state a place, that of the day's list of changes.
        first = datetime.datetime.fromtimestamp(live[0] / 1000, datetime.timezone.utc).date()
        changes = []
        for day in (first - datetime.timedelta(days=1), first, first + datetime.timedelta(days=1)):
            status, _, body = get(f"{base}/history/{day}.csv")
            if status == 200:
                changes += [row for row in csv.DictReader(io.StringIO(body.decode())) if row["indicator"] == "availability"]
        agreed = 0
        for place in places:
            states = {at: dict(labels)["state"] for (name, labels, at), value in samples.items()
                      if name == "tonnelle_place_availability" and dict(labels)["place"] == place and value == 1}
            assert set(states) == set(live), place
            known = [(datetime.datetime.fromisoformat(row["at"]).timestamp() * 1000, row["from"], row["to"]) for row in changes if row["place"] == place]
            for at, state in sorted(states.items()):
                # A snapshot is shown twice a second: in ten minutes of this city's time one change may not be out yet.
                near = [name for when, *names in known if at - 600_000 <= when <= at + 1000 for name in names]
                before = [to for when, _, to in known if when < at - 600_000][-1:]
                if near or before:
                    assert state in near + before, (place, at)
                    agreed += 1
        assert agreed > 50
        assert {dict(labels).get("level") for name, labels, _ in samples if name == "tonnelle_place_occupancy"} <= {"free", "busy", "full"}
    finally:
        demo.stop()


def test_what_the_server_does_not_keep_is_given_up(broker, gateway, folder):
    """A server that says 204 and keeps nothing is asked ten times, not for ever; one that is away is waited for."""
    posts = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self, status):
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            self.answer(200)

        def do_POST(self):
            posts.append((self.path, self.headers["Authorization"], self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(204)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        lived_a_day(gateway)
        (folder / "token").write_text("geheim-0123456789\n")
        (folder / "token").chmod(0o600)
        gateway.write_settings(' "long_history": ' + json.dumps(
            {"url": f"http://127.0.0.1:{server.server_address[1]}/", "confirm_s": 1, "token_file": "token"}))
        gateway.start().connected()
        data = gateway.folder / "data"
        wait_for("the end of patience", lambda: (data / "long.sqlite").exists() and outbox(data, "SELECT refused FROM receiver") > 90, 60)
        assert outbox(data, "SELECT delivered + dropped FROM receiver") == 0
        assert len(posts) == 10 and all(post == posts[0] for post in posts)
        assert posts[0][:2] == ("/api/v1/import", "Bearer geheim-0123456789")
        for text in posts[0][2].decode().splitlines():
            sample = json.loads(text)
            assert len(sample["values"]) == len(sample["timestamps"]) == 1 and sample["timestamps"][0] % QUARTER == 0
        assert gateway.log.read_text().count("long_history_refused") == 1
    finally:
        server.shutdown()
        server.server_close()


def test_without_the_setting_nothing_is_opened(broker, gateway):
    gateway.start().connected()
    assert not (gateway.folder / "data/long.sqlite").exists()
