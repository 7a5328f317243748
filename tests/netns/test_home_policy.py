# SPDX-License-Identifier: GPL-2.0-or-later
"""What the house says about a device's policy: whom classes of devices mean, quarantine by
hand, and how often rules were used. Devices of its own in the shared home."""

import os
import signal
import threading

import pytest

from lab import dns, internet, mudfiles
from lab.frames import TCP, UDP

CLASS = "urn:example:class:meter-reader"
ROUND = 30  # seconds between two looks at the kernel's counters
PORT = 7070


@pytest.fixture(scope="module")
def meter(opened):
    """Talks with its maker's cloud, with controllers, and with others of its maker."""
    url = opened.internet.publish("classes/meter", "Water meter", [
        mudfiles.cloud(internet.CLOUD_NAME),
        mudfiles.members({"controller": CLASS}, TCP, PORT, direction="from"),
        mudfiles.members({"my-controller": [None]}, UDP, PORT, direction="from"),
        mudfiles.members({"same-manufacturer": [None]}, TCP, PORT + 1, direction="from")])
    device = opened.add_device("meter", 0x71, url=url).join().wait_ready()
    opened.cardea.wait_state(device.mac, "protected")
    yield device
    opened.remove_device("meter")


@pytest.fixture(scope="module")
def reader(opened):
    """A device without a profile, which meters are to talk to."""
    device = opened.add_device("reader", 0x72).join().wait_ready()
    device.serve(TCP, PORT).serve(UDP, PORT)
    opened.cardea.wait(lambda: opened.cardea.device(device.mac), what="the reader")
    yield device
    opened.remove_device("reader")


def becomes(home, question, answer, what):
    home.cardea.wait(lambda: question() is answer, what=what)


def test_a_class_is_whom_the_owner_names(home, meter, reader):
    cardea = home.cardea
    for address in (reader.ipv4, reader.ula):
        assert not meter.echo_tcp(address, PORT, timeout=0.5)
    open_now = cardea.json("controller", "list")["unmapped"]
    mine = [c for c in open_now if c["class"] == CLASS]
    assert len(mine) == 1 and mine[0]["used_by"] == [cardea.device(meter.mac)["name"]]
    # the refused tries are the evidence
    home.cardea.wait(
        lambda: [s["mac"] for c in cardea.json("controller", "list")["unmapped"]
                 if c["class"] == CLASS for s in c["suggestions"]][:1] == [reader.mac],
        what="the suggestion")
    said = cardea.cli("controller", "set", CLASS, reader.mac)
    assert "undo with: cardea controller remove" in said.stderr
    for address in (reader.ipv4, reader.ula):
        becomes(home, lambda a=address: meter.echo_tcp(a, PORT, timeout=0.5), True,
                "the way to the controller")
    assert not meter.echo_udp(reader.ipv4, PORT, timeout=0.5)  # another class
    with meter.connect(reader.ipv4, PORT) as live:
        live.sendall(b"x")
        assert live.recv(1) == b"x"
        cardea.cli("controller", "remove", CLASS)
        becomes(home, lambda: meter.echo_tcp(reader.ipv4, PORT, timeout=0.5), False,
                "the end of the way")
        live.settimeout(1)
        with pytest.raises(OSError):
            live.sendall(b"y")
            live.recv(1)


def test_my_controller_is_for_one_device(home, meter, reader):
    cardea = home.cardea
    assert not meter.echo_udp(reader.ipv4, PORT, timeout=0.5)
    cardea.cli("controller", "set", "my-controller", reader.mac, "--device", meter.mac)
    becomes(home, lambda: meter.echo_udp(reader.ipv4, PORT, timeout=0.5), True,
            "the way to its controller")
    cardea.cli("controller", "remove", "my-controller", "--device", meter.mac)
    becomes(home, lambda: meter.echo_udp(reader.ipv4, PORT, timeout=0.5), False,
            "the end of the way")


def test_the_same_maker_takes_proof_of_both(home, meter):
    cardea = home.cardea
    url = home.internet.publish("classes/valve", "Water valve", [
        mudfiles.serves(TCP, PORT + 1)])
    valve = home.add_device("valve", 0x73, url=url).join().wait_ready()
    valve.serve(TCP, PORT + 1)
    try:
        cardea.wait_state(valve.mac, "protected")
        assert not meter.echo_tcp(valve.ipv4, PORT + 1, timeout=0.5)
        cardea.cli("device", "confirm", valve.mac)
        assert not meter.echo_tcp(valve.ipv4, PORT + 1, timeout=0.5)
        cardea.cli("device", "confirm", meter.mac)
        becomes(home, lambda: meter.echo_tcp(valve.ipv4, PORT + 1, timeout=0.5), True,
                "the way to another of its maker")
        cardea.cli("device", "confirm", valve.mac, "--no")
        becomes(home, lambda: meter.echo_tcp(valve.ipv4, PORT + 1, timeout=0.5), False,
                "the end of the way")
    finally:
        cardea.cli("device", "confirm", meter.mac, "--no")
        home.remove_device("valve")


