# SPDX-License-Identifier: GPL-2.0-or-later
"""A MUD URL that comes by LLDP (RFC 8520 section 12), from Debian's lldpd and by hand."""

import itertools
import os
import shutil
import socket
import struct
import time

import pytest

from lab import internet, mudfiles
from lab.internet import mud_url

LLDP = 0x88CC
NEAREST = {"bridge": "01:80:c2:00:00:0e", "non-tpmr": "01:80:c2:00:00:03",
           "customer": "01:80:c2:00:00:00"}  # IEEE 802.1AB 7.1
DESKS = itertools.count(1)  # what the gateway knows of one must not serve the next
SILENCE = 2.0  # seconds in which a frame that counts would have counted

_LLDPD_CONF = """
configure lldp tx-interval 1
configure lldp custom-tlv add oui 00,00,5e subtype 1 oui-info %s
"""


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def tlv(kind, value):
    return struct.pack(">H", kind << 9 | len(value)) + value


def frame(src, url, dst=NEAREST["bridge"], ttl=120):
    unit = tlv(1, b"\4" + mac(src)) + tlv(2, b"\5eth0") + tlv(3, struct.pack(">H", ttl))
    unit += tlv(5, b"neighbour") + tlv(127, b"\0\0\x5e\1" + url.encode()) + tlv(0, b"")
    return mac(dst) + mac(src) + struct.pack(">H", LLDP) + unit


class Lldpd:
    """lldpd on a device, with folders of its own."""

    def __init__(self, home, device, url):
        folder = home.path("dev", device.name, "lldpd")
        binds = {seen: os.path.join(folder, os.path.basename(seen))
                 for seen in ("/run", "/etc/lldpd.d")}
        for path in (*binds.values(), os.path.join(binds["/run"], "lldpd")):
            os.makedirs(path, exist_ok=True)
        content = ",".join("%02x" % b for b in url.encode())
        with open(os.path.join(binds["/etc/lldpd.d"], "mud.conf"), "w",
                  encoding="ascii") as conf:
            conf.write(_LLDPD_CONF % content)
        self.process = device.ns.spawn(["lldpd", "-d", "-I", "eth0"], binds=binds)

    def stop(self):
        self.process.stop()


@pytest.fixture
def desk(home):
    """A device that asks DHCP for an address, and tells it no URL."""
    home.internet.publish("desk", "Standing desk", [mudfiles.cloud(internet.CLOUD_NAME)])
    number = next(DESKS)
    device = home.add_device("desk%d" % number, 0x50 + number, "udhcpc")
    yield device.join().wait_ready()
    home.remove_device(device.name)


def known(home, address):
    return home.cardea.devices().get(address)


@pytest.mark.skipif(not shutil.which("lldpd"), reason="lldpd is not installed")
def test_lldpd_protects(home, desk):
    home.cardea.wait_state(desk.mac, "learning")
    assert desk.echo_tcp(internet.C2_4, 4444)
    lldpd = Lldpd(home, desk, mud_url("desk"))
    try:
        home.cardea.wait_state(desk.mac, "protected")
        assert home.cardea.device(desk.mac)["mud_url"] == mud_url("desk")
        address = desk.resolve(internet.CLOUD_NAME)[0]
        assert desk.echo_tcp(address, 443)
        for refused in (internet.C2_4, internet.C2_6):
            assert not desk.echo_tcp(refused, 4444, timeout=0.5)
        assert lldpd.process.alive(), lldpd.process.log()
    finally:
        lldpd.stop()


def test_the_owner_sees_one_device(home, desk):
    """The name that DHCP gave stays; LLDP adds the URL."""
    home.cardea.wait_state(desk.mac, "learning")
    desk.send_frame(frame(desk.mac, mud_url("desk")))
    home.cardea.wait_state(desk.mac, "protected")
    assert known(home, desk.mac)["name"] == desk.name


@pytest.mark.parametrize("group", NEAREST)
def test_every_group_by_a_port_that_was_there_before(home, group):
    """The bulb's port is older than the daemon; behind it somebody new speaks."""
    address = "00:00:5e:00:53:%02x" % (0x60 + list(NEAREST).index(group))
    home["bulb"].send_frame(frame(address, mud_url("desk"), NEAREST[group]))
    row = home.cardea.wait(lambda: known(home, address), what="the neighbour")
    assert row["mac"].lower() == address
    assert home.cardea.device(address)["mud_url"] == mud_url("desk")


def test_the_uplink_is_not_believed(home):
    address = "00:00:5e:00:53:71"
    with home.internet.ns.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind((internet.IFNAME, 0))
        for dst in NEAREST.values():
            wire.send(frame(address, mud_url("desk"), dst))
    time.sleep(SILENCE)
    assert not known(home, address)


def test_a_port_that_left_is_not_believed(home, desk):
    gone, here = "00:00:5e:00:53:72", "00:00:5e:00:53:73"
    home.gateway.ns.ip("link", "set", desk.port, "nomaster")
    time.sleep(SILENCE)
    desk.send_frame(frame(gone, mud_url("desk")))
    time.sleep(SILENCE)
    assert not known(home, gone)
    home.gateway.ns.ip("link", "set", desk.port, "master", home.gateway.bridge)
    # a neighbour speaks again and again
    home.cardea.wait(lambda: desk.send_frame(frame(here, mud_url("desk"))) or
                     known(home, here), what="the port that came back")


def test_leaving_and_malformed_say_nothing(home, desk):
    home.cardea.wait_state(desk.mac, "learning")
    desk.send_frame(frame(desk.mac, mud_url("desk"), ttl=0))
    whole = frame(desk.mac, mud_url("desk"))
    for cut in range(14, len(whole), 7):
        desk.send_frame(whole[:cut])
    time.sleep(SILENCE)
    assert known(home, desk.mac)["state"] == "learning"
    assert not home.cardea.device(desk.mac).get("mud_url")
