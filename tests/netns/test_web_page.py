# SPDX-License-Identifier: GPL-2.0-or-later
"""The process web towards browsers: the files of the pages, the control API through pipes of
the engine, passwords, live views, and clients that are slow, many, long, ambiguous, or sent
by another site's page. This module plays the engine. Loopback only."""

import ctypes
import hashlib
import json
import os
import socket
import ssl
import subprocess
import threading
import time

import pytest

import ipc
from test_web import NAME, is_closed, problem, read_answer, still_open

CONNS, PER_CLIENT, STREAMS_PER_CLIENT = 64, 16, 6
HEAD_S, BODY_S = 10, 20
# What an octet prolonged would go on for as long as octets come; a loaded machine is late.
SLACK_S = 20
SALT, LOG2_N, R, P = bytes(range(32)), 11, 8, 1
HELD, FULL = 1, 2
IPV6_FREEBIND, CLONE_NEWNET = 78, 0x40000000
LARGE = 4 * 256 * 1024 + 16384


def key_of(password, user, log2_n=LOG2_N):
    return hashlib.scrypt(password.encode(), salt=SALT + user.encode(), n=1 << log2_n, r=R, p=P,
                          dklen=32, maxmem=1 << 26).hex()


class Request:
    def __init__(self, pipe, head):
        self.pipe = pipe
        first, *lines = head.decode().split("\r\n")
        self.method, self.target, self.version = first.split(" ")
        self.lines = lines
        self.fields = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
        self.body = b""

    @property
    def length(self):
        return int(self.fields.get("content-length", 0))


class Engine:
    """Makes pipes, and answers on them as it is told."""

    def __init__(self, channel):
        self.opened, self.asked = [], []
        self.refuse = 0
        self.answer = lambda r: reply(b'{"schema":"cardea.test/1"}\n')
        self.attach(channel)

    def attach(self, channel, log2_n=LOG2_N):
        self.channel = channel
        channel.send("WEB_SALT", salt=SALT, log2_n=log2_n, r=R, p=P)
        threading.Thread(target=self.run, args=(channel,), daemon=True).start()

    def run(self, channel):
        while True:
            try:
                m = channel.receive(0.5)
            except TimeoutError:
                continue
            except (EOFError, OSError):
                return
            if m.type != "WEB_OPEN":
                continue
            self.opened.append(m)
            if self.refuse:
                channel.send("WEB_PIPE", id=m.id, refused=self.refuse)
                continue
            ours, theirs = socket.socketpair()
            channel.send("WEB_PIPE", pass_fd=theirs.fileno(), id=m.id, refused=0)
            theirs.close()
            threading.Thread(target=self.serve, args=(ours,), daemon=True).start()

    def serve(self, pipe):
        with pipe:
            data = b""
            while b"\r\n\r\n" not in data:
                more = pipe.recv(65536)
                if not more:
                    return
                data += more
            head, rest = data.split(b"\r\n\r\n", 1)
            r = Request(pipe, head)
            r.rest = rest
            if not getattr(self, "streams_bodies", False):
                r.body = read_body(r)
            self.asked.append(r)
            try:
                answer = self.answer(r)
                if answer:
                    pipe.sendall(answer)
            except OSError:
                pass


def read_body(r):
    body = r.rest
    while len(body) < r.length:
        more = r.pipe.recv(65536)
        assert more, "the body ends early"
        body += more
    assert len(body) == r.length
    return body


def reply(body, status="200 OK", *fields, length=None):
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", "Connection: close",
             *fields]
    if length is not False:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


class Rig:
    asked = 0

    def __init__(self, folder, config=(), at="127.0.0.1"):
        self.at = at
        self.page = self.socket()
        self.page.bind((at, 0))
        self.page.listen(64)
        self.page.setblocking(False)
        self.port = self.page.getsockname()[1]
        self.dir = folder / "dns-tls"
        self.dir.mkdir(mode=0o700, exist_ok=True)
        root = folder / "root"
        root.mkdir(exist_ok=True)
        self.settings = [
            ("uid", "65534"), ("chroot", str(root)), ("tls_dir", str(self.dir)),
            ("dns_name", NAME), ("lan_begin", ""), ("lan_addr", "lo 127.0.0.1/8"),
            ("lan_end", ""), *config]
        self.child = ipc.Child("cardea-web", self.settings, [("SOCKET_WEB_PAGE", self.page)])
        self.engine = Engine(self.child.engine)
        self.context = ssl.create_default_context(cafile=str(self.dir / "cert.pem"))
        self.context.verify_flags |= 0x80000  # X509_V_FLAG_PARTIAL_CHAIN

    @property
    def host(self):
        return f"{NAME}:{self.port}"

    def socket(self):
        six = ":" in self.at
        s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_STREAM)
        if six:  # any address of a route, though the interface has none
            s.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
        return s

    def clear(self, source=None):
        s = self.socket()
        s.settimeout(30)
        try:
            s.bind((source or self.at, 0))
            s.connect((self.at, self.port))
        except BaseException:
            s.close()
            raise
        return s

    def connect(self, source=None):
        raw = self.clear(source)
        try:
            return self.context.wrap_socket(raw, server_hostname=NAME)
        except BaseException:
            raw.close()
            raise

    def request(self, method, target, *fields, body=None, host=None, version="1.1"):
        lines = [f"{method} {target} HTTP/{version}",
                 f"Host: {self.host if host is None else host}", *fields]
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode() + (body or b"")

    def ask(self, method, target, *fields, source=None, **how):
        """Each from an address of its own, or one after the other were too many of one."""
        self.asked += 1
        with self.connect(source or f"127.1.{self.asked // 250}.{1 + self.asked % 250}") as s:
            s.sendall(self.request(method, target, *fields, **how))
            return read_answer(s, head_only=method == "HEAD")

    def close(self):
        self.child.stop()
        self.page.close()


