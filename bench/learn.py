# SPDX-License-Identifier: GPL-2.0-or-later
"""L1 - L5: learning from a capture, against the least that it can cost and against what
else reads captures; CPU time of one process.

The capture is made of all that CARDEA_DATA has under pcap, 20 times over, each time as
another home's; without data it is a made-up home."""

import collections
import contextlib
import json
import os
import shutil
import socket
import subprocess

from .figures import Row, baseline
from .frame import Missing
from .replay import spend

ROWS = {
    "L1": "cardea learn : header walk with an exact table of 5-tuples; CPU",
    "L1s": "cardea learn, throughput",
    "L2": "softflowd : cardea learn; CPU",
    "L2n": "nfpcapd : cardea learn; CPU",
    "L3": "ndpiReader -q : cardea learn; CPU",
    "L4": "tshark -T fields (DNS) : the same rows by our parsers; CPU, one replica",
    "L4l": "tshark -T fields (DNS) : all of cardea learn; CPU, one replica",
    "L5": "cardea learn; peak memory, 20 replicas : one",
    "L5h": "cardea learn; peak memory, one home's capture ten times : once",
}

REPLICAS, SPREAD_S = 20, 7200
MADE_UP_PACKETS = 200_000  # of a replica's stead
PEER_ROUNDS = 3  # each takes seconds
FLOWS = 1_000_000  # that softflowd may track: no more than it needs to lose none
DIFFERENT_MOST = 0.01  # rows: fragments put together, and names that were made to break
WHAT = ("-e", "eth.src", "-e", "dns.qry.name", "-e", "dns.a")
ONLY_DNS = "dns && udp.port == 53 && !icmp && !icmpv6"

Corpus = collections.namedtuple("Corpus", "path packets what")


def which(name):
    """Also what only root's path has."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def _mixed(shop, folder, replicas):
    path = shop.path("mix-%d.pcap" % replicas)
    words = subprocess.run([shop.program("bench_mix"), path, str(replicas), str(SPREAD_S),
                            folder], check=True, capture_output=True, text=True
                           ).stdout.split()
    made = dict(zip(words[::2], map(int, words[1::2])))
    return Corpus(path, made["packets"], "%d captures (%d are unreadable), %s, %d packets" % (
        made["files"], made["skipped"],
        "%d replicas" % replicas if replicas > 1 else "one replica", made["packets"]))


def _made_up(shop, replicas):
    path, packets = shop.path("home-%d.pcap" % replicas), replicas * MADE_UP_PACKETS
    with open(path, "wb") as out:
        subprocess.run([shop.program("bench_capture"), str(packets)], stdout=out, check=True)
    return Corpus(path, packets, "a made-up home, %d packets" % packets)


def corpus(shop, replicas):
    folder = os.path.join(os.environ.get("CARDEA_DATA", ""), "pcap")
    if os.environ.get("CARDEA_DATA") and os.path.isdir(folder):
        return _mixed(shop, folder, replicas)
    return _made_up(shop, replicas)


def _learn(shop, capture):
    return [shop.program("cardea"), "learn", capture.path, "--json"]


def _walk(shop, capture):
    return [shop.program("bench_walk"), capture.path, "flows"]


def _per_packet(shop, argv, capture):
    return spend(shop, argv)[0] / capture.packets


def _check(shop, capture):
    """(devices, kinds): that the work is done: who learns nothing is fast, too."""
    done = subprocess.run(_learn(shop, capture), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError("cardea learn: exit %d: %s" % (done.returncode,
                                                          done.stderr.strip()[-300:]))
    devices = json.loads(done.stdout)["devices"]
    kinds = sum(device["kinds"] if isinstance(device["kinds"], int)
                else len(device["kinds"]) for device in devices)
    if not kinds:
        raise RuntimeError("cardea learn learned nothing")
    return len(devices), kinds


def _limit(shop, options, say, big):
    ours, walk, again = [], [], []
    devices, kinds = _check(shop, big)
    for i in range(options.rounds):
        say("learn: round %d of %d" % (i + 1, options.rounds))
        walk.append(_per_packet(shop, _walk(shop, big), big))
        ours.append(_per_packet(shop, _learn(shop, big), big))
        again.append(_per_packet(shop, _walk(shop, big), big))
    base = baseline(again, walk)
    note = "%s; %d kinds of %d devices learned" % (big.what, kinds, devices)
    yield Row("L1", ROWS["L1"], ours, walk, unit="ns/packet", at_most=2.0, base=base,
              note=note)
    yield Row("L1s", ROWS["L1s"], [1000 / v for v in ours], unit="million packets/s",
              base=base)


@contextlib.contextmanager
def _collector():
    """A port that takes flow records and reads none of them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


