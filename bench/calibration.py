# SPDX-License-Identifier: GPL-2.0-or-later
"""L6: whether the share of what was not seen is what the learner says it is.

For each device of the IoT Sentinel captures (setups, some 20 of each device): learn from n
of its captures, drawn at random, and look into the others: what share of their kinds is
new, how many episodes have a new one. Beside it two lists without any prediction, made of
the same captures by a reading of our own (allowlists.py)."""

import collections
import concurrent.futures
import glob
import json
import os
import random
import statistics
import subprocess

from . import allowlists
from .figures import Row
from .frame import Missing

ROWS = {
    "L6": "calibration: predicted and actual share of what was not seen, how far apart at 8 "
          "captures and more; mean over devices",
    "L6u": "calibration: of fewer than 5 captures, how many folds are told to be unknown",
    "L6c": "calibration: learned from one operator's captures, tested on the others': how "
           "many folds are told to have a context that was not seen",
    "L6s": "calibration: captures drawn at random, 8 and more: how many folds are told to have a "
           "context that was not seen",
    "L6f": "false blocks of a held-out episode, allowlist of exact flows : learned; 8 captures",
    "L6n": "false blocks of a held-out episode, allowlist of names : learned; 8 captures",
}
FOLDER = "pcap/iot-sentinel/captures_IoT-Sentinel"
SIZES = (1, 2, 3, 5, 8, 10, 15)
KNOWN_FROM, PROMISED_FROM = 5, 8  # captures
SHUFFLES = 12
HELD_OUT_LEAST = 2  # captures: of one, each share is a matter of luck
SEED = 5
TOLD_EACH = 200  # folds

Device = collections.namedtuple("Device", "name mac captures")
Capture = collections.namedtuple("Capture", "path operator episode")
# predicted: None when unknown; blocks: (new kinds or conversations of an episode,
# episodes with any) of each method
Fold = collections.namedtuple("Fold", "device size state predicted actual blocks foreign")
EXIT_NOT_FOUND = 4
METHODS = ("learned", "exact", "named")


def devices(folder):
    """Captures in which the device begins no conversation are left out, and devices that
    have no others: there is nothing to learn from."""
    found = []
    for path in sorted(glob.glob(os.path.join(folder, "*", "_iotdevice-mac.txt"))):
        with open(path, encoding="ascii") as text:
            mac = text.read().strip().lower()
        octets = bytes.fromhex(mac.replace(":", ""))
        captures = [Capture(name, os.path.basename(name).split("-")[1],
                            allowlists.Episode(name, octets))
                    for name in sorted(glob.glob(os.path.dirname(path) + "/*.pcap"))]
        captures = [capture for capture in captures if capture.episode.exact]
        if captures:
            found.append(Device(os.path.basename(os.path.dirname(path)), mac, captures))
    return found


def _learn(shop, device, train, test):
    done = subprocess.run(
        [shop.program("cardea"), "learn", *[c.path for c in train], "--device", device.mac,
         "--per-capture", "--json", *["--test=" + c.path for c in test]],
        capture_output=True, text=True, check=False)
    if done.returncode == EXIT_NOT_FOUND:
        return None
    if done.returncode:
        raise RuntimeError("cardea learn: exit %d: %s" % (done.returncode,
                                                          done.stderr.strip()[-300:]))
    return json.loads(done.stdout)["devices"][0]


def _listed(train, test, by):
    refused = allowlists.refused([c.episode for c in train], [c.episode for c in test], by)
    return (statistics.mean(map(len, refused)), statistics.mean(map(bool, refused)))


def fold(shop, device, train, test):
    said = _learn(shop, device, train, test)
    blocks = {by: _listed(train, test, by) for by in METHODS[1:]}
    if not said:  # no sight of the device: whatever it does is new
        blocks["learned"] = (statistics.mean(len(c.episode.named) for c in test), 1.0)
        return Fold(device.name, len(train), "unknown", None, 1.0, blocks, True)
    unseen, seen = said["unseen"], said["test"]
    # a capture in which the device says nothing is no episode of the learner's
    blocks["learned"] = (seen["unseen"] / len(test), seen["surprised_episodes"] / len(test))
    return Fold(device.name, len(train), unseen["state"], unseen["share"],
                seen["unseen_share"], blocks, seen.get("context_not_seen", False))


def _drawn(found):
    """(device, train, test) of all sizes and shuffles, the same each time."""
    draw = random.Random(SEED)
    for device in found:
        for size in SIZES:
            if len(device.captures) < size + HELD_OUT_LEAST:
                continue
            for _ in range(SHUFFLES):
                order = draw.sample(device.captures, len(device.captures))
                yield device, order[:size], order[size:]


