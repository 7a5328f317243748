#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0
"""Writes the seeds of the wire fuzz targets, from the golden tests' generator.

usage: make_seeds.py CORPUS-DIRECTORY"""
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "golden"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
import attest_make as attest  # noqa: E402
import wire_make as make  # noqa: E402

HTTP = [
    b"GET /v1/devices/02%3A00?stage=watch&a=b+c HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /v1/x HTTP/1.0\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello",
    b"GET / HTTP/1.1\r\nCookie: a=b; c=d\r\nAuthorization: Bearer x\r\n\r\n",
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


def quic_packet():
    """The vector of RFC 9001 A.2, as the unit tests have it."""
    text = (Path(__file__).resolve().parent.parent / "unit/quic_vectors.h").read_text()
    digits = text.split("quic_vector1")[1].split("}")[0]
    return bytes(int(word, 16) for word in re.findall("0x([0-9a-f]{2})", digits))


def watched(*frames, how=0):
    """Frames as the target `observe` takes them: a frame, or (quarters, frame)."""
    out = b""
    for item in frames:
        wait, frame = item if isinstance(item, tuple) else (1, item)
        out += len(frame).to_bytes(2, "big") + bytes([wait, how]) + frame
    return out


def watched_tcp(*pieces, port=443):
    """A connection in which the device says these pieces: (offset, data)."""
    def out(flags, sequence, data=b""):
        segment = bytearray(make.tcp(50000, port, flags, data))
        segment[4:8] = sequence.to_bytes(4, "big")
        return make.eth(0x0800, make.ip4(make.TCP, bytes(segment)))

    back = make.eth(0x0800, make.ip4(
        make.TCP, make.tcp(port, 50000, 0x12, b"", b"", make.CLOUD4, make.DEVICE4),
        make.CLOUD4, make.DEVICE4), make.GATEWAY, make.DEVICE)
    says = [out(0x18, 101 + offset, data) for offset, data in pieces]
    return watched(out(0x02, 100), back, *says, back, out(0x11, 900), out(0x04, 901))


def watched_udp(port, *payloads):
    return watched(*[make.eth(0x0800, make.ip4(make.UDP, make.udp(50000, port, data)))
                     for data in payloads])


def conversations():
    hello = make.tls_records(make.tls_hello(make.tls_offers()))
    http = b"GET /a?b HTTP/1.1\r\nHost: a.example\r\n\r\n"
    search = b"M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n"
    house = make.house_frames()
    return [
        watched(*make.ip_frames()), watched(*house), watched(*make.dns_frames()),
        watched(*[(255 if i % 3 else 239, f) for i, f in enumerate(house)]),
        watched_tcp((0, hello)), watched_tcp((60, hello[60:]), (0, hello[:60])),
        watched_tcp((0, http[:20]), (20, http[20:]), port=80),
        watched_tcp((0, b"\x10\x10\0\4MQTT\4\2\0\x3c\0\4lamp"), port=1883),
        watched_udp(443, quic_packet()), watched_udp(123, b"\x23" + bytes(47)),
        watched_udp(5683, b"\x40\1\0\1\xb1a\4temp\xffx"), watched_udp(1900, search),
        watched_udp(5684, make.dtls_hello(make.tls_offers(), b"cookie")),
    ]


class NoKey:
    """What a signature is made of does not matter to who cannot check it."""

    @staticmethod
    def sign(_):
        return bytes(64)


def tokens():
    claims = attest.psa_claims(bytes(32), bytes(32), _262=b"\xf5", _263=attest.number(3),
                               _267=attest.number(7), _268=attest.bstr(bytes(8)),
                               _2398=attest.tstr("1234567890123-12345"))
    results = attest.cbor_map({10: attest.bstr(bytes(8)), 274: attest.array(attest.array(
        attest.tstr("s"), attest.array(attest.array(attest.tstr("m"), attest.number(1)))))})
    return [claims, results, attest.sign1(NoKey, -7, claims),
            attest.head(6, 61) + attest.sign1(NoKey, -19, results)]


def manifests():
    plain = attest.manifest(b"image", "https://a.example/1", sequence=3)
    return [plain, attest.manifest(b"image", "#tc", conditions=False),
            attest.envelope(plain),
            attest.envelope(plain, lambda d: attest.sign1(NoKey, -9, d, detached=True))]


def reports():
    plain = attest.manifest(b"image", "https://a.example/1", sequence=3)
    texts = [attest.report(plain, bytes(32)), attest.report(plain, None, failed=10)]
    return texts + [attest.sign1(NoKey, -9, texts[0]), attest.sign1(NoKey, -19, texts[1])]


def results():
    texts = [attest.ear(bytes(32), _256=attest.bstr(bytes(33)), _4=attest.number(9)),
             attest.ear(None, status=96, executables=-2)]
    return texts + [attest.sign1(NoKey, -7, texts[0]),
                    attest.head(6, 61) + attest.sign1(NoKey, -19, texts[1])]


def frames():
    """What a signature may stand in: detached, with a certificate's place, a MAC."""
    headers = attest.cbor_map({4: attest.bstr(b"kid"), 33: attest.array(
        attest.bstr(b"\x30\x00"), attest.bstr(b"\x30\x00"))})
    critical = attest.cbor_map({1: attest.number(-8), 2: attest.array(attest.number(1))})
    return [attest.sign1(NoKey, -7, b"payload"), attest.sign1(NoKey, -19, b"", True),
            attest.sign1(NoKey, -8, b"payload", unprotected=headers),
            attest.head(6, 18) + attest.array(attest.bstr(critical), b"\xa0",
                                              attest.bstr(b"p"), attest.bstr(bytes(64))),
            attest.head(6, 17) + attest.array(
                attest.bstr(b"\xa0"), attest.cbor_map({1: attest.number(5)}),
                attest.bstr(b"p"), attest.bstr(bytes(32)))]


# CONNACKs, PINGRESPs, and what a broker of another version or no broker at all says.
BROKER = [b"\x20\x02\0\0", b"\x20\x02\x01\x05", b"\x20\x02\0\0" + b"\xd0\0" * 3,
          b"\xd0\0\xd0", b"\x20\x03\0\0\0", b"\x20\x82\0\0", b"\xd1\0",
          b"\x30\x05\0\x01ab\0", b"HTTP/1.1 400 Bad Request\r\n"]

CORPUS = {
    "cose": frames(),
    "ear": results(),
    "eat": tokens(),
    "suit": manifests(),
    "suit_report": reports(),
    "wire_cbor": tokens() + manifests(),
    "observe": conversations(),
    "frames": lan_frames(),
    "mqtt_session": BROKER,
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
