# SPDX-License-Identifier: GPL-2.0-or-later
"""C1: what reading a live interface takes, at about a million frames a second.

The frames are of the kinds that captures of homes have: ARP, DNS and mDNS, data, and now
and then the beginning of TLS. Both readers are offered all of them. Ours has the kernel
leave out what names no device and begins no TLS; the bare reader, of a TPACKET_V3 ring,
takes all."""

import random
import struct
import time

from . import traffic
from .beds import Bed, run
from .figures import Row, baseline
from .flood import FRAME
from .traffic import GATEWAY, GATEWAY_MAC, NEIGHBOUR, NEIGHBOUR_MAC, device

BURST = 300000
REST = 0.05  # until a reader has read all
DEVICES, FRAMES = 100, 10000
# of 1,000 frames: shares in the 1,593 public captures (docs/benchmarks.md)
ARP, HELLO, MDNS, DNS = 90, 2, 61, 23

ROWS = {
    "C1": "our sensor : a bare TPACKET_V3 reader; reader's CPU time per frame offered",
    "C1p": "sender's CPU time per frame, with our sensor : with nobody reading",
}


def _arp(index):
    mac, address = device(index % DEVICES)
    body = struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + bytes.fromhex(mac.replace(":", ""))
    body += bytes(map(int, address.split("."))) + bytes(6)
    body += bytes(map(int, NEIGHBOUR.split(".")))  # the gateway would answer
    return (b"\xff" * 6 + bytes.fromhex(mac.replace(":", "")) + b"\x08\x06"
            + body).ljust(FRAME, b"\0")


def _tcp(index, payload):
    mac, source = device(index % DEVICES)
    whole = traffic.frame(mac, NEIGHBOUR_MAC, source, "198.18.0.1", 443)
    head = bytearray(whole[14:34])
    head[9] = 6  # the bridge does not look at the header's checksum
    tcp = struct.pack("!HHIIBBHHH", traffic.SPORT, 443, index, 0, 5 << 4, 0x18, 1000, 0, 0)
    return (whole[:14] + bytes(head) + tcp + payload).ljust(FRAME, b"\0")[:FRAME]


def _frames():
    """In random order, the same each time."""
    made = []
    for i in range(FRAMES):
        mac, source = device(i % DEVICES)
        n = i % 1000
        if n < ARP:
            made.append(_arp(i))
        elif n < ARP + HELLO:
            made.append(_tcp(i, b"\x16\x03\x01\x02\x00\x01"))
        elif n < ARP + HELLO + MDNS:
            made.append(traffic.frame(mac, "01:00:5e:00:00:fb", source, "224.0.0.251", 5353,
                                      5353))
        elif n < ARP + HELLO + MDNS + DNS:
            made.append(traffic.frame(mac, GATEWAY_MAC, source, GATEWAY, 53))
        elif n % 2:
            made.append(_tcp(i, b"\x17\x03\x03\x01\x00"))
        else:
            made.append(traffic.frame(mac, NEIGHBOUR_MAC, source, "198.18.0.1", 443))
    random.Random(1).shuffle(made)
    return made


class Reader:
    """A bed's port with somebody, or nobody, who reads it. It is in no bridge: frames for
    other hosts end right behind the reader."""

    def __init__(self, shop, name, cpu, *argv):
        self._bed, self._talker = Bed(shop, name, cpu), None
        run("ip", "-n", self._bed.gw, "link", "set", "p-g", "nomaster")
        self._bed.frames("mix", _frames())
        if argv:
            self._talker = shop.talker(self._bed.gw, shop.program("bench_live"), argv[0],
                                       "p-g", str(0 if cpu else 1), *argv[1:],
                                       is_first=True)
        self.dropped, self.seen = 0, 0
        self.burst()
        self.seen = 0

    def _ask(self):
        return list(map(int, self._talker.ask("cpu"))) if self._talker else [0, 0, 0]

    def burst(self):
        """Per frame: nanoseconds of the reader, of the sender, and of the clock."""
        before, start = self._ask(), time.monotonic_ns()
        sender = self._bed.send("mix", BURST)
        took = time.monotonic_ns() - start
        time.sleep(REST)
        spent, seen, dropped = (b - a for a, b in zip(before, self._ask()))
        self.dropped += dropped
        self.seen += seen
        return spent / BURST, sender / BURST, took / BURST


def measure(shop, options, say):
    sensor = Reader(shop, "sensor", options.cpu, "sensor", shop.program("cardea-sensor"))
    ring = Reader(shop, "ring", options.cpu, "ring")
    ring2 = Reader(shop, "ring2", options.cpu, "ring")
    nobody = Reader(shop, "nobody", options.cpu)
    readers = {"sensor": sensor, "ring": ring, "ring2": ring2, "nobody": nobody}
    for reader in readers.values():
        reader.dropped = 0
    spent, sender, pace = ({name: [] for name in readers} for _ in range(3))
    for i in range(options.rounds):
        say("live: round %d of %d" % (i + 1, options.rounds))
        for name, reader in readers.items():
            for values, value in zip((spent, sender, pace), reader.burst()):
                values[name].append(value)
    base = baseline(spent["ring2"], spent["ring"])
    offered = options.rounds * BURST
    note = "%.2f million frames/s; ours was given %.1f %% of them; dropped: %d, bare %d" % (
        1000 / sorted(pace["sensor"])[options.rounds // 2], 100 * sensor.seen / offered,
        sensor.dropped, ring.dropped + ring2.dropped)
    yield Row("C1", ROWS["C1"], spent["sensor"], spent["ring"], base=base, at_most=4,
              failed="frames were dropped" if sensor.dropped else "", note=note,
              spoiled="the bare reader dropped frames" if ring.dropped else "")
    yield Row("C1p", ROWS["C1p"], sender["sensor"], sender["nobody"], base=base)
