# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/mud-conformance.md speaks of code and tests that exist, and claims nothing
without one."""
import os
import re

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
DOCUMENT = os.path.join(ROOT, "docs/mud-conformance.md")
STATES = ("done", "partly", "not done", "theirs")
LEVELS = ("MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "should", "is", "required")
SECTIONS = ["1.6", "2", "3", "4", "5 and 6", "8", "10", "11 and 12", "13", "14", "16"]


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def rows():
    for line in read("docs/mud-conformance.md").splitlines():
        cells = [c.strip() for c in line.strip("|").split(" | ")]
        if line.startswith("|") and cells[0] != "#" and not line.startswith("|---"):
            yield cells


def names(cell):
    return re.findall(r"`([^`]+)`", cell)


def has_test(path, name):
    """As a call in the list of the file's own main, or as pytest finds it."""
    text = read("tests/" + path)
    if path.endswith(".py"):
        return re.search(r"^def %s\(" % re.escape(name), text, re.M)
    return (re.search(r"^static void %s\(" % re.escape(name), text, re.M)
            and re.search(r"(?:unit_test\w*|\bTEST|\bT)\(%s\b"
                          % re.escape(name), text))


def test_there_are_rows_of_six_cells():
    found = list(rows())
    assert len(found) > 80
    assert [r for r in found if len(r) != 6] == []


def test_numbers_are_given_once():
    numbers = [r[0] for r in rows()]
    assert sorted(numbers) == sorted(set(numbers))


def test_every_section_of_rfc_8520_is_there():
    text = read("docs/mud-conformance.md").split("## RFC 9761")[0]
    assert [s for s in SECTIONS if not re.search(r"^### %s " % s, text, re.M)] == []


def test_levels_and_states():
    wrong = [r[0] for r in rows()
             if not r[5].startswith(STATES)
             or (not r[0].startswith("D-") and r[1] not in LEVELS)]
    assert wrong == []


def test_code_exists():
    missing = [(r[0], path) for r in rows() for path in names(r[3])
               if not os.path.isfile(os.path.join(ROOT, "src", path))]
    assert missing == []


def test_tests_exist():
    missing = []
    for row in rows():
        for name in names(row[4]) + [n for n in names(row[5]) if "::" in n]:
            path, test = name.split("::")
            if not os.path.isfile(os.path.join(ROOT, "tests", path)) or \
                    not has_test(path, test):
                missing.append((row[0], name))
    assert missing == []


def test_what_is_done_is_shown():
    """Done needs code and a test; anything less needs its reason."""
    bare = [r[0] for r in rows()
            if (r[5].startswith("done") and not (names(r[3]) and names(r[4])))
            or (not r[5].startswith("done") and len(r[5].split()) < 3)]
    assert bare == []
