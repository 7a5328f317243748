# SPDX-License-Identifier: GPL-2.0-or-later
"""A real capture, twice: `cardea replay` judges its flows offline, and the same flows,
re-framed and sent through the gateway, meet the same verdict in the kernel, one by one.

The capture and the profile (in the schema before RFC 8520) are data that the repository
does not hold: CARDEA_DATA names their folder (default: ../shared/data)."""

import collections
import ipaddress
import json
import os
import socket
import struct

import pytest

from lab import dns, frames, internet
from lab.frames import TCP, UDP
from lab.gateway import MAC as GATEWAY

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.environ.get("CARDEA_DATA", os.path.join(os.path.dirname(ROOT), "shared", "data"))
CAPTURE = os.path.join(DATA, "mud/pcaps/ucl-smart-home/tplink-plug.pcap")
PROFILE = os.path.join(DATA, "mud/generated/TPLink-Plug-Mudgee.json")
DEVICE, ROUTER = "192.168.1.135", "192.168.1.1"
# What an independent look at the capture (tshark) says that the file does not list.
UNLISTED = {"n-devs.tplinkcloud.com", "de.pool.ntp.org", "euw1-api.tplinkra.com"}

pytestmark = pytest.mark.skipif(not (os.path.exists(CAPTURE) and os.path.exists(PROFILE)),
                                reason="CARDEA_DATA holds no tplink-plug.pcap")

Flow = collections.namedtuple("Flow", "outbound peer proto device_port peer_port flags")


def records(path):
    """The IPv4 packets of a pcap of raw IP; this one also holds bare ARP."""
    with open(path, "rb") as source:
        data = source.read()
    order = ">" if data[:4] == b"\xa1\xb2\xc3\xd4" else "<"
    magic, linktype = struct.unpack_from(order + "I16xI", data)
    assert magic == 0xA1B2C3D4 and linktype in (12, 101), (hex(magic), linktype)
    at = 24
    while at + 16 <= len(data):
        length = struct.unpack_from(order + "I", data, at + 8)[0]
        packet = data[at + 16:at + 16 + length]
        if len(packet) >= 20 and packet[0] >> 4 == 4:
            yield packet
        at += 16 + length


def read(packet):
    """By the lab's own reader, which knows nothing of Cardea's."""
    return frames.read(b"\0" * 12 + struct.pack("!H", frames.ETH_P_IP) + packet)


@pytest.fixture(scope="module")
def capture():
    """(flows in order of their first packets, name -> addresses told in answers)."""
    flows, told = {}, {}
    for record in records(CAPTURE):
        p = read(record)
        if p.proto not in (TCP, UDP) or {p.sport, p.dport} == {67, 68}:
            continue
        outbound = p.src == DEVICE
        peer = p.dst if outbound else p.src
        ports = (p.sport, p.dport) if outbound else (p.dport, p.sport)
        flows.setdefault((peer, p.proto, *ports),
                         Flow(outbound, peer, p.proto, *ports, p.flags))
        if p.proto == UDP and p.sport == 53:
            answer = dns.Answer(p.payload)
            if answer.addresses:
                name, _ = dns.decode_name(p.payload, 12)
                told.setdefault(name, set()).update(answer.addresses)
    assert len(flows) > 40 and len(told) >= 4
    return list(flows.values()), told


@pytest.fixture(scope="module")
def replay(opened):
    done = opened.cardea.cli("replay", CAPTURE, "--profile", PROFILE, "--device", DEVICE,
                             "--json", check=False)
    assert done.returncode == 6, done.stderr  # something would be blocked
    assert "repair" in done.stderr, "the profile needed repairs, which must be told"
    report = json.loads(done.stdout)
    assert report["schema"] == "cardea.replay/1" and report["device"] == DEVICE
    return report


