"""Servers and hubs in the whole program: devices by identity, each frame once, strangers with a line to paste."""

import json
import subprocess
import time

import paho.mqtt.client as paho

from conftest import SENSORS, tonnelle, wait_for

SUBSCRIPTIONS = """
  "subscriptions": [
    { "topic": "tonnelle/v1/up/+/+" },
    { "topic": "application/+/device/+/event/+", "decoder": "chirpstack" },
    { "topic": "v3/+/devices/+/+", "decoder": "things-stack" },
    { "topic": "zigbee2mqtt/#", "decoder": "zigbee2mqtt" },
    { "topic": "home/+/BTtoMQTT/+", "decoder": "theengs" },
    { "topic": "stations/+", "decoder": "json" },
  ],
  "mappings": { "em300": { "temperature": "/temperature", "humidity": "/humidity" } },
  "sensor_lists": ["fleet.csv"],
"""
FLEET = """id;place;decoder;device;mapping;fields;period_s
lora;parc;chirpstack;24E1-2413-6B50-2217;em300;;600
preau;square;zigbee2mqtt;ecole-a/préau;;temperature humidity;600
"""
EUI = "24e124136b502217"


def uplink(counter, temperature, eui=EUI, when=None):
    """What ChirpStack publishes for a frame of the device."""
    when = time.strftime("%Y-%m-%dT%H:%M:%S.123456789+00:00", time.gmtime(when or time.time()))
    return f"application/17c82e96-be03-4f38-aef3-f83d48582d97/device/{eui}/event/up", json.dumps({
        "deduplicationId": f"3ac7e3c4-4401-4b8d-9386-{counter:012}", "time": when,
        "deviceInfo": {"tenantName": "Ville", "deviceName": "cour-03", "devEui": eui}, "fCnt": counter, "fPort": 85,
        "data": "AXVcA2c0AQRoZQ==", "object": {"temperature": temperature, "humidity": 40.5, "battery": 92},
        "rxInfo": [{"gatewayId": "0016c001f153a14c", "rssi": -97, "snr": 7.2}]})


def start(gateway, extra=SUBSCRIPTIONS):
    (gateway.folder / "fleet.csv").write_text(FLEET)
    gateway.write_settings(extra)
    return gateway.start().connected()


def account(gateway, sensor):
    return gateway.ledger()["sources"][sensor]


def strangers(gateway):
    return json.loads(gateway.operators("/api/unknown"))


def test_devices_of_servers_and_hubs_are_on_the_page(gateway, broker):
    start(gateway)
    topic, frame = uplink(7, 24.6)
    for _ in range(2):  # the network may carry a frame twice
        broker.publish(topic, frame)
    broker.publish("zigbee2mqtt/ecole-a/préau", '{"temperature":25.5,"humidity":null,"linkquality":112,"battery":87}')
    wait_for("the device's temperature", lambda: gateway.place("parc").get("air_temperature") == 24.6)
    wait_for("the hub's temperature", lambda: gateway.place("square").get("air_temperature") == 25.5)
    assert wait_for("the second copy", lambda: account(gateway, "lora").get("redelivered")) == 2
    assert account(gateway, "lora")["accepted"] == 2 and account(gateway, "preau")["accepted"] == 1
    assert gateway.ledger()["balanced"]
    stored = [entry["topic"] for entry in gateway.journal() if "topic" in entry]
    assert stored.count(topic) == 2 and "zigbee2mqtt/ecole-a/préau" in stored


def test_a_frame_counts_once_across_a_kill(gateway, broker):
    start(gateway)
    topic, frame = uplink(9, 24.6)
    broker.publish(topic, frame)
    wait_for("the frame", lambda: account(gateway, "lora").get("accepted") == 2)
    gateway.stop(9)
    gateway.start().connected()
    broker.publish(topic, frame)
    assert wait_for("the copy", lambda: account(gateway, "lora").get("redelivered")) == 2
    assert account(gateway, "lora")["accepted"] == 2


