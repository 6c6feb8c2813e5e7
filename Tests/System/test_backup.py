"""Backup of a running gateway under load, restore, and what neither may do: half of it."""

import json
import os
import pathlib
import signal
import sqlite3
import subprocess

import pytest

from conftest import PROGRAM, Gateway, payload_of, tonnelle, wait_for
from disasters import balanced, is_as_replayed
from test_durability import Publisher


def rows(path):
    """The journal of a file, batch by batch."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    found = connection.execute("SELECT position, entries, at, lines, crc, upto FROM journal ORDER BY position").fetchall()
    connection.close()
    return found


@pytest.fixture
def elsewhere(folder):
    """A second gateway of the same settings, with a folder, ports and a broker's port of its own: nobody listens there."""
    (folder / "elsewhere").mkdir()
    gateway = Gateway(folder / "elsewhere", 1)
    yield gateway
    gateway.stop(signal.SIGKILL)


def test_a_backup_under_load_holds_everything_up_to_an_entry(folder, broker, gateway, elsewhere):
    gateway.start().connected()
    publisher = Publisher(broker.port, 0.001)
    publisher.start()
    copies = [folder / "one.db", folder / "two.db", folder / "two.db"]
    try:
        for number, copy in enumerate(copies):
            wait_for("some load", lambda: len(publisher.acknowledged) >= 300 * (number + 1))
            result = tonnelle("backup", "--config", gateway.settings, "--to", copy)
            assert result.returncode == 0, result.stderr
            assert b"checked" in result.stdout
            # One file, for its owner only.
            assert copy.stat().st_mode & 0o777 == 0o600
            assert sorted(p.name for p in folder.glob("*.db*")) == sorted({c.name for c in copies[:number + 1]})
        before = len(publisher.acknowledged)
        wait_for("the load to go on", lambda: len(publisher.acknowledged) > before)
    finally:
        publisher.finish()
    wait_for("all messages", lambda: gateway.ledger()["messages"] == len(publisher.sent))
    balanced(gateway)
    gateway.stop()

    # What the copy holds is what the original begins with, bit for bit.
    original = rows(gateway.folder / "data/journal.db")
    for copy in set(copies):
        part = rows(copy)
        assert 0 < len(part) < len(original) and part == original[:len(part)]
    assert len(rows(copies[0])) < len(rows(copies[1]))

    # A gateway on the restored folder knows just that, and its account balances.
    result = tonnelle("restore", "--config", elsewhere.settings, "--from", copies[1])
    assert result.returncode == 0, result.stderr
    restored = rows(elsewhere.folder / "data/journal.db")
    assert restored == original[:len(restored)]
    messages = sum(b'"topic"' in line and b'"entry"' not in line for row in restored for line in bytes(row[3]).split(b"\n"))
    elsewhere.start()
    ledger = balanced(elsewhere)
    assert ledger["messages"] == messages > 300
    is_as_replayed(elsewhere)
    stored = [payload_of(e).decode() for e in elsewhere.journal() if "topic" in e and "entry" not in e]
    assert len(stored) == len(set(stored)) == messages


def test_restore_refuses_a_folder_in_use_and_keeps_what_was_there(folder, broker, gateway):
    gateway.start().connected()
    broker.publish("tonnelle/v1/up/rue/rue", '[{"n":"temperature","u":"Cel","v":30}]')
    wait_for("the message", lambda: gateway.ledger()["messages"] == 1)
    copy = folder / "copy.db"
    assert tonnelle("backup", "--config", gateway.settings, "--to", copy).returncode == 0
    broker.publish("tonnelle/v1/up/rue/rue", '[{"n":"temperature","u":"Cel","v":31}]')
    wait_for("the second message", lambda: gateway.ledger()["messages"] == 2)

    result = tonnelle("restore", "--config", gateway.settings, "--from", copy)
    assert result.returncode == 1 and b"another gateway is running on the data folder" in result.stderr
    assert gateway.ledger()["messages"] == 2

    gateway.stop(signal.SIGKILL)  # a journal with a WAL beside it, as a power failure leaves it
    journal = gateway.folder / "data/journal.db"
    assert pathlib.Path(f"{journal}-wal").stat().st_size > 0
    result = tonnelle("restore", "--config", gateway.settings, "--from", copy)
    assert result.returncode == 0, result.stderr
    kept = pathlib.Path(result.stdout.decode().split("kept as ")[1].strip())
    assert not pathlib.Path(f"{journal}-wal").exists()
    assert len(rows(journal)) < len(rows(kept)) and rows(kept)[:len(rows(journal))] == rows(journal)
    gateway.start()
    assert balanced(gateway)["messages"] == 1
    gateway.stop()
    # And back again: what was kept is a copy like any other.
    assert tonnelle("restore", "--config", gateway.settings, "--from", kept).returncode == 0
    gateway.start()
    assert balanced(gateway)["messages"] == 2


