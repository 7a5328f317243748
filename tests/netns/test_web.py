# SPDX-License-Identifier: GPL-2.0-or-later
"""The process web against real sockets: what devices ask over HTTP and HTTPS, and clients
that are slow, many, long or ambiguous. This module plays the engine. Loopback only."""

import json
import os
import pathlib
import re
import select
import socket
import ssl
import subprocess
import threading
import time

import pytest

import ipc

NAME = "dns.cardea.internal"
CAPPORT, CHALLENGE, EVIDENCE = range(3)
FORBIDDEN = 3
CAPTIVE_JSON, JSON, CBOR, TOKEN = 2, 3, 4, 5
CONNS, PER_CLIENT, BURST, REQUESTS = 64, 4, 60, 32
HEAD_S, BODY_S, SHAKE_S = 10, 20, 8
# What an octet prolonged would go on for as long as octets come; a loaded machine is late.
SLACK_S = 20
BODY_MAX = 32768


class Engine:
    """Answers as it is told; keeps what was asked."""

    def __init__(self, channel):
        self.asked = []
        self.answer = lambda m, body: (200, CAPTIVE_JSON, b'{"captive":false}')
        self.attach(channel)

    def attach(self, channel):
        self.channel = channel
        threading.Thread(target=self.run, args=(channel,), daemon=True).start()

    def run(self, channel):
        while True:
            try:
                m = channel.receive(0.5)
                body = b""
                while len(body) < m.length:
                    part = channel.expect("WEB_PART", 5)
                    assert part.id == m.id
                    body += part.octets
            except TimeoutError:
                continue
            except (EOFError, OSError):
                return
            self.asked.append((m, body))
            answer = self.answer(m, body)
            if answer:
                status, media, octets = answer
                channel.send("WEB_REPLY", id=m.id, status=status, media=media,
                             retry_s=0, octets=octets)


class Rig:
    def __init__(self, folder, config=()):
        self.clear, self.tls = (self.listener() for _ in range(2))
        self.dir = folder / "dns-tls"
        self.dir.mkdir(mode=0o700, exist_ok=True)
        root = folder / "root"
        root.mkdir(exist_ok=True)
        self.settings = [
            ("uid", "65534"), ("chroot", str(root)), ("tls_dir", str(self.dir)),
            ("dns_name", NAME), ("lan_begin", ""), ("lan_addr", "lo 127.0.0.1/8"),
            ("lan_end", ""), *config]
        self.start()

    def listener(self):
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        s.bind(("127.0.0.1", 0))
        s.listen(64)
        s.setblocking(False)
        return s

    def start(self):
        self.child = ipc.Child("cardea-web", self.settings,
                               [("SOCKET_WEB", self.clear), ("SOCKET_WEB_TLS", self.tls)])
        self.engine = Engine(self.child.engine)

    def connect(self, source="127.0.0.1", timeout=30):
        return socket.create_connection(self.clear.getsockname(), timeout=timeout,
                                        source_address=(source, 0))

    def secure(self, source="127.0.0.1", **how):
        context = ssl.create_default_context(cafile=str(self.dir / "cert.pem"))
        context.verify_flags |= 0x80000  # X509_V_FLAG_PARTIAL_CHAIN
        for key, value in how.items():
            setattr(context, key, value)
        raw = socket.create_connection(self.tls.getsockname(), timeout=30,
                                       source_address=(source, 0))
        return context.wrap_socket(raw, server_hostname=NAME)

    def close(self):
        self.child.stop()
        self.clear.close()
        self.tls.close()


@pytest.fixture
def rig(tmp_path):
    r = Rig(tmp_path)
    yield r
    r.close()


def get(path="/capport", *fields, version="1.1"):
    lines = [f"GET {path} HTTP/{version}", "Host: gateway", *fields, "", ""]
    return "\r\n".join(lines).encode()


def post(body, *fields, length=None, media="application/eat+cwt"):
    lines = ["POST /.well-known/cardea/evidence HTTP/1.1", "Host: gateway",
             f"Content-Type: {media}",
             f"Content-Length: {len(body) if length is None else length}", *fields, "", ""]
    return "\r\n".join(lines).encode() + body


