"""The operators' port: who may do what, what an act leaves behind, what has to be done first."""

import datetime
import http.client
import json
import os
import re
import signal
import stat
import urllib.parse

import pytest

from conftest import get, reading, tonnelle, wait_for
from test_pages import browser  # noqa: F401, a fixture


class Service:
    """A gateway with accounts of a reader and of somebody on duty."""

    def __init__(self, gateway):
        self.gateway = gateway
        text = gateway.settings.read_text()
        operators = f'"operators": {{ "port": {gateway.operator_port} }}'
        assert operators in text
        gateway.settings.write_text(text.replace(operators, f'''"operators": {{ "port": {gateway.operator_port},
            "accounts": "accounts", "contacts": {{ "sensors": "Astreinte capteurs 04 00 00 00 00", "biblio": "Gardienne" }} }}'''))
        self.tokens = {}
        for name, role in (("lectrice", "read"), ("astreinte", "act")):
            result = tonnelle("account", "add", name, "--role", role, "--config", gateway.settings)
            assert result.returncode == 0, result.stderr
            self.tokens[name] = result.stdout.decode().strip()
        gateway.start().connected()

    def ask(self, method, path, name=None, form=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.operator_port, timeout=15)
        headers = dict(headers or {})
        if name:
            headers["Authorization"] = f"Bearer {self.tokens[name]}"
        body = urllib.parse.urlencode(form) if form is not None else None
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text

    def document(self, path, name="lectrice"):
        status, _, text = self.ask("GET", path, name)
        assert status == 200, text
        return json.loads(text)


@pytest.fixture
def service(broker, gateway):
    return Service(gateway)


def addresses(service):
    """Every route, as the router itself lists them, with something in the place of an identifier."""
    routes = service.document("/api/routes")
    assert len(routes) > 20 and {"method": "POST", "path": "/heat", "role": "act"} in routes
    return [(route["method"], route["path"].replace("{id}", "parc"), route["role"]) for route in routes]


