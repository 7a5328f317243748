# SPDX-License-Identifier: GPL-2.0-or-later
"""The frame of the benchmarks, with rows that cost nothing: what is selected, what is
written, and when there is no verdict. No namespace, no program, no root."""
import argparse
import contextlib
import json
import os
import subprocess
import sys

import pytest

ROOT = os.path.join(os.path.dirname(__file__), "../..")
sys.path.insert(0, ROOT)

from bench import figures, frame, report  # noqa: E402
from bench.figures import MET, MISSED, NOISY, CannotRun, Row  # noqa: E402

KEYS = {"id", "what", "ratio", "spread", "baseline", "bar", "verdict", "machine", "date"}


class Fake:
    """A module of rows that remembers what it was asked for."""

    def __init__(self, *rows):
        self.ROWS = {row.name: row.what if isinstance(row, Row) else row.why
                     for row in rows}
        self._rows, self.asked = rows, []

    def measure(self, _shop, options, _say):
        self.asked.append(set(options.rows))
        for row in self._rows:
            if row.name in options.rows:
                yield row


class Broken(Fake):
    def measure(self, shop, options, say):
        yield from super().measure(shop, options, say)
        raise CannotRun("no such kernel")


def good(name):
    return Row(name, "a : b", [10, 11, 12], [10, 10, 10], at_most=1.2, base=1.0)


def play(groups, *words):
    """(result, lines of the table)"""
    shown = []
    options = argparse.Namespace(words=list(words), rounds=1)
    result = frame.run(groups, frame.select(groups, words), contextlib.nullcontext, options,
                       lambda text: None, shown.append)
    return result, shown


def test_the_written_file_has_what_was_promised(tmp_path):
    groups = {"packets": Fake(good("P1"), Row("P1n", "information", [2.0], [1.0], base=1.0)),
              "names": Fake(Row("D1", "arrived", [100.0], unit="%", at_least=100))}
    result, shown = play(groups, "P1", "D1")
    frame.write(result, False, tmp_path / "r.json", tmp_path / "r.md")
    rows = json.loads((tmp_path / "r.json").read_text())
    assert [row["id"] for row in rows] == ["P1", "D1"]
    for row in rows:
        assert KEYS <= set(row)
        assert row["machine"] and row["date"]
    first = rows[0]
    assert first["ratio"] == 1.1 and first["spread"] == [1.0, 1.2]
    assert first["baseline"] == 1.0 and first["bar"] == "<= 1.2"
    assert first["verdict"] == "met"
    assert rows[1]["baseline"] is None and rows[1]["bar"] == ">= 100"
    assert not (tmp_path / "r.md").exists(), "not a full run"
    # the table says the same
    assert any(line.startswith("P1 ") and "met" in line and "1.1" in line for line in shown)


def test_a_full_run_also_writes_text(tmp_path):
    groups = {"packets": Fake(good("P1")),
              "live": Broken(frame.Missing("C1", "a | b", optional=True))}
    result, _ = play(groups)
    frame.write(result, True, tmp_path / "r.json", tmp_path / "r.md")
    text = (tmp_path / "r.md").read_text()
    assert result.machine in text and result.date in text
    assert "| P1 | 1.1 (1 - 1.2) |" in text and "| met |" in text
    assert "| C1 | | | | | not measured |" in text


@pytest.mark.parametrize("base, verdict", [
    (0.9699, NOISY), (0.97, MET), (1.0, MET), (1.03, MET), (1.0301, NOISY)])
def test_no_verdict_when_the_machine_was_busy(base, verdict):
    assert Row("P1", "x", [1.0], [1.0], at_most=1.4, base=base).verdict == verdict
    # not even of a row that would have missed, or that is only information
    if verdict == NOISY:
        assert Row("P1", "x", [9.0], [1.0], at_most=1.4, base=base).verdict == NOISY
        assert Row("P1", "x", [9.0], [1.0], base=base).verdict == NOISY


def test_the_baseline_is_the_median_of_pairs():
    # the sums differ by a third; in the median pair nothing does
    assert figures.baseline([1.0, 2.0, 6.0], [1.0, 2.0, 3.0]) == 1.0
    assert figures.baseline([1.1, 2.2, 3.3], [1.0, 2.0, 3.0]) == pytest.approx(1.1)
    with pytest.raises(ValueError):
        figures.baseline([1.0], [1.0, 2.0])


