# SPDX-License-Identifier: GPL-2.0-or-later
"""cardea learn, end to end, on captures of a made-up home."""

import json
import os
import re
import shutil
import stat
import struct
import subprocess

import pytest

import homecap
from homecap import Device, write
from lab import frames

MAC, OTHER = "02:00:00:00:00:07", "02:00:00:00:00:08"
FILE = MAC.replace(":", "-")


def make(folder, name, *devices, **kwargs):
    return write(os.path.join(folder, name), *devices, **kwargs)


@pytest.fixture
def week(folder):
    return make(folder, "week.pcap", Device().day(8))


def learn(cli, *args, code=0, **kwargs):
    return json.loads(cli("learn", *args, "--json", code=code, **kwargs).stdout)


def one(cli, *args, **kwargs):
    told = learn(cli, *args, "--device", MAC, **kwargs)
    assert told["schema"] == "cardea.learn/1" and len(told["devices"]) == 1
    return told["devices"][0]


def load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def aces(mud, acl=None):
    return [a for x in mud["ietf-access-control-list:acls"]["acl"]
            if acl in (None, x["name"]) for a in x["aces"]["ace"]]


def names_of(mud):
    return {a["matches"][f].get("ietf-acldns:dst-dnsname") for a in aces(mud)
            for f in ("ipv4", "ipv6") if f in a["matches"]} - {None}


# ---- what is told ----

def test_the_contract(cli, week):
    told = learn(cli, week)
    assert told["schema"] == "cardea.learn/1"
    assert [c["file"] for c in told["captures"]] == [week]
    device = [d for d in told["devices"] if d["mac"] == MAC][0]
    assert device["name"] == "lamp" and device["dhcp_vendor"] == "lampd"
    assert device["episodes"] == 8 and device["kinds"] >= 3
    assert set(device["contexts"]) == {"setup", "boot", "user", "timer", "update", "quiet"}
    assert sum(c["episodes"] for c in device["contexts"].values()) == 8
    assert "update" in device["contexts_not_seen"]
    assert device["unseen"]["state"] in ("learning", "settled", "closed")
    assert 0 <= device["unseen"]["share"] <= device["unseen"]["bound"] <= 1
    assert device["test"] is None and device["profile"] is None


def test_below_five_episodes_nobody_knows(cli, folder):
    path = make(folder, "short.pcap", Device().day(2))
    unseen = one(cli, path)["unseen"]
    assert unseen["state"] == "unknown"
    assert unseen["share"] is None and unseen["bound"] is None
    text = cli("learn", path, "--device", MAC).stdout
    assert re.search(r"unknown: 2 episodes of the 5 that an estimate needs", text)


def test_for_people(cli, week):
    text = cli("learn", week, "--device", MAC).stdout
    assert text.startswith('lamp (02:00:00:00:00:07), DHCP client "lampd"\n')
    assert "cloud.lamps.example" in text and "tcp 443 to" in text
    assert re.search(r"not seen at all: .*update", text)
    assert re.search(r"(learning|settled|closed): \d+\.\d % of what it does was not seen",
                     text)


def test_what_was_seen_once_is_listed(cli, folder):
    path = make(folder, "once.pcap", Device().day(7).cloud("rare.lamps.example",
                                                             "198.51.100.10", 8443))
    device = one(cli, path)
    assert any("8443" in s for s in device["singletons"])
    assert "8443" in cli("learn", path, "--device", MAC).stdout.split("one episode only")[1]


def test_many_devices_in_one_capture(cli, folder):
    path = make(folder, "two.pcap", Device().day(2),
                Device(OTHER, "192.168.7.8", homecap.START + 50).boot("plug").cloud(
                    "plugs.example", "198.51.100.20"))
    told = learn(cli, path)
    assert {d["mac"]: d["name"] for d in told["devices"]} == {MAC: "lamp", OTHER: "plug"}


def test_a_capture_is_a_boundary(cli, folder):
    """The same minute in two files is two episodes; with --per-capture a file is one."""
    paths = [make(folder, f"{i}.pcap", Device(now=homecap.START + i * 60).boot().cloud())
             for i in range(6)]
    assert one(cli, *paths)["episodes"] == 6
    long = [make(folder, f"long{i}.pcap", Device().day(3)) for i in range(5)]
    assert one(cli, *long)["episodes"] == 15
    assert one(cli, *long, "--per-capture")["episodes"] == 5


