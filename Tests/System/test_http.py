"""What machines may rely on at the public port, and what people on duty may at theirs."""

import gzip
import http.client
import json
import re
import signal
import socket
import stat
import threading

import pytest

from conftest import get, reading, wait_for

HTML = {"Accept": "text/html"}


@pytest.fixture
def serving(broker, gateway):
    return gateway.start().connected()


def test_pages_have_validators_for_each_encoding(serving):
    status, headers, body = get(serving.url("/"), HTML)
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    plain = headers["ETag"]
    assert "Accept-Encoding" in headers["Vary"] and "Accept-Language" in headers["Vary"]
    _, headers, zipped = get(serving.url("/"), {**HTML, "Accept-Encoding": "br, gzip"})
    assert headers["Content-Encoding"] == "gzip" and headers["ETag"] != plain
    assert len(zipped) < len(body) and b"Parc" in gzip.decompress(zipped)
    _, headers, _ = get(serving.url("/"), {**HTML, "Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in headers
    for tag in (plain, f'"x", {plain}', f"W/{plain}", "*"):
        status, headers, body = get(serving.url("/style.css"), {"If-None-Match": tag})
        assert status == (304 if tag == "*" else 200)
    tag = get(serving.url("/style.css"))[1]["ETag"]
    status, headers, body = get(serving.url("/style.css"), {"If-None-Match": tag})
    assert status == 304 and body == b"" and headers["ETag"] == tag


def test_head_is_get_without_a_body(serving):
    for path in ("/", "/places/parc", "/collections/cool-spots/items", "/healthz", "/style.css"):
        status, headers, body = get(serving.url(path), HTML, "HEAD")
        whole = get(serving.url(path), HTML)
        assert status == 200 and body == b"" and headers["Content-Length"] == str(len(whole[2])), path


@pytest.mark.parametrize("path,method,status", [
    ("/nowhere", "GET", 404), ("/places/nobody", "GET", 404), ("/places/", "GET", 404), ("/places/../etc/passwd", "GET", 404),
    ("/collections/cool-spots/items/nobody", "GET", 404), ("/", "POST", 405), ("/", "DELETE", 405), ("/events", "PUT", 405),
    ("/?lang=de", "GET", 400), ("/?langue=fr", "GET", 400), ("/collections/cool-spots/items?limit=0", "GET", 400),
    ("/collections/cool-spots/items?limit=-1", "GET", 400), ("/collections/cool-spots/items?limit=many", "GET", 400),
    ("/collections/cool-spots/items?colour=red", "GET", 400), ("/leaflet/../settings.json", "GET", 404),
])
def test_refusals_are_problem_details(serving, path, method, status):
    answer, headers, body = get(serving.url(path), HTML, method)
    assert answer == status and headers["Content-Type"] == "application/problem+json"
    problem = json.loads(body)
    assert problem["status"] == status and problem["detail"]
    if status == 405:
        assert headers["Allow"] == "GET, HEAD"


def test_features_are_geojson_with_flat_properties(broker, serving):
    broker.publish("tonnelle/v1/up/parc/air", reading(24))
    wait_for("the reading", lambda: "air_temperature" in serving.place("parc"))
    status, headers, body = get(serving.url("/collections/cool-spots/items"))
    assert headers["Content-Type"] == "application/geo+json" and headers["Access-Control-Allow-Origin"] == "*"
    collection = json.loads(body)
    assert collection["numberMatched"] == collection["numberReturned"] == 3
    park = next(f for f in collection["features"] if f["id"] == "parc")
    assert park["geometry"]["coordinates"] == [4.85, 45.75]
    assert park["properties"]["kind"] == "park" and park["properties"]["measured"] is True
    assert park["properties"]["observed_at"][-6] in "+-" and park["properties"]["open"] is True
    assert not any(isinstance(v, (dict, list)) for v in park["properties"].values())
    limited = json.loads(get(serving.url("/collections/cool-spots/items?limit=2"))[2])
    assert limited["numberReturned"] == 2 and limited["numberMatched"] == 3
    assert json.loads(get(serving.url("/"))[2])["links"]  # without an Accept for HTML: the landing page for machines


def test_events_begin_with_everything_and_go_on_with_changes(broker, serving):
    connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=15)
    connection.request("GET", "/events")
    stream = connection.getresponse()
    assert stream.headers["Content-Type"] == "text/event-stream"
    events = []
    done = threading.Event()

    def listen():
        name = None
        for raw in stream:
            line = raw.decode().rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                events.append((name, json.loads(line[6:])))
            if name == "place" and events and events[-1][1].get("coolness", {}).get("air_temperature") == 23.5:
                done.set()
                return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    wait_for("the opening", lambda: len(events) >= 5)
    assert events[0][0] == "now" and {e[1]["id"] for e in events if e[0] == "place"} == {"parc", "biblio", "square"}
    broker.publish("tonnelle/v1/up/parc/air", reading(23.5))
    assert done.wait(10)
    connection.close()


def test_many_streams_come_and_go(serving):
    sockets = []
    for _ in range(200):
        s = socket.create_connection(("127.0.0.1", serving.port))
        s.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        sockets.append(s)
    wait_for("the streams", lambda: serving.state_metric("tonnelle_event_streams") == 200)
    for s in sockets:
        s.close()
    wait_for("their end", lambda: serving.state_metric("tonnelle_event_streams") == 0)
    assert get(serving.url("/"), HTML)[0] == 200


def test_one_address_cannot_take_all_connections(gateway):
    gateway.write_settings(public='"connections_per_address": 20')
    gateway.start()
    sockets = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(60)]
    served = 0
    for s in sockets:
        s.settimeout(5)
        try:
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            served += s.recv(100).startswith(b"HTTP/1.1 200")
        except OSError:
            pass
    assert 20 <= served <= 22  # two threads accept
    assert gateway.state_metric("tonnelle_public_connections_refused_total") == 60 - served
    for s in sockets:
        s.close()
    wait_for("room again", lambda: answers(gateway))
    wait_for("their end", lambda: gateway.state_metric("tonnelle_public_connections") == 0)


