# SPDX-License-Identifier: GPL-2.0-or-later
"""U1-U3: how fast permissions change."""

import os
import shutil
import socket
import statistics
import struct

from . import kernel, traffic
from .beds import inside, run
from .figures import CannotRun, Row, baseline
from .flood import tied
from .frame import Missing
from .traffic import GATEWAY, GATEWAY_MAC, device

ANSWERS, FORKS = 40, 5  # of a round; each round's median is its value
PRESENT = "1000 10"  # devices and entries while answers come
DEVICES, ENTRIES = 10000, 10  # of the large load
LOADS_MAX = 5  # a round takes seconds
MIXED, MIXED_ROUNDS = 10000, 3
FILE_BATCH = 1000  # elements of one command in the peer's file
NAMED = 100  # devices that ask for names
OURS = ("inet:cardea", "bridge:cardea")  # the nft back end's tables
FLAT = ("inet:flat",)  # the least that somebody could use
ANSWER_RR = struct.pack("!HHHIH", 0xc00c, 1, 1, 300, 4)  # owner: the question's name

ROWS = {
    "U1": "nft command : ours, learned in the kernel; one DNS answer, 10,000 entries there",
    "U1f": "nft command : ours, through the enforcer process; one DNS answer",
    "U1n": "nft command : nft back end, through the enforcer process; one DNS answer",
    "U2": "the slowest percent : the median of 10,000 updates, expired deletes among them",
    "U2n": "the same of the nft back end",
    "U3": "nft -f : ours; time to load 10,000 devices with 10 entries each",
    "U3m": "ours : nft -f; peak memory (RSS) for that",
    "U3n": "nft -f : nft back end; time to load the same into both its tables",
    "U3mn": "nft back end : nft -f; peak memory (RSS) for that",
}
BACKENDS = {"U1": "bpf", "U1f": "bpf", "U1n": "nft", "U2": "bpf", "U2n": "nft",
            "U3": "bpf", "U3m": "bpf", "U3n": "nft", "U3mn": "nft"}


class Updater:
    """bench_update, with an enforcer of one back end."""

    def __init__(self, shop, name, backend, is_first=False):
        nft = shutil.which("nft")
        if not nft:
            raise CannotRun("nft is not installed")
        self.shop, self.backend = shop, backend
        self.namespace = shop.namespace(name)
        run("ip", "-n", self.namespace, "-batch", "-", stdin=(
            "link add br0 type bridge\nlink add p-g type veth peer name p-g-far\n"
            "link set p-g master br0\nlink set p-g up\nlink set p-g-far up\n"
            "link set br0 up\n"))
        self._talker = shop.talker(self.namespace, shop.program("bench_update"),
                                   shop.program("cardea-enforcer"), "br0", GATEWAY_MAC, nft,
                                   backend, is_first=is_first)
        try:
            _, became, pid = self._talker.hear()
        except RuntimeError as error:
            raise CannotRun("no %s back end: %s" % (backend, error)) from error
        self.pid = int(pid)
        if became != backend:
            raise CannotRun("the enforcer does not take the %s back end here" % backend)

    def ask(self, *words):
        return list(map(int, self._talker.ask(" ".join(map(str, words)))))

    def names(self, count):
        self._talker.ask("names %d" % count)

    def flat(self, text=""):
        """The peer's table: one set."""
        with inside(self.namespace):
            run("nft", "-f", "-", stdin="table inet flat { set out4 { type ether_addr . "
                "ipv4_addr . inet_proto . inet_service; flags timeout; }; }\n" + text)

    def close(self):
        self.shop.end(self._talker)
        self.shop.drop(self.namespace)


# ---- U1: one answer ----

def _name(number):
    """host1.bench.example, as in a DNS message (RFC 1035 3.1)."""
    labels = ("host%d" % number, "bench", "example")
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def _datagram(to, of, source, destination, sport, dport, payload):
    udp = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
                       socket.inet_aton(source), socket.inet_aton(destination))
    return bytes.fromhex((to + of).replace(":", "")) + b"\x08\x00" + head + udp


