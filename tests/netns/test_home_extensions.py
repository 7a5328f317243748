# SPDX-License-Identifier: GPL-2.0-or-later
"""What stands beside the classes: direction-initiated, local networks, DNS and NTP, TLS
profiles (RFC 9761), bandwidth, quarantine. Each IPv4 and IPv6, bridged and routed where
there is such a way, counted where the packets arrive."""

import ssl
import time

import pytest

from lab import internet, mudfiles
from lab.dns import ask
from lab.frames import TCP, UDP
from lab.netns import PATIENCE

MEETER, FAR_MEETER = "meeter", "far-meeter"  # without policy, one in each LAN
CLOUDS = (internet.CLOUD4, internet.CLOUD6)
TALK, QUIET, INBOUND, LOCAL = 8101, 8102, 8103, 8104
UPDATE_NAME, UPDATE = "update.maker.example", (internet.CLOUD4, internet.CLOUD6)
RATE_PACKETS, RATE_BYTES = 100, 50_000
TLS_13 = {"name": "cloud", "supported-tls-version": ["tls13"],
          "cipher-suite": [0x1301, 0x1302, 0x1303]}


def addresses(device):
    return (device.ipv4, device.ula, device.ipv6)


def known(home, device):
    device.tool("ping", "-c1", "-W1", "192.168.1.1")
    device.tool("ping", "-c1", "-W1", "2001:db8:1::1")
    device.send_udp("fd00:c0de:1::1", 9, source=(device.ula, 0))
    home.cardea.wait(
        lambda: set(addresses(device)) <= {
            a["address"] for a in home.cardea.device(device.mac)["addresses"]},
        what="the addresses of " + device.name)


class Guests:
    """Devices of one test module: added, protected, and removed in the end."""

    def __init__(self, home):
        self.home, self.names = home, []

    def add(self, name, octet, accesses=None, bridge=None, ports=(), **more):
        home = self.home
        url = accesses is not None and home.internet.publish(name, name, accesses, **more)
        device = home.add_device(name, octet, url=url or None, bridge=bridge)
        self.names.append(name)
        for port in ports:
            device.serve(TCP, port).serve(UDP, port)
        device.join().wait_ready()
        home.cardea.wait_state(device.mac, "protected" if url else "learning")
        known(home, device)
        return device


@pytest.fixture(scope="module")
def guests(opened):
    opened.internet.zone.add(UPDATE_NAME, *UPDATE)
    guests = Guests(opened)
    ports = (TALK, QUIET, INBOUND, LOCAL)
    guests.add(MEETER, 0x90, ports=ports)
    guests.add(FAR_MEETER, 0x91, bridge="br-iot", ports=ports)
    yield guests
    for name in guests.names:
        opened.remove_device(name)


def passes(source, target, port, proto=TCP, timeout=0.4):
    """How many of the target's three addresses answer; -1: none, and yet it arrived."""
    target.sink.clear()
    talk = source.echo_tcp if proto == TCP else source.echo_udp
    number = sum(talk(address, port, timeout=timeout) for address in addresses(target))
    if not number and target.sink.count(proto=proto, dport=port, src=addresses(source)):
        return -1
    return number


def opens(source, target, port):
    """All three have to answer, and may take their time."""
    return passes(source, target, port, timeout=PATIENCE) == 3


def test_direction_initiated(opened, guests):
    """Both lists name the ports; who may begin is what the file says, for TCP."""
    anyone = {"local-networks": [None]}
    one = guests.add("one-way", 0x92, [
        mudfiles.members(anyone, TCP, TALK, opener="from-device"),
        mudfiles.members(anyone, TCP, device_port=QUIET, opener="from-device"),
        mudfiles.members(anyone, TCP, device_port=INBOUND, opener="to-device")],
        ports=(TALK, QUIET, INBOUND))
    for name in (MEETER, FAR_MEETER):
        peer = opened[name]
        assert opens(one, peer, TALK)
        assert passes(peer, one, TALK) == 0
        assert passes(peer, one, QUIET) == 0
        assert opens(peer, one, INBOUND)


def test_local_networks(opened, guests):
    one = guests.add("homebody", 0x93, [mudfiles.serves(TCP, LOCAL),
                                        mudfiles.local(TCP, TALK)], ports=(LOCAL, TALK))
    for name in (MEETER, FAR_MEETER):
        assert opens(opened[name], one, LOCAL)
        assert passes(opened[name], one, TALK) == 0
        assert opens(one, opened[name], TALK)
    for target in (one.ipv4, one.ipv6):
        one.sink.clear()
        assert not opened.internet.probe(target, LOCAL)
        assert one.sink.count(proto=TCP, dport=LOCAL) == 0
    world = opened.internet
    world.sink.clear()
    for target in CLOUDS:
        assert not one.echo_tcp(target, 443, timeout=0.4)
    assert world.sink.count(proto=TCP, dst=CLOUDS) == 0


