# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices that ask others than the gateway for names: 8.8.8.8 by UDP and TCP, its DNS over
TLS, and its DNS over HTTPS. Each is handled by policy, and named to who asks why."""

import contextlib
import os
import socket
import struct

import pytest

from lab import dns, encrypted, internet, mudfiles
from lab.encrypted import GOOGLE4, GOOGLE6, GOOGLE_NAME, ONLY_HERE
from lab.frames import TCP, UDP

SERVERS = [GOOGLE4, GOOGLE6]
EDE, BLOCKED = 15, 15  # the option's code (RFC 8914 2), and what it says


@pytest.fixture(scope="module")
def google(opened):
    return encrypted.PublicResolver(opened.internet)


@pytest.fixture(autouse=True)
def forgotten(google):
    google.asked.clear()


def make(opened, name, octet, *accesses):
    url = opened.internet.publish(name, "Talker " + name, list(accesses))
    device = opened.add_device(name, octet, url=url).join().wait_ready()
    opened.cardea.wait_state(device.mac, "protected")
    return device


@pytest.fixture(scope="module")
def talker(opened, google):
    """Its profile lists its cloud, and no resolver."""
    device = make(opened, "talker", 0xc1, mudfiles.cloud(internet.CLOUD_NAME))
    yield device
    opened.remove_device("talker")


@pytest.fixture(scope="module")
def listed(opened, google):
    """Its profile lists the resolver, in all ways."""
    device = make(opened, "listed", 0xc2, mudfiles.cloud(internet.CLOUD_NAME),
                  mudfiles.cloud(GOOGLE_NAME), mudfiles.cloud(GOOGLE_NAME, port=853),
                  mudfiles.network(GOOGLE4 + "/32", UDP, 53),
                  mudfiles.network(GOOGLE4 + "/32", TCP, 53),
                  mudfiles.network(GOOGLE6 + "/128", UDP, 53))
    yield device
    opened.remove_device("listed")


@contextlib.contextmanager
def other_settings(home, **settings):
    """The same home, its daemon started anew."""
    def start(**config):
        home.cardea.stop()
        home.gateway.start_cardea(**config)
        for device in home.devices.values():
            if device.mud_url:
                home.cardea.wait_state(device.mac, "protected")

    start(dns=settings)
    try:
        yield
    finally:
        start()


def events_of(home, device, kind=None):
    return [e for e in home.cardea.events()
            if (e.get("device_mac") or e.get("mac") or "").lower() == device.mac
            or e.get("device") == device.name
            if kind in (None, e["kind"])]


def named(home, device, *words, kind=None):
    """An event of the device that has all of these words in its sentence."""
    def there():
        return [e for e in events_of(home, device, kind)
                if all(w in e["text"] for w in words)]

    return home.cardea.wait(there, what="an event with %s" % (words,))[-1]


# ---- port 53 ----


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("way", ["udp", "tcp"])
def test_foreign_questions_are_answered_here(home, google, talker, server, way):
    """The device believes it asked 8.8.8.8; what it may reach then is open to it."""
    if way == "udp":
        answer = dns.ask(talker.ns, server, internet.CLOUD_NAME)
    else:
        answer = encrypted.ask_tcp(talker, server, internet.CLOUD_NAME)
    assert answer and answer.addresses == [internet.CLOUD4]
    assert google.asked == []
    assert talker.echo_tcp(answer.addresses[0], 443)
    why = home.cardea.why(talker.name, server, "--port", "53", "--proto", way)
    assert "its own resolver %s (Google)" % server in why
    assert "redirected to this gateway" in why


def test_first_packets_after_redirected_answers(home, google, opened):
    """No race there either."""
    url, names = opened.internet.fresh_device("redirected", 30)
    device = opened.add_device("redirected", 0xc3, url=url).join().wait_ready()
    home.cardea.wait_state(device.mac, "protected")
    try:
        for i, name in enumerate(names):
            server = SERVERS[i // 2 % 2]
            answer = dns.ask(device.ns, server, name)
            assert answer and answer.addresses and answer.addresses != [ONLY_HERE], name
            if i % 2:
                assert device.echo_tcp(answer.addresses[0], internet.ANY_TCP), name
            else:
                assert device.echo_udp(answer.addresses[0], internet.ANY_UDP), name
        assert google.asked == []
    finally:
        opened.remove_device("redirected")


@pytest.mark.parametrize("way", ["udp", "tcp"])
def test_retired_device_is_answered_by_nobody(home, google, opened, way):
    """Who may not ask the gateway does not come to it by asking others."""
    device = make(opened, "old-" + way, 0xc4 if way == "udp" else 0xc5,
                  mudfiles.cloud(internet.CLOUD_NAME))

    def answer(server):
        if way == "udp":
            return dns.ask(device.ns, server, internet.CLOUD_NAME, timeout=1)
        return encrypted.ask_tcp(device, server, internet.CLOUD_NAME, timeout=1)

    try:
        home.cardea.wait(lambda: answer(GOOGLE4), what="the answer while it is in service")
        home.cardea.cli("device", "retire", device.mac, "--yes")
        home.cardea.wait(lambda: answer("192.168.1.1") is None, what="the silence")
        assert answer(GOOGLE4) is None and answer(GOOGLE6) is None
        assert google.asked == []
        why = home.cardea.why(device.name, GOOGLE4, "--port", "53", "--proto", way)
        assert "nothing is left open to it" in why and "redirected" not in why
    finally:
        opened.remove_device(device.name)


@pytest.mark.parametrize("way", ["udp", "tcp"])
def test_owner_may_refuse_them(home, google, talker, way):
    with other_settings(home, foreign="refuse"):
        if way == "udp":
            assert dns.ask(talker.ns, GOOGLE4, internet.CLOUD_NAME, timeout=1) is None
        else:
            assert encrypted.ask_tcp(talker, GOOGLE4, internet.CLOUD_NAME,
                                     timeout=1) is None
        assert google.asked == []
        event = named(home, talker, "its own resolver", GOOGLE4, "Google",
                      kind="violation")
        assert event["text"].startswith("Blocked: ")
        why = home.cardea.why(talker.name, GOOGLE4, "--port", "53", "--proto", way)
        assert "Google" in why and "redirected" not in why and "refused" in why


def test_listed_server_is_asked_itself(home, google, listed):
    for server in SERVERS:
        answer = dns.ask(listed.ns, server, "any.example")
        assert answer and answer.addresses == [ONLY_HERE], server
    answer = encrypted.ask_tcp(listed, GOOGLE4, "any.example")
    assert answer and answer.addresses == [ONLY_HERE]
    assert google.asked == [("udp", "any.example")] * 2 + [("tcp", "any.example")]
    why = home.cardea.why(listed.name, GOOGLE4, "--port", "53", "--proto", "udp")
    assert "allowed" in why.lower() and "hidden from this gateway" in why


# ---- DNS over TLS ----


@pytest.mark.parametrize("server", SERVERS)
def test_foreign_tls_is_blocked_and_named(home, google, talker, server):
    ca = home.internet.pki.web_ca
    assert encrypted.ask_tls(talker, ca, server, "any.example", timeout=1) is None
    assert google.asked == []
    event = named(home, talker, "public resolver", server, "Google", "by TLS",
                  kind="violation")
    assert "which its profile does not list" in event["text"]
    why = home.cardea.why(talker.name, server, "--port", "853", "--proto", "tcp")
    assert "Google" in why and "by TLS" in why


def test_listed_tls_is_used_and_noted(home, google, listed):
    assert listed.resolve(GOOGLE_NAME) == [GOOGLE4]
    answer = encrypted.ask_tls(listed, home.internet.pki.web_ca, GOOGLE4, "any.example")
    assert answer and answer.addresses == [ONLY_HERE]
    assert google.asked == [("tls", "any.example")]
    why = home.cardea.why(listed.name, GOOGLE_NAME, "--port", "853", "--proto", "tcp")
    assert "names are hidden from this gateway" in why


# ---- DNS over HTTPS ----


def extended_error(device, name):
    """(rcode, code of the extended error or None) from the gateway."""
    _, wire = dns.query(name, dns.A)
    wire = wire[:10] + b"\0\1" + wire[12:] + struct.pack("!BHHIH", 0, dns.OPT, 1232, 0, 0)
    with device.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(30)
        s.connect((device.resolvers[0], 53))
        s.send(wire)
        reply = s.recv(4096)
    answer, code = dns.Answer(reply), None
    for at in range(12, len(reply) - 5):
        if reply[at:at + 2] == struct.pack("!H", EDE) and \
                len(reply) - at - 4 >= struct.unpack_from("!H", reply, at + 2)[0] >= 2:
            code = struct.unpack_from("!H", reply, at + 4)[0]
    return answer.rcode, code


@pytest.mark.parametrize("name", [GOOGLE_NAME, "dns64.dns.google"])
def test_name_of_a_public_resolver_is_refused(home, google, talker, name):
    home.internet.zone.add("dns64.dns.google", GOOGLE4)
    assert extended_error(talker, name) == (dns.REFUSED, BLOCKED)
    event = named(home, talker, name, "public resolver (Google)")
    assert "was told that this is refused" in event["text"]
    assert extended_error(talker, internet.CLOUD_NAME) == (dns.NOERROR, None)


@pytest.mark.parametrize("server", SERVERS)
def test_foreign_https_is_blocked_and_named(home, google, talker, server):
    """With the address built in, so that no name is asked."""
    ca = home.internet.pki.web_ca
    assert encrypted.ask_https(talker, ca, server, "any.example", timeout=1) is None
    assert google.asked == []
    named(home, talker, "public resolver", server, "Google", "by HTTPS", kind="violation")
    why = home.cardea.why(talker.name, server, "--port", "443", "--proto", "tcp")
    assert "Google" in why and "by HTTPS" in why


def test_why_knows_it_by_name(home, google, talker):
    why = home.cardea.why(talker.name, GOOGLE_NAME, "--port", "443", "--proto", "tcp")
    assert "blocked" in why.lower() and "public resolver" in why


def test_listed_https_is_used_and_noted(home, google, listed):
    assert listed.resolve(GOOGLE_NAME) == [GOOGLE4]
    answer = encrypted.ask_https(listed, home.internet.pki.web_ca, GOOGLE4, "any.example")
    assert answer and answer.addresses == [ONLY_HERE]
    why = home.cardea.why(listed.name, GOOGLE_NAME, "--port", "443", "--proto", "tcp")
    assert "names are hidden from this gateway" in why


def test_owners_list_adds_names(home, google, talker):
    home.internet.zone.add("doh.corner.example", "203.0.113.44")
    assert talker.resolve("doh.corner.example") == ["203.0.113.44"]
    with other_settings(home, encrypted_names=["corner.example"]):
        assert extended_error(talker, "doh.corner.example") == (dns.REFUSED, BLOCKED)
        named(home, talker, "doh.corner.example", "public resolver (corner.example)")


# ---- who is not managed ----


def test_others_do_as_they_like(home, google):
    """A phone without a profile is asked nothing and told nothing."""
    phone, ca = home["phone"], home.internet.pki.web_ca
    assert phone.resolve(GOOGLE_NAME) == [GOOGLE4]
    for answer in (dns.ask(phone.ns, GOOGLE4, "any.example"),
                   encrypted.ask_tcp(phone, GOOGLE4, "any.example"),
                   encrypted.ask_tls(phone, ca, GOOGLE4, "any.example"),
                   encrypted.ask_https(phone, ca, GOOGLE4, "any.example")):
        assert answer and answer.addresses == [ONLY_HERE]
    assert [way for way, _ in google.asked] == ["udp", "tcp", "tls", "https"]
    assert not [e for e in events_of(home, phone, "violation")]


def test_datapath_is_the_one_that_was_asked_for(home):
    wanted = os.environ.get("CARDEA_BACKEND", "auto")
    assert wanted == "auto" or home.cardea.status()["backend"] == wanted
