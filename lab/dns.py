# SPDX-License-Identifier: GPL-2.0-or-later
"""DNS for the lab: messages, the world's name server (which can misbehave), a plain
forwarder for a home without Cardea, and a device's stub resolver."""

import random
import socket
import struct
import threading
import time

from .netns import PATIENCE

A, AAAA, SOA, OPT = 1, 28, 6, 41
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5
UDP_MAX = 1232  # what a sender may put in one datagram (DNS flag day 2020)


def encode_name(name):
    out = b""
    for label in name.rstrip(".").split("."):
        raw = label.encode("ascii")
        out += bytes([len(raw)]) + raw
    return out + b"\0"


def decode_name(data, at):
    """(name, offset after it). At most 128 labels, so that a loop ends."""
    labels, after = [], None
    for _ in range(128):
        length = data[at]
        if length & 0xC0 == 0xC0:
            after = at + 2 if after is None else after
            at = struct.unpack_from("!H", data, at)[0] & 0x3FFF
        elif length == 0:
            return ".".join(labels), (at + 1 if after is None else after)
        else:
            labels.append(data[at + 1:at + 1 + length].decode("ascii", "replace"))
            at += 1 + length
    raise ValueError("name does not end")


def query(name, qtype, ident=None):
    ident = random.getrandbits(16) if ident is None else ident
    return ident, (struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0)
                   + encode_name(name) + struct.pack("!HH", qtype, 1))


class Answer:
    """What a client reads from a response."""

    def __init__(self, data):
        self.ident, self.flags, qd, an, _, _ = struct.unpack_from("!HHHHHH", data)
        self.rcode = self.flags & 15
        self.truncated = bool(self.flags & 0x0200)
        self.addresses, self.ttl = [], None
        at = 12
        for _ in range(qd):
            _, at = decode_name(data, at)
            at += 4
        for _ in range(an):
            _, at = decode_name(data, at)
            rtype, _, ttl, length = struct.unpack_from("!HHIH", data, at)
            at += 10
            raw = data[at:at + length]
            at += length
            if rtype in (A, AAAA):
                family = socket.AF_INET if rtype == A else socket.AF_INET6
                self.addresses.append(socket.inet_ntop(family, raw))
                self.ttl = ttl if self.ttl is None else min(self.ttl, ttl)