def read_answer(s, rest=b"", head_only=False):
    """(status, fields, body, what comes after)"""
    data = rest
    while b"\r\n\r\n" not in data:
        more = s.recv(65536)
        if not more:
            raise EOFError(data)
        data += more
    head, data = data.split(b"\r\n\r\n", 1)
    first, *lines = head.decode().split("\r\n")
    fields = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
    bodiless = head_only or first.split()[1] in ("204", "304")
    length = 0 if bodiless else int(fields["content-length"])
    while len(data) < length:
        more = s.recv(65536)
        assert more, "the body ends early"
        data += more
    return int(first.split()[1]), fields, data[:length], data[length:]


def answer_of(rig, request, source="127.0.0.1", **how):
    with rig.connect(source) as s:
        s.sendall(request)
        return read_answer(s, **how)


def is_closed(s, seconds=ipc.PATIENCE_S):
    """At the end, in order or by a reset; what came before is gone through."""
    s.settimeout(seconds)
    try:
        while s.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


def problem(status, fields, body):
    assert fields["content-type"] == "application/problem+json"
    p = json.loads(body)
    assert p["status"] == status and p["title"] and p["detail"] and p["next"]
    return p


def test_capport(rig):
    rig.engine.answer = lambda m, _: (200, CAPTIVE_JSON, b'{"captive":true,"quarantine":true}')
    status, fields, body, _ = answer_of(rig, get())
    assert status == 200 and json.loads(body) == {"captive": True, "quarantine": True}
    assert fields["content-type"] == "application/captive+json"
    assert "no-store" in fields["cache-control"] and fields["date"].endswith(" GMT")
    m, _ = rig.engine.asked[-1]
    assert m.kind == CAPPORT and m.client == "127.0.0.1" and not m.secure
    status, fields, body, rest = answer_of(
        rig, get().replace(b"GET", b"HEAD") + b"", head_only=True)
    assert status == 200 and fields["content-length"] == "34" and not rest
    # who asks is the address alone, whatever is said about it
    answer_of(rig, get("/capport", "X-Forwarded-For: 10.9.9.9", "Forwarded: for=10.9.9.9"),
              source="127.0.0.7")
    assert rig.engine.asked[-1][0].client == "127.0.0.7"


def test_https_with_the_gateways_certificate(rig):
    key = (rig.dir / "key.pem").read_bytes()
    with rig.secure() as s:
        assert s.version() == "TLSv1.3"
        s.sendall(get("/.well-known/cardea/challenge", "Accept: application/cbor"))
        assert read_answer(s)[0] == 200
        m, _ = rig.engine.asked[-1]
        assert m.secure and m.kind == CHALLENGE and m.wanted == CBOR
        s.sendall(post(b"x" * 9000))  # the connection goes on
        assert read_answer(s)[0] == 200
        assert rig.engine.asked[-1][1] == b"x" * 9000
    with rig.secure(maximum_version=ssl.TLSVersion.TLSv1_2) as s:
        s.sendall(get("/capport", "Connection: close"))
        status, fields, _, rest = read_answer(s)
        assert status == 200 and fields["connection"] == "close" and not rest
        assert s.recv(10) == b""
    rig.child.stop()
    rig.start()  # the same certificate after a restart, the same key for good
    with rig.secure() as s:
        s.sendall(get())
        assert read_answer(s)[0] == 200
    assert (rig.dir / "key.pem").read_bytes() == key
    with pytest.raises(ssl.SSLError):  # HTTP/2 alone is not spoken
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        with socket.create_connection(rig.tls.getsockname(), ipc.PATIENCE_S) as raw:
            context.wrap_socket(raw)
    with rig.connect() as s:  # TLS at the door without
        s.sendall(bytes.fromhex("160301000a") + b"\1\0\0\6\3\3" * 3 + b"\r\n\r\n")
        assert read_answer(s)[0] == 400


