# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/run-checks: what failed where real time goes by runs once more, alone, and is named;
what fails again, or fails elsewhere, or with too many others, has failed."""
import importlib.machinery
import importlib.util
import os

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(name="checks", scope="module")
def fixture_checks():
    path = os.path.join(ROOT, "tools/run-checks")
    loader = importlib.machinery.SourceFileLoader("run_checks", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("run_checks", loader))
    loader.exec_module(module)
    return module


class Files:
    """Each of three tests each; the names given fail so often."""

    def __init__(self, checks, report, **fails):
        self.checks, self.report, self.fails = checks, report, fails
        self.ran = []

    def result(self, name):
        self.ran.append(name)
        bad = self.fails.get(name, 0) > 0
        self.fails[name] = self.fails.get(name, 0) - 1
        result = self.checks.Result(passed=3 - bad, failed=int(bad), output="why")
        result.names = ["test_%s::test_it" % name] if bad else []
        return result

    def run(self, *names, by_time=True):
        for name in names:
            self.report.run(name, lambda n=name: self.result(n), by_time=by_time)
        self.report.repeat()
        return self.report.end()


def said(capsys):
    return capsys.readouterr().out.splitlines()


def test_by_chance(checks, capsys):
    tests = Files(checks, checks.Report(""), lamp=1)
    assert tests.run("lamp", "plug") == 0
    assert tests.ran == ["lamp", "plug", "lamp"]
    lines = said(capsys)
    assert lines[-2:] == ["asked twice: test_lamp::test_it", "6 passed, 0 failed"]
    assert [line.split()[:2] for line in lines if line.startswith("again")] == [["again", "lamp"]]
    assert "    | why" in lines  # what went wrong is there to read


def test_what_fails_again_has_failed(checks, capsys):
    tests = Files(checks, checks.Report(""), lamp=2)
    assert tests.run("lamp") == 1
    assert said(capsys)[-3:] == ["asked twice: test_lamp::test_it", "failed: lamp",
                                 "2 passed, 1 failed"]


def test_many_are_no_chance(checks, capsys):
    tests = Files(checks, checks.Report(""), a=1, b=1, c=1)
    assert tests.run("a", "b", "c") == 1
    assert tests.ran == ["a", "b", "c", "a", "b"]
    assert said(capsys)[-1] == "8 passed, 1 failed"


def test_elsewhere_nothing_is_left_to_chance(checks, capsys):
    tests = Files(checks, checks.Report(""), lamp=1)
    assert tests.run("lamp", by_time=False) == 1
    assert tests.ran == ["lamp"]
    tests = Files(checks, checks.Report("", 0), lamp=1)  # the long run
    assert tests.run("lamp") == 1
    assert tests.ran == ["lamp"]
    assert said(capsys)[-1] == "2 passed, 1 failed"


FILE = '''\
import pytest

@pytest.fixture
def broken():
    raise OSError("no such room")

def test_good():
    pass

def test_bad():
    assert 1 == 2

def test_worse(broken):
    pass
'''


def test_names(checks, tmp_path):
    path = tmp_path / "test_lamp.py"
    path.write_text(FILE)
    result = checks.run_pytest(str(path), 60)
    assert (result.passed, result.failed) == (1, 2)
    assert result.names == ["test_lamp::test_bad", "test_lamp::test_worse"]


@pytest.mark.parametrize("text", ["import no_such_module\n", "import os\nos._exit(3)\n"])
def test_a_file_that_cannot_be_read_has_no_names(checks, tmp_path, text):
    path = tmp_path / "test_lamp.py"
    path.write_text(text)
    result = checks.run_pytest(str(path), 60)
    assert result.failed == 1 and not result.names