def ask(ns, server, name, qtype=A, timeout=PATIENCE / 3, tries=3):
    """Ask from inside a namespace, by UDP, as a device does. An Answer or None."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    for _ in range(tries):
        ident, wire = query(name, qtype)
        with ns.socket(family, socket.SOCK_DGRAM) as sock:
            sock.settimeout(timeout)
            try:
                sock.connect((server, 53))
                sock.send(wire)
                answer = Answer(sock.recv(65535))
            except OSError:
                continue
            if answer.ident == ident:
                return answer
    return None


class Zone:
    """Names and their addresses; patterns of bad behaviour by name."""

    def __init__(self):
        self.records = {}
        self.ttl = {}
        self.misbehave = {}  # name -> one of the bad_ methods below, without "bad_"
        self.asked = []
        self._fresh = 0
        self._lock = threading.Lock()

    def add(self, name, *addresses, ttl=300):
        name = name.lower()
        for address in addresses:
            qtype = AAAA if ":" in address else A
            self.records.setdefault(name, {}).setdefault(qtype, []).append(address)
        self.ttl[name] = ttl
        return name

    def fresh(self, number, suffix="fresh.example", ttl=300):
        """So many new names, each with an IPv4 and an IPv6 address nobody had before
        (198.18.0.0/15 is set aside for tests by RFC 2544)."""
        names = []
        for _ in range(number):
            with self._lock:
                self._fresh += 1
                n = self._fresh
            names.append(self.add("n%d.%s" % (n, suffix),
                                  "198.18.%d.%d" % (n >> 8, n & 255),
                                  "2001:db8:ffff:100::%x" % n, ttl=ttl))
        return names


class NameServer:
    """Serves a Zone over UDP and TCP, IPv4 and IPv6."""

    def __init__(self, ns, zone, addresses, port=53):
        self.zone = zone
        self._closing = False
        self._threads = []
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            udp = ns.socket(family, socket.SOCK_DGRAM)
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            udp.bind((address, port))
            tcp = ns.socket(family, socket.SOCK_STREAM)
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tcp.bind((address, port))
            tcp.listen(64)
            for target, sock in ((self._serve_udp, udp), (self._serve_tcp, tcp)):
                thread = threading.Thread(target=target, args=(ns, sock), daemon=True,
                                          name="dns " + address)
                thread.start()

    def _serve_udp(self, _ns, sock):
        while True:
            try:
                wire, peer = sock.recvfrom(4096)
            except OSError:
                return

            def send(reply, sock=sock, peer=peer):
                try:
                    sock.sendto(reply, peer)
                except OSError:
                    pass

            self._handle(wire, send, False)

    def _serve_tcp(self, ns, sock):
        while True:
            try:
                conn, _ = sock.accept()
            except OSError:
                return
            ns.adopt(conn)
            threading.Thread(target=self._serve_conn, args=(conn,), daemon=True).start()

    def _serve_conn(self, conn):
        conn.settimeout(10)
        with conn, conn.makefile("rb") as stream:
            try:
                while len(head := stream.read(2)) == 2:
                    wire = stream.read(struct.unpack("!H", head)[0])
                    self._handle(wire, lambda r: conn.sendall(struct.pack("!H", len(r)) + r),
                                 True)
            except OSError:
                return

    def _handle(self, wire, send, over_tcp):
        try:
            name, at = decode_name(wire, 12)
            qtype = struct.unpack_from("!H", wire, at)[0]
        except (IndexError, struct.error, ValueError):
            return
        question = wire[12:at + 4]
        key = name.lower()
        self.zone.asked.append((key, qtype))
        bad = self.zone.misbehave.get(key)
        if bad:
            getattr(self, "bad_" + bad)(wire, question, key, qtype, send, over_tcp)
        else:
            send(self._reply(wire, question, key, qtype, over_tcp))

    def _reply(self, wire, question, key, qtype, over_tcp, addresses=None):
        entry = self.zone.records.get(key)
        found = entry.get(qtype, []) if entry else []
        found = found if addresses is None else addresses
        rcode = NOERROR if entry is not None or self._is_parent(key) else NXDOMAIN
        rdata = [socket.inet_pton(socket.AF_INET6 if qtype == AAAA else socket.AF_INET, a)
                 for a in found]
        ttl = self.zone.ttl.get(key, 300)
        answers = b"".join(struct.pack("!HHHIH", 0xC00C, qtype, 1, ttl, len(r)) + r
                           for r in rdata)
        return _message(wire, question, rcode, len(rdata), answers, over_tcp)

    def _is_parent(self, key):
        """An empty non-terminal exists (RFC 8020), or validators take fright."""
        return any(name.endswith("." + key) for name in self.zone.records)

    def bad_spoof_id(self, wire, question, key, qtype, send, over_tcp):
        reply = self._reply(wire, question, key, qtype, over_tcp)
        for step in (1, 7, 0x100):
            ident = (struct.unpack_from("!H", reply)[0] + step) & 0xFFFF
            send(struct.pack("!H", ident) + reply[2:])

    def bad_wrong_question(self, wire, _question, key, qtype, send, over_tcp):
        other = encode_name("other.example") + struct.pack("!HH", qtype, 1)
        send(self._reply(wire, other, key, qtype, over_tcp))

    def bad_loop(self, wire, question, _key, qtype, send, over_tcp):
        """The owner name of the answer points at itself."""
        at = 12 + len(question)
        rr = struct.pack("!HHHIH", 0xC000 | at, qtype, 1, 60, 4) + b"\xcb\x00\x71\x0a"
        send(_message(wire, question, NOERROR, 1, rr, over_tcp))

    def bad_many(self, wire, question, key, qtype, send, over_tcp):
        if qtype == AAAA:
            many = ["2001:db8:ffff:130::%x" % n for n in range(1, 301)]
        else:
            many = ["198.19.%d.%d" % (n >> 8, n & 255) for n in range(1, 301)]
        send(self._reply(wire, question, key, qtype, over_tcp, many))

    def bad_slow(self, wire, question, key, qtype, send, over_tcp):
        reply = self._reply(wire, question, key, qtype, over_tcp)

        def late():
            time.sleep(3)
            send(reply)

        threading.Thread(target=late, daemon=True).start()

    def bad_silent(self, *_):
        pass

    def bad_servfail(self, wire, question, _key, _qtype, send, over_tcp):
        send(_message(wire, question, SERVFAIL, 0, b"", over_tcp))

    def bad_garbage(self, wire, _question, _key, _qtype, send, _over_tcp):
        send(wire[:2] + b"\x81\x80\xff\xff\xff\xff" + b"\xff" * 40)


def _message(wire, question, rcode, count, answers, over_tcp):
    """Header, question, answers or an SOA, and OPT if the client sent one. No pointer
    leads past the question, so the SOA spells its names out."""
    authority = b""
    if count == 0:
        rdata = encode_name("ns.example") + encode_name("root.example")
        rdata += struct.pack("!IIIII", 1, 3600, 600, 86400, 5)
        authority = encode_name("example") + struct.pack("!HHIH", SOA, 1, 5, len(rdata))
        authority += rdata
    edns = struct.unpack_from("!H", wire, 10)[0] > 0
    opt = struct.pack("!BHHIH", 0, OPT, UDP_MAX, 0, 0) if edns else b""
    flags = 0x8180 | rcode  # response, recursion wanted and available
    body = question + answers + authority + opt
    if not over_tcp and 12 + len(body) > (UDP_MAX if edns else 512):
        flags, count, body = flags | 0x0200, 0, question + opt
        authority = b""
    return struct.pack("!HHHHHH", struct.unpack_from("!H", wire)[0], flags, 1, count,
                       1 if authority else 0, 1 if edns else 0) + body


class Forwarder:
    """DNS of a home without Cardea: passes datagrams on, nothing else."""

    def __init__(self, ns, listen, upstream):
        self._ns, self._upstream, self._socks = ns, upstream, []
        for address in listen:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            sock = ns.socket(family, socket.SOCK_DGRAM)
            sock.bind((address, 53))
            self._socks.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        while True:
            try:
                wire, peer = sock.recvfrom(4096)
            except OSError:
                return
            threading.Thread(target=self._pass, args=(sock, wire, peer),
                             daemon=True).start()

    def _pass(self, sock, wire, peer):
        try:
            with self._ns.socket(socket.AF_INET, socket.SOCK_DGRAM) as up:
                up.settimeout(PATIENCE)
                up.connect((self._upstream, 53))
                up.send(wire)
                sock.sendto(up.recv(65535), peer)
        except OSError:
            return

    def close(self):
        for sock in self._socks:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()
