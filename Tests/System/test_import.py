"""tonnelle import: real registers and rows made by hand, against what Python reads in the same files."""

import collections
import gzip
import itertools
import json

import pytest

from conftest import ROOT
from conftest import tonnelle as program

REGISTERS = ROOT / "Tests/Registers"
LYON = [REGISTERS / f"lyon-{name}.geojson.gz" for name in ("parks", "toilets", "drinking-fountains", "ornamental-fountains")]
PARIS = REGISTERS / "paris-facilities.geojson.gz"


def tonnelle(*words):
    result = program(*words)
    result.stdout, result.stderr = result.stdout.decode(), result.stderr.decode()
    return result


def features(file):
    return json.load(gzip.open(file))["features"]


def run(*words):
    result = tonnelle("import", *words)
    assert result.returncode == 0, result.stderr
    places = {feature["properties"]["id"]: feature["properties"] for feature in json.loads(result.stdout)["features"]}
    return places, result.stderr.splitlines()


def check(folder, text):
    """What tonnelle check says of imported places."""
    (folder / "places.geojson").write_text(text)
    (folder / "settings.json").write_text(json.dumps({"gateway": "g", "places": "places.geojson", "sensors": [], "city": {"id": "c", "name": "C"}}))
    return tonnelle("check", "--config", folder / "settings.json")


def collection(*rows):
    return json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [2.35, 48.85]}, "properties": row} for row in rows]})


