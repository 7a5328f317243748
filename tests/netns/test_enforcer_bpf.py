# SPDX-License-Identifier: GPL-2.0-or-later
"""The enforcer with its BPF back end: the same house, driver and tests as for nft, and
what is this back end's own: programs at ports that come and go, maps that outlive their
enforcer, tables that are full, and kernels that refuse. Needs root."""
import ctypes
import os
import re
import select
import struct
import tempfile
import threading
import time
import types

import datapath
import pytest
import test_enforcer_nft as nft
from test_enforcer_nft import (  # noqa: F401, fixtures among them
    ACK, BUILD, ENFORCER, GW, IP, IP4, IP6, MAC, PREFIX, SYN, SYNACK, UDP, Enforcer, Inside,
    bridged, from_wan, house, ip_frame, network, plain, ping, t, to_wan, tracked, u, udp)

UNVERIFIED = str(BUILD / "tests" / "enforcer_unverified")
OUT5 = "out %s %s udp 5" % (MAC["d1"], IP4["w"])
PORTS = ["p-d1", "p-d2", "p-d3", "p-d4"]
# What the nft back end is tested for holds here, too.
SAME = """unmanaged_pass_untouched routed_exact bridged_exact both_ends_managed ranges
    unsolicited_inbound inbound_exact echo related_error_routed gateway_services
    answers_to_the_gateway lan_without_bridge guard_addresses guard_claims
    unseen_address_receives_nothing outside_policy other_frames limits
    answers_of_a_dhcp_server tagged_frames_are_judged sync_removes_stale_statics_only
    replacing_changes_the_timeout forget_ends_flows forget_and_open_anew
    swaps_under_traffic swap_among_many
    killed_and_started_again other_configuration_replaces other_tables_decide_after_us
    engine_comes_and_goes large_transaction""".split()


def same(test):
    """The test without the builds of the enforcer that are about nft alone."""
    copy = types.FunctionType(test.__code__, test.__globals__, test.__name__,
                              test.__defaults__, test.__closure__)
    copy.pytestmark = [m for m in getattr(test, "pytestmark", ())
                       if m.args[0] != "enforcer"]
    return copy


for name in SAME:
    globals()["test_" + name] = same(getattr(nft, "test_" + name))
# Eight seconds each, and the programs are ahead of what bridge-nf would add.
pytest.mark.parametrize("house", [False], ids=["bridge-nf-0"], indirect=True)(
    globals()["test_limits"])


@pytest.fixture(autouse=True)
def backend(monkeypatch):
    monkeypatch.setenv("CARDEA_BACKEND", "auto")


class Log:
    """What processes that start within the block write to stderr, then and later."""

    def __init__(self):
        self.file = tempfile.TemporaryFile()

    def __enter__(self):
        self.home = os.dup(2)
        os.dup2(self.file.fileno(), 2)
        return self

    def __exit__(self, *_):
        os.dup2(self.home, 2)
        os.close(self.home)

    def text(self):
        size = os.fstat(self.file.fileno()).st_size
        text = os.pread(self.file.fileno(), size, 0).decode()
        print(text)
        return text


@pytest.fixture
def enforcer(network):  # noqa: F811
    with Log() as log:
        e = Enforcer()
    e.log = log
    try:
        assert "backend=bpf" in e.ready
        yield e
        e.ask("shutdown open")
    finally:
        e.close()


def tc(*words, check=True):
    return nft.run("ip", "netns", "exec", PREFIX + "gw", "tc", *words, check=check)


def link(words):
    nft.House.ip("gw", "link " + words)


def filters(port, side="ingress"):
    return tc("filter", "show", "dev", port, side, check=False)


def is_ours(port):
    return all(" name %s " % side in filters(port, side)
               for side in ("ingress", "egress"))


def events(e):
    found = []
    line = e.ask("events")
    while line != "end":
        assert line, "the driver ended"
        found.append(line)
        line = e.p.stdout.readline().strip()
    return found


def told(e, number):
    """What the enforcer tells, once it is so much."""
    found = events(e)
    wait_for(lambda: len(found) >= number or found.extend(events(e)))
    return found


# What is seen at once would be seen by the next sweep, too: there is one in five seconds.
SOON_S = 4


