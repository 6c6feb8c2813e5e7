"""What recurring-ical-events says of the slots of some calendars in 2026.

usage: python3 programmes.py > programmes.jsonl      with recurring-ical-events and icalendar from PyPI

A line for each calendar of one event: its lines, and each slot in Paris as its beginning in minutes since 1970 and its length. The rules are made of a
table of parts, a few by hand; a rule without any slot in 2026 is left out,
and so is a day as the end of something that has a time, which the standard does not know.
"""

import datetime
import itertools
import json
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from dateutil.rrule import rrulestr

PARIS = ZoneInfo("Europe/Paris")
DAY = ["FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=DAILY;BYDAY=MO,WE,FR", "FREQ=DAILY;BYMONTH=7,8", "FREQ=DAILY;BYMONTHDAY=1,15,-1"]
WEEK = ["FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=WEEKLY;BYDAY=TU,TH,SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=SU",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=MO", "FREQ=WEEKLY;INTERVAL=5;BYDAY=SA", "FREQ=WEEKLY;BYMONTH=6,9;BYDAY=WE"]
MONTH = ["FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=2", "FREQ=MONTHLY;BYDAY=1TU", "FREQ=MONTHLY;BYDAY=-1FR,2SU", "FREQ=MONTHLY;BYMONTHDAY=31",
         "FREQ=MONTHLY;BYMONTHDAY=-2,10", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "FREQ=MONTHLY;BYDAY=SA", "FREQ=MONTHLY;BYMONTH=1,5;BYDAY=5WE"]
YEAR = ["FREQ=YEARLY", "FREQ=YEARLY;INTERVAL=2", "FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29,28"]
ENDS = ["", ";COUNT=7", ";UNTIL=20260630", ";UNTIL=20260915T160000Z"]
STARTS = [
    ["DTSTART;TZID=Europe/Paris:20260106T180000", "DTEND;TZID=Europe/Paris:20260106T200000"],
    ["DTSTART;TZID=Europe/Paris:20251130T220000", "DURATION:PT5H"],
    ["DTSTART;VALUE=DATE:20240229", "DTEND;VALUE=DATE:20240302"],
    ["DTSTART:20260131T230000Z", "DTEND:20260201T010000Z"],
]
BY_HAND = [
    ["DTSTART;TZID=Europe/Paris:20260302T090000", "DTEND;TZID=Europe/Paris:20260302T120000", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU",
     "EXDATE;TZID=Europe/Paris:20260309T090000,20260310T090000", "RDATE;TZID=Europe/Paris:20260313T090000"],
    ["DTSTART;TZID=Europe/Paris:20260501T140000", "DTEND;TZID=Europe/Paris:20260503T100000"],
    ["DTSTART;VALUE=DATE:20260714"],
    ["DTSTART;TZID=Europe/Paris:20260328T233000", "DTEND;TZID=Europe/Paris:20260329T043000", "RRULE:FREQ=DAILY;COUNT=3"],
    ["DTSTART;TZID=Europe/Paris:20261024T233000", "DTEND;TZID=Europe/Paris:20261025T043000", "RRULE:FREQ=DAILY;COUNT=3"],
]


def minutes(time):
    if not isinstance(time, datetime.datetime):
        time = datetime.datetime.combine(time, datetime.time(), PARIS)
    return int(time.timestamp()) // 60


def slots(lines):
    body = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", "BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT", "END:VCALENDAR"]
    calendar = icalendar.Calendar.from_ical("\r\n".join(body) + "\r\n")
    year = recurring_ical_events.of(calendar).between(datetime.datetime(2026, 1, 1, tzinfo=PARIS), datetime.datetime(2027, 1, 1, tzinfo=PARIS))
    found = sorted((minutes(event.start), minutes(event.end)) for event in year)
    return " ".join(f"{start}+{end - start}" for start, end in found)


def synchronised(lines):
    """Whether the rule names the first day: if not, RFC 5545 leaves open what happens."""
    start = lines[0].split(":")[1]
    first = datetime.datetime.strptime(start[:8], "%Y%m%d").date()
    rule = next((line[6:].split(";UNTIL")[0].split(";COUNT")[0] for line in lines if line.startswith("RRULE")), None)
    return rule is None or next(iter(rrulestr(rule, dtstart=datetime.datetime.combine(first, datetime.time())))).date() == first


if __name__ == "__main__":
    made = [[*start, f"RRULE:{rule}{end}"] for start, rule, end in itertools.product(STARTS, DAY + WEEK + MONTH + YEAR, ENDS)]
    for lines in [*BY_HAND, *made]:
        of_day, until_day = "DATE:" in lines[0], lines[-1].endswith("UNTIL=20260630")
        if (of_day or not until_day) and synchronised(lines) and (found := slots(lines)):
            print(json.dumps({"lines": lines, "slots": found}))
