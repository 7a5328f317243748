# SPDX-License-Identifier: GPL-2.0-or-later
"""What outsiders say, as commands."""

import json

import pytest

ADVISORY = {"id": 3, "state": "active", "taken": None, "advisory": "I-1", "issuer": "isp",
            "class": "isp", "group": "", "signed": True, "weight": 1, "issued": None,
            "expires": "2036-01-01T00:00:00Z", "effect": "limit", "fixed_in": "2.10",
            "homes": 1, "text": "It \u001b[2J scans.",
            "about": {"mud_url": "https://cam.example/m.json"},
            "traffic": {"domain": "c2.example", "address": "198.51.100.0/24", "proto": "tcp",
                        "port": 443}}
DEVICE = {"device": "cam", "mac": "02:00:00:00:00:10", "effect": "limit",
          "why": "our own traffic shows what it says", "asks_you": True, "asked": "block",
          "evidence": {"name": "c2.example", "address": "198.51.100.7", "proto": "tcp",
                       "port": 443, "first": None, "last": None, "shared": False,
                       "listed": True}}
TAKEN = dict(ADVISORY, outcome="taken", why="")
REFUSED = dict(ADVISORY, id=0, advisory="I-2", outcome="refused", why="it has expired")
ONE = dict(ADVISORY, schema="cardea.advisory.kept/1", devices=[DEVICE])
ISSUER = {"schema": "cardea.issuer/1", "name": "isp", "class": "isp", "group": "acme",
          "signer": "", "signer_key": "", "overturned": 2, "notify_only": False,
          "added": None, "note": None}
ENTRY = {"seq": 7, "at": "2026-01-01T00:00:00Z", "act": "appealed", "issuer": "isp",
         "advisory": "I-1", "device": "", "text": "no", "digest": "ab" * 32}


@pytest.fixture
def house(daemon):
    daemon.routes.update({
        ("POST", "/v1/advisories"): (200, {"schema": "cardea.advisory.import/1",
                                           "advisories": [TAKEN], "devices": [DEVICE]}),
        ("GET", "/v1/advisories"): (200, {"schema": "cardea.advisory.list/1",
                                          "log_broken": None, "advisories": [ADVISORY],
                                          "devices": [DEVICE]}),
        ("GET", "/v1/advisories/3"): (200, ONE),
        ("POST", "/v1/advisories/3"): (200, ONE),
        ("GET", "/v1/issuers"): (200, {"schema": "cardea.issuer.list/1",
                                       "issuers": [ISSUER]}),
        ("POST", "/v1/issuers"): (200, ISSUER),
        ("POST", "/v1/issuers/isp"): (200, ISSUER),
        ("GET", "/v1/shared"): (200, {"networks": []}),
        ("POST", "/v1/shared"): (200, {"networks": [{"prefix": "198.51.100.0/24",
                                                     "name": "cdn"}]}),
        ("POST", "/v1/firmware"): (200, {"device": "cam", "mac": DEVICE["mac"],
                                         "label": "2.10"}),
        ("GET", "/v1/advisory-log"): (200, {"schema": "cardea.advisory.log/1", "whole": True,
                                            "why": None, "first": 1, "last": 7,
                                            "head": "ab" * 32, "entries": [ENTRY]}),
        ("GET", "/v1/devices"): (200, {"devices": []}),
    })
    return daemon


def posted(house):
    return [json.loads(body) for method, *_, body in house.requests if method == "POST"]


@pytest.fixture
def files(tmp_path):
    (tmp_path / "a.json").write_text('{"id": "I-1"}')
    (tmp_path / "a.cose").write_bytes(b"\x84\x00\xff")
    (tmp_path / "key.pem").write_text("PEM")
    return tmp_path


def test_import(cli, house, files):
    done = cli("advisory", "import", str(files / "a.json"), "--signature",
               str(files / "a.cose"))
    assert posted(house) == [{"text": '{"id": "I-1"}', "signature": "8400ff",
                              "dry_run": False}]
    assert "advisory I-1 of isp: taken" in done.stdout
    assert "cam: limit, because our own traffic shows what it says" in done.stdout
    assert "you are asked whether it may be more: block" in done.stdout
    assert "undo with: cardea advisory withdraw 3" in done.stderr


def test_import_dry(cli, house, files):
    done = cli("advisory", "import", str(files / "a.json"), "--dry-run")
    assert posted(house)[0] == {"text": '{"id": "I-1"}', "dry_run": True}
    assert "cam: would be limit" in done.stdout
    assert "undo" not in done.stderr


