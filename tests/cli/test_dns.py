# SPDX-License-Identifier: GPL-2.0-or-later
"""cardea dns dnr, and what status says of the encrypted service."""

import json
import re
import shlex

import pytest

from test_cli import STATUS

SERVICE = {
    "tls": True, "why_not": "", "name": "dns.cardea.internal", "certificate": "made here",
    "fingerprint": "ab" * 32, "pin": "A" * 43 + "=", "not_after": "2028-11-22T00:00:00.000Z",
    "addresses": [
        {"lan": "br-lan", "address": "192.168.1.1"},
        {"lan": "br-lan", "address": "fd00:1::1"},
        {"lan": "br-lan", "address": "fe80::1"},
        {"lan": "br-iot", "address": "192.168.2.1"},
    ]}
NAME = "03:64:6e:73:06:63:61:72:64:65:61:08:69:6e:74:65:72:6e:61:6c:00"
ALPN = "00:01:00:04:03:64:6f:74"
LAN4 = "00:25:00:01:15:%s:04:c0:a8:01:01:%s" % (NAME, ALPN)
IOT4 = LAN4.replace("c0:a8:01:01", "c0:a8:02:01")
LAN6 = "00:01:00:15:%s:00:10:fd:00:00:01%s:01:%s" % (NAME, ":00" * 11, ALPN)


@pytest.fixture
def service(daemon):
    def set_to(**changes):
        daemon.routes["GET", "/v1/status"] = (
            200, dict(STATUS, dns_service=dict(SERVICE, **changes)))

    daemon.routes["GET", "/v1/devices"] = (200, {"devices": []})
    set_to()
    return set_to


def test_dnsmasq(cli, service):
    assert cli("dns", "dnr", "--dnsmasq").stdout.splitlines() == [
        "dhcp-option=tag:br-lan,162," + LAN4,
        "dhcp-option=tag:br-lan,option6:144," + LAN6,
        "dhcp-option=tag:br-iot,162," + IOT4]


def test_odhcpd(cli, service):
    lines = cli("dns", "dnr", "--odhcpd").stdout.splitlines()
    assert lines[0] == "# interface br-lan"
    assert shlex.split(lines[1]) == [
        "list", "dnr", "1 dns.cardea.internal 192.168.1.1,fd00:1::1 alpn=dot"]
    assert shlex.split(lines[3])[2] == "1 dns.cardea.internal 192.168.2.1 alpn=dot"


def test_for_people_and_scripts(cli, service):
    out = cli("dns", "dnr").stdout
    assert LAN4 in out and LAN6 in out and "none: no address of that family" in out
    told = json.loads(cli("dns", "dnr", "--json").stdout)
    assert told["schema"] == "cardea.dnr/1" and told["name"] == "dns.cardea.internal"
    lan, iot = told["lans"]
    assert (lan["lan"], lan["dhcp4_162"], lan["dhcp6_144"]) == ("br-lan", LAN4, LAN6)
    assert (iot["lan"], iot["dhcp4_162"], iot["dhcp6_144"]) == ("br-iot", IOT4, None)
    assert iot["ra_144"] is None
    ra = bytes.fromhex(lan["ra_144"].replace(":", ""))
    assert ra[0] == 144 and ra[1] * 8 == len(ra)


def test_there_is_none(cli, service):
    service(tls=False, why_not="the key is missing")
    done = cli("dns", "dnr", "--dnsmasq", code=1)
    assert done.stdout == "" and "the key is missing" in done.stderr
    assert "tls = true" in done.stderr
    assert "There is no encrypted DNS: the key is missing" in cli("status").stdout


def test_status_shows_what_to_compare(cli, service):
    out = cli("status").stdout
    assert "dns.cardea.internal, port 853" in out and "(made here)" in out
    assert ":".join(["ab"] * 32) in out and "A" * 43 + "=" in out
    assert re.search(r"ends in (1|2) years?", out)
