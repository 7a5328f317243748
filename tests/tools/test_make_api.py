"""The table of the control API, and what is made of it: nothing stale, nothing unknown."""
import json
import os
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))
import api_table as table  # noqa: E402


def make(*args):
    return subprocess.run([sys.executable, os.path.join(ROOT, "tools", "make-api"), *args],
                          capture_output=True, text=True)


def copy_of(tmp_path):
    """A tree with what the generator reads and writes, and the generator."""
    for path in ("tools/make-api", "tools/api_table.py", table.ROUTES, table.REPLIES,
                 table.CLASSES, "docs/api.md", "web/openapi.json", "web/src/api-types.ts"):
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(table.source(path), encoding="utf-8")
    return lambda *args: subprocess.run(
        [sys.executable, str(tmp_path / "tools" / "make-api"), *args],
        capture_output=True, text=True)


def change(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_nothing_is_stale():
    done = make("--check")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", ["web/openapi.json", "web/src/api-types.ts", "docs/api.md"])
def test_what_is_stale_is_named_and_made_anew(tmp_path, path):
    made = copy_of(tmp_path)
    change(tmp_path / path, "cardea.status/1", "cardea.status/9")
    done = made("--check")
    assert done.returncode == 1 and path in done.stderr
    assert made().returncode == 0
    assert (tmp_path / path).read_text(encoding="utf-8") == table.source(path)


def test_a_change_of_the_table_is_seen_everywhere(tmp_path):
    made = copy_of(tmp_path)
    change(tmp_path / table.ROUTES, '"open?: bool"', '"open?: bool, why: text(9)"')
    stale = made("--check").stderr
    assert "openapi.json" in stale and "api-types.ts" in stale and "api.md" in stale
    assert made().returncode == 0
    spec = json.loads((tmp_path / "web/openapi.json").read_text(encoding="utf-8"))
    body = spec["paths"]["/v1/stop"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["required"] == ["why"]
    assert body["schema"]["additionalProperties"] is False


@pytest.mark.parametrize("old, new, words", [
    ('"cardea.stop/1"', '"cardea.nothing/1"', "no cardea.nothing/1"),
    ('"open?: bool"', '"open?: bool,"', "missing"),
    ('"open?: bool"', '"open bool"', "missing"),
    ('"open?: bool"', '"open?: [bool"', "missing"),
    ('"open?: bool"', '"open?: bool", "more"', "texts, not 4"),
])
def test_a_slip_in_the_table_is_told(tmp_path, old, new, words):
    made = copy_of(tmp_path)
    change(tmp_path / table.ROUTES, old, new)
    done = made("--check")
    assert done.returncode == 1 and words in done.stderr, done.stderr


@pytest.mark.parametrize("old, new, words", [
    ("cardea.stop/1: open: bool", "cardea.stop/1: open: @nobody", "no nobody"),
    ("cardea.stop/1: open: bool", "cardea.stop/1: ...@nobody", "no nobody"),
    ("cardea.stop/1: open: bool", "cardea.stop/1: open: bool\n\n@spare: a: bool",
     "nothing gives spare"),
    ("cardea.stop/1: open: bool", "cardea.stop/1: open: bool\n\ncardea.stop/1: a: bool",
     "there twice"),
    ("cardea.stop/1: open: bool", "cardea.stop/1: open: bool\nopen", "nothing that can stand"),
])
def test_a_slip_in_the_replies_is_told(tmp_path, old, new, words):
    made = copy_of(tmp_path)
    change(tmp_path / table.REPLIES, old, new)
    done = made("--check")
    assert done.returncode == 1 and words in done.stderr, done.stderr


def test_every_operation_says_who_may():
    spec = json.loads(table.source("web/openapi.json"))
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            assert operation["x-roles"], (method, path)
            assert operation["summary"], (method, path)
            anybody = "anybody" in operation["x-roles"]
            assert (operation["security"] == [{}]) == anybody
