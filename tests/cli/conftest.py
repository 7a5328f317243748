# SPDX-License-Identifier: GPL-2.0-or-later
"""The built cardea, and a daemon that is none: it serves what a test tells it to."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILDS = ("build/release", "build/gcc", "build/clang")


def find_cardea():
    given = os.environ.get("CARDEA_BUILD")
    for folder in [given] if given else [os.path.join(ROOT, b) for b in BUILDS]:
        for base, _, names in os.walk(folder):
            path = os.path.join(base, "cardea")
            if "cardea" in names and os.path.isfile(path) and os.access(path, os.X_OK):
                return path
    pytest.exit("no built cardea: run make, or set CARDEA_BUILD", returncode=1)
    return None


def hears_interrupts():
    """What a shell starts behind its back (&) ignores ^C, and so does all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Daemon:
    """routes: (method, path) -> (status, object or bytes), or a function of the query
    and body that returns one. lines: what a follower is told."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "control.sock")
        self.routes = {}
        self.lines = []
        self.requests = []
        self.raw = None  # bytes instead of any HTTP
        self.otherwise = None  # what is answered where there is no route; or nothing
        self.headers = b""  # of a POST's reply, each with its line end
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(self.path)
        self.socket.listen(16)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client):
        with client:
            client.settimeout(60)
            try:
                self._talk(client)
            except OSError:
                pass

    def _talk(self, client):
        data = b""
        while b"\r\n\r\n" not in data:
            more = client.recv(65536)
            if not more:
                return
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        length = int([h.split(b":")[1] for h in head.lower().split(b"\r\n")
                      if h.startswith(b"content-length:")][0])
        while len(body) < length:
            body += client.recv(65536)
        if self.raw is not None:
            client.sendall(self.raw)
            return
        url = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        path = urllib.parse.unquote(url.path)
        self.requests.append((method, path, query, body.decode()))
        if query.get("follow") == "1":
            client.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"".join(
                json.dumps(line).encode() + b"\n" for line in self.lines))
            return
        answer = self.routes.get((method, path), self.otherwise or (404, {
            "schema": "cardea.error/1", "error": "no such route", "next": "see docs"}))
        status, reply = answer(query, body) if callable(answer) else answer
        if not isinstance(reply, bytes):
            reply = json.dumps(reply, ensure_ascii=False).encode() + b"\n"
        client.sendall(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"
                       b"Connection: close\r\n%sContent-Length: %d\r\n\r\n"
                       % (status, self.headers if method == "POST" else b"",
                          len(reply)) + reply)

    def close(self):
        if self.socket.fileno() < 0:
            return  # by the test already
        # else it might accept for the next one, whose socket gets this one's number
        self.socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self.socket.close()
        if os.path.exists(self.path):
            os.unlink(self.path)


class Cli:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.socket = os.path.join(folder, "control.sock")

    def __call__(self, *args, code=0, env=None, stdin=subprocess.DEVNULL, timeout=180):
        environment = {"PATH": os.environ["PATH"], "CARDEA_SOCKET": self.socket,
                       **{k: v for k, v in os.environ.items() if "SAN_OPTIONS" in k},
                       **(env or {})}
        done = subprocess.run([self.program, *args], env=environment, timeout=timeout,
                              stdin=stdin, capture_output=True, cwd=self.folder,
                              check=False)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        assert code is None or done.returncode == code, (args, done.returncode, done.stdout, done.stderr)
        return done


@pytest.fixture(scope="session")
def program():
    return find_cardea()


@pytest.fixture
def folder():
    path = tempfile.mkdtemp(prefix="cardea-cli-")
    yield path
    for left in range(50, -1, -1):  # a daemon that a test has started may write its last
        try:
            shutil.rmtree(path)
            return
        except OSError:
            if not left:
                raise
            time.sleep(0.2)


@pytest.fixture
def cli(program, folder):
    return Cli(program, folder)


@pytest.fixture
def daemon(folder):
    made = Daemon(folder)
    yield made
    made.close()
