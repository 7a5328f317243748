# SPDX-License-Identifier: GPL-2.0-or-later
"""Raw frames: build what an attacker would send, read what arrived."""

import ipaddress
import socket
import struct
from collections import namedtuple

ETH_P_IP = 0x0800
ETH_P_ARP = 0x0806
ETH_P_IPV6 = 0x86DD
ETH_P_MARKER = 0x88B5  # IEEE 802 local experimental: only the lab's sync markers
ETH_P_ALL = 0x0003
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58

BROADCAST = "ff:ff:ff:ff:ff:ff"

Packet = namedtuple("Packet", "src_mac dst_mac ethertype src dst proto sport dport "
                              "flags payload")
"""One frame as read. src and dst are text addresses or None; for ICMP sport is the type
and dport 0; flags are those of TCP."""

SYN, ACK, RST, FIN = 0x02, 0x10, 0x04, 0x01


def mac_bytes(mac):
    return bytes.fromhex(mac.replace(":", ""))


def mac_text(raw):
    return ":".join("%02x" % b for b in raw)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ether(src, dst, ethertype, payload):
    frame = mac_bytes(dst) + mac_bytes(src) + struct.pack("!H", ethertype) + payload
    return frame.ljust(60, b"\0")


def arp(src_mac, sender_mac, sender, target, op=1, target_mac="00:00:00:00:00:00",
        dst_mac=BROADCAST):
    body = struct.pack("!HHBBH", 1, ETH_P_IP, 6, 4, op)
    body += mac_bytes(sender_mac) + socket.inet_aton(sender)
    body += mac_bytes(target_mac) + socket.inet_aton(target)
    return ether(src_mac, dst_mac, ETH_P_ARP, body)


def _pseudo(src, dst, proto, length):
    if ":" in src:
        return (socket.inet_pton(socket.AF_INET6, src)
                + socket.inet_pton(socket.AF_INET6, dst)
                + struct.pack("!II", length, proto))
    return socket.inet_aton(src) + socket.inet_aton(dst) + struct.pack("!BBH", 0, proto,
                                                                       length)


def ip(src_mac, dst_mac, src, dst, proto, body, hops=64):
    if ":" in src:
        head = struct.pack("!IHBB", 6 << 28, len(body), proto, hops)
        head += socket.inet_pton(socket.AF_INET6, src)
        head += socket.inet_pton(socket.AF_INET6, dst)
        return ether(src_mac, dst_mac, ETH_P_IPV6, head + body)
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0x4000, hops, proto, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
    return ether(src_mac, dst_mac, ETH_P_IP, head + body)


def udp(src_mac, dst_mac, src, dst, sport, dport, payload=b""):
    length = 8 + len(payload)
    head = struct.pack("!HHHH", sport, dport, length, 0)
    total = checksum(_pseudo(src, dst, UDP, length) + head + payload) or 0xFFFF
    head = head[:6] + struct.pack("!H", total)
    return ip(src_mac, dst_mac, src, dst, UDP, head + payload)


def tcp(src_mac, dst_mac, src, dst, sport, dport, flags=SYN, seq=1, ack=0, payload=b""):
    head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 64240, 0, 0)
    total = checksum(_pseudo(src, dst, TCP, 20 + len(payload)) + head + payload)
    head = head[:16] + struct.pack("!H", total) + head[18:]
    return ip(src_mac, dst_mac, src, dst, TCP, head + payload)


def icmp6(src_mac, dst_mac, src, dst, kind, body, code=0, hops=255):
    head = struct.pack("!BBH", kind, code, 0) + body
    total = checksum(_pseudo(src, dst, ICMP6, len(head)) + head)
    head = head[:2] + struct.pack("!H", total) + head[4:]
    return ip(src_mac, dst_mac, src, dst, ICMP6, head, hops)


