# SPDX-License-Identifier: GPL-2.0-or-later
"""What is learned, as an extended profile: every packet that it was learned from is
accepted, in another home after re-binding, too; and of another profile what it lacks."""

import glob
import json
import os
import ssl

import pytest

import homecap
from homecap import Device, write
from lab import frames

LAMP = "02-00-00-00-00-07"
HUB_MAC, HUB = "02:00:00:00:00:33", "192.168.7.33"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# cardea runs in a folder of its own
DATA = os.path.abspath(os.environ.get("CARDEA_DATA", os.path.join(ROOT, "../shared/data")))
CAPTURES = sorted(
    glob.glob(os.path.join(DATA, "mud/pcaps/ucl-smart-home/*.pcap")) +
    glob.glob(os.path.join(DATA, "pcap/smart-home-firewall/eval/latency/*/*/*.pcap")))
OWN = {"00:17:88:74:c2:dc", "50:c7:bf:ed:0a:54", "68:3a:48:13:27:04", "a0:92:08:7b:03:1c",
       "192.168.1.141", "192.168.1.135", "192.168.1.223", "192.168.1.102"}
needs_captures = pytest.mark.skipif(
    not CAPTURES, reason="the captures of UCL are not here: set CARDEA_DATA")


def learn(cli, folder, *paths):
    out = os.path.join(folder, "learned")
    done = cli("learn", *paths, "--out", out, "--json", "--force", code=None)
    assert done.returncode in (0, 1), done.stderr  # a capture may be cut
    return out, json.loads(done.stdout)["devices"]


def pair(out, who=LAMP):
    return tuple(os.path.join(out, f"{who}.{kind}.yaml") for kind in ("profile", "binding"))


def replay(cli, template, capture, *flags, code=None):
    done = cli("profile", "replay", template, capture, *flags, "--json", code=code)
    return json.loads(done.stdout)


def lint(cli, *files):
    for path in files:
        told = json.loads(cli("profile", "lint", path, "--json").stdout)
        assert told["valid"] and not told["warnings"] and not told["errors"], told


def busy(device, phone=homecap.PHONE, phone_mac=homecap.PHONE_MAC):
    """A bit of all that there is."""
    for _ in range(6):
        device.boot().cloud().cloud("eu1.lamps.example", "198.51.100.10", 8883)
        device.udp("203.0.113.7", 123)
        device.asked(80, phone, phone_mac)
        device.udp(phone, 7777, dst_mac=phone_mac)
        device.out(frames.udp, "224.0.0.251", 5353, 5353, mdns(), dst_mac="01:00:5e:00:00:fb")
        device.out(frames.udp, "239.255.255.250", 50000, 1900,
                   b"M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n",
                   dst_mac="01:00:5e:7f:ff:fa")
        device.wait(4 * 3600)
    return device


def mdns():
    return bytes(4) + b"\0\1" + bytes(6) + homecap.name_wire("_lamp._tcp.local") + b"\0\x0c\0\1"


def test_what_was_seen_is_accepted(cli, folder):
    capture = write(os.path.join(folder, "a.pcap"), busy(Device()))
    out, _ = learn(cli, folder, capture)
    template, binding = pair(out)
    lint(cli, template, binding)
    told = replay(cli, template, capture, "--binding", binding, code=0)
    assert told["own"] == told["accepted"] > 100
    with open(template, encoding="utf-8") as f:
        text = f.read()
    # roles and names, no address of this home, and where each policy comes from
    for part in ("cloud.lamps.example", "device-1", "source: learned", "contexts: [",
                 "episodes: ", "confidence: 0.", "qtype: A", "first: '2026-"):
        assert part in text, part
    assert "192.168." not in text and "02:00:00" not in text
    told = json.loads(cli("profile", "show", template, "--json").stdout)
    assert told


def moved(text, gateway, device, phone):
    for old, new in (("192.168.7.1]", gateway[1] + "]"), ("192.168.7.7]", device[1] + "]"),
                     ("192.168.7.55]", phone[1] + "]"), ("02:00:00:00:00:07", device[0]),
                     ("02:00:00:00:00:55", phone[0])):
        assert old in text, (old, text)
        text = text.replace(old, new)
    return text


