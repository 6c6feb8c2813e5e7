"""OGC API - Features: what GIS programs and everyone who writes their own may rely on."""

import csv
import html
import io
import json
import pathlib
import re
import subprocess
import sys
import urllib.parse

import jsonschema
import pytest

from conftest import Broker, Gateway, get, reading, wait_for

ITEMS = "/collections/cool-spots/items"
GEOJSON = {"Accept": "application/geo+json"}
KINDS = ["park", "garden", "library", "museum"]
OPEN = "24/7"
CLOSED = "2000 off"  # no hour of any other year either


def city(count):
    """Places in a row from west to east, one every hundredth of a degree; what each is follows from its number."""
    features = []
    for n in range(count):
        x, y = round(4.8 + n * 0.01, 7), 45.7
        geometry = {"type": "Point", "coordinates": [x, y]}
        if n % 5 == 0:  # an L: its box holds a corner that it does not
            s = 0.004
            ring = [[0, 0], [s, 0], [s, s / 4], [s / 4, s / 4], [s / 4, s], [0, s], [0, 0]]
            geometry = {"type": "Polygon", "coordinates": [[[round(x + a, 7), round(y + b, 7)] for a, b in ring]]}
        properties = {
            # A quote with an accent on it is one character to some, and a quote to HTML and CSV.
            "id": f"lieu-{n:03d}", "name": f"Lieu {n}, dit \"le {n}\"\u0301", "kind": KINDS[n % 4],
            "opening_hours": OPEN if n % 3 else CLOSED}
        if n % 2:
            properties["water"] = n % 4 == 1
        if n % 7 == 0:
            properties["step_free"] = ["yes", "limited", "no"][n // 7 % 3]
        features.append({"type": "Feature", "geometry": geometry, "properties": properties})
    return {"type": "FeatureCollection", "features": features}


COUNT = 60
IDS = [f"lieu-{n:03d}" for n in range(COUNT)]


def ids_where(condition):
    return [IDS[n] for n in range(COUNT) if condition(n)]


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    folder = tmp_path_factory.mktemp("features")
    broker = Broker(folder).start()
    gateway = Gateway(folder, broker.port)
    (folder / "places.geojson").write_text(json.dumps(city(COUNT)))
    gateway.write_settings(
        sensors='{ "id": "air", "place": "lieu-001", "fields": ["temperature"], "period_s": 60 }, '
                '{ "id": "rue", "station": "rue", "fields": ["temperature"], "period_s": 60 }',
        city='"licence": { "name": "Licence Ouverte 2.0", "url": "https://www.etalab.gouv.fr/licence-ouverte-open-licence/" }')
    gateway.start().connected()
    broker.publish("tonnelle/v1/up/lieu-001/air", reading(24))
    wait_for("the reading", lambda: "air_temperature" in gateway.place("lieu-001"))
    yield gateway
    gateway.stop()
    broker.stop()


def answer(gateway, path, headers=GEOJSON):
    status, got, body = get(gateway.url(path), headers)
    assert status == 200, (path, body)
    return json.loads(body)


def found(gateway, query, limit=1000):
    collection = answer(gateway, f"{ITEMS}?{query}&limit={limit}" if query else f"{ITEMS}?limit={limit}")
    ids = [f["id"] for f in collection["features"]]
    assert collection["numberReturned"] == len(ids)
    return ids


def test_the_documents_lead_to_each_other(serving):
    landing = answer(serving, "/", {"Accept": "application/json"})
    links = {link["rel"]: link for link in landing["links"]}
    assert links["service-desc"]["type"] == "application/vnd.oai.openapi+json;version=3.0"
    assert links["data"]["type"] == "application/json" and links["conformance"]["type"] == "application/json"
    assert links["license"]["href"].startswith("https://www.etalab.gouv.fr/")
    conforms = json.loads(get(links["conformance"]["href"], {"Accept": "*/*"})[2])["conformsTo"]
    assert {c.rsplit("/", 1)[1] for c in conforms} == {"core", "geojson", "oas30", "html"}
    collections = json.loads(get(links["data"]["href"])[2])
    collection = answer(serving, "/collections/cool-spots")
    assert collections["collections"] == [collection]
    assert {link["rel"] for link in collection["links"]} >= {"self", "items", "license"}
    west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
    for feature in answer(serving, ITEMS)["features"]:
        for x, y in points(feature["geometry"]):
            assert west <= x <= east and south <= y <= north
    assert collection["extent"]["temporal"]["interval"][0][1] is None
    # Each link of these documents leads somewhere, in the form that it says.
    for link in landing["links"] + collection["links"]:
        if "127.0.0.1" in link["href"]:
            status, headers, _ = get(link["href"], {"Accept": link["type"]})
            assert status == 200 and headers["Content-Type"].split(";")[0] == link["type"].split(";")[0], link


def points(geometry):
    return [geometry["coordinates"]] if geometry["type"] == "Point" else geometry["coordinates"][0]


@pytest.mark.parametrize("query,condition", [
    ("", lambda n: True),
    ("open=true", lambda n: n % 3), ("open=1", lambda n: n % 3), ("open=false", lambda n: n % 3 == 0),
    ("kind=library", lambda n: n % 4 == 2), ("kind=mall", lambda n: False),
    ("kind=park&open=true", lambda n: n % 4 == 0 and n % 3),
    ("water=true", lambda n: n % 4 == 1), ("water=false", lambda n: n % 4 == 3),  # unknown is neither
    ("accessible=true", lambda n: n % 7 == 0 and n // 7 % 3 == 0), ("step_free=limited", lambda n: n % 7 == 0 and n // 7 % 3 == 1),
    ("measured=true", lambda n: n == 1), ("available=true", lambda n: n % 3), ("availability=closed", lambda n: n % 3 == 0),
    ("open_at=23:00", lambda n: n % 3),
    ("bbox=4.795,45.6,4.865,45.8", lambda n: n <= 6), ("bbox=4.795,45.6,-10,4.865,45.8,900", lambda n: n <= 6),
    ("bbox=4.81,45.7,4.81,45.7", lambda n: n == 1),  # a point on a point
    ("bbox=4.8015,45.7015,4.8039,45.7039", lambda n: False),  # in the box of the L, beside the L
    ("bbox=4.8001,45.7001,4.8002,45.7002", lambda n: n == 0),  # within the L
    ("bbox=4.799,45.7005,4.806,45.7006", lambda n: n == 0),  # across it, no corner in either
    ("bbox=170,-90,4.805,90", lambda n: n == 0),  # across the antimeridian
    ("bbox=5.395,0,-170,90", lambda n: False), ("bbox=5.38,0,-170,90", lambda n: n >= 58),
    ("datetime=2000-01-01T00:00:00Z", lambda n: False), ("datetime=../2000-01-01T00:00:00Z", lambda n: False),
    ("datetime=2000-01-01T00:00:00Z/..", lambda n: True), ("datetime=../..", lambda n: True), ("datetime=/", lambda n: True),
    ("datetime=2999-01-01T00:00:00Z/", lambda n: False),
    ("datetime=2000-01-01T00:00:00+01:00/..", lambda n: True), ("datetime=2000-01-01T00:00:00%2B01:00/..", lambda n: True),
])
def test_filters_find_what_they_say(serving, query, condition):
    assert found(serving, query) == ids_where(condition)


def test_near_comes_the_best_first_and_no_farther_than_asked(serving):
    # A hundredth of a degree of longitude is 777 m at 45.7 degrees north.
    near = found(serving, "near=4.81,45.7&open=true&radius=2000")
    assert near == ["lieu-001", "lieu-002"] or near == ["lieu-002", "lieu-001"]
    assert set(found(serving, "near=4.81,45.7&radius=2000")) == {"lieu-000", "lieu-001", "lieu-002", "lieu-003"}
    everything = found(serving, "near=4.81,45.7")
    assert sorted(everything) == IDS and everything[0] == "lieu-001"


@pytest.mark.parametrize("query", [
    "limit=0", "limit=-1", "limit=ten", "limit=1.5", "limit=", "offset=-1", "offset=x", "colour=red", "Open=true",
    "open=yes", "open=", "kind=castle", "kind=", "bbox=1,2,3", "bbox=1,2,3,4,5", "bbox=a,b,c,d", "bbox=", "bbox=1,2,nan,4",
    "bbox=4,46,5,45", "datetime=yesterday", "datetime=2026-02-30T00:00:00Z", "datetime=2026-07-18",
    "datetime=2027-01-01T00:00:00Z/2026-01-01T00:00:00Z", "datetime=a/b/c", "near=4.8", "near=181,45", "near=4,91", "near=a,b",
    "radius=100", "near=4.8,45.7&radius=0", "near=4.8,45.7&radius=-5", "near=4.8,45.7&radius=inf", "open_at=25:00",
    "open_at=noon", "open_at=2001-01-01T12:00:00Z", "open_at=2999-01-01T12:00:00+02:00", "f=xml", "f=", "open=true&open=false", "limit=1&limit=2",
])
def test_a_bad_question_is_400_with_a_sentence(serving, query):
    status, headers, body = get(serving.url(f"{ITEMS}?{query}"), GEOJSON)
    assert status == 400 and headers["Content-Type"] == "application/problem+json"
    assert len(json.loads(body)["detail"]) > 10


@pytest.mark.parametrize("path", ["/api", "/conformance", "/collections", "/collections/cool-spots", ITEMS + "/lieu-001"])
def test_every_document_refuses_what_it_does_not_know(serving, path):
    assert get(serving.url(path + "?x=1"), GEOJSON)[0] == 400
    assert get(serving.url(path + "?f=csv"), GEOJSON)[0] == 400
    status, headers, body = get(serving.url(path + "?f=html"))
    assert status == 200 and headers["Content-Type"].startswith("text/html") and b"</html>" in body
    # Every address that the page offers is one that answers.
    for link in set(re.findall(rb'href="(/[^"]*)"', body)):
        assert get(serving.url(html.unescape(link.decode())), {"Accept": "text/html"})[0] == 200, link


def test_a_limit_above_the_maximum_is_as_good_as_that(serving):
    for limit in (10_001, 10**30):
        assert answer(serving, f"{ITEMS}?limit={limit}")["numberReturned"] == COUNT


@pytest.mark.parametrize("query", ["", "open=true", "water=true", "bbox=4.795,45.6,5.005,45.8", "near=4.95,45.7", "kind=mall"])
@pytest.mark.parametrize("limit", [1, 7, 1000])
def test_pages_follow_each_other_to_the_end(serving, query, limit):
    url, pages, ids = serving.url(f"{ITEMS}?{query}{'&' if query else ''}limit={limit}"), 0, []
    matched = None
    while url:
        collection = json.loads(get(url, GEOJSON)[2])
        ids += [f["id"] for f in collection["features"]]
        matched = matched or collection["numberMatched"]
        pages += 1
        links = {link["rel"]: link["href"] for link in collection["links"]}
        url = links.get("next")
        assert (url is None) == (len(ids) >= collection["numberMatched"])
        for name, value in urllib.parse.parse_qsl(query):
            assert url is None or (name, value) in urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query)
        if pages > 1:
            assert "prev" in links
    assert ids == found(serving, query) and len(ids) == len(set(ids)) == matched
    assert pages == max(1, -(-matched // limit))


def test_a_feature_has_its_links_and_the_table_says_the_same(serving):
    feature = answer(serving, ITEMS + "/lieu-001")
    assert {link["rel"] for link in feature["links"]} == {"self", "alternate", "collection"}
    rows = list(csv.DictReader(io.StringIO(get(serving.url(ITEMS + "?f=csv"))[2].decode())))
    features = answer(serving, ITEMS)["features"]
    assert [row["id"] for row in rows] == IDS == [f["id"] for f in features]
    for row, feature in zip(rows, features):
        for name, value in feature["properties"].items():
            text = {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
            assert row[name] == text or float(row[name]) == float(text)
        assert {name for name, value in row.items() if value} - {"id", "longitude", "latitude"} == set(feature["properties"]) - (
            {"reasons"} if not feature["properties"]["reasons"] else set())


def test_the_description_describes_what_is_answered(serving):
    description = answer(serving, "/api", {"Accept": "application/vnd.oai.openapi+json;version=3.0, application/json"})
    assert description["openapi"].startswith("3.0") and description["info"]["license"]["name"] == "Licence Ouverte 2.0"
    parameters = description["components"]["parameters"]
    described = {parameters[p["$ref"].rsplit("/", 1)[1]]["name"] for p in description["paths"][ITEMS]["get"]["parameters"]}
    refusal = json.loads(get(serving.url(f"{ITEMS}?colour=1"), GEOJSON)[2])["detail"]
    assert described == set(refusal.split("known here: ")[1].split(", "))
    schemas = json.dumps(description["components"]["schemas"]).replace("#/components/schemas/", "#/definitions/")
    schema = {"definitions": json.loads(schemas), "$ref": "#/definitions/featureCollection"}
    collection = answer(serving, ITEMS)
    jsonschema.validate(collection, schema)
    known = set(description["components"]["schemas"]["feature"]["properties"]["properties"]["properties"])
    for feature in collection["features"]:
        assert set(feature["properties"]) <= known
    # A schema that takes anything would prove nothing.
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**collection, "numberMatched": "many"}, schema)


def test_the_form_is_negotiated(serving):
    for accept, form in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"), ("*/*", "application/geo+json"),
            ("application/geo+json, application/json", "application/geo+json"), ("text/csv", "text/csv"),
            ("application/json, text/html", "application/geo+json")]:
        assert get(serving.url(ITEMS), {"Accept": accept})[1]["Content-Type"].startswith(form), accept
    tag = get(serving.url(ITEMS), GEOJSON)[1]["ETag"]
    assert get(serving.url(ITEMS), {**GEOJSON, "If-None-Match": tag})[0] == 304
    assert get(serving.url(ITEMS), {**GEOJSON})[1]["Access-Control-Allow-Origin"] == "*"


def test_what_qgis_asks_for_is_answered(serving):
    """The requests of QGIS 3.22, in its order."""
    for path, accept in [
            ("/", "application/json"), ("/api", "application/vnd.oai.openapi+json;version=3.0, application/json"),
            ("/collections/cool-spots", "application/json"), (f"{ITEMS}?limit=10", "application/geo+json, application/json"),
            (f"{ITEMS}?limit=1000&bbox=4.8,45.6,5,45.8", "application/geo+json, application/json")]:
        status, headers, body = get(serving.url(path), {"Accept": accept, "User-Agent": "Mozilla/5.0 QGIS/32216"})
        assert status == 200 and "json" in headers["Content-Type"], path
        assert json.loads(body)


@pytest.mark.parametrize("options,count", [
    ([], COUNT), (["-spat", "4.795", "45.6", "4.865", "45.8"], 7), (["-where", "open = 1"], len(ids_where(lambda n: n % 3))),
    (["-where", "kind = 'library'"], 15), (["-oo", "PAGE_SIZE=7", "-where", "water = 1"], 15),
])
def test_gdal_reads_the_places(serving, options, count):
    result = subprocess.run(
        ["ogrinfo", "-so", *options, f"OAPIF:{serving.url('')}", "cool-spots"], capture_output=True, text=True, timeout=60)
    assert f"Feature Count: {count}\n" in result.stdout, result.stdout + result.stderr
    assert "air_temperature: Real" in result.stdout


def test_links_follow_the_name_under_which_one_came_but_believe_nobody(serving):
    def first_link(headers):
        return json.loads(get(serving.url("/"), {"Accept": "application/json", **headers})[2])["links"][0]["href"]
    assert first_link({"Host": "fraicheur.example.org"}) == "http://fraicheur.example.org/?f=json"
    assert first_link({"Host": "evil\"><script>"}) == "/?f=json"
    # No proxy is trusted here.
    assert "evil" not in first_link({"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"})


def test_the_examples_for_re_users_run_as_printed(serving):
    page = get(serving.url("/data?lang=en"), {"Accept": "text/html"})[2].decode()
    curl, python, script = [html.unescape(code) for code in re.findall(r"<code>(.*?)</code>", page, re.S)]
    result = subprocess.run(["bash", "-c", curl], capture_output=True, timeout=30)
    assert [f["id"] for f in json.loads(result.stdout)["features"]] == ["lieu-001"]
    result = subprocess.run([sys.executable, "-c", python], capture_output=True, text=True, timeout=30)
    assert len(result.stdout.splitlines()) == 5 and "available" in result.stdout, result.stderr
    assert "EventSource" in script  # run in a browser by test_pages


@pytest.mark.acceptance
def test_clients_schemathesis_finds_nothing(serving):
    """At least 2,000 cases made from the API's own description: no server error, nothing outside it."""
    result = subprocess.run(
        [pathlib.Path(sys.executable).parent / "st",
         "run", serving.url("/api?f=json"), "--checks",
         "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,unsupported_method",
         "--max-examples", "250", "--seed", "1", "--no-color"], capture_output=True, text=True, timeout=2000)
    print(result.stdout[-3000:])
    generated, passed = map(int, re.search(r"(\d+) generated, (\d+) passed", result.stdout).groups())
    assert generated == passed >= 2000, result.stdout[-5000:] + result.stderr[-2000:]
    # An address beyond 8 KiB is answered before all of it was read: a client that still writes may only see its connection end.
    errors = re.search(r"\nErrors:\n(.*?)\n\n", result.stdout, re.S)
    assert result.returncode == 0 or re.fullmatch(r"\s*\S+ Network Error: [12]", errors[1]), result.stdout[-5000:]


def test_a_day_of_what_was_published(serving):
    today = answer(serving, ITEMS)["timeStamp"][:10]
    rows = []

    def changed():
        rows[:] = csv.DictReader(io.StringIO(get(serving.url(f"/history/{today}.csv"))[2].decode()))
        return [row for row in rows if row["place"] == "lieu-001" and row["indicator"] == "felt"]

    wait_for("the change", changed)
    row = changed()[0]
    assert row["to"] == "cool" and row["from"] == "none" and row["at"].startswith(today[:4])
    assert {row["indicator"] for row in rows} <= {"availability", "opening", "felt", "difference", "occupancy", "noise"}
    day = answer(serving, f"/history/{today}.geojson")
    places = {f["id"]: f for f in day["features"]}
    assert {"at": row["at"], "indicator": "felt", "from": "none", "to": "cool"} in places["lieu-001"]["properties"]["changes"]
    assert places["lieu-000"]["geometry"]["type"] == "Polygon"
    assert sum(len(f["properties"]["changes"]) for f in day["features"]) == len(rows)
    for name, status in [("2020-01-01.csv", 200), ("2999-01-01.csv", 404), ("2026-02-30.csv", 404), ("today.csv", 404),
                         (f"{today}.xml", 404), (f"{today}", 404), (f"{today}.csv?x=1", 400)]:
        assert get(serving.url("/history/" + name))[0] == status, name


@pytest.mark.acceptance
def test_clients_qgis_reads_the_places(serving):
    """QGIS itself, where it is installed (apt install python3-qgis qgis-providers)."""
    program = f"""
import os
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from qgis.core import QgsApplication, QgsFeatureRequest, QgsRectangle, QgsVectorLayer
app = QgsApplication([], False)
app.initQgis()
layer = QgsVectorLayer("url='{serving.url('')}' typename='cool-spots' restrictToRequestBBOX='1'", "x", "OAPIF")
some = layer.getFeatures(QgsFeatureRequest(QgsRectangle(4.795, 45.6, 4.865, 45.8))) if layer.isValid() else []
print(layer.isValid(), len(list(some)), "air_temperature" in [f.name() for f in layer.fields()], flush=True)
os._exit(0)
"""
    if subprocess.run(["/usr/bin/python3", "-c", "import qgis.core"], capture_output=True).returncode != 0:
        pytest.skip("QGIS is not installed")
    result = subprocess.run(["/usr/bin/python3", "-c", program], capture_output=True, text=True, timeout=120)
    assert result.stdout.split() == ["True", "7", "True"], result.stdout + result.stderr


def test_tonight_follows_what_the_city_decided_and_the_heat(broker, gateway):
    """A park that somebody closed until tomorrow is not offered for tonight; one that heat keeps open is."""
    gateway.write_places([
        ("ferme", "Parc fermé", "park", '"opening_hours":"24/7"'),
        ("nuit", "Parc de nuit", "park", '"opening_hours":"2000 off","heat_hours":[{"min_level":3,"opening_hours":"24/7","mode":"add"}]'),
        ("square", "Square", "garden", '"opening_hours":"24/7"')])
    gateway.write_settings(sensors='{ "id": "rue", "station": "rue", "fields": ["temperature"], "period_s": 60 }')
    gateway.start().connected()

    def tonight():
        """The places that list and interface offer; nothing while a change came between the two requests."""
        page = get(gateway.url("/?open_at=22:00&lang=fr"), {"Accept": "text/html"})[2].decode()
        ids = {f["id"] for f in json.loads(get(gateway.url(f"{ITEMS}?open_at=22:00"), GEOJSON)[2])["features"]}
        return ids if ids == set(re.findall(r'id="place-([a-z]+)"', page)) and f"{len(ids)} lieu" in page else None

    wait_for("the beginning", lambda: tonight() == {"ferme", "square"})
    until = "2999-01-01T00:00:00Z"
    broker.publish("tonnelle/v1/command/places/ferme/override",
                   json.dumps({"state": "closed", "by": "A. Martin", "reason": "orage", "until": until}))
    wait_for("the closing", lambda: tonight() == {"square"})
    broker.publish("tonnelle/v1/command/heat", json.dumps({"level": 3, "by": "A. Martin", "reason": "canicule", "until": until}))
    wait_for("the heat", lambda: tonight() == {"square", "nuit"})
    page = get(gateway.url("/places/ferme?lang=fr"), {"Accept": "text/html"})[2].decode()
    assert "Fermé" in page and "toute la journée" not in page
    # The week says what switches its hours on.
    assert "toute la journée (horaires de canicule)" in get(gateway.url("/places/nuit?lang=fr"), {"Accept": "text/html"})[2].decode()
