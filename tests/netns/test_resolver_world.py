# SPDX-License-Identifier: GPL-2.0-or-later
"""The resolver process in a world with a signed root: validation, change of the root's
keys, upstream by TLS, stale and early answers, names that point into the house."""

import contextlib
import os
import socket
import struct
import time

import pytest

import ipc
from lab import dnsworld
from test_resolver import (A, AAAA, NOERROR, NXDOMAIN, REFUSED, SERVFAIL, Engine, Reply,
                           query, tcp_receive, tcp_send)

AD, CD, RD = 0x0020, 0x0010, 0x0100
EDE_STALE, EDE_BOGUS, EDE_FILTERED, EDE_UNREACHABLE = 3, 6, 17, 22
UID = 65534


@pytest.fixture(scope="module")
def world():
    with dnsworld.World() as w:
        yield w


def ede(reply):
    """The extended error's code, or None (RFC 8914)."""
    for _owner, _type, _ttl, _at, rdata, _class in reply.opt:
        while rdata:
            code, size = struct.unpack_from(">HH", rdata)
            if code == 15:
                return struct.unpack_from(">H", rdata, 4)[0]
            rdata = rdata[4 + size:]
    return None


class Rig:
    def __init__(self, world, folder, *config, wrapper=()):
        self.world = world
        os.makedirs(folder, exist_ok=True)
        os.chown(folder, 0, UID)
        os.chmod(folder, 0o2770)
        self.folder = folder
        self.udp = world.ns.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((dnsworld.LISTEN, 0))
        self.tcp = world.ns.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.tcp.bind((dnsworld.LISTEN, 0))
        self.tcp.listen(16)
        self.tcp.setblocking(False)
        settings = [("uid", str(UID)), ("chroot", str(folder)), ("dnssec", "yes"),
                    ("trust_anchor", world.anchor), ("root_hints", world.hints), *config]
        self.child = ipc.Child(
            "cardea-resolver", settings,
            [("SOCKET_DNS_UDP", self.udp), ("SOCKET_DNS_TCP", self.tcp)],
            # as the parent starts it: root, but without power over other users' files
            wrapper=["ip", "netns", "exec", world.ns.name, "setpriv", "--bounding-set",
                     "-dac_override,-dac_read_search,-chown,-fowner", *wrapper])
        self.engine = Engine(self.child.engine)

    def client(self, source=dnsworld.CLIENTS[0]):
        s = self.world.ns.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((source, 0))
        s.connect(self.udp.getsockname())
        s.settimeout(ipc.PATIENCE_S)
        return s

    def ask(self, name, qtype=A, source=dnsworld.CLIENTS[0], flags=RD, edns=1232, do=False):
        for _ in range(5):
            before = len(self.engine.answers)
            with self.client(source) as s:
                s.send(query(name, qtype, flags=flags, edns=edns, do=do))
                r = Reply(s.recv(65535))
            if r.rcode != SERVFAIL or ede(r) is not None or not self.engine.was_late(before):
                break
        return r

    def by_tcp(self, name, qtype=A):
        with self.world.ns.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            s.settimeout(ipc.PATIENCE_S)
            s.connect(self.tcp.getsockname())
            tcp_send(s, query(name, qtype))
            return tcp_receive(s)

    def tell(self, source=dnsworld.CLIENTS[0], mode=1):
        self.child.engine.send("DNS_CLIENT", client=source, mode=mode)

    def findings(self, kind):
        number = ipc._load_enum("ids.h", "dns_finding")["DNS_FINDING_" + kind]
        return [m for m in self.engine.findings if m.kind == number]

    def close(self):
        running = self.child.running()
        log = self.child.stop()
        self.udp.close()
        self.tcp.close()
        assert running and self.child.process.returncode == 0, log
        return log


@contextlib.contextmanager
def started(world, folder, *config, **options):
    rig = Rig(world, folder, *config, **options)
    try:
        yield rig
    finally:
        rig.close()


@pytest.fixture
def rig(world, tmp_path):
    with started(world, tmp_path / "root") as r:
        yield r


# ---- validation ----


def test_secure_answers_have_ad_for_who_asks(rig):
    assert rig.ask("www.example", flags=RD | AD).flags & AD
    r = rig.ask("www.example", do=True)
    assert r.flags & AD and r.addresses() == ["198.18.1.1"]
    assert sorted(x[1] for x in r.answers) == [1, 46]
    r = rig.ask("www.example")
    assert not r.flags & AD and r.addresses() == ["198.18.1.1"]
    r = rig.ask("nowhere.example", flags=RD | AD)
    assert r.rcode == NXDOMAIN and r.flags & AD
    assert rig.ask("alias.example", AAAA, flags=RD | AD).flags & AD