def test_strangers_are_listed_with_a_line_to_paste(gateway, broker):
    start(gateway)
    topic, frame = uplink(1, 30.8, eui="24e124136b502299")
    for _ in range(3):
        broker.publish(topic, frame)
    broker.publish("tonnelle/v1/up/square/nouveau", '[{"n":"laeq","u":"dB","v":51.5}]')
    broker.publish("zigbee2mqtt/Salle des fêtes", '{"temperature":23.5,"occupancy":true}')
    broker.publish("stations/nord", '{"humidity":51,"t":24}')
    # Telephones and watches are nobody's business, nor is what a hub says of itself.
    broker.publish("home/gateway/BTtoMQTT/A4C138D5D498", '{"id":"A4:C1:38:D5:D4:98","tempc":21,"rssi":-70}')
    broker.publish("zigbee2mqtt/bridge/devices", '[{"secret":"network key"}]')
    rows = wait_for("four strangers", lambda: (r := strangers(gateway)) and len(r) == 4 and r)
    assert [(row["decoder"], row["identity"], row["messages"]) for row in rows] == [
        ("json", "stations/nord", 1), ("zigbee2mqtt", "Salle des fêtes", 1), ("senml", "tonnelle/v1/up/square/nouveau", 1),
        ("chirpstack", "24e124136b502299", 3)]
    known = json.dumps([{key: row[key] for key in row.keys() - {"first", "last"}} for row in rows])
    assert "30.8" not in known and "51.5" not in known
    board = gateway.operators("/unknown?lang=fr")
    assert "Salle des fêtes" in board and "A4C138D5D498" not in board.upper().replace(":", "")
    printed = tonnelle("unknown", "--config", gateway.settings)
    assert printed.returncode == 0
    assert [json.loads(line)["identity"] for line in tonnelle("unknown", "--config", gateway.settings, "--json").stdout.splitlines()] == [
        row["identity"] for row in rows]

    # The lines, put into the settings with a place where none could be guessed.
    lines = [line.replace('"?"', '"parc"') for line in printed.stdout.decode().splitlines() if line.startswith("{")]
    assert len(lines) == 4
    gateway.write_settings(SUBSCRIPTIONS, sensors=SENSORS + "\n".join(lines))
    assert tonnelle("check", "--config", gateway.settings).returncode == 0, tonnelle("check", "--config", gateway.settings).stdout
    gateway.process.send_signal(subprocess.signal.SIGHUP)
    wait_for("the new settings", lambda: "24e124136b502299" in gateway.ledger()["sources"])
    broker.publish(*uplink(2, 24.6, eui="24e124136b502299"))
    wait_for("the device that was unknown", lambda: account(gateway, "24e124136b502299").get("accepted"))


def test_of_many_strangers_the_newest_thousand_are_kept(gateway, broker):
    start(gateway)
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    gone = [client.publish(f"zigbee2mqtt/capteur-{number}", '{"temperature":20}', qos=1) for number in range(3000)]
    for message in gone:
        message.wait_for_publish(30)
    client.loop_stop()
    wait_for("the last stranger", lambda: strangers(gateway)[0:1] and strangers(gateway)[0]["identity"] == "capteur-2999")
    assert [row["identity"] for row in strangers(gateway)] == [f"capteur-{number}" for number in range(2999, 1999, -1)]
    assert gateway.ledger()["others"]["refused_device_unknown"] == 3000


def test_what_a_server_sends_is_explained(gateway, folder):
    (folder / "fleet.csv").write_text(FLEET)
    gateway.write_settings(SUBSCRIPTIONS)

    def explain(topic, payload):
        answer = tonnelle("explain", "--config", gateway.settings, topic, "-", input=payload.encode())
        return answer.returncode, answer.stdout.decode()

    code, text = explain(*uplink(118, 24.6))
    assert code == 0, text
    for line in ["decoder chirpstack", f"lora, device {EUI}, at parc", "counter 118, port 85, 10 bytes", "/temperature: temperature 24.600",
                 "2 of 2 readings count", "available (open_now, felt_cool"]:
        assert line in text, text
    for (topic, payload), words in [
        (uplink(1, "hot"), "value_not_a_number"), (uplink(1, 24.6, eui="24e124136b502299"), '"device":"24e124136b502299"'),
        (uplink(1, 24.6, when=time.time() - 15 * 86400), "time_too_old"), (("v3/a/devices/b/up", "{"), "malformed"),
        (("tonnelle/v1/up/parc/aire", "[]"), "sensor_unknown"), (("elsewhere", "1"), "no subscription"),
        (("tonnelle/v1/up/parc/air", '[{"n":"temperature","v":99}]'), "value_implausible"),
    ]:
        code, text = explain(topic, payload)
        assert words in text, text
        assert code == (0 if words == "value_not_a_number" else 1), text
    assert tonnelle("explain", "--config", gateway.settings).returncode == 2
    assert tonnelle("explain", "--config", gateway.settings, "x", "/no/such/file").returncode == 1


def test_check_names_the_lines_of_a_list(gateway, folder):
    (folder / "fleet.csv").write_text(FLEET.replace("parc;chirp", "prac;chirp"))
    gateway.write_settings(SUBSCRIPTIONS)
    answer = tonnelle("check", "--config", gateway.settings)
    assert answer.returncode == 2
    assert 'fleet.csv:2:1: error: sensors[lora].place: there is no place "prac"; did you mean "parc"?' in answer.stdout.decode()
    (folder / "fleet.csv").unlink()
    assert "the list of sensors cannot be read" in tonnelle("check", "--config", gateway.settings).stdout.decode()
