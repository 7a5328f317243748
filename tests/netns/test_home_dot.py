# SPDX-License-Identifier: GPL-2.0-or-later
"""The LAN's face of DNS: DNS over TLS for devices, found by DDR (RFC 9462) and DNR
(RFC 9463), names of the house, and names that never leave it."""

import contextlib
import hashlib
import os
import re
import shutil
import socket
import ssl
import struct
import subprocess
import time

import pytest

from lab import dns, internet
from lab.netns import LabError

NAME = "dns.cardea.internal"
SVCB, PTR = 64, 12
GATEWAY4, GATEWAY6 = "192.168.1.1", "fd00:c0de:1::1"
OPTION = 162


# ---- a client ----


def trusting(home):
    """A device whose owner installed the gateway's certificate."""
    c = ssl.create_default_context(
        cafile=os.path.join(home.cardea.state, "dns-tls", "cert.pem"))
    c.verify_flags |= 0x80000  # X509_V_FLAG_PARTIAL_CHAIN
    c.set_alpn_protocols(["dot"])
    return c


class Dot:
    """DNS over TLS from inside a device."""

    def __init__(self, home, device, server=GATEWAY4, name=NAME):
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        raw = device.socket(family, socket.SOCK_STREAM)
        raw.settimeout(30)
        raw.connect((server, 853))
        self.sock = trusting(home).wrap_socket(raw, server_hostname=name)

    def ask_raw(self, wire):
        self.sock.sendall(struct.pack("!H", len(wire)) + wire)
        size = struct.unpack("!H", self._exactly(2))[0]
        return self._exactly(size)

    def ask(self, name, qtype=dns.A):
        ident, wire = dns.query(name, qtype)
        answer = dns.Answer(self.ask_raw(wire))
        assert answer.ident == ident
        return answer

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.sock.recv(size - len(data))
            assert more, "the gateway hung up"
            data += more
        return data

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()


def service(home):
    """What status says of it, once the resolver has told."""
    return home.cardea.wait(
        lambda: (s := home.cardea.status()["dns_service"])["tls"] and s, what="DNS over TLS")


# ---- the service ----


def test_status_knows_the_certificate(home):
    told = service(home)
    assert told["name"] == NAME and told["certificate"] == "made here"
    with Dot(home, home["phone"]) as c:
        der = c.sock.getpeercert(True)
        assert c.sock.selected_alpn_protocol() == "dot"
    assert told["fingerprint"] == hashlib.sha256(der).hexdigest()
    out = home.cardea.cli("status").stdout
    assert re.sub("..", r":\g<0>", told["fingerprint"])[1:] in out and told["pin"] in out
    assert {(a["lan"], a["address"]) for a in told["addresses"]} >= {
        ("br-lan", GATEWAY4), ("br-lan", GATEWAY6), ("br-iot", "192.168.2.1")}


def test_key_is_out_of_reach(home):
    folder = os.path.join(home.cardea.state, "dns-tls")
    assert os.stat(folder).st_mode & 0o777 == 0o700 and os.stat(folder).st_uid == 0
    assert os.stat(os.path.join(folder, "key.pem")).st_mode & 0o777 == 0o600


@pytest.mark.parametrize("server", [GATEWAY4, GATEWAY6])
def test_certificate_holds_for_the_address_asked(home, server):
    with Dot(home, home["phone"], server, name=server) as c:
        assert c.ask(internet.CLOUD_NAME).addresses == [internet.CLOUD4]


@pytest.mark.parametrize("device", ["bulb", "phone"])
def test_first_packet_after_an_answer_over_tls(home, device):
    """Also there the answer waits until the address is open."""
    names = home.internet.zone.fresh(20)
    if device == "bulb":
        names = [internet.CLOUD_NAME] * 5
    with Dot(home, home[device]) as c:
        for name in names:
            for qtype in (dns.A, dns.AAAA):
                answer = c.ask(name, qtype)
                assert answer.rcode == dns.NOERROR and answer.addresses, name
                port = 443 if device == "bulb" else internet.ANY_TCP
                sock = home[device].connect(answer.addresses[0], port)
                assert sock, "%s at %s" % (name, answer.addresses[0])
                sock.close()


def test_padding_hides_the_name(home):
    def padded(name):
        _, wire = dns.query(name, dns.A)
        option = struct.pack("!HH", 12, 10) + bytes(10)
        opt = struct.pack("!BHHIH", 0, dns.OPT, 1232, 0, len(option)) + option
        return wire[:10] + b"\0\1" + wire[12:] + opt

    with Dot(home, home["phone"]) as c:
        for name in (internet.CLOUD_NAME, internet.C2_NAME, "none.example", NAME):
            assert len(c.ask_raw(padded(name))) == 468


def test_restart_of_the_resolver_keeps_the_certificate(home):
    before = service(home)["fingerprint"]
    pid = next(p["pid"] for p in home.cardea.status()["sandbox"] if p["name"] == "resolver")
    os.kill(pid, 9)
    home.cardea.wait(
        lambda: any(p["name"] == "resolver" and p["running"] and p["pid"] != pid
                    for p in home.cardea.status()["sandbox"]), what="the next resolver")
    assert home.cardea.wait(lambda: service(home)["fingerprint"] == before,
                            what="the same certificate")
    with Dot(home, home["phone"]) as c:
        assert c.ask(internet.CLOUD_NAME).addresses == [internet.CLOUD4]


