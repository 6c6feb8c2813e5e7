"""tonnelle hours: opening hours against opening-hours-py, La Poste's ten thousand values, and what people really type."""

import collections
import gzip
import json
import re
import subprocess
import sys
from datetime import datetime

import pytest

from conftest import ROOT, tonnelle

AUTHORITIES = ROOT / "Tests/Authorities"
TABLE = AUTHORITIES / "opening-hours-py-2.1.4.jsonl.gz"
QUARTER = 900
BEGIN = int(datetime.fromisoformat("2026-01-01T00:00:00+01:00").timestamp())
QUARTERS = 365 * 96

# Where the library and the specification differ, and why. Letters: the library's state, then ours.
DIFFERENT = {
    "Fr-Sa 20:00-26:00": ("co", "in the doubled hour a place closes at its second occurrence"),
    "Mo-Su 22:00-02:30": ("co", "in the doubled hour a place closes at its second occurrence"),
    "20:00-02:00": ("co", "in the doubled hour a place closes at its second occurrence"),
    "Th-Sa 18:00-02:00": ("co", "in the doubled hour a place closes at its second occurrence"),
    "02:30-05:00": ("co", "in the doubled hour a place opens at its first occurrence"),
    "Mo-Su 09:00-12:00 || 14:00-16:00": ("co", "|| counts instant by instant wherever the rules before it give closed"),
    'Mo-Sa 10:00-20:00 || "voir site"': ("cu ou", "|| counts instant by instant, and a comment alone is unknown"),
    '"sur rendez-vous"': ("ou", "a comment without a state is unknown"),
    'Mo-Fr 09:00-18:00; Sa "appeler avant"': ("ou", "a comment without a state is unknown"),
    'Mo-Fr 09:00-12:00 "sur rendez-vous"': ("ou", "a comment without a state is unknown"),
    "17:00+": ("cu ou", "behind an open end nobody knows: ten hours from 17:00"),
    "14:00+": ("ou", "behind an open end nobody knows: to midnight"),
    "18:00-22:00+": ("cu ou", "behind an open end nobody knows: eight hours from 22:00"),
    "PH Mo-Fr 10:00-17:00": ("oc", "a holiday and weekdays side by side must both hold"),
    "sunrise-sunset": ("co oc", "without a place the sun rises at 06:00 and sets at 18:00"),
    "22:00-06:00; Sa 10:00-12:00": ("oc", "the last rule that matches a day owns it, the evening included"),
}


def hours(*words, values=None, **options):
    result = tonnelle("hours", *words, input=None if values is None else "\n".join(values).encode(), **options)
    return result.returncode, [json.loads(line) for line in result.stdout.splitlines() if b"{" in line], result.stderr.decode()


def spread(runs):
    return "".join(letter * int(count) for letter, count in re.findall(r"([a-z])(\d+)", runs))


