# SPDX-License-Identifier: GPL-2.0-or-later
"""From training to the kernel: a capture in which a phone speaks to a hub and the hub then to
a bulb is learned; what came of it is put in force in that very home, and with another binding
in another one. In order it is allowed, alone it is refused, counted at the far end."""

import os
import re
import socket
import sys
import time

import pytest

from lab.frames import TCP, UDP
from lab.gateway import LAN4

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "cli"))
import homecap  # noqa: E402
from test_learn_interactions import (BULB, BULB_MAC, HUB, HUB_MAC, PHONE, PHONE_MAC,  # noqa: E402
                                     House)

TRIGGER, EFFECT = 80, 5683
TIMES = 60
SLOWEST = 4.0  # seconds from the phone's call to the hub's, in training


def trained(seed=1):
    """Someone presses a button now and then; the devices do much besides."""
    house = House(seed)
    for i in range(TIMES):
        house.beat(240 + house.random.random() * 120)
        house.call()
        if i % 7 != 3:  # not every press is for the bulb
            house.command(1.0 + house.random.random() * (SLOWEST - 1.0))
    house.beat(120)
    return homecap.pcap(house.bulb, house.hub, house.phone)


def moved(capture, parties):
    """The same in the lab's own home: other MACs, other addresses."""
    pairs = [(socket.inet_aton(homecap.GATEWAY), socket.inet_aton(LAN4))]
    for (mac, address), device in parties:
        pairs.append((homecap.frames.mac_bytes(mac), homecap.frames.mac_bytes(device.mac)))
        pairs.append((socket.inet_aton(address), socket.inet_aton(device.ipv4)))
    table = dict(pairs)
    one = re.compile(b"|".join(re.escape(k) for k in sorted(table, key=len, reverse=True)),
                     re.DOTALL)
    return one.sub(lambda m: table[m.group()], capture)


class Room:
    def __init__(self, home, name, octet):
        self.home, self.names = home, [name + "-phone", name + "-hub", name + "-bulb"]
        self.phone, self.hub, self.bulb = (
            home.add_device(n, octet + i) for i, n in enumerate(self.names))
        for device in (self.phone, self.hub, self.bulb):
            device.join()
        for device in (self.phone, self.hub, self.bulb):
            device.wait_ready()
        self.hub.serve(TCP, TRIGGER)
        self.bulb.serve(UDP, EFFECT)
        home.cardea.wait_state(self.bulb.mac, "learning")

    def parties(self):
        return (((PHONE_MAC, PHONE), self.phone), ((HUB_MAC, HUB), self.hub),
                ((BULB_MAC, BULB), self.bulb))

    def switched(self, timeout=30.0):
        return self.hub.echo_udp(self.bulb.ipv4, EFFECT, timeout=timeout)

    def enforce(self, template, binding):
        cardea = self.home.cardea
        cardea.cli("profile", "enforce", self.bulb.mac, template, "--binding", binding)
        cardea.wait_state(self.bulb.mac, "protected")
        for device in (self.phone, self.hub, self.bulb):
            device.echo_udp(LAN4, 9, timeout=0.1)
        cardea.wait(lambda: self.phone.ipv4 in str(cardea.device(self.phone.mac)["addresses"]),
                    what="the phone's address")
        time.sleep(4)  # who arms what is looked at once a second, and a machine may be late

    def nothing_arrives(self):
        self.bulb.sink.clear()
        assert not self.switched(timeout=0.3)
        assert self.bulb.sink.count(proto=UDP, dport=EFFECT) == 0

    def close(self):
        for name in self.names:
            self.home.remove_device(name)


@pytest.fixture
def rooms(opened):
    both = [Room(opened, "here", 0xb0), Room(opened, "there", 0xb4)]
    yield both
    for room in both:
        room.close()


def in_order_allowed_alone_refused(room, within):
    room.nothing_arrives()
    assert room.phone.echo_tcp(room.hub.ipv4, TRIGGER)
    assert room.switched()
    time.sleep(within + 0.5)
    room.nothing_arrives()


def test_trained_here_and_bound_there(home, rooms):
    if home.cardea.status()["backend"] != "bpf":
        pytest.skip("this back end knows no triggers")
    here, there = rooms
    capture, out = home.path("trained.pcap"), home.path("trained")
    with open(capture, "wb") as f:
        f.write(moved(trained(), here.parties()))
    told = home.cardea.cli("learn", capture, "--out", out).stdout
    assert "Only after something else:" in told
    stem = os.path.join(out, here.bulb.mac.replace(":", "-"))
    template, binding = stem + ".profile.yaml", stem + ".binding.yaml"
    with open(template, encoding="utf-8") as f:
        text = f.read()
    within = int(re.search(r"within: (\d+) ?s", text).group(1))
    assert SLOWEST <= within <= 30 and here.bulb.mac not in text
    assert here.switched()  # before: nothing is enforced

    here.enforce(template, binding)
    in_order_allowed_alone_refused(here, within)

    # the template goes to another home, and only the binding is made anew
    with open(binding, encoding="utf-8") as f:
        bound = f.read()
    for mine, its in zip((here.phone, here.hub, here.bulb),
                         (there.phone, there.hub, there.bulb)):
        bound = bound.replace(mine.mac, its.mac).replace(mine.ipv4, its.ipv4)
    other = home.path("there.binding.yaml")
    with open(other, "w", encoding="utf-8") as f:
        f.write(bound)
    there.enforce(template, other)
    in_order_allowed_alone_refused(there, within)
    # and the one's phone opens nothing in the other's room
    assert here.phone.echo_tcp(here.hub.ipv4, TRIGGER)
    there.nothing_arrives()
