"""The same trace gives the same bytes: live, replayed, recorded by others, in any process and time zone."""

import datetime
import json
import os
import signal
import subprocess
import time

from conftest import PLACES, PROGRAM, ROOT, SENSORS, Broker, Gateway, reading, tonnelle, wait_for


def live_run(broker, gateway):
    """A run that sees readings, a reload, a command and a broker restart."""
    gateway.start().connected()
    for celsius in (20, 24, 28, 33, 36):
        broker.publish("tonnelle/v1/up/parc/air", reading(celsius, t=-celsius))
        broker.publish("tonnelle/v1/up/rue/rue", reading(35, t=-celsius))
    wait_for("the readings", lambda: gateway.ledger()["accepted"] == 10)
    gateway.write_places(PLACES + [("jardin", "Jardin", "garden", '"opening_hours":"24/7"')])
    gateway.process.send_signal(signal.SIGHUP)
    wait_for("the reload", lambda: len(json.loads(gateway.operators("/api/state"))["places"]) == 4)
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))
    broker.publish("tonnelle/v1/command/places/square/override",
                   json.dumps({"state": "closed", "by": "a", "reason": "r", "until": until}))
    wait_for("the command", lambda: gateway.place("square")["availability"] == "closed")
    broker.stop()
    wait_for("the loss", lambda: gateway.state_metric("tonnelle_broker_connected") == 0)
    broker.start()
    gateway.connected()
    broker.publish("tonnelle/v1/up/parc/air", reading(19))
    wait_for("the last reading", lambda: gateway.ledger()["accepted"] == 11)
    at = time.time()
    wait_for("its evaluation", lambda: time.time() > at + 1.5)  # evaluation happens on whole seconds
    gateway.stop()


def test_replaying_a_live_journal_gives_the_same_transitions(broker, gateway):
    live_run(broker, gateway)
    live = gateway.transitions.read_text().splitlines()
    assert len(live) > 6
    last = json.loads(live[-1])["at"]
    one = tonnelle("replay", gateway.folder / "data", "--until", last, env={"TZ": "Pacific/Auckland", "LC_ALL": "C"})
    two = tonnelle("replay", gateway.folder / "data", "--until", last,
                   env={"TZ": "America/St_Johns", "LC_ALL": "fr_FR.UTF-8", "SWIFT_DETERMINISTIC_HASHING": "1"})
    assert one.returncode == 0 and one.stdout == two.stdout
    assert one.stdout.decode().splitlines() == live
    # The restart recovers to the same state that the replay ends with.
    summary = json.loads(tonnelle("replay", gateway.folder / "data", "--summary").stdout)
    gateway.start()
    again = json.loads(gateway.operators("/api/state"))
    assert again["ledger"] == summary["ledger"]


def test_a_trace_of_mosquitto_sub_is_as_good(broker, gateway, folder):
    out = open(folder / "theirs.jsonl", "wb")
    theirs = subprocess.Popen(
        ["mosquitto_sub", "-p", str(broker.port), "-t", "tonnelle/v1/up/+/+", "-q", "1", "-F", "%j", "-C", "7"], stdout=out,
        env={"TZ": "Asia/Tokyo"})
    ours = subprocess.Popen(
        [PROGRAM, "record", "--broker", f"127.0.0.1:{broker.port}", "--count", "7"], stdout=open(folder / "ours.jsonl", "wb"))
    try:
        def recorded():
            broker.publish("tonnelle/v1/up/rue/rue", reading(30))
            return (folder / "theirs.jsonl").stat().st_size and (folder / "ours.jsonl").stat().st_size
        wait_for("both recorders", recorded)
        while theirs.poll() is None or ours.poll() is None:
            broker.publish("tonnelle/v1/up/parc/air", b'[{"n":"temperature","v":25.5},{"n":"x","vs":"\xc3\xa9"}]')
    finally:
        theirs.kill()
        ours.kill()
    results = []
    for name in ("theirs.jsonl", "ours.jsonl"):
        result = tonnelle("replay", folder / name, "--config", gateway.settings)
        assert result.returncode == 0 and b"skipped" not in result.stderr, result.stderr
        assert b'"place":"parc"' in result.stdout
        results.append({json.loads(line)["to"] for line in result.stdout.splitlines()})
    assert results[0] == results[1]


