# SPDX-License-Identifier: GPL-2.0-or-later
"""cardea profile life: what was learned from some captures, against what came later. The
made-up lamp goes through a whole life; the plug of others' captures (CARDEA_DATA) too."""

import glob
import json
import os

import pytest

import homecap
import test_mud_data
from homecap import Device, write
from lab import frames

MAC = "02:00:00:00:00:07"
DAY = 86400
PLUG = os.path.join(os.path.dirname(test_mud_data.DATA), "pcap/nku-lifecycle")
PLUG_MAC = "f4:21:ae:9e:8f:cb"
needs_plug = pytest.mark.skipif(
    not os.path.isdir(PLUG), reason="the life cycle captures are not here: set CARDEA_DATA")


def life(cli, *args, code=0):
    told = json.loads(cli("profile", "life", *args, "--json", code=code).stdout)
    assert told["schema"] == "cardea.life/1"
    return told


def one(cli, *args, mac=MAC):
    devices = life(cli, *args, "--device", mac)["devices"]
    assert [d["mac"] for d in devices] == [mac]
    return devices[0], {p["name"]: p for p in devices[0]["phases"]}


def events(phase, kind):
    return [e["text"] for e in phase["events"] if e["event"] == kind]


def passed_and_not(phase):
    """What would have been let through, and what not, in conversations."""
    n = phase["conversations"]
    blocked = n["blocked"] + n["refused"] + n["poison"]
    return sum(n.values()) - blocked - n["ignored"], blocked


# ---- a lamp of our own ----