def wait_for(what, limit=nft.PATIENCE_S):
    end = time.monotonic() + limit
    while not what():
        assert time.monotonic() < end
        time.sleep(0.002)


@pytest.mark.parametrize("family", [4, 6])
def test_swap_ends_only_what_is_forbidden(house, enforcer, family):  # noqa: F811
    """Also in connection tracking, which here only the owner's rules ask for."""
    house.nft("table inet owner { chain f { type filter hook forward priority 0; "
              "ct state invalid counter; }; }")
    try:
        same(nft.test_swap_ends_only_what_is_forbidden)(house, enforcer, family)
    finally:
        house.nft("delete", "table", "inet", "owner")


# --- counts, events ---------------------------------------------------------------

@pytest.mark.parametrize("family", [4, 6])
def test_counts_packets_and_bytes(plain, enforcer, family):  # noqa: F811
    """Every packet of a conversation, in both directions, whatever becomes of its
    entry's place meanwhile."""
    enforcer.manage("d1")
    d1, w, m = IP[family]["d1"], IP[family]["w"], MAC["d1"]
    ranges = "outr %s %s udp 2000-2999 7" % (m, w)
    enforcer.commit("out %s %s udp 5" % (m, w), ranges, "in %s %s udp 80" % (d1, w))

    def counted():
        found = {}
        line = enforcer.ask("counts bytes")
        while line != "end":
            kind, *_, packets, size = line.split()
            found[kind] = (int(packets), int(size))
            line = enforcer.p.stdout.readline().strip()
        return found
    frame = len(to_wan(family, u(1, 5))(plain.token())) - 14  # as IP has it
    assert counted() == {}
    for _ in range(2):
        assert plain.passes("d1", "w", to_wan(family, u(1, 5)))
        assert plain.passes("w", "d1", from_wan(family, u(5, 1)))
        assert plain.passes("d1", "w", to_wan(family, u(2000, 7)))
        assert plain.passes("w", "d1", from_wan(family, u(1, 80)))
    sums = {"out": (12, 12 * frame), "out-range": (6, 6 * frame), "in": (6, 6 * frame)}
    assert counted() == sums
    # the ranges move to another place, with their conversations and their counts
    enforcer.commit("outr %s %s udp 3000-3999 7" % (m, w))
    assert plain.passes("d1", "w", to_wan(family, u(2000, 7)))
    sums["out-range"] = (9, 9 * frame)
    assert counted() == sums
    enforcer.commit("remove outr %s %s udp 3000-3999 7" % (m, w), "out %s %s udp 5 "
                    "timeout 600" % (m, w))
    assert counted() == sums
    enforcer.commit("remove " + ranges)
    del sums["out-range"]
    assert counted() == sums


def test_refused_packets_are_told(plain, enforcer):  # noqa: F811
    enforcer.manage("d1", "d2")
    events(enforcer)
    for _ in range(2):
        assert plain.blocked("d1", "w", to_wan(4, u(1, 5)))
    assert plain.blocked("w", "d1", from_wan(6, t(7, 80, SYN)))
    assert plain.blocked("d2", "w", lambda token: ip_frame(
        MAC["d2"], GW, IP4["d1"], IP4["w"], UDP, udp(1, 2, token)))
    assert plain.blocked("d1", "d2", bridged(4, "d1", "d2", u(67, 68)))
    assert events(enforcer) == [
        "refused from %s %s %s 17 1 5 3 1" % (MAC["d1"], IP4["d1"], IP4["w"]),
        "refused to %s %s %s 6 80 7 3 1" % (MAC["d1"], IP6["d1"], IP6["w"]),
        "refused from %s %s %s 17 1 2 4 1" % (MAC["d2"], IP4["d1"], IP4["w"]),
        "refused from %s %s %s 17 67 68 5 1" % (MAC["d1"], IP4["d1"], IP4["d2"])]


# --- ports ------------------------------------------------------------------------

