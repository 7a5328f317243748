# SPDX-License-Identifier: GPL-2.0-or-later
"""python3 -m lab.selftest: the lab proves itself, without Cardea.

What later is to be blocked has to pass here: a sink that sees nothing in an open home
would prove nothing in a protected one."""

import contextlib
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time

from . import Home, dns, frames, internet, mudfiles, reaper
from .frames import TCP, UDP
from .gateway import MAC
from .netns import PATIENCE
from .sink import Sink

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def expect(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(w) for w in what))


@check
def every_device_has_addresses(home):
    """every device has IPv4 and IPv6 and was told a resolver"""
    for device in home.devices.values():
        expect(device.ipv4 and device.ipv6 and device.ula and device.link_local,
               device.name, device.addresses())
        expect(device.resolvers, device.name, "knows no resolver")


@check
def mud_urls_are_on_the_wire(home):
    """MUD URLs go out by DHCPv4 option 161, from hub and plug also by DHCPv6 option 112"""
    for name, port in (("bulb", 67), ("camera", 67), ("plug", 67), ("hub", 67),
                       ("printer", 67), ("plug", 547), ("hub", 547)):
        url = internet.mud_url(name).encode()
        seen = home.joining[name].packets(proto=UDP, dport=port)
        option = bytes([161, len(url)]) + url
        if port == 547:
            option = struct.pack("!HH", 112, len(url)) + url
        expect(any(option in p.payload for p in seen), name, port, len(seen), "packets")
    expect(not any(b"https://" in p.payload
                   for p in home.joining["phone"].packets(proto=UDP)), "phone has no URL")


@check
def cloud_is_reached_by_name(home):
    """every device reaches the cloud by name, IPv4 and IPv6"""
    for device in home.devices.values():
        for qtype in (dns.A, dns.AAAA):
            found = device.resolve(internet.CLOUD_NAME, qtype)
            expect(len(found) == 1, device.name, qtype, found)
            expect(device.echo_tcp(found[0], 443), device.name, "no echo from", found[0])
            expect(device.echo_udp(found[0], internet.ANY_UDP), device.name, found[0])


@check
def sinks_count_exactly(home):
    """1,000 datagrams sent are 1,000 counted, IPv4 and IPv6, near and far"""
    for address, port in ((internet.C2_4, 4001), (internet.C2_6, 4002)):
        for _ in range(20):
            for _ in range(50):
                home["bulb"].send_udp(address, port)
            home.internet.sink.sync()  # a backlog holds 1,000, a neighbour's queue 100
        got = home.internet.sink.count(dst=address, dport=port, proto=UDP)
        expect(got == 1000, "internet counted", got)
    bulb = home["bulb"]
    for address, source in ((bulb.ipv4, internet.SCANNER4), (bulb.ipv6, internet.SCANNER6)):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with home.internet.ns.socket(family, socket.SOCK_DGRAM) as sock:
            sock.bind((source, 0))
            for _ in range(20):
                for _ in range(50):
                    sock.sendto(b"lab", (address, 4003))
                bulb.sink.sync()
        got = bulb.sink.counts().get((source, address, UDP, 4003))
        expect(got == 1000, "bulb counted", got)


@check
def bridge_is_open(home):
    """devices talk over the bridge with bridge-nf 0 and 1, and the sink sees them"""
    plug, phone = home["plug"], home["phone"]
    for value in (0, 1):
        home.gateway.bridge_nf(value)
        plug.sink.clear()
        for address in (plug.ipv4, plug.ula):
            expect(phone.echo_tcp(address, 9999), "no echo from", address)
            expect(plug.sink.count(dst=address, proto=TCP, dport=9999,
                                   match=lambda p: p.flags == frames.SYN) == 1, address)
    home.gateway.bridge_nf(0)


