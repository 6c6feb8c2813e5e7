"""What doctor finds: with a gateway, without one, and with each thing broken in turn."""

import json
import os
import pathlib
import subprocess

import pytest

from conftest import Broker, Gateway, free_ports, listens, tonnelle, wait_for


def doctor(gateway):
    """The exit code, and what was found: (verdict, subject, finding and advice)."""
    result = tonnelle("doctor", "--config", gateway.settings, "--json")
    assert result.stderr == b"", result
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return result.returncode, [(l["verdict"], l["subject"], l["finding"] + ": " + l.get("advice", "")) for l in lines]


def faults(found):
    return [(subject, text) for verdict, subject, text in found if verdict == "fault"]


def has(found, verdict, subject, words):
    return any(v == verdict and s == subject and words in text for v, s, text in found)


def test_all_is_well_before_a_start_and_while_one_runs(gateway):
    code, found = doctor(gateway)
    assert code == 0 and faults(found) == [], found
    assert not (gateway.folder / "data").exists(), "doctor left something behind"
    assert has(found, "ok", "ports", f"{gateway.port} is free") and has(found, "ok", "files", "will be made")
    assert has(found, "ok", "broker", "lets us in, with MQTT 5") and has(found, "ok", "broker", "tonnelle/v1/up/+/+")
    assert has(found, "warning", "broker", "max_queued_messages 200000") and has(found, "warning", "broker", "mosquitto version")
    assert has(found, "ok", "time zone", "Europe/Paris") and has(found, "ok", "disk", "MiB/s")

    gateway.start().connected()
    before = gateway.ledger()
    code, found = doctor(gateway)
    assert code == 0 and faults(found) == [], found
    assert has(found, "ok", "gateway", "it runs") and has(found, "ok", "ports", f"{gateway.port} is held by the running gateway")
    assert has(found, "ok", "files", "nobody else may read the operators' token")
    assert gateway.ledger() == before and gateway.state_metric("tonnelle_broker_connected") == 1
    assert sorted(os.listdir(gateway.folder / "data")) == ["client.id", "journal.db", "journal.db-shm", "journal.db-wal", "lock", "operators.token"]

    plain = tonnelle("doctor", "--config", gateway.settings).stdout.decode().splitlines()
    assert len(plain) == len(found) and all(line.split()[0] in ("ok", "warning", "fault") for line in plain)


def test_a_dead_broker(folder):
    gateway = Gateway(folder, free_ports(1)[0])
    code, found = doctor(gateway)
    assert code == 1 and [s for s, _ in faults(found)] == ["broker"]
    assert has(found, "fault", "broker", "Connection refused: start it, or correct")


def test_a_dead_broker_while_the_gateway_runs(broker, gateway):
    gateway.start().connected()
    broker.stop()
    wait_for("the loss", lambda: gateway.state_metric("tonnelle_broker_connected") == 0)
    code, found = doctor(gateway)
    assert code == 1 and has(found, "fault", "gateway", "it has no broker") and has(found, "fault", "broker", "start it")


@pytest.fixture
def guarded(folder):
    """A broker that asks for a password."""
    broker = Broker(folder)
    subprocess.run(["mosquitto_passwd", "-c", "-b", folder / "passwords", "tonnelle", "juste"], check=True)
    text = broker.config.read_text().replace("allow_anonymous true", "allow_anonymous false")
    broker.config.write_text(text + f"password_file {folder}/passwords\n")
    yield broker.start()
    broker.stop()


def with_login(gateway, password):
    (gateway.folder / "password").write_text(password + "\n")
    (gateway.folder / "password").chmod(0o600)
    text = gateway.settings.read_text()
    gateway.settings.write_text(text.replace('"keep_alive_s": 5', '"keep_alive_s": 5, "username": "tonnelle", "password_file": "password"'))


def test_a_wrong_password(folder, guarded):
    gateway = Gateway(folder, guarded.port)
    with_login(gateway, "faux")
    code, found = doctor(gateway)
    assert code == 1 and [s for s, _ in faults(found)] == ["broker"], found
    assert has(found, "fault", "broker", '"password_file"') and "faux" not in str(found)


def test_a_right_password(folder, guarded):
    gateway = Gateway(folder, guarded.port)
    with_login(gateway, "juste")
    code, found = doctor(gateway)
    assert code == 0 and has(found, "ok", "broker", "lets us in as tonnelle"), found