def test_nothing_is_left(plain):  # noqa: F811
    for p in PORTS:
        tc("qdisc", "del", "dev", p, "clsact", check=False)
    for how, ours in (("keep", True), ("open", False)):
        e = Enforcer()
        e.manage("d1")
        assert e.ask("shutdown " + how) == "exit 0"
        e.close()
        assert [is_ours(p) for p in PORTS] == [ours] * len(PORTS)
        assert plain.arrives("d1", "w", to_wan(4, u(1, 5)), not ours)
        for p in PORTS if ours else ():
            tc("qdisc", "del", "dev", p, "clsact")
    assert "clsact" not in tc("qdisc", "show")


def test_every_port_has_both_programs_and_nothing_else_has(plain, enforcer):  # noqa: F811
    assert sorted(events(enforcer)) == ["port %s covered" % p for p in PORTS]
    assert all(is_ours(p) for p in PORTS)
    assert "ingress" not in filters("br0") + filters("p-w")
    assert enforcer.ask("engine").startswith("ready")
    assert sorted(events(enforcer)) == ["port %s covered" % p for p in PORTS]


def test_ports_that_come_and_go(plain, enforcer):  # noqa: F811
    """A port is covered as soon as it is one, and left alone when it is none."""
    enforcer.manage("d1")
    events(enforcer)
    link("add new0 type veth peer name new1")
    try:
        link("set new0 up")
        assert not is_ours("new0")
        link("set new0 master br0")
        wait_for(lambda: is_ours("new0"), SOON_S)
        link("set new0 name newer0")
        time.sleep(0.1)
        assert is_ours("newer0")
        link("set newer0 nomaster")
        wait_for(lambda: not is_ours("newer0"), SOON_S)
        assert "ingress" not in filters("newer0")
        link("add br9 type bridge")
        link("set newer0 master br9")
        time.sleep(0.1)
        assert not is_ours("newer0")
        link("set newer0 master br0")
        wait_for(lambda: is_ours("newer0"), SOON_S)
        link("set newer0 master br9")
        wait_for(lambda: not is_ours("newer0"), SOON_S)
    finally:
        link("del br9")
        nft.run("ip", "-n", PREFIX + "gw", "link", "del", "new1")
    assert told(enforcer, 6) == [
        "port new0 covered", "port new0 gone", "port newer0 covered",
        "port newer0 gone", "port newer0 covered", "port newer0 gone"]


def test_traffic_while_a_port_comes_and_goes(plain, enforcer):  # noqa: F811
    """The device's cable is pulled and plugged in: what is allowed passes again, what is
    not never does, and others never notice."""
    enforcer.manage("d1", "d3")
    enforcer.commit("out %s %s udp 5" % (MAC["d3"], IP4["w"]), OUT5)
    for _ in range(10):
        link("set p-d1 nomaster")
        assert plain.passes("d3", "w", to_wan(4, u(1, 5), "d3"))
        link("set p-d1 master br0")
        wait_for(lambda: is_ours("p-d1"), SOON_S)
        assert plain.blocked("d1", "w", to_wan(4, u(1, 6)))
        wait_for(lambda: plain.arrives("d1", "w", to_wan(4, u(1, 5)), patience=1))


def test_interface_that_vanishes_and_comes_back(plain, enforcer):  # noqa: F811
    enforcer.manage("d4")
    events(enforcer)
    plain.sockets["d4"].close()
    nft.run("ip", "netns", "del", PREFIX + "d4")
    wait_for(lambda: "p-d4" not in nft.run("ip", "-n", PREFIX + "gw", "link"))
    assert told(enforcer, 1) == ["port p-d4 gone"]
    nft.run("ip", "netns", "add", PREFIX + "d4")
    plain.cable("d4")
    wait_for(lambda: is_ours("p-d4"), SOON_S)
    assert told(enforcer, 1) == ["port p-d4 covered"]
    plain.ip("gw", "link set p-d4 address " + nft.GW2)
    plain.address("gw", "p-d4", "10.2.0.1/24", "fd00:2::1/64")
    for a in (IP4["d4"], IP6["d4"]):
        plain.ip("gw", "neigh replace %s lladdr %s dev p-d4" % (a, MAC["d4"]))
    plain.silence("d4")
    with Inside("d4"):
        s = nft.socket.socket(nft.socket.AF_PACKET, nft.socket.SOCK_RAW,
                              nft.socket.htons(3))
    s.bind(("eth0", 3))
    s.setblocking(False)
    plain.sockets["d4"] = s
    refused = to_wan(4, u(1, 5), "d4", nft.GW2)
    assert plain.blocked("d4", "w", refused)
    enforcer.commit("out %s %s udp 5" % (MAC["d4"], IP4["w"]))
    assert plain.passes("d4", "w", refused)