def test_a_file_given_twice_is_read_once(cli, folder, week):
    link = os.path.join(folder, "link.pcap")
    os.symlink(week, link)
    done = cli("learn", week, link, week, "--device", MAC, "--json")
    told = json.loads(done.stdout)
    assert done.stderr.count("given twice, and read once") == 2
    assert [c["file"] for c in told["captures"]] == [week]
    assert told["devices"][0]["episodes"] == one(cli, week)["episodes"]
    # what others show may well be the same
    assert one(cli, week, "--test", week)["test"]["unseen_share"] == 0


def test_captures_of_something_else_are_told(cli, folder, week):
    with open(week, "rb") as f:
        head, rest = f.read(24), f.read()
    radio = os.path.join(folder, "radio.pcap")
    with open(radio, "wb") as f:
        f.write(head[:20] + (105).to_bytes(4, "little") + rest)
    said = cli("learn", radio, code=4).stderr
    assert re.search(r"none of its \d+ packets can be read: captures of Ethernet", said)
    said = cli("learn", week, radio).stderr
    assert f"{radio}: none of its" in said and f"{week}: none" not in said


def test_other_captures_test_the_profile(cli, folder, week):
    same = make(folder, "same.pcap", Device(now=homecap.START + 9e5).day(3))
    new = make(folder, "new.pcap", Device(now=homecap.START + 9e5).day(1).cloud(
        "new.lamps.example", "198.51.100.77", 9443))
    device = one(cli, week, "--test", same)
    assert device["test"]["unseen_share"] == 0 and device["test"]["unseen_kinds"] == []
    device = one(cli, week, "--test", same, new)
    assert device["test"]["episodes"] > 3
    assert 0 < device["test"]["unseen_share"] < 1
    kinds = device["test"]["unseen_kinds"]
    assert [(k["port"], k["peer_name"]) for k in kinds if k["place"] == "internet"] == [
        (9443, "new.lamps.example")]
    assert all("new.lamps" in k["text"] for k in kinds)
    told = learn(cli, week, "--test", same, new)
    assert [(c["file"], c["test"]) for c in told["captures"]] == [
        (week, False), (same, True), (new, True)]
    assert "9443" in cli("learn", week, "--test", new).stdout.split("other captures")[1]
    stranger = make(folder, "stranger.pcap", Device(OTHER, "192.168.7.8").day(1))
    assert one(cli, week, "--test", stranger)["test"] is None


# ---- files ----

def test_profile_and_evidence(cli, folder, week):
    out = os.path.join(folder, "profiles")
    device = one(cli, week, "--out", out)
    assert device["profile"] == os.path.join(out, FILE + ".json")
    assert device["evidence"] == os.path.join(out, FILE + ".evidence.json")
    assert sorted(os.listdir(out)) == [FILE + end for end in (
        ".binding.yaml", ".evidence.json", ".json", ".profile.yaml")]
    lint = cli("mud", "lint", device["profile"])
    assert "conforms to RFC 8520" in lint.stdout
    mud = load(device["profile"])
    assert "cloud.lamps.example" in names_of(mud)
    cloud = [a for a in aces(mud) if a["name"] == "to-cloud.lamps.example-tcp-443"]
    assert len(cloud) == 4  # both directions, both families
    assert {a["matches"]["tcp"]["ietf-mud:direction-initiated"] for a in cloud} == {
        "from-device"}
    dns = [a for a in aces(mud, "from-ipv4") if "ietf-mud:mud" in a["matches"]]
    assert {"controller": "urn:ietf:params:mud:dns"} in [
        a["matches"]["ietf-mud:mud"] for a in dns]
    assert mud["ietf-mud:mud"]["systeminfo"].startswith("lamp")


def test_every_rule_has_its_evidence(cli, folder, week):
    out = os.path.join(folder, "profiles")
    device = one(cli, week, "--out", out)
    evidence = load(device["evidence"])
    assert evidence["schema"] == "cardea.evidence/1" and evidence["mac"] == MAC
    assert evidence["profile"] == FILE + ".json" and evidence["rules"]
    named = {a["name"] for a in aces(load(device["profile"]))}
    for rule in evidence["rules"]:
        assert rule["kinds"], rule
        assert rule["ace"] in named, rule
        for kind in rule["kinds"]:
            assert 1 <= kind["episodes"] <= 8
            assert sum(kind["contexts"].values()) == kind["episodes"]
            assert kind["first"] <= kind["last"]
            assert kind["bytes"]["from_device"] > 0
    assert {r["ace"] for r in evidence["rules"]} == named