def test_a_filter_that_the_broker_refuses(folder, broker, gateway):
    # An acl_file only holds messages back; this plugin of mosquitto's refuses the subscription itself.
    plugin = next(pathlib.Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"))
    (folder / "access.json").write_text(json.dumps({
        "defaultACLAccess": {"publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True},
        "clients": [], "groups": [{"groupname": "all", "roles": [{"rolename": "reader"}], "clients": []}],
        "anonymousGroup": "all", "roles": [{"rolename": "reader", "acls": [
            {"acltype": "subscribePattern", "topic": "tonnelle/v1/up/#", "priority": 0, "allow": True}]}]}))
    broker.config.write_text(
        f"plugin {plugin}\nplugin_opt_config_file {folder}/access.json\n" + broker.config.read_text())
    broker.stop()
    broker.start()
    code, found = doctor(gateway)
    assert code == 1 and faults(found) == [
        ("broker", "it refuses tonnelle/v1/command/#: let this user subscribe to them")], found
    # A gateway that runs was told so, too.
    gateway.start(ready=False)
    wait_for("the gateway's own word", lambda: has(doctor(gateway)[1], "fault", "gateway", "the broker refuses it tonnelle/v1/command/#"))


def test_secrets_that_others_can_read(folder, gateway):
    gateway.start()
    gateway.stop()
    (gateway.folder / "data/operators.token").chmod(0o644)
    code, found = doctor(gateway)
    assert code == 1 and faults(found) == [
        ("files", f"everybody on this machine may use the operators' token in {gateway.folder}/data/operators.token: "
                  f"chmod o= {gateway.folder}/data/operators.token")]
    (gateway.folder / "data/operators.token").chmod(0o640)
    assert doctor(gateway)[0] == 0
    with_login(gateway, "juste")
    (gateway.folder / "password").chmod(0o604)
    assert has(doctor(gateway)[1], "fault", "files", "may use the broker's password")
    (gateway.folder / "password").unlink()
    assert has(doctor(gateway)[1], "fault", "files", "cannot be read: No such file")


def test_accounts_are_their_owners_alone(gateway):
    text = gateway.settings.read_text()
    gateway.settings.write_text(text.replace('"operators": { ', '"operators": { "accounts": "accounts.json", '))
    assert has(doctor(gateway)[1], "fault", "files", "the operators' accounts")
    accounts = gateway.folder / "accounts.json"
    accounts.write_text("[]")
    accounts.chmod(0o640)
    code, found = doctor(gateway)
    assert code == 1 and has(found, "fault", "files", f"chmod 600 {accounts}"), found
    accounts.chmod(0o600)
    code, found = doctor(gateway)
    assert code == 0 and has(found, "ok", "files", "nobody else may read the operators' accounts"), found


def test_a_broken_folder(gateway):
    (gateway.folder / "data").write_text("a file")
    code, found = doctor(gateway)
    assert code == 1 and has(found, "fault", "files", "is no folder")
    text = gateway.settings.read_text()
    gateway.settings.write_text(text.replace('"data": "data"', '"data": "/nowhere/at/all"'))
    code, found = doctor(gateway)
    assert code == 1 and has(found, "fault", "files", "cannot be made") and has(found, "fault", "disk", "/nowhere/at")


def test_files_of_another_user(gateway):
    gateway.start()
    gateway.stop()
    os.chown(gateway.folder / "data/journal.db", 65534, 65534)
    code, found = doctor(gateway)
    assert code == 1 and has(found, "fault", "files", "journal.db belong to another user")


def test_a_password_that_only_root_can_read(folder, guarded):
    gateway = Gateway(folder, guarded.port)
    with_login(gateway, "juste")
    (gateway.folder / "data").mkdir(mode=0o750)
    os.chown(gateway.folder / "data", 65534, 65534)
    code, found = doctor(gateway)
    assert code == 1 and has(found, "fault", "files", "may not read the broker's password"), found
    os.chown(gateway.folder / "password", 0, 65534)
    (gateway.folder / "password").chmod(0o640)
    code, found = doctor(gateway)
    assert code == 0 and has(found, "ok", "files", "nobody else may read the broker's password"), found


def test_a_port_that_another_program_holds(broker, gateway):
    gateway.write_settings(public=f'"address": "127.0.0.1"')
    gateway.settings.write_text(gateway.settings.read_text().replace(f'"port": {gateway.port}', f'"port": {broker.port}'))
    assert listens(broker.port)
    code, found = doctor(gateway)
    assert code == 1 and has(found, "fault", "ports", f"sport = :{broker.port}"), found


def test_broken_settings(gateway):
    gateway.settings.write_text(gateway.settings.read_text().replace('"city"', '"ctiy"'))
    code, found = doctor(gateway)
    assert code == 1 and has(found, "fault", "settings", 'did you mean "city"?') and has(found, "fault", "settings", "nothing else")
    assert any(subject == "clock" for _, subject, _ in found)