@check
def raw_frames_travel(home):
    """spoofed frames, ARP and advertisements reach their victim in an open home"""
    bulb, plug = home["bulb"], home["plug"]
    plug.sink.clear()
    bulb.send_frame(frames.udp(bulb.mac, plug.mac, home["phone"].ipv4, plug.ipv4, 5, 9999))
    bulb.send_frame(frames.arp(bulb.mac, bulb.mac, home["phone"].ipv4, plug.ipv4))
    bulb.send_frame(frames.neighbour_advertisement(
        bulb.mac, plug.mac, bulb.link_local, plug.link_local, home["phone"].ula))
    expect(plug.sink.count(src=home["phone"].ipv4, src_mac=bulb.mac, dport=9999) == 1)
    expect(plug.sink.count(ethertype=frames.ETH_P_ARP, src=home["phone"].ipv4,
                           src_mac=bulb.mac) >= 1)
    expect(plug.sink.count(proto=frames.ICMP6, sport=136, src_mac=bulb.mac) >= 1)
    for ns in (home.gateway.ns, plug.ns):  # both believed it: that is the attack
        ns.ip("neigh", "flush", "all")
    home.internet.sink.clear()
    bulb.send_frame(frames.tcp(bulb.mac, MAC, bulb.ipv4, internet.C2_4, 999, 4444))
    bulb.send_frame(frames.icmp_echo(bulb.mac, MAC, bulb.ipv6, internet.C2_6))
    expect(home.internet.sink.count(dst=internet.C2_4, dport=4444, proto=TCP,
                                    match=lambda p: p.flags == frames.SYN) == 1)
    expect(home.internet.sink.count(dst=internet.C2_6, proto=frames.ICMP6, sport=128) == 1)


@check
def scanner_gets_in(home):
    """the scanner reaches devices from outside, IPv4 and IPv6"""
    for address in (home["plug"].ipv4, home["plug"].ipv6):
        expect(home.internet.probe(address, 9999, timeout=PATIENCE), address)
    expect(not home.internet.probe(home["bulb"].ipv6, 9999), "bulb has no listener")


@check
def mud_server_is_sound(home):
    """MUD files come by HTTPS under the web CA and verify under the signing CA only"""
    pki = home.internet.pki
    url = internet.mud_url("bulb")
    body = _https_get(home, internet.WEB4, url)
    expect(body == _https_get(home, internet.WEB6, url))
    signature = _https_get(home, internet.WEB4, url.replace(".json", ".p7s"))
    expect(_verifies(home, body, signature), "the good signature")
    expect(not _verifies(home, body + b" ", signature), "changed bytes")
    for bad in (pki.stranger, pki.expired):
        expect(not _verifies(home, body, bad.sign(body)), bad.certificate)
    with contextlib.suppress(ssl.SSLCertVerificationError):
        _https_get(home, internet.EXPIRED_WEB4, "https://%s/x" % internet.EXPIRED_HOST)
        raise AssertionError("the expired certificate was taken")


