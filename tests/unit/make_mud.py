#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the MUD files that the golden tests read into tests/unit/mud_fixtures.

good.json    conforms to RFC 8520 and uses every kind of peer
wild.json    has the mistakes that files in the wild have, all of them mendable
broken.json  cannot be used
"""
import json
import pathlib

HERE = pathlib.Path(__file__).parent / "mud_fixtures"
DNS = "urn:ietf:params:mud:dns"
NTP = "urn:ietf:params:mud:ntp"


def ace(name, action="accept", **matches):
    """One entry; keyword arguments are the containers of its matches."""
    renamed = {"ietf-mud:mud" if k == "mud" else k: v for k, v in matches.items()}
    return {"name": name, "matches": renamed, "actions": {"forwarding": action}}


def acl(name, kind, *aces):
    return {"name": name, "type": kind, "aces": {"ace": list(aces)}}


def policy(*names):
    return {"access-lists": {"access-list": [{"name": n} for n in names]}}


def port(number):
    return {"operator": "eq", "port": number}


def good():
    tcp = {"ietf-mud:direction-initiated": "from-device", "destination-port": port(443)}
    back = {"ietf-mud:direction-initiated": "from-device", "source-port": port(443)}
    return {
        "ietf-mud:mud": {
            "mud-version": 1,
            "mud-url": "https://lamps.example/mud/lamp7.json",
            "mud-signature": "lamp7.p7s",
            "last-update": "2026-03-01T08:00:00+01:00",
            "cache-validity": 72,
            "is-supported": True,
            "systeminfo": "Lamp 7, a lamp for tests",
            "mfg-name": "Lamps of Example",
            "model-name": "lamp7",
            "documentation": "https://lamps.example/doc/lamp7",
            "from-device-policy": policy("from4", "from6"),
            "to-device-policy": policy("to4"),
        },
        "ietf-access-control-list:acls": {"acl": [
            acl("from4", "ipv4-acl-type",
                ace("cloud", ipv4={"ietf-acldns:dst-dnsname": "cloud.lamps.example",
                                   "protocol": 6}, tcp=tcp),
                ace("dns", mud={"controller": DNS}, udp={"destination-port": port(53)}),
                ace("time", mud={"controller": NTP}, udp={"destination-port": port(123)}),
                ace("ssdp", mud={"local-networks": [None]},
                    ipv4={"protocol": 17, "destination-ipv4-network": "239.255.255.250/32"},
                    udp={"destination-port": port(1900)}),
                ace("no-telnet", "drop", tcp={"destination-port": port(23)}),
                ace("hub", mud={"my-controller": [None]}),
                ace("twins", mud={"same-manufacturer": [None]}),
                ace("marked", ipv4={"dscp": 46, "ietf-acldns:dst-dnsname": "voip.lamps.example"})),
            acl("from6", "ipv6-acl-type",
                ace("ping", mud={"local-networks": [None]}, icmp={"type": 128, "code": 0}),
                ace("high", ipv6={"ietf-acldns:dst-dnsname": "cloud.lamps.example"},
                    udp={"source-port": {"lower-port": 1024, "upper-port": 65535},
                         "destination-port": {"operator": "neq", "port": 53}})),
            acl("to4", "ipv4-acl-type",
                ace("cloud-back", ipv4={"ietf-acldns:src-dnsname": "cloud.lamps.example",
                                        "protocol": 6}, tcp=back)),
        ]},
    }


def wild():
    return {
        "ietf-mud:mud": {
            "mud-version": "1",
            "mud-url": "https://wild.example/thing",
            "last-update": "2018-09-30T03:25:44",
            "cache-validity": 200,
            "is-supported": "true",
            "invented": {"by": "somebody"},
            "from-device-policy": policy("from-ip", "from-frames", "nowhere"),
        },
        "ietf-access-control-list:access-lists": {"acl": [
            acl("from-ip", "ipv4-acl-type",
                ace("gateway", mud={"controller": "urn:ietf:params:mud:gateway"},
                    ipv4={"protocol": "17"}, udp={"destination-port": port("67")}),
                ace("range", ipv4={"dst-dnsname": "a.wild.example"},
                    tcp={"destination-port": {"operator": "eq", "lower-port": 8000,
                                              "upper-port": 8080}}),
                ace("empty", mud={"local-networks": None}),
                ace("mixed-up", ipv6={"destination-ipv6-network": "192.0.2.1/32"}),
                ace("class", mud={"controller": "bacnet"})),
            acl("from-frames", "ethernet-acl-type",
                ace("eapol", eth={"ethertype": "0x888e"})),
        ]},
    }


def broken():
    data = good()
    data["ietf-mud:mud"]["mud-url"] = "http://lamps.example/mud/lamp7.json"
    del data["ietf-mud:mud"]["mud-version"]
    return data


def main():
    HERE.mkdir(exist_ok=True)
    for make in (good, wild, broken):
        text = json.dumps(make(), indent=2) + "\n"
        (HERE / f"{make.__name__}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