def test_evidence_comes_whole(rig):
    for size in (1, 4096, 4097, BODY_MAX):
        body = os.urandom(size)
        with rig.connect() as s:
            s.sendall(post(body))
            assert read_answer(s)[0] == 200
        m, came = rig.engine.asked[-1]
        assert came == body and m.kind == EVIDENCE and m.media == TOKEN and m.length == size
    with rig.connect() as s:  # asked first whether it may
        s.sendall(post(b"", "Expect: 100-continue", length=5))
        assert s.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        s.sendall(b"to")
        s.sendall(b"ken")
        assert read_answer(s)[0] == 200
    assert rig.engine.asked[-1][1] == b"token"
    with rig.connect() as s:  # and hears so before it has sent anything
        s.sendall(post(b"", "Expect: 100-continue", length=BODY_MAX + 1))
        status, fields, body, _ = read_answer(s)
        assert status == 413
        problem(status, fields, body)
        assert is_closed(s)
    asked = len(rig.engine.asked)
    with rig.connect() as s:  # who goes away in the middle asked nothing
        s.sendall(post(b"", length=100) + b"half")
    with rig.connect() as s:
        s.sendall(post(b"12345", media="text/plain"))
        status, fields, _, _ = read_answer(s)
        assert status == 415 and "application/eat+cwt" in fields["accept"]
    assert len(rig.engine.asked) == asked


def test_pipelining_keeps_the_order(rig):
    rig.engine.answer = lambda m, body: (200, JSON, m.text.encode() + body)
    with rig.connect() as s:
        s.sendall(get("/capport") + post(b"GET /capport HTTP/1.1\r\n\r\n")
                  + get("/.well-known/cardea/challenge") + get("/capport", version="1.0"))
        rest, bodies = b"", []
        for _ in range(4):
            status, _, body, rest = read_answer(s, rest)
            assert status == 200
            bodies.append(body)
        assert bodies == [b"GET /capport",
                          b"POST /.well-known/cardea/evidence" b"GET /capport HTTP/1.1\r\n\r\n",
                          b"GET /.well-known/cardea/challenge", b"GET /capport"]
        assert not rest and is_closed(s)  # HTTP/1.0


AMBIGUOUS = [
    (post(b"abcd", "Content-Length: 9"), 400),
    (post(b"0\r\n\r\n", "Transfer-Encoding: chunked"), 411),
    (post(b"", "Transfer-Encoding: chunked", length=0) + b"ffffffffffffffff\r\nabc", 411),
    (post(b"abcd", "Content-Length\t: 4"), 400),
    (get().replace(b"\r\n", b"\n"), 400),
    (get("/capport", "X: 1", " folded: yes"), 400),
    (get("/capport", "Content-Length: 60"), 400),
    (get("http://bank.example/capport"), 400),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    (get("/capport", "X: " + "a" * 5000), 431),
    (get("/capport", *(f"X{i}: a" for i in range(40))), 431),
    (b"A" * 5000, 431),
    (b"\0" * 200, 400),
]


@pytest.mark.parametrize("which", range(len(AMBIGUOUS)))
def test_what_could_be_read_in_two_ways(rig, which):
    """One answer, the end of the connection, and the request behind it is not seen."""
    request, wanted = AMBIGUOUS[which]
    with rig.connect() as s:
        s.sendall(request + get("/.well-known/cardea/challenge"))
        status, fields, body, rest = read_answer(s)
        assert status == wanted and fields["connection"] == "close" and not rest
        problem(status, fields, body)
        assert is_closed(s)
    assert rig.engine.asked == []


def test_what_is_the_owners_goes_to_the_engine(rig):
    rig.engine.answer = lambda m, _: (403, 1, b"{}")
    with rig.connect() as s:
        s.sendall(b"POST /v1/quarantine/camera HTTP/1.1\r\nHost: g\r\n"
                  b"Origin: https://evil.example\r\nContent-Length: 16\r\n\r\n"
                  b'{"release":true}' + get())
        status, fields, _, rest = read_answer(s)
        assert status == 403 and fields["connection"] == "close" and not rest
        assert is_closed(s)
    (m, body), = rig.engine.asked
    assert m.kind == FORBIDDEN and m.text == "POST /v1/quarantine/camera" and not body
    assert m.from_page


