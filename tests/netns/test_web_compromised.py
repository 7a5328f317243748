# SPDX-License-Identifier: GPL-2.0-or-later
"""The process web taken over: an intruder's code runs in its place, with all that it holds
(its listeners, the key of the certificate, the channel to the engine). Calls of the system
give him nothing more, and the engine gives him what a visitor without a login has."""

import contextlib
import http.client
import io
import json
import os
import re
import signal
import socket

import pytest

import ipc
from test_web import NAME

# Each is tried within the sandbox; EPERM where nothing else is said.
REFUSED = ("open-root", "open-outside", "open-store", "open-memory", "create", "memfd",
           "socket-inet", "socket-inet6", "socket-unix", "socket-netlink", "socket-packet",
           "connect", "bind", "fastopen", "fork", "kill", "read-parent", "setuid", "chroot",
           "limits", "code", "code-later", "terminal", "uring")
DEADLY = ("exec", "ptrace", "bpf", "mount", "unshare", "setns", "write-parent", "keys", "handle")


class Intruder:
    """Gives orders over the listener that the process was handed."""

    def __init__(self, connect):
        self.sock = connect()
        self.sock.settimeout(30)
        self.rest = b""

    def say(self, line):
        self.sock.sendall(line.encode() + b"\n")

    def hear(self):
        while b"\n" not in self.rest:
            more = self.sock.recv(65536)
            if not more:
                raise EOFError(self.rest)
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()

    def order(self, line):
        self.say(line)
        return self.hear()

    def close(self):
        self.sock.close()


# ---- alone ----

@pytest.fixture
def alone(tmp_path):
    listener = socket.create_server(("127.0.0.1", 0))
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "dns-tls").mkdir(mode=0o700)
    child = ipc.Child("tests/web_compromised", [
        ("uid", "65534"), ("chroot", str(root)), ("tls_dir", str(tmp_path / "dns-tls")),
        ("dns_name", NAME)])
    child.parent.send("SOCKET", pass_fd=listener.fileno(), kind=ipc.SOCKET["SOCKET_WEB"])
    child.ordered = Intruder(lambda: socket.create_connection(listener.getsockname(), 5))
    yield child
    child.ordered.close()
    child.stop()
    listener.close()


def test_calls_that_are_refused(alone):
    got = {name: alone.ordered.order("try " + name) for name in REFUSED}
    assert got == dict.fromkeys(REFUSED, "EPERM")
    assert alone.ordered.order("try clone3") == "ENOSYS"
    assert alone.running()


@pytest.mark.parametrize("name", DEADLY)
def test_calls_that_end_it(alone, name):
    with pytest.raises((EOFError, ConnectionError)):
        alone.ordered.order("try " + name)
    assert alone.process.wait(30) == -signal.SIGSYS


# ---- in a home ----

def programs(folder):
    """All of Cardea's processes, with the intruder's in the place of one."""
    for name in ("enforcer", "sensor", "resolver", "courier", "engine"):
        os.symlink(ipc.binary("cardea-" + name), os.path.join(folder, "cardea-" + name))
    os.symlink(ipc.binary("tests/web_compromised"), os.path.join(folder, "cardea-web"))
    return folder


@pytest.fixture(scope="module")
def taken(opened, tmp_path_factory):
    folder = programs(str(tmp_path_factory.mktemp("libexec")))
    opened.cardea.stop()
    opened.gateway.start_cardea(paths={"libexec": folder})
    opened.cardea.wait_state(opened["bulb"].mac, "protected")
    opened.cardea.wait_state(opened["phone"].mac, "learning")
    yield opened
    opened.cardea.stop()
    opened.gateway.start_cardea(paths={"libexec": ""})


@pytest.fixture
def intruder(taken):
    """Opens a connection to him, for an order or some: he obeys one at a time."""
    phone = taken["phone"]

    def connect():
        sock = phone.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.settimeout(30)
        sock.connect(("192.168.1.1", 8909))
        return sock

    return lambda: contextlib.closing(Intruder(connect))


def pipe(intruder, address, octets):
    """What comes back from a pipe that was opened in the name of this address."""
    with intruder() as i:
        first = i.order("pipe " + address)
        if first != "piped":
            return first, b""
        i.sock.sendall(octets)
        answer = i.rest
        while True:
            more = i.sock.recv(65536)
            if not more:
                return first, answer
            answer += more


class Octets:
    def __init__(self, octets):
        self.octets = octets

    def makefile(self, *_):
        return io.BytesIO(self.octets)


