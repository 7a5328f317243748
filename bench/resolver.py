# SPDX-License-Identifier: GPL-2.0-or-later
"""Q: questions per second. dnsperf asks for names that are known already: our resolver
from a device without a profile, which nothing waits for; from a protected device, whose
addresses the kernel learns (BPF) or the resolver holds until they are open (nft); and
Unbound on the same gateway, asked from the same place as its pair."""

import re
import shutil

from lab import Home, internet
from lab.mudfiles import UDP, cloud

from .figures import CannotRun, Row, baseline
from .frame import Missing

ROWS = {
    "Q1": "ours : Unbound, questions per second, nothing to enforce",
    "Q1a": "the same, share of questions answered, difference",
    "Q2": "ours : Unbound, questions per second, protected device, BPF",
    "Q2a": "the same, share of questions answered, difference",
    "Q3": "ours : Unbound, questions per second, protected device, nft",
    "Q3a": "the same, share of questions answered, difference",
}

NAMES = 100  # fewer than the bindings that a device may have
SECONDS = 2  # of one run
OUTSTANDING = 50  # of one client: RESOLVER_PENDING_PER_CLIENT is 64
PORT = 5300  # of Unbound, beside ours
AT_LEAST, POINTS = 0.8, 0.5

UNBOUND = """server:
  interface: {address}@{port}
  access-control: 0.0.0.0/0 allow
  do-ip6: no
  num-threads: 1
  module-config: "iterator"
  username: ""
  chroot: ""
  directory: {folder}
  pidfile: {folder}/unbound.pid
  use-syslog: no
forward-zone:
  name: "."
  forward-addr: {upstream}
remote-control:
  control-enable: no
"""


def _programs():
    for name in ("dnsperf", "unbound"):
        if not (shutil.which(name) or shutil.which("/usr/sbin/" + name)):
            raise CannotRun("%s is not installed" % name)


def _start_unbound(home, address):
    path = home.path("unbound.conf")
    with open(path, "w", encoding="ascii") as out:
        out.write(UNBOUND.format(address=address, port=PORT, folder=home.path(),
                                 upstream=internet.DNS4))
    return home.gateway.ns.spawn(["/usr/sbin/unbound", "-d", "-c", path])


class Load:
    """dnsperf in one device."""

    def __init__(self, home, device, names):
        self._device = device
        self._file = home.path("names-" + device.name)
        with open(self._file, "w", encoding="ascii") as out:
            out.writelines("%s A\n" % name for name in names)

    def run(self, port, *length):
        """(questions a second, share answered in percent)"""
        server = self._device.resolvers[0]
        text = self._device.ns.run(
            ["dnsperf", "-s", server, "-p", str(port), "-d", self._file, "-c", "1", "-T",
             "1", "-q", str(OUTSTANDING), "-t", "2", *(length or ("-l", str(SECONDS)))]).stdout
        rate = re.search(r"Queries per second:\s+([\d.]+)", text)
        share = re.search(r"Queries completed:\s+\d+ \(([\d.]+)%\)", text)
        if not rate or not share:
            raise CannotRun("dnsperf says: " + text[-200:])
        return float(rate[1]), float(share[1])

    def warm(self, port):
        for _ in range(2):
            self.run(port, "-n", "1")


def _pairs(ours, theirs, rounds, say, what):
    """Of each round: ours, Unbound, Unbound again, in an order that changes."""
    found = {"ours": [], "unbound": [], "again": []}
    for i in range(rounds):
        say("resolver: %s, round %d of %d" % (what, i + 1, rounds))
        ours.warm(53)
        theirs.warm(PORT)
        turns = [("ours", ours, 53), ("unbound", theirs, PORT), ("again", theirs, PORT)]
        for n in range(3):
            key, load, port = turns[(i + n) % 3]
            found[key].append(load.run(port))
    return found


def _rows(name, found):
    rate = {k: [r for r, _ in v] for k, v in found.items()}
    share = {k: [s for _, s in v] for k, v in found.items()}
    base = baseline(rate["again"], rate["unbound"])
    yield Row(name, ROWS[name], rate["ours"], rate["unbound"], unit="a second",
              at_least=AT_LEAST, base=base)
    less = [theirs - ours for ours, theirs in zip(share["ours"], share["unbound"])]
    yield Row(name + "a", ROWS[name + "a"], less, unit="points less", at_most=POINTS)


def _home(shop, home, backend):
    cardea = home.gateway.start_cardea(shop.build, enforce={"backend": backend},
                                       dns={"rate": 1000000, "burst": 1000000},
                                       life={"isolate": False})
    if cardea.status()["backend"] != backend:
        raise CannotRun("back end %s is not to be had here" % backend)
    names = home.internet.zone.fresh(NAMES, "meter.example", ttl=3600)
    url = home.internet.publish("meter", "Meter", [
        cloud(n, UDP, internet.ANY_UDP, direction="from") for n in names])
    meter = home.add_device("meter", 0x20, url=url)
    phone = home.add_device("phone", 0x40)
    home.join_all()
    cardea.wait_state(meter.mac, "protected")
    cardea.wait_state(phone.mac, "learning")
    return Load(home, meter, names), Load(home, phone, names), phone.resolvers[0]


def _measure(shop, options, say, backend, free, bound):
    with Home(devices=()) as home:
        meter, phone, address = _home(shop, home, backend)
        _start_unbound(home, address)
        if options.rows & {free, free + "a"}:
            yield from _rows(free, _pairs(phone, phone, options.rounds, say, "free"))
        if options.rows & {bound, bound + "a"}:
            yield from _rows(bound, _pairs(meter, phone, options.rounds, say, backend))


def measure(shop, options, say):
    _programs()
    for backend, free, bound in (("bpf", "Q1", "Q2"), ("nft", "", "Q3")):
        rows = options.rows & {free, free + "a", bound, bound + "a"} - {"", "a"}
        if not rows:
            continue
        try:
            yield from _measure(shop, options, say, backend, free or "-", bound)
        except CannotRun as why:
            for row in sorted(rows):
                yield Missing(row, why)
