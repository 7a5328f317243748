# SPDX-License-Identifier: GPL-2.0-or-later
"""A MUD URL by DHCP (RFC 8520 section 10) from the clients that devices have, each by
itself: option 161 of DHCPv4, option 112 of DHCPv6; and dnsmasq's word about a lease."""

import glob
import itertools
import os
import pwd
import shutil
import time

import pytest

from lab import internet, mudfiles
from lab.internet import mud_url
from lab.netns import Netns

NUMBERS = itertools.count(1)
NETWORKD = "/lib/systemd/systemd-networkd"


@pytest.fixture(scope="module", autouse=True)
def published(opened):
    opened.internet.publish("sensor", "Door sensor", [mudfiles.cloud(internet.CLOUD_NAME)])


@pytest.fixture
def device(home):
    """A device that is not plugged in yet; each test starts its own client."""
    number = next(NUMBERS)
    made = home.add_device("client%d" % number, 0xb0 + number, "udhcpc",
                           mud_url("sensor"))
    yield made
    home.remove_device(made.name)


def plug_in(device):
    device.ns.ip("link", "set", "eth0", "up")


def wait_said(home, device, source="dhcp"):
    """The gateway knows the URL, says so to its owner, and acts on it."""
    def said():
        d = home.cardea.device(device.mac)
        return d if d and d["mud_url"] == device.mud_url else None

    known = home.cardea.wait(said, what="the MUD URL of " + device.name)
    assert known["url_source"] == source and known["proven"] is False
    shown = home.cardea.cli("device", "show", device.mac).stdout
    assert device.mud_url in shown and source in shown
    home.cardea.wait_state(device.mac, "protected")


def wants(*programs):
    absent = [p for p in programs if not shutil.which(p)]
    return pytest.mark.skipif(bool(absent), reason="not installed: " + ", ".join(absent))


@pytest.mark.parametrize("client", [
    pytest.param("udhcpc", marks=wants("udhcpc")),
    pytest.param("dhcpcd", marks=wants("dhcpcd")),
    pytest.param("dhclient", marks=wants("dhclient"))])
def test_option_161(home, device, client):
    device.client = client
    device.join()
    wait_said(home, device)


_DHCLIENT6 = """
option dhcp6.mud-url code 112 = text;
send dhcp6.mud-url "%s";
timeout 30;
"""

_AFTER_DAD = ("until ip -6 addr show dev eth0 scope link -tentative | grep -q fe80; do "
              'sleep 0.1; done; exec "$@"')


@wants("dhclient")
def test_option_112_dhclient(home, device):
    """DHCPv6 alone: nothing else could have told the URL."""
    folder = home.path("dev", device.name)
    conf, leases = (os.path.join(folder, name) for name in ("six.conf", "six.leases"))
    with open(conf, "w", encoding="ascii") as out:
        out.write(_DHCLIENT6 % device.mud_url)
    open(leases, "w", encoding="ascii").close()
    plug_in(device)
    client = device.ns.spawn(
        ["sh", "-c", _AFTER_DAD, "sh", "dhclient", "-6", "-d", "-cf", conf, "-lf", leases,
         "-sf", "/bin/true", "-pf", os.path.join(folder, "six.pid"), "eth0"],
        name="dhclient6")
    try:
        wait_said(home, device)
    finally:
        client.stop()


_DHCPCD6 = """
duid ll
ipv6only
noipv4
noarp
mudurl %s
interface eth0
	iaid 1
	ia_na 1
"""


@wants("dhcpcd")
def test_option_112_dhcpcd(home, device):
    folder = home.path("dev", device.name)
    conf = os.path.join(folder, "six.conf")
    with open(conf, "w", encoding="ascii") as out:
        out.write(_DHCPCD6 % device.mud_url)
    binds = {"/run": os.path.join(folder, "run"), "/var/lib": os.path.join(folder, "lib")}
    for path in binds.values():
        os.makedirs(os.path.join(path, "dhcpcd"))
    plug_in(device)
    client = device.ns.spawn(["dhcpcd", "-B", "-6", "-f", conf, "-c", "/bin/true", "eth0"],
                             binds=binds)
    try:
        wait_said(home, device)
    finally:
        client.stop()


def networkd_missing():
    try:
        pwd.getpwnam("systemd-network")
    except KeyError:
        return True
    return not os.access(NETWORKD, os.X_OK)


def networkd(home, device, section):
    """systemd-networkd with a /run of its own. /sys is made read-only: that is how it
    sees that nobody runs udev here."""
    run = os.path.join(home.path("dev", device.name), "run")
    os.makedirs(os.path.join(run, "systemd", "network"))
    for path in ("systemd", "systemd/netif", "systemd/netif/links",
                 "systemd/netif/leases", "systemd/netif/lldp"):
        os.makedirs(os.path.join(run, path), exist_ok=True)
        shutil.chown(os.path.join(run, path), "systemd-network", "systemd-network")
    with open(os.path.join(run, "systemd", "network", "10-eth0.network"), "w",
              encoding="ascii") as out:
        out.write("[Match]\nName=eth0\n" + section)
    return device.ns.spawn(
        ["sh", "-c", "mount -o remount,bind,ro /sys && exec " + NETWORKD],
        name="networkd", binds={"/run": run})


