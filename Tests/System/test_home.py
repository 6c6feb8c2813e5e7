"""Home Assistant finds places by itself: what is announced, what it would show, and that it goes when the place goes."""

import json
import re
import signal
import subprocess
import sys

import pytest

from conftest import PLACES, ROOT, reading, wait_for

SENSORS = """
    { "id": "rue", "station": "rue", "fields": ["temperature"], "period_s": 60 },
    { "id": "air", "place": "parc", "fields": ["temperature", "humidity", "laeq"], "period_s": 60 },
    { "id": "porte", "place": "biblio", "fields": ["in_total", "out_total"], "period_s": 60 },"""

ALWAYS = {"availability", "open"}
ENTITIES = {"parc": ALWAYS | {"air_temperature", "felt_temperature", "noise"}, "biblio": ALWAYS | {"occupancy"}, "square": ALWAYS}

# What may be told of a place, and nothing else.
MEMBERS = {"name", "unique_id", "state_topic", "value_template", "availability_topic", "device_class", "options",
           "state_class", "unit_of_measurement", "device", "origin"}


def retained(broker, filter):
    """All retained messages of a filter by topic, up to a marker that is published for this call alone."""
    broker.publish("marker", "end", "-r")
    result = subprocess.run(
        ["mosquitto_sub", "-p", str(broker.port), "-t", filter, "-t", "marker", "--retained-only", "-W", "2", "-F", "%t %p"],
        capture_output=True, timeout=10)
    return {topic: payload for topic, _, payload in (line.partition(" ") for line in result.stdout.decode().splitlines())
            if topic != "marker"}


def announced(broker, prefix="homeassistant"):
    return {topic: json.loads(payload) for topic, payload in retained(broker, f"{prefix}/#").items()}


def expected(entities, prefix="homeassistant"):
    return {f"{prefix}/{'binary_sensor' if entity == 'open' else 'sensor'}/tonnelle-{place}/{entity}/config"
            for place, names in entities.items() for entity in names}


def put(gateway, setting='"home_assistant": { "prefix": "homeassistant" },', places=PLACES, sensors=SENSORS):
    gateway.write_places(places)
    gateway.write_settings(extra=setting, sensors=sensors)


@pytest.fixture
def home(gateway):
    put(gateway)
    return gateway.start().connected()


def test_nothing_is_announced_unless_it_is_asked_for(gateway, broker):
    gateway.start().connected()
    wait_for("the places", lambda: retained(broker, "tonnelle/v1/places/#"))
    assert announced(broker) == {}


def test_every_indicator_that_is_measured_is_an_entity(home, broker):
    wait_for("all entities", lambda: set(announced(broker)) == expected(ENTITIES))
    configurations = announced(broker)
    assert len({configuration["unique_id"] for configuration in configurations.values()}) == len(configurations)
    for topic, configuration in configurations.items():
        assert re.fullmatch(r"homeassistant/(sensor|binary_sensor)/[a-zA-Z0-9_-]+/[a-zA-Z0-9_-]+/config", topic)
        place = topic.split("/")[2].removeprefix("tonnelle-")
        assert set(configuration) <= MEMBERS and set(configuration) >= MEMBERS - {"options", "state_class", "unit_of_measurement"}
        assert configuration["state_topic"] == f"tonnelle/v1/places/{place}"
        assert configuration["availability_topic"] == "tonnelle/v1/gateway/essai/status"
        assert configuration["device"]["identifiers"] == [f"tonnelle_{place}"]
        assert ("options" in configuration) == (configuration["device_class"] == "enum")
        assert ("unit_of_measurement" in configuration) == ("state_class" in configuration)
    assert retained(broker, "tonnelle/v1/gateway/essai/status")["tonnelle/v1/gateway/essai/status"] == "online"
    air = configurations["homeassistant/sensor/tonnelle-parc/air_temperature/config"]
    assert air["name"] == "Température de l'air" and air["device"]["name"] == "Parc" and air["unit_of_measurement"] == "°C"


def test_the_templates_take_out_of_the_topics_what_is_in_them(home, broker):
    """Rendered by Jinja, in which Home Assistant's templates are written; its own engine does it in the long test."""
    broker.publish("tonnelle/v1/up/parc/air", reading(31.5))
    topic = "tonnelle/v1/places/parc"
    wait_for("the temperature", lambda: json.loads(retained(broker, topic)[topic]).get("coolness"))
    assert rendered(broker) == {
        "parc": {"availability": "warm", "open": "ON", "air_temperature": "31.5", "felt_temperature": "31.5", "noise": "None"},
        "biblio": {"availability": "available", "open": "ON", "occupancy": "unknown"},
        "square": {"availability": "available", "open": "ON"}}
    broker.publish("tonnelle/v1/command/places/square/override", json.dumps(
        {"state": "closed", "by": "astreinte", "reason": "essai", "until": "2099-01-01T00:00:00Z"}))
    wait_for("the closing", lambda: rendered(broker)["square"] == {"availability": "closed", "open": "OFF"})


