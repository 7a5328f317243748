# SPDX-License-Identifier: GPL-2.0-or-later
"""What a row reports, and how a verdict is found.

A pair is measured within one round, and the ratio is taken within the pair; a row is the
median of these ratios. In each round the baseline is measured twice. When the two differ
by more than 3 % in the median, the machine was busy and no row of that group has a
verdict."""

import statistics

QUIET = (0.97, 1.03)
MET, MISSED, NOISY = "met", "missed", "noisy"


class CannotRun(Exception):
    """This machine lacks what a row needs; says what."""


def ratios(a, b):
    """Pairwise; a and b are lists of the same rounds."""
    if len(a) != len(b) or not a:
        raise ValueError("no pairs")
    return [x / y for x, y in zip(a, b)]


def baseline(duplicate, original):
    """The same thing measured twice: how far the machine itself was off."""
    return statistics.median(ratios(duplicate, original))


class Row:
    """One line. unit: what a and b are in. at_most or at_least: the bar, if there is one;
    without it the row is information. With b=None it is a plain value.

    base: of baseline(), for figures that a busy machine would change. spoiled: why the
    figures are no measurement, such as packets lost on the way. failed: why the bar is
    missed whatever the ratio is. table: what the row was taken from, for people: a title, a
    head and lines of cells."""

    def __init__(self, name, what, a, b=None, unit="ns", at_most=None, at_least=None,
                 base=None, spoiled="", failed="", note="", table=None):
        if at_most is not None and at_least is not None:
            raise ValueError("%s: two bars" % name)
        self.name, self.what, self.unit = name, what, unit
        self.at_most, self.at_least, self.base = at_most, at_least, base
        self.spoiled, self.failed, self.table = spoiled, failed, table
        self.note = "; ".join(text for text in (spoiled, failed, note) if text)
        values = ratios(a, b) if b else list(a)
        self.a = statistics.median(a)
        self.b = statistics.median(b) if b else None
        self.median, self.low, self.high = (statistics.median(values), min(values),
                                            max(values))
        self.rounds = len(values)

    @property
    def bar(self):
        if self.at_most is not None:
            return "<= %g" % self.at_most
        return ">= %g" % self.at_least if self.at_least is not None else ""

    @property
    def is_quiet(self):
        return not self.spoiled and (self.base is None
                                     or QUIET[0] <= self.base <= QUIET[1])

    @property
    def verdict(self):
        """Of a row without a bar only whether it can be believed."""
        if not self.is_quiet:
            return NOISY
        if not self.bar:
            return ""
        good = (self.median <= self.at_most if self.at_most is not None
                else self.median >= self.at_least)
        return MET if good and not self.failed else MISSED

    def as_dict(self, machine, date):
        return {"id": self.name, "what": self.what, "ratio": _round(self.median),
                "spread": [_round(self.low), _round(self.high)],
                "baseline": _round(self.base), "bar": self.bar, "verdict": self.verdict,
                "machine": machine, "date": date, "a": _round(self.a),
                "b": _round(self.b), "unit": self.unit, "rounds": self.rounds,
                "note": self.note, **({"table": self.table} if self.table else {})}


def _round(value):
    """Four digits: nothing here is measured better."""
    return None if value is None else float("%.4g" % value)
