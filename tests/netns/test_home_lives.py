# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices that attack are out of service within seconds, whoever tells the engine of their
packets; one that is needed keeps the house; and who looks finds out why."""

import time

import pytest

from lab import LabError, Home, internet
from lab.malware import Malware

HOST = "203.0.113.77"
SOON = 60  # seconds; the slowest is a flood, of which the kernel tells every ten


# nft tells of forty packets at once, then of ten a second: a scan that ended after half a
# second would be told of for forty addresses or so, which is just what it takes.
PAUSE = 0.02


@pytest.fixture(scope="module", params=["auto", "nft"])
def house(request):
    with Home() as home:
        home.cardea = home.gateway.start_cardea(enforce={"backend": request.param})
        home.join_all()
        for name in ("bulb", "camera", "plug", "printer", "phone"):
            home.cardea.wait_state(home[name].mac,
                                   "learning" if name == "phone" else "protected")
        yield home


def out(cardea, device, state="quarantined"):
    started = time.monotonic()
    try:
        cardea.wait_state(device.mac, state, timeout=SOON)
    except LabError as error:
        shown = cardea.json("device", "show", device.mac)
        raise LabError("%s: %s, %s" % (error, shown["state"], shown["suspicion"])) from error
    return cardea.json("device", "show", device.mac), time.monotonic() - started


def test_a_scan(house):
    cardea, camera = house.cardea, house["camera"]
    Malware(camera).scan_addresses(120, port=8081, pause=PAUSE)
    shown, seconds = out(cardea, camera)
    assert seconds < SOON and shown["hold"] == "quarantined"
    assert shown["evidence"][-1]["kind"] == "attack"
    assert "address scan" in shown["evidence"][-1]["detail"]
    assert shown["since"] and shown["allowed_in_quarantine"]
    house.internet.sink.clear()
    Malware(camera).call_home(2)
    assert house.internet.sink.count(dst=internet.C2_4) == 0
    told = cardea.cli("quarantine", "history", camera.mac).stdout
    assert "it attacks" in told
    assert cardea.status()["states"]["quarantined"] == 1


def test_what_is_needed_keeps_the_house(house):
    cardea, plug = house.cardea, house["plug"]
    cardea.cli("device", "set", plug.mac, "--class", "heating")
    Malware(plug).scan_addresses(120, port=8081, pause=PAUSE)
    assert out(cardea, plug, "limited")[0]["hold"] == "limited"


FLOOD = """import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("%s", 9999))
end = time.monotonic() + 13
while time.monotonic() < end:
    for _ in range(400):
        try:
            s.send(b"x")
        except OSError:
            pass
    time.sleep(0.02)
"""


def test_a_flood(house):
    """By one packet's kind alone: the kernel tells of it now and then, with a count."""
    cardea, printer = house.cardea, house["printer"]
    printer.ns.run(["/usr/bin/python3", "-c", FLOOD % HOST], check=False, timeout=60)
    assert "flood" in out(cardea, printer)[0]["suspicion"]["why"]


def test_the_owner_releases_in_two_steps(house):
    cardea, bulb = house.cardea, house["bulb"]
    cardea.cli("quarantine", "add", bulb.mac, "--reason", "a test")
    first = cardea.json("quarantine", "release", bulb.mac)
    assert first["state"] == "quarantined" and len(first["code"]) == 6
    wrong = "%06d" % ((int(first["code"]) + 1) % 1000000)
    no = cardea.cli("quarantine", "release", bulb.mac, "--code", wrong, check=False)
    assert no.returncode != 0 and "not the number" in no.stderr
    cardea.cli("quarantine", "release", bulb.mac, "--code", first["code"])
    assert cardea.device(bulb.mac)["state"] == "probation"
    assert bulb.resolve(internet.CLOUD_NAME) and bulb.echo_tcp(internet.CLOUD4, 443)
