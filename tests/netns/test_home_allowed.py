# SPDX-License-Identifier: GPL-2.0-or-later
"""What a profile allows works, from the very first packet on."""

import socket
import time

import pytest

from lab import dns, frames, internet
from lab.frames import TCP, UDP

NAMES = 250  # a device; two devices and both families make 1,000 first packets
RESOLVER_RATE = 50  # questions a second that one client may go on asking after a burst


@pytest.fixture(scope="module")
def meters(opened):
    """Two devices whose signed profiles list 250 names each that nobody asked for yet."""
    found = []
    for i, name in enumerate(("meter1", "meter2")):
        url, names = opened.internet.fresh_device(name, NAMES)
        device = opened.add_device(name, 0x31 + i, "udhcpc", url).join()
        found.append((device, names))
    for device, _ in found:
        device.wait_ready()
        opened.cardea.wait_state(device.mac, "protected")
    yield found
    for device, _ in found:
        opened.remove_device(device.name)


def ask_and_send(device, dns_socket, name, qtype, stream):
    """The address that was told and used in the same breath."""
    ident, wire = dns.query(name, qtype)
    kind = socket.SOCK_STREAM if stream else socket.SOCK_DGRAM
    family = socket.AF_INET6 if qtype == dns.AAAA else socket.AF_INET
    port = internet.ANY_TCP if stream else internet.ANY_UDP
    with device.socket(family, kind) as sock:
        sock.setblocking(False)
        for _ in range(3):  # a machine that stands still for long hears SERVFAIL
            dns_socket.send(wire)
            answer = dns.Answer(dns_socket.recv(4096))
            if answer.rcode != dns.SERVFAIL:
                break
        assert answer.ident == ident and answer.addresses, (name, qtype, answer.rcode)
        address = answer.addresses[0]
        if stream:
            sock.connect_ex((address, port))  # the SYN is out; closing ends repetitions
        else:
            sock.sendto(b"first", (address, port))
    return address


@pytest.mark.parametrize("qtype", [dns.A, dns.AAAA], ids=["ipv4", "ipv6"])
def test_first_packet_to_500_fresh_names(home, meters, qtype):
    time.sleep(NAMES / RESOLVER_RATE)  # what an earlier run used up comes back
    sink = home.internet.sink
    sink.clear()
    told = {}
    for device, names in meters:
        with device.socket(socket.AF_INET, socket.SOCK_DGRAM) as resolver:
            resolver.settimeout(30)
            resolver.connect((device.resolvers[0], 53))
            for i, name in enumerate(names):
                stream = i % 2 == 1
                told[ask_and_send(device, resolver, name, qtype, stream)] = stream
    assert len(told) == 2 * NAMES
    firsts = [p.dst for p in sink.packets()
              if p.dst in told and (p.proto, p.dport) == (
                  (TCP, internet.ANY_TCP) if told[p.dst] else (UDP, internet.ANY_UDP))
              and (p.proto == UDP or p.flags == frames.SYN)]
    assert len(set(firsts)) == 2 * NAMES, sorted(set(told) - set(firsts))[:10]
    assert len(firsts) == 2 * NAMES


@pytest.mark.parametrize("qtype", [dns.A, dns.AAAA], ids=["ipv4", "ipv6"])
def test_cloud_name(home, qtype):
    address = home["bulb"].resolve(internet.CLOUD_NAME, qtype)[0]
    for _ in range(20):
        assert home["bulb"].echo_tcp(address, 443)


@pytest.mark.parametrize("address", [internet.MEDIA4, internet.MEDIA6])
@pytest.mark.parametrize("port", [5000, 5999])
def test_prefix_and_port_range(home, address, port):
    assert home["camera"].echo_udp(address, port)


def test_by_every_resolver_that_was_offered(home):
    """The hub was told an IPv4 and an IPv6 resolver; both work."""
    hub = home["hub"]
    assert {":" in r for r in hub.resolvers} == {True, False}
    for resolver in hub.resolvers:
        assert hub.resolve(internet.CLOUD_NAME, server=resolver) == [internet.CLOUD4]


def test_a_watched_device_is_not_hindered(home):
    phone = home["phone"]
    for address in (internet.C2_4, internet.C2_6):
        assert phone.echo_tcp(address, 4444)
        assert phone.echo_udp(address, internet.ANY_UDP)
