"""What every test of the whole program needs: free ports, a broker, a gateway, and their clean end."""

import base64
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / ".build/release/tonnelle"
DEADLINE = 20


def pytest_configure(config):
    config.addinivalue_line("markers", "acceptance: long tests, run by make acceptance")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Keeps the result of each long test, with date and commit, in docs/acceptance.md."""
    report = (yield).get_result()
    if report.when != "call" or item.get_closest_marker("acceptance") is None:
        return
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    notes = " ".join(f"{name} {value}" for name, value in report.user_properties)
    path = ROOT / "docs/acceptance.md"
    if not path.exists():
        path.write_text("# Results of the long tests\n\n`make acceptance` adds a line for each.\n\n"
                        "| date | commit | test | result | seconds | notes |\n| --- | --- | --- | --- | ---: | --- |\n")
    with open(path, "a") as file:
        file.write(f"| {time.strftime('%Y-%m-%d')} | {commit} | {item.name} | {report.outcome} | {report.duration:.0f} | {notes} |\n")


def free_ports(count):
    """Ports that were free a moment ago, all held until all are known."""
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def wait_for(what, condition, seconds=DEADLINE):
    """Polls until a condition holds and returns its value; fails with a sentence otherwise."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    pytest.fail(f"waited {seconds} s in vain for {what}")