def test_others_filters_stay(plain, enforcer):  # noqa: F811
    """A filter of the owner's stands behind ours, and outlives us."""
    enforcer.manage("d1")
    enforcer.commit(OUT5)
    tc("filter", "add", "dev", "p-d1", "ingress", "protocol", "ip", "prio", "7", "u32",
       "match", "ip", "dport", "5", "0xffff", "classid", "1:1")
    try:
        assert plain.passes("d1", "w", to_wan(4, u(1, 5)))
        assert enforcer.ask("kill") == "killed"
        assert enforcer.ask("start").startswith("ready kept=1")
        enforcer.ask("shutdown open")
        assert not is_ours("p-d1")
        assert "pref 7 u32" in filters("p-d1")
    finally:
        tc("qdisc", "del", "dev", "p-d1", "clsact")


@pytest.mark.parametrize("how", ["filter", "qdisc"])
def test_removed_programs_are_put_back(plain, enforcer, how):  # noqa: F811
    enforcer.manage("d1")
    if how == "filter":
        tc("filter", "del", "dev", "p-d1", "ingress")
    else:
        tc("qdisc", "del", "dev", "p-d1", "clsact")
    wait_for(lambda: is_ours("p-d1"), SOON_S)
    assert plain.blocked("d1", "w", to_wan(4, u(1, 5)))
    assert "p-d1: somebody removed our program: put back" in enforcer.log.text()


@pytest.fixture
def refusing(network):  # noqa: F811
    """An interface that cannot be covered: a qdisc `ingress` has no egress."""
    link("add new0 type veth peer name new1")
    tc("qdisc", "add", "dev", "new0", "ingress")
    yield
    link("del new0")


def test_port_that_refuses_is_told(plain, monkeypatch, refusing):  # noqa: F811
    monkeypatch.setenv("CARDEA_BACKEND", "bpf")
    e = Enforcer()
    try:
        events(e)
        link("set new0 master br0")
        heard = told(e, 1)
        assert len(heard) == 1 and heard[0].startswith("port new0 open another qdisc"), heard
        assert "ingress" not in re.sub(r"parent \S+", "", filters("new0"))
        e.ask("kill")
        e.ready = e.ask("start")
        assert "kept=1" in e.ready and "backend=bpf" in e.ready
        heard = []
        wait_for(lambda: heard.extend(events(e)) or
                 len([line for line in heard if line.endswith(" covered")]) >= 4)
        assert len([line for line in heard if line.endswith(" covered")]) == 4, heard
        tc("qdisc", "del", "dev", "new0", "ingress")
        wait_for(lambda: is_ours("new0"))
        assert told(e, 1) == ["port new0 covered"]
        e.ask("shutdown open")
    finally:
        e.close()


def test_port_that_refuses_later_nft_takes_over(plain, enforcer, refusing):  # noqa: F811
    """All ports are covered, or none is by this back end."""
    enforcer.manage("d1")
    enforcer.commit(OUT5)
    link("set new0 master br0")
    wait_for(lambda: enforcer.ask("commit") == "closed")
    assert plain.blocked("d1", "w", to_wan(4, u(1, 6)))
    enforcer.ready = enforcer.ask("start")
    assert "backend=nft" in enforcer.ready
    assert plain.blocked("d1", "w", to_wan(4, u(1, 6)))
    enforcer.commit("managed " + MAC["d1"], "local 10.1.0.0/24", OUT5, how="sync")
    assert plain.passes("d1", "w", to_wan(4, u(1, 5)))
    assert plain.blocked("d1", "w", to_wan(4, u(1, 6)))
    assert not any(is_ours(p) for p in PORTS)


# --- the kernel refuses -----------------------------------------------------------