@pytest.mark.skipif(networkd_missing(), reason="systemd-networkd is not installed")
@pytest.mark.parametrize("section,source", [
    ("[Network]\nDHCP=ipv4\nIPv6AcceptRA=no\n"
     "[DHCPv4]\nClientIdentifier=mac\nMUDURL=%s\n", "dhcp"),
    ("[Network]\nDHCP=ipv6\nIPv6AcceptRA=yes\n"
     "[DHCPv6]\nDUIDType=link-layer\nWithoutRA=solicit\nMUDURL=%s\n", "dhcp"),
    ("[Network]\nDHCP=no\nIPv6AcceptRA=no\nEmitLLDP=yes\n"
     "[LLDP]\nMUDURL=%s\n", "lldp")], ids=["dhcpv4", "dhcpv6", "lldp"])
def test_networkd(home, device, section, source):
    plug_in(device)
    client = networkd(home, device, section % device.mud_url)
    try:
        wait_said(home, device, source)
        assert client.alive()
    except BaseException:
        print(client.log())
        raise
    finally:
        client.stop()


# ---- dnsmasq's script, where Cardea does not see the DHCP itself ----

_DNSMASQ = """
keep-in-foreground
user=root
port=0
bind-interfaces
interface=far0
except-interface=lo
no-resolv
no-hosts
no-ping
dhcp-authoritative
log-dhcp
dhcp-leasefile=%(folder)s/leases
pid-file=%(folder)s/pid
dhcp-range=192.0.2.100,192.0.2.110,2m
dhcp-range=2001:db8:77::100,2001:db8:77::110,64,2m
dhcp-script=%(script)s
"""
FAR_MACS = ("00:00:5e:00:53:%02x" % n for n in itertools.count(0xc0))


@pytest.fixture
def far(home):
    """A LAN that the gateway has no part in: a DHCP server, and a device of this MAC."""
    mac = next(FAR_MACS)
    server, client = Netns(home, "farsrv"), Netns(home, "fardev")
    client.ip("link", "add", "eth0", "address", mac, "type", "veth", "peer", "name",
              "far0", "netns", server.name)
    server.ip_batch(["addr add 192.0.2.1/24 dev far0",
                     "addr add 2001:db8:77::1/64 dev far0 nodad", "link set far0 up"])
    client.ip("link", "set", "eth0", "up")
    yield server, client, mac
    client.remove()
    server.remove()


def dnsmasq(home, server):
    build = os.path.dirname(os.path.dirname(home.cardea.programs["cardead"]))
    folder = home.path("far")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "dnsmasq.conf"), "w", encoding="ascii") as out:
        out.write(_DNSMASQ % {"folder": folder, "script": glob.glob(
            os.path.join(build, "**", "cardea-identity"), recursive=True)[0]})
    return server.spawn(["dnsmasq", "-C", os.path.join(folder, "dnsmasq.conf")],
                        env={"CARDEA_SOCKET": home.cardea.socket})


def lease(client, url=None, name="far"):
    """One lease by udhcpc, which then ends; what it said."""
    argv = ["udhcpc", "-f", "-q", "-n", "-t", "10", "-T", "1", "-i", "eth0", "-s",
            "/bin/true", "-x", "hostname:" + name]
    if url:
        argv += ["-x", "0xa1:" + url.encode().hex()]
    return client.run(argv).stderr


@wants("dnsmasq", "udhcpc")
def test_the_script_of_dnsmasq(home, far):
    server, client, mac = far
    dhcpd = dnsmasq(home, server)
    try:
        lease(client)
        time.sleep(1)
        assert home.cardea.device(mac) is None  # nothing was said, nothing is told
        lease(client, mud_url("sensor"), "--help")
        known = home.cardea.wait(lambda: home.cardea.device(mac), what="the lease")
        assert known["mud_url"] == mud_url("sensor")
        assert known["url_source"] == "dhcp" and known["proven"] is False
        assert known["addresses"] == []  # it was never seen on our LAN
        assert dhcpd.alive()
    finally:
        dhcpd.stop()


@wants("dnsmasq", "dhclient")
def test_the_script_of_dnsmasq_by_dhcpv6(home, far):
    """Its script is told the DUID, and the MAC beside it."""
    server, client, mac = far
    dhcpd = dnsmasq(home, server)
    folder = home.path("far")
    conf, leases = (os.path.join(folder, name) for name in ("six.conf", "six.leases"))
    with open(conf, "w", encoding="ascii") as out:
        out.write(_DHCLIENT6 % mud_url("sensor"))
    open(leases, "w", encoding="ascii").close()
    dhclient = client.spawn(
        ["sh", "-c", _AFTER_DAD, "sh", "dhclient", "-6", "-d", "-cf", conf, "-lf", leases,
         "-sf", "/bin/true", "-pf", os.path.join(folder, "six.pid"), "eth0"])
    try:
        known = home.cardea.wait(lambda: home.cardea.device(mac), what="the lease")
        assert (known["mud_url"], known["url_source"]) == (mud_url("sensor"), "dhcp")
    except BaseException:
        print(dhcpd.log(), dhclient.log())
        raise
    finally:
        dhclient.stop()
        dhcpd.stop()