def dns_answers(device, server, **patience):
    answer = ask(device.ns, server, internet.CLOUD_NAME, **patience)
    return bool(answer and answer.addresses)


def test_dns_is_the_gateways(opened, guests):
    """By default with the gateway (RFC 8520 section 3), and with nobody else: questions to
    others are answered by the gateway, too."""
    one = guests.add("asker", 0x94, [mudfiles.cloud(internet.CLOUD_NAME)])
    world = opened.internet
    for server in ("192.168.1.1", "fd00:c0de:1::1", "2001:db8:1::1"):
        assert dns_answers(one, server), server
    world.sink.clear()
    for server in (internet.DNS4, internet.DNS6):
        assert dns_answers(one, server), server
    assert world.sink.count(src=(one.ipv4, one.ipv6, internet.GATEWAY4), dport=53,
                            src_mac=one.mac) == 0


def test_dns_can_be_forbidden(opened, guests):
    """An explicit drop comes before the defaults."""
    drop = [mudfiles.members({"controller": "urn:ietf:params:mud:dns"}, proto, 53,
                             action="drop", direction="from") for proto in (TCP, UDP)]
    one = guests.add("silent", 0x95, drop + [mudfiles.local(TCP, TALK)])
    for server in ("192.168.1.1", "fd00:c0de:1::1"):
        assert not dns_answers(one, server, timeout=0.5, tries=1)
    assert opened["meeter"].echo_tcp("192.168.1.1", 9) is False  # the house lives on


@pytest.mark.parametrize("class_, port", [("dns", 53), ("ntp", 123)])
def test_dns_and_ntp_of_the_owner(opened, guests, class_, port):
    """The owner's own servers on the LAN, bridged and routed, while he says so."""
    name = "urn:ietf:params:mud:" + class_
    one = opened.devices.get("asker2") or guests.add(
        "asker2", 0x96, [mudfiles.cloud(internet.CLOUD_NAME)])
    for server in (MEETER, FAR_MEETER):
        target = opened[server]
        target.serve(UDP, port)
        assert passes(one, target, port, UDP) == 0
        opened.cardea.cli("controller", "set", name, server)
        opened.cardea.wait(lambda t=target: passes(one, t, port, UDP) == 3,
                           what="%s by %s" % (class_, server))
        assert passes(one, target, TALK) == 0
        opened.cardea.cli("controller", "remove", name)
        opened.cardea.wait(lambda t=target: passes(one, t, port, UDP) == 0,
                           what="the end of it")


def quarantined(home, device, *action):
    home.cardea.cli("quarantine", *action)
    return home.cardea.device(device.mac)["state"]


def test_quarantine_list(opened, guests):
    """What the file keeps on stays, by name and to the local network; all else ends, also
    what was open; release brings it back."""
    one = guests.add("patient", 0x97, [
        mudfiles.cloud(UPDATE_NAME, TCP, 443), mudfiles.cloud(UPDATE_NAME, TCP, 8883),
        mudfiles.local(TCP, TALK), mudfiles.local(TCP, QUIET)], ports=(TALK,), extra={
            "extensions": ["ietf-mud-quarantine"],
            "ietf-mud-quarantine:quaranteed-device-policy": {
                "enabled-ace-names": [{"ace-name": n} for n in
                                      ("a0-frdev", "a0-todev", "a2-frdev", "a2-todev")]}})
    peers = [opened[n] for n in (MEETER, FAR_MEETER)]

    def everything():
        return ([one.echo_tcp(a, p, timeout=0.5) for a in one_is_told() for p in (443, 8883)]
                + [passes(one, p, port) for p in peers for port in (TALK, QUIET)])

    def one_is_told():
        one.resolve(UPDATE_NAME)
        one.resolve(UPDATE_NAME, qtype=28)
        return UPDATE

    opened.cardea.wait(lambda: everything() == [True] * 4 + [3] * 4, what="all of it")
    open_one = one.connect(peers[0].ipv4, QUIET)
    assert quarantined(opened, one, "add", "patient", "--reason", "a test") == "quarantined"
    opened.cardea.wait(
        lambda: everything() == [True, False, True, False, 3, 0, 3, 0], what="quarantine")
    peers[0].sink.clear()
    with open_one:
        open_one.send(b"still?")
        assert peers[0].sink.count(proto=TCP, dport=QUIET, src=one.ipv4) == 0
    code = opened.cardea.json("quarantine", "release", "patient")["code"]
    assert quarantined(opened, one, "release", "patient", "--code", code) == "probation"
    opened.cardea.wait(lambda: everything() == [True] * 4 + [3] * 4, what="the end of quarantine")