# ---- DDR ----


def designation(wire):
    """(priority, target, {key: value}) of the one SVCB record."""
    count = struct.unpack_from("!H", wire, 6)[0]
    assert count == 1
    _, at = dns.decode_name(wire, 12)
    _, at = dns.decode_name(wire, at + 4)
    rtype, _, _, size = struct.unpack_from("!HHIH", wire, at)
    assert rtype == SVCB
    at += 10
    end = at + size
    priority = struct.unpack_from("!H", wire, at)[0]
    target, at = dns.decode_name(wire, at + 2)
    params = {}
    while at < end:
        key, size = struct.unpack_from("!HH", wire, at)
        params[key] = wire[at + 4:at + 4 + size]
        at += 4 + size
    return priority, target, params


@pytest.mark.parametrize("server", [GATEWAY4, GATEWAY6])
def test_ddr_leads_to_the_service(home, server):
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with home["phone"].socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(30)
        s.connect((server, 53))
        s.send(dns.query("_dns.resolver.arpa", SVCB)[1])
        priority, target, params = designation(s.recv(4096))
    assert priority == 1 and target == NAME
    assert list(params) == [1, 3, 4, 6]
    assert params[1] == b"\x03dot" and params[3] == struct.pack("!H", 853)
    hints4 = [socket.inet_ntoa(params[4][i:i + 4]) for i in range(0, len(params[4]), 4)]
    hints6 = [socket.inet_ntop(socket.AF_INET6, params[6][i:i + 16])
              for i in range(0, len(params[6]), 16)]
    assert hints4 == [GATEWAY4] and GATEWAY6 in hints6  # and none of the other LAN
    for hint in hints4 + hints6:
        # RFC 9462 4.2: the certificate is also for the address that was asked
        with Dot(home, home["phone"], hint, name=server) as c:
            assert c.ask(internet.CLOUD_NAME).addresses == [internet.CLOUD4]


# ---- DNR ----


# "dnr" comes last: who waits for it wants to use the address
_HOOK = """#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr replace $ip/$mask dev $interface
ip route replace default via ${router%%%% *} dev $interface
echo "$dns" >%(folder)s/dns4
echo "$opt162" >%(folder)s/dnr.new
mv %(folder)s/dnr.new %(folder)s/dnr
"""


@pytest.fixture
def announced(home):
    """dnsmasq with the lines that the command prints."""
    service(home)
    lines = home.cardea.cli("dns", "dnr", "--dnsmasq").stdout
    home.gateway.restart_dnsmasq(lines)
    yield lines
    home.gateway.restart_dnsmasq("")


def option_of(lines, lan, option):
    found = re.findall(r"^dhcp-option=tag:%s,%s,(\S+)$" % (lan, option), lines, re.M)
    assert len(found) == 1, lines
    return bytes.fromhex(found[0].replace(":", ""))


def test_dhcp_client_is_told_and_connects(home, announced, tmp_path):
    device = home.add_device("dnr", 0xa1)
    pcap = str(tmp_path / "dhcp.pcap")
    sniffer = home.gateway.ns.spawn(["tshark", "-i", device.port, "-w", pcap, "-f",
                                     "udp port 67 or udp port 68"], name="tshark")
    try:
        home.cardea.wait(lambda: "Capturing" in sniffer.log(), what="tshark")
        time.sleep(0.5)
        device.ns.ip("link", "set", "eth0", "up")
        hook = tmp_path / "hook"
        hook.write_text(_HOOK % {"folder": tmp_path})
        hook.chmod(0o755)
        device.ns.spawn(["udhcpc", "-f", "-t", "10", "-T", "1", "-i", "eth0", "-s",
                         str(hook), "-O", str(OPTION), "-p", str(tmp_path / "pid")])
        told = home.cardea.wait(lambda: (tmp_path / "dnr").exists()
                                and (tmp_path / "dnr").read_text().strip(),
                                what="option 162")
        expected = option_of(announced, "br-lan", OPTION)
        assert bytes.fromhex(told) == expected
        name, addresses, params = read_dnr4(expected)
        assert (name, addresses, params) == (NAME, [GATEWAY4], {1: b"\x03dot"})
        with Dot(home, device, addresses[0], name) as c:
            assert c.ask(internet.CLOUD_NAME).addresses == [internet.CLOUD4]
        read = home.cardea.wait(lambda: dissected(pcap), what="the acknowledgement on disk")
        assert read == expected
    finally:
        sniffer.stop(signum=2)
        home.remove_device("dnr")


