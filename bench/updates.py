# SPDX-License-Identifier: GPL-2.0-or-later
"""U: how fast permissions change."""

import shutil
import statistics

from .beds import GATEWAY_MAC, inside, run
from .figures import Row, is_quiet

ANSWERS, FORKS = 40, 5  # of a round; each round's median is its value
DEVICES, ENTRIES = 10000, 10  # of the large load
LOADS_MAX = 5  # a round takes seconds
FILE_BATCH = 1000  # elements of one command in the peer's file


def _talker(shop, name):
    nft = shutil.which("nft")
    if not nft:
        raise RuntimeError("nft is not installed")
    namespace = shop.namespace(name)
    run("ip", "-n", namespace, "link", "add", "br0", "type", "bridge")
    return namespace, shop.talker(namespace, shop.program("bench_update"),
                                  shop.program("cardea-enforcer"), "br0", GATEWAY_MAC, nft)


def _median(talker, line):
    return statistics.median(map(int, talker.ask(line)))


def answers(shop, options, say):
    _, talker = _talker(shop, "u1")
    talker.ask("load 1000 10")
    _median(talker, "answer %d" % ANSWERS)  # programs and tables warm
    _median(talker, "fork 2")
    ours, forked, again, spread = [], [], [], []
    for i in range(options.rounds):
        say("updates: round %d of %d" % (i + 1, options.rounds))
        forked.append(_median(talker, "fork %d" % FORKS))
        times = sorted(map(int, talker.ask("answer %d" % ANSWERS)))
        ours.append(statistics.median(times))
        spread.append(times[-1])
        again.append(_median(talker, "fork %d" % FORKS))
    quiet = is_quiet(again, forked)
    to_us = lambda values: [v / 1000 for v in values]  # noqa: E731
    yield Row("U0", "nft forked again : nft forked (the rule of noise)", to_us(again),
              to_us(forked), unit="us",
              note="" if quiet else "outside 0.97-1.03: noisy, no verdict")
    yield Row("U1", "forking nft : ours; one DNS answer into both tables, 10,000 there",
              to_us(forked), to_us(ours), unit="us", at_least=300, quiet=quiet)
    yield Row("U1w", "the slowest of %d answers : their median" % ANSWERS, to_us(spread),
              to_us(ours), unit="us", quiet=quiet)


def _file(shop):
    """The same elements for both tables, as text for nft."""
    path = shop.path("load.nft")
    with open(path, "w", encoding="ascii") as out:
        for family in ("inet", "bridge"):
            rows = []
            for n in range(DEVICES * ENTRIES):
                device, peer = n // ENTRIES, 0xc6120000 + n
                rows.append("02:00:01:%02x:%02x:%02x . %d.%d.%d.%d . udp . 8883" % (
                    device >> 16, device >> 8 & 255, device & 255, peer >> 24,
                    peer >> 16 & 255, peer >> 8 & 255, peer & 255))
                if len(rows) == FILE_BATCH:
                    out.write("add element %s cardea out4 { %s }\n"
                              % (family, ", ".join(rows)))
                    rows = []
    return path


def _load(shop, name, line, look):
    """(seconds, MiB) of a load into empty tables. look: see that all of it is there."""
    namespace, talker = _talker(shop, name)
    took, peak = map(int, talker.ask(line))
    shop.end(talker)
    with inside(namespace):
        listed = [run("nft", "list", "set", family, "cardea", "out4").count(" . udp . 8883")
                  for family in ("inet", "bridge") if look]
    shop.drop(namespace)
    if set(listed) - {DEVICES * ENTRIES}:
        raise RuntimeError("%s left %s elements" % (line.split()[0], listed))
    return took / 1e9, peak / 1024


def loads(shop, options, say):
    path = _file(shop)
    ours, theirs, again = [], [], []
    rounds = min(options.rounds, LOADS_MAX)
    for i in range(rounds):
        say("updates: load %d of %d" % (i + 1, rounds))
        theirs.append(_load(shop, "nft", "file " + path, not i))
        ours.append(_load(shop, "ours", "load %d %d" % (DEVICES, ENTRIES),
                          not i))
        again.append(_load(shop, "nft2", "file " + path, False))
    seconds = lambda values: [v[0] for v in values]  # noqa: E731
    peak = lambda values: [v[1] for v in values]  # noqa: E731
    quiet = is_quiet(seconds(again), seconds(theirs))
    yield Row("U2", "nft -f again : nft -f (the rule of noise)", seconds(again),
              seconds(theirs), unit="s",
              note="" if quiet else "outside 0.97-1.03: noisy, no verdict")
    yield Row("U3", "nft -f : ours; time to load 10,000 devices with 10 entries each",
              seconds(theirs), seconds(ours), unit="s", at_least=5, quiet=quiet)
    yield Row("U3m", "ours : nft -f; peak memory (RSS) for that", peak(ours), peak(theirs),
              unit="MiB", at_most=0.2)


def measure(shop, options, say):
    yield from answers(shop, options, say)
    yield from loads(shop, options, say)
