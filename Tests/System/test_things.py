"""SensorThings 1.1, read only: with FROST's own client, as QGIS asks, and at its borders."""

import json
import urllib.parse

import frost_sta_client as fsc
import pytest

from conftest import Broker, Gateway, get, reading, wait_for

PLACES = [
    ("cour", "Cour de l'école", "schoolyard", '"opening_hours":"2000 off","water":true'),
    ("parc", "Parc", "park", '"opening_hours":"24/7","zone":"centre","address":"1 rue d\'Ici"'),
    ("square", "Square", "garden", '"opening_hours":"24/7"'),
]


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    folder = tmp_path_factory.mktemp("things")
    broker = Broker(folder).start()
    gateway = Gateway(folder, broker.port)
    gateway.write_places(PLACES)
    gateway.write_settings(sensors="""
        { "id": "rue", "station": "rue", "fields": ["temperature"], "period_s": 60 },
        { "id": "air", "place": "parc", "fields": ["temperature", "laeq"], "period_s": 60 },
        { "id": "cour-air", "place": "cour", "fields": ["temperature"], "period_s": 60 }""")
    gateway.start().connected()
    broker.publish("tonnelle/v1/up/cour/cour-air", reading(31))
    broker.publish("tonnelle/v1/up/parc/air", json.dumps([{"n": "temperature", "u": "Cel", "v": 24.5}]))
    wait_for("the readings", lambda: "air_temperature" in gateway.place("parc") and "air_temperature" in gateway.place("cour"))
    yield gateway
    gateway.stop()
    broker.stop()


def ask(gateway, path, **options):
    query = "&".join(f"{urllib.parse.quote('$' + k)}={urllib.parse.quote_plus(v)}" for k, v in options.items())
    status, headers, body = get(gateway.url(f"/v1.1{path}{'?' + query if query else ''}"))
    assert headers["Content-Type"] == "application/json"
    return status, json.loads(body)


def ids(gateway, path, **options):
    status, answer = ask(gateway, path, **options)
    assert status == 200, answer
    return [entity["@iot.id"] for entity in answer["value"]]


def test_the_root_lists_the_eight_sets_and_each_answers(serving):
    _, root = ask(serving, "")
    assert [s["name"] for s in root["value"]] == [
        "Things", "Locations", "HistoricalLocations", "Datastreams", "Sensors", "ObservedProperties", "Observations",
        "FeaturesOfInterest"]
    assert root["serverSettings"]["conformance"]
    for set in root["value"]:
        status, _, body = get(set["url"])
        assert status == 200 and isinstance(json.loads(body)["value"], list)


def test_every_entity_is_found_by_its_own_links(serving):
    seen = set()

    def walk(url, depth=0):
        if url in seen or depth > 4:
            return
        seen.add(url)
        status, _, body = get(url)
        assert status == 200, url
        answer = json.loads(body)
        for entity in answer.get("value", [answer]):
            if "@iot.selfLink" in entity:
                assert json.loads(get(entity["@iot.selfLink"])[2])["@iot.id"] == entity["@iot.id"]
                for name, link in entity.items():
                    if name.endswith("@iot.navigationLink"):
                        walk(link, depth + 1)

    walk(serving.url("/v1.1/Things"))
    assert len(seen) > 20


def test_the_client_of_frost_reads_things_datastreams_and_observations(serving):
    service = fsc.SensorThingsService(serving.url("/v1.1"))
    things = service.things().query().count().list()
    assert things.count == 3 and [t.name for t in things] == ["Cour de l'école", "Parc", "Square"]
    paged = service.things().query().top(1).list()
    assert [t.id for t in paged] == ["cour", "parc", "square"]  # by the next links
    park = service.things().query().filter("name eq 'Parc'").expand("Datastreams").top(1).list().entities[0]
    assert {d.name for d in park.datastreams} == {"Air temperature, Parc", "Felt temperature, Parc"}
    backwards = service.things().query().orderby("name", "desc").select("id", "name").skip(1).list()
    assert [t.name for t in backwards] == ["Parc", "Cour de l'école"]
    thing = service.things().find("parc")
    assert thing.properties["kind"] == "park" and thing.properties["address"] == "1 rue d'Ici"
    datastreams = thing.get_datastreams().query().list().entities
    air = next(d for d in datastreams if d.id == "parc:air_temperature")
    assert air.unit_of_measurement.symbol == "°C"
    observations = air.get_observations().query().top(10).list().entities
    assert [o.result for o in observations][-1] == 24.5
    with pytest.raises(Exception):
        service.things().find("nobody")


