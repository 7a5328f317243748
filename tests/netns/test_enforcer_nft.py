# SPDX-License-Identifier: GPL-2.0-or-later
"""The enforcer on the real kernel: what arrives at the receiving end is counted.

One gateway with a bridge (devices d1 d2, attacker d3), a LAN interface that is no
bridge (d4) and a WAN (w), each in its own network namespace. Frames are made here byte
by byte, so that nothing depends on what a host's own stack would send. Every test runs
with br_netfilter off and on. Needs root, and the programs in CARDEA_ENFORCER and
CARDEA_ENFORCER_DRIVE, or else in the build directory that CARDEA_BUILD names.
"""
import ctypes
import itertools
import json
import os
import pathlib
import re
import select
import socket
import struct
import subprocess
import tempfile
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CARDEA_BUILD", ROOT / "build" / "release"))
ENFORCER = os.environ.get("CARDEA_ENFORCER", str(BUILD / "src" / "cardea-enforcer"))
UNDESTROYING = str(BUILD / "tests" / "enforcer_undestroying")
DRIVE = os.environ.get("CARDEA_ENFORCER_DRIVE", str(BUILD / "tests" / "enforcer_drive"))

PREFIX = "cde-%d-" % os.getpid()
CLONE_NEWNET = 0x40000000
QUIET_S = 0.15  # a frame crosses two virtual cables in microseconds
PATIENCE_S = 30  # what has to come may take so long: a loaded machine stands still
NFLOG_GROUP = 7
SO_RCVBUFFORCE = 33

GW = "02:00:00:00:00:01"
GW2 = "02:00:00:00:00:02"
GWW = "02:00:00:00:00:03"
MAC = {"d1": "02:00:00:00:00:10", "d2": "02:00:00:00:00:20",
       "d3": "02:00:00:00:00:30", "d4": "02:00:00:00:00:40",
       "w": "02:00:00:00:00:90"}
IP4 = {"gw": "10.1.0.1", "d1": "10.1.0.10", "d2": "10.1.0.20", "d3": "10.1.0.30",
       "d4": "10.2.0.40", "w": "203.0.113.9"}
IP6 = {"gw": "fd00:1::1", "d1": "fd00:1::10", "d2": "fd00:1::20", "d3": "fd00:1::30",
       "d4": "fd00:2::40", "w": "2001:db8::9"}
IP = {4: IP4, 6: IP6}
ALL6 = "ff02::1"
UDP, TCP, ICMP, ICMP6 = 17, 6, 1, 58
SYN, ACK, SYNACK, FIN = 0x02, 0x10, 0x12, 0x11
libc = ctypes.CDLL(None, use_errno=True)


def run(*words, check=True):
    return subprocess.run(words, check=check, capture_output=True, text=True).stdout


class Inside:
    """A with-block in a network namespace; sockets made there stay there."""

    def __init__(self, ns):
        self.ns = ns

    def __enter__(self):
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.enter(os.open("/run/netns/" + PREFIX + self.ns, os.O_RDONLY))

    def __exit__(self, *_):
        self.enter(self.home)

    @staticmethod
    def enter(fd):
        if libc.setns(fd, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        os.close(fd)


# --- frames -----------------------------------------------------------------------

def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def addr(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def pseudo(src, dst, proto, length):
    if len(src) == 4:
        return src + dst + struct.pack("!BBH", 0, proto, length)
    return src + dst + struct.pack("!IHBB", length, 0, 0, proto)


def ip_frame(smac, dmac, src, dst, proto, payload, hops=64, frag=0):
    """An Ethernet frame; the transport checksum is filled in at its place."""
    s, d = addr(src), addr(dst)
    place = {UDP: 6, TCP: 16, ICMP: 2, ICMP6: 2}.get(proto)
    if place is not None and not frag:
        head = b"" if proto == ICMP else pseudo(s, d, proto, len(payload))
        c = checksum(head + payload)
        payload = payload[:place] + struct.pack("!H", c) + payload[place + 2:]
    if len(s) == 4:
        h = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 77, frag, hops,
                        proto, 0, s, d)
        h = h[:10] + struct.pack("!H", checksum(h)) + h[12:]
        kind = 0x0800
    else:
        h = struct.pack("!IHBB16s16s", 6 << 28, len(payload), proto, hops, s, d)
        kind = 0x86dd
    return mac(dmac) + mac(smac) + struct.pack("!H", kind) + h + payload


def udp(sport, dport, data=b""):
    return struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data


def tcp(sport, dport, flags, data=b""):
    return struct.pack("!HHIIBBHHH", sport, dport, 1, 1, 0x50, flags, 1024, 0, 0) + data


def echo(family, reply, number, data=b""):
    kind = (0 if reply else 8) if family == 4 else (129 if reply else 128)
    return struct.pack("!BBHHH", kind, 0, 0, number, 1) + data


def arp(smac, dmac, op, sha, spa, tpa, data=b""):
    return (mac(dmac) + mac(smac) + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, op)
            + mac(sha) + addr(spa) + mac("00:00:00:00:00:00") + addr(tpa) + data)


def nd_advert(smac, dmac, src, dst, target, data):
    body = struct.pack("!BBHI", 136, 0, 0, 0) + addr(target) + data
    return ip_frame(smac, dmac, src, dst, ICMP6, body, hops=255)


def echo_proto(family):
    return ICMP if family == 4 else ICMP6


# --- the house --------------------------------------------------------------------

class House:
    def __init__(self):
        self.tokens = itertools.count(1)
        for ns in ("gw", *MAC):
            run("ip", "netns", "add", PREFIX + ns)
            self.sysctl(ns, "net/ipv6/conf/all/accept_dad", 0)
            self.sysctl(ns, "net/ipv6/conf/default/accept_dad", 0)
        self.ip("gw", "link add br0 address %s type bridge stp_state 0 mcast_snooping 0"
                % GW)
        for ns in MAC:
            self.cable(ns)
        for dev, hw in (("br0", GW), ("p-d4", GW2), ("p-w", GWW)):
            self.ip("gw", "link set %s address %s" % (dev, hw))
        self.address("gw", "br0", "10.1.0.1/24", "fd00:1::1/64")
        self.address("gw", "p-d4", "10.2.0.1/24", "fd00:2::1/64")
        self.address("gw", "p-w", "203.0.113.1/24", "2001:db8::1/64")
        self.sysctl("gw", "net/ipv4/ip_forward", 1)
        self.sysctl("gw", "net/ipv6/conf/all/forwarding", 1)
        for ns, hw in MAC.items():
            port = "br0" if ns in ("d1", "d2", "d3") else "p-" + ns
            for a in (IP4[ns], IP6[ns]):
                self.ip("gw", "neigh replace %s lladdr %s dev %s" % (a, hw, port))
        self.sockets = {}
        for ns in MAC:
            self.silence(ns)
            with Inside(ns):
                s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            s.bind(("eth0", 3))
            s.setblocking(False)
            s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)  # a flood, unread
            self.sockets[ns] = s
        with Inside("gw"):
            self.listener4 = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.listener6 = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.listener6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        for s, any_address in ((self.listener4, "0.0.0.0"), (self.listener6, "::")):
            s.bind((any_address, 53))
            s.setblocking(False)

    @staticmethod
    def silence(ns):
        """The host's own stack must not answer what is only test traffic."""
        run("ip", "netns", "exec", PREFIX + ns, "nft",
            "table inet quiet { chain input { type filter hook input priority 0; "
            "meta l4proto { tcp, udp } drop; icmp type echo-request drop; "
            "icmpv6 type echo-request drop; }; }")

    def cable(self, ns):
        self.ip("gw", "link add p-%s type veth peer name eth0 netns %s address %s"
                % (ns, PREFIX + ns, MAC[ns]))
        if ns in ("d1", "d2", "d3"):
            self.ip("gw", "link set p-%s master br0" % ns)
        self.ip("gw", "link set p-%s up" % ns)
        lan = {"d4": 2}.get(ns, 1)
        if ns == "w":
            self.address(ns, "eth0", "203.0.113.9/24", "2001:db8::9/64")
        else:
            self.address(ns, "eth0", IP4[ns] + "/24", IP6[ns] + "/64")
            self.ip(ns, "route add default via 10.%d.0.1" % lan)

    def address(self, ns, dev, v4, v6):
        self.ip(ns, "link set %s up" % dev)
        self.ip(ns, "addr add %s dev %s" % (v4, dev))
        self.ip(ns, "addr add %s dev %s nodad" % (v6, dev))

    @staticmethod
    def ip(ns, words):
        run("ip", "-n", PREFIX + ns, *words.split())

    @staticmethod
    def nft(*words):
        return run("ip", "netns", "exec", PREFIX + "gw", "nft", *words)

    @staticmethod
    def sysctl(ns, name, value):
        with Inside(ns):
            with open("/proc/sys/" + name, "w") as f:
                f.write(str(value))

    def br_netfilter(self, on):
        for name in ("iptables", "ip6tables", "arptables"):
            path = "net/bridge/bridge-nf-call-" + name
            if os.path.exists("/proc/sys/" + path):
                self.sysctl("gw", path, int(on))
            elif on:
                pytest.skip("no br_netfilter in this kernel")

    def token(self):
        return b"cardea-test-%08d" % next(self.tokens)

    def send(self, ns, frame):
        self.sockets[ns].send(frame)

    def count(self, ns, token, expected, patience=PATIENCE_S):
        """Frames with the token that arrived at ns."""
        seen = 0
        end = time.monotonic() + (patience if expected else QUIET_S)
        while time.monotonic() < end and (not expected or seen < expected):
            if not select.select([self.sockets[ns]], [], [], 0.02)[0]:
                continue
            data, origin = self.sockets[ns].recvfrom(65535)
            if token in data and origin[2] != socket.PACKET_OUTGOING:
                seen += 1
        return seen

    def arrives(self, sender, receiver, build, expected=True, **patience):
        """Sends build(token) three times from sender; all or none must arrive."""
        token = self.token()
        for _ in range(3):
            self.send(sender, build(token))
        return self.count(receiver, token, 3 if expected else 0, **patience) == (
            3 if expected else 0)

    def passes(self, *a):
        return self.arrives(*a, expected=True)

    def blocked(self, *a):
        return self.arrives(*a, expected=False)

    def gateway_hears(self, family, expected):
        s = self.listener4 if family == 4 else self.listener6
        wait = PATIENCE_S if expected else QUIET_S
        if not select.select([s], [], [], wait)[0]:
            return None
        return s.recvfrom(2048)

    def receive(self, ns, token):
        """The frame with the token that arrived at ns, or None."""
        while select.select([self.sockets[ns]], [], [], PATIENCE_S)[0]:
            data, origin = self.sockets[ns].recvfrom(65535)
            if token in data and origin[2] != socket.PACKET_OUTGOING:
                return data
        return None

    def close(self):
        for s in (*self.sockets.values(), self.listener4, self.listener6):
            s.close()


