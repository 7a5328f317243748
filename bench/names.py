# SPDX-License-Identifier: GPL-2.0-or-later
"""D: names. A home with the gateway, protected meters whose profiles list many names, and
two phones without a profile, for which the same resolver releases each answer at once.
First with the BPF back end, where the kernel learns the address from the answer itself;
then with nft, where the resolver holds the answer until the kernel has the address.

The world's name server is a Python program, so a first answer takes long on both sides of
a pair; an answer that the resolver still knows shows what learning or holding adds."""

import statistics
import time

from lab import Home, dns, internet
from lab.mudfiles import UDP, cloud

from .figures import CannotRun, Row, baseline
from .frame import Missing

ROWS = {
    "D1": "first packet after each name not asked before, learned in the kernel (BPF)",
    "D1d": "datagrams to addresses not asked for yet that arrived, BPF",
    "D2": "protected : unmanaged device; DNS round trip, known to the resolver, BPF",
    "D2n": "protected : unmanaged device; DNS round trip, new name, BPF",
    "D1f": "first packet after each name not asked before, answers held (nft)",
    "D1fd": "datagrams to addresses not asked for yet that arrived, nft",
    "D3": "protected : unmanaged device; DNS round trip, known to the resolver, nft",
    "D3n": "protected : unmanaged device; DNS round trip, new name, nft",
}

METERS, NAMES = 3, 250  # in both families 1,500; a device has at most 512 at once
FORBIDDEN = 50  # datagrams to addresses before anybody asked for them
PAIRS = 12  # of a round; a multiple of 2 and 3, see _in_turn
ASK_EVERY = 1 / 40  # the resolver takes 50 questions a second from a device
ALLOWANCE = 200  # and so many at once
REST = 0.012  # before each timed question: all find processes that have gone to sleep,
#               and no device comes near the resolver's limit, which would slow it alone


class Datapath:
    """A back end, the ids of its rows in the same order, and the bar of its round trip."""

    def __init__(self, backend, rows, at_most):
        self.backend, self.at_most = backend, at_most
        self.first, self.unasked, self.known, self.new = rows
        self.rows = frozenset(rows)


DATAPATHS = (Datapath("bpf", ("D1", "D1d", "D2", "D2n"), 1.15),
             Datapath("nft", ("D1f", "D1fd", "D3", "D3n"), 2.7))


class Asker:
    """bench_dns in a device, slow enough for the resolver's limit."""

    def __init__(self, shop, device):
        self._talker = shop.talker(device.ns.name, shop.program("bench_dns"),
                                   device.resolvers[0], str(internet.ANY_UDP))
        self._credit, self._last = float(ALLOWANCE), time.monotonic()

    def ask(self, name, *words):
        """(microseconds, address or None)"""
        now = time.monotonic()
        self._credit = min(ALLOWANCE, self._credit + (now - self._last) / ASK_EVERY)
        self._last = now
        if self._credit < 1:
            time.sleep((1 - self._credit) * ASK_EVERY)
        self._credit -= 1
        took, address = self._talker.ask(" ".join((name, *words)))
        return int(took) / 1000, None if address == "-" else address


def _meter(home, number):
    """A device that may reach NAMES new names by UDP."""
    model = "meter%d" % number
    names = home.internet.zone.fresh(NAMES, model + ".example")
    url = home.internet.publish(model, "Meter %d" % number,
                                [cloud(n, UDP, internet.ANY_UDP, direction="from")
                                 for n in names])
    return home.add_device(model, 0x20 + number, url=url), names


def _unasked(home, device, names):
    """How many datagrams arrive at addresses that the device has not asked for."""
    sink, records = home.internet.sink, home.internet.zone.records
    sink.clear()
    for i, name in enumerate(names[:FORBIDDEN]):
        device.send_udp(records[name][dns.AAAA if i % 2 else dns.A][0], internet.ANY_UDP)
    return sink.count(proto=UDP, dport=internet.ANY_UDP)


def _ways(i):
    """Both families of a name; every other one's answer comes over TCP."""
    return (("tcp",) if i % 2 else ()), ("aaaa",) + (() if i % 2 else ("tcp",))


