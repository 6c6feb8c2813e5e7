"""tonnelle status, the account of every reading, checkpoints across starts, and a clock that nobody has set."""

import ctypes
import json
import sqlite3
import zlib

from conftest import reading, tonnelle, wait_for


def test_the_account_is_told_source_by_source(broker, gateway):
    gateway.start().connected()
    for celsius in (20, 21, 22):
        broker.publish("tonnelle/v1/up/parc/air", reading(celsius, t=1784000000 + celsius))  # years away: refused
        broker.publish("tonnelle/v1/up/rue/rue", reading(celsius))
    broker.publish("tonnelle/v1/up/parc/air", "nonsense {")
    broker.publish("tonnelle/v1/up/parc/nobody", reading(20))
    wait_for("the readings", lambda: gateway.ledger()["received"] == 8)
    ledger = gateway.ledger()
    air, street = ledger["sources"]["air"], ledger["sources"]["rue"]
    assert street == {"received": 3, "accepted": 3, "raw": 3}
    assert air["received"] == 4 and air["refused_malformed"] == 1 and sum(
        count for name, count in air.items() if name.startswith("refused_")) == 4
    assert ledger["others"] == {"received": 1, "refused_sensor_unknown": 1}
    assert ledger["balanced"] is True

    told = tonnelle("status", "--config", gateway.settings)
    assert told.returncode == 0, told.stderr
    text = told.stdout.decode()
    for expected in ("broker        connected", "sensors       1 of 3 heard", "porte silent, never heard",
                     "every reading is accounted for", "  rue                     received 3, accepted 3"):
        assert expected in text, text
    both = json.loads(tonnelle("status", "--config", gateway.settings, "--json").stdout)
    assert both["ledger"]["received"] == 8 and both["status"]["broker_connected"] is True

    gateway.stop()
    told = tonnelle("status", "--config", gateway.settings)
    assert told.returncode == 1 and b"no gateway answers on 127.0.0.1:" in told.stderr


def test_a_clean_stop_leaves_a_checkpoint_and_the_next_start_reads_nothing(broker, gateway):
    gateway.start().connected()
    for number in range(20):
        broker.publish("tonnelle/v1/up/parc/air", reading(20 + number / 10))
    wait_for("the readings", lambda: gateway.ledger()["accepted"] == 20)
    before = json.loads(gateway.operators("/api/state"))
    assert gateway.stop() == 0
    gateway.start()
    assert "0 entries of the journal were read" in gateway.log.read_text() or "entries of the journal" not in gateway.log.read_text()
    after = json.loads(gateway.operators("/api/state"))
    assert after["ledger"] == before["ledger"] and after["places"][1]["sensors"] == before["places"][1]["sensors"]
    status = json.loads(tonnelle("status", "--config", gateway.settings, "--json").stdout)["status"]
    assert status["checkpoint"] >= 1


def is_synchronised():
    """What adjtimex(2) says; the structure is larger than what is looked at."""
    state = (ctypes.c_char * 512)()
    answer = ctypes.CDLL(None).adjtimex(state)
    status = int.from_bytes(bytes(state)[40:44], "little")
    return answer != 5 and not status & 0x40


def test_a_clock_far_ahead_of_the_journal_is_believed_only_when_it_was_set(broker, gateway):
    gateway.start()
    gateway.stop()
    # The journal ends two days before the machine's clock.
    path = gateway.folder / "data/journal.db"
    database = sqlite3.connect(path)
    database.execute("DELETE FROM run")
    entry = {"entry": "connected", "session_present": False}
    position, lines = database.execute("SELECT position, lines FROM journal ORDER BY position LIMIT 1").fetchone()
    first = json.loads(bytes(lines).split(b"\n")[0])
    first["tst"] = entry["tst"] = "2026-01-01T00:00:00Z"
    line = (json.dumps(first) + "\n").encode()
    database.execute("DELETE FROM journal")
    database.execute("INSERT INTO journal(position, entries, at, lines, crc, upto) VALUES (?, 1, 0, ?, ?, ?)",
                     (position, line, zlib.crc32(line), len(line)))
    database.commit()
    database.close()
    # Nor does a changed configuration, which is an entry itself, make the clock's time the journal's.
    gateway.write_settings(' "limits": { "messages_per_second": 19 }')
    gateway.start(ready=is_synchronised())
    if not is_synchronised():
        wait_for("the warning", lambda: "clock_not_trusted" in gateway.log.read_text())
        assert not gateway.is_ready()
        gateway.stop()
        gateway.write_settings(' "clock": "trusted"')
        gateway.start()
    assert gateway.is_ready()