def test_slow_clients_are_left(rig):
    """Slowloris in each phase, at the same time: an octet now and then prolongs nothing."""
    began = time.monotonic()
    slow = {"head": rig.connect("127.0.0.2"), "body": rig.connect("127.0.0.3"),
            "silent": rig.connect("127.0.0.4")}
    slow["shake"] = socket.create_connection(rig.tls.getsockname(), 30,
                                             source_address=("127.0.0.5", 0))
    slow["head"].sendall(b"GET /capport HTTP/1.1\r\nHost: g\r\n")
    slow["body"].sendall(post(b"", length=BODY_MAX))
    ended, said, served = {}, {}, 0
    while len(ended) < len(slow) and time.monotonic() - began < BODY_S + SLACK_S:
        left = {s: name for name, s in slow.items() if name not in ended}
        for s in select.select(list(left), [], [], 0.5)[0]:
            name = left[s]
            try:
                data = s.recv(65536)
            except ConnectionError:
                data = b""
            said[name] = said.get(name, b"") + data
            if not data:
                ended[name] = time.monotonic() - began
        for name, octet in (("head", b"X: y\r\n"), ("body", b"x"), ("shake", b"\x16")):
            try:
                slow[name].send(octet)
            except OSError:
                pass
        served += 1  # others are, all the while
        assert answer_of(rig, get(), source="127.0.7.%d" % (served % 250))[0] == 200
    for s in slow.values():
        s.close()
    assert set(ended) == set(slow)
    assert ended["shake"] <= SHAKE_S + SLACK_S and not said["shake"].startswith(b"HTTP")
    assert HEAD_S - 1 <= ended["head"] <= HEAD_S + SLACK_S and b" 408 " in said["head"]
    assert HEAD_S - 1 <= ended["silent"] <= HEAD_S + SLACK_S and not said["silent"]
    assert BODY_S - 1 <= ended["body"] <= BODY_S + SLACK_S and b" 408 " in said["body"]


def still_open(sockets):
    n = 0
    for s in sockets:
        s.setblocking(False)
        try:
            n += s.recv(1) != b""
        except BlockingIOError:
            n += 1
        except ConnectionError:
            pass
    return n


def answers(rig, source):
    try:
        return answer_of(rig, get(), source=source)[0] == 200
    except (OSError, EOFError):
        return False


def test_a_thousand_idle_connections(rig):
    answer_of(rig, get())
    with rig.secure() as s:  # OpenSSL has what it needs for good
        s.sendall(get())
        read_answer(s)
    before = rig.child.own_kb()
    one = [rig.connect("127.0.2.1") for _ in range(100)]
    assert ipc.wait_until(lambda: still_open(one) == PER_CLIENT)
    many = [rig.connect(f"127.0.3.{1 + i % 250}") for i in range(900)]
    for s in many:
        try:
            s.send(b"GET /capport HTTP/1.1\r\nX: " + b"a" * 3000)
        except ConnectionError:
            pass
    assert ipc.wait_until(lambda: still_open(one + many) <= CONNS)
    assert rig.child.own_kb() - before < 1024  # 64 with a head each are 300 KiB
    # the places are full, and a device that comes is served
    time.sleep(1)  # the bucket that all share: 50 a second
    assert ipc.wait_until(lambda: answers(rig, "127.0.4.1"), step=0.5)
    for s in one + many:
        s.close()
    assert rig.child.running()


def test_bodies_do_not_fill_the_memory(rig):
    """The most that can be under way: each place with a body that is never finished."""
    before = rig.child.own_kb()
    held = [rig.connect(f"127.0.5.{i + 1}") for i in range(CONNS)]
    for s in held:
        s.sendall(post(b"", length=BODY_MAX) + b"x" * (BODY_MAX - 1))
    assert ipc.wait_until(lambda: rig.child.own_kb() - before > 1500)
    assert rig.child.own_kb() - before < CONNS * (BODY_MAX + 6000) / 1024 + 512
    assert rig.engine.asked == []
    for s in held:
        s.close()
    assert ipc.wait_until(lambda: answers(rig, "127.0.6.1"))


