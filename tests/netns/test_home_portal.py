# SPDX-License-Identifier: GPL-2.0-or-later
"""What devices of the house hear of the gateway by HTTP: who is held hears so, nobody can
free itself or another, and a crash of the process opens nothing."""

import http.client
import json
import os
import re
import signal
import socket
import ssl

import pytest

from lab import internet

NAME = "dns.cardea.internal"
HTTPS, HTTP = 8908, 8909
GATEWAY4, GATEWAY6 = "192.168.1.1", "fd00:c0de:1::1"
CHALLENGE = "/.well-known/cardea/challenge"
EVIDENCE = "/.well-known/cardea/evidence"


def connection(home, device, server, secure):
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    sock = device.socket(family, socket.SOCK_STREAM)
    sock.settimeout(30)
    sock.connect((server, HTTPS if secure else HTTP))
    if secure:
        trust = ssl.create_default_context(
            cafile=os.path.join(home.cardea.state, "dns-tls", "cert.pem"))
        trust.verify_flags |= 0x80000  # X509_V_FLAG_PARTIAL_CHAIN
        sock = trust.wrap_socket(sock, server_hostname=NAME)
    c = http.client.HTTPConnection(NAME)
    c.sock = sock
    return c


def ask(home, device, method, path, body=None, server=GATEWAY4, secure=False, **fields):
    c = connection(home, device, server, secure)
    try:
        c.request(method, path, body, {k.replace("_", "-"): v for k, v in fields.items()})
        r = c.getresponse()
        return r.status, r.headers.get_content_type(), r.read()
    finally:
        c.close()


def capport(home, device, **how):
    status, media, body = ask(home, device, "GET", "/capport", **how)
    assert status == 200 and media == "application/captive+json"
    said = json.loads(body)
    return said["captive"], said["quarantine"]


def web(home):
    return next((p for p in home.cardea.status()["sandbox"]
                 if p["name"] == "web" and p["running"]), None)


@pytest.fixture
def plug(home):
    capport(home, home["plug"])  # starts it
    home.cardea.wait(lambda: web(home), what="web")
    yield home["plug"]


@pytest.fixture
def held(home, plug):
    home.cardea.cli("quarantine", "add", plug.mac, "--reason", "for a test")
    yield plug
    said = home.cardea.cli("quarantine", "release", plug.mac).stdout
    code = re.search(r"--code (\d+)", said)
    if code:
        home.cardea.cli("quarantine", "release", plug.mac, "--code", code.group(1))
    home.cardea.wait(lambda: capport(home, plug) == (False, False), what="the release")


def test_where_devices_ask(home, plug):
    status = home.cardea.status()["portal"]
    assert status["uri"] == f"https://{NAME}:{HTTPS}/capport"
    assert status["uri"] in home.cardea.cli("status").stdout
    assert {"seccomp", "chroot", "uid"} <= set(web(home)["sandbox"].split())
    # the name in it is the gateway's, for who asks the gateway
    assert plug.resolve(NAME) == [GATEWAY4]
    assert capport(home, plug, secure=True) == (False, False)
    assert capport(home, home["phone"], server=GATEWAY6) == (False, False)


def test_who_is_held_hears_so(home, held):
    assert capport(home, held) == (True, True)
    assert capport(home, held, secure=True) == (True, True)
    assert capport(home, held, server=GATEWAY6, secure=True) == (True, True)
    assert capport(home, home["bulb"]) == (False, False)
    assert not held.echo_tcp(internet.CLOUD4, 443, timeout=1.0)
    status, media, body = ask(home, held, "GET", CHALLENGE, Accept="application/cbor")
    assert status == 200 and media == "application/cbor"
    assert len(body) == 36 and body.startswith(b"\xa1\x0a\x58\x20")
    status, _, body = ask(home, held, "POST", EVIDENCE, b"\xd2\x84garbage",
                          Content_Type="application/eat+cwt")
    assert status in (403, 409, 422), body
    said = json.loads(body)
    assert said["title"] and said["detail"] and said["next"]
    assert capport(home, held) == (True, True)


def test_malware_cannot_free_its_device(home, held):
    before = home.cardea.status()["portal"]["forbidden"]
    tries = [("POST", "/v1/quarantine/plug", b'{"release":true}'),
             ("POST", "/v1/devices/plug", b'{"quarantine":false}'),
             ("DELETE", "/v1/quarantine/plug", None), ("PUT", "/capport", b"{}"),
             ("GET", "/capport?device=bulb", None), ("POST", "/release", b"")]
    for secure in (False, True):
        for method, path, body in tries:
            status, _, said = ask(home, held, method, path, body, secure=secure)
            assert status == 403 and b"owner" in said
    assert capport(home, held) == (True, True)
    assert home.cardea.status()["portal"]["forbidden"] == before + 2 * len(tries)
    told = [e for e in home.cardea.events() if e["kind"] == "portal"]
    assert len(told) == 1 and "/v1/quarantine/plug" in told[0]["text"]
    assert not held.echo_tcp(internet.CLOUD4, 443, timeout=1.0)


def test_who_is_no_device_is_told_nothing(home, plug):
    c = http.client.HTTPConnection(NAME)
    c.sock = home.gateway.ns.socket(socket.AF_INET, socket.SOCK_STREAM)
    c.sock.settimeout(30)
    c.sock.connect((GATEWAY4, HTTP))
    c.request("GET", "/capport")
    r = c.getresponse()
    said = json.loads(r.read())
    c.close()
    assert r.status == 403 and "captive" not in said


def test_it_listens_on_the_lan_alone(home, plug):
    listeners = home.gateway.ns.run(["ss", "-Htlnp"]).stdout
    ours = [line.split()[3] for line in listeners.splitlines() if "cardea-web" in line]
    assert ours
    addresses = {a.rsplit(":", 1)[0].strip("[]").split("%")[0] for a in ours}
    assert {GATEWAY4, GATEWAY6} <= addresses
    assert not addresses & {"0.0.0.0", "*", "::"}
    lan = home.gateway.ns.run(["ip", "-br", "address"]).stdout
    uplink = next(line for line in lan.splitlines() if line.startswith(
        home.gateway.uplink.split("@")[0]))
    assert not [a for a in addresses if a in uplink]


def test_a_crash_opens_nothing(home, held):
    victim = web(home)
    os.kill(victim["pid"], signal.SIGKILL)
    home.cardea.wait(lambda: (web(home) or victim)["pid"] != victim["pid"], what="web")
    assert not held.echo_tcp(internet.CLOUD4, 443, timeout=1.0)
    assert home.cardea.wait(lambda: capport(home, held, secure=True) == (True, True),
                            what="an answer")


@pytest.fixture
def impatient(opened):
    opened.cardea.stop()
    opened.gateway.start_cardea(web={"idle": 1})
    yield opened
    opened.cardea.stop()
    opened.gateway.start_cardea()


def test_it_runs_while_somebody_asks(impatient):
    """Nobody needs it for most of the time: it takes no memory then, and no answer fails."""
    bulb, cardea = impatient["bulb"], impatient.cardea
    cardea.wait_state(bulb.mac, "protected")
    assert web(impatient) is None
    assert "waits for a client" in cardea.cli("status").stdout
    for _ in range(2):
        assert capport(impatient, bulb, secure=True) == (False, False)
        assert web(impatient)["restarts"] == 0
        cardea.wait(lambda: web(impatient) is None, what="the end of web")
    assert "not running" not in cardea.cli("status").stdout
