# SPDX-License-Identifier: GPL-2.0-or-later
"""DNS over TLS of the resolver process: certificates and their files, what is agreed to
with a client, pipelining, padding, and clients that misbehave. Loopback only."""

import contextlib
import hashlib
import os
import socket
import ssl
import struct
import subprocess
import time

import pytest

import ipc
from test_resolver import A, NOERROR, NXDOMAIN, Engine, Reply, Upstream, a, query

NAME = "dns.cardea.internal"


class TlsEngine(Engine):
    """Also hears what the encrypted service is."""

    def __init__(self, channel):
        self.tls = []
        super().__init__(channel)

    def run(self):
        while True:
            try:
                m = self.channel.receive(0.2)
            except TimeoutError:
                continue
            except (EOFError, OSError):
                return
            if m.type == "DNS_TLS":
                self.tls.append(m)
            elif m.type == "DNS_ANSWER":
                self.answers.append(m)
                if not self.hold:
                    self.channel.send("DNS_RELEASE", id=m.id, rcode=0, ede=0)


class Rig:
    def __init__(self, folder, config=(), lan=("lo 127.0.0.1/8", "lo ::1/128")):
        self.upstream = Upstream()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.tls = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.tls.bind(("127.0.0.1", 0))
        self.tls.listen(64)
        self.tls.setblocking(False)
        self.dir = folder / "dns-tls"
        self.dir.mkdir(mode=0o700, exist_ok=True)
        root = folder / "root"
        root.mkdir(exist_ok=True)
        settings = [("uid", "65534"), ("chroot", str(root)),
                    ("upstream", f"127.0.0.1@{self.upstream.port}"),
                    ("tls", "yes"), ("tls_dir", str(self.dir)), ("dns_name", NAME),
                    ("dns_domain", "internal"), ("canary", "yes"), ("lan_begin", ""),
                    *[("lan_addr", text) for text in lan], ("lan_end", ""), *config]
        self.child = ipc.Child("cardea-resolver", settings,
                               [("SOCKET_DNS_UDP", self.udp), ("SOCKET_DNS_TLS", self.tls)])
        self.engine = TlsEngine(self.child.engine)

    def told(self):
        deadline = time.monotonic() + 5
        while not self.engine.tls and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.engine.tls[-1]

    def connect(self, context=None, name=NAME, source="127.0.0.1", session=None):
        raw = socket.create_connection(self.tls.getsockname(), timeout=8,
                                       source_address=(source, 0))
        return (context or self.context()).wrap_socket(raw, server_hostname=name,
                                                       session=session)

    def context(self, **how):
        """A client that trusts the one certificate which the resolver has made."""
        c = ssl.create_default_context(cafile=str(self.dir / "cert.pem"))
        c.verify_flags |= 0x80000  # X509_V_FLAG_PARTIAL_CHAIN
        for key, value in how.items():
            setattr(c, key, value)
        return c

    def close(self):
        with contextlib.suppress(Exception):
            self.log = self.child.stop()
        self.upstream.close()
        self.udp.close()
        self.tls.close()


@pytest.fixture
def rig(tmp_path):
    r = Rig(tmp_path)
    yield r
    r.close()


def send(s, *messages):
    s.sendall(b"".join(struct.pack("!H", len(m)) + m for m in messages))


def exactly(s, size):
    data = b""
    while len(data) < size:
        more = s.recv(size - len(data))
        assert more, "closed"
        data += more
    return data


def receive(s):
    return exactly(s, struct.unpack("!H", exactly(s, 2))[0])


def padded(name, qtype=A, ident=7, options=b"\0\x0c\0\x08" + bytes(8)):
    q = query(name, qtype, id=ident, edns=1232)
    return q[:-2] + struct.pack("!H", len(options)) + options


def is_closed(s, within):
    s.settimeout(within)
    try:
        return s.recv(1) == b""
    except socket.timeout:
        return False
    except OSError:
        return True


# ---- the certificate ----