def test_another_home(cli, folder, monkeypatch):
    capture = write(os.path.join(folder, "a.pcap"), busy(Device()))
    out, _ = learn(cli, folder, capture)
    template, binding = pair(out)
    there = [("02:00:00:00:09:01", "10.9.0.1"), ("02:00:00:00:09:07", "10.9.0.7"),
             ("02:00:00:00:09:55", "10.9.0.55")]
    monkeypatch.setattr(homecap, "GATEWAY_MAC", there[0][0])
    monkeypatch.setattr(homecap, "GATEWAY", there[0][1])
    device = Device(there[1][0], there[1][1])
    for _ in range(3):
        device.boot().ask("cloud.lamps.example", "198.51.100.77")
        device.tcp("198.51.100.77", 443, dst_mac=there[0][0])
        device.asked(80, there[2][1], there[2][0])
        device.wait(3600)
    other = write(os.path.join(folder, "b.pcap"), device)
    # by the binding of the first home this is nobody's
    done = cli("profile", "replay", template, other, "--binding", binding, code=None)
    assert done.returncode == 4, done.stdout
    with open(binding, encoding="utf-8") as f:
        text = moved(f.read(), *there)
    home = os.path.join(folder, "b.yaml")
    with open(home, "w", encoding="utf-8") as f:
        f.write(text)
    told = replay(cli, template, other, "--binding", home, code=0)
    assert told["own"] == told["accepted"] > 20
    # without its answer an address is nobody's there, either
    device.tcp("198.51.100.78", 443, dst_mac=there[0][0])
    write(other, device)
    told = replay(cli, template, other, "--binding", home, code=6)
    assert {r["reason"] for r in told["refused"]} == {"address was not told for the name"}


def test_what_was_not_seen_is_refused(cli, folder):
    capture = write(os.path.join(folder, "a.pcap"), busy(Device()))
    out, _ = learn(cli, folder, capture)
    template, binding = pair(out)
    bad = Device(now=homecap.START + 9e6)
    bad.ask("evil.example", "192.0.2.66").tcp("192.0.2.66", 443).udp("192.168.7.99", 23)
    bad.asked(22)
    other = write(os.path.join(folder, "b.pcap"), bad)
    told = replay(cli, template, other, "--binding", binding, code=6)
    assert told["accepted"] == 0 and told["own"] > 10


def trained(rounds, now=homecap.START, mac="02:00:00:00:00:07", address="192.168.7.7",
            alone=False, phone=(homecap.PHONE_MAC, homecap.PHONE), hub=(HUB_MAC, HUB)):
    """The phone tells the hub, and then the hub tells the lamp."""
    lamp, house = Device(mac, address, now), Device(hub[0], hub[1], now)
    lamp.boot("lamp")
    house.boot("hub")
    for _ in range(rounds):
        lamp.now = house.now = max(lamp.now, house.now) + 300
        if not alone:
            house.asked(8443, phone[1], phone[0])
        lamp.now = house.now + 0.5
        lamp.asked(5577, hub[1], hub[0])
        house.now = lamp.now
    return lamp, house


def test_what_only_follows_is_permitted_after_that(cli, folder):
    capture = write(os.path.join(folder, "a.pcap"), *trained(40))
    out, _ = learn(cli, folder, capture)
    template, binding = pair(out)
    lint(cli, template, binding)
    with open(template, encoding="utf-8") as f:
        text = f.read()
    assert "permits:" in text and "within: " in text and "5577" in text.split("permits:")[1]
    assert "5577" not in text.split("permits:")[0]
    told = replay(cli, template, capture, "--binding", binding, code=0)
    assert told["own"] == told["accepted"] and told["reasons"]["permit"] >= 40
    # alone it is refused
    later = homecap.START + 9e6
    other = write(os.path.join(folder, "b.pcap"), *trained(3, now=later, alone=True))
    told = replay(cli, template, other, "--binding", binding, code=6)
    assert {r["reason"] for r in told["refused"]} == {"its trigger was not seen in time"}
    assert sum(r["packets"] for r in told["refused"]) == 3 * 4
    # and in another home it is what it was here, once it is bound there
    phone, hub = ("02:00:00:00:09:55", "10.9.0.55"), ("02:00:00:00:09:33", "10.9.0.33")
    lamp = ("02:00:00:00:09:07", "10.9.0.7")
    with open(binding, encoding="utf-8") as f:
        text = f.read()
    for old, new in (("02:00:00:00:00:07", lamp[0]), ("192.168.7.7]", lamp[1] + "]"),
                     (HUB_MAC, hub[0]), (HUB + "]", hub[1] + "]"),
                     (homecap.PHONE_MAC, phone[0]), (homecap.PHONE + "]", phone[1] + "]")):
        text = text.replace(old, new)
    home = os.path.join(folder, "there.yaml")
    with open(home, "w", encoding="utf-8") as f:
        f.write(text)
    for alone, code, reasons in ((False, 0, set()),
                                 (True, 6, {"its trigger was not seen in time"})):
        devices = trained(3, later, lamp[0], lamp[1], alone, phone, hub)
        for device in devices:  # but for the lease, which comes from the first home
            device.frames = device.frames[4:]
        there = write(os.path.join(folder, "c.pcap"), *devices)
        told = replay(cli, template, there, "--binding", home, code=code)
        assert told["own"] and {r["reason"] for r in told["refused"]} == reasons