def download(device, name, address, size=3 << 20):
    """Firmware: so much of the internet at once."""
    device.ask(name, address)
    device.port += 1
    there, mine = (address, device.port, 443), (address, 443, device.port)
    device.out(frames.tcp, *there)
    device.back(frames.tcp, *mine, flags=frames.SYN | frames.ACK)
    for _ in range(size // 1400):
        device.back(frames.tcp, *mine, flags=frames.ACK, payload=b"f" * 1400)
    device.out(frames.tcp, *there, flags=frames.ACK, payload=b"q" * 200)
    device.out(frames.tcp, *there, flags=frames.ACK | frames.FIN)
    device.back(frames.tcp, *mine, flags=frames.ACK | frames.FIN)
    return device


def on_day(n):
    return Device(now=homecap.START + n * DAY)


def used(device, times=1):
    for _ in range(times):
        device.asked(80).cloud()
        device.wait(3 * 3600)
    return device


@pytest.fixture
def lamp(folder):
    """Captures of a life, by what they are."""
    device = Device()
    for _ in range(8):
        device.boot().cloud().ask("0.pool.ntp.example", "203.0.113.7")
        device.udp("203.0.113.7", 123).asked(80)
        device.wait(4 * 3600)
    update = download(on_day(4), "fw.bigcdn.example", "198.51.100.200")
    update.wait(20)
    # the new firmware has another cloud, and another port of the old one
    update.boot().ask("v2.other.example", "203.0.113.80").tcp("203.0.113.80", 443)
    update.ask("cloud.lamps.example", "198.51.100.9").tcp("198.51.100.9", 8883)
    after = on_day(5)
    for _ in range(7):
        after.boot().cloud().tcp("198.51.100.9", 8883)
        after.ask("v2.other.example", "203.0.113.80").tcp("203.0.113.80", 443)
        after.wait(5 * 3600)
    stranger = on_day(8).ask("strange.example", "203.0.113.90")
    stranger.tcp("203.0.113.90", 443)
    worm = on_day(9)
    for n in range(60):
        worm.tcp(f"203.0.113.{n + 100}", 23, answered=False)
    captures = {
        "first": device,
        "setup": on_day(2).boot().cloud(),
        "use": used(on_day(3), 3).cloud("api.lamps.example", "198.51.100.10"),
        "update": update, "after": after, "stranger": stranger, "worm": worm}
    return {k: write(os.path.join(folder, k + ".pcap"), d) for k, d in captures.items()}


def then(captures, *names):
    return [x for n in names for x in ("--then", f"{n}={captures[n]}")]


ALL = ("setup", "use", "update", "after", "stranger", "worm")


def test_a_whole_life(cli, lamp):
    device, phases = one(cli, lamp["first"], *then(lamp, *ALL))
    assert [p["name"] for p in device["phases"]] == list(ALL)
    assert device["approved"] == 4  # cloud, DNS, NTP, the phone

    # conversations that pass, and that do not
    table = {n: passed_and_not(phases[n]) for n in ALL}
    assert table["setup"] == (2, 0)
    assert table["use"][1] == 0
    assert table["update"][1] == 0, "an update is never blocked"
    assert table["after"][1] == 0
    assert table["stranger"] == (1, 1)  # it may ask for names
    assert table["worm"][0] == 0 and table["worm"][1] == 60

    assert events(phases["use"], "auto-accepted") == [
        "may use tcp 443 to api.lamps.example: it belongs to whom it knows, by a port "
        "that it uses"]
    assert phases["update"]["conversations"]["grace"] == 1
    assert phases["update"]["conversations"]["relearned"] == 2
    assert len(events(phases["update"], "window-opened")) == 1
    assert phases["update"]["window"] == {
        "version": 2, "episodes": 0, "until": phases["update"]["window"]["until"]}
    assert len(events(phases["after"], "window-closed")) == 1
    assert phases["after"]["window"] is None
    assert phases["worm"]["conversations"]["poison"] == 60
    assert not events(phases["worm"], "asked")


def test_what_the_update_changed(cli, lamp):
    device, _ = one(cli, lamp["first"], *then(lamp, "setup", "use", "update", "after"))
    first, second = device["versions"]
    assert first["number"] == 1 and first["changes"] == []
    assert second["number"] == 2 and second["closed"] and second["waiting"] == 3
    assert {(c["change"], c["text"]) for c in second["changes"]
            if c["change"] == "added"} == {
        ("added", "uses tcp 443 to fw.bigcdn.example"),
        ("added", "uses tcp 443 to v2.other.example"),
        ("added", "uses tcp 8883 to cloud.lamps.example")}
    by_name = {i["kind"]: i for i in device["proposals"]}
    firmware = by_name["tcp 443 to fw.bigcdn.example"]
    assert firmware["contexts"] == {"update": 1} and firmware["named"] == "dns"
    assert firmware["bytes_to_device"] > 3 << 20
    assert firmware["week"]["conversations"] == 1 and firmware["week"]["blocked"] == 0
    assert all(i["version"] == 2 for i in device["proposals"])


def test_the_owner_is_not_asked_twice(cli, lamp):
    args = (lamp["first"], *then(lamp, "stranger"), "--then",
            "again=" + lamp["stranger"], "--strict")
    _, phases = one(cli, *args, "--answer", "reject")
    assert len(events(phases["stranger"], "asked")) == 1
    assert phases["again"]["conversations"]["refused"] == 1
    assert not events(phases["again"], "asked")
    device, phases = one(cli, *args, "--answer", "accept")
    assert phases["again"]["conversations"]["blocked"] == 0
    assert passed_and_not(phases["again"]) == (2, 0)
    assert device["week"]["house"]["proposals"]["accepted"] == 1
    assert device["week"]["house"]["false_blocks"] == 1


def test_strict_blocks_the_host_of_a_first_update(cli, lamp):
    _, phases = one(cli, lamp["first"], *then(lamp, "update"), "--strict")
    assert phases["update"]["conversations"]["grace"] == 0
    assert phases["update"]["conversations"]["blocked"] == 3
    assert phases["update"]["window"]["version"] == 2  # the learner sees it all the same


def test_words_for_people(cli, lamp):
    told = cli("profile", "life", lamp["first"], *then(lamp, *ALL), "--device", MAC).stdout
    assert told.startswith(f"{MAC}: 4 kinds approved\n")
    assert "  setup: 2 known\n" in told
    assert "learning anew: version 2" in told
    assert "    added: uses tcp 8883 to cloud.lamps.example\n" in told
    assert "because nobody of that name is known by this port" in told


def test_usage(cli, lamp):
    done = cli("profile", "life", lamp["first"], "--then", lamp["use"], code=2)
    assert "say what these captures are" in done.stderr
    cli("profile", "life", lamp["first"], "--answer", "maybe", code=2)
    cli("profile", "life", lamp["first"], "--device", "lamp", code=2)
    cli("profile", "life", lamp["first"], "--device", "02:00:00:00:00:99", code=4)
    done = cli("profile", "life", lamp["first"], "--then", "use=/nowhere.pcap", code=1)
    assert "nowhere" in done.stderr


def test_a_broken_capture_counts_as_far_as_it_goes(cli, lamp, folder):
    cut = os.path.join(folder, "cut.pcap")
    with open(lamp["use"], "rb") as f:
        whole = f.read()
    with open(cut, "wb") as f:
        f.write(whole[:len(whole) // 2])
    told = life(cli, lamp["first"], "--then", "use=" + cut, code=1)
    assert told["captures"][-1]["problem"]
    assert told["devices"][0]["phases"][0]["conversations"]["known"] > 0


# ---- the plug whose life others captured ----

def plug(*names):
    found = [p for n in names for p in
             sorted(glob.glob(f"{PLUG}/xiaodu_plug_lifecycle/xiaodu_plug_{n}.pcap"))]
    assert found
    return found


def plug_life():
    use = plug("on_*", "off_*")
    return ["--then", "setup=" + plug("setup")[0], "--then", "use=" + use[0], *use[1:],
            "--then", "update=" + plug("update")[0], "--then",
            "delete=" + plug("delete")[0]]


def table_of(phases):
    return {n: {k: v for k, v in p["conversations"].items() if v and k != "ignored"}
            for n, p in phases.items()}


@needs_plug
def test_the_plug_learned_idle(cli):
    """Learned from four idle quarters of an hour: the table that is expected."""
    device, phases = one(cli, *plug("idle_*"), *plug_life(), mac=PLUG_MAC)
    assert device["approved"] == 11
    assert table_of(phases) == {
        "setup": {"known": 4, "auto-accepted": 1},
        "use": {"known": 26},
        "update": {"known": 2},
        "delete": {"known": 3},
    }
    assert events(phases["setup"], "auto-accepted") == [
        "may use tcp 443 to ota.baidu.com: it belongs to whom it knows, by a port that it "
        "uses"]
    assert device["proposals"] == []


@needs_plug
def test_the_plug_learned_from_one_idle_quarter(cli):
    """Less was seen, so that more is asked; the update passes all the same."""
    device, phases = one(cli, *plug("idle_off_remote"), *plug_life(), mac=PLUG_MAC)
    assert device["approved"] == 7
    assert phases["update"]["blocked_packets"] == 0, "an update is never blocked"
    # by voice it calls an address that nobody has named
    asked = {i["kind"]: i for i in device["proposals"]}
    voice = asked["tcp 80 to 111.63.96.109"]
    assert (voice["named"], voice["why"]) == ("none", "no name says whose address it is")
    assert voice["week"] == {"conversations": 2, "blocked": 2, "bytes": 1448}
    # and moves more than twice what is known with one whose name is known
    more = asked["tcp 443 to ota.baidu.com"]
    assert more["why"] == "more than twice the traffic that is known"
    assert len(events(phases["use"], "beyond")) == 1
    assert len(asked) == 2


@needs_plug
@pytest.mark.parametrize("first", ["idle_on_local", "idle_off_local", "idle_on_remote"])
def test_the_update_of_the_plug_passes_whatever_was_learned(cli, first):
    for flags in ((), ("--answer", "reject")):
        _, phases = one(cli, *plug(first), *plug_life(), *flags, mac=PLUG_MAC)
        n = phases["update"]["conversations"]
        assert n["blocked"] == n["poison"] == 0 and n["known"] > 0


@needs_plug
def test_the_plug_with_a_session_of_its_own(cli):
    """Learned from one session of an hour, and then all that was captured."""
    session = f"{PLUG}/xiaodu_plug/xiaodu_plug.pcap"
    _, phases = one(cli, session, "--then", "idle=" + plug("idle_*")[0],
                    *plug("idle_*")[1:], *plug_life(), mac=PLUG_MAC)
    assert phases["update"]["blocked_packets"] == 0
    assert phases["idle"]["conversations"]["known"] > 50