def answers(gateway):
    try:
        return get(gateway.url("/healthz"))[0] == 200
    except OSError:
        return False


def test_a_stream_of_many_places_is_a_stream_of_all(gateway):
    gateway.write_places([(f"p{number}", f"Parc {number}", "park", '"opening_hours":"24/7"') for number in range(600)])
    gateway.write_settings(sensors='{ "id": "rue", "station": "rue", "fields": ["temperature"] }')
    gateway.start()
    names = [f"p{number}" for number in range(600)]
    for query in ("place=" + ",".join(names[:501]), "bbox=4,45,5,46", "bbox=4,45,5,46&bbox=4,45,5,46",
                  "place=" + ",".join(names[:300]) + "&place=" + ",".join(names[300:])):
        status, _, body = get(gateway.url("/events?" + query))
        assert status == 400 and b"at most 500" in body, query[:60]


def test_nobody_writes_lines_into_the_log(gateway, broker):
    gateway.start().connected()
    broker.publish("tonnelle/v1/command/heat", json.dumps({"x\r\n<3>store_failed: the disk is full\x1b[2J": 1}))
    wait_for("the refusal", lambda: "is not known here" in gateway.log.read_text())
    text = gateway.log.read_text()
    assert not any("store_failed" in line.split("command", 1)[0] for line in text.splitlines()) and "\x1b" not in text


def test_a_stop_ends_open_streams(serving):
    with socket.create_connection(("127.0.0.1", serving.port)) as s:
        s.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        assert s.recv(100)
        assert serving.stop() == 0


@pytest.mark.parametrize("raw", [
    b"GET / HTTP/1.1\r\n\r\n", b"GET /\r\n\r\n", b"\x00\xff\xfe\r\n\r\n", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET " + b"/a" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200000,
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"GET /%00%ff HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /?lang=%zz&%%%=1 HTTP/1.1\r\nHost: x\r\n\r\n",
], ids=[
    "no host", "no version", "binary", "version 9.9", "long path", "many headers", "large body", "negative length", "bad chunk",
    "NUL in the path", "bad escapes"])
def test_strange_requests_harm_nobody(serving, raw):
    with socket.create_connection(("127.0.0.1", serving.port), timeout=5) as s:
        try:
            s.sendall(raw)
            s.shutdown(socket.SHUT_WR)
            while s.recv(65536):
                pass
        except OSError:
            pass
    assert get(serving.url("/healthz"))[0] == 200


def test_operators_need_the_token(serving):
    base = f"http://127.0.0.1:{serving.operator_port}"
    for path in ("/", "/metrics", "/api/ledger", "/api/state", "/style.css", "/nowhere"):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}, {"Cookie": "tonnelle_token=x"}):
            status, answer, _ = get(base + path, headers)
            assert status == 401 and answer["WWW-Authenticate"] == "Bearer", path
        assert get(base + path + "?token=wrong")[0] == 401
    assert get(base + "/nowhere", {"Authorization": f"Bearer {serving.token}"})[0] == 404
    connection = http.client.HTTPConnection("127.0.0.1", serving.operator_port)
    connection.request("GET", f"/?token={serving.token}")
    answer = connection.getresponse()
    assert answer.status == 303 and "HttpOnly" in answer.headers["Set-Cookie"] and "SameSite=Lax" in answer.headers["Set-Cookie"]
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    assert b"Biblioth" in get(base + "/", {"Cookie": cookie})[2]
    assert stat.S_IMODE((serving.folder / "data/operators.token").stat().st_mode) == 0o600


