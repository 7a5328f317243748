# SPDX-License-Identifier: GPL-2.0-or-later
"""cardea case, against a daemon that answers as it is told; and what leaves, against the
published schemas."""

import copy
import hashlib
import json
import os

import pytest

import cacao_schema

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOLDEN = os.path.join(ROOT, "tests", "golden")
FILE = {"id": 3, "device": "cam", "state": "quarantined", "open": True,
        "opened": "2026-11-20T10:00:00Z", "closed": None}
SHOW = dict(FILE, schema="cardea.case.show/1", mac="00:17:88:00:00:02", flows_before=1,
            flows_left_out=7, moments_left_out=0,
            detectors=[{"kind": "address-scan", "points": 120, "times": 36}],
            moments=[{"at": "2026-11-20T10:00:00Z", "from": "protected", "to": "quarantined",
                      "kind": "attack", "protocol": "MILE", "sentence": "cam is in quarantine",
                      "shows": "scan \u001b[31m"}],
            flows=[{"first": "2026-11-20T10:00:00Z", "last": "2026-11-20T10:00:00Z",
                    "refused": True, "began": "device", "proto": "tcp", "port": 23,
                    "place": "device", "peer": "192.168.7.9", "peer_device": None,
                    "name": None, "detail": None, "packets_sent": 61, "packets_received": 0,
                    "bytes_sent": 3660, "bytes_received": 0}])
DOCUMENT = '{"schema":"cardea.case/1","level":"names","cut":[]}'
DIGEST = hashlib.sha256(DOCUMENT.encode()).hexdigest()
FIELDS = [{"field": "flows.name", "level": "names", "why": "which server it wanted", "leaves": True},
          {"field": "flows.detail", "level": "content", "why": "what was asked", "leaves": False}]


def golden(name):
    with open(os.path.join(GOLDEN, f"case_{name}.json"), encoding="utf-8") as f:
        return json.load(f)


@pytest.fixture
def cases(daemon):
    daemon.routes["GET", "/v1/cases"] = (
        200, {"schema": "cardea.case.list/1", "cases": [FILE]})
    daemon.routes["GET", "/v1/cases/fields"] = (
        200, {"schema": "cardea.case.fields/1", "level": "names", "fields": FIELDS})

    def one(query, body):
        if not query.get("form"):
            return 200, SHOW
        return 200, {"schema": "cardea.case.export/1", "id": 3, "sha256": DIGEST,
                     "document": DOCUMENT, "fields": FIELDS}

    daemon.routes["GET", "/v1/cases/3"] = one
    return daemon


def test_list(cli, cases):
    assert "quarantined" in cli("case", "list").stdout
    cli("case", "list", "--all", "--device", "cam")
    assert cases.requests[-1][2] == {"all": "1", "device": "cam"}
    assert json.loads(cli("case", "list", "--json").stdout)["cases"][0]["id"] == 3
    cases.routes["GET", "/v1/cases"] = (200, {"schema": "cardea.case.list/1", "cases": []})
    assert "No case is open" in cli("case", "list").stderr


def test_show(cli, cases):
    done = cli("case", "show", "3")
    assert "cam is in quarantine" in done.stdout and "61" in done.stdout
    assert "7 more" in done.stdout and "\x1b" not in done.stdout
    assert "cardea case evidence 3" in done.stderr


def test_preview_is_the_export(cli, cases, tmp_path):
    out = tmp_path / "case.json"
    preview = cli("case", "evidence", "3", "--level", "names", "--cut", "flows.name",
                  "--cut", "device")
    assert cases.requests[-1][2] == {"form": "evidence", "level": "names",
                                     "cut": "flows.name,device"}
    assert f"--level names --cut flows.name --cut device --sha256 {DIGEST}" in preview.stderr
    done = cli("case", "export", "3", "--sha256", DIGEST, "--out", str(out))
    assert out.read_bytes() == preview.stdout.encode() == (DOCUMENT + "\n").encode()
    assert "undo with: rm" in done.stderr
    assert cli("case", "export", "3").stdout == preview.stdout
    # never over a file that is there
    cli("case", "export", "3", "--out", str(out), code=5)


def test_what_was_not_seen_does_not_leave(cli, cases, tmp_path):
    out = tmp_path / "case.json"
    done = cli("case", "export", "3", "--sha256", "0" * 64, "--out", str(out), code=5)
    assert "has changed" in done.stderr and not out.exists()
    done = cli("case", "export", "3", "--out", str(out), "--dry-run")
    assert "would write" in done.stderr and not out.exists()


def test_cacao(cli, cases):
    cli("case", "export", "3", "--cacao")
    assert cases.requests[-1][2] == {"form": "cacao"}
    cli("case", "export", "3", "--cacao", "--level", "peers", code=2)


def test_fields(cli, cases):
    out = cli("case", "fields").stdout
    assert "flows.detail" in out and "which server it wanted" in out


@pytest.mark.parametrize("status,code", [(404, 4), (409, 5), (400, 2)])
def test_refusals(cli, cases, status, code):
    cases.routes["GET", "/v1/cases/9"] = (status, {"schema": "cardea.error/1",
                                                   "error": "no", "next": "x"})
    cli("case", "evidence", "9", code=code)


