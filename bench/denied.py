# SPDX-License-Identifier: GPL-2.0-or-later
"""P6, P7: what a forbidden packet costs, and what it costs to tell of it."""

import struct

from . import kernel, traffic
from .beds import Bed
from .figures import CannotRun, Row, baseline
from .frame import Missing
from .traffic import FORBIDDEN_PORT, GATEWAY_MAC, device

BURST = 40000
DEVICES = 1000
TOLD_ROUNDS = 9  # each starts an enforcer

ROWS = {
    "P6": "denied packet, ours : denied packet, one nft set in forward",
    "P6n": "denied packet, nft back end : denied packet, one nft set in forward",
    "P7": "denied packet of a new kind, with an event : the same without",
}
OURS = {"P6": "bpf", "P6n": "nft"}


def _floods(shop, options, say):
    beds = {"flat": Bed(shop, "flat", options.cpu), "flat2": Bed(shop, "flat2", options.cpu)}
    for bed in list(beds.values()):
        bed.flat(10 * DEVICES)
    for row, backend in OURS.items():
        if row in options.rows:
            try:
                beds[row] = Bed(shop, "denied-" + backend, options.cpu)
                beds[row].enforce(backend, 10 * DEVICES)
            except CannotRun as error:
                del beds[row]
                yield Missing(row, error)
    cost, leaked = {name: [] for name in beds}, dict.fromkeys(beds, 0)
    for i in range(options.rounds):
        say("denied: round %d of %d" % (i + 1, options.rounds))
        names = list(beds)
        for name in names[i % len(names):] + names[:i % len(names)]:
            beds[name].flood("denied", DEVICES, traffic.FRAMES)
            took, arrived = beds[name].flood("denied", DEVICES, BURST)
            cost[name].append(took)
            leaked[name] += round(arrived * BURST)
    base = baseline(cost["flat2"], cost["flat"])
    for row in OURS:
        if row in beds:
            yield Row(row, ROWS[row], cost[row], cost["flat"], base=base,
                      at_most=0.50 if row == "P6" else None,
                      failed="%d arrived" % leaked[row] if leaked[row] else "",
                      spoiled="the peer let packets pass" if leaked["flat"] else "")


def _kinds(first, each):
    """Frames of so many kinds of each device, one device after the other."""
    for n in range(DEVICES * each):
        mac, source = device(n % DEVICES)
        yield traffic.frame(mac, GATEWAY_MAC, source, "198.18.0.1",
                            FORBIDDEN_PORT + 1 + first + n // DEVICES)


def _refused(bed, layout):
    """(packets refused as the map has them, events that found no room)"""
    maps = kernel.maps_of(bed.pid)
    try:
        refused = sum(struct.unpack_from("=Q", maps["subjects"][n],
                                         layout["subject_refused"])[0]
                      for n in range(layout["subjects"]))
        return refused, sum(maps["counters"].each_cpu(layout["counter_events_lost"]))
    finally:
        for found in maps.values():
            found.close()


def _told(shop, options, say):
    """The first packet of each kind makes an event, until its device has no more places
    for kinds: those that follow are counted alone."""
    bed, layout = Bed(shop, "told", options.cpu), shop.layout()
    bed.enforce("bpf", 10 * DEVICES)
    each = layout["refused_each"] - 1  # one is that of the warming burst
    lists = ("told", "silent", "again")
    for i, name in enumerate(lists):
        bed.frames(name, list(_kinds(i * each, each)))
    cost, wrong, lost, packets = {name: [] for name in lists}, [], 0, DEVICES * each
    for i in range(min(options.rounds, TOLD_ROUNDS)):
        say("denied: events, round %d" % (i + 1))
        if i:
            bed.restart("bpf", 10 * DEVICES)
        bed.flood("denied", DEVICES, BURST)  # the stack and the program are warm then
        for name in lists:
            cost[name].append(bed.send(name, packets, start=0) / packets)
        refused, unreserved = _refused(bed, layout)
        lost += unreserved
        if refused != 3 * packets + BURST:
            wrong.append("%d counted of %d" % (refused, 3 * packets + BURST))
    yield Row("P7", ROWS["P7"], cost["told"], cost["silent"],
              base=baseline(cost["again"], cost["silent"]), at_most=1.8,
              failed="; ".join(wrong), note="%d events of %d found no room; all packets are "
              "counted" % (lost, len(cost["told"]) * packets))


def measure(shop, options, say):
    if options.rows & set(OURS):
        yield from _floods(shop, options, say)
    if "P7" in options.rows:
        yield from _told(shop, options, say)