def test_replay_of_the_same_capture_blocks_nothing(cli, folder, week):
    out = os.path.join(folder, "profiles")
    profile = one(cli, week, "--out", out)["profile"]
    told = json.loads(cli("replay", week, "--profile", profile, "--device", MAC,
                          "--json").stdout)
    assert told["blocked"] == {"packets": 0, "flows": 0} and told["packets"] > 50


def test_replay_of_another_device_is_refused(cli, folder, week):
    profile = one(cli, week, "--out", os.path.join(folder, "p"))["profile"]
    impostor = make(folder, "impostor.pcap", Device().boot("lamp").cloud(
        "evil.example", "203.0.113.66").tcp("203.0.113.67", 23))
    told = json.loads(cli("replay", impostor, "--profile", profile, "--device", MAC,
                          "--json", code=6).stdout)
    assert told["blocked"]["flows"] == 2


def test_services_of_the_house(cli, folder):
    """The phone asks the lamp; in another home that is the local network."""
    lamp = Device()
    for _ in range(3):
        lamp.boot().asked(9999).wait(3600)
    path = make(folder, "served.pcap", lamp)
    device = one(cli, path, "--out", os.path.join(folder, "p"))
    served = [a for a in aces(load(device["profile"]))
              if a["matches"].get("tcp", {}).get("destination-port", {}).get("port") == 9999]
    assert len(served) == 2
    for ace in served:
        assert "local-networks" in ace["matches"]["ietf-mud:mud"]
        assert ace["matches"]["tcp"]["ietf-mud:direction-initiated"] == "to-device"
    cli("replay", path, "--profile", device["profile"], "--device", MAC)


def test_ipv6(cli, folder):
    lamp = Device()
    lamp.put(frames.router_advertisement(homecap.GATEWAY_MAC, "fe80::1",
                                         prefix="2001:db8:7::/64"))
    lamp.boot()
    lamp.address = "2001:db8:7::7"
    for _ in range(2):
        lamp.tcp("2001:db8:ffff::9", 8883)
    path = make(folder, "six.pcap", lamp)
    device = one(cli, path, "--out", os.path.join(folder, "p"))
    six = [a for a in aces(load(device["profile"]), "from-ipv6")
           if a["matches"].get("ipv6", {}).get("destination-ipv6-network")]
    assert [a["matches"]["ipv6"]["destination-ipv6-network"] for a in six] == [
        "2001:db8:ffff::9/128"]
    cli("replay", path, "--profile", device["profile"], "--device", MAC)


def test_what_mud_cannot_say_is_told(cli, folder):
    """Many names below one parent are one kind; a MUD file lists those that were seen."""
    lamp = Device()
    for i in range(6):
        lamp.boot().cloud(f"s{i}.eu.lamps.example", f"198.51.100.{20 + i}")
        lamp.wait(3600)
    path = make(folder, "many.pcap", lamp)
    device = one(cli, path, "--out", os.path.join(folder, "p"))
    evidence = load(device["evidence"])
    spelt = [r for r in evidence["rules"] if r["in_mud"] == "spelt out"]
    assert [r["aces"] for r in spelt] == [6] and "a MUD file has names" in spelt[0][
        "in_mud_why"]
    assert names_of(load(device["profile"])) >= {f"s{i}.eu.lamps.example" for i in range(6)}
    assert "In the MUD file spelt out" in cli("learn", path).stdout


def test_nothing_is_overwritten(cli, folder, week):
    out = os.path.join(folder, "p")
    profile = one(cli, week, "--out", out)["profile"]
    with open(profile, "w", encoding="utf-8") as f:
        f.write("mine")
    done = cli("learn", week, "--out", out, code=5)
    assert "exists already" in done.stderr and "--force" in done.stderr
    with open(profile, encoding="utf-8") as f:
        assert f.read() == "mine"
    one(cli, week, "--out", out, "--force")
    cli("mud", "lint", profile)
    assert stat.S_IMODE(os.stat(profile).st_mode) & 0o133 == 0
    os.unlink(profile)  # only the evidence is there: still nothing is written
    cli("learn", week, "--out", out, code=5)
    assert not os.path.exists(profile)