def test_a_refusal_is_an_exit_code(cli, house, files):
    house.routes[("POST", "/v1/advisories")] = (200, {"advisories": [TAKEN, REFUSED],
                                                      "devices": []})
    done = cli("advisory", "import", str(files / "a.json"), code=6)
    assert "I-2 of isp: refused: it has expired" in done.stdout


def test_files_that_are_none(cli, house, files):
    cli("advisory", "import", str(files / "nowhere.json"), code=1)
    (files / "big.json").write_bytes(b" " * (256 * 1024 + 1))
    cli("advisory", "import", str(files / "big.json"), code=1)
    (files / "odd.json").write_bytes(b"\xff")
    assert cli("advisory", "import", str(files / "odd.json"), code=None).returncode != 0
    assert not posted(house)


def test_list_and_show(cli, house):
    done = cli("advisory", "list")
    assert "isp" in done.stdout and "\u001b[2J" not in done.stdout
    done = cli("advisory", "show", "3")
    assert "traffic   c2.example at 198.51.100.0/24 tcp port 443\n" in done.stdout
    assert "seen: c2.example at 198.51.100.7 port 443" in done.stdout
    assert "its own file lists it" in done.stdout
    assert json.loads(cli("advisory", "show", "3", "--json").stdout)["id"] == 3


def test_against_it(cli, house):
    cli("advisory", "appeal", "3", code=2)
    cli("advisory", "appeal", "3", "--because", "it is mine")
    cli("advisory", "withdraw", "3", "--dry-run")
    assert posted(house) == [{"appeal": "it is mine", "dry_run": False},
                             {"withdraw": True, "dry_run": True}]


def test_issuers(cli, house, files):
    done = cli("advisory", "issuer", "add", "isp", "isp", "--group", "acme", "--key",
               str(files / "key.pem"))
    assert posted(house) == [{"name": "isp", "class": "isp", "group": "acme", "key": "PEM",
                              "dry_run": False}]
    assert "undo with: cardea advisory issuer remove isp" in done.stderr
    assert "acme" in cli("advisory", "issuer", "list").stdout
    cli("advisory", "issuer", "remove", "isp", "--yes")
    assert posted(house)[-1] == {"remove": True, "dry_run": False}
    for words in (["add", "isp"], ["add", "isp", "isp"], ["remove"], ["sing"],
                  ["list", "all"]):
        cli("advisory", "issuer", *words, code=2)


def test_shared_and_firmware(cli, house):
    assert "You named no network" in cli("advisory", "shared", "list").stderr
    done = cli("advisory", "shared", "add", "198.51.100.0/24", "--name", "cdn")
    assert posted(house) == [{"prefix": "198.51.100.0/24", "name": "cdn", "remove": False,
                              "dry_run": False}]
    assert "undo with: cardea advisory shared remove 198.51.100.0/24" in done.stderr
    house.routes[("GET", "/v1/shared")] = (200, {"networks": [
        {"prefix": "198.51.100.0/24", "name": "a cdn"},
        {"prefix": "203.0.113.0/24", "name": "other"}]})
    house.routes[("POST", "/v1/shared")] = (200, {"networks": [
        {"prefix": "203.0.113.0/24", "name": "other"}]})
    done = cli("advisory", "shared", "remove", "198.51.100.9/24")
    assert done.stderr == ("undo with: cardea advisory shared add 198.51.100.0/24 "
                           "--name 'a cdn'\n")
    assert done.stdout == "203.0.113.0/24  other\n"
    done = cli("advisory", "shared", "remove", "198.51.100.0/24", "--dry-run")
    assert "undo" not in done.stderr and "would be somebody's again" in done.stdout
    cli("advisory", "shared", "add", code=2)
    assert "cam runs 2.10" in cli("advisory", "firmware", "cam", "2.10").stdout


def test_log(cli, house):
    done = cli("advisory", "log")
    assert "7  2026-01-01T00:00:00Z  appealed isp/I-1: no" in done.stdout
    assert "The log is whole: entries 1 to 7" in done.stdout
    assert "appealed" not in cli("advisory", "log", "--verify").stdout
    house.routes[("GET", "/v1/advisory-log")] = (200, {
        "whole": False, "why": "Entry 2 of the log is missing.", "entries": []})
    done = cli("advisory", "log", "--verify", code=6)
    assert "The log is not whole: Entry 2 of the log is missing." in done.stdout
