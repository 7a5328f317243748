# SPDX-License-Identifier: GPL-2.0-or-later
"""D: names. A home with the gateway, protected meters whose profiles list many names, and
two phones without a profile, for which the same resolver releases each answer at once.

The world's name server is a Python program, so a first answer takes long on both sides of
a pair; an answer that the resolver still knows shows the hold alone."""

import time

from lab import Home, internet
from lab.mudfiles import UDP, cloud

from .figures import Row, is_quiet

METERS, NAMES = 3, 400  # 1,200 names; a profile has at most 1,000 entries
PAIRS = 10  # of a round
ASK_EVERY = 1 / 40  # the resolver takes 50 questions a second from a device
ALLOWANCE = 200  # and so many at once


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


def _first_packets(home, askers, say):
    """How many of all names' first packets arrived, and of how many."""
    sink, sent, failed = home.internet.sink, set(), 0
    sink.clear()
    for i in range(NAMES):
        if i % 100 == 0:
            say("names: %d of %d first packets" % (i * METERS, NAMES * METERS))
        for asker, names in askers:
            _, address = asker.ask(names[i], "udp")
            if address:
                sent.add(address)
            else:
                failed += 1
    arrived = {p.dst for p in sink.packets(proto=UDP, dport=internet.ANY_UDP)}
    return len(sent & arrived), len(sent) + failed


def _pair(one, other, name_one, name_other, first):
    """Both, in turn the one and the other first."""
    if first:
        return one.ask(name_one)[0], other.ask(name_other)[0]
    second = other.ask(name_other)[0]
    return one.ask(name_one)[0], second


def _round_trips(askers, phone, phone2, zone, rounds, say):
    """Medians of each round: protected, free, free again; known names and new ones."""
    meter, known = askers[0][0], askers[0][1][:PAIRS]
    times = {k: [] for k in ("known", "free", "free2", "new", "newfree")}
    fresh = zone.fresh(PAIRS * rounds, "free.example")
    for i in range(rounds):
        say("names: round %d of %d" % (i + 1, rounds))
        lists = {k: [] for k in times}
        for n, name in enumerate(known):
            held, free = _pair(meter, phone, name, name, n % 2)
            lists["known"].append(held)
            lists["free"].append(free)
            lists["free2"].append(phone2.ask(name)[0])
        for n in range(PAIRS):
            at = i * PAIRS + n
            held, free = _pair(askers[1][0], phone, askers[1][2][at], fresh[at], n % 2)
            lists["new"].append(held)
            lists["newfree"].append(free)
        for key, values in lists.items():
            times[key].append(sorted(values)[len(values) // 2])
    return times


def measure(shop, options, say):
    rounds = options.rounds
    with Home(devices=()) as home:
        say("names: a home with %d meters" % METERS)
        home.gateway.start_cardea(shop.build)
        meters = [_meter(home, n) for n in range(METERS)]
        phones = [home.add_device("phone%d" % n, 0x40 + n) for n in range(2)]
        home.join_all()
        cardea = home.gateway.cardea
        for device, _ in meters:
            cardea.wait_state(device.mac, "protected")
        for phone in phones:
            cardea.wait_state(phone.mac, "watched")
        # names for the new ones of the pairs are kept out of the first part
        kept = PAIRS * rounds
        if kept > NAMES // 2:
            raise RuntimeError("at most %d rounds" % (NAMES // 2 // PAIRS))
        askers = [(Asker(shop, d), names[:NAMES], names[-kept:]) for d, names in meters]
        free = [Asker(shop, p) for p in phones]
        times = _round_trips(askers, *free, home.internet.zone, rounds, say)
        arrived, tried = _first_packets(home, [a[:2] for a in askers], say)
        for name in list(shop.running):
            shop.end(name)
    quiet = is_quiet(times["free2"], times["free"])
    yield Row("D0", "second unmanaged device : unmanaged device (the rule of noise)",
              times["free2"], times["free"], unit="us",
              note="" if quiet else "outside 0.97-1.03: noisy, no verdict")
    yield Row("D1", "first packet after %d names that the device had not asked before"
              % tried, [100.0 * arrived / tried], unit="% arrived", at_least=100)
    yield Row("D3", "protected : unmanaged device; DNS round trip, answer known to the "
              "resolver", times["known"], times["free"], unit="us", at_most=2.7,
              quiet=quiet)
    yield Row("D3n", "protected : unmanaged device; DNS round trip, new name",
              times["new"], times["newfree"], unit="us", quiet=quiet)
