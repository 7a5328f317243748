# SPDX-License-Identifier: GPL-2.0-or-later
"""cardea decide, against a daemon that answers as it is told."""

import json

import pytest

OPEN = {"schema": "cardea.decision/1", "id": 3, "kind": "my-controller", "answer": "open",
        "device": "lamp", "text": "Which device controls lamp?", "subject": "",
        "detail": "", "choice": None, "needs_choice": True,
        "asked": "2026-11-20T10:00:00Z", "answered": None}
SIGNER = dict(OPEN, id=4, kind="signer", text="Accept CN=Buyer?", needs_choice=False,
              subject="https://maker.example/lamp.json", detail="CN=Buyer\u001b[31m")
DONE = dict(SIGNER, id=2, answer="accepted", answered="2026-11-20T11:00:00Z")


@pytest.fixture
def asked(daemon):
    def lists(query, body):
        every = [DONE, OPEN, SIGNER]
        return 200, {"schema": "cardea.decision.list/1", "decisions":
                     every if query.get("all") == "1" else [OPEN, SIGNER]}

    daemon.routes["GET", "/v1/decisions"] = lists
    return daemon


def test_list(cli, asked):
    out = cli("decide", "list").stdout
    assert "Which device controls lamp?" in out and "accepted" not in out
    assert "accepted" in cli("decide", "list", "--all").stdout
    told = json.loads(cli("decide", "list", "--json").stdout)
    assert [d["id"] for d in told["decisions"]] == [3, 4]


def test_what_is_no_text(cli, asked):
    """An answer without its choice would be another answer."""
    asked.routes["GET", "/v1/controllers"] = (200, {"controllers": [], "unmapped": []})
    asked.routes["GET", "/v1/devices/lamp"] = (200, {"name": "lamp", "mac": "x"})
    for args in (["decide", "accept", "3", "--choose", b"\xff"],
                 ["controller", "set", "https://buyer.example/c", b"\xff"],
                 ["controller", "set", b"https://buyer.example/\xff", "lamp"],
                 ["quarantine", "add", "lamp", "--reason", b"\xff"],
                 ["report", "send", b"\xff"]):
        assert "in UTF-8" in cli(*args, code=2).stderr
    assert not any(body for _, _, _, body in asked.requests)


def test_list_of_nothing(cli, asked):
    asked.routes["GET", "/v1/decisions"] = (
        200, {"schema": "cardea.decision.list/1", "decisions": []})
    done = cli("decide", "list")
    assert done.stdout == "" and "Nothing needs your word." in done.stderr


def test_show_tells_how_to_answer(cli, asked):
    done = cli("decide", "show", "3")
    assert "cardea decide accept 3 --choose DEVICE" in done.stderr
    done = cli("decide", "show", "4")
    assert "\x1b" not in done.stdout and "CN=Buyer" in done.stdout
    assert "cardea decide accept 4\n" in done.stderr
    assert "decide accept" not in cli("decide", "show", "2").stderr  # answered


@pytest.mark.parametrize("number,code", [("9", 4), ("x", 2), ("0", 2)])
def test_no_such_question(cli, asked, number, code):
    assert "cardea decide list" in cli("decide", "show", number, code=code).stderr


@pytest.mark.parametrize("verb,other", [("accept", "reject"), ("reject", "accept")])
def test_answers(cli, asked, verb, other):
    said = []

    def take(query, body):
        said.append(json.loads(body))
        return 200, dict(OPEN, answer=verb + "ed", choice="hub")

    asked.routes["POST", "/v1/decisions/3"] = take
    choose = ["--choose", "hub"] if verb == "accept" else []
    done = cli("decide", verb, "3", *choose)
    assert said == [{"answer": verb, **({"choice": "hub"} if choose else {})}]
    assert done.stdout.startswith(verb + "ed: Which device")
    assert "cardea decide %s 3" % other in done.stderr


def test_refused_choice(cli, asked):
    asked.routes["POST", "/v1/decisions/3"] = (
        400, {"schema": "cardea.error/1", "error": "this question needs a choice that exists",
              "next": "choose a device"})
    done = cli("decide", "accept", "3", "--choose", "nobody", code=2)
    assert "needs a choice" in done.stderr and done.stdout == ""
