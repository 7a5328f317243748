# SPDX-License-Identifier: GPL-2.0-or-later
"""The HTTPS server for MUD files, and the ways in which such servers go wrong."""

import http.server
import socket
import ssl
import threading
import time


class Page:
    def __init__(self, body, kind="application/mud+json", status=200, headers=None,
                 behave=None):
        self.body, self.kind, self.status = body, kind, status
        self.headers = headers or {}
        self.behave = behave  # None | "drip" | "endless" | "hangup"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "lab"
    timeout = 30

    def do_GET(self):
        host = self.headers.get("Host", "").partition(":")[0].lower()
        url = "https://%s%s" % (host, self.path)
        self.server.world.requests.append((url, self.headers.get("Accept", "")))
        page = self.server.world.pages.get(url)
        page = page or Page(b"no such file\n", "text/plain", 404)
        self.send_response(page.status)
        self.send_header("Content-Type", page.kind)
        for key, value in page.headers.items():
            self.send_header(key, value)
        if page.behave is None:
            self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            self.wfile.write(page.body)
        else:
            self.close_connection = True
            self.send_header("Connection", "close")
            self.end_headers()
            getattr(self, "_" + page.behave)(page)

    def do_POST(self):
        """What arrives is kept; 200 for a page of that URL, or its own status."""
        host = self.headers.get("Host", "").partition(":")[0].lower()
        url = "https://%s%s" % (host, self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.world.posts.append((url, dict(self.headers), body))
        page = self.server.world.pages.get(url)
        page = page or Page(b"nobody takes that here\n", "text/plain", 404)
        self.send_response(page.status)
        for key, value in page.headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        self.wfile.write(page.body)

    def _drip(self, page):
        for byte in page.body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            time.sleep(1)

    def _endless(self, page):
        """More than any limit; the client has to stop it."""
        for _ in range(4096):
            self.wfile.write(page.body * (65536 // max(1, len(page.body))))

    def _hangup(self, page):
        self.wfile.write(page.body[:len(page.body) // 2])

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass  # a client that gives up is normal here

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, world, sock, context):
        super().__init__(sock.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.world, self.socket, self._context = world, sock, context

    def get_request(self):
        conn, peer = self.socket.accept()
        return conn, peer

    def finish_request(self, request, client_address):
        """The handshake belongs into the thread of the connection."""
        request.settimeout(30)
        try:
            with self._context.wrap_socket(request, server_side=True) as wrapped:
                super().finish_request(wrapped, client_address)
        except (OSError, ssl.SSLError):
            return

    def handle_error(self, request, client_address):
        pass


class WebServer:
    """pages: URL -> Page. Requests are kept for the tests to look at; posts: (URL, headers,
    body) of each."""

    def __init__(self, ns, addresses, certificates):
        self.pages, self.requests, self._servers = {}, [], []
        self.posts = []
        for address, (key, certificate) in zip(addresses, certificates):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            sock = ns.socket(family, socket.SOCK_STREAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((address, 443))
            sock.listen(64)
            server = _Server(self, sock, context)
            self._servers.append(server)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.2},
                             daemon=True, name="https " + address).start()

    def publish(self, url, body, signer=None, signature=None):
        """A MUD file and, by a signer or as given bytes, its signature."""
        self.pages[url] = Page(body)
        if signer is not None:
            signature = signer.sign(body)
        if signature is not None:
            self.pages[url.rsplit(".", 1)[0] + ".p7s"] = Page(
                signature, "application/pkcs7-signature")

    def close(self):
        for server in self._servers:
            server.shutdown()
            server.socket.close()
