# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames and captures, octet by octet, for tests of what the benchmarks read and make."""

import struct

BROADCAST = b"\xff" * 6
OUTSIDE = bytes([203, 0, 113, 9])


class Home:
    """Who is who in a replica."""

    def __init__(self, replica=0):
        self.device, self.gateway = (bytes([2, 0xaa, 0xbb, octet ^ replica, *tail])
                                     for octet, *tail in ((1, 2, 3), (4, 5, 0xfe)))
        self.ip, self.gateway_ip = (bytes([192, 168, 1 ^ replica, n]) for n in (11, 1))

    def sends(self, packet):
        return ether(self.device, self.gateway, 0x0800, packet)

    def gets(self, packet):
        return ether(self.gateway, self.device, 0x0800, packet)

    def frames(self):
        """Of two captures."""
        return [
            arp(self.device, self.ip, self.gateway_ip),
            self.sends(udp(self.ip, self.gateway_ip, (4000, 53), dns("a.example"))),
            self.gets(udp(self.gateway_ip, self.ip, (53, 4000), dns(
                "a.example", [OUTSIDE, OUTSIDE[::-1]], True))),
            self.sends(tcp(self.ip, OUTSIDE, (4001, 443), b"odd")),
        ], [
            dhcp_offer(self),
            self.sends(udp(self.ip, OUTSIDE, (5, 6), b"wrong", True)),
            self.sends(tcp(self.ip, OUTSIDE, (4001, 443))),
        ]


def words_sum(data):
    data += b"\0" * (len(data) & 1)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def checksum(data):
    return struct.pack("!H", ~words_sum(data) & 0xffff)


def ip(src, dst, proto, body):
    head = bytearray(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 7, 0, 64, proto,
                                 0, src, dst))
    head[10:12] = checksum(bytes(head))
    return bytes(head) + body


def udp(src, dst, ports, payload, is_wrong=False):
    body = bytearray(struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload)
    pseudo = src + dst + struct.pack("!BBH", 0, 17, len(body))
    body[6:8] = checksum(pseudo + bytes(body))
    if is_wrong:
        body[7] ^= 1
    return ip(src, dst, 17, bytes(body))


def tcp(src, dst, ports, payload=b"", flags=0x10):
    body = bytearray(struct.pack("!HHIIBBHHH", *ports, 1, 1, 0x50, flags, 1000, 0, 0) + payload)
    body[16:18] = checksum(src + dst + struct.pack("!BBH", 0, 6, len(body)) + bytes(body))
    return ip(src, dst, 6, bytes(body))


def ether(src, dst, kind, body):
    return dst + src + struct.pack("!H", kind) + body


def arp(src, sender, target):
    return ether(src, BROADCAST, 0x0806, struct.pack(
        "!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, src, sender, b"\0" * 6, target))


def dhcp_offer(home):
    body = struct.pack("!BBBBIHH4s4s4s4s16s", 2, 1, 6, 0, 1, 0, 0, b"\0" * 4, home.ip,
                       home.gateway_ip, b"\0" * 4, home.device + b"\0" * 10) + b"\0" * 192
    body += bytes([99, 130, 83, 99, 53, 1, 2, 54, 4]) + home.gateway_ip
    body += bytes([0, 3, 4]) + home.gateway_ip
    body += bytes([61, 7, 1]) + home.device + bytes([255])
    return home.gets(udp(home.gateway_ip, home.ip, (67, 68), body))


def dns(name, answers=(), is_answer=False):
    text = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    body = struct.pack("!6H", 5, 0x8180 if is_answer else 0x100, 1, len(answers), 0, 0)
    body += text + b"\0" + struct.pack("!HH", 1, 1)
    for address in answers:
        body += struct.pack("!HHHIH", 0xc00c, 1, 1, 60, 4) + address
    return body


def write(path, frames, order="<", linktype=1):
    with open(path, "wb") as out:
        out.write(struct.pack(order + "IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, linktype))
        for when, frame in frames:
            out.write(struct.pack(order + "IIII", int(when), int(when % 1 * 1e6), len(frame),
                                  len(frame)) + frame)
