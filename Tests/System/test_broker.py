"""The broker's configuration in Config/mosquitto: who may do what, and the gateway with its account and its certificate."""

import json
import pathlib
import shutil
import signal
import ssl
import subprocess
import threading

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from conftest import DEADLINE, ROOT, Gateway, free_ports, listens, reading, tonnelle, wait_for

CONFIG = ROOT / "Config/mosquitto"
ACCOUNTS = ["gateway", "operator", "vigilance", "home", "air", "porte"]
INDICATORS = ["tonnelle/v1/places/parc", "tonnelle/v1/places/parc/about", "tonnelle/v1/city/ville",
              "tonnelle/v1/gateway/essai/status", "tonnelle/v1/gateway/essai/about"]


class Authority:
    """A certificate authority of the test's, made by openssl."""

    def __init__(self, folder, name):
        self.folder = folder
        self.certificate, self.key = folder / f"{name}.crt", folder / f"{name}.key"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                     "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate)

    @staticmethod
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=30)

    def issue(self, name, file, address="127.0.0.1"):
        """Writes a certificate and its key as file.crt and file.key."""
        path, request = self.folder / file, self.folder / "request"
        (self.folder / "names").write_text(f"subjectAltName=IP:{address}\n")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                     "-keyout", f"{path}.key", "-out", request)
        self.openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial", "-days", "2",
                     "-extfile", self.folder / "names", "-out", f"{path}.crt")
        return pathlib.Path(f"{path}.crt"), pathlib.Path(f"{path}.key")


class City:
    """A mosquitto with exactly the files of Config/mosquitto: only ports, folders and the system's user are others."""

    def __init__(self, folder):
        self.folder = folder
        self.plain, self.tls, self.certificates = free_ports(3)
        (folder / "etc/certs").mkdir(parents=True)
        (folder / "var").mkdir()
        self.authority = Authority(folder, "authority")
        for path, name in zip(self.authority.issue("127.0.0.1", "server"), ["server.crt", "server.key"]):
            shutil.copy(path, folder / "etc/certs" / name)
        shutil.copy(self.authority.certificate, folder / "etc/certs/clients-ca.crt")
        shutil.copy(CONFIG / "acl", folder / "etc/acl")
        text = (CONFIG / "mosquitto.conf").read_text()
        for old, new in [("\nlistener 1883 127.0.0.1\n", f"\nlistener {self.plain} 127.0.0.1\n"),
                         ("\nlistener 8883\n", f"\nlistener {self.tls} 127.0.0.1\n"),
                         ("\nlistener 8884\n", f"\nlistener {self.certificates} 127.0.0.1\n"),
                         (" /var/lib/mosquitto/", f" {folder}/var/")]:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (folder / "etc/mosquitto.conf").write_text(text.replace(" /etc/mosquitto/", f" {folder}/etc/") + "user root\n")
        passwords = folder / "etc/passwords"
        passwords.touch(mode=0o600)
        for account in ACCOUNTS:
            subprocess.run(["mosquitto_passwd", "-b", passwords, account, f"secret of {account}"], check=True, timeout=10,
                           capture_output=True)
        self.log = folder / "broker.log"
        self.process = None

    def start(self):
        self.process = subprocess.Popen(["mosquitto", "-c", self.folder / "etc/mosquitto.conf"], stderr=open(self.log, "ab"))
        wait_for("the broker", lambda: all(map(listens, [self.plain, self.tls, self.certificates])))
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Client:
    """An MQTT 5 client that says what became of each act."""

    def __init__(self, city, account=None, port=None, password=None, certificate=None, version=mqtt.MQTTv5):
        self.messages, self.answers = [], {}
        self.changed = threading.Condition()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=version)
        if account and not certificate:
            self.client.username_pw_set(account, password or f"secret of {account}")
        if port in (city.tls, city.certificates):
            crt, key = certificate or (None, None)
            self.client.tls_set(str(city.authority.certificate), certfile=crt, keyfile=key)
        self.client.on_connect = lambda c, u, f, code, p: self.note("connected", code)
        self.client.on_publish = lambda c, u, mid, code, p: self.note(("published", mid), code)
        self.client.on_subscribe = lambda c, u, mid, codes, p: self.note(("subscribed", mid), codes)
        self.client.on_message = lambda c, u, message: self.messages.append(message)
        self.client.connect("127.0.0.1", port or city.plain)
        self.client.loop_start()
        self.code = self.answer("connected")

    def note(self, key, value):
        with self.changed:
            self.answers[key] = value
            self.changed.notify_all()

    def answer(self, key):
        with self.changed:
            assert self.changed.wait_for(lambda: key in self.answers, DEADLINE), f"no answer to {key}"
            return self.answers[key]

    def publish(self, topic, payload=b"{}", retain=False):
        """Whether the broker took the message."""
        return not self.answer(("published", self.client.publish(topic, payload, qos=1, retain=retain).mid)).is_failure

    def subscribe(self, topic):
        """Subscribes; what the broker had for us before has arrived when this returns."""
        self.answer(("subscribed", self.client.subscribe(topic, qos=1)[1]))

    def heard(self, topic):
        """Whether a message of the topic arrived before the broker's answer to something asked now."""
        self.subscribe("nothing/at/all")
        return [message for message in self.messages if message.topic == topic]

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("broker")
    city = City(folder).start()
    yield city
    city.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def connect(shared):
    clients = []

    def new(*arguments, **more):
        clients.append(Client(shared, *arguments, **more))
        return clients[-1]
    yield new
    for client in clients:
        client.close()