def rendered(broker):
    import jinja2
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    states = {topic: json.loads(payload) for topic, payload in retained(broker, "tonnelle/v1/places/+").items()}
    values = {}
    for topic, configuration in announced(broker).items():
        _, _, place, entity, _ = topic.split("/")
        template = environment.from_string(configuration["value_template"])
        value = template.render(value_json=states[configuration["state_topic"]])
        assert value in configuration.get("options", [value]), topic
        values.setdefault(place.removeprefix("tonnelle-"), {})[entity] = value
    return values


def test_what_is_gone_is_taken_back(home, broker):
    wait_for("all entities", lambda: set(announced(broker)) == expected(ENTITIES))
    # A place goes, and a sensor of another.
    put(home, places=PLACES[:2], sensors=SENSORS.replace(', "laeq"', ""))
    home.process.send_signal(signal.SIGHUP)
    left = {"parc": ENTITIES["parc"] - {"noise"}, "biblio": ENTITIES["biblio"]}
    wait_for("the place's end", lambda: set(announced(broker)) == expected(left))
    # Other topics, in English.
    put(home, '"home_assistant": { "prefix": "maison/ha", "language": "en" },', places=PLACES[:2])
    home.process.send_signal(signal.SIGHUP)
    left = {"parc": ENTITIES["parc"], "biblio": ENTITIES["biblio"]}
    wait_for("the other topics", lambda: set(announced(broker, "maison/ha")) == expected(left, "maison/ha"))
    assert announced(broker) == {}
    assert announced(broker, "maison/ha")["maison/ha/binary_sensor/tonnelle-parc/open/config"]["name"] == "Open"
    # The setting goes while the gateway is off.
    assert home.stop() == 0
    put(home, "")
    home.start().connected()
    wait_for("the end of all", lambda: announced(broker, "maison/ha") == {})
    assert "tonnelle/v1/places/square" in retained(broker, "tonnelle/v1/places/#")


# Home Assistant's own code, in a virtual environment of its own: its dependencies are not to be those of the other tests.
HOME = ROOT / ".build/home-assistant"
VERSIONS = ["homeassistant==2024.3.3", "paho-mqtt==1.6.1"]
JUDGE = """
import asyncio, json, sys
from homeassistant.components.mqtt import binary_sensor, sensor
from homeassistant.core import HomeAssistant

async def judge(states, configurations):
    home, values = HomeAssistant(sys.argv[1]), {}
    for topic, configuration in configurations.items():
        schema = {"sensor": sensor, "binary_sensor": binary_sensor}[topic.split("/")[1]].DISCOVERY_SCHEMA
        accepted = schema(configuration)
        # The words of an enumeration are known to later versions only (2024.8); this one is the last for Python 3.11.
        missing = set(configuration) - {str(key) for key in accepted} - {"options"}
        assert not missing, f"{topic}: {missing} would be ignored"
        template = accepted["value_template"]
        template.hass = home
        values[topic] = template.async_render_with_possible_json_value(states[configuration["state_topic"]], "broken", parse_result=False)
    return values

json.dump(asyncio.run(judge(*json.load(sys.stdin))), sys.stdout)
"""


@pytest.mark.acceptance
def test_home_assistant_takes_every_configuration(home, broker, folder):
    ready = HOME / "ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
        subprocess.run([HOME / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *VERSIONS], check=True)
        ready.touch()
    broker.publish("tonnelle/v1/up/parc/air", reading(31.5))
    topic = "tonnelle/v1/places/parc"
    wait_for("the temperature", lambda: json.loads(retained(broker, topic)[topic]).get("coolness"))
    configurations, states = announced(broker), retained(broker, "tonnelle/v1/places/+")
    assert set(configurations) == expected(ENTITIES)
    result = subprocess.run([HOME / "bin/python", "-c", JUDGE, folder], input=json.dumps([states, configurations]),
                            capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    ours = {f"homeassistant/{'binary_sensor' if entity == 'open' else 'sensor'}/tonnelle-{place}/{entity}/config": value
            for place, values in rendered(broker).items() for entity, value in values.items()}
    assert json.loads(result.stdout) == ours