def nft_took_over(plain, program=ENFORCER, wrap=None):  # noqa: F811
    """What the enforcer said; it works, by nft."""
    if wrap:
        script = tempfile.NamedTemporaryFile("w", suffix=".sh", delete=False)
        with script:
            script.write("#!/bin/sh\nexec %s %s\n" % (wrap, program))
        os.chmod(script.name, 0o755)
        program = script.name
    with Log() as log:
        e = Enforcer(program)
    try:
        assert "backend=nft" in e.ready
        e.manage("d1")
        e.commit(OUT5)
        assert plain.passes("d1", "w", to_wan(4, u(1, 5)))
        assert plain.blocked("d1", "w", to_wan(4, u(1, 6)))
        assert not any(is_ours(p) for p in PORTS)
        e.ask("shutdown open")
    finally:
        e.close()
        if wrap:
            os.unlink(program)
    return [line for line in log.text().splitlines() if "error" in line]


def test_without_the_capability_nft_takes_over(plain):  # noqa: F811
    said = nft_took_over(plain, wrap="setpriv --bounding-set=-bpf,-sys_admin")
    assert len(said) == 2 and "does not take the program" in said[0], said
    assert said[1].startswith("enforcer: error: enforcer: back end bpf: "), said


def test_unverified_program_nft_takes_over(plain):  # noqa: F811
    said = nft_took_over(plain, UNVERIFIED)
    assert len(said) == 2 and "does not take the program" in said[0], said


def test_port_that_refuses_at_the_start_nft_takes_over(plain):  # noqa: F811
    tc("qdisc", "del", "dev", "p-d2", "clsact", check=False)
    tc("qdisc", "add", "dev", "p-d2", "ingress")
    try:
        said = nft_took_over(plain)
        assert "p-d2: not covered: another qdisc" in said[0]
    finally:
        tc("qdisc", "del", "dev", "p-d2", "ingress")


@pytest.mark.parametrize("first, second", [("bpf", "nft"), ("nft", "bpf")])
def test_back_ends_change_places(plain, monkeypatch, first, second):  # noqa: F811
    """What the first one left holds until the second one knows all, and then is gone."""
    monkeypatch.setenv("CARDEA_BACKEND", first)
    e = Enforcer()
    try:
        assert "backend=" + first in e.ready
        e.manage("d1")
        e.commit(OUT5)
        assert e.ask("kill") == "killed"
        e.tell("config backend " + second)
        assert "kept=0" in e.ask("start")
        assert plain.blocked("d1", "w", to_wan(4, u(1, 6)))
        assert plain.passes("d1", "w", to_wan(4, u(1, 5)))
        e.commit("managed " + MAC["d1"], "local 10.1.0.0/24",
                 "out %s %s udp 6" % (MAC["d1"], IP4["w"]), how="sync")
        assert plain.blocked("d1", "w", to_wan(4, u(2, 5)))
        assert plain.passes("d1", "w", to_wan(4, u(2, 6)))
        assert is_ours("p-d1") == (second == "bpf")
        tables = plain.nft("list", "tables")
        assert ("inet cardea" in tables) == (second == "nft"), tables
        e.ask("shutdown open")
    finally:
        e.close()


# --- adopted ----------------------------------------------------------------------

def test_adopted_with_all_it_holds(plain, enforcer):  # noqa: F811
    """Conversations, ranges, rates, names and counts outlive their enforcer; without one
    the ports go on judging, and the next one knows what it may take away."""
    enforcer.manage("d1")
    w, m = IP4["w"], MAC["d1"]
    enforcer.commit(OUT5, "outr %s %s udp any 6-7" % (m, w), "name %s exact "
                    "a.example tcp 443" % m, "limit packets %s 1000" % m)
    assert plain.passes("d1", "w", to_wan(4, u(1, 5)))
    assert plain.passes("d1", "w", to_wan(4, u(1, 7)))
    for _ in range(2):
        assert enforcer.ask("kill") == "killed"
        assert plain.passes("w", "d1", from_wan(4, u(5, 1)))
        assert plain.blocked("w", "d1", from_wan(4, u(5, 2)))
        assert plain.blocked("d1", "w", to_wan(4, u(1, 8)))
        enforcer.ready = enforcer.ask("start")
        assert enforcer.ready.startswith("ready kept=1")
        assert all(is_ours(p) for p in PORTS)
    assert plain.passes("w", "d1", from_wan(4, u(5, 1)))
    assert nft.counts(enforcer) == ({
        ("out", "4", m, w + "-" + w, "17-17", "0-0", "5-5"): 12,
        ("out-range", "4", m, w + "-" + w, "17-17", "0-65535", "6-7"): 3}, {})
    enforcer.commit("managed " + m, "local 10.1.0.0/24",
                    "outr %s %s udp any 6" % (m, w), how="sync")
    assert plain.blocked("w", "d1", from_wan(4, u(5, 1)))
    assert plain.blocked("d1", "w", to_wan(4, u(1, 7)))
    assert plain.passes("d1", "w", to_wan(4, u(1, 6)))


