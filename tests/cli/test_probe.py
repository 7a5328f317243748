# SPDX-License-Identifier: GPL-2.0-or-later
"""Probes as commands: allowed, forbidden, stopped, shown."""

import json

import pytest

DEVICE = {"schema": "cardea.probe/1", "device": "radio", "mac": "02:00:00:00:00:10",
          "allowed": True, "class": "speaker", "window": "02:00-05:00", "since": None,
          "state": "idle", "why": "tonight", "why_text": "the house has had its probe",
          "recovered": True, "targets": 1, "last": "2026-01-01T02:00:00Z",
          "last_target": "tcp port 443 of a.example", "results": [{
              "text": "tcp port 443 of a.example", "need": "unknown", "done": False,
              "fallbacks": [
                  {"text": "tcp port 443 of b.example", "times": 2, "confirmed": True,
                   "after_ms": 1200},
                  {"text": "tcp port 80 of \u001b[2Jc.example", "times": 1,
                   "confirmed": False, "after_ms": 100}],
              "tries": [{"when": "2026-01-01T02:00:00Z", "outcome": "stopped",
                         "why": "user", "lasted_s": 4, "attempts": 1, "expected": 2,
                         "went_on": 1, "appeared": 1}]}]}
PATH = "/v1/probes/radio"


@pytest.fixture
def house(daemon):
    daemon.routes.update({
        ("GET", "/v1/devices/radio"): (200, {"name": "radio", "mac": DEVICE["mac"]}),
        ("GET", "/v1/devices"): (200, {"devices": []}),
        ("GET", "/v1/probes"): (200, {"schema": "cardea.probe.list/1", "devices": []}),
        ("GET", PATH): (200, DEVICE),
        ("POST", PATH): (200, DEVICE),
        ("POST", "/v1/probes"): (200, {"schema": "cardea.probe.stop/1", "device": None}),
    })
    return daemon


def known(house):
    house.routes["GET", "/v1/probes"] = (200, {"schema": "cardea.probe.list/1",
                                               "devices": [DEVICE]})


def posted(house):
    return [json.loads(body) for method, *_, body in house.requests if method == "POST"]


def test_allowing_tells_its_undo(cli, house):
    done = cli("probe", "allow", "radio", "--class", "speaker", "--window", "02:00-05:00")
    assert posted(house) == [{"allow": True, "class": "speaker", "window": "02:00-05:00",
                              "dry_run": False}]
    assert "radio may be probed between 02:00-05:00" in done.stdout
    assert "undo with: cardea probe forbid radio" in done.stderr
    known(house)
    done = cli("probe", "allow", "radio", "--class", "tv")
    assert "undo with: cardea probe allow radio --class speaker --window 02:00-05:00" \
        in done.stderr


def test_a_dry_run_says_so_and_has_no_undo(cli, house):
    done = cli("probe", "allow", "radio", "--class", "tv", "--dry-run")
    assert posted(house)[0]["dry_run"] is True and "window" not in posted(house)[0]
    assert "could be probed" in done.stdout and "undo" not in done.stderr


def test_without_a_class_the_stored_one_is_asked_for(cli, house):
    cli("probe", "allow", "radio")
    assert posted(house) == [{"allow": True, "dry_run": False}]


def test_what_the_gateway_refuses_is_told(cli, house):
    house.routes["POST", PATH] = (403, {"schema": "cardea.error/1", "next": "leave it",
                                        "error": "a device of the class lock is never probed"})
    done = cli("probe", "allow", "radio", "--class", "lock", code=None)
    assert done.returncode != 0 and "never probed" in done.stderr


def test_forbidding(cli, house):
    known(house)
    done = cli("probe", "forbid", "radio")
    assert posted(house) == [{"forbid": True, "dry_run": False}]
    assert "radio is not probed" in done.stdout
    assert "undo with: cardea probe allow radio --class speaker" in done.stderr


def test_stopping(cli, house):
    done = cli("probe", "stop")
    assert posted(house) == [{"stop": True, "dry_run": False}]
    assert "Nothing is refused" in done.stderr
    assert "radio" in cli("probe", "stop", "radio").stdout


def test_showing(cli, house):
    assert "No device is probed" in cli("probe", "list").stderr
    known(house)
    assert "tonight" in cli("probe", "list").stdout
    text = cli("probe", "show", "radio").stdout
    assert "b.example" in text and "falls back to it, 2 times, after 1.2 s" in text
    assert "seen once, 1 time," in text and "stopped: user" in text
    assert "\x1b[2J" not in text
    assert json.loads(cli("probe", "show", "radio", "--json").stdout) == DEVICE
    house.routes["GET", PATH] = (200, dict(DEVICE, recovered=False))
    assert "has not come back" in cli("probe", "show", "radio").stdout