@pytest.fixture
def rig(tmp_path):
    r = Rig(tmp_path)
    yield r
    r.close()


GUARDS = {
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
                               "form-action 'self'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def guarded(fields):
    assert {k: fields.get(k) for k in GUARDS} == GUARDS
    assert "strict-transport-security" not in fields
    return True


def test_files(rig):
    import gzip
    status, fields, body, _ = rig.ask("GET", "/", "Accept-Encoding: gzip, br")
    assert status == 200 and fields["content-type"] == "text/html; charset=utf-8"
    assert fields["cache-control"] == "no-cache" and guarded(fields)
    page = gzip.decompress(body)
    assert fields["content-encoding"] == "gzip" and b"<title>Cardea</title>" in page
    assert fields["etag"] == '"%s"' % hashlib.sha256(page).hexdigest()[:32]
    # each state of the pages has a URL, which the script knows
    for path in ("/devices", "/devices/camera-1/rules", "/why?device=1&to=x.y", "/v2/x"):
        assert rig.ask("GET", path)[2] == body
    # a browser that has it hears so, however it says it
    for tags in (fields["etag"], "W/" + fields["etag"], '"x", ' + fields["etag"], "*"):
        status, f, rest, _ = rig.ask("GET", "/", "If-None-Match: " + tags)
        assert status == 304 and f["etag"] == fields["etag"] and not rest and guarded(f)
    assert rig.ask("GET", "/", 'If-None-Match: "other"')[0] == 200
    status, f, rest, _ = rig.ask("HEAD", "/")
    assert status == 200 and int(f["content-length"]) == len(body) and not rest
    # nothing unpacks it here
    for coding in ("identity", "gzip;q=0, *;q=0", "br", "gzip;q=0.0"):
        assert rig.ask("GET", "/", "Accept-Encoding: " + coding)[0] == 406
    for coding in ("*", "gzip;q=0.5", "x-gzip", "deflate, GZIP"):
        assert rig.ask("GET", "/", "Accept-Encoding: " + coding)[0] == 200
    status, f, rest, _ = rig.ask("POST", "/", body=b"{}")
    assert status == 405 and f["allow"] == "GET, HEAD" and problem(status, f, rest)
    assert rig.engine.opened == []


def test_the_api_through_a_pipe(rig):
    rig.engine.answer = lambda r: reply(b'{"a":1}', "200 OK", 'ETag: "7"', "X-Secret: 1",
                                        "Set-Cookie: __Host-cardea=x; Secure; Path=/")
    with rig.connect() as s:
        s.sendall(rig.request(
            "GET", "/v1/devices?limit=3&q=a%20b", "Cookie: luci=1; __Host-cardea=abc-_9; x=y",
            "Authorization: Bearer t0k", "X-Cardea-Csrf: c", 'If-None-Match: "6"',
            "X-Forwarded-For: 10.0.0.1", "Accept: */*", "User-Agent: x", "Last-Event-ID: 44",
            "Connection: keep-alive, Cookie", "Idempotency-Key: k"))
        status, fields, body, rest = read_answer(s)
        assert status == 200 and body == b'{"a":1}' and not rest and guarded(fields)
        assert fields["etag"] == '"7"' and fields["cache-control"] == "private, no-cache"
        assert fields["set-cookie"].startswith("__Host-cardea") and "x-secret" not in fields
        r = rig.engine.asked[-1]
        assert (r.method, r.target) == ("GET", "/v1/devices?limit=3&q=a%20b")
        assert sorted(r.lines) == sorted([
            "Host: cardea", "Connection: close", "Cookie: __Host-cardea=abc-_9",
            "authorization: Bearer t0k", "x-cardea-csrf: c", 'if-none-match: "6"',
            "idempotency-key: k", "last-event-id: 44", "accept: */*"])
        assert rig.engine.opened[-1].client == "127.0.0.1"
        # the connection goes on, and each request has its pipe
        s.sendall(rig.request("POST", "/v1/decisions/4", body=b'{"answer":"accept"}'))
        assert read_answer(s)[0] == 200
        r = rig.engine.asked[-1]
        assert r.method == "POST" and r.body == b'{"answer":"accept"}' and not r.rest[19:]
        s.sendall(rig.request("HEAD", "/v1/status"))
        status, fields, body, rest = read_answer(s, head_only=True)
        assert fields["content-length"] == "7" and not rest
        assert rig.engine.asked[-1].method == "GET"
        rig.engine.answer = lambda r: reply(b"", "304 Not Modified", length=False)
        s.sendall(rig.request("GET", "/v1/status") + rig.request("GET", "/v1/x"))  # pipelined
        rig_answers = s.recv(65536)
        while rig_answers.count(b"\r\n\r\n") < 2:
            rig_answers += s.recv(65536)
        assert rig_answers.count(b"HTTP/1.1 304 ") == 2
    assert len(rig.engine.opened) == 5
    assert rig.ask("GET", "/v1/x", source="127.0.0.9")[0] == 304
    assert rig.engine.opened[-1].client == "127.0.0.9"


def wait(condition):
    assert ipc.wait_until(condition)


# ---- passwords ----

def test_passwords_become_keys(rig):
    rig.engine.answer = lambda r: reply(r.body)
    log_in = b'{"user": "anna", "password" : "correct horse", "x": [1]}'
    assert rig.ask("POST", "/v1/session", body=log_in)[0] == 400  # a flat object is wanted

    def sent(path, body):
        status, _, answer, _ = rig.ask("POST", path, body=body.encode())
        assert status == 200, answer
        assert b"password" not in answer and rig.engine.asked[-1].body == answer
        return json.loads(answer)

    said = sent("/v1/session", ' { "user":"anna", "password" :\t"correct horse" } ')
    assert said == {"user": "anna", "key": key_of("correct horse", "anna")}
    # escapes are what they mean, also in names
    said = sent("/v1/session", r'{"p\u0061ssword":"\u00e4\ud83d\ude00\"\n","user":"anna"}')
    assert said["key"] == key_of("\u00e4\U0001f600\"\n", "anna")
    # the first owner's name is known, and another's stands in the path
    said = sent("/v1/setup", '{"secret":"AAAA-BBBB","password":"long enough"}')
    assert said == {"secret": "AAAA-BBBB", "key": key_of("long enough", "owner")}
    said = sent("/v1/users", '{"name":"bert","role":"viewer","password":"long enough"}')
    assert said["key"] == key_of("long enough", "bert") and said["role"] == "viewer"
    said = sent("/v1/users/bert", '{"password":"another one","old_password":"long enough"}')
    assert said == {"key": key_of("another one", "bert"), "old_key": key_of("long enough", "bert")}
    said = sent("/v1/%75sers/bert", '{"old_password":"x","password":"another one"}')
    assert said["old_key"] == key_of("x", "bert") and rig.engine.asked[-1].target == \
        "/v1/users/bert"
    # without one they go on as they are
    assert sent("/v1/session", '{"end":true}') == {"end": True}
    assert sent("/v1/users/bert", '{"remove":true,"dry_run":false,"n":-1.5e3,"z":null}')
    # where it is no login, a password is the engine's to refuse
    rig.ask("POST", "/v1/decisions/3", body=b'{"password":"x"}')
    assert rig.engine.asked[-1].body == b'{"password":"x"}'


BAD_LOGINS = [
    b"", b"[]", b'"x"', b"{", b'{"user":"a"', b'{"user":"a",}', b'{"user" "a"}', b"{'user':'a'}",
    b'{"user":"a","user":"b"}', b'{"password":"1234567890","p\\u0061ssword":"1234567890"}',
    b'{"user":{"a":1}}', b'{"user":7}', b'{"user":"a"} x', b'{"user":"a\x01"}',
    b'{"user":"\\u0000"}', b'{"user":"\\ud800"}', b'{"user":"\\x"}', b'{"user":"\xff"}',
    b'{"key":"' + b"0" * 64 + b'"}', b'{"old_key":"x"}', b'{"password":null}',
    b'{"user":"' + b"a" * 32 + b'"}', b'{"password":"' + b"a" * 257 + b'"}',
    b'{"user":"a","name":"b"}', b'{"' + b"n" * 40 + b'":1}',
    b"{" + b",".join(b'"m%d":1' % i for i in range(40)) + b"}",
]


def test_bodies_that_are_no_login(rig):
    for body in BAD_LOGINS:
        if not body:
            continue
        status, fields, answer, _ = rig.ask("POST", "/v1/session", body=body)
        assert status == 400, body
        problem(status, fields, answer)
    status, fields, answer, _ = rig.ask("POST", "/v1/setup", body=b'{"password":"nine char"}')
    assert status == 400 and "short" in json.loads(answer)["title"]
    assert rig.ask("POST", "/v1/session", body=b" " * 2049)[0] == 413
    assert rig.engine.opened == []


def test_a_login_stops_nobody(rig):
    """Many log in at once: each is answered in its turn, and pages load all the while."""
    rig.engine.channel.send("WEB_SALT", salt=SALT, log2_n=13, r=8, p=2)
    began, files, answers = time.monotonic(), [], []
    body = b'{"user":"a","password":"1234567890"}'

    def log_in(n):
        answers.append(rig.ask("POST", "/v1/session", source=f"127.0.8.{n}", body=body)[0])

    people = [threading.Thread(target=log_in, args=(n,)) for n in range(1, 13)]
    for t in people:
        t.start()
    while any(t.is_alive() for t in people):
        at = time.monotonic()
        assert rig.ask("GET", "/icon.svg")[0] == 200
        files.append(time.monotonic() - at)
    all_of_them = time.monotonic() - began
    once = all_of_them / answers.count(200) / 4  # three quarters are pauses
    print("a login %.0f ms, a file meanwhile %.0f ms at most" % (once * 1e3, max(files) * 1e3))
    # eight wait, the others hear that they may come again
    assert set(answers) <= {200, 429} and answers.count(200) >= 8
    # one that waited for all logins would take as long as they did
    assert len(files) > 10 and sorted(files)[len(files) // 2] < all_of_them / 8


def test_how_keys_are_made_is_bounded(rig):
    """An engine that asks for more memory than there is has lost its mind, and its channel."""
    rig.engine.channel.send("WEB_SALT", salt=SALT, log2_n=18, r=16, p=1)
    wait(lambda: rig.ask("GET", "/v1/x")[0] == 503)
    rig.engine.attach(rig.child.connect_engine())
    wait(lambda: rig.ask("GET", "/v1/x")[0] == 200)


def test_one_address_has_two_turns(rig):
    """Who tries passwords all day does not keep others from theirs."""
    rig.engine.channel.send("WEB_SALT", salt=SALT, log2_n=13, r=8, p=2)
    body, got = b'{"user":"a","password":"1234567890"}', []

    def guess():
        while got.count(429) < 3 and len(got) < 500:
            got.append(rig.ask("POST", "/v1/session", source="127.0.8.1", body=body)[0])

    guesses = [threading.Thread(target=guess) for _ in range(8)]
    for t in guesses:
        t.start()
    wait(lambda: 429 in got)
    assert rig.ask("POST", "/v1/session", source="127.0.8.2", body=body)[0] == 200
    for t in guesses:
        t.join()
    assert set(got) == {200, 429} and got.count(429) >= 3


# ---- long ones ----

def test_a_long_body_goes_through(rig):
    rig.engine.streams_bodies = True
    body = os.urandom(LARGE // 2).hex().encode()
    taken = threading.Event()

    def answer(r):
        taken.wait(ipc.PATIENCE_S)
        r.body = read_body(r)
        return reply(b'{"taken":%d}' % len(r.body))

    rig.engine.answer = answer
    rig.ask("GET", "/icon.svg")
    before = rig.child.own_kb()
    with rig.connect() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32768)
        s.sendall(rig.request("POST", "/v1/profiles", body=body)[:-len(body)])
        sender = threading.Thread(target=s.sendall, args=(body,))
        sender.start()
        time.sleep(0.5)  # what the kernel takes is under way; the engine takes nothing
        assert sender.is_alive() and rig.child.own_kb() - before < 512
        taken.set()
        status, _, said, rest = read_answer(s)
        sender.join()
        assert status == 200 and json.loads(said) == {"taken": LARGE} and not rest
        assert rig.engine.asked[-1].body == body
        s.sendall(rig.request("GET", "/icon.svg"))  # the connection goes on
        assert read_answer(s)[0] == 200
    with rig.connect() as s:  # it may ask first
        s.sendall(rig.request("POST", "/v1/profiles", "Expect: 100-continue",
                              body=body)[:-len(body)])
        assert s.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        s.sendall(body)
        assert read_answer(s)[0] == 200
    assert rig.ask("POST", "/v1/profiles", "Content-Length: %d" % (LARGE + 1))[0] == 413


def test_the_engine_may_answer_before_it_has_all(rig):
    rig.engine.streams_bodies = True
    rig.engine.answer = lambda r: reply(b'{"status":413}', "413 Content Too Large")
    body = b"x" * 400000
    with rig.connect() as s:
        s.sendall(rig.request("POST", "/v1/devices/1", body=body)[:-len(body)])
        s.sendall(body[:100000])
        status, fields, said, _ = read_answer(s)
        assert (status, said) == (413, b'{"status":413}') and fields["connection"] == "close"
        assert is_closed(s)


def test_long_bodies_are_few(rig):
    """Four at once: the engine has each whole in its memory."""
    rig.engine.streams_bodies, done = True, threading.Event()
    rig.engine.answer = lambda r: done.wait(ipc.PATIENCE_S) and None
    held = [rig.connect(f"127.0.5.{n}") for n in range(1, 5)]
    for s in held:
        s.sendall(rig.request("POST", "/v1/profiles", body=b"x" * 9000)[:-8000])
    wait(lambda: len(rig.engine.asked) == 4)
    status, fields, _, _ = rig.ask("POST", "/v1/profiles", body=b"x" * 9000)
    assert status == 503 and fields["retry-after"]
    for s in held:
        s.close()
    done.set()
    rig.engine.answer = lambda r: read_body(r) and reply(b"{}")
    wait(lambda: rig.ask("POST", "/v1/profiles", body=b"x" * 9000)[0] == 200)


def test_a_long_answer_to_a_slow_reader(rig):
    """What he does not take stays with the engine."""
    big = os.urandom(1 << 20) * 4
    progress = []

    def answer(r):
        for at in range(0, len(big), 65536):
            if not at:
                r.pipe.sendall(reply(b"", length=len(big)))
            r.pipe.sendall(big[at:at + 65536])
            progress.append(at)

    rig.engine.answer = answer
    rig.ask("GET", "/icon.svg")
    before = rig.child.own_kb()
    with rig.connect() as s:
        s.sendall(rig.request("GET", "/v1/events"))
        time.sleep(0.5)
        assert len(progress) < 32 and rig.child.own_kb() - before < 512
        status, fields, body, _ = read_answer(s)
        assert status == 200 and body == big and int(fields["content-length"]) == len(big)


# ---- live views ----

def event_stream(rig, gate, said=None):
    def answer(r):
        r.pipe.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                       b"Cache-Control: no-store\r\n\r\n: hello\n\n")
        said.append(r) if said is not None else None
        gate.wait(30)
        r.pipe.settimeout(30)
        try:
            r.pipe.sendall(b"id: 7\nevent: event\ndata: {}\n\n")
            while r.pipe.recv(100):
                pass
        except OSError:
            pass
        r.ended = True
    return answer


def open_stream(rig, source="127.0.0.1"):
    s = rig.connect(source)
    s.sendall(rig.request("GET", "/v1/stream", "Accept: text/event-stream", "Last-Event-ID: 6"))
    data = b""
    while b"hello" not in data:
        more = s.recv(4096)
        if not more or b" 503 " in data + more:
            s.close()
            return None
        data += more
    head = data.split(b"\r\n\r\n")[0].decode().lower()
    assert " 200 " in head and "content-length" not in head and "connection: close" in head
    assert "cache-control: no-store" in head and "content-security-policy" in head
    return s


def test_live_views(rig):
    gate, said = threading.Event(), []
    rig.engine.answer = event_stream(rig, gate, said)
    first = open_stream(rig)
    assert said[0].fields["last-event-id"] == "6"
    gate.set()
    assert first.recv(4096) == b"id: 7\nevent: event\ndata: {}\n\n"
    # each address has some, and all have more
    mine = [open_stream(rig) for _ in range(STREAMS_PER_CLIENT + 2)]
    assert sum(1 for s in mine if s) == STREAMS_PER_CLIENT - 1
    others = [open_stream(rig, f"127.0.6.{1 + n // 5}") for n in range(25)]
    assert sum(1 for s in others if s) == 24 - STREAMS_PER_CLIENT
    # a view that is closed frees its place, and the engine's
    first.close()
    wait(lambda: getattr(said[0], "ended", False))
    wait(lambda: open_stream(rig))
    for s in mine + others:
        if s:
            s.close()
    wait(lambda: all(getattr(r, "ended", False) for r in said[:-1]))
    # the engine ends one: so does the connection, in order
    rig.engine.answer = lambda r: b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nx"
    with rig.connect() as s:
        s.sendall(rig.request("GET", "/v1/stream"))
        data = b""
        while True:
            more = s.recv(4096)
            if not more:
                break
            data += more
        assert data.endswith(b"\r\n\r\nx")


def test_it_ends_when_nobody_looks(tmp_path):
    """A live view keeps the process; it ends after the last one."""
    r = Rig(tmp_path, [("idle_s", "3")])
    try:
        gate = threading.Event()
        r.engine.answer = event_stream(r, gate)
        s = open_stream(r)
        end = time.monotonic() + 7  # twice as long as it stays without anybody
        while time.monotonic() < end:
            assert r.child.running()
            time.sleep(0.2)
        gate.set()
        assert s.recv(100).startswith(b"id: 7")
        s.close()
        assert r.child.process.wait(ipc.PATIENCE_S) == 0
    finally:
        r.close()


# ---- whoever is sent by others ----

def test_hosts(rig):
    """DNS rebinding: a page's own name points here, and its script asks as if it were ours."""
    port = rig.port
    for host in (f"{NAME}:{port}", f"{NAME.upper()}:{port}", f"127.0.0.1:{port}"):
        assert rig.ask("GET", "/", host=host)[0] == 200, host
        assert rig.ask("GET", "/v1/x", host=host)[0] == 200, host
    asked = len(rig.engine.opened)
    for host in ("evil.example", f"evil.example:{port}", f"127.0.0.2:{port}", NAME, "127.0.0.1",
                 f"{NAME}:{port + 1}", f"{NAME}.evil.example:{port}", f"x.{NAME}:{port}",
                 f"localhost:{port}", f"[::1]:{port}", f"[127.0.0.1]:{port}", f"127.1:{port}",
                 f"0x7f.0.0.1:{port}", f"2130706433:{port}", f"{NAME}.:{port}", f":{port}", ":",
                 f"user@{NAME}:{port}", f"{NAME}:0{port}0", f"{NAME}:", "[", "]", "[]",
                 f"[]:{port}", f"{NAME}:99999999999", f"{NAME} :{port}", "%31"):
        for path in ("/", "/v1/x"):
            status, fields, body, _ = rig.ask("GET", path, host=host)
            assert status == 421, host
            problem(status, fields, body)
    assert rig.ask("GET", "/", host="")[0] == 400
    with rig.connect() as s:
        s.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert read_answer(s)[0] == 400
    with rig.connect() as s:
        s.sendall(f"GET / HTTP/1.1\r\nHost: {rig.host}\r\nHost: {rig.host}\r\n\r\n".encode())
        assert read_answer(s)[0] == 400
    assert len(rig.engine.opened) == asked


def test_other_sites(rig):
    own = f"Origin: https://{rig.host}"
    for fields in ((), (own,), (own, "Sec-Fetch-Site: same-origin"), ("Sec-Fetch-Site: none",),
                   (own.upper().replace("ORIGIN: HTTPS", "Origin: https"),)):
        for method, body in (("GET", None), ("POST", b"{}")):
            assert rig.ask(method, "/v1/x", *fields, body=body)[0] == 200, fields
    asked = len(rig.engine.opened)
    for fields in (("Origin: https://evil.example",), ("Origin: null",), ("Origin:",),
                   (f"Origin: http://{rig.host}",), (f"Origin: https://{rig.host}.evil.example",),
                   (f"Origin: https://{NAME}",), (f"Origin: https://{rig.host}/",),
                   (own, "Sec-Fetch-Site: cross-site"), ("Sec-Fetch-Site: same-site",),
                   (own, "Sec-Fetch-Site: Same-Origin"), ("Sec-Fetch-Site:",)):
        for method, body in (("GET", None), ("POST", b"{}")):
            status, answer, text, _ = rig.ask(method, "/v1/x", *fields, body=body)
            assert status == 403, fields
            assert problem(status, answer, text) and guarded(answer)
            assert "access-control-allow-origin" not in answer
    status, answer, _, _ = rig.ask("OPTIONS", "/v1/x", "Origin: https://evil.example",
                                   "Access-Control-Request-Method: POST")
    assert status == 405 and "access-control-allow-origin" not in answer
    assert len(rig.engine.opened) == asked
    # a link elsewhere may lead to the pages
    assert rig.ask("GET", "/", "Sec-Fetch-Site: cross-site")[0] == 200


def test_forms_cannot_send(rig):
    """What another site's form can send without asking is no JSON."""
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
                  "application/jsonp", "text/json"):
        with rig.connect() as s:
            s.sendall(rig.request("POST", "/v1/x", f"Content-Type: {media}",
                                  "Content-Length: 2") + b"{}")
            assert read_answer(s)[0] == 415
    with rig.connect() as s:
        s.sendall(rig.request("POST", "/v1/x", "Content-Length: 2") + b"{}")
        assert read_answer(s)[0] == 415
    with rig.connect() as s:
        s.sendall(rig.request("POST", "/v1/x", "Content-Type: Application/JSON; charset=utf-8",
                              "Content-Length: 2") + b"{}")
        assert read_answer(s)[0] == 200
    assert rig.ask("POST", "/v1/x", "Content-Encoding: gzip", body=b"{}")[0] == 415
    assert rig.ask("POST", "/v1/x")[0] == 200  # without a body


