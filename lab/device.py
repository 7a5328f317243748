# SPDX-License-Identifier: GPL-2.0-or-later
"""A simulated device: a namespace on a bridge port with a real IP stack, a real DHCP
client and real sockets."""

import contextlib
import os
import shutil
import socket
import time

from . import dns, frames
from .cloud import Echo
from .netns import PATIENCE, LabError, Netns
from .sink import Sink

IFNAME = "eth0"
AGAIN_S = 3.0  # for an answer to a datagram; longer than a slow machine stands still

# The hooks note the resolvers that the network offered; dhcpcd configures the rest itself.
_NOTE_DNS = """#!/bin/sh
note() { printf '%%s\\n' $1 >"%(folder)s/$2.new" && mv "%(folder)s/$2.new" "%(folder)s/$2"; }
"""

_DHCPCD_HOOK = _NOTE_DNS + """
[ -n "$new_domain_name_servers" ] && note "$new_domain_name_servers" dns4
[ -n "$new_dhcp6_name_servers" ] && note "$new_dhcp6_name_servers" dns6
exit 0
"""

_UDHCPC_HOOK = _NOTE_DNS + """
case $1 in
deconfig)
	ip -4 addr flush dev $interface
	;;
bound|renew)
	ip addr replace $ip/$mask dev $interface
	ip route replace default via ${router%%%% *} dev $interface
	note "$dns" dns4
	;;
esac
"""

_DHCLIENT_HOOK = _NOTE_DNS + """
case $reason in
BOUND|RENEW|REBIND|REBOOT)
	ip addr replace $new_ip_address/24 dev $interface
	ip route replace default via ${new_routers%%%% *} dev $interface
	note "$new_domain_name_servers" dns4
	;;
BOUND6|RENEW6|REBIND6)
	ip -6 addr replace $new_ip6_address/128 dev $interface
	note "$new_dhcp6_name_servers" dns6
	;;
esac
exit 0
"""

_DHCPCD_CONF = """
hostname %(name)s
duid ll
noipv4ll
noarp
slaac hwaddr
option domain_name_servers, routers, subnet_mask
require dhcp_server_identifier
%(mud)s
interface eth0
	iaid 1
	%(ia)s
"""

_DHCLIENT_CONF = """
option mud-url code 161 = text;
option dhcp6.mud-url code 112 = text;
timeout 30;
retry 2;
initial-interval 1;
send host-name "%(name)s";
%(mud)s
request subnet-mask, routers, domain-name-servers;
also request dhcp6.name-servers;
"""

# dhclient needs a link-local address that has passed duplicate address detection
_AFTER_DAD = ('while ip -6 addr show dev eth0 scope link | grep -q tentative || '
              '! ip -6 addr show dev eth0 scope link | grep -q fe80; do sleep 0.1; done; '
              'exec "$@"')


