"""NGSI-LD: the entities of a context broker are what is published now, whoever was away."""

import contextlib
import http.server
import json
import sqlite3
import threading

import jsonschema
import pytest

from conftest import PLACES, free_ports, get, reading, wait_for

# The normalised form of ETSI GS CIM 009, clauses 4.5 and 5.2: what our entities use of it, and nothing else.
INSTANT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$"}
PROPERTY = {
    "type": "object", "required": ["type", "value"], "additionalProperties": False,
    "properties": {"type": {"const": "Property"}, "observedAt": INSTANT, "unitCode": {"type": "string", "minLength": 2, "maxLength": 3},
                   "value": {"not": {"type": "null"}}},
}
GEO_PROPERTY = {
    "type": "object", "required": ["type", "value"], "additionalProperties": False,
    "properties": {"type": {"const": "GeoProperty"}, "value": {
        "type": "object", "required": ["type", "coordinates"], "additionalProperties": False, "properties": {
            "type": {"const": "Point"}, "coordinates": {
                "type": "array", "minItems": 2, "maxItems": 2, "prefixItems": [
                    {"type": "number", "minimum": -180, "maximum": 180}, {"type": "number", "minimum": -90, "maximum": 90}]}}}},
}
ENTITY = {
    "type": "object", "required": ["id", "type", "@context", "location"],
    "properties": {
        "id": {"type": "string", "pattern": r"^urn:ngsi-ld:PointOfInterest:[a-z0-9:-]+$"}, "type": {"const": "PointOfInterest"},
        "location": GEO_PROPERTY,
        "@context": {"type": "array", "minItems": 1, "items": {"oneOf": [
            {"type": "string", "format": "uri"}, {"type": "object", "additionalProperties": {"type": "string", "pattern": "^(https://|urn:)"}}]}},
    },
    # A name that begins a JSON-LD compact IRI or has another sign in it is no attribute's name.
    "patternProperties": {"^(?!id$|type$|location$)[A-Za-z][A-Za-z0-9_]*$": PROPERTY}, "additionalProperties": False,
}