def test_verdicts():
    assert Row("A", "x", [14.9], [1.0], at_least=15).verdict == MISSED
    assert Row("A", "x", [15.0], [1.0], at_least=15).verdict == MET
    assert Row("A", "x", [1.41], [1.0], at_most=1.4).verdict == MISSED
    assert Row("A", "x", [1], at_most=0).verdict == MISSED
    assert Row("A", "x", [5.0], [1.0]).verdict == ""
    # the median of the pairs decides, not the ratio of the medians
    row = Row("A", "x", [2.0, 3.0, 40.0], [1.0, 2.0, 30.0], at_most=1.4)
    assert row.median == 1.5 and row.verdict == MISSED
    lost = Row("A", "x", [1.0], [1.0], at_most=2, spoiled="packets were lost")
    assert lost.verdict == NOISY and "packets were lost" in lost.note
    leaked = Row("A", "x", [1.0], [1.0], at_most=2, failed="3 frames arrived")
    assert leaked.verdict == MISSED and "3 frames" in leaked.note
    with pytest.raises(ValueError):
        Row("A", "x", [1.0], at_most=1, at_least=1)


def test_only_what_is_asked_for_is_measured():
    groups = {"packets": Fake(good("P1"), good("P2")), "names": Fake(good("D1"))}
    result, _ = play(groups, "p2")
    assert groups["packets"].asked == [{"P2"}] and groups["names"].asked == []
    assert [row["id"] for row in result.rows] == ["P2"]
    play(groups, "names")
    assert groups["names"].asked == [{"D1"}]
    play(groups)
    assert groups["packets"].asked[-1] == {"P1", "P2"}
    with pytest.raises(frame.Unknown, match="P9.*packets: P1 P2"):
        frame.select(groups, ["P9"])


def test_a_row_nobody_asked_for_is_not_shown():
    class Generous(Fake):
        def measure(self, _shop, _options, _say):
            yield from self._rows

    result, shown = play({"packets": Generous(good("P1"), good("P2"))}, "P1")
    assert [row["id"] for row in result.rows] == ["P1"] and len(shown) == 2


def test_what_could_not_run_fails_the_run_and_nothing_else_does():
    missed = Row("P1", "x", [9.0], [1.0], at_most=1.4, base=1.0)
    noisy = Row("P2", "x", [9.0], [1.0], at_most=1.4, base=1.2)
    assert not play({"packets": Fake(missed, noisy)})[0].failed
    result, _ = play({"a": Broken(good("P1")), "b": Fake(good("P2"))})
    assert not result.failed, "it broke after all was delivered"
    result, _ = play({"a": Broken(good("P1"), frame.Missing("P3", "?")),
                      "b": Fake(good("P2"))})
    assert result.failed and result.missing == [("P3", "no such kernel")]
    assert [row["id"] for row in result.rows] == ["P1", "P2"], "the others ran"
    # a peer that is seldom there: only who asks for its row is told that it failed
    groups = {"a": Fake(good("P1"), frame.Missing("R4", "no tshark", optional=True))}
    assert not play(groups)[0].failed
    assert play(groups, "R4")[0].failed


def test_a_module_that_keeps_silent_about_a_row_is_found():
    class Silent(Fake):
        def measure(self, _shop, _options, _say):
            return iter(())

    result, _ = play({"a": Silent(good("P1"))})
    assert result.failed and result.missing == [("P1", "was not delivered")]


def test_ids_are_of_one_module(tmp_path, monkeypatch):
    package = tmp_path / "twice"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for name in ("a", "b"):
        (package / (name + ".py")).write_text("ROWS = {'P1': 'x'}\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="P1"):
        frame.load(("a", "b"), "twice")


def test_the_real_rows():
    """All that the performance bar lists has a row, and each row says what it is."""
    done = subprocess.run([sys.executable, "-m", "bench", "--list"], cwd=ROOT, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = dict(line.split(None, 1) for line in done.stdout.splitlines())
    assert REQUIRED <= set(rows)
    assert all(rows.values())


REQUIRED = {"P1", "P2", "P3", "P4", "P5", "P6", "P7", "D1", "D3", "U1", "U2", "U3", "U4", "C1"}


def test_an_unknown_row_is_told_with_those_there_are():
    done = subprocess.run([sys.executable, "-m", "bench", "P99"], cwd=ROOT, text=True,
                          capture_output=True, check=False)
    assert done.returncode == 2 and "no row P99" in done.stderr and "P1" in done.stderr


def test_files_are_replaced_in_one_step(tmp_path, monkeypatch):
    path = tmp_path / "results.json"
    report.write_json([{"id": "P1"}], path)
    seen = []
    monkeypatch.setattr(report.os, "replace", lambda a, b: seen.append(
        (json.loads(open(a, encoding="utf-8").read()), json.loads(path.read_text()))))
    report.write_json([{"id": "P2"}], path)
    assert seen == [([{"id": "P2"}], [{"id": "P1"}])]


def test_numbers_have_four_digits():
    row = Row("P1", "x", [1.23456789], [1.0]).as_dict("m", "d")
    assert row["ratio"] == 1.235
    assert report.short(0) == "0" and report.short(1.25) == "1.25"
    assert report.short(12345.6) == "12346" and report.short(None) == ""