def test_certificate_names_the_service(rig):
    for name in (NAME, "127.0.0.1", "::1"):  # verified by the client each time
        with rig.connect(name=name) as s:
            assert s.version() == "TLSv1.3"
            der = s.getpeercert(True)
    with pytest.raises(ssl.SSLCertVerificationError):
        rig.connect(name="other.internal")
    m = rig.told()
    assert m.on and not m.owners and m.name == NAME
    assert bytes(m.fingerprint) == hashlib.sha256(der).digest()
    assert 700 * 86400 < m.not_after / 1e9 - time.time() < 825 * 86400
    text = subprocess.run(["openssl", "x509", "-noout", "-text", "-pubkey"],
                          input=ssl.DER_cert_to_PEM_cert(der), text=True,
                          capture_output=True, check=True).stdout
    assert "prime256v1" in text and "TLS Web Server Authentication" in text
    assert "CA:FALSE" in text
    spki = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"],
                          input=text[text.index("-----BEGIN"):].encode(),
                          capture_output=True, check=True).stdout
    assert bytes(m.pin) == hashlib.sha256(spki).digest()


def test_key_is_for_root_alone(rig):
    key = rig.dir / "key.pem"
    assert key.stat().st_mode & 0o777 == 0o600 and key.stat().st_uid == 0
    assert sorted(os.listdir(rig.dir)) == ["cert.pem", "key.pem"]


def test_restart_keeps_it_and_new_addresses_keep_the_key(tmp_path):
    first = Rig(tmp_path)
    before = first.told()
    first.close()
    second = Rig(tmp_path)
    same = second.told()
    second.close()
    third = Rig(tmp_path, lan=("lo 127.0.0.1/8", "lo ::1/128", "lo 192.168.7.1/24"))
    changed = third.told()
    with third.connect(name="192.168.7.1"):
        pass
    third.close()
    assert bytes(same.fingerprint) == bytes(before.fingerprint)
    assert bytes(changed.fingerprint) != bytes(before.fingerprint)
    assert bytes(changed.pin) == bytes(before.pin)


def test_new_address_while_it_runs(rig):
    before = rig.told()
    count = len(rig.engine.tls)
    for key, value in (("lan_begin", ""), ("lan_addr", "lo 127.0.0.1/8"),
                       ("lan_addr", "lo 192.168.7.1/24"), ("lan_end", "")):
        rig.child.parent.send("CONFIG", key=key, value=value)
    deadline = time.monotonic() + 5
    while len(rig.engine.tls) == count and time.monotonic() < deadline:
        time.sleep(0.02)
    after = rig.told()
    assert bytes(after.pin) == bytes(before.pin)
    assert bytes(after.fingerprint) != bytes(before.fingerprint)
    loose = ssl._create_unverified_context()
    with rig.connect(loose) as s:
        assert hashlib.sha256(s.getpeercert(True)).digest() == bytes(after.fingerprint)


@pytest.mark.parametrize("damage", ["nothing", "key", "cert", "other", "folder", "group"])
def test_damaged_files_are_replaced_or_left(tmp_path, damage):
    first = Rig(tmp_path)
    before = first.told()
    first.close()
    folder = tmp_path / "dns-tls"
    if damage == "key":
        (folder / "key.pem").write_text("nonsense")
    elif damage == "cert":
        (folder / "cert.pem").write_bytes(b"\xff" * 70000)
    elif damage == "other":  # a certificate of another key
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x", "-keyout",
                        "/dev/null", "-out", str(folder / "cert.pem")], check=True,
                       capture_output=True)
    elif damage == "folder":  # somebody else's: not to be trusted, nor written to
        os.chown(folder, 65534, 65534)
    elif damage == "group":
        os.chmod(folder / "key.pem", 0o640)
    second = Rig(tmp_path)
    after = second.told()
    with second.connect(ssl._create_unverified_context()) as s:
        send(s, query("nowhere.example"))
        assert Reply(receive(s)).rcode == NXDOMAIN
    second.close()
    assert after.on
    kept = damage in ("nothing", "cert", "other")
    assert (bytes(after.pin) == bytes(before.pin)) == kept
    assert (bytes(after.fingerprint) == bytes(before.fingerprint)) == (damage == "nothing")