def test_nothing_is_answered_to_somebody_unknown_and_readers_do_not_act(service):
    unknown = [("GET", "/nowhere", "read"), ("PUT", "/", "read"), ("DELETE", "/api/state", "read"), ("GET", "/places/", "read")]
    for method, path, role in addresses(service) + unknown:
        for headers in ({}, {"Cookie": "tonnelle_session=x"}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer "}):
            assert service.ask(method, path, headers=headers)[0] == 401, (method, path)
        if method == "GET":
            assert service.ask("HEAD", path)[0] == 401
    for method, path, role in addresses(service):
        status = service.ask(method, path, "lectrice")[0]
        assert (status == 403) == (role == "act"), (method, path, status)
        if role == "act":
            # The machine's own key reads where people have names.
            key = {"Authorization": f"Bearer {service.gateway.token}"}
            assert service.ask(method, path, headers=key)[0] == 403
            # Whoever may act must still say what and why.
            assert service.ask(method, path, "astreinte", form={})[0] in (400, 404), path
    assert service.document("/api/audit") == []


def test_accounts_are_hashed_in_a_file_of_their_own(service):
    path = service.gateway.folder / "accounts"
    text = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert all(token not in text for token in service.tokens.values())
    assert re.search(r"^astreinte:act:\$y\$", text, re.M)
    again = tonnelle("account", "add", "astreinte", "--config", service.gateway.settings)
    assert again.returncode == 1 and b"there is an account astreinte" in again.stderr
    # Somebody who leaves is out as soon as the gateway reads the file again.
    assert tonnelle("account", "remove", "lectrice", "--config", service.gateway.settings).returncode == 0
    service.gateway.process.send_signal(signal.SIGHUP)
    wait_for("the reload", lambda: service.ask("GET", "/", "lectrice")[0] == 401)
    assert service.ask("GET", "/", "astreinte")[0] == 200
    # A file that others can read is not used.
    service.gateway.stop()
    os.chmod(path, 0o644)
    service.gateway.start(ready=False)
    assert service.gateway.process.wait(30) == 1 and "can be read by others" in service.gateway.log.read_text()


def test_wrong_tokens_are_few(service):
    codes = [service.ask("GET", "/", headers={"Authorization": f"Bearer {'x' * 30}{n}"})[0] for n in range(12)]
    assert codes == [401] * 10 + [429] * 2
    assert service.ask("POST", "/login", form={"token": "y" * 32})[0] == 429
    # Who has shown a right one before is not locked out with them.
    assert service.gateway.operators("/api/status")
    assert "access_refused: a wrong token came from 127.0.0.1" in service.gateway.log.read_text()


def session(service, name):
    status, headers, _ = service.ask("POST", "/login", form={"token": service.tokens[name]})
    assert status == 303 and headers["Location"] == "/"
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and service.tokens[name] not in cookie
    return {"Cookie": cookie.split(";")[0]}


def test_a_browser_acts_with_a_form_of_its_session_only(service):
    status, headers, page = service.ask("GET", "/", headers={"Accept": "text/html"})
    assert status == 401 and 'action="/login"' in page
    cookie = session(service, "astreinte")
    status, _, page = service.ask("GET", "/heat?lang=en", headers=cookie)
    secret = re.search(r'name="form" value="([0-9a-f]{32})"', page)[1]
    act = {"level": "3", "hours": "8", "reason": "canicule"}
    for form in (act, {**act, "form": "0" * 32}):
        status, _, text = service.ask("POST", "/heat", form=form, headers=cookie)
        assert status == 403 and "session" in text
    assert service.document("/api/heat")["sources"] == []
    status, headers, _ = service.ask("POST", "/heat?lang=en", form={**act, "form": secret}, headers=cookie)
    assert status == 303 and headers["Location"] == "/heat?lang=en"
    assert service.document("/api/heat")["sources"][0]["by"] == "astreinte"
    # A session that has been left is over.
    assert service.ask("GET", "/logout", headers=cookie)[0] == 303
    assert service.ask("GET", "/", headers=cookie)[0] == 401


def test_acts_ask_for_a_reason_and_an_end_and_stand_in_the_audit_log(broker, service):
    opening = lambda: service.gateway.place("square")["opening"]
    for form in ({"state": "closed", "hours": "2"}, {"state": "closed", "reason": "orage"}, {"state": "closed", "reason": " ", "hours": "2"},
                 {"state": "shut", "reason": "orage", "hours": "2"}, {"state": "closed", "reason": "orage", "until": "2020-01-01T00:00:00Z"}):
        assert service.ask("POST", "/places/square/opening", "astreinte", form)[0] == 400, form
    soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=5)).astimezone().isoformat(timespec="seconds")
    connection = http.client.HTTPConnection("127.0.0.1", service.gateway.operator_port, timeout=15)
    connection.request("POST", "/heat", f"level=2&reason=essai&until={soon}", {"Authorization": f"Bearer {service.tokens['astreinte']}"})
    assert connection.getresponse().status == 200
    assert service.ask("POST", "/heat", "astreinte", {"level": "none", "reason": "fin de l'essai"})[0] == 200
    assert service.ask("POST", "/places/nowhere/opening", "astreinte", {"state": "open", "reason": "r", "hours": "1"})[0] == 404
    assert service.ask("POST", "/places/square/opening", "astreinte", {"state": "closed", "reason": "orage & vent", "hours": "2"})[0] == 200
    wait_for("the closing", lambda: opening() == "closed")
    # By MQTT as well: what somebody did there stands in the same log.
    broker.publish("tonnelle/v1/command/heat", json.dumps({"level": 9, "by": "inconnue", "reason": "r"}))
    wait_for("the refusal", lambda: service.gateway.ledger().get("refused_command_malformed") == 1)
    assert service.ask("POST", "/places/square/opening", "astreinte", {"state": "regular", "reason": "l'orage est passé"})[0] == 200
    wait_for("the return", lambda: opening() == "open")
    log = lambda: [row for row in service.document("/api/audit")]
    wait_for("the log", lambda: len(log()) == 5)
    newest, refused, first, *_ = log()
    assert first["by"] == "astreinte" and first["reason"] == "orage & vent" and first["before"] == "regular hours"
    assert first["after"].startswith("closed until ") and first["command"].endswith("/places/square/override")
    assert newest["before"] == first["after"] and newest["after"] == "regular hours"
    assert newest["channel"] == "port" and refused["channel"] == "mqtt" and refused["by"] == "inconnue" and '"level" must be' in refused["refused_because"]
    # An act is an entry of the journal, and the log survives a kill.
    commands = [entry for entry in service.gateway.journal() if entry.get("entry") == "command"]
    assert [c["topic"].split("/")[3] for c in commands] == ["heat", "heat", "places", "heat", "places"]
    before = log()
    service.gateway.stop(signal.SIGKILL)
    service.gateway.start()
    assert log() == before
    page = service.ask("GET", "/audit", "lectrice")[2]
    assert "orage &amp; vent" in page and "astreinte" in page


