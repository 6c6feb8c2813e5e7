"""A season out of the history: what the report says is what plain sums over the same readings say."""

import contextlib
import csv
import datetime
import html.parser
import io
import json
import math
import os
import pty
import random
import signal
import sqlite3
import subprocess
import time
import zoneinfo

import numpy
import pytest

from conftest import PROGRAM, ROOT, tonnelle, wait_for
from disasters import JournalWriter, balanced, line

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
DAYS = 26
STEP = 600_000
WORKS = 13
GAP = (8, 10, 7)  # on this day, from this hour on, so many hours without a word
MOUNTED = (9, 14)  # on this day, at this hour, one sensor is mounted

PLACES = [
    ("parc", 'Parc, dit \\"grand\\"', "park", '"opening_hours":"24/7","zone":"centre"'),
    ("biblio", "Bibliothèque", "library", '"opening_hours":"Mo-Su 09:00-19:00","capacity":100'),
    ("square", "Square", "garden", '"opening_hours":"Mo-Su 08:00-20:00"'),
    ("cour", "Cour", "schoolyard", '"opening_hours":"24/7","school_hours":"Mo-Fr 08:00-16:00","capacity":80'),
]
SENSORS = """
    { "id": "rue", "station": "rue", "fields": ["temperature"], "period_s": 600 },
    { "id": "air", "place": "parc", "fields": ["temperature"], "period_s": 600 },
    { "id": "bruit", "place": "parc", "fields": ["laeq"], "period_s": 600 },
    { "id": "porte", "place": "biblio", "fields": ["in_total", "out_total"], "period_s": 600 },
    { "id": "portail", "place": "cour", "fields": ["in_total", "out_total"], "period_s": 600 },
    { "id": "tard", "place": "square", "fields": ["humidity"], "period_s": 600 },
    { "id": "jamais", "place": "square", "fields": ["humidity"], "period_s": 600 },
"""


def midnight(day):
    return int(datetime.datetime.combine(day, datetime.time(), PARIS).timestamp()) * 1000


