# SPDX-License-Identifier: GPL-2.0-or-later
"""Device to device on one bridge, where no packet is routed."""

import pytest

from lab import frames
from lab.frames import ICMP, ICMP6, TCP, UDP

EACH = 50
CONVERSATION = (TCP, UDP, ICMP, ICMP6)


@pytest.fixture(params=[0, 1], ids=["bridge-nf-0", "bridge-nf-1"])
def bridge(home, request):
    home.gateway.bridge_nf(request.param)
    assert home.gateway.ns.sysctl("bridge/bridge-nf-call-iptables") == str(request.param)
    yield home
    home.gateway.bridge_nf(0)


def shoot(sender, victim, port):
    """By the stack and past it, IPv4 and both kinds of IPv6."""
    pairs = [(sender.ipv4, victim.ipv4), (sender.ula, victim.ula),
             (sender.ipv6, victim.ipv6), (sender.link_local, victim.link_local)]
    for source, target in pairs:
        if not target.startswith("fe80"):
            sender.echo_tcp(target, port, timeout=0.2)
        for i in range(EACH):
            args = (sender.mac, victim.mac, source, target)
            sender.send_frame(frames.udp(*args, 4000 + i, port))
            sender.send_frame(frames.tcp(*args, 4000 + i, port))
            sender.send_frame(frames.tcp(*args, 5000 + i, port, flags=frames.ACK))
            sender.send_frame(frames.icmp_echo(*args, seq=i))


def is_talk(packet):
    """Neighbour discovery and router talk are outside policy; everything else counts."""
    return not (packet.proto == ICMP6 and packet.sport >= 130)


def from_to(sender, victim, match=is_talk):
    return victim.sink.count(src_mac=sender.mac, proto=CONVERSATION, match=match)


def test_the_way_is_open_between_unmanaged(bridge):
    """What the other tests count as stopped does arrive between devices without policy."""
    guest = bridge.add_device("guest", 0x41).join().wait_ready()
    try:
        phone = bridge["phone"]
        phone.sink.clear()
        shoot(guest, phone, 8081)
        assert from_to(guest, phone) >= 16 * EACH
    finally:
        bridge.remove_device("guest")


@pytest.mark.parametrize("sender,victim,port", [
    ("camera", "plug", 9999),   # the plug would, the camera may not
    ("bulb", "camera", 554),    # neither
    ("bulb", "phone", 8080),    # to a device without policy
    ("phone", "bulb", 80),      # from a device without policy
    ("phone", "camera", 554),
    ("phone", "plug", 80),      # the plug serves 9999 only
    ("printer", "plug", 9999),  # the printer only serves
])
def test_refused(bridge, sender, victim, port):
    victim = bridge[victim]
    victim.sink.clear()
    shoot(bridge[sender], victim, port)
    assert from_to(bridge[sender], victim) == 0


@pytest.mark.parametrize("client,server,port", [
    ("phone", "plug", 9999), ("hub", "plug", 9999), ("phone", "printer", 9100),
    ("hub", "printer", 631), ("phone", "hub", 8443)])
def test_local_networks_pass(bridge, client, server, port):
    client, server = bridge[client], bridge[server]
    for address in (server.ipv4, server.ula, server.ipv6):
        for _ in range(5):
            assert client.echo_tcp(address, port), address


def test_hub_and_phone_by_udp(bridge):
    for address in (bridge["hub"].ipv4, bridge["hub"].ula):
        assert bridge["phone"].echo_udp(address, 5683), address


def test_broadcast_is_judged_too(bridge):
    """A camera without local permission cannot even shout."""
    camera, plug, phone = bridge["camera"], bridge["plug"], bridge["phone"]
    groups = (("255.255.255.255", frames.BROADCAST), ("192.168.1.255", frames.BROADCAST),
              ("224.0.0.251", "01:00:5e:00:00:fb"), ("239.255.255.250", "01:00:5e:7f:ff:fa"))
    phone.sink.clear()
    plug.sink.clear()
    for target, mac in groups:
        for _ in range(EACH):
            camera.send_frame(frames.udp(camera.mac, mac, camera.ipv4, target, 1900, 1900))
    camera.send_frame(frames.udp(camera.mac, "33:33:00:00:00:fb", camera.link_local,
                                 "ff02::fb", 5353, 5353))
    assert phone.sink.count(src_mac=camera.mac, proto=UDP, match=_not_dhcp) == 0
    assert plug.sink.count(src_mac=camera.mac, proto=UDP, match=_not_dhcp) == 0


def _not_dhcp(packet):
    return packet.dport not in (67, 547)