class Device:
    """client: "dhcpcd", "dhcpcd6" (also DHCPv6), "udhcpc", "dhclient" or "dhclient6".
    Without DHCPv6 the address comes by SLAAC alone."""

    def __init__(self, lab, gateway, name, mac, client="udhcpc", mud_url=None,
                 bridge=None):
        self.lab, self.gateway, self.name, self.mac = lab, gateway, name, mac
        self.client, self.mud_url = client, mud_url
        self.ns = Netns(lab, name)
        self.port = "p-" + name
        self._clients = []
        self._folder = lab.path("dev", name)
        os.makedirs(self._folder, exist_ok=True)
        self.ns.ip("link", "add", IFNAME, "address", mac, "type", "veth",
                   "peer", "name", self.port, "netns", gateway.ns.name)
        gateway.ns.ip_batch(["link set %s master %s" % (self.port, bridge or gateway.bridge),
                             "link set %s up" % self.port])
        self.sink = Sink(self.ns, IFNAME, gateway.ns, self.port)
        self._raw = self.ns.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.echo = Echo(self.ns)

    # joining and leaving

    def join(self):
        """Plug in: link up, DHCP clients started. addresses() tells when they are done."""
        self.ns.ip("link", "set", IFNAME, "up")
        self._raw.bind((IFNAME, 0))
        getattr(self, "_start_" + self.client.rstrip("6"))(self.client.endswith("6"))
        return self

    def leave(self):
        """Unplug: clients end, link down, addresses gone."""
        for process in self._clients:
            process.stop()
        self._clients = []
        self.ns.ip("addr", "flush", "dev", IFNAME)
        self.ns.ip("link", "set", IFNAME, "down")
        for note in ("dns4", "dns6"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(self._folder, note))

    def _file(self, name, text, mode=0o644):
        path = os.path.join(self._folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(path, mode)
        return path

    def _hook(self, text):
        return self._file("hook", text % {"folder": self._folder}, 0o755)

    def _spawn(self, argv, **kwargs):
        self._clients.append(self.ns.spawn(argv, **kwargs))

    def _start_dhcpcd(self, six):
        mud = "mudurl " + self.mud_url if self.mud_url else ""
        conf = self._file("dhcpcd.conf", _DHCPCD_CONF % {
            "name": self.name, "mud": mud, "ia": "ia_na 1" if six else "nodhcp6"})
        binds = {}
        for seen in ("/run", "/var/lib"):  # it knows no option for its folders in these
            binds[seen] = os.path.join(self._folder, os.path.basename(seen))
            os.makedirs(os.path.join(binds[seen], "dhcpcd"), exist_ok=True)
        self._spawn(["dhcpcd", "-B", "-f", conf, "-c", self._hook(_DHCPCD_HOOK), IFNAME],
                    binds=binds)

    def _start_udhcpc(self, _six):
        argv = ["udhcpc", "-f", "-t", "10", "-T", "1", "-i", IFNAME,
                "-s", self._hook(_UDHCPC_HOOK), "-p", os.path.join(self._folder, "pid"),
                "-x", "hostname:" + self.name]
        if self.mud_url:
            argv += ["-x", "0xa1:" + self.mud_url.encode().hex()]
        self._spawn(argv)

    def _start_dhclient(self, six):
        for option, suffix in (("-4", "4"), ("-6", "6"))[:2 if six else 1]:
            space = "dhcp6." if suffix == "6" else ""
            mud = 'send %smud-url "%s";' % (space, self.mud_url) if self.mud_url else ""
            conf = self._file("dhclient%s.conf" % suffix,
                              _DHCLIENT_CONF % {"name": self.name, "mud": mud})
            argv = ["dhclient", option, "-d", "-cf", conf,
                    "-sf", self._hook(_DHCLIENT_HOOK),
                    "-lf", self._file("leases" + suffix, ""),
                    "-pf", os.path.join(self._folder, "pid" + suffix), IFNAME]
            if suffix == "6":
                argv = ["sh", "-c", _AFTER_DAD, "sh", *argv]
            self._spawn(argv, name="dhclient" + suffix)

    # addresses

    def addresses(self, family=None, scope="global"):
        """Usable addresses, tentative ones left out."""
        found = []
        for link in self.ns.ip_json("addr", "show", "dev", IFNAME):
            for info in link.get("addr_info", []):
                if not info or info["scope"] != scope or info.get("tentative"):
                    continue
                if family in (None, 4 if info["family"] == "inet" else 6):
                    found.append(info["local"])
        return found

    def wait_ready(self, timeout=2 * PATIENCE):
        """Until it has an IPv4 address, IPv6 of both LAN prefixes and a resolver."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            six = self.addresses(6)
            prefixes = {a.split("::")[0].split(":")[0] for a in six}
            if self.addresses(4) and {"fd00", "2001"} <= prefixes and self._offered("dns4") \
                    and (not self.client.endswith("6") or self._offered("dns6")):
                return self
            time.sleep(0.1)
        logs = "\n".join(p.log() for p in self._clients)
        raise LabError("%s got no addresses in %g s: %s\n%s"
                       % (self.name, timeout, self.addresses(), logs))

    @property
    def ipv4(self):
        return self._first(4, "")

    @property
    def ipv6(self):
        """One that routes to the world."""
        return self._first(6, "2001:")

    @property
    def ula(self):
        return self._first(6, "fd00:")

    @property
    def link_local(self):
        """Of a device that is ready it may still be tentative: each address is checked by
        itself (RFC 4862 5.4)."""
        deadline = time.monotonic() + PATIENCE
        while not (found := self.addresses(6, "link")) and time.monotonic() < deadline:
            time.sleep(0.05)
        return found[0] if found else None

    def _first(self, family, prefix):
        found = [a for a in self.addresses(family) if a.startswith(prefix)]
        return found[0] if found else None

    def _offered(self, note):
        with contextlib.suppress(FileNotFoundError):
            with open(os.path.join(self._folder, note), encoding="ascii") as servers:
                return servers.read().split()
        return []

    @property
    def resolvers(self):
        """What DHCP offered, not what the lab knows."""
        return self._offered("dns4") + self._offered("dns6")

    # talking

    def socket(self, family, kind, proto=0):
        return self.ns.socket(family, kind, proto)

    def resolve(self, name, qtype=dns.A, server=None, timeout=PATIENCE / 3,
                tries=3):
        """Addresses for a name from the resolver that DHCP gave; empty when none. Who hears
        SERVFAIL asks again, as stub resolvers do: the gateway says so, too, when it had no
        time to confirm an answer."""
        server = server or self.resolvers[0]
        for _ in range(tries):
            answer = dns.ask(self.ns, server, name, qtype, timeout, tries)
            if answer is None or answer.rcode != dns.SERVFAIL:
                break
        return answer.addresses if answer else []

    def _open(self, address, kind, source, timeout):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = self.socket(family, kind)
        sock.settimeout(timeout)
        if source:
            sock.bind(source)
        return sock

    def connect(self, address, port, timeout=PATIENCE, source=None):
        """A TCP connection, or None when it is refused or times out."""
        sock = self._open(address, socket.SOCK_STREAM, source, timeout)
        try:
            sock.connect((address, port))
            return sock
        except OSError:
            sock.close()
            return None

    def send_udp(self, address, port, payload=b"lab", source=None):
        """One datagram; False when this stack itself would not send it."""
        with self._open(address, socket.SOCK_DGRAM, source, 1.0) as sock:
            try:
                sock.sendto(payload, (address, port))
                return True
            except OSError:
                return False

    def echo_tcp(self, address, port, timeout=PATIENCE, source=None):
        """True when a service there gave our bytes back."""
        sock = self.connect(address, port, timeout, source)
        if sock is None:
            return False
        with sock:
            return _echoed(sock)

    def echo_udp(self, address, port, timeout=PATIENCE, source=None):
        """The same by datagrams: what has no answer is sent again, as whoever speaks UDP
        does."""
        deadline = time.monotonic() + timeout
        with self._open(address, socket.SOCK_DGRAM, source, timeout) as sock:
            try:
                sock.connect((address, port))
            except OSError:
                return False
            return _echoed(sock, deadline)

    def serve(self, proto, port):
        """An echo service of this device, both families."""
        for address in ("0.0.0.0", "::"):
            (self.echo.tcp if proto == frames.TCP else self.echo.udp)(address, port)
        return self

    def send_frame(self, frame):
        """Any bytes, past this device's own stack."""
        self._raw.send(frame)

    def tool(self, *argv, **kwargs):
        """Run a program of the device, e.g. tool("ping", "-c1", address)."""
        if not shutil.which(argv[0]):
            raise LabError("no program " + argv[0])
        return self.ns.run(list(argv), check=False, **kwargs)

    def close(self):
        self.echo.close()
        self.sink.close()
        self.ns.close()


def _echoed(sock, deadline=0.0):
    """Before the deadline it is said again; without one, once."""
    token = os.urandom(16)
    left = deadline - time.monotonic()
    while True:
        if left > 0:
            sock.settimeout(min(left, AGAIN_S))
        try:
            sock.send(token)
            return sock.recv(64) == token
        except TimeoutError:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
        except OSError:
            return False