def test_unsigned_zones_are_insecure_and_fine(rig):
    r = rig.ask("www.open", flags=RD | AD)
    assert r.rcode == NOERROR and r.addresses() == ["198.18.3.1"] and not r.flags & AD
    assert rig.findings("BOGUS") == []


@pytest.mark.parametrize("name", ["bogus.example", "www.old"])
def test_forged_and_expired_are_refused(rig, name):
    r = rig.ask(name)
    assert r.rcode == SERVFAIL and not r.answers and ede(r) == EDE_BOGUS
    assert rig.engine.answers == []
    assert ipc.wait_until(lambda: rig.findings("BOGUS"))
    m = rig.findings("BOGUS")[0]
    assert m.name == name and m.client == dnsworld.CLIENTS[0]
    assert ("signature" in m.text) and m.text.isprintable()
    # it stays refused, and without EDNS there is no place for the reason
    r = rig.ask(name, edns=None)
    assert r.rcode == SERVFAIL and not r.opt
    # others are not touched
    assert rig.ask("www.example").addresses() == ["198.18.1.1"]


def test_who_checks_for_itself_gets_what_is_there(rig):
    r = rig.ask("bogus.example", flags=RD | CD, do=True)
    assert r.rcode == NOERROR and r.addresses() == ["198.18.1.67"]
    assert r.flags & CD and not r.flags & AD
    assert 46 in [x[1] for x in r.answers]
    # and it is nobody else's answer
    assert rig.ask("bogus.example", do=True).rcode == SERVFAIL
    assert rig.ask("bogus.example", flags=RD | CD, do=True).rcode == NOERROR


def test_validation_can_be_switched_off(world, tmp_path):
    with started(world, tmp_path / "root", ("dnssec", "no")) as r:
        assert r.ask("bogus.example").addresses() == ["198.18.1.67"]
        assert not r.ask("www.example", flags=RD | AD).flags & AD


def test_private_names_need_no_signatures(world, tmp_path):
    with started(world, tmp_path / "root", ("private_name", "old")) as r:
        assert r.ask("www.old").addresses() == ["198.18.2.1"]
        assert r.ask("bogus.example").rcode == SERVFAIL


# ---- the root's keys ----


def anchor_of(folder):
    return (folder / "root.key").read_text()


def test_the_anchor_that_is_shipped_is_the_one_of_debian(tmp_path):
    """Of IANA, by way of another distributor: dns-root-data."""
    shipped = (ipc.ROOT / "src" / "proc" / "root.key").read_text()

    def keys(text):
        lines = [line.split(";")[0].split() for line in text.splitlines()]
        return sorted("".join(f[6:]) for f in lines if f[2:3] == ["DNSKEY"])

    with open("/usr/share/dns/root.key", encoding="ascii") as debian:
        assert keys(shipped) == keys(debian.read()) and len(keys(shipped)) == 2


def test_a_new_root_key_is_learned_and_survives_a_restart(world, tmp_path):
    """RFC 5011, with two seconds for its thirty days."""
    folder = tmp_path / "root"
    held = ("anchor_holddown_s", "2")
    try:
        with started(world, folder, held) as r:
            assert r.ask("a.direct", flags=RD | AD).flags & AD
            world.new_root_key()
            world.sign()
            world.restart_nsd()
            for n in range(40):
                assert r.ask("n%d.direct" % n, flags=RD | AD).flags & AD
                if anchor_of(folder).count("[  VALID  ]") == 2:
                    break
                time.sleep(0.7)
            assert anchor_of(folder).count("[  VALID  ]") == 2, anchor_of(folder)
            world.drop_root_key()
            world.sign()
            world.restart_nsd()
            time.sleep(1.5)  # longer than the keys live
            assert r.ask("after.direct", flags=RD | AD).flags & AD
        # the setting still names the old key alone: what was learned counts
        with started(world, folder, held) as r:
            assert r.ask("again.direct", flags=RD | AD).flags & AD
        # who never learned it must refuse
        with started(world, tmp_path / "stranger") as r:
            assert r.ask("again.direct").rcode == SERVFAIL
    finally:
        world.anchor = world._write(
            "anchor-%d.key" % time.monotonic_ns(), world._public(world.root_ksks[0]))


