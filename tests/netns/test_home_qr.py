# SPDX-License-Identifier: GPL-2.0-or-later
"""The owner says what a device is: by the QR code on it (RFC 9238), by hand, or by
vouching for what it says itself."""

import itertools
import json
import re

import pytest

from lab import internet, mudfiles
from lab.internet import mud_url

NUMBERS = itertools.count(1)
RS, GS, US, EOT = "\x1e", "\x1d", "\x1f", "\x04"


def qr(url, mac=None):
    """What is printed on the device."""
    records = ["M180" + url] + (["M06C" + mac.replace(":", "").upper()] if mac else [])
    return "[)>%s06%s12N%s%s%s" % (RS, GS, "".join(r + US for r in records), RS, EOT)


@pytest.fixture(scope="module", autouse=True)
def published(opened):
    opened.internet.publish("kettle", "Kettle", [mudfiles.cloud(internet.CLOUD_NAME)])
    opened.internet.publish("oven", "Oven", [mudfiles.cloud(internet.C2_NAME)])


@pytest.fixture
def kettle(home):
    """A device that is not plugged in yet, and says no URL."""
    number = next(NUMBERS)
    made = home.add_device("kettle%d" % number, 0xd0 + number, "udhcpc")
    yield made
    home.remove_device(made.name)


def reaches_its_cloud_alone(home, device):
    sink = home.internet.sink
    home.sync()
    sink.clear()
    address = device.resolve(internet.CLOUD_NAME)[0]
    assert device.echo_tcp(address, 443)
    for refused in (internet.C2_4, internet.C2_6):
        assert not device.echo_tcp(refused, 4444, timeout=0.5)
    home.sync()
    arrived = {p.dst for p in sink.packets()}
    assert address in arrived and not arrived & {internet.C2_4, internet.C2_6}


def test_a_code_for_a_device_that_is_there(home, kettle):
    """The code has no MAC, as those of `cardea mud label`: it is the same for all."""
    kettle.join().wait_ready()
    home.cardea.wait_state(kettle.mac, "learning")
    assert kettle.echo_tcp(internet.C2_4, 4444)
    refused = home.cardea.cli("device", "add", "--qr", qr(mud_url("kettle")), check=False)
    assert refused.returncode == 2 and "--mac" in refused.stderr
    home.cardea.cli("device", "add", "--qr", qr(mud_url("kettle")), "--mac", kettle.mac)
    home.cardea.wait_state(kettle.mac, "protected")
    known = home.cardea.device(kettle.mac)
    assert (known["mud_url"], known["url_source"]) == (mud_url("kettle"), "qr")
    assert known["proven"] is True and known["name"] == kettle.name
    reaches_its_cloud_alone(home, kettle)


def test_a_code_before_the_device_joins(home, kettle):
    """Its first packet finds the rules in place."""
    home.cardea.cli("device", "add", "--qr", qr(mud_url("kettle"), kettle.mac), "--name",
                    "Tea")
    known = home.cardea.device(kettle.mac)
    assert (known["name"], known["url_source"]) == ("Tea", "qr")
    home.cardea.wait_state(kettle.mac, "protected")
    kettle.join().wait_ready()
    reaches_its_cloud_alone(home, kettle)
    assert home.cardea.device(kettle.mac)["name"] == "Tea"


def test_a_scanner(home, kettle):
    text = re.sub(r"[\x00-\x1f]", lambda m: "\\x%02x" % ord(m[0]),
                  qr(mud_url("kettle"), kettle.mac))
    done = home.gateway.ns.run(
        [home.cardea.programs["cardea"], "--socket", home.cardea.socket, "device", "add",
         "--qr", "-", "--json"], stdin=text + "\r\n")
    assert json.loads(done.stdout)["mac"] == kettle.mac


def test_the_word_of_the_device_is_worth_less(home, kettle):
    """What it says by DHCP does not replace what its owner read on it."""
    home.cardea.cli("device", "add", "--qr", qr(mud_url("kettle"), kettle.mac))
    home.cardea.wait_state(kettle.mac, "protected")
    kettle.mud_url = mud_url("oven")
    kettle.join().wait_ready()
    home.cardea.wait(lambda: home.cardea.device(kettle.mac)["addresses"], what="its lease")
    known = home.cardea.device(kettle.mac)
    assert (known["mud_url"], known["url_source"]) == (mud_url("kettle"), "qr")
    reaches_its_cloud_alone(home, kettle)


def test_by_hand_and_back(home, kettle):
    kettle.mud_url = mud_url("oven")
    kettle.join().wait_ready()
    home.cardea.wait_state(kettle.mac, "protected")
    done = home.cardea.cli("device", "url", kettle.mac, mud_url("kettle"))
    assert "undo with: cardea device url" in done.stderr and mud_url("oven") in done.stderr

    def changed():
        d = home.cardea.device(kettle.mac)
        return d if d["profile"] and d["profile"]["url"] == mud_url("kettle") else None

    known = home.cardea.wait(changed, what="the file that the owner chose")
    assert (known["mud_url"], known["url_source"]) == (mud_url("kettle"), "owner")
    assert known["proven"] is True
    home.cardea.wait_state(kettle.mac, "protected")
    reaches_its_cloud_alone(home, kettle)


def test_vouching(home, kettle):
    kettle.mud_url = mud_url("kettle")
    kettle.join().wait_ready()
    home.cardea.wait_state(kettle.mac, "protected")
    assert home.cardea.device(kettle.mac)["proven"] is False
    home.cardea.cli("device", "confirm", kettle.mac)
    known = home.cardea.device(kettle.mac)
    assert known["confirmed"] is True and known["proven"] is True
    assert "confirmed by you" in home.cardea.cli("device", "show", kettle.mac).stdout
    home.cardea.cli("device", "confirm", kettle.mac, "--no")
    known = home.cardea.device(kettle.mac)
    assert known["confirmed"] is False and known["proven"] is False


def test_what_cannot_be(home, kettle):
    gateway = home.gateway.ns.ip_json("link", "show", home.gateway.bridge)[0]["address"]
    for args in (("--mac", gateway, "--url", mud_url("kettle")),
                 ("--mac", "ff:ff:ff:ff:ff:ff", "--url", mud_url("kettle"))):
        assert home.cardea.cli("device", "add", *args, check=False).returncode == 2
    home.cardea.cli("device", "add", "--mac", kettle.mac, "--url", mud_url("kettle"),
                    "--name", "Taken")
    taken = home.cardea.cli("device", "rename", home["bulb"].mac, "taken", check=False)
    assert taken.returncode == 5
