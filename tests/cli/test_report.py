# SPDX-License-Identifier: GPL-2.0-or-later
"""What makers are told, as the command line shows and sends it, against a daemon that
says what a test wants."""

import json

import pytest

MAC = "02:00:00:00:00:10"
URI = "https://maker.example/reports"
BODY = '{"ietf-mud-reporter:mud-reporter":{"mudurl":"https://maker.example/küche.json"}}'
OFF = "reports to makers are off"


def report(**more):
    return {"schema": "cardea.report/1", "device": "lamp", "mac": MAC, "enabled": True,
            "sent": True, "why": "", "uri": URI, "running": False, "outcome": None,
            "text": "", "last": None, "next": None, "body": BODY, **more}


def refusal(status, error):
    return (status, {"schema": "cardea.error/1", "error": error, "next": "look again"})


@pytest.fixture
def house(daemon):
    daemon.routes.update({
        ("GET", "/v1/reports"): (200, report()),
        ("POST", "/v1/reports"): (200, report(running=True)),
        ("GET", "/v1/devices"): (200, {"devices": [{"name": "lamp", "mac": MAC}]}),
    })
    return daemon


def test_preview_is_every_byte_and_no_more(cli, house):
    done = cli("report", "preview", "lamp")
    assert done.stdout == BODY + "\n"
    assert "once a day to " + URI in done.stderr
    assert cli("report", "preview", "lamp", "-q").stderr == ""
    assert json.loads(cli("report", "preview", "lamp", "--json").stdout) == report()


def test_preview_says_that_nothing_is_sent(cli, house):
    house.routes["GET", "/v1/reports"] = (200, report(enabled=False, sent=False, why=OFF))
    done = cli("report", "preview", "lamp")
    assert done.stdout == BODY + "\n" and "not sent: " + OFF in done.stderr
    seen = json.loads(cli("report", "preview", "lamp", "--json").stdout)
    assert (seen["sent"], seen["why"]) == (False, OFF)


def test_preview_of_nothing(cli, house):
    house.routes["GET", "/v1/reports"] = (200, report(
        sent=False, why="no MUD file is in force for it", uri=None, body=None))
    done = cli("report", "preview", "lamp", code=5)
    assert done.stdout == "" and "no MUD file is in force" in done.stderr


def test_preview_of_nobody(cli, house):
    house.routes["GET", "/v1/reports"] = refusal(404, "no device has the name lump")
    done = cli("report", "preview", "lump", code=4)
    assert "lamp" in done.stderr


def test_send_waits_for_the_outcome(cli, house):
    asked = []

    def slowly(query, body):
        asked.append(query)
        return 200, report(running=len(asked) < 3, outcome="delivered")

    house.routes["GET", "/v1/reports"] = slowly
    done = cli("report", "send", "lamp")
    assert done.stdout == "the report about lamp was taken by %s\n" % URI
    assert len(asked) == 3 and {q["device"] for q in asked} == {MAC}
    posts = [json.loads(body) for method, *_, body in house.requests if method == "POST"]
    assert posts == [{"device": "lamp"}]


def test_send_says_why_not(cli, house):
    house.routes["GET", "/v1/reports"] = (200, report(
        outcome="failed", text="the server answered 500"))
    done = cli("report", "send", "lamp", code=1)
    assert done.stdout == "" and "the server answered 500" in done.stderr
    house.routes["POST", "/v1/reports"] = refusal(409, OFF)
    assert OFF in cli("report", "send", "lamp", code=5).stderr
    house.routes["POST", "/v1/reports"] = refusal(404, "no device has the name lump")
    assert "lamp" in cli("report", "send", "lump", code=4).stderr


def test_send_dry_run_sends_nothing(cli, house):
    done = cli("report", "send", "lamp", "--dry-run")
    assert done.stdout == "would be sent to %s: %d bytes\n" % (URI, len(BODY.encode()))
    house.routes["GET", "/v1/reports"] = (200, report(sent=False, why=OFF))
    assert OFF in cli("report", "send", "lamp", "--dry-run", code=5).stdout
    assert not [r for r in house.requests if r[0] == "POST"]


# ---- the week of the house ----

def week(devices):
    proposals = {"asked": 2, "accepted": 1, "auto_accepted": 3, "rejected": 0, "expired": 0}
    counts = {"alerts": 1, "blocked": 4, "false_blocks": 3, "poison": 0, "windows": 1,
              "proposals": proposals}
    return {"schema": "cardea.week/1", "since": "2026-11-16T00:00:00.000Z",
            "house": {"devices": len(devices), **counts},
            "devices": [{**counts, "mac": "02:00:00:00:00:07", "waiting": 2,
                         "window_open": True, **d} for d in devices]}


def test_the_week(house, cli):
    house.routes["GET", "/v1/weeks"] = (200, week([
        {"name": "Lamp", "unseen": {"state": "settled", "share": 0.021, "bound": 0.05}},
        {"name": "", "unseen": {"state": "unknown", "share": None, "bound": None}}]))
    told = cli("report", "week").stdout
    assert told.startswith(
        "Week of 2026-11-16, 2 devices: 1 alert, 4 blocked, 3 of those without need; "
        "2 asked, 1 accepted, 3 by itself, 0 refused; updated\n  Lamp: ")
    assert "2 waiting, learning anew after an update; unseen: 2.1 %, 5.0 % at most" in told
    assert "  02:00:00:00:00:07: " in told and "unseen: unknown" in told
    assert json.loads(cli("report", "week", "--json").stdout)["schema"] == "cardea.week/1"


def test_no_week_without_a_learned_profile(house, cli):
    house.routes["GET", "/v1/weeks"] = (200, week([]))
    done = cli("report", "week", "--ago", "1")
    assert done.stdout == "" and "cardea profile approve" in done.stderr
    cli("report", "week", "--ago", "9", code=2)
