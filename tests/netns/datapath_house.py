# SPDX-License-Identifier: GPL-2.0-or-later
"""datapath_house - two managed devices D and E, a gateway, and somebody else X, in the
maps of the program in the kernel; frames between them; what was refused."""
import pytest

from datapath import *

GW, D, E, X = ("02:00:00:00:00:%02x" % n for n in (1, 0x10, 0x20, 0x77))
ALL, LINK = "ff:ff:ff:ff:ff:ff", "01:80:c2:00:00:0e"
IP = {4: dict(D="10.1.0.10", E="10.1.0.20", X="10.1.0.77", gw="10.1.0.1",
              w="203.0.113.9", v="198.51.100.3", free="10.1.0.50"),
      6: dict(D="fd00:1::10", E="fd00:1::20", X="fd00:1::77", gw="fd00:1::1",
              w="2001:db8::9", v="2001:db8:1::3", free="fd00:1::50")}
LOCAL = [("10.1.0.0", "10.1.0.255"), ("fd00:1::", "fd00:1::ffff:ffff:ffff:ffff"),
         ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
MAC_D, MAC_E = 1, 2  # subjects
ADDRESS = {(4, "D"): 11, (4, "E"): 12, (6, "D"): 13, (6, "E"): 14}


@pytest.fixture(scope="module")
def loaded():
    d = Datapath()
    yield d
    d.close()


@pytest.fixture
def dp(loaded):
    d = loaded
    d.clear()
    d.settings(local=LOCAL)
    for hw, name, subject in ((D, "D", MAC_D), (E, "E", MAC_E)):
        d.mac(hw, subject)
        for family in (4, 6):
            d.address(IP[family][name], ADDRESS[family, name])
            d.bind(hw, IP[family][name])
    d.mac(GW, 0, GATEWAY)
    return d


def packet(family, src, dst, payload, proto, smac=D, dmac=GW, **more):
    a = IP[family]
    make, kind = (ip4, 0x0800) if family == 4 else (ip6, 0x86dd)
    return ether(smac, dmac, kind,
                 make(a.get(src, src), a.get(dst, dst), proto, payload, **more))


def out(family, dst="w", dport=443, sport=5000, proto=UDP, **more):
    transport = udp(sport, dport) if proto == UDP else tcp(sport, dport, SYN)
    return packet(family, "D", dst, transport, proto, **more)


def to(family, src="w", dport=5000, sport=443, proto=UDP, smac=GW, dmac=D, **more):
    transport = udp(sport, dport) if proto == UDP else tcp(sport, dport, SYN)
    return packet(family, src, "D", transport, proto, smac=smac, dmac=dmac, **more)


def refusal(dp):
    """The one kind that was refused: (subject, to_device, reason); forgets it."""
    kinds = dp.refused()
    assert len(kinds) == 1, kinds
    assert kinds[0]["packets"] == 1
    told = dp.told(REFUSED)
    assert [e["packets"] for e in told] == [1]
    for name in ("subject", "to_device", "reason", "proto", "mac", "device", "peer"):
        assert told[0][name] == kinds[0][name]
    assert dp.drop("refused", pack(LAYOUT["refused"][0], *kinds[0]["key"]))
    return kinds[0]["subject"], kinds[0]["to_device"], kinds[0]["reason"]


both = pytest.mark.parametrize("family", (4, 6))
