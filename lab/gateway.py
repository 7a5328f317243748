# SPDX-License-Identifier: GPL-2.0-or-later
"""The home router: a bridge, an uplink, dnsmasq as on OpenWrt, an owner's own nftables,
and Cardea when asked for."""

import json
import os

from . import internet
from .cardea import Cardea
from .dns import Forwarder
from .netns import Netns

MAC, SECOND_MAC = "00:00:5e:00:53:01", "00:00:5e:00:53:02"
LAN4, LAN6, GLOBAL6 = "192.168.1.1", "fd00:c0de:1::1", "2001:db8:1::1"

# What an owner may have: Cardea has to leave it exactly so.
_OWNER_TABLES = """
table ip owner_nat {
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		oifname "wan" masquerade
	}
}
table inet owner_filter {
	set friends {
		type ipv4_addr
		elements = { 192.0.2.1, 192.0.2.2 }
	}
	chain forward {
		type filter hook forward priority filter; policy accept;
		ip saddr @friends counter accept
		tcp flags syn tcp option maxseg size set rt mtu
	}
}
table bridge owner_bridge {
	chain forward {
		type filter hook forward priority filter; policy accept;
		ether type vlan counter drop
	}
}
"""

_DNSMASQ_CONF = """
keep-in-foreground
user=root
port=0
bind-interfaces
interface=br-lan
except-interface=lo
no-resolv
no-hosts
no-ping
dhcp-authoritative
dhcp-leasefile=%(folder)s/dnsmasq.leases
pid-file=%(folder)s/dnsmasq.pid
dhcp-range=192.168.1.100,192.168.1.249,1h
dhcp-range=::1000,::1fff,constructor:br-lan,slaac,64,1h
dhcp-option=option:router,192.168.1.1
dhcp-option=option:dns-server,192.168.1.1
dhcp-option=option6:dns-server,[fd00:c0de:1::1]
enable-ra
ra-param=br-lan,10,1800
"""

# A second LAN: what passes between the two is routed.
_SECOND_CONF = """
interface=br-iot
dhcp-range=192.168.2.100,192.168.2.249,1h
dhcp-range=::1000,::1fff,constructor:br-iot,slaac,64,1h
dhcp-option=br-iot,option:router,192.168.2.1
dhcp-option=br-iot,option:dns-server,192.168.2.1
ra-param=br-iot,10,1800
"""


_FILTER = "handle 0xca4dea"  # of Cardea's programs, among those of the owner


