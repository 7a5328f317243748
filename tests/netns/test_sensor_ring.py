# SPDX-License-Identifier: GPL-2.0-or-later
"""The sensor and the kernel share the memory that frames lie in: it outlives a sensor that
is killed, a flood of frames that name devices fits, and a socket that can have none is
read all the same."""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import time

import pytest

import ipc

PREFIX = "cdr-%d-" % os.getpid()
GATEWAY, FAR = PREFIX + "gw", PREFIX + "far"
FLOOD = 20000
PATIENCE_S, SILENCE_S = 30, 0.5  # a loaded machine stands still for a second
OURS = "02:00:03:"


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more)


def arp(number):
    """A device says its address: 02:00:03:xx:xx:xx is at 10.9.x.x."""
    mac = b"\x02\x00\x03" + number.to_bytes(3, "big")
    own = bytes([10, 9]) + number.to_bytes(3, "big")[1:]
    return (b"\xff" * 6 + mac + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + mac
            + own + bytes(6) + bytes([10, 9, 255, 254])).ljust(60, b"\0")


SENDER = """
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
while frame := sys.stdin.buffer.read(60):
    s.send(frame)
"""
SLICE = 200  # frames; a CPU's backlog has room for 1,000


def send(*numbers):
    """Arrived at the sensor's socket when this returns: another socket has seen them. A
    loaded machine hands frames on later than they are sent, and drops them when many wait."""
    with opened_socket() as witness, subprocess.Popen(
            ["ip", "netns", "exec", FAR, "/usr/bin/env", "python3", "-c", SENDER],
            stdin=subprocess.PIPE) as sender:
        witness.settimeout(PATIENCE_S)
        for at in range(0, len(numbers), SLICE):
            frames = [arp(n) for n in numbers[at:at + SLICE]]
            sender.stdin.write(b"".join(frames))
            sender.stdin.flush()
            assert [witness.recv(2048) for _ in frames] == frames
    assert sender.returncode == 0


@pytest.fixture(scope="module", autouse=True)
def cable():
    try:
        for namespace in (GATEWAY, FAR):
            run("ip", "netns", "add", namespace)
            # no frames but ours
            run("ip", "netns", "exec", namespace, "sysctl", "-qw",
                "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
        run("ip", "-n", GATEWAY, "link", "add", "lan", "type", "veth", "peer", "name", "eth0",
            "netns", FAR)
        run("ip", "-n", GATEWAY, "link", "set", "lan", "arp", "off", "up")
        run("ip", "-n", FAR, "link", "set", "eth0", "arp", "off", "up")
        yield
    finally:
        for namespace in (GATEWAY, FAR):
            subprocess.run(["ip", "netns", "del", namespace], check=False,
                           capture_output=True)


def opened_socket():
    """The socket that the parent would open."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        run("ip", "netns", "exec", GATEWAY, ipc.binary("tests/capture_socket"), "lan",
            stdin=theirs)
        _, fds, _, _ = socket.recv_fds(ours, 1, 1)
    return socket.socket(fileno=fds[0])


@pytest.fixture
def capture():
    with opened_socket() as sock:
        yield sock


@contextlib.contextmanager
def sensor(sock):
    child = ipc.Child("cardea-sensor", [("uid", "65534")], [("SOCKET_CAPTURE", sock)])
    try:
        yield child
    finally:
        log = child.stop()
    assert child.process.returncode in (0, -signal.SIGKILL), log


def seen(child, last=None, silence=SILENCE_S):
    """Numbers of the devices that it tells of: until the last one, if that is known, and
    until it is silent."""
    numbers = []
    with contextlib.suppress(TimeoutError):
        while True:
            waits = last is not None and last not in numbers[-1:]
            m = child.engine.receive(PATIENCE_S if waits else silence)
            if m.type == "SEEN_ADDR" and m.mac.startswith(OURS):
                numbers.append(int(m.mac.replace(":", "")[6:], 16))
    return numbers


def mapped(child):
    """Whether it reads the socket's memory."""
    with open("/proc/%d/maps" % child.pid, encoding="utf-8") as maps:
        return any("socket:" in line for line in maps)


def test_frames_are_seen_in_order_and_once(capture):
    with sensor(capture) as child:
        assert mapped(child)
        send(*range(1, 200))
        assert seen(child, 199) == list(range(1, 200))
        send(200)
        assert seen(child, 200) == [200]


def test_what_comes_while_it_is_away_is_seen_by_the_next(capture):
    with sensor(capture) as child:
        send(*range(300, 310))
        assert seen(child, 309) == list(range(300, 310))
        os.kill(child.pid, signal.SIGKILL)
    send(*range(310, 330))
    with sensor(capture) as child:
        assert mapped(child)
        assert seen(child, 329) == list(range(310, 330)), "those, and none of before"
        send(330)
        assert seen(child, 330) == [330]
    # several times round the memory, and away again
    with sensor(capture) as child:
        send(*range(1000, 1000 + FLOOD))
        seen(child)
        os.kill(child.pid, signal.SIGKILL)
    send(400)
    with sensor(capture) as child:
        assert seen(child, 400) == [400]


def test_more_than_there_is_room_for_is_counted(capture):
    with sensor(capture) as child:
        os.kill(child.pid, signal.SIGSTOP)
        send(*range(1000, 1000 + FLOOD))
        os.kill(child.pid, signal.SIGCONT)
        kept = seen(child, silence=3)
        assert kept == list(range(1000, 1000 + len(kept))), "the first ones, in order"
        assert 4000 < len(kept) < FLOOD
        while True:
            m = child.engine.receive(15)
            if m.type == "SENSOR_COUNTS":
                break
        assert m.dropped == FLOOD - len(kept)
        send(500)
        assert seen(child, 500) == [500], "and then it goes on"


def test_a_socket_without_memory_is_read_all_the_same():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs, sensor(theirs) as child:
        assert not mapped(child)
        ours.send(arp(600))
        assert seen(child, 600) == [600]


def test_interface_that_goes_down_costs_nothing(capture):
    with sensor(capture) as child:
        send(51)
        assert seen(child, 51) == [51]
        for state in ("down", "up"):
            run("ip", "-n", GATEWAY, "link", "set", "lan", state)
        before = cpu_seconds(child.pid)
        time.sleep(1)
        assert cpu_seconds(child.pid) - before < 0.3
        send(52)
        assert 52 in seen(child, 52)


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
