#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
"""Writes the seeds of the wire fuzz targets, from the golden tests' generator.

usage: make_seeds.py CORPUS-DIRECTORY"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "golden"))
import wire_make as make  # noqa: E402

HTTP = [
    b"GET /v1/devices/02%3A00?stage=watch&a=b+c HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /v1/x HTTP/1.0\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello",
    b"HTTP/1.1 204 No Content\r\nServer: x\r\nConnection: close\r\n\r\n",
    b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
]
NAMES = [
    b"\0\3www\7example\3com\0",
    b"\x0f\3com\0\7example\xc0\0\3www\xc0\5",
    b"\0\3a.b\1*\4\\\0\xff-\0",
    b"\0Mixed.Case\\.\\065.example.",
]
SQRL = [
    [b"B000Acme", b"B001Desk lamp", b"B002D-1", b"M180" + make.MUD_URL,
     b"M06C02000000001A"],
    [b"M06C02:00:00-00 00.1a", b"M180" + make.MUD_URL + b"?serial=1", b"X999other"],
    [b"B000Old", b"\x1cB000Acme", b"M180" + make.MUD_URL, b"M06C020000fffe00001a"],
    [b"B000Acme"],
]


def sqrl(*records):
    """The string of a QR code (RFC 9238)."""
    data = b"\x1f".join(records).replace(b"\x1f\x1c", b"\x1c")
    return b"[)>\x1e06\x1d12N" + data + b"\x1f\x1e\x04"


def packets():
    frames = make.ip_frames() + make.house_frames()
    seeds = [b"\0" + frame for frame in frames]
    raw = make.ip6(make.UDP, make.udp(1, 2, b"x", make.DEVICE6, make.CLOUD6))
    seeds.append(b"\1" + raw)
    seeds.append(b"\5" + raw)
    seeds.append(b"\6\0\4\0\1\0\6" + make.mac(make.DEVICE) + b"\0\0\x86\xdd" + raw)
    seeds.append(b"\7\x86\xdd" + bytes(6) + b"\0\1\0\6" + make.mac(make.DEVICE) + b"\0\0" + raw)
    seeds.append(b"\x08\x1e\0\0\0" + raw)
    return seeds


def udp_payloads(version, ports):
    seeds = []
    for frame in make.house_frames():
        head = 14 + (20 if version == 4 else 40)
        if frame[14:15] and frame[14] >> 4 == version and len(frame) > head + 8:
            if int.from_bytes(frame[head:head + 2], "big") in ports:
                seeds.append(frame[head + 8:])
    return seeds


def lldp_units():
    said = [make.lldp_tlv(4, b"wall side"), make.lldp_tlv(5, b"desk"),
            make.lldp_tlv(6, b"Acme desk 1.2"), make.lldp_tlv(7, b"\0\x80\0\x80"),
            make.lldp_tlv(8, b"\5\1" + make.ip(make.DEVICE4) + b"\2\0\0\0\2\0")]
    mud = make.lldp_mud(make.MUD_URL)
    other = make.lldp_tlv(127, b"\0\x12\x0f\1\3\x6c\0\0\x10")
    return [make.lldp(), make.lldp(*said, other, mud), make.lldp(mud, mud),
            make.lldp(make.lldp_mud(make.MUD_URL + b" x")) + bytes(18),
            make.lldp(make.lldp_mud(b"u" * 507), ttl=0)]


def tls_hellos():
    hello = make.tls_hello(make.tls_offers())
    group = make.tls_extension(10, make.vector(make.u16s(29)))
    return [b"\0" + hello, b"\0" + make.tls_hello(None),
            b"\0" + make.tls_hello([group, group]),
            b"\1" + make.tls_records(hello), b"\1" + make.tls_records(hello, 60),
            b"\2" + make.dtls_hello(make.tls_offers(), b"cookie"),
            b"\2" + make.dtls_hello([group], b"", 20)]


def lan_frames():
    """What the sensor reads; the first octet is 1 for what the gateway sends."""
    offer = make.tls_records(make.tls_hello(make.tls_offers()))
    split = make.tls_records(make.tls_hello(make.tls_offers()), 60)
    dtls = make.dtls_hello(make.tls_offers(), b"cookie")

    def tcp4(data):
        return make.eth(0x0800, make.ip4(make.TCP, make.tcp(50000, 443, 0x18, data)))

    def tcp6(data):
        return make.eth(0x86DD, make.ip6(make.TCP, make.tcp(
            50000, 443, 0x18, data, b"", make.DEVICE6, make.CLOUD6)))

    hellos = [tcp4(offer), tcp4(split), tcp4(offer[:120]), tcp6(offer),
              make.eth(0x0800, make.ip4(make.UDP, make.udp(50000, 5684, dtls))),
              make.eth(0x86DD, make.ip6(make.UDP, make.udp(
                  50000, 5684, dtls, make.DEVICE6, make.CLOUD6)))]
    house = make.house_frames()
    return ([b"\0" + frame for frame in hellos + house] +
            [b"\1" + frame for frame in hellos[:1] + house])


CORPUS = {
    "frames": lan_frames(),
    "wire_packet": packets(),
    "wire_nd": [make.router_solicit(), make.router_advert(), make.nd_solicit(),
                make.nd_advert(), make.redirect()],
    "wire_dhcp4": udp_payloads(4, (67, 68)),
    "wire_dhcp6": udp_payloads(6, (546, 547)),
    "wire_dns_name": NAMES,
    "wire_dns": make.dns_messages() + [b"\0\x10" + make.dns(0, "a", 1)[:16]],
    "wire_http": HTTP,
    "wire_lldp": lldp_units(),
    "wire_sqrl": [sqrl(*unit) for unit in SQRL],
    "wire_tls": tls_hellos(),
}


def main():
    for target, seeds in CORPUS.items():
        directory = Path(sys.argv[1]) / target
        directory.mkdir(parents=True, exist_ok=True)
        for i, seed in enumerate(seeds):
            (directory / f"seed-{i:02}").write_bytes(seed)


if __name__ == "__main__":
    main()