def restored(folder, source, mode=0o600, text=None):
    """What a restore puts there: the pair of another gateway."""
    path = folder / "dns-tls" / "restored.pem"
    path.write_text(text or (source / "dns-tls" / "key.pem").read_text()
                    + (source / "dns-tls" / "cert.pem").read_text())
    os.chmod(path, mode)
    return path


@pytest.mark.parametrize("cut", [False, True])
def test_a_restored_pair_takes_the_place(tmp_path, cut):
    old, new = tmp_path / "old", tmp_path / "new"
    told = []
    for folder in (old, new):
        folder.mkdir()
        rig = Rig(folder)
        told.append(rig.told())
        rig.close()
    assert bytes(told[0].pin) != bytes(told[1].pin)
    restored(new, old)
    if cut:  # ended between the two files: the new key beside the old certificate
        key = (old / "dns-tls" / "key.pem").read_text()
        (new / "dns-tls" / "key.pem").write_text(key)
    for _ in range(2):
        rig = Rig(new)
        assert bytes(rig.told().fingerprint) == bytes(told[0].fingerprint)
        rig.close()
        assert sorted(os.listdir(new / "dns-tls")) == ["cert.pem", "key.pem"]
        for name in os.listdir(new / "dns-tls"):
            at = (new / "dns-tls" / name).stat()
            assert at.st_mode & 0o777 == 0o600 and at.st_uid == 0


@pytest.mark.parametrize("how", ["text", "mode", "half"])
def test_what_is_no_pair_changes_nothing(tmp_path, how):
    rig = Rig(tmp_path)
    before = rig.told()
    rig.close()
    if how == "text":
        restored(tmp_path, tmp_path, text="nonsense")
    elif how == "mode":
        restored(tmp_path, tmp_path, mode=0o644)
    else:  # a key without a certificate
        restored(tmp_path, tmp_path, text=subprocess.run(
            ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
             "ec_paramgen_curve:P-256"], check=True, capture_output=True, text=True).stdout)
    rig = Rig(tmp_path)
    assert bytes(rig.told().fingerprint) == bytes(before.fingerprint)
    rig.close()
    assert sorted(os.listdir(tmp_path / "dns-tls")) == ["cert.pem", "key.pem"]


@pytest.fixture(scope="module")
def owners(tmp_path_factory):
    """The owner's own authority, and what it issued."""
    folder = tmp_path_factory.mktemp("owner")

    def run(*args):
        subprocess.run(["openssl", *args], check=True, capture_output=True, cwd=folder)

    ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    run("req", "-x509", *ec, "-days", "30", "-subj", "/CN=CA", "-keyout", "ca.key", "-out",
        "ca.pem")
    (folder / "ext").write_text("subjectAltName=DNS:%s\n" % NAME)
    run("req", "-new", *ec, "-subj", "/CN=x", "-keyout", "own.key", "-out", "own.csr")
    run("x509", "-req", "-in", "own.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days",
        "90", "-extfile", "ext", "-out", "leaf.pem")
    (folder / "own.pem").write_text((folder / "leaf.pem").read_text()
                                    + (folder / "ca.pem").read_text())
    run("pkey", "-in", "own.key", "-aes256", "-passout", "pass:secret", "-out", "locked.key")
    for key in folder.glob("*.key"):
        key.chmod(0o600)
    return folder


def test_owners_certificate(tmp_path, owners):
    r = Rig(tmp_path, [("tls_cert", str(owners / "own.pem")),
                       ("tls_key", str(owners / "own.key"))])
    trusting = ssl.create_default_context(cafile=str(owners / "ca.pem"))
    with r.connect(trusting) as s:
        send(s, query("nowhere.example"))
        assert Reply(receive(s)).rcode == NXDOMAIN
    assert r.told().owners and not os.listdir(r.dir)
    r.close()


