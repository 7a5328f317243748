# SPDX-License-Identifier: GPL-2.0-or-later
"""Controllers, quarantine, and what policy says of use and limits, against a daemon that
says what a test wants."""

import json
import os
import re
import shutil
import subprocess

import pytest

CLASS = "urn:example:hub"
MAC, HUB_MAC = "02:00:00:00:00:10", "02:00:00:00:00:12"
LAMP = {"schema": "cardea.device/1", "id": 1, "name": "lamp", "mac": MAC,
        "state": "protected", "quarantine": None, "problem": "", "addresses": []}
SAID = {"class": CLASS, "device": None, "target": "hub", "target_mac": HUB_MAC,
        "used_by": ["lamp"]}
OPEN = {"class": "my-controller", "device": "lamp", "used_by": ["lamp"],
        "suggestions": [{"device": "phone 1", "mac": "02:00:00:00:00:13",
                         "why": "they were refused to talk lately (7 packets)"}]}


def controllers(said, unmapped=()):
    return (200, {"schema": "cardea.controller.list/1", "controllers": said,
                  "unmapped": list(unmapped)})


@pytest.fixture
def house(daemon):
    daemon.routes.update({
        ("GET", "/v1/controllers"): controllers([SAID], [OPEN]),
        ("POST", "/v1/controllers"): controllers([SAID]),
        ("GET", "/v1/devices/lamp"): (200, LAMP),
        ("POST", "/v1/devices/" + MAC): (200, LAMP),
        ("GET", "/v1/devices"): (200, {"devices": [LAMP]}),
        ("GET", "/v1/quarantine"): (200, {
            "schema": "cardea.quarantine.list/1", "devices": [
                {"id": 1, "device": "lamp", "mac": MAC, "reason": "it floods",
                 "still_on": ["may send UDP to this gateway port 53"]}]}),
    })
    return daemon


def posted(house):
    return [json.loads(body) for method, *_, body in house.requests if method == "POST"]


def test_controllers_and_who_might_be(cli, house):
    done = cli("controller", "list")
    assert re.search(r"%s +all devices +hub +lamp" % CLASS, done.stdout)
    assert "Nobody is my-controller, which lamp may talk to." in done.stdout
    assert "perhaps phone 1: they were refused" in done.stdout
    assert re.search(r"controller set my-controller ['\"]phone 1['\"] --device lamp",
                     done.stderr)


def test_no_controllers(cli, house):
    house.routes["GET", "/v1/controllers"] = controllers([])
    done = cli("controller", "list")
    assert done.stdout == "" and "No controller" in done.stderr


def test_setting_tells_what_brings_the_old_one_back(cli, house):
    done = cli("controller", "set", CLASS, "phone")
    assert posted(house) == [{"class": CLASS, "device": None, "target": "phone",
                              "add": False}]
    assert done.stdout == "phone is now %s for all devices\n" % CLASS
    assert "undo with: cardea controller set %s %s" % (CLASS, HUB_MAC) in done.stderr


def test_setting_the_first_is_undone_by_removing(cli, house):
    done = cli("controller", "set", "my-controller", "hub", "--device", "lamp", "--add")
    assert posted(house) == [{"class": "my-controller", "device": MAC, "target": "hub",
                              "add": True}]
    assert "undo with: cardea controller remove my-controller --device lamp" in done.stderr


def test_removing(cli, house):
    done = cli("controller", "remove", CLASS)
    assert posted(house)[0]["target"] is None
    assert "nobody is now" in done.stdout
    assert "undo with: cardea controller set %s %s" % (CLASS, HUB_MAC) in done.stderr


@pytest.mark.parametrize("words", [
    ["controller", "set", CLASS, "phone"], ["controller", "remove", CLASS],
    ["quarantine", "add", "lamp", "--reason", "x"]])
def test_dry_run_changes_nothing(cli, house, words):
    done = cli(*words, "--dry-run")
    assert posted(house) == []
    assert "would be" in done.stdout and "undo" not in done.stderr


def test_quarantine_list(cli, house):
    out = cli("quarantine", "list").stdout
    assert "lamp" in out and "it floods" in out and "still may send UDP" in out


def held(house, **more):
    house.routes["POST", "/v1/quarantine/" + MAC] = (200, {
        "schema": "cardea.quarantine/1", "device": "lamp", "mac": MAC, **more})


