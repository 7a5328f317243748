# SPDX-License-Identifier: GPL-2.0-or-later
"""P1-P5: what a forwarded packet costs, 60-byte UDP on one core."""

from . import traffic
from .beds import Bed
from .figures import CannotRun, Row, baseline
from .frame import Missing

BURST = 40000  # packets of one measurement: some 80 ms
BURST_SLOW = 3000  # through a thousand linear rules
BURST_FRESH = 10000  # new conversations, 10 of each device: all find room
DENIED = 5000
LOCAL = 1000  # permissions towards the neighbour on the bridge
FRESH_ROUNDS = 5  # each starts two enforcers

ROWS = {
    "P1": "ours, 10,000 entries : no policy; conversations under way",
    "P1n": "nft back end, 10,000 entries : no policy; conversations under way",
    "P1r": "ours, 10,000 entries : no policy; what the world answers",
    "P1rn": "nft back end, 10,000 entries : no policy; what the world answers",
    "P1f": "ours, 10,000 entries : no policy; every packet a new conversation",
    "P1fn": "nft back end, 10,000 entries : no policy; every packet a new conversation",
    "P1t": "ours, 10,000 entries : connection tracking alone",
    "P1tn": "nft back end, 10,000 entries : connection tracking alone",
    "P2": "ours, 10,000 entries : ours, 10 entries",
    "P2n": "nft back end, 10,000 entries : nft back end, 10 entries",
    "P3": "nft linear, 1,000 rules : ours, 1,000 entries",
    "P3n": "nft linear, 1,000 rules : nft back end, 1,000 entries",
    "P3l": "iptables-legacy linear, 1,000 rules : ours, 1,000 entries",
    "P4": "ours : one flat nft set written by hand; 10,000 entries",
    "P4n": "nft back end : one flat nft set written by hand; 10,000 entries",
    "P5": "ours, device to device on the bridge, 1,000 entries : no policy",
    "P5n": "nft back end, device to device on the bridge, 1,000 entries : no policy",
    "P5d": "forbidden frames on the bridge that arrived, br_netfilter 0 and 1",
    "P5dn": "the same of the nft back end",
}

# name -> (bed, kind of frames, how many different, packets)
LANES = {
    "none": ("none", "routed", 10000, BURST),
    "none2": ("none2", "routed", 10000, BURST),
    "track": ("track", "routed", 10000, BURST),
    "flat": ("flat", "routed", 10000, BURST),
    "linear": ("linear", "routed", 1000, BURST_SLOW),
    "legacy": ("legacy", "routed", 1000, BURST_SLOW),
    "none-reply": ("none", "reply", 10000, BURST),
    "none-bridged": ("none", "bridged", LOCAL, BURST),
}
for _b in ("bpf", "nft"):
    LANES |= {_b + "10": (_b + "10", "routed", 10, BURST),
              _b + "1000": (_b + "1000", "routed", 1000, BURST),
              _b + "10000": (_b + "10000", "routed", 10000, BURST),
              _b + "-reply": (_b + "10000", "reply", 10000, BURST),
              _b + "-bridged": (_b + "1000", "bridged", LOCAL, BURST)}

# row -> (lane, lane, bar); n is the fallback, for information
PAIRS = {
    "P1": ("bpf10000", "none", {"at_most": 1.40}), "P1n": ("nft10000", "none", {}),
    "P1r": ("bpf-reply", "none-reply", {}), "P1rn": ("nft-reply", "none-reply", {}),
    "P1t": ("bpf10000", "track", {}), "P1tn": ("nft10000", "track", {}),
    "P2": ("bpf10000", "bpf10", {"at_most": 1.30}), "P2n": ("nft10000", "nft10", {}),
    "P3": ("linear", "bpf1000", {"at_least": 15}), "P3n": ("linear", "nft1000", {}),
    "P3l": ("legacy", "bpf1000", {"at_least": 2.5}),
    "P4": ("bpf10000", "flat", {"at_most": 1.10}), "P4n": ("nft10000", "flat", {}),
    "P5": ("bpf-bridged", "none-bridged", {"at_most": 1.35}),
    "P5n": ("nft-bridged", "none-bridged", {}),
}
FRESH = {"P1f": "bpf", "P1fn": "nft"}
BRIDGE = {"P5": "bpf1000", "P5d": "bpf1000", "P5n": "nft1000", "P5dn": "nft1000"}
OPTIONAL = ("P3l",)


def _fill(bed, name):
    """Makes the bed what its name says."""
    for backend in ("bpf", "nft"):
        if name.startswith(backend):
            count = int(name[len(backend):])
            bed.enforce(backend, count)
            if count == LOCAL:
                bed.allow_neighbour(LOCAL)
            if count == 10000:
                bed.neighbours(count)
    if name == "none":
        bed.neighbours(10000)
    if name == "flat":
        bed.flat(10000)
    if name in ("linear", "legacy"):
        getattr(bed, name)(1000)
    if name == "track":
        bed.track()


