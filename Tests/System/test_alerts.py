"""Alerts: who is told, in which order, how often; receivers that are dead, slow or killed; the outbox across kills."""

import contextlib
import email
import email.header
import http.server
import json
import os
import pathlib
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

import paho.mqtt.client as mqtt
import pytest

from conftest import ROOT, Broker, Gateway, free_ports, listens, reading, wait_for
from test_demo import Demo

HERE = pathlib.Path(__file__).parent
# Every rise and fall of the heat level is told at once, level by level: six messages to and fro.
AT_ONCE = '"group_s": 0, "rules": { "heat_level": { "level": 2, "after_min": 0, "clear_min": 0 }, "sensor_silent": false }'
IN_A_YEAR = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 365 * 86_400))


def heat(broker, level):
    broker.publish("tonnelle/v1/command/heat", json.dumps(
        {"level": level, "by": "A. Martin", "reason": "essai", "until": IN_A_YEAR}))


class Webhook(http.server.ThreadingHTTPServer):
    """A receiver in this process: keeps each request, and answers as it is told."""

    def __init__(self):
        received = self.received = []
        self.status = 200

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append((dict(self.headers), json.loads(body)))
                self.send_response(self.server.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/alerts"

    @property
    def events(self):
        return [event for _, event in list(self.received)]

    def what(self):
        return [(event["rule"], event["state"], event["subjects"][0]["id"]) for event in self.events]


@pytest.fixture
def webhook():
    server = Webhook()
    yield server
    server.shutdown()
    server.server_close()


def use(gateway, receivers, more=AT_ONCE):
    listed = ", ".join(json.dumps(receiver) for receiver in receivers)
    gateway.write_settings(f' "alerts": {{ "receivers": [{listed}], {more} }}')


def outbox(gateway, query):
    connection = sqlite3.connect(f"file:{gateway.folder}/data/outbox.sqlite?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


RISE = [("heat_level", "raised", "2"), ("heat_level", "raised", "3"), ("heat_level", "raised", "4")]
FALL = [("heat_level", "cleared", "2"), ("heat_level", "cleared", "3"), ("heat_level", "cleared", "4")]


def test_a_webhook_a_topic_and_a_mail_say_the_same(broker, gateway, webhook, folder):
    token = folder / "token"
    token.write_text("geheim-0123456789\n")
    token.chmod(0o600)
    program = folder / "sendmail"
    # The first mail is not taken: it comes again, as the same one.
    program.write_text(
        f"#!/bin/sh\nn=$(ls {folder}/mail 2>/dev/null | wc -l)\nmkdir -p {folder}/mail\ncat > {folder}/mail/$n.eml\n"
        '[ "$n" -gt 0 ] && [ "$1" = "-t" ]\n')
    program.chmod(0o755)
    use(gateway, [
        {"id": "garde", "webhook": webhook.url, "token_file": "token"}, {"id": "bus", "mqtt": True},
        {"id": "courrier", "mail": "astreinte@ville.example", "command": f"{program} -t"}])
    text = gateway.settings.read_text().replace(
        f'"operators": {{ "port": {gateway.operator_port} }}',
        f'"operators": {{ "port": {gateway.operator_port}, "url": "https://ville.example/garde/" }}')
    gateway.settings.write_text(text)
    heard = []
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda client, data, message: heard.append((json.loads(message.payload), message.qos, message.retain))
    client.connect("127.0.0.1", broker.port)
    client.subscribe("tonnelle/v1/gateway/essai/alerts", qos=1)
    client.loop_start()
    try:
        assert subscribed.wait(10)
        gateway.start().connected()
        heat(broker, 4)
        wait_for("three alerts by HTTP", lambda: len(webhook.received) == 3)
        wait_for("three alerts by MQTT", lambda: len(heard) == 3)
        mails = folder / "mail"
        wait_for("three mails, the first one twice", lambda: mails.exists() and len(list(mails.iterdir())) == 4)
        wait_for("an empty outbox", lambda: outbox(gateway, "SELECT count(*) FROM delivery") == [(0,)])
    finally:
        client.loop_stop()
        client.disconnect()
    assert webhook.what() == RISE
    assert [event for event, _, _ in heard] == webhook.events and all((qos, kept) == (1, False) for _, qos, kept in heard)
    headers, event = webhook.received[2]
    assert headers["Authorization"] == "Bearer geheim-0123456789" and headers["Idempotency-Key"] == event["id"]
    assert headers["Content-Type"].startswith("application/json")
    assert event["severity"] == "critical" and event["link"] == "https://ville.example/garde"
    assert event["gateway"] == "essai" and event["city"] == "Ville" and event["count"] == 1
    assert event["sentence"] == {"fr": "Le niveau de chaleur est passé à 4 (rouge).", "en": "The heat level has risen to 4 (red)."}
    read = [email.message_from_bytes((mails / f"{n}.eml").read_bytes()) for n in range(4)]
    assert read[0]["Message-ID"] == read[1]["Message-ID"]
    assert [mail["X-Tonnelle-Event"] for mail in read[1:]] == [event["id"] for event in webhook.events]
    assert read[3]["To"] == "astreinte@ville.example"
    subject = str(email.header.make_header(email.header.decode_header(read[3]["Subject"])))
    assert subject == "[Tonnelle Ville] (!) Le niveau de chaleur est passé à 4 (rouge)."
    body = read[3].get_payload(decode=True).decode()
    assert "Le niveau de chaleur est passé à 4 (rouge)." in body and "https://ville.example/garde" in body
    assert outbox(gateway, "SELECT id, delivered, dropped, refused FROM receiver ORDER BY id") == [
        ("bus", 3, 0, 0), ("courrier", 3, 0, 0), ("garde", 3, 0, 0)]
    # A start tells nothing again.
    assert gateway.stop() == 0
    gateway.start().connected()
    heat(broker, 1)
    wait_for("the end of the heat", lambda: len(webhook.received) == 6)
    assert webhook.what() == RISE + FALL


def test_dead_and_slow_receivers_harm_nobody_else(broker, gateway, webhook):
    dead, = free_ports(1)
    slow = socket.create_server(("127.0.0.1", 0))  # takes connections and never answers
    use(gateway, [{"id": "mort", "webhook": f"http://127.0.0.1:{dead}/"},
                  {"id": "lent", "webhook": f"http://127.0.0.1:{slow.getsockname()[1]}/"},
                  {"id": "vif", "webhook": webhook.url}])
    try:
        gateway.start().connected()
        heat(broker, 4)
        wait_for("the alerts", lambda: webhook.what() == RISE)
        broker.publish("tonnelle/v1/up/parc/air", reading(20))
        wait_for("a reading", lambda: gateway.ledger()["accepted"] == 1)
        wait_for("the acknowledgements", lambda: outbox(
            gateway, "SELECT receiver, count(*) FROM delivery GROUP BY receiver ORDER BY receiver") == [("lent", 3), ("mort", 3)])
        assert gateway.stop() == 0  # within 15 s, though one delivery is under way
        assert gateway.log.read_text().count('"mort" did not take an alert') == 1  # said once
    finally:
        slow.close()
    # Whoever comes back has all of it, in order, also after a start.
    late = http_server_on(dead)
    try:
        gateway.start()
        wait_for("what waited", lambda: late.what() == RISE)
    finally:
        late.shutdown()
        late.server_close()
    assert late.events == webhook.events


def http_server_on(port):
    server = Webhook()
    server.shutdown()
    server.server_close()
    server.server_address = ("127.0.0.1", port)
    server.socket = socket.socket()
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.server_bind()
    server.server_activate()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def test_what_is_not_taken_is_kept_within_bounds(broker, gateway, webhook):
    dead, = free_ports(1)
    use(gateway, [{"id": "mort", "webhook": f"http://127.0.0.1:{dead}/"}, {"id": "vif", "webhook": webhook.url}],
        AT_ONCE + ', "keep": 10')
    gateway.start().connected()
    for round in range(1, 4):
        heat(broker, 4)
        wait_for("the rise", lambda: len(webhook.received) == 6 * round - 3)
        heat(broker, 1)
        wait_for("the fall", lambda: len(webhook.received) == 6 * round)
    assert webhook.what() == (RISE + FALL) * 3
    wait_for("the bound", lambda: outbox(gateway, "SELECT count(*) FROM delivery WHERE receiver = 'mort'") == [(10,)])
    assert outbox(gateway, "SELECT dropped FROM receiver WHERE id = 'mort'") == [(8,)]
    assert "alerts_dropped" in gateway.log.read_text()


NOW = '"group_s": 0, "rules": { "%s": { "after_min": 0, "clear_min": 0 }, "sensor_silent": false, "disk_low": %s }'


def test_a_lost_broker_is_told_by_webhook_and_then_by_itself(broker, gateway, webhook):
    use(gateway, [{"id": "vif", "webhook": webhook.url}, {"id": "bus", "mqtt": True}], NOW % ("broker_lost", "false"))
    topic = "tonnelle/v1/gateway/essai/alerts"
    listener = ["mosquitto_sub", "-p", str(broker.port), "-c", "-i", "veille", "-q", "1", "-t", topic]
    subprocess.run([*listener, "-E"], check=True, timeout=10)  # the broker keeps for it what it does not hear
    gateway.start().connected()
    # Before the first connection the broker was lost, too: that is over when something else has been told.
    heat(broker, 3)
    wait_for("the heat", lambda: ("heat_level", "raised", "3") in webhook.what())
    wait_for("the acknowledgements", lambda: outbox(gateway, "SELECT count(*) FROM delivery") == [(0,)])
    before = len(webhook.received)
    broker.stop()
    wait_for("the loss", lambda: webhook.what()[before:] == [("broker_lost", "raised", "broker_lost")])
    broker.start()
    wait_for("the end", lambda: webhook.what()[before:] == [
        ("broker_lost", "raised", "broker_lost"), ("broker_lost", "cleared", "broker_lost")], 40)
    wait_for("the acknowledgements", lambda: outbox(gateway, "SELECT count(*) FROM delivery") == [(0,)])
    heard = subprocess.run([*listener, "-C", str(len(webhook.received)), "-W", "10"], capture_output=True, timeout=20)
    assert [json.loads(line) for line in heard.stdout.decode().splitlines()] == webhook.events


def test_a_broker_that_refuses_the_topic_has_acknowledged_nothing(folder, webhook):
    broker = Broker(folder)
    rules = folder / "acl"
    rules.write_text("topic deny tonnelle/v1/gateway/essai/alerts\ntopic readwrite #\n")
    rules.chmod(0o600)
    broker.config.write_text(broker.config.read_text() + f"acl_file {rules}\n")
    broker.start()
    gateway = Gateway(folder, broker.port)
    use(gateway, [{"id": "bus", "mqtt": True}, {"id": "vif", "webhook": webhook.url}])
    try:
        gateway.start().connected()
        heat(broker, 4)
        wait_for("the refusal", lambda: "the broker refuses messages on tonnelle/v1/gateway/essai/alerts" in gateway.log.read_text())
        wait_for("the other receiver", lambda: webhook.what() == RISE)
        assert outbox(gateway, "SELECT count(*) FROM delivery WHERE receiver = 'bus'") == [(3,)]
        rules.write_text("topic readwrite #\n")
        broker.process.send_signal(signal.SIGHUP)
        wait_for("the topic", lambda: outbox(gateway, "SELECT delivered FROM receiver WHERE id = 'bus'") == [(3,)], 40)
    finally:
        gateway.stop(signal.SIGKILL)
        broker.stop()


def test_a_full_disk_is_told_although_the_outbox_is_on_it(broker, folder, webhook):
    data = folder / "data"
    data.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", data]).returncode != 0:
        pytest.skip("only root can mount a small file system")
    gateway = Gateway(folder, broker.port)
    use(gateway, [{"id": "vif", "webhook": webhook.url}], NOW % ("storing_fails", '{ "after_min": 0 }'))
    try:
        gateway.start().connected()
        # A mebibyte is not much to begin with.
        wait_for("the first alert", lambda: webhook.what() == [("disk_low", "raised", "disk_low")])
        with contextlib.suppress(OSError):  # the gateway may have taken some meanwhile: the disk is full all the same
            (data / "ballast").write_bytes(b"x" * (os.statvfs(data).f_bavail * 4096))
        for number in range(100):
            broker.publish("tonnelle/v1/up/parc/air", json.dumps([{"n": "temperature", "v": 20 + number / 100, "note": "x" * 4000}]))
            if gateway.state_metric("tonnelle_store_working") == 0:
                break
        wait_for("the alert", lambda: ("storing_fails", "raised", "storing_fails") in webhook.what())
        (data / "ballast").unlink()
        wait_for("its end", lambda: ("storing_fails", "cleared", "storing_fails") in webhook.what())
        wait_for("what could not be stored", lambda: outbox(gateway, "SELECT delivered FROM receiver") == [(len(webhook.received),)]
                 and outbox(gateway, "SELECT seq FROM sqlite_sequence WHERE name = 'event'") == [(len(webhook.received),)])
        assert len({event["id"] for event in webhook.events}) == len(webhook.events)
    finally:
        gateway.stop(signal.SIGKILL)
        subprocess.run(["umount", data], check=True)


def test_without_alerts_nothing_is_opened(broker, gateway):
    gateway.start().connected()
    assert not (gateway.folder / "data/outbox.sqlite").exists()


def test_a_token_that_others_can_read_is_refused(broker, gateway, folder):
    (folder / "token").write_text("geheim\n")
    (folder / "token").chmod(0o644)
    use(gateway, [{"id": "a", "webhook": "https://ville.example/", "token_file": "token"}])
    gateway.start(ready=False)
    assert gateway.process.wait(20) != 0
    gateway.process = None
    assert "every user of this machine can read the token file" in gateway.log.read_text()


def test_a_sensor_that_falls_silent_is_told_and_so_is_its_return(folder, webhook):
    """In the demonstration a minute is a second."""
    data = folder / "demo"
    data.mkdir()
    for file in (ROOT / "Config/demo").iterdir():
        (data / file.name).write_bytes(file.read_bytes())
    settings = (data / "settings.json").read_text()
    settings = settings.replace('"sensors": [', '''"sensors": [
    { "id": "essai", "station": "essai", "fields": ["temperature"], "period_s": 60, "stale_after_s": 60 },''', 1)
    alerts = {"receivers": [{"id": "a", "webhook": webhook.url}], "group_s": 0, "rules": {
        "sensor_silent": {"after_min": 2, "clear_min": 1}, "heat_level": False, "place_full": False, "place_hot": False,
        "gateway_behind": False, "disk_low": False, "broker_lost": False, "storing_fails": False}}
    settings = settings.replace('"gateway": "demo",', f'"gateway": "demo", "alerts": {json.dumps(alerts)},', 1)
    (data / "settings.json").write_text(settings)
    demo = Demo(folder, "--data", str(data))
    try:
        port = demo.log.read_text().split("mosquitto     127.0.0.1:")[1].split(",")[0]

        def told():
            return [event["state"] for event in webhook.events if event["subjects"][0]["id"] == "essai"]

        def speak():
            subprocess.run(["mosquitto_pub", "-p", port, "-q", "1", "-t", "tonnelle/v1/up/essai/essai", "-m", reading(21)],
                           check=True, timeout=10)

        wait_for("a sensor never heard", lambda: told() == ["raised"])
        wait_for("its return", lambda: speak() or told() == ["raised", "cleared"])
        wait_for("its silence", lambda: told() == ["raised", "cleared", "raised"])
        last = [event for event in webhook.events if event["subjects"][0]["id"] == "essai"][-1]
        assert last["rule"] == "sensor_silent" and last["since"] < last["at"]
        assert last["sentence"]["fr"] == "Capteur muet : essai."
    finally:
        demo.stop()


class KilledReceiver:
    """The program that receives, and the account of what it got, with a line for each kill."""

    def __init__(self, folder):
        self.port, = free_ports(1)
        self.path = folder / "received.txt"
        self.path.touch()
        self.process = None

    def start(self):
        self.process = subprocess.Popen([sys.executable, HERE / "alert_receiver.py", str(self.port), self.path])
        wait_for("the receiver", lambda: listens(self.port))

    def note(self, line):
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        os.write(descriptor, (line + "\n").encode())
        os.close(descriptor)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def lines(self):
        return [line.split(" ") for line in self.path.read_text().splitlines()]


def judge(lines):
    """The events in the order in which they came first; an event comes again only if a kill cut its delivery."""
    order, what, answered, again = [], {}, set(), 0
    # Since the last kill had struck: what had been the last to come before it.
    cut = None
    last = None
    for words in lines:
        if words[0] == "killed":
            cut = last
        elif words[0] == "answered":
            answered.add(words[1])
        else:
            identifier = words[1]
            if identifier in what:
                assert identifier == cut, f"{identifier} came again, and no kill had cut it"
                cut = None  # once a kill
                again += 1
            else:
                order.append(identifier)
                what[identifier] = tuple(words[2:])
            last = identifier
    return order, what, answered, again


def kills(folder, broker, webhook, kill_count, note):
    seed = random.randrange(1 << 32)
    note("seed", seed)
    chance = random.Random(seed)
    gateway = Gateway(folder, broker.port)
    receiver = KilledReceiver(folder)
    use(gateway, [{"id": "tue", "webhook": f"http://127.0.0.1:{receiver.port}/"}, {"id": "calme", "webhook": webhook.url}])
    stopping = threading.Event()

    def change():
        level = 4
        while not stopping.wait(chance.uniform(0.2, 0.8)):  # how long a heat wave lasts here
            heat(broker, level)
            level = 5 - level

    weather = threading.Thread(target=change)
    try:
        receiver.start()
        gateway.start().connected()
        weather.start()
        for _ in range(kill_count):
            time.sleep(chance.uniform(0.1, 2.5))  # the moment of the kill, not a wait for anything
            if chance.random() < 0.5:
                gateway.stop(signal.SIGKILL)
                receiver.note("killed gateway")
                gateway.start(ready=False)
            else:
                receiver.kill()
                receiver.note("killed receiver")
                time.sleep(chance.uniform(0, 1))
                receiver.start()
        stopping.set()
        weather.join()
        wait_for("readiness", gateway.is_ready)
        gateway.connected()
        heat(broker, 1)
        wait_for("the last word on the heat", lambda: [
            entry["level"] for entry in json.loads(gateway.operators("/api/state"))["heat"]] == [1])
        wait_for("the end of all alerts", lambda: json.loads(outbox(gateway, "SELECT body FROM state")[0][0])["raised"] == [])
        # A receiver that has come back is tried again after some seconds.
        wait_for("an empty outbox", lambda: outbox(gateway, "SELECT count(*) FROM delivery") == [(0,)], 120)
        assert gateway.stop() == 0
    finally:
        stopping.set()
        gateway.stop(signal.SIGKILL)
        receiver.kill()
    order, what, answered, again = judge(receiver.lines())
    (made,), = outbox(gateway, "SELECT seq FROM sqlite_sequence WHERE name = 'event'")
    note("events", made)
    note("again", again)
    assert len(order) == made and len(order) > kill_count
    # The other one was not killed: the same events in the same order, again only where a kill of the gateway cut it.
    calm = [event["id"] for event in webhook.events]
    assert list(dict.fromkeys(calm)) == order
    assert len(calm) - len(order) <= kill_count
    # Level by level what rose fell, and nothing rose twice.
    for level in "234":
        states = [what[id][1] for id in order if what[id][2] == level]
        assert states == ["raised", "cleared"] * (len(states) // 2)
    assert outbox(gateway, "SELECT count(*), sum(delivered), sum(dropped), sum(refused) FROM receiver") == [(2, 2 * made, 0, 0)]


def test_six_kills_of_gateway_and_receiver(folder, broker, webhook, record_property):
    kills(folder, broker, webhook, 6, record_property)


@pytest.mark.acceptance
def test_outbox_over_two_hundred_kills(folder, broker, webhook, record_property):
    kills(folder, broker, webhook, 200, record_property)