def test_damaged_lines_are_reported_and_skipped(gateway, folder):
    trace = folder / "trace.jsonl"
    trace.write_bytes(
        b'{"tst":"2026-07-15T12:00:00.000001Z+0200","topic":"tonnelle/v1/up/parc/air","qos":0,"retain":0,"payloadlen":31,'
        b'"payload":"[{\\"n\\":\\"temperature\\",\\"v\\":25.50}]"}\n'
        b'{"tst":"2026-07-15T12:00:01Z","topic":"tonnelle/v1/up/parc/air","qos":0,"retain":0,"payloadlen":7,"payload":"abc"}\n'
        b'{"tst":"2026-07-15T12:0\n\nnonsense\n\xff\xfe\n')
    result = tonnelle("replay", trace, "--config", gateway.settings)
    assert result.returncode == 0
    errors = result.stderr.decode()
    assert "trace.jsonl:2: damaged: the payload had 7 bytes, 3 were recorded" in errors and "4 lines were skipped" in errors
    assert '"to":"available"' in result.stdout.decode()


def test_until_lets_time_pass(gateway, folder):
    trace = folder / "trace.jsonl"
    trace.write_text(json.dumps({"tst": "2026-07-15T10:00:00Z", "topic": "tonnelle/v1/up/parc/air", "qos": 0, "retain": 0,
                                 "payload": reading(22)}) + "\n")
    early = tonnelle("replay", trace, "--config", gateway.settings, "--until", "2026-07-15T10:10:00Z").stdout.decode()
    late = tonnelle("replay", trace, "--config", gateway.settings, "--until", "2026-07-15T10:40:00Z").stdout.decode()
    assert '"to":"unknown","reasons":["no_fresh_reading"]' not in early.split("\n", 6)[-1]
    assert late.startswith(early) and late.count("no_fresh_reading") == early.count("no_fresh_reading") + 1


def write_trace(path, readings):
    """Readings of (minute, topic's end, °C) from noon on."""
    with open(path, "w") as file:
        for minute, topic, celsius in readings:
            file.write(json.dumps({"tst": f"2026-07-15T10:{minute:02}:00Z", "topic": "tonnelle/v1/up/" + topic, "qos": 0,
                                   "retain": 0, "payload": reading(celsius)}) + "\n")
    return path