def ask(intruder, address, method, path, *fields, body=None):
    lines = [f"{method} {path} HTTP/1.1", *fields]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    said, octets = pipe(intruder, address,
                        "\r\n".join([*lines, "", ""]).encode() + (body or b""))
    if said != "piped":
        return said, None
    r = http.client.HTTPResponse(Octets(octets), method=method)
    r.begin()
    text = r.read()
    return r.status, json.loads(text) if text and "json" in r.headers["content-type"] else text


def state_of(home):
    """What an intruder would like to change."""
    seen = {}
    for path in ("/v1/devices", "/v1/overlays", "/v1/quarantine", "/v1/decisions?all=1",
                 "/v1/controllers", "/v1/users", "/v1/tokens", "/v1/profiles", "/v1/issuers",
                 "/v1/attest-keys", "/v1/settings", "/v1/changes"):
        seen[path] = unmoving(get(home, path))
    return seen


def get(home, path):
    """By root's own socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.settimeout(30)
        s.connect(home.cardea.socket)
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: cardea\r\n\r\n".encode())
        octets = b""
        while True:
            more = s.recv(65536)
            if not more:
                break
            octets += more
    r = http.client.HTTPResponse(Octets(octets), method="GET")
    r.begin()
    assert r.status == 200, (path, r.status)
    return json.loads(r.read())


def unmoving(said):
    """Without what time and traffic change."""
    if isinstance(said, dict):
        return {k: unmoving(v) for k, v in said.items()
                if k not in ("last_seen", "seen", "last", "packets", "bytes", "hits", "used",
                             "addresses", "since", "until", "states", "waits", "violations")}
    return [unmoving(v) for v in said] if isinstance(said, list) else said


def routes():
    """(method, path) of all there are, from the table."""
    text = (ipc.ROOT / "src/engine/api/routes.def").read_text()
    for method, path, kind in re.findall(r'ROUTE\((\w+), "(/v1/[^"]+)", (\w+)', text):
        yield method, path + ("/1" if kind == "OBJECT" else "")


CREDENTIALS = (
    (), ("Cookie: __Host-cardea=" + "0" * 64,), ("Cookie: __Host-cardea=",),
    ("Authorization: Bearer cardea_" + "0" * 64,), ("Authorization: Basic cm9vdDo=",),
    ("X-Forwarded-For: 127.0.0.1", "X-Cardea-User: owner", "X-Cardea-Csrf: x"))


def test_all_routes_without_a_login(taken, intruder):
    """In the name of whomever: a device, the gateway, nobody, the loopback."""
    before = state_of(taken)
    phone = taken["phone"].ipv4
    seen = set()
    for address in (phone, "192.168.1.1", "127.0.0.1", "::1", "8.8.8.8", "fe80::1"):
        for method, path in routes():
            status, said = ask(intruder, address, method, path,
                               body=b"{}" if method == "POST" else None)
            seen.add((method, path, status))
            allowed = {"/v1/session": (200, 400), "/v1/setup": (400, 403, 409, 429)}
            assert status in allowed.get(path, (401, 403)), (address, method, path, said)
            if path == "/v1/session" and status == 200:
                assert said["role"] is None and said["user"] is None
                assert "scrypt" not in said and "salt" not in said
        if address != phone:
            continue
        for fields in CREDENTIALS[1:]:
            for method, path in routes():
                if path in ("/v1/session", "/v1/setup"):
                    continue
                status, said = ask(intruder, address, method, path, *fields,
                                   body=b"{}" if method == "POST" else None)
                assert status in (401, 403), (fields, method, path, said)
    assert len(seen) > 60
    assert state_of(taken) == before
    assert taken.cardea.status()["ready"] is True


def test_the_setup_secret_is_not_guessed(taken, intruder):
    """Each wrong one makes the next wait; the CLI is never kept out."""
    key = b'"key":"' + b"0" * 64 + b'"'
    statuses = []
    for n in range(12):
        body = b'{"secret":"AAAA-AAAA-AAAA-%04d",%s}' % (n, key)
        statuses.append(ask(intruder, taken["phone"].ipv4, "POST", "/v1/setup", body=body)[0])
    assert 200 not in statuses and 429 in statuses
    assert get(taken, "/v1/session")["role"] == "owner"


def test_a_held_device_is_refused(taken, intruder):
    plug = taken["plug"]
    taken.cardea.cli("quarantine", "add", plug.mac, "--reason", "for a test")
    try:
        for address in (plug.ipv4, plug.ipv6):
            assert pipe(intruder, address, b"")[0] == "refused 1"
    finally:
        said = taken.cardea.cli("quarantine", "release", plug.mac).stdout
        code = re.search(r"--code (\d+)", said)
        if code:
            taken.cardea.cli("quarantine", "release", plug.mac, "--code", code.group(1))


def test_octets_that_are_no_request(taken, intruder):
    """The engine reads a pipe as strictly as its socket, and goes on."""
    for octets in (b"\0" * 100, b"GET /v1/status HTTP/9.9\r\n\r\n", b"GET /v1/status\r\n\r\n",
                   b"POST /v1/stop HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
                   b"GET /v1/" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n",
                   b"POST /v1/profiles HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n",
                   b"POST /v1/setup HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                   b"GET /v1/session HTTP/1.1\r\n\r\nPOST /v1/stop HTTP/1.1\r\n\r\n"):
        said, answer = pipe(intruder, taken["phone"].ipv4, octets)
        assert said == "piped"
        assert len(re.findall(rb"HTTP/1.1 \d", answer)) <= 1
    assert taken.cardea.status()["ready"] is True


MESSAGES = [
    ("STOP_WANTED", {"open_network": True}), ("CONFIG", {"key": "portal", "value": "no"}),
    ("HELLO", {"role": 1}), ("PROCESS", {"role": 2, "running": False}), ("TXN_BEGIN", {"seq": 1}),
    ("TXN_DONE", {"seq": 1}), ("ENFORCER_READY", {"backend": "nft"}),
    ("SEEN_ADDR", {"mac": "02:00:00:00:00:99", "addr": "192.168.1.99", "source": 1}),
    ("SEEN_DHCP", {"mac": "02:00:00:00:00:99", "hostname": "evil"}),
    ("DNS_ANSWER", {"client": "192.168.1.50", "name": "evil.example"}),
    ("DNS_RELEASE", {"id": 1}), ("FETCH", {"url": "https://evil.example/"}),
    ("PROFILE", {"id": 1, "url": "https://evil.example/"}), ("RESOLVED", {"id": 1, "name": "a.b"}),
    ("SHUTDOWN", {"open_network": True}), ("WEB_PIPE", {"id": 1}), ("WEB_SALT", {}),
    ("WEB_REPLY", {"id": 1, "status": 200}), ("WEB_PART", {"id": 1, "octets": b"x"}),
    ("WEB_ASK", {"id": 1, "client": "192.168.1.50", "kind": 99}),
    ("WEB_OPEN", {"id": 1}),
]


def test_messages_of_others(taken, intruder):
    """What is not web's to say ends its channel, and changes nothing; the parent starts it
    anew, and the home is as it was."""
    before, engine = state_of(taken), pid_of(taken, "engine")
    packets = [ipc.encode(name, **fields) for name, fields in MESSAGES]
    packets += [b"\xff" * 40, b"\0", os.urandom(200), ipc.encode("WEB_OPEN", id=1)[:-1]]
    for packet in packets:
        try:
            with intruder() as i:
                assert i.order("send " + packet.hex()) in ("sent", "gone")
                said = i.order("hear")
                assert said in ("gone", "silence") or said.startswith("0066"), said
        except (EOFError, OSError):
            pass  # the parent was faster
        wake(taken, intruder)
    assert pid_of(taken, "engine") == engine
    assert state_of(taken) == before


def wake(home, intruder):
    """It runs, and has a channel."""
    def lives():
        try:
            return pipe(intruder, home["phone"].ipv4, b"\r\n\r\n")[0] == "piped"
        except (OSError, EOFError):
            return False
    home.cardea.wait(lives, what="web with a channel")


def pid_of(home, name):
    return next((p["pid"] for p in home.cardea.status()["sandbox"]
                 if p["name"] == name and p["running"]), None)


def test_evidence_in_anothers_name(taken, intruder):
    """What devices ask is known by their address, which web says: whoever has it can speak for
    any device, and gains what each device may: to hear whether it is held."""
    before = state_of(taken)
    for kind, fields in ((0, {}), (3, {"text": "POST /v1/release"}),
                         (2, {"length": 4, "media": 5})):
        packet = ipc.encode("WEB_ASK", id=77, client=taken["phone"].ipv4, kind=kind, **fields)
        with intruder() as i:
            assert i.order("send " + packet.hex()) == "sent"
            if fields.get("length"):
                i.order("send " + ipc.encode("WEB_PART", id=77, octets=b"\xd2\x84ab").hex())
            said = ipc.decode(bytes.fromhex(i.order("hear")))
        assert said.type == "WEB_REPLY" and said.id == 77
        assert said.status in (200, 403, 409, 415, 422)
    assert state_of(taken) == before