def test_quarantine_and_back(cli, house):
    held(house, state="quarantined", code=None)
    done = cli("quarantine", "add", "lamp", "--reason", "it scans")
    assert posted(house) == [{"add": "it scans"}]
    assert done.stdout == "lamp is in quarantine: it scans\n"
    assert "undo with: cardea quarantine release lamp" in done.stderr
    house.requests.clear()
    house.routes["GET", "/v1/devices/lamp"] = (200, {**LAMP, "quarantine": "it scans"})
    held(house, state="quarantined", code="482913", code_seconds=600)
    done = cli("quarantine", "release", "lamp")
    assert posted(house) == [{"release": True}]
    assert "lamp is held: it scans" in done.stdout and "undo" not in done.stderr
    assert "within 10 minutes" in done.stdout
    assert "cardea quarantine release lamp --code 482913" in done.stdout
    house.requests.clear()
    held(house, state="probation", code=None)
    done = cli("quarantine", "release", "lamp", "--code", "482913")
    assert posted(house) == [{"release": True, "code": "482913"}]
    assert "on probation" in done.stdout
    assert re.search(r"undo with: .*add lamp --reason ['\"]it scans['\"]", done.stderr)


def test_who_is_held_already_is_held_for_the_old_reason_again(cli, house):
    house.routes["GET", "/v1/devices/lamp"] = (200, {**LAMP, "quarantine": "it scans"})
    held(house, state="quarantined", code=None)
    done = cli("quarantine", "add", "lamp", "--reason", "it floods")
    assert re.search(r"undo with: .*add lamp --reason ['\"]it scans['\"]", done.stderr)


def test_a_release_is_tried_dry(cli, house):
    house.routes["GET", "/v1/devices/lamp"] = (200, {**LAMP, "quarantine": "it scans"})
    done = cli("quarantine", "release", "lamp", "--dry-run")
    assert posted(house) == [] and "would be out of quarantine" in done.stdout


def test_update_hosts(cli, house):
    house.routes["POST", "/v1/quarantine/lamp"] = (200, {
        "schema": "cardea.quarantine/1", "device": "lamp", "mac": MAC})
    done = cli("quarantine", "allow", "lamp", "fw.example.com:443")
    assert posted(house) == [{"allow": "fw.example.com:443", "dry_run": False}]
    assert "lamp may fetch updates from fw.example.com:443" in done.stdout
    assert "undo with: cardea quarantine disallow lamp fw.example.com:443" in done.stderr
    house.requests.clear()
    done = cli("quarantine", "disallow", "lamp", "fw.example.com:443", "--dry-run")
    assert posted(house) == [{"disallow": "fw.example.com:443", "dry_run": True}]
    assert "would no longer" in done.stdout and "undo" not in done.stderr


def test_history(cli, house):
    step = {"id": 1, "device": "lamp", "mac": MAC, "kind": "attack", "event": "attack",
            "sentence": "lamp is in quarantine: it attacks", "from": "protected",
            "to": "quarantined", "at": "2026-01-02T00:00:00Z", "detail": None,
            "protocol": "MILE"}
    house.routes["GET", "/v1/history"] = (200, {
        "schema": "cardea.quarantine.history/1", "steps": [step]})
    out = cli("quarantine", "history").stdout
    assert "protected" in out and "quarantined" in out and "it attacks" in out
    out = json.loads(cli("quarantine", "history", "lamp", "--json").stdout)
    assert out["steps"] == [step]


def test_class(cli, house):
    house.routes["POST", "/v1/devices/lamp"] = (200, {**LAMP, "class": "lock"})
    done = cli("device", "set", "lamp", "--class", "lock")
    assert posted(house) == [{"class": "lock"}]
    assert "undo with: cardea device set lamp --class unknown" in done.stderr
    assert "nothing to set" in cli("device", "set", "lamp", code=2).stderr


def test_nobody_to_release(cli, house):
    done = cli("quarantine", "release", "lamp", code=5)
    assert "lamp is not in quarantine" in done.stderr and posted(house) == []


def rule(number, **more):
    return {"id": number, "source": "manufacturer", "direction": "from-device",
            "action": "accept", "sentence": "may do %d" % number, "status": "enforced",
            "detail": "", "acl": "from", "ace": str(number), "line": number,
            "hits": 0, "last_hit": None, "counted_since": "2026-01-01T00:00:00Z", **more}


def element(kind, family=0, **more):
    return {"set": kind, "family": family, **more}


def one(peer, **more):
    return {"peer_from": peer, "peer_to": peer, "proto_from": 6, "proto_to": 6,
            "device_port_from": 80, "device_port_to": 80, "peer_port_from": 0,
            "peer_port_to": 65535, **more}


ALL_MACS = {"peer_mac_from": "00:00:00:00:00:00", "peer_mac_to": "ff:ff:ff:ff:ff:ff"}
ONE_MAC = {"peer_mac_from": HUB_MAC, "peer_mac_to": HUB_MAC}
ELEMENTS = [
    element("in", 4, device="192.0.2.1", **one("192.0.2.7")),
    element("in", 6, device="2001:db8::1", **one("2001:db8::7")),
    element("ether-out", mac=MAC, ether_type=0x88e1, **ONE_MAC),
    element("ether-in", mac=MAC, ether_type=0x88e1, **ALL_MACS),
    element("limit-out-bytes", mac=MAC, rate=1500),
    element("limit-out-packets", mac=MAC, rate=9),
    element("limit-in-bytes", 4, device="192.0.2.1", rate=2000),
    element("limit-in-packets", 6, device="2001:db8::1", rate=3)]


