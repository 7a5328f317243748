# SPDX-License-Identifier: GPL-2.0-or-later
"""What a row reports, and how a verdict is found.

A pair is measured within one round, and the ratio is taken within the pair; a row is the
median of these ratios. In each round the baseline is measured twice. When the two differ
by more than 3 % in the median, the machine was busy and no row of that run has a verdict."""

import statistics

QUIET = (0.97, 1.03)


def ratios(a, b):
    """Pairwise; a and b are lists of the same rounds."""
    if len(a) != len(b) or not a:
        raise ValueError("no pairs")
    return [x / y for x, y in zip(a, b)]


def is_quiet(duplicate, baseline):
    return QUIET[0] <= statistics.median(ratios(duplicate, baseline)) <= QUIET[1]


class Row:
    """One line. unit: what a and b are in. at_most or at_least: the bar, if there is one.
    With b=None it is a plain value, judged without the rule of noise."""

    def __init__(self, name, what, a, b=None, unit="ns", at_most=None, at_least=None,
                 quiet=None, broken="", note=""):
        self.name, self.what, self.unit, self.note = name, what, unit, note
        self.at_most, self.at_least, self.quiet, self.broken = (at_most, at_least, quiet,
                                                                broken)
        self.a = statistics.median(a)
        self.b = statistics.median(b) if b else None
        values = ratios(a, b) if b else a
        self.median, self.low, self.high = (statistics.median(values), min(values),
                                            max(values))
        self.rounds = len(values)

    @property
    def bar(self):
        if self.at_most is not None:
            return "<= %g" % self.at_most
        return ">= %g" % self.at_least if self.at_least is not None else ""

    @property
    def verdict(self):
        if self.broken:
            return "invalid: " + self.broken
        if self.quiet is False:
            return "noisy, no verdict"
        if not self.bar:
            return ""
        good = (self.median <= self.at_most if self.at_most is not None
                else self.median >= self.at_least)
        return "PASS" if good else "FAIL"

    def as_dict(self):
        return {"row": self.name, "what": self.what, "unit": self.unit, "a": self.a,
                "b": self.b, "median": self.median, "min": self.low, "max": self.high,
                "rounds": self.rounds, "bar": self.bar, "verdict": self.verdict,
                "note": self.note}

    def lines(self):
        if self.b is None:
            values = "%s %s" % (_short(self.median), self.unit)
            if self.low != self.high:
                values += " (%s - %s)" % (_short(self.low), _short(self.high))
        else:
            values = "%.2fx (%.2f - %.2f)  %s : %s %s" % (
                self.median, self.low, self.high, _short(self.a), _short(self.b), self.unit)
        yield "%-4s %s" % (self.name, self.what)
        yield "     %-52s %-9s %s" % (values, self.bar, self.verdict)
        if self.note:
            yield "     " + self.note


def _short(value):
    if abs(value) >= 100 or value == int(value):
        return "%.0f" % value
    return "%.2f" % value
