# SPDX-License-Identifier: GPL-2.0-or-later
"""What the program in the kernel decides for each kind of frame: guard, what stands
outside policy, exact entries, boxes, frames that are not IP. Each refusal is looked for
in the map of refused packets, too: its reason, subject and number."""
import struct

import pytest

from datapath import *
from datapath_house import *


# --- policy -----------------------------------------------------------------------

@both
@pytest.mark.parametrize("proto", (TCP, UDP))
def test_exact_entry_opens_its_port_and_no_other(dp, family, proto):
    dp.exact(MAC_D, IP[family]["w"], proto, 443)
    assert dp.ingress(out(family, proto=proto)) == PASS
    assert dp.ingress(out(family, proto=proto, dport=444)) == DROP
    assert refusal(dp) == (MAC_D, 0, DENY)
    assert dp.ingress(out(family, proto=TCP + UDP - proto)) == DROP
    assert refusal(dp) == (MAC_D, 0, DENY)
    assert dp.ingress(out(family, dst="v", proto=proto)) == DROP
    assert refusal(dp) == (MAC_D, 0, DENY)


@both
def test_entry_of_one_device_opens_nothing_for_another(dp, family):
    dp.exact(MAC_E, IP[family]["w"], UDP, 443)
    assert dp.ingress(out(family)) == DROP
    assert refusal(dp) == (MAC_D, 0, DENY)


@both
def test_expired_entry_opens_nothing(dp, family):
    dp.exact(MAC_D, IP[family]["w"], UDP, 443, seconds=-1)
    assert dp.ingress(out(family)) == DROP
    dp.exact(MAC_D, IP[family]["w"], UDP, 443, seconds=60)
    assert dp.ingress(out(family)) == PASS


@both
def test_forwarded_packets_need_an_entry_of_the_address(dp, family):
    assert dp.egress(to(family, dport=80)) == DROP
    assert refusal(dp) == (ADDRESS[family, "D"], 1, DENY)
    dp.exact(MAC_D, IP[family]["w"], UDP, 80)  # of the MAC: the other direction
    assert dp.egress(to(family, dport=80)) == DROP
    assert refusal(dp) == (ADDRESS[family, "D"], 1, DENY)
    dp.exact(ADDRESS[family, "D"], IP[family]["w"], UDP, 80)
    assert dp.egress(to(family, dport=80)) == PASS
    assert dp.egress(to(family, dport=81)) == DROP


@both
def test_what_the_gateway_sends_passes(dp, family):
    assert dp.local(to(family, src="gw", dport=80)) == PASS
    assert dp.local(to(family, src="gw", dport=80, proto=TCP)) == PASS
    assert not dp.refused()


@both
def test_frames_of_and_to_others_pass(dp, family):
    frame = packet(family, "X", "w", udp(1, 2), UDP, smac=X)
    assert dp.ingress(frame) == PASS
    assert dp.egress(packet(family, "w", "X", udp(1, 2), UDP, smac=GW, dmac=X)) == PASS
    assert not list(dp.items("flows"))


@both
@pytest.mark.parametrize("change,verdict", [
    ({}, PASS), (dict(device=(5000, 5000)), PASS), (dict(device=(5001, 65535)), DROP),
    (dict(device=(0, 4999)), DROP), (dict(peer=(400, 443)), PASS),
    (dict(peer=(444, 65535)), DROP), (dict(peer=(0, 442)), DROP),
    (dict(proto=(17, 17)), PASS), (dict(proto=(6, 6)), DROP), (dict(proto=(18, 255)), DROP),
    (dict(until=1), DROP)])
def test_box_is_a_range_in_each_dimension(dp, family, change, verdict):
    lo, hi = {4: ("203.0.113.0", "203.0.113.255"),
              6: ("2001:db8::", "2001:db8::ffff")}[family]
    dp.box(3, lo, hi, **change)
    dp.boxes_of(MAC_D, 3, 1)
    assert dp.ingress(out(family)) == verdict
    assert dp.ingress(out(family, dst="v")) == DROP


@both
@pytest.mark.parametrize("lo,hi,inside", [(8, 9, True), (9, 9, True), (9, 10, True),
                                          (10, 20, False), (0, 8, False)])
def test_box_ends_belong_to_it(dp, family, lo, hi, inside):
    prefix = {4: "203.0.113.%d", 6: "2001:db8::%x"}[family]
    dp.box(0, prefix % lo, prefix % hi)
    dp.boxes_of(MAC_D, 0, 1)
    assert dp.ingress(out(family)) == (PASS if inside else DROP)