def remove_namespaces():
    for name in os.listdir("/run/netns") if os.path.isdir("/run/netns") else ():
        if name.startswith(PREFIX):
            run("ip", "netns", "del", name, check=False)


class Enforcer:
    def __init__(self, program=ENFORCER, settings=()):
        self.program = program
        self.p = subprocess.Popen(
            ["ip", "netns", "exec", PREFIX + "gw", DRIVE, program],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for line in ("backend " + os.environ.get("CARDEA_BACKEND", "nft"),
                     "lan br0", "lan p-d4", "nflog_group %d" % NFLOG_GROUP,
                     "gateway_mac " + GW, "gateway_mac " + GW2, *settings):
            self.tell("config " + line)
        self.ready = self.ask("start")
        assert self.ready.startswith("ready"), self.ready

    def tell(self, *lines):
        for line in lines:
            self.p.stdin.write(line + "\n")
        self.p.stdin.flush()

    def ask(self, *lines):
        self.tell(*lines)
        return self.p.stdout.readline().strip()

    def commit(self, *lines, how="commit"):
        answer = self.ask(*lines, how)
        assert answer.startswith("done error=0 "), answer
        return answer

    def pid(self):
        return int(re.search(r"pid=(\d+)", self.ready).group(1))

    def manage(self, *names):
        lines = ["local 10.1.0.0/24", "local 10.2.0.0/24", "local fd00:1::/64",
                 "local fd00:2::/64", "local fe80::/10"]
        for a in (IP4["gw"], IP6["gw"]):
            lines += ["bound %s %s" % (GW, a), "owned " + a]
        for n in names:
            lines.append("managed " + MAC[n])
            for a in (IP4[n], IP6[n]):
                lines += ["policed " + a, "bound %s %s" % (MAC[n], a), "owned " + a]
        self.commit(*lines)

    def close(self):
        self.p.stdin.close()
        self.p.wait(PATIENCE_S)


def by_nft(enforcer):
    """These tests run with the other back end, too, which has no sets to look into."""
    return "backend=nft" in enforcer.ready


@pytest.fixture(scope="module")
def network():
    for program in (ENFORCER, UNDESTROYING, DRIVE):
        assert os.access(program, os.X_OK), program + " is not built (set CARDEA_BUILD)"
    try:
        house = House()
        yield house
        house.close()
    finally:
        remove_namespaces()


@pytest.fixture(params=[False, True], ids=["bridge-nf-0", "bridge-nf-1"])
def house(request, network):
    network.br_netfilter(request.param)
    yield network


@pytest.fixture
def plain(network):
    """For what does not depend on br_netfilter."""
    network.br_netfilter(False)
    yield network


@pytest.fixture(params=[ENFORCER], ids=[""])
def enforcer(request, network):
    e = Enforcer(request.param)
    try:
        yield e
        e.ask("shutdown open")
    finally:
        e.close()


# Also as on a kernel before 6.12, where every change takes a look first.
both_ways = pytest.mark.parametrize(
    "enforcer", [ENFORCER, UNDESTROYING], ids=["renew", "look"], indirect=True)


def to_wan(family, proto_payload, sender="d1", gw=GW):
    proto, payload = proto_payload
    return lambda t: ip_frame(MAC[sender], gw, IP[family][sender], IP[family]["w"],
                              proto, payload(t))


def from_wan(family, proto_payload, receiver="d1"):
    proto, payload = proto_payload
    return lambda t: ip_frame(MAC["w"], GWW, IP[family]["w"], IP[family][receiver],
                              proto, payload(t))


def bridged(family, sender, receiver, proto_payload):
    proto, payload = proto_payload
    return lambda t: ip_frame(MAC[sender], MAC[receiver], IP[family][sender],
                              IP[family][receiver], proto, payload(t))


def u(sport, dport):
    return UDP, lambda t: udp(sport, dport, t)


def t(sport, dport, flags):
    return TCP, lambda token: tcp(sport, dport, flags, token)


def ping(family, reply, number):
    return echo_proto(family), lambda token: echo(family, reply, number, token)


# --- tests ------------------------------------------------------------------------

@pytest.mark.parametrize("family", [4, 6])
def test_unmanaged_pass_untouched(house, enforcer, family):
    enforcer.manage("d1")
    assert house.passes("d3", "w", to_wan(family, u(1000, 9), "d3"))
    assert house.passes("w", "d3", from_wan(family, u(9, 1000), "d3"))
    assert house.passes("d3", "d2", bridged(family, "d3", "d2", u(1000, 9)))
    house.send("d3", ip_frame(MAC["d3"], GW, IP[family]["d3"], IP[family]["gw"], UDP,
                              udp(1000, 53, b"x")))
    assert house.gateway_hears(family, True)


@pytest.mark.parametrize("family", [4, 6])
def test_routed_exact(house, enforcer, family):
    enforcer.manage("d1")
    w = IP[family]["w"]
    assert house.blocked("d1", "w", to_wan(family, u(1000, 123)))
    enforcer.commit("out %s %s udp 123 timeout 60" % (MAC["d1"], w))
    assert house.blocked("w", "d1", from_wan(family, u(123, 1000)))
    assert house.passes("d1", "w", to_wan(family, u(1000, 123)))
    assert house.passes("w", "d1", from_wan(family, u(123, 1000)))
    assert house.blocked("w", "d1", from_wan(family, u(123, 1001)))
    assert house.blocked("d1", "w", to_wan(family, u(1000, 124)))
    assert house.blocked("d1", "w", to_wan(family, t(1000, 123, SYN)))


@pytest.mark.parametrize("family", [4, 6])
def test_bridged_exact(house, enforcer, family):
    enforcer.manage("d1")
    assert house.blocked("d1", "d2", bridged(family, "d1", "d2", u(1000, 80)))
    assert house.blocked("d2", "d1", bridged(family, "d2", "d1", u(80, 1000)))
    enforcer.commit("out %s %s udp 80" % (MAC["d1"], IP[family]["d2"]))
    assert house.passes("d1", "d2", bridged(family, "d1", "d2", u(1000, 80)))
    assert house.passes("d2", "d1", bridged(family, "d2", "d1", u(80, 1000)))
    assert house.blocked("d2", "d1", bridged(family, "d2", "d1", u(80, 1002)))


@pytest.mark.parametrize("family", [4, 6])
def test_both_ends_managed(house, enforcer, family):
    enforcer.manage("d1", "d2")
    d1, d2 = IP[family]["d1"], IP[family]["d2"]
    enforcer.commit("out %s %s udp 80" % (MAC["d1"], d2))
    assert house.blocked("d1", "d2", bridged(family, "d1", "d2", u(1000, 80)))
    enforcer.commit("inr %s %s udp 80 any" % (d2, d1))
    assert house.passes("d1", "d2", bridged(family, "d1", "d2", u(1000, 80)))
    assert house.passes("d2", "d1", bridged(family, "d2", "d1", u(80, 1000)))
    assert house.blocked("d2", "d1", bridged(family, "d2", "d1", u(81, 1000)))


@pytest.mark.parametrize("family", [4, 6])
def test_ranges(house, enforcer, family):
    enforcer.manage("d1")
    prefix = "203.0.113.0/24" if family == 4 else "2001:db8::/64"
    enforcer.commit("outr %s %s udp 5000-5009 100-199" % (MAC["d1"], prefix))
    assert house.passes("d1", "w", to_wan(family, u(5000, 100)))
    assert house.passes("d1", "w", to_wan(family, u(5009, 199)))
    assert house.blocked("d1", "w", to_wan(family, u(5010, 199)))
    assert house.blocked("d1", "w", to_wan(family, u(5009, 200)))
    enforcer.commit("outr %s any%d any any any" % (MAC["d1"], family))
    assert house.passes("d1", "w", to_wan(family, u(5010, 200)))


@pytest.mark.parametrize("family", [4, 6])
def test_unsolicited_inbound(house, enforcer, family):
    enforcer.manage("d1")
    d1, d2, w = (IP[family][n] for n in ("d1", "d2", "w"))
    assert house.blocked("w", "d1", from_wan(family, t(999, 80, SYN)))
    enforcer.commit("inr %s %s tcp 80 any" % (d1, w), "inr %s %s udp 80 any" % (d1, d2))
    assert house.passes("w", "d1", from_wan(family, t(999, 80, SYN)))
    assert house.passes("d1", "w", to_wan(family, t(80, 999, SYNACK)))
    assert house.blocked("w", "d1", from_wan(family, t(999, 81, SYN)))
    assert house.passes("d2", "d1", bridged(family, "d2", "d1", u(7, 80)))
    assert house.passes("d1", "d2", bridged(family, "d1", "d2", u(80, 7)))


@pytest.mark.parametrize("family", [4, 6])
def test_inbound_exact(house, enforcer, family):
    enforcer.manage("d1")
    d1, d2, w = (IP[family][n] for n in ("d1", "d2", "w"))
    assert house.blocked("w", "d1", from_wan(family, t(999, 80, SYN)))
    enforcer.commit("in %s %s tcp 80" % (d1, w),
                    "in %s %s udp 80 timeout 60" % (d1, d2))
    assert house.passes("w", "d1", from_wan(family, t(999, 80, SYN)))
    assert house.passes("d1", "w", to_wan(family, t(80, 999, SYNACK)))
    assert house.blocked("w", "d1", from_wan(family, t(999, 81, SYN)))
    assert house.blocked("w", "d1", from_wan(family, u(999, 80)))
    assert house.blocked("d3", "d1", bridged(family, "d3", "d1", u(7, 80)))
    assert house.passes("d2", "d1", bridged(family, "d2", "d1", u(7, 80)))
    assert house.passes("d1", "d2", bridged(family, "d1", "d2", u(80, 7)))
    enforcer.commit("remove in %s %s tcp 80" % (d1, w))
    assert house.blocked("w", "d1", from_wan(family, t(998, 80, SYN)))
    enforcer.commit("forget %s %s" % (MAC["d1"], d1))
    assert house.blocked("d2", "d1", bridged(family, "d2", "d1", u(8, 80)))


def flow_life(house, port):
    """Seconds that the flow of this device port still has, in the inet table."""
    data = json.loads(house.nft("-j", "list", "set", "inet", "cardea", "flows4"))
    for item in data["nftables"]:
        for e in item.get("set", {}).get("elem", ()):
            if e["elem"]["val"]["concat"][3] == port:
                return e["elem"]["expires"]
    return None


def test_tcp_life(plain, enforcer):
    enforcer.manage("d1")
    enforcer.commit("out %s %s tcp 443 timeout 60" % (MAC["d1"], IP4["w"]))
    assert plain.passes("d1", "w", to_wan(4, t(1000, 443, SYN)))
    assert 55 <= flow_life(plain, 1000) <= 60
    assert plain.passes("w", "d1", from_wan(4, t(443, 1000, SYNACK)))
    assert 55 <= flow_life(plain, 1000) <= 60
    assert plain.passes("d1", "w", to_wan(4, t(1000, 443, ACK)))
    assert plain.passes("w", "d1", from_wan(4, t(443, 1000, ACK)))
    assert 7435 <= flow_life(plain, 1000) <= 7440
    assert plain.passes("w", "d1", from_wan(4, t(443, 1000, FIN)))
    assert 55 <= flow_life(plain, 1000) <= 60


@pytest.mark.parametrize("family", [4, 6])
def test_echo(house, enforcer, family):
    enforcer.manage("d1")
    w, kind = IP[family]["w"], "0x800" if family == 4 else "0x8000"
    name = "icmp" if family == 4 else "icmpv6"
    assert house.blocked("d1", "w", to_wan(family, ping(family, False, 5)))
    enforcer.commit("outr %s %s %s %s any" % (MAC["d1"], w, name, kind),
                    "outr %s %s %s %s any" % (MAC["d1"], IP[family]["d2"], name, kind))
    assert house.passes("d1", "w", to_wan(family, ping(family, False, 5)))
    assert house.passes("w", "d1", from_wan(family, ping(family, True, 5)))
    assert house.blocked("w", "d1", from_wan(family, ping(family, True, 6)))
    assert house.passes("d1", "d2", bridged(family, "d1", "d2", ping(family, False, 5)))
    assert house.passes("d2", "d1", bridged(family, "d2", "d1", ping(family, True, 5)))


@pytest.mark.parametrize("family", [4, 6])
def test_related_error_routed(plain, enforcer, family):
    """An ICMP error for a live conversation passes, one for none does not."""
    enforcer.manage("d1")
    enforcer.commit("out %s %s udp 123" % (MAC["d1"], IP[family]["w"]))
    build = to_wan(family, u(1000, 123))
    assert plain.passes("d1", "w", build)

    def error(port):
        inner = ip_frame(MAC["d1"], GW, IP[family]["d1"], IP[family]["w"], UDP,
                         udp(port, 123, b"x" * 24))[14:]
        kind = (3, 3) if family == 4 else (1, 4)
        return echo_proto(family), lambda token: struct.pack(
            "!BBHI", *kind, 0, 0) + inner + token
    assert plain.passes("w", "d1", from_wan(family, error(1000)))
    assert plain.blocked("w", "d1", from_wan(family, error(1001)))


@pytest.mark.parametrize("family", [4, 6])
def test_gateway_services(house, enforcer, family):
    enforcer.manage("d1")
    ask = ip_frame(MAC["d1"], GW, IP[family]["d1"], IP[family]["gw"], UDP,
                   udp(4000, 53, b"query"))
    house.send("d1", ask)
    assert house.gateway_hears(family, False) is None
    enforcer.commit("out %s %s udp 53" % (MAC["d1"], IP[family]["gw"]))
    house.send("d1", ask)
    heard = house.gateway_hears(family, True)
    assert heard and heard[1][1] == 4000
    token = house.token()
    listener = house.listener4 if family == 4 else house.listener6
    listener.sendto(token, heard[1])
    assert house.count("d1", token, 1) == 1


@pytest.mark.parametrize("family", [4, 6])
def test_answers_to_the_gateway(house, enforcer, family):
    """What the gateway asked itself is no policy matter."""
    enforcer.manage("d1")
    listener = house.listener4 if family == 4 else house.listener6
    port = 7000 + next(house.tokens)
    answer = ip_frame(MAC["d1"], GW, IP[family]["d1"], IP[family]["gw"], UDP,
                      udp(port, 53, b"answer"))
    house.send("d1", answer)
    assert house.gateway_hears(family, False) is None
    listener.sendto(b"hello", (IP[family]["d1"], port))
    house.send("d1", answer)
    assert house.gateway_hears(family, True)


@pytest.mark.parametrize("family", [4, 6])
def test_lan_without_bridge(house, enforcer, family):
    enforcer.manage("d4")
    mine = to_wan(family, u(1000, 123), "d4", GW2)
    assert house.blocked("d4", "w", mine)
    enforcer.commit("outr %s any%d udp any any" % (MAC["d4"], family))
    assert house.passes("d4", "w", mine)
    stolen = "10.2.0.77" if family == 4 else "fd00:2::77"
    foreign = "198.51.100.7" if family == 4 else "2001:db8:77::7"

    def build(source):
        return lambda token: ip_frame(MAC["d4"], GW2, source, IP[family]["w"], UDP,
                                      udp(1000, 123, token))
    assert house.passes("d4", "w", build(stolen))
    enforcer.commit("owned " + stolen)
    assert house.blocked("d4", "w", build(stolen))
    assert house.blocked("d4", "w", build(foreign))


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("thief", ["d2", "d3"])
def test_guard_addresses(house, enforcer, family, thief):
    """d2 is managed and may do anything, d3 is not managed; neither may be d1."""
    enforcer.manage("d1", "d2")
    enforcer.commit("outr %s any%d any any any" % (MAC["d2"], family))

    def as_(source):
        return lambda token: ip_frame(MAC[thief], GW, source, IP[family]["w"], UDP,
                                      udp(1, 2, token))
    assert house.passes(thief, "w", as_(IP[family][thief]))
    assert house.blocked(thief, "w", as_(IP[family]["d1"]))
    assert house.blocked(thief, "w", as_(IP[family]["gw"]))
    foreign = "198.51.100.7" if family == 4 else "2001:db8:77::7"
    assert house.arrives(thief, "w", as_(foreign), expected=thief == "d3")


@pytest.mark.parametrize("thief", ["d2", "d3"])
def test_guard_claims(house, enforcer, thief):
    enforcer.manage("d1", "d2")
    m, to = MAC[thief], "d3" if thief == "d2" else "d2"
    everybody = "ff:ff:ff:ff:ff:ff"

    def claim(ip, sha=m):
        return lambda token: arp(m, everybody, 2, sha, ip, ip, token)
    assert house.passes(thief, to, claim(IP4[thief]))
    assert house.blocked(thief, to, claim(IP4["d1"]))
    assert house.blocked(thief, to, claim(IP4["d1"], MAC["d1"]))
    assert thief == "d3" or house.blocked(thief, to, claim(IP4[thief], MAC["d1"]))
    assert house.blocked(thief, to, claim(IP4["gw"]))

    def advert(source, target):
        return lambda token: nd_advert(m, "33:33:00:00:00:01", source, ALL6, target,
                                       token)
    assert house.passes(thief, to, advert(IP6[thief], IP6[thief]))
    assert house.blocked(thief, to, advert(IP6[thief], IP6["d1"]))
    assert house.blocked(thief, to, advert(IP6["d1"], IP6["d1"]))


def test_unseen_address_receives_nothing(house, enforcer):
    """To a managed MAC, on an address that is not bound to it."""
    enforcer.manage("d1")
    house.ip("gw", "neigh replace 10.1.0.99 lladdr %s dev br0" % MAC["d1"])

    def from_w(token):
        return ip_frame(MAC["w"], GWW, IP4["w"], "10.1.0.99", UDP, udp(1, 2, token))

    def from_d2(token):
        return ip_frame(MAC["d2"], MAC["d1"], IP4["d2"], "10.1.0.99", UDP,
                        udp(1, 2, token))
    assert house.blocked("w", "d1", from_w)
    assert house.blocked("d2", "d1", from_d2)
    enforcer.commit("bound %s 10.1.0.99" % MAC["d1"])
    assert house.passes("w", "d1", from_w)
    assert house.passes("d2", "d1", from_d2)


def test_outside_policy(house, enforcer):
    enforcer.manage("d1")
    m, everybody = MAC["d1"], "ff:ff:ff:ff:ff:ff"

    def frame(dmac, src, dst, proto, payload, hops=64):
        return lambda token: ip_frame(m, dmac, src, dst, proto, payload(token), hops)
    dhcp4 = frame(everybody, "0.0.0.0", "255.255.255.255", UDP,
                  lambda t_: udp(68, 67, t_))
    assert house.passes("d1", "d2", dhcp4)
    link_local = "fe80::10"
    dhcp6 = frame("33:33:00:01:00:02", link_local, "ff02::1:2", UDP,
                  lambda t_: udp(546, 547, t_))
    assert house.passes("d1", "d2", dhcp6)

    def nd(kind):
        return lambda t_: struct.pack("!BBHI", kind, 0, 0, 0) + addr(IP6["d2"]) + t_
    solicit = frame("33:33:ff:00:00:20", IP6["d1"], "ff02::1:ff00:20", ICMP6, nd(135),
                    255)
    assert house.passes("d1", "d2", solicit)
    igmp = frame("01:00:5e:00:00:16", IP4["d1"], "224.0.0.22", 2, lambda t_: t_)
    assert house.passes("d1", "d2", igmp)
    eapol = mac(MAC["d2"]) + mac(m) + b"\x88\x8e\x01\x01\x00\x00"
    assert house.passes("d1", "d2", lambda token: eapol + token)
    assert house.passes("d1", "d2", lambda token: arp(
        m, everybody, 1, m, IP4["d1"], IP4["d2"], token))
    other = mac(MAC["d2"]) + mac(m) + b"\x88\xb5"
    assert house.blocked("d1", "d2", lambda token: other + token)
    # the same protocols are no way out of the house
    assert house.blocked("d1", "w", to_wan(4, u(68, 67)))
    assert house.blocked("d1", "w", to_wan(6, u(546, 547)))
    assert house.blocked("d1", "w", frame(GW, IP6["d1"], IP6["w"], ICMP6, nd(135), 255))


def ether(sender, to, kind):
    """A frame that is not IP; kind below 0x600 is the length of IEEE 802.3."""
    dmac = MAC.get(to, to)
    return lambda token: (mac(dmac) + mac(MAC[sender]) + struct.pack("!H", kind)
                          + token.ljust(46, b"\0"))


def test_other_frames(house, enforcer):
    """HomePlug, GOOSE and the like: from and to a device, with one peer or with all."""
    enforcer.manage("d1")
    group = "01:0c:cd:01:00:01"
    for sender, to, at in (("d1", "d2", "d2"), ("d2", "d1", "d1"), ("d1", group, "d2")):
        assert house.blocked(sender, at, ether(sender, to, 0x88e1))
    # what goes to a group is nobody's, and the others' frames are their own matter
    assert house.passes("d2", "d1", ether("d2", group, 0x88e1))
    assert house.passes("d2", "d3", ether("d2", "d3", 0x88e1))
    enforcer.commit("ether-out %s 0x88e1 %s" % (MAC["d1"], MAC["d2"]),
                    "ether-in %s 0x88e2 %s" % (MAC["d1"], MAC["d2"]),
                    "ether-out %s 0x88b8 any" % MAC["d1"],
                    "ether-in %s 0x88b9 any" % MAC["d1"])
    for sender, to, at, kind, good in (
            ("d1", "d2", "d2", 0x88e1, True), ("d1", "d3", "d3", 0x88e1, False),
            ("d1", "d2", "d2", 0x88e2, False), ("d2", "d1", "d1", 0x88e2, True),
            ("d3", "d1", "d1", 0x88e2, False), ("d2", "d1", "d1", 0x88e1, False),
            ("d1", group, "d2", 0x88b8, True), ("d1", "d3", "d3", 0x88b8, True),
            ("d3", "d1", "d1", 0x88b9, True), ("d3", "d1", "d1", 0x88b8, False)):
        assert house.arrives(sender, at, ether(sender, to, kind), good), (sender, kind)
    if by_nft(enforcer):
        denied = house.nft("list", "set", "bridge", "cardea", "denied_t")
        assert MAC["d1"] + " counter packets 12 " in denied, denied
    enforcer.commit("remove ether-out %s 0x88e1 %s" % (MAC["d1"], MAC["d2"]),
                    "remove ether-in %s 0x88b9 any" % MAC["d1"])
    assert house.blocked("d1", "d2", ether("d1", "d2", 0x88e1))
    assert house.blocked("d3", "d1", ether("d3", "d1", 0x88b9))
    # EAPOL and ARP to a device stand outside policy
    assert house.passes("d2", "d1", ether("d2", "d1", 0x888e))
    assert house.passes("d2", "d1", lambda token: arp(
        MAC["d2"], MAC["d1"], 2, MAC["d2"], IP4["d2"], IP4["d1"], token))


def test_frames_with_a_length(house, enforcer):
    """IEEE 802.3 with LLC has no type that a rule could name; the bridge's own groups
    (STP, LLDP, pause) stay on their link in any case."""
    enforcer.manage("d1")
    enforcer.commit("ether-out %s 0x600 any" % MAC["d1"],
                    "ether-in %s 0x600 any" % MAC["d1"])
    for sender, receiver in (("d1", "d2"), ("d2", "d1")):
        assert house.blocked(sender, receiver, ether(sender, receiver, 46))
    assert house.passes("d2", "d3", ether("d2", "d3", 46))
    for last, kind in (("00", 46), ("0e", 0x88cc), ("01", 0x8808)):
        link = "01:80:c2:00:00:" + last
        enforcer.commit("ether-out %s 0x88cc any" % MAC["d1"])
        assert house.blocked("d1", "d2", ether("d1", link, kind))


# --- limits -----------------------------------------------------------------------

PAYLOAD = 972  # with IPv4 and UDP 1000 bytes, with IPv6 and UDP 1020


class Flood:
    """Sent evenly, as far as the machine lets us: when each frame was sent, and which of
    them arrived. A virtual cable judges a frame when it is sent, not when we read it."""

    def __init__(self, house, sender, receiver, build, seconds, per_second):
        self.sent, self.arrived = [], set()
        self._token, self._socket = house.token(), house.sockets[receiver]
        start, number = time.monotonic(), int(seconds * per_second)
        while len(self.sent) < number:
            due = min(int((time.monotonic() - start) * per_second) + 1, number)
            while len(self.sent) < due:
                frame = build((self._token + b"%06d" % len(self.sent)).ljust(PAYLOAD, b"x"))
                self.sent.append(time.monotonic())
                house.send(sender, frame)
            self._read(0.002)
        self._read(QUIET_S)
        self.took = self.sent[-1] - self.sent[0]

    def _read(self, silence):
        while select.select([self._socket], [], [], silence)[0]:
            data, origin = self._socket.recvfrom(65535)
            at = data.find(self._token) + len(self._token)
            if self._token in data and origin[2] != socket.PACKET_OUTGOING:
                self.arrived.add(int(data[at:at + 6]))

    def __len__(self):
        return len(self.arrived)

    def rate(self, depth):
        """Packets a second between the first and the last that was refused: there the
        bucket, which holds so many seconds' worth, is empty. What it had no room for,
        while nothing was sent, is lost and no fault of the rate."""
        refused = sorted(set(range(len(self.sent))) - self.arrived)
        first, last = refused[0], refused[-1]
        sent = self.sent[first:last + 1]
        time_ = sum(min(b - a, depth) for a, b in zip(sent, sent[1:]))
        return sum(first < n < last for n in self.arrived) / time_


LIMIT_CASES = [
    # what is limited, sender, receiver, frames
    ("out", "d1", "w", to_wan), ("out", "d1", "d2", None),
    ("in", "w", "d1", from_wan), ("in", "d2", "d1", None)]


@pytest.mark.parametrize("what,family", [("bytes", 4), ("packets", 6)])
@pytest.mark.parametrize("case", LIMIT_CASES, ids=["f-wan", "f-lan", "t-wan", "t-lan"])
def test_limits(house, enforcer, case, what, family):
    """Also a conversation under way; the rate may change; the other side is free."""
    direction, sender, receiver, make = case
    enforcer.manage("d1")
    enforcer.commit("outr %s any%d udp any any" % (MAC["d1"], family),
                    "inr %s any%d udp any any" % (IP[family]["d1"], family))

    def there():
        return (make(family, u(1000, 9)) if make
                else bridged(family, sender, receiver, u(1000, 9)))
    assert house.passes(sender, receiver, there())
    key = MAC["d1"] if direction == "out" else IP[family]["d1"]
    size = 1000 if family == 4 else 1020
    line = "limit %s %s %%d" % (what, key)
    for rate, seconds in ((100, 2), (40, 2)):
        enforcer.commit(line % (rate * (size if what == "bytes" else 1)))
        # a second's worth, and the largest packet
        depth = max(1, 65536 / size / rate) if what == "bytes" else 1
        frames = Flood(house, sender, receiver, there(), seconds, 400)
        assert 0.85 * rate <= frames.rate(depth) <= 1.15 * rate
        assert len(frames) <= 1.15 * rate * (depth + frames.took)
    if by_nft(enforcer):
        over = house.nft("list", "table", "bridge" if not make else "inet", "cardea")
        assert re.search(r"set over_%s.*?elements = \{ %s"
                         % ("f" if direction == "out" else "t%d" % family, key), over,
                         re.S)
    enforcer.commit("remove " + line % 1)
    assert len(Flood(house, sender, receiver, there(), 1, 400)) == 400


def limits_laid(house, name):
    """Rate of each element of a set, in both tables; they must agree."""
    found = [re.findall(r"([0-9a-f:.]+) limit rate over (\S+)",
                        house.nft("list", "set", family, "cardea", name))
             for family in ("inet", "bridge")]
    assert found[0] == found[1]
    return dict(found[0])


@both_ways
def test_limits_in_a_sync(plain, enforcer):
    """A sync leaves equal limits alone, with what is in their buckets."""
    base = ["managed " + MAC["d1"], "local 10.1.0.0/24", "policed " + IP4["d1"],
            "outr %s any4 udp any any" % MAC["d1"],
            "bound %s %s" % (MAC["d1"], IP4["d1"])]
    limits = ["limit packets %s 100" % MAC["d1"], "limit bytes %s 70000" % IP4["d1"],
              "limit bytes %s 99999999999999999" % IP6["d1"]]
    enforcer.commit(*base, *limits, how="sync")
    assert limits_laid(plain, "packets_f") == {MAC["d1"]: "100/second"}
    assert limits_laid(plain, "bytes_t4") == {IP4["d1"]: "70000"}
    assert limits_laid(plain, "bytes_t6") == {IP6["d1"]: "4294967295"}
    log = Nflog()
    try:
        first = Flood(plain, "d1", "w", to_wan(4, u(1000, 9)), 0.5, 1000)
        assert 120 <= len(first) <= 130 + 100 * first.took
        enforcer.commit(*base, *limits, how="sync")
        again = Flood(plain, "d1", "w", to_wan(4, u(1000, 9)), 0.5, 1000)
        # what came into the bucket since, and not another full one
        assert len(again) <= 10 + 100 * (again.sent[-1] - first.sent[-1])
        assert "cardea:f:deny" not in log.prefixes()  # no violation
    finally:
        log.close()
    over = plain.nft("list", "set", "inet", "cardea", "over_f")
    dropped = int(re.search(MAC["d1"] + r" counter packets (\d+)", over).group(1))
    assert 980 <= len(first) + len(again) + dropped <= 1000
    enforcer.commit(*base, "limit packets %s 50" % MAC["d1"], how="sync")
    assert limits_laid(plain, "packets_f") == {MAC["d1"]: "50/second"}
    assert limits_laid(plain, "bytes_t4") == {}
    for name, left in (("limited_f", True), ("limited_t4", False)):
        text = plain.nft("list", "set", "inet", "cardea", name)
        assert ("elements" in text) == left


def test_answers_of_a_dhcp_server(house, enforcer):
    enforcer.manage("d1", "d2")
    offer = bridged(4, "d3", "d1", u(67, 68))
    assert house.passes("d3", "d1", offer)
    rogue = bridged(4, "d2", "d1", u(67, 68))
    assert house.blocked("d2", "d1", rogue)
    assert house.blocked("d2", "d3", bridged(6, "d2", "d3", u(547, 546)))

    def advert(sender):
        return lambda token: ip_frame(
            MAC[sender], "33:33:00:00:00:01", IP6[sender], ALL6, ICMP6,
            struct.pack("!BBHII", 134, 0, 0, 0, 0) + token, 255)
    assert house.passes("d3", "d1", advert("d3"))
    assert house.blocked("d2", "d1", advert("d2"))


def test_bridged_fragments(house, enforcer):
    enforcer.manage("d1")
    enforcer.commit("outr %s any4 any any any" % MAC["d1"])

    def fragment(sender, receiver):
        return lambda token: ip_frame(
            MAC[sender], MAC[receiver], IP4[sender], IP4[receiver], UDP,
            udp(1, 2, token), frag=0x2000)
    assert house.blocked("d1", "d2", fragment("d1", "d2"))
    assert house.blocked("d2", "d1", fragment("d2", "d1"))


def test_tagged_frames_are_judged(plain, enforcer):
    """A VLAN tag must not hide a packet from the bridge's policy."""
    enforcer.manage("d1")
    inner = bridged(4, "d1", "d2", u(1, 2))

    def tagged(token):
        f = inner(token)
        return f[:12] + b"\x81\x00\x00\x05" + f[12:]

    def twice(token):
        f = inner(token)
        return f[:12] + b"\x88\xa8\x00\x05\x81\x00\x00\x06" + f[12:]
    assert plain.blocked("d1", "d2", tagged)
    assert plain.blocked("d1", "d2", twice)


@both_ways
def test_sync_removes_stale_statics_only(plain, enforcer):
    enforcer.manage("d1")
    rule = "out %s %s udp %d" % (MAC["d1"], IP4["w"], 0)
    box = "outr %s 203.0.113.0/24 udp 2000-2999 %s"
    enforcer.commit(rule[:-1] + "11", rule[:-1] + "12", rule[:-1] + "13 timeout 60",
                    box % (MAC["d1"], "100-199"), box % (MAC["d1"], "300-399"))
    for port, device in ((11, 1), (12, 2), (13, 3), (100, 2000), (300, 2001)):
        assert plain.passes("d1", "w", to_wan(4, u(device, port)))
    enforcer.commit("managed " + MAC["d1"], "local 10.1.0.0/24", rule[:-1] + "11",
                    box % (MAC["d1"], "300-350"), how="sync")
    for port, device, good in ((11, 4, True), (12, 5, False), (13, 6, True),
                               (100, 2002, False), (300, 2003, True),
                               (390, 2004, False)):
        assert plain.arrives("d1", "w", to_wan(4, u(device, port)), good), port
    if not by_nft(enforcer):
        return
    assert "policed" not in plain.nft("list", "set", "inet", "cardea", "managed")
    assert "elements" not in plain.nft("list", "set", "bridge", "cardea", "policed4")


@both_ways
def test_replacing_changes_the_timeout(plain, enforcer):
    enforcer.manage("d1")
    for kind in ("out %s 203.0.113.9 udp 5", "outr %s 203.0.113.9/32 udp any 7-8"):
        for timeout in ("timeout 1", "timeout 600", "", "timeout 1", "timeout 600"):
            enforcer.commit(kind % MAC["d1"] + " " + timeout)
    time.sleep(1.3)
    assert plain.passes("d1", "w", to_wan(4, u(1, 5)))
    assert plain.passes("d1", "w", to_wan(4, u(1, 7)))
    enforcer.commit("out %s 203.0.113.9 udp 5 timeout 1" % MAC["d1"])
    time.sleep(1.3)
    assert plain.blocked("d1", "w", to_wan(4, u(2, 5)))
    enforcer.commit("remove outr %s 203.0.113.9/32 udp any 7-8" % MAC["d1"],
                    "remove outr %s 203.0.113.9/32 udp any 900-901" % MAC["d1"])
    assert plain.blocked("d1", "w", to_wan(4, u(2, 7)))


@both_ways
@pytest.mark.parametrize("family", [4, 6])
def test_forget_ends_flows(house, enforcer, family):
    enforcer.manage("d1", "d3")
    for n in ("d1", "d3"):
        enforcer.commit("out %s %s udp 5 timeout 600" % (MAC[n], IP[family]["w"]))
        assert house.passes(n, "w", to_wan(family, u(1, 5), n))
        assert house.passes("w", n, from_wan(family, u(5, 1), n))
    enforcer.commit("forget %s %s %s" % (MAC["d1"], IP4["d1"], IP6["d1"]))
    assert house.blocked("w", "d1", from_wan(family, u(5, 1)))
    assert house.blocked("d1", "w", to_wan(family, u(1, 5)))
    assert house.passes("w", "d3", from_wan(family, u(5, 1), "d3"))
    assert house.passes("d3", "w", to_wan(family, u(1, 5), "d3"))


@pytest.mark.parametrize("family", [4, 6])
def test_a_lost_address_takes_its_flows_along(house, enforcer, family):
    """Who gets the address next must not go on with what was another's."""
    enforcer.manage("d1", "d3")
    mine = IP[family]["d1"]
    enforcer.commit("out %s %s udp 5" % (MAC["d1"], IP[family]["w"]))

    def as_d1(sender):
        return lambda token: ip_frame(MAC[sender], GW, mine, IP[family]["w"], UDP,
                                      udp(1, 5, token))
    assert house.passes("d1", "w", as_d1("d1"))
    enforcer.commit("forget %s %s" % (MAC["d1"], mine),
                    "remove bound %s %s" % (MAC["d1"], mine),
                    "bound %s %s" % (MAC["d3"], mine))
    assert house.blocked("d3", "w", as_d1("d3"))
    assert house.blocked("w", "d3", from_wan(family, u(5, 1)))


@both_ways
def test_forget_and_open_anew(plain, enforcer):
    """In one transaction, the same and the opposite of what is there."""
    assert ("Linux 6.12" in enforcer.ready) == (enforcer.program == UNDESTROYING)
    enforcer.manage("d1")
    w, box = IP4["w"], "outr %s 203.0.113.0/24 udp 2000-2999 %s timeout 600"
    out = "out %s %s udp %d timeout 600"
    enforcer.commit(out % (MAC["d1"], w, 5), out % (MAC["d1"], w, 6),
                    box % (MAC["d1"], "7"), box % (MAC["d1"], "8"))
    for device, port in ((1, 5), (1, 6), (2000, 7), (2000, 8)):
        assert plain.passes("d1", "w", to_wan(4, u(device, port)))
    enforcer.commit("forget %s %s %s" % (MAC["d1"], IP4["d1"], IP6["d1"]),
                    out % (MAC["d1"], w, 5), box % (MAC["d1"], "7"),
                    "remove " + out % (MAC["d1"], w, 6),
                    "remove " + box % (MAC["d1"], "8"))
    for device, port, good in ((1, 5, True), (1, 6, False), (2000, 7, True),
                               (2000, 8, False)):
        assert plain.arrives("w", "d1", from_wan(4, u(port, device)), good), port
    for device, port, good in ((3, 5, True), (3, 6, False), (2003, 7, True),
                               (2003, 8, False)):
        assert plain.arrives("d1", "w", to_wan(4, u(device, port)), good), port


def tracked(house):
    """(protocol, source, destination, source port or identifier, destination port) of
    what connection tracking knows in the gateway."""
    with Inside("gw"):
        with open("/proc/net/nf_conntrack") as f:
            text = f.read()
    found = set()
    for line in text.splitlines():
        first = {}
        for key, value in re.findall(r"(\w+)=(\S+)", line):
            first.setdefault(key, value)
        src, dst = (socket.inet_ntop(socket.AF_INET6, addr(a)) if ":" in a else a
                    for a in (first["src"], first["dst"]))
        found.add((int(line.split()[3]), src, dst,
                   int(first.get("sport", first.get("id", 0))),
                   int(first.get("dport", 0))))
    return found


def swap_cases(family):
    """(opening packet, answer, element) of conversations from and to d1."""
    d1, w = IP[family]["d1"], IP[family]["w"]
    echo = {  # an echo is allowed by either side's element: one for each version
        4: (True, ping(4, False, 7), ping(4, True, 7),
            "outr %s %s icmp 0x800 any" % (MAC["d1"], w)),
        6: (False, ping(6, False, 8), ping(6, True, 8),
            "inr %s %s icmpv6 any 0x8000" % (d1, w))}
    return [
        (True, u(1, 5), u(5, 1), "out %s %s udp 5 timeout 600" % (MAC["d1"], w)),
        (True, t(2, 5, SYN), t(5, 2, SYNACK), "out %s %s tcp 5" % (MAC["d1"], w)),
        (True, u(2000, 9), u(9, 2000),
         "outr %s %s udp 2000-2999 9 timeout 60" % (MAC["d1"], w)),
        (False, u(15, 80), u(80, 15), "in %s %s udp 80" % (d1, w)),
        (False, u(16, 90), u(90, 16), "inr %s %s udp 90-99 any timeout 60" % (d1, w)),
        echo[family]]


@both_ways
@pytest.mark.parametrize("family", [4, 6])
def test_swap_ends_only_what_is_forbidden(house, enforcer, family):
    """Each conversation in turn loses its element; it ends at once, for connection
    tracking too, and all others go on."""
    cases = swap_cases(family)
    forget = "forget %s %s %s" % (MAC["d1"], IP4["d1"], IP6["d1"])

    def goes_on(outward, opening, answer):
        if outward:
            return house.arrives("w", "d1", from_wan(family, answer), True)
        return house.arrives("d1", "w", to_wan(family, answer), True)

    # what other tests left, and the kernel's own, may expire at any time
    ours = {(UDP, 1, 5), (TCP, 2, 5), (UDP, 2000, 9), (UDP, 15, 80), (UDP, 16, 90),
            (ICMP, 7, 0), (ICMP6, 8, 0)}

    def is_ours(track):
        """Begun by what was refused, it is tracked the other way round."""
        proto, _, _, one, other = track
        return IP[family]["d1"] in track and not {(proto, one, other),
                                                  (proto, other, one)}.isdisjoint(ours)

    def numbers():
        return set(filter(is_ours, tracked(house)))
    strangers = numbers()
    for gone in range(len(cases)):
        enforcer.manage("d1")
        enforcer.commit(*(element for *_, element in cases))
        for outward, opening, answer, _ in cases:
            assert (house.passes("d1", "w", to_wan(family, opening)) if outward
                    else house.passes("w", "d1", from_wan(family, opening)))
            assert goes_on(outward, opening, answer)
        before = numbers()
        assert len(before) == len(cases), before
        enforcer.commit(forget, "remove " + cases[gone][3].split(" timeout")[0],
                        *(c[3] for i, c in enumerate(cases) if i != gone))
        assert len(before - numbers()) == 1 and not numbers() - before, (
            gone, before, numbers())
        for i, (outward, opening, answer, _) in enumerate(cases):
            if i != gone:
                assert goes_on(outward, opening, answer), (gone, i)
            elif outward:
                assert house.blocked("w", "d1", from_wan(family, answer))
                assert house.blocked("d1", "w", to_wan(family, opening))
            else:
                assert house.blocked("d1", "w", to_wan(family, answer))
                assert house.blocked("w", "d1", from_wan(family, opening))
        enforcer.commit(forget, *("remove " + c[3].split(" timeout")[0] for c in cases))
        # at a port's way out what is refused has been tracked already
        assert not by_nft(enforcer) or not numbers() - strangers


def drain(house, ns, tokens=(), wait=0):
    """For each token the numbers behind it in the frames that arrived at ns."""
    found = {token: [] for token in tokens}
    while select.select([house.sockets[ns]], [], [], wait)[0]:
        data, origin = house.sockets[ns].recvfrom(65535)
        for token in tokens:
            at = data.find(token)
            if at >= 0 and origin[2] != socket.PACKET_OUTGOING:
                found[token].append(struct.unpack_from("!I", data, at + len(token))[0])
    return [found[token] for token in tokens]


SWAPS, FRAMES = 200, 10


@both_ways
def test_swaps_under_traffic(house, enforcer):
    """The policy of d1 is replaced 200 times while it talks, and d3 talks: what stays
    allowed loses no packet, what is not ends, and d3 notices nothing."""
    enforcer.manage("d1", "d3")
    enforcer.commit("many 5000 out %s %s tcp" % (MAC["d3"], IP4["w"]),
                    "out %s %s udp 5" % (MAC["d3"], IP4["w"]))
    forget = "forget %s %s %s" % (MAC["d1"], IP4["d1"], IP6["d1"])
    stays = "out %s %s udp 5 timeout 600" % (MAC["d1"], IP4["w"])
    turns = ["out %s %s udp %d" % (MAC["d1"], IP4["w"], port) for port in (100, 101)]
    enforcer.commit(stays, turns[0])
    d1, d3, back, turn = tokens = [house.token() for _ in range(4)]

    def send(number):
        n = struct.pack("!I", number)
        house.send("d1", to_wan(4, u(1, 5))(d1 + n))
        house.send("d3", to_wan(4, u(3, 5), "d3")(d3 + n))
        house.send("w", from_wan(4, u(5, 1))(back + n))
    arrived = [[], [], [], []]

    def look(wait=0):
        for all_, new in zip(arrived, drain(house, "w", (d1, d3), wait)
                             + drain(house, "d1", (back,), wait)):
            all_ += new
    send(0)
    for swap in range(SWAPS):
        old, new = swap % 2, (swap + 1) % 2
        enforcer.tell(forget, stays, "remove " + turns[old], turns[new], "commit")
        for i in range(FRAMES):
            send(1 + swap * FRAMES + i)
        assert enforcer.p.stdout.readline().startswith("done error=0 ")
        look()
        n = struct.pack("!I", swap)  # the same two conversations, allowed in turns
        house.send("d1", to_wan(4, u(7, 100 + old))(turn + b"\0\0\0\0"))
        house.send("d1", to_wan(4, u(7, 100 + new))(turn + n))
        arrived[3] += drain(house, "w", (turn,), 0.01)[0]
    look(QUIET_S)
    everything = list(range(1 + SWAPS * FRAMES))
    for name, numbers in zip(("of d1", "of d3", "to d1"), arrived):
        assert numbers == everything, name
    assert arrived[3] == list(range(SWAPS)), "forbidden ones arrived, or allowed ones not"


def test_swap_among_many(plain, enforcer):
    """... with as many flows as one device may open, and many elements of others."""
    enforcer.manage("d1", "d3")
    enforcer.commit("many 60000 out %s %s udp" % (MAC["d3"], IP4["w"]))
    enforcer.commit("outr %s %s udp any 9 timeout 600" % (MAC["d1"], IP4["w"]))
    for port in range(1, 1001):
        plain.send("d1", to_wan(4, u(port, 9))(b"many"))
        if port % 100 == 0:
            drain(plain, "d1", (), 0.01)
            drain(plain, "w")
    start = time.monotonic()
    enforcer.commit("forget %s %s" % (MAC["d1"], IP4["d1"]),
                    "outr %s %s udp 1-500 9 timeout 600" % (MAC["d1"], IP4["w"]),
                    "remove outr %s %s udp any 9" % (MAC["d1"], IP4["w"]))
    print("1,000 flows judged anew: %.0f ms" % ((time.monotonic() - start) * 1000))
    for port in (1, 500, 501, 1000):
        assert plain.arrives("w", "d1", from_wan(4, u(9, port)), port <= 500), port


# --- questions to foreign name servers --------------------------------------------

@pytest.fixture(params=["nft", "bpf"])
def redirecting(request, network):
    e = Enforcer(settings=["dns_foreign redirect", "backend " + request.param])
    e.backend = request.param
    try:
        yield e
        e.ask("shutdown open")
    finally:
        e.close()


def question(family, server, sender="d1", port=4000, gw=GW):
    return ip_frame(MAC[sender], gw, IP[family][sender], server, UDP,
                    udp(port, 53, b"question"))


FOREIGN = {4: "203.0.113.77", 6: "2001:db8::77"}


@pytest.mark.parametrize("family", [4, 6])
def test_foreign_questions_come_to_us(house, redirecting, family):
    """The answer comes back from whom was asked; what policy allows goes there, and
    who is not managed goes where it likes."""
    redirecting.manage("d1")
    gw, w, server = IP[family]["gw"], IP[family]["w"], FOREIGN[family]
    if redirecting.backend == "nft":  # no policy for the gateway's
        house.send("d1", question(family, server, port=4001))
        assert house.gateway_hears(family, False) is None
    redirecting.commit("out %s %s udp 53" % (MAC["d1"], gw))
    house.send("d1", question(family, server, port=4002))
    heard = house.gateway_hears(family, True)
    assert heard and heard[1][1] == 4002 and b"question" in heard[0]
    token = house.token()
    (house.listener4 if family == 4 else house.listener6).sendto(token, heard[1])
    answer = house.receive("d1", token)
    assert answer and addr(server) + addr(IP[family]["d1"]) in answer
    # what is on the LAN stays there, and nobody else's questions are touched
    house.send("d1", bridged(family, "d1", "d2", u(4003, 53))(b"question"))
    assert house.passes("d3", "w", to_wan(family, u(4004, 53), "d3"))
    assert house.gateway_hears(family, False) is None
    # a server that the profile lists
    for element in ("out %s %s udp 53 timeout 600", "outr %s %s udp 4000-4999 50-60"):
        redirecting.commit(element % (MAC["d1"], w))
        assert house.passes("d1", "w", to_wan(family, u(4005, 53)))
        heard = None
        redirecting.commit("forget " + MAC["d1"] + " " + IP[family]["d1"],
                           "remove " + (element % (MAC["d1"], w)).split(" timeout")[0])
        assert house.blocked("d1", "w", to_wan(family, u(4006, 53)))
        while house.gateway_hears(family, False):
            heard = True
        assert heard is True
    redirecting.commit("managed " + MAC["d1"], how="sync")
    assert "4000-4999" not in house.nft("list", "table", "inet", "cardea_dns")


def test_redirection_comes_and_goes(plain):
    """Laid when wanted, kept, removed with the rest, and by a start that does not want
    it; the owner's own translation stays."""
    plain.nft("table inet owner { chain p { type nat hook prerouting priority dstnat; "
              "udp dport 7777 redirect to :53; }; }")
    try:
        for setting, laid in (("redirect", True), ("redirect", True), ("refuse", False)):
            e = Enforcer(settings=["dns_foreign " + setting])
            e.manage("d1")
            tables = plain.nft("list", "tables")
            assert ("cardea_dns" in tables) == laid and "inet owner" in tables
            if laid:
                e.commit("out %s %s udp 53" % (MAC["d1"], IP4["gw"]))
                plain.send("d1", to_wan(4, u(1, 7777))(b"owner"))
                assert plain.gateway_hears(4, True)
                plain.nft("delete", "table", "inet", "cardea_dns")
                assert e.ask("managed " + MAC["d2"], "commit").startswith("done error=-2")
                while e.ask("commit") != "closed":
                    pass
                assert e.ask("start").startswith("ready")
            e.ask("shutdown keep")
            e.close()
        e = Enforcer(settings=["dns_foreign redirect"])
        e.ask("shutdown open")
        e.close()
        assert "cardea" not in plain.nft("list", "tables")
    finally:
        plain.nft("delete", "table", "inet", "owner")


def test_killed_and_started_again(plain, enforcer):
    enforcer.manage("d1")
    enforcer.commit("out %s %s udp 5 timeout 5" % (MAC["d1"], IP4["w"]))
    assert plain.passes("d1", "w", to_wan(4, u(1, 5)))
    assert enforcer.ask("kill") == "killed"
    time.sleep(5.1)
    assert plain.passes("w", "d1", from_wan(4, u(5, 1)))
    assert plain.blocked("d1", "w", to_wan(4, u(2, 5)))
    assert enforcer.ask("start").startswith("ready kept=1")
    assert plain.passes("w", "d1", from_wan(4, u(5, 1)))
    assert plain.passes("d1", "w", to_wan(4, u(1, 5)))


def test_other_configuration_replaces(plain, enforcer):
    enforcer.manage("d1")
    enforcer.ask("kill")
    enforcer.tell("config lan another0")
    assert enforcer.ask("start").startswith("ready kept=0")
    assert plain.passes("d1", "w", to_wan(4, u(1, 5)))


def test_older_tables_are_replaced(plain):
    """An upgrade finds tables of the same name with other sets in them."""
    for family in ("inet", "bridge"):
        plain.nft("""table %s cardea {
            chain v0123456789abcdef { }
            set managed { type ipv4_addr; elements = { 10.1.0.10 } }
            set in4 { type inet_service; flags interval; elements = { 1-1000 } }
            map limited_f { type ether_addr : verdict; }
            chain from { ether saddr vmap @limited_f; drop; }
            chain forward { type filter hook forward priority -10; jump from; }; }"""
                  % family)
    assert plain.blocked("d1", "w", to_wan(4, u(1, 5)))
    e = Enforcer()
    try:
        assert e.ready.startswith("ready kept=0")
        assert plain.passes("d1", "w", to_wan(4, u(1, 5)))
        e.manage("d1")
        e.commit("in %s %s udp 80" % (IP4["d1"], IP4["w"]))
        assert plain.blocked("d1", "w", to_wan(4, u(1, 5)))
        assert plain.passes("w", "d1", from_wan(4, u(1, 80)))
        e.ask("shutdown open")
    finally:
        e.close()


def test_tables_removed_by_others(plain, enforcer):
    """The enforcer ends; its next start lays everything anew."""
    enforcer.manage("d1")
    plain.nft("delete", "table", "inet", "cardea")
    assert enforcer.ask("managed " + MAC["d2"], "commit").startswith("done error=-2 ")
    for _ in range(100):  # what was sent before it ended may still be answered
        answer = enforcer.ask("managed " + MAC["d2"], "commit")
        if answer == "closed":
            break
        assert answer.startswith("done error=-2 "), answer
    assert answer == "closed"
    assert enforcer.ask("start").startswith("ready kept=0")
    enforcer.manage("d1")
    assert plain.blocked("d1", "w", to_wan(4, u(1, 5)))


def test_other_tables_decide_after_us(plain, enforcer):
    """What we accept the owner's own rules may still refuse."""
    enforcer.manage("d1")
    enforcer.commit("out %s %s udp 5" % (MAC["d1"], IP4["w"]))
    plain.nft("table inet owner { chain f { type filter hook forward priority 0; "
              "udp dport 5 drop; }; }")
    try:
        assert plain.blocked("d1", "w", to_wan(4, u(1, 5)))
    finally:
        plain.nft("delete", "table", "inet", "owner")
    assert plain.passes("d1", "w", to_wan(4, u(1, 5)))


def test_shutdown(plain):
    for how, tables in (("keep", 2), ("open", 0)):
        e = Enforcer()
        e.manage("d1")
        assert e.ask("shutdown " + how) == "exit 0"
        e.close()
        assert plain.nft("list", "tables").count("cardea") == tables
        assert plain.arrives("d1", "w", to_wan(4, u(1, 5)), how == "open")


def test_management_cannot_be_cut(plain, enforcer):
    enforcer.manage("d1")
    for bad in ("managed " + GW, "outr %s any4 any any any" % GW,
                "owned 255.255.255.255", "policed 224.0.0.1"):
        answer = enforcer.ask("out %s 192.0.2.1 tcp 1" % MAC["d1"], bad, "commit")
        assert answer.startswith("done error=-1007 "), answer
    assert "192.0.2.1" not in plain.nft("list", "table", "inet", "cardea")
    managed = plain.nft("list", "set", "inet", "cardea", "managed")
    assert MAC["d1"] in managed and GW not in managed


def test_engine_comes_and_goes(plain, enforcer):
    enforcer.manage("d1")
    enforcer.tell("out %s %s udp 5" % (MAC["d1"], IP4["w"]), "half")
    assert enforcer.ask("engine").startswith("ready")
    enforcer.commit("out %s %s udp 6" % (MAC["d1"], IP4["w"]))
    assert plain.blocked("d1", "w", to_wan(4, u(1, 5)))
    assert plain.passes("d1", "w", to_wan(4, u(1, 6)))
    assert enforcer.ask("junk") == "closed"
    assert enforcer.ask("engine").startswith("ready")
    enforcer.commit("out %s %s udp 7" % (MAC["d1"], IP4["w"]))


@both_ways
def test_large_transaction(plain, enforcer):
    enforcer.manage("d1")
    enforcer.commit("many 10000 out %s %s tcp" % (MAC["d1"], IP4["w"]))
    assert plain.passes("d1", "w", to_wan(4, t(1, 10000, SYN)))
    assert plain.blocked("d1", "w", to_wan(4, t(1, 10001, SYN)))
    again = enforcer.commit("many 10000 out %s %s tcp" % (MAC["d1"], IP4["w"]),
                            "managed " + MAC["d1"], "local 10.1.0.0/24", how="sync")
    print(again)
    enforcer.commit("managed " + MAC["d1"], "local 10.1.0.0/24", how="sync")
    assert plain.blocked("d1", "w", to_wan(4, t(2, 10000, SYN)))


def test_full_sync(plain, enforcer):
    """100,000 elements in one transaction, again, and away; then all that one takes."""
    base = ["managed " + MAC["d1"], "local 10.1.0.0/24", "local fd00:1::/64"]
    many = "many %d out %s 203.0.113.9 tcp"
    enforcer.manage("d1")
    for what in ("first", "again"):
        answer = enforcer.commit(*base, many % (100000, MAC["d1"]), how="sync")
        print("100,000 elements, %s: %s" % (what, answer))
    assert plain.passes("d1", "w", to_wan(4, t(1, 60000, SYN)))
    start = time.monotonic()
    assert sum(counts(enforcer)[0].values()) == 1
    print("counts of all: %.0f ms" % ((time.monotonic() - start) * 1000))
    print("away:", enforcer.commit(*base, how="sync"))
    assert plain.blocked("d1", "w", to_wan(4, t(2, 60000, SYN)))
    most = "many %d out %s 2001:db8::9 tcp timeout 600"
    answer = enforcer.ask(most % (131073, MAC["d1"]), "commit")
    assert answer.startswith("done error=-1002 "), answer
    for what in ("laid", "replaced"):
        print("131,072", what, enforcer.commit(most % (131072, MAC["d1"])))
    assert plain.passes("d1", "w", to_wan(6, t(1, 60000, SYN)))
    print("forgotten:", enforcer.commit("forget " + MAC["d1"]))
    assert plain.blocked("d1", "w", to_wan(6, t(2, 60000, SYN)))


def counts(enforcer):
    """{(kind, family, device, peers, protos, ports): packets} of each table."""
    found = ({}, {})
    line = enforcer.ask("counts")
    while line not in ("end", "closed", ""):
        *key, table, packets = line.split()
        assert tuple(key) not in found[int(table)]
        found[int(table)][tuple(key)] = int(packets)
        line = enforcer.p.stdout.readline().strip()
    assert line == "end"
    return found


@both_ways
@pytest.mark.parametrize("family", [4, 6])
def test_counts(plain, enforcer, family):
    """Of each element the packets that opened a conversation, and no others."""
    enforcer.manage("d1")
    d1, d2, w = (IP[family][n] for n in ("d1", "d2", "w"))
    net = "203.0.113.0/24" if family == 4 else "2001:db8::/64"
    first, last = (("203.0.113.0", "203.0.113.255") if family == 4
                   else ("2001:db8::", "2001:db8::ffff:ffff:ffff:ffff"))
    enforcer.commit("out %s %s udp 5" % (MAC["d1"], w),
                    "out %s %s udp 6 timeout 600" % (MAC["d1"], w),
                    "out %s %s udp 5" % (MAC["d1"], d2),
                    "outr %s %s udp 2000-2999 7-8" % (MAC["d1"], net),
                    "in %s %s udp 80" % (d1, w), "inr %s %s udp 90-99 any" % (d1, net))
    assert counts(enforcer) == ({}, {})
    for port in (1, 2, 3):
        assert plain.passes("d1", "w", to_wan(family, u(port, 5)))
    assert plain.passes("d1", "d2", bridged(family, "d1", "d2", u(1, 5)))
    assert plain.passes("d1", "w", to_wan(family, u(2000, 7)))
    assert plain.passes("w", "d1", from_wan(family, u(1, 80)))
    assert plain.passes("w", "d1", from_wan(family, u(1, 95)))
    assert plain.passes("d1", "w", to_wan(family, u(80, 1)))
    f, m = str(family), MAC["d1"]
    peer, all_ = w + "-" + w, first + "-" + last
    routed = {
        ("out", f, m, peer, "17-17", "0-0", "5-5"): 3,
        ("out-range", f, m, all_, "17-17", "2000-2999", "7-8"): 1,
        ("in", f, d1, peer, "17-17", "80-80", "0-0"): 1,
        ("in-range", f, d1, all_, "17-17", "90-99", "0-65535"): 1}
    bridge = {("out", f, m, d2 + "-" + d2, "17-17", "0-0", "5-5"): 1}
    assert counts(enforcer) == (routed, bridge)
    # what is opened again, forgotten and opened again, or just stays keeps its count
    timed = ("out", f, m, peer, "17-17", "0-0", "6-6")
    for port, forget in ((9, []), (10, []), (11, ["forget " + m]), (12, [])):
        enforcer.commit(*forget, "out %s %s udp 6 timeout %d" % (m, w, 600 + port))
        assert plain.passes("d1", "w", to_wan(family, u(port, 6)))
        routed[timed] = routed.get(timed, 0) + 1
        assert counts(enforcer) == (routed, bridge)
    enforcer.commit("managed " + m, "policed " + d1, "out %s %s udp 5" % (m, w),
                    "out %s %s udp 6" % (m, w), how="sync")
    left = {k: n for k, n in routed.items() if k[-1] in ("5-5", "6-6")}
    assert counts(enforcer) == (left, {})
    enforcer.commit("remove out %s %s udp 5" % (m, w))
    enforcer.commit("out %s %s udp 5" % (m, w))
    assert counts(enforcer) == ({timed: 4}, {})


def test_counts_to_a_slow_engine(plain, enforcer):
    """More counts than the channel takes: it stays open, and none is lost."""
    enforcer.manage("d1")
    enforcer.commit("many 20000 out %s %s udp" % (MAC["d1"], IP4["w"]))
    for port in range(1, 20001):
        plain.send("d1", to_wan(4, u(1, port))(b"count"))
        if port % 200 == 0:
            time.sleep(0.01)
    assert enforcer.ask("slow") == "end 20000"
    enforcer.commit("out %s %s udp 5" % (MAC["d1"], IP4["w"]))


def test_new_flows_are_limited(plain, enforcer):
    """One device opens its burst and little more, whatever it sends."""
    enforcer.manage("d1")
    enforcer.commit("outr %s any4 udp any any" % MAC["d1"])
    token, start = plain.token(), time.monotonic()
    for port in range(1, 3001):
        plain.send("d1", to_wan(4, u(port, 9))(token))
    took = time.monotonic() - start
    flows = plain.nft("list", "set", "inet", "cardea", "flows4").count("expires")
    assert 1000 <= flows <= 1010 + 100 * took < 3000


class Nflog:
    """The group's packets: prefix of each."""

    def __init__(self):
        with Inside("gw"):
            self.s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        self.s.bind((0, 0))
        self.s.settimeout(0.3)
        bind, copy, at_once = (self.attr(1, b"\1"),
                               self.attr(2, struct.pack("!IBB", 256, 2, 0)),
                               self.attr(5, struct.pack("!I", 1)))
        self.config(bind + copy + at_once)

    @staticmethod
    def attr(kind, data):
        return struct.pack("HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)

    def config(self, attrs):
        body = struct.pack("!BBH", 0, 0, NFLOG_GROUP) + attrs
        self.s.send(struct.pack("IHHII", 16 + len(body), 4 << 8 | 1, 5, 1, 0) + body)
        assert struct.unpack_from("i", self.s.recv(4096), 16)[0] == 0

    def prefixes(self, least=0):
        """What is told until it is silent; so many have to come."""
        found = []
        try:
            while True:
                self.s.settimeout(PATIENCE_S if len(found) < least else 0.3)
                found += re.findall(rb"cardea:[a-z]:[a-z]+", self.s.recv(65536))
        except TimeoutError:
            return [p.decode() for p in found]

    def close(self):
        self.s.close()


def test_violations_are_reported(house, enforcer):
    enforcer.manage("d1", "d2")
    log = Nflog()
    try:
        cases = [
            ("cardea:f:deny", "d1", to_wan(4, u(1, 5))),
            ("cardea:t:deny", "w", from_wan(6, u(1, 5))),
            ("cardea:f:spoof", "d2", lambda token: ip_frame(
                MAC["d2"], GW, IP4["d1"], IP4["w"], UDP, udp(1, 2, token))),
            ("cardea:f:rogue", "d2", bridged(4, "d2", "d1", u(67, 68))),
            ("cardea:t:spoof", "d3", lambda token: ip_frame(
                MAC["d3"], MAC["d1"], IP4["d3"], "10.1.0.98", UDP, udp(1, 2, token))),
            ("cardea:f:frag", "d1", lambda token: ip_frame(
                MAC["d1"], MAC["d2"], IP4["d1"], IP4["d2"], UDP, udp(1, 2, token),
                frag=0x2000)),
        ]
        for prefix, sender, build in cases:
            log.prefixes()
            house.send(sender, build(house.token()))
            assert log.prefixes(1) == [prefix]
        start = time.monotonic()
        for _ in range(200):
            house.send("d1", to_wan(4, u(1, 5))(b"flood"))
        took = time.monotonic() - start
        reported = log.prefixes(30)  # forty at once, less those from before
        assert 30 <= len(reported) <= 50 + 10 * took
    finally:
        log.close()
    text = house.nft("list", "set", "inet", "cardea", "denied_f")
    assert "counter packets 201 " in text


def test_the_file_is_what_is_laid(plain, enforcer):
    """src/enforce/nft/skeleton.nft, filled in by hand, makes just the same tables."""
    def without_elements(text):
        return re.sub(r"\n\t\telements = \{[^}]*\}", "", text)
    laid = without_elements(plain.nft("-s", "list", "ruleset"))
    words = {"version": re.search(r"chain (v[0-9a-f]{16}) ", laid).group(1),
             "lans": '"br0", "p-d4"', "group": str(NFLOG_GROUP),
             "gateways": "elements = { %s, %s }" % (GW, GW2)}
    file = (ROOT / "src" / "enforce" / "nft" / "skeleton.nft").read_text()
    both, hooks = file.split("\n# Part 2:")
    text = ""
    answer = ("meta oif 0 meta l4proto tcp update @reset_f { ether saddr limit rate 10/second "
              "burst 40 packets } reject with tcp reset")
    for family, related, said in (("inet", "ct state related return", answer),
                                  ("bridge", "", "")):
        text += (both.replace("$family", family).replace("$related", related)
                 .replace("$answer", said))
    text += "\n# Part 2:" + hooks
    for word, value in words.items():
        text = text.replace("$" + word, value)
    with tempfile.NamedTemporaryFile("w", suffix=".nft") as f:
        f.write(text)
        f.flush()
        plain.nft("-c", "-f", f.name)
        plain.nft("-f", f.name)
    assert without_elements(plain.nft("-s", "list", "ruleset")) == laid


def test_memory(plain, enforcer):
    """The enforcer stays small, also after a large transaction."""
    enforcer.manage("d1")
    enforcer.commit("many 10000 out %s %s tcp" % (MAC["d1"], IP4["w"]))
    with open("/proc/%d/smaps_rollup" % enforcer.pid()) as f:
        pss = int(re.search(r"^Pss: +(\d+) kB", f.read(), re.M).group(1))
    print("PSS %d kB" % pss)
    assert pss <= 3072
