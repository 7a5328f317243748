# SPDX-License-Identifier: GPL-2.0-or-later
"""What a device that is held may still do, with each back end, counted at the far end:
one in quarantine, and one that is limited as others depend on it. IPv4 and IPv6, bridged
and routed. What was open ends at once, and nobody else loses a packet."""

import collections
import socket
import threading

import pytest

from lab import dns, internet, mudfiles
from lab.frames import TCP, UDP
from lab.malware import Malware

TALK, QUIET = 7501, 7502
PAGE, PORTAL = 8443, 8908
UPDATE_NAME, UPDATE = "firmware.maker.example", ("203.0.113.31", "2001:db8:ffff:131::31")
OWN_NAME, OWN = "mirror.owner.example", ("203.0.113.32", "2001:db8:ffff:132::32")
CLOUDS = (internet.CLOUD4, internet.CLOUD6)
LIST = {"extensions": ["ietf-mud-quarantine"],
        "ietf-mud-quarantine:quarantined-device-policy": {
            "enabled-ace-names": [{"ace-name": n} for n in ("a1-frdev", "a1-todev")]}}
House = collections.namedtuple("House", "home backend suspect lock other near far")


def addresses(device):
    return (device.ipv4, device.ula, device.ipv6)


def told(device, name):
    """All that it is told, IPv4 and IPv6."""
    return [a for kind in (dns.A, dns.AAAA) for a in device.resolve(name, kind)]


def known(home, device):
    device.tool("ping", "-c1", "-W1", "192.168.1.1")
    device.tool("ping", "-c1", "-W1", "2001:db8:1::1")
    device.send_udp("fd00:c0de:1::1", 9, source=(device.ula, 0))
    home.cardea.wait(
        lambda: set(addresses(device)) <= {
            a["address"] for a in home.cardea.device(device.mac)["addresses"]},
        what="the addresses of " + device.name)


@pytest.fixture(scope="module", params=["bpf", "nft"])
def house(opened, request):
    """The same home with this back end, and devices that no other round has met."""
    opened.cardea.stop()
    opened.gateway.always = {}  # what attacks is isolated
    opened.gateway.start_cardea(enforce={"backend": request.param})
    assert opened.cardea.status()["backend"] == request.param
    if UPDATE_NAME not in opened.internet.zone.records:
        opened.internet.zone.add(UPDATE_NAME, *UPDATE)
        opened.internet.zone.add(OWN_NAME, *OWN)
    files = [mudfiles.cloud(internet.CLOUD_NAME),
             mudfiles.cloud(UPDATE_NAME, TCP, internet.ANY_TCP),
             mudfiles.local(TCP, TALK), mudfiles.local(UDP, TALK),
             mudfiles.network(internet.MEDIA_PREFIX4, UDP, internet.ANY_UDP),
             mudfiles.network(internet.MEDIA_PREFIX6, UDP, internet.ANY_UDP)]
    names, base = [], 0xa0 if request.param == "bpf" else 0xb0

    def add(name, octet, profile=True, bridge=None):
        url = opened.internet.publish(name, name, files, extra=LIST) if profile else None
        names.append(name)
        device = opened.add_device(name, octet, url=url, bridge=bridge)
        for port in (TALK, QUIET):
            device.serve(TCP, port).serve(UDP, port)
        return device.join()

    found = [add("suspect", base), add("lock", base + 1), add("other", base + 2),
             add("near", base + 3, False), add("far", base + 4, False, "br-iot")]
    for device in found:
        device.wait_ready()
        opened.cardea.wait_state(device.mac,
                                 "learning" if device.name in ("near", "far") else "protected")
        known(opened, device)
    opened.cardea.cli("device", "set", found[1].mac, "--class", "lock")
    yield House(opened, request.param, *found)
    for name in names:
        opened.remove_device(name)
    opened.cardea.stop()
    opened.gateway.start_cardea()


def goes(source, target, port, proto=TCP, patience=30):
    """To how many of its addresses it got through; -1: to none, and yet it arrived."""
    target.sink.clear()
    talk = source.echo_tcp if proto == TCP else source.echo_udp
    number = sum(talk(address, port, timeout=patience) for address in addresses(target))
    if not number and target.sink.count(proto=proto, dport=port, src=addresses(source)):
        return -1
    return number


GATEWAY = ("192.168.1.1", "fd00:c0de:1::1", "192.168.2.1")  # the last one of another LAN


def is_reset(device, server, port):
    """It hears so: nothing was there that it had to wait for."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with device.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(30)
        try:
            sock.connect((server, port))
        except ConnectionRefusedError:
            return True
        except OSError:
            pass
    return False


def page_answers(device, server):
    """The page's port is open to it."""
    sock = device.connect(server, PAGE)
    if sock:
        sock.close()
    return sock is not None


def goes_out(home, source, targets, port, patience=30):
    home.internet.sink.clear()
    number = sum(source.echo_tcp(a, port, timeout=patience) for a in targets)
    if not number and home.internet.sink.count(proto=TCP, dst=targets, dport=port):
        return -1
    return number


class Steady:
    """Datagrams of a device that nobody holds, to the world and to the house."""

    def __init__(self, house):
        home, self.device = house.home, house.other
        self.ways = [(internet.MEDIA4, home.internet.sink, internet.ANY_UDP),
                     (internet.MEDIA6, home.internet.sink, internet.ANY_UDP)]
        for peer in (house.near, house.far):
            self.ways += [(peer.ipv4, peer.sink, TALK), (peer.ula, peer.sink, TALK)]
        for address, _, port in self.ways:  # neighbours are found
            assert self.device.echo_udp(address, port)
        for _, sink, _ in self.ways:
            sink.clear()
        self.sent, self._stop = 0, threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def _send(self):
        while not self._stop.wait(0.005):
            for address, _, port in self.ways:
                self.device.send_udp(address, port)
            self.sent += 1

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def lost(self):
        return [self.sent - sink.count(proto=UDP, dport=port, dst=address)
                for address, sink, port in self.ways]