class Season:
    """Days of readings up to yesterday, as a journal holds them, and what was said by whom."""

    def __init__(self, gateway):
        chance = random.Random(1)
        now = time.time_ns() // 1_000_000
        self.today = datetime.datetime.fromtimestamp(now / 1000, PARIS).date()
        self.first = self.today - datetime.timedelta(days=DAYS)
        self.begins = midnight(self.first)
        self.readings = {"rue": [], "air": [], "bruit": [], "porte": [], "portail": [], "tard": []}
        writer = JournalWriter(gateway, self.begins)
        totals = {"porte": [0, 0], "portail": [0, 0]}
        works = midnight(self.first + datetime.timedelta(days=WORKS))
        gap = midnight(self.first + datetime.timedelta(days=GAP[0])) + GAP[1] * 3_600_000
        mounted = midnight(self.first + datetime.timedelta(days=MOUNTED[0])) + MOUNTED[1] * 3_600_000
        packet = 0

        def say(at, topic, sensor, values):
            nonlocal packet
            packet = packet % 60_000 + 1
            text = json.dumps([{"n": name, "v": value / 1000 if scale else value} for name, value, scale in values])
            writer.append(line(at, f"tonnelle/v1/up/{topic}", text, packet), 1, at)
            self.readings[sensor].append((at, *(value for _, value, _ in values)))

        for number, at in enumerate(range(self.begins + 60_000, now - 20 * 60_000, STEP)):
            hour = datetime.datetime.fromtimestamp(at / 1000, PARIS)
            warmth = math.sin((hour.hour + hour.minute / 60 - 9) / 24 * 2 * math.pi)
            street = round(27_000 + 8_000 * warmth + 1500 * math.sin(number / 150) + chance.randrange(-150, 150))
            lower = 1200 + (1500 if at >= works else 0)
            say(at, "rue/rue", "rue", [("temperature", street, True)])
            if not gap <= at < gap + GAP[2] * 3_600_000:
                say(at + 1000, "parc/air", "air", [("temperature", street - lower + chance.randrange(-200, 200), True)])
            say(at + 2000, "parc/bruit", "bruit", [("laeq", 45_000 + round(9000 * warmth) + chance.randrange(0, 5000), True)])
            if at >= mounted:
                say(at + 2500, "square/tard", "tard", [("humidity", 40_000 + round(9000 * warmth) + chance.randrange(0, 900), True)])
            for topic, sensor in (("biblio", "porte"), ("cour", "portail")):
                if 9 <= hour.hour < 19:
                    totals[sensor][0] += chance.randrange(0, 9)
                    totals[sensor][1] += min(chance.randrange(0, 9), totals[sensor][0] - totals[sensor][1])
                say(at + 3000, f"{topic}/{sensor}", sensor, [("in_total", totals[sensor][0], False), ("out_total", totals[sensor][1], False)])
        writer.close()

    def hours(self, sensor, first, last, column=1):
        """The values of each clock hour of some civil days, by its Unix hour."""
        found = {}
        for row in self.readings[sensor]:
            if midnight(first) <= row[0] < midnight(last + datetime.timedelta(days=1)):
                found.setdefault(row[0] // 3_600_000, []).append(row[column])
        return found


@pytest.fixture
def season(gateway):
    gateway.write_places(PLACES)
    # 100 people beside the places, 50 in another part of the city.
    (gateway.folder / "carreaux.csv").write_text("people,longitude,latitude,weight\n100,4.8501,45.75,1\n50,4.95,45.75,1\n")
    gateway.write_settings(
        extra='"population":"carreaux.csv",', sensors=SENSORS, city='"departement": "69", "heat_station": "rue"')
    gateway.start()
    assert gateway.stop() == 0
    season = Season(gateway)
    gateway.start().connected()
    balanced(gateway)
    yesterday = season.today - datetime.timedelta(days=1)
    for sensor, field in (("rue", "temperature"), ("air", "temperature"), ("bruit", "laeq"), ("porte", "in_total"),
                          ("porte", "out_total"), ("portail", "in_total"), ("portail", "out_total")):
        question = f"/api/history?sensor={sensor}&field={field}&from={yesterday}&to={yesterday}&step=hour"
        wait_for(f"the history of {sensor}", lambda: any(
            "T23:00" in bucket["start"] for bucket in json.loads(gateway.operators(question))["buckets"]))
    return season


def sheet(path):
    """A table, held to RFC 4180: each line ends with CRLF, each row has all columns, no cell is empty."""
    data = path.read_bytes()
    assert data.endswith(b"\r\n") and data.count(b"\n") == data.count(b"\r\n")
    rows = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
    assert all(len(row) == len(rows[0]) for row in rows) and all(cell for row in rows for cell in row)
    return [dict(zip(rows[0], row)) for row in rows[1:]]


class Outside(html.parser.HTMLParser):
    """Collects what a page would fetch."""

    def __init__(self):
        super().__init__()
        self.found = []
        self.open = []

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        self.found += [value for key, value in names.items() if key in ("src", "href", "data") or key == "srcset"]
        self.found += [tag] * (tag in ("script", "link", "img", "iframe"))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def catches(process, number):
    """Whether a process has a handler for a signal."""
    with open(f"/proc/{process}/status") as status:
        (mask,) = (line.split()[1] for line in status if line.startswith("SigCgt"))
    return int(mask, 16) >> (number - 1) & 1 == 1


def noise(levels):
    return 10 * math.log10(numpy.mean([10 ** (level / 10_000) for level in levels]))


def test_a_season_is_what_its_readings_say(broker, gateway, season):
    # Days that are over, also where theirs ends in the morning of the next one; heat looks back three days.
    first, last = season.first + datetime.timedelta(days=3), season.today - datetime.timedelta(days=2)
    works = season.first + datetime.timedelta(days=WORKS)
    out = gateway.folder / "tables"
    words = ("report", "--config", gateway.settings, "--from", first, "--to", last, "--works", f"parc={works}")
    page = gateway.folder / "report.html"
    result = tonnelle(*words, "--csv", out, "--html", page)
    assert result.returncode == 0 and result.stdout == b"" and result.stderr == b"", result
    places = {row["place"]: row for row in sheet(out / "places.csv")}
    days = {(row["place"], row["day"]): row for row in sheet(out / "days.csv")}
    count = (last - first).days + 1
    assert list(places) == ["biblio", "cour", "parc", "square"] and len(days) == 4 * count
    assert places["parc"]["name"] == 'Parc, dit "grand"'

    # Coolness: differences of hourly means, hours with six readings of six on both sides (three quarters are needed).
    street, air = season.hours("rue", first, last), season.hours("air", first, last)
    differences = {hour: round(numpy.mean(street[hour])) - round(numpy.mean(air[hour])) for hour in sorted(street)
                   if len(street[hour]) >= 5 and len(air.get(hour, [])) >= 5}
    parc = places["parc"]
    clock = {hour: datetime.datetime.fromtimestamp(hour * 3600, PARIS) for hour in differences}
    assert int(parc["difference_hours"]) == len(differences)
    assert abs(float(parc["difference_degC"]) - numpy.mean(list(differences.values())) / 1000) <= 0.051
    assert int(parc["cooler_by_1.0_degC_h"]) == sum(d >= 1000 for d in differences.values())
    for low, high, name in ((12, 18, "12_18"), (0, 6, "0_6")):
        part = [d for hour, d in differences.items() if low <= clock[hour].hour < high]
        assert int(parc[f"difference_{name}_hours"]) == len(part)
        assert abs(float(parc[f"difference_{name}_degC"]) - numpy.mean(part) / 1000) <= 0.051
    for day in (first, works, last):
        part = [d for hour, d in differences.items() if clock[hour].date() == day]
        row = days["parc", str(day)]
        assert int(row["difference_hours"]) == len(part) and abs(float(row["difference_degC"]) - numpy.mean(part) / 1000) <= 0.051
        warmest = max(v for hour, values in air.items() if datetime.datetime.fromtimestamp(hour * 3600, PARIS).date() == day for v in values)
        assert abs(float(row["warmest_degC"]) - warmest / 1000) <= 0.0501

    # Works: the truth is 1.5 °C, and lies in the interval; the point is a plain mean over the days that are alike.
    def daily(low, high):
        rows = []
        for number in range(count):
            day = first + datetime.timedelta(days=number)
            part = [d for hour, d in differences.items() if clock[hour].date() == day and low <= clock[hour].hour < high]
            warmest = max(numpy.mean(v) for hour, v in street.items() if datetime.datetime.fromtimestamp(hour * 3600, PARIS).date() == day)
            if len(part) == 6 and day != works:
                rows.append((day, numpy.mean(part), warmest))
        old, new = [r for r in rows if r[0] < works], [r for r in rows if r[0] > works]
        low, high = max(min(r[2] for r in s) for s in (old, new)), min(max(r[2] for r in s) for s in (old, new))
        return [[r[1] for r in side if low - 0.5 <= r[2] <= high + 0.5] for side in (old, new)]
    for low, high, name in ((12, 18, "12_18"), (0, 6, "0_6")):
        old, new = daily(low, high)
        assert (int(parc[f"works_{name}_days_before"]), int(parc[f"works_{name}_days_after"])) == (len(old), len(new))
        change = float(parc[f"works_{name}_change_degC"])
        assert abs(change - (numpy.mean(new) - numpy.mean(old)) / 1000) <= 0.051
        assert float(parc[f"works_{name}_low_degC"]) <= change <= float(parc[f"works_{name}_high_degC"])
        assert abs(change - 1.5) <= 0.1
    assert parc["works"] == str(works) and places["square"]["works"] == "none"

    # Noise: energy means; a day's parts are 6 to 18, 18 to 22, 22 to 6.
    levels = [v for values in season.hours("bruit", first, last).values() for v in values]
    assert abs(float(parc["laeq_dBA"]) - noise(levels)) <= 0.51
    def sound(day):
        borders = [datetime.datetime.combine(day, datetime.time(h), PARIS).timestamp() * 1000 for h in (6, 18, 22)]
        borders.append(datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time(6), PARIS).timestamp() * 1000)
        return [numpy.mean([10 ** (v / 10_000) for at, v in season.readings["bruit"] if a <= at < b]) for a, b in zip(borders, borders[1:])]
    def lden(energies):
        d, e, n = (10 * math.log10(x) for x in energies)
        return 10 * math.log10((12 * 10 ** (d / 10) + 4 * 10 ** ((e + 5) / 10) + 8 * 10 ** ((n + 10) / 10)) / 24), n
    parts = [sound(first + datetime.timedelta(days=number)) for number in range(count)]
    for energies, number in ((parts[0], 0), (parts[5], 5)):
        row = days["parc", str(first + datetime.timedelta(days=number))]
        assert abs(float(row["lden_estimate_dBA"]) - lden(energies)[0]) <= 0.51 and abs(float(row["lnight_estimate_dBA"]) - lden(energies)[1]) <= 0.51
    assert int(parc["lden_days"]) == count
    assert abs(float(parc["lden_estimate_dBA"]) - lden(numpy.mean(parts, axis=0))[0]) <= 0.51

    # Visitors: the truth lies in the range, which is not much wider than the counters' error; and of pupils nothing.
    def passed(sensor, column, skip):
        """What came in during the days; in school hours totals are refused, and counting begins anew after them."""
        total, before = 0, None
        for at, *values in season.readings[sensor]:
            shown = datetime.datetime.fromtimestamp(at / 1000, PARIS)
            if skip and shown.weekday() < 5 and 8 <= shown.hour < 16:
                before = None
                continue
            value = values[column]
            if before is not None and midnight(first) <= at < midnight(last + datetime.timedelta(days=1)):
                total += value - before
            before = value
        return total
    for id, sensor, skip in (("biblio", "porte", False), ("cour", "portail", True)):
        entered, left = passed(sensor, 0, skip), passed(sensor, 1, skip)
        low, high = int(places[id]["visitors_low"]), int(places[id]["visitors_high"])
        assert low % 10 == high % 10 == 0
        assert min(entered, left) * 0.97 - 10 <= low <= min(entered, left) <= max(entered, left) <= high <= max(entered, left) * 1.03 + 10
    school = next(d for d in (last - datetime.timedelta(days=n) for n in range(7)) if d.weekday() == 2)
    assert int(days["cour", str(school)]["visitors_high"]) < int(days["biblio", str(school)]["visitors_high"])
    assert places["parc"]["visitors_low"] == places["square"]["laeq_dBA"] == places["square"]["open_and_cool_h"] == "not measured"

    # Opening: by the clock on the wall, the night of 25 hours included; the rest by the transitions themselves.
    assert float(places["square"]["open_h"]) == 12 * count and float(places["biblio"]["open_h"]) == 10 * count
    span = (midnight(last + datetime.timedelta(days=1)) - midnight(first)) / 3_600_000
    assert float(parc["observed_h"]) == span == float(parc["open_h"])
    answer = json.loads(gateway.operators(f"/api/transitions?place=parc&from={season.first}&to={last}"))
    assert answer["complete"]
    changes = [(datetime.datetime.fromisoformat(t["at"]).timestamp() * 1000, t["to"]) for t in answer["transitions"] if t["indicator"] == "availability"]
    changes.append((midnight(last + datetime.timedelta(days=1)), ""))
    cool = sum(max(0, b - max(a, midnight(first))) for (a, state), (b, _) in zip(changes, changes[1:]) if state == "available")
    assert abs(float(parc["open_and_cool_h"]) - cool / 3_600_000) <= 0.0051 and 0 < cool / 3_600_000 < span
    assert math.isclose(sum(float(days["parc", str(first + datetime.timedelta(days=n))]["open_and_cool_h"]) for n in range(count)), float(parc["open_and_cool_h"]), abs_tol=0.2)

    # Sensors: of one the hours of its silence are missing.
    share = 100 * (1 - GAP[2] / (2 * span))
    assert abs(float(parc["sensor_share_percent"]) - share) <= 0.11 and places["biblio"]["sensor_share_percent"] == "100.0"
    assert places["cour"]["sensor_share_percent"] == "100.0", "school hours are no silence"
    (silence,) = sheet(out / "incidents.csv")
    begin = datetime.datetime.fromtimestamp((midnight(season.first + datetime.timedelta(days=GAP[0])) + GAP[1] * 3_600_000) / 1000, PARIS)
    assert silence == {"place": "parc", "sensor": "air", "begin": begin.isoformat(), "silent_h": str(GAP[2]), "goes_on": "no"}
    assert places["square"]["sensor_share_percent"] == "100.0" and places["square"]["silences"] == "0", "not mounted is not silent"
    assert days["square", str(first)]["sensor_share_percent"] == "unknown"

    # The page: one file, nothing fetched, what is not known is said.
    text = page.read_text()
    reader = Outside()
    reader.feed(text)
    assert reader.found == [] and reader.open == [] and "url(" not in text and "@import" not in text
    assert '<html lang="fr">' in text and "non mesuré" in text and "Le jour le moins couvert" in text
    assert "jamais en marche : 1 (jamais)" in text
    assert "<td></td>" not in text and "<td class=\"number\"></td>" not in text
    english = tonnelle(*words, "--lang", "en").stdout.decode()
    assert '<html lang="en">' in english and "Season report" in english

    # Heat: extremes from 18 to 18 and from 6 to 6 UTC, three days each.
    def extreme(day, hour, function):
        start = datetime.datetime.combine(day, datetime.time(), datetime.timezone.utc).timestamp() * 1000 + hour * 3_600_000
        return function(v for at, v in season.readings["rue"] if start <= at < start + 86_400_000)
    dates = [first + datetime.timedelta(days=number) for number in range(-2, count)]
    maxima, minima = [extreme(day, 6, max) for day in dates], [extreme(day, -6, min) for day in dates]
    def said(what, number):
        assert f"{what}</th><td class=\"number\">{number}<" in english, what
    said("Hot days (maximum of at least 30 °C)", f"{sum(v >= 30_000 for v in maxima[2:])} of {count} known")
    said("Tropical nights (minimum of at least 20 °C)", f"{sum(v >= 20_000 for v in minima[2:])} of {count} known")
    # The Rhône: 20 and 34 °C.
    levels = [3 if sum(minima[n - 2:n + 1]) >= 60_000 and sum(maxima[n - 2:n + 1]) >= 102_000 else
              2 if minima[n] >= 20_000 and maxima[n] >= 34_000 else 1 for n in range(2, len(dates))]
    for level in (1, 2, 3):
        said(f"Days at observed level {level}", levels.count(level))
    assert len(set(levels)) > 1
    said("Days whose observed level is not known", 0)

    # Coverage: nothing but the park is measured, so its transitions say at each quarter hour who has a cool place in reach.
    question = f"/api/transitions?place=parc&from={first - datetime.timedelta(days=2)}&to={last}"
    states = [(datetime.datetime.fromisoformat(row["at"]).timestamp() * 1000, row["to"] == "available")
              for row in json.loads(gateway.operators(question))["transitions"] if row["indicator"] == "availability"]
    covered = sheet(out / "coverage.csv")
    assert [row["day"] for row in covered] == [str(first + datetime.timedelta(days=number)) for number in range(count)]
    for row in covered:
        day = datetime.date.fromisoformat(row["day"])
        quarters = range(midnight(day), midnight(day + datetime.timedelta(days=1)), 900_000)
        cool = [[state for at, state in states if at <= quarter][-1] for quarter in quarters]
        assert int(row["quarter_hours"]) == len(quarters) and row["people"] == "150"
        for name in ("within_300_m_percent", "within_1125_m_percent"):
            assert abs(float(row[name]) - 100 * 100 * sum(cool) / (150 * len(quarters))) <= 0.051, row
    assert len({row["within_300_m_percent"] for row in covered}) > 1 and "The day with the least" in english

    # The same while the gateway runs and after it has stopped; a gateway is not disturbed.
    before = (out / "places.csv").read_bytes(), (out / "days.csv").read_bytes()
    assert gateway.stop() == 0
    single = gateway.folder / "saison.csv"
    assert tonnelle(*words, "--csv", single).returncode == 0
    assert (single.read_bytes(), (gateway.folder / "saison-days.csv").read_bytes()) == before
    assert (gateway.folder / "saison-incidents.csv").read_bytes() == (out / "incidents.csv").read_bytes()
    only = gateway.folder / "only"
    assert tonnelle(*words[:7], "--place", "square", "--place", "biblio", "--works", f"square={works}", "--csv", only).returncode == 0
    assert [(row["place"], row["works"], row["works_0_6_change_degC"]) for row in sheet(only / "places.csv")] == [
        ("biblio", "none", "none"), ("square", str(works), "not measured")]
    # While the gateway is not there nobody is silent: an hour of which half is left still counts.
    with contextlib.closing(sqlite3.connect(gateway.folder / "data/journal.db", isolation_level=None)) as database:
        start = int(begin.timestamp() * 1000)
        database.execute("INSERT INTO gap VALUES (?, ?)", (start, start + 3 * 3_600_000 + 1_800_000))
    away = gateway.folder / "away"
    assert tonnelle(*words, "--csv", away).returncode == 0
    (silence,) = sheet(away / "incidents.csv")
    assert (silence["begin"], silence["silent_h"]) == ((begin + datetime.timedelta(hours=3)).isoformat(), "4")
    parc, biblio = (next(row for row in sheet(away / "places.csv") if row["place"] == id) for id in ("parc", "biblio"))
    assert abs(float(parc["sensor_share_percent"]) - 100 * (1 - 3.5 / (2 * (span - 3.5)))) <= 0.11
    assert biblio["sensor_share_percent"] == "100.0" and float(biblio["observed_h"]) == span - 3.5
    assert gateway.start().stop() == 0

    # Somebody who watches sees how far it is; Ctrl-C leaves nothing behind.
    master, slave = pty.openpty()
    subprocess.run([PROGRAM, *map(str, words), "--html", page], stderr=slave, check=True, timeout=60)
    assert b"4 of 4 places" in os.read(master, 4096)
    os.close(master)
    os.close(slave)
    stopped = gateway.folder / "stopped"
    stopped.mkdir()
    os.mkfifo(stopped / "days.csv.new")
    early = first - datetime.timedelta(days=1000)
    process = subprocess.Popen([PROGRAM, "report", "--config", gateway.settings, "--from", str(early), "--to", str(last), "--csv", stopped], stderr=subprocess.PIPE)
    with open(stopped / "days.csv.new", "rb", buffering=0) as pipe:
        pipe.read(100)
        wait_for("the program to listen", lambda: catches(process.pid, signal.SIGINT))
        process.send_signal(signal.SIGINT)
        # Its first place does not fit into the pipe: it is read on, slowly, until the program ends.
        wait_for("the end", lambda: pipe.read(2048) == b"" or process.poll() is not None)
    assert process.wait(10) == 130 and b"stopped" in process.stderr.read()
    process.stderr.close()
    assert list(stopped.iterdir()) == []


