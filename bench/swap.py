# SPDX-License-Identifier: GPL-2.0-or-later
"""U4: one device's policy is replaced, again and again, while others talk.

With 10,000 devices loaded, 100 of them send without pause on one CPU: what they may, and
what they may not, routed and on the bridge. On another CPU one device's policy is
replaced by another, and right after each confirmation that device sends what it may now
and what it could until now, conversations that were under way among it. What arrives is
counted where it would leave the gateway."""

import statistics
import time

from . import traffic
from .beds import Bed
from .figures import CannotRun, Row
from .flood import Background
from .frame import Missing
from .traffic import ENTRIES, GATEWAY_MAC, NEIGHBOUR_MAC, device, entry, frame, local_entry

DEVICES = {"bpf": 10000, "nft": 4000}  # the nft back end's sets hold 4,096 MACs
TALKERS = 100
SWAPS, WARM = {"bpf": 1000, "nft": 30}, 10  # the latter reads whole sets each time
ROUNDS_OF_TRAFFIC = 20  # of the talkers' frames at once
CHUNK = 1000  # devices in a transaction

ROWS = {
    "U4": "a device's policy replaced 1,000 times: packets of others lost, forbidden ones "
          "that passed",
    "U4t": "that replacement, from the first message to the confirmation",
    "U4n": "the same packets with the nft back end: 30 times, 4,000 devices",
    "U4tn": "that replacement with the nft back end",
}
BACKENDS = {"bpf": ("U4", "U4t"), "nft": ("U4n", "U4tn")}


def _talk():
    """What the talkers send, in turns: (frames, how many of them are allowed)."""
    frames, allowed = [], 0
    for i in range(TALKERS * ENTRIES):
        mac, source, destination, port = entry(i)
        frames.append(frame(mac, GATEWAY_MAC, source, destination, port))
        allowed += 1
        if i % 8 == 0:
            frames.append(frame(mac, GATEWAY_MAC, source, "198.19.0.%d" % (i % 250), port))
        if i % 8 == 4:
            frames.append(frame(mac, NEIGHBOUR_MAC, *local_entry(i)[1:]))
    return frames, allowed


def _policy(number):
    """One of two policies of the device that changes: destinations and ports. Their
    packets leave by another interface than the talkers'."""
    return [("198.19.%d.%d" % (number + 1, i + 1), 9000 + i) for i in range(ENTRIES)]


class Home:
    """A bed with many devices, of which one changes."""

    def __init__(self, shop, backend, cpu):
        count = DEVICES[backend]
        self.bed = Bed(shop, "swap-" + backend, cpu)
        self.bed.second_uplink("198.19.0.0/16")
        self.bed.start(backend)
        for first in range(0, count, CHUNK):
            self.bed.devices(CHUNK, first)
            self.bed.allow(map(entry, range(first * ENTRIES, (first + CHUNK) * ENTRIES)))
        self._drive = self.bed.drive
        self._mac, self._address = device(count // 2)
        self._now = None
        frames, self.allowed = _talk()
        self.bed.frames("talk", frames)
        self.frames = len(frames)
        for number in (0, 1):
            self.bed.frames(number, [
                frame(self._mac, GATEWAY_MAC, self._address, *peer)
                for peer in _policy(number)])
        for peer in map(entry, range(count // 2 * ENTRIES, (count // 2 + 1) * ENTRIES)):
            self._drive.tell("remove out %s %s udp %d" % (self._mac, peer[2], peer[3]))
        self._replace(0)

    def _replace(self, number):
        """One transaction; nanoseconds until it is confirmed."""
        self._drive.tell("forget %s %s" % (self._mac, self._address))
        if self._now is not None:
            for address, port in _policy(self._now):
                self._drive.tell("remove out %s %s udp %d" % (self._mac, address, port))
        for address, port in _policy(number):
            self._drive.tell("out %s %s udp %d" % (self._mac, address, port))
        start = time.monotonic_ns()
        self.bed.commit()
        self._now = number
        return time.monotonic_ns() - start

    def swap(self):
        """(nanoseconds, lost, leaked) of one replacement and of the device's packets."""
        sink, old = self.bed.sink("wan2"), self._now
        took = self._replace(1 - old)
        cpu = 0 if self.bed.cpu else 1
        before = sink.count()
        self.bed.send(old, ENTRIES, start=0, cpu=cpu)
        leaked = sink.count() - before
        self.bed.send(1 - old, ENTRIES, start=0, cpu=cpu)
        return took, ENTRIES - (sink.count() - before - leaked), leaked

    def talk(self):
        self.bed.send("talk", self.frames * ROUNDS_OF_TRAFFIC)


def _run(shop, options, say, backend):
    say("swap: loading %d devices, %s" % (DEVICES[backend], backend))
    home = Home(shop, backend, options.cpu)
    wan, wan2, neighbour = (home.bed.sink(name) for name in ("wan", "wan2", "p-d"))
    home.talk()  # the talkers' conversations begin
    for _ in range(WARM):
        home.swap()
    before, arrived = (wan.count(), wan2.count(), neighbour.count()), 0
    talked = []
    background = Background(lambda: talked.append(home.talk()))
    times, lost, leaked = [], 0, 0
    try:
        for i in range(SWAPS[backend]):
            if i % 100 == 0:
                say("swap: %d of %d, %s" % (i, SWAPS[backend], backend))
            took, missing, passed = home.swap()
            times.append(took / 1000)
            lost, leaked, arrived = lost + missing, leaked + passed, arrived + ENTRIES
    finally:
        background.stop()
    sent = len(talked) * ROUNDS_OF_TRAFFIC * home.allowed
    forbidden = len(talked) * ROUNDS_OF_TRAFFIC * (home.frames - home.allowed)
    others = sent - (wan.count() - before[0])
    # what the talkers may not send would come out here
    leaked_others = (wan2.count() - before[1] - (arrived - lost + leaked)
                     + neighbour.count() - before[2])
    row, timed = BACKENDS[backend]
    yield Row(row, ROWS[row], [others + lost + leaked + leaked_others], unit="packets",
              at_most=0 if backend == "bpf" else None, note="lost: %d of %d of the others, "
              "%d of %d of the device; passed: %d of %d of the others, %d of %d of its "
              "former policy" % (others, sent, lost, arrived, leaked_others, forbidden,
                                 leaked, arrived))
    if len(talked) < 3:
        raise RuntimeError("hardly any traffic while policies were replaced")
    yield Row(timed, ROWS[timed], [statistics.median(times)], unit="us",
              note="99 %%: %.0f us" % sorted(times)[len(times) * 99 // 100])


def measure(shop, options, say):
    for backend, rows in BACKENDS.items():
        if options.rows & set(rows):
            try:
                yield from _run(shop, options, say, backend)
            except CannotRun as error:
                for row in rows:
                    yield Missing(row, error)
