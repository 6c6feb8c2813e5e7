"""Real disasters, each told in docs/operations.md: what was acknowledged is kept, the account balances, life goes on."""

import calendar
import json
import os
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from conftest import PLACES, SENSORS, Broker, Gateway, get, reading, tonnelle, wait_for
from disasters import (
    JournalWriter, Shouter, Wire, after_the_disaster, balanced, cpu_seconds, is_as_replayed, resident_bytes,
    start_and_measure, stored_payloads, write_messages)
from test_durability import Publisher, kills
from test_history import history

pytestmark = pytest.mark.acceptance


def publish_some(broker, gateway, count):
    """Publishes numbered readings at leisure; returns when the gateway has them all."""
    before = gateway.ledger()["messages"]
    publisher = Publisher(broker.port, 0.001)
    publisher.start()
    wait_for("messages", lambda: len(publisher.sent) >= count)
    publisher.finish()
    wait_for("all of them", lambda: gateway.ledger()["messages"] >= before + len(publisher.sent))
    return publisher


def checkpoint_of(gateway):
    return json.loads(gateway.operators("/api/status"))["checkpoint"]


def database(gateway):
    return sqlite3.connect(gateway.folder / "data/journal.db", isolation_level=None)


def flipped(blob):
    """A blob with one bit turned over near its middle: in a text one of a letter, so that others can read it all the same."""
    blob = bytearray(blob)
    middle = len(blob) // 2
    letters = (index for index in range(middle, len(blob)) if blob[index] in b"abcdefghij" and blob[index - 1] != 0x5C)
    blob[next(letters, middle) if blob.isascii() else middle] ^= 0x10
    return bytes(blob)


# MARK: The process

def test_a_hundred_kills(folder, broker, record_property):
    checkpoints = kills(folder, broker, 100, record_property, stops=0.25)
    assert checkpoints >= 5, "hardly any checkpoint was made"


# MARK: The broker

