"""kill -9 under load: what a publisher was told has arrived is in the journal, and the state is what the journal says."""

import json
import random
import signal
import threading
import time

import paho.mqtt.client as mqtt
import pytest

from conftest import Gateway, wait_for
from disasters import after_the_disaster, is_as_replayed, stored_payloads

TOPICS = ["tonnelle/v1/up/parc/air", "tonnelle/v1/up/rue/rue", "tonnelle/v1/up/biblio/porte"]


class Publisher(threading.Thread):
    """Publishes numbered readings with QoS 1 at a pace, and remembers those whose PUBACK it has seen."""

    def __init__(self, port, pace):
        super().__init__(daemon=True)
        self.pace = pace
        self.sent, self.acknowledged = {}, set()
        self.stopping = threading.Event()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="publisher", protocol=mqtt.MQTTv5)
        self.client.on_publish = lambda client, data, mid, reason, properties: self.acknowledged.add(mid)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def run(self):
        number = 0
        while not self.stopping.is_set():
            number += 1
            if number % 3 == 2:
                records = [{"n": "in_total", "v": number}, {"n": "out_total", "v": number // 2}]
            else:
                # Within 4 °C: where messages are lost between them, none may look like a spike.
                records = [{"n": "temperature", "v": 20 + number % 40 / 10}]
            # What follows is ignored by SenML and tells each message from all others.
            records[0]["number"] = number
            payload = json.dumps(records)
            info = self.client.publish(TOPICS[number % 3], payload, qos=1)
            self.sent[info.mid] = payload
            time.sleep(self.pace)

    def finish(self):
        self.stopping.set()
        self.join()
        wait_for("the last acknowledgement", lambda: len(self.acknowledged) == len(self.sent))
        self.client.loop_stop()
        self.client.disconnect()


def kills(folder, broker, count, note, stops=0.0):
    """Kills a gateway at random moments under load, with another beside it that nobody disturbs.

    A part of the ends, `stops`, begin with a clean stop, which writes a checkpoint; half of those are killed in it.
    """
    seed = random.randrange(1 << 32)
    note("seed", seed)
    chance = random.Random(seed)
    (folder / "a").mkdir()
    (folder / "b").mkdir()
    disturbed = Gateway(folder / "a", broker.port)
    calm = Gateway(folder / "b", broker.port)
    calm.settings.write_text(calm.settings.read_text().replace('"essai"', '"calme"'))
    publisher = Publisher(broker.port, 0.004)
    clean = checkpoints = 0
    try:
        calm.start().connected()
        disturbed.start().connected()
        publisher.start()
        for _ in range(count):
            time.sleep(chance.uniform(0.05, 0.6))  # the moment of the kill, not a wait for anything
            if chance.random() < stops:
                disturbed.process.send_signal(signal.SIGTERM)
                if chance.random() < 0.5:
                    time.sleep(chance.uniform(0, 0.02))
                else:
                    disturbed.process.wait(15)
                    clean += 1
            disturbed.stop(signal.SIGKILL)
            disturbed.start(ready=False)
            if chance.random() < 0.7:
                wait_for("readiness", disturbed.is_ready)
                checkpoints = max(checkpoints, json.loads(disturbed.operators("/api/status"))["checkpoint"])
        publisher.finish()
        disturbed.connected()
        total = len(publisher.sent)
        note("messages", total)
        note("clean_stops", clean)
        note("checkpoints", checkpoints)
        wait_for("all messages in the calm gateway", lambda: calm.ledger()["messages"] == total, 60)
        wait_for("all messages", lambda: disturbed.ledger()["messages"] >= total, 60)
        ledger = after_the_disaster(disturbed, [publisher])
        after_the_disaster(calm, [publisher])
        note("redelivered", ledger["redelivered"])
        live = json.loads(disturbed.operators("/api/state"))
        undisturbed = json.loads(calm.operators("/api/state"))
        assert disturbed.stop() == 0
        assert calm.stop() == 0
        # What the last checkpoint holds is what the journal says, too.
        disturbed.start()
        is_as_replayed(disturbed)
    finally:
        publisher.stopping.set()
        disturbed.stop(signal.SIGKILL)
        calm.stop(signal.SIGKILL)

    stored = stored_payloads(disturbed)
    assert len(stored) == len(set(stored)) == total, "a message counts twice, or is missing"

    def bare(state):
        """People and readings, without instants and without what arrived twice and was recognised."""
        ledger = {**state["ledger"], "received": state["ledger"]["received"] - state["ledger"]["redelivered"], "redelivered": 0}
        places = [(p["id"], p.get("people"), [(s["id"], s["readings"]) for s in p["sensors"]]) for p in state["places"]]
        return ledger, places

    assert bare(live) == bare(undisturbed)
    return checkpoints


def test_five_kills(folder, broker, record_property):
    kills(folder, broker, 5, record_property)


def test_the_broker_restarts_under_load(folder, broker, gateway):
    gateway.start().connected()
    publisher = Publisher(broker.port, 0.004)
    try:
        publisher.start()
        wait_for("some messages", lambda: gateway.ledger()["messages"] > 100)
        broker.stop()  # saves its sessions
        broker.start()
        gateway.connected()
        before = len(publisher.acknowledged)
        wait_for("more messages", lambda: len(publisher.acknowledged) > before + 100)
        publisher.finish()
        wait_for("all messages", lambda: gateway.ledger()["messages"] >= len(publisher.sent))
    finally:
        publisher.stopping.set()
    after_the_disaster(gateway, [publisher])


def test_a_full_disk_is_survived(folder, broker):
    """The data folder lies on a small file system; nothing is acknowledged that does not fit, and then all arrives."""
    import os
    import subprocess
    data = folder / "data"
    data.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", data]).returncode != 0:
        pytest.skip("only root can mount a small file system")
    gateway = Gateway(folder, broker.port)
    try:
        gateway.start().connected()
        (data / "ballast").write_bytes(b"x" * (os.statvfs(data).f_bavail * 4096 - 120_000))
        text = "x" * 2000
        for number in range(150):
            broker.publish("tonnelle/v1/up/parc/air", json.dumps([{"n": "temperature", "v": 20 + number / 100, "note": text}]))
        wait_for("the complaint", lambda: gateway.state_metric("tonnelle_store_working") == 0)
        assert "the disk is full" in gateway.log.read_text()
        assert gateway.place("square")["availability"] == "available"
        stuck = gateway.ledger()["messages"]
        assert stuck < 150
        (data / "ballast").unlink()
        wait_for("all messages", lambda: gateway.ledger()["messages"] == 150, 30)
        assert gateway.ledger()["accepted"] == 150
        after_the_disaster(gateway)
    finally:
        gateway.stop(signal.SIGKILL)
        subprocess.run(["umount", data], check=True)