def ended(sock, sink, **fields):
    """A conversation that was open: what it still says arrives nowhere."""
    sink.clear()
    with sock:
        for _ in range(3):
            try:
                sock.send(b"still?")
            except OSError:
                break
    assert sink.count(proto=TCP, **fields) == 0


def test_quarantine(house):
    home, one, near, far = house.home, house.suspect, house.near, house.far
    assert sorted(told(one, internet.CLOUD_NAME)) == sorted(CLOUDS)
    told(one, UPDATE_NAME)
    assert goes_out(home, one, CLOUDS, 443) == 2
    assert goes_out(home, one, UPDATE, internet.ANY_TCP) == 2
    for peer in (near, far):
        assert goes(one, peer, TALK) == 3
    cloud = one.connect(internet.CLOUD4, 443)
    cloud6 = one.connect(internet.CLOUD6, 443)
    bridged, routed = one.connect(near.ula, TALK), one.connect(far.ipv4, TALK)
    with Steady(house) as steady:
        home.cardea.wait(lambda: steady.sent >= 40, what="traffic of another")
        home.cardea.cli("quarantine", "add", one.mac, "--reason", "a test")
        home.cardea.wait_state(one.mac, "quarantined")
        before = steady.sent
        home.cardea.wait(lambda: steady.sent >= before + 40, what="traffic of another")
    assert steady.lost() == [0] * 6, steady.sent
    # what was open
    world = home.internet.sink
    ended(cloud, world, dst=internet.CLOUD4)
    ended(cloud6, world, dst=internet.CLOUD6)
    ended(bridged, near.sink, src=one.ula, dport=TALK)
    ended(routed, far.sink, src=one.ipv4, dport=TALK)
    # what may begin
    assert goes_out(home, one, CLOUDS, 443, patience=0.3) == 0
    assert goes_out(home, one, UPDATE, 443, patience=0.3) == 0
    for peer in (near, far):
        assert goes(one, peer, TALK, patience=0.3) == 0
        assert goes(one, peer, TALK, UDP, patience=0.3) == 0
        assert goes(peer, one, TALK, patience=0.3) == 0
    for server in one.resolvers:
        answer = dns.ask(one.ns, server, UPDATE_NAME, dns.A)
        assert answer.addresses == [UPDATE[0]], server
        answer = dns.ask(one.ns, server, internet.CLOUD_NAME, dns.A)
        assert answer.rcode == dns.REFUSED and not answer.addresses
    told(one, UPDATE_NAME)
    assert goes_out(home, one, UPDATE, internet.ANY_TCP) == 2
    # of the gateway: the portal as ever, and else it hears at once that it may not
    for server in GATEWAY:
        assert is_reset(one, server, PAGE), server
        assert is_reset(one, server, 22), server
    for server in GATEWAY[:2]:
        portal = one.connect(server, PORTAL)
        assert portal, server
        portal.close()
        assert page_answers(near, server), server
    assert goes(house.other, near, TALK) == 3
    # what its owner adds, and takes back
    host = "%s:%d" % (OWN_NAME, internet.ANY_TCP)
    assert dns.ask(one.ns, one.resolvers[0], OWN_NAME, dns.A).rcode == dns.REFUSED
    home.cardea.cli("quarantine", "allow", one.mac, host)
    assert sorted(told(one, OWN_NAME)) == sorted(OWN)
    assert goes_out(home, one, OWN, internet.ANY_TCP) == 2
    assert goes_out(home, one, OWN, 443, patience=0.3) == 0
    assert any(OWN_NAME in s for s in home.cardea.device(one.mac)["allowed_in_quarantine"])
    home.cardea.cli("quarantine", "disallow", one.mac, host)
    assert goes_out(home, one, OWN, internet.ANY_TCP, patience=0.3) == 0
    for bad in ("dns.google:443", "192.168.1.1:22", "127.0.0.1:80", "firmware.example:53"):
        said = home.cardea.cli("quarantine", "allow", one.mac, bad, check=False)
        assert said.returncode not in (0, 2), bad


def test_limited(house):
    """The lock is taken over, scans, and is convicted; the house stays open to it."""
    home, lock, near, far = house.home, house.lock, house.near, house.far
    told(lock, internet.CLOUD_NAME)
    told(lock, UPDATE_NAME)
    assert goes_out(home, lock, CLOUDS, 443) == 2
    cloud = lock.connect(internet.CLOUD6, 443)
    bridged = lock.connect(near.ipv4, TALK)
    home.internet.sink.clear()
    Malware(lock).scan_addresses(80, pause=0.01)
    home.cardea.wait_state(lock.mac, "limited")
    assert home.internet.sink.count(proto=TCP, dport=23, src=internet.GATEWAY4) == 0
    ended(cloud, home.internet.sink, dst=internet.CLOUD6)
    bridged.close()
    assert goes_out(home, lock, CLOUDS, 443, patience=0.3) == 0
    for peer in (near, far):
        assert goes(lock, peer, TALK) == 3 and goes(lock, peer, TALK, UDP) == 3
        assert goes(lock, peer, QUIET, patience=0.3) == 0  # as its profile says, no more
    told(lock, UPDATE_NAME)
    assert goes_out(home, lock, UPDATE, internet.ANY_TCP) == 2
    answer = dns.ask(lock.ns, lock.resolvers[0], internet.CLOUD_NAME, dns.A)
    assert answer.rcode == dns.REFUSED
