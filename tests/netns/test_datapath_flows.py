# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversations in the program in the kernel: how long they last, who may use them, what
ends them, and what is counted."""
import pytest

from datapath import *
from datapath_house import *

both_protocols = pytest.mark.parametrize("proto", (TCP, UDP))


def seg(flags, family=4, sport=5000, dport=443):
    return packet(family, "D", "w", tcp(sport, dport, flags), TCP)


def seg_to(flags, family=4, dport=5000, sport=443):
    return packet(family, "w", "D", tcp(sport, dport, flags), TCP, GW, D)


def answer(family, proto=UDP):
    if proto == UDP:
        return to(family)
    return seg_to(SYN | ACK, family)


def lasts(dp):
    flow, = dp.flows()
    return round(flow["lasts"])


# --- begin and answer -------------------------------------------------------------

@both
@both_protocols
def test_answers_pass_while_a_conversation_lives(dp, family, proto):
    dp.exact(MAC_D, IP[family]["w"], proto, 443)
    assert dp.egress(answer(family, proto)) == DROP
    assert dp.ingress(out(family, proto=proto)) == PASS
    assert dp.egress(answer(family, proto)) == PASS
    assert dp.egress(to(family, dport=5001, proto=proto)) == DROP
    assert dp.egress(to(family, sport=444, proto=proto)) == DROP
    assert dp.egress(to(family, src="v", proto=proto)) == DROP
    dp.change_flow(IP[family]["D"], IP[family]["w"], proto, 5000, 443, until=1)
    assert dp.egress(answer(family, proto)) == DROP


@both
def test_conversation_that_the_peer_began(dp, family):
    dp.exact(ADDRESS[family, "D"], IP[family]["w"], UDP, 80)
    back = out(family, sport=80, dport=9)
    assert dp.ingress(back) == DROP
    assert dp.egress(to(family, dport=80, sport=9)) == PASS
    assert dp.ingress(back) == PASS
    assert [(f["subject"], f["flags"] & 1) for f in dp.flows()] == [
        (ADDRESS[family, "D"], 1)]


@both
def test_another_mac_is_not_of_the_conversation(dp, family):
    dp.exact(MAC_D, IP[family]["w"], UDP, 443)
    assert dp.ingress(out(family)) == PASS
    dp.bind(E, IP[family]["D"])  # even if the address were its own
    assert dp.ingress(packet(family, "D", "w", udp(5000, 443), UDP, smac=E)) == DROP
    assert refusal(dp) == (MAC_E, 0, DENY)
    assert dp.egress(to(family, dmac=E)) == DROP


@both
def test_echo(dp, family):
    proto, request, reply = (ICMP, 8, 0) if family == 4 else (ICMP6, 128, 129)
    dp.box(0, IP[family]["w"], IP[family]["w"], proto=(proto, proto),
           device=(request << 8, request << 8))
    dp.boxes_of(MAC_D, 0, 1)

    def echo(kind, number, back=False):
        ends = ("w", "D", icmp(kind, 0, number), proto, GW, D) if back else (
            "D", "w", icmp(kind, 0, number), proto)
        return packet(family, *ends)

    assert dp.egress(echo(reply, 7, back=True)) == DROP
    assert dp.ingress(echo(reply, 7)) == DROP
    assert dp.ingress(echo(request, 7)) == PASS
    assert lasts(dp) == 30
    assert dp.egress(echo(reply, 7, back=True)) == PASS
    assert dp.egress(echo(reply, 8, back=True)) == DROP
    dp.boxes_of(MAC_D, 0, 0)
    dp.bump(MAC_D)
    assert dp.ingress(echo(request, 7)) == DROP
    assert dp.egress(echo(reply, 7, back=True)) == DROP


# --- how long ---------------------------------------------------------------------

def test_udp_lasts_three_minutes_from_each_packet(dp):
    """... and those ten seconds more that processors need not ask for."""
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    dp.ingress(out(4))
    assert lasts(dp) == 180
    for send in (lambda: dp.ingress(out(4)), lambda: dp.egress(to(4))):
        dp.change_flow(IP[4]["D"], IP[4]["w"], UDP, 5000, 443,
                       until=dp.flows()[0]["until"] - 100 * SECOND)
        assert lasts(dp) in (80, 90)
        assert send() == PASS
        assert lasts(dp) == 190


def test_tcp_lasts_as_the_skeleton_says(dp):
    dp.exact(MAC_D, IP[4]["w"], TCP, 443)
    for packet_, verdict in ((seg(SYN), 60), (seg(ACK), 60), (seg_to(SYN | ACK), 60),
                             (seg(ACK), 60), (seg_to(ACK), 7450), (seg(ACK), 7450),
                             (seg(FIN | ACK), 60), (seg_to(ACK), 7450),
                             (seg_to(RST), 60)):
        send = dp.ingress if packet_[:6] == mac(GW) else dp.egress
        assert send(packet_) == PASS
        assert lasts(dp) == verdict


def test_only_the_peer_keeps_tcp(dp):
    dp.exact(MAC_D, IP[4]["w"], TCP, 443)
    dp.ingress(seg(SYN))
    dp.change_flow(IP[4]["D"], IP[4]["w"], TCP, 5000, 443,
                   until=dp.flows()[0]["until"] - 40 * SECOND)
    for flags in (SYN, ACK, ACK):
        assert dp.ingress(seg(flags)) == PASS
        assert lasts(dp) == 20


def test_tcp_that_was_there_before_us_goes_on(dp):
    dp.exact(MAC_D, IP[4]["w"], TCP, 443)
    assert dp.ingress(seg(ACK)) == PASS
    assert lasts(dp) == 7440


def test_idle_conversations_are_swept(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    for sport in range(5000, 5010):
        dp.ingress(out(4, sport=sport))
    for sport in range(5000, 5004):
        dp.change_flow(IP[4]["D"], IP[4]["w"], UDP, sport, 443, until=1)
    assert dp.sweep()["ended"] == 4
    assert len(dp.flows()) == 6
    assert dp.subject(MAC_D)["flows"] == 6


# --- counts -----------------------------------------------------------------------

@both
@both_protocols
def test_counts_are_exact_after_a_sweep(dp, family, proto):
    dp.exact(MAC_D, IP[family]["w"], proto, 443)
    total, packets = 0, 0
    for turn in range(4):
        for i in range(5):
            dp.ingress(out(family, sport=6000 + turn, proto=proto))
            dp.egress(to(family, dport=6000 + turn, proto=proto))
            packets += 2
            total += len(out(family, proto=proto)) + len(to(family, proto=proto)) - 28
        if turn == 2:
            dp.change_flow(IP[family]["D"], IP[family]["w"], proto, 6002, 443, until=1)
        dp.sweep()
        assert dp.entry(MAC_D, IP[family]["w"], proto, 443) == (0, packets, total)
    dp.sweep()
    assert dp.entry(MAC_D, IP[family]["w"], proto, 443) == (0, packets, total)


def test_counts_of_a_box(dp):
    dp.box(5, "203.0.113.0", "203.0.113.255")
    dp.boxes_of(MAC_D, 5, 1)
    for _ in range(7):
        dp.ingress(out(4))
    dp.sweep()
    assert dp.box_count(5) == (7, 7 * (len(out(4)) - 14))


def test_count_that_fills_up_goes_to_the_entry_at_once(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    dp.ingress(out(4))
    size = len(out(4)) - 14
    dp.change_flow(IP[4]["D"], IP[4]["w"], UDP, 5000, 443, count=1 << 60 | 1000)
    dp.ingress(out(4))
    assert dp.entry(MAC_D, IP[4]["w"], UDP, 443) == (0, (1 << 20) + 1, 1000 + size)
    assert dp.flows()[0]["count"] == 0


def test_million_packets_are_counted(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    dp.ingress(out(4))
    dp.run("ingress", out(4), 7, 2_500_000)
    dp.sweep()
    assert dp.entry(MAC_D, IP[4]["w"], UDP, 443)[1:] == (
        2_500_001, 2_500_001 * (len(out(4)) - 14))


# --- epochs -----------------------------------------------------------------------

@both
@both_protocols
def test_revoked_conversation_ends_at_its_next_packet(dp, family, proto):
    dp.exact(MAC_D, IP[family]["w"], proto, 443)
    for send in (lambda: dp.ingress(out(family, proto=proto)),
                 lambda: dp.egress(answer(family, proto))):
        dp.exact(MAC_D, IP[family]["w"], proto, 443)
        dp.ingress(out(family, proto=proto))
        dp.told()
        dp.unexact(MAC_D, IP[family]["w"], proto, 443)
        dp.bump(MAC_D)
        assert send() == DROP
        ended, = dp.told(ENDED)
        assert (ended["device"], ended["peer"], ended["device_port"], ended["peer_port"],
                ended["proto"], ended["mac"], ended["to_device"], ended["family"]) == (
            IP[family]["D"], IP[family]["w"], 5000, 443, proto, D, 0, family)
        assert send() == DROP
        assert not dp.told(ENDED)


def test_what_is_still_allowed_goes_on_unnoticed(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    dp.exact(MAC_D, IP[4]["v"], UDP, 443)
    dp.ingress(out(4))
    dp.ingress(out(4, dst="v"))
    dp.unexact(MAC_D, IP[4]["v"], UDP, 443)
    dp.bump(MAC_D)
    assert dp.egress(to(4)) == PASS
    assert dp.egress(to(4, src="v")) == DROP
    assert len(dp.told(ENDED)) == 1


def test_conversation_moves_from_its_entry_to_a_box(dp):
    """... that allows it as well; its packets are counted where they belong."""
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    for _ in range(3):
        dp.ingress(out(4))
    dp.sweep()
    dp.box(9, "203.0.113.0", "203.0.113.255")
    dp.boxes_of(MAC_D, 9, 1)
    dp.unexact(MAC_D, IP[4]["w"], UDP, 443)
    dp.bump(MAC_D)
    for _ in range(4):
        assert dp.ingress(out(4)) == PASS
    dp.sweep()
    assert dp.box_count(9)[0] == 4
    assert not dp.told(ENDED)


def test_sweep_ends_what_is_no_longer_allowed(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    dp.exact(MAC_D, IP[4]["v"], UDP, 443)
    dp.ingress(out(4))
    dp.ingress(out(4, dst="v"))
    dp.unexact(MAC_D, IP[4]["w"], UDP, 443)
    assert dp.sweep(MAC_D)["ended"] == 0  # the epoch says when
    dp.bump(MAC_D)
    assert dp.sweep(MAC_E)["flows"] == 0
    assert dp.sweep(MAC_D)["ended"] == 1
    ended, = dp.told(ENDED)
    assert ended["peer"] == IP[4]["w"]
    assert dp.egress(to(4, src="v")) == PASS
    assert dp.sweep()["ended"] == 0
    assert not dp.told(ENDED)


def test_ended_conversation_begins_again_when_allowed_again(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    dp.ingress(out(4))
    dp.unexact(MAC_D, IP[4]["w"], UDP, 443)
    dp.bump(MAC_D)
    assert dp.ingress(out(4)) == DROP
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    assert dp.ingress(out(4)) == PASS
    assert dp.egress(to(4)) == PASS
    assert dp.subject(MAC_D)["flows"] == 1


@both
def test_address_that_moves_takes_its_conversations_from_the_old_owner(dp, family):
    dp.exact(MAC_D, IP[family]["w"], UDP, 443)
    dp.ingress(out(family))
    dp.unbind(D, IP[family]["D"])
    dp.bind(E, IP[family]["D"])
    dp.bump(MAC_D)
    assert dp.ingress(out(family)) == DROP
    assert refusal(dp) == (MAC_D, 0, SPOOFED)
    assert dp.sweep()["ended"] == 1
    assert len(dp.told(ENDED)) == 1


def test_expired_entry_ends_no_conversation(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443, seconds=3600)
    dp.ingress(out(4))
    dp.exact(MAC_D, IP[4]["w"], UDP, 443, seconds=-1)
    assert dp.egress(to(4)) == PASS
    assert dp.ingress(out(4)) == PASS
    assert dp.ingress(out(4, sport=5001)) == DROP


def test_entry_of_a_live_conversation_is_kept_open(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443, seconds=3600)
    dp.exact(MAC_D, IP[4]["v"], UDP, 443, seconds=50)
    dp.exact(MAC_D, IP[4]["v"], UDP, 444, seconds=50)
    dp.ingress(out(4))
    dp.ingress(out(4, dst="v"))
    assert dp.sweep()["kept_open"] == 1
    live, = dp.told(LIVE)
    assert (live["mac"], live["peer"], live["ttl"], live["port"], live["proto"]) == (
        D, IP[4]["v"], 600, 443, UDP)
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    assert 595 < (dp.entry(MAC_D, IP[4]["v"], UDP, 443)[0] - now) / SECOND < 601
    assert (dp.entry(MAC_D, IP[4]["v"], UDP, 444)[0] - now) / SECOND < 51
    assert dp.sweep()["kept_open"] == 0


def test_expired_entries_are_removed(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443, seconds=-59)
    dp.exact(MAC_D, IP[4]["w"], UDP, 444, seconds=-61)
    dp.exact(MAC_D, IP[4]["w"], UDP, 445)
    dp.sweep()
    assert dp.entry(MAC_D, IP[4]["w"], UDP, 443)
    assert dp.entry(MAC_D, IP[4]["w"], UDP, 444) is None
    assert dp.entry(MAC_D, IP[4]["w"], UDP, 445)


# --- the gateway's own ------------------------------------------------------------

@both
@both_protocols
def test_device_answers_what_the_gateway_asks(dp, family, proto):
    reply = out(family, dst="gw", sport=80, dport=9, proto=proto)
    dp.bump(MAC_D)
    assert dp.ingress(reply) == DROP
    assert dp.local(to(family, src="gw", dport=80, sport=9, proto=proto)) == PASS
    assert dp.ingress(reply) == PASS
    assert [f["by"] for f in dp.flows()] == [BY_GATEWAY]
    assert dp.flows()[0]["epoch"] == dp.subject(MAC_D)["epoch"]
    assert dp.ingress(out(family, dst="gw", sport=81, dport=9, proto=proto)) == DROP


@both
def test_gateway_pings(dp, family):
    proto, request, reply = (ICMP, 8, 0) if family == 4 else (ICMP6, 128, 129)
    pong = packet(family, "D", "gw", icmp(reply, 0, 3), proto)
    assert dp.ingress(pong) == DROP
    assert dp.local(packet(family, "gw", "D", icmp(request, 0, 3), proto, GW, D)) == PASS
    assert dp.ingress(pong) == PASS


@both
def test_what_the_gateway_answers_begins_nothing(dp, family):
    """A device that may no longer speak to the gateway gains nothing from what the
    gateway still sends."""
    for proto in (UDP, TCP):
        dp.exact(MAC_D, IP[family]["gw"], proto, 80)
        asked = out(family, dst="gw", dport=80, proto=proto)
        said = packet(family, "gw", "D", udp(80, 5000) if proto == UDP else
                      tcp(80, 5000, ACK), proto, GW, D)
        assert dp.ingress(asked) == PASS
        dp.unexact(MAC_D, IP[family]["gw"], proto, 80)
        dp.bump(MAC_D)
        for _ in range(3):
            assert dp.local(said) == PASS
            assert dp.ingress(asked) == DROP
        assert {f["by"] for f in dp.flows()} == {BY_NOBODY}
    assert dp.local(packet(family, "gw", "D", tcp(80, 5000, SYN), TCP, GW, D)) == PASS
    assert dp.ingress(asked) == PASS  # now the gateway has begun one


@both
def test_conversation_of_the_gateway_outlives_a_policy(dp, family):
    dp.local(to(family, src="gw", dport=80, sport=9))
    dp.bump(MAC_D)
    assert dp.ingress(out(family, dst="gw", sport=80, dport=9)) == PASS
    assert not dp.told(ENDED)


# --- errors -----------------------------------------------------------------------

def unreachable(family, quoted, src="w", dst="D", smac=GW, dmac=D, kind=None):
    kind = kind or (3 if family == 4 else 1)
    return packet(family, src, dst, icmp(kind, 0, 0, quoted[14:]),
                  ICMP if family == 4 else ICMP6, smac, dmac)


@both
@both_protocols
def test_errors_about_live_conversations_pass(dp, family, proto):
    dp.exact(MAC_D, IP[family]["w"], proto, 443)
    sent, got = out(family, proto=proto), answer(family, proto)
    assert dp.egress(unreachable(family, sent)) == DROP
    dp.ingress(sent)
    assert dp.egress(unreachable(family, sent)) == PASS
    assert dp.egress(unreachable(family, sent, src="v")) == PASS  # a router on the way
    assert dp.egress(unreachable(family, out(family, sport=1, proto=proto))) == DROP
    from_device = dict(src="D", dst="w", smac=D, dmac=GW)
    assert dp.ingress(unreachable(family, got, **from_device)) == PASS
    from_device["dst"] = "v"  # to somebody who did not send it
    assert dp.ingress(unreachable(family, got, **from_device)) == DROP
    dp.change_flow(IP[family]["D"], IP[family]["w"], proto, 5000, 443, until=1)
    assert dp.egress(unreachable(family, sent)) == DROP


def test_redirect_is_no_error(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    dp.ingress(out(4))
    assert dp.egress(unreachable(4, out(4), kind=5)) == DROP
    assert dp.egress(unreachable(4, out(4), kind=11)) == PASS


@both
def test_error_for_anothers_conversation_is_refused(dp, family):
    dp.exact(MAC_D, IP[family]["w"], UDP, 443)
    dp.ingress(out(family))
    assert dp.egress(unreachable(family, out(family), dst="E", dmac=E)) == DROP


@both
def test_errors_cut_off(dp, family):
    dp.exact(MAC_D, IP[family]["w"], UDP, 443)
    dp.ingress(out(family))
    whole = unreachable(family, out(family))
    start = 14 + (20 if family == 4 else 40) + 8
    for length in range(start, start + (20 if family == 4 else 40) + 8):
        body = whole[start - 8:length]
        cut = packet(family, "w", "D", body, ICMP if family == 4 else ICMP6, GW, D)
        assert dp.egress(cut) == DROP, length
