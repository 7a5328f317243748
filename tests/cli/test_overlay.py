# SPDX-License-Identifier: GPL-2.0-or-later
"""What the owner says of devices, as commands; and layers of files, without a daemon."""

import copy
import datetime
import json
import os

import pytest

from conftest import ROOT

OVERLAY = {"schema": "cardea.overlay/1", "id": 3, "device": "lamp", "mac": "02:00:00:00:00:10",
           "kind": "refuse", "text": "refuse ads.example tcp port 443", "peer": "ads.example",
           "proto": "tcp", "port_from": 443, "port_to": 443, "said": None, "until": None, "stored": True,
           "enforced": True, "moot": False, "note": ""}
MOOT = dict(OVERLAY, id=4, text="refuse gone.example", peer="gone.example", moot=True,
            note="its profile allows nothing of the kind now")


@pytest.fixture
def house(daemon):
    daemon.routes.update({
        ("POST", "/v1/overlays"): (200, OVERLAY),
        ("POST", "/v1/overlays/3"): (200, OVERLAY),
        ("GET", "/v1/overlays"): (200, {"schema": "cardea.overlay.list/1",
                                        "overlays": [OVERLAY, MOOT]}),
        ("GET", "/v1/devices"): (200, {"devices": []}),
    })
    return daemon


def posted(house):
    return [json.loads(body) for method, *_, body in house.requests if method == "POST"]


def test_refusing(cli, house):
    done = cli("policy", "refuse", "lamp", "ads.example", "--port", "443", "--proto", "tcp")
    assert posted(house) == [{"device": "lamp", "kind": "refuse", "peer": "ads.example",
                              "proto": "tcp", "dry_run": False, "port_from": 443,
                              "port_to": 443}]
    assert "lamp: refuse ads.example tcp port 443" in done.stdout
    assert "undo with: cardea policy withdraw 3" in done.stderr


@pytest.mark.parametrize("span, seconds", [
    ("90s", 90), ("30m", 1800), ("1h", 3600), ("2d", 172800), ("30d", 2592000)])
def test_allowing_for_a_while(cli, house, span, seconds):
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1, seconds=1)
    house.routes[("POST", "/v1/overlays")] = (200, dict(
        OVERLAY, kind="allow", text="allow ads.example for 1 hour",
        until=end.strftime("%Y-%m-%dT%H:%M:%S.000Z")))
    done = cli("policy", "allow", "lamp", "ads.example", "--for", span)
    assert posted(house)[0]["for"] == seconds
    assert "it ends by itself in 1 hour" in done.stdout


def test_what_ends_says_when(cli, house):
    start = datetime.datetime(2100, 1, 1)
    timed = dict(OVERLAY, said=start.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                 until="2100-01-01T00:20:00.000Z")
    house.routes[("GET", "/v1/overlays")] = (200, {"overlays": [timed, MOOT]})
    assert "ENDS" in cli("policy", "overlays").stdout
    house.routes[("POST", "/v1/overlays/3")] = (200, timed)
    assert "--for 1200s" in cli("policy", "withdraw", "3").stderr


def test_allowing_ports(cli, house):
    cli("policy", "allow", "lamp", "10.0.0.0/8", "--port", "5000-5010", "--dry-run")
    (body,) = posted(house)
    assert (body["kind"], body["port_from"], body["port_to"]) == ("allow", 5000, 5010)
    assert body["dry_run"] is True


@pytest.mark.parametrize("words, kind, peer", [
    (["lan-only"], "lan-only", None), (["no-internet"], "no-internet", None),
    (["only", "hub.example"], "only", "hub.example")])
def test_limits(cli, house, words, kind, peer):
    cli("policy", "limit", "lamp", *words)
    (body,) = posted(house)
    assert body["kind"] == kind and body.get("peer") == peer


@pytest.mark.parametrize("words", [
    ["limit", "lamp", "nothing"], ["limit", "lamp", "only"],
    ["limit", "lamp", "lan-only", "x"], ["refuse", "lamp", "x", "--port", "70000"],
    ["refuse", "lamp", "x", "--port", "9-3"], ["refuse", "lamp", "x", "--port", "a"],
    ["refuse", "lamp"], ["allow", "lamp", "x", "--for", "1"], ["allow", "lamp", "x", "--for", "0h"],
    ["allow", "lamp", "x", "--for", "31d"], ["allow", "lamp", "x", "--for", "h"],
    ["allow", "lamp", "x", "--for", "1w"], ["allow", "lamp", "x", "--for", "-1h"]])