def test_who_asks_too_often_hears_so(rig):
    answers = []
    while len(answers) < 10 * BURST and 429 not in answers:
        with rig.connect() as s:
            for n in range(REQUESTS):
                s.sendall(get())
                status, fields, body, rest = read_answer(s)
                answers.append(status)
                assert not rest
                if fields["connection"] == "close":
                    break
            assert n == REQUESTS - 1 or status == 429
            assert is_closed(s)
    assert set(answers[:-1]) == {200} and answers[-1] == 429
    assert len(answers) >= BURST - 3 and int(fields["retry-after"]) > 0
    problem(status, fields, body)
    assert answer_of(rig, get(), source="127.0.0.2")[0] == 200  # another's own


def test_without_an_engine(rig):
    rig.engine.answer = lambda m, _: None
    with rig.connect() as s:
        s.sendall(get())
        assert ipc.wait_until(lambda: rig.engine.asked)
        rig.engine.channel.sock.shutdown(socket.SHUT_RDWR)
        status, fields, body, _ = read_answer(s)
        assert status == 503 and fields["retry-after"]
        problem(status, fields, body)
    assert answer_of(rig, get())[0] == 503
    rig.engine.answer = lambda m, _: (200, JSON, b"{}")
    rig.engine.attach(rig.child.connect_engine())
    assert ipc.wait_until(lambda: answer_of(rig, get())[0] == 200, step=0.2)


def test_an_engine_that_is_none(rig):
    """What it may not say ends its channel; nothing of it reaches a client."""
    for status, media in ((999, JSON), (200, 99), (100, JSON)):
        rig.engine.answer = lambda m, _, a=(status, media): (*a, b"{}")
        assert answer_of(rig, get())[0] == 503
        rig.engine.attach(rig.child.connect_engine())
    rig.engine.channel.send("WEB_REPLY", id=12345, status=200, media=JSON, retry_s=0,
                            octets=b"nobody asked")
    rig.engine.answer = lambda m, _: (200, JSON, b"{}")
    assert answer_of(rig, get())[0] == 200


def test_it_has_nothing_but_its_sockets(rig):
    kinds = set()
    for fd in pathlib.Path(f"/proc/{rig.child.pid}/fd").iterdir():
        if int(fd.name) > 2:
            kinds.add(re.sub(r"\[?\d+\]?", "", os.readlink(fd)))
    assert kinds == {"socket:", "anon_inode:[eventpoll]"}
    status = pathlib.Path(f"/proc/{rig.child.pid}/status").read_text()
    assert re.search(r"^Uid:\t65534\t65534\t65534\t65534$", status, flags=re.M)
    assert re.search(r"^CapEff:\t0+$", status, flags=re.M)
    assert re.search(r"^Seccomp:\t2$", status, flags=re.M)
    assert rig.child.hello.layers & 1 << 5


def test_idle_memory(rig):
    """OpenSSL's relocations are most of it; the rest comes with the first TLS client."""
    idle = rig.child.own_kb()
    with rig.secure() as s:
        s.sendall(get())
        read_answer(s)
    used = rig.child.own_kb()
    print("own memory: %d KiB idle, %d KiB with TLS in use" % (idle, used))
    assert idle <= 1100 and used <= 2200


def test_it_ends_when_nobody_comes(tmp_path):
    r = Rig(tmp_path, [("idle_s", "3")])
    try:
        with r.connect() as s:  # who is there keeps it
            with pytest.raises(subprocess.TimeoutExpired):
                r.child.process.wait(7)  # twice as long
            s.sendall(get())
            assert read_answer(s)[0] == 200
        assert r.child.process.wait(ipc.PATIENCE_S) == 0
    finally:
        r.close()


def test_without_a_certificate(tmp_path):
    """A folder that cannot be used costs HTTPS its permanence, not the gateway its HTTP."""
    key = tmp_path / "broken.pem"
    key.write_text("none")
    key.chmod(0o600)

    class Broken(Rig):
        def start(self):
            self.settings += [("tls_cert", str(key)), ("tls_key", str(key))]
            super().start()

    r = Broken(tmp_path)
    try:
        assert answer_of(r, get())[0] == 200
        with socket.create_connection(r.tls.getsockname(), ipc.PATIENCE_S) as s:
            assert is_closed(s)
    finally:
        r.close()
    assert b"HTTPS for devices" in r.child.log
