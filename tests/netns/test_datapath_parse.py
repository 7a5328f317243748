# SPDX-License-Identifier: GPL-2.0-or-later
"""How the program in the kernel reads frames: VLAN tags, options, extension headers,
fragments in and out of order, and frames cut off at every length."""
import random

import pytest

from datapath import *
from datapath_house import *

TAG, SERVICE = 0x8100, 0x88a8
HOP, ROUTING, FRAG, AH, NONE, DST = 0, 43, 44, 51, 59, 60
MORE = 0x2000


def options(following, size=8):
    """Hop-by-hop, routing or destination options."""
    return bytes([following, size // 8 - 1]) + bytes(size - 2)


def authentication(following):
    return bytes([following, 4]) + bytes(22)


def fragment6(following, offset, more, number=9):
    return struct.pack("!BBHI", following, 0, offset << 3 | more, number)


def chain(*kinds, last=UDP):
    """Extension headers in that order: (first next header, bytes)."""
    data, following = b"", last
    for kind in reversed(kinds):
        made = (authentication(following) if kind == AH else
                fragment6(following, 0, 0) if kind == FRAG else options(following))
        data, following = made + data, kind
    return following, data


@both
@pytest.mark.parametrize("vlans", [[(TAG, 5)], [(SERVICE, 7), (TAG, 5)],
                                   [(TAG, 7), (TAG, 5)], [(TAG, 0)]])
def test_tagged_frames_obey_the_same_policy(dp, family, vlans):
    dp.exact(MAC_D, IP[family]["w"], UDP, 443)
    for dport, verdict in ((443, PASS), (444, DROP)):
        frame = out(family, dport=dport)
        tags = b"".join(struct.pack("!HH", *t) for t in vlans)
        assert dp.ingress(frame[:12] + tags + frame[12:]) == verdict
    dp.exact(ADDRESS[family, "D"], IP[family]["w"], UDP, 80)
    for dport, verdict in ((80, PASS), (81, DROP)):
        frame = to(family, dport=dport, sport=9)
        assert dp.egress(frame[:12] + tags + frame[12:]) == verdict
    assert dp.entry(MAC_D, IP[family]["w"], UDP, 443) == (0, 0, 0)
    dp.sweep()  # lengths are counted behind the tags
    assert dp.entry(MAC_D, IP[family]["w"], UDP, 443)[1:] == (
        1, len(out(family)) - 14)


def test_more_than_two_tags_are_refused(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    frame = out(4)
    tags = struct.pack("!HH", TAG, 1) * 3
    assert dp.ingress(frame[:12] + tags + frame[12:]) == DROP
    kind, = dp.refused()
    assert (kind["family"], kind["port"], kind["reason"]) == (0, TAG, MALFORMED)


def test_ip4_options(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    for size in range(4, 44, 4):
        for dport, verdict in ((443, PASS), (444, DROP)):
            frame = packet(4, "D", "w", udp(5000, dport), UDP, options=b"\1" * size)
            assert dp.ingress(frame) == verdict, size


@pytest.mark.parametrize("kinds", [
    [HOP], [DST], [ROUTING], [AH], [FRAG], [HOP, ROUTING, FRAG, AH, DST],
    [HOP, DST, ROUTING, FRAG, AH, DST], [DST] * 8])
def test_ip6_extension_headers(dp, kinds):
    dp.exact(MAC_D, IP[6]["w"], UDP, 443)
    first, data = chain(*kinds)
    for dport, verdict in ((443, PASS), (444, DROP)):
        assert dp.ingress(packet(6, "D", "w", data + udp(1, dport), first)) == verdict
    kind, = dp.refused()
    assert (kind["reason"], kind["proto"], kind["port"]) == (DENY, UDP, 444)


def test_more_extension_headers_than_there_are_kinds_are_refused(dp):
    dp.exact(MAC_D, IP[6]["w"], UDP, 443)
    first, data = chain(*[DST] * 9)
    assert dp.ingress(packet(6, "D", "w", data + udp(1, 443), first)) == DROP
    assert refusal(dp)[2] == MALFORMED
    first, data = chain(*[DST] * 60)
    assert dp.ingress(packet(6, "D", "w", data + udp(1, 443), first)) == DROP


def test_long_extension_header(dp):
    dp.exact(MAC_D, IP[6]["w"], UDP, 443)
    for dport, verdict in ((443, PASS), (444, DROP)):
        frame = packet(6, "D", "w", options(UDP, 1024) + udp(1, dport), DST)
        assert dp.ingress(frame) == verdict
    assert dp.ingress(packet(6, "D", "w", bytes([UDP, 255]) + bytes(30), DST)) == DROP


def test_no_next_header_is_a_protocol(dp):
    frame = packet(6, "D", "w", b"", NONE)
    assert dp.ingress(frame) == DROP
    assert refusal(dp) == (MAC_D, 0, DENY)
    dp.box(0, IP[6]["w"], IP[6]["w"], proto=(NONE, NONE))
    dp.boxes_of(MAC_D, 0, 1)
    assert dp.ingress(frame) == PASS


def test_ip4_addresses_within_ip6_are_malformed(dp):
    """They would be taken for those of IPv4, and pass by its permissions."""
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    dp.exact(ADDRESS[4, "D"], IP[4]["w"], UDP, 5000)
    mapped = {name: "::ffff:" + IP[4][name] for name in ("D", "w")}
    for warm in (False, True):
        if warm:
            assert dp.ingress(out(4)) == PASS
            assert dp.egress(to(4)) == PASS
        assert dp.ingress(packet(6, mapped["D"], mapped["w"], udp(5000, 443), UDP)) == DROP
        assert dp.ingress(packet(6, "D", mapped["w"], udp(5000, 443), UDP)) == DROP
        assert dp.egress(packet(6, mapped["w"], mapped["D"], udp(443, 5000), UDP, GW,
                                D)) == DROP
    assert {k["reason"] for k in dp.refused()} == {MALFORMED}


# --- cut off ----------------------------------------------------------------------

def shortest(frame):
    """Kernels let no frame be made that ends within the first header of IP; behind a
    VLAN tag they do."""
    return {b"\x08\x00": 34, b"\x86\xdd": 54}.get(frame[12:14], 15)


def shapes():
    first, data = chain(HOP, DST, FRAG, AH)
    yield "udp4", packet(4, "D", "w", udp(5000, 443, b""), UDP)
    yield "udp6", packet(6, "D", "w", udp(5000, 443, b""), UDP)
    yield "tcp4", packet(4, "D", "w", tcp(5000, 443, SYN), TCP)
    yield "tcp6", packet(6, "D", "w", tcp(5000, 443, SYN), TCP)
    yield "options", packet(4, "D", "w", udp(5000, 443, b""), UDP, options=bytes(40))
    yield "extensions", packet(6, "D", "w", data + udp(5000, 443, b""), first)


@pytest.mark.parametrize("frame", [pytest.param(f, id=n) for n, f in shapes()])
def test_frames_cut_off_at_every_length(dp, frame):
    for proto in (TCP, UDP):
        for family in (4, 6):
            dp.exact(MAC_D, IP[family]["w"], proto, 443)
    tagged = frame[:12] + struct.pack("!HH", TAG, 1) + frame[12:]
    for whole in (frame, tagged):
        assert dp.ingress(whole) == PASS
        for length in range(shortest(whole), len(whole)):
            for flow in dp.keys("flows"):
                dp.drop("flows", flow)
            before = dp.subject(MAC_D)["refused"]
            assert dp.ingress(whole[:length]) == DROP, length
            assert dp.subject(MAC_D)["refused"] == before + 1
    assert {k["reason"] for k in dp.refused()} <= {MALFORMED, DENY}
    assert not list(dp.items("flows"))


@pytest.mark.parametrize("frame", [pytest.param(f, id=n) for n, f in shapes()])
def test_packet_shorter_than_its_transport_header(dp, frame):
    """IP itself says that there is less than a header: what is behind is padding."""
    for proto in (TCP, UDP):
        for family in (4, 6):
            dp.exact(MAC_D, IP[family]["w"], proto, 443)
    size = 20 if frame[-20 + 12:-20 + 13] == b"\x50" else 8
    for missing in range(1, size + 1):
        short = bytearray(frame)
        if frame[12:14] == b"\x08\x00":
            struct.pack_into("!H", short, 16, len(frame) - 14 - missing)
        else:
            struct.pack_into("!H", short, 18, len(frame) - 54 - missing)
        for flow in dp.keys("flows"):  # each packet must begin anew
            dp.drop("flows", flow)
        assert dp.ingress(bytes(short)) == DROP, missing
    assert {k["reason"] for k in dp.refused()} == {MALFORMED}


@both
def test_wrong_version_and_header_length(dp, family):
    dp.exact(MAC_D, IP[family]["w"], UDP, 443)
    frame = bytearray(out(family))
    good = frame[14]
    for first in range(256):
        frame[14] = first
        read = first == good if family == 4 else first >> 4 == 6
        if family == 4 and first >> 4 == 4 and first & 15 > 5:
            continue  # options, which the ports now are in
        assert dp.ingress(bytes(frame)) == (PASS if read else DROP), hex(first)


def test_cut_off_frames_of_others_pass_and_owned_addresses_stay_guarded(dp):
    frame = packet(4, "X", "w", udp(1, 443, b""), UDP, smac=X)
    tagged = frame[:12] + struct.pack("!HH", TAG, 1) + frame[12:]
    for whole in (frame, tagged):
        for length in range(shortest(whole), len(whole)):
            assert dp.ingress(whole[:length]) == PASS
    stolen = bytearray(packet(4, "D", "w", bytes(4), UDP, smac=X))
    assert dp.ingress(bytes(stolen)) == DROP
    assert refusal(dp) == (NOBODY, 0, SPOOFED)


def test_noise_never_passes_to_or_from_a_device(dp):
    """Random bytes behind the MACs: from a device nothing but ARP and EAPOL passes."""
    noise = random.Random(4)
    for _ in range(3000):
        body = noise.randbytes(noise.randrange(2, 120))
        kind = noise.choice((b"\x08\x00", b"\x86\xdd", b"\x81\x00", b"\x88\xa8", b""))
        frame = mac(E) + mac(D) + kind + body
        if frame[12:14] in (b"\x08\x06", b"\x88\x8e"):
            continue
        if len(frame) >= shortest(frame):
            assert dp.ingress(frame) == DROP, frame.hex()
    counted = sum(k["packets"] for k in dp.refused())
    assert counted <= dp.subject(MAC_D)["refused"]
    assert not list(dp.items("flows"))


# --- fragments --------------------------------------------------------------------

def pieces(family, dport=443, number=7, size=64):
    """A UDP datagram in three fragments; UDP has its whole length."""
    data = udp(5000, dport, b"x" * (3 * size - 8))
    found = []
    for i in range(3):
        part = data[i * size:(i + 1) * size]
        if family == 4:
            found.append(packet(4, "D", "w", part, UDP, number=number,
                                frag=(MORE if i < 2 else 0) | i * size // 8))
        else:
            found.append(packet(6, "D", "w", fragment6(
                UDP, i * size // 8, int(i < 2), number) + part, FRAG))
    return found


@both
def test_fragments_pass_behind_their_first(dp, family):
    dp.exact(MAC_D, IP[family]["w"], UDP, 443)
    frames = pieces(family)
    assert [dp.ingress(f) for f in frames] == [PASS] * 3
    assert len(dp.flows()) == 1
    dp.sweep()
    assert dp.entry(MAC_D, IP[family]["w"], UDP, 443)[1:] == (
        3, sum(len(f) - 14 for f in frames))
    assert [dp.ingress(f) for f in pieces(family, number=8)] == [PASS] * 3


@both
def test_fragments_before_their_first_are_refused(dp, family):
    dp.exact(MAC_D, IP[family]["w"], UDP, 443)
    first, second, third = pieces(family)
    assert dp.ingress(third) == DROP
    assert refusal(dp) == (MAC_D, 0, FRAGMENT)
    assert dp.ingress(first) == PASS
    assert dp.ingress(third) == PASS
    assert dp.ingress(second) == PASS


@both
def test_fragments_of_a_refused_packet_are_refused(dp, family):
    frames = pieces(family, dport=444)
    assert [dp.ingress(f) for f in frames] == [DROP] * 3
    assert sorted(k["reason"] for k in dp.refused()) == [DENY, FRAGMENT]
    assert dp.subject(MAC_D)["refused"] == 3


@both
def test_first_fragment_of_another_packet_opens_nothing(dp, family):
    dp.exact(MAC_D, IP[family]["w"], UDP, 443)
    assert dp.ingress(pieces(family, number=7)[0]) == PASS
    assert dp.ingress(pieces(family, number=8)[1]) == DROP


@both
def test_fragments_end_with_the_permission(dp, family):
    dp.exact(MAC_D, IP[family]["w"], UDP, 443)
    frames = pieces(family)
    assert dp.ingress(frames[0]) == PASS
    dp.unexact(MAC_D, IP[family]["w"], UDP, 443)
    dp.bump(MAC_D)
    assert [dp.ingress(f) for f in frames[1:]] == [DROP] * 2


@both
def test_fragments_to_a_device(dp, family):
    """What was let pass on the way in is judged again on the way out."""
    frames = []
    for f in pieces(family):
        f = bytearray(f)
        f[:12] = mac(D) + mac(GW)
        if family == 4:
            f[26:34] = addr(IP[4]["w"]) + addr(IP[4]["D"])
        else:
            f[22:54] = addr(IP[6]["w"]) + addr(IP[6]["D"])
        frames.append(bytes(f))
    assert [dp.ingress(f) for f in frames] == [PASS] * 3  # the gateway's MAC is free
    assert [dp.egress(f) for f in frames] == [DROP] * 3
    dp.exact(ADDRESS[family, "D"], IP[family]["w"], UDP, 443)
    assert [dp.egress(f) for f in frames] == [PASS] * 3


@both
def test_tiny_first_fragment_is_refused(dp, family):
    """RFC 1858: a first fragment without the ports or the flags."""
    dp.exact(MAC_D, IP[family]["w"], TCP, 443)
    for size in (0, 4, 8, 16):
        part = tcp(5000, 443, SYN)[:size]
        if family == 4:
            frame = packet(4, "D", "w", part, TCP, frag=MORE)
        else:
            frame = packet(6, "D", "w", fragment6(TCP, 0, 1) + part, FRAG)
        assert dp.ingress(frame) == DROP
    assert {k["reason"] for k in dp.refused()} == {MALFORMED}


def test_atomic_fragment_is_whole(dp):
    """RFC 6946"""
    dp.exact(MAC_D, IP[6]["w"], UDP, 443)
    frame = packet(6, "D", "w", fragment6(UDP, 0, 0) + udp(5000, 443), FRAG)
    assert dp.ingress(frame) == PASS
    assert not list(dp.items("frags"))


def test_dont_fragment_is_no_fragment(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    assert dp.ingress(packet(4, "D", "w", udp(5000, 443), UDP, frag=0x4000)) == PASS


def test_flood_of_fragments_keeps_within_its_table(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    for number in range(6000):
        assert dp.ingress(pieces(4, number=number & 0xffff)[0]) == PASS
    assert len(dp.keys("frags")) <= 4096
    assert dp.ingress(pieces(4, number=5999)[1]) == PASS