LACKING = """cardea-profile: 1
device: {name: lamp}
policies:
  dns:
    match: {ipv4: {src: self, dst: gateway}, udp: {dst-port: 53}, dns: {domain-name: '*.lamps.example'}}
    bidirectional: true
  cloud:
    match: {ipv4: {src: self, dst: cloud.lamps.example}, tcp: {dst-port: 443}}
    bidirectional: true
  never:
    match: {ipv4: {src: self}, udp: {dst-port: 7777}}
    bidirectional: true
    action: deny
"""
HOME = """cardea-binding: 1
template: lamp
roles:
  self: {mac: '02:00:00:00:00:07', ipv4: 192.168.7.7}
  gateway: {ipv4: 192.168.7.1}
"""


@pytest.fixture
def lacking(folder):
    paths = [os.path.join(folder, name) for name in ("t.yaml", "b.yaml")]
    for path, text in zip(paths, (LACKING, HOME)):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
    return paths


def test_the_rest_is_learned(cli, folder, lacking):
    template, binding = lacking
    device = busy(Device())
    device.udp("192.0.2.9", 9, answered=False)  # of which the learner keeps nothing
    capture = write(os.path.join(folder, "a.pcap"), device)
    alone = replay(cli, template, capture, "--binding", binding, code=6)
    rest = os.path.join(folder, "rest")
    told = replay(cli, template, capture, "--binding", binding, "--learn-rest", rest, code=6)
    # what the profile denies stays denied, whatever was learned
    assert {r["reason"] for r in told["refused"]} == {"denied"}
    denied = sum(r["packets"] for r in told["refused"])
    assert told["accepted"] == told["own"] - denied > alone["accepted"]
    assert [x["accepted"] for x in told["layers"]] == [
        alone["accepted"], told["accepted"] - alone["accepted"]]
    assert sum(x["packets"] for x in told["lacked"]) == told["layers"][1]["accepted"]
    # nothing in it that the profile has, and it is a profile by itself
    files = [os.path.join(rest, f"rest.{kind}.yaml") for kind in ("profile", "binding")]
    lint(cli, *files)
    with open(files[0], encoding="utf-8") as f:
        text = f.read()
    assert "tcp-443-cloud.lamps.example" not in text and "7777" not in text
    # brought as a layer it says the same
    again = replay(cli, template, capture, "--binding", binding, "--layer", "=".join(files),
                   code=6)
    assert again["accepted"] == told["accepted"]
    # and it is not written over
    done = cli("profile", "replay", template, capture, "--binding", binding, "--learn-rest",
               rest, code=None)
    assert done.returncode == 5 and "exists" in done.stderr


def test_layers_are_asked_for_rightly(cli, folder, lacking):
    template, binding = lacking
    capture = write(os.path.join(folder, "a.pcap"), busy(Device()))
    done = cli("profile", "replay", template, capture, "--binding", binding, "--layer",
               template, code=None)
    assert done.returncode == 2 and "TEMPLATE=BINDING" in done.stderr
    done = cli("profile", "replay", template, "-", "--binding", binding, "--learn-rest",
               os.path.join(folder, "r"), code=None)
    assert done.returncode == 2 and "standard input" in done.stderr
    stranger = write(os.path.join(folder, "c.pcap"),
                     Device("02:00:00:00:00:08", "192.168.7.8").day(1))
    done = cli("profile", "replay", template, stranger, "--binding", binding, "--learn-rest",
               os.path.join(folder, "r"), code=None)
    assert done.returncode == 4 and "not in it" in done.stderr


def hello(name, *alpn):
    """What a TLS client says first."""
    context = ssl.create_default_context()
    if alpn:
        context.set_alpn_protocols(list(alpn))
    out = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return out.read()


def says(device, address, port, *payloads):
    """A connection in which the device says this."""
    device.port += 1
    there, mine = (address, device.port, port), (address, port, device.port)
    device.out(frames.tcp, *there)
    device.back(frames.tcp, *mine, flags=frames.SYN | frames.ACK)
    seq = 2
    for payload in payloads:
        device.out(frames.tcp, *there, flags=frames.ACK, seq=seq, payload=payload)
        seq += len(payload)
    device.out(frames.tcp, *there, flags=frames.ACK | frames.FIN)
    device.back(frames.tcp, *mine, flags=frames.ACK | frames.FIN)
    return device


