# SPDX-License-Identifier: GPL-2.0-or-later
"""A name is open before its answer can be known: the first packet to each of many names
that nobody asked for before, sent at once when the answer is there, arrives. On both
datapaths, for IPv4 and IPv6, with answers over UDP and over TCP.

CARDEA_FIRST_PACKETS is how many there are of each back end (default 300; the full number
is 1500). A device has at most 512 addresses of names at once, so several ask."""
import os
import pathlib
import subprocess
import time

import pytest

from lab import dns, internet
from lab.frames import UDP

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CARDEA_BUILD", ROOT / "build" / "release"))
ASKER = str(BUILD / "bench" / "bench_dns")
FIRSTS = int(os.environ.get("CARDEA_FIRST_PACKETS", "300"))
METERS = 3
NAMES = (FIRSTS + 2 * METERS - 1) // (2 * METERS)  # each name has two families
ASK_EVERY = 1 / 45  # the resolver takes 50 questions a second from a device, after a burst
UNASKED = 20
AGAIN = 60  # times that a device asks for what it was just told


class Asker:
    """bench_dns, which sends to an address the moment that it reads it."""

    def __init__(self, device, server):
        argv = ["ip", "netns", "exec", device.ns.name, ASKER, server, str(internet.ANY_UDP)]
        self._popen = subprocess.Popen(argv, stdin=subprocess.PIPE, text=True, bufsize=1,
                                       stdout=subprocess.PIPE)

    def ask(self, name, *words):
        """The address, or None."""
        for _ in range(3):  # a machine that stands still for long hears SERVFAIL
            self._popen.stdin.write(" ".join((name, *words)) + "\n")
            answer = self._popen.stdout.readline().split()
            assert len(answer) == 2, "bench_dns ended"
            if answer[1] != "-":
                return answer[1]
        return None

    def close(self):
        self._popen.stdin.close()
        self._popen.wait(30)


def _backend(cardea):
    """Of the enforcer that was started last."""
    told = [line.split(" back end ")[1].split(":")[0]
            for line in cardea.log().splitlines() if " back end " in line]
    return told[-1] if told else None


def _resolver_count(cardea, what):
    """From the line that the resolver leaves behind."""
    words = [line for line in cardea.log().splitlines() if " stats: " in line][-1].split()
    return int(words[words.index(what) + 1])


@pytest.fixture(scope="module", params=["bpf", "nft"])
def datapath(opened, request):
    """The same home, its gateway started anew with this back end."""
    opened.cardea.stop()
    opened.gateway.start_cardea(enforce={"backend": request.param})
    assert _backend(opened.cardea) == request.param, opened.cardea.log()[-4000:]
    yield request.param
    opened.cardea.stop()
    told, held, confirmed = (_resolver_count(opened.cardea, what)
                             for what in ("told", "held", "confirmed"))
    opened.gateway.start_cardea()
    # not by luck: what the kernel learned went out at once, all else waited
    assert (told >= FIRSTS // 2) == (request.param == "bpf"), (told, held)
    assert held >= FIRSTS // 2 and told + held >= FIRSTS, (told, held)
    # what the kernel cannot learn waits the first time only
    assert (confirmed >= AGAIN - 5) == (request.param == "nft"), confirmed


@pytest.fixture(scope="module")
def meters(opened, datapath):
    found = []
    for i in range(METERS):
        url, names = opened.internet.fresh_device("reader-%s-%d" % (datapath, i), 2 * NAMES)
        device = opened.add_device("reader%d" % i, 0x61 + i, "dhcpcd6", url).join()
        found.append((device, names[::2]))  # the others are for TCP
    for device, _ in found:
        device.wait_ready()
        opened.cardea.wait_state(device.mac, "protected", "suspicious")  # from before
    yield found
    for device, _ in found:
        opened.remove_device(device.name)


def _ask_all(meters, told, lost):
    """Each name in both families, each time by the other transport and resolver."""
    askers = [[Asker(d, r) for r in d.resolvers] for d, _ in meters]
    for i in range(NAMES):
        begun = time.monotonic()
        for (_, names), mine in zip(meters, askers):
            for six in (0, 1):
                words = (("aaaa",) if six else ()) + (("tcp",) if (i + six) % 2 else ())
                address = mine[i // 2 % len(mine)].ask(names[i], "send", *words)
                if address:
                    told.add(address)
                else:
                    lost.append((names[i], words))
        time.sleep(max(0.0, 2 * ASK_EVERY - (time.monotonic() - begun)))
    for mine in askers:
        for asker in mine:
            asker.close()


def test_first_packets_to_fresh_names(home, meters, datapath):
    sink, told, lost = home.internet.sink, set(), []
    records = home.internet.zone.records
    sink.clear()
    for device, names in meters:
        for name in names[:UNASKED]:
            device.send_udp(records[name][dns.A][0], internet.ANY_UDP)
    assert not sink.count(proto=UDP, dport=internet.ANY_UDP), "open before it was asked for"
    _ask_all(meters, told, lost)
    assert not lost, lost[:10]
    assert len(told) == 2 * METERS * NAMES >= FIRSTS
    arrived = [p.dst for p in sink.packets(proto=UDP, dport=internet.ANY_UDP)]
    assert len(set(arrived) & told) == len(told), sorted(told - set(arrived))[:10]
    assert len(arrived) == len(told)


def test_what_was_just_told_is_open(home, meters):
    """Whether it waits again or not: each time a packet from another port."""
    sink, (device, names) = home.internet.sink, meters[-1]
    address = home.internet.zone.records[names[-1]][dns.A][0]
    sink.clear()
    for _ in range(AGAIN):
        assert device.resolve(names[-1]) == [address]
        device.send_udp(address, internet.ANY_UDP)
    assert sink.count(proto=UDP, dst=address) == AGAIN


def test_known_answers_open_for_the_next_device(home, meters):
    """Another device's answer, and one from the resolver's own memory, open nothing for
    who has not asked, and all for who has."""
    sink = home.internet.sink
    (first, names), (second, others) = meters[:2]
    sink.clear()
    address = home.internet.zone.records[names[0]][dns.A][0]
    assert first.resolve(names[0]) == [address]
    second.send_udp(address, internet.ANY_UDP)
    assert not sink.count(proto=UDP, dst=address)
    first.send_udp(address, internet.ANY_UDP)
    assert sink.count(proto=UDP, dst=address) == 1
    # of a name that is not in its profile even the asker gets nothing open
    assert second.resolve(names[0]) == [address]
    second.send_udp(address, internet.ANY_UDP)
    assert sink.count(proto=UDP, dst=address) == 1
    assert second.resolve(others[0])