def quarter(text):
    """The first quarter hour of the year that is not before a moment."""
    return -(-(int(datetime.fromisoformat(text).timestamp()) - BEGIN) // QUARTER)


def test_every_quarter_hour_of_a_year_is_that_of_the_library():
    table = [json.loads(line) for line in gzip.open(TABLE, "rt", encoding="utf-8")]
    assert len(table) >= 300
    assert [row["value"] for row in table] == (AUTHORITIES / "opening-hours.txt").read_text().splitlines()
    code, lines, _ = hours("-", "--from", "2026-01-01", "--to", "2026-12-31", "--json", values=[row["value"] for row in table])
    assert code == 0
    own = [bytearray(b"?" * QUARTERS) for _ in table]
    for line in lines:
        first = max(0, quarter(line["from"]))
        last = min(QUARTERS, quarter(line["until"])) if "until" in line else QUARTERS
        own[line["line"] - 1][first:last] = line["state"][:1].encode() * (last - first)
    seen = set()
    for row, states in zip(table, own):
        library, states = spread(row["states"]), states.decode()
        assert len(library) == len(states) == QUARTERS and "?" not in states
        if library == states:
            continue
        value = row["value"]
        assert value in DIFFERENT, (value, next(place for place in range(QUARTERS) if library[place] != states[place]))
        pairs = collections.Counter(a + b for a, b in zip(library, states) if a != b)
        assert set(pairs) <= set(DIFFERENT[value][0].split()), (value, pairs)
        seen.add(value)
    assert seen == set(DIFFERENT), "an explanation explains nothing"
    # In the doubled hour nothing but that hour differs.
    assert sum("doubled hour" in why for _, why in DIFFERENT.values()) == 5


def test_the_values_of_all_post_offices_are_understood():
    values = gzip.open(AUTHORITIES / "opening-hours-laposte.txt.gz", "rt", encoding="utf-8").read().splitlines()
    assert len(values) == 10_786
    code, lines, errors = hours("-", "--at", "2026-06-03T10:00:00+02:00", "--json", values=values)
    assert (code, len(lines)) == (0, len(values)), errors[:2000]
    assert {line["state"] for line in lines} == {"open", "closed"}


# What people type into OpenStreetMap (© its contributors, ODbL): a meaning with a warning, or an error with its column.
WILD = [
    ("11am-11pm", "11:00-23:00"), ("10:00 AM - 7:00 PM", "10:00-19:00"), ("9Am-8PM", "09:00-20:00"), ("7am-7pm", "07:00-19:00"),
    ("08:00 A.M.-08:00 P.M.", "08:00-20:00"), ("7:00am to 12:00pm", "07:00-12:00"), ("7am to 10 pm", "07:00-22:00"),
    ("06:00-13:00 17:00-21:00", "06:00-13:00,17:00-21:00"), ("Mo-Fr. 8:00 - 16:00", "Mo-Fr 08:00-16:00"),
    ("Lundi-vendredi 08h15-12h00, 13h30-17h15", "Mo-Fr 08:15-12:00,13:30-17:15"),
    ("Mo. - Th. 08:30 - 11:00, We. 08:30 - 12:00", "Mo-Th 08:30-11:00, We 08:30-12:00"),
    ("SUN: 12pm-2am, MON-SAT 1pm-2am", "Su 12:00-02:00, Mo-Sa 13:00-02:00"),
   
    ("7.30-11.30 & 13.30-17", "07:30-11:30,13:30-17:00"), ("Fr. 11:00-14:00, Sa [1] 11:00-14:00", "Fr 11:00-14:00, Sa[1] 11:00-14:00"),
    ("Mon-Thur: 7am-10am, 11am-10pm; Fri: 7am-10am", "Mo-Th 07:00-10:00,11:00-22:00; Fr 07:00-10:00"),
    ("mo-fr 8-18", "Mo-Fr 08:00-18:00"), ("Lu-Ve 9h-12h et 14h-18h", "Mo-Fr 09:00-12:00,14:00-18:00"),
    ("12\\24", 3), ("Mo-Sa 1200-2300; Su 1100-2230", 7), ("Vente directe à la ferme suivant disponibilité", 1),
    ("M- Th 9:00-6:00, Fri 9:00-5:00", 1), ("Fins de Semana", 1), ("summer months", 1), ("H-P: 7:00-20:00, V: 10:00-20:00", 1),
    ("du mardi au samedi de 6h à 12h30 et de 14h à 18h", 1), ("8:30-18:30(Mo-Sa)", 12), ("+19:00; SH +20:00", 1),
    ("Mån-Fre 09:00-17:00", 1), ("Vente directe toute l'année + vente sur internet", 22), ("周一--周日 10:00-22:00", 1),
    ("09,00 as 18,00 Horas", 3), ("Monday: 9:30-5:00 Tuesday: 9:30-7:00 Wensday: 9:30-%:00", 52), ("未確認", 1), ("every day", 1),
    ("7j/7 08:00-22:00", 2), ("Mo closed' Tu-Th 09:00-18:00", 10), ("Пн-Пт 9:00 - 18:00", 1), ("Mo We Fr 08:00-19:00", 4),
]


@pytest.mark.parametrize("value, meant", WILD)
def test_what_people_type(value, meant):
    code, lines, errors = hours(value, "--from", "2026-06-01", "--to", "2026-06-14", "--json")
    if isinstance(meant, int):
        assert (code, lines) == (1, []) and f"column {meant}: " in errors
        assert errors.splitlines()[:2] == [value, " " * (meant - 1) + "^"]
    else:
        assert code == 0 and "warning: column " in errors
        assert (0, lines, "") == hours(meant, "--from", "2026-06-01", "--to", "2026-06-14", "--json")


def test_lines_for_people_and_for_programs():
    week = ("Mo-Fr 09:00-12:00; We \"guichet fermé\"", "--from", "2026-03-30", "--to", "2026-04-01")
    result = tonnelle("hours", *week, env={"TZ": "Pacific/Auckland"})
    assert result.stdout.decode().splitlines() == [
        "2026-03-30T00:00:00+02:00  closed, until 2026-03-30T09:00:00+02:00",
        "2026-03-30T09:00:00+02:00  open, until 2026-03-30T12:00:00+02:00",
        "2026-03-30T12:00:00+02:00  closed, until 2026-03-31T09:00:00+02:00",
        "2026-03-31T09:00:00+02:00  open, until 2026-03-31T12:00:00+02:00",
        "2026-03-31T12:00:00+02:00  closed, until 2026-04-01T00:00:00+02:00",
        '2026-04-01T00:00:00+02:00  unknown, "guichet fermé", until 2026-04-02T00:00:00+02:00',
    ]
    _, lines, _ = hours("24/7", "--at", "2026-06-03T08:00:00Z", "--json")
    assert lines == [{"from": "2026-06-03T10:00:00+02:00", "state": "open"}]
    _, lines, _ = hours("sunrise-sunset", "--position", "48.8566,2.3522", "--at", "2026-06-21T12:00:00+02:00", "--json")
    assert abs((datetime.fromisoformat(lines[0]["until"]) - datetime.fromisoformat("2026-06-21T21:57:00+02:00")).total_seconds()) <= 60


@pytest.mark.parametrize("words, why", [
    ((), "one VALUE is expected"), (("24/7", "24/7"), "one VALUE is expected"), (("24/7", "--to", "2026-01-01"), "--to needs --from"),
    (("24/7", "--from", "2026-01-02", "--to", "2026-01-01"), "--to lies before --from"), (("24/7", "--at", "noon"), "--at takes a time"),
    (("24/7", "--from", "2026-02-30"), "--from takes a day"), (("24/7", "--position", "91,0"), "--position takes LAT,LON"),
    (("24/7", "--place", "parc"), "--place needs --config"), (("24/7", "--from", "1900-01-01", "--to", "2026-01-01"), "at most thirty years"),
])
def test_wrong_words_are_explained(words, why):
    result = tonnelle("hours", *words)
    assert result.returncode == 2 and why in result.stderr.decode()


def test_the_place_of_a_configuration(folder):
    (folder / "places.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [7.75, 48.58]}, "properties": {
            "id": "ecole", "name": "École", "kind": "schoolyard", "school_zone": "B", "opening_hours": "SH Mo-Fr 09:00-18:00; PH off"}}]}))
    settings = folder / "settings.json"
    settings.write_text(json.dumps({
        "gateway": "g", "places": "places.geojson", "sensors": [], "city": {
            "id": "strasbourg", "name": "Strasbourg", "public_holidays": "alsace-moselle", "school_holidays": [
                {"zone": "B", "from": "2026-04-04", "to": "2026-04-20"}, {"zone": "B", "from": "2026-07-04", "to": "2026-08-31"}]}}))
    ask = ("--config", settings, "--place", "ecole", "--json", "--at")
    assert [hours(*ask, f"2026-{day}T10:00:00+02:00")[1][0]["state"] for day in ("07-15", "07-14", "06-10")] == ["open", "closed", "closed"]
    assert hours(*ask, "2026-09-01T10:00:00+02:00")[1][0]["state"] == "unknown"  # nobody has said
    assert hours("PH open", "--config", settings, "--json", "--at", "2026-12-26T10:00:00+01:00")[1][0]["state"] == "open"
    assert hours("PH open", "--json", "--at", "2026-12-26T10:00:00+01:00")[1][0]["state"] == "closed"


# Each table with the program that computes it and what that needs from PyPI. MetPy and its kin need some 700 MB.
TABLES = [
    (TABLE, "opening_hours_py.py", ["opening-hours-py==2.1.4"]),
    (AUTHORITIES / "thermal.jsonl", "thermal.py", ["metpy==1.7.1", "pythermalcomfort==4.8.1", "thermofeel==2.3.0"]),
    (AUTHORITIES / "programmes.jsonl", "programmes.py", ["icalendar==7.3.0", "recurring-ical-events==3.8.2"]),
    (AUTHORITIES / "distances.jsonl", "distances.py", ["pyproj==3.7.2", "shapely==2.2.0"]),
]


@pytest.mark.acceptance
@pytest.mark.parametrize("table, script, packages", TABLES, ids=[script for _, script, _ in TABLES])
def test_the_tables_of_the_authorities_are_computed_anew(tmp_path, table, script, packages):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    subprocess.run([tmp_path / "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True)
    result = subprocess.run([tmp_path / "venv/bin/python", AUTHORITIES / script], capture_output=True, check=True)
    assert result.stdout == (gzip.open(table).read() if table.suffix == ".gz" else table.read_bytes())