def test_paths(rig):
    for target, seen in (("/v1/devices/a%2fb", "/v1/devices/a%2Fb"),
                         ("/%76%31/devices", "/v1/devices"), ("/v1/x?../..", "/v1/x?../.."),
                         ("/v1/views/%c3%a4%20x", "/v1/views/%C3%A4%20x"),
                         ("/v1/a~b-c_d.e", "/v1/a~b-c_d.e"), ("/v1", "/v1"),
                         ("/v1/x?a=%00", "/v1/x?a=%00")):
        assert rig.ask("GET", target)[0] == 200
        assert rig.engine.asked[-1].target == seen
    asked = len(rig.engine.opened)
    for target in ("/..", "/../etc/passwd", "/v1/../x", "/v1/./x", "//v1/x", "/v1//x", "/v1/x/",
                   "/v1/%2e%2e/x", "/v1/.%2e", "/%2e/", "/v1/%", "/v1/%4", "/v1/%zz", "/v1/%00",
                   "/v1/%0d%0aX:%20y", "/v1/" + "a" * 300, "/a/b/c/d/e/f/g/h/i", "*",
                   "/v1/%7f", "/assets/..%2findex.html/.."):
        status, fields, body, _ = rig.ask("GET", target)
        assert status == 400, target
        assert problem(status, fields, body) and guarded(fields)
    for target in ("/x.js", "/assets/nothing.js", "/.git/config.d", "/index.html%2ehtml",
                   "/etc/passwd.", "/assets/../x.y", "/Index.html"):
        assert rig.ask("GET", target)[0] in (404, 400), target
    for method in ("PUT", "DELETE", "PATCH", "CONNECT", "TRACE", "BREW"):
        assert rig.ask(method, "/v1/x")[0] == 405
        assert rig.ask(method, "/")[0] == 405
    assert len(rig.engine.opened) == asked