def read_dnr4(data):
    """RFC 9463 5.1, of one instance."""
    size, priority, name_len = struct.unpack_from("!HHB", data)
    assert size == len(data) - 2 and priority == 1
    name, at = dns.decode_name(data, 5)
    assert at == 5 + name_len
    count = data[at]
    addresses = [socket.inet_ntoa(data[i:i + 4]) for i in range(at + 1, at + 1 + count, 4)]
    at += 1 + count
    params = {}
    while at < len(data):
        key, length = struct.unpack_from("!HH", data, at)
        params[key] = data[at + 4:at + 4 + length]
        at += 4 + length
    return name, addresses, params


def dissected(pcap):
    """The option as another program reads it from the wire; None: not there yet."""
    out = subprocess.run(
        ["tshark", "-r", pcap, "-Y", "dhcp.option.dhcp == 5", "-T", "fields", "-e",
         "dhcp.option.type", "-e", "dhcp.option.value"], capture_output=True, text=True,
        check=False).stdout  # a file that grows may end within a packet
    if not out.strip():
        return None
    types, values = out.splitlines()[-1].split("\t")
    assert str(OPTION) in types.split(",")
    return next(v for v in map(bytes.fromhex, values.replace(":", "").split(","))
                if NAME.split(".")[0].encode() in v)


def test_dhcp6_client_is_told(home, announced):
    """By dhcpcd, which asks for any option by its number."""
    if not shutil.which("dhcpcd"):
        raise LabError("no dhcpcd")
    device = home.add_device("dnr6", 0xa2, "dhcpcd6")
    try:
        device.join().wait_ready()
        conf = os.path.join(device._folder, "dnr.conf")
        with open(conf, "w", encoding="ascii") as out:
            out.write("define6 144 binhex dnr\noption dhcp6_dnr\nnodhcp\nduid ll\n"
                      "interface eth0\n\tiaid 7\n\tia_na 7\n")
        told = os.path.join(device._folder, "dnr6")
        hook = device._file("hook6", "#!/bin/sh\n[ -n \"$new_dhcp6_dnr\" ] && "
                            "echo $new_dhcp6_dnr >%s\nexit 0\n" % told, 0o755)
        binds = {}
        for seen in ("/run", "/var/lib"):
            binds[seen] = os.path.join(device._folder, "six", os.path.basename(seen))
            os.makedirs(os.path.join(binds[seen], "dhcpcd"), exist_ok=True)
        for client in device._clients:
            client.stop()
        device._clients = []
        device._spawn(["dhcpcd", "-B", "-6", "-f", conf, "-c", hook, "eth0"], binds=binds)
        def heard():
            with contextlib.suppress(FileNotFoundError):
                with open(told, encoding="ascii") as got:
                    return got.read().strip()
            return None

        assert bytes.fromhex(home.cardea.wait(heard, what="DHCPv6 option 144")) == option_of(
            announced, "br-lan", "option6:144")
    finally:
        home.remove_device("dnr6")


# ---- names ----


def test_devices_call_each_other_by_name(home):
    asker, asked = home["phone"], home["printer"]
    home.cardea.wait(lambda: asker.resolve("printer.internal"), what="printer.internal")
    assert asker.resolve("printer.internal") == [asked.ipv4]
    assert set(asker.resolve("printer.internal", dns.AAAA)) <= set(asked.addresses(6))
    assert asker.resolve("printer.internal", dns.AAAA)
    reverse = ".".join(reversed(asked.ipv4.split("."))) + ".in-addr.arpa"
    answer = ask_any(asker, reverse, PTR)
    assert b"\x07printer\x08internal\0" in answer
    assert asker.resolve("nobody.internal") == []
    assert asker.resolve(NAME) == [GATEWAY4]


def ask_any(device, name, qtype):
    with device.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(30)
        s.connect((GATEWAY4, 53))
        s.send(dns.query(name, qtype)[1])
        return s.recv(4096)


NEVER_OUTSIDE = [
    ("nobody.internal", dns.A, dns.NXDOMAIN), ("nas.local", dns.A, dns.NXDOMAIN),
    ("x.onion", dns.A, dns.NXDOMAIN), ("x.home.arpa", dns.A, dns.NXDOMAIN),
    ("x.invalid", dns.AAAA, dns.NXDOMAIN), ("x.test", dns.A, dns.NXDOMAIN),
    ("localhost", dns.A, dns.NOERROR),
    ("9.8.7.10.in-addr.arpa", PTR, dns.NXDOMAIN),
    ("1.2.168.192.in-addr.arpa", PTR, dns.NOERROR),
    ("77.77.168.192.in-addr.arpa", PTR, dns.NXDOMAIN),
    ("resolver.arpa", dns.A, dns.NOERROR), ("x._dns.resolver.arpa", SVCB, dns.NOERROR),
    ("use-application-dns.net", dns.A, dns.NXDOMAIN),
    ("wpad.internal", dns.A, dns.NXDOMAIN),
]


def test_what_never_leaves_the_house(home):
    home.internet.zone.asked.clear()
    for name, qtype, rcode in NEVER_OUTSIDE:
        assert ask_any(home["phone"], name, qtype)[3] & 15 == rcode, name
    asked = {name for name, _ in home.internet.zone.asked}
    assert not asked & {name for name, _, _ in NEVER_OUTSIDE}
    assert not [n for n in asked if n.endswith((".internal", ".local", ".arpa"))]
