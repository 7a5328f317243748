# SPDX-License-Identifier: GPL-2.0-or-later
"""R: judging a capture of a million packets, CPU time of one process."""

import json
import shutil
import subprocess

from lab import mudfiles

from .figures import Row, baseline
from .frame import Missing

ROWS = {
    "R1": "cardea replay : bare header walk; CPU, 1,000,000 packets",
    "R1s": "cardea replay, throughput",
    "R4": "tshark -T fields (DNS) : cardea replay; CPU, 100,000 packets",
    "R5": "cardea replay; peak memory, ten million packets : one million",
}

PACKETS, TSHARK_PACKETS = 1_000_000, 100_000
TENFOLD = 10 * PACKETS
DEVICE = "02:00:00:00:00:01"
PROFILE_URL = "https://maker.example/lamp.json"
TSHARK_ROUNDS = 2  # each takes seconds
EXIT_BLOCKED = 6


def _profile(path):
    body = mudfiles.build(PROFILE_URL, "Lamp", "Maker", "lamp", [
        mudfiles.cloud("cloud.maker.example", families=(4,)),
        mudfiles.network("203.0.113.128/28", mudfiles.UDP, (5000, 5999))], signature=False)
    with open(path, "wb") as out:
        out.write(body)
    return path


def spend(shop, argv, stdin=None):
    """(CPU nanoseconds, peak MiB)"""
    done = subprocess.run([shop.program("bench_spend"), *argv], stdin=stdin, text=True,
                          capture_output=True, check=False)
    cost, peak, code = map(int, done.stderr.split())
    if code not in (0, EXIT_BLOCKED):
        raise RuntimeError("%s: exit %d" % (" ".join(argv)[:100], code))
    return cost, peak / 1024


def _capture(shop, packets):
    path = shop.path("home-%d.pcap" % packets)
    with open(path, "wb") as out:
        subprocess.run([shop.program("bench_capture"), str(packets)], stdout=out,
                       check=True)
    return path


def _check(argv):
    """That the work is done: a capture judged wrongly is fast, too."""
    report = json.loads(subprocess.run([*argv, "--json"], capture_output=True, text=True,
                                       check=False).stdout)
    if report["read"] != PACKETS or not report["blocked"]["packets"]:
        raise RuntimeError("replay read %r of %d packets" % (report["read"], PACKETS))


def _tenfold(shop, argv):
    """Peak of ten million packets, through a pipe: they would fill a disk."""
    maker = subprocess.Popen([shop.program("bench_capture"), str(TENFOLD)],
                             stdout=subprocess.PIPE)
    try:
        peak = spend(shop, argv, maker.stdout)[1]
        if maker.wait(10):
            raise RuntimeError("replay did not read all of the pipe")
        return peak
    finally:
        maker.stdout.close()
        maker.kill()
        maker.wait()


def _judge(shop, path):
    return [shop.program("cardea"), "replay", path, "--profile",
            shop.path("lamp.json"), "--device", DEVICE, "--lan", "192.168.1.0/24",
            "--gateway", "192.168.1.1"]


def _walk(shop, options, say):
    path, walk = _capture(shop, PACKETS), shop.program("bench_walk")
    _check(_judge(shop, path))
    ours, bare, again, peaks = [], [], [], []
    # for its peak, one is enough
    rounds = options.rounds if options.rows & {"R1", "R1s"} else 1
    for i in range(rounds):
        say("replay: round %d of %d" % (i + 1, rounds))
        bare.append(spend(shop, [walk, path])[0] / PACKETS)
        cost, peak = spend(shop, _judge(shop, path))
        again.append(spend(shop, [walk, path])[0] / PACKETS)
        ours.append(cost / PACKETS)
        peaks.append(peak)
    base = baseline(again, bare)
    yield Row("R1", ROWS["R1"], ours, bare, unit="ns/packet", base=base)
    yield Row("R1s", ROWS["R1s"], [1000 / v for v in ours], unit="million packets/s",
              base=base)
    if "R5" in options.rows:
        say("replay: ten million packets")
        tenfold = _tenfold(shop, _judge(shop, "/dev/stdin"))
        yield Row("R5", ROWS["R5"], [tenfold], [max(peaks)], unit="MiB", at_most=2.0)


def _tshark(shop, options, say):
    tshark = shutil.which("tshark")
    if not tshark:
        yield Missing("R4", "tshark is not installed", optional=True)
        return
    path = _capture(shop, TSHARK_PACKETS)
    theirs, ours = [], []
    for i in range(min(options.rounds, TSHARK_ROUNDS)):
        say("replay: tshark %d" % (i + 1))
        theirs.append(spend(shop, [tshark, "-r", path, "-T", "fields", "-e",
                                    "dns.qry.name", "-e", "dns.a"])[0] / TSHARK_PACKETS)
        ours.append(spend(shop, _judge(shop, path))[0] / TSHARK_PACKETS)
    yield Row("R4", ROWS["R4"], theirs, ours, unit="ns/packet",
              note="not the same work: tshark only prints names and addresses")


def measure(shop, options, say):
    _profile(shop.path("lamp.json"))
    if options.rows & {"R1", "R1s", "R5"}:
        yield from _walk(shop, options, say)
    if "R4" in options.rows:
        yield from _tshark(shop, options, say)