def _against(shop, options, say, capture, argv):
    """(theirs, ours) in pairs"""
    theirs, ours = [], []
    for i in range(min(options.rounds, PEER_ROUNDS)):
        say("learn: %s %d" % (os.path.basename(argv[0]), i + 1))
        theirs.append(_per_packet(shop, argv, capture))
        ours.append(_per_packet(shop, _learn(shop, capture), capture))
    return theirs, ours


def _softflowd(shop, options, say, big):
    program = which("softflowd")
    if not program:
        yield Missing("L2", "package softflowd is not installed", optional=True)
        return
    with _collector() as port:
        argv = [program, "-r", big.path, "-n", "127.0.0.1:%d" % port, "-v", "10", "-6", "-m",
                str(FLOWS), "-d"]
        yield Row("L2", ROWS["L2"], *_against(shop, options, say, big, argv),
                  unit="ns/packet", at_least=2.5, note="writes flow records (IPFIX), no names")


def _nfpcapd(shop, options, say, big):
    program = which("nfpcapd")
    if not program:
        yield Missing("L2n", "package nfdump is not installed", optional=True)
        return
    folder = shop.path("nfcapd")
    os.makedirs(folder, exist_ok=True)
    yield Row("L2n", ROWS["L2n"], *_against(shop, options, say, big, [
        program, "-r", big.path, "-w", folder]), unit="ns/packet")


def _ndpi(shop, options, say, big):
    program = which("ndpiReader")
    if not program:
        yield Missing("L3", "package libndpi-bin is not installed", optional=True)
        return
    yield Row("L3", ROWS["L3"], *_against(shop, options, say, big, [
        program, "-q", "-i", big.path]), unit="ns/packet", at_least=5.0)


def different(theirs, ours):
    """The share of lines that the other side does not have. A name's case is a matter of
    taste (RFC 4343)."""
    a, b = (collections.Counter(text.lower().split("\n")) for text in (theirs, ours))
    return max((a - b).total(), (b - a).total()) / max(a.total(), b.total())


def _rows_differ(shop, tshark, rows):
    theirs, ours = (subprocess.run(argv, check=True, capture_output=True, text=True,
                                   errors="replace").stdout for argv in (tshark, rows))
    if not theirs.strip():
        raise RuntimeError("tshark found no DNS")
    share = different(theirs, ours)
    return theirs.count("\n"), share


def _tshark(shop, options, say, small):
    program = which("tshark")
    if not program:
        for name in ("L4", "L4l"):
            yield Missing(name, "package tshark is not installed", optional=True)
        return
    tshark = [program, "-n", "-r", small.path, "-Y", ONLY_DNS, "-T", "fields", *WHAT]
    rows = [shop.program("bench_rows"), small.path]
    count, share = _rows_differ(shop, tshark, rows)
    theirs, learn = _against(shop, options, say, small, tshark)
    ours = [_per_packet(shop, rows, small) for _ in theirs]
    yield Row("L4", ROWS["L4"], theirs, ours, unit="ns/packet", at_least=100,
              failed="" if share <= DIFFERENT_MOST else "the rows are not the same",
              note="%s; %d rows, %.2f %% of them different" % (small.what, count, 100 * share))
    yield Row("L4l", ROWS["L4l"], theirs, learn, unit="ns/packet",
              note="not the same work: tshark only prints names and addresses")


def _memory(shop, say, rows, big, small):
    """Replicas are homes of their own: six times the devices. A longer capture of one home
    has no more of them."""
    say("learn: memory")
    once = [spend(shop, _learn(shop, small))[1]]
    if "L5" in rows:
        yield Row("L5", ROWS["L5"], [spend(shop, _learn(shop, big))[1]], once, unit="MiB",
                  at_most=2.0)
    if "L5h" in rows:
        more = ["%s.%d" % (small.path, i) for i in range(9)]
        for path in more:  # a file given twice is read once
            shutil.copyfile(small.path, path)
        again = [spend(shop, _learn(shop, small) + more)[1]]
        for path in more:
            os.unlink(path)
        yield Row("L5h", ROWS["L5h"], again, once, unit="MiB", at_most=2.0)


def measure(shop, options, say):
    rows = options.rows
    say("learn: the captures are made")
    big = corpus(shop, REPLICAS) if rows - {"L4", "L4l", "L5h"} else None
    small = corpus(shop, 1) if rows & {"L4", "L4l", "L5", "L5h"} else None
    if rows & {"L1", "L1s"}:
        yield from _limit(shop, options, say, big)
    for name, peer in (("L2", _softflowd), ("L2n", _nfpcapd), ("L3", _ndpi)):
        if name in rows:
            yield from peer(shop, options, say, big)
    if rows & {"L4", "L4l"}:
        yield from _tshark(shop, options, say, small)
    if rows & {"L5", "L5h"}:
        yield from _memory(shop, say, rows, big, small)