def test_paris_as_it_is(folder):
    rows = features(PARIS)
    places, report = run("paris", PARIS)
    assert len(places) == len(rows) == 520
    # Every identifier that stands twice is said, and the second one is told apart.
    twice = [name for name, count in collections.Counter(row["properties"]["identifiant"] for row in rows).items() if count > 1]
    assert sorted(twice) == ["BR120", "MA22", "MU75"]
    assert all(f"paris-{name.lower()}" in places and f"paris-{name.lower()}-2" in places for name in twice)
    assert sum("has the same identifier" in line for line in report) == 3
    assert sum('the type "" is not known; by its name "Brumisateur' in line for line in report) == 1
    kinds = collections.Counter(place["kind"] for place in places.values())
    assert {kind: kinds[kind] for kind in ("worship", "shade", "mister", "museum", "library", "town_hall")} == {
        "worship": 125, "shade": 112, "mister": 97 + 1, "museum": 65, "library": 17, "town_hall": 19}
    # Nobody made hours of nothing, and nothing of hours.
    with_hours = {row["properties"]["identifiant"] for row in rows
                  if any(row["properties"][f"horaires_{day}"] not in (None, "-") for day in
                         ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"))}
    assert {place["id"] for place in places.values() if "opening_hours" in place} >= {f"paris-{name.lower()}" for name in with_hours - set(twice)}
    assert sum("opening_hours" in place for place in places.values()) <= len(with_hours) + 3
    assert sum("status is \"Eteint\"" in line for line in report) == 3
    result = check(folder, tonnelle("import", "paris", PARIS).stdout)
    assert result.returncode == 0 and "520 places" in result.stdout


def test_lyon_as_it_is(folder):
    places, report = run("lyon", *LYON)
    assert len(places) == len(features(LYON[0]))
    swapped = sum(row["geometry"]["coordinates"][0] > 40 for file in LYON[1:] for row in features(file))
    assert swapped == 479 + 183 == sum("put right" in line for line in report)
    contradicting = {line.split(": ")[1] for line in report if "contradict each other" in line}
    by_hand = {row["properties"]["id"] for row in features(LYON[0]) if (spec := row["properties"]["openinghoursspecification"])
               and row["properties"]["horaires"] and not (row["properties"]["horaires"].startswith("24/7") and spec[0]["opens"] == "00:00")}
    assert contradicting == by_hand and len(by_hand) == 5
    assert sum("Horaires du Planétarium" in line for line in report) == 2
    # Where the park's own row says no, a fountain in it or at its edge does.
    assert sum(place.get("water", False) for place in places.values()) > sum(
        (row["properties"]["eau"] or "").lower() == "oui" for row in features(LYON[0]))
    result = check(folder, tonnelle("import", "lyon", *LYON).stdout)
    assert result.returncode == 0 and result.stdout.count("opening_hours_also:") >= 5


def test_the_same_files_give_the_same_bytes_in_any_order():
    orders = {tonnelle("import", "lyon", *files).stdout for files in itertools.islice(itertools.permutations(LYON), 3)}
    assert len(orders) == 1


DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


@pytest.mark.parametrize("cell, rule", [
    ("10h00 - 18h00", "10:00-18:00"), ("9H30 - 17H", "09:30-17:00"), ("11:00 - 18:00", "11:00-18:00"), ("12h-19h", "12:00-19:00"),
    ("10h – 18h", "10:00-18:00"), ("10h00 -18h30", "10:00-18:30"),
    ("9h - 12h / 14h - 18h / 19h - 21h", "09:00-12:00,14:00-18:00,19:00-21:00"), ("00h00 - 23h59", "00:00-24:00"),
    ("Fermé", "off"), ("FERME", "off"), ("-", None), ("", None), (None, None),
    ("sur rendez-vous", 'unknown "sur rendez-vous"'), ("06h30 - 07h45 / 20", 'unknown "06h30 - 07h45 / 20"'), ("25h - 26h", 'unknown "25h - 26h"'),
    ("18h - 9h", 'unknown "18h - 9h"'), ("9h60 - 12h", 'unknown "9h60 - 12h"'), ('dit "le petit"', 'unknown "dit le petit"'),
])
def test_a_cell_of_paris(folder, cell, rule):
    file = folder / "paris.geojson"
    file.write_text(collection({"identifiant": "A1", "nom": "Lieu", "type": "Musée", **{f"horaires_{day}": cell for day in DAYS}}))
    hours = run("paris", file)[0]["paris-a1"].get("opening_hours")
    assert hours == (rule and f"Mo-Su {rule}")


def test_days_that_differ_and_days_of_which_nothing_is_said(folder):
    file = folder / "paris.geojson"
    week = dict(zip((f"horaires_{day}" for day in DAYS), ("Fermé", "10h - 18h", "10h - 18h", "-", "10h - 18h", "10h - 20h", None)))
    file.write_text(collection({"identifiant": "A1", "nom": "Lieu", "type": "Musée", **week}))
    places, _ = run("paris", file)
    assert places["paris-a1"]["opening_hours"] == "Mo off; Tu-We,Fr 10:00-18:00; Th,Su unknown; Sa 10:00-20:00"


@pytest.mark.parametrize("period, at, state", [
    ("du 01/05/26 au 31/08/26", "2026-08-31T12:00:00+02:00", "open"), ("du 01/05/26 au 31/08/26", "2026-04-30T12:00:00+02:00", "unknown"),
    ("Du 08 juillet au 20 août 2026", "2026-07-08T12:00:00+02:00", "open"), ("à partir du 01/02/26", "2030-01-01T12:00:00+01:00", "open"),
    ("à partir du 01/02/26", "2026-01-31T12:00:00+01:00", "unknown"), ("Horaires du parc", "2026-01-31T12:00:00+01:00", "open"),
    ("du 31/08/26 au 01/05/26", "2026-01-31T12:00:00+01:00", "open"),
])
def test_a_period_of_paris(folder, period, at, state):
    file = folder / "paris.geojson"
    file.write_text(collection({"identifiant": "A1", "nom": "Lieu", "type": "Musée", "horaires_periode": period, **{f"horaires_{day}": "10h - 18h" for day in DAYS}}))
    places, report = run("paris", file)
    assert any("period" in line or "published from" in line for line in report)
    result = tonnelle("hours", places["paris-a1"]["opening_hours"], "--at", at, "--json")
    assert json.loads(result.stdout)["state"] == state


def test_rows_of_green_spaces_that_are_doubtful(folder):
    file = folder / "paris.geojson"
    week = {f"horaires_{day}": "08h00 - 20h30" for day in DAYS}
    file.write_text(collection(
        {"nom": "Jardin sans numéro", "type": "Promenades ouvertes", **week}, {"nsq_espace_vert": 12, "nom": "Square A", "ouvert_24h": "Oui", **week},
        {"nsq_espace_vert": 13, "nom": "Square B", "ouvert_24h": "Oui"}, {"nsq_espace_vert": 14, "nom": "Parc C", "canicule_ouverture": "Oui"},
        {"nsq_espace_vert": 15}, {"nsq_espace_vert": 16, "nom": "Truc", "type": "Chose"}))
    places, report = run("paris", file)
    text = "\n".join(report)
    assert "paris-jardin-sans-numero" in places and "has no identifier" in text
    assert places["paris-12"]["opening_hours_also"] == "24/7" and "ouvert_24h is Oui" in text
    assert places["paris-13"]["opening_hours"] == "24/7" and "heatwaves" in text
    assert "15: left out: it has no name" in text and 'the type "Chose" is not known' in text
    assert report[-1].startswith("5 places; 1 left_out, 1 no_identifier, 4 kind_unknown, 1 contradiction, 1 status")
    settings = check(folder, tonnelle("import", "paris", file).stdout)
    assert 'opening_hours_also "24/7"' in settings.stdout


def test_a_status_that_contradicts_the_hours(folder):
    file = folder / "paris.geojson"
    week = {f"horaires_{day}": "10h - 18h" for day in DAYS}
    allday = {f"horaires_{day}": "00h00 - 23h59" for day in DAYS}
    file.write_text(collection(
        {"identifiant": "d-2", "nom": "Autre", "type": "Musée"}, {"identifiant": "d", "nom": "A", "type": "Musée", "statut_ouverture": "Fermé", **week},
        {"identifiant": "d", "nom": "B", "type": "Musée", "statut_ouverture": "Ouvert", **week},
        {"identifiant": "e", "nom": "C", "type": "Musée", "ouvert_24h": "Oui", "horaires_periode": "du 01/05/26 au 31/08/26", **allday},
        {"identifiant": "f", "nom": "D", "type": "Musée", "horaires_periode": "Du 1 janvier au 2 janvier 9223372036854775807", **week},
        {"identifiant": "g", "nom": "E", "type": "Musée", "horaires_periode": "à partir du 01/01/-9223372036854775808", **week}))
    places, report = run("paris", file)
    assert sorted(places) == ["paris-d", "paris-d-2", "paris-d-3", "paris-e", "paris-f", "paris-g"]
    assert places["paris-d"]["opening_hours_also"] == 'off "statut_ouverture: Fermé"'
    assert not any("opening_hours_also" in places[name] for name in ("paris-d-3", "paris-e", "paris-f"))
    assert sum("period is not understood" in line for line in report) == 2
    result = check(folder, tonnelle("import", "paris", file).stdout)
    assert result.returncode == 0 and result.stdout.count('shown as "not known"') == 1


def test_openstreetmap_from_all_its_writers(folder):
    park = {"leisure": "park", "name": "Parc", "opening_hours": "Mo-Su 08:00-20:00", "wheelchair": "limited", "toilets": "yes", "fee": "no"}
    rows = [{"@id": "way/1", **park}, {"id": "node/2", **park, "amenity": "library", "leisure": "pitch"}, {"@type": "relation", "@id": 3, **park},
            {"@id": "way/4", "leisure": "park"}, {"@id": "way/5", **park, "access": "private"}, {"@id": "node/6", "shop": "bakery", "name": "Pain"},
            {"@id": "node/7", "amenity": "drinking_water"}, {"@id": "way/8", **park, "opening_hours": "quand il fait beau"}]
    (folder / "osm.geojson").write_text(collection(*rows))
    places, report = run("osm", folder / "osm.geojson")
    assert sorted(places) == ["osm-node-2", "osm-relation-3", "osm-way-1", "osm-way-8"]
    assert places["osm-node-2"]["kind"] == "library" and places["osm-way-1"]["step_free"] == "limited"
    assert places["osm-way-1"]["water"] is True and places["osm-way-1"]["free_of_charge"] is True
    assert report[-1] == "4 places; 3 left_out, 1 hours_unreadable"
    assert check(folder, tonnelle("import", "osm", folder / "osm.geojson").stdout).returncode == 0


@pytest.mark.parametrize("words, sentence", [
    (("import",), "a KIND is expected: paris, lyon, osm"), (("import", "rome"), "a KIND is expected"), (("import", "osm"), "a FILE is expected"),
    (("import", "osm", "nowhere.geojson"), "cannot be read"),
])
def test_usage(words, sentence):
    result = tonnelle(*words)
    assert result.returncode in (1, 2) and sentence in result.stderr


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type":"FeatureCollection"}', '{"features":7}'])
def test_what_is_no_geojson_is_said(folder, text):
    (folder / "x.geojson").write_text(text)
    result = tonnelle("import", "osm", folder / "x.geojson", "--output", folder / "y.geojson")
    assert result.returncode == 1 and "x.geojson" in result.stderr and not (folder / "y.geojson").exists()


def test_rows_that_are_odd_in_every_way_lose_nothing_beside_them(folder):
    good = {"type": "Feature", "id": "way/9", "geometry": {"type": "Point", "coordinates": [4.8, 45.7]}, "properties": {"leisure": "park", "name": "P"}}
    odd = [None, 7, {}, {"type": "Feature"}, {**good, "geometry": None}, {**good, "geometry": {"type": "Point", "coordinates": ["a", 1]}},
           {**good, "geometry": {"type": "LineString", "coordinates": []}}, {**good, "properties": None}, {**good, "properties": {"leisure": 5, "name": []}},
           {**good, "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}}]
    (folder / "x.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [*odd, good]}))
    for kind, name in (("osm", "osm-way-9"), ("lyon", None), ("paris", None)):
        places, report = run(kind, folder / "x.geojson")
        assert name is None or list(places) == [name]
        assert len(report) >= len(odd)
