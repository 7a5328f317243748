# SPDX-License-Identifier: GPL-2.0-or-later
"""python3 -m bench [ROW ...] [--rounds N] [--json]

Measures Cardea beside its peers. ROW: packets updates names memory replay compile
(default: all)."""

import argparse
import json
import os
import signal
import sys
import time

from . import beds, compile as compiling, memory, names, packets, replay, updates

GROUPS = {"packets": packets.measure, "updates": updates.measure, "names": names.measure,
          "memory": memory.measure, "replay": replay.measure,
          "compile": compiling.measure}


def _options():
    parser = argparse.ArgumentParser(prog="python3 -m bench", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(GROUPS))
    parser.add_argument("--rounds", type=int, default=15, help="pairs of each row")
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--cpu", type=int, default=(os.cpu_count() or 1) - 1,
                        help="where the packets are made")
    options = parser.parse_args()
    for row in options.rows:
        if row not in GROUPS:
            parser.error("no row %s; there are %s" % (row, ", ".join(GROUPS)))
    if options.rounds < 1:
        parser.error("at least one round")
    return options


def _say(text):
    print("bench: " + text, file=sys.stderr, flush=True)


def _leave(signum, _frame):
    raise SystemExit(128 + signum)


def main():
    options = _options()
    if os.geteuid() != 0:
        sys.exit("bench: needs root: it makes network namespaces")
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    build = os.environ.get("CARDEA_BUILD") or os.path.join(root, "build", "release")
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, _leave)
    beds.sweep()
    failed = False
    for name in options.rows or GROUPS:
        start = time.monotonic()
        try:
            with beds.Workshop(build) as shop:
                for row in GROUPS[name](shop, options, _say):
                    failed |= row.verdict == "FAIL"
                    print(json.dumps(row.as_dict()) if options.json
                          else "\n".join(row.lines()), flush=True)
        except (RuntimeError, OSError, ValueError) as error:
            failed = True
            _say("%s: %s" % (name, error))
        _say("%s took %.0f s" % (name, time.monotonic() - start))
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