def test_forget_finds_what_it_was_not_told(plain, enforcer):  # noqa: F811
    """Entries with an end that an earlier enforcer has put there, and those that a refused
    transaction was to take away."""
    enforcer.manage("d1", "d3")
    m, timed = MAC["d1"], OUT5 + " timeout 600"
    forget = "forget %s %s" % (m, IP4["d1"])
    for how in ("adopted", "told", "refused"):
        enforcer.commit(timed, "out %s %s udp 5 timeout 600" % (MAC["d3"], IP4["w"]))
        if how == "adopted":
            assert enforcer.ask("kill") == "killed"
            assert enforcer.ask("start").startswith("ready kept=1")
        if how == "refused":
            refused(enforcer, forget, *("name %s exact a.example tcp %d" % (m, port)
                                        for port in range(1, 10)))
        assert plain.passes("d1", "w", to_wan(4, u(1, 5)))
        enforcer.commit(forget)
        assert plain.blocked("d1", "w", to_wan(4, u(1, 5))), how
        assert plain.passes("d3", "w", to_wan(4, u(1, 5), "d3"))


# --- bounds -----------------------------------------------------------------------

def refused(enforcer, *lines, how="commit"):
    answer = enforcer.ask(*lines, how)
    assert answer.startswith("done error=-1002 "), answer


def old_policy_stands(plain, enforcer):  # noqa: F811
    assert plain.passes("d1", "w", to_wan(4, u(1, 5)))
    assert plain.passes("d1", "w", to_wan(4, u(1, 7)))
    assert plain.blocked("d1", "w", to_wan(4, u(1, 8)))
    assert plain.blocked("d1", "w", to_wan(4, u(2, 9)))


def test_what_has_no_room_changes_nothing(plain, enforcer):  # noqa: F811
    """A transaction too large in any way leaves the old policy as it was."""
    enforcer.manage("d1")
    m, w = MAC["d1"], IP4["w"]
    old = [OUT5 + " timeout 600", "outr %s %s udp any 7" % (m, w)]
    enforcer.commit(*old)
    new = ["out %s %s udp 8" % (m, w), "outr %s %s udp any 9" % (m, w),
           "remove " + OUT5, "remove managed " + m, "name %s exact b.example tcp 1" % m]
    names = ["name %s exact a.example tcp %d" % (m, port) for port in range(1, 10)]
    refused(enforcer, *new, *names)
    old_policy_stands(plain, enforcer)
    refused(enforcer, *new, *("local 10.%d.0.0/16" % i for i in range(64, 96)))
    old_policy_stands(plain, enforcer)
    refused(enforcer, *new, *("outr %s %s tcp %d any" % (m, w, port)
                              for port in range(1, 8193)))
    old_policy_stands(plain, enforcer)
    for how in ("commit", "sync"):
        # half of the house's ranges are somebody else's
        refused(enforcer, *new, *("outr 02:00:00:00:%02x:%02x %s tcp %d any"
                                  % (i >> 8, i & 255, w, port)
                                  for i in range(1000, 1009) for port in range(1, 8000)),
                how=how)
        old_policy_stands(plain, enforcer)
    said = enforcer.log.text()
    assert said.count("the old policy stands") == 5, said
    for text in ("more than 8 ports of one name", "prefixes of the LAN, 32 are",
                 "ranges of one device, 8192 are", "no room for 7999 more ranges"):
        assert text in said, text
    enforcer.commit(*new)
    assert plain.passes("d1", "w", to_wan(4, u(2, 9)))


