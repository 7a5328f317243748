# SPDX-License-Identifier: GPL-2.0-or-later
"""Gates in the program in the kernel: what opens them, for how long, what may pass, and
that what processors remember does not stand in between."""
import time

import pytest

from datapath import *
from datapath_house import *

GATE, FOREVER = 0xfeedface, 3600


def arms(dp, subject, index, who, gate=GATE, open_s=FOREVER, **more):
    dp.box(index, who, who, kind=ARMS_BOX, gate=gate, open_s=open_s, **more)
    dp.boxes_of(subject, index, 1)
    dp.set_subject(subject, arms=1)


def waits(dp, subject, index, who, gate=GATE, **more):
    dp.box(index, who, who, gate=gate, **more)
    dp.boxes_of(subject, index, 1)


def shut(dp, gate=GATE):
    dp.put_alone("gates", pack("I", gate), pack("Q", 1))


def is_open(dp, gate=GATE):
    value = dp.get("gates", pack("I", gate))
    return value is not None and struct.unpack("=Q", value)[0] > \
        time.clock_gettime_ns(time.CLOCK_MONOTONIC)


@both
def test_alone_refused_after_its_trigger_allowed(dp, family):
    a = IP[family]
    arms(dp, MAC_D, 0, a["w"], peer=(443, 443), proto=(TCP, TCP))
    dp.exact(MAC_D, a["w"], TCP, 443)
    waits(dp, ADDRESS[family, "E"], 1, a["v"], device=(80, 80), proto=(UDP, UDP))
    effect = packet(family, "v", "E", udp(9, 80), UDP, GW, E)
    for _ in range(3):
        assert dp.egress(effect) == DROP  # and it is remembered so
    assert dp.ingress(out(family, proto=TCP)) == PASS
    assert is_open(dp)
    assert dp.egress(effect) == PASS
    # what has begun goes on, what has not does not
    shut(dp)
    assert dp.egress(effect) == PASS
    assert dp.ingress(packet(family, "E", "v", udp(80, 9), UDP, E, GW)) == PASS
    assert dp.egress(packet(family, "v", "E", udp(10, 80), UDP, GW, E)) == DROP


@both
def test_what_is_refused_arms_nothing(dp, family):
    arms(dp, MAC_D, 0, IP[family]["w"], peer=(443, 443))
    assert dp.ingress(out(family)) == DROP
    assert not is_open(dp)


@both
def test_only_what_the_box_holds_arms(dp, family):
    a = IP[family]
    arms(dp, MAC_D, 0, a["w"], peer=(443, 443), proto=(UDP, UDP))
    for peer, port in (("w", 444), ("v", 443)):
        dp.exact(MAC_D, a[peer], UDP, port)
        assert dp.ingress(out(family, dst=peer, dport=port)) == PASS
        assert not is_open(dp)
    dp.exact(MAC_D, a["w"], TCP, 443)
    assert dp.ingress(out(family, proto=TCP)) == PASS
    assert not is_open(dp)
    dp.exact(MAC_D, a["w"], UDP, 443)
    assert dp.ingress(out(family)) == PASS
    assert is_open(dp)


@both
def test_what_arms_lets_nothing_pass(dp, family):
    """A box that arms, or that waits, is no permission."""
    a = IP[family]
    arms(dp, MAC_D, 0, a["w"])
    assert dp.ingress(out(family)) == DROP
    waits(dp, MAC_D, 0, a["w"])
    dp.set_subject(MAC_D, arms=0)
    assert dp.ingress(out(family)) == DROP


@both
def test_to_a_device_arms_too(dp, family):
    a = IP[family]
    subject = ADDRESS[family, "D"]
    arms(dp, subject, 0, a["w"], device=(80, 80))
    dp.exact(subject, a["w"], UDP, 80)
    assert dp.egress(to(family, dport=80, sport=9)) == PASS
    assert is_open(dp)


@both
def test_each_packet_of_a_conversation_arms_in_its_direction(dp, family):
    """Apps keep their connections: what processors remember must not hide their packets."""
    a = IP[family]
    arms(dp, MAC_D, 0, a["w"], peer=(443, 443))
    dp.exact(MAC_D, a["w"], UDP, 443)
    assert dp.ingress(out(family)) == PASS
    for _ in range(4):
        shut(dp)
        assert dp.egress(to(family)) == PASS  # the answer
        assert dp.egress(to(family)) == PASS
        assert not is_open(dp)
        assert dp.ingress(out(family)) == PASS
        assert is_open(dp)


