"""An independent model of the indicators: a trace in, the transitions out that `tonnelle replay` must print.

usage: python3 model.py DAY      DAY: a folder with settings.json, places.geojson, trace.jsonl.gz

Written from the documented rules, for being read beside them: one function a rule, no state that a rule does not need.
"Choice" marks what the documents leave open; the README beside this file lists the choices. Times are milliseconds
since 1970, values thousandths of their unit, means exact fractions.
"""

import gzip
import json
import math
import pathlib
import re
import sys
from collections import defaultdict, deque
from datetime import datetime, timedelta
from fractions import Fraction
from statistics import median
from zoneinfo import ZoneInfo

SECOND, MINUTE = 1000, 60_000
DAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]


# Opening hours: the part of OpenStreetMap's syntax that the golden days use.

def weekdays(text):
    """`Mo-We,Su` as numbers."""
    chosen = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        first, last = DAYS.index(first), DAYS.index(last or first)
        chosen |= {first % 7 for first in range(first, last + 1 + (7 if last < first else 0))}
    return chosen


def timetable(text):
    """Groups of rules: a later group takes whole days from those before. In a group the rules after the first add.

    A rule is its weekdays and its spans in minutes of the day; off has none.
    """
    groups = []
    for group in text.split(";"):
        rules = []
        for rule in re.split(r"(?<=:\d\d),\s*(?=[A-Z])", group.strip()):
            if rule == "24/7":
                rules.append((set(range(7)), [(0, 1440)]))
                continue
            days, times = re.fullmatch(r"([A-Za-z,-]+) (.*)", rule).groups()
            spans = []
            for span in [] if times == "off" else times.split(","):
                start, end = (int(clock[:2]) * 60 + int(clock[3:]) for clock in span.split("-"))
                spans.append((start, end if end > start else end + 1440))
            rules.append((weekdays(days), spans))
        groups.append(rules)
    return groups


def day_of(groups, day):
    """The group that owns a day, and the day's spans: the last group of which a rule matches, with its additions."""
    owner, spans = -1, []
    for index, (first, *additions) in enumerate(groups):
        if day.weekday() in first[0]:
            owner, spans = index, list(first[1])
        for days, more in additions:
            if day.weekday() in days:
                owner, spans = index, spans + more
    return owner, spans


def instant(zone, day, minutes, fold):
    """Wall time on a day as an instant; `fold` chooses between the two of a doubled hour."""
    wall = datetime.combine(day, datetime.min.time(), zone) + timedelta(minutes=minutes)
    return int(wall.replace(fold=fold).timestamp()) * SECOND


def openings(text, zone, first, last):
    """Open intervals from a day to a day, half-open, merged.

    Of the doubled hour an opening is in the first, a closing in the second.
    """
    groups, spans = timetable(text), []
    day = first
    while day <= last:
        owner, today = day_of(groups, day)
        tomorrow = day_of(groups, day + timedelta(days=1))[0]
        for start, end in today:
            # Past midnight it still is this day's, unless a later group owns the next day.
            end = min(end, 1440) if tomorrow > owner else end
            spans.append((instant(zone, day, start, 0), instant(zone, day, end, 1)))
        day += timedelta(days=1)
    merged = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return merged


# Classes.

class Sticky:
    """A class, counted from 0, that is left a margin past its border or after some time beyond it.

    Choice: a border belongs to the class above it; upwards the margin itself is enough, downwards it must be passed;
    each border on the way must be left behind like this.
    """

    def __init__(self, borders, margin, patience=None):
        self.borders, self.margin, self.patience = borders, margin, patience
        self.now, self.beyond = None, None

    def see(self, value, at):
        if value is None:
            self.now = self.beyond = None
            return None
        new = sum(value >= border for border in self.borders)
        if self.now is None or new == self.now:
            self.now, self.beyond = new, None
            return self.now
        reached = self.now
        while reached < new and value >= self.borders[reached] + self.margin:
            reached += 1
        while reached > new and value < self.borders[reached - 1] - self.margin:
            reached -= 1
        if reached != self.now or self.beyond is None:
            self.beyond = at
        self.now = reached
        if self.patience is not None and at - self.beyond >= self.patience:
            self.now = new
        if self.now == new:
            self.beyond = None
        return self.now


# Readings.

