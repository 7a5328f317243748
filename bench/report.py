# SPDX-License-Identifier: GPL-2.0-or-later
"""The result of a run: lines as it goes, results.json, and RESULTS.md of a full run."""

import datetime
import itertools
import json
import os
import platform
import textwrap

FOLDER = os.path.dirname(os.path.abspath(__file__))
RESULTS_JSON = os.path.join(FOLDER, "results.json")
RESULTS_MD = os.path.join(FOLDER, "RESULTS.md")


def _first(path, start, otherwise):
    try:
        with open(path, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith(start):
                    return line[len(start):].strip(" \t:=\"\n")
    except OSError:
        pass
    return otherwise


def machine():
    """What a figure depends on. Mitigations among it: with return thunks each function
    of the kernel costs many times what it does without."""
    weak = "/sys/devices/system/cpu/vulnerabilities/"
    words = [_first("/proc/cpuinfo", "model name", platform.machine()),
             "%d cores" % (os.cpu_count() or 1),
             "Linux " + platform.release().split("-")[0],
             _first("/etc/os-release", "PRETTY_NAME", "")]
    for name in ("spectre_v2", "spec_rstack_overflow"):
        kind = _first(weak + name, "", "").split(";")[0]
        words.append("" if kind in ("", "Not affected") else "%s: %s" % (name, kind))
    return ", ".join(word for word in words if word)


def today():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%MZ")


def _replace(path, text):
    """All of the new file or the old one, whenever this ends."""
    new = "%s.new" % path
    with open(new, "w", encoding="utf-8") as out:
        out.write(text)
    os.replace(new, path)


def short(value):
    if value is None:
        return ""
    if value == int(value) or abs(value) >= 1000:
        return "%.0f" % value
    return "%.3g" % value if abs(value) < 10 else "%.1f" % value


def _sides(row):
    if row["b"] is None:
        return row["unit"]
    return "%s : %s %s" % (short(row["a"]), short(row["b"]), row["unit"])


def _spread(row):
    low, high = row["spread"]
    return "" if low == high else "%s - %s" % (short(low), short(high))


def _columns(table):
    """Cells below each other; a head is as wide as its cells and goes on below."""
    wide = [max(len(cell) for cell in column) for column in zip(*table["lines"])]
    wide = [max(width, max(map(len, head.split()))) for width, head in zip(
        wide, table["head"])]
    heads = [textwrap.wrap(head, width) for head, width in zip(table["head"], wide)]
    rows = [*itertools.zip_longest(*heads, fillvalue=""), *table["lines"]]
    return "\n".join(["", "      " + table["title"]] + [
        ("      " + "  ".join(cell.rjust(width) for cell, width in zip(row, wide))).rstrip()
        for row in rows] + [""])


def line(row):
    """The table that is printed, a line at a time."""
    text = "%-5s %8s  %-15s %-5s %-9s %-7s %s  [%s]" % (
        row["id"], short(row["ratio"]), _spread(row),
        "" if row["baseline"] is None else "%.2f" % row["baseline"], row["bar"],
        row["verdict"], row["what"], _sides(row))
    text += "\n      " + row["note"] if row["note"] else ""
    return text + ("\n" + _columns(row["table"]) if "table" in row else "")


HEAD = "%-5s %8s  %-15s %-5s %-9s %-7s %s" % ("row", "ratio", "spread", "base", "bar",
                                              "verdict", "what  [both sides]")


def write_json(rows, path=RESULTS_JSON):
    _replace(path, json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


def _cell(text):
    return str(text).replace("|", "\\|")


def _table(row):
    table = row["table"]
    return ["", "## %s: %s" % (row["id"], table["title"]), "",
            *("| %s |" % " | ".join(map(_cell, cells)) for cells in (
                table["head"], ["---"] * len(table["head"]), *table["lines"]))]


def markdown(rows, missing, where, date):
    text = ["# Results of the last full run", "",
            "Written by `make bench`; what the rows mean: "
            "[docs/benchmarks.md](../docs/benchmarks.md).", "",
            "Machine: %s. %s." % (where, date), "",
            "| row | ratio (spread) | both sides | baseline | bar | verdict | what |",
            "|---|---|---|---|---|---|---|"]
    for row in rows:
        spread = _spread(row)
        text.append("| %s |" % " | ".join(_cell(cell) for cell in (
            row["id"], short(row["ratio"]) + (" (%s)" % spread if spread else ""),
            _sides(row), "" if row["baseline"] is None else "%.3f" % row["baseline"],
            row["bar"], row["verdict"],
            row["what"] + (" (%s)" % row["note"] if row["note"] else ""))))
    for name, why in missing:
        text.append("| %s | | | | | not measured | %s |" % (name, _cell(why)))
    for row in rows:
        if "table" in row:
            text += _table(row)
    return "\n".join(text) + "\n"


def write_markdown(rows, missing, where, date, path=RESULTS_MD):
    _replace(path, markdown(rows, missing, where, date))