def test_an_anchor_that_is_damaged_begins_anew(world, tmp_path):
    folder = tmp_path / "root"
    with started(world, folder) as r:
        assert r.ask("www.example", flags=RD | AD).flags & AD
    (folder / "root.key").write_text("this is ( no key\n")
    with started(world, folder) as r:
        assert r.ask("www.example", flags=RD | AD).flags & AD
    assert "DNSKEY" in anchor_of(folder)


def test_another_anchor_in_the_settings_replaces_what_was_learned(world, tmp_path):
    folder = tmp_path / "root"
    with started(world, folder) as r:
        assert r.ask("www.example", flags=RD | AD).flags & AD
    with started(world, folder, ("trust_anchor", "")) as r:  # the world's, not ours
        assert r.ask("www.example").rcode == SERVFAIL
    with started(world, folder) as r:
        assert r.ask("www.example", flags=RD | AD).flags & AD


CLOCK_SHIM = r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long start;
static long real(int id, struct timespec *t)
{
	return syscall(SYS_clock_gettime, id, t);
}
__attribute__((constructor)) static void begin(void)
{
	struct timespec t;
	real(CLOCK_MONOTONIC, &t);
	start = t.tv_sec;
}
static long shift(void)
{
	struct timespec m, w;
	real(CLOCK_MONOTONIC, &m);
	real(CLOCK_REALTIME, &w);
	return m.tv_sec - start < 12 ? w.tv_sec - 100 : 0; /* 1970, until it is set */
}
int clock_gettime(clockid_t id, struct timespec *t)
{
	int e = (int)real(id, t);
	if (id == CLOCK_REALTIME)
		t->tv_sec -= shift();
	return e;
}
int gettimeofday(struct timeval *restrict v, void *restrict z)
{
	struct timespec t;
	(void)z;
	clock_gettime(CLOCK_REALTIME, &t);
	v->tv_sec = t.tv_sec;
	v->tv_usec = t.tv_nsec / 1000;
	return 0;
}
time_t time(time_t *ret)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	if (ret)
		*ret = t.tv_sec;
	return t.tv_sec;
}
"""


def test_a_clock_that_is_not_set(world, tmp_path):
    """Who starts in 1970 needs names to learn the time: signatures count, their dates do
    not, until the clock is set."""
    (tmp_path / "clock.c").write_text(CLOCK_SHIM)
    shim = tmp_path / "clock.so"
    dnsworld._run("gcc", "-shared", "-fPIC", "-o", str(shim), str(tmp_path / "clock.c"))
    rig = Rig(world, tmp_path / "root", wrapper=["env", "LD_PRELOAD=" + str(shim)])
    assert rig.ask("www.example", flags=RD | AD).flags & AD
    assert rig.ask("www.old").rcode == NOERROR  # its dates are in the past: or in the future
    assert rig.ask("bogus.example").rcode == SERVFAIL
    # looked at every ten seconds
    assert ipc.wait_until(lambda: rig.ask("www.old", AAAA).rcode == SERVFAIL, 60, 1)
    assert rig.ask("alias.example", flags=RD | AD).flags & AD
    log = rig.close()
    assert "the clock is not set" in log and "the clock is set" in log


# ---- upstream by TLS ----


def tls(world, *forwards):
    return [("upstream", f) for f in forwards] + [
        ("tls_ca", world.pki.certificate), ("dnssec", "no"), ("root_hints", "")]


FORWARD = "%s@853#%s" % (dnsworld.RESOLVER, dnsworld.DOT_NAME)


@pytest.fixture
def unbound(world):
    yield world.start_unbound
    world.stop_unbound()


def test_upstream_by_tls(world, tmp_path, unbound):
    unbound()
    with started(world, tmp_path / "root", *tls(world, FORWARD)) as r:
        assert r.ask("www.example").addresses() == ["198.18.1.1"]
        assert r.ask("www.open").addresses() == ["198.18.3.1"]


def test_upstream_by_tls_is_validated_too(world, tmp_path, unbound):
    unbound()
    config = [c for c in tls(world, FORWARD) if c[0] != "dnssec"]
    with started(world, tmp_path / "root", *config) as r:
        assert r.ask("www.example", flags=RD | AD).flags & AD
        assert ede(r.ask("bogus.example")) == EDE_BOGUS


@pytest.mark.parametrize("certificate", ["other", "expired", "stranger"])
def test_wrong_certificates_are_no_upstream(world, tmp_path, unbound, certificate):
    """Another name, out of date, another authority. Nothing is asked in clear instead."""
    unbound(getattr(world, certificate))
    with started(world, tmp_path / "root", *tls(world, FORWARD)) as r:
        reply = r.ask("www.example")
        assert reply.rcode == SERVFAIL and ede(reply) == EDE_UNREACHABLE
        assert r.engine.answers == []


def test_a_second_upstream_takes_over(world, tmp_path, unbound):
    unbound()
    dead = "%s@853#%s" % (dnsworld.CLIENTS[2], dnsworld.DOT_NAME)
    with started(world, tmp_path / "root", *tls(world, dead, FORWARD)) as r:
        for n in range(5):
            assert r.ask("n%d.many.example" % n).addresses() == ["198.18.1.5"]


def test_queries_by_tls_are_padded(world, tmp_path, unbound):
    """RFC 8467: blocks of 128 octets, so that the length does not tell the name."""
    unbound()
    tap = dnsworld.TlsTap(world)
    forward = "%s@853#%s" % (dnsworld.TAP, dnsworld.DOT_NAME)
    try:
        with started(world, tmp_path / "root", *tls(world, forward)) as r:
            for name in ("www.example", "a.many.example", "x" * 60 + ".many.example"):
                assert r.ask(name).rcode == NOERROR
        assert len(tap.queries) >= 3
        assert {len(q) % 128 for q in tap.queries} == {0}
    finally:
        tap.close()


def test_clear_beside_tls_is_refused(world, tmp_path):
    with pytest.raises(RuntimeError, match="either all upstreams"):
        Rig(world, tmp_path / "root", *tls(world, FORWARD, dnsworld.SERVER))


def test_authorities_that_are_not_there_end_the_process(world, tmp_path):
    with pytest.raises(RuntimeError, match="cannot be read, or"):
        Rig(world, tmp_path / "root", *tls(world, FORWARD), ("tls_ca", "/nonexistent.pem"))


# ---- stale and early ----


@pytest.fixture
def silent(world):
    """The name servers hear and say nothing until the test is over, or they are woken."""
    yield lambda: world.freeze_nsd(True)
    world.freeze_nsd(False)


def test_stale_answers_when_upstream_is_silent(rig, silent):
    assert rig.ask("short.open").addresses() == ["198.18.3.2"]
    silent()
    time.sleep(3.2)
    start = time.monotonic()
    r = rig.ask("short.open")
    # RFC 8767 5: 1.8 s; without it, a question to silent servers takes five
    assert 1.5 < time.monotonic() - start < 5
    assert r.addresses() == ["198.18.3.2"] and r.answers[0][2] == 30
    assert ede(r) == EDE_STALE
    # the engine hears of it as of any answer
    assert ipc.wait_until(lambda: rig.engine.answers[-1].ttl_s == 30)
    assert rig.engine.answers[-1].name == "short.open"
    # what was never known is not there
    r = rig.ask("www.open")
    assert r.rcode == SERVFAIL and ede(r) == EDE_UNREACHABLE
    # upstream has failed by now: no second wait
    took = []
    for _ in range(3):
        start = time.monotonic()
        assert ede(rig.ask("short.open")) == EDE_STALE
        took.append(time.monotonic() - start)
    assert min(took) < 1.5
    log = rig.child.stop()
    assert "stale 4 " in log
    rig.close = lambda: log


def test_stale_answers_at_once_when_upstream_is_dead(world, rig):
    assert rig.ask("short.open").addresses() == ["198.18.3.2"]
    world.stop_nsd()
    try:
        time.sleep(3.2)
        start = time.monotonic()
        assert ede(rig.ask("short.open")) == EDE_STALE
        assert time.monotonic() - start < 5
    finally:
        world.start_nsd()


def test_stale_ends_when_upstream_is_back(world, rig, silent):
    rig.ask("short.open")
    silent()
    time.sleep(3.2)
    assert ede(rig.ask("short.open")) == EDE_STALE
    world.freeze_nsd(False)
    assert ipc.wait_until(lambda: ede(rig.ask("short.open")) is None, 45, 1)


def test_refused_answers_are_never_stale(world, rig):
    """First it was good; then it is forged. Nothing of before is given out."""
    good = world.path("zone-example.signed")
    with open(good, encoding="ascii") as zone:
        text = zone.read()
    try:
        assert rig.ask("short.example").addresses() == ["198.18.1.2"]
        world._write("zone-example.signed", text.replace("198.18.1.2\n", "198.18.1.222\n"))
        world.restart_nsd()
        time.sleep(3.2)
        r = rig.ask("short.example")
        assert r.rcode == SERVFAIL and ede(r) == EDE_BOGUS
        r = rig.ask("short.example")
        assert r.rcode == SERVFAIL and ede(r) == EDE_BOGUS
    finally:
        world._write("zone-example.signed", text)
        world.restart_nsd()


def test_answers_in_use_are_fetched_when_they_end(rig):
    assert rig.ask("quick.example").answers[0][2] == 10
    for _ in range(4):  # a loaded machine may oversleep: then it is the first question again
        time.sleep(9.1)
        r = rig.ask("quick.example")  # in its last second: given out, and to be fetched anew
        if r.answers[0][2] <= 1:
            break
    assert r.answers[0][2] <= 1
    time.sleep(2.4)
    assert rig.ask("quick.example").answers[0][2] > 1
    log = rig.child.stop()  # it was fetched, and nobody had asked
    assert "fetched 1 " in log and "cached 2 " in log
    rig.close = lambda: log


def test_lifetimes_are_counted_down(rig):
    start = time.monotonic()
    first = rig.ask("www.example").answers[0][2]
    time.sleep(2.1)
    then = rig.ask("www.example").answers[0][2]
    assert first - (time.monotonic() - start) - 2 <= then <= first - 2


# ---- names that point into the house ----

INSIDE = [("inside.example", A), ("loop.example", A), ("link.example", A),
          ("ula.example", AAAA), ("nat64.example", AAAA)]


@pytest.mark.parametrize("name, qtype", INSIDE)
def test_names_of_the_world_do_not_point_into_the_house(rig, name, qtype):
    r = rig.ask(name, qtype, do=True, flags=RD | AD)
    assert r.rcode == NOERROR and not r.addresses() and ede(r) == EDE_FILTERED
    assert not r.flags & AD
    assert ipc.wait_until(lambda: rig.findings("REBINDING"))
    assert rig.findings("REBINDING")[0].name == name
    assert rig.engine.answers == []


def test_mapped_addresses_are_no_answer(rig):
    r = rig.ask("mapped.example", AAAA)  # ::ffff:192.168.7.7
    assert not r.addresses() and rig.engine.answers == []


def test_findings_of_one_client_are_bounded(world, tmp_path):
    with started(world, tmp_path / "root", ("trust_anchor", "")) as r:
        for n in range(40):  # with another root's keys every name is forged
            assert r.ask("n%d.many.example" % n).rcode == SERVFAIL
        assert ipc.wait_until(lambda: len(r.findings("BOGUS")) >= 10)
        time.sleep(0.2)
        assert len(r.findings("BOGUS")) == 10
        r.ask("n99.many.example", source=dnsworld.CLIENTS[1])
        assert ipc.wait_until(lambda: len(r.findings("BOGUS")) == 11)


def test_only_what_points_inside_is_taken_out(rig):
    r = rig.ask("mixed.example")
    assert r.addresses() == ["198.18.1.4"]
    assert rig.engine.answers[0].addrs == ["198.18.1.4"]


def test_our_own_public_prefix_is_the_house_too(world, tmp_path):
    with started(world, tmp_path / "a") as r:
        assert r.ask("lan6.example", AAAA).addresses() == ["2001:db8:77::5"]
    with started(world, tmp_path / "b", ("lan_prefix", "2001:db8:77::/64")) as r:
        assert not r.ask("lan6.example", AAAA).addresses()
        # also one that came later
        assert r.ask("www.example", AAAA).addresses()
        r.child.parent.send("CONFIG", key="lan_prefix", value="198.18.3.0/24")
        assert ipc.wait_until(lambda: not r.ask("short.open").addresses(), step=0.5)
        assert ede(r.ask("www.open")) == EDE_FILTERED


def test_private_names_may_point_inside(world, tmp_path):
    with started(world, tmp_path / "root", ("private_name", "Inside.Example")) as r:
        assert r.ask("inside.example").addresses() == ["192.168.7.7"]
        assert not r.ask("ula.example", AAAA).addresses()


# ---- who waits, who is told ----


def test_told_clients_do_not_wait(rig):
    rig.engine.hold = True
    rig.tell()
    r = rig.ask("www.example")
    assert r.addresses() == ["198.18.1.1"]
    assert ipc.wait_until(lambda: rig.engine.answers)
    m = rig.engine.answers[0]
    assert not m.held and m.client == dnsworld.CLIENTS[0] and m.addrs == ["198.18.1.1"]
    # others wait
    with rig.client(dnsworld.CLIENTS[1]) as s:
        s.send(query("www.example"))
        s.settimeout(0.4)
        with pytest.raises(socket.timeout):
            s.recv(4096)
    assert ipc.wait_until(lambda: len(rig.engine.answers) == 2)
    assert rig.engine.answers[1].held
    # and so does the same one when it is told so
    rig.tell(mode=0)
    with rig.client() as s:
        s.send(query("www.example"))
        s.settimeout(0.4)
        with pytest.raises(socket.timeout):
            s.recv(4096)


def test_told_clients_wait_for_answers_by_tcp(rig):
    rig.child.engine.send("DNS_CLIENT", client=dnsworld.LISTEN, mode=1)
    assert rig.by_tcp("www.example").addresses() == ["198.18.1.1"]
    assert rig.engine.answers[0].held


def test_a_new_engine_begins_with_waiting(rig):
    rig.tell()
    rig.ask("www.example")
    rig.child.engine.sock.shutdown(socket.SHUT_RDWR)
    time.sleep(0.3)
    rig.engine = Engine(rig.child.connect_engine())
    assert rig.ask("www.example").addresses() == ["198.18.1.1"]
    assert rig.engine.answers[0].held


def test_the_same_answer_is_told_once_in_a_while(rig):
    rig.tell()
    start = time.monotonic()
    for _ in range(20):
        rig.ask("www.example")
    assert ipc.wait_until(lambda: rig.engine.answers)
    time.sleep(0.2)  # a while is five seconds
    assert len(rig.engine.answers) <= 1 + (time.monotonic() - start) // 5
    count = len(rig.engine.answers)
    rig.ask("www.example", AAAA)
    assert ipc.wait_until(lambda: len(rig.engine.answers) == count + 1)


def test_held_answers_are_announced_each_time_that_the_engine_says_so(rig):
    for _ in range(5):
        rig.tell(mode=0)
        time.sleep(0.1)
        rig.ask("www.example")
    assert len(rig.engine.answers) == 5 and all(m.held for m in rig.engine.answers)


def test_confirmed_answers_are_told_for_a_while(rig):
    for _ in range(5):
        assert rig.ask("www.example").rcode == NOERROR
    assert ipc.wait_until(lambda: len(rig.engine.answers) == 2)
    assert [m.held for m in rig.engine.answers] == [True, False]


def test_refusals_say_why(rig):
    rig.engine.refuse, rig.engine.ede = True, 15
    r = rig.ask("www.example")
    assert r.rcode == REFUSED and ede(r) == 15
    r = rig.ask("www.example", edns=None)
    assert r.rcode == REFUSED and not r.opt


# ---- bounds ----


def test_limited_clients_are_told_of(world, tmp_path):
    with started(world, tmp_path / "root", ("dns_rate", "5"), ("dns_burst", "10")) as r:
        with r.client() as s:
            start, took, got = time.monotonic(), 0, 0
            for n in range(30):
                s.send(query("www.example", id=n))
            with contextlib.suppress(socket.timeout):
                while s.recv(4096):
                    got, took = got + 1, time.monotonic() - start
                    s.settimeout(ipc.PATIENCE_S if got < 10 else 0.5)
        assert 10 <= got <= 11 + 5 * took
        assert ipc.wait_until(lambda: r.findings("RATE"))
        assert len(r.findings("RATE")) == 1  # not one for each question
        assert r.findings("RATE")[0].client == dnsworld.CLIENTS[0]
        assert r.ask("www.example", source=dnsworld.CLIENTS[1]).addresses()


def test_random_names_do_not_evict_what_is_used(world, tmp_path, silent):
    config = [("cache_kb", "64"), ("dns_rate", "1000000"), ("dns_burst", "1000000")]
    with started(world, tmp_path / "root", *config) as r:
        for _ in range(2):
            assert r.ask("www.example").addresses()
        with r.client(dnsworld.CLIENTS[1]) as s:
            for n in range(3000):
                s.send(query("r%d.many.example" % n, id=n))
                if n >= 30:
                    s.recv(4096)
        size = r.child.own_kb()
        with r.client(dnsworld.CLIENTS[1]) as s:
            for n in range(3000, 6000):
                s.send(query("r%d.many.example" % n, id=n & 0xFFFF))
                if n >= 3030:
                    s.recv(4096)
        assert r.child.own_kb() <= size + 512
        silent()
        r2 = r.ask("www.example")  # from what is known: nobody else could say
        assert r2.addresses() == ["198.18.1.1"] and ede(r2) is None
