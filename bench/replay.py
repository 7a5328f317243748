# SPDX-License-Identifier: GPL-2.0-or-later
"""R: judging a capture of a million packets, CPU time of one process."""

import json
import shutil
import subprocess

from lab import mudfiles

from .figures import Row, is_quiet

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


def _spend(shop, argv, stdin=None):
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
        peak = _spend(shop, argv, maker.stdout)[1]
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


def measure(shop, options, say):
    _profile(shop.path("lamp.json"))
    path, walk = _capture(shop, PACKETS), shop.program("bench_walk")
    _check(_judge(shop, path))
    ours, bare, again, peaks = [], [], [], []
    for i in range(options.rounds):
        say("replay: round %d of %d" % (i + 1, options.rounds))
        bare.append(_spend(shop, [walk, path])[0] / PACKETS)
        cost, peak = _spend(shop, _judge(shop, path))
        again.append(_spend(shop, [walk, path])[0] / PACKETS)
        ours.append(cost / PACKETS)
        peaks.append(peak)
    quiet = is_quiet(again, bare)
    yield Row("R0", "bare header walk again : bare header walk (the rule of noise)", again,
              bare, unit="ns/packet",
              note="" if quiet else "outside 0.97-1.03: noisy, no verdict")
    yield Row("R1", "cardea replay : bare header walk; CPU, 1,000,000 packets", ours, bare,
              unit="ns/packet", quiet=quiet)
    yield Row("R1s", "cardea replay, throughput", [1000 / v for v in ours],
              unit="million packets/s")
    yield from _tshark(shop, options, say)
    say("replay: ten million packets")
    tenfold = _tenfold(shop, _judge(shop, "/dev/stdin"))
    yield Row("R5", "cardea replay; peak memory, ten million packets : one million",
              [tenfold], [max(peaks)], unit="MiB", at_most=2.0)


def _tshark(shop, options, say):
    tshark = shutil.which("tshark")
    if not tshark:
        say("replay: no tshark, no row R4")
        return
    path = _capture(shop, TSHARK_PACKETS)
    theirs, ours = [], []
    for i in range(min(options.rounds, TSHARK_ROUNDS)):
        say("replay: tshark %d" % (i + 1))
        theirs.append(_spend(shop, [tshark, "-r", path, "-T", "fields", "-e",
                                    "dns.qry.name", "-e", "dns.a"])[0] / TSHARK_PACKETS)
        ours.append(_spend(shop, _judge(shop, path))[0] / TSHARK_PACKETS)
    yield Row("R4", "tshark -T fields (DNS) : cardea replay; CPU, %d packets"
              % TSHARK_PACKETS, theirs, ours, unit="ns/packet",
              note="not the same work: tshark only prints names and addresses")