def test_full_table_of_permissions(plain, enforcer):  # noqa: F811
    """What has expired makes room; what has not stays."""
    enforcer.manage("d1")
    enforcer.commit(OUT5, "outr %s %s udp any 7" % (MAC["d1"], IP4["w"]))
    for i in (1, 2):
        enforcer.commit("many 131000 out %s 198.51.%d.1 tcp" % (MAC["d2"], i))
    refused(enforcer, "many 2000 out %s 198.51.100.1 tcp" % MAC["d3"],
            "out %s %s udp 8" % (MAC["d1"], IP4["w"]))
    assert "the table of permissions is full" in enforcer.log.text()
    old_policy_stands(plain, enforcer)
    enforcer.commit("out %s 198.51.100.1 tcp 1" % MAC["d3"])


def test_devices_of_a_large_house(plain, enforcer):  # noqa: F811
    """10,000 devices with ten permissions each, and their numbers are used again."""
    for turn in range(4):
        lines = []
        for i in range(10000):
            m = "02:%02x:00:%02x:%02x:77" % (turn, i >> 8, i & 255)
            lines += ["managed " + m, "many 10 out %s 198.51.100.1 tcp" % m]
        answer = enforcer.commit(*lines, how="sync")
        print(answer)
    enforcer.manage("d1")
    enforcer.commit(OUT5)
    assert plain.passes("d1", "w", to_wan(4, u(1, 5)))
    assert plain.blocked("d1", "w", to_wan(4, u(1, 6)))


class Maps:
    """Maps that a process has open, by name."""

    def __init__(self, pid):
        self.lib = datapath.library()
        self.fds = {}
        for name in os.listdir("/proc/%d/fdinfo" % pid):
            text = open("/proc/%d/fdinfo/%s" % (pid, name), encoding="ascii").read()
            found = re.search(r"^map_id:\s+(\d+)$", text, re.M)
            if found:
                fd = self.lib.bpf_map_get_fd_by_id(int(found.group(1)))
                self.fds[self.name(fd)] = fd

    def name(self, fd):
        info, size = ctypes.create_string_buffer(88), ctypes.c_uint32(88)
        assert not self.lib.bpf_obj_get_info_by_fd(fd, info, ctypes.byref(size))
        return info.raw[24:40].rstrip(b"\0").decode()  # bpf_map_info.name

    def keys(self, name, size):
        found, following = [], ctypes.create_string_buffer(size)
        while self.lib.bpf_map_get_next_key(
                self.fds[name], found[-1] if found else None, following) == 0:
            found.append(following.raw)
        return found

    def flows_paid(self):
        """What all subjects together have in their numbers of flows."""
        value, total = ctypes.create_string_buffer(128), 0
        for n in range(256):
            key = struct.pack("=I", n)
            assert not self.lib.bpf_map_lookup_elem(self.fds["subjects"], key, value)
            total += struct.unpack_from("=I", value, 12)[0]
        return total

    def close(self):
        for fd in self.fds.values():
            os.close(fd)


def test_device_that_leaves_pays_for_its_flows(plain, enforcer):  # noqa: F811
    """Its number is not given to another while there are any: those would be paid back
    by one who never had them, and could then begin none."""
    enforcer.manage("d1")
    maps = Maps(enforcer.pid())
    try:
        before = maps.flows_paid()
        enforcer.commit(OUT5)
        for sport in range(1, 6):
            assert plain.passes("d1", "w", to_wan(4, u(sport, 5)))
        assert maps.flows_paid() == len(maps.keys("flows", 40)) == before + 5
        enforcer.commit("managed " + MAC["d3"], how="sync")  # d1 has nothing left
        for i in (1, 2):
            enforcer.commit("many 131000 out %s 198.51.%d.1 tcp" % (MAC["d2"], i))
        refused(enforcer, "many 2000 out %s 198.51.100.1 tcp" % MAC["d3"])  # collects
        assert maps.flows_paid() == len(maps.keys("flows", 40)) == before + 5
    finally:
        maps.close()


