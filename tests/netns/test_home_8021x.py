# SPDX-License-Identifier: GPL-2.0-or-later
"""A MUD URL in a device's certificate (RFC 8520 section 11), from 802.1X to the kernel:
FreeRADIUS with EAP-TLS calls cardea-identity."""

import grp
import itertools
import json
import os
import shutil
import stat
import time

import eap
import pytest

from lab import internet, mudfiles
from lab.internet import mud_url

pytestmark = pytest.mark.skipif(
    bool(eap.missing()), reason="not installed: " + ", ".join(eap.missing()))

SIGNER = "Lab Maker"  # who signs the MUD files of the lab
MODEL = "lock"
SILENCE = 2.0  # seconds in which what counts would have counted
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def makers(opened):
    return eap.Makers(opened.path("makers"))


@pytest.fixture(scope="module")
def radius(opened, makers):
    """Cardea with the hook's socket, and a RADIUS server that uses it."""
    opened.internet.publish(MODEL, "Front door", [mudfiles.cloud(internet.CLOUD_NAME)])
    opened.cardea.stop()
    opened.gateway.start_cardea(hook={"group": eap.USER})
    server = eap.Radius(opened, makers)
    yield server
    server.stop()
    opened.cardea.stop()
    opened.gateway.start_cardea()


def fresh_mac():
    return "00:00:5e:00:53:%02x" % (0x80 + next(NUMBERS))


@pytest.fixture
def door(home, radius):
    """A device that says no URL by DHCP."""
    number = next(NUMBERS)
    device = home.add_device("door%d" % number, 0x80 + number, "udhcpc")
    yield device.join().wait_ready()
    home.remove_device(device.name)


def wait_certificate(home, mac, url):
    def there():
        d = home.cardea.device(mac)
        return d if d and d["mud_url"] == url else None

    d = home.cardea.wait(there, what="the URL of the certificate")
    assert d["url_source"] == "certificate" and d["proven"] is True
    return d


def test_a_device_at_a_port(home, radius, makers, door):
    home.cardea.wait_state(door.mac, "learning")
    assert door.echo_tcp(internet.C2_4, 4444)
    port = eap.Port(home, makers, door,
                    makers.issue("door", url=mud_url(MODEL), signer=SIGNER))
    try:
        home.cardea.wait_state(door.mac, "protected")
        known = wait_certificate(home, door.mac, mud_url(MODEL))
        assert known["mud_signer"] == "CN=" + SIGNER
        assert known["profile"]["url"] == mud_url(MODEL)
        sink = home.internet.sink
        home.sync()
        sink.clear()
        address = door.resolve(internet.CLOUD_NAME)[0]
        assert door.echo_tcp(address, 443)
        for refused in (internet.C2_4, internet.C2_6):
            assert not door.echo_tcp(refused, 4444, timeout=0.5)
        home.sync()
        arrived = {p.dst for p in sink.packets()}
        assert address in arrived
        assert not arrived & {internet.C2_4, internet.C2_6}
        shown = home.cardea.cli("device", "show", door.mac).stdout
        assert "said by" in shown and "certificate" in shown
    finally:
        port.stop()


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
def test_by_eapol_test(home, radius, makers, tls):
    """The RADIUS server alone, before the device has sent a single packet."""
    mac, before = fresh_mac(), radius.log()
    identity = makers.issue("early", url=mud_url(MODEL))
    assert eap.eapol_test(home, makers, mac, identity, tls), radius.log()[-3000:]
    assert 'TLS-Session-Version = "TLS %s"' % tls in radius.log()[len(before):]
    known = wait_certificate(home, mac, mud_url(MODEL))
    assert known["mud_signer"] == ""
    assert "%s is %s" % (mac, mud_url(MODEL)) in radius.log()


def test_another_signer_is_refused(home, radius, makers):
    """The file is signed well, and not by whom the certificate names."""
    mac = fresh_mac()
    identity = makers.issue("choosy", url=mud_url(MODEL), signer="Somebody Else")
    assert eap.eapol_test(home, makers, mac, identity), radius.log()[-3000:]
    wait_certificate(home, mac, mud_url(MODEL))

    def refused():
        d = home.cardea.device(mac)
        return d if "Somebody Else" in d["problem"] else None

    known = home.cardea.wait(refused, what="the refusal of the signer")
    assert known["state"] == "learning" and known["profile"] is None


