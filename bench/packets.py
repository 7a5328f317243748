# SPDX-License-Identifier: GPL-2.0-or-later
"""P: what a forwarded packet costs, 60-byte UDP on one core."""

from .beds import Bed
from .figures import Row, is_quiet

BURST = 40000  # packets of one measurement: some 30 ms
BURST_SLOW = 3000  # through a thousand linear rules
BURST_FRESH = 20000  # new conversations: below the size of the flow set
DENIED = 5000
LOCAL = 1000  # permissions towards the neighbour on the bridge

# name -> (bed, kind of frames, how many different, packets, mode)
LANES = {
    "none": ("none", "routed", 10000, BURST, "pick"),
    "none2": ("none2", "routed", 10000, BURST, "pick"),
    "track": ("track", "routed", 10000, BURST, "pick"),
    "ours10": ("ours10", "routed", 10, BURST, "pick"),
    "ours1000": ("ours1000", "routed", 1000, BURST, "pick"),
    "ours10000": ("ours10000", "routed", 10000, BURST, "pick"),
    "linear1000": ("linear1000", "routed", 1000, BURST_SLOW, "pick"),
    "none-fresh": ("none", "routed", 10000, BURST_FRESH, "fresh"),
    "track-fresh": ("track", "routed", 10000, BURST_FRESH, "fresh"),
    "ours-fresh": ("ours10000", "routed", 10000, BURST_FRESH, "fresh"),
    "none-bridged": ("none", "bridged", LOCAL, BURST, "pick"),
    "ours-bridged": ("ours1000", "bridged", LOCAL, BURST, "pick"),
}


def _beds(shop, cpu):
    beds = {name: Bed(shop, name, cpu) for name in dict.fromkeys(
        lane[0] for lane in LANES.values())}
    for count in (10, 1000, 10000):
        beds["ours%d" % count].enforce(count)
    beds["ours1000"].allow_neighbour(LOCAL)
    beds["linear1000"].linear(1000)
    beds["track"].track()
    return beds


def _warm(beds):
    """Every conversation of the established ones has begun."""
    for name, (bed, kind, count, _, mode) in LANES.items():
        if mode == "pick":
            _, delivered, _ = beds[bed].flood(kind, count, 2 * count, "next")
            if delivered != 1:
                raise RuntimeError("%s: %.4f of the packets arrived" % (name, delivered))


def _denied(bed):
    """How many forbidden frames reach the neighbour, with br_netfilter off and on."""
    arrived = 0
    for value in (0, 1):
        bed.bridge_nf(value)
        arrived += bed.flood("forbidden", LOCAL, DENIED)[1] * DENIED
    bed.bridge_nf(0)
    return int(arrived)


def measure(shop, options, say):
    beds = _beds(shop, options.cpu)
    _warm(beds)
    cost = {name: [] for name in LANES}
    lost, late = set(), set()
    for i in range(options.rounds):
        say("packets: round %d of %d" % (i + 1, options.rounds))
        # each round starts elsewhere, so that no lane always follows the same other
        names = list(LANES)
        names = names[i % len(names):] + names[:i % len(names)]
        for name in names:
            bed, kind, count, packets, mode = LANES[name]
            if mode == "fresh":
                beds[bed].forget_flows()
            ns, delivered, after = beds[bed].flood(kind, count, packets, mode)
            cost[name].append(ns)
            if delivered != 1:
                lost.add(name)
            if after > 0.001:
                late.add(name)
            if mode == "fresh":  # back to what the established lanes need
                beds[bed].forget_flows()
                beds[bed].flood(kind, count, 2 * count, "next")
    denied = _denied(beds["ours1000"])
    quiet = is_quiet(cost["none2"], cost["none"])

    def row(name, what, a, b, **more):
        bad = "packets were lost" if lost & {a, b} else ""
        bad = bad or ("cost was missed" if late & {a, b} else "")
        return Row(name, what, cost[a], cost[b], quiet=quiet, broken=bad, **more)

    yield Row("P0", "no policy, second copy : no policy (the rule of noise)", cost["none2"],
              cost["none"], note="" if quiet else "outside 0.97-1.03: noisy, no verdict")
    yield row("P1", "ours, 10,000 entries : no policy; established", "ours10000", "none",
              at_most=1.40)
    yield row("P1t", "ours, 10,000 entries : connection tracking alone; established",
              "ours10000", "track")
    yield row("P1n", "ours, 10,000 entries : no policy; every packet a new conversation",
              "ours-fresh", "none-fresh")
    yield row("P1tn", "ours : connection tracking alone; every packet a new conversation",
              "ours-fresh", "track-fresh")
    yield row("Pt", "connection tracking alone : no policy; established", "track", "none")
    yield row("P2", "ours, 10,000 entries : ours, 10 entries; established", "ours10000",
              "ours10", at_most=1.30)
    yield row("P3", "nft linear, 1,000 rules : ours, 1,000 entries", "linear1000",
              "ours1000", at_least=15)
    yield row("P5", "ours, device to device on the bridge : no policy", "ours-bridged",
              "none-bridged", at_most=1.35)
    yield Row("P5d", "of %d forbidden frames on the bridge arrived (br_netfilter 0 and 1)"
              % (2 * DENIED), [denied], unit="frames", at_most=0)