@pytest.mark.parametrize("words,code,text", [
    (["--from", "2026-07-01"], 2, "--from and --to are required"), (["--from", "2026-07-01", "--to", "2026-06-01"], 2, "--to is not before --from"),
    (["--from", "2020-07-01", "--to", "2026-06-01"], 2, "1100 days"), (["--from", "2026-07-01", "--to", "2026-07-02", "--place", "parc,nulle-part"], 2, '"nulle-part"'),
    (["--from", "2026-07-01", "--to", "2026-07-09", "--works", "parc"], 2, "--works takes a place and a day"),
    (["--from", "2026-07-01", "--to", "2026-07-09", "--works", "parc=2026-08-01"], 2, "lie outside of the days"),
    (["--from", "2026-07-01", "--to", "2026-07-09", "--csv", "/nowhere/at/all"], 1, "cannot be made"),
])
def test_questions_that_cannot_be_answered(gateway, words, code, text):
    gateway.start()
    assert gateway.stop() == 0
    result = tonnelle("report", "--config", gateway.settings, *words)
    assert result.returncode == code and text in result.stderr.decode(), result


def test_without_a_history(gateway):
    words = ("report", "--config", gateway.settings, "--from", "2020-06-01", "--to", "2020-06-03")
    result = tonnelle(*words)
    assert result.returncode == 1 and "there is no history" in result.stderr.decode()
    gateway.start()
    assert gateway.stop() == 0
    # A gateway that ran later knows nothing of these days, and says so in each cell.
    out = gateway.folder / "tables"
    assert tonnelle(*words, "--csv", out).returncode == 0
    rows = sheet(out / "places.csv")
    assert {row["observed_h"] for row in rows} == {"0.00"} and {row["open_h"] for row in rows} == {"unknown"}
    assert "ne contient rien" in tonnelle(*words).stdout.decode()


