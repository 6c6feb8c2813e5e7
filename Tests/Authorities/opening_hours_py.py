"""What opening-hours-py says of each value of opening-hours.txt in 2026, at every quarter hour.

usage: python3 opening_hours_py.py > opening-hours-py-2.1.4.jsonl      with opening-hours-py 2.1.4 from PyPI

A line for each value: the value, and its states from the beginning of the year in Paris on: o open, c closed, u unknown,
each followed by how many quarter hours it lasts.
"""

import json
import pathlib
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours

HERE = pathlib.Path(__file__).resolve().parent
PARIS = ZoneInfo("Europe/Paris")


def states(value):
    hours = OpeningHours(value, country="FR", timezone=PARIS)
    at, end = (datetime(year, 1, 1, tzinfo=PARIS).astimezone(timezone.utc) for year in (2026, 2027))
    runs = []
    while at < end:
        letter = str(hours.state(at.astimezone(PARIS))[0]).rsplit(".", 1)[-1][0].lower()
        if not runs or runs[-1][0] != letter:
            runs.append([letter, 0])
        runs[-1][1] += 1
        at += timedelta(minutes=15)
    return "".join(f"{letter}{count}" for letter, count in runs)


if __name__ == "__main__":
    for value in (HERE / "opening-hours.txt").read_text().splitlines():
        json.dump({"value": value, "states": states(value)}, sys.stdout, separators=(",", ":"), ensure_ascii=False)
        print()