COMMAND, RESULT = "tonnelle/v1/command/heat", "tonnelle/v1/gateway/essai/command/result"
ALERTS = "tonnelle/v1/gateway/essai/alerts"
FOUND = "homeassistant/sensor/tonnelle/parc/config"

# Who may publish what; None is nobody in particular.
WRITES = [
    ("air", "tonnelle/v1/up/parc/air", True), ("porte", "tonnelle/v1/up/biblio/porte", True),
    ("air", "tonnelle/v1/up/parc/porte", False), ("air", "tonnelle/v1/up/parc/air/more", False), ("air", "tonnelle/v1/up/air", False),
    ("air", INDICATORS[0], False), ("air", COMMAND, False), ("air", INDICATORS[3], False), ("air", FOUND, False), ("air", "else", False),
    (None, "tonnelle/v1/up/parc/air", False), (None, COMMAND, False), (None, RESULT, False), (None, "else", False),
    *((None, topic, False) for topic in INDICATORS), *(("gateway", topic, True) for topic in INDICATORS),
    ("gateway", RESULT, True), ("gateway", ALERTS, True), ("gateway", FOUND, True), ("gateway", COMMAND, False),
    ("gateway", "tonnelle/v1/up/parc/air", False), ("gateway", "else", False), ("operator", ALERTS, False),
    ("operator", COMMAND, True), ("operator", "tonnelle/v1/command/places/parc/override", True),
    ("operator", "tonnelle/v1/command/vigilance", True), ("operator", INDICATORS[0], False), ("operator", RESULT, False),
    ("operator", "tonnelle/v1/up/parc/air", False), ("operator", "else", False),
    ("vigilance", "tonnelle/v1/command/vigilance", True), ("vigilance", COMMAND, False), ("vigilance", INDICATORS[0], False),
    ("home", "homeassistant/status", True), ("home", FOUND, False), ("home", COMMAND, False), ("home", INDICATORS[0], False),
]

# Who may read what, and who publishes it.
READS = [
    *((who, topic, "gateway", True) for who in (None, "operator") for topic in INDICATORS),
    *(("home", topic, "gateway", True) for topic in [INDICATORS[0], INDICATORS[1], INDICATORS[2], INDICATORS[3], FOUND]),
    *((who, "tonnelle/v1/up/parc/air", "air", False) for who in (None, "air", "porte", "operator", "vigilance", "home")),
    *((who, COMMAND, "operator", False) for who in (None, "air", "operator", "vigilance", "home")),
    *((who, RESULT, "gateway", False) for who in (None, "air", "vigilance", "home", "gateway")),
    ("operator", RESULT, "gateway", True), ("operator", ALERTS, "gateway", True), (None, ALERTS, "gateway", False),
    ("gateway", COMMAND, "operator", True),
    ("gateway", "tonnelle/v1/up/parc/air", "air", True), ("gateway", INDICATORS[0], "gateway", False),
    ("air", INDICATORS[0], "gateway", False), (None, FOUND, "gateway", False),
]


@pytest.mark.parametrize("account,topic,allowed", WRITES)
def test_who_may_publish(connect, account, topic, allowed):
    assert connect(account).publish(topic) == allowed


@pytest.mark.parametrize("account,topic,writer,allowed", READS)
def test_who_may_read(connect, account, topic, writer, allowed):
    reader = connect(account)
    reader.subscribe("#")
    assert connect(writer).publish(topic)
    assert bool(reader.heard(topic)) == allowed


def test_the_broker_s_own_figures_are_for_people_on_duty(connect):
    public, operator = connect(), connect("operator")
    for client in (public, operator):
        client.subscribe("$SYS/broker/version")
    assert operator.heard("$SYS/broker/version") and not public.heard("$SYS/broker/version")


