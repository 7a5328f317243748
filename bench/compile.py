# SPDX-License-Identifier: GPL-2.0-or-later
"""K: from a MUD file to kernel elements, and a class with many members."""

import os
import subprocess

from lab import mudfiles

from .figures import Row
from .frame import Missing

ROWS = {
    "K1": "a file of 200 entries, from its bytes to kernel elements",
    "K1d": "the biggest public file, mended",
    "K2": "three rules for a class of 300 devices, IPv4 and IPv6",
}
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


def _row(name, times, limit):
    return Row(name, "%s : %g ms" % (ROWS[name], limit), times, [limit] * len(times),
               unit="ms", at_most=1.0)


def measure(shop, options, say):
    program = shop.program("bench_compile")
    if "K1" in options.rows:
        say("compile: a file of 200 entries")
        yield _row("K1", _times([program, "file", _generated(shop.path("hub.json"))],
                                options.rounds), FILE_LIMIT_MS)
    if "K1d" in options.rows:
        biggest = os.path.join(os.environ.get("CARDEA_DATA", ""), BIGGEST)
        if os.path.exists(biggest):
            say("compile: the biggest public file")
            yield _row("K1d", _times([program, "file", biggest], options.rounds),
                       FILE_LIMIT_MS)
        else:
            yield Missing("K1d", "CARDEA_DATA has no " + BIGGEST, optional=True)
    if "K2" in options.rows:
        say("compile: a class of %d" % MEMBERS)
        yield _row("K2", _times([program, "class", str(MEMBERS)], options.rounds),
                   CLASS_LIMIT_MS)