def _https_get(home, address, url):
    host, _, path = url[len("https://"):].partition("/")
    context = ssl.create_default_context(cafile=home.internet.pki.web_ca)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with home.gateway.ns.socket(family, socket.SOCK_STREAM) as plain:
        plain.settimeout(PATIENCE)
        plain.connect((address, 443))
        with context.wrap_socket(plain, server_hostname=host) as conn:
            conn.sendall(("GET /%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                          % (path, host)).encode())
            with conn.makefile("rb") as stream:
                return stream.read().partition(b"\r\n\r\n")[2]


def _verifies(home, body, signature):
    paths = []
    for name, data in (("body", body), ("p7s", signature)):
        paths.append(home.path(name))
        with open(paths[-1], "wb") as out:
            out.write(data)
    return subprocess.run(
        ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", paths[1],
         "-content", paths[0], "-CAfile", home.internet.pki.anchor, "-purpose", "any",
         "-out", os.devnull], capture_output=True, check=False).returncode == 0


@check
def names_misbehave(home):
    """500 fresh names resolve; bad answers are as bad as they should be"""
    names = home.internet.zone.fresh(500)
    phone = home["phone"]
    expect(len({phone.resolve(n)[0] for n in names}) == 500, "distinct IPv4")
    expect(len({phone.resolve(n, dns.AAAA)[0] for n in names}) == 500, "distinct IPv6")
    zone, ns = home.internet.zone, home.internet.ns
    for bad in ("spoof_id", "wrong_question", "loop", "many", "slow", "silent", "servfail",
                "garbage"):
        zone.misbehave[zone.add("%s.bad.example" % bad.replace("_", "-"),
                                internet.CLOUD4)] = bad
    expect(dns.ask(ns, internet.DNS4, "spoof-id.bad.example", timeout=0.3) is None)
    expect(dns.ask(ns, internet.DNS4, "silent.bad.example", timeout=0.3) is None)
    expect(dns.ask(ns, internet.DNS4, "many.bad.example").truncated, "not truncated")
    expect(len(_ask_tcp(ns, "many.bad.example").addresses) == 300, "not 300 by TCP")
    expect(dns.ask(ns, internet.DNS4, "servfail.bad.example").rcode == dns.SERVFAIL)
    expect(dns.ask(ns, internet.DNS4, "no-such.example").rcode == dns.NXDOMAIN)
    with contextlib.suppress(ValueError):
        dns.ask(ns, internet.DNS4, "loop.bad.example")
        raise AssertionError("the loop has an end")
    start = time.monotonic()
    dns.ask(ns, internet.DNS4, "slow.bad.example", timeout=PATIENCE)
    expect(time.monotonic() - start > 2.5, "slow is fast")


def _ask_tcp(ns, name):
    _, wire = dns.query(name, dns.A)
    with ns.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.settimeout(PATIENCE)
        sock.connect((internet.DNS4, 53))
        sock.sendall(struct.pack("!H", len(wire)) + wire)
        with sock.makefile("rb") as stream:
            return dns.Answer(stream.read(struct.unpack("!H", stream.read(2))[0]))


@check
def fresh_device_file(home):
    """a MUD file of 250 fresh names stays under 256 KiB"""
    url, names = home.internet.fresh_device("meter", 250)
    body = home.internet.web.pages[url].body
    expect(len(names) == 250 and len(body) < 256 * 1024, len(body))
    expect(body.count(b"dst-dnsname") == 500, body.count(b"dst-dnsname"))
    expect(mudfiles.build(url, "x", "y", "z", [mudfiles.cloud("a.example")],
                          signature=False).count(b"mud-signature") == 0)


@check
def owner_rules_are_listed(home):
    """the owner's tables are there, and listing them twice gives the same"""
    rules = home.gateway.rules()
    expect(set(rules) == {"ip owner_nat", "inet owner_filter", "bridge owner_bridge"}, rules)
    expect(rules == home.gateway.rules())
    expect(home.gateway.enforced_by() == "")


_CHILD = """
import sys, time
from lab import Home
with Home(["bulb", "camera", "hub"]) as home:
    home.gateway.start_forwarder()
    home.join_all()
    print(home.name, flush=True)
    time.sleep(600)
"""


def _child():
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # who runs us in the background has told us to ignore SIGINT, and children inherit that
    return subprocess.Popen([sys.executable, "-c", _CHILD], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, cwd=folder,
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))


@check
def nothing_is_left(home):
    """three labs beside this one, ended by SIGTERM, SIGINT and SIGKILL, leave nothing"""
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)
    children = [_child() for _ in signals]
    try:
        names = [c.stdout.readline().strip() for c in children]
        for name, child, signum in zip(names, children, signals):
            expect(name and reaper.leftovers(name)["namespaces"], "the lab did not start")
            child.send_signal(signum)
        for name, child in zip(names, children):
            child.wait(60)  # beside other tests it may take long
            deadline = time.monotonic() + PATIENCE
            while any(reaper.leftovers(name).values()) and time.monotonic() < deadline:
                time.sleep(0.1)
            left = reaper.leftovers(name)
            expect(not any(left.values()), name, left)
    finally:
        for child in children:
            child.kill()
            child.wait()
    expect(len(reaper.namespaces(home.name)) == 2 + len(home.devices), "ours were hit")


def main():
    failed = 0
    start = time.monotonic()
    with Home() as home:
        home.gateway.start_forwarder()
        home.joining = {d.name: Sink(home.gateway.ns, d.port, d.ns, "eth0")
                        for d in home.devices.values()}
        home.join_all()
        for function in CHECKS:
            try:
                function(home)
                print("ok    ", function.__doc__, flush=True)
            except Exception as error:  # one broken check must not hide the others
                failed += 1
                print("FAILED", function.__doc__, "-", type(error).__name__, error,
                      flush=True)
        for sink in home.joining.values():
            sink.close()
    left = reaper.leftovers(home.name)
    failed += any(left.values())
    print("FAILED left behind: %s" % left if any(left.values()) else
          "ok     nothing is left behind")
    print("%d checks, %d failed, %.1f s" % (len(CHECKS) + 1, failed,
                                            time.monotonic() - start))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