def test_a_gateway_that_does_not_run_is_copied_too_and_its_owner_keeps_all(folder, broker, gateway):
    gateway.start().connected()
    broker.publish("tonnelle/v1/up/rue/rue", '[{"n":"temperature","u":"Cel","v":30}]')
    wait_for("the message", lambda: gateway.ledger()["messages"] == 1)
    for number in (signal.SIGTERM, signal.SIGKILL):
        gateway.stop(number)
        data = gateway.folder / "data"
        for path in [data, *data.iterdir()]:
            os.chown(path, 65534, 65534)
        copy = folder / f"copy-{number}.db"
        result = tonnelle("backup", "--config", gateway.settings, "--to", copy)
        assert result.returncode == 0, result.stderr
        assert rows(copy) == rows(data / "journal.db") != []
        assert all(path.stat().st_uid == 65534 for path in data.iterdir()), "the gateway's user could not go on"
        (data / "lock").unlink()
        assert tonnelle("restore", "--config", gateway.settings, "--from", copy).returncode == 0
        assert all(path.stat().st_uid == 65534 for path in data.iterdir())
        assert rows(copy) == rows(data / "journal.db")
        gateway.start()
        assert balanced(gateway)["messages"] == 1


def test_a_damaged_journal_is_replaced_and_kept_with_its_companions(folder, broker, gateway):
    gateway.start().connected()
    copy = folder / "copy.db"
    assert tonnelle("backup", "--config", gateway.settings, "--to", copy).returncode == 0
    gateway.stop(signal.SIGKILL)
    journal = gateway.folder / "data/journal.db"
    # SQLite makes a whole database of a whole WAL alone: both are spoilt.
    wal = b"neither is this" * 1000
    pathlib.Path(f"{journal}-wal").write_bytes(wal)
    journal.write_bytes(b"no database at all" * 1000)
    result = tonnelle("restore", "--config", gateway.settings, "--from", copy)
    assert result.returncode == 0 and b"is damaged or in use" in result.stderr, result
    kept = pathlib.Path(result.stdout.decode().split("kept as ")[1].strip())
    assert kept.read_bytes().startswith(b"no database at all") and pathlib.Path(f"{kept}-wal").read_bytes() == wal
    gateway.start()
    balanced(gateway)


def test_what_a_lost_file_has_left_does_not_spoil_the_copy(folder, broker, gateway):
    gateway.start().connected()
    copy = folder / "copy.db"
    assert tonnelle("backup", "--config", gateway.settings, "--to", copy).returncode == 0
    broker.publish("tonnelle/v1/up/rue/rue", '[{"n":"temperature","u":"Cel","v":30}]')
    wait_for("the message", lambda: gateway.ledger()["messages"] == 1)
    gateway.stop(signal.SIGKILL)
    journal = gateway.folder / "data/journal.db"
    wal = pathlib.Path(f"{journal}-wal").read_bytes()
    assert wal
    journal.unlink()
    assert tonnelle("restore", "--config", gateway.settings, "--from", copy).returncode == 0
    assert rows(journal) == rows(copy)
    left, = journal.parent.glob("journal.db.before-*-wal")
    assert left.read_bytes() == wal
    gateway.start()
    assert balanced(gateway)["messages"] == 0


def test_nothing_is_touched_when_the_copy_is_no_good(folder, broker, gateway):
    gateway.start().connected()
    copy = folder / "copy.db"
    assert tonnelle("backup", "--config", gateway.settings, "--to", copy).returncode == 0
    gateway.stop()
    journal = gateway.folder / "data/journal.db"
    before = journal.read_bytes()

    whole = copy.read_bytes()
    cut = folder / "cut.db"
    cut.write_bytes(whole[:len(whole) // 2])
    other = folder / "other.db"
    sqlite3.connect(other).execute("CREATE TABLE t(x)").connection.commit()
    newer = folder / "newer.db"
    newer.write_bytes(whole)
    sqlite3.connect(newer).execute("PRAGMA user_version = 99").connection.commit()
    text = folder / "notes.txt"
    text.write_text("remember the milk")
    for bad, words in [(cut, "nothing was changed"), (other, "not a gateway's database"), (newer, "newer version"),
                       (text, "nothing was changed"), (folder / "nowhere", "cannot be read"), (journal, "own journal")]:
        result = tonnelle("restore", "--config", gateway.settings, "--from", bad)
        assert result.returncode == 1 and words in result.stderr.decode(), (bad, result)
        assert journal.read_bytes() == before
        assert sorted(os.listdir(journal.parent)) == ["client.id", "journal.db", "lock", "operators.token"]

    # Nor does a backup write over what is none.
    for target in [text, journal]:
        result = tonnelle("backup", "--config", gateway.settings, "--to", target)
        assert result.returncode == 1 and b"is not an earlier copy" in result.stderr, result
    assert text.read_text() == "remember the milk" and journal.read_bytes() == before


def test_a_backup_that_finds_no_room_leaves_nothing(folder, broker, gateway):
    gateway.start().connected()
    copy = folder / "copy.db"
    assert tonnelle("backup", "--config", gateway.settings, "--to", copy).returncode == 0
    before = copy.read_bytes()
    # A limit on the size of a file is the room that there is; SIGXFSZ ignored, a write fails instead.
    result = subprocess.run(
        ["python3", "-c", "import os, resource, signal, sys\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
         "resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))\nos.execv(sys.argv[1], sys.argv[1:])",
         PROGRAM, "backup", "--config", gateway.settings, "--to", copy], capture_output=True, timeout=60)
    assert result.returncode == 1 and b"no copy was made" in result.stderr, result
    assert copy.read_bytes() == before and list(folder.glob("*.new*")) == []
    assert json.loads(gateway.operators("/api/status"))["store_working"] is True
