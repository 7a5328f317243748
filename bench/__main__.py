# SPDX-License-Identifier: GPL-2.0-or-later
"""python3 -m bench [ROW|GROUP ...] [--rounds N]

Measures Cardea beside its peers and limits: docs/benchmarks.md. Writes
bench/results.json, and bench/RESULTS.md when all was measured. Exit 1 when something
could not be measured; a missed bar is a result."""

import argparse
import os
import signal
import sys

from . import beds, frame


def _options(groups):
    parser = argparse.ArgumentParser(prog="python3 -m bench", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="ROW|GROUP", help="default: all of "
                        + ", ".join(groups))
    parser.add_argument("--list", action="store_true", help="what there is to measure")
    parser.add_argument("--rounds", type=int, default=9, help="pairs of each row")
    parser.add_argument("--cpu", type=int, default=(os.cpu_count() or 1) - 1,
                        help="where the packets are made")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("at least one round")
    try:
        wanted = frame.select(groups, options.words)
    except frame.Unknown as error:
        parser.error(str(error))
    return options, wanted


def _say(text):
    print("bench: " + text, file=sys.stderr, flush=True)


def _show(text):
    print(text, flush=True)


def _leave(signum, _frame):
    raise SystemExit(128 + signum)


def main():
    groups = frame.load()
    options, wanted = _options(groups)
    if options.list:
        for module in groups.values():
            for name, what in module.ROWS.items():
                _show("%-5s %s" % (name, what))
        return 0
    if os.geteuid() != 0:
        sys.exit("bench: needs root: it makes network namespaces")
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    build = os.environ.get("CARDEA_BUILD") or os.path.join(root, "build", "release")
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _leave)
    beds.sweep()
    result = frame.run(groups, wanted, lambda: beds.Workshop(build), options, _say, _show)
    frame.write(result, not options.words)
    return 1 if result.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
