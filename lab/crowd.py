# SPDX-License-Identifier: GPL-2.0-or-later
"""Many devices at little cost: no IP stacks, only frames that are sent and counted. All
ports lie in one namespace, each with its own MAC on a bridge port of the gateway."""

import collections
import itertools
import select
import socket
import struct
import time

from . import frames, gateway
from .netns import Netns

Member = collections.namedtuple("Member", "number port mac bridge router ipv4 ipv6 ula")


def _members(count, bridges):
    for i in range(count):
        lan = i % len(bridges)  # devices alternate between the LANs
        host = 10 + i // len(bridges)  # below the range of DHCP
        yield Member(i, "c%d" % i, "00:00:5e:01:53:%02x" % i, bridges[lan],
                     (gateway.MAC, gateway.SECOND_MAC)[lan],
                     "192.168.%d.%d" % (lan + 1, host),
                     "2001:db8:%d::c:%x" % (lan + 1, host),
                     "fd00:c0de:%d::c:%x" % (lan + 1, host))


def _dhcp_discover(member, url):
    """RFC 2131, with the MUD URL in option 161 (RFC 8520 section 10)."""
    body = struct.pack("!BBBBIHH16x6s10x192x", 1, 1, 6, 0, member.number + 1, 0, 0x8000,
                       frames.mac_bytes(member.mac))
    body += b"\x63\x82\x53\x63\x35\x01\x01"
    body += bytes([161, len(url)]) + url.encode() + b"\xff"
    return frames.udp(member.mac, frames.BROADCAST, "0.0.0.0", "255.255.255.255", 68, 67,
                      body)


class Crowd:
    def __init__(self, home, count):
        self.home = home
        gw = home.gateway
        bridges = [gw.bridge] + ([gw.second] if gw.second else [])
        self.members = list(_members(count, bridges))
        self.ns = Netns(home, "crowd")
        self.ns.sysctl("ipv6/conf/default/disable_ipv6", 1)
        self.ns.ip_batch(["link add %s address %s type veth peer name p-%s netns %s"
                          % (m.port, m.mac, m.port, gw.ns.name) for m in self.members])
        gw.ns.ip_batch([line for m in self.members for line in (
            "link set p-%s master %s" % (m.port, m.bridge), "link set p-%s up" % m.port)])
        self.ns.ip_batch(["link set %s up" % m.port for m in self.members])
        # the gateway does not have to ask who has an address: nobody would answer
        gw.ns.ip_batch(["neigh replace %s lladdr %s dev %s nud permanent"
                        % (a, m.mac, m.bridge) for m in self.members
                        for a in (m.ipv4, m.ipv6, m.ula)])
        self._out = self.ns.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self._in = self.ns.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                  socket.htons(frames.ETH_P_ALL))
        self._in.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        self._in.setblocking(False)
        self._sports = itertools.cycle(range(10000, 60000))

    def send(self, member, frame):
        self._out.sendto(frame, (member.port, frames.ETH_P_ALL))

    def join(self, url):
        """Each says its MUD URL and announces its addresses."""
        for m in self.members:
            self.send(m, _dhcp_discover(m, url))
            self.send(m, frames.arp(m.mac, m.mac, m.ipv4, m.ipv4))
            for address in (m.ipv6, m.ula):
                self.send(m, frames.neighbour_advertisement(
                    m.mac, "33:33:00:00:00:01", address, "ff02::1", address))

    def shoot(self, pairs, port):
        """One SYN for each pair and family. Which (a, b, family) arrived: at b alone, and
        once each."""
        self._drain(0)
        for number, (a, b) in enumerate(pairs):
            sport = next(self._sports)  # never one of what may still be open
            for source, target in ((a.ipv4, b.ipv4), (a.ipv6, b.ipv6)):
                mac = b.mac if a.bridge == b.bridge else a.router
                self.send(a, frames.tcp(a.mac, mac, source, target, sport, port))
            if number % 200 == 199:
                time.sleep(0.02)  # a burst of thousands is more than the backlogs hold
        return self._drain(1.0, port)

    def _drain(self, seconds, port=None):
        """What arrives until nothing came for so long."""
        by_address = {a: m for m in self.members for a in (m.ipv4, m.ipv6)}
        ports = {m.port: m for m in self.members}
        arrived = collections.Counter()
        while select.select([self._in], [], [], seconds)[0]:
            frame, where = self._in.recvfrom(2048)
            if where[2] == socket.PACKET_OUTGOING:
                continue
            p = frames.read(frame)
            if p is None or p.proto != frames.TCP or p.dport != port:
                continue
            at = ports[where[0]]
            if p.dst_mac == at.mac:  # a bridge may flood; that reaches nobody else
                arrived[by_address[p.src].number, at.number, 4 if "." in p.dst else 6] += 1
        return arrived

    def close(self):
        gw = self.home.gateway
        gw.ns.ip_batch(["link del p-%s" % m.port for m in self.members])
        self.ns.remove()
