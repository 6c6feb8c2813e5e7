"""The makers' folder: vectors, schema, the encoder in C, its examples, and the walk of its README."""

import io
import json
import os
import random
import re
import shutil
import subprocess
import time
from decimal import Decimal

import cbor2
import jsonschema
import paho.mqtt.client as paho
import pytest

from conftest import ROOT, tonnelle, wait_for
from test_demo import Demo

FOLDER = ROOT / "Firmware-protocol"
HARNESS = ROOT / "Tests/Firmware"
VECTORS = json.loads((FOLDER / "vectors.json").read_text())
SCHEMA = json.loads((FOLDER / "senml.schema.json").read_text())
# The table of the protocol, in the order of the header's list.
UNITS = {
    "temperature": "Cel", "humidity": "%RH", "in_total": "count", "out_total": "count", "people": "count", "occupied": "/",
    "laeq": "dB", "lafmax": "dB", "battery_percent": "%EL", "temperature_globe": "Cel",
}
LABELS = {-6: "bs", -5: "bv", -4: "bu", -3: "bt", -2: "bn", -1: "bver", 0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 5: "s", 6: "t"}


def as_python(records):
    """Records as a maker would write them in Python."""
    for record in records:
        over = f"_{record['seconds']}s" if record["seconds"] else ""
        value = Decimal(record["value"]).scaleb(-record["decimals"]) if record["decimals"] else record["value"]
        yield record["field"] + over, UNITS[record["field"]], value, record["time"]


def in_json(records):
    """A pack as text with every digit in its place, which `json` cannot be told to do."""
    return "[" + ",".join(
        f'{{"n":"{name}","u":"{unit}","v":{value:f}' + (f',"t":{time}' if time else "") + "}"
        for name, unit, value, time in ((n, u, Decimal(v), t) for n, u, v, t in as_python(records))) + "]"


def in_cbor(records):
    """A pack whose list has an end instead of a length; the records are cbor2's."""
    return b"\x9f" + b"".join(
        cbor2.dumps({0: name, 1: unit, 2: value, **({6: time} if time else {})})
        for name, unit, value, time in as_python(records)) + b"\xff"


def from_cbor(payload):
    """A pack in CBOR as the same in JSON's labels."""
    stream = io.BytesIO(payload)
    pack = cbor2.load(stream)
    assert stream.read() == b"", "something stands behind the pack"
    return [{LABELS[key]: float(value) if isinstance(value, Decimal) else value for key, value in record.items()} for record in pack]


def line_of(records):
    fields = list(UNITS)
    return " ".join(
        f"{fields.index(r['field'])} {r['value']} {r['decimals']} {r['seconds']} {r['time']}" for r in records)


@pytest.fixture(scope="module", params=["gcc -std=c99", "clang -std=c99", "g++ -x c++ -std=c++11"])
def encoder(request, tmp_path_factory):
    """The encoder as a program that reads readings and prints packs."""
    program = tmp_path_factory.mktemp("encoder") / "encode"
    compiler = request.param.split()
    if compiler[0] == "clang" and os.path.exists("/usr/bin/clang"):
        compiler[0] = "/usr/bin/clang"
    subprocess.run(
        [*compiler, "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsanitize=undefined,address", "-fno-sanitize-recover",
         f"-I{FOLDER}", "-o", program, HARNESS / "encode.c"], check=True)

    def encode(lines):
        output = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True)
        assert output.returncode == 0, output.stderr
        rows = [row.split(" ") for row in output.stdout.splitlines()]
        return [(int(taken), bytes.fromhex(pack)) for taken, pack in rows]

    return encode


def test_the_vectors_are_what_python_makes_of_them():
    assert len(VECTORS) >= 15
    for vector in VECTORS:
        assert in_json(vector["records"]) == vector["json"], vector["name"]
        assert in_cbor(vector["records"]).hex() == vector["cbor"], vector["name"]
        jsonschema.validate(json.loads(vector["json"]), SCHEMA)
        jsonschema.validate(from_cbor(bytes.fromhex(vector["cbor"])), SCHEMA)


