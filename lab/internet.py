# SPDX-License-Identifier: GPL-2.0-or-later
"""The world behind the uplink: names, MUD files, clouds, attackers. All addresses are
those set aside for documentation and tests (RFC 5737, RFC 3849, RFC 2544)."""

import os
import socket

from . import mudfiles
from .cloud import Echo
from .dns import NameServer, Zone
from .mudfiles import TCP, UDP
from .netns import Netns
from .pki import Pki
from .sink import Sink
from .web import WebServer

IFNAME = "net0"
GATEWAY4, SELF4 = "198.51.100.2", "198.51.100.1"
GATEWAY6, SELF6 = "2001:db8:ffff:1::2", "2001:db8:ffff:1::1"
DNS4, DNS6 = "203.0.113.53", "2001:db8:ffff:153::53"
CLOUD4, CLOUD6 = "203.0.113.10", "2001:db8:ffff:110::10"
MEDIA4, MEDIA6 = "203.0.113.128", "2001:db8:ffff:128::1"  # of the camera's prefixes
C2_4, C2_6 = "203.0.113.66", "2001:db8:ffff:166::66"
SCANNER4, SCANNER6 = "203.0.113.99", "2001:db8:ffff:199::99"
WEB4, WEB6 = "203.0.113.80", "2001:db8:ffff:180::80"
EXPIRED_WEB4 = "203.0.113.81"
UPDATE4, UPDATE6 = "203.0.113.21", "2001:db8:ffff:121::21"
ANSWERED = ("203.0.113.0/24", "198.18.0.0/15", "2001:db8:ffff:100::/56")

MUD_HOST = "mud.maker.example"
OTHER_HOST = "mud.other.example"  # of another maker
EXPIRED_HOST = "expired.maker.example"  # its HTTPS certificate is out of date
CLOUD_NAME = "cloud.maker.example"
UPDATE_HOST = "updates.maker.example"  # firmware, by HTTPS
C2_NAME = "c2.botnet.example"

ANY_TCP, ANY_UDP = 8883, 7000  # served on every address of the world
MEDIA_PREFIX4, MEDIA_PREFIX6 = "203.0.113.128/28", "2001:db8:ffff:128::/64"


def mud_url(model, host=MUD_HOST):
    return "https://%s/%s.json" % (host, model)