@pytest.fixture
def policy(house):
    house.routes["GET", "/v1/policy"] = (200, {
        "schema": "cardea.policy/1", "backend": "nftables", "devices": [
            {"device": "lamp", "mac": MAC, "state": "quarantined", "problem": "",
             "quarantine": "it floods", "profile": "https://lamps.example/lamp.json",
             "rules": [
                 rule(1, hits=12, last_hit="2026-01-02T00:00:00Z"), rule(2),
                 rule(3, status="approximated", detail="for whole hours", hits=1,
                      last_hit="2026-01-02T00:00:00Z"),
                 rule(4, members=0, note="nobody is this controller yet"),
                 rule(5, members=3, hits=1), rule(6, status="reply"),
                 rule(7, action="drop")],
             "limits": [{"service": "video", "direction": "from-device", "acl": None,
                         "bytes_per_s": 1500, "packets_per_s": 0,
                         "status": "approximated",
                         "detail": "for the device as a whole"}],
             "ended": [{"peer": "203.0.113.9", "proto": "tcp", "port": 443,
                        "until": "2026-01-02T00:00:00Z"}],
             "elements": ELEMENTS}]})
    return house


def test_policy_tells_use_members_and_limits(cli, policy):
    out = cli("policy", "show", "lamp").stdout
    assert "in quarantine: it floods" in out
    assert "used 12 times, last " in out
    assert out.count("never used; counted since") == 2  # of those that open something
    assert "! approximated: for whole hours" in out and "prohibition" not in out
    assert "nobody is in this class now: nobody is this controller yet" in out
    assert "3 in this class now" in out
    assert "limit   video, from-device: 1500 bytes/s" in out
    assert "ended   203.0.113.9 port 443 over tcp" in out


def test_policy_unused(cli, policy):
    out = cli("policy", "show", "lamp", "--unused").stdout
    assert re.findall(r"may do (\d)", out) == ["2", "4"]
    assert "2 of 5 rules were never used" in out


def test_policy_in_nfts_words(cli, policy):
    lines = cli("policy", "show", "--nft").stdout.splitlines()
    assert [x for x in lines if not x.startswith("#")] == [
        "add element inet cardea " + x for x in [
        "in4 { 192.0.2.1 . 192.0.2.7 . 6 . 80 }",
        "in6 { 2001:db8::1 . 2001:db8::7 . 6 . 80 }",
        "ether_f { %s . 0x88e1 . %s }" % (MAC, HUB_MAC),
        "ether_t { %s . 0x88e1 . 00:00:00:00:00:00-ff:ff:ff:ff:ff:ff }" % MAC,
        "bytes_f { %s limit rate over 1500 bytes/second burst 64036 bytes }" % MAC,
        "packets_f { %s limit rate over 9/second burst 9 packets }" % MAC,
        "bytes_t4 { 192.0.2.1 limit rate over 2000 bytes/second burst 63536 bytes }",
        "packets_t6 { 2001:db8::1 limit rate over 3/second burst 3 packets }"]]


SETS = """
table inet cardea {
 set in4 { type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags timeout; }
 set in6 { type ipv6_addr . ipv6_addr . inet_proto . inet_service; flags timeout; }
 set ether_f { type ether_addr . ether_type . ether_addr; flags interval; }
 set ether_t { type ether_addr . ether_type . ether_addr; flags interval; }
 set bytes_f { type ether_addr; limit rate over 65536 bytes/second; }
 set packets_f { type ether_addr; limit rate over 64/second; }
 set bytes_t4 { type ipv4_addr; limit rate over 65536 bytes/second; }
 set packets_t6 { type ipv6_addr; limit rate over 64/second; }
}
"""


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("nft"), reason="wants nft")
def test_nft_takes_it(cli, policy, folder):
    path = os.path.join(folder, "rules.nft")
    with open(path, "w", encoding="utf-8") as f:
        f.write(SETS + cli("policy", "show", "--nft").stdout)
    done = subprocess.run(["unshare", "--net", "nft", "-f", path], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nft_takes_no_orders_from_the_daemon(cli, policy):
    bad = [element("ether-out", mac=MAC, ether_type=5, peer_mac_from="} ; flush ruleset",
                   peer_mac_to=HUB_MAC),
           element("limit-out-bytes", mac=MAC, rate=0),
           element("limit-in-bytes", 0, device="192.0.2.1", rate=5),
           element("limit-", mac=MAC, rate=5),
           element("in", 4, device="x", **one("192.0.2.7"))]
    policy.routes["GET", "/v1/policy"] = (200, {"schema": "cardea.policy/1", "devices": [
        {"device": "x", "elements": bad}]})
    done = cli("policy", "show", "--nft", code=1)
    assert "5 elements are not understood" in done.stderr
    assert all(x.startswith("#") for x in done.stdout.splitlines())