def _shifted(found):
    for device in found:
        for operator in sorted({c.operator for c in device.captures}):
            train = [c for c in device.captures if c.operator == operator]
            test = [c for c in device.captures if c.operator != operator]
            if len(train) >= KNOWN_FROM and test:
                yield device, train, test


def _mean(folds, value):
    """Of each device, then over devices: one with more captures does not count more."""
    by_device = collections.defaultdict(list)
    for one in folds:
        by_device[one.device].append(value(one))
    return statistics.mean(map(statistics.mean, by_device.values()))


def _percent(value):
    return "%.1f" % (100 * value)


class Line:
    """Of the table: all folds of one size."""

    def __init__(self, folds):
        self.folds = folds
        self.actual = _mean(folds, lambda f: f.actual)
        self.known = [f for f in folds if f.predicted is not None]
        self.is_known = len(self.known) == len(folds)

    @property
    def predicted(self):
        return _mean(self.known, lambda f: f.predicted)

    @property
    def error(self):
        """Of the single fold: what somebody who asks once gets."""
        return _mean(self.known, lambda f: abs(f.predicted - f.actual))

    def blocks(self, by, what=0):
        return _mean(self.folds, lambda f: f.blocks[by][what])

    def cells(self):
        told = [_percent(self.predicted), _percent(self.error)] if self.is_known else [
            "unknown", ""]
        return [_percent(self.actual), *told,
                *[_percent(self.blocks(by, 1)) for by in METHODS],
                *["%.2f" % self.blocks(by) for by in METHODS]]


HEAD = ["captures", "devices", "not seen, %", "predicted, %", "error, points",
        "episodes with something new, %", "... exact flows", "... names",
        "false blocks of an episode", "... exact flows", "... names"]


def table(folds, shifted):
    lines = []
    for size in SIZES:
        of_size = [f for f in folds if f.size == size]
        if of_size:
            lines.append([str(size), str(len({f.device for f in of_size})),
                          *Line(of_size).cells()])
    if shifted:
        lines.append(["one operator", str(len({f.device for f in shifted})),
                      *Line(shifted).cells()])
    return {"title": "Calibration: learned from some captures, tested on the others",
            "head": HEAD, "lines": lines}


def _promises(folds):
    """Points that prediction and truth are apart, of each size that promises."""
    return {size: 100 * Line([f for f in folds if f.size == size]).error
            for size in SIZES if size >= PROMISED_FROM
            and any(f.size == size for f in folds)}


def _share(folds, is_good):
    return 100 * statistics.mean(map(is_good, folds))


def rows(folds, shifted):
    errors = _promises(folds)
    few = [f for f in folds if f.size < KNOWN_FROM]
    yield Row("L6", ROWS["L6"], [max(errors.values())], unit="points", at_most=2.0,
              failed="" if all(f.predicted is not None for f in folds
                               if f.size >= PROMISED_FROM) else "some are unknown",
              note=", ".join("%d captures: %.2f" % item for item in errors.items()),
              table=table(folds, shifted))
    yield Row("L6u", ROWS["L6u"], [_share(few, lambda f: f.state == "unknown")],
              unit="%% of %d folds" % len(few), at_least=100)
    if shifted:
        yield Row("L6c", ROWS["L6c"], [_share(shifted, lambda f: f.foreign)],
                  unit="%% of %d folds" % len(shifted), at_least=100)
    many = [f for f in folds if f.size >= PROMISED_FROM]
    yield Row("L6s", ROWS["L6s"], [_share(many, lambda f: f.foreign)],
              unit="%% of %d folds" % len(many), at_most=5)
    eight = Line([f for f in folds if f.size == PROMISED_FROM])
    for name, by in (("L6f", "exact"), ("L6n", "named")):
        yield Row(name, ROWS[name], [eight.blocks(by)], [eight.blocks("learned")],
                  unit="a held-out episode")


def measure(shop, options, say):
    folder = os.path.join(os.environ.get("CARDEA_DATA", ""), FOLDER)
    if not os.environ.get("CARDEA_DATA") or not os.path.isdir(folder):
        for name in options.rows:
            yield Missing(name, "CARDEA_DATA has no " + FOLDER, optional=True)
        return
    found = devices(folder)
    drawn, shifted = list(_drawn(found)), list(_shifted(found))
    say("calibration: %d folds of %d devices" % (len(drawn) + len(shifted), len(found)))
    results = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for one in pool.map(lambda case: fold(shop, *case), drawn + shifted):
            results.append(one)
            if not len(results) % TOLD_EACH:
                say("calibration: %d folds" % len(results))
    yield from rows(results[:len(drawn)], results[len(drawn):])
