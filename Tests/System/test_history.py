"""History: what the rings no longer hold is served by quarter, hour and day, added up once, whatever happened meanwhile."""

import collections
import datetime
import json
import math
import random
import signal
import time
import zoneinfo

from conftest import PLACES, get, tonnelle, wait_for
from disasters import JournalWriter, after_the_disaster, balanced, is_as_replayed, line

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
QUARTER = 900_000


def midnight(day):
    """Unix milliseconds of the beginning of a civil day."""
    return int(datetime.datetime.combine(day, datetime.time(), PARIS).timestamp()) * 1000


def civil(at):
    return datetime.datetime.fromtimestamp(at / 1000, PARIS)


def start_of(at, step):
    """The beginning of the quarter hour, hour or day of a moment; the first two are counted from midnight."""
    begin = midnight(civil(at).date())
    return {"quarter": at - (at - begin) % QUARTER, "hour": at - (at - begin) % (4 * QUARTER), "day": begin}[step]


def expected(readings, step):
    """Plain sums of (Unix milliseconds, thousandths)."""
    groups = collections.defaultdict(list)
    for at, value in readings:
        groups[start_of(at, step)].append(value)
    return {start: (len(values), sum(values), min(values), max(values)) for start, values in groups.items()}


def thousandths(number):
    return round(number * 1000)


def history(gateway, sensor, field, first, last, step):
    """The buckets of some civil days, by beginning in Unix milliseconds."""
    answer = json.loads(gateway.operators(f"/api/history?sensor={sensor}&field={field}&from={first}&to={last}&step={step}"))
    assert (answer["sensor"], answer["field"]) == (sensor, field)
    buckets = {int(datetime.datetime.fromisoformat(bucket["start"]).timestamp() * 1000): bucket for bucket in answer["buckets"]}
    assert list(buckets) == sorted(buckets) and len(buckets) == len(answer["buckets"])
    return buckets


