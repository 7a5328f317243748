# SPDX-License-Identifier: GPL-2.0-or-later
"""What the program in the kernel answers to TCP that policy refuses at the gateway's own
address: a reset as of a closed port (RFC 9293 3.10.7.1), octet by octet, and nothing where
it must not speak for others. The mark lets it out by the port that it came in, only."""
import struct

import pytest

from datapath import *
from datapath_house import *

REDIRECT = 7  # TC_ACT_REDIRECT
MARK = 0xca7dea5e
PORT = 8443
SEQ, ACKED = 0xfffffffe, 0x01020304  # the sum passes over 2^32


@pytest.fixture
def gw(dp):
    for family in (4, 6):
        dp.bind(GW, IP[family]["gw"])
    return dp


def segment(flags, data=b"", offset=5, options=b""):
    return struct.pack("!HHIIBBHHH", 5000, PORT, SEQ, ACKED, offset << 4, flags, 9, 0,
                       0) + options + data


def sent(family, flags=SYN, dst="gw", dmac=GW, data=b"", **more):
    return packet(family, "D", dst, segment(flags, data), TCP, dmac=dmac, **more)


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def read(frame, family):
    """The segment of a frame from the gateway to D, whose sums are right."""
    assert frame[:12] == mac(D) + mac(GW)
    assert frame[12:14] == be16(0x0800 if family == 4 else 0x86dd)
    header = 20 if family == 4 else 40
    ip, body = frame[14:14 + header], frame[14 + header:]
    source, target = addr(IP[family]["gw"]), addr(IP[family]["D"])
    assert ip.endswith(source + target) and len(body) == 20
    if family == 4:
        assert ip[0] == 0x45 and ip[2:4] == be16(40) and ip[8] == 64 and ip[9] == TCP
        assert checksum(ip) == 0xffff
    else:
        assert ip[0] == 0x60 and ip[4:6] == be16(20) and ip[6] == TCP and ip[7] == 64
    assert checksum(source + target + struct.pack("!II", 20, TCP) + body) == 0xffff
    sport, dport, seq, ack, offset, flags, window, _, urgent = struct.unpack(
        "!HHIIBBHHH", body)
    assert (sport, dport, offset, window, urgent) == (PORT, 5000, 0x50, 0, 0)
    return seq, ack, flags


@both
@pytest.mark.parametrize("flags,data,said", [
    (SYN, b"", (0, 0xffffffff, RST | ACK)),
    (SYN, b"abc", (0, 2, RST | ACK)),
    (SYN | FIN, b"", (0, 0, RST | ACK)),
    (ACK, b"x" * 1000, (ACKED, 0, RST)),
    (ACK | FIN, b"", (ACKED, 0, RST)),
    (SYN | ACK, b"", (ACKED, 0, RST))])
def test_who_calls_the_gateway_in_vain_hears_so(gw, family, flags, data, said):
    assert gw.ingress(sent(family, flags, data=data)) == REDIRECT
    assert read(gw.out, family) == said
    assert refusal(gw) == (MAC_D, 0, DENY)
    answer = gw.out
    # it leaves by the port that it came in (the test's is number 1), and by no other
    assert gw.run("egress", answer, 1, mark=MARK)[0] == PASS
    assert gw.run("egress", answer, 7, mark=MARK)[0] == DROP
    assert gw.run("egress", answer, 1, mark=MARK + 1)[0] == DROP


@both
def test_options_of_tcp_are_no_data(gw, family):
    frame = packet(family, "D", "gw", segment(SYN, offset=10, options=b"\x01" * 20), TCP)
    assert gw.ingress(frame) == REDIRECT
    assert read(gw.out, family) == (0, 0xffffffff, RST | ACK)


@both
@pytest.mark.parametrize("flags", (RST, RST | ACK, 0, FIN))
def test_some_segments_have_no_answer(gw, family, flags):
    frame = sent(family, flags)
    assert gw.ingress(frame) == DROP and gw.out == frame
    assert refusal(gw) == (MAC_D, 0, DENY)


@both
@pytest.mark.parametrize("change", [
    dict(dst="w"), dict(dst="v"), dict(dst="X"), dict(dst="X", dmac=X), dict(dmac=E)])
def test_nobody_else_is_spoken_for(gw, family, change):
    frame = sent(family, **change)
    assert gw.ingress(frame) == DROP and gw.out == frame
    assert refusal(gw) == (MAC_D, 0, DENY)


@both
def test_what_policy_allows_is_no_matter_of_it(gw, family):
    gw.exact(MAC_D, IP[family]["gw"], TCP, PORT)
    frame = sent(family)
    assert gw.ingress(frame) == PASS and gw.out == frame
    assert gw.ingress(packet(family, "D", "gw", udp(5000, PORT), UDP)) == DROP


@both
def test_who_claims_another_address_hears_nothing(gw, family):
    frame = packet(family, "E", "gw", segment(SYN), TCP)
    assert gw.ingress(frame) == DROP and gw.out == frame
    assert refusal(gw) == (MAC_D, 0, SPOOFED)


def test_headers_before_it_are_not_looked_through(gw):
    frame = packet(4, "D", "gw", segment(SYN), TCP, options=b"\x01" * 4)
    assert gw.ingress(frame) == DROP and gw.out == frame
    frame = packet(4, "D", "gw", segment(SYN), TCP, frag=0x2000)
    assert gw.ingress(frame) == DROP and gw.out == frame


@both
def test_who_floods_hears_it_some_times(gw, family):
    verdicts = [gw.ingress(packet(family, "D", "gw", struct.pack(
        "!HHIIBBHHH", 5000 + i, PORT, 1, 0, 0x50, SYN, 9, 0, 0), TCP)) for i in range(300)]
    assert verdicts[:40] == [REDIRECT] * 40
    assert 40 <= verdicts.count(REDIRECT) < 100
    assert gw.subject(MAC_D)["refused"] == 300