def test_what_could_be_read_in_two_ways(rig):
    """One answer, the end of the connection, and the request behind it is not seen."""
    ok = rig.request
    session = "Cookie: __Host-cardea=a"
    cases = [
        (ok("POST", "/v1/x", "Content-Length: 3", body=b"abcd"), 400),
        (ok("POST", "/v1/x", "Content-Length: 4", body=b"abcd"), 400),
        (ok("POST", "/v1/x", "Transfer-Encoding: chunked") + b"0\r\n\r\n", 411),
        (ok("POST", "/v1/x", "Transfer-Encoding: chunked", body=b"abcd"), 411),
        (ok("POST", "/v1/x", "Content-Length : 0"), 400),
        (ok("POST", "/v1/x", "Content-Length: 0x1"), 400),
        (ok("GET", "/v1/x", body=b"abcd"), 400),
        (ok("GET", "/v1/x").replace(b"\r\n", b"\n"), 400),
        (ok("GET", "/v1/x", "X: 1", " folded: yes"), 400),
        (ok("GET", "/v1/x", "X: a\rb"), 400),
        (ok("GET", "/v1/x", "X: a\0b"), 400),
        (ok("GET", "/v1/x", "Expect: the worst"), 417),
        (ok("GET", f"https://{rig.host}/v1/x"), 400),
        (ok("GET", "/v1/x y"), 400),
        (ok("GET", "/v1/x", version="2.0"), 505),
        (ok("GET", "/v1/x", session, session), 400),
        (ok("GET", "/v1/x", session + "; __Host-cardea=b"), 400),
        (ok("GET", "/v1/x", "Cookie: __Host-cardea=a\xe4"), 400),
        (ok("GET", "/v1/x", "Cookie: __Host-cardea=a\"b"), 400),
        (ok("GET", "/v1/x", "Authorization: Bearer a", "Authorization: Bearer b"), 400),
        (ok("GET", "/v1/x", "If-Match: \xff"), 400),
        (ok("GET", "/v1/x", "Idempotency-Key: \t\ta\tb"), 400),
        (ok("GET", "/v1/x", "Authorization: Bearer " + "a" * 600), 431),
        (ok("GET", "/v1/x", "X: " + "a" * 5000), 431),
        (ok("GET", "/v1/" + "a" * 5000), 431),
        (ok("GET", "/v1/x", *(f"X{i}: a" for i in range(40))), 431),
        (b"A" * 5000, 431), (b"\0" * 200, 400), (b"\r\n\r\n", 400),
    ]
    for request, wanted in cases:
        with rig.connect() as s:
            s.sendall(request + ok("GET", "/v1/hidden"))
            status, fields, body, rest = read_answer(s)
            assert status == wanted, request
            assert fields["connection"] == "close" and not rest and guarded(fields)
            problem(status, fields, body)
            assert is_closed(s)
    assert rig.engine.opened == []


