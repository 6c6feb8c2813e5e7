"""What opening-hours-py says of each value of opening-hours.txt in 2026, at every quarter hour.

usage: python3 opening_hours_py.py > opening-hours-py.jsonl      with opening-hours-py 2.1.4 from PyPI

A line for each value: the value, and the moments (Unix seconds) at which its state becomes another, with that state. The
first is the beginning of the year in Paris.
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
    changes = []
    while at < end:
        state = str(hours.state(at.astimezone(PARIS))[0]).rsplit(".", 1)[-1].lower()
        if not changes or changes[-1][1] != state:
            changes.append((int(at.timestamp()), state))
        at += timedelta(minutes=15)
    return changes


if __name__ == "__main__":
    for value in (HERE / "opening-hours.txt").read_text().splitlines():
        json.dump({"value": value, "states": states(value)}, sys.stdout, separators=(",", ":"), ensure_ascii=False)
        print()
