# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices are learned while they work: what they do, by which names, once each; what was
learned survives the engine, and is what holds once the owner approves it."""

import os
import signal
import socket
import time

import pytest

from lab import dns, frames, internet

EPISODES = 6  # one more than an estimate needs
OWN_NAME, OWN4 = "api.tablet.example", "203.0.113.20"
PORT = internet.ANY_TCP
GROUP_PORT = 21027  # nobody knows it: a conversation like any other


@pytest.fixture(scope="module")
def tablet(opened):
    """A device without a maker's file that has a cloud of its own."""
    opened.internet.zone.add(OWN_NAME, OWN4)
    device = opened.add_device("tablet", 0x61).join()
    device.wait_ready()
    opened.cardea.wait_state(device.mac, "learning")
    yield device
    opened.remove_device("tablet")


def learning(home, device):
    return home.cardea.json("profile", "learn", device.mac)


def episode(home, device, deeds):
    """What deeds() does is one episode."""
    before = learning(home, device)["episodes"]
    deeds()
    home.cardea.cli("profile", "learn", device.mac, "--episode")
    home.cardea.wait(lambda: learning(home, device)["episodes"] > before,
                     what="the end of the episode of " + device.name)


def use_cloud(device):
    address, = device.resolve(OWN_NAME, dns.A)
    assert device.echo_tcp(address, PORT)


def conversations(home, device):
    return learning(home, device)["conversations"]


def test_what_it_does_by_the_names_it_was_told(home, tablet):
    for _ in range(EPISODES):
        episode(home, tablet, lambda: use_cloud(tablet))
    told = learning(home, tablet)
    assert told["mac"] == tablet.mac and told["learned"] is True
    assert told["unseen"]["state"] != "unknown"
    cloud, = [k for k in told["conversations"] if k["peer_name"] == OWN_NAME]
    assert (cloud["protocol"], cloud["port"], cloud["place"]) == ("tcp", PORT, "internet")
    assert cloud["episodes"] == EPISODES and cloud["flows"] == EPISODES
    asked = [k for k in told["conversations"] if k["detail"] == "A " + OWN_NAME]
    assert asked and all(k["episodes"] == EPISODES for k in asked)
    row, = [d for d in home.cardea.json("profile", "learn")["devices"]
            if d["mac"] == tablet.mac]
    assert row["episodes"] == told["episodes"] and row["kinds"] == told["kinds"]


def test_bridged_packets_are_counted_once(home, tablet):
    """Both ports of the bridge see them, and the bridge; each is one packet."""
    phone, number = home["phone"], 7

    def talk():
        with phone.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((phone.ipv4, GROUP_PORT))
            for _ in range(number):
                sock.sendto(b"bridged", (tablet.ipv4, GROUP_PORT + 1))

    with tablet.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        there.bind((tablet.ipv4, GROUP_PORT + 1))
        there.settimeout(30)
        episode(home, phone, talk)
        assert [there.recv(64) for _ in range(number)] == [b"bridged"] * number
    mine, = [k for k in conversations(home, phone)
             if (k["protocol"], k["port"]) == ("udp", GROUP_PORT + 1)]
    assert mine["place"] == "device" and mine["peer_mac"] == tablet.mac
    assert mine["packets"] == number
    assert mine["bytes"]["from_device"] == number * (20 + 8 + len(b"bridged"))


def test_a_frame_to_all_is_counted_once(home, tablet):
    def call():
        with tablet.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            for _ in range(5):
                sock.sendto(b"anybody", ("255.255.255.255", GROUP_PORT))

    episode(home, tablet, call)
    call, = [k for k in conversations(home, tablet) if k["port"] == GROUP_PORT]
    assert call["place"] == "group" and call["packets"] == 5


def saved(home):
    return home.cardea.json("profile", "learn")["saved"]


def test_kill_and_restart_keep_it(home, tablet):
    before, was = learning(home, tablet), saved(home)
    episode(home, tablet, lambda: use_cloud(tablet))
    home.cardea.wait(lambda: saved(home) != was, what="the state in the store")
    kept = learning(home, tablet)
    assert kept["episodes"] == before["episodes"] + 1
    engine, = [p for p in home.cardea.status()["sandbox"] if p["name"] == "engine"]
    os.kill(engine["pid"], signal.SIGKILL)
    home.cardea.wait(lambda: (home.cardea.status() or {}).get("ready") is True,
                     what="the next engine")
    again = learning(home, tablet)
    for key in ("episodes", "kinds", "unseen", "contexts", "first", "last"):
        assert again[key] == kept[key], key
    episode(home, tablet, lambda: use_cloud(tablet))
    cloud, = [k for k in conversations(home, tablet) if k["peer_name"] == OWN_NAME]
    assert cloud["episodes"] == EPISODES + 2


