"""What a service manager hears: sd_notify's datagrams on a real socket, by path and by abstract name."""

import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from conftest import PROGRAM, free_ports, reading, wait_for


class Manager(threading.Thread):
    """Listens on a notification socket and keeps what it hears, one dictionary a datagram."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.heard = []
        self.start()

    def run(self):
        while data := self.socket.recv(4096):
            self.heard.append(dict(line.split("=", 1) for line in data.decode().split("\n")))

    def count(self, name, value="1"):
        return sum(message.get(name) == value for message in self.heard)

    def end(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b"", self.socket.getsockname())
        self.join()
        self.socket.close()


@pytest.fixture(params=["path", "abstract"])
def manager(request, folder):
    name = f"{folder}/notify" if request.param == "path" else f"\0tonnelle-test-{os.getpid()}-{free_ports(1)[0]}"
    manager = Manager(name)
    yield manager
    manager.end()


def start(gateway, manager, watchdog_usec=400_000, **more):
    name = manager.socket.getsockname()
    name = name if isinstance(name, str) else name.decode()
    environment = {**os.environ, "NOTIFY_SOCKET": name.replace("\0", "@"), "WATCHDOG_USEC": str(watchdog_usec), **more}
    gateway.process = subprocess.Popen(
        [PROGRAM, "serve", "--config", gateway.settings, "--transitions", gateway.transitions],
        stderr=open(gateway.log, "ab"), env=environment)


def test_ready_beats_reload_and_goodbye(gateway, manager):
    start(gateway, manager)
    wait_for("readiness", lambda: manager.count("READY") == 1)
    assert gateway.is_ready(), "the manager heard of it too early"
    wait_for("some beats", lambda: manager.count("WATCHDOG") >= 3)
    wait_for("the status", lambda: any("the broker is connected" in m.get("STATUS", "") for m in manager.heard))
    first = next(index for index, m in enumerate(manager.heard) if "READY" in m)
    assert not any("STOPPING" in m for m in manager.heard) and first < len(manager.heard)

    gateway.process.send_signal(signal.SIGHUP)
    wait_for("the end of the reload", lambda: manager.count("READY") == 2)
    begun = [index for index, m in enumerate(manager.heard) if m.get("RELOADING") == "1"]
    ended = [index for index, m in enumerate(manager.heard) if m.get("READY") == "1"]
    assert len(begun) == 1 and ended[0] < begun[0] < ended[1]
    assert int(manager.heard[begun[0]]["MONOTONIC_USEC"]) > 0

    # A reload that is refused ends as well.
    gateway.settings.write_text("{")
    gateway.process.send_signal(signal.SIGHUP)
    wait_for("the end of the second reload", lambda: manager.count("READY") == 3)
    assert "reload_refused" in gateway.log.read_text()

    assert gateway.stop() == 0
    wait_for("the goodbye", lambda: manager.count("STOPPING") == 1)


def test_the_beats_stop_when_the_loop_stands_still(gateway, broker, manager):
    """The loop writes its transitions into a pipe that nobody empties: process and ports live, the loop does not turn."""
    os.mkfifo(gateway.transitions)
    pipe = os.open(gateway.transitions, os.O_RDWR | os.O_NONBLOCK)
    try:
        start(gateway, manager)
        wait_for("beats", lambda: manager.count("WATCHDOG") >= 2)
        gateway.connected()
        while True:
            try:
                os.write(pipe, b"full")
            except BlockingIOError:
                break
        broker.publish("tonnelle/v1/up/rue/rue", reading(35))
        broker.publish("tonnelle/v1/up/parc/air", reading(20))
        blocked = f"/proc/{gateway.process.pid}/task"
        wait_for("the loop's standstill", lambda: any(
            "pipe" in open(f"{blocked}/{task}/wchan").read() for task in os.listdir(blocked)))
        beats = manager.count("WATCHDOG")
        time.sleep(1.5)  # nearly four times what the manager waits: not a wait for anything
        assert manager.count("WATCHDOG") - beats <= 1, "the beats go on although the loop stands still"
        while True:
            try:
                os.read(pipe, 65536)
            except BlockingIOError:
                break
        beats = manager.count("WATCHDOG")
        wait_for("beats again", lambda: manager.count("WATCHDOG") > beats)
    finally:
        os.close(pipe)


def test_no_beats_for_another_process_or_without_a_watchdog(gateway, manager):
    start(gateway, manager, WATCHDOG_PID="1")
    wait_for("readiness", lambda: manager.count("READY") == 1)
    wait_for("the status", lambda: any("the broker is connected" in m.get("STATUS", "") for m in manager.heard))
    assert gateway.stop() == 0
    wait_for("the goodbye", lambda: manager.count("STOPPING") == 1)
    assert manager.count("WATCHDOG") == 0


def test_a_manager_that_is_not_there_is_no_hindrance(gateway, folder):
    environment = {**os.environ, "NOTIFY_SOCKET": f"{folder}/nobody", "WATCHDOG_USEC": "400000"}
    gateway.process = subprocess.Popen(
        [PROGRAM, "serve", "--config", gateway.settings], stderr=open(gateway.log, "ab"), env=environment)
    wait_for("readiness", gateway.is_ready)
    assert gateway.stop() == 0