@pytest.mark.parametrize("path,options,expected", [
    ("/Things", dict(filter="name eq 'Cour de l''école'"), ["cour"]),
    ("/Things", dict(filter="name ne 'Parc' and not (id eq 'square')"), ["cour"]),
    ("/Things", dict(filter="substringof('ar', name)"), ["parc", "square"]),
    ("/Things", dict(filter="startswith(name, 'S') or endswith(name,'c')"), ["parc", "square"]),
    ("/Things", dict(filter="properties/kind eq 'park'"), ["parc"]),
    ("/Things", dict(filter="properties/air_temperature gt 25"), ["cour"]),
    ("/Things", dict(filter="properties/air_temperature le 24.5"), ["parc"]),
    ("/Things", dict(filter="properties/nothing eq 1"), []),
    ("/Things", dict(orderby="name desc"), ["square", "parc", "cour"]),
    ("/Things", dict(orderby="properties/kind asc,name", top="2"), ["square", "parc"]),  # garden, park, schoolyard
    ("/Things", dict(skip="2"), ["square"]),
    ("/Locations", dict(filter="geo.intersects(location, geography'POLYGON ((4.8 45.7, 4.9 45.7, 4.9 45.8, 4.8 45.8, 4.8 45.7))')"),
     ["cour", "parc", "square"]),
    ("/Locations", dict(filter="geo.intersects(location, geography'POLYGON ((0 0, 1 0, 1 1, 0 1, 0 0))')"), []),
    ("/Locations", dict(filter="Things/name eq 'Parc'"), ["parc"]),
    ("/Datastreams", dict(filter="Thing/name eq 'Parc' and ObservedProperty/id eq 'air_temperature'"), ["parc:air_temperature"]),
    ("/Datastreams", dict(filter="unitOfMeasurement/symbol eq '°C'", top="1"), ["cour:air_temperature"]),
    ("/Datastreams", dict(filter="phenomenonTime gt 2000-01-01T00:00:00Z and Thing/id eq 'cour'", top="1"), ["cour:air_temperature"]),
    ("/Datastreams", dict(filter="phenomenonTime lt 2000-01-01T00:00:00Z"), []),
    ("/Things('parc')/Datastreams", {}, ["parc:air_temperature", "parc:felt_temperature"]),
    ("/Sensors('air_temperature')/Datastreams", {}, ["cour:air_temperature", "parc:air_temperature"]),
    ("/Datastreams('parc:air_temperature')/Observations", dict(filter="result gt 30"), []),
    ("/HistoricalLocations", {}, []),
    ("/Things", dict(filter="properties/open eq true"), ["parc", "square"]), ("/Things", dict(filter="properties/water"), ["cour"]),
    # What is not known fulfils nothing, nor does its contrary: of the square nobody knows how it feels there.
    ("/Things", dict(filter="properties/felt_class eq 'cool'"), ["parc"]),
    ("/Things", dict(filter="not (properties/felt_class eq 'cool')"), ["cour"]),
    ("/Things", dict(filter="not (properties/felt_class eq 'cool') or name eq 'Square'"), ["cour", "square"]),
    ("/Datastreams", dict(filter="phenomenonTime gt 2000-01-01T00:00:00+01:00", top="1"), ["cour:air_temperature"]),
])
def test_queries_find_what_they_say(serving, path, options, expected):
    assert ids(serving, path, **options) == expected