class Sensor:
    def __init__(self, settings):
        self.period = settings.get("period_s", 600)
        self.stale_after = settings.get("stale_after_s", max(1800, 3 * self.period)) * SECOND
        self.fields = settings["fields"]
        self.bits = settings.get("counter_bits", 32)
        self.counts_people = not {"in_total", "out_total", "people"}.isdisjoint(self.fields)
        self.place = None
        self.last = None  # time of the newest reading
        self.newest = {}  # field: time and value
        self.minutes = {field: defaultdict(list) for field in self.fields}  # minute: values
        self.totals = {}  # field: value and time
        self.levels = defaultdict(dict)  # minute: time: seconds and level

    def take(self, name, value, time):
        self.last = max(time, self.last or time)
        level = re.fullmatch(r"laeq_(\d+)s", name)
        if level:  # the same time twice is the same message
            self.levels[time // MINUTE].setdefault(time, (int(level[1]), milli(value)))
        elif self.counts_people:
            self.place.count_people(self, name, value, time)
        else:
            value = min(milli(value), 100_000) if name == "humidity" else milli(value)  # sensors say up to 105 %
            self.minutes[name][time // MINUTE].append(value)
            if name not in self.newest or time >= self.newest[name][0]:
                self.newest[name] = (time, value)

    def mean(self, field, now):
        """Of the readings of ten minutes, unless the sensor is stale."""
        values = [value for minute in last_minutes(now, 10) for value in self.minutes[field].get(minute, ())]
        return Fraction(sum(values), len(values)) if values and self.is_fresh(now) else None

    def latest(self, field, now, age):
        """The newest reading of a field, unless it is older than `age` or the sensor is stale."""
        time, value = self.newest.get(field, (None, None))
        return value if time is not None and now - time <= age and self.is_fresh(now) else None

    def is_fresh(self, now):
        return self.last is not None and now - self.last <= self.stale_after

    def goes_stale(self, now):
        """Just now, and it says something other than people: of those nothing may show but on the grid of five minutes."""
        return self.last is not None and not self.counts_people and whole(self.last + self.stale_after + 1) == now


def last_minutes(now, count):
    """Choice: a window is made of whole minutes and ends with the running one."""
    return range(now // MINUTE - count + 1, now // MINUTE + 1)


def middle(values):
    """The median of those that are known."""
    known = [value for value in values if value is not None]
    return median(known) if known else None


def arrival(text):
    """`2017-03-15T00:01:00.250000Z+0800`: the odd form that mosquitto_sub prints is local time with its offset."""
    return round(datetime.strptime(text.replace("Z", "", 1), "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() * 1000)


def milli(value):
    """In thousandths, half away from zero."""
    return int(math.copysign(math.floor(abs(Fraction(str(value))) * 1000 + Fraction(1, 2)), value))


def records(payload):
    """Name, value and time in seconds or None, of each record of a SenML pack."""
    base = None
    for record in json.loads(payload):
        base = record.get("bt", base)
        time = base if "t" not in record else record["t"] + (base or 0)
        yield record["n"], record["v"], time


# Thermal.

def heat_index(celsius, humidity):
    """Of the US National Weather Service, with both adjustments; in °C."""
    t, r = celsius * 9 / 5 + 32, humidity
    simple = 0.5 * (t + 61 + 1.2 * (t - 68) + 0.094 * r)
    if (simple + t) / 2 < 80:
        h = (simple + t) / 2
    else:
        h = (-42.379 + 2.04901523 * t + 10.14333127 * r - 0.22475541 * t * r - 0.00683783 * t * t - 0.05481717 * r * r
             + 0.00122874 * t * t * r + 0.00085282 * t * r * r - 0.00000199 * t * t * r * r)
        if r < 13 and 80 <= t <= 112:
            h -= (13 - r) / 4 * math.sqrt((17 - abs(t - 95)) / 17)
        if r > 85 and 80 <= t <= 87:
            h += (r - 85) / 10 * (87 - t) / 5
    return (h - 32) * 5 / 9


# Places.

class Place:
    def __init__(self, properties, city):
        self.id = properties["id"]
        self.city = city
        self.opening_text = properties["opening_hours"]
        self.capacity, self.staff = properties.get("capacity"), properties.get("staff", 0)
        self.zone = properties.get("zone")
        self.sensors = []
        self.felt = Sticky([27_000, 32_000, 41_000], 300, 10 * MINUTE)
        self.difference = Sticky([-1000, 1000, 3000], 300, 10 * MINUTE)
        self.noise = Sticky([50, 60, 70], 2)  # dB
        self.level = Sticky([Fraction(1, 2), Fraction(9, 10)], Fraction(5, 100))
        self.count = None
        self.shown_level = None
        self.shown = None

    def of(self, field):
        return [sensor for sensor in self.sensors if field in sensor.fields]

    def coolness(self, now):
        """Felt temperature and difference to the reference, each None where it is not known."""
        mean = middle(sensor.mean("temperature", now) for sensor in self.of("temperature"))
        # Choice: while the window is empty, the newest reading that is not stale speaks for the felt temperature.
        air = mean if mean is not None else middle(
            sensor.latest("temperature", now, sensor.stale_after) for sensor in self.of("temperature"))
        if air is None:
            return None, None
        reference = self.city.references.get(self.zone)
        other = reference.mean("temperature", now) if reference else None
        difference = other - mean if other is not None and mean is not None else None
        # Choice: of humidity the newest reading of 30 minutes counts, not a mean.
        humidity = middle(sensor.latest("humidity", now, 30 * MINUTE) for sensor in self.of("humidity"))
        if air < 20_000 or humidity is None:
            return air, difference
        return 1000 * heat_index(float(air) / 1000, float(humidity) / 1000), difference

    def laeq(self, now):
        """Over 15 minutes, as energy; nothing when less than half of them is covered."""
        seconds, energy = 0, 0
        for sensor in self.of("laeq"):
            for minute in last_minutes(now, 15):
                for duration, level in sensor.levels.get(minute, {}).values():
                    seconds += duration
                    energy += duration * 10 ** (level / 10_000)
        # What needs a logarithm is rounded to thousandths before anything compares it.
        return round(10 * math.log10(energy / seconds), 3) if seconds >= 450 else None

    def count_people(self, sensor, name, value, at):
        """A counted head is the head count; of totals the steps are added up. The days hold no late totals."""
        if name == "people":
            if at == sensor.last:  # not one that comes late
                self.count = value
            return
        old, then = sensor.totals.get(name, (None, None))
        sensor.totals[name] = (value, at)
        self.count = self.count or 0
        if old is None:
            return
        step, elapsed = value - old, Fraction(at - then, MINUTE)
        if step < 0:
            step %= 1 << sensor.bits
            if step > 60 * elapsed:
                step = value  # no wrap: it began again from zero
        if step > 600 * elapsed:
            return  # another device: counting begins anew
        self.count = max(0, self.count + (step if name == "in_total" else -step))

    def open_at(self, openings, first):
        """The count returns to nobody half an hour after the last closing of each day, the day on which it opened."""
        self.openings = openings
        last_of_day = {datetime.fromtimestamp(start / SECOND, self.city.zone).date(): end for start, end in openings}
        self.resets = [end + 30 * MINUTE for end in sorted(last_of_day.values()) if end + 30 * MINUTE > first]

    def reset(self, now):
        while self.resets and self.resets[0] <= now:
            self.resets.pop(0)
            # A head count that says "someone" postpones the reset until it says "nobody", which resets by itself.
            if not self.of("people") and self.count is not None:
                self.count = 0

    def level_of(self, now):
        """Free, busy, full; None where the capacity or the count is not known."""
        counters = [sensor for sensor in self.sensors if sensor.counts_people]
        if not self.capacity or self.count is None or not any(sensor.is_fresh(now) for sensor in counters):
            return self.level.see(None, now)
        # Choice: the staff passed the counter before opening, and is taken off the count.
        return self.level.see(Fraction(max(0, self.count - self.staff), self.capacity), now)

    def evaluate(self, now):
        is_open = any(start <= now < end for start, end in self.openings)
        self.reset(now)
        felt, difference = self.coolness(now)
        felt, difference = self.felt.see(felt, now), self.difference.see(difference, now)
        noise = self.noise.see(self.laeq(now), now)
        if now % (5 * MINUTE) == 0:
            self.shown_level = self.level_of(now)
        self.show(now, is_open, felt, difference, noise)

    def availability(self, is_open, felt, difference):
        """The first that holds, with its reasons. Choice: "ΔT of 1.0 or more" is the class, which does not flicker."""
        is_cool, is_cooler = felt == 0, difference is not None and difference >= 2
        if not is_open:
            return "closed", ["closed_now"]
        if not self.of("temperature"):
            reasons = ["not_measured"]
        elif felt is None:
            return "unknown", ["no_fresh_reading"]
        elif felt >= 2:
            return "warm", ["felt_hot"]
        elif not is_cool and not is_cooler:
            return "warm", ["not_cooler"] + (["no_reference"] if difference is None else [])
        else:
            compared = "cooler_than_reference" if is_cooler else "no_reference" if difference is None else "not_cooler"
            reasons = ["felt_cool"] * is_cool + [compared]
        return ("crowded", ["full"] + reasons) if self.shown_level == 2 else ("available", ["open_now"] + reasons)

    def show(self, now, is_open, felt, difference, noise):
        availability, reasons = self.availability(is_open, felt, difference)
        word = lambda index, words: "none" if index is None else words[index]
        states = {
            "availability": availability, "opening": "open" if is_open else "closed",
            "felt": word(felt, ["cool", "warm", "hot", "dangerous"]),
            "difference": word(difference, ["warmer", "same", "cooler", "much_cooler"]),
            "occupancy": word(self.shown_level, ["free", "busy", "full"]),
            "noise": word(noise, ["quiet", "moderate", "loud", "very_loud"]),
        }
        for indicator, to in states.items():
            before = self.shown[indicator] if self.shown else "none"
            if before != to:
                line = {"at": self.city.text(now), "place": self.id, "indicator": indicator, "from": before, "to": to}
                if indicator == "availability":
                    line["reasons"] = reasons
                print(json.dumps(line, separators=(",", ":")), file=self.city.out)
        self.shown = states


class City:
    def __init__(self, folder, out):
        settings = json.loads((folder / "settings.json").read_text())
        self.out = out
        self.zone = ZoneInfo(settings["city"]["time_zone"])
        features = json.loads((folder / settings["places"]).read_text())["features"]
        self.places = sorted((Place(feature["properties"], self) for feature in features), key=lambda place: place.id)
        named, self.sensors = {place.id: place for place in self.places}, {}
        for line in settings["sensors"]:
            sensor = Sensor(line)
            sensor.place = named.get(line.get("place"))
            if sensor.place:
                sensor.place.sensors.append(sensor)
            self.sensors[line.get("place") or line["station"], line["id"]] = sensor
        references = {zone["id"]: zone["reference"] for zone in settings.get("zones", [])}
        self.references = {zone: next(sensor for (_, name), sensor in self.sensors.items() if name == reference)
                           for zone, reference in references.items()}

    def text(self, at):
        return datetime.fromtimestamp(at // SECOND, self.zone).isoformat()


def whole(at):
    """The first whole second that is not before."""
    return -(-at // SECOND) * SECOND


def readings(folder, city):
    """Arrival, sensor and readings (name, value, time) of each message; without a time of its own the arrival counts."""
    with gzip.open(folder / "trace.jsonl.gz", "rt") as file:
        for line in map(json.loads, file):
            at, sensor = arrival(line["tst"]), city.sensors[tuple(line["topic"].split("/")[3:])]
            yield at, sensor, [(name, value, at if time is None else time * SECOND)
                               for name, value, time in records(line["payload"])]


def run(folder, out=sys.stdout):
    city = City(folder, out)
    messages = deque(readings(folder, city))
    first, last = whole(messages[0][0]), whole(messages[-1][0])
    days = [datetime.fromtimestamp(at / SECOND, city.zone).date() + timedelta(days=more)
            for at, more in ((first, -2), (last, 2))]
    # Choice: a place is looked at when a sensor of its own has measured something other than people or goes stale, at
    # whole minutes, and when it opens or closes; a reading of the reference waits for one of these.
    looks = {moment: set(city.places) for moment in [first, *range(first - first % MINUTE + MINUTE, last + 1, MINUTE)]}
    for place in city.places:
        place.open_at(openings(place.opening_text, city.zone, *days), first)
        for bound in (bound for interval in place.openings for bound in interval):
            looks.setdefault(bound, set()).add(place)
    for at, sensor, values in messages:
        looks.setdefault(whole(at), set())
        for _, _, time in values:
            looks.setdefault(whole(time + sensor.stale_after + 1), set())

    for now in sorted(moment for moment in looks if first <= moment <= last):
        # Choice: the messages of a second are taken before what is due at that second.
        due = looks[now]
        while messages and messages[0][0] <= now:
            _, sensor, values = messages.popleft()
            for reading in values:
                sensor.take(*reading)
            if not sensor.counts_people:
                due.add(sensor.place)
        due |= {sensor.place for sensor in city.sensors.values() if sensor.goes_stale(now)}
        for place in city.places:
            if place in due:
                place.evaluate(now)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    run(pathlib.Path(sys.argv[1]))