def test_a_folder_that_cannot_be(cli, folder, week):
    assert "cannot be" in cli("learn", week, "--out", week, code=1).stderr
    assert "cannot be made" in cli("learn", week, "--out", os.path.join(
        folder, "a", "b"), code=1).stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_is_told(cli, week):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([cli.program, "learn", week], stdout=full,
                              stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1 and b"could not be written" in done.stderr
    assert b"Success" not in done.stderr


# ---- a published profile ----

def published(folder, **change):
    allowed = {"ipv4": {"protocol": 6, "ietf-acldns:dst-dnsname": "cloud.lamps.example"},
               "tcp": {"destination-port": {"operator": "eq", "port": 443},
                       "ietf-mud:direction-initiated": "from-device"}}
    never = {"ipv4": {"protocol": 6, "ietf-acldns:dst-dnsname": "spare.lamps.example"},
             "tcp": {"destination-port": {"operator": "eq", "port": 8883},
                     "ietf-mud:direction-initiated": "from-device"}}
    mud = {"ietf-mud:mud": {
        "mud-version": 1, "mud-url": "https://lamps.example/lamp.json",
        "last-update": "2026-03-01T07:00:00Z", "cache-validity": 48, "is-supported": True,
        "from-device-policy": {"access-lists": {"access-list": [{"name": "from"}]}},
        "to-device-policy": {"access-lists": {"access-list": [{"name": "to"}]}}, **change},
        "ietf-access-control-list:acls": {"acl": [
            {"name": "from", "type": "ipv4-acl-type", "aces": {"ace": [
                {"name": n, "matches": m, "actions": {"forwarding": "accept"}}
                for n, m in (("cloud", allowed), ("spare", never))]}},
            {"name": "to", "type": "ipv4-acl-type", "aces": {"ace": []}}]}}
    path = os.path.join(folder, "published.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(mud, f, indent=1)
    return path


def test_against_a_published_profile(cli, folder, week):
    path = published(folder)
    against = one(cli, week, "--against", path, code=6)["against"]
    more = {a["witness"]["peer"] for a in against["done_not_allowed"]}
    assert "0.pool.ntp.example" in more
    less = [a["ace"] for a in against["allowed_not_seen"]]
    assert less == ["spare"]
    for access in against["done_not_allowed"]:
        assert access["evidence"], access["sentence"]
        assert all(k["episodes"] >= 1 for k in access["evidence"])
    text = cli("learn", week, "--device", MAC, "--against", path, code=6).stdout
    assert "+ done, and not allowed there" in text and "seen: udp 123 to" in text
    assert "- allowed there, and never seen: it may open TCP to spare.lamps" in text


def test_against_itself_is_the_same(cli, folder, week):
    profile = one(cli, week, "--out", os.path.join(folder, "p"))["profile"]
    against = one(cli, week, "--against", profile)["against"]
    assert against["done_not_allowed"] == [] and against["allowed_not_seen"] == []


def test_against_wants_one_device(cli, folder):
    path = make(folder, "two.pcap", Device().day(1),
                Device(OTHER, "192.168.7.8", homecap.START + 50).day(1))
    done = cli("learn", path, "--against", published(folder), code=2)
    assert "--device" in done.stderr
    broken = os.path.join(folder, "b.json")
    with open(broken, "w", encoding="utf-8") as f:
        f.write("{")
    cli("learn", path, "--device", MAC, "--against", broken, code=1)


# ---- bad input ----

def test_a_broken_capture_counts_as_far_as_it_goes(cli, folder):
    whole = homecap.pcap(Device().day(6))
    path = os.path.join(folder, "cut.pcap")
    with open(path, "wb") as f:
        f.write(whole[:-7])
    done = cli("learn", path, "--device", MAC, "--json", code=1)
    assert re.search(r"cut\.pcap: not read to its end: .*\d", done.stderr)
    told = json.loads(done.stdout)
    assert told["captures"][0]["problem"] and told["devices"][0]["episodes"] == 6
    intact = make(folder, "intact.pcap", Device(now=homecap.START + 9e6).day(2))
    told = learn(cli, path, intact, "--device", MAC, code=1)
    assert told["devices"][0]["episodes"] == 8
    assert [bool(c["problem"]) for c in told["captures"]] == [True, False]


def test_no_capture_at_all(cli, folder):
    noise = os.path.join(folder, "noise")
    with open(noise, "wb") as f:
        f.write(b"nothing of that kind at all")
    assert "pcap or pcapng" in cli("learn", noise, code=1).stderr
    assert "No such file" in cli("learn", "none.pcap", code=1).stderr
    empty = make(folder, "empty.pcap")
    assert "no device of a home" in cli("learn", empty, code=4).stderr


def test_a_device_that_is_not_there(cli, week):
    done = cli("learn", week, "--device", "02:00:00:00:00:99", code=4)
    assert "does not appear in this capture" in done.stderr and done.stdout == ""
    assert "is none" in cli("learn", week, "--device", "lamp", code=2).stderr
    assert "something is missing" in cli("learn", code=2).stderr


def test_a_hostile_name_is_shown_harmless(cli, folder):
    lamp = Device()
    lamp.boot("x\x1b[2J\u202e").ask("a\x1b[2Jb.example", "198.51.100.9")
    path = make(folder, "hostile.pcap", lamp.tcp("198.51.100.9", 443))
    out = os.path.join(folder, "p")
    done = cli("learn", path, "--out", out)
    assert "\x1b" not in done.stdout and "\u202e" not in done.stdout
    assert cli("learn", path, "--json").stdout.isascii()
    cli("mud", "lint", os.path.join(out, FILE + ".json"))


def test_a_scan_is_a_finding_and_no_rule(cli, folder):
    lamp = Device().day(6)
    for i in range(1, 255):
        lamp.tcp(f"192.168.7.{i}", 23, dst_mac="02:00:00:00:01:%02x" % i, answered=False)
    path = make(folder, "scan.pcap", lamp)
    device = one(cli, path, "--out", os.path.join(folder, "p"))
    assert {f["kind"] for f in device["findings"]} & {"scan", "fan-out"}
    assert not [a for a in aces(load(device["profile"]))
                if a["matches"].get("tcp", {}).get("destination-port", {}).get("port") == 23]
    assert "Finding, not in the profile" in cli("learn", path, "--device", MAC).stdout


def test_a_computer_is_told_as_one(cli, folder):
    """More names than a device with a purpose has: bounded, and said so."""
    pc = Device().boot("laptop")
    for i in range(3000):
        pc.cloud(f"site{i}.www{i}.example", "198.51.%d.%d" % (100 + i // 250, i % 250))
    path = make(folder, "pc.pcap", pc)
    device = one(cli, path)
    assert "diverse" in " ".join(f["kind"] for f in device["findings"])
    assert device["kinds"] <= 1024


def test_the_clock_may_jump_back(cli, folder):
    late, early = Device(now=homecap.START + 9e6).day(2), Device().day(2)
    frames_of = late.frames + early.frames
    path = os.path.join(folder, "jump.pcap")
    with open(path, "wb") as f:
        f.write(homecap.pcap())
        for when, frame in frames_of:
            f.write(struct.pack("<IIII", int(when), 0, len(frame), len(frame)) + frame)
    assert one(cli, path)["episodes"] == 4


def test_captures_without_a_link_layer(cli, folder):
    """Of a router's tunnel, say: a device is its address."""
    lamp = Device().day(3)
    path = make(folder, "raw.pcap", lamp, linktype=101, strip=14)
    told = learn(cli, path, "--device", lamp.address, "--out", os.path.join(folder, "p"))
    device = told["devices"][0]
    assert device["mac"] is None and device["address"] == lamp.address
    assert device["profile"].endswith("/192.168.7.7.json")
    assert "cloud.lamps.example" in names_of(load(device["profile"]))
    cli("replay", path, "--profile", device["profile"], "--device", lamp.address)


def test_from_a_pipe(cli, week):
    with open(week, "rb") as f:
        assert "lamp" in cli("learn", "-", stdin=f).stdout


@pytest.mark.skipif(not shutil.which("editcap"), reason="no editcap: install tshark")
def test_pcapng(cli, folder, week):
    path = os.path.join(folder, "week.pcapng")
    subprocess.run(["editcap", "-F", "pcapng", week, path], check=True)
    a, b = one(cli, week), one(cli, path)
    assert a == b