def request(method, path, host):
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def talk(device, rounds=4, sni="cloud.lamps.example", alpn="mqtt", method="GET",
         path="/v1/state?n=1", host="api.lamps.example:80", more=b"the rest of it"):
    device.boot()
    for _ in range(rounds):
        device.ask("cloud.lamps.example", "198.51.100.9")
        says(device, "198.51.100.9", 443, hello(sni, alpn))
        device.ask("api.lamps.example", "198.51.100.10")
        says(device, "198.51.100.10", 80, request(method, path, host), more)
        device.wait(600)
    return device


def test_a_template_is_narrowed(cli, folder):
    capture = write(os.path.join(folder, "a.pcap"), talk(Device()))
    out, _ = learn(cli, folder, capture)
    template, binding = pair(out)
    tight = os.path.join(folder, "tight.yaml")
    cli("profile", "narrow", template, capture, "--binding", binding, "--out", tight)
    lint(cli, tight)
    with open(tight, encoding="utf-8") as f:
        text = f.read()
    for part in ("sni: cloud.lamps.example", "alpn: mqtt", "method: GET", "uri: '/v1/state*'",
                 "host: api.lamps.example"):
        assert part in text, part
    told = replay(cli, tight, capture, "--binding", binding, code=0)
    assert told["accepted"] == told["own"]
    # a query is another each time; all else is not what was said
    for change, code in (({"path": "/v1/state?n=2"}, 0), ({"sni": "x.lamps.example"}, 6),
                         ({"alpn": "h2"}, 6), ({"method": "POST"}, 6),
                         ({"path": "/v2"}, 6), ({"host": "x.lamps.example"}, 6),
                         ({"host": "api.lamps.example"}, 0)):
        later = talk(Device(now=homecap.START + 9e5), 1, **change)
        other = write(os.path.join(folder, "b.pcap"), later)
        replay(cli, tight, other, "--binding", binding, code=code)
        replay(cli, template, other, "--binding", binding, code=0)


def test_what_is_no_habit_stays_out(cli, folder):
    device = talk(Device(), 2)  # too seldom
    for i in range(20):  # too many, and tokens of this home
        device.ask("api.lamps.example", "198.51.100.10")
        says(device, "198.51.100.10", 8080,
             request("GET", f"/api/MIgLn67KRlSoofSTjWMx/lights/{i}", "192.168.7.9"))
        device.ask("cloud.lamps.example", "198.51.100.9")
        says(device, "198.51.100.9", 8443, hello(f"n{i}.lamps.example", "h2"))
    capture = write(os.path.join(folder, "a.pcap"), device)
    out, _ = learn(cli, folder, capture)
    template, binding = pair(out)
    tight = os.path.join(folder, "tight.yaml")
    cli("profile", "narrow", template, capture, "--binding", binding, "--out", tight)
    with open(tight, encoding="utf-8") as f:
        text = f.read()
    assert "MIgLn" not in text and "sni" not in text and "host:" not in text
    assert "uri: '/api/*'" in text and text.count("alpn:") == 1
    assert "/v1/state" not in text.replace("said: 'GET /v1/state'", "")
    # nobody else's capture narrows it
    stranger = write(os.path.join(folder, "c.pcap"),
                     Device("02:00:00:00:00:08", "192.168.7.8").day(1))
    done = cli("profile", "narrow", template, stranger, "--binding", binding, "--out", tight,
               code=None)
    assert done.returncode == 4


def who_file(device):
    return (device["mac"] or device["address"]).replace(":", "-")


@needs_captures
def test_captures_of_others_are_accepted(cli, folder):
    """Each device by what was learned of it. What no profile may learn is left: the hub
    that announces itself as a router, and errors about packets that crossed elsewhere."""
    pairs, packets = 0, 0
    for path in CAPTURES:
        out, devices = learn(cli, folder, path)
        for device in devices:
            if (device["mac"] or device["address"]) not in OWN:
                continue
            template, binding = pair(out, who_file(device))
            lint(cli, template)
            told = replay(cli, template, path, "--binding", binding)
            left = [r for r in told["refused"] if not r["what"].endswith("icmpv6 type 134")
                    and not (r["what"].endswith("192.168.1.223 icmp type 3") and
                             "philips-hue" in path)]
            assert not left, (path, device["mac"], left[:3])
            pairs += 1
            packets += told["accepted"]
    assert pairs >= 50 and packets > 50000