def test_answer_meanwhile_opens_no_name_that_is_gone(plain, enforcer):  # noqa: F811
    """A device that is told one new address after the other while its names are taken."""
    enforcer.manage("d1")
    line = "name %s exact a.example tcp 443" % MAC["d1"]
    dns = "out %s %s udp 53" % (MAC["d1"], IP4["w"])
    enforcer.commit(dns, line)
    asked = b"\1a\7example\0" + struct.pack("!HH", 1, 1)
    maps, stop, told = Maps(enforcer.pid()), threading.Event(), []

    def learned():
        return sum(k[8:12] == bytes(4) and k[20:22] == b"\xc6\x13"  # 198.19.0.0/16
                   for k in maps.keys("policy", 24))

    def talk():
        while not stop.is_set() and len(told) < 60000:
            n = struct.pack("!H", len(told) + 1)
            head = struct.pack("!HHHH", 1, 1, 0, 0)
            message = n + b"\x81\x80" + head + asked + b"\xc0\x0c" + struct.pack(
                "!HHIH", 1, 1, 60, 4) + b"\xc6\x13" + n
            plain.send("d1", to_wan(4, (UDP, lambda _: udp(
                1000, 53, n + b"\1\0" + struct.pack("!HHHH", 1, 0, 0, 0) + asked)))(b""))
            plain.send("w", from_wan(4, (UDP, lambda _: udp(53, 1000, message)))(b""))
            told.append(n)
            time.sleep(0.002)  # or there is no room for one more when it matters
    thread = threading.Thread(target=talk)
    thread.start()
    try:
        wait_for(lambda: learned() > 3)
        enforcer.commit("forget " + MAC["d1"], "remove " + line, dns,
                        "many 100000 out %s 198.51.1.1 tcp" % MAC["d2"])
    finally:
        stop.set()
        thread.join()
    time.sleep(0.1)
    for s in plain.sockets.values():  # leaves the next test room
        while select.select([s], [], [], 0)[0]:
            s.recv(65535)
    try:
        assert learned() == 0, len(told)
    finally:
        maps.close()


@pytest.mark.parametrize("family", (4, 6))
def test_rate_holds_at_once_for_what_is_under_way(plain, enforcer, family):  # noqa: F811
    """Of an address, too, whose conversation its device began."""
    enforcer.manage("d1")
    enforcer.commit("outr %s any%d udp any 5" % (MAC["d1"], family))
    for _ in range(3):  # by now it is remembered
        assert plain.passes("d1", "w", to_wan(family, u(1, 5)))
        assert plain.passes("w", "d1", from_wan(family, u(5, 1)))
    enforcer.commit("limit packets %s 20" % IP[family]["d1"])
    frames = nft.Flood(plain, "w", "d1", from_wan(family, u(5, 1)), 0.5, 400)
    assert 20 <= len(frames) <= 25 + 20 * frames.took < 200


# --- the sandbox ------------------------------------------------------------------

def test_works_from_its_sandbox(plain):  # noqa: F811
    """As another user, without files: maps, a new port, a sweep and a removed filter."""
    e = Enforcer.__new__(Enforcer)
    settings = ("uid 61201", "chroot /var/empty" if os.path.isdir("/var/empty")
                else "chroot /proc")
    Enforcer.__init__(e, ENFORCER, settings)
    try:
        status = open("/proc/%d/status" % e.pid(), encoding="ascii").read()
        assert re.search(r"^Uid:\s+61201\s", status, re.M)
        # CAP_NET_ADMIN (12) and CAP_BPF (39), and no other
        assert re.search(r"^CapEff:\s+0000008000001000$", status, re.M), status
        assert re.search(r"^Seccomp:\s+2$", status, re.M)
        e.manage("d1")
        e.commit(OUT5, "outr %s any4 icmp any any" % MAC["d1"])
        assert plain.passes("d1", "w", to_wan(4, u(1, 5)))
        assert sum(sum(c.values()) for c in nft.counts(e)) == 3
        link("add new0 type veth peer name new1")
        link("set new0 master br0")
        wait_for(lambda: is_ours("new0"), SOON_S)
        tc("filter", "del", "dev", "new0", "egress")
        wait_for(lambda: is_ours("new0"), SOON_S)
        e.commit("forget " + MAC["d1"], "remove " + OUT5)
        assert plain.blocked("w", "d1", from_wan(4, u(5, 1)))
        time.sleep(5.5)  # a sweep
        assert e.ask("shutdown open") == "exit 0"
    finally:
        e.close()
        link("del new0")