def test_without_tls(rig):
    """Who typed no https:// is shown the way; nothing secret is taken in clear."""
    with rig.clear() as s:
        s.sendall(rig.request("GET", "/devices"))
        status, fields, _, _ = read_answer(s)
        assert status == 308 and fields["location"] == f"https://{rig.host}/"
        assert is_closed(s)
    for request, wanted in ((rig.request("GET", "/v1/x"), 403),
                            (rig.request("GET", "/", host="evil.example"), 421),
                            (rig.request("POST", "/v1/session", body=b"{}"), 403)):
        with rig.clear() as s:
            s.sendall(request)
            status, fields, _, _ = read_answer(s)
            assert status == wanted and is_closed(s)
    assert rig.engine.opened == []
    with rig.clear() as s:  # neither: it is closed without a word
        s.sendall(b"\x16\x03\x01\x00\x05hello")
        assert is_closed(s)


# ---- the engine ----

def test_whom_the_engine_refuses(rig):
    for refused, status in ((HELD, 403), (FULL, 503)):
        rig.engine.refuse = refused
        got, fields, body, _ = rig.ask("GET", "/v1/x")
        assert got == status and guarded(fields)
        problem(got, fields, body)
        # nor is its password's key computed
        assert rig.ask("POST", "/v1/session",
                       body=b'{"user":"a","password":"x"}')[0] == status
    assert rig.ask("GET", "/icon.svg")[0] == 200


