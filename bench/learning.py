# SPDX-License-Identifier: GPL-2.0-or-later
"""L7: what learning live takes, where packets are forwarded and where they are read.

60-byte UDP of conversations that are under way, of 1,000 devices, without a policy; one
bed is read by our sensor as it learns, on a core of its own."""

import time

from .beds import Bed
from .figures import Row, baseline
from . import traffic

COUNT, BURST = 10000, 40000
REST = 0.3  # longer than a block of the sensor's ring waits

ROWS = {
    "L7": "forwarding while we learn : while nobody does; CPU time per packet",
    "L7s": "our sensor while it learns; its CPU time per forwarded packet",
}


class _Learner:
    def __init__(self, shop, bed, cpu):
        self._talker = shop.talker(bed.gw, shop.program("bench_live"), "learn", "br0",
                                   str(0 if cpu else 1), shop.program("cardea-sensor"))

    def ask(self):
        """Of its process and its socket: nanoseconds, packets, packets dropped."""
        time.sleep(REST)
        return list(map(int, self._talker.ask("cpu")))


def _bed(shop, name, cpu):
    bed = Bed(shop, "learn-" + name, cpu)
    bed.neighbours(COUNT)
    return bed


def measure(shop, options, say):
    beds = {name: _bed(shop, name, options.cpu) for name in ("on", "off", "off2")}
    learner = _Learner(shop, beds["on"], options.cpu)
    for bed in beds.values():
        bed.flood("routed", COUNT, 2 * traffic.FRAMES)
    cost, spent, dropped, lost = {name: [] for name in beds}, [], 0, set()
    for i in range(options.rounds):
        say("learning: round %d of %d" % (i + 1, options.rounds))
        for name, bed in beds.items():
            before = learner.ask() if name == "on" else None
            took, delivered = bed.flood("routed", COUNT, BURST)
            cost[name].append(took)
            if delivered != 1:
                lost.add(name)
            if before:
                cpu, _, drops = (b - a for a, b in zip(before, learner.ask()))
                spent.append(cpu / BURST)
                dropped += drops
    base = baseline(cost["off2"], cost["off"])
    spoiled = "packets were lost" if lost & {"on", "off"} else ""
    if "L7" in options.rows:
        yield Row("L7", ROWS["L7"], cost["on"], cost["off"], base=base, spoiled=spoiled)
    if "L7s" in options.rows:
        yield Row("L7s", ROWS["L7s"], spent, base=base, spoiled=spoiled,
                  note="%d of %d packets dropped" % (dropped, options.rounds * BURST))