def get(url, headers=None, method="GET"):
    """Status, headers and body of a request; errors are answers too."""
    request = urllib.request.Request(url, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Broker:
    """A real mosquitto on a free loopback port, in a folder of the test's."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_ports(1)[0]
        (folder / "broker").mkdir()
        self.config = folder / "mosquitto.conf"
        self.config.write_text(
            f"user root\npersistence true\npersistence_location {folder}/broker/\nautosave_interval 1\n"
            f"max_queued_messages 200000\nlistener {self.port} 127.0.0.1\nallow_anonymous true\nlog_dest none\n"
        )
        self.process = None

    def start(self):
        self.process = subprocess.Popen(["mosquitto", "-c", self.config], stderr=subprocess.DEVNULL)
        wait_for("the broker", lambda: listens(self.port))
        return self

    def stop(self, number=signal.SIGTERM):
        if self.process:
            self.process.send_signal(number)
            self.process.wait(10)
            self.process = None

    def save(self):
        """Has the broker write its sessions and retained messages: a kill would lose them."""
        before = (self.folder / "broker/mosquitto.db")
        stamp = before.stat().st_mtime_ns if before.exists() else 0
        self.process.send_signal(signal.SIGUSR1)
        wait_for("the broker's file", lambda: before.exists() and before.stat().st_mtime_ns > stamp)

    def publish(self, topic, payload, *options):
        subprocess.run(
            ["mosquitto_pub", "-p", str(self.port), "-q", "1", "-t", topic, *options, "-s"],
            input=payload if isinstance(payload, bytes) else payload.encode(), check=True, timeout=10)

    def retained(self, topic, seconds=5):
        """The retained payload of a topic, or None when there is none within the time."""
        result = subprocess.run(
            ["mosquitto_sub", "-p", str(self.port), "-t", topic, "-C", "1", "-W", str(seconds), "-F", "%r %p"],
            capture_output=True, timeout=seconds + 5)
        return result.stdout.decode()[2:].rstrip("\n") if result.returncode == 0 else None


PLACES = [
    ("parc", "Parc", "park", '"opening_hours":"24/7","zone":"centre"'),
    ("biblio", "Bibliothèque", "library", '"opening_hours":"24/7","capacity":100'),
    ("square", "Square", "garden", '"opening_hours":"24/7"'),
]

SENSORS = """
    { "id": "rue", "station": "rue", "fields": ["temperature"], "period_s": 60 },
    { "id": "air", "place": "parc", "fields": ["temperature", "humidity"], "period_s": 60 },
    { "id": "porte", "place": "biblio", "fields": ["in_total", "out_total", "temperature"], "period_s": 60 },
"""


class Gateway:
    """A `tonnelle serve` with its own folder and ports."""

    def __init__(self, folder, broker_port):
        self.folder = folder
        self.broker_port = broker_port
        self.port, self.operator_port = free_ports(2)
        self.process = None
        self.log = folder / "gateway.log"
        self.transitions = folder / "transitions.jsonl"
        self.write_places(PLACES)
        self.write_settings()

    def write_places(self, places):
        features = ",\n".join(
            '{"type":"Feature","geometry":{"type":"Point","coordinates":[4.85,45.75]},'
            f'"properties":{{"id":"{id}","name":"{name}","kind":"{kind}",{more}}}}}'
            for id, name, kind, more in places)
        (self.folder / "places.geojson").write_text('{"type":"FeatureCollection","features":[' + features + "]}")

    def write_settings(self, extra="", sensors=SENSORS, public="", city=""):
        (self.folder / "settings.json").write_text(f"""{{
  "gateway": "essai", "data": "data", "places": "places.geojson",
  "city": {{ "id": "ville", "name": "Ville", "time_zone": "Europe/Paris"{', ' + city if city else ''} }},
  "broker": {{ "host": "127.0.0.1", "port": {self.broker_port}, "keep_alive_s": 5 }},
  "public": {{ "port": {self.port}{', ' + public if public else ''} }}, "operators": {{ "port": {self.operator_port} }},
  "zones": [{{ "id": "centre", "reference": "rue" }}],
  "sensors": [{sensors}],{extra}
}}""")

    @property
    def settings(self):
        return self.folder / "settings.json"

    def start(self, ready=True):
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--config", self.settings, "--transitions", self.transitions],
            stderr=open(self.log, "ab"))
        if ready:
            wait_for("readiness", lambda: self.is_ready())
        return self

    def is_ready(self):
        if self.process.poll() is not None:
            pytest.fail(f"the gateway ended: {self.log.read_text()}")
        try:
            return get(self.url("/readyz"))[0] == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def connected(self):
        """Waits until the broker knows the gateway's session and subscriptions."""
        wait_for("the connection", lambda: self.state_metric("tonnelle_broker_connected") == 1)
        return self

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def token(self):
        return (self.folder / "data/operators.token").read_text().strip()

    def operators(self, path):
        status, _, body = get(f"http://127.0.0.1:{self.operator_port}{path}", {"Authorization": f"Bearer {self.token}"})
        assert status == 200, body
        return body.decode()

    def state_metric(self, name):
        try:
            for line in self.operators("/metrics").split("\n"):
                if line.startswith(name + " "):
                    return float(line.split()[-1])
        except (AssertionError, urllib.error.URLError, ConnectionError):
            pass
        return None

    def ledger(self):
        return json.loads(self.operators("/api/ledger"))

    def place(self, id):
        return json.loads(get(self.url(f"/collections/cool-spots/items/{id}"))[2])["properties"]

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
        if self.process:
            code = self.process.wait(15)
            self.process = None
            return code
        return None

    def journal(self):
        """Every entry of the journal, read without the program."""
        connection = sqlite3.connect(f"file:{self.folder}/data/journal.db?mode=ro", uri=True)
        rows = connection.execute("SELECT lines FROM journal ORDER BY position").fetchall()
        connection.close()
        return [json.loads(line) for (lines,) in rows for line in bytes(lines).split(b"\n") if line]


def tonnelle(*arguments, env=None, timeout=60, input=None):
    """Runs a command of the program to its end."""
    return subprocess.run(
        [PROGRAM, *map(str, arguments)], capture_output=True, timeout=timeout, input=input, env={**os.environ, **(env or {})})


@pytest.fixture
def folder(tmp_path):
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def broker(folder):
    broker = Broker(folder).start()
    yield broker
    broker.stop()


@pytest.fixture
def gateway(folder, broker):
    gateway = Gateway(folder, broker.port)
    yield gateway
    gateway.stop(signal.SIGKILL)


def reading(celsius, **more):
    """A SenML pack of one temperature."""
    return json.dumps([{"n": "temperature", "u": "Cel", "v": celsius, **more}])


def payload_of(entry):
    """The bytes of a journal entry's payload."""
    if "payload_base64" in entry:
        return base64.b64decode(entry["payload_base64"])
    return (entry.get("payload") or "").encode()
