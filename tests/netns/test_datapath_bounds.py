# SPDX-License-Identifier: GPL-2.0-or-later
"""What floods may do to the program in the kernel: places in its tables are of one
device each, refused packets are counted exactly, and rates hold."""
import collections
import os
import threading
import time

import pytest

from datapath import *
from datapath_house import *

OWN, SHARE, SHARED, KINDS, OTHERS = 48, 4096, 16384, 64, 1024
BURST = 1000  # new conversations at once


def totals(dp):
    return struct.unpack("=II", dp.get("totals", pack("I", 0)))[0]


def fresh_rate(dp, subject):
    """As if the device had been silent for long."""
    dp.set_subject(subject, opens=0)


def judged(times, judge):
    """How often which verdict; and in how many seconds, in which a rate gives more."""
    start = time.monotonic()
    verdicts = collections.Counter(judge(i) for i in range(times))
    return verdicts, time.monotonic() - start


def flood(dp, count, first=1024, **more):
    for i in range(count):
        if i % 900 == 0:
            fresh_rate(dp, MAC_D)
        assert dp.ingress(out(4, sport=first + i, **more)) == PASS


# --- conversations ----------------------------------------------------------------

def test_flood_of_conversations_takes_no_other_devices_place(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    dp.exact(MAC_E, IP[4]["w"], UDP, 443)
    flood(dp, OWN + SHARE + 500)
    d = dp.subject(MAC_D)
    assert (d["flows"], d["flows_full"]) == (OWN + SHARE, 500)
    assert len(dp.keys("flows")) == OWN + SHARE
    assert totals(dp) == SHARE
    assert dp.egress(to(4, dport=1024)) == PASS
    assert dp.egress(to(4, dport=1024 + OWN + SHARE + 1)) == DROP
    for sport in range(OWN):
        assert dp.ingress(packet(4, "E", "w", udp(sport + 1, 443), UDP, smac=E)) == PASS
    assert dp.subject(MAC_E)["flows"] == OWN
    assert dp.egress(packet(4, "w", "E", udp(443, 1), UDP, GW, E)) == PASS


def test_room_comes_back(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    flood(dp, OWN + 200)
    assert totals(dp) == 200
    for f in dp.flows()[:150]:
        dp.write_flow(f["device"], f["peer"], UDP, f["device_port"], 443, until=1)
    dp.sweep()
    assert (dp.subject(MAC_D)["flows"], totals(dp)) == (OWN + 50, 50)
    for f in dp.flows():
        dp.write_flow(f["device"], f["peer"], UDP, f["device_port"], 443, until=1)
    dp.sweep()
    assert (dp.subject(MAC_D)["flows"], totals(dp)) == (0, 0)


def test_all_devices_together_leave_each_its_own(dp):
    """The shared places are gone; a device still has those that are its own."""
    dp.put("totals", pack("I", 0), pack("II", SHARED, 0))
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    flood(dp, OWN + 10)
    assert (dp.subject(MAC_D)["flows"], dp.subject(MAC_D)["flows_full"]) == (OWN, 10)
    assert totals(dp) == SHARED


def test_packets_without_room_are_still_counted(dp):
    dp.put("totals", pack("I", 0), pack("II", SHARED, 0))
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    flood(dp, OWN + 10)
    dp.sweep()
    assert dp.entry(MAC_D, IP[4]["w"], UDP, 443)[1] == OWN + 10


def test_replaced_conversation_gives_its_place_back(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    for _ in range(5):
        assert dp.ingress(out(4)) == PASS
        dp.change_flow(IP[4]["D"], IP[4]["w"], UDP, 5000, 443, until=1)
    assert dp.subject(MAC_D)["flows"] == 1


@both
def test_rate_of_new_conversations(dp, family):
    dp.exact(MAC_D, IP[family]["w"], TCP, 443)
    dp.exact(MAC_E, IP[family]["w"], TCP, 443)
    verdicts, took = judged(
        1300, lambda i: dp.ingress(out(family, sport=1024 + i, proto=TCP)))
    assert BURST <= verdicts[PASS] <= BURST + 100 * took + 5 < 1300  # 100 a second
    assert dp.subject(MAC_D)["opens_over"] == verdicts[DROP]
    assert not dp.refused()  # no violation
    assert dp.ingress(packet(family, "E", "w", tcp(1, 443, SYN), TCP, smac=E)) == PASS
    assert dp.ingress(out(family, sport=1024, proto=TCP)) == PASS  # under way


def test_what_the_gateway_begins_is_bounded_too(dp):
    for i in range(OWN + SHARE + 100):
        assert dp.local(to(4, src="gw", dport=80, sport=1024 + i)) == PASS
    assert dp.subject(MAC_D)["flows"] == OWN + SHARE


# --- refused ----------------------------------------------------------------------

def test_every_refused_packet_is_counted(dp):
    for i in range(3 * KINDS):
        for _ in range(3):
            assert dp.ingress(out(4, dport=2000 + i)) == DROP
    assert dp.subject(MAC_D)["refused"] == 9 * KINDS
    dp.sweep()
    kinds = dp.refused()
    assert len(kinds) == KINDS
    assert {k["packets"] for k in kinds} == {3}
    assert {k["bytes"] for k in kinds} == {3 * (len(out(4)) - 14)}
    d = dp.subject(MAC_D)
    assert (d["refused"], d["refused_kinds"]) == (9 * KINDS, KINDS)
    assert dp.counter("refused") == 9 * KINDS
    assert len(dp.told(REFUSED)) == KINDS
    assert dp.ingress(packet(4, "E", "w", udp(1, 9), UDP, smac=E)) == DROP
    assert [e["subject"] for e in dp.told(REFUSED)] == [MAC_E]


def test_ports_of_the_device_make_no_kinds(dp):
    for sport in range(1000, 1500):
        assert dp.ingress(out(4, sport=sport)) == DROP
    kind, = dp.refused()
    assert kind["packets"] == 500
    assert [e["device_port"] for e in dp.told(REFUSED)] == [1000]


def test_strangers_share_their_places(dp):
    for i in range(OTHERS + 100):
        hw = "02:77:00:00:%02x:%02x" % (i >> 8, i & 255)
        assert dp.ingress(packet(4, "D", "w", udp(1, 2), UDP, smac=hw)) == DROP
    assert len(dp.refused()) == OTHERS
    assert dp.subject(NOBODY)["refused"] == OTHERS + 100
    assert dp.ingress(out(4)) == DROP
    assert len([k for k in dp.refused() if k["subject"] == MAC_D]) == 1


def age(dp, seconds):
    """Moves what is known of refused packets into the past."""
    for k in dp.refused():
        packets, bytes_, told_packets, told_bytes, told, first, last, *rest = k["value"]
        back = seconds * SECOND
        dp.put("refused", pack(LAYOUT["refused"][0], *k["key"]),
               pack(LAYOUT["refused"][1], packets, bytes_, told_packets, told_bytes,
                    told - back, first - back, last - back, *rest))
    dp.later()


def test_same_kind_is_told_again_after_ten_seconds_with_its_number(dp):
    for _ in range(5):
        dp.ingress(out(4))
    assert [e["packets"] for e in dp.told(REFUSED)] == [1]
    age(dp, 5)
    dp.ingress(out(4))
    assert not dp.told(REFUSED)
    age(dp, 6)
    dp.ingress(out(4))
    again, = dp.told(REFUSED)
    assert (again["packets"], again["bytes"]) == (6, 6 * (len(out(4)) - 14))


@both
def test_refused_packets_are_counted_where_they_are_remembered(dp, family):
    dp.exact(MAC_D, IP[family]["v"], UDP, 443)
    for _ in range(10):
        assert dp.ingress(out(family)) == DROP
        assert dp.egress(to(family)) == DROP
        assert dp.ingress(out(family, dst="v")) == PASS
    assert len(dp.flows()) == 1
    dp.sweep()
    kinds = {k["subject"]: (k["packets"], k["bytes"]) for k in dp.refused()}
    size = 10 * (len(out(family)) - 14)
    assert kinds == {MAC_D: (10, size), ADDRESS[family, "D"]: (10, size)}
    dp.run("ingress", out(family), 7, 2_500_000)
    dp.sweep()
    assert [k["packets"] for k in dp.refused() if not k["to_device"]] == [2_500_010]
    assert dp.subject(MAC_D)["refused"] == 2_500_010
    assert not dp.told(ENDED)


@both
def test_what_is_newly_allowed_passes_at_once(dp, family):
    """Even the very packet that was refused a moment ago."""
    assert [dp.ingress(out(family)) for _ in range(3)] == [DROP] * 3
    dp.exact(MAC_D, IP[family]["w"], UDP, 443)
    assert dp.ingress(out(family)) == PASS
    frame = out(family, dst="gw", sport=80, dport=9)
    assert [dp.ingress(frame) for _ in range(3)] == [DROP] * 3
    dp.local(to(family, src="gw", dport=80, sport=9))
    assert dp.ingress(frame) == PASS  # the gateway has begun it
    dp.sweep()
    assert sum(k["packets"] for k in dp.refused()) == 6
    assert [dp.egress(to(family, src="v")) for _ in range(3)] == [DROP] * 3
    assert dp.local(to(family, src="v")) == PASS  # the same, of the gateway


def test_sweep_tells_what_nobody_was_told_of(dp):
    for _ in range(5):
        dp.ingress(out(4))
    dp.told()
    dp.sweep()
    assert not dp.told(REFUSED)
    age(dp, 11)
    dp.sweep()
    assert [e["packets"] for e in dp.told(REFUSED)] == [4]
    dp.sweep()
    assert not dp.told(REFUSED)


def test_kinds_that_are_not_seen_any_more_give_their_place_back(dp):
    for i in range(KINDS + 5):
        dp.ingress(out(4, dport=2000 + i))
    age(dp, 599)
    assert dp.sweep()["refused_gone"] == 0
    age(dp, 2)
    assert dp.sweep()["refused_gone"] == KINDS
    d = dp.subject(MAC_D)
    assert (d["refused"], d["refused_kinds"]) == (KINDS + 5, 0)


def test_ring_that_is_full_loses_no_count(dp):
    """Nobody reads: events are lost, and told later by sweep."""
    subjects = range(20, 60)
    for number in subjects:
        hw = "02:55:00:00:00:%02x" % number
        dp.mac(hw, number)
        dp.bind(hw, "10.1.0.%d" % (100 + number))
        for i in range(KINDS):
            frame = ether(hw, GW, 0x0800, ip4("10.1.0.%d" % (100 + number),
                                              "203.0.113.9", UDP, udp(1, i)))
            assert dp.ingress(frame) == DROP
    assert dp.counter("events_lost") > 0
    told = dp.told(REFUSED)
    assert len(told) < len(subjects) * KINDS
    assert sum(k["packets"] for k in dp.refused()) == len(subjects) * KINDS
    age(dp, 11)
    dp.sweep()
    later = dp.told(REFUSED)
    assert len(told) + len(later) == len(subjects) * KINDS
    assert {e["packets"] for e in later} == {1}


# --- what processors remember -----------------------------------------------------

def test_no_count_is_lost_when_entries_make_room(dp):
    """More conversations and refusals at once than find their places free."""
    devices = {number: ("02:55:00:00:00:%02x" % number, "10.1.0.%d" % (100 + number))
               for number in range(30, 34)}
    for number, (hw, address) in devices.items():
        dp.mac(hw, number)
        dp.bind(hw, address)
        dp.exact(number, IP[4]["w"], UDP, 443)

    def frame(number, sport, dport):
        hw, address = devices[number]
        return ether(hw, GW, 0x0800, ip4(address, IP[4]["w"], UDP, udp(sport, dport)))

    for turn in range(3):
        for sport in range(1000, 4000):
            for number in devices:
                if sport % 500 == 0:
                    fresh_rate(dp, number)
                assert dp.ingress(frame(number, sport, 443)) == PASS
                if sport % 2:
                    assert dp.ingress(frame(number, sport, 9)) == DROP
        if turn == 1:
            dp.sweep()
    dp.sweep()
    for number in devices:
        assert dp.subject(number)["flows"] == 3000
        assert dp.entry(number, IP[4]["w"], UDP, 443)[1:] == (9000, 9000 * 46)
        assert dp.subject(number)["refused"] == 4500
    assert [(k["packets"], k["bytes"]) for k in dp.refused()] == [
        (4500, 4500 * 46)] * len(devices)


def test_two_sides_at_once_lose_no_count(dp):
    """Two processors count packets of one conversation while sweep takes them away."""
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    assert dp.ingress(out(4)) == PASS
    each = 400_000

    def flood(name, frame, cpu):
        os.sched_setaffinity(0, {cpu})
        dp.run(name, frame, 7, each)

    cpus = sorted(os.sched_getaffinity(0))
    threads = [threading.Thread(target=flood, args=("ingress", out(4), cpus[0])),
               threading.Thread(target=flood, args=("egress", to(4), cpus[-1]))]
    for t in threads:
        t.start()
    while any(t.is_alive() for t in threads):
        dp.sweep()
    for t in threads:
        t.join()
    dp.sweep()
    assert dp.entry(MAC_D, IP[4]["w"], UDP, 443)[1] == 2 * each + 1


# --- rates ------------------------------------------------------------------------

def rate(dp, subject, packets=0, bytes_=0):
    dp.set_subject(subject, packet_ns=SECOND // packets if packets else 0,
                   byte_ns_256=SECOND * 256 // bytes_ if bytes_ else 0)
    dp.settings(local=LOCAL, limits=1)


def test_packets_above_the_rate_are_dropped_and_no_violation(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    rate(dp, MAC_D, packets=50)
    verdicts, took = judged(400, lambda _: dp.ingress(out(4)))
    assert 50 <= verdicts[PASS] <= 50 + 50 * took + 5 < 400
    assert dp.subject(MAC_D)["over"] == verdicts[DROP]
    assert not dp.refused()
    assert dp.egress(to(4)) == PASS  # the other direction has its own
    dp.sweep()
    assert dp.entry(MAC_D, IP[4]["w"], UDP, 443)[1] == verdicts[PASS] + 1


def test_bytes_above_the_rate(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    frame = packet(4, "D", "w", udp(5000, 443, bytes(1000 - 28)), UDP)
    rate(dp, MAC_D, bytes_=100_000)
    verdicts, took = judged(600, lambda _: dp.ingress(frame))
    assert 100 <= verdicts[PASS] <= 100 + 100 * took + 5 < 600


def test_slow_rate_lets_the_largest_packet_pass(dp):
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    rate(dp, MAC_D, bytes_=1000)
    frame = packet(4, "D", "w", udp(5000, 443, bytes(3000)), UDP)
    verdicts, took = judged(40, lambda _: dp.ingress(frame))
    some, size = 65536 // (len(frame) - 14), len(frame) - 14
    assert some <= verdicts[PASS] <= (65536 + 1000 * took + 50) // size < 40


@both
def test_rate_to_a_device(dp, family):
    dp.exact(MAC_D, IP[family]["w"], UDP, 443)
    dp.ingress(out(family))
    rate(dp, ADDRESS[family, "D"], packets=20)
    verdicts, took = judged(200, lambda _: dp.egress(to(family)))
    assert 20 <= verdicts[PASS] <= 20 + 20 * took + 3 < 200
    assert dp.subject(ADDRESS[family, "D"])["over"] == verdicts[DROP]
    assert dp.local(to(family)) == PASS  # the gateway's own is not limited


@both
def test_rate_of_an_address_that_became_the_devices_later(dp, family):
    """A conversation from before its address was known to be anybody's."""
    dp.exact(MAC_D, IP[family]["w"], UDP, 443)
    question = packet(family, "free", "w", udp(5000, 443), UDP)
    answer = packet(family, "w", "free", udp(443, 5000), UDP, GW, D)
    assert dp.ingress(question) == PASS
    dp.bind(D, IP[family]["free"])
    dp.address(IP[family]["free"], 15)
    dp.bump(MAC_D)
    assert dp.ingress(question) == dp.egress(answer) == PASS
    rate(dp, 15, packets=20)
    dp.bump(MAC_D)
    verdicts, took = judged(200, lambda _: dp.egress(answer))
    assert 20 <= verdicts[PASS] <= 20 + 20 * took + 3 < 200


def test_neighbour_discovery_and_arp_are_not_limited(dp):
    rate(dp, MAC_D, packets=1)
    for kind in (135, 136):
        frame = packet(6, "fe80::10", "ff02::1", icmp(kind, data=bytes(16)), ICMP6,
                       hops=255)
        assert [dp.ingress(frame) for _ in range(20)] == [PASS] * 20
    frame = ether(D, GW, 0x0806, arp(D, IP[4]["D"]))
    assert [dp.ingress(frame) for _ in range(20)] == [PASS] * 20
    dhcp = packet(4, "0.0.0.0", "255.255.255.255", udp(68, 67), UDP)
    verdicts, took = judged(40, lambda _: dp.ingress(dhcp))
    assert verdicts[PASS] <= 2 + took < 40


def test_rate_of_one_device_is_not_anothers(dp):
    rate(dp, MAC_D, packets=1)
    dp.exact(MAC_E, IP[4]["w"], UDP, 443)
    frame = packet(4, "E", "w", udp(1, 443), UDP, smac=E)
    assert [dp.ingress(frame) for _ in range(50)] == [PASS] * 50