@pytest.mark.parametrize("pack", [
    [], {}, [1], [{"n": "temperatur", "v": 1}], [{"n": "temperature", "v": "1"}], [{"n": "temperature", "v": 1, "vb": True}],
    [{"n": "temperature", "u": "dB", "v": 1}], [{"n": "in_total", "v": 1.5}], [{"n": "people", "v": -1}], [{"n": "laeq_0s", "v": 50}],
    [{"n": "laeq_61m", "v": 50}], [{"n": "humidity_60s", "v": 50}], [{"bver": 11, "n": "laeq", "v": 50}],
    [{"n": "temperature", "v": 1, "new_": 1}], [{"n": "a b:temperature", "v": 1}], [{"n": "occupied", "u": "count2", "vb": True}],
    [{"n": ":temperature", "v": 1}], [{"n": "people", "v": 100001}], [{"n": "temperature", "v": 1, "vs": "1"}],
    [{"n": "temperature", "t": "now", "v": 1}], [{"n": "laeq", "v": 50}] * 1001,
], ids=str)
def test_the_schema_refuses_what_the_protocol_refuses(pack):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(pack, SCHEMA)


@pytest.mark.parametrize("pack", [
    [{"bn": "urn:dev:mac:0024befffe804ff1:", "bt": 1784109600, "bu": "Cel", "bver": 10, "n": "temperature", "v": 24.5}],
    [{"n": "hall/door:occupied", "vb": True}], [{"n": "laeq_15m", "u": "Bspl", "v": 5.2}], [{"n": "temperature", "u": "K", "v": 290}],
], ids=str)
def test_the_schema_takes_what_the_protocol_takes(pack):
    jsonschema.validate(pack, SCHEMA)


def test_the_encoder_writes_the_vectors(encoder):
    packs = encoder([f"4096 {line_of(v['records'])}" for v in VECTORS])
    for vector, (_, text), (_, binary) in zip(VECTORS, packs[0::2], packs[1::2]):
        assert text.decode() == vector["json"], vector["name"]
        assert binary.hex() == vector["cbor"], vector["name"]


def test_the_encoder_agrees_with_python_on_random_readings(encoder):
    dice = random.Random(20260718)
    fields = list(UNITS)

    def record():
        field = dice.choice(fields)
        return {
            "field": field, "value": dice.choice([1, -1]) * dice.choice([dice.randrange(300), dice.randrange(2**32)]),
            "decimals": dice.randrange(10), "seconds": dice.choice([0, dice.randint(1, 3600)]) if field in ("laeq", "lafmax") else 0,
            "time": dice.choice([0, -dice.randrange(1, 10**6), dice.randrange(2**28, 2**32)])}

    packs = [[record() for _ in range(dice.randint(1, 12))] for _ in range(1000)]
    written = encoder([f"4096 {line_of(pack)}" for pack in packs])
    for pack, (taken, text), (_, binary) in zip(packs, written[0::2], written[1::2]):
        assert taken == len(pack)
        assert text.decode() == in_json(pack)
        # cbor2 shortens 24.50 to 24.5; the values are what counts.
        expected = [{0: n, 1: u, 2: v, **({6: t} if t else {})} for n, u, v, t in as_python(pack)]
        assert cbor2.loads(binary) == expected


def test_a_small_buffer_ends_a_pack_sooner_and_is_never_overrun(encoder):
    records = VECTORS[-1]["records"]
    sizes = range(0, 260)
    written = encoder([f"{size} {line_of(records)}" for size in sizes])
    for size, (count, text), (_, binary) in zip(sizes, written[0::2], written[1::2]):
        assert len(text) <= size and len(binary) <= size
        assert text.decode() == (in_json(records[:count]) if count else "")
    assert [row[0] for row in written[0::2]][-1] == len(records)
    counts = {len(cbor2.loads(row[1])) if row[1] else 0 for row in written[1::2]}
    assert counts == {0, 1, 2, 3}


def test_arguments_out_of_range_are_refused(encoder):
    wrong = ["0 4294967296 0 0 0", "0 -4294967296 0 0 0", "0 1 10 0 0", "0 1 0 60 0", "6 1 0 3601 0", "10 1 0 0 0", "-1 1 0 0 0",
             "0 1 0 0 4294967296"]
    assert [row for row in encoder([f"100 {line}" for line in wrong])] == [(0, b"")] * (2 * len(wrong))


