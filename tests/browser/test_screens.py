# SPDX-License-Identifier: GPL-2.0-or-later
"""Every screen at 360, 768 and 1440 px, light and dark: axe finds no violation, the console
is silent, nothing is wider than the window. CARDEA_SHOTS=FOLDER: a picture of each, which
`make screenshots` asks for."""

import socket

import pytest

from conftest import MANAGED
from lab import internet, mudfiles

# name of the picture -> address
PAGES = {"home": "/", "devices": "/devices", "live": "/live", "leaves": "/leaves",
         "unusual": "/anomalies", "quarantine": "/quarantine", "system": "/system",
         "settings": "/settings", "changes": "/changes",
         "not-found": "/nothing-here"}


def pages_of(home):
    """These, and those of a device that something was refused to."""
    camera = home.cardea.devices()[home["camera"].mac]["id"]
    event = next(e["id"] for e in home.cardea.events() if e["kind"] == "violation")
    return {**PAGES, **{"device-" + tab: "/devices/%d/%s" % (camera, tab)
                        for tab in ("talks", "rules", "timeline", "identity")},
            "why": "/why/%d" % event, "review": "/review/%d" % camera}


def moves_in(home):
    """A device whose file nobody signed: the owner is asked about it."""
    url = internet.mud_url("vacuum/v1")
    home.internet.web.publish(url, mudfiles.build(
        url, "A robot vacuum", "Lab Maker", "vacuum", [mudfiles.cloud(internet.CLOUD_NAME)],
        signature=False))
    home.add_device("vacuum", 0xa0, url=url).join().wait_ready()
    home.cardea.wait(lambda: home.cardea.json("decide", "list")["decisions"],
                     what="the question")


def talks(device, kilobytes):
    """With its cloud, which says back what it is told."""
    address = device.resolve(internet.CLOUD_NAME)[0]
    with device.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.settimeout(30)
        sock.connect((address, 443))
        for _ in range(kilobytes):
            sock.sendall(bytes(1024))
            left = 1024
            while left:
                got = len(sock.recv(left))
                assert got, "the cloud hung up"
                left -= got


def live_a_little(home):
    """So that there is something to see."""
    camera, bulb = home["camera"], home["bulb"]
    moves_in(home)
    talks(camera, 900)
    talks(bulb, 12)
    camera.send_udp(internet.C2_4, 6667)
    camera.send_udp(internet.C2_4, 4444)
    for name, said, kind in (
            ("camera", "Kitchen camera", "camera"), ("bulb", "Reading lamp", "light"),
            ("plug", "Old plug", "plug"), ("hub", "Hue bridge", "hub"),
            ("printer", "Printer", "printer"), ("phone", "Phone of Anna", "phone"),
            ("vacuum", "Robot vacuum", "appliance")):
        home.cardea.cli("device", "rename", home[name].mac, said)
        home.cardea.cli("device", "set", home[name].mac, "--class", kind)
    home.cardea.cli("quarantine", "add", home["plug"].mac, "--reason", "It scanned the house.")
    home.cardea.wait(lambda: any(e["kind"] == "violation" for e in home.cardea.events()),
                     what="a violation in the journal")


@pytest.fixture(scope="module")
def lived(stage):
    live_a_little(stage.home)
    return stage


def test_screens(lived):
    lived.play("screens", timeout=600, pages=pages_of(lived.home))


# What the pages then say, of the gateway's words.
SAID = {"live": "Ein neues Gerät ist da", "device-timeline": "wird durchgesetzt|ist geschützt",
        "why": "Das Profil des Herstellers", "home": "Seine Datei ist nicht signiert",
        "settings": "Anschlüsse zum Heimnetz", "quarantine": "dieses Gateway nach Namen",
        "changes": "heißt jetzt"}


def test_german(lived):
    """No sentence in English."""
    home = lived.home
    names = [d["name"] for d in home.cardea.devices().values()]
    lived.play("german", timeout=280, pages=pages_of(home), said=SAID,
               names=[*names, *MANAGED, "phone", "vacuum", "It scanned the house."])