BAD_ANSWERS = [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"nonsense\r\n\r\n",
               b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
               b"HTTP/1.1 200 OK\r\nX: " + b"a" * 9000 + b"\r\n\r\n",
               b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"]


def test_answers_that_are_none(rig):
    for octets in BAD_ANSWERS:
        rig.engine.answer = lambda r, o=octets: o
        status, fields, body, _ = rig.ask("GET", "/v1/x")
        assert status == 503 and problem(status, fields, body), octets
    rig.engine.answer = lambda r: reply(b"abc", length=10)  # a part of one: it is no whole
    with rig.connect() as s:
        s.sendall(rig.request("GET", "/v1/x"))
        with pytest.raises((AssertionError, ConnectionError, ssl.SSLError)):
            read_answer(s)
    rig.engine.answer = lambda r: reply(b"abcHTTP/1.1 200 OK\r\n\r\n", length=3)
    with rig.connect() as s:  # more than announced reaches nobody
        s.sendall(rig.request("GET", "/v1/x") + rig.request("GET", "/v1/x"))
        _, _, body, rest = read_answer(s)
        _, _, second, rest = read_answer(s, rest)
        assert body == second == b"abc" and not rest
    rig.engine.answer = lambda r: reply(b"{}", "200 OK", "X-Evil: 1", "ETag: \"\xe4\"")
    assert "etag" not in rig.ask("GET", "/v1/x")[1]


def test_without_an_engine(rig):
    hangs = threading.Event()
    rig.engine.answer = lambda r: hangs.wait(ipc.PATIENCE_S) and None
    with rig.connect() as waits:
        waits.sendall(rig.request("GET", "/v1/x"))
        wait(lambda: rig.engine.asked)
        hangs.set()  # its process is gone, and its pipes with it
        assert read_answer(waits)[0] == 503
    rig.engine.channel.sock.shutdown(socket.SHUT_RDWR)
    wait(lambda: rig.ask("GET", "/v1/x")[0] == 503)
    assert rig.ask("GET", "/")[0] == 200
    rig.engine.attach(rig.child.connect_engine())
    rig.engine.answer = lambda r: reply(b"{}")
    wait(lambda: rig.ask("GET", "/v1/x")[0] == 200)


def test_an_engine_that_is_none(rig):
    """A pipe without a descriptor, or with one and refused: its channel ends."""
    for fields in ({"refused": 0}, {"refused": 99}):
        rig.engine.channel.send("WEB_PIPE", id=1, **fields)
        wait(lambda: rig.ask("GET", "/v1/x")[0] == 503)
        rig.engine.attach(rig.child.connect_engine())
        wait(lambda: rig.ask("GET", "/v1/x")[0] == 200)
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:  # for nobody who asked: closed, and no harm
            rig.engine.channel.send("WEB_PIPE", pass_fd=theirs.fileno(), id=987, refused=0)
        ours.settimeout(ipc.PATIENCE_S)
        assert ours.recv(1) == b""
    assert rig.ask("GET", "/v1/x")[0] == 200


# ---- slow, many ----

def is_established(s):
    peer = socket.socket(fileno=os.dup(s.fileno()))
    with peer:
        return peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 1


def test_slow_clients_are_left(rig):
    """Slowloris in each phase, at the same time: an octet now and then prolongs nothing, and
    who does not take his answers loses them. A live view stays, though nothing is said."""
    gate = threading.Event()
    streams = event_stream(rig, gate)
    rig.engine.answer = lambda r: reply(b"x" * 65536) if r.target == "/v1/big" else streams(r)
    deaf, deaf_since = rig.connect("127.0.0.6"), time.monotonic()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for _ in range(12):
        deaf.sendall(rig.request("GET", "/v1/big"))
    live, began = open_stream(rig), time.monotonic()
    slow = {"silent": rig.connect("127.0.0.4"), "head": rig.connect("127.0.0.2"),
            "body": rig.connect("127.0.0.3"), "shake": rig.clear("127.0.0.5")}
    slow["head"].sendall(b"GET /v1/x HTTP/1.1\r\n")
    slow["body"].sendall(rig.request("POST", "/v1/x", body=b"x" * 4000)[:-4000])
    ended, said, gone = {}, {}, {}

    def go_on(name, s):
        octet = {"head": b"X: y\r\n", "body": b"x", "shake": b"\x16"}.get(name)
        s.settimeout(0.05)
        try:
            if octet:
                s.send(octet)
            data = s.recv(65536)
        except TimeoutError:
            return
        except OSError:
            data = b""
        said[name] = said.get(name, b"") + data
        if not data:
            ended[name] = time.monotonic() - began

    while len(ended) < len(slow) and time.monotonic() - began < BODY_S + SLACK_S:
        for name, s in slow.items():
            if name not in ended:
                go_on(name, s)
        assert rig.ask("GET", "/icon.svg")[0] == 200  # others are served, all the while
        if "deaf" not in gone and not is_established(deaf):
            gone["deaf"] = time.monotonic() - deaf_since
    for s in slow.values():
        s.close()
    assert set(ended) == set(slow), ended
    deaf.close()
    assert 7 <= gone["deaf"] < 8 + SLACK_S
    assert ended["shake"] <= 8 + SLACK_S and not said["shake"].startswith(b"HTTP")
    assert HEAD_S - 1 <= ended["head"] <= HEAD_S + SLACK_S and b" 408 " in said["head"]
    assert HEAD_S - 1 <= ended["silent"] <= HEAD_S + SLACK_S and not said["silent"]
    assert BODY_S - 1 <= ended["body"] <= BODY_S + SLACK_S and b" 408 " in said["body"]
    gate.set()
    assert live.recv(100).startswith(b"id: 7")
    live.close()


def test_a_thousand_idle_connections(rig):
    with rig.connect() as s:  # OpenSSL has what it needs for good
        s.sendall(rig.request("GET", "/icon.svg"))
        read_answer(s)
    before = rig.child.own_kb()
    one = [rig.clear("127.0.2.1") for _ in range(100)]
    wait(lambda: still_open(one) <= PER_CLIENT)
    many = [rig.clear(f"127.0.3.{1 + i % 250}") for i in range(900)]
    hello = bytes.fromhex("160301020001") + b"\0" * 300  # a handshake that never goes on
    for s in many:
        try:
            s.send(hello)
        except ConnectionError:
            pass
    wait(lambda: still_open(one + many) <= CONNS)
    grown = rig.child.own_kb() - before
    print("64 handshakes that hang: %d KiB" % grown)
    assert grown < 64 * 56
    # the places are full, and who comes is served
    wait(lambda: answers(rig, "127.0.4.1"))
    for s in one + many:
        s.close()
    assert rig.child.running()


def in_a_net_of_its_own(folder, work):
    """work(rig) where 2001:db8::/32 is all ours; a thread has the net, and its sockets do."""
    failed = []

    def run():
        rig = None
        try:
            assert ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) == 0
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            subprocess.run(["ip", "-6", "route", "add", "local", "2001:db8::/32", "dev", "lo"],
                           check=True)
            rig = Rig(folder, at="2001:db8::1")
            work(rig)
        except BaseException as e:
            failed.append(e)
        finally:
            if rig:
                rig.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