def test_the_sketch_sends_later_what_it_measured_without_a_network(tmp_path):
    program = tmp_path / "board"
    subprocess.run(
        ["g++", "-std=c++11", "-Wall", "-Wextra", "-pedantic", "-Werror", f"-I{FOLDER}", f"-I{FOLDER}/examples/esp32",
         f"-I{HARNESS}/stubs", "-o", program, HARNESS / "board.cpp"], check=True)
    measured = []
    for line in subprocess.run([program], capture_output=True, check=True, text=True).stdout.splitlines():
        clock, topic, payload = line.split(" ")
        assert topic == "tonnelle/v1/up/votre-lieu/mon-capteur"
        pack = from_cbor(bytes.fromhex(payload))
        jsonschema.validate(pack, SCHEMA)
        measured += [round(int(clock) / 60000 + record.get("t", 0) / 60, 1) for record in pack]
    # An hour of readings had room: those of the first ten minutes had to go. Each stands within a second of its minute.
    assert [round(minute) for minute in measured] == list(range(round(measured[0]), 90))
    assert 10 <= measured[0] <= 11 and all(abs(minute - round(minute)) <= 0.2 for minute in measured)


def test_the_program_for_linux_is_heard(gateway, folder):
    gateway.start().connected()
    program = folder / "capteur"
    subprocess.run(
        ["cc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", f"-I{FOLDER}", "-o", program,
         FOLDER / "examples/posix.c", "-lmosquitto"], check=True)
    subprocess.run([program, "127.0.0.1", str(gateway.broker_port), "parc", "air", "-3.25"], check=True, timeout=20)
    wait_for("the reading", lambda: gateway.place("parc").get("air_temperature") == -3.3)  # tenths are public
    wrong = subprocess.run([program, "127.0.0.1", "1", "parc", "air", "20"], capture_output=True, timeout=20)
    assert wrong.returncode == 1 and b"not published" in wrong.stderr


def test_the_virtual_sensor_speaks_the_protocol():
    for kind in ["climate", "noise", "counter", "presence"]:
        for fault in [[], ["--fault", "stuck"], ["--fault", "twice"], ["--fault", "late"]]:
            same = ["sensor", "--print", "--kind", kind, "--count", "10", "--seed", "7", *fault]
            texts = [line.split(" ", 1)[1] for line in tonnelle(*same).stdout.decode().splitlines()]
            binaries = [bytes.fromhex(line.split(" ", 1)[1])
                        for line in tonnelle(*same, "--format", "cbor").stdout.decode().splitlines()]
            assert len(texts) == len(binaries) == {"late": 2, "twice": 20}.get(fault[-1] if fault else "", 10)
            for text, binary in zip(texts, binaries):
                jsonschema.validate(json.loads(text), SCHEMA)
                jsonschema.validate(from_cbor(binary), SCHEMA)
            if fault[-1:] == ["stuck"]:
                assert len(set(texts)) == 1
    garbage = tonnelle("sensor", "--print", "--count", "5", "--fault", "garbage").stdout.decode().splitlines()
    with pytest.raises(json.JSONDecodeError):
        json.loads(garbage[-1].split(" ", 1)[1])
    assert tonnelle("sensor", "--print", "--id", "Mon capteur").returncode == 2
    assert tonnelle("sensor", "--print", "--kind", "rain").returncode == 2


