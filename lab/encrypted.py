# SPDX-License-Identifier: GPL-2.0-or-later
"""A well-known public resolver of the lab's world: plain DNS, DNS over TLS and DNS over
HTTPS on the addresses that devices have built in. It has names of its own, so that a
test sees who answered."""

import http.server
import socket
import ssl
import struct
import threading

from . import dns
from .netns import PATIENCE

GOOGLE4, GOOGLE6 = "8.8.8.8", "2001:4860:4860::8888"
GOOGLE_NAME = "dns.google"
ONLY_HERE = "198.18.255.1"  # what it answers for any name
ONLY_HERE6 = "2001:db8:ffff:100::ffff:1"


class _AnyName(dns.Zone):
    """Every name there is, at one address that nobody else gives out."""

    def __init__(self):
        super().__init__()
        self.records = _Always({dns.A: [ONLY_HERE], dns.AAAA: [ONLY_HERE6]})


class _Always(dict):
    def __init__(self, value):
        super().__init__()
        self._value = value

    def get(self, _key, _default=None):
        return self._value


class _Doh(http.server.BaseHTTPRequestHandler):
    """RFC 8484, by POST."""

    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_POST(self):
        wire = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        replies = []
        self.server.resolver.take("https", wire, replies.append)
        self.send_response(200 if replies else 400)
        self.send_header("Content-Type", "application/dns-message")
        self.send_header("Content-Length", str(len(replies[0]) if replies else 0))
        self.end_headers()
        if replies:
            self.wfile.write(replies[0])

    def log_message(self, *_):
        pass


class _DohServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, resolver, sock):
        super().__init__(sock.getsockname()[:2], _Doh, bind_and_activate=False)
        self.socket.close()
        self.socket, self.resolver = sock, resolver

    def handle_error(self, *_):
        """A client that hangs up is the test's business."""


class PublicResolver(dns.NameServer):
    """asked: (transport, name) of each question; transports: udp, tcp, tls, https."""

    def __init__(self, internet, addresses=(GOOGLE4, GOOGLE6), names=(GOOGLE_NAME,)):
        self.asked = []
        self._ns = internet.ns
        for address in addresses:
            internet.ns.ip("route", "replace", "local", address, "dev", "lo")
        super().__init__(internet.ns, _AnyName(), addresses)
        key, certificate = internet.pki.web.issue("resolver", names[0], "server",
                                                  names=list(names))
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate, key)
        self._sockets = []
        for address in addresses:
            self._start(self._serve_dot, self._listen(address, 853))
            sock = self._tls.wrap_socket(self._listen(address, 443), server_side=True,
                                         do_handshake_on_connect=False)
            self._start(lambda s: _DohServer(self, s).serve_forever(), sock)
        for name in names:
            internet.zone.add(name, *addresses)

    def _listen(self, address, port):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = self._ns.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        sock.listen(16)
        self._sockets.append(sock)
        return sock

    @staticmethod
    def _start(target, sock):
        threading.Thread(target=target, args=(sock,), daemon=True).start()

    def _serve_dot(self, sock):
        while True:
            try:
                conn, _ = sock.accept()
            except OSError:
                return
            self._ns.adopt(conn)
            self._start(self._dot, conn)

    def _dot(self, conn):
        conn.settimeout(10)
        try:
            with self._tls.wrap_socket(conn, server_side=True) as tls, \
                    tls.makefile("rb") as stream:
                while len(head := stream.read(2)) == 2:
                    wire = stream.read(struct.unpack("!H", head)[0])
                    self.take("tls", wire, lambda r: tls.sendall(
                        struct.pack("!H", len(r)) + r))
        except OSError:
            return

    def _handle(self, wire, send, over_tcp):
        self.take("tcp" if over_tcp else "udp", wire, send)

    def take(self, transport, wire, send):
        """One question, by whatever way it came."""
        try:
            self.asked.append((transport, dns.decode_name(wire, 12)[0].lower()))
        except (IndexError, struct.error, ValueError):
            return
        super()._handle(wire, send, transport != "udp")


# ---- a device's side ----


def _connected(device, address, port, timeout):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = device.socket(family, socket.SOCK_STREAM)
    sock.settimeout(timeout)
    sock.connect((address, port))
    return sock


def _framed(sock, wire):
    sock.sendall(struct.pack("!H", len(wire)) + wire)
    head = sock.recv(2)
    size = struct.unpack("!H", head + (sock.recv(1) if len(head) == 1 else b""))[0]
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise OSError("closed")
        data += more
    return data


def ask_tcp(device, server, name, qtype=dns.A, timeout=PATIENCE):
    """An Answer, or None when nobody answers; as the two below."""
    try:
        with _connected(device, server, 53, timeout) as sock:
            return dns.Answer(_framed(sock, dns.query(name, qtype)[1]))
    except (OSError, struct.error):
        return None


def _context(ca):
    return ssl.create_default_context(cafile=ca)


def ask_tls(device, ca, server, name, host=GOOGLE_NAME, qtype=dns.A, timeout=PATIENCE):
    try:
        with _connected(device, server, 853, timeout) as sock, \
                _context(ca).wrap_socket(sock, server_hostname=host) as tls:
            return dns.Answer(_framed(tls, dns.query(name, qtype)[1]))
    except (OSError, struct.error):
        return None


def ask_https(device, ca, server, name, host=GOOGLE_NAME, qtype=dns.A, timeout=PATIENCE):
    wire = dns.query(name, qtype)[1]
    head = ("POST /dns-query HTTP/1.1\r\nHost: %s\r\nContent-Type: application/dns-message"
            "\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (host, len(wire)))
    try:
        with _connected(device, server, 443, timeout) as sock, \
                _context(ca).wrap_socket(sock, server_hostname=host) as tls:
            tls.sendall(head.encode("ascii") + wire)
            data = b""
            while more := tls.recv(65536):
                data += more
        return dns.Answer(data.partition(b"\r\n\r\n")[2])
    except (OSError, struct.error):
        return None