def test_the_board_puts_silent_sensors_first_and_the_public_sees_no_counts(broker, serving):
    for total in (10, 47):
        broker.publish("tonnelle/v1/up/biblio/porte", json.dumps([{"n": "in_total", "v": total}, {"n": "temperature", "v": 24}]))
        wait_for("the count", lambda: serving.ledger()["accepted"] >= 2)
    wait_for("the people", lambda: "37 / 100" in serving.operators("/"))
    board = serving.operators("/?lang=en")
    assert "2 of 3 places ready" in board
    assert board.index("Parc") < board.index("Bibliothèque") < board.index("Square")
    public = get(serving.url("/collections/cool-spots/items"))[2] + get(serving.url("/places/biblio"), HTML)[2]
    # The digits of a time or a port are nobody's count.
    assert b"37" not in re.sub(rb"127.0.0.1:\d+|\d\d:\d\d:\d\d(\.\d+)?|\d+(\xc2\xa0)?h(\xc2\xa0)?\d*", b"", public)


def test_metrics_are_prometheus_text(serving):
    text = serving.operators("/metrics")
    names = set()
    for line in text.strip().split("\n"):
        if line.startswith("# TYPE "):
            names.add(line.split()[2])
        elif not line.startswith("#"):
            name = line.split("{")[0].split(" ")[0]
            assert name in names and float(line.rsplit(" ", 1)[1]) >= 0
    assert {"tonnelle_readings_total", "tonnelle_refused_total", "tonnelle_sensors"} <= names


def test_a_taken_port_is_said_in_a_sentence(gateway):
    with socket.socket() as s:
        s.bind(("127.0.0.1", gateway.port))
        s.listen()
        gateway.start(ready=False)
        assert gateway.process.wait(10) == 1
    assert f"cannot listen on 127.0.0.1:{gateway.port}: another program has the port" in gateway.log.read_text()
    gateway.stop(signal.SIGKILL)


class Stream:
    """A client of /events that keeps what comes."""

    def __init__(self, gateway, query="", last=None):
        self.connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
        self.connection.request("GET", "/events" + query, headers={"Last-Event-ID": last} if last else {})
        self.answer = self.connection.getresponse()
        self.events = []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        event = {}
        try:
            for raw in self.answer:
                name, _, value = raw.decode().rstrip("\n").partition(": ")
                if name:
                    event[name] = value
                elif event:
                    self.events.append(event)
                    event = {}
        except (OSError, ValueError, http.client.HTTPException):
            pass

    def places(self):
        return [json.loads(e["data"])["id"] for e in self.events if e.get("event") == "place"]

    def close(self):
        self.connection.sock.shutdown(socket.SHUT_RDWR)


def test_who_comes_back_gets_what_was_missed_and_nothing_twice(broker, serving):
    first = Stream(serving, "?state=false")
    broker.publish("tonnelle/v1/up/parc/air", reading(21))
    wait_for("a change", lambda: "parc" in first.places())
    assert "square" not in first.places()  # the state was not asked for
    last = [e for e in first.events if "id" in e][-1]["id"]
    first.close()
    broker.publish("tonnelle/v1/up/parc/air", reading(22))
    broker.publish("tonnelle/v1/up/biblio/porte", json.dumps([{"n": "temperature", "v": 23}]))
    wait_for("both", lambda: serving.place("biblio").get("air_temperature") == 23 and serving.place("parc")["air_temperature"] != 21)
    back = Stream(serving, last=last)
    wait_for("what was missed", lambda: {"parc", "biblio"} <= set(back.places()))
    assert "square" not in back.places()  # no whole state
    numbers = [int(e["id"].split("-")[1]) for e in back.events if "id" in e]
    assert numbers == list(range(int(last.split("-")[1]) + 1, int(last.split("-")[1]) + 1 + len(numbers)))
    # An identifier of another run, or nonsense, gets the whole state.
    run = last.split("-")[0]
    for other in ("gone-5", "nonsense", "x" * 500, f"{run}--9223372036854775808", f"{run}-99999999999999999999", f"{run}-", f"{run}-+1"):
        whole = Stream(serving, last=other)
        wait_for("the state", lambda: {"parc", "biblio", "square"} <= set(whole.places()))
        whole.close()
    back.close()