class Gateway:
    bridge, uplink = "br-lan", "wan"
    lan4, ula6, global6 = "192.168.1.0/24", "fd00:c0de:1::/64", "2001:db8:1::/64"

    def __init__(self, lab):
        self.lab = lab
        self.ns = Netns(lab, "gw")
        self.cardea = self.second = None
        self.always = {}  # settings of every start_cardea: section -> {key: value}
        self._forwarder = None
        self._folder = lab.path("gw")
        os.makedirs(self._folder, exist_ok=True)
        for key in ("ipv6/conf/all/accept_dad", "ipv6/conf/default/accept_dad"):
            self.ns.sysctl(key, 0)
        self.ns.ip_batch([
            "link add %s type bridge" % self.bridge,
            "link set %s address %s" % (self.bridge, MAC),
            "addr add %s/24 dev %s" % (LAN4, self.bridge),
            "addr add %s/64 dev %s nodad" % (LAN6, self.bridge),
            "addr add %s/64 dev %s nodad" % (GLOBAL6, self.bridge),
            "link set %s up" % self.bridge])
        for key in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            self.ns.sysctl(key, 1)

    def add_second_lan(self):
        """Before dnsmasq starts."""
        self.second = "br-iot"
        self.ns.ip_batch([
            "link add br-iot type bridge", "link set br-iot address " + SECOND_MAC,
            "addr add 192.168.2.1/24 dev br-iot",
            "addr add fd00:c0de:2::1/64 dev br-iot nodad",
            "addr add 2001:db8:2::1/64 dev br-iot nodad", "link set br-iot up"])

    def connect_uplink(self):
        self.ns.ip_batch([
            "addr add %s/24 dev %s" % (internet.GATEWAY4, self.uplink),
            "addr add %s/64 dev %s nodad" % (internet.GATEWAY6, self.uplink),
            "link set %s up" % self.uplink,
            "route add default via " + internet.SELF4,
            "route add ::/0 via " + internet.SELF6])
        self.ns.nft(_OWNER_TABLES)

    def restart_dnsmasq(self, more):
        """With further lines in its settings; leases stay."""
        self.dnsmasq.stop()
        self.start_dnsmasq(more)

    def start_dnsmasq(self, more=""):
        conf = os.path.join(self._folder, "dnsmasq.conf")
        with open(conf, "w", encoding="ascii") as out:
            out.write(_DNSMASQ_CONF % {"folder": self._folder})
            if self.second:
                out.write(_SECOND_CONF)
            out.write(more)
        self.dnsmasq = self.ns.spawn(["dnsmasq", "-C", conf])

    def start_forwarder(self):
        """DNS for a home without Cardea."""
        self._forwarder = Forwarder(self.ns, [LAN4, LAN6], internet.DNS4)

    def stop_forwarder(self):
        if self._forwarder:
            self._forwarder.close()
            self._forwarder = None

    def bridge_nf(self, value):
        """Whether bridged packets also pass the ip hooks."""
        for kind in ("ip", "ip6", "arp"):
            self.ns.sysctl("bridge/bridge-nf-call-%stables" % kind, value)

    def rules(self, *tables):
        """Listing without counters; all tables that are not Cardea's by default."""
        if not tables:
            listed = self.ns.run(["nft", "-j", "list", "tables"]).stdout
            tables = [(t["table"]["family"], t["table"]["name"])
                      for t in json.loads(listed)["nftables"]
                      if "table" in t and not t["table"]["name"].startswith("cardea")]
        return {"%s %s" % t: self.ns.run(["nft", "-s", "list", "table", *t]).stdout
                for t in sorted(tables)}

    def enforced_by(self):
        """What of Cardea stands in the kernel: "bpf" at every port of the LAN, "nft" in
        both tables, "" for nothing at all, or a list of what there is of it."""
        tables = [t for t in self.ns.run(["nft", "list", "tables"]).stdout.splitlines()
                  if t.split()[-1].startswith("cardea")]
        filters = [(port, side) for port in self._ports() for side in ("ingress", "egress")
                   if _FILTER in self.ns.run(["tc", "filter", "show", "dev", port, side],
                                             check=False).stdout]
        policy = [t for t in ("table inet cardea", "table bridge cardea") if t in tables]
        if len(policy) == 2 and not filters:
            return "nft"
        if len(filters) == 2 * len(self._ports()) and not policy:
            return "bpf"
        return tables + filters or ""

    def _ports(self):
        shown = json.loads(self.ns.run(["bridge", "-j", "link", "show"]).stdout)
        return [row["ifname"] for row in shown]

    def start_cardea(self, build_dir=None, **config):
        """The gateway under test. config: section={key: value}, over the lab's own."""
        pki = self.lab.internet.pki
        lans = [self.bridge] + ([self.second] if self.second else [])
        sections = {"lan": {"interfaces": lans},
                    # its root has no keys: lab/dnssec.py is a world that has
                    "dns": {"upstream": [internet.DNS4], "dnssec": False},
                    "mud": {"anchors": [pki.anchor], "https_ca": [pki.web_ca],
                            "require_signature": True},
                    "stop": {"open": False}}
        if os.environ.get("CARDEA_BACKEND"):  # the tests of the home, on another datapath
            sections["enforce"] = {"backend": os.environ["CARDEA_BACKEND"]}
        for section, keys in [*self.always.items(), *config.items()]:
            sections.setdefault(section, {}).update(keys)
        if self.cardea is None:
            self.cardea = Cardea(self.ns, self.lab.path("cardea"), build_dir)
        return self.cardea.start(sections)

    def close(self):
        if self.cardea:
            self.cardea.kill()
        self.stop_forwarder()
        self.ns.close()
