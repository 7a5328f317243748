#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
"""Writes the captures of the wire golden tests. Independent of the C code on purpose:
what it builds from the RFCs is what the parsers must read.

usage: wire_make.py DIRECTORY"""
import ipaddress
import struct
import sys
from pathlib import Path

GATEWAY, DEVICE = "02:00:00:00:00:01", "02:00:00:00:00:31"
GATEWAY4, DEVICE4, CLOUD4 = "192.0.2.1", "192.0.2.31", "198.51.100.7"
GATEWAY6, DEVICE6, CLOUD6 = "fe80::1", "2001:db8:1::31", "2001:db8:99::7"
MUD_URL = b"https://acme.example/kettle.json"
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
HOPOPTS, ROUTING, FRAGMENT, AH, DSTOPTS, ESP = 0, 43, 44, 51, 60, 50


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def ip(text):
    return ipaddress.ip_address(text).packed


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def eth(kind, payload, src=DEVICE, dst=GATEWAY, tags=()):
    head = mac(dst) + mac(src)
    for tpid, vlan in tags:
        head += struct.pack(">HH", tpid, vlan)
    return head + struct.pack(">H", kind) + payload


def ip4(proto, payload, src=DEVICE4, dst=CLOUD4, ident=1, more=False, offset=0,
        options=b"", ttl=64):
    field = (0x2000 if more else 0) | offset // 8
    words = 5 + len(options) // 4
    head = struct.pack(">BBHHHBBH", 0x40 | words, 0, words * 4 + len(payload), ident,
                       field, ttl, proto, 0) + ip(src) + ip(dst) + options
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ip6(proto, payload, src=DEVICE6, dst=CLOUD6, hops=64):
    return struct.pack(">IHBB", 6 << 28, len(payload), proto, hops) + ip(src) + ip(
        dst) + payload


def pseudo(proto, src, dst, length):
    return ip(src) + ip(dst) + struct.pack(">II", length, proto)


def summed(proto, segment, at, src, dst):
    value = checksum(pseudo(proto, src, dst, len(segment)) + segment)
    return segment[:at] + struct.pack(">H", value) + segment[at + 2:]


def udp(sport, dport, data, src=DEVICE4, dst=CLOUD4):
    return summed(UDP, struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data, 6,
                  src, dst)


