# SPDX-License-Identifier: GPL-2.0-or-later
"""What no profile allows does not arrive. Each test first shows, with a device that is
not managed, that the same packets would have arrived."""

import pytest

from lab import frames, internet
from lab.frames import ICMP, ICMP6, TCP, UDP
from lab.gateway import MAC as GATEWAY

EACH = 50


def shoot(home, device, address, port):
    """Everything a device can try, by its stack and past it."""
    source = device.ipv6 if ":" in address else device.ipv4
    device.echo_tcp(address, port, timeout=0.3)
    for i in range(EACH):
        device.send_udp(address, port)
        device.send_frame(frames.udp(device.mac, GATEWAY, source, address, 4000 + i, port))
        device.send_frame(frames.tcp(device.mac, GATEWAY, source, address, 4000 + i, port))
        device.send_frame(frames.tcp(device.mac, GATEWAY, source, address, 5000 + i, port,
                                     flags=frames.ACK, payload=b"mid-stream"))
        device.send_frame(frames.icmp_echo(device.mac, GATEWAY, source, address, seq=i))
    home.internet.sink.sync()


def arrived(home, address, match=None):
    return home.internet.sink.count(dst=address, proto=(TCP, UDP, ICMP, ICMP6),
                                    match=match)


@pytest.mark.parametrize("address", [internet.C2_4, internet.C2_6])
@pytest.mark.parametrize("name", ["bulb", "camera", "plug", "hub", "printer"])
def test_command_server(home, name, address):
    sink = home.internet.sink
    sink.clear()
    shoot(home, home["phone"], address, 4445)
    assert arrived(home, address) >= 5 * EACH, "the way there is not open"
    sink.clear()
    shoot(home, home[name], address, 4445)
    assert arrived(home, address) == 0


@pytest.mark.parametrize("address,qtype", [(internet.CLOUD4, 1), (internet.CLOUD6, 28)])
def test_right_host_wrong_port(home, address, qtype):
    bulb = home["bulb"]
    assert bulb.resolve(internet.CLOUD_NAME, qtype) == [address]
    home.internet.sink.clear()
    shoot(home, bulb, address, 444)
    assert arrived(home, address, lambda p: p.dport != 443) == 0
    assert bulb.echo_tcp(address, 443)


def test_a_name_opens_only_for_who_may_use_it(home):
    """The bulb knows the cloud; that opens nothing for the printer, which asked too."""
    printer = home["printer"]
    assert home["bulb"].resolve(internet.CLOUD_NAME) == [internet.CLOUD4]
    assert printer.resolve(internet.CLOUD_NAME) == [internet.CLOUD4]
    home.internet.sink.clear()
    shoot(home, printer, internet.CLOUD4, 443)
    assert arrived(home, internet.CLOUD4) == 0


@pytest.mark.parametrize("address", [internet.MEDIA4, internet.MEDIA6])
def test_outside_the_port_range(home, address):
    home.internet.sink.clear()
    for port in (4999, 6000):
        shoot(home, home["camera"], address, port)
    assert arrived(home, address) == 0


def test_outside_the_prefix(home):
    home.internet.sink.clear()
    for address in ("203.0.113.127", "203.0.113.144", "2001:db8:ffff:129::1"):
        shoot(home, home["camera"], address, 5004)
        assert arrived(home, address) == 0


def knock(home, device, port):
    """The scanner tries every address of a device; what came to its port."""
    device.sink.clear()
    for address in device.addresses():
        if address.startswith("fd"):
            continue  # the scanner has no business there, but see test below
        for proto in (TCP, UDP):
            home.internet.probe(address, port, proto, tries=3, timeout=0.1)
    sources = (internet.SCANNER4, internet.SCANNER6)
    return device.sink.count(src=sources, proto=(TCP, UDP), dport=port)


@pytest.mark.parametrize("name,port", [
    ("bulb", 80), ("camera", 554), ("plug", 9999), ("hub", 8443), ("printer", 9100)])
def test_unsolicited_inbound(home, name, port):
    assert knock(home, home["phone"], 8080) >= 4, "the way in is not open"
    assert knock(home, home[name], port) == 0


def test_unsolicited_inbound_to_local_addresses(home):
    plug = home["plug"]
    plug.sink.clear()
    for _ in range(5):
        home.internet.probe(plug.ula, 9999, source=internet.SCANNER6, timeout=0.1)
    assert plug.sink.count(src=internet.SCANNER6) == 0


def test_refusals_are_explained(home):
    """The refused conversation is an event with its place, and `why` has a sentence."""
    cardea, bulb = home.cardea, home["bulb"]
    for _ in range(5):
        bulb.send_udp("203.0.113.77", 7777)

    def seen():
        return [e for e in cardea.events() if e["kind"] == "violation"
                and e.get("peer") == "203.0.113.77" and e["mac"] == bulb.mac]

    event = cardea.wait(seen, what="the event")[0]
    assert event["port"] == 7777 and event["proto"] == "udp"
    assert event["reason"] == "not-listed"
    assert "203.0.113.77" in cardea.why(str(event["id"]))