def test_a_scan_is_named_and_not_learned(home):
    crook = home.add_device("crook", 0x62).join()
    try:
        crook.wait_ready()
        home.cardea.wait_state(crook.mac, "learning")

        def scan():
            for last in range(100, 180):
                with crook.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
                    sock.setblocking(False)
                    sock.connect_ex(("203.0.113.%d" % last, 23))
                    time.sleep(0.02)

        episode(home, crook, lambda: crook.resolve(OWN_NAME, dns.A))
        scan()
        home.cardea.cli("profile", "learn", crook.mac, "--episode")
        found = home.cardea.wait(lambda: learning(home, crook)["findings"],
                                 what="a finding about the scan")
        assert {f["kind"] for f in found} & {"scan", "fan-out", "known-bad"}
        told = home.cardea.wait(
            lambda: [e for e in home.cardea.events() if e["kind"] == "learned" and
                     e["device"] == "crook"], what="the event about it")
        assert len(told) == len(found)
        rules = " ".join(r["sentence"] for r in learning(home, crook)["list"])
        assert "port 23" not in rules
    finally:
        home.remove_device("crook")


def test_nothing_was_lost_on_the_way(home):
    seen = home.cardea.wait(
        lambda: [o for o in [home.cardea.json("profile", "learn")["observed"]]
                 if o["records"]], what="the sensor's counts")[0]
    assert seen["packets"] > 100
    assert seen["dropped"] == seen["lost"] == seen["evicted"] == seen["malformed"] == 0


def test_a_device_that_is_not_to_be_learned_is_not(home, tablet):
    home.cardea.cli("profile", "learn", tablet.mac, "--stop")
    before = learning(home, tablet)
    assert before["learned"] is False
    use_cloud(tablet)
    home.cardea.cli("profile", "learn", tablet.mac, "--episode")
    time.sleep(2)
    assert learning(home, tablet)["episodes"] == before["episodes"]
    home.cardea.cli("profile", "learn", tablet.mac, "--start")
    episode(home, tablet, lambda: use_cloud(tablet))


def test_export(home, tablet, tmp_path):
    home.cardea.cli("profile", "export", tablet.mac, "--out", str(tmp_path))
    name = tablet.mac.replace(":", "-")
    mud, evidence = tmp_path / (name + ".json"), tmp_path / (name + ".evidence.json")
    lint = home.cardea.cli("mud", "lint", str(mud), check=False)
    assert lint.returncode == 0, lint.stdout + lint.stderr
    assert OWN_NAME in mud.read_text() and '"cardea.evidence/1"' in evidence.read_text()
    again = home.cardea.cli("profile", "export", tablet.mac, "--out", str(tmp_path),
                            check=False)
    assert again.returncode == 5


def test_what_is_approved_holds(home, tablet):
    sink = home.internet.sink
    refused = home.cardea.cli("profile", "approve", tablet.mac, check=False)
    assert refused.returncode == 5 and "not settled" in refused.stderr
    dry = home.cardea.cli("profile", "approve", tablet.mac, "--now", "--dry-run")
    assert OWN_NAME in dry.stdout
    assert home.cardea.devices()[tablet.mac]["state"] == "learning"
    done = home.cardea.cli("profile", "approve", tablet.mac, "--now")
    assert OWN_NAME in done.stdout and "cardea profile abandon tablet" in done.stderr
    home.cardea.wait_state(tablet.mac, "protected")
    try:
        use_cloud(tablet)
        sink.clear()
        for port in (PORT, 80):
            assert tablet.connect(internet.MEDIA4, port, timeout=1) is None
        assert tablet.connect(OWN4, PORT + 1, timeout=1) is None
        use_cloud(tablet)
        home.sync()
        mine = [p for p in sink.packets() if p.proto == frames.TCP and
                (p.dst == internet.MEDIA4 or p.dport == PORT + 1)]
        assert mine == []
        assert sink.count(dst=OWN4, dport=PORT) > 0
        layers = home.cardea.json("profile", "show", tablet.mac)["layers"]
        assert layers["adopted"]["layer"] == "learned" and layers["maker"] is None
    finally:
        home.cardea.cli("profile", "abandon", tablet.mac)
    assert tablet.connect(internet.MEDIA4, PORT) is not None


def test_again_forgets(home, tablet):
    home.cardea.cli("profile", "learn", tablet.mac, "--again", "--yes")
    assert learning(home, tablet)["episodes"] == 0
    episode(home, tablet, lambda: use_cloud(tablet))
    assert learning(home, tablet)["episodes"] == 1
