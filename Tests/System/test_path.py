"""From a sensor's message to retained topics, through everything a broker can do to a gateway."""

import json
import signal
import socket
import threading
import time

from conftest import PLACES, Broker, Gateway, get, reading, tonnelle, wait_for


def test_a_reading_reaches_its_retained_topic_and_the_page(broker, gateway):
    gateway.start().connected()
    broker.publish("tonnelle/v1/up/rue/rue", reading(34))
    broker.publish("tonnelle/v1/up/parc/air", reading(26))
    wait_for("the place", lambda: gateway.place("parc")["availability"] == "available")
    wait_for("the topic", lambda: '"availability":"available"' in (broker.retained("tonnelle/v1/places/parc") or ""))
    place = json.loads(broker.retained("tonnelle/v1/places/parc"))
    assert place["measured"] and place["coolness"]["difference"] == 8.0
    assert "essai" not in json.dumps(place)  # nothing in it names the gateway
    about = json.loads(broker.retained("tonnelle/v1/places/parc/about"))
    assert about["name"] == "Parc" and about["position"] == [4.85, 45.75]
    city = wait_for("the count", lambda: (lambda c: c if c["cool"] == 1 else None)(json.loads(broker.retained("tonnelle/v1/city/ville"))))
    assert city["open"] == 3 and city["heat"] is None
    assert broker.retained("tonnelle/v1/gateway/essai/status") == "online"
    body = get(gateway.url("/"), {"Accept": "text/html"})[2].decode()
    assert "1 lieu frais ouvert maintenant" in body and "8,0\u202f°C de moins que la rue" in body


def test_sigterm_leaves_offline_without_the_last_will(broker, gateway):
    gateway.start().connected()
    broker.publish("tonnelle/v1/up/parc/air", reading(26))
    begun = time.monotonic()
    assert gateway.stop() == 0
    assert time.monotonic() - begun < 5
    assert broker.retained("tonnelle/v1/gateway/essai/status") == "offline"
    assert "stopped cleanly" in gateway.log.read_text()


def test_a_killed_gateway_is_reported_by_its_last_will(broker, gateway):
    gateway.start().connected()
    assert broker.retained("tonnelle/v1/gateway/essai/status") == "online"
    gateway.stop(signal.SIGKILL)
    wait_for("the will", lambda: broker.retained("tonnelle/v1/gateway/essai/status") == "offline")


def test_a_broker_that_restarts_empty_gets_everything_again(folder, broker, gateway):
    gateway.start().connected()
    broker.publish("tonnelle/v1/up/parc/air", reading(26))
    wait_for("the place", lambda: gateway.place("parc")["availability"] == "available")
    broker.stop(signal.SIGKILL)
    wait_for("the loss", lambda: gateway.state_metric("tonnelle_broker_connected") == 0)
    # It goes on serving what it knows, and says so once.
    assert gateway.place("parc")["availability"] == "available"
    for file in (folder / "broker").iterdir():
        file.unlink()
    broker.start()
    gateway.connected()
    wait_for("the topic", lambda: '"availability":"available"' in (broker.retained("tonnelle/v1/places/parc", 1) or ""))
    assert broker.retained("tonnelle/v1/gateway/essai/status") == "online"
    assert gateway.log.read_text().count("broker_lost") <= 2
    broker.publish("tonnelle/v1/up/parc/air", reading(27))
    wait_for("the new reading", lambda: gateway.place("parc")["air_temperature"] == 26.5)


def test_a_gateway_starts_without_a_broker_and_finds_it_later(folder):
    broker = Broker(folder)
    gateway = Gateway(folder, broker.port)
    try:
        gateway.start()
        assert gateway.place("square")["availability"] == "available"
        assert get(gateway.url("/healthz"))[0] == 200
        broker.start()
        gateway.connected()
    finally:
        gateway.stop(signal.SIGKILL)
        broker.stop()


class Proxy(threading.Thread):
    """Stands between gateway and broker, and can swallow everything without closing anything."""

    def __init__(self, target):
        super().__init__(daemon=True)
        self.target, self.hole, self.pairs = target, False, []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                here, _ = self.server.accept()
            except OSError:
                return
            if self.hole:
                self.pairs.append((here, here))
                continue
            there = socket.create_connection(("127.0.0.1", self.target))
            self.pairs.append((here, there))
            for a, b in ((here, there), (there, here)):
                threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    def pump(self, a, b):
        try:
            while data := a.recv(65536):
                if not self.hole:
                    b.sendall(data)
        except OSError:
            pass

    def close(self):
        self.server.close()
        for pair in self.pairs:
            for s in pair:
                s.close()