def test_the_register_follows_the_settings(gateway):
    def register(*more):
        result = tonnelle("privacy", "--config", gateway.settings, *more)
        assert result.returncode == 0 and result.stderr == b""
        return result.stdout.decode()
    secrets = gateway.folder / "secret"
    secrets.write_text("hunter2")
    sensors = SENSORS + '{ "id": "lora", "place": "parc", "decoder": "things-stack", "device": "70b3d57ed0001234", "fields": ["temperature"], "period_s": 900 },'
    gateway.write_places(PLACES)
    gateway.write_settings(sensors=SENSORS)
    text = register("--lang", "en")
    assert "in_total, out_total; sensors: 2, places: 2, a reading every 600 s" in text
    assert "schoolyards that have some: 1" in text and "(sensors in schoolyards: 1)" in text
    assert "7 days, 2048 MiB" in text and "35 days" in text and "1096 days" in text and "20 messages a second" in text
    assert "50 %, 90 %" in text and "mean of 10 min" in text

    gateway.write_settings(
        sensors=SENSORS.replace('"place": "cour"', '"place": "biblio"'),
        extra='"retention": { "journal_days": 3, "quarters_days": 20, "history_days": 400 }, "limits": { "messages_per_second": 5 },'
              '"choices": { "coolness_window_min": 15 },')
    changed = register("--lang", "en")
    assert "3 days, 2048 MiB" in changed and "20 days" in changed and "400 days" in changed and "5 messages a second" in changed
    assert "no sensor of this class is in a schoolyard" in changed and "mean of 15 min" in changed and "sensors: 2, places: 1" in changed
    assert "7 days" not in changed and "1096" not in changed

    # Nothing by which somebody gets in or a device is known.
    gateway.write_settings(sensors=sensors, extra='"subscriptions": [{ "topic": "tonnelle/v1/up/+/+" }, { "topic": "v3/+/devices/+/+", "decoder": "things-stack" }],')
    settings = gateway.settings.read_text().replace('"keep_alive_s": 5', '"keep_alive_s": 5, "username": "agent7", "password_file": "secret"')
    gateway.settings.write_text(settings)
    (gateway.folder / "data").mkdir(exist_ok=True)
    (gateway.folder / "data/operators.token").write_text("0123456789abcdef")
    for text in (register(), register("--html"), register("--lang", "en", "--html")):
        assert "servers and radio hubs listened to: 1" in text or "passerelles radio écoutés : 1" in text
        for hidden in ("hunter2", "agent7", "70b3d57ed0001234", "0123456789abcdef", "v3/", "127.0.0.1", str(gateway.broker_port)):
            assert hidden not in text.lower()
    reader = Outside()
    reader.feed(register("--html"))
    assert reader.found == [] and reader.open == []


def test_the_register_of_the_demonstration():
    result = tonnelle("privacy", "--config", ROOT / "Config/demo/settings.json")
    assert result.returncode == 0 and "Registre des données" in result.stdout.decode()