class Kernel:
    """The program's two ends, without a network around: a device asks, is answered, and
    what the answer took is told by the kernel (BPF_PROG_RUN)."""

    def __init__(self, updater):
        self._programs = kernel.programs_of(updater.pid)
        missing = {"ingress", "egress"} - set(self._programs)
        if missing:
            raise CannotRun("the enforcer has no program " + " ".join(missing))
        with inside(updater.namespace):
            port = socket.if_nametoindex("p-g")
        self._namespace = updater.namespace
        # struct __sk_buff.ifindex; ingress_ifindex before it is 0 for what the gateway
        # itself sends
        self._context = bytes(40) + struct.pack("=I", port) + bytes(148)
        self._number, self._maps = 0, kernel.maps_of(updater.pid)

    def _learned(self, layout):
        return sum(self._maps["counters"].each_cpu(layout["counter_learned"]))

    def answer(self):
        """Nanoseconds of the program for one answer that opens one address."""
        n = self._number = self._number + 1
        mac, address = device(n % NAMED)
        sport, ident = 1024 + n % 60000, n & 0xffff
        question = _name(n) + struct.pack("!HH", 1, 1)
        query = struct.pack("!6H", ident, 0x0100, 1, 0, 0, 0) + question
        reply = (struct.pack("!6H", ident, 0x8180, 1, 1, 0, 0) + question + ANSWER_RR
                 + struct.pack("!I", 0x0b000000 + n))
        kernel.test_run(self._programs["ingress"], _datagram(
            GATEWAY_MAC, mac, address, GATEWAY, sport, 53, query), 1, self._context)
        return kernel.test_run(self._programs["egress"], _datagram(
            mac, GATEWAY_MAC, GATEWAY, address, 53, sport, reply), 1, self._context)[1]

    def answers(self, count, layout):
        with inside(self._namespace), tied(os.cpu_count() - 1):
            before = self._learned(layout)
            times = [self.answer() for _ in range(count)]
            learned = self._learned(layout) - before
        if learned != count:
            raise RuntimeError("%d of %d answers were learned from" % (learned, count))
        return times


def _answers(shop, options, say, backend):
    """U1 and U1f, or U1n: each round's medians, and nft before and after."""
    updater = Updater(shop, "u1-" + backend, backend, is_first=True)
    tables = OURS if backend == "nft" else FLAT
    updater.ask("load", PRESENT)
    if backend == "bpf":
        updater.flat("add element inet flat out4 { %s }\n" % ", ".join(_elements(10000)))
    through, inside_kernel, forked, again = [], [], [], []
    learner = None
    if "U1" in options.rows and backend == "bpf":
        updater.names(NAMED)
        learner, layout = Kernel(updater), shop.layout()
    updater.ask("answer", ANSWERS)  # programs and tables warm
    updater.ask("fork 2", *tables)
    for i in range(options.rounds):
        say("updates: one answer, %s, round %d of %d" % (backend, i + 1, options.rounds))
        forked.append(statistics.median(updater.ask("fork", FORKS, *tables)) / 1000)
        through.append(statistics.median(updater.ask("answer", ANSWERS)) / 1000)
        if learner:
            inside_kernel.append(statistics.median(learner.answers(ANSWERS, layout)) / 1000)
        again.append(statistics.median(updater.ask("fork", FORKS, *tables)) / 1000)
    base = baseline(again, forked)
    updater.close()
    if learner:
        yield Row("U1", ROWS["U1"], forked, inside_kernel, unit="us", base=base,
                  at_least=300)
    name = "U1f" if backend == "bpf" else "U1n"
    yield Row(name, ROWS[name], forked, through, unit="us", base=base)


# ---- U2: many updates ----