def test_the_walk_of_the_readme(folder):
    """Each command of the README, as printed there but for the port."""
    blocks = re.findall(r"^ {3}```\n(.*?)^ {3}```", (FOLDER / "README.md").read_text(), re.S | re.M)
    start, publish, virtual, own, explain, explained = ["\n".join(l[3:] for l in b.splitlines()) for b in blocks]
    assert start == "make demo"
    demo = Demo(folder)
    try:
        port = demo.log.read_text().split("mosquitto     127.0.0.1:")[1].split(",")[0]

        def run(command, **more):
            return subprocess.run(
                ["bash", "-e", "-c", command.replace("PORT", port).replace("/tmp/capteur", str(folder / "capteur"))], cwd=ROOT,
                timeout=60, **more)

        def air():
            return demo.features()["votre-lieu"].get("air_temperature")

        assert air() is None
        run(publish, check=True)
        wait_for("the first reading", lambda: air() == 24.5)
        run(own, check=True)
        wait_for("the reading of the program in C", lambda: air() == 25.5)
        # At night it is much cooler than what came before: only a second reading bears out such a leap.
        sent = run(virtual + " --count 3 --period 1 --seed 1", stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
        readings = {record[0]: record[2] for record in cbor2.loads(bytes.fromhex(sent[-1].split(" ")[1]))}
        wait_for("the virtual sensor's reading", lambda: air() == float(readings["temperature"]))
        answer = run(explain, capture_output=True)
        assert answer.returncode == 1 and answer.stdout.decode().splitlines() == explained.splitlines()
    finally:
        demo.stop()


def test_packs_made_in_python_count_to_the_last_digit(gateway, broker):
    """Two thousand packs by `json` and `cbor2`: every reading is accepted, and the sums of the history are exact."""
    gateway.start().connected()
    dice = random.Random(5)
    sums = {"temperature": 0, "humidity": 0}
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    gone = []
    for number in range(2000):
        # Weather: a slow wave with a little noise, each value with three digits.
        values = {"temperature": 24_000 + number + dice.randrange(-90, 90), "humidity": 50_000 + dice.randrange(-9000, 9000)}
        for field, value in values.items():
            sums[field] += value
        age = number - 90 * 3600  # so long ago that the history takes it at once
        if number % 2:
            payload = json.dumps([{"n": f, "u": UNITS[f], "v": v / 1000, "t": age} for f, v in values.items()]).encode()
        else:
            exact = dice.random() < 0.5
            payload = cbor2.dumps(
                [{0: f, 1: UNITS[f], 2: Decimal(v).scaleb(-3) if exact else v / 1000, 6: age} for f, v in values.items()])
        gone.append(client.publish("tonnelle/v1/up/parc/air", payload, qos=1))
    for message in gone:
        message.wait_for_publish(30)
    client.loop_stop()
    account = wait_for("all readings", lambda: (a := gateway.ledger())["received"] == 4000 and a)
    assert account["balanced"] and account["accepted"] == 4000 and not [k for k in account if k.startswith("refused")]
    days = [time.strftime("%Y-%m-%d", time.gmtime(time.time() + days * 86400)) for days in (-6, 1)]
    for field, expected in sums.items():
        def buckets():
            page = gateway.operators(f"/api/history?sensor=air&field={field}&from={days[0]}&to={days[1]}")
            return json.loads(page, parse_float=Decimal)["buckets"]
        # The history is written with the commit after the one of the readings.
        wait_for("the history", lambda: sum(bucket["count"] for bucket in buckets()) == 2000)
        assert sum(bucket["sum"] for bucket in buckets()) == Decimal(expected).scaleb(-3)


@pytest.mark.acceptance
def test_firmware_is_small_on_a_cortex_m(tmp_path, record_property):
    """All of the encoder for three small processors, at -Os: at most 2 KiB, and no help from a library of arithmetic."""
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is missing: make acceptance PART=firmware installs it")
    source = tmp_path / "all.c"
    source.write_text("""#include "tonnelle_sensor.h"
size_t all(uint8_t *b, size_t n, tonnelle_format f, int64_t v, unsigned d, int64_t t, char *topic, tonnelle_field x, unsigned s) {
  tonnelle_pack p;
  tonnelle_begin(&p, f, b, n);
  tonnelle_add(&p, x, v, d, t);
  tonnelle_add_over(&p, x, v, d, s, t);
  return tonnelle_end(&p) + tonnelle_topic(topic, n, topic, topic);
}
""")
    for processor in ["cortex-m0", "cortex-m3", "cortex-m4"]:
        subprocess.run(
            ["arm-none-eabi-gcc", "-std=c99", "-Os", f"-mcpu={processor}", "-mthumb", "-Wall", "-Wextra", "-pedantic", "-Werror",
             f"-I{FOLDER}", "-c", source, "-o", tmp_path / "all.o"], check=True)
        sizes = subprocess.run(["arm-none-eabi-size", tmp_path / "all.o"], capture_output=True, text=True, check=True).stdout
        text, data, bss = map(int, sizes.splitlines()[1].split()[:3])
        assert text <= 2048 and data == bss == 0
        needed = subprocess.run(["arm-none-eabi-nm", "-u", tmp_path / "all.o"], capture_output=True, text=True, check=True).stdout
        assert set(needed.split()) - {"U"} <= {"memcpy", "strlen"}
        record_property(processor, f"{text} bytes")