@pytest.mark.parametrize("cert,key,why", [
    ("own.pem", "missing.key", "missing.key"),
    ("missing.pem", "own.key", "missing.pem"),
    ("own.pem", "ca.key", "not that of the key"),
    ("own.csr", "own.key", "no PEM certificate"),
    ("own.pem", "locked.key", "locked.key"),
    ("own.pem", "/dev/zero", "/dev/zero"),
    ("own.pem", "", "go together"),
    ("own.pem", "open", "others can read it"),
])
def test_owners_mistakes_are_said(tmp_path, owners, cert, key, why):
    if key == "open":
        (tmp_path / "open").write_bytes((owners / "own.key").read_bytes())
        (tmp_path / "open").chmod(0o644)
        key = str(tmp_path / "open")
    path = key if key.startswith("/") or not key else str(owners / key)
    r = Rig(tmp_path, [("tls_cert", str(owners / cert)), ("tls_key", path)])
    m = r.told()
    assert not m.on and why in m.text
    with pytest.raises(OSError):
        r.connect(ssl._create_unverified_context())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:  # plain DNS goes on
        s.settimeout(5)
        s.sendto(query("nowhere.example"), r.udp.getsockname())
        assert Reply(s.recv(4096)).rcode == NXDOMAIN
    r.close()


def test_it_can_be_off(tmp_path):
    r = Rig(tmp_path, [("tls", "no")])
    m = r.told()
    assert not m.on and "tls = false" in m.text and not os.listdir(r.dir)
    with pytest.raises(OSError):
        r.connect(ssl._create_unverified_context())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.sendto(query("_dns.resolver.arpa", 64), r.udp.getsockname())
        reply = Reply(s.recv(4096))
    assert reply.rcode == NOERROR and not reply.answers  # RFC 9462 4
    r.close()


# ---- what is agreed to ----


def test_protocols(rig):
    def version(**how):
        with rig.connect(rig.context(**how)) as s:
            return s.version()

    assert version(maximum_version=ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    assert version(minimum_version=ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    old = rig.context()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, OSError)):
        rig.connect(old)
    weak = rig.context(maximum_version=ssl.TLSVersion.TLSv1_2)
    weak.set_ciphers("AES128-SHA256:AES256-SHA:ECDHE-ECDSA-AES128-SHA")
    with pytest.raises((ssl.SSLError, OSError)):
        rig.connect(weak)


def test_alpn(rig):
    c = rig.context()
    c.set_alpn_protocols(["h2", "dot"])
    with rig.connect(c) as s:
        assert s.selected_alpn_protocol() == "dot"
    with rig.connect() as s:
        assert s.selected_alpn_protocol() is None
    c = rig.context()
    c.set_alpn_protocols(["h2", "http/1.1"])
    with pytest.raises((ssl.SSLError, OSError)):
        rig.connect(c)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_are_resumed(rig, version):
    c = rig.context(maximum_version=version, minimum_version=version)
    with rig.connect(c) as s:
        send(s, query("nowhere.example"))
        receive(s)  # tickets have come by now
        session = s.session
        assert not s.session_reused
    with rig.connect(c, session=session) as s:
        assert s.session_reused


# ---- queries ----


def test_answers_are_held_as_over_tcp(rig):
    rig.upstream.add("cloud.example", a("cloud.example", "203.0.113.5"))
    rig.engine.hold = True
    with rig.connect() as s:
        send(s, query("cloud.example"))
        s.settimeout(0.5)
        with pytest.raises(socket.timeout):
            s.recv(1)
        m = rig.engine.answers[-1]
        assert m.client == "127.0.0.1" and m.name == "cloud.example"
        rig.child.engine.send("DNS_RELEASE", id=m.id, rcode=0, ede=0)
        s.settimeout(5)
        assert Reply(receive(s)).addresses() == ["203.0.113.5"]


def test_pipelined_queries(rig):
    names = ["n%d.example" % n for n in range(40)]
    for n, name in enumerate(names):
        rig.upstream.add(name, a(name, "203.0.113.%d" % n))
    with rig.connect() as s:
        send(s, *[query(name, id=n) for n, name in enumerate(names)])
        got = {}
        for _ in names:
            r = Reply(receive(s))
            got[r.id] = r.addresses()
        assert got == {n: ["203.0.113.%d" % n] for n in range(40)}


def test_queries_in_pieces(rig):
    q = query("nowhere.example")
    with rig.connect() as s:
        for byte in struct.pack("!H", len(q)) + q:
            s.sendall(bytes([byte]))
        assert Reply(receive(s)).rcode == NXDOMAIN
        send(s, query(NAME))
        assert Reply(receive(s)).addresses() == ["127.0.0.1"]