def icmp_echo(src_mac, dst_mac, src, dst, ident=1, seq=1, payload=b"lab"):
    body = struct.pack("!HH", ident, seq) + payload
    if ":" in src:
        return icmp6(src_mac, dst_mac, src, dst, 128, body, hops=64)
    head = struct.pack("!BBH", 8, 0, 0) + body
    head = head[:2] + struct.pack("!H", checksum(head)) + head[4:]
    return ip(src_mac, dst_mac, src, dst, ICMP, head)


def neighbour_advertisement(src_mac, dst_mac, src, dst, target, target_mac=None,
                            override=True):
    flags = 0x20000000 if override else 0
    body = struct.pack("!I", flags) + socket.inet_pton(socket.AF_INET6, target)
    body += b"\x02\x01" + mac_bytes(target_mac or src_mac)
    return icmp6(src_mac, dst_mac, src, dst, 136, body)


def router_advertisement(src_mac, src, lifetime=1800, prefix=None):
    body = struct.pack("!BBHII", 64, 0, lifetime, 0, 0) + b"\x01\x01" + mac_bytes(src_mac)
    if prefix:
        net = ipaddress.ip_network(prefix)
        body += struct.pack("!BBBBIII", 3, 4, net.prefixlen, 0xC0, 3600, 3600, 0)
        body += net.network_address.packed
    return icmp6(src_mac, "33:33:00:00:00:01", src, "ff02::1", 134, body)


def read(frame):
    """A Packet, or None for what is too short to be a frame."""
    if len(frame) < 14:
        return None
    dst_mac, src_mac = mac_text(frame[:6]), mac_text(frame[6:12])
    ethertype = struct.unpack_from("!H", frame, 12)[0]
    at = 14
    if ethertype == 0x8100 and len(frame) >= 18:
        ethertype, at = struct.unpack_from("!H", frame, 16)[0], 18
    plain = Packet(src_mac, dst_mac, ethertype, None, None, None, None, None, 0, b"")
    if ethertype == ETH_P_ARP and len(frame) >= at + 28:
        return plain._replace(src=socket.inet_ntoa(frame[at + 14:at + 18]),
                              dst=socket.inet_ntoa(frame[at + 24:at + 28]))
    if ethertype == ETH_P_IP and len(frame) >= at + 20:
        end = min(len(frame), at + struct.unpack_from("!H", frame, at + 2)[0])
        fragment = struct.unpack_from("!H", frame, at + 6)[0] & 0x1FFF
        plain = plain._replace(src=socket.inet_ntoa(frame[at + 12:at + 16]),
                               dst=socket.inet_ntoa(frame[at + 16:at + 20]),
                               proto=frame[at + 9])
        body = frame[at + (frame[at] & 15) * 4:end]
        return plain if fragment else _transport(plain, body)
    if ethertype == ETH_P_IPV6 and len(frame) >= at + 40:
        end = min(len(frame), at + 40 + struct.unpack_from("!H", frame, at + 4)[0])
        plain = plain._replace(
            src=socket.inet_ntop(socket.AF_INET6, frame[at + 8:at + 24]),
            dst=socket.inet_ntop(socket.AF_INET6, frame[at + 24:at + 40]),
            proto=frame[at + 6])
        return _skip_extensions(plain, frame[at + 40:end])
    return plain


def _skip_extensions(packet, body):
    while packet.proto in (0, 43, 60) and len(body) >= 8:  # RFC 8200 4.1
        packet = packet._replace(proto=body[0])
        body = body[8 + body[1] * 8:]
    return _transport(packet, body)


def _transport(packet, body):
    if packet.proto == UDP and len(body) >= 8:
        sport, dport = struct.unpack_from("!HH", body)
        return packet._replace(sport=sport, dport=dport, payload=body[8:])
    if packet.proto == TCP and len(body) >= 20:
        sport, dport = struct.unpack_from("!HH", body)
        return packet._replace(sport=sport, dport=dport, flags=body[13],
                               payload=body[(body[12] >> 4) * 4:])
    if packet.proto in (ICMP, ICMP6) and len(body) >= 4:
        return packet._replace(sport=body[0], dport=0, payload=body[4:])
    return packet
