"""What the tests of disasters share: the account checked by hand, a wire that can break, a client that shouts, a journal by hand."""

import collections
import json
import os
import re
import selectors
import socket
import sqlite3
import struct
import threading
import time
import zlib

from conftest import payload_of, tonnelle, wait_for

SORTS = ["raw", "buckets_only", "repeated", "conflicting", "superseded", "too_old"]


def balanced(gateway):
    """The ledger, after its sums were made again from the numbers in it: for each source and for all together."""
    ledger = gateway.ledger()
    assert ledger["balanced"] is True, ledger
    parts = list(ledger["sources"].values()) + [ledger["others"]]
    for account in [ledger, *parts]:
        refused = sum(count for name, count in account.items() if name.startswith("refused_"))
        assert account.get("received", 0) == refused + account.get("redelivered", 0) + account.get("accepted", 0), ledger
        assert account.get("accepted", 0) == sum(account.get(sort, 0) for sort in SORTS), ledger
    names = {name for account in parts for name in account} | {"received", "accepted"}
    for name in names:
        assert ledger[name] == sum(account.get(name, 0) for account in parts), (name, ledger)
    return ledger


def stored_payloads(gateway):
    """The payloads of all sensors' messages in the journal, in order."""
    return [payload_of(entry).decode() for entry in gateway.journal() if "topic" in entry and "entry" not in entry]


def is_as_replayed(gateway):
    """The state that is served is, to the last instant, what a fresh replay of the journal makes of that moment."""
    live = json.loads(gateway.operators("/api/state"))
    result = tonnelle("replay", gateway.folder / "data", "--summary", "--until", live["now"])
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == live


def after_the_disaster(gateway, publishers=()):
    """What holds after each of them: the sums, what was acknowledged, and the state."""
    ledger = balanced(gateway)
    stored = set(stored_payloads(gateway))
    for publisher in publishers:
        missing = {publisher.sent[mid] for mid in publisher.acknowledged} - stored
        assert not missing, f"{len(missing)} acknowledged messages are not in the journal"
    is_as_replayed(gateway)
    return ledger


# MARK: MQTT by hand

def packets(buffer):
    """Takes the whole MQTT packets from the front of a buffer: first byte and body of each."""
    while True:
        length, shift, place = 0, 0, 1
        while True:
            if place >= len(buffer):
                return
            byte = buffer[place]
            length |= (byte & 0x7F) << shift
            shift, place = shift + 7, place + 1
            if byte < 0x80:
                break
        if len(buffer) < place + length:
            return
        packet = buffer[0], bytes(buffer[place:place + length])
        del buffer[:place + length]
        yield packet


