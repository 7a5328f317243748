# SPDX-License-Identifier: GPL-2.0-or-later
"""D: names. A home with the gateway, protected meters whose profiles list many names, and
two phones without a profile, for which the same resolver releases each answer at once.

The world's name server is a Python program, so a first answer takes long on both sides of
a pair; an answer that the resolver still knows shows the hold alone."""

import statistics
import time

from lab import Home, dns, internet
from lab.mudfiles import UDP, cloud

from .figures import CannotRun, Row, baseline

ROWS = {
    "D1": "first packet after each name not asked before",
    "D1d": "datagrams to addresses not asked for yet that arrived",
    "D3": "protected : unmanaged device; DNS round trip, answer known to the resolver",
    "D3n": "protected : unmanaged device; DNS round trip, new name",
}
FIRST, TRIPS = {"D1", "D1d"}, {"D3", "D3n"}

METERS, NAMES = 3, 500  # 1,500 names; a device has at most 512 at once
FORBIDDEN = 50  # datagrams to addresses before anybody asked for them
PAIRS = 12  # of a round; a multiple of 2 and 3, see _in_turn
ASK_EVERY = 1 / 40  # the resolver takes 50 questions a second from a device
ALLOWANCE = 200  # and so many at once
REST = 0.012  # before each timed question: all find processes that have gone to sleep,
#               and no device comes near the resolver's limit, which would slow it alone


class Asker:
    """bench_dns in a device, slow enough for the resolver's limit."""

    def __init__(self, shop, device):
        self._talker = shop.talker(device.ns.name, shop.program("bench_dns"),
                                   device.resolvers[0], str(internet.ANY_UDP))
        self._credit, self._last = float(ALLOWANCE), time.monotonic()

    def ask(self, name, then=""):
        """(microseconds, address or None)"""
        now = time.monotonic()
        self._credit = min(ALLOWANCE, self._credit + (now - self._last) / ASK_EVERY)
        self._last = now
        if self._credit < 1:
            time.sleep((1 - self._credit) * ASK_EVERY)
        self._credit -= 1
        took, address = self._talker.ask("%s %s" % (name, then))
        return int(took) / 1000, None if address == "-" else address


def _meter(home, number):
    """A device that may reach NAMES new names by UDP."""
    model = "meter%d" % number
    names = home.internet.zone.fresh(NAMES, model + ".example")
    url = home.internet.publish(model, "Meter %d" % number,
                                [cloud(n, UDP, internet.ANY_UDP, families=(4,),
                                       direction="from") for n in names])
    return home.add_device(model, 0x20 + number, url=url), names


def _unasked(home, device, names):
    """How many datagrams arrive at addresses that the device has not asked for."""
    sink, records = home.internet.sink, home.internet.zone.records
    sink.clear()
    for name in names[:FORBIDDEN]:
        device.send_udp(records[name][dns.A][0], internet.ANY_UDP)
    return sink.count(proto=UDP, dport=internet.ANY_UDP)


def _first_packets(home, askers, say):
    """How many of all names' first packets arrived, and of how many."""
    sink, sent, failed = home.internet.sink, set(), 0
    sink.clear()
    for i in range(NAMES):
        if i % 100 == 0:
            say("names: %d of %d first packets" % (i * METERS, NAMES * METERS))
        for asker, names in askers:
            _, address = asker.ask(names[i], "send")
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


def _home(shop, home, rounds):
    """Meters and phones, joined, the meters protected."""
    if PAIRS * rounds > NAMES:
        raise CannotRun("at most %d rounds" % (NAMES // PAIRS))
    home.gateway.start_cardea(shop.build)
    meters = [_meter(home, n) for n in range(METERS + 1)]
    phones = [home.add_device("phone%d" % n, 0x40 + n) for n in range(2)]
    home.join_all()
    cardea = home.gateway.cardea
    for device, _ in meters:
        cardea.wait_state(device.mac, "protected")
    for phone in phones:
        cardea.wait_state(phone.mac, "watched")
    return meters, phones


def measure(shop, options, say):
    with Home(devices=()) as home:
        say("names: a home with %d meters and 2 phones" % (METERS + 1))
        meters, phones = _home(shop, home, options.rounds)
        unasked = _unasked(home, *meters[0])
        askers = [(Asker(shop, device), names) for device, names in meters]
        if options.rows & FIRST:
            arrived, tried = _first_packets(home, askers[:METERS], say)
        if options.rows & TRIPS:
            # the last meter's names are still new
            times = _round_trips(askers[0], askers[METERS],
                                 *(Asker(shop, p) for p in phones), home.internet.zone,
                                 options.rounds, say)
        for talker in list(shop.running):
            shop.end(talker)
    if options.rows & FIRST:
        yield Row("D1", "%s, %d names" % (ROWS["D1"], tried), [100.0 * arrived / tried],
                  unit="% arrived", at_least=100)
        yield Row("D1d", ROWS["D1d"], [unasked], unit="of %d datagrams" % FORBIDDEN,
                  at_most=0)
    if options.rows & TRIPS:
        base = baseline(times["free2"], times["free"])
        yield Row("D3", ROWS["D3"], times["known"], times["free"], unit="us", at_most=2.7,
                  base=base)
        yield Row("D3n", ROWS["D3n"], times["new"], times["newfree"], unit="us", base=base)
