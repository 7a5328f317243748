# SPDX-License-Identifier: GPL-2.0-or-later
"""The page in a real browser, against the real gateway: the first run, the login, the live
view, settings that come back, and names that are only names."""

import os
import re
import shutil
import struct
import subprocess
import threading

import pytest

from lab import frames, internet

# What a device may call itself: markup, a script, and marks that turn the direction of all
# that follows; a bell, an escape and a line's end; then as much more as a frame holds.
EVIL = ('"><img src=x onerror="window.pwned=true"><b onclick=x>'
        "<script>window.pwned=true</script>")
CALLS_ITSELF = ("<img src=x onerror=window.pwned=true>\u202eevil\u2066\x07\x1b[31m\r\n"
                "<script>window.pwned=true</script>").encode() + b"<b>" * 290
STRANGER = "00:00:5e:00:53:b0"


def announce(device):
    """A DHCP discover whose host name (option 12) is long: RFC 3396, in several pieces."""
    body = struct.pack("!BBBBIHH16x6s10x192x", 1, 1, 6, 0, 7, 0, 0x8000,
                       frames.mac_bytes(STRANGER)) + b"\x63\x82\x53\x63\x35\x01\x01"
    for at in range(0, len(CALLS_ITSELF), 255):
        piece = CALLS_ITSELF[at:at + 255]
        body += bytes([12, len(piece)]) + piece
    device.send_frame(frames.udp(STRANGER, frames.BROADCAST, "0.0.0.0", "255.255.255.255",
                                 68, 67, body + b"\xff"))
    device.send_frame(frames.arp(STRANGER, STRANGER, "192.168.1.77", "192.168.1.77"))


def test_first_run(stage):
    """The fixture went through it; the secret opens nothing any more."""
    assert not os.path.exists(os.path.join(stage.home.cardea.state, "setup-secret"))


def test_login(stage):
    stage.play("login")
    stage.play("again")


def test_a_new_password(stage):
    stage.play("password")


def test_live(stage, tmp_path):
    """The scene asks for what shall happen when it is ready for it."""
    home, end = stage.home, threading.Event()
    deeds = {"one": (internet.C2_4, 4444), "two": (internet.C2_4, 5555)}

    def obey():
        while not end.wait(0.05):
            for name, (address, port) in deeds.items():
                asked = tmp_path / name
                if asked.exists():
                    asked.unlink()
                    home["camera"].send_udp(address, port)

    thread = threading.Thread(target=obey)
    thread.start()
    try:
        stage.play("live", asks=str(tmp_path))
    finally:
        end.set()
        thread.join()


def test_settings(stage):
    stage.play("settings")


def test_watching(stage):
    """A gateway whose week is over asks; until then the page says what it does not do."""
    cardea, bulb = stage.home.cardea, stage.home["bulb"]
    cardea.cli("config", "set", "policy.mode", "watch")
    cardea.wait(lambda: cardea.json("status")["watching"]["until"], what="its end")
    bulb.send_udp(internet.C2_4, 7792)
    cardea.wait(lambda: [e for e in cardea.events() if e["kind"] == "would-block"],
                what="the word")
    cardea.stop()
    cardea.end_watching()
    cardea.start()
    cardea.wait(lambda: [d for d in cardea.json("decide", "list")["decisions"]
                         if d["kind"] == "protect"], what="the question")
    stage.play("watching", bulb=cardea.device(bulb.mac)["id"])
    assert cardea.json("status")["watching"]["mode"] == "protect"


def test_names_are_inert(stage):
    """One that somebody typed, one that came by the wire."""
    home = stage.home
    home.cardea.cli("device", "rename", home["printer"].mac, EVIL[:60])
    announce(home["phone"])
    home.cardea.wait(lambda: STRANGER in home.cardea.devices(), what="the stranger")
    rows = home.cardea.devices()
    stage.play("names", evil={"id": rows[home["printer"].mac]["id"], "shown": EVIL[:20]})
    stranger = home.cardea.device(STRANGER)
    shown = stranger["hostname"] or stranger["name"]
    assert "\x07" not in shown and "\x1b" not in shown
    stage.play("names", evil={"id": stranger["id"], "shown": stranger["name"][:20]})


@pytest.mark.skipif(not shutil.which("zbarimg"), reason="needs zbarimg (zbar-tools)")
def test_label(stage, tmp_path):
    """What a phone reads on the printed sheet is what the command line's label says."""
    home = stage.home
    hub = home.cardea.devices()[home["hub"].mac]
    stage.play("label", device=hub["id"], pictures=str(tmp_path))
    page = re.search(r"https://\S+", home.cardea.cli("device", "label", hub["mac"]).stdout).group()
    assert page.endswith("/devices/%d" % hub["id"])
    for theme in ("light", "dark"):
        read = subprocess.run(["zbarimg", "-q", "--raw", str(tmp_path / (theme + ".png"))],
                              capture_output=True, text=True, check=True)
        assert read.stdout.strip() == page
