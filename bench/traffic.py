# SPDX-License-Identifier: GPL-2.0-or-later
"""Who sends what: the devices of a bed, their permissions, and frames for each."""

import random
import socket
import struct

GATEWAY_MAC, WAN_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
PEER_MAC, NEIGHBOUR_MAC = "02:00:00:00:00:98", "02:00:00:00:00:99"
LAN, GATEWAY, NEIGHBOUR = "10.64.0.0/12", "10.79.255.1", "10.79.255.99"
UPLINK, PEER = "203.0.113.1", "203.0.113.2"
WORLD = "198.18.0.0/16"  # with the next for benchmarks (RFC 2544)
ENTRIES = 10  # permissions per device
SPORT = 40000
FRAMES = 10000
PORT = 8000  # of a device's first permission
FORBIDDEN_PORT = 9


def device(index):
    """(MAC, address)"""
    return ("02:00:01:%02x:%02x:%02x" % (index >> 16, index >> 8 & 255, index & 255),
            "10.%d.%d.%d" % (64 + index // 62500, index // 250 % 250, 1 + index % 250))


def entry(index):
    """(MAC, source, destination, port): one permission, and its packets. ENTRIES of
    these to a device."""
    mac, source = device(index // ENTRIES)
    return (mac, source, "198.18.%d.%d" % (index >> 8 & 255, index & 255),
            PORT + index % ENTRIES)


def local_entry(index):
    """The same towards a neighbour on the bridge, told apart by port."""
    mac, source = device(index // ENTRIES)
    return mac, source, NEIGHBOUR, PORT + index % ENTRIES


def frame(mac, to, source, destination, port, sport=SPORT):
    """A UDP datagram in 60 bytes, without UDP checksum (RFC 768)."""
    udp = struct.pack("!HHHH", sport, port, 26, 0) + b"bench".ljust(18, b"\0")
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
                       socket.inet_aton(source), socket.inet_aton(destination))
    total = sum(struct.unpack("!10H", head))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    head = head[:10] + struct.pack("!H", ~total & 0xffff) + head[12:]
    ether = bytes.fromhex((to + mac).replace(":", "")) + b"\x08\x00"
    return ether + head + udp


def _routed(index):
    mac, source, destination, port = entry(index)
    return frame(mac, GATEWAY_MAC, source, destination, port)


def _reply(index):
    """What the world answers to entry(index)."""
    _, source, destination, port = entry(index)
    return frame(PEER_MAC, WAN_MAC, destination, source, SPORT, port)


def _bridged(index):
    mac, source, destination, port = local_entry(index)
    return frame(mac, NEIGHBOUR_MAC, source, destination, port)


def _denied(index):
    """One kind for each device, as of one that is infected."""
    mac, source, destination, _ = entry(index * ENTRIES)
    return frame(mac, GATEWAY_MAC, source, destination, FORBIDDEN_PORT)


def _denied_bridged(index):
    mac, source, destination, _ = local_entry(index)
    return frame(mac, NEIGHBOUR_MAC, source, destination, FORBIDDEN_PORT)


KINDS = {"routed": _routed, "reply": _reply, "bridged": _bridged, "denied": _denied,
         "denied-bridged": _denied_bridged}


def frames(kind, count):
    """In random order, the same each time: no two that follow each other share anything.
    Few different ones come again until there are FRAMES, so that reading the list takes
    the same, however many there are."""
    made = [KINDS[kind](i) for i in range(count)] * max(1, FRAMES // count)
    random.Random(1).shuffle(made)
    return made