class Internet:
    def __init__(self, lab, gateway):
        self.lab = lab
        self.ns = Netns(lab, "internet")
        self._plug_in(gateway)
        self.sink = Sink(self.ns, IFNAME, gateway.ns, gateway.uplink)
        self.zone = Zone()
        self.dns = NameServer(self.ns, self.zone, [DNS4, DNS6])
        self.pki = Pki(lab.path("pki"), [MUD_HOST, OTHER_HOST, EXPIRED_HOST,
                                          UPDATE_HOST])
        good = self.pki.server
        self.web = WebServer(self.ns, [WEB4, WEB6, UPDATE4, UPDATE6, EXPIRED_WEB4],
                             [good, good, good, good, self.pki.expired_server])
        self.echo = Echo(self.ns)
        self._fill()

    def _plug_in(self, gateway):
        for key in ("ipv6/conf/all/accept_dad", "ipv6/conf/default/accept_dad"):
            self.ns.sysctl(key, 0)
        self.ns.ip("link", "add", IFNAME, "type", "veth", "peer", "name", gateway.uplink,
                   "netns", gateway.ns.name)
        gateway.connect_uplink()
        self.ns.ip_batch([
            "addr add %s/24 dev %s" % (SELF4, IFNAME),
            "addr add %s/64 dev %s nodad" % (SELF6, IFNAME),
            "link set %s up" % IFNAME,
            # the owner's provider routes the home's prefixes to it
            "route add 192.168.0.0/16 via " + GATEWAY4,
            "route add 2001:db8:0::/46 via " + GATEWAY6,
            "route add fd00:c0de::/32 via " + GATEWAY6,
            *("route add local %s dev lo" % prefix for prefix in ANSWERED)])
        self.ns.sysctl("ipv4/ip_nonlocal_bind", 1)
        self.ns.sysctl("ipv6/ip_nonlocal_bind", 1)

    def _fill(self):
        add = self.zone.add
        add(MUD_HOST, WEB4, WEB6)
        add(OTHER_HOST, WEB4, WEB6)
        add(EXPIRED_HOST, EXPIRED_WEB4)
        add(CLOUD_NAME, CLOUD4, CLOUD6)
        add(UPDATE_HOST, UPDATE4, UPDATE6)
        add(C2_NAME, C2_4, C2_6)
        for address in (CLOUD4, CLOUD6):
            self.echo.tcp(address, 443)
        for address in (C2_4, C2_6):
            self.echo.tcp(address, 443).tcp(address, 4444)
        for wildcard in ("0.0.0.0", "::"):
            self.echo.tcp(wildcard, ANY_TCP).udp(wildcard, ANY_UDP)
            for port in (5000, 5004, 5999):  # within the camera's range
                self.echo.udp(wildcard, port)
        self.publish("bulb", "Desk bulb", [mudfiles.cloud(CLOUD_NAME)])
        self.publish("camera", "Door camera", [
            mudfiles.cloud(CLOUD_NAME),
            mudfiles.network(MEDIA_PREFIX4, UDP, (5000, 5999)),
            mudfiles.network(MEDIA_PREFIX6, UDP, (5000, 5999))])
        self.publish("plug", "Smart plug", [mudfiles.serves(TCP, 9999)])
        # what it opens itself, and where others may start: a rule for both directions
        # without ports would be its own conversations and their answers only
        self.publish("hub", "Home hub", [mudfiles.serves(TCP, 8443),
                                         mudfiles.serves(UDP, 5683), mudfiles.local(TCP),
                                         mudfiles.local(UDP)])
        self.publish("printer", "Laser printer", [mudfiles.serves(TCP, 9100),
                                                  mudfiles.serves(TCP, 631)])

    def publish(self, model, systeminfo, accesses, signer=None, mfg="Lab Maker",
                host=MUD_HOST, **more):
        """Put a signed MUD file on the web server; returns its URL. more: as of
        mudfiles.build."""
        url = mud_url(model, host)
        body = mudfiles.build(url, systeminfo, mfg, model, accesses, **more)
        self.web.publish(url, body, signer or self.pki.signer)
        return url

    def fresh_device(self, model, number):
        """A MUD file that lists so many new names, for both families (to ANY_TCP with odd
        index, to ANY_UDP with even). Returns (url, names)."""
        names = self.zone.fresh(number, model + ".example")
        accesses = [mudfiles.cloud(n, TCP if i % 2 else UDP, ANY_TCP if i % 2 else ANY_UDP,
                                   direction="from") for i, n in enumerate(names)]
        return self.publish(model, "Meter " + model, accesses), names

    def probe(self, address, port, proto=TCP, source=None, tries=1, timeout=0.5):
        """The scanner: open an unsolicited conversation with the home. True when it was
        answered with an open port."""
        six = ":" in address
        family = socket.AF_INET6 if six else socket.AF_INET
        kind = socket.SOCK_STREAM if proto == TCP else socket.SOCK_DGRAM
        for _ in range(tries):
            with self.ns.socket(family, kind) as sock:
                sock.settimeout(timeout)
                sock.bind((source or (SCANNER6 if six else SCANNER4), 0))
                try:
                    sock.connect((address, port))
                    if proto == TCP:
                        return True
                    token = os.urandom(8)
                    sock.send(token)
                    return sock.recv(64) == token
                except OSError:
                    continue
        return False

    def close(self):
        self.web.close()
        self.echo.close()
        self.sink.close()
        self.ns.close()