def test_import(cli, cases, tmp_path):
    plan = {"schema": "cardea.playbook/1", "taken": True, "name": "clean\u001b[2J", "by": "x",
            "steps": [{"act": "manual", "name": "s", "text": "Change its password."}],
            "refused": 0, "refusals": []}
    book = tmp_path / "book.json"
    book.write_text("{}")
    cases.routes["POST", "/v1/cases/3"] = (200, plan)
    cases.routes["GET", "/v1/decisions"] = (200, {"schema": "cardea.decision.list/1", "decisions": [
        {"id": 8, "kind": "playbook"}, {"id": 9, "kind": "port"}]})
    done = cli("case", "import", "3", str(book))
    assert [json.loads(r[3]) for r in cases.requests if r[0] == "POST"] == [
        {"playbook": "{}", "dry_run": False}]
    assert "Change its password." in done.stdout and "\x1b" not in done.stdout
    assert "undo with: cardea decide reject 8\n" in done.stderr
    cli("case", "import", "3", str(book), "--dry-run")
    assert [json.loads(r[3]) for r in cases.requests if r[0] == "POST"][-1]["dry_run"] is True
    cases.routes["POST", "/v1/cases/3"] = (200, dict(
        plan, taken=False, refused=1,
        refusals=[{"step": "wipe", "why": 'a command of type "bash" is never run here'}]))
    done = cli("case", "import", "3", str(book), code=6)
    assert "wipe" in done.stdout and "nothing of it was taken" in done.stderr


def test_import_of_what_is_none(cli, cases, tmp_path):
    for bad in (b"x" * 70000, b"{\0}"):
        (tmp_path / "book").write_bytes(bad)
        cli("case", "import", "3", str(tmp_path / "book"), code=1)
    cli("case", "import", "3", str(tmp_path / "none"), code=None)
    assert not any(r[0] == "POST" for r in cases.requests)


# ---- what leaves, as it is committed ----


def test_case_of_the_lab():
    for level in ("shape", "names", "content"):
        document = golden(level)
        assert document["schema"] == "cardea.case/1" and document["level"] == level
        assert {f["port"] for f in document["flows"]} >= {23, 443}
        assert all(f["name"] is None for f in document["flows"] if f["place"] != "internet"
                   ) if level != "shape" else all("name" not in f for f in document["flows"])


@pytest.fixture(scope="module")
def schemas():
    folder = os.path.join(os.environ.get("CARDEA_DATA", ""), "identity", "cacao")
    if not os.environ.get("CARDEA_DATA") or not os.path.isdir(folder):
        pytest.skip("CARDEA_DATA has no identity/cacao: the playbook is checked by our own "
                    "reader alone (test_cacao)")
    return cacao_schema.Schemas(folder)


def test_playbook_fits_the_published_schemas(schemas):
    assert schemas.errors(golden("cacao"), "playbook.json") == []


def test_the_schemas_refuse(schemas):
    """... or the test above could not fail."""
    good = golden("cacao")

    def broken(change):
        p = copy.deepcopy(good)
        change(p)
        return schemas.errors(p, "playbook.json")

    step = next(k for k in good["workflow"] if k.startswith("action--"))
    agent = next(k for k in good["agent_definitions"] if k.startswith("http-api--"))
    assert broken(lambda p: p.pop("created_by"))
    assert broken(lambda p: p.update(spec_version="cacao-1.0"))
    assert broken(lambda p: p.update(id="playbook--7"))
    assert broken(lambda p: p.update(created="yesterday"))
    assert broken(lambda p: p["workflow"][step].pop("agent"))
    assert broken(lambda p: p["workflow"][step].update(commands=[]))
    assert broken(lambda p: p["workflow"][step].update(on_completion="the end"))
    assert broken(lambda p: p["agent_definitions"][agent].pop("address"))


# ---- what the owner can do ----

ASKED = {"schema": "cardea.decision/1", "id": 5, "kind": "case", "answer": "open",
         "device": "cam", "text": "cam is in quarantine: it attacks. What shall become of it?",
         "subject": "case 3", "detail": "keep release retire", "choice": None,
         "needs_choice": True, "asked": "2026-11-20T10:00:00Z", "answered": None,
         "choices": [{"choice": "keep", "text": "keep it held, and wait for an update"},
                     {"choice": "release", "text": "let it back on probation"},
                     {"choice": "retire", "text": "take it out of service"}]}


@pytest.fixture
def asked(daemon):
    daemon.routes["GET", "/v1/decisions"] = (
        200, {"schema": "cardea.decision.list/1", "decisions": [ASKED]})
    return daemon


def test_choices_are_shown(cli, asked):
    done = cli("decide", "show", "5")
    assert [done.stdout.index(w) for w in ("keep ", "release ", "retire ")] == sorted(
        done.stdout.index(w) for w in ("keep ", "release ", "retire "))
    assert "Signer" not in done.stdout
    assert "(advised)" in done.stdout and "--choose CHOICE" in done.stderr


@pytest.mark.parametrize("kind,word,choice,undo", [
    ("case", "accept", "keep", "cardea quarantine release cam"),
    ("case", "accept", "release", "asked a second time"),
    ("case", "reject", None, "cardea quarantine release cam"),
    ("release", "accept", None, "cardea quarantine add cam"),
    ("playbook", "accept", None, "cardea decide list"),
    ("signer", "accept", None, "cardea decide reject 5")])
def test_undo_of_an_answer(cli, asked, kind, word, choice, undo):
    asked.routes["POST", "/v1/decisions/5"] = (
        200, dict(ASKED, kind=kind, answer=word + "ed", choice=choice))
    done = cli("decide", word, "5", *(["--choose", choice] if choice else []))
    assert undo in done.stderr


def test_a_dry_answer_is_none(cli, asked):
    done = cli("decide", "accept", "5", "--choose", "retire", "--dry-run")
    assert "would accept with retire" in done.stdout
    assert not any(r[0] == "POST" for r in asked.requests)
    cli("decide", "reject", "9", "--dry-run", code=4)
