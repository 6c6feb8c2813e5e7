"""Cuts the golden days out of recorded data: traces as `mosquitto_sub -F %j` prints them.

usage: python3 make.py DATA      DATA: a folder with air-singapore, noise-laeq, people-calit2 and room-occupancy

The README beside this file says what was chosen, thinned and laid on another day. The same data give the same bytes.
"""

import csv
import gzip
import json
import pathlib
import sys
from datetime import datetime, timedelta, timezone

HERE = pathlib.Path(__file__).resolve().parent


def rows(path):
    """The rows of a CSV file, gzipped or not, with `time` as an instant."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            row["time"] = datetime.fromisoformat(row["time"])
            yield row


def message(at, place, sensor, records, offset):
    """A line of a trace, with the arrival in the odd form that mosquitto_sub has for it."""
    payload = json.dumps(records, separators=(",", ":"))
    local = at.astimezone(offset)
    line = {"tst": f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond:06d}Z{local:%z}",
            "topic": f"tonnelle/v1/up/{place}/{sensor}", "qos": 0, "retain": 0, "payloadlen": len(payload),
            "payload": payload}
    return at, json.dumps(line, separators=(",", ":"))


def write(day, lines):
    """A trace in the order of arrival. No name and no time in the gzip header: the same lines give the same file."""
    text = "".join(line + "\n" for _, line in sorted(lines, key=lambda one: one[0]))
    with open(HERE / day / "trace.jsonl.gz", "wb") as file:
        with gzip.GzipFile("", "wb", 9, file, mtime=0) as zipped:
            zipped.write(text.encode())
    print(f"{day}: {len(lines)} messages, {(HERE / day / 'trace.jsonl.gz').stat().st_size} bytes")


# Station, where its messages go, how many minutes lie between two, seconds from reading to arrival.
STATIONS = [
    ("S100", "street", "s100", 1, 1), ("S107", "shore", "s107", 2, 2), ("S60", "island", "s60", 1, 3),
    ("S50", "campus", "s50", 2, 4), ("S122", "campus", "s122", 2, 5), ("S102", "landfill", "s102", 2, 6),
    ("S106", "forest", "s106", 2, 7), ("S43", "campus", "s43", 2, 8),
]


def hottest_day(data):
    """15 March 2017 in Singapore, with the noise of 25 March 2025 at the same hours."""
    offset = timezone(timedelta(hours=8))
    start, end = datetime(2017, 3, 15, tzinfo=offset), datetime(2017, 3, 16, 1, tzinfo=offset)
    back = (datetime(2017, 3, 15, 11, 30, tzinfo=offset), datetime(2017, 3, 15, 12, 10, 30, tzinfo=offset))
    stations = {station: rest for station, *rest in STATIONS}
    lines = []
    for row in rows(data / "air-singapore/air-singapore-1min.csv.gz"):
        at = row["time"]
        if not start <= at < end or row["station"] not in stations:
            continue
        place, sensor, step, delay = stations[row["station"]]
        if at.minute % step:
            continue
        records = [{"n": "temperature", "u": "Cel", "v": float(row["temperature_cel"])}] if row["temperature_cel"] else []
        # The street and the landfill say nothing about humidity, the shore every 24 minutes.
        is_silent = sensor in ("s100", "s102") or sensor == "s107" and (at.hour * 60 + at.minute) % 24
        if row["relative_humidity_pct"] and not is_silent:
            records.append({"n": "humidity", "u": "%RH", "v": float(row["relative_humidity_pct"])})
        if not records:
            continue
        arrival = at + timedelta(seconds=delay)
        if sensor != "s60":  # S60 has no clock here: its arrival counts
            records[0] = {"bt": int(at.timestamp()), **records[0]}
        if sensor == "s122" and back[0] <= arrival < back[1]:
            arrival = back[1]  # its line was down: forty minutes of readings come at once
        lines.append(message(arrival, place, sensor, records, offset))
    # The meter's local hour is kept, the date is not.
    shift = datetime(2017, 3, 15) - datetime(2025, 3, 25)
    for row in rows(data / "noise-laeq/laeq-1m.csv"):
        at = (row["time"].replace(tzinfo=None) + shift).replace(tzinfo=offset)
        lost = at.hour == 3 and at.minute < 30 and at.minute % 3  # two of three messages: too few for a mean
        if start <= at < end and not lost:
            record = {"t": int(at.timestamp()), "n": "laeq_60s", "u": "dB", "v": round(float(row["laeq_1m_dba"]), 1)}
            lines.append(message(at + timedelta(seconds=32.25), "shore", "meter", [record], offset))
    write("hottest-day", lines)


def night_of_25_hours(data):
    """28 October to 1 November 2005 in Irvine; the clocks went back on the 30th at 02:00."""
    summer = timezone(timedelta(hours=-7))
    slots = list(rows(data / "people-calit2/people-calit2.csv"))

    def door(place, sensor, first, last, shift_days, in_total, out_total, restarts=()):
        """Running totals at the end of each half hour; a restart sets both totals to what it says."""
        lines, half = [], timedelta(minutes=30)
        for slot in slots:
            at = slot["time"] + half
            if shift_days:  # laid on another day: the hour on the wall is kept, in summer time throughout
                at = at.replace(tzinfo=summer) + timedelta(days=shift_days)
            if not first <= at <= last:
                continue
            for moment, totals in restarts:
                if moment == at:
                    in_total, out_total = totals
            records = []
            for name, count in (("in_total", slot["count_in"]), ("out_total", slot["count_out"])):
                if not count:
                    continue  # lost in the source: the device said nothing about it
                if name == "in_total":
                    in_total = (in_total + int(count)) % 65536
                else:
                    out_total = (out_total + int(count)) % 65536
                records.append({"n": name, "u": "count", "v": in_total if name == "in_total" else out_total})
            lines.append(message(at + timedelta(seconds=3.5), place, sensor, records, summer))
        return lines

    first, last = datetime(2005, 10, 28, tzinfo=summer), datetime(2005, 11, 1, 12, tzinfo=summer)
    lines = door("hall", "hall-door", first, last, 0, 65_400, 1_000)
    # A busy Tuesday, 1 November, laid on Saturday.
    saturday = datetime(2005, 10, 29, 6, tzinfo=summer), datetime(2005, 10, 30, 8, tzinfo=summer)
    new_battery = datetime(2005, 10, 29, 19, 0, tzinfo=summer)
    lines += door("cafe", "cafe-door", *saturday, -3, 7_000, 7_000, [(new_battery, (0, 0))])
    # The same for the place that never closes, with another device in its place on Saturday at 14:00.
    another = datetime(2005, 10, 29, 14, 0, tzinfo=summer)
    lines += door("arcade", "arcade-door", *saturday, -3, 200, 100, [(another, (52_000, 50_000))])
    write("night-of-25-hours", lines)


def room(data):
    """22 and 23 December 2017 in a room in Hyderabad."""
    offset = timezone(timedelta(hours=5, minutes=30))
    end = datetime(2017, 12, 24, tzinfo=offset)
    lines = []
    for row in rows(data / "room-occupancy/room-occupancy.csv"):
        if row["time"] >= end:
            break
        nodes = [float(row[f"s{number}_temperature_cel"]) for number in (1, 2, 3, 4)]
        record = lambda value: {"n": "temperature", "u": "Cel", "v": value}
        people = [{"n": "people", "u": "count", "v": int(row["people"])}]
        # Temperatures in every second minute, people in every row.
        if row["time"].minute % 2 == 0:
            for number in (1, 3, 4):
                lines.append(message(row["time"], "room", f"node-{number}", [record(nodes[number - 1])], offset))
            lines.append(message(row["time"], "window", "node-2", [record(nodes[1])], offset))
        lines.append(message(row["time"] + timedelta(seconds=0.75), "room", "list", people, offset))
    write("room", lines)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for name in ("hottest-day", "night-of-25-hours", "room"):
        (HERE / name).mkdir(exist_ok=True)
    hottest_day(pathlib.Path(sys.argv[1]))
    night_of_25_hours(pathlib.Path(sys.argv[1]))
    room(pathlib.Path(sys.argv[1]))