class Wire(threading.Thread):
    """Stands between a gateway and its broker: it can break in the middle of a packet, or swallow all without a word.

    It reads along: which payloads the gateway acknowledged, whether or not the broker ever heard of it.
    """

    def __init__(self, target):
        super().__init__(daemon=True)
        self.target = target
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.hole = False
        self.cutting = False
        self.cuts = self.swallowed = self.delivered = self.redelivered = 0
        self.acknowledged = set()
        self.closing = threading.Event()
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.server, selectors.EVENT_READ)
        self.connections = set()
        self.start()

    class Connection:
        def __init__(self, here, there):
            self.here, self.there = here, there
            self.is_dead = False
            self.buffers = {here: bytearray(), there: bytearray()}
            self.unacknowledged = {}

    def run(self):
        while not self.closing.is_set():
            for key, _ in self.selector.select(0.02):
                if key.fileobj is self.server:
                    self.accept()
                elif key.data in self.connections:
                    self.pass_on(key.data, key.fileobj)
            if self.hole:
                for connection in self.connections:
                    connection.is_dead = True
        for connection in list(self.connections):
            self.end(connection)
        self.server.close()

    def accept(self):
        here, _ = self.server.accept()
        try:
            there = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            here.close()
            return
        connection = self.Connection(here, there)
        connection.is_dead = self.hole
        self.connections.add(connection)
        for end in (here, there):
            self.selector.register(end, selectors.EVENT_READ, connection)

    def pass_on(self, connection, source):
        try:
            data = source.recv(65536)
        except OSError:
            data = b""
        if source is connection.here:
            self.watch(connection, source, data)
        if connection.is_dead:
            # Nobody at the other end hears anything, not even of the end; a new connection begins elsewhere.
            self.swallowed += len(data)
            if not data:
                self.selector.unregister(source)
            return
        if source is connection.there:
            if self.cutting:
                self.cutting = False
                self.cuts += 1
                data = data[:len(data) // 2]
                self.watch(connection, source, data)
                try:
                    connection.here.sendall(data)
                except OSError:
                    pass
                return self.end(connection, reset=True)
            self.watch(connection, source, data)
        target = connection.there if source is connection.here else connection.here
        try:
            if not data:
                raise OSError
            target.sendall(data)
        except OSError:
            self.end(connection)

    def watch(self, connection, source, data):
        connection.buffers[source] += data
        for first, body in packets(connection.buffers[source]):
            if source is connection.there and first >> 4 == 3 and first & 0x06:
                topic = 2 + int.from_bytes(body[:2], "big")
                place = topic + 2
                while body[place] >= 0x80:
                    place += 1
                length = sum((byte & 0x7F) << 7 * index for index, byte in enumerate(body[topic + 2:place + 1]))
                connection.unacknowledged[body[topic:topic + 2]] = body[place + 1 + length:].decode()
                self.delivered += 1
                self.redelivered += first >> 3 & 1
            elif source is connection.here and first >> 4 == 4:
                payload = connection.unacknowledged.pop(body[:2], None)
                if payload is not None:
                    self.acknowledged.add(payload)

    def end(self, connection, reset=False):
        self.connections.discard(connection)
        for s in (connection.here, connection.there):
            try:
                self.selector.unregister(s)
            except (KeyError, ValueError):
                pass
            if reset:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.close()

    def cut(self):
        """Resets the connection in the middle of what the broker sends next."""
        before = self.cuts
        self.cutting = True
        wait_for("the cut", lambda: self.cuts > before)

    def close(self):
        self.closing.set()
        self.join()


class Shouter:
    """A bare MQTT 3.1.1 client that sends as fast as the socket takes it, and remembers what was acknowledged."""

    def __init__(self, port, name):
        self.socket = socket.create_connection(("127.0.0.1", port))
        name = name.encode()
        self.socket.sendall(b"\x10" + bytes([12 + len(name)]) + b"\x00\x04MQTT\x04\x02\x00\x00" + struct.pack(">H", len(name)) + name)
        assert self.socket.recv(4) == b"\x20\x02\x00\x00"
        self.count = 0
        self.sent, self.acknowledged = {}, set()
        self.in_flight = collections.OrderedDict()
        self.lock = threading.Lock()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        buffer = bytearray()
        try:
            while data := self.socket.recv(65536):
                buffer += data
                with self.lock:
                    for first, body in packets(buffer):
                        assert first == 0x40
                        self.acknowledged.add(self.in_flight.pop(body[:2]))
        except OSError:
            pass

    def send(self, messages, qos=1):
        """Sends topics and payloads in one piece; waits while much is not acknowledged yet."""
        wait_for("acknowledgements", lambda: len(self.in_flight) < 20_000, 60)
        piece = bytearray()
        with self.lock:
            for topic, payload in messages:
                topic, body = topic.encode(), payload.encode()
                self.count += 1
                length = 2 + len(topic) + len(body) + (2 if qos else 0)
                assert 128 <= length < 16_384 or length < 128
                piece.append(0x30 | qos << 1)
                piece += bytes([length]) if length < 128 else bytes([length & 0x7F | 0x80, length >> 7])
                piece += struct.pack(">H", len(topic)) + topic
                if qos:
                    packet = struct.pack(">H", self.count % 65_535 + 1)
                    piece += packet
                    self.in_flight[packet] = self.count
                    self.sent[self.count] = payload
                piece += body
        self.socket.sendall(piece)

    def finish(self):
        """Waits for the last acknowledgement, and for the broker to have read all of it."""
        wait_for("the last acknowledgement", lambda: not self.in_flight, 60)
        self.close()

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.reader.join(10)
        self.socket.close()


# MARK: A journal by hand

def rfc3339(milliseconds):
    """As the gateway writes it: milliseconds only where there are any."""
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(milliseconds // 1000))
    return text + (f".{milliseconds % 1000:03}" if milliseconds % 1000 else "") + "Z"


def line(at, topic, payload, packet=None):
    """A sensor's message as the journal holds it."""
    entry = {"tst": rfc3339(at), "topic": topic, "qos": 0 if packet is None else 1, "retain": 0,
             "payloadlen": len(payload.encode())}
    if packet is not None:
        entry["mid"] = packet
    return json.dumps({**entry, "payload": payload}, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


class JournalWriter:
    """Writes rows into the journal of a stopped gateway, in the form that it writes itself."""

    def __init__(self, gateway, begins=None):
        """Begins anew at a moment (Unix milliseconds) with the configuration of the first entry, or goes on."""
        self.database = sqlite3.connect(gateway.folder / "data/journal.db", isolation_level=None)
        self.database.execute("PRAGMA synchronous = OFF")
        if begins is None:
            self.position, self.upto = self.database.execute(
                "SELECT position + entries, upto FROM journal ORDER BY position DESC LIMIT 1").fetchone()
        else:
            (first,) = self.database.execute("SELECT line FROM configuration ORDER BY position LIMIT 1").fetchone()
            first = re.sub(rb'"tst":"[^"]*"', f'"tst":"{rfc3339(begins)}"'.encode(), first, count=1)
            for table in ("journal", "configuration", "run", "image", "day", "transition"):
                self.database.execute(f"DELETE FROM {table}")
            self.position, self.upto = 1, 0
            self.database.execute("INSERT INTO configuration VALUES (1, ?, ?)", (first, zlib.crc32(first)))
            self.append(first, 1, begins)
        self.database.execute("BEGIN")

    def append(self, lines, entries, at):
        self.upto += len(lines)
        self.database.execute("INSERT INTO journal(position, entries, at, upto, lines, crc) VALUES (?, ?, ?, ?, ?, ?)",
                              (self.position, entries, at, self.upto, lines, zlib.crc32(lines)))
        self.position += entries

    def close(self):
        self.database.execute("COMMIT")
        self.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.database.close()


SECOND = ('{{"tst":"{0}{1}Z","topic":"tonnelle/v1/up/{2}","qos":1,"retain":0,"payloadlen":30,"mid":{3},'
          '"payload":"[{{\\"n\\":\\"temperature\\",\\"v\\":{4:.1f}}}]"}}\n')


def write_messages(writer, count, topics, begins, batch=2000):
    """Writes many messages of one temperature each, twenty a second from a moment on; returns the moment after them.

    Air of 20 to 22 °C: what leaps from reading to reading is a fault, and is looked at as one.
    """
    number = 0
    while number < count:
        lines = []
        for step in range(number, min(count, number + batch)):
            second, part = divmod(step, 20)
            if part == 0 or not lines:
                stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(begins // 1000 + second))
            lines.append(SECOND.format(stamp, f".{part * 50:03}" if part else "", topics[step % len(topics)],
                                       step % 65_535 + 1, 20 + abs(step // 50 % 40 - 20) / 10))
        number += len(lines)
        writer.append("".join(lines).encode(), len(lines), begins + (number - 1) * 50)
    return begins + count * 50


# MARK: Processes

def cpu_seconds(process):
    """User and system time of a process so far, from the fields after its name in /proc/PID/stat (proc(5))."""
    fields = open(f"/proc/{process.pid}/stat").read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start_and_measure(gateway, seconds):
    """Starts a gateway; returns the CPU seconds that it took until it was ready."""
    gateway.start(ready=False)

    def is_ready():
        return gateway.is_ready() and cpu_seconds(gateway.process)
    return wait_for("readiness", is_ready, seconds)


def resident_bytes(gateway):
    return gateway.state_metric("tonnelle_resident_memory_bytes")