def timed_publisher(port):
    """A publisher whose readings carry a time each, so that none counts twice however often it comes."""
    publisher = Publisher(port, 0.004)
    plain = publisher.client.publish
    last = [0]

    def publish(topic, payload, qos):
        last[0] = max(last[0] + 1, time.time_ns() // 1_000_000)
        records = json.loads(payload)
        for record in records:
            record["t"] = last[0] / 1000
        text = json.dumps(records)
        info = plain(topic, text, qos=qos)
        publisher.texts[info.mid] = text
        return info
    publisher.texts = {}
    publisher.client.publish = publish
    return publisher


@pytest.mark.parametrize("wiped", [False, True])
def test_the_broker_is_killed(folder, broker, wiped, record_property):
    wire = Wire(broker.port)
    gateway = Gateway(folder, wire.port)
    publisher = timed_publisher(broker.port)
    try:
        gateway.start().connected()
        broker.save()
        publisher.start()
        before = set()
        for number in range(3):
            wait_for("messages", lambda: len(publisher.acknowledged) > 300 * (number + 1))
            # What this broker acknowledged to the publisher a moment ago, the gateway takes at once: it is not lost with it.
            early = set(publisher.acknowledged) - before
            early = {publisher.texts[mid] for mid in early if mid in publisher.texts}
            wait_for("what was acknowledged until now", lambda: early <= wire.acknowledged)
            broker.stop(signal.SIGKILL)
            wait_for("the loss", lambda: gateway.state_metric("tonnelle_broker_connected") == 0)
            assert get(gateway.url("/readyz"))[0] == 200 and gateway.place("square")["availability"] == "available"
            if wiped:
                for file in (folder / "broker").iterdir():
                    file.unlink()
            broker.start()
            gateway.connected()
            wait_for("the retained topic", lambda: broker.retained("tonnelle/v1/places/square", 1))
            wait_for("the status", lambda: broker.retained("tonnelle/v1/gateway/essai/status", 1) == "online")
            assert early <= set(stored_payloads(gateway))
            before = set(publisher.acknowledged)
        wait_for("messages after it", lambda: len(publisher.acknowledged) > 1500, 40)
        publisher.finish()
        last = publisher.texts[max(publisher.texts)]
        wait_for("the last message", lambda: last in stored_payloads(gateway))
        after_the_disaster(gateway)
        stored = stored_payloads(gateway)
        # What the broker told a publisher that it has, and then lost with its own life, was never ours.
        acknowledged = {publisher.texts[mid] for mid in publisher.acknowledged}
        lost = acknowledged - set(stored)
        assert wire.acknowledged <= set(stored)
        assert not lost & wire.acknowledged
        ledger = gateway.ledger()
        distinct = set(stored)
        counted = ledger["raw"] + ledger["buckets_only"] + ledger["superseded"]
        assert counted == sum(text.count('"t"') for text in distinct), f"a reading counts twice, or is missing: {ledger}"
        record_property("messages", len(publisher.sent))
        record_property("lost_by_the_broker", len(lost))
        record_property("came_twice", len(stored) - len(distinct) + ledger["redelivered"])
    finally:
        publisher.stopping.set()
        gateway.stop(signal.SIGKILL)
        wire.close()


# MARK: The network

def test_the_connection_breaks_and_vanishes(folder, broker, record_property):
    wire = Wire(broker.port)
    gateway = Gateway(folder, wire.port)
    publisher = Publisher(broker.port, 0.002)
    try:
        gateway.start().connected()
        publisher.start()
        for _ in range(20):
            before = wire.delivered
            wait_for("traffic", lambda: wire.delivered > before + 50)
            wire.cut()
            gateway.connected()
        for _ in range(2):
            before = wire.delivered
            wait_for("traffic", lambda: wire.delivered > before + 50)
            wire.hole = True
            wait_for("swallowed bytes", lambda: wire.swallowed > 0)
            wait_for("the loss", lambda: gateway.state_metric("tonnelle_broker_connected") == 0, 30)
            assert gateway.place("square")["availability"] == "available"
            wire.hole = False
            wait_for("the connection", lambda: gateway.state_metric("tonnelle_broker_connected") == 1, 60)
        publisher.finish()
        total = len(publisher.sent)
        wait_for("all messages", lambda: gateway.ledger()["messages"] >= total, 60)
        ledger = after_the_disaster(gateway, [publisher])
        stored = stored_payloads(gateway)
        assert len(stored) == len(set(stored)) == ledger["messages"] == total, "a message counts twice, or is missing"
        assert wire.acknowledged <= set(stored)
        assert wire.redelivered > 0 and ledger["redelivered"] > 0, "nothing came twice: the wire broke between messages"
        for name, value in (("messages", total), ("cuts", wire.cuts), ("delivered_again", wire.redelivered),
                            ("readings_recognised", ledger["redelivered"])):
            record_property(name, value)
    finally:
        publisher.stopping.set()
        gateway.stop(signal.SIGKILL)
        wire.close()


# MARK: The disk

def test_rows_of_the_journal_are_damaged_and_missing(broker, gateway):
    gateway.start().connected()
    publisher = publish_some(broker, gateway, 400)
    assert gateway.stop() == 0
    file = database(gateway)
    rows = file.execute("SELECT position, entries, lines FROM journal WHERE position > 1 ORDER BY position").fetchall()
    rows = [row for row in rows if b"payload" in row[2]]
    assert len(rows) > 8
    damaged, missing = rows[len(rows) // 3], rows[2 * len(rows) // 3]
    file.execute("UPDATE journal SET lines = ? WHERE position = ?", (flipped(damaged[2]), damaged[0]))
    file.execute("DELETE FROM journal WHERE position = ?", (missing[0],))
    file.execute("DELETE FROM run")
    file.close()
    lost = sum(row[2].count(b'"payload":') for row in (damaged, missing))
    assert 0 < lost < len(publisher.sent) // 2

    gateway.start().connected()
    log = gateway.log.read_text()
    assert f"journal_damaged: entries {damaged[0]} to {damaged[0] + damaged[1] - 1} of the journal are damaged and left out" in log
    assert f"journal_damaged: entries {missing[0]} to {missing[0] + missing[1] - 1} of the journal are missing" in log
    assert balanced(gateway)["messages"] == len(publisher.sent) - lost
    is_as_replayed(gateway)
    more = publish_some(broker, gateway, 50)
    assert after_the_disaster(gateway, [more])["messages"] == len(publisher.sent) - lost + len(more.sent)
    # The next start need not read the damage again, and has the same state.
    assert gateway.stop() == 0
    gateway.start()
    assert balanced(gateway)["messages"] == len(publisher.sent) - lost + len(more.sent)
    assert gateway.log.read_text().count("are missing") == 1
    is_as_replayed(gateway)


def test_the_row_of_the_first_configuration_is_damaged(broker, gateway):
    gateway.start().connected()
    publisher = publish_some(broker, gateway, 200)
    assert gateway.stop() == 0
    file = database(gateway)
    (lines,) = file.execute("SELECT lines FROM journal WHERE position = 1").fetchone()
    assert b'"entry":"configuration"' in lines and b"payload" not in lines
    file.execute("UPDATE journal SET lines = ? WHERE position = 1", (flipped(lines),))
    file.execute("DELETE FROM run")
    file.close()
    gateway.start().connected()
    assert "of the journal are damaged and left out" in gateway.log.read_text()
    # The table of configurations holds it a second time, so nothing that sensors sent is lost.
    assert balanced(gateway)["messages"] == len(publisher.sent)
    is_as_replayed(gateway)


def test_the_row_of_a_reload_is_damaged(broker, gateway):
    gateway.start().connected()
    gateway.write_settings(sensors=SENSORS + '{ "id": "neuf", "place": "square", "fields": ["temperature"] }')
    gateway.process.send_signal(signal.SIGHUP)
    wait_for("the reload", lambda: "neuf" in gateway.ledger()["sources"])
    for celsius in range(20, 30):
        broker.publish("tonnelle/v1/up/square/neuf", reading(celsius))
    wait_for("all of them", lambda: gateway.ledger()["sources"]["neuf"].get("accepted") == 10)
    assert gateway.stop() == 0
    file = database(gateway)
    (position,) = file.execute("SELECT max(position) FROM configuration").fetchone()
    row, lines = file.execute(
        "SELECT position, lines FROM journal WHERE position <= ? ORDER BY position DESC LIMIT 1", (position,)).fetchone()
    file.execute("UPDATE journal SET lines = ? WHERE position = ?", (flipped(lines), row))
    file.execute("DELETE FROM run")
    file.close()
    gateway.start()
    assert "of the journal are damaged and left out" in gateway.log.read_text()
    assert balanced(gateway)["sources"]["neuf"].get("accepted") == 10
    is_as_replayed(gateway)


def without_beginning(gateway):
    """Lets the journal's beginning go, as retention would, and returns the messages that are left."""
    file = database(gateway)
    (middle,) = file.execute("SELECT position FROM journal ORDER BY position LIMIT 1 OFFSET (SELECT count(*) / 2 FROM journal)").fetchone()
    assert middle > file.execute("SELECT max(position) FROM configuration").fetchone()[0]
    file.execute("DELETE FROM journal WHERE position < ?", (middle,))
    file.close()
    return middle, len(stored_payloads(gateway))


def test_neither_beginning_nor_checkpoint_is_left(broker, gateway):
    gateway.start().connected()
    publisher = publish_some(broker, gateway, 200)
    assert gateway.stop() == 0
    middle, left = without_beginning(gateway)
    assert 0 < left < len(publisher.sent)
    file = database(gateway)
    file.execute("DELETE FROM run")
    file.close()
    gateway.start().connected()
    assert f"recovered_partly: there is no checkpoint, and the journal begins at entry {middle}: values are exact for what came since" \
        in gateway.log.read_text()
    assert balanced(gateway)["messages"] == left
    is_as_replayed(gateway)
    more = publish_some(broker, gateway, 50)
    assert after_the_disaster(gateway, [more])["messages"] == left + len(more.sent)


@pytest.mark.parametrize("checkpoint", [True, False])
def test_the_configuration_in_force_is_damaged(broker, gateway, checkpoint):
    """Retention has let its entry in the journal go, and the row that was kept of it cannot be read."""
    gateway.start().connected()
    publisher = publish_some(broker, gateway, 200)
    assert gateway.stop() == 0
    _, left = without_beginning(gateway)
    file = database(gateway)
    (text,) = file.execute("SELECT line FROM configuration").fetchone()
    file.execute("UPDATE configuration SET line = ?", (flipped(text),))
    if not checkpoint:
        file.execute("DELETE FROM run")
    file.close()
    gateway.start()
    assert balanced(gateway)["messages"] == (len(publisher.sent) if checkpoint else left)


def test_the_file_is_no_database(broker, gateway):
    gateway.start().connected()
    assert gateway.stop() == 0
    path = gateway.folder / "data/journal.db"
    before = b"x" * 16 + path.read_bytes()[16:]
    path.write_bytes(before)
    result = tonnelle("serve", "--config", gateway.settings)
    assert result.returncode == 1 and b"file is not a database" in result.stderr
    assert path.read_bytes() == before  # whoever wants to save something of it can


@pytest.fixture
def three_checkpoints(broker, gateway):
    """A stopped gateway with three complete checkpoints and something in the journal behind the last."""
    for _ in range(3):
        gateway.start().connected()
        publish_some(broker, gateway, 100)
        assert gateway.stop() == 0
    gateway.start().connected()
    publish_some(broker, gateway, 100)
    gateway.stop(signal.SIGKILL)
    file = database(gateway)
    assert [number for (number,) in file.execute("SELECT number FROM run ORDER BY number")] == [1, 2, 3]
    file.close()
    return gateway


@pytest.mark.parametrize("states, images, used", [
    ([], [], 3), ([3], [], 2), ([], [3], 2), ([3], [2], 1), ([2], [3], 1), ([1, 2, 3], [], 0), ([], [1, 2, 3], 0)])
def test_checkpoints_are_damaged(three_checkpoints, states, images, used):
    gateway = three_checkpoints
    file = database(gateway)
    for number in states:
        (state,) = file.execute("SELECT state FROM run WHERE number = ?", (number,)).fetchone()
        file.execute("UPDATE run SET state = ? WHERE number = ?", (flipped(state), number))
    for number in images:
        low = number % 3 << 32
        rows = file.execute("SELECT id, bytes FROM image WHERE id >= ? AND id < ?", (low, low + (1 << 32))).fetchall()
        assert len(rows) == 6
        file.execute("UPDATE image SET bytes = ? WHERE id = ?", (flipped(rows[3][1]), rows[3][0]))
    file.close()
    before = len(gateway.log.read_text())
    gateway.start()
    log = gateway.log.read_text()[before:]
    for number in states:
        assert f"checkpoint_damaged: checkpoint {number} is not used: its checksum does not hold" in log
    for number in images:
        assert f"checkpoint_damaged: checkpoint {number} is not used: series 3: " in log
    assert log.count("checkpoint_damaged") == len(states) + len(images)
    assert checkpoint_of(gateway) == used
    balanced(gateway)
    is_as_replayed(gateway)
    assert sorted(stored_payloads(gateway)) and "journal_damaged" not in log
    # The next clean stop puts a good one down.
    assert gateway.stop() == 0
    gateway.start()
    assert checkpoint_of(gateway) == used + 1
    is_as_replayed(gateway)


# MARK: People

def test_the_configuration_is_broken_at_a_reload(broker, gateway):
    good_settings, good_places = gateway.settings.read_text(), (gateway.folder / "places.geojson").read_text()
    gateway.start().connected()
    publisher = Publisher(broker.port, 0.004)
    try:
        publisher.start()
        places = gateway.folder / "places.geojson"
        for break_it, why, what in [
            (lambda: gateway.settings.write_text(good_settings[:-1]), "settings.json has 1 error", "settings.json:12:1: error: the text ends where"),
            (lambda: gateway.settings.write_text(good_settings.replace('"period_s": 60', '"period_s": "60"', 1)), "settings.json has 1 error",
             'error: sensors[0].period_s: a whole number from 1 to 86400 was expected, "60" was found'),
            (lambda: gateway.settings.write_text(good_settings.replace('"place": "parc"', '"place": "park"')), "settings.json has 1 error",
             'there is no place "park"; did you mean "parc"?'),
            (lambda: places.write_text(good_places.replace("Point", "Pint", 1)), "settings.json has 2 errors",
             "places.geojson:1:70: error: places[parc].geometry: a Point, a Polygon or a MultiPolygon was expected"),
            (lambda: gateway.settings.unlink(), "settings.json has 1 error", "settings.json: error: the file cannot be read"),
            (lambda: places.unlink(), "settings.json has 1 error", 'error: places: the file "places.geojson" cannot be read'),
            (lambda: gateway.settings.write_text(good_settings.replace('"essai"', '"autre"')), "gateway, data, broker, public, operators, alerts, long_history, context_broker and map_tiles change only with a restart", ""),
        ]:
            before = len(gateway.log.read_text())
            break_it()
            gateway.process.send_signal(signal.SIGHUP)
            wait_for("the refusal", lambda: "reload_refused" in gateway.log.read_text()[before:])
            log = gateway.log.read_text()[before:]
            assert why in log and "the configuration in force goes on" in log
            # What is wrong stands above it: file, line, column, what was found and what was expected.
            assert what in log.split("reload_refused")[0]
            gateway.settings.write_text(good_settings)
            places.write_text(good_places)
            messages = gateway.ledger()["messages"]
            wait_for("life going on", lambda: gateway.ledger()["messages"] > messages)
        publisher.finish()
        wait_for("all messages", lambda: gateway.ledger()["messages"] == len(publisher.sent))
        ledger = after_the_disaster(gateway, [publisher])
        assert sum(ledger["sources"][id]["received"] for id in ("rue", "air", "porte")) == ledger["received"]
        assert sum(entry.get("entry") == "configuration" for entry in gateway.journal()) == 1
    finally:
        publisher.stopping.set()


# MARK: Overload

SOME = [f"capteur-{number}" for number in range(20)]


def sensors_of(ids, place="parc"):
    return SENSORS + "".join(
        f'{{ "id": "{id}", "place": "{place}", "fields": ["temperature"], "period_s": 60 }},\n' for id in ids)


class Marker(threading.Thread):
    """Publishes a reading of one sensor every half second, and watches how long it takes to be public.

    The time of the newest reading stands in the feature of its place and in its retained topic.
    """

    def __init__(self, broker, gateway, sensor="marque", place="square"):
        import paho.mqtt.client as mqtt
        super().__init__(daemon=True)
        self.gateway, self.place = gateway, place
        self.topic = f"tonnelle/v1/up/{place}/{sensor}"
        self.sent = {"page": [], "topic": []}
        self.delays = {"page": [], "topic": []}
        self.late = 0.0
        self.stopping = threading.Event()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="marker", protocol=mqtt.MQTTv5)
        self.client.on_message = lambda client, data, message: self.see(
            "topic", (json.loads(message.payload).get("freshness") or {}).get("observed_at"))
        self.client.connect("127.0.0.1", broker.port)
        self.client.subscribe(f"tonnelle/v1/places/{place}", qos=1)
        self.client.loop_start()

    def see(self, where, text):
        now = time.time()
        if text is None:
            return
        # Both places of the text are those of Europe/Paris: the offset is of whole hours.
        stamp, milliseconds = text[:19], text[19:-6].removeprefix(".") or "0"
        hours = int(text[-6:-3])
        observed = calendar.timegm(time.strptime(stamp, "%Y-%m-%dT%H:%M:%S")) - hours * 3600 + int(milliseconds) / 1000
        while self.sent[where] and self.sent[where][0] <= observed + 0.0005:
            self.delays[where].append(now - self.sent[where].pop(0))

    def look(self):
        self.see("page", self.gateway.place(self.place).get("observed_at"))

    def run(self):
        number, due = 0, time.time()
        while not self.stopping.is_set():
            number += 1
            at = round(time.time(), 3)
            for where in self.sent:
                self.sent[where].append(at)
            self.client.publish(self.topic, reading(20 + number % 100 / 10, t=at), qos=1)
            due += 0.5
            while time.time() < due:
                self.look()
                begun = time.monotonic()
                time.sleep(0.05)
                # How late this process itself wakes: the machine's doing, and not the gateway's.
                self.late = max(self.late, time.monotonic() - begun - 0.05)

    def finish(self, count):
        """Stops, and waits until the last reading is public; then there are more delays than so many."""
        self.stopping.set()
        self.join()
        wait_for("the last reading on the page", lambda: self.look() or not self.sent["page"])
        wait_for("the last reading in its topic", lambda: not self.sent["topic"])
        self.client.loop_stop()
        self.client.disconnect()
        for where in self.delays:
            assert len(self.delays[where]) > count


def stays_fresh(marker, note):
    """Published state is not older than 2 s for the gateway's own reasons, a retained topic than 3: one is written each second.

    The machine may be busy with something else for a moment, so one delay in twenty may be longer by a second.
    """
    for where, limit in (("page", 2), ("topic", 3)):
        delays = sorted(marker.delays[where])
        usual = delays[-1 - len(delays) // 20]
        note(f"delay_of_the_{where}_s", f"{delays[len(delays) // 2]:.2f} to {usual:.2f}, once {delays[-1]:.2f}")
        assert usual < limit + marker.late and delays[-1] < limit + 1 + marker.late, delays
    note("delay_of_this_test_s", round(marker.late, 2))


def at_a_pace(shouter, seconds, rate, message, qos=1):
    """Sends messages of a number each for some time; the pace is the load, not a wait."""
    begun, sent = time.monotonic(), 0
    while sent < seconds * rate:
        due = min(seconds * rate, int((time.monotonic() - begun) * rate) + 1)
        shouter.send([message(number) for number in range(sent, due)], qos)
        sent = due
        time.sleep(0.01)
    return sent


def test_ten_times_the_normal_load_for_a_minute(folder, broker, gateway, record_property):
    gateway.write_settings(sensors=sensors_of(SOME) + '{ "id": "marque", "place": "square", "fields": ["temperature"] }')
    gateway.start().connected()
    marker = Marker(broker, gateway)
    shouter = Shouter(broker.port, "load")
    try:
        marker.start()
        cpu = cpu_seconds(gateway.process)
        # 20 sensors with 10 messages a second would be normal.
        sent = at_a_pace(shouter, 60, 2000, lambda n: (
            f"tonnelle/v1/up/parc/{SOME[n % 20]}", f'[{{"n":"temperature","v":{20 + n % 99 / 10:.1f},"number":{n}}}]'))
        shouter.finish()
        wait_for("all messages", lambda: gateway.ledger()["sources"].get(SOME[19], {}).get("received", 0) == sent // 20)
        record_property("cpu_seconds", round(cpu_seconds(gateway.process) - cpu, 1))
        marker.finish(100)
    finally:
        marker.stopping.set()
        shouter.close()
    ledger = after_the_disaster(gateway, [shouter])
    record_property("messages", sent)
    assert sum(ledger["sources"][id]["received"] for id in SOME) == sent and ledger["received"] == ledger["accepted"]
    stays_fresh(marker, record_property)


def test_one_sensor_shouts(folder, broker, gateway, record_property):
    gateway.write_settings(
        sensors=sensors_of(SOME) + '{ "id": "crieur", "place": "parc", "fields": ["temperature"] },'
        + '{ "id": "marque", "place": "square", "fields": ["temperature"] }',
        extra='"limits": { "messages_per_second": 20, "messages_at_once": 1000 }')
    gateway.start().connected()
    marker = Marker(broker, gateway)
    shouter, others = Shouter(broker.port, "shouter"), Shouter(broker.port, "others")
    try:
        marker.start()
        begun = time.monotonic()
        loud = threading.Thread(target=lambda: at_a_pace(shouter, 20, 5000, lambda n: (
            "tonnelle/v1/up/parc/crieur", f'[{{"n":"temperature","v":{20 + n % 9 / 10:.1f},"number":{n}}}]')))  # no spikes
        loud.start()
        at_a_pace(others, 20, 100, lambda n: (
            f"tonnelle/v1/up/parc/{SOME[n % 20]}", f'[{{"n":"temperature","v":{20 + n % 99 / 10:.1f},"other":{n}}}]'))
        loud.join()
        shouter.finish()
        others.finish()
        wait_for("all messages", lambda: gateway.ledger()["sources"].get("crieur", {}).get("received", 0) == shouter.count, 60)
        seconds = time.monotonic() - begun
        marker.finish(20)
    finally:
        marker.stopping.set()
        shouter.close()
        others.close()
    ledger = after_the_disaster(gateway, [others])
    loud = ledger["sources"]["crieur"]
    assert loud["received"] == shouter.count == loud["accepted"] + loud["refused_too_many_messages"]
    assert 1000 + 20 * 19 <= loud["accepted"] <= 1000 + 20 * (seconds + 1)
    for id in SOME:
        assert ledger["sources"][id]["accepted"] == ledger["sources"][id]["received"] == others.count // 20
    record_property("shouted", shouter.count)
    record_property("accepted_of_it", loud["accepted"])
    stays_fresh(marker, record_property)


def test_a_hundred_thousand_unknown_topics(broker, gateway, record_property):
    gateway.start().connected()
    publish_some(broker, gateway, 100)
    before = resident_bytes(gateway)
    shouter = Shouter(broker.port, "stranger")
    try:
        for start in range(0, 100_000, 1000):
            shouter.send([(f"tonnelle/v1/up/x/{n}", reading(20)) for n in range(start, start + 1000)])
        shouter.finish()
        wait_for("all messages", lambda: gateway.ledger().get("refused_place_unknown") == 100_000, 60)
        grown = resident_bytes(gateway) - before
        record_property("grown_kib", int(grown / 1024))
        ledger = after_the_disaster(gateway)
        assert ledger["others"] == {"received": 100_000, "refused_place_unknown": 100_000}
        assert grown < 8 << 20
        # A refusal is a count: the journal does not grow with them.
        size = sum(length for (length,) in database(gateway).execute("SELECT length(lines) FROM journal"))
        record_property("journal_kib", size // 1024)
        assert size < 1 << 20
    finally:
        shouter.close()


def broker_says(broker, topic, seconds=10):
    """What the broker says of itself, as of now."""
    result = subprocess.run(["mosquitto_sub", "-p", str(broker.port), "-t", f"$SYS/broker/{topic}", "-C", "1", "-W", str(seconds)],
                            capture_output=True, timeout=seconds + 5)
    return int(result.stdout or -1)


def test_an_overload_of_qos_0_is_dropped_by_the_broker(folder, record_property):
    broker = Broker(folder)
    broker.config.write_text(broker.config.read_text().replace("max_queued_messages 200000", "max_queued_messages 2000\nsys_interval 1"))
    gateway = Gateway(folder, broker.port)
    shouter = None
    try:
        broker.start()
        gateway.start().connected()
        publish_some(broker, gateway, 100)
        known = gateway.ledger()["messages"]
        before = resident_bytes(gateway)
        shouter = Shouter(broker.port, "qos-0")
        pad = "x" * 800
        gateway.process.send_signal(signal.SIGSTOP)  # it takes nothing: that is more than it can take
        try:
            for start in range(0, 40_000, 500):
                shouter.send([("tonnelle/v1/up/parc/air", f'[{{"n":"temperature","v":20,"number":{n},"pad":"{pad}"}}]')
                              for n in range(start, start + 500)], qos=0)
            wait_for("drops", lambda: max(0, broker_says(broker, "publish/messages/dropped")))
        finally:
            gateway.process.send_signal(signal.SIGCONT)
        shouter.close()
        # Nothing is missing but what the broker says that it dropped; it says so once a second. Until its queue is empty it
        # would drop what comes with QoS 1, too.
        def arrived_or_dropped():
            arrived = sum('"pad"' in payload for payload in stored_payloads(gateway))
            return arrived if arrived + broker_says(broker, "publish/messages/dropped") == shouter.count else None
        arrived = wait_for("the broker's count", arrived_or_dropped, 30)
        assert 0 < arrived < shouter.count
        behind = publish_some(broker, gateway, 50)
        wait_for("the account", lambda: gateway.ledger()["messages"] == known + arrived + len(behind.sent))
        grown = resident_bytes(gateway) - before
        for name, value in (("sent", shouter.count), ("arrived", arrived), ("dropped", shouter.count - arrived),
                            ("grown_kib", int(grown / 1024))):
            record_property(name, value)
        assert grown < 32 << 20
        after_the_disaster(gateway, [behind])
        # And it goes on.
        after_the_disaster(gateway, [publish_some(broker, gateway, 50)])
    finally:
        if shouter:
            shouter.close()
        gateway.stop(signal.SIGKILL)
        broker.stop()


# MARK: A long journal

FIFTY = [f"capteur-{number}" for number in range(50)]


@pytest.fixture
def a_gateway_of_fifty(folder):
    """A gateway that was configured with fifty sensors in three places, and has stopped; its broker is never there."""
    broker = Broker(folder)
    gateway = Gateway(folder, broker.port)
    thirds = [(FIFTY[:20], "parc"), (FIFTY[20:40], "biblio"), (FIFTY[40:], "square")]
    sensors = SENSORS + "".join(
        f'{{ "id": "{id}", "place": "{place}", "fields": ["temperature"], "period_s": 60 }},\n' for ids, place in thirds for id in ids)
    gateway.topics = [f"{place}/{id}" for ids, place in thirds for id in ids]

    def settings(retention):
        gateway.write_settings(sensors=sensors, extra=f'"retention": {retention}')
        gateway.start()
        assert gateway.stop() == 0
        return gateway
    gateway.configure = settings
    gateway.broker = broker
    yield gateway
    gateway.stop(signal.SIGKILL)
    broker.stop()


def test_ten_million_messages(a_gateway_of_fifty, record_property):
    millions = int(os.environ.get("MILLIONS", "10"))
    gateway = a_gateway_of_fifty.configure('{ "journal_mib": 8192, "journal_days": 365 }')
    begins = (time.time_ns() // 1_000_000_000 - (millions * 1_000_000 + 495_000) // 20 - 3600) * 1000
    begun = time.monotonic()
    writer = JournalWriter(gateway, begins)
    reached = write_messages(writer, millions * 1_000_000, gateway.topics, begins)
    writer.close()
    record_property("writing_s", round(time.monotonic() - begun))
    record_property("journal_mib", (gateway.folder / "data/journal.db").stat().st_size >> 20)

    whole = start_and_measure(gateway, 1200)
    record_property("cpu_of_the_whole_journal_s", round(whole, 1))
    log = gateway.log.read_text()
    assert f"of {millions * 1_000_000 + 1} entries of the journal have been read" in log and "recovering: " in log
    assert balanced(gateway)["messages"] == millions * 1_000_000
    begun = time.monotonic()
    assert gateway.stop() == 0
    record_property("clean_stop_s", round(time.monotonic() - begun, 1))

    writer = JournalWriter(gateway)
    # As many as there may be just before the next checkpoint, which comes after 500,000 entries.
    write_messages(writer, 495_000, gateway.topics, reached)
    writer.close()
    gateway.start()
    gateway.stop(signal.SIGKILL)
    spent = start_and_measure(gateway, 60)
    record_property("cpu_after_a_kill_s", round(spent, 2))
    assert balanced(gateway)["messages"] == millions * 1_000_000 + 495_000
    record_property("resident_mib", int(resident_bytes(gateway)) >> 20)
    assert spent < 2


def test_what_the_journal_no_longer_holds_comes_from_the_history(a_gateway_of_fifty):
    """Without a checkpoint. A late reading of then must be added to what there was, and not take its place."""
    gateway = a_gateway_of_fifty.configure('{ "journal_mib": 8192 }')
    count = 4 * 3600 * 20
    begins = (time.time_ns() // 1_000_000_000 - count // 20 - 900) * 1000
    writer = JournalWriter(gateway, begins)
    write_messages(writer, count, gateway.topics, begins)
    writer.close()
    day = time.strftime("%Y-%m-%d", time.gmtime(begins / 1000 - 86_400)), time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86_400))

    def quarters():
        return history(gateway, "capteur-0", "temperature", *day, "quarter")
    gateway.start()
    wait_for("the history", lambda: len(quarters()) >= 15)
    before = quarters()
    assert gateway.stop() == 0
    middle, left = without_beginning(gateway)
    assert count * 4 // 10 < left < count * 6 // 10
    file = database(gateway)
    file.execute("DELETE FROM run")
    file.close()

    gateway.start()
    assert f"recovered_partly: there is no checkpoint, and the journal begins at entry {middle}" in gateway.log.read_text()
    wait_for("the same history", lambda: quarters() == before)
    a_gateway_of_fifty.broker.start()
    gateway.connected()
    late = sorted(before)[3]
    assert late < begins + count * 50 // 4
    a_gateway_of_fifty.broker.publish(f"tonnelle/v1/up/{gateway.topics[0]}", f'[{{"n":"temperature","v":99,"t":{late / 1000 + 7}}}]')
    a_gateway_of_fifty.broker.publish(f"tonnelle/v1/up/{gateway.topics[0]}", f'[{{"n":"temperature","v":29,"t":{late / 1000 + 7}}}]')
    wait_for("the late reading", lambda: gateway.ledger()["accepted"] == left + 1)
    gateway.stop(signal.SIGKILL)
    gateway.start()  # whoever starts brings to the history what it does not know
    wait_for("the late reading in the history", lambda: quarters()[late]["count"] == before[late]["count"] + 1)
    after = quarters()
    assert abs(after[late]["sum"] - before[late]["sum"] - 29) < 0.001 and after[late]["revised"] is True
    assert (after[late]["min"], after[late]["max"]) == (before[late]["min"], max(before[late]["max"], 29))
    assert {start: bucket for start, bucket in after.items() if start != late} == \
        {start: bucket for start, bucket in before.items() if start != late}


def test_the_journal_is_kept_small(a_gateway_of_fifty, record_property):
    gateway = a_gateway_of_fifty.configure('{ "journal_mib": 16 }')
    begins = (time.time_ns() // 1_000_000_000 - 400_000 // 20 - 600) * 1000
    writer = JournalWriter(gateway, begins)
    write_messages(writer, 400_000, gateway.topics, begins)
    writer.close()
    broker, file = gateway.broker, gateway.folder / "data/journal.db"
    largest = file.stat().st_size
    assert largest > 60 << 20
    broker.start()
    gateway.start().connected()

    def held():
        connection = database(gateway)
        (length,) = connection.execute("SELECT sum(length(lines)) FROM journal").fetchone()
        connection.close()
        return length
    # No checkpoint knows of it yet, and one is not due before 500,000 entries: nothing of it may go.
    publish_some(broker, gateway, 50)
    assert held() > 60 << 20
    assert gateway.stop() == 0
    gateway.start().connected()
    publisher = Publisher(broker.port, 0.002)
    marker = Marker(broker, gateway, sensor="capteur-49")
    try:
        publisher.start()
        marker.start()
        wait_for("a small journal", lambda: held() <= 18 << 20, 60)
        wait_for("a small file", lambda: file.stat().st_size < 32 << 20, 60)
        before = len(publisher.acknowledged)
        wait_for("messages meanwhile and after", lambda: len(publisher.acknowledged) > before + 1000)
        publisher.finish()
        marker.finish(3)
    finally:
        publisher.stopping.set()
        marker.stopping.set()
    wait_for("all messages", lambda: set(stored_payloads(gateway)) >= set(publisher.sent.values()))
    ledger = balanced(gateway)
    record_property("mib_before", largest >> 20)
    record_property("mib_after", file.stat().st_size >> 20)
    stays_fresh(marker, record_property)
    assert ledger["messages"] > 400_000  # the account is of all that ever came
    # What is left of the journal stands on its own: the configuration comes with it.
    result = tonnelle("replay", gateway.folder / "data", "--summary")
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert {place["id"] for place in summary["places"]} == {place[0] for place in PLACES}
    assert len(publisher.sent) < summary["ledger"]["messages"] < 200_000
    assert summary["ledger"]["messages"] == len(stored_payloads(gateway))
    # A start reads the checkpoint, and knows more than the journal.
    assert gateway.stop() == 0
    gateway.start()
    assert balanced(gateway)["messages"] == ledger["messages"]