class _Beds:
    """Those that the rows need. A bed that cannot be made takes only its rows with it."""

    def __init__(self, shop, cpu):
        self._shop, self._cpu, self._beds, self.broken = shop, cpu, {}, {}

    def get(self, name):
        if name in self.broken:
            raise CannotRun(self.broken[name])
        if name not in self._beds:
            try:
                bed = Bed(self._shop, name, self._cpu)
                _fill(bed, name)
                self._beds[name] = bed
            except CannotRun as error:
                self.broken[name] = str(error)
                raise
        return self._beds[name]


def _possible(beds, rows):
    """(rows that can be measured, Missing for the others)"""
    good, missing = [], []
    for row in rows:
        try:
            for name in {LANES[lane][0] for lane in PAIRS[row][:2]}:
                beds.get(name)
            good.append(row)
        except CannotRun as error:
            missing.append(Missing(row, error, row in OPTIONAL))
    return good, missing


def _warm(beds, lanes):
    """Every conversation has begun, every neighbour is where the bridge thinks."""
    for name in lanes:
        bed, kind, count, _ = LANES[name]
        if kind == "reply":
            beds.get(bed).flood("routed", count, 2 * traffic.FRAMES)
        delivered = beds.get(bed).flood(kind, count, 2 * traffic.FRAMES)[1]
        if delivered != 1:
            raise RuntimeError("%s: %.4f of the packets arrived" % (name, delivered))


def _measure(beds, lanes, rounds, say):
    """({lane: nanoseconds of each round}, lanes that lost packets)"""
    cost, lost = {name: [] for name in lanes}, set()
    for i in range(rounds):
        say("packets: round %d of %d" % (i + 1, rounds))
        # each round starts elsewhere, so that no lane always follows the same other
        at = i % len(lanes)
        for name in lanes[at:] + lanes[:at]:
            bed, kind, count, packets = LANES[name]
            # a stream, not its beginning
            beds.get(bed).flood(kind, count, min(packets, traffic.FRAMES))
            took, delivered = beds.get(bed).flood(kind, count, packets)
            cost[name].append(took)
            if delivered != 1:
                lost.add(name)
    return cost, lost


def _denied(bed):
    """How many forbidden frames reach the neighbour, with br_netfilter off and on."""
    arrived = 0
    for value in (0, 1):
        bed.bridge_nf(value)
        arrived += bed.flood("denied-bridged", LOCAL // 10, DENIED)[1] * DENIED
    bed.bridge_nf(0)
    return round(arrived)


def _established(shop, options, say):
    beds = _Beds(shop, options.cpu)
    rows, missing = _possible(beds, [row for row in PAIRS if row in options.rows])
    yield from missing
    bridge = {}
    for row in BRIDGE:
        if row in options.rows and row not in [m.name for m in missing]:
            try:
                beds.get(BRIDGE[row])
                bridge[row] = 0
            except CannotRun as error:
                yield Missing(row, error)
    if rows:
        lanes = ["none", "none2"] + [lane for row in rows for lane in PAIRS[row][:2]]
        lanes = list(dict.fromkeys(lanes))
        _warm(beds, lanes)
        cost, lost = _measure(beds, lanes, options.rounds, say)
        base = baseline(cost["none2"], cost["none"])
    for row in bridge:
        bridge[row] = _denied(beds.get(BRIDGE[row]))
    for row in rows:
        a, b, bar = PAIRS[row]
        yield Row(row, ROWS[row], cost[a], cost[b], base=base, **bar,
                  spoiled="packets were lost" if lost & {a, b} else "",
                  failed="%d forbidden frames arrived" % bridge[row]
                  if bridge.get(row) else "")
    for row in ("P5d", "P5dn"):
        if row in bridge:
            yield Row(row, ROWS[row], [bridge[row]], unit="of %d frames" % (2 * DENIED),
                      at_most=0)


def _fresh(shop, options, say):
    """Rows with new conversations: enforcers that start anew each time."""
    free = [Bed(shop, "fresh-" + name, options.cpu) for name in ("none", "none2")]
    ours, cost, lost = {}, {"none": [], "none2": []}, set()
    for row, backend in FRESH.items():
        if row in options.rows:
            try:
                bed = Bed(shop, "fresh-" + backend, options.cpu)
                bed.enforce(backend, 10000)
                ours[row], cost[row] = bed, []
            except CannotRun as error:
                yield Missing(row, error)
    for i in range(min(options.rounds, FRESH_ROUNDS)):
        say("packets: new conversations %d" % (i + 1))
        for name, bed in (("none", free[0]), *ours.items(), ("none2", free[1])):
            if name in FRESH:
                bed.restart(FRESH[name], 10000)
                bed.forget_connections()
            took, delivered = bed.flood("routed", 10000, BURST_FRESH, is_fresh=True)
            cost[name].append(took)
            if delivered != 1:
                lost.add(name)
    base = baseline(cost["none2"], cost["none"])
    for row in ours:
        yield Row(row, ROWS[row], cost[row], cost["none"], base=base,
                  spoiled="packets were lost" if lost & {row, "none"} else "")


def measure(shop, options, say):
    if options.rows - set(FRESH):
        yield from _established(shop, options, say)
    if options.rows & set(FRESH):
        yield from _fresh(shop, options, say)