def test_quarantine_leaves_the_gateway_and_no_more(home, meter):
    cardea = home.cardea
    cloud = meter.resolve(internet.CLOUD_NAME)[0]
    assert meter.echo_tcp(cloud, 443)
    with meter.connect(cloud, 443) as live:
        live.sendall(b"x")
        assert live.recv(1) == b"x"
        said = cardea.cli("quarantine", "add", meter.mac, "--reason", "for a test")
        assert "undo with: cardea quarantine release" in said.stderr
        assert cardea.device(meter.mac)["state"] == "quarantined"
        live.settimeout(1)
        with pytest.raises(OSError):
            live.sendall(b"y")
            live.recv(1)
    # it is heard, and refused what it does not need for its repair
    answer = dns.ask(meter.ns, meter.resolvers[0], internet.CLOUD_NAME, dns.A)
    assert answer.rcode == dns.REFUSED and not answer.addresses
    refused = [e for e in cardea.events() if e["kind"] == "name-refused"]
    assert internet.CLOUD_NAME in refused[-1]["text"]
    assert cardea.why(str(refused[-1]["id"])).startswith("Refused")
    assert not meter.echo_tcp(cloud, 443, timeout=0.5)
    rows = cardea.json("quarantine", "list")["devices"]
    assert [(d["mac"], d["reason"]) for d in rows] == [(meter.mac, "for a test")]
    assert "quarantine" in cardea.why(meter.mac, internet.CLOUD_NAME)
    code = cardea.json("quarantine", "release", meter.mac)["code"]
    cardea.cli("quarantine", "release", meter.mac, "--code", code)
    assert cardea.device(meter.mac)["state"] == "probation"
    assert meter.echo_tcp(cloud, 443)
    assert [e["text"] for e in cardea.events() if e["kind"] == "quarantine"]


def test_what_is_answered_is_in_force(home, meter):
    """Whoever was told that a device is held, or free again, may rely on it: the answer
    waits for the kernel, here for an enforcer that stands still for a second."""
    cardea = home.cardea
    cloud = meter.resolve(internet.CLOUD_NAME)[0]
    assert meter.echo_tcp(cloud, 443)
    late(cardea, "quarantine", "add", meter.mac, "--reason", "for a test")
    assert not meter.echo_tcp(cloud, 443, timeout=0.5)
    code = cardea.json("quarantine", "release", meter.mac)["code"]
    late(cardea, "quarantine", "release", meter.mac, "--code", code)
    assert meter.echo_tcp(cloud, 443)


def test_a_named_controller_is_one_at_once(home, meter, reader):
    cardea = home.cardea
    for _ in range(3):
        cardea.cli("controller", "set", CLASS, reader.mac)
        assert meter.echo_tcp(reader.ipv4, PORT)
        cardea.cli("controller", "remove", CLASS)
        assert not meter.echo_tcp(reader.ipv4, PORT, timeout=0.5)


def late(cardea, *command):
    enforcer = next(p["pid"] for p in cardea.status()["sandbox"] if p["name"] == "enforcer")
    os.kill(enforcer, signal.SIGSTOP)
    moves = threading.Timer(1.0, os.kill, (enforcer, signal.SIGCONT))
    moves.start()
    try:
        cardea.cli(*command)
    finally:
        moves.join()


def hits(home, device, ace):
    rules = home.cardea.json("policy", "show", device.mac)["devices"][0]["rules"]
    return sum(r["hits"] for r in rules if r["ace"] == ace and "hits" in r)


def test_rules_that_are_used_are_counted(home, meter, reader):
    cloud = meter.resolve(internet.CLOUD_NAME)[0]
    before = hits(home, meter, "a0-frdev")
    for _ in range(3):
        assert meter.echo_tcp(cloud, 443)
    home.cardea.wait(lambda: hits(home, meter, "a0-frdev") >= before + 3,
                     timeout=ROUND * 2 + 60, what="the count of three conversations")
    assert hits(home, meter, "a3-frdev") >= 0
    unused = home.cardea.cli("policy", "show", meter.mac, "--unused").stdout
    assert "rules were never used" in unused
    shown = home.cardea.cli("policy", "show", meter.mac).stdout
    assert "used" in shown and "nobody is in this class now" in shown