class ContextBroker(http.server.ThreadingHTTPServer):
    """The part of the interface that is used, in this process: keeps entities, refuses what a broker refuses."""

    allow_reuse_address = True

    def __init__(self, port=0):
        self.entities, self.requests, self.faults = {}, [], []
        self.status, self.unwanted = None, set()
        broker = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = broker.take(self.path, self.headers, body)
                text = json.dumps(answer).encode() if answer is not None else b""
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *arguments):
                pass

        super().__init__(("127.0.0.1", port), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def take(self, path, headers, body):
        self.requests.append((path, dict(headers), json.loads(body)))
        if self.status:
            return self.status, {"title": "told so"}
        if headers["Content-Type"] != "application/ld+json":
            self.faults.append(headers["Content-Type"])
            return 415, {"title": "application/ld+json was expected"}
        entities = json.loads(body)
        if path == "/ngsi-ld/v1/entityOperations/delete":
            for name in entities:
                self.entities.pop(name, None)
            return 204, None
        if path != "/ngsi-ld/v1/entityOperations/upsert":
            self.faults.append(path)
            return 404, {"title": "not here"}
        done, errors, created = [], [], []
        for entity in entities:
            try:
                jsonschema.validate(entity, ENTITY)
            except jsonschema.ValidationError as error:
                self.faults.append(str(error))
                return 400, {"title": error.message}
            if entity["id"] in self.unwanted:
                errors.append({"entityId": entity["id"], "error": {"type": "https://uri.etsi.org/ngsi-ld/errors/BadRequestData", "title": "no thanks"}})
                continue
            if entity["id"] not in self.entities:
                created.append(entity["id"])
            self.entities[entity["id"]] = entity  # replaced whole: that is what upsert does without options
            done.append(entity["id"])
        if errors:
            return 207, {"success": done, "errors": errors}
        return (201, created) if created else (204, None)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stop(self):
        self.shutdown()
        self.server_close()


@pytest.fixture
def context():
    broker = ContextBroker()
    yield broker
    broker.stop()
    assert broker.faults == []


def use(gateway, url, **more):
    gateway.write_settings(' "context_broker": ' + json.dumps({"url": url, "interval_s": 1, **more}))


def entity(context, place):
    return context.entities.get(f"urn:ngsi-ld:PointOfInterest:ville:{place}")


def value(context, place, name):
    return ((entity(context, place) or {}).get(name) or {}).get("value")


def test_entities_are_what_is_published(broker, gateway, context, folder):
    (folder / "token").write_text("geheim-0123456789\n")
    (folder / "token").chmod(0o600)
    use(gateway, context.url + "/", tenant="ville", token_file="token")
    gateway.start().connected()
    wait_for("all places", lambda: len(context.entities) == len(PLACES))
    broker.publish("tonnelle/v1/up/rue/rue", reading(33))
    broker.publish("tonnelle/v1/up/parc/air", reading(26.4))
    wait_for("the temperature", lambda: value(context, "parc", "temperature") == 26.4)
    shown = wait_for("the difference", lambda: gateway.place("parc") if value(context, "parc", "temperatureDifference") else None)
    path, headers, _ = context.requests[-1]
    headers = {name.lower(): content for name, content in headers.items()}
    assert (headers["ngsild-tenant"], headers["authorization"]) == ("ville", "Bearer geheim-0123456789")
    wait_for("the same", lambda: value(context, "parc", "availability") == gateway.place("parc")["availability"])
    found = entity(context, "parc")
    assert found["temperature"]["unitCode"] == found["feelsLikeTemperature"]["unitCode"] == "CEL"
    assert found["temperature"]["observedAt"].endswith("Z") and found["location"]["value"]["coordinates"] == [4.85, 45.75]
    assert found["category"]["value"] == ["park"] and found["name"]["value"] == "Parc" and shown["name"] == "Parc"
    # Each name is in a context; the core's own are not defined again.
    ours = found["@context"][0]
    names = {name for each in context.entities.values() for name in each} - {"id", "type", "@context", "location"}
    assert names <= set(ours) and not {"location", "observedAt", "unitCode", "id", "type"} & set(ours)
    assert "ngsi-ld-core-context" in found["@context"][-1]
    # Nothing is sent again that has not changed; no count of people is in it.
    assert "occupancy" not in names
    places = [each["id"] for _, _, body in context.requests for each in body]
    assert places.count("urn:ngsi-ld:PointOfInterest:ville:square") == 1


def test_a_broker_that_was_away_gets_the_present(broker, gateway):
    port, = free_ports(1)
    use(gateway, f"http://127.0.0.1:{port}")
    gateway.start().connected()
    for celsius in (20, 21, 22, 23):
        broker.publish("tonnelle/v1/up/parc/air", reading(celsius))
    wait_for("the word of it", lambda: "entities_not_delivered" in gateway.log.read_text())
    wait_for("the readings", lambda: gateway.ledger()["accepted"] == 4)
    shown = wait_for("a temperature", lambda: gateway.place("parc").get("air_temperature"))
    late = ContextBroker(port)
    try:
        wait_for("the present", lambda: value(late, "parc", "temperature") == gateway.place("parc")["air_temperature"], 60)
        assert shown and late.faults == []
        assert [each["id"] for each in late.requests[0][2]].count("urn:ngsi-ld:PointOfInterest:ville:parc") == 1
        assert len(late.requests) <= 2, "it was told the past"
        wait_for("the word of it", lambda: "entities_delivered" in gateway.log.read_text())
        # A broker that answers badly is asked again; so is one behind a proxy that does not find it.
        for number, (status, celsius) in enumerate(((503, 25), (404, 24)), 2):
            late.status = status
            broker.publish("tonnelle/v1/up/parc/air", reading(celsius))
            wait_for("a refusal", lambda: gateway.log.read_text().count("entities_not_delivered") == number)
            late.status = None
            wait_for("the new one", lambda: value(late, "parc", "temperature") == gateway.place("parc")["air_temperature"] and
                     gateway.log.read_text().count("entities_delivered") == number)
    finally:
        late.stop()


def test_one_refused_entity_keeps_no_other(broker, gateway, context):
    context.unwanted.add("urn:ngsi-ld:PointOfInterest:ville:biblio")
    use(gateway, context.url)
    gateway.start().connected()
    wait_for("the others", lambda: entity(context, "parc") and entity(context, "square"))
    wait_for("its name in the log", lambda: "ville:biblio: no thanks" in gateway.log.read_text())
    context.unwanted.clear()
    wait_for("the last one", lambda: entity(context, "biblio"))
    assert gateway.log.read_text().count("entities_not_delivered") == 1


def test_a_place_that_is_gone_is_deleted(broker, gateway, context):
    use(gateway, context.url)
    gateway.start().connected()
    wait_for("all places", lambda: len(context.entities) == len(PLACES))
    gateway.write_places([place for place in PLACES if place[0] != "square"])
    gateway.process.send_signal(1)  # SIGHUP
    wait_for("the deletion", lambda: entity(context, "square") is None and len(context.entities) == len(PLACES) - 1)
    assert get(gateway.url("/collections/cool-spots/items/square"))[0] == 404


def test_a_place_that_goes_while_the_gateway_is_off_is_deleted(broker, gateway, context):
    use(gateway, context.url)
    gateway.start().connected()
    wait_for("all places", lambda: len(context.entities) == len(PLACES))
    gateway.process.kill()
    gateway.process.wait()
    # The broker keeps what it has: nobody but the outbox knows of the square.
    gateway.write_places([place for place in PLACES if place[0] != "square"])
    context.status = 503
    gateway.start().connected()
    wait_for("the word of it", lambda: "entities_not_delivered" in gateway.log.read_text())
    assert gateway.stop() == 0 and entity(context, "square")
    context.status = None
    gateway.start().connected()
    wait_for("the deletion", lambda: entity(context, "square") is None and len(context.entities) == len(PLACES) - 1)
    wait_for("nothing more to say", lambda: names(gateway) == sorted(context.entities))
    deleted = [body for path, _, body in context.requests if path.endswith("delete")]
    assert deleted == [["urn:ngsi-ld:PointOfInterest:ville:square"]]


def names(gateway):
    with contextlib.closing(sqlite3.connect(f"file:{gateway.folder}/data/context.sqlite?mode=ro", uri=True)) as database:
        (text,), = database.execute("SELECT body FROM state")
    return text.decode().split("\n")