def test_qgis_counts_pages_and_reads_shapes(serving):
    _, answer = ask(serving, "/Locations", top="0", count="true")
    assert answer == {"@iot.count": 3, "value": []}
    _, answer = ask(serving, "/Locations", top="2", count="false", expand="Things($expand=Datastreams)")
    assert len(answer["value"]) == 2 and "@iot.count" not in answer
    assert answer["value"][1]["location"]["type"] == "Point"
    assert answer["value"][1]["Things"][0]["Datastreams"][0]["observedArea"]["type"] == "Point"
    following = json.loads(get(answer["@iot.nextLink"])[2])
    assert [e["@iot.id"] for e in following["value"]] == ["square"] and "@iot.nextLink" not in following
    assert "Datastreams" in following["value"][0]["Things"][0]  # the next page is asked for in the same way


def test_the_observations_of_all_are_listed_page_by_page(serving):
    url, seen = serving.url("/v1.1/Observations?$top=1"), []
    while url:
        answer = json.loads(get(url)[2])
        seen += [e["@iot.id"] for e in answer["value"]]
        url = answer.get("@iot.nextLink")
    # Two places measure air, and what is felt of it; no quarter of an hour has to pass.
    assert len(seen) == len(set(seen)) >= 4 and {s.rsplit(":", 1)[0] for s in seen} == {
        "cour:air_temperature", "cour:felt_temperature", "parc:air_temperature", "parc:felt_temperature"}
    assert ids(serving, "/Observations") == ids(serving, "/Observations/") == seen


def test_a_query_that_costs_too_much_is_refused(serving):
    status, answer = ask(serving, "/Things", filter=" or ".join(["name eq 'x'"] * 200))
    assert status == 200 and answer["value"] == []  # three places are nothing
    status, _ = ask(serving, "/Sensors", expand="Datastreams($expand=Sensor($expand=Datastreams($expand=Sensor($expand=Datastreams))))")
    assert status in (200, 400)


@pytest.mark.parametrize("path,status", [
    ("/Nothings", 404), ("/Things('nobody')", 404), ("/Things(1)", 404), ("/Things('parc')/Roof", 404), ("/Things('parc", 400),
    ("/Things(parc)", 400), ("/Things/Datastreams", 400), ("/Things('parc')/name", 501), ("/Things/$ref", 501),
    ("/Things?$top=-1", 400), ("/Things?$top=x", 400), ("/Things?$skip=-1", 400), ("/Things?$count=maybe", 400),
    ("/Things?top=1", 400), ("/Things?$select=roof", 400), ("/Things?$expand=Roof", 400), ("/Things?$orderby=name%20up", 400),
    ("/Things?$filter=" + "Datastreams/Thing/" * 4 + "name%20eq%20'a'", 400), ("/Things?$orderby=" + "Datastreams/Thing/" * 4 + "name", 400),
    ("/Things?$filter=", 400), ("/Things?$filter=name%20eq", 400), ("/Things?$filter=(name%20eq%20'a'", 400),
    ("/Things?$filter=name%20eq%20'a", 400), ("/Things?$filter=%2B%2B", 400), ("/Things?$filter=name%20eq%20'a'%20x", 400),
    ("/Things?$filter=" + "(" * 200 + "true" + ")" * 200, 400), ("/Things?$filter=" + "not%20" * 200 + "true", 400),
    ("/Things?$filter=round(result)%20eq%201", 501), ("/Things?$filter=result%20add%201%20eq%202", 501),
    ("/Locations?$filter=geo.intersects(location,geography'POINT(1%202)')", 501), ("/Things?$resultFormat=dataArray", 501),
    ("/Observations?$orderby=result", 501), ("/Things?$expand=" + "Locations/Things/" * 20 + "Locations", 400),
    ("/Things('parc')?$top=1", 400), ("?x=1", 400), ("/Things?$expand=Locations,Locations", 400),
    ("/Datastreams?$select=unitOfMeasurement/symbol", 501),
])
def test_what_is_outside_gets_a_sentence(serving, path, status):
    answer, headers, body = get(serving.url("/v1.1" + path))
    error = json.loads(body)
    assert answer == status == error["code"] and len(error["message"]) > 10