def arriving(sender, target, sink, port, size, number, seconds):
    """Datagrams that came through while so many were sent, evenly, in so long; and the
    seconds that filled the bucket: a machine that sends nothing for longer than one fills
    it for nothing."""
    sink.clear()
    pause, filled = seconds / number, 0
    started = last = time.monotonic()
    for i in range(number):
        sender.send_udp(target, port, b"x" * size)
        now = time.monotonic()
        filled, last = filled + min(now - last, 1.0), now
        time.sleep(max(0, started + (i + 1) * pause - now))
    return sink.count(proto=UDP, dport=port), filled


def test_bandwidth(opened, guests):
    """Packets and bytes a second of the whole device, to the world and on the LAN."""
    one = guests.add("talker", 0x98, [
        mudfiles.network(internet.MEDIA_PREFIX4, UDP, internet.ANY_UDP),
        mudfiles.network(internet.MEDIA_PREFIX6, UDP, internet.ANY_UDP),
        mudfiles.local(UDP, TALK)], extra={"extensions": ["qos"]}, policy={
            "ietf-mud-bw-profile:bw-params": {"service": [
                {"name": "all", "timeframe": 1, "pps": RATE_PACKETS,
                 "bps": RATE_BYTES * 8}]}})
    ways = [(internet.MEDIA4, opened.internet.sink, internet.ANY_UDP),
            (internet.MEDIA6, opened.internet.sink, internet.ANY_UDP)]
    for peer in (opened[MEETER], opened[FAR_MEETER]):
        ways += [(peer.ipv4, peer.sink, TALK), (peer.ula, peer.sink, TALK)]
    for target, sink, port in ways:
        time.sleep(1.2)  # what it may send at once is there again
        few, filled = arriving(one, target, sink, port, 100, 1200, 3.0)
        # three seconds' worth and one that may come at once; some of it in any case
        expected = RATE_PACKETS * (1 + filled)
        assert 0.6 * expected <= few <= 1.15 * expected < 1200, (target, few, filled)
    time.sleep(1.2)
    target, sink, port = ways[0]
    number, filled = arriving(one, target, sink, port, 1300, 270, 3.0)
    big, expected = number * 1342, RATE_BYTES * (1 + filled)
    assert 0.6 * expected <= big <= 1.15 * expected + 65536, (big, filled)
    assert number < 270


def hello(version):
    """A ClientHello of the TLS library, as bytes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=internet.CLOUD_NAME)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def goes_on(sock, target, port, sink, timeout):
    """Whether what is sent now comes to its far end."""
    sink.clear()
    try:
        sock.send(b"more of it")
    except OSError:
        return False
    return sink.wait(1, timeout, proto=TCP, dst=target, dport=port) > 0


def still_flows(device, target, port, sink, data):
    """Whether a conversation that began with data still goes on a second later."""
    with device.connect(target, port) as sock:
        sock.send(data)
        time.sleep(1.0)
        return goes_on(sock, target, port, sink, PATIENCE)


def is_ended(home, device, target, port, sink, data):
    """A conversation that began with data; until nothing of it arrives any more."""
    with device.connect(target, port) as sock:
        sock.send(data)
        home.cardea.wait(lambda: not goes_on(sock, target, port, sink, 0.3),
                         what="the end of a conversation with " + target)
    return True


def test_tls_profile(opened, guests):
    """A ClientHello that offers what the profile does not list ends the conversation and
    says which parameter; one that obeys goes on. To the world and on the LAN."""
    tls = {"ietf-acl-tls:client-profiles": {"tls-dtls-profile": [TLS_13]}}
    cloud = mudfiles.cloud(internet.CLOUD_NAME)._replace(extra=tls)
    one = guests.add("modern", 0x99, [
        cloud, mudfiles.local(TCP, TALK)._replace(extra=tls)], extra={
            "extensions": ["ietf-mud-tls"],
            "ietf-mud-tls:is-tls-dtls-profile-supported": True})
    one.resolve(internet.CLOUD_NAME)
    one.resolve(internet.CLOUD_NAME, qtype=28)
    good, bad = hello(ssl.TLSVersion.TLSv1_3), hello(ssl.TLSVersion.TLSv1_2)
    ways = [(t, 443, opened.internet.sink) for t in CLOUDS]
    for peer in (opened[MEETER], opened[FAR_MEETER]):
        ways += [(a, TALK, peer.sink) for a in (peer.ipv4, peer.ula)]
    for target, port, sink in ways:
        assert still_flows(one, target, port, sink, good), target
        assert is_ended(opened, one, target, port, sink, bad)
        # and for a while it may not begin again
        sink.clear()
        assert one.connect(target, port, timeout=0.5) is None
        assert sink.count(proto=TCP, dst=target, dport=port) == 0
    told = [e for e in opened.cardea.events() if e.get("reason") == "tls-profile"]
    assert len(told) >= len(ways)
    assert "TLS 1.2" in told[-1]["text"] or "0x0303" in told[-1]["text"]