def _mixed(shop, options, say, name):
    updater = Updater(shop, "u2", BACKENDS[name], is_first=True)
    updater.ask("load", PRESENT)
    runs = []
    for i in range(2 * min(options.rounds, MIXED_ROUNDS)):
        say("updates: %d updates, %s" % (MIXED, BACKENDS[name]))
        runs.append(updater.ask("mixed", MIXED))
    updater.close()
    middle = [run[0] / 1000 for run in runs]
    yield Row(name, ROWS[name], [run[1] / 1000 for run in runs], middle, unit="us",
              base=baseline(middle[1::2], middle[::2]),
              at_most=20 if name == "U2" else None,
              note="the slowest of all took %.0f us" % max(run[2] / 1000 for run in runs))


# ---- U3: a large load ----

def _elements(count):
    for n in range(count):
        peer = 0xc6120000 + n
        yield "%s . %s . udp . 8883" % (device(n // ENTRIES)[0],
                                        socket.inet_ntoa(struct.pack("!I", peer)))


def _file(shop, tables):
    """The same elements for each table, as text for nft."""
    path = shop.path("load-%d.nft" % len(tables))
    rows = list(_elements(DEVICES * ENTRIES))
    with open(path, "w", encoding="ascii") as out:
        for table in tables:
            for at in range(0, len(rows), FILE_BATCH):
                out.write("add element %s out4 { %s }\n" % (
                    table.replace(":", " "), ", ".join(rows[at:at + FILE_BATCH])))
    return path


def _load(shop, backend, words, look):
    """(seconds, MiB) of a load into empty tables. look: see that all of it is there."""
    updater = Updater(shop, "load", backend)
    if backend == "bpf":
        updater.flat()
    took, peak = updater.ask(*words)
    if look:
        _check_load(updater, words[0], backend)
    updater.close()
    return took / 1e9, peak / 1024


def _check_load(updater, how, backend):
    """Counted in the kernel, by nobody who took part."""
    if how == "load" and backend == "bpf":
        maps = kernel.maps_of(updater.pid)
        counts = {sum(1 for _ in maps["policy"].keys())}
    else:
        with inside(updater.namespace):
            counts = {run("nft", "list", "set", *table.split(":"), "out4")
                      .count(" . udp . 8883")
                      for table in (OURS if backend == "nft" else FLAT)}
    if counts != {DEVICES * ENTRIES}:
        raise RuntimeError("%s left %s elements" % (how, counts))


def _loads(shop, options, say, backend):
    path = _file(shop, OURS if backend == "nft" else FLAT)
    ours, theirs, again = [], [], []
    rounds = min(options.rounds, LOADS_MAX)
    for i in range(rounds):
        say("updates: load %d of %d, %s" % (i + 1, rounds, backend))
        theirs.append(_load(shop, backend, ("file", path), not i))
        ours.append(_load(shop, backend, ("load", DEVICES, ENTRIES), not i))
        again.append(_load(shop, backend, ("file", path), False))
    os.unlink(path)
    seconds = lambda values: [v[0] for v in values]  # noqa: E731
    peak = lambda values: [v[1] for v in values]  # noqa: E731
    base = baseline(seconds(again), seconds(theirs))
    n = "n" if backend == "nft" else ""
    yield Row("U3" + n, ROWS["U3" + n], seconds(theirs), seconds(ours), unit="s", base=base,
              at_least=None if n else 5)
    yield Row("U3m" + n, ROWS["U3m" + n], peak(ours), peak(theirs), unit="MiB",
              at_most=None if n else 0.2)


def measure(shop, options, say):
    """A back end that this machine lacks takes only its own rows with it."""
    parts = [(("U1", "U1f"), _answers, "bpf"), (("U1n",), _answers, "nft"),
             (("U2",), _mixed, "U2"), (("U2n",), _mixed, "U2n"),
             (("U3", "U3m"), _loads, "bpf"), (("U3n", "U3mn"), _loads, "nft")]
    for rows, part, argument in parts:
        if not options.rows & set(rows):
            continue
        try:
            yield from part(shop, options, say, argument)
        except CannotRun as error:
            for row in rows:
                yield Missing(row, error)