def _first_packets(home, askers, say):
    """How many of all names' first packets arrived, and of how many."""
    sink, sent, failed = home.internet.sink, set(), 0
    sink.clear()
    for i in range(NAMES):
        if i % 50 == 0:
            say("names: %d of %d first packets" % (2 * i * METERS, 2 * NAMES * METERS))
        for asker, names in askers:
            for words in _ways(i):
                _, address = asker.ask(names[i], "send", *words)
                if address:
                    sent.add(address)
                else:
                    failed += 1
    arrived = {p.dst for p in sink.packets(proto=UDP, dport=internet.ANY_UDP)}
    return len(sent & arrived), len(sent) + failed


def _in_turn(asks, first):
    """Asks all; another one first each time, for the first finds colder caches."""
    took = {}
    for i in range(len(asks)):
        key, asker, name = asks[(first + i) % len(asks)]
        time.sleep(REST)
        took[key] = asker.ask(name)[0]
    return took


def _round_trips(known_asker, new_asker, phone, phone2, zone, rounds, say):
    """Medians of each round: protected, free, free again; known names and new ones."""
    times = {k: [] for k in ("known", "free", "free2", "new", "newfree")}
    fresh = zone.fresh(PAIRS * rounds, "free.example")
    for name in known_asker[1][:PAIRS]:
        known_asker[0].ask(name)
    time.sleep(1)  # the first packets have used up what may be asked at once
    for i in range(rounds):
        say("names: round %d of %d" % (i + 1, rounds))
        taken = []
        for n, name in enumerate(known_asker[1][:PAIRS]):
            taken.append(_in_turn([("known", known_asker[0], name), ("free", phone, name),
                                   ("free2", phone2, name)], n))
            at = i * PAIRS + n
            taken[-1] |= _in_turn([("new", new_asker[0], new_asker[1][at]),
                                   ("newfree", phone, fresh[at])], n)
        for key, values in times.items():
            values.append(statistics.median(t[key] for t in taken))
    return times


def _home(shop, home, backend):
    """Meters and phones, joined, the meters protected."""
    # who sends where nothing is open yet, to find out, would be taken for a scanner
    cardea = home.gateway.start_cardea(shop.build, enforce={"backend": backend},
                                       life={"isolate": False})
    if cardea.status()["backend"] != backend:
        raise CannotRun("back end %s is not to be had here" % backend)
    meters = [_meter(home, n) for n in range(METERS + 1)]
    phones = [home.add_device("phone%d" % n, 0x40 + n) for n in range(2)]
    home.join_all()
    for device, _ in meters:
        cardea.wait_state(device.mac, "protected")
    for phone in phones:
        cardea.wait_state(phone.mac, "learning")
    return meters, phones


def _firsts(path, home, meters, askers, say):
    unasked = _unasked(home, *meters[0])
    arrived, tried = _first_packets(home, askers[:METERS], say)
    yield Row(path.first, "%s, %d of them, A and AAAA, answers over UDP and TCP" %
              (ROWS[path.first], tried), [100.0 * arrived / tried], unit="% arrived",
              at_least=100)
    yield Row(path.unasked, ROWS[path.unasked], [unasked],
              unit="of %d datagrams" % FORBIDDEN, at_most=0)


def _trips(path, home, askers, phones, options, say):
    # the last meter's names are still new
    times = _round_trips(askers[0], askers[METERS], *phones, home.internet.zone,
                         options.rounds, say)
    base = baseline(times["free2"], times["free"])
    yield Row(path.known, ROWS[path.known], times["known"], times["free"], unit="us",
              at_most=path.at_most, base=base)
    yield Row(path.new, ROWS[path.new], times["new"], times["newfree"], unit="us",
              base=base)


def _measure(path, shop, options, say):
    with Home(devices=()) as home:
        say("names: a home with %d meters and 2 phones, %s" % (METERS + 1, path.backend))
        meters, phones = _home(shop, home, path.backend)
        askers = [(Asker(shop, device), names) for device, names in meters]
        if options.rows & {path.first, path.unasked}:
            yield from _firsts(path, home, meters, askers, say)
        if options.rows & {path.known, path.new}:
            yield from _trips(path, home, askers, [Asker(shop, p) for p in phones],
                              options, say)
        for talker in list(shop.running):
            shop.end(talker)


def measure(shop, options, say):
    if PAIRS * options.rounds > NAMES:
        raise CannotRun("at most %d rounds" % (NAMES // PAIRS))
    for path in DATAPATHS:
        if options.rows & path.rows:
            try:
                yield from _measure(path, shop, options, say)
            except CannotRun as why:
                for row in sorted(options.rows & path.rows):
                    yield Missing(row, why)