def test_many_ipv6_addresses_push_nobody_out(tmp_path):
    """A device has as many addresses of its /64 as it likes. It loses its own places, though
    each address has but one, and a browser of another net has four."""
    def work(rig):
        crowd = [rig.clear(f"2001:db8:0:1::{n:x}") for n in range(1, CONNS + 1)]
        owner = [rig.clear("2001:db8:0:2::1") for _ in range(4)]
        crowd += [rig.clear(f"2001:db8:0:1::{n:x}") for n in range(101, 141)]
        wait(lambda: still_open(crowd + owner) <= CONNS)
        assert still_open(owner) == 4
        for s in crowd + owner:
            s.close()

    in_a_net_of_its_own(tmp_path, work)


def test_many_ipv6_addresses_take_half_the_turns(tmp_path):
    body = b'{"user":"a","password":"1234567890"}'

    def work(rig):
        rig.engine.channel.send("WEB_SALT", salt=SALT, log2_n=13, r=8, p=2)
        wait(lambda: rig.ask("GET", "/icon.svg", source="2001:db8:0:3::1")[0] == 200)
        got = []

        def guess(n):
            while 429 not in got and len(got) < 500:
                got.append(rig.ask("POST", "/v1/session", source=f"2001:db8:0:1::{n:x}",
                                   body=body)[0])

        crowd = [threading.Thread(target=guess, args=(n,)) for n in range(1, 11)]
        for t in crowd:
            t.start()
        wait(lambda: 429 in got)
        assert rig.ask("POST", "/v1/session", source="2001:db8:0:2::1", body=body)[0] == 200
        for t in crowd:
            t.join()
        assert got.count(200) >= 4 and set(got) == {200, 429}

    in_a_net_of_its_own(tmp_path, work)


def answers(rig, source):
    try:
        return rig.ask("GET", "/icon.svg", source=source)[0] == 200
    except (OSError, EOFError):
        return False


def test_who_asks_too_often_hears_so(rig):
    got = []
    some = rig.request("GET", "/icon.svg") * 38 + rig.request("GET", "/v1/x")  # costs 40
    with rig.connect("127.0.0.2") as s:
        rest = b""
        while 429 not in got:
            if len(got) % 39 == 0:
                s.sendall(some)
            status, fields, body, rest = read_answer(s, rest)
            got.append(status)
    assert set(got) == {200, 429}
    assert 39 * 9 <= len(got) < 500 and int(fields["retry-after"]) > 0
    problem(429, fields, body)
    assert rig.ask("GET", "/icon.svg", source="127.0.0.3")[0] == 200  # another's own


def test_idle_memory(rig):
    idle = rig.child.own_kb()
    rig.ask("GET", "/v1/x")
    rig.ask("POST", "/v1/session", body=b'{"user":"a","password":"1234567890"}')
    used = rig.child.own_kb()
    print("own memory: %d KiB idle, %d KiB with TLS and a login" % (idle, used))
    assert idle <= 1150 and used <= 2400
