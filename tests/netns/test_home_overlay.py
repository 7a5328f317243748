# SPDX-License-Identifier: GPL-2.0-or-later
"""What the owner says lies over a device's profile: it holds at the far end, outlives
another MUD file and a restart, and goes with its undo."""

import re

import pytest

from lab import internet, mudfiles
from lab.frames import TCP

NEWER_PORT = 8443


@pytest.fixture
def radio(opened):
    """Talks with its cloud; its maker has a second file that allows a port more."""
    accesses = [mudfiles.cloud(internet.CLOUD_NAME, TCP)]
    first = opened.internet.publish("overlay/radio-1", "Radio", accesses)
    second = opened.internet.publish("overlay/radio-2", "Radio", accesses + [
        mudfiles.cloud(internet.CLOUD_NAME, TCP, NEWER_PORT)])
    device = opened.add_device("radio", 0x79, url=first).join().wait_ready()
    opened.cardea.wait_state(device.mac, "protected")
    yield device, second
    if not opened.cardea.process.alive():
        opened.cardea.start()
    opened.remove_device("radio")


def rows(home, device):
    return [e for e in home.cardea.events()
            if e["kind"] == "refused" and e["device"] == home.cardea.device(device.mac)["name"]]


def test_a_refusal_outlives_file_and_restart(home, radio):
    device, second = radio
    cardea = home.cardea
    (address, *_) = device.resolve(internet.CLOUD_NAME)
    assert device.echo_tcp(address, 443)
    said = cardea.cli("policy", "refuse", device.mac, address)
    undo = re.search(r"undo with: cardea (.*)", said.stderr).group(1).split()

    def closed(what):
        assert not device.echo_tcp(address, 443, timeout=0.5), what

    closed("at once")
    cardea.wait(lambda: rows(home, device), what="the refusal among the events")
    assert "You said no" in rows(home, device)[0]["text"]
    assert "You said no" in cardea.why(device.mac, address, "--port", "443")
    # another file of its maker
    cardea.cli("device", "url", device.mac, second)
    cardea.wait(lambda: str(NEWER_PORT) in cardea.cli("policy", "show", device.mac).stdout,
                what="the newer file")
    closed("under the newer file")
    # a restart
    cardea.stop()
    cardea.start()
    cardea.wait_state(device.mac, "protected")
    assert len(cardea.json("policy", "overlays", device.mac)["overlays"]) == 1
    device.resolve(internet.CLOUD_NAME)
    closed("after a restart")
    # its undo
    cardea.cli(*undo)
    assert cardea.json("policy", "overlays", device.mac)["overlays"] == []
    (address, *_) = device.resolve(internet.CLOUD_NAME)
    assert device.echo_tcp(address, 443)
