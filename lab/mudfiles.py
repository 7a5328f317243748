# SPDX-License-Identifier: GPL-2.0-or-later
"""MUD files (RFC 8520) of the lab's devices, as Python calls."""

import json
from collections import namedtuple

TCP, UDP = 6, 17
_PROTO = {TCP: "tcp", UDP: "udp"}

Access = namedtuple("Access", "peer proto port device_port families opener direction "
                    "extra action", defaults=(None, "accept"))
"""One entry. peer: ("name", n) | ("prefix", p) | ("local",) | ("mud", {the ietf-mud:mud
container}) ; opener: which direction-initiated stands in a TCP match, or None; direction:
"both", "from" or "to"; extra: further members of its matches; action: of forwarding."""


def cloud(name, proto=TCP, port=443, families=(4, 6), direction="both"):
    """A server on the net, by name; the device starts the conversation."""
    return Access(("name", name), proto, port, None, families,
                  "from-device" if proto == TCP else None, direction)


def network(prefix, proto, port):
    """Servers by address prefix."""
    return Access(("prefix", prefix), proto, port, None, (6 if ":" in prefix else 4,),
                  None, "both")


def serves(proto, port):
    """The local network may open conversations to this port of the device."""
    return Access(("local",), proto, None, port, (4, 6), None, "both")


def local(proto, port=None):
    """The device may open conversations within the local network."""
    return Access(("local",), proto, port, None, (4, 6), None, "both")


def members(container, proto=TCP, port=None, device_port=None, **rest):
    """The devices of a class: container is what stands in ietf-mud:mud, as
    {"same-manufacturer": [None]}."""
    return Access(("mud", container), proto, port, device_port, rest.pop("families", (4, 6)),
                  rest.pop("opener", None), rest.pop("direction", "both"), **rest)


def _port(value):
    if isinstance(value, tuple):
        return {"lower-port": value[0], "upper-port": value[1]}
    return {"operator": "eq", "port": value}


def _ace(name, access, family, direction):
    """Seen from the device: in a to-device match the device is the destination."""
    outward = direction == "from"
    layer3 = {"protocol": access.proto}
    matches = {"ipv%d" % family: layer3}
    kind = access.peer[0]
    if kind == "name":
        layer3["ietf-acldns:%s-dnsname" % ("dst" if outward else "src")] = access.peer[1]
    elif kind == "prefix":
        side = "destination" if outward else "source"
        layer3["%s-ipv%d-network" % (side, family)] = access.peer[1]
    elif kind == "mud":
        matches["ietf-mud:mud"] = access.peer[1]
    else:
        matches["ietf-mud:mud"] = {"local-networks": [None]}
    layer4 = {}
    if access.opener:
        layer4["ietf-mud:direction-initiated"] = access.opener
    if access.port is not None:
        layer4["destination-port" if outward else "source-port"] = _port(access.port)
    if access.device_port is not None:
        side = "source-port" if outward else "destination-port"
        layer4[side] = _port(access.device_port)
    if layer4:
        matches[_PROTO[access.proto]] = layer4
    matches.update(access.extra or {})
    return {"name": name, "matches": matches, "actions": {"forwarding": access.action}}


def build(url, systeminfo, mfg, model, accesses, signature=True, extra=None, policy=None):
    """The bytes of one MUD file. The entry of accesses[i] is called a<i>-frdev or
    a<i>-todev. extra: further members of ietf-mud:mud; policy: of both policy
    containers."""
    acls, policies = [], {"from": [], "to": []}
    for direction, short in (("from", "fr"), ("to", "to")):
        for family in (4, 6):
            aces = [_ace("a%d-%sdev" % (i, short), a, family, direction)
                    for i, a in enumerate(accesses)
                    if family in a.families and a.direction in ("both", direction)]
            if aces:
                name = "mud-%s-v%d%s" % (model, family, short)
                acls.append({"name": name, "type": "ipv%d-acl-type" % family,
                             "aces": {"ace": aces}})
                policies[direction].append({"name": name})
    mud = {"mud-version": 1, "mud-url": url}
    if signature:
        mud["mud-signature"] = url.rsplit(".", 1)[0] + ".p7s"
    mud.update({"last-update": "2026-01-15T12:00:00+00:00", "cache-validity": 48,
                "is-supported": True, "systeminfo": systeminfo, "mfg-name": mfg,
                "model-name": model})
    for direction, lists in policies.items():
        if lists:
            mud[direction + "-device-policy"] = {
                "access-lists": {"access-list": lists}, **(policy or {})}
    mud.update(extra or {})
    return json.dumps({"ietf-mud:mud": mud,
                       "ietf-access-control-list:acls": {"acl": acls}},
                      separators=(",", ":")).encode()