def test_a_certificate_without_mud_is_admitted(home, radius, makers):
    mac = fresh_mac()
    assert eap.eapol_test(home, makers, mac, makers.issue("plain")), radius.log()[-3000:]
    time.sleep(SILENCE)
    assert home.cardea.device(mac) is None


def test_a_wrong_extension_is_not_admitted(home, radius, makers):
    mac = fresh_mac()
    identity = makers.issue("wrong", url=mud_url(MODEL), url_type="UTF8String")
    assert not eap.eapol_test(home, makers, mac, identity)
    time.sleep(SILENCE)
    assert home.cardea.device(mac) is None


def test_a_stranger_is_not_admitted(home, radius, makers):
    """A certificate of nobody we know, for the MAC of a device that we do know."""
    bulb = home["bulb"]
    before = home.cardea.device(bulb.mac)
    strangers = eap.Makers(home.path("strangers"))
    identity = strangers.issue("thief", url=mud_url("camera"))
    assert not eap.eapol_test(home, makers, bulb.mac, identity)
    time.sleep(SILENCE)
    after = home.cardea.device(bulb.mac)
    assert {k: after[k] for k in ("mud_url", "url_source", "state")} == \
        {k: before[k] for k in ("mud_url", "url_source", "state")}


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
def test_a_certificate_without_its_key_says_nothing(home, radius, makers, tls):
    """Certificates are public. The server's first hook sees this one, and Cardea is told
    nothing, for the device never signs."""
    mac = fresh_mac()
    owner = makers.issue("owner", url=mud_url(MODEL), signer=SIGNER)
    before = radius.log()
    assert not eap.eapol_test(home, makers, mac, makers.steal(owner), tls)
    said = radius.log()[len(before):]
    assert "cardea-identity hold" in said and "cardea-identity certificate" not in said
    time.sleep(SILENCE)
    assert home.cardea.device(mac) is None
    assert eap.eapol_test(home, makers, mac, owner, tls), radius.log()[-3000:]
    wait_certificate(home, mac, mud_url(MODEL))


def test_admission_fails_without_cardea(home, radius, makers):
    """With the program as documented: not known, not admitted. And then it comes back."""
    mac = fresh_mac()
    identity = makers.issue("late", url=mud_url(MODEL))
    home.cardea.stop()
    assert not eap.eapol_test(home, makers, mac, identity)
    home.gateway.start_cardea(hook={"group": eap.USER})
    assert eap.eapol_test(home, makers, mac, identity), radius.log()[-3000:]
    wait_certificate(home, mac, mud_url(MODEL))


def test_a_group_that_is_not_there(home, radius):
    """The house is protected all the same; only the hook is missing."""
    home.cardea.stop()
    home.gateway.start_cardea(hook={"group": "no-such-group"})
    try:
        assert "no-such-group" in home.cardea.log()
        assert not os.path.exists(os.path.join(home.cardea.run_dir, "identity.sock"))
    finally:
        home.cardea.stop()
        home.gateway.start_cardea(hook={"group": eap.USER})


def as_user(home, user, *request):
    path = os.path.join(home.cardea.run_dir, "identity.sock")
    return home.gateway.ns.run(
        ["setpriv", "--reuid", user, "--regid", user if user == eap.USER else "nogroup",
         "--clear-groups", "curl", "-s", "-w", "\n%{http_code}", "--unix-socket", path,
         *request], check=False)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_what_the_socket_lets_its_group_do(home, radius):
    path = os.path.join(home.cardea.run_dir, "identity.sock")
    seen = os.stat(path)
    assert stat.S_IMODE(seen.st_mode) == 0o660
    assert (seen.st_uid, grp.getgrgid(seen.st_gid).gr_name) == (0, eap.USER)
    claim = json.dumps({"mac": home["bulb"].mac, "source": "owner",
                        "mud_url": mud_url("camera")})
    for request in (("http://c/v1/status",), ("http://c/v1/devices",),
                    ("http://c/v1/events?follow=1",),
                    ("-d", "{}", "http://c/v1/stop"),
                    ("-H", "Content-Type: application/json", "-d", claim,
                     "http://c/v1/identities")):
        done = as_user(home, eap.USER, *request)
        body, _, status = done.stdout.rpartition("\n")
        assert status == "403" and json.loads(body)["schema"] == "cardea.error/1", request
    assert as_user(home, "nobody", "http://c/v1/status").returncode == 7  # no connection
    assert home.cardea.device(home["bulb"].mac)["mud_url"] == mud_url("bulb")