def test_box_of_one_family_is_none_of_the_other(dp):
    dp.box(0, "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
    dp.box(1, "0.0.0.0", "255.255.255.255")
    dp.boxes_of(MAC_D, 0, 1)
    assert (dp.ingress(out(4)), dp.ingress(out(6))) == (DROP, PASS)
    dp.boxes_of(MAC_D, 1, 1)
    dp.bump(MAC_D)
    assert (dp.ingress(out(4)), dp.ingress(out(6))) == (PASS, DROP)


def test_last_of_8192_boxes_is_found(dp):
    for i in range(8191):
        dp.box(100 + i, "198.51.100.1", "198.51.100.1", peer=(i, i))
    dp.box(100 + 8191, "203.0.113.9", "203.0.113.9")
    dp.boxes_of(MAC_D, 100, 8192)
    assert dp.ingress(out(4)) == PASS
    assert dp.ingress(out(4, dst="10.1.0.1")) == DROP


def test_boxes_of_an_address_are_of_the_other_direction(dp):
    dp.box(0, "203.0.113.9", "203.0.113.9", device=(80, 80))
    dp.boxes_of(ADDRESS[4, "D"], 0, 1)
    assert dp.ingress(out(4)) == DROP
    assert dp.egress(to(4, dport=80)) == PASS
    assert dp.egress(to(4, dport=81)) == DROP


@both
def test_protocols_without_ports_and_flows_are_judged_each_time(dp, family):
    frame = packet(family, "D", "w", bytes(20), GRE)
    assert dp.ingress(frame) == DROP
    dp.box(0, IP[family]["w"], IP[family]["w"], proto=(GRE, GRE))
    dp.boxes_of(MAC_D, 0, 1)
    assert [dp.ingress(frame) for _ in range(3)] == [PASS] * 3
    assert dp.box_count(0) == (3, 3 * (len(frame) - 14))
    dp.boxes_of(MAC_D, 0, 0)
    assert dp.ingress(frame) == DROP
    assert not list(dp.items("flows"))


@both
def test_icmp_types_are_the_ports_of_boxes(dp, family):
    proto, request = (ICMP, 8) if family == 4 else (ICMP6, 128)
    dp.box(0, IP[family]["w"], IP[family]["w"], proto=(proto, proto),
           device=(request << 8, request << 8))
    dp.boxes_of(MAC_D, 0, 1)
    assert dp.ingress(packet(family, "D", "w", icmp(request, 0, 9), proto)) == PASS
    assert dp.ingress(packet(family, "D", "w", icmp(request, 1, 8), proto)) == DROP
    assert dp.ingress(packet(family, "D", "w", icmp(request + 5, 0, 8), proto)) == DROP
    dp.box(1, IP[family]["w"], IP[family]["w"], proto=(proto, proto),
           peer=(request << 8, request << 8))
    dp.boxes_of(ADDRESS[family, "D"], 1, 1)
    assert dp.egress(packet(family, "w", "D", icmp(request, 0, 4), proto, GW, D)) == PASS
    assert dp.egress(packet(family, "w", "D", icmp(request, 2, 5), proto, GW, D)) == DROP


@both
def test_bridged_packet_needs_both(dp, family):
    frame = packet(family, "D", "E", udp(5000, 443), UDP, dmac=E)
    dp.exact(MAC_D, IP[family]["E"], UDP, 443)
    assert (dp.ingress(frame), dp.egress(frame)) == (PASS, DROP)
    assert refusal(dp) == (ADDRESS[family, "E"], 1, DENY)
    dp.exact(ADDRESS[family, "E"], IP[family]["D"], UDP, 443)
    assert (dp.ingress(frame), dp.egress(frame)) == (PASS, PASS)
    answer = packet(family, "E", "D", udp(443, 5000), UDP, smac=E, dmac=D)
    assert (dp.ingress(answer), dp.egress(answer)) == (PASS, PASS)


def test_unicast_address_in_a_group_frame_is_judged(dp):
    frame = packet(4, "X", "D", udp(1, 80), UDP, smac=X, dmac=ALL)
    assert dp.egress(frame) == DROP
    assert refusal(dp) == (ADDRESS[4, "D"], 1, DENY)
    dp.exact(ADDRESS[4, "D"], IP[4]["X"], UDP, 80)
    assert dp.egress(frame) == PASS
    assert not list(dp.items("flows"))  # a conversation is of a device's MAC
    group = packet(4, "X", "224.0.0.251", udp(5353, 5353), UDP, smac=X,
                   dmac="01:00:5e:00:00:fb")
    assert dp.egress(group) == PASS


# --- guard ------------------------------------------------------------------------

@both
@pytest.mark.parametrize("hw,subject", [(E, MAC_E), (X, NOBODY)])
def test_owned_address_is_its_owners_alone(dp, family, hw, subject):
    frame = packet(family, "D", "w", udp(5000, 443), UDP, smac=hw)
    dp.exact(MAC_E, IP[family]["w"], UDP, 443)
    assert dp.ingress(frame) == DROP
    assert refusal(dp) == (subject, 0, SPOOFED)
    dp.bind(hw, IP[family]["D"])
    assert dp.ingress(frame) == PASS


@both
def test_managed_device_uses_only_addresses_of_the_lan(dp, family):
    for name, verdict in (("w", DROP), ("free", PASS)):
        dp.exact(MAC_D, IP[family]["v"], UDP, 443)
        frame = packet(family, name, "v", udp(5000, 443), UDP)
        assert dp.ingress(frame) == verdict
    assert refusal(dp) == (MAC_D, 0, SPOOFED)
    foreign = packet(family, "w", "v", udp(5000, 443), UDP, smac=X)
    assert dp.ingress(foreign) == PASS  # not managed: not our matter


@both
def test_unspecified_source_is_judged_by_policy(dp, family):
    frame = packet(family, "0.0.0.0" if family == 4 else "::", "w", udp(5, 443), UDP)
    assert dp.ingress(frame) == DROP
    assert refusal(dp) == (MAC_D, 0, DENY)


@both
def test_device_receives_on_its_own_addresses_only(dp, family):
    dp.exact(ADDRESS[family, "D"], IP[family]["w"], UDP, 80)
    for send in (dp.egress, dp.local):
        frame = packet(family, "w", "free", udp(1, 80), UDP, smac=GW, dmac=D)
        assert send(frame) == DROP
        assert refusal(dp) == (MAC_D, 1, SPOOFED)
    assert dp.egress(to(family, dport=80)) == PASS
    dp.unbind(D, IP[family]["D"])
    dp.bump(MAC_D)
    dp.bump(ADDRESS[family, "D"])
    assert dp.egress(to(family, dport=80)) == DROP
    assert refusal(dp) == (ADDRESS[family, "D"], 1, SPOOFED)


@pytest.mark.parametrize("hw,claimed,address,verdict", [
    (D, D, "D", PASS), (X, X, "D", DROP), (X, D, "D", DROP), (D, X, "D", DROP),
    (E, E, "D", DROP), (X, X, "free", PASS), (D, D, "free", PASS)])
def test_arp_claims(dp, hw, claimed, address, verdict):
    for operation in (1, 2):
        frame = ether(hw, ALL, 0x0806,
                      arp(claimed, IP[4][address], operation=operation))
        assert dp.ingress(frame) == verdict
    if verdict == DROP:
        kind, = dp.refused()
        assert (kind["reason"], kind["device"], kind["port"]) == (
            SPOOFED, IP[4][address], 0x0806)
    assert dp.egress(ether(X, D, 0x0806, arp(X, IP[4]["X"]))) == PASS


def advert(target, smac, src, kind=136):
    body = struct.pack("!BBHI", kind, 0, 0, 0) + addr(target) + b"\2\1" + mac(smac)
    return packet(6, src, "ff02::1", body, ICMP6, smac=smac, dmac="33:33:00:00:00:01",
                  hops=255)


def test_neighbour_advertisements(dp):
    assert dp.ingress(advert(IP[6]["D"], D, "fe80::10")) == PASS
    assert dp.ingress(advert(IP[6]["D"], X, "fe80::77")) == DROP
    assert refusal(dp) == (NOBODY, 0, SPOOFED)
    assert dp.ingress(advert(IP[6]["D"], E, "fe80::20")) == DROP
    assert refusal(dp) == (MAC_E, 0, SPOOFED)
    assert dp.ingress(advert(IP[6]["free"], X, "fe80::77")) == PASS
    assert dp.ingress(advert(IP[6]["X"], X, IP[6]["D"], kind=135)) == DROP  # its source
    assert refusal(dp) == (NOBODY, 0, SPOOFED)


def test_neighbour_advertisement_behind_more_headers_than_are_read(dp):
    """Hosts read on: who is not managed, too, may claim nobody's address behind them."""
    claim = icmp(136, data=addr(IP[6]["D"]) + bytes(8))

    def behind(headers):
        chain = b"".join(bytes([60, 0, 1, 4, 0, 0, 0, 0]) for _ in range(headers - 1))
        return packet(6, "X", "ff02::1", chain + bytes([58, 0, 1, 4, 0, 0, 0, 0]) + claim,
                      60, smac=X, dmac="33:33:00:00:00:01", hops=255)
    for headers in (1, 8, 9, 20):
        assert dp.ingress(behind(headers)) == DROP, headers


def test_neighbour_advertisement_behind_an_extension_header(dp):
    body = struct.pack("!BBHI", 136, 0, 0, 0) + addr(IP[6]["D"])
    options = bytes([ICMP6, 0, 1, 4, 0, 0, 0, 0])
    frame = packet(6, "fe80::77", "ff02::1", options + body, 60, smac=X, hops=255)
    assert dp.ingress(frame) == DROP
    assert refusal(dp) == (NOBODY, 0, SPOOFED)


@pytest.mark.parametrize("kind", (134, 137))
def test_device_is_no_router(dp, kind):
    frame = packet(6, "fe80::10", "ff02::1", icmp(kind), ICMP6, hops=255)
    assert dp.ingress(frame) == DROP
    assert refusal(dp) == (MAC_D, 0, ROGUE)
    assert dp.ingress(packet(6, "fe80::77", "ff02::1", icmp(kind), ICMP6, smac=X,
                             hops=255)) == PASS


@both
def test_device_is_no_dhcp_server(dp, family):
    port, client = (67, 68) if family == 4 else (547, 546)
    frame = packet(family, "D", "E", udp(port, client), UDP)
    dp.box(0, IP[family]["E"], IP[family]["E"])
    dp.boxes_of(MAC_D, 0, 1)
    assert dp.ingress(frame) == DROP
    assert refusal(dp) == (MAC_D, 0, ROGUE)
    assert dp.ingress(packet(family, "X", "E", udp(port, client), UDP, smac=X)) == PASS


@both
def test_server_ports_open_no_way_past_the_guard(dp, family):
    """A peer may call its port 67; a conversation must not carry the answers."""
    port = 67 if family == 4 else 547
    dp.exact(ADDRESS[family, "D"], IP[family]["w"], UDP, port)
    assert dp.egress(to(family, dport=port, sport=9)) == PASS
    assert dp.ingress(out(family, sport=port, dport=9)) == DROP
    assert refusal(dp) == (MAC_D, 0, ROGUE)
    assert dp.local(to(family, src="gw", dport=port, sport=9)) == PASS
    assert dp.ingress(out(family, dst="gw", sport=port, dport=9)) == DROP
    assert refusal(dp) == (MAC_D, 0, ROGUE)


# --- outside policy ---------------------------------------------------------------

def nd(kind, dst, hops=255, src="fe80::10"):
    return packet(6, src, dst, icmp(kind, data=bytes(16)), ICMP6, hops=hops)


def numbered(cases):
    return [pytest.param(*case, id=str(i)) for i, case in enumerate(cases)]


@pytest.mark.parametrize("frame,verdict", numbered([
    (packet(4, "0.0.0.0", "255.255.255.255", udp(68, 67), UDP, dmac=ALL), PASS),
    (packet(4, "D", "gw", udp(68, 67), UDP), PASS),
    (packet(4, "D", "w", udp(68, 67), UDP), DROP),
    (packet(4, "D", "gw", udp(68, 68), UDP), DROP),
    (packet(4, "D", "224.0.0.22", bytes(16), IGMP), PASS),
    (packet(4, "D", "w", bytes(16), IGMP), DROP),
    (packet(6, "fe80::10", "ff02::1:2", udp(546, 547), UDP), PASS),
    (packet(6, "fe80::10", "fe80::1", udp(546, 547), UDP), PASS),
    (packet(6, "D", "w", udp(546, 547), UDP), DROP),
    (nd(133, "ff02::2"), PASS), (nd(135, "ff02::1"), PASS), (nd(136, "ff02::1"), PASS),
    (nd(135, "ff02::1", hops=254), DROP), (nd(135, "2001:db8::9", hops=64), DROP),
    (nd(143, "ff02::16", hops=1), PASS), (nd(131, "ff02::16", hops=1), PASS),
    (nd(143, "2001:db8::9"), DROP), (nd(130, "ff02::1", hops=1), DROP),
    (nd(135, "2001:db8::9"), DROP), (nd(136, "fd00:1::20"), PASS),
    (nd(135, "ff02::1", src="::"), PASS)]))
def test_infrastructure_from_a_device(dp, frame, verdict):
    assert dp.ingress(frame) == verdict


def nd_to(kind, src="fe80::1", dst="D", hops=255):
    return packet(6, src, dst, icmp(kind, data=bytes(16)), ICMP6, smac=GW, dmac=D,
                  hops=hops)


@pytest.mark.parametrize("frame,verdict", numbered([
    (packet(4, "gw", "D", udp(67, 68), UDP, GW, D), PASS),
    (packet(4, "gw", "free", udp(67, 68), UDP, GW, D), PASS),
    (packet(4, "w", "D", udp(67, 68), UDP, GW, D), DROP),
    (packet(4, "gw", "D", bytes(16), IGMP, GW, D), PASS),
    (packet(4, "w", "D", bytes(16), IGMP, GW, D), DROP),
    (packet(6, "fe80::1", "D", udp(547, 546), UDP, GW, D), PASS),
    (packet(6, "w", "D", udp(547, 546), UDP, GW, D), DROP),
    (nd_to(134), PASS), (nd_to(135), PASS), (nd_to(136), PASS), (nd_to(137), DROP),
    (nd_to(135, src="2001:db8::9"), PASS), (nd_to(135, hops=64), DROP),
    (nd_to(130, hops=1), PASS), (nd_to(130, src="2001:db8::9", hops=1), DROP)]))
def test_infrastructure_to_a_device(dp, frame, verdict):
    assert dp.egress(frame) == verdict


# --- not IP -----------------------------------------------------------------------

def raw(kind, smac=D, dmac=E):
    return ether(smac, dmac, kind, bytes(46))


def test_frames_that_are_not_ip(dp):
    assert dp.ingress(raw(0x888e)) == PASS
    assert dp.ingress(raw(0x88cc, dmac=LINK)) == PASS
    assert dp.ingress(raw(0x88e1, dmac=GW)) == PASS  # no bridge forwards it
    assert dp.ingress(raw(0x88e1)) == DROP
    kind, = dp.refused()
    assert (kind["family"], kind["port"], kind["subject"]) == (0, 0x88e1, MAC_D)
    assert dp.ingress(raw(0x0026)) == DROP  # IEEE 802.3: a length, no type
    assert dp.ingress(raw(0x88e1, smac=X)) == PASS


def test_ether_entries(dp):
    dp.ether(MAC_D, 0x88e1, peer=E)
    assert dp.ingress(raw(0x88e1)) == PASS
    assert dp.ingress(raw(0x88e1, dmac=X)) == DROP
    assert dp.ingress(raw(0x88e2)) == DROP
    dp.ether(MAC_D, 0x88e2)
    assert dp.ingress(raw(0x88e2, dmac=X)) == PASS
    assert dp.egress(raw(0x88e1)) == DROP
    dp.ether(MAC_E, 0x88e1, peer=D, to_device=1)
    assert dp.egress(raw(0x88e1)) == PASS
    assert dp.egress(raw(0x88e1, smac=X)) == DROP
    assert dp.egress(raw(0x88e1, dmac=ALL)) == PASS  # a group is nobody


# --- DNS of others ----------------------------------------------------------------

def redirect(dp, family, *protos):
    """The gateway answers, and may be asked so."""
    dp.settings(local=LOCAL, redirect=1, asked=(IP[4]["gw"], IP[6]["gw"]))
    for proto in protos:
        dp.exact(MAC_D, IP[family]["gw"], proto, 53)


@both
@pytest.mark.parametrize("proto", (TCP, UDP))
def test_who_may_not_ask_the_gateway_is_not_redirected_to_it(dp, family, proto):
    """A retired device has nothing: names are a way out, too."""
    question = out(family, dport=53, proto=proto)
    dp.settings(local=LOCAL, redirect=1)
    dp.exact(MAC_D, IP[family]["gw"], proto, 53)
    assert dp.ingress(question) == DROP  # whom would it ask?
    assert refusal(dp) == (MAC_D, 0, DENY)
    redirect(dp, family)
    assert dp.ingress(question) == PASS
    dp.unexact(MAC_D, IP[family]["gw"], proto, 53)
    assert dp.ingress(question) == PASS  # until its policy is another one
    dp.bump(MAC_D)
    assert dp.ingress(question) == DROP
    assert refusal(dp) == (MAC_D, 0, DENY)
    dp.exact(MAC_D, IP[family]["gw"], TCP + UDP - proto, 53)
    dp.exact(MAC_E, IP[family]["gw"], proto, 53)
    dp.exact(MAC_D, IP[10 - family]["gw"], proto, 53)
    dp.exact(MAC_D, IP[family]["gw"], proto, 54)
    assert dp.ingress(question) == DROP
    dp.box(0, IP[family]["gw"], IP[family]["gw"], peer=(53, 53))
    dp.boxes_of(MAC_D, 0, 1)
    assert dp.ingress(question) == PASS
    assert [f["by"] for f in dp.flows() if f["by"] != BY_NOBODY] == [BY_REDIRECT]


@both
def test_redirected_dns(dp, family):
    question = out(family, dport=53)
    assert dp.ingress(question) == DROP
    redirect(dp, family, UDP, TCP)
    assert dp.ingress(question) == PASS
    assert [f["by"] for f in dp.flows()] == [BY_REDIRECT]
    assert dp.local(to(family, sport=53)) == PASS
    elsewhere = mac(X) + question[6:]  # another router of the LAN, with the same question
    assert dp.ingress(elsewhere) == DROP
    assert dp.ingress(question) == PASS
    assert dp.ingress(out(family, dport=53, proto=TCP)) == PASS
    assert dp.ingress(out(family, dport=853, proto=TCP)) == DROP
    assert dp.ingress(out(family, dst="E", dport=53)) == DROP  # within the LAN: policy
    dp.settings(local=LOCAL, redirect=0)
    dp.bump(MAC_D)
    assert dp.ingress(question) == DROP


@both
def test_redirected_dns_by_tcp_goes_to_the_gateway_alone(dp, family):
    """A conversation that the gateway answers is no way to the server itself."""
    redirect(dp, family, TCP)
    for flags in (SYN, ACK, ACK):  # the last one is of a conversation under way
        frame = packet(family, "D", "w", tcp(5000, 53, flags), TCP)
        assert dp.ingress(frame) == PASS
        assert dp.local(packet(family, "w", "D", tcp(53, 5000, ACK), TCP, GW, D)) == PASS
    for flags in (SYN, ACK):
        elsewhere = packet(family, "D", "w", tcp(5000, 53, flags), TCP, dmac=X)
        assert dp.ingress(elsewhere) == DROP
    assert dp.ingress(frame) == PASS


@both
@pytest.mark.parametrize("proto", (TCP, UDP))
def test_nothing_goes_on_where_nobody_redirects_any_more(dp, family, proto):
    """Maps outlive the setting: what was begun would then reach the server itself."""
    redirect(dp, family, proto)
    question = out(family, dport=53, proto=proto)
    assert dp.ingress(question) == PASS
    dp.settings(local=LOCAL, redirect=0)
    assert dp.ingress(question) == DROP
    assert refusal(dp) == (MAC_D, 0, DENY)


# --- those that are not managed ---------------------------------------------------

@both
def test_what_passed_unjudged_is_judged_after_any_change(dp, family):
    frame = packet(family, "X", "w", udp(1, 2), UDP, smac=X)
    back = packet(family, "w", "X", udp(2, 1), UDP, smac=GW, dmac=X)
    assert [dp.ingress(frame) for _ in range(3)] == [PASS] * 3
    assert [dp.egress(back) for _ in range(3)] == [PASS] * 3
    dp.address(IP[family]["X"], 20, OWNED)
    assert dp.ingress(frame) == DROP
    assert refusal(dp) == (NOBODY, 0, SPOOFED)
    dp.bind(X, IP[family]["X"])
    assert [dp.ingress(frame) for _ in range(3)] == [PASS] * 3
    assert [dp.egress(back) for _ in range(3)] == [PASS] * 3
    dp.mac(X, 21)
    dp.address(IP[family]["X"], 20)
    assert dp.egress(back) == DROP
    assert refusal(dp) == (20, 1, DENY)
    assert dp.ingress(frame) == DROP
    assert refusal(dp) == (21, 0, DENY)
    dp.exact(21, IP[family]["w"], UDP, 2)
    assert [dp.ingress(frame) for _ in range(3)] == [PASS] * 3
    dp.sweep()
    assert dp.entry(21, IP[family]["w"], UDP, 2)[1] == 3