def tcp(sport, dport, flags, data=b"", options=b"", src=DEVICE4, dst=CLOUD4):
    head = struct.pack(">HHIIBBHHH", sport, dport, 1000, 2000,
                       (5 + len(options) // 4) << 4, flags, 64240, 0, 0)
    return summed(TCP, head + options + data, 16, src, dst)


def icmp4(kind, code, rest, data=b""):
    body = struct.pack(">BBHI", kind, code, 0, rest) + data
    return body[:2] + struct.pack(">H", checksum(body)) + body[4:]


def icmp6(kind, code, body, src, dst):
    return summed(ICMP6, struct.pack(">BBH", kind, code, 0) + body, 2, src, dst)


def fragment(nxt, offset, more, ident):
    return struct.pack(">BBHI", nxt, 0, offset | more, ident)


def dhcp4(op, options, yiaddr="0.0.0.0", sname=b"", file=b""):
    head = struct.pack(">BBBBIHH", op, 1, 6, 0, 0x31313131, 2, 0x8000)
    head += ip("0.0.0.0") + ip(yiaddr) + ip("0.0.0.0") * 2
    head += mac(DEVICE) + bytes(10) + sname.ljust(64, b"\0") + file.ljust(128, b"\0")
    return head + b"\x63\x82\x53\x63" + options + b"\xff"


def opt4(code, value):
    return bytes([code, len(value)]) + value


def dhcp6(kind, *options):
    return struct.pack(">I", kind << 24 | 0x616161) + b"".join(options)


def relay6(kind, hops, link, peer, message):
    return bytes([kind, hops]) + ip(link) + ip(peer) + opt6(9, message)


def opt6(code, value):
    return struct.pack(">HH", code, len(value)) + value


def duid_ll():
    return opt6(1, b"\0\3\0\1" + mac(DEVICE))


def ia_na(*addresses):
    inner = b"".join(opt6(5, ip(a) + struct.pack(">II", 3600, 7200)) for a in addresses)
    return opt6(3, struct.pack(">III", 7, 1800, 2880) + inner)


def lldp_tlv(kind, value):
    return struct.pack(">H", kind << 9 | len(value)) + value


def lldp(*more, ttl=120):
    head = lldp_tlv(1, b"\4" + mac(DEVICE)) + lldp_tlv(2, b"\5eth0")
    return head + lldp_tlv(3, struct.pack(">H", ttl)) + b"".join(more) + bytes(2)


def lldp_mud(url):
    return lldp_tlv(127, b"\0\0\x5e\1" + url)


def vector(value, width=2):
    return len(value).to_bytes(width, "big") + value


def u16s(*values):
    return struct.pack(f">{len(values)}H", *values)


def tls_extension(kind, value=b""):
    return struct.pack(">H", kind) + vector(value)


def tls_offers():
    """A client with GREASE (RFC 8701) and every list that a profile can name."""
    name = b"\0" + vector(b"cloud.acme.example")
    keys = u16s(0x3A3A) + vector(b"\0") + u16s(29) + vector(bytes(32))
    return [tls_extension(0x2A2A), tls_extension(0, vector(name)),
            tls_extension(23), tls_extension(10, vector(u16s(0x3A3A, 4588, 29, 23))),
            tls_extension(13, vector(u16s(0x0403, 0x0804, 0x0401))),
            tls_extension(16, vector(vector(b"h2", 1) + vector(b"http/1.1", 1))),
            tls_extension(27, vector(u16s(2, 1), 1)),
            tls_extension(43, vector(u16s(0x4A4A, 0x0304, 0x0303), 1)),
            tls_extension(45, vector(b"\1", 1)),
            tls_extension(50, vector(u16s(0x0804, 0x0401))),
            tls_extension(51, vector(keys)), tls_extension(0xFE0D, bytes(40)),
            tls_extension(21, bytes(20))]


def hello_body(version, extensions, cookie=b"",
               ciphers=(0x1A1A, 0x1301, 0x1302, 0xC02B, 0x00FF)):
    body = struct.pack(">H", version) + bytes(range(32)) + vector(bytes(32), 1) + cookie
    body += vector(u16s(*ciphers)) + vector(b"\0", 1)
    return body + vector(b"".join(extensions)) if extensions is not None else body


def tls_hello(extensions):
    return b"\1" + vector(hello_body(0x0303, extensions), 3)


def tls_records(message, piece=16384):
    pieces = [message[i:i + piece] for i in range(0, len(message), piece)]
    return b"".join(b"\x16\3\1" + vector(p) for p in pieces)


def dtls_hello(extensions, cookie=b"", skip=0):
    body = hello_body(0xFEFD, extensions, vector(cookie, 1), (0xC0A8, 0xCCAC))
    part = body[skip:]
    head = b"\1" + len(body).to_bytes(3, "big") + b"\0\0"
    head += skip.to_bytes(3, "big") + len(part).to_bytes(3, "big")
    return b"\x16\xfe\xff" + bytes(8) + vector(head + part)


def label(text):
    return b"".join(bytes([len(p)]) + p.encode("latin-1") for p in text.split(".") if p)


def name(text):
    return label(text) + b"\0"


def dns(flags, question, kind, answers=(), authority=(), extra=(), ident=0x4242):
    head = struct.pack(">HHHHHH", ident, flags, 1, len(answers), len(authority),
                       len(extra))
    return head + name(question) + struct.pack(">HH", kind, 1) + b"".join(
        [*answers, *authority, *extra])


def rr(owner, kind, data, ttl=300, cls=1):
    return owner + struct.pack(">HHIH", kind, cls, ttl, len(data)) + data


def opt_record(size=1232, flags=0):
    return rr(b"\0", 41, b"", ttl=flags, cls=size)


def soa(minimum):
    return name("ns.example") + name("host.example") + struct.pack(
        ">IIIII", 1, 2, 3, 4, minimum)


def svcb(priority, target, *params):
    body = b"".join(struct.pack(">HH", k, len(v)) + v for k, v in params)
    return struct.pack(">H", priority) + target + body


def nd_solicit():
    return icmp6(135, 0, bytes(4) + ip(DEVICE6) + b"\1\1" + mac(GATEWAY), GATEWAY6,
                 "ff02::1:ff00:31")


def nd_advert():
    return icmp6(136, 0, b"\x60\0\0\0" + ip(DEVICE6) + b"\2\1" + mac(DEVICE), DEVICE6,
                 GATEWAY6)


def router_advert():
    prefix = struct.pack(">BBBBIII", 3, 4, 64, 0xC0, 86400, 14400, 0) + ip("2001:db8:1::")
    rdnss = struct.pack(">BBHI", 25, 3, 0, 600) + ip(GATEWAY6)
    body = struct.pack(">BBHII", 64, 0x40, 1800, 0, 0) + b"\1\1" + mac(GATEWAY)
    body += struct.pack(">BBHI", 5, 1, 0, 1480) + prefix + rdnss
    return icmp6(134, 0, body, GATEWAY6, "ff02::1")


def router_solicit():
    return icmp6(133, 0, bytes(4) + b"\1\1" + mac(DEVICE), "fe80::31", "ff02::2")


def redirect():
    return icmp6(137, 0, bytes(4) + ip("fe80::2") + ip(CLOUD6) + b"\2\1" + mac(GATEWAY),
                 GATEWAY6, DEVICE6)


def arp(op, sender_mac, sender, target_mac, target):
    return struct.pack(">HHBBH", 1, 0x800, 6, 4, op) + mac(sender_mac) + ip(
        sender) + mac(target_mac) + ip(target)


def ip_frames():
    hello = udp(5000, 5001, b"hello")
    syn = tcp(50000, 443, 2, options=b"\2\4\5\xb4\1\1\4\2")
    big = udp(6000, 6001, bytes(range(64)))
    six = udp(5000, 5001, b"hello six", DEVICE6, CLOUD6)
    hbh = b"\x2b\0\5\2\0\0\1\0"
    chain = hbh + bytes([DSTOPTS, 0] + [0] * 6) + bytes([AH, 0, 1, 4, 0, 0, 0, 0])
    chain += struct.pack(">BBHII", UDP, 1, 0, 9, 9)
    quoted = ip4(UDP, hello[:8], dst=CLOUD4)
    return [
        eth(0x800, ip4(UDP, hello)),
        eth(0x800, ip4(TCP, syn), tags=[(0x8100, 7)]),
        eth(0x86DD, ip6(TCP, tcp(50000, 443, 16, b"x", b"", DEVICE6, CLOUD6)),
            tags=[(0x88A8, 100), (0x8100, 7)]),
        eth(0x800, ip4(UDP, hello), tags=[(0x88A8, 1), (0x8100, 2), (0x8100, 3)]),
        eth(0x800, ip4(UDP, big[:32], more=True, ident=77)),
        eth(0x800, ip4(UDP, big[32:], offset=32, ident=77)),
        eth(0x86DD, ip6(FRAGMENT, fragment(UDP, 0, 1, 99) + six[:16])),
        eth(0x86DD, ip6(FRAGMENT, fragment(UDP, 16, 0, 99) + six[16:])),
        eth(0x86DD, ip6(HOPOPTS, chain + six)),
        eth(0x86DD, ip6(DSTOPTS, bytes([DSTOPTS, 0, 1, 4, 0, 0, 0, 0]) * 9 + six)),
        eth(0x86DD, ip6(DSTOPTS, bytes([HOPOPTS, 0, 1, 4, 0, 0, 0, 0]) * 2 + six)),
        eth(0x86DD, ip6(ESP, bytes(16))),
        eth(0x800, ip4(2, bytes.fromhex("11640000e0000001"), dst="224.0.0.1",
                       options=b"\x94\4\0\0", ttl=1)),
        eth(0x800, ip4(ICMP, icmp4(8, 0, 0x12340001, b"ping"))),
        eth(0x800, ip4(ICMP, icmp4(3, 3, 0, quoted), src=CLOUD4, dst=DEVICE4), GATEWAY,
            DEVICE),
        eth(0x86DD, ip6(ICMP6, icmp6(2, 0, struct.pack(">I", 1280) + ip6(UDP, six)[:48],
                                     GATEWAY6, DEVICE6), GATEWAY6, DEVICE6)),
        eth(0x800, ip4(TCP, syn)[:30]),
        eth(0x800, b"\x60" + ip4(TCP, syn)[1:]),
        eth(0x800, ip4(UDP, hello)[:19]),
        eth(0x26, b"\x42\x42\3" + bytes(43), dst="01:80:c2:00:00:00"),
        eth(0x88CC, b"\2\7\4" + mac(DEVICE) + bytes(4), dst="01:80:c2:00:00:0e"),
        eth(0x800, b"")[:13],
    ]


def house_frames():
    discover = dhcp4(1, opt4(53, b"\1") + opt4(12, b"ket") + opt4(61, b"\1" + mac(DEVICE))
                     + opt4(60, b"acme \xff\0") + opt4(55, b"\1\3\6\x0f") + opt4(12, b"tle")
                     + opt4(161, MUD_URL + b" reserved"))
    ack = dhcp4(2, opt4(52, b"\3") + opt4(53, b"\5") + opt4(54, ip(GATEWAY4)),
                DEVICE4, opt4(6, ip(GATEWAY4) + ip("192.0.2.2")) + b"\xff",
                opt4(51, struct.pack(">I", 3600)) + opt4(3, ip(GATEWAY4)) + b"\xff")
    broken = dhcp4(1, opt4(53, b"\1") + b"\x0c\xc8short")
    solicit = dhcp6(1, duid_ll(), ia_na(), opt6(39, b"\1" + label("Kettle")),
                    opt6(16, struct.pack(">IH", 32473, 4) + b"acme"),
                    opt6(112, MUD_URL))
    reply = dhcp6(7, duid_ll(), opt6(2, b"\0\4" + bytes(15) + b"\1"), ia_na(DEVICE6))
    relayed = relay6(12, 1, "2001:db8:1::1", "fe80::31",
                     relay6(12, 0, "::", "fe80::31", solicit))
    frames = [
        eth(0x806, arp(1, DEVICE, "0.0.0.0", "00:00:00:00:00:00", DEVICE4),
            dst="ff:ff:ff:ff:ff:ff"),
        eth(0x806, arp(2, GATEWAY, GATEWAY4, DEVICE, DEVICE4), GATEWAY, DEVICE),
        eth(0x806, arp(2, GATEWAY, GATEWAY4, DEVICE, DEVICE4)[:20], GATEWAY, DEVICE),
    ]
    for src, message, sport in ((DEVICE, discover, 68), (GATEWAY, ack, 67),
                                (DEVICE, broken, 68)):
        a, b = ("0.0.0.0", "255.255.255.255")
        frames.append(eth(0x800, ip4(UDP, udp(sport, 135 - sport, message, a, b), a, b),
                          src, "ff:ff:ff:ff:ff:ff"))
    for message, sport, dport in ((solicit, 546, 547), (reply, 547, 546),
                                  (relayed, 547, 547)):
        a, b = ("fe80::31", "ff02::1:2")
        frames.append(eth(0x86DD, ip6(UDP, udp(sport, dport, message, a, b), a, b, 1),
                          dst="33:33:00:01:00:02"))
    for message, a, b in ((router_solicit(), "fe80::31", "ff02::2"),
                          (router_advert(), GATEWAY6, "ff02::1"),
                          (nd_solicit(), GATEWAY6, "ff02::1:ff00:31"),
                          (nd_advert(), DEVICE6, GATEWAY6),
                          (redirect(), GATEWAY6, DEVICE6)):
        frames.append(eth(0x86DD, ip6(ICMP6, message, a, b, 255)))
    return frames


def dns_messages():
    here = b"\xc0\x0c"
    www = 12 + len(name("www.acme.example")) + 4  # the first answer
    target = struct.pack(">H", 0xC000 | www + 12)  # its CNAME's name
    hints = svcb(1, b"\0", (1, b"\2h2"), (4, ip("192.0.2.80") + ip("192.0.2.81")),
                 (6, ip("2001:db8::80")))
    return [
        dns(0x0100, "WWW.acme.example", 1, extra=[opt_record()]),
        dns(0x8180, "www.acme.example", 1,
            [rr(here, 5, label("edge") + b"\xc0\x15", 60), rr(target, 1, ip(CLOUD4), 30),
             rr(target, 1, ip("198.51.100.8"), 20)], extra=[opt_record()]),
        dns(0x8180, "www.acme.example", 28,
            [rr(name("b.cdn.example"), 28, ip(CLOUD6), 90),
             rr(name("a.cdn.example"), 5, name("b.cdn.example"), 45),
             rr(here, 5, name("a.cdn.example"), 70)]),
        dns(0x8180, "www.acme.example", 65, [rr(here, 65, hints, 120)]),
        dns(0x8183, "none.example", 1, authority=[rr(name("example"), 6, soa(60), 900)]),
        dns(0x8380, "big.example", 16),
        dns(0x8180, "x.example", 1, [rr(b"\xc0\x1b", 1, ip(CLOUD4))]),
        dns(0x8180, "x.example", 1, [rr(here, 5, here)]),
        dns(0x8180, "x.example", 1, [rr(here, 1, b"\1\2\3")]),
        dns(0x8180, "a b.exa\xe9mple", 1, [rr(here, 1, ip(CLOUD4))]),
    ]


def dns_frames():
    frames = []
    for i, message in enumerate(dns_messages()):
        if i % 2 == 0:
            frames.append(eth(0x800, ip4(UDP, udp(53, 5353 + i, message, GATEWAY4, DEVICE4),
                                         GATEWAY4, DEVICE4)))
        else:
            frames.append(eth(0x86DD, ip6(UDP, udp(53, 5353 + i, message, GATEWAY6, DEVICE6),
                                          GATEWAY6, DEVICE6)))
    return frames


def offer_frames():
    """What devices say of themselves without DHCP: LLDP, ClientHellos."""
    nearest = "01:80:c2:00:00:0e"
    hello, group = tls_hello(tls_offers()), tls_extension(10, vector(u16s(23)))
    wide = hello_body(0x0303, [], ciphers=range(300))
    streams = [tls_records(hello), tls_records(hello, 100), tls_records(hello)[:200],
               tls_records(tls_hello(None)), tls_records(tls_hello([group, group])),
               tls_records(b"\1" + vector(wide, 3)),
               tls_records(b"\2" + vector(b"", 3)),
               b"GET / HTTP/1.1\r\n\r\n"]
    datagrams = [dtls_hello([group]), dtls_hello([group], b"cookie"),
                 dtls_hello([group], b"", 20)]
    said = [lldp_tlv(4, b"wall side"), lldp_tlv(5, b"desk"),
            lldp_tlv(6, b"Acme desk 1.2")]
    units = [lldp(*said, lldp_mud(MUD_URL + b" later")) + bytes(9), lldp(ttl=0),
             lldp(lldp_mud(MUD_URL), lldp_mud(MUD_URL)), lldp(*said)[:-2]]
    return [eth(0x88CC, u, dst=nearest) for u in units] + [
        eth(0x0800, ip4(TCP, tcp(50000 + i, 443, 24, s)))
        for i, s in enumerate(streams)] + [
        eth(0x0800, ip4(UDP, udp(50000, 5684, d))) for d in datagrams]


def pcap(frames, linktype=1):
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, linktype)
    for i, frame in enumerate(frames):
        out += struct.pack("<IIII", 1700000000 + i, 0, len(frame), len(frame)) + frame
    return out


CAPTURES = {"wire_ip": ip_frames, "wire_house": house_frames, "wire_dns": dns_frames,
            "wire_offers": offer_frames}


def main():
    directory = Path(sys.argv[1])
    for capture, frames in CAPTURES.items():
        (directory / f"{capture}.pcap").write_bytes(pcap(frames()))


if __name__ == "__main__":
    main()