@pytest.mark.parametrize("account,password", [("gateway", "wrong"), ("nobody", "secret"), ("operator", "secret of gateway")])
def test_a_wrong_password_does_not_come_in_as_the_public(connect, account, password):
    assert connect(account, password=password).code.is_failure


def test_a_queue_outlives_the_gateway_s_absence(shared):
    """What a persistent session needs: more than mosquitto's thousand messages wait, and 14 days are granted."""
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 14 * 86_400
    away = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="away", protocol=mqtt.MQTTv5)
    away.username_pw_set("gateway", "secret of gateway")
    heard, ready = [], threading.Event()
    away.on_connect = lambda c, u, flags, code, p: away.subscribe("tonnelle/v1/up/+/+", qos=1)
    away.on_subscribe = lambda *_: ready.set()
    away.on_message = lambda c, u, message: heard.append(message.payload)
    away.connect("127.0.0.1", shared.plain, clean_start=False, properties=properties)
    away.loop_start()
    assert ready.wait(DEADLINE)
    away.disconnect()
    away.loop_stop()
    sensor = Client(shared, "air")
    for number in range(3000):
        sensor.client.publish("tonnelle/v1/up/parc/air", str(number), qos=1)
    assert sensor.publish("tonnelle/v1/up/parc/air", "last")
    sensor.close()
    away.connect("127.0.0.1", shared.plain, clean_start=False, properties=properties)
    away.loop_start()
    wait_for("all that waited", lambda: len(heard) == 3001, 60)
    assert heard[-1] == b"last" and len(set(heard)) == 3001
    properties.SessionExpiryInterval = 0
    away.disconnect(properties=None)
    away.loop_stop()


# The gateway itself.

@pytest.fixture
def city(folder):
    city = City(folder).start()
    yield city
    city.stop()


@pytest.fixture
def member(folder, city):
    """A gateway whose settings want a broker's port and more of `broker`."""
    gateway = Gateway(folder, city.plain)

    def settings(port, **broker):
        gateway.broker_port = port
        gateway.write_settings()
        members = "".join(f'"{key}": {json.dumps(str(value))}, ' for key, value in broker.items())
        gateway.settings.write_text(gateway.settings.read_text().replace('"host"', members + '"host"'))
        return gateway
    yield settings
    gateway.stop(signal.SIGKILL)


def own(path):
    path.chmod(0o600)
    return path


def test_the_gateway_does_all_its_work_with_its_account(folder, city, member):
    password = folder / "password"
    password.write_text("secret of gateway\n")
    gateway = member(city.plain, username="gateway", password_file=own(password)).start().connected()
    public, operator, sensor = Client(city), Client(city, "operator", port=city.tls), Client(city, "air", port=city.tls)
    public.subscribe("tonnelle/#")
    operator.subscribe("tonnelle/v1/gateway/+/command/result")
    assert sensor.publish("tonnelle/v1/up/parc/air", reading(24.5))
    wait_for("the reading for everybody", lambda: any(
        json.loads(m.payload).get("coolness", {}).get("air_temperature") == 24.5 for m in public.heard("tonnelle/v1/places/parc")))
    assert operator.publish(COMMAND, json.dumps(
        {"level": 3, "by": "astreinte", "reason": "essai", "until": "2099-01-01T00:00:00Z"}).encode())
    wait_for("the command's result", lambda: operator.heard(RESULT))
    topics = {message.topic for message in public.messages}
    assert set(INDICATORS) <= topics and not any("/up/" in topic or "command" in topic for topic in topics)
    assert gateway.state_metric("tonnelle_broker_connected") == 1
    assert gateway.stop() == 0
    wait_for("the goodbye", lambda: [m for m in public.heard("tonnelle/v1/gateway/essai/status") if m.payload == b"offline"])
    log = gateway.log.read_text()
    assert "refuse" not in log and "password_readable" not in log
    for client in (public, operator, sensor):
        client.close()


def test_a_wrong_password_is_said_and_a_readable_one_too(folder, city, member):
    password = folder / "password"
    password.write_text("wrong\n")
    password.chmod(0o644)
    gateway = member(city.plain, username="gateway", password_file=password).start()
    wait_for("the log", lambda: "broker_lost" in gateway.log.read_text())
    assert "uthori" in gateway.log.read_text()
    assert f"every user of this machine can read the password in {password}" in gateway.log.read_text()