@pytest.mark.parametrize("query,expected", [("?place=biblio", {"biblio"}), ("?bbox=4,45,5,46", {"parc", "biblio", "square"}), ("?bbox=0,0,1,1", set())])
def test_streams_can_ask_for_some_places(broker, serving, query, expected):
    stream = Stream(serving, query)
    everything = Stream(serving)
    wait_for("the state", lambda: set(stream.places()) == expected)
    broker.publish("tonnelle/v1/up/parc/air", reading(21))
    broker.publish("tonnelle/v1/up/biblio/porte", json.dumps([{"n": "temperature", "v": 23}]))
    wait_for("the changes", lambda: everything.places().count("parc") > 1 and everything.places().count("biblio") > 1)
    number = [e["id"] for e in everything.events if "id" in e][-1]
    if expected:
        wait_for("its own", lambda: len(stream.places()) > len(expected))
    broker.publish("tonnelle/v1/up/parc/air", reading(28))
    wait_for("the time, which all are told", lambda: any(e.get("event") == "now" and "id" in e for e in stream.events))
    assert set(stream.places()) == expected
    stream.close()
    everything.close()


@pytest.mark.parametrize("query,status", [("?place=nobody", 404), ("?bbox=1,2", 400), ("?state=perhaps", 400), ("?x=1", 400)])
def test_streams_refuse_what_they_do_not_know(serving, query, status):
    assert get(serving.url("/events" + query))[0] == status


def test_a_client_that_does_not_read_is_let_go_and_harms_nobody(broker, serving):
    lazy = socket.socket()
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lazy.connect(("127.0.0.1", serving.port))
    lazy.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
    eager = Stream(serving)
    for n in range(40):
        broker.publish("tonnelle/v1/up/parc/air", reading(20 + n % 2 * 0.4))
    wait_for("the eager one's events", lambda: eager.places().count("parc") > 1)
    assert get(serving.url("/"), HTML)[0] == 200
    lazy.close()
    eager.close()
    wait_for("their end", lambda: serving.state_metric("tonnelle_event_streams") == 0)


def test_a_trusted_proxy_tells_the_name_and_nobody_else(gateway):
    gateway.write_settings(public='"trusted_proxies": ["127.0.0.1"]')
    gateway.start()
    landing = json.loads(get(gateway.url("/"), {"Accept": "application/json", "X-Forwarded-Host": "frais.example", "X-Forwarded-Proto": "https"})[2])
    assert landing["links"][0]["href"] == "https://frais.example/?f=json"


def test_pages_allow_nothing_inline_and_nothing_from_elsewhere(serving):
    for path in ("/", "/places/parc", "/sign/parc", "/data", "/accessibility"):
        status, headers, body = get(serving.url(path), HTML)
        policy = headers["Content-Security-Policy"]
        assert status == 200 and "unsafe" not in policy and "http" not in policy and "default-src 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"]
        assert "Set-Cookie" not in headers
        assert b"style=" not in body and b"<style" not in body and b" onclick" not in body


def test_a_thousand_malformed_requests_harm_nothing(serving):
    """Random bytes, cut and glued requests, from one seed."""
    import random
    dice = random.Random(8)
    whole = [b"GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n", b"GET /collections/cool-spots/items?bbox=1,2,3,4 HTTP/1.1\r\nHost: x\r\n\r\n",
             b"GET /v1.1/Things('parc')?%24filter=name+eq+'a' HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /events?place=parc HTTP/1.1\r\nHost: x\r\nLast-Event-ID: a-1\r\n\r\n",
             b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", b"GET /sign/parc.svg HTTP/1.0\r\n\r\n"]
    for number in range(1000):
        raw = bytearray(dice.choice(whole))
        for _ in range(dice.randrange(1, 8)):
            where = dice.randrange(len(raw))
            what = dice.randrange(4)
            if what == 0:
                raw[where] = dice.randrange(256)
            elif what == 1:
                del raw[where:where + dice.randrange(1, 20)]
            elif what == 2:
                raw[where:where] = bytes(dice.randrange(256) for _ in range(dice.randrange(1, 30)))
            else:
                raw[where:where] = raw[:dice.randrange(1, len(raw) + 1)] * dice.randrange(1, 4)
            if not raw:
                raw = bytearray(b"\r\n")
        with socket.create_connection(("127.0.0.1", serving.port), timeout=5) as s:
            try:
                s.sendall(bytes(raw))
                if number % 10 == 0:
                    s.settimeout(0.2)
                    s.recv(200)
            except OSError:
                pass
    assert get(serving.url("/"), HTML)[0] == 200 and serving.process.poll() is None
    wait_for("their end", lambda: serving.state_metric("tonnelle_event_streams") == 0)


def test_slow_clients_of_one_address_do_not_shut_out_another(gateway):
    """Slowloris: requests that never end, as many as one address may have."""
    gateway.write_settings(public='"connections_per_address": 30')
    gateway.start()
    slow = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(60)]
    for s in slow:
        try:
            s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-")
        except OSError:
            pass
    with socket.create_connection(("127.0.0.1", gateway.port), source_address=("127.0.0.2", 0), timeout=10) as s:
        s.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert s.recv(100).startswith(b"HTTP/1.1 200")
    for s in slow:
        s.close()