def agree(gateway, sensor, field, readings, seconds=60):
    """What is served of the days of some readings is what plain sums make of them, by quarter, hour and day."""
    days = sorted({civil(at).date() for at, _ in readings})
    for step in ("quarter", "hour", "day"):
        served = history(gateway, sensor, field, days[0], days[-1], step)
        sums = expected(readings, step)
        assert {start: (b["count"], thousandths(b["sum"]), thousandths(b["min"]), thousandths(b["max"])) for start, b in served.items()} == sums, step
        for start, (count, total, _, _) in sums.items():
            assert abs(served[start]["mean"] * 1000 - total / count) <= 0.501
            assert served[start]["seconds"] == seconds * count
    # A part of the days is the same part of the answer.
    middle = days[len(days) // 2]
    one = history(gateway, sensor, field, middle, middle, "quarter")
    assert one == {start: b for start, b in history(gateway, sensor, field, days[0], days[-1], "quarter").items() if civil(start).date() == middle}
    return served


def pack(readings):
    return json.dumps([{"n": "temperature", "v": value / 1000, "t": at / 1000} for at, value in readings])


def test_late_readings_are_added_once(broker, gateway):
    """Readings of 4 to 13 days ago, which no ring of quarter hours holds, with a kill -9 among them."""
    chance = random.Random(1)
    now = time.time_ns() // 1_000_000
    # In each of so many quarter hours three readings, in three messages at different times of the test.
    quarters = chance.sample(range((now - 13 * 86_400_000) // QUARTER + 1, (now - 4 * 86_400_000) // QUARTER), 90)
    rounds = [[(quarter * QUARTER + chance.randrange(300) * 1000 + 300_000 * number, chance.randrange(22_000, 26_000))  # no spikes
               for quarter in quarters] for number in range(3)]
    gateway.start().connected()
    for start in range(0, 90, 10):
        broker.publish("tonnelle/v1/up/parc/air", pack(rounds[0][start:start + 10]))
    wait_for("the first round", lambda: gateway.ledger()["accepted"] == 90)
    # Written with the next commit; none needs to come before the turn of the loop.
    wait_for("the history", lambda: len(history(gateway, "air", "temperature", *span(rounds[0]), "quarter")) == 90)
    served = history(gateway, "air", "temperature", *span(rounds[0]), "quarter")
    assert not any("revised" in bucket for bucket in served.values())
    agree(gateway, "air", "temperature", rounds[0])

    # The second round with a kill in its middle: what was committed but not yet in the history comes with the recovery.
    for start in range(0, 90, 10):
        broker.publish("tonnelle/v1/up/parc/air", pack(rounds[1][start:start + 10]))
        if start in (10, 40, 80):
            gateway.stop(signal.SIGKILL)
            gateway.start(ready=False)
    wait_for("readiness", gateway.is_ready)
    gateway.connected()
    wait_for("the second round", lambda: gateway.ledger()["accepted"] - gateway.ledger()["repeated"] == 180)

    def totals():
        return sum(b["count"] for b in history(gateway, "air", "temperature", *span(rounds[0]), "quarter").values())
    wait_for("the history", lambda: totals() >= 180)
    agree(gateway, "air", "temperature", rounds[0] + rounds[1])
    served = history(gateway, "air", "temperature", *span(rounds[0]), "quarter")
    assert all(bucket["revised"] is True for bucket in served.values()), "a quarter hour changed and does not say so"

    # The third after a clean stop, and once more a kill when all is there.
    assert gateway.stop() == 0
    gateway.start().connected()
    for start in range(0, 90, 10):
        broker.publish("tonnelle/v1/up/parc/air", pack(rounds[2][start:start + 10]))
    wait_for("the third round", lambda: totals() >= 270)
    gateway.stop(signal.SIGKILL)
    gateway.start().connected()
    served = agree(gateway, "air", "temperature", rounds[0] + rounds[1] + rounds[2])
    assert all("revised" in bucket for bucket in served.values())  # days say so when one of their quarter hours does
    after_the_disaster(gateway)
    # Others' history is not touched.
    assert history(gateway, "rue", "temperature", *span(rounds[0]), "day") == {}


def span(readings):
    """The first and the last civil day of some readings."""
    days = [civil(at).date() for at, _ in readings]
    return min(days), max(days)


def test_late_levels_keep_their_energy(broker, gateway):
    """Levels of sound are averaged by their energy in the history, too."""
    gateway.write_settings(sensors='{ "id": "rue", "station": "rue", "fields": ["temperature"] },'
                           '{ "id": "bruit", "place": "parc", "fields": ["laeq"], "period_s": 60 }')
    gateway.start().connected()
    begin = (time.time_ns() // 1_000_000 - 6 * 86_400_000) // QUARTER * QUARTER
    levels = [(begin + number * 60_000, 50_000 + number * 1000) for number in range(12)]
    # One message each: a quarter hour is made of pieces.
    for at, level in levels:
        broker.publish("tonnelle/v1/up/parc/bruit", json.dumps([{"n": "laeq_60s", "v": level / 1000, "t": at / 1000}]))
    wait_for("all of them", lambda: gateway.ledger()["accepted"] == 12)
    day = civil(begin).date()
    wait_for("the history", lambda: sum(b["count"] for b in history(gateway, "bruit", "laeq", day, day, "quarter").values()) == 12)
    (bucket,) = history(gateway, "bruit", "laeq", day, day, "quarter").values()
    energy = sum(10 ** (level / 10_000) for _, level in levels) / len(levels)
    assert bucket["laeq"] == round(10 * math.log10(energy), 1) and bucket["seconds"] == 720


def test_days_of_a_journal_are_in_the_history(broker, gateway):
    """Six days that were lived as a journal holds them; opening hours say when a place must have opened."""
    places = PLACES[:2] + [("square", "Square", "garden", '"opening_hours":"Mo-Su 08:00-20:00"')]
    gateway.write_places(places)
    gateway.start()
    assert gateway.stop() == 0
    now = time.time_ns() // 1_000_000
    begins = midnight(civil(now).date() - datetime.timedelta(days=6))
    writer = JournalWriter(gateway, begins)
    air, street, entry = [], [], 1
    for at in range(begins + 1000, now - 20 * 60_000, 300_000):  # every five minutes
        number = (at - begins) // 300_000
        for readings, topic, value in ((air, "parc/air", 18_000 + number * 37 % 9000), (street, "rue/rue", 21_000 + number * 53 % 12_000)):
            entry += 1
            readings.append((at + len(topic), value))
            text = json.dumps([{"n": "temperature", "v": value / 1000}])
            writer.append(line(at + len(topic), f"tonnelle/v1/up/{topic}", text, entry % 60_000 + 1), 1, at + len(topic))
    writer.close()

    gateway.start().connected()
    assert balanced(gateway)["accepted"] == len(air) + len(street)
    assert air[-1][0] < start_of(now, "quarter")

    for sensor, readings in (("air", air), ("rue", street)):
        wait_for("the closed quarter hours", lambda: sum(
            b["count"] for b in history(gateway, sensor, "temperature", *span(readings), "quarter").values()) == len(readings))
        agree(gateway, sensor, "temperature", readings)
        assert not any("revised" in b for b in history(gateway, sensor, "temperature", *span(readings), "quarter").values())

    # A reading for a quarter hour that was written long ago is added to it, and the quarter hour says so.
    extra = (start_of(air[len(air) // 3][0], "quarter") + 123_000, 39_000)
    broker.publish("tonnelle/v1/up/parc/air", pack([extra]))
    wait_for("the extra reading", lambda: any("revised" in b for b in history(gateway, "air", "temperature", *span(air), "quarter").values()))
    gateway.stop(signal.SIGKILL)
    gateway.start().connected()
    agree(gateway, "air", "temperature", air + [extra])
    revised = [start for start, b in history(gateway, "air", "temperature", *span(air), "quarter").items() if "revised" in b]
    assert revised == [start_of(extra[0], "quarter")]

    # Transitions: those of the opening hours are known beforehand, all of them are those of a replay.
    first, today = civil(begins).date(), civil(now).date()
    answer = json.loads(gateway.operators(f"/api/transitions?place=square&from={first}&to={today}"))
    assert answer["complete"] is True
    opening = [(t["at"], t["from"], t["to"]) for t in answer["transitions"] if t["indicator"] == "opening" and t["from"] != "none"]
    due = []
    for number in range(7):
        day = first + datetime.timedelta(days=number)
        for hour, change in ((8, ("closed", "open")), (20, ("open", "closed"))):
            at = datetime.datetime.combine(day, datetime.time(hour), PARIS)
            if at.timestamp() * 1000 < now:
                due.append((at.isoformat(), *change))
    assert opening[:len(due)] == due and len(opening) <= len(due) + 1  # one may have come since
    is_as_replayed(gateway)
    def as_replayed(place):
        """How many transitions of a place are served, once they are all that a replay makes until now."""
        shown = json.loads(gateway.operators("/api/state"))["now"]
        answer = json.loads(gateway.operators(f"/api/transitions?place={place}&from={first}&to={today}"))
        replay = tonnelle("replay", gateway.folder / "data", "--until", shown).stdout.splitlines()
        theirs = [text for text in map(json.loads, replay) if text.get("place") == place]
        return sorted(map(json.dumps, answer["transitions"])) == sorted(map(json.dumps, theirs)) and len(theirs)
    for place in ("parc", "square"):
        # The last ones wait for the next commit.
        assert wait_for("all transitions", lambda: as_replayed(place)) > 12


def test_questions_without_an_answer(gateway):
    gateway.start()
    for query, word in (("history?sensor=air&field=temperature&from=2026-01-01", "to"), ("history?from=2026-01-01&to=2026-01-02", "sensor"),
                        ("history?sensor=a&field=b&from=2026-01-02&to=2026-01-01", "from"), ("transitions?from=x&to=2026-01-01", "from"),
                        ("history?sensor=a&field=b&from=2026-01-01&to=2026-01-02&step=week", "step"),
                        ("history?sensor=a&field=b&from=2020-01-01&to=2026-01-02", "1100 days")):
        status, _, body = get(f"http://127.0.0.1:{gateway.operator_port}/api/{query}", {"Authorization": f"Bearer {gateway.token}"})
        assert status == 400 and word in json.loads(body)["detail"]
    assert json.loads(gateway.operators("/api/history?sensor=nobody&field=b&from=2026-01-01&to=2026-01-02"))["buckets"] == []