@pytest.fixture(scope="module")
def plug(opened, capture):
    """The captured device in the lab, with the same profile, put into today's schema and
    signed; every name was asked for."""
    with open(PROFILE, encoding="utf-8") as source:
        body = json.load(source)
    body["ietf-access-control-list:acls"] = body.pop(
        "ietf-access-control-list:access-lists")
    url = "https://mud.maker.example/tplink.json"
    body["ietf-mud:mud"]["mud-url"] = url
    body["ietf-mud:mud"]["mud-signature"] = url.replace(".json", ".p7s")
    web, pki = opened.internet.web, opened.internet.pki
    web.publish(url, json.dumps(body).encode(), pki.signer)
    for name, addresses in capture[1].items():
        opened.internet.zone.add(name, *sorted(addresses))
    device = opened.add_device("tplink", 0x3e, "udhcpc", url).join()
    device.wait_ready()
    opened.cardea.wait_state(device.mac, "protected")
    for name in capture[1]:
        assert set(device.resolve(name)) == capture[1][name], name
    yield device
    opened.remove_device("tplink")


def test_names_what_the_file_does_not_list(replay):
    named = {v["name"] for v in replay["violations"] if v["name"]}
    assert named == UNLISTED
    assert all(v["direction"] == "from-device" for v in replay["violations"] if v["name"])


def test_counts_add_up(replay, capture):
    assert replay["packets"] == sum(1 for r in records(CAPTURE)
                                    if DEVICE in (read(r).src, read(r).dst))
    assert sum(v["packets"] for v in replay["violations"]) == replay["blocked"]["packets"]
    assert replay["flows"] == len(capture[0])


def is_blocked(replay, flow):
    proto = {TCP: "tcp", UDP: "udp"}[flow.proto]
    port = flow.peer_port if flow.outbound else flow.device_port
    return any((v["direction"] == "from-device") == flow.outbound
               and (v["peer"], v["proto"], v["port"]) == (flow.peer, proto, port)
               for v in replay["violations"])


def is_local(flow):
    return ipaddress.ip_address(flow.peer) in ipaddress.ip_network("192.168.1.0/24")


def _mac(ns, ifname):
    return ns.ip_json("link", "show", "dev", ifname)[0]["address"]


def _send_from_internet(home, frame):
    with home.internet.ns.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((internet.IFNAME, 0))
        raw.send(frame)


def send(home, plug, flow):
    """The first packet of the flow, from where it came; what to look for, and where."""
    build = frames.tcp if flow.proto == TCP else frames.udp
    more = {"flags": flow.flags} if flow.proto == TCP else {}
    phone = home["phone"]
    peer = phone.ipv4 if is_local(flow) else flow.peer
    if flow.outbound:
        mac = phone.mac if is_local(flow) else GATEWAY
        plug.send_frame(build(plug.mac, mac, plug.ipv4, peer, flow.device_port,
                              flow.peer_port, **more))
        # the gateway translates the device's address and port on the way out
        return (phone.sink if is_local(flow) else home.internet.sink,
                {"dst": peer, "proto": flow.proto, "dport": flow.peer_port})
    if is_local(flow):
        phone.send_frame(build(phone.mac, plug.mac, peer, plug.ipv4, flow.peer_port,
                               flow.device_port, **more))
    else:
        _send_from_internet(home, build(
            _mac(home.internet.ns, internet.IFNAME),
            _mac(home.gateway.ns, home.gateway.uplink), peer, plug.ipv4,
            flow.peer_port, flow.device_port, **more))
    return plug.sink, {"src": peer, "proto": flow.proto, "sport": flow.peer_port,
                       "dport": flow.device_port}


def test_same_verdict_flow_by_flow(home, plug, replay, capture):
    wrong, blocked = [], 0
    for flow in capture[0]:
        if flow.peer == ROUTER:  # its own resolver: every answer above went this way
            assert not is_blocked(replay, flow)
            continue
        for sink in (home.internet.sink, home["phone"].sink, plug.sink):
            sink.clear()
        sink, what = send(home, plug, flow)
        sink.sync()
        arrived, expected = sink.count(**what) > 0, not is_blocked(replay, flow)
        blocked += not expected
        if arrived != expected:
            wrong.append((flow, "arrived" if arrived else "did not arrive"))
    assert not wrong, wrong
    assert blocked >= 4
