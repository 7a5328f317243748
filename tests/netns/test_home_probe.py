# SPDX-License-Identifier: GPL-2.0-or-later
"""Gentle probing, at the far end: a device falls back to a second server when the first
does not exist for it; that is found, and taken back, at once when somebody needs the
device, and when the gateway dies."""

import os
import signal
import sqlite3
import time

import pytest

from lab import Home, internet, mudfiles
from lab.frames import TCP

SPARE = "spare.maker.example"
SPARE_ADDR = "198.18.77.7"
LONGEST = 30  # seconds: the least there is
EPISODES = 2
SERVICE = 9999


def window():
    """A time of the day that holds the present, without noon."""
    now = time.localtime()
    minute = now.tm_hour * 60 + now.tm_min
    if 720 - 3 <= minute < 720:
        time.sleep(61 * (720 - minute))
        minute = 720
    start = 720 if 720 <= minute < 750 else minute - 30
    end = 720 if minute < 720 < minute + 60 else minute + 60
    return "%02d:%02d-%02d:%02d" % (start // 60 % 24, start % 60, end // 60 % 24, end % 60)


class Radio:
    """Prefers one server, and knows another."""

    def __init__(self, home, device):
        self.home, self.device = home, device
        self.mac = device.mac

    def live(self):
        """The name of the server that it got to, or None."""
        for name in (internet.CLOUD_NAME, SPARE):
            for address in self.device.resolve(name)[:1]:
                if self.device.echo_tcp(address, 443, timeout=3.0):
                    return name
        return None

    def shown(self):
        return self.home.cardea.json("probe", "show", self.mac)

    def learned(self):
        told = self.home.cardea.json("profile", "learn", self.mac)
        devices = told["devices"] if "devices" in told else [told]
        return sum(d["episodes"] for d in devices if d["mac"] == self.mac)

    def episode(self):
        """What it did up to now is one."""
        before = self.learned()
        self.home.cardea.cli("profile", "learn", self.mac, "--episode")
        self.home.cardea.wait(lambda: self.learned() > before, what="an episode")

    def allow(self):
        return self.home.cardea.cli("probe", "allow", self.mac, "--class", "speaker",
                                    "--window", window())

    def wait_state(self, *states, timeout=90.0):
        return self.home.cardea.wait(
            lambda: self.shown()["state"] in states and self.shown(), timeout,
            "probe %s" % " or ".join(states))

    def begin(self):
        """In a night that had no probe: something is refused."""
        cardea = self.home.cardea
        if cardea.process.alive():
            cardea.stop()
        with sqlite3.connect(os.path.join(cardea.state, "cardea.db")) as db:
            db.execute("DELETE FROM probe")
        db.close()
        cardea.start()
        cardea.wait_state(self.mac, "protected")
        self.home.cardea.wait(self.works, what="names")
        self.allow()
        return self.wait_state("refusing")

    def works(self):
        return self.live() == internet.CLOUD_NAME


@pytest.fixture(scope="module")
def radio():
    with Home(devices=("phone",)) as home:
        home.cardea = home.gateway.start_cardea(
            probe={"longest": LONGEST, "calm": 1, "episodes": EPISODES},
            life={"probation": 1})
        home.join_all()
        home.internet.zone.add(SPARE, SPARE_ADDR)
        home.internet.echo.tcp(SPARE_ADDR, 443)
        url = home.internet.publish("probe/radio", "Radio", [
            mudfiles.cloud(internet.CLOUD_NAME, TCP), mudfiles.serves(TCP, SERVICE)])
        device = home.add_device("radio", 0x7a, url=url).join().wait_ready()
        device.serve(TCP, SERVICE)
        home.cardea.wait_state(device.mac, "protected")
        r = Radio(home, device)
        for _ in range(EPISODES):
            home.cardea.wait(r.works, what="its cloud")
            r.episode()
        yield r


def tries(shown):
    return [t for r in shown["results"] for t in r["tries"]]


def test_who_was_not_named_is_not_probed(radio):
    cardea = radio.home.cardea
    assert cardea.json("probe", "list")["devices"] == []
    assert cardea.cli("probe", "allow", radio.mac, check=False).returncode != 0
    for name in ("lock", "alarm", "medical", "hub", "phone"):
        done = cardea.cli("probe", "allow", radio.mac, "--class", name, check=False)
        assert done.returncode != 0 and "never probed" in done.stderr
    cardea.cli("device", "rename", radio.mac, "front door")
    done = cardea.cli("probe", "allow", radio.mac, "--class", "speaker", check=False)
    assert done.returncode != 0 and "front door" in done.stderr
    cardea.cli("device", "rename", radio.mac, "radio")
    done = cardea.cli("probe", "allow", radio.mac, "--class", "speaker", "--dry-run")
    assert "could be probed" in done.stdout
    assert cardea.json("probe", "list")["devices"] == []


def test_a_fallback_is_found_and_all_is_as_before(radio):
    cardea = radio.home.cardea
    assert "undo with: cardea probe forbid" in radio.allow().stderr
    radio.wait_state("refusing")
    assert radio.device.resolve(internet.CLOUD_NAME) == []  # there is no such name
    assert radio.live() is None  # and its profile has no other
    radio.wait_state("settling", timeout=LONGEST + 60)
    radio.home.cardea.wait(radio.works, what="its cloud")
    done = radio.wait_state("recovering", "idle", timeout=LONGEST + 60)
    (result,) = done["results"]
    assert result["name"] == internet.CLOUD_NAME and result["whole_name"]
    assert [t["outcome"] for t in result["tries"]] == ["fallback"]
    (fallback,) = result["fallbacks"]
    assert fallback["name"] == SPARE and not fallback["confirmed"]
    # that it works again is seen when the conversation is told
    radio.home.cardea.wait(radio.works, what="its cloud")
    radio.episode()
    assert radio.wait_state("idle")["recovered"]
    texts = [e["text"] for e in cardea.events() if e["kind"] == "probe"]
    assert any(SPARE in t for t in texts) and any("may use" in t for t in texts)
    assert SPARE in cardea.cli("probe", "show", radio.mac).stdout
    # one a night
    assert radio.shown()["why"] == "tonight"


def test_whoever_uses_it_has_it_soon(radio):
    radio.begin()
    assert radio.device.resolve(internet.CLOUD_NAME) == []
    phone = radio.home["phone"]
    before = time.monotonic()
    assert phone.echo_tcp(radio.device.ipv4, SERVICE)
    while radio.shown()["state"] == "refusing":
        assert time.monotonic() - before < LONGEST / 2  # not because its time is over
        time.sleep(0.05)
    assert radio.device.resolve(internet.CLOUD_NAME)
    assert tries(radio.shown())[-1]["why"] == "user"
    radio.home.cardea.wait(radio.works, what="its cloud")


@pytest.mark.parametrize("how", ["stop", "forbid", "quarantine", "refuse"])
def test_the_owner_has_it_at_once(radio, how):
    cardea = radio.home.cardea
    radio.begin()
    if how == "refuse":  # something else about the device
        cardea.cli("policy", "refuse", radio.mac, "ads.example.com")
    elif how == "quarantine":
        cardea.cli("quarantine", "add", radio.mac)
    else:
        cardea.cli("probe", how, radio.mac)
    assert radio.shown()["state"] != "refusing"
    if how == "quarantine":
        code = cardea.json("quarantine", "release", radio.mac)["code"]
        cardea.cli("quarantine", "release", radio.mac, "--code", code)
    assert radio.device.resolve(internet.CLOUD_NAME)
    radio.home.cardea.wait(radio.works, what="its cloud")


def test_who_dies_takes_it_back(radio):
    cardea = radio.home.cardea
    radio.begin()
    assert radio.device.resolve(internet.CLOUD_NAME) == []
    engine = next(p for p in cardea.status()["sandbox"] if p["name"] == "engine")
    os.kill(engine["pid"], signal.SIGKILL)
    cardea.wait(lambda: (cardea.status() or {}).get("ready"), what="a new engine")
    cardea.wait(radio.works, what="the cloud")
    shown = radio.wait_state("idle", "recovering")
    assert tries(shown)[-1]["why"] == "restart"
    # and the whole gateway, without a word
    radio.begin()
    assert radio.device.resolve(internet.CLOUD_NAME) == []
    os.kill(cardea.process.popen.pid, signal.SIGKILL)
    cardea.process.popen.wait(30)
    cardea.start()
    cardea.wait(radio.works, what="the cloud")
    assert tries(radio.wait_state("idle", "recovering"))[-1]["why"] == "restart"
