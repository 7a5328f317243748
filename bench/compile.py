# SPDX-License-Identifier: GPL-2.0-or-later
"""C: from a MUD file to kernel elements, and a class with many members."""

import os
import subprocess

from lab import mudfiles

from .figures import Row

FILE_LIMIT_MS, CLASS_LIMIT_MS = 5.0, 50.0
MEMBERS = 300
RUNS = 20  # of a round; each round's median is its value
URL = "https://maker.example/hub.json"
# The biggest public file has 201 entries, for hosts by name and by address.
NAMES, HOSTS = 47, 51
BIGGEST = "mud/unsw/chromecastUltraMud.json"  # where CARDEA_DATA has it


def _generated(path):
    accesses = [mudfiles.cloud("host%d.maker.example" % n, families=(4,))
                for n in range(NAMES)]
    accesses += [mudfiles.network("203.0.113.%d/32" % (2 * n), mudfiles.UDP, 5000 + n)
                 for n in range(HOSTS)]
    accesses.append(mudfiles.serves(mudfiles.TCP, 8009))
    with open(path, "wb") as out:
        out.write(mudfiles.build(URL, "Hub", "Maker", "hub", accesses, signature=False))
    return path


def _times(argv, rounds):
    """Milliseconds of CPU time, a value for each round."""
    done = subprocess.run(argv, input="\n" * (rounds * RUNS), text=True,
                          capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError("%s: %s" % (" ".join(argv)[:100], done.stderr.strip()))
    lines = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    if len(lines) != rounds * RUNS or not all(elements for _, elements in lines):
        raise RuntimeError("bench_compile made no elements")
    taken = [time / 1e6 for time, _ in lines]
    return [sorted(taken[n:n + RUNS])[RUNS // 2] for n in range(0, len(taken), RUNS)]


def _row(name, what, times, limit):
    return Row(name, "%s : %g ms" % (what, limit), times, [limit] * len(times),
               unit="ms", at_most=1.0)


def measure(shop, options, say):
    program = shop.program("bench_compile")
    say("compile: a file of 200 entries")
    times = _times([program, "file", _generated(shop.path("hub.json"))], options.rounds)
    yield _row("C1", "a file of 200 entries, from its bytes to kernel elements", times,
               FILE_LIMIT_MS)
    biggest = os.path.join(os.environ.get("CARDEA_DATA", ""), BIGGEST)
    if os.path.exists(biggest):
        say("compile: the biggest public file")
        yield _row("C1d", "the biggest public file, mended",
                   _times([program, "file", biggest], options.rounds), FILE_LIMIT_MS)
    say("compile: a class of %d" % MEMBERS)
    yield _row("C2", "three rules for a class of %d devices, IPv4 and IPv6" % MEMBERS,
               _times([program, "class", str(MEMBERS)], options.rounds), CLASS_LIMIT_MS)
