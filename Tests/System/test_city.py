"""What the people on duty ask of a city: who has a place in reach, how much room there is, what sensors are worth, how hot it was."""

import json
from datetime import datetime, timedelta

import pytest

from conftest import get, tonnelle, wait_for

DOOR = '{"id":"porte","place":"biblio","fields":["in_total","out_total"],"period_s":600}'
AIR = '{"id":"air","place":"parc","fields":["temperature"],"period_s":600},{"id":"rue","station":"rue","fields":["temperature"],"period_s":600}'


def calendar(*lines):
    return "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT", "END:VCALENDAR"])


@pytest.fixture
def city(gateway):
    """A city whose places lie apart, with people around them and a slot all day long."""
    today = datetime.now().strftime("%Y%m%d")
    (gateway.folder / "semaine.ics").write_text(calendar(f"DTSTART;VALUE=DATE:{today}", "RRULE:FREQ=DAILY", "X-TONNELLE-ROOM:60"))
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [x, 45.75]}, "properties": properties} for x, properties in (
            (4.85, {"id": "parc", "name": "Parc", "kind": "park", "opening_hours": "24/7", "zone": "centre"}),
            (4.88, {"id": "biblio", "name": "Bibliothèque", "kind": "library", "opening_hours": "24/7", "capacity": 100, "programme": "semaine.ics"}),
            (4.91, {"id": "refuge", "name": "Refuge", "kind": "other", "opening_hours": "24/7", "refuge_from_level": 3}))]
    (gateway.folder / "places.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    # 100 people beside the park, 200 at 500 m from the library, 400 at 200 m from the refuge, and a row that says nothing.
    (gateway.folder / "carreaux.csv").write_text(
        "people,longitude,latitude,weight\n100,4.8501,45.75,1\n200,4.8864,45.75,2\n400,4.9126,45.75,1.5\nabc,4.9,45.75,1\n")
    gateway.write_settings(extra='"population":"carreaux.csv","city":{"id":"ville","name":"Ville","departement":"69","heat_station":"rue"},',
                           sensors=f"{DOOR},{AIR}")
    text = gateway.settings.read_text().replace('"city": { "id": "ville", "name": "Ville", "time_zone": "Europe/Paris" },', "")
    gateway.settings.write_text(text)
    yield gateway.start().connected()


def scenarios(city):
    return {s["name"]: s for s in json.loads(city.operators("/api/coverage"))["scenarios"]}


def test_who_has_a_place_in_reach(city):
    # The first quarter of an hour is worked out at the start.
    found = wait_for("coverage", lambda: scenarios(city))
    within = {name: [band["people"] for band in s["within"]] for name, s in found.items()}
    assert within["now"] == [0, 0, 0, 0]  # nothing is measured yet
    assert within["now_unmeasured_too"] == [0, 0, 200, 200]  # the park has sensors that say nothing, the refuge is closed
    assert within["level_1"] == [100, 100, 300, 300] and within["level_3"] == [500, 500, 700, 700]
    assert [band["weighted"] for band in found["level_3"]["within"]] == [700, 700, 1100, 1100]
    assert found["level_1"]["opening_would_gain"] == [{"place": "refuge", "people": 400}]
    check = tonnelle("check", "--config", city.settings)
    assert b"carreaux.csv:5:1: warning: left out" in check.stdout + check.stderr
    assert json.loads(city.operators("/api/coverage"))["people"] == 700


def test_room_now_and_in_the_coming_slots(broker, city):
    for total in (0, 18):
        broker.publish("tonnelle/v1/up/biblio/porte", json.dumps([{"n": "in_total", "v": total}, {"n": "out_total", "v": 0}]))
    room = wait_for("the room", lambda: (answer := json.loads(city.operators("/api/room")))["places"][0]["people"] == 18 and answer)
    (library,) = room["places"]
    # 100 fit in, the slot takes 60, 18 are there, and the count may be wrong by one.
    assert library["free"] == room["free"] == 100 - 60 - 18 - 1
    assert library["slots"][0]["effect"] == "takes_room" and library["slots"][0]["capacity_left"] == 40
    about = json.loads(broker.retained("tonnelle/v1/places/biblio/about"))
    assert about["programme"][0]["capacity_left"] == 40
    # Nothing that depends on how many there are now.
    assert all(set(slot) == {"from", "until", "effect", "capacity_left"} for slot in about["programme"])


def test_what_sensors_are_worth_and_how_hot_it_was(broker, city):
    for celsius in (30, 12, 30.5):
        broker.publish("tonnelle/v1/up/parc/air", json.dumps([{"n": "temperature", "v": celsius}]))
        wait_for("the reading", lambda: json.loads(city.operators("/api/sensors")))
    wait_for("the spike", lambda: city.ledger().get("refused_spike") == 1)
    assert city.ledger()["balanced"]
    sensors = {s["id"]: s for s in json.loads(city.operators("/api/sensors"))}
    assert set(sensors) == {"air", "porte", "rue"} and sensors["air"]["place"] == "parc" and "place" not in sensors["rue"]
    assert sensors["air"]["quality"]["temperature"]["flag"] in (1, 9) and sensors["rue"]["quality"]["temperature"]["flag"] == 9
    heat = json.loads(city.operators("/api/heat"))
    assert heat["sources"] == [] and heat["observed"]["minima"] == [None] * 3
    assert heat["observed"]["thresholds"]["minimum"] == 20 and heat["observed"]["thresholds"]["maximum"] == 34
    assert "colinlenoble" in heat["observed"]["thresholds"]["source"]


def test_without_a_population_coverage_says_what_is_missing(gateway):
    gateway.start()
    status, _, body = get(f"http://127.0.0.1:{gateway.operator_port}/api/coverage", {"Authorization": f"Bearer {gateway.token}"})
    assert status == 404 and b"population" in body


@pytest.mark.parametrize("name, text, sentence", [
    ("carreaux.csv", "a,b\n1,2\n", "columns longitude, latitude and people were expected"), ("carreaux.csv", None, "cannot be read"),
    ("carreaux.csv", '{"features":[{"geometry":null}]}', "left out"), ("carreaux.csv", '{"type":"Feature"}', "says of nobody where they live"),
    ("carreaux.csv", "people,longitude,latitude,weight\n1,4.8,45.7,high\n2,4.8,45.7,\n", "carreaux.csv:2:1: warning: left out"),
    ("carreaux.csv", "\ufeffid,,people,longitude,latitude\n1,,5,4.8,45.7\n", "no errors"), ("semaine.ics", "PK", "BEGIN:VCALENDAR was expected"),
    ("semaine.ics", None, "cannot be read"), ("semaine.ics", calendar("DTSTART:20260714", "RRULE:FREQ=HOURLY"), "event left out"),
    ("semaine.ics", calendar("DTSTART:20260714T100000Z", "DURATION:P" + "999999W" * 2000), "event left out"),
], ids=lambda value: str(value)[:30])
def test_files_that_cannot_be_read_are_said_by_name(city, name, text, sentence):
    if text is None:
        (city.folder / name).unlink()
    else:
        (city.folder / name).write_text(text)
    result = tonnelle("check", "--config", city.settings)
    output = (result.stdout + result.stderr).decode()
    assert sentence in output and (name in output or sentence == "no errors")