def test_what_is_none_is_told_and_not_sent(cli, house, words):
    done = cli("policy", *words, code=None)
    assert done.returncode == 2 and posted(house) == []
    assert done.stderr.startswith("cardea")


def test_the_list_says_what_is_moot(cli, house):
    out = cli("policy", "overlays").stdout
    assert "refuse ads.example tcp port 443" in out
    assert "! 4: its profile allows nothing of the kind now" in out


def test_withdrawing_tells_what_brings_it_back(cli, house):
    done = cli("policy", "withdraw", "3")
    assert posted(house) == [{"remove": True, "dry_run": False}]
    assert "undo with: cardea policy refuse lamp ads.example --proto tcp --port 443" \
        in done.stderr


# ---- files ----

@pytest.fixture
def files(tmp_path):
    """A file that allows two names, and one that has lost the second."""
    with open(os.path.join(ROOT, "tests/unit/mud_fixtures/good.json"),
              encoding="utf-8") as f:
        text = f.read()
    one = json.loads(text)
    two = copy.deepcopy(one)
    lists = two["ietf-access-control-list:acls"]["acl"]
    for acl in lists:
        acl["aces"]["ace"] = acl["aces"]["ace"][:1]
    paths = []
    for name, body in (("one.json", one), ("two.json", two)):
        path = tmp_path / name
        path.write_text(json.dumps(body))
        paths.append(str(path))
    return paths


def first_name(path):
    """A name that the file lets the device open TCP to, and its port."""
    with open(path, encoding="utf-8") as f:
        acls = json.load(f)["ietf-access-control-list:acls"]["acl"]
    for acl in acls:
        for ace in acl["aces"]["ace"]:
            m = ace["matches"]
            ip = m.get("ipv4", m.get("ipv6", {}))
            name = ip.get("ietf-acldns:dst-dnsname")
            port = m.get("tcp", {}).get("destination-port", {}).get("port")
            if name and port:
                return name, str(port)
    raise AssertionError("no name in " + path)


def test_diff_says_both_ways(cli, files):
    one, two = files
    gained = cli("policy", "diff", two, one, code=None)
    assert gained.returncode == 6 and "Newly allowed:" in gained.stdout
    assert "as in:" in gained.stdout
    lost = cli("policy", "diff", one, two)
    assert "No longer allowed:" in lost.stdout
    same = json.loads(cli("policy", "diff", one, one, "--json").stdout)
    assert same["schema"] == "cardea.policy.diff/1"
    assert same["added"] == same["removed"] == []


def explain(cli, *words):
    done = cli("policy", "explain", *words, "--json", code=None)
    answer = json.loads(done.stdout)
    assert done.returncode == (0 if answer["allowed"] else 6), done.stderr
    return answer


def test_explain_names_the_layer(cli, files):
    one, _ = files
    name, port = first_name(one)
    maker = ["--layer", "manufacturer=" + one]
    yes = explain(cli, name, "--port", port, *maker)
    assert yes["allowed"] and yes["layer"] == "manufacturer"
    no = explain(cli, name, "--port", port, *maker, "--owner", "refuse " + name)
    assert (no["verdict"], no["layer"]) == ("refuse", "owner")
    assert "You said no" in no["text"]
    assert [(x["part"], x["says"]) for x in no["layers"]] == [
        ("grant", "allows"), ("refusal", "refuses")]
    limited = explain(cli, name, "--port", port, *maker, "--owner", "lan-only")
    assert limited["verdict"] == "refuse" and "local network" in limited["text"]
    unlisted = explain(cli, "else.example", *maker, "--owner", "lan-only")
    assert unlisted["verdict"] == "violation"
    allowed = explain(cli, "else.example", "--port", "22", *maker, "--owner",
                      "allow else.example tcp port 22")
    assert allowed["allowed"] and allowed["layer"] == "owner"


@pytest.mark.parametrize("words", [
    ["a.example"], ["a.example", "--layer", "maker=x"], ["a..b", "--owner", "lan-only"],
    ["a.example", "--owner", "please"], ["a.example", "--owner", "refuse"],
    ["a.example", "--owner", "refuse a.example port x"],
    ["a.example", "--owner", "lan-only", "--lan", "x"],
    ["a.example", "--owner", "lan-only", "--port", "x"]])
def test_explain_refuses_what_is_none(cli, words):
    done = cli("policy", "explain", *words, code=None)
    assert done.returncode == 2 and done.stderr.startswith("cardea"), done.stderr