@both
def test_conversations_under_way_arm_what_is_new(dp, family):
    a = IP[family]
    dp.exact(MAC_D, a["w"], UDP, 443)
    for _ in range(3):
        assert dp.ingress(out(family)) == PASS
    arms(dp, MAC_D, 0, a["w"], peer=(443, 443))
    dp.bump(MAC_D)
    assert dp.ingress(out(family)) == PASS
    assert is_open(dp)


@both
def test_a_conversation_outlives_its_gate_when_rules_change(dp, family):
    a = IP[family]
    subject = ADDRESS[family, "E"]
    waits(dp, subject, 1, a["v"])
    effect = packet(family, "v", "E", udp(9, 80), UDP, GW, E)
    dp.put("gates", pack("I", GATE), pack("Q", 1 << 62))
    assert dp.egress(effect) == PASS
    shut(dp)
    dp.bump(subject)
    assert dp.egress(effect) == PASS
    dp.sweep()
    assert dp.egress(effect) == PASS
    # once the permission is gone, it goes
    dp.boxes_of(subject, 0, 0)
    dp.bump(subject)
    assert dp.egress(effect) == DROP


@both
def test_who_is_not_managed_arms_with_every_packet(dp, family):
    dp.mac(X, 5, ARMS)
    arms(dp, 5, 0, IP[family]["w"], peer=(443, 443))
    frame = packet(family, "X", "w", udp(5000, 443), UDP, X, GW)
    for _ in range(4):
        shut(dp)
        assert dp.ingress(frame) == PASS
        assert is_open(dp)
        shut(dp)
        assert dp.ingress(packet(family, "X", "w", udp(5000, 444), UDP, X, GW)) == PASS
        assert not is_open(dp)


@both
def test_one_of_several_gates_is_enough(dp, family):
    a = IP[family]
    for i, gate in enumerate((7, 8, 9)):
        dp.box(i, a["w"], a["w"], gate=gate)
    dp.boxes_of(MAC_D, 0, 3)
    assert dp.ingress(out(family)) == DROP
    dp.put("gates", pack("I", 8), pack("Q", 1 << 62))
    assert dp.ingress(out(family)) == PASS
    assert dp.ingress(out(family, sport=1)) == PASS
    shut(dp, 8)
    assert dp.ingress(out(family, sport=2)) == DROP
    dp.exact(MAC_D, a["w"], UDP, 443)  # what waits for nothing is open
    assert dp.ingress(out(family, sport=2)) == PASS


def test_time_runs_out_by_itself(dp):
    arms(dp, MAC_D, 0, IP[4]["w"], peer=(443, 443), open_s=4)
    dp.exact(MAC_D, IP[4]["w"], UDP, 443)
    waits(dp, ADDRESS[4, "E"], 1, IP[4]["v"])
    assert dp.ingress(out(4)) == PASS
    assert dp.egress(packet(4, "v", "E", udp(9, 80), UDP, GW, E)) == PASS
    time.sleep(4.1)
    assert dp.egress(packet(4, "v", "E", udp(10, 80), UDP, GW, E)) == DROP


def test_gates_that_are_long_shut_go(dp):
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    dp.put("gates", pack("I", 1), pack("Q", now - 61 * SECOND))  # a minute and more
    dp.put("gates", pack("I", 2), pack("Q", now + 3600 * SECOND))
    dp.sweep()
    assert [key[0] for key, _ in dp.items("gates")] == [2]


TOLD = 0xffffffff  # BPF_GATE_TOLD


@both
@pytest.mark.parametrize("told", [True, False])
def test_what_was_only_told_of_has_no_gate(dp, family, told):
    """It passed beside a gate that was shut: when it is told of no longer, it ends. What the
    gate let begin goes on."""
    a = IP[family]
    dp.box(0, a["w"], a["w"], gate=GATE)
    dp.box(1, a["w"], a["w"], gate=TOLD)
    dp.boxes_of(MAC_D, 0, 2)
    if not told:
        dp.put("gates", pack("I", GATE), pack("Q", 1 << 62))
    assert dp.ingress(out(family)) == PASS
    shut(dp)
    dp.boxes_of(MAC_D, 0, 1)
    dp.bump(MAC_D)
    assert dp.ingress(out(family)) == (DROP if told else PASS)