def test_a_certificate_in_the_place_of_a_password(folder, city, member):
    certificate, key = city.authority.issue("gateway", "member")
    gateway = member(city.certificates, ca_file=city.authority.certificate, certificate_file=certificate, key_file=own(key))
    gateway.start().connected()
    sensor = Client(city, port=city.certificates, certificate=city.authority.issue("air", "sensor"))
    assert sensor.publish("tonnelle/v1/up/parc/air", reading(24.5)), "the certificate's name is the account"
    assert not sensor.publish("tonnelle/v1/up/biblio/porte", reading(24.5))
    sensor.close()
    wait_for("the reading", lambda: gateway.place("parc").get("air_temperature") == 24.5)
    played = tonnelle("sensor", "--broker", f"127.0.0.1:{city.certificates}", "--ca-file", city.authority.certificate,
                      "--certificate-file", folder / "sensor.crt", "--key-file", folder / "sensor.key",
                      "--place", "parc", "--id", "air", "--count", "1")
    assert played.returncode == 0, played.stderr
    recorded = tonnelle("record", "--config", gateway.settings, "--count", "0", "tonnelle/v1/up/+/+")
    assert recorded.returncode in (0, 2), recorded.stderr


REFUSED = [("none", "certificate required"), ("foreign", "unknown ca"), ("other server", "certificate verify failed"),
           ("other name", "host name verification failed")]


@pytest.mark.parametrize("fault,words", REFUSED)
def test_without_the_right_certificate_the_gateway_says_why_and_goes_on_trying(folder, city, member, fault, words):
    strangers = Authority(folder, "strangers")
    right = city.authority.issue("gateway", "right")
    trusted = folder / "trusted.crt"
    shutil.copy(strangers.certificate if fault == "other server" else city.authority.certificate, trusted)
    shown = folder / "shown.crt", folder / "shown.key"
    for source, file in zip(strangers.issue("gateway", "foreign") if fault == "foreign" else right, shown):
        shutil.copy(source, file)
    own(shown[1])
    if fault == "other name":
        for path, name in zip(city.authority.issue("elsewhere", "named", address="192.0.2.1"), ["server.crt", "server.key"]):
            shutil.copy(path, folder / "etc/certs" / name)
        city.stop()
        city.start()
    certificate = {} if fault == "none" else {"certificate_file": shown[0], "key_file": shown[1]}
    gateway = member(city.certificates, ca_file=trusted, **certificate).start()
    wait_for(f"\"{words}\" in the log", lambda: f"{words}" in gateway.log.read_text())
    assert gateway.log.read_text().count("broker_lost") <= 2, "said once, after a first end without a word perhaps"
    assert gateway.state_metric("tonnelle_broker_connected") == 0
    if fault in ("none", "other name"):
        return
    # The files are put right, and the gateway, which was not told, finds them at its next attempt.
    shutil.copy(city.authority.certificate, trusted)
    for source, file in zip(right, shown):
        shutil.copy(source, file)
    wait_for("the connection", lambda: gateway.state_metric("tonnelle_broker_connected") == 1, 60)


@pytest.mark.parametrize("fault,words", [
    ("no key", "the private key in nowhere.key cannot be read"), ("no certificate", "the certificates in nowhere.crt cannot be read"),
    ("open key", "can read the private key in"), ("no authority", "the certificates in nowhere.ca cannot be read"),
])
def test_a_file_that_cannot_be_used_is_said_at_the_start(city, member, fault, words):
    certificate, key = city.authority.issue("gateway", "member")
    key.chmod(0o644 if fault == "open key" else 0o600)
    gateway = member(
        city.certificates, ca_file="nowhere.ca" if fault == "no authority" else city.authority.certificate,
        certificate_file="nowhere.crt" if fault == "no certificate" else certificate,
        key_file="nowhere.key" if fault == "no key" else key)
    result = tonnelle("serve", "--config", gateway.settings)
    assert result.returncode == 1 and words in result.stderr.decode(), result.stderr


@pytest.mark.parametrize("fault,words", [("locked", "Unable to load client key file"), ("exchanged", "key values mismatch")])
def test_a_key_that_does_not_fit_is_said_and_asks_nobody(folder, city, member, fault, words):
    certificate, key = city.authority.issue("gateway", "member")
    if fault == "locked":
        Authority.openssl("ec", "-in", key, "-aes256", "-passout", "pass:secret", "-out", key)
    else:
        _, key = city.authority.issue("gateway", "other")
    gateway = member(city.certificates, ca_file=city.authority.certificate, certificate_file=certificate, key_file=own(key)).start()
    wait_for(f"\"{words}\" in the log", lambda: words in gateway.log.read_text())