def test_a_broker_that_vanishes_without_a_word_is_noticed_and_found_again(folder, broker):
    proxy = Proxy(broker.port)
    gateway = Gateway(folder, proxy.port)
    try:
        gateway.start().connected()
        proxy.hole = True
        wait_for("the loss", lambda: gateway.state_metric("tonnelle_broker_connected") == 0, 30)
        assert gateway.place("square")["availability"] == "available"
        proxy.hole = False
        wait_for("the connection", lambda: gateway.state_metric("tonnelle_broker_connected") == 1, 60)
        broker.publish("tonnelle/v1/up/parc/air", reading(26))
        wait_for("the place", lambda: gateway.place("parc")["availability"] == "available")
    finally:
        gateway.stop(signal.SIGKILL)
        proxy.close()


def test_a_refused_password_is_said_once(folder):
    broker = Broker(folder)
    broker.config.write_text(broker.config.read_text().replace("allow_anonymous true", "allow_anonymous false"))
    gateway = Gateway(folder, broker.port)
    try:
        broker.start()
        gateway.start()
        wait_for("the reason", lambda: "Not authorized" in gateway.log.read_text())
        wait_for("more attempts", lambda: get(gateway.url("/healthz"))[0] == 200)
        assert gateway.log.read_text().count("Not authorized") == 1
    finally:
        gateway.stop(signal.SIGKILL)
        broker.stop()


def test_sighup_reloads_and_refuses_a_bad_configuration(broker, gateway):
    gateway.start().connected()
    broker.publish("tonnelle/v1/up/parc/air", reading(26))
    wait_for("the place", lambda: gateway.place("parc")["availability"] == "available")
    gateway.write_places(PLACES[:2] + [("jardin", "Jardin", "garden", '"opening_hours":"24/7"')])
    gateway.process.send_signal(signal.SIGHUP)
    wait_for("the new place", lambda: get(gateway.url("/places/jardin"))[0] == 200)
    wait_for("the old one's end", lambda: get(gateway.url("/places/square"))[0] == 404)
    assert gateway.place("parc")["availability"] == "available"  # what is known is kept
    wait_for("the emptied topic", lambda: broker.retained("tonnelle/v1/places/square", 1) is None)
    wait_for("the new topic", lambda: broker.retained("tonnelle/v1/places/jardin", 1))
    gateway.write_settings(extra='\n  "brokr": {}')
    gateway.process.send_signal(signal.SIGHUP)
    wait_for("the refusal", lambda: "reload_refused" in gateway.log.read_text())
    assert 'did you mean "broker"?' in gateway.log.read_text()
    broker.publish("tonnelle/v1/up/parc/air", reading(28))
    wait_for("life going on", lambda: gateway.place("parc")["air_temperature"] == 27.0)
    assert sum(entry.get("entry") == "configuration" for entry in gateway.journal()) == 2


def test_commands_from_people_on_duty(broker, gateway):
    gateway.start().connected()
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    broker.publish("tonnelle/v1/command/heat", json.dumps({"level": 3, "by": "A. Martin", "reason": "canicule", "until": until}))
    wait_for("the level", lambda: '"level":3' in (broker.retained("tonnelle/v1/city/ville", 1) or ""))
    broker.publish("tonnelle/v1/command/places/square/override", json.dumps({"state": "closed", "by": "A. Martin", "reason": "orage", "until": until}))
    wait_for("the closure", lambda: gateway.place("square")["availability"] == "closed")
    broker.publish("tonnelle/v1/command/heat", "hot")
    wait_for("the refusal", lambda: gateway.ledger().get("refused_command_malformed") == 1)
    page = get(gateway.url("/"), {"Accept": "text/html"})[2].decode()
    assert "Niveau de chaleur : orange" in page and "service de la ville" in page
    assert "A. Martin" not in page and "A. Martin" in gateway.operators("/")


def test_messages_sent_while_the_gateway_was_away_all_arrive(broker, gateway):
    gateway.start().connected()
    gateway.stop()
    for celsius in range(20, 30):
        broker.publish("tonnelle/v1/up/parc/air", reading(celsius))
    gateway.start().connected()
    wait_for("all ten", lambda: gateway.ledger()["accepted"] == 10)


def test_a_second_gateway_on_the_same_folder_is_refused(gateway):
    gateway.start()
    result = tonnelle("serve", "--config", gateway.settings)
    assert result.returncode == 1 and b"another gateway is running" in result.stderr


def test_an_unknown_sensor_is_counted_and_harms_nobody(broker, gateway):
    gateway.start().connected()
    for topic in ("parc/inconnu", "nulle-part/air"):
        broker.publish(f"tonnelle/v1/up/{topic}", reading(20))
    broker.publish("tonnelle/v1/up/parc/air", b"\xff\xfe[")
    broker.publish("tonnelle/v1/up/parc/air", json.dumps([{"n": "temperature", "v": "x"}, {"n": "humidity", "v": 40}]))
    wait_for("the counts", lambda: gateway.ledger().get("accepted") == 1)
    ledger = gateway.ledger()
    assert ledger["refused_sensor_unknown"] == 1 and ledger["refused_place_unknown"] == 1
    assert ledger["refused_malformed"] == 1 and ledger["refused_value_not_a_number"] == 1
