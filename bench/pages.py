# SPDX-License-Identifier: GPL-2.0-or-later
"""W: what the pages ask of the control API, with a full store."""

import os
import subprocess

from .figures import Row

DEVICES, EVENTS = 500, 100000
LIMIT_MS = 100.0
RUNS = 5  # of a round; their median is its value
# id -> (target, what)
TARGETS = {
    "W1": ("/v1/home", "home, the first screen"),
    "W2": ("/v1/roster?limit=100", "a page of the roster, 100 devices"),
    "W2a": ("/v1/roster?limit=500", "the whole roster"),
    "W3": ("/v1/events?limit=100", "the last 100 events"),
    "W3f": ("/v1/events?limit=100&kind=portal&text=nowhere", "events, a filter that finds none"),
    "W3d": ("/v1/events?limit=100&device=7", "the last 100 events of one device"),
    "W4": ("/v1/talks/7?hours=48", "whom a device talks with, two days"),
    "W5": ("/v1/timeline/7", "a device's timeline"),
    "W6": ("/v1/anomalies?days=7", "who deviates, seven days"),
}
ROWS = {name: "%s, %d devices and %d events" % (what, DEVICES, EVENTS)
        for name, (_, what) in TARGETS.items()}
ROWS.update({name + "e": "%s, full store : empty one" % TARGETS[name][1]
             for name in ("W1", "W2", "W3")})


class _Gateway:
    """An engine's store, and its API."""

    def __init__(self, program, folder, devices, events):
        os.makedirs(folder)
        self.process = subprocess.Popen(
            [program, folder, str(devices), str(events)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def ask(self, target):
        """Milliseconds and octets"""
        self.process.stdin.write(target + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline().split()
        if len(line) != 3 or line[1] != "200":
            raise RuntimeError("%s was answered with %s" % (target, line))
        return int(line[0]) / 1e6, int(line[2])

    def time(self, target):
        return sorted(self.ask(target)[0] for _ in range(RUNS))[RUNS // 2]

    def end(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()


def _row(name, full):
    size = full.ask(TARGETS[name][0])[1]
    return Row(name, "%s : %g ms" % (ROWS[name], LIMIT_MS), full.times[name],
               [LIMIT_MS] * len(full.times[name]), unit="ms", at_most=1.0,
               note="%.1f KB" % (size / 1000))


def measure(shop, options, say):
    program = shop.program("bench_pages")
    say("pages: a store of %d devices and %d events" % (DEVICES, EVENTS))
    full = _Gateway(program, shop.path("pages-full"), DEVICES, EVENTS)
    empty = _Gateway(program, shop.path("pages-empty"), 0, 0)
    try:
        names = [n for n in TARGETS if n in options.rows or n + "e" in options.rows]
        full.times, empty.times = {n: [] for n in names}, {n: [] for n in names}
        for _ in range(options.rounds):
            for name in names:
                full.times[name].append(full.time(TARGETS[name][0]))
                if name + "e" in ROWS:
                    empty.times[name].append(empty.time(TARGETS[name][0]))
        for name in names:
            if name in options.rows:
                yield _row(name, full)
            if name + "e" in options.rows:
                yield Row(name + "e", ROWS[name + "e"], full.times[name],
                          empty.times[name], unit="ms")
    finally:
        full.end()
        empty.end()
