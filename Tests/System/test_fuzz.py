"""libFuzzer on everything that reads what comes from outside, beginning with the vectors: a minute here, 50 million runs in the long test."""

import json
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import ROOT

PROGRAM = ROOT / ".build/fuzz/release/Fuzz"
VECTORS = ROOT / "Tests/SensorProtocolTests/vectors"
# Millions of runs of the long tests: more of what is quick.
LONG = {"json": 14, "trace": 14}
LONGER = {"senml": 8, "cbor": 5, "decoders": 5, "hours": 3.5, "settings": 0.5}
DECODERS = ["senml", "chirpstack", "things-stack", "thingpark", "live-objects", "zigbee2mqtt", "tasmota", "theengs", "shelly",
            "sensor-community", "plain", "json"]
TOPICS = [r"/event/up", r"/event/join", r"/event/status", r"^v3/.*/up", r"^v3/.*/join", r"^zigbee2mqtt/", r"/availability",
          r"/SENSOR", r"/LWT", r"STATUS10", r"BTtoMQTT", r"/events/rpc", r"/status/temp", r"/online"]


@pytest.fixture(scope="module")
def fuzzer():
    """The readers with libFuzzer's and AddressSanitizer's instruments."""
    subprocess.run(
        ["swift", "build", "-c", "release", "--scratch-path", ".build/fuzz", "--product", "Fuzz", "-Xswiftc", "-use-ld=lld"],
        cwd=ROOT, env={**os.environ, "FUZZ": "1"}, check=True, capture_output=True, timeout=1200)
    return PROGRAM


def corpus(folder):
    """A folder of beginnings for each reader."""
    seeds = {name: [] for name in LONG | LONGER}
    for file in VECTORS.glob("*.json"):
        for vector in json.loads(file.read_text()):
            topic, payload = vector.get("topic", ""), vector.get("payload", "").encode()
            if "hex" in vector:
                seeds["cbor"].append(bytes.fromhex(vector["hex"])[1:])
                continue
            seeds["json"].append(payload)
            if file.name.startswith("senml"):
                seeds["senml"].append(payload)
                continue
            decoder = vector["expect"].get("decoder") or next(
                (d for p, d in [("application/", "chirpstack"), ("v3/", "things-stack"), ("fifo/", "live-objects")] if topic.startswith(p)),
                "thingpark")
            place = next((n for n, pattern in enumerate(TOPICS) if re.search(pattern, topic)), 14)
            seeds["decoders"].append(bytes([DECODERS.index(decoder), place]) + payload)
    for vector in json.loads((ROOT / "Firmware-protocol/vectors.json").read_text()):
        seeds["senml"].append(vector["json"].encode())
        seeds["cbor"].append(bytes.fromhex(vector["cbor"])[1:])
    seeds["hours"] += [v.encode() for v in [
        "24/7", "Mo-Fr 08:00-18:00; Sa 09:00-12:00; PH off", "Jun-Aug Mo-Su 08:00-22:30", "sunrise-sunset", "SH Mo-Fr 09:00-17:00 || closed",
        "week 1-53/2 Mo[1] 10:00+", "2026 Jul 14-2026 Aug 15 \"fermé\"", "easter +1 day off", "(sunrise+01:00)-(sunset-00:30)"]]
    line = {"tst": "2026-07-18T12:00:00Z", "topic": "tonnelle/v1/up/parc/air", "qos": 1, "retain": 0, "payloadlen": 2, "mid": 1, "payload": "[]"}
    seeds["trace"] += [json.dumps(line, separators=(",", ":")).encode(), json.dumps({**line, "payload": None, "payloadlen": 0}).encode(),
                       b'{"entry":"clock","tst":"2026-07-18T12:00:00Z","from":"2026-07-18T11:00:00Z"}',
                       b'{"entry":"connected","tst":"2026-07-18T12:00:00Z","session_present":true}',
                       b'{"entry":"refused","tst":"2026-07-18T12:00:00Z","sensor":"air","counts":{"malformed":2}}',
                       b'{"tst":"2026-11-21T14:55:39.495298Z+0100","topic":"x","qos":2,"retain":0,"payloadlen":3,"payload_base64":"gAEC"}']
    settings = (ROOT / "Config/demo/settings.json").read_bytes()
    places = json.loads((ROOT / "Config/demo/places.geojson").read_text())
    places["features"] = places["features"][:2]
    seeds["settings"] += [
        settings[:6000] + b"\0" + json.dumps(places).encode()[:4000] + b"\0id,place,fields\na,parc,laeq\n",
        b'{"gateway":"g","places":"places.geojson","sensor_lists":["fleet.csv"],"city":{"id":"v","name":"V"}}\0'
        + json.dumps(places).encode() + b"\0id;place;decoder;device;fields\na;parc;chirpstack;24e124136b502217;laeq\n"]
    for name, values in seeds.items():
        (folder / name).mkdir()
        for number, value in enumerate(values):
            (folder / name / str(number)).write_bytes(value)
    return seeds


def fuzz(fuzzer, folder, name, *limit):
    """Runs one reader; returns how often it ran."""
    (folder / "found").mkdir(exist_ok=True)
    result = subprocess.run(
        [fuzzer, name, folder / name, *limit, "-seed=20260718", "-max_len=8192", "-timeout=10", "-rss_limit_mb=1024",
         "-print_final_stats=1", f"-artifact_prefix={folder}/found/{name}-"],
        capture_output=True, text=True, errors="replace", env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})
    if result.returncode != 0:
        kept = ROOT / ".build/fuzz-found"
        shutil.copytree(folder / "found", kept, dirs_exist_ok=True)
        pytest.fail(f"{name}: see {kept}\n{result.stderr[-3000:]}")
    return int(re.search(r"number_of_executed_units: (\d+)", result.stderr)[1])


def test_a_minute_of_everything(fuzzer, folder, record_property):
    seeds = corpus(folder)
    assert all(len(values) >= 2 for values in seeds.values())
    for name in LONG | LONGER:
        runs = fuzz(fuzzer, folder, name, "-max_total_time=9")
        assert runs > 50, f"{name} ran {runs} times"
        record_property(name, runs)


@pytest.mark.acceptance
@pytest.mark.parametrize("millions", [LONG, LONGER], ids=["text", "messages"])
def test_fuzz_fifty_million(fuzzer, folder, record_property, millions):
    """Together 50 million runs, two readers at a time."""
    corpus(folder)
    with ThreadPoolExecutor(2) as pool:
        runs = pool.map(lambda name: (name, fuzz(fuzzer, folder, name, f"-runs={int(millions[name] * 1_000_000)}")), millions)
        for name, count in runs:
            assert count >= millions[name] * 1_000_000
            record_property(name, count)