def test_a_part_of_a_trace(gateway, folder):
    hours = [(minute, topic, celsius) for minute in range(0, 60, 5) for topic, celsius in (("parc/air", 22 + minute // 3), ("rue/rue", 34))]
    whole = write_trace(folder / "whole.jsonl", hours)
    part = write_trace(folder / "part.jsonl", [row for row in hours if 20 <= row[0] <= 40 and row[1] == "parc/air"])
    words = ["--from", "2026-07-15T12:20:00+02:00", "--to", "2026-07-15T10:40:00Z", "--topics", "tonnelle/v1/up/parc/+"]
    cut = tonnelle("replay", whole, "--config", gateway.settings, *words, "--until", "2026-07-15T11:00:00Z")
    alone = tonnelle("replay", part, "--config", gateway.settings, "--until", "2026-07-15T11:00:00Z")
    assert cut.returncode == 0 and cut.stdout == alone.stdout and cut.stdout.count(b"\n") > 4


def test_a_trace_keeps_or_loses_its_own_configurations(broker, gateway, folder):
    live_run(broker, gateway)
    data = gateway.folder / "data"
    def places(*words):
        result = tonnelle("replay", data, "--summary", *words)
        assert result.returncode == 0, result.stderr
        return {place["id"] for place in json.loads(result.stdout)["places"]}
    gateway.write_places(PLACES)
    assert "jardin" in places() and "jardin" in places("--config", gateway.settings)
    assert "jardin" not in places("--config", gateway.settings, "--config-only")
    # From a moment on: with the configuration that was in force before it.
    last = gateway.transitions.read_text().splitlines()[-1]
    assert "jardin" in places("--from", json.loads(last)["at"])
    assert tonnelle("replay", "/dev/null", "--summary").stdout.startswith(b'{"ledger":{"messages":0,')


def test_transitions_are_compared_with_what_was_expected(gateway, folder):
    trace = write_trace(folder / "trace.jsonl", [(minute, "parc/air", 20 + minute) for minute in range(0, 30, 2)])
    golden = folder / "golden.jsonl"
    golden.write_bytes(tonnelle("replay", trace, "--config", gateway.settings).stdout)
    lines = golden.read_text().splitlines(keepends=True)
    assert len(lines) > 5
    expect = lambda: tonnelle("replay", trace, "--config", gateway.settings, "--expect", golden)
    same = expect()
    assert (same.returncode, same.stdout, same.stderr) == (0, b"", b"")
    golden.write_text("".join(lines[:3] + [lines[3].replace('"to":"', '"to":"not ')] + lines[4:]))
    other = expect()
    assert other.returncode == 1
    text = other.stderr.decode().splitlines()
    assert text[0] == f"{golden}:4: the transitions differ"
    assert text[1:4] == ["  " + line.rstrip("\n") for line in lines[:3]]
    assert text[4].startswith("- ") and '"to":"not ' in text[4] and text[5] == "+ " + lines[3].rstrip("\n")
    golden.write_text("".join(lines[:-1]))
    assert expect().returncode == 1 and b"- nothing\n+ {" in expect().stderr
    golden.write_text("".join(lines + ["{}\n"]))
    assert expect().returncode == 1 and b"- {}\n+ nothing" in expect().stderr


def test_a_trace_is_played_into_a_broker(broker, gateway, folder):
    gateway.start().connected()
    trace = folder / "trace.jsonl"
    with open(trace, "w") as file:
        for second in range(20):
            file.write(json.dumps({"tst": f"2026-07-15T10:00:{second:02}Z", "topic": "tonnelle/v1/up/parc/air", "qos": 1,
                                   "retain": 0, "payload": reading(20 + second)}) + "\n")
    result = tonnelle("replay", trace, "--broker", f"127.0.0.1:{broker.port}", "--speed", "20")
    assert result.returncode == 0 and b"20 messages published" in result.stderr
    wait_for("the readings", lambda: gateway.ledger()["accepted"] == 20)


def test_record_reaches_the_broker_as_the_settings_say(folder):
    broker = Broker(folder)
    subprocess.run(["mosquitto_passwd", "-c", "-b", folder / "pw", "gw", "secret"], check=True, stderr=subprocess.DEVNULL)
    broker.config.write_text(
        broker.config.read_text().replace("allow_anonymous true", f"allow_anonymous false\npassword_file {folder}/pw"))
    (folder / "password").write_text("secret\n")
    gateway = Gateway(folder, broker.port)
    text = gateway.settings.read_text()
    gateway.settings.write_text(text.replace('"host"', '"username": "gw", "password_file": "password", "host"'))
    try:
        broker.start()
        gateway.start().connected()
        recorder = subprocess.Popen([PROGRAM, "record", "--config", gateway.settings, "--count", "1"], stdout=subprocess.PIPE)
        publish = ["mosquitto_pub", "-p", str(broker.port), "-u", "gw", "-P", "secret", "-t", "tonnelle/v1/up/parc/air", "-m", reading(20)]
        wait_for("the recorder's end", lambda: subprocess.run(publish).returncode == 0 and recorder.poll() is not None)
        line = json.loads(recorder.stdout.read())
        assert line["topic"] == "tonnelle/v1/up/parc/air" and line["payload"] == reading(20)
    finally:
        gateway.stop(signal.SIGKILL)
        broker.stop()


def lines(result):
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_shifted_day_gives_the_same_transitions_at_other_times():
    day = ROOT / "Tests/Golden/hottest-day"
    as_it_was = lines(tonnelle("replay", day / "trace.jsonl.gz", "--config", day / "settings.json"))
    # Seven days keep the day of the week, on which opening hours depend.
    later = lines(tonnelle("replay", day / "trace.jsonl.gz", "--config", day / "settings.json", "--shift", "7d"))
    assert len(later) == len(as_it_was) > 100
    for before, after in zip(as_it_was, later):
        moved = datetime.datetime.fromisoformat(before.pop("at")) + datetime.timedelta(days=7)
        assert datetime.datetime.fromisoformat(after.pop("at")) == moved
        assert before == after
    for bad in ("7", "7w", "soon", "", "1.5h"):
        result = tonnelle("replay", day / "trace.jsonl.gz", "--config", day / "settings.json", "--shift", bad)
        assert result.returncode == 2 and b"--shift takes now, or a number and its unit" in result.stderr


def test_an_anonymous_trace_names_no_device_and_no_person_and_means_the_same(folder, broker, gateway):
    sensors = SENSORS + '{ "id": "70b3d57ed0001234", "place": "square", "fields": ["temperature"], "period_s": 60 },'
    (folder / "fleet.csv").write_text("id;place;decoder;device;mapping;fields\r\ncour-3;parc;chirpstack;24-E1-24-13-6B-50-22-17;em;\r\n")
    gateway.write_settings(sensors=sensors, extra='''
        "sensor_lists": ["fleet.csv"], "mappings": { "em": { "humidity": "/humidity" } },
        "subscriptions": [ { "topic": "tonnelle/v1/up/+/+" }, { "topic": "application/+/device/+/event/up", "decoder": "chirpstack" } ],
        "alerts": { "receivers": [ { "id": "garde", "mail": "astreinte@ville.example", "command": "/bin/true" },
                                   { "id": "chat", "webhook": "http://127.0.0.1:9/hook-7f3a" } ] },''')
    gateway.settings.write_text(gateway.settings.read_text().replace(
        '"operators": {', '"operators": { "contacts": { "sensors": "Dominique, 06 12 34 56 78" },'))
    gateway.start().connected()
    uplink = {"deviceInfo": {"devEui": "24e124136b502217"}, "time": datetime.datetime.now(datetime.timezone.utc).isoformat(), "fCnt": 7, "fPort": 85,
              "data": "AA==", "object": {"humidity": 55.5}}
    broker.publish("application/1/device/24e124136b502217/event/up", json.dumps(uplink))
    for number in range(5):
        broker.publish("tonnelle/v1/up/parc/air", reading(20 + number))
        broker.publish("tonnelle/v1/up/square/70b3d57ed0001234", json.dumps(
            [{"bn": "urn:dev:70b3d57ed0001234:", "n": "temperature", "v": 25 + number}]))
    broker.publish("tonnelle/v1/command/heat", json.dumps(
        {"level": 3, "by": "Camille Martin", "reason": "Camille says so", "until": "2099-01-01T00:00:00Z"}))
    wait_for("the readings", lambda: gateway.ledger()["accepted"] == 11 and gateway.ledger()["commands"] == 1)
    gateway.stop()
    trace = folder / "anonymous.jsonl"
    result = tonnelle("replay", folder / "data", "--anonymise", "--write", trace)
    assert result.returncode == 0 and b" entries written, 0 lines skipped" in result.stderr
    text = trace.read_text()
    for secret in ("70b3d57ed0001234", "/air", '\\"air\\"', "Camille", "porte", "24-E1", "24e124136b502217", "cour-3", "Dominique", "06 12", "astreinte",
                   "hook-7f3a"):
        assert secret not in text, secret
    assert "tonnelle/v1/up/parc/sensor-" in text and "000000000000000" in text and "parc" in text
    assert lines(tonnelle("replay", trace)) == lines(tonnelle("replay", folder / "data"))
    ledger = json.loads(tonnelle("replay", trace, "--summary").stdout)["ledger"]
    assert (ledger["accepted"], ledger["received"]) == (11, 11), "the list and its device still belong together"
    again = tonnelle("replay", folder / "data", "--anonymise", "--write", trace)
    assert again.returncode == 1 and b"exists already" in again.stderr


def test_a_part_of_a_journal_is_written_as_a_trace_that_stands_on_its_own(folder, broker, gateway):
    gateway.start().connected()
    for number in range(4):
        broker.publish("tonnelle/v1/up/parc/air", reading(20 + number))
        broker.publish("tonnelle/v1/up/rue/rue", reading(30 + number))
    wait_for("the readings", lambda: gateway.ledger()["accepted"] == 8)
    gateway.stop()
    middle = [entry["tst"] for entry in gateway.journal() if "topic" in entry][4]
    part = tonnelle("replay", folder / "data", "--from", middle, "--topics", "tonnelle/v1/up/parc/+", "--write", "-")
    entries = [json.loads(line) for line in part.stdout.splitlines()]
    assert entries[0]["entry"] == "configuration" and entries[0]["tst"] == middle
    assert [e["topic"] for e in entries if "topic" in e] == ["tonnelle/v1/up/parc/air"] * 2
    (folder / "part.jsonl").write_bytes(part.stdout)
    assert json.loads(tonnelle("replay", folder / "part.jsonl", "--summary").stdout)["ledger"]["messages"] == 2


def test_other_times_and_names_hold_for_a_configuration_from_elsewhere_too(folder):
    day = ROOT / "Tests/Golden/hottest-day"
    trace, settings = day / "trace.jsonl.gz", day / "settings.json"
    text = settings.read_text()
    (folder / "places.geojson").write_bytes((day / "places.geojson").read_bytes())
    (folder / "settings.json").write_text("// Ask Jean Dupont, 06 12 34 56 78.\n" + text.rstrip()[:-1] + ', /* his "park" */ }')
    start = ["--from", "2017-03-15T11:00:00+08:00"]
    plain = lines(tonnelle("replay", trace, "--config", settings, *start))
    anonymous = tonnelle("replay", trace, "--config", folder / "settings.json", "--anonymise", *start)
    assert lines(anonymous) == plain and len(plain) > 50
    for days in (-7, 7):
        moved = lines(tonnelle("replay", trace, "--config", settings, *start, "--shift", f"{days}d"))
        assert [line["to"] for line in moved] == [line["to"] for line in plain]
    live = folder / "whole.jsonl"
    first = tonnelle("replay", trace, "--write", live)
    assert first.returncode == 0 and live.stat().st_size > 100_000
    if os.geteuid() == 0:
        small = folder / "small"
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", small]).returncode == 0:
            try:
                result = tonnelle("replay", trace, "--write", small / "trace.jsonl")
                assert result.returncode == 1 and b"is not complete: No space left on device" in result.stderr
            finally:
                subprocess.run(["umount", small], check=True)


def test_a_name_in_a_comment_of_the_settings_does_not_leave(folder, broker, gateway):
    gateway.settings.write_text("// Ask Jean Dupont.\n" + gateway.settings.read_text())
    gateway.start()
    gateway.stop()
    result = tonnelle("replay", folder / "data", "--anonymise", "--write", "-")
    assert result.returncode == 0 and b'"configuration"' in result.stdout and b"Dupont" not in result.stdout
