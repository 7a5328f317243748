# SPDX-License-Identifier: GPL-2.0-or-later
"""An address proves nothing: policies follow the device."""

import contextlib
import socket
import time

import pytest

from lab import frames, internet
from lab.frames import ICMP6, UDP
from lab.gateway import MAC as GATEWAY

EACH = 50


@contextlib.contextmanager
def extra_address(device, address, length):
    """As an owner, or an intruder, would set it by hand."""
    device.ns.ip("addr", "add", "%s/%d" % (address, length), "dev", "eth0",
                 *(["nodad"] if ":" in address else []))
    try:
        yield
    finally:
        device.ns.ip("addr", "del", "%s/%d" % (address, length), "dev", "eth0")


@pytest.mark.parametrize("address,length,allowed,forbidden", [
    ("192.168.1.60", 24, internet.MEDIA4, internet.C2_4),
    ("2001:db8:1::60", 64, internet.MEDIA6, internet.C2_6)])
def test_a_static_address_changes_nothing(home, address, length, allowed, forbidden):
    camera, sink = home["camera"], home.internet.sink
    with extra_address(camera, address, length):
        camera.tool("ping", "-c1", "-W1", "-I", address,
                    "192.168.1.1" if length == 24 else "2001:db8:1::1")
        deadline = time.monotonic() + 30
        while not camera.echo_udp(allowed, 5004, timeout=0.5, source=(address, 0)):
            assert time.monotonic() < deadline, "what is allowed does not work"
        sink.clear()
        assert not camera.echo_tcp(forbidden, 4444, timeout=0.5, source=(address, 0))
        for _ in range(EACH):
            assert camera.send_udp(forbidden, internet.ANY_UDP, source=(address, 0))
        assert sink.count(dst=forbidden) == 0


def test_another_prefix_is_refused(home):
    """A source that belongs to no network of the house goes nowhere."""
    camera, sink = home["camera"], home.internet.sink
    sink.clear()
    for i in range(EACH):
        for source, target in (("172.16.9.9", internet.MEDIA4),
                               ("10.9.8.7", internet.MEDIA4),
                               ("2001:db8:2::1", internet.MEDIA6)):
            camera.send_frame(frames.udp(camera.mac, GATEWAY, source, target, 5100 + i,
                                         5004))
    assert sink.count(proto=UDP, dport=5004, sport=range(5100, 5100 + EACH)) == 0


@pytest.fixture(params=["bulb", "guest"])
def thief(home, request):
    """One that is managed, and one that is not."""
    if request.param == "bulb":
        yield home["bulb"]
        return
    yield home.add_device("guest", 0x42).join().wait_ready()
    home.remove_device("guest")


@pytest.mark.parametrize("victim", ["camera", "phone"])
def test_stolen_addresses(home, thief, victim):
    """IP packets under somebody else's address stop at the bridge."""
    sink, victim = home.internet.sink, home[victim]
    sink.clear()
    home["plug"].sink.clear()
    for i in range(EACH):
        thief.send_frame(frames.udp(thief.mac, GATEWAY, victim.ipv4, internet.MEDIA4,
                                    5200 + i, 5005))
        thief.send_frame(frames.udp(thief.mac, GATEWAY, victim.ipv6, internet.MEDIA6,
                                    5200 + i, 5005))
        thief.send_frame(frames.tcp(thief.mac, home["plug"].mac, victim.ipv4,
                                    home["plug"].ipv4, 5200 + i, 9999))
        thief.send_frame(frames.tcp(thief.mac, home["plug"].mac, victim.link_local,
                                    home["plug"].link_local, 5200 + i, 9999))
    assert sink.count(dport=5005) == 0
    assert home["plug"].sink.count(src_mac=thief.mac, dport=9999) == 0
    # and the owner of the address lives on
    assert victim.echo_udp(internet.MEDIA4, 5004) and victim.echo_udp(internet.MEDIA6, 5004)


def test_stolen_by_arp(home, thief):
    phone, plug = home["phone"], home["plug"]
    plug.sink.clear()
    for op in (1, 2):
        for _ in range(EACH):
            thief.send_frame(frames.arp(thief.mac, thief.mac, phone.ipv4, plug.ipv4, op))
            thief.send_frame(frames.arp(thief.mac, thief.mac, phone.ipv4, plug.ipv4, op,
                                        plug.mac, plug.mac))
    assert plug.sink.count(ethertype=frames.ETH_P_ARP, src=phone.ipv4,
                           src_mac=thief.mac) == 0
    assert phone.echo_tcp(plug.ipv4, 9999)


def test_stolen_by_neighbour_advertisement(home, thief):
    phone, plug = home["phone"], home["plug"]
    plug.sink.clear()
    for target in (phone.ula, phone.link_local):
        for source in (thief.link_local, target):
            for _ in range(EACH):
                thief.send_frame(frames.neighbour_advertisement(
                    thief.mac, plug.mac, source, plug.link_local, target))
                thief.send_frame(frames.neighbour_advertisement(
                    thief.mac, "33:33:00:00:00:01", source, "ff02::1", target))
    assert plug.sink.count(src_mac=thief.mac, proto=ICMP6, sport=136,
                           match=lambda p: _target(p) in _packed(phone)) == 0
    assert phone.echo_tcp(plug.ula, 9999)


def _target(packet):
    return packet.payload[4:20]


def _packed(device):
    return {socket.inet_pton(socket.AF_INET6, a) for a in (device.ula, device.link_local)}


def test_stolen_by_configuration(home):
    """The camera takes the phone's address for good, with its whole stack behind it."""
    camera, phone, sink = home["camera"], home["phone"], home.internet.sink
    stolen = phone.ipv4
    with extra_address(camera, stolen, 24):
        camera.tool("ping", "-c2", "-i0.2", "-W1", "-I", stolen, "192.168.1.1")
        sink.clear()
        for _ in range(EACH):
            camera.send_udp(internet.MEDIA4, 5006, source=(stolen, 0))
            camera.send_udp(internet.C2_4, 5006, source=(stolen, 0))
        assert sink.count(dport=5006) == 0
        assert phone.echo_udp(internet.C2_4, internet.ANY_UDP)


def test_no_device_plays_router_or_dhcp_server(home):
    bulb, guest = home["bulb"], home.add_device("guest", 0x43).join().wait_ready()
    try:
        plug = home["plug"]
        for sender, expected in ((guest, 1), (bulb, 0)):
            plug.sink.clear()
            # a lifetime of 0 tells nobody anything
            sender.send_frame(frames.router_advertisement(sender.mac, sender.link_local, 0))
            assert plug.sink.count(src_mac=sender.mac, proto=ICMP6, sport=134) == expected
        plug.sink.clear()
        for _ in range(EACH):
            bulb.send_frame(frames.udp(bulb.mac, plug.mac, bulb.ipv4, plug.ipv4, 67, 68,
                                       bytes(240)))
            bulb.send_frame(frames.udp(bulb.mac, plug.mac, bulb.link_local,
                                       plug.link_local, 547, 546, bytes(8)))
        assert plug.sink.count(src_mac=bulb.mac, proto=UDP) == 0
    finally:
        home.remove_device("guest")