def test_readings_of_a_sensor_in_maintenance_do_not_count(broker, service):
    broker.publish("tonnelle/v1/up/parc/air", reading(24))
    wait_for("the reading", lambda: service.gateway.ledger()["accepted"] == 1)
    assert service.ask("POST", "/sensors/air/maintenance", "astreinte", {"reason": "pile", "hours": "1"})[0] == 200
    broker.publish("tonnelle/v1/up/parc/air", reading(55))
    wait_for("the refusal", lambda: service.gateway.ledger().get("refused_maintenance") == 1)
    page = service.ask("GET", "/sensors?state=maintenance&lang=en", "astreinte")[2]
    assert "in maintenance until" in page and "1 sensor<" in page
    assert all(task.get("sensor") != "air" for task in service.document("/api/readiness")["tasks"])
    # The window is part of what a start recovers.
    service.gateway.stop()
    service.gateway.start().connected()
    broker.publish("tonnelle/v1/up/parc/air", reading(55))
    wait_for("the refusal", lambda: service.gateway.ledger().get("refused_maintenance") == 2)
    assert service.ask("POST", "/sensors/air/maintenance", "astreinte", {"reason": "remis", "end": "1"})[0] == 200
    broker.publish("tonnelle/v1/up/parc/air", reading(24.2))
    wait_for("the reading", lambda: service.gateway.ledger()["accepted"] == 2)
    assert service.gateway.ledger()["balanced"]


def test_what_has_to_be_done_comes_worst_first_with_whom_to_call(broker, service):
    gateway = service.gateway
    places = [
        ("parc", "Parc", "park", '"opening_hours":"24/7","zone":"centre","heat_hours":[{"min_level":3,"opening_hours":"20:00-22:00","mode":"replace"}]'),
        ("biblio", "Bibliothèque", "library", '"opening_hours":"2020 Mo-Su 10:00-18:00","capacity":100'),
        ("square", "Square", "garden", '"opening_hours":"24/7"'),
        ("halle", "Halle", "other", '"opening_hours":"perhaps"'),
    ]
    gateway.write_places(places)
    gateway.process.send_signal(signal.SIGHUP)
    broker.publish("tonnelle/v1/up/biblio/porte", json.dumps([{"n": "temperature", "v": 24}, {"n": "battery", "v": 9}]))
    tasks = lambda: service.document("/api/readiness")
    wait_for("the tasks", lambda: any(t["kind"] == "timetable_unusable" for t in tasks()["tasks"]))
    kinds = [(t["kind"], t.get("place")) for t in tasks()["tasks"]]
    order = ["plan_place_unmeasured", "timetable_unusable", "timetable_expired", "sensor_silent", "no_night_hours"]
    assert [k for k, _ in kinds if k in order] == sorted([k for k, _ in kinds if k in order], key=order.index)
    assert ("plan_place_unmeasured", "parc") in kinds and ("no_night_hours", "parc") in kinds
    assert ("timetable_unusable", "halle") in kinds and ("timetable_expired", "biblio") in kinds
    assert tasks()["places_ready"] == 1 and tasks()["places"] == 4
    page = service.ask("GET", "/?lang=fr", "lectrice")[2]
    assert "1 lieu sur 4 prêt<" in page and "Astreinte capteurs 04 00 00 00 00" in page and "Gardienne" in page
    # What is private stays here.
    assert "Astreinte" not in get(gateway.url("/places/parc"), {"Accept": "text/html"})[2].decode()


@pytest.mark.parametrize("path", ["/", "/heat", "/places/biblio", "/sensors", "/unknown", "/audit"])
def test_the_pages_are_accessible(broker, service, browser, path):
    broker.publish("tonnelle/v1/up/biblio/porte", json.dumps([{"n": "in_total", "v": 3}, {"n": "temperature", "v": 24}]))
    wait_for("the reading", lambda: service.gateway.ledger()["accepted"] >= 1)
    base = f"http://127.0.0.1:{service.gateway.operator_port}"
    browser.open(f"{base}/?token={service.tokens['astreinte']}")
    for width, dark in ((320, True), (1280, False)):
        browser.screen(width, 900, dark)
        browser.open(base + path)
        assert browser.violations() == []
        assert browser.driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth") <= 0