def test_replies_are_padded_when_the_query_is(rig):
    rig.upstream.add("cloud.example", a("cloud.example", "203.0.113.5"))
    with rig.connect() as s:
        for name in ("cloud.example", "nowhere.example", NAME):
            send(s, padded(name))
            reply = receive(s)
            assert len(reply) == 468
            assert Reply(reply).opt
            send(s, query(name, edns=1232))
            assert len(receive(s)) < 300
        many = [a("big.example", "203.0.113.%d" % n) for n in range(60)]
        rig.upstream.add("big.example", *many)
        send(s, padded("big.example"))
        reply = receive(s)
        assert len(reply) > 968 and len(reply) % 468 == 0
        assert len(Reply(reply).addresses()) == 60


# ---- clients that misbehave ----


def test_plain_text_is_no_tls(rig):
    with socket.create_connection(rig.tls.getsockname(), timeout=5) as s:
        q = query("nowhere.example")
        s.sendall(struct.pack("!H", len(q)) + q)
        assert b"\x81\x80" not in (s.recv(64) if not is_closed(s, 3) else b"")
    with rig.connect():
        pass


def test_handshake_has_to_end(rig):
    with socket.create_connection(rig.tls.getsockname()) as s:
        s.sendall(b"\x16\x03\x01\x02\x00\x01")
        began = time.monotonic()
        assert is_closed(s, 8)
        assert 4 < time.monotonic() - began < 7


@pytest.mark.parametrize("data", [b"\xff\xff" + bytes(100), b"\0\0", b"\0\x05hello",
                                  b"\x10\x01"])
def test_nonsense_ends_the_connection(rig, data):
    with rig.connect() as s:
        s.sendall(data)
        assert is_closed(s, 5)


def test_slow_reader_is_closed(rig):
    """Replies pile up for a client that does not read; others are served meanwhile."""
    many = [a("big.example", "203.0.113.%d" % n) for n in range(120)]
    rig.upstream.add("big.example", *many)
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    raw.connect(rig.tls.getsockname())
    s = rig.context().wrap_socket(raw, server_hostname=NAME)
    s.settimeout(1)
    began, ended = time.monotonic(), None
    while time.monotonic() - began < 25 and ended is None:
        try:
            send(s, *[query("big.example", edns=1232)] * 8)
            time.sleep(0.2)
        except (socket.timeout, ssl.SSLWantWriteError):
            with rig.connect(source="127.0.0.2") as other:
                send(other, query("nowhere.example"))
                assert Reply(receive(other)).rcode == NXDOMAIN
        except OSError:
            ended = time.monotonic()
    assert ended is not None, "it was never closed"
    assert ended - began > 5, "it was closed before its time was over"
    raw.close()


def test_a_clients_oldest_makes_room(rig):
    """The seventh connection of one client ends its longest idle one."""
    held = [rig.connect() for _ in range(6)]
    for s in held[1:]:
        send(s, query(NAME))
        receive(s)
    with rig.connect() as s:
        send(s, query(NAME))
        assert Reply(receive(s)).rcode == NOERROR
        assert is_closed(held[0], 3)
        for other in held[1:]:
            send(other, query(NAME))
            assert Reply(receive(other)).rcode == NOERROR
    for s in held:
        s.close()


def test_connections_are_bounded_in_all(rig):
    held = []
    for n in range(80):
        held.append(rig.connect(source="127.0.1.%d" % (n // 4 + 1)))
    alive = 0
    for s in held:
        with contextlib.suppress(OSError, AssertionError):
            send(s, query(NAME))
            receive(s)
            alive += 1
    assert alive == 64
    for s in held:
        s.close()


def test_handshakes_have_a_rate(rig):
    done = 0
    for _ in range(60):
        with contextlib.suppress(OSError):
            with rig.connect():
                done += 1
    assert 20 <= done <= 40
    with rig.connect(source="127.0.0.9") as s:  # others are not its victims
        send(s, query(NAME))
        assert Reply(receive(s)).rcode == NOERROR
