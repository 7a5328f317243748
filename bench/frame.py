# SPDX-License-Identifier: GPL-2.0-or-later
"""Which rows there are, which of them are asked for, and what becomes of them.

A module of rows has
    ROWS                            id -> what it measures, in the order of the report
    measure(shop, options, say)     yields figures.Row or Missing; options.rows are the
                                    ids that are asked for: it measures those, and builds
                                    nothing that none of them needs
"""

import importlib
import time

from . import report
from .figures import CannotRun

GROUPS = ("packets", "denied", "updates", "swap", "names", "resolver", "live", "learning",
          "memory", "replay", "learn", "calibration", "compile", "pages")


class Missing:
    """A row that this machine cannot measure, and why. optional: it needs a peer that is
    seldom installed, and the run is a full one without it."""

    def __init__(self, name, why, optional=False):
        self.name, self.why, self.optional = name, str(why), optional


class Unknown(ValueError):
    """Neither a row nor a group."""


def load(names=GROUPS, package=__package__):
    """Group -> module. Two rows of one id would overwrite each other's result."""
    groups = {name: importlib.import_module("%s.%s" % (package, name)) for name in names}
    seen = [row for module in groups.values() for row in module.ROWS]
    twice = sorted({row for row in seen if seen.count(row) > 1})
    if twice:
        raise ValueError("rows of one id: " + " ".join(twice))
    return groups


def select(groups, words):
    """Group -> ids; all of them when nothing is asked for."""
    wanted = {name: set() for name in groups}
    owner = {row.lower(): (name, row) for name, module in groups.items()
             for row in module.ROWS}
    for word in words:
        if word in groups:
            wanted[word] |= set(groups[word].ROWS)
        elif word.lower() in owner:
            name, row = owner[word.lower()]
            wanted[name].add(row)
        else:
            raise Unknown("no row %s; there are %s" % (
                word, "; ".join("%s: %s" % (name, " ".join(module.ROWS))
                                for name, module in groups.items())))
    if not words:
        wanted = {name: set(module.ROWS) for name, module in groups.items()}
    return {name: rows for name, rows in wanted.items() if rows}


class Result:
    """Of one run. missing: (id, why); failed: whether one of these had to be there."""

    def __init__(self, machine, date):
        self.machine, self.date = machine, date
        self.rows, self.missing, self.failed = [], [], False

    def add(self, row):
        self.rows.append(row.as_dict(self.machine, self.date))
        return self.rows[-1]


def _group(module, shop, options, say, result, show):
    """Measures one group; what it did not deliver is missing."""
    left = {name: Missing(name, "was not delivered") for name in module.ROWS
            if name in options.rows}
    try:
        for row in module.measure(shop, options, say):
            if row.name not in left:
                continue
            if isinstance(row, Missing):
                left[row.name] = row
            else:
                del left[row.name]
                show(report.line(result.add(row)))
    except (CannotRun, RuntimeError, OSError, ValueError) as error:
        say("%s" % error)
        for missing in left.values():
            missing.why = str(error)
            missing.optional = False
    for missing in left.values():
        say("%s is not measured: %s" % (missing.name, missing.why))
        result.missing.append((missing.name, missing.why))
        result.failed |= not missing.optional or missing.name in options.words


def run(groups, wanted, make_shop, options, say, show):
    """The result; show gets each line of the table as soon as it is known."""
    result = Result(report.machine(), report.today())
    show(report.HEAD)
    for name, rows in wanted.items():
        start = time.monotonic()
        options.rows = frozenset(rows)
        with make_shop() as shop:
            _group(groups[name], shop, options, say, result, show)
        say("%s took %.0f s" % (name, time.monotonic() - start))
    return result


def write(result, is_full, json_path=report.RESULTS_JSON, text_path=report.RESULTS_MD):
    report.write_json(result.rows, json_path)
    if is_full:
        report.write_markdown(result.rows, result.missing, result.machine, result.date,
                              text_path)
