# SPDX-License-Identifier: GPL-2.0-or-later
"""The courier process against a real HTTPS server with its own CA, and signatures made
by the openssl program. The test plays the parent and the engine. Loopback only."""

import contextlib
import hashlib
import http.server
import json
import socket
import ssl
import subprocess
import threading
import time

import pytest

import ipc

HOST = "maker.test"
OTHER = "other.test"
ERROR = ipc.ERRORS
PATIENCE_S = 60  # a transfer that is given up has had LIMIT_FETCH_S
SLACK_S = 20  # a loaded machine is late
NONE, VALID, INVALID, UNTRUSTED = 0, 1, 2, 4  # enum signature_state


# ---- certificates and signatures ----


def openssl(*args, **options):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, **options)
    assert done.returncode == 0, f"openssl {args}: {done.stderr.decode()}"


class Authority:
    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.key, self.cert = folder / f"{name}.key", folder / f"{name}.pem"
        openssl("ecparam", "-genkey", "-name", "prime256v1", "-out", self.key)
        openssl(
            "req", "-x509", "-new", "-key", self.key, "-subj", f"/CN={name}",
            "-days", "30", "-out", self.cert,
            "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip

    def key_id(self):
        text = subprocess.run(
            ["openssl", "x509", "-in", self.cert, "-noout", "-ext", "subjectKeyIdentifier"],
            capture_output=True, check=True, text=True,
        ).stdout  # fmt: skip
        return text.splitlines()[1].strip().replace(":", "").lower()

    def issue(self, name, extensions, days=("-days", "10")):
        key, csr, cert = (self.folder / f"{name}.{e}" for e in ("key", "csr", "pem"))
        ext = self.folder / f"{name}.ext"
        ext.write_text("\n".join(extensions) + "\n")
        openssl("ecparam", "-genkey", "-name", "prime256v1", "-out", key)
        openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", csr)
        openssl(
            "x509", "-req", "-in", csr, "-CA", self.cert, "-CAkey", self.key,
            "-CAcreateserial", *days, "-extfile", ext, "-out", cert,
        )  # fmt: skip
        return key, cert


SIGNING = ["keyUsage=critical,digitalSignature", "basicConstraints=CA:FALSE"]


class Pki:
    def __init__(self, folder):
        self.folder = folder
        self.tls = Authority(folder, "tls-ca")
        self.mud = Authority(folder, "mud-ca")
        self.stranger = Authority(folder, "stranger-ca")
        names = [f"subjectAltName=DNS:{HOST},DNS:{OTHER}"]
        self.server = self.tls.issue("server", names)
        self.unknown_server = self.stranger.issue("unknown-server", names)
        self.signer = self.mud.issue("signer", SIGNING)
        self.wrong_signer = self.stranger.issue("wrong-signer", SIGNING)
        self.no_usage = self.mud.issue(
            "no-usage", ["keyUsage=critical,keyAgreement", "basicConstraints=CA:FALSE"]
        )
        # x509 -req only counts days from now: minus one day has ended
        self.expired = self.mud.issue("expired", SIGNING, ("-days", "-1"))

    def sign(self, data, signer=None):
        key, cert = signer or self.signer
        source, out = self.folder / "in.bin", self.folder / "out.p7s"
        source.write_bytes(data)
        openssl(
            "cms", "-sign", "-binary", "-in", source, "-signer", cert, "-inkey", key,
            "-outform", "DER", "-out", out,
        )  # fmt: skip
        return out.read_bytes()


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


def mud_file(url, signature=None, extra=0):
    ace = {
        "name": "cl0-frdev",
        "matches": {
            "ipv4": {"ietf-acldns:dst-dnsname": "cloud.maker.test", "protocol": 6},
            "tcp": {
                "ietf-mud:direction-initiated": "from-device",
                "destination-port": {"operator": "eq", "port": 443},
            },
        },
        "actions": {"forwarding": "accept"},
    }
    aces = [dict(ace, name=f"cl{i}-frdev") for i in range(1 + extra)]
    mud = {
        "mud-version": 1,
        "mud-url": url,
        "last-update": "2026-01-27T07:23:02+00:00",
        "cache-validity": 48,
        "is-supported": True,
        "systeminfo": "A test device",
        "mfg-name": "Maker",
        "from-device-policy": {"access-lists": {"access-list": [{"name": "from"}]}},
        "to-device-policy": {"access-lists": {"access-list": [{"name": "to"}]}},
    }
    if signature:
        mud["mud-signature"] = signature
    back = {
        "name": "cl0-todev",
        "matches": {
            "ipv4": {"ietf-acldns:src-dnsname": "cloud.maker.test", "protocol": 6},
            "tcp": {
                "ietf-mud:direction-initiated": "from-device",
                "source-port": {"operator": "eq", "port": 443},
            },
        },
        "actions": {"forwarding": "accept"},
    }
    acls = [
        {"name": "from", "type": "ipv4-acl-type", "aces": {"ace": aces}},
        {"name": "to", "type": "ipv4-acl-type", "aces": {"ace": [back]}},
    ]
    tree = {"ietf-mud:mud": mud, "ietf-access-control-list:acls": {"acl": acls}}
    return json.dumps(tree, indent=1).encode()


# ---- the maker's server ----


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        web = self.server.web
        web.requests.append((self.headers["Host"], self.path, dict(self.headers)))
        page = web.pages.get(self.path)
        with contextlib.suppress(OSError):
            if callable(page):
                page(self)
            elif page is None:
                self.send(404, b"no")
            else:
                self.send(200, page)

    def do_POST(self):
        web = self.server.web
        body = self.rfile.read(int(self.headers["Content-Length"]))
        web.posts.append((self.headers["Host"], self.path, dict(self.headers), body))
        with contextlib.suppress(OSError):
            web.pages.get(self.path, lambda h: h.send(404, b"no"))(self)

    def send(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


class Web:
    def __init__(self, key_and_cert):
        self.pages, self.requests, self.posts = {}, [], []
        self.server = QuietServer(("127.0.0.1", 0), Handler)
        self.server.web = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(key_and_cert[1], key_and_cert[0])
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path, host=HOST):
        return f"https://{host}:{self.port}{path}"

    def redirect(self, path, to, status=302):
        self.pages[path] = lambda h: h.send(status, b"", Location=to)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


# ---- the courier ----


class Result:
    def __init__(self):
        self.head, self.rules, self.notes, self.failure = None, [], [], None
        self.parts, self.unchanged = [], False


class Rig:
    def __init__(self, tmp_path, pki, config=(), tls=None, private=True):
        self.pki = pki
        self.web = Web(tls or pki.server)
        root = tmp_path / "root"
        root.mkdir(exist_ok=True)
        settings = [("uid", "65534"), ("chroot", str(root)), ("https_ca", str(pki.tls.cert)), *config]
        if not any(k == "mud_anchor" for k, _ in config):
            settings.append(("mud_anchor", str(pki.mud.cert)))
        if private:
            settings.append(("allow_private", "yes"))
        self.child = ipc.Child("cardea-courier", [s for s in settings if s[1]])
        self.hosts = {HOST: ["127.0.0.1"], OTHER: ["127.0.0.1"]}
        self.wanted = []
        self.next_id = 0

    def publish(self, path="/light.json", signer=None, flip=None, **options):
        url = self.web.url(path)
        data = mud_file(url, self.web.url(path + ".p7s"), **options)
        self.web.pages[path + ".p7s"] = self.pki.sign(data, signer)
        if flip is not None:
            at = data.index(flip)
            data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        self.web.pages[path] = data
        return url

    def begin(self, url, etag=""):
        self.next_id += 1
        self.child.engine.send("FETCH", id=self.next_id, url=url, etag=etag)
        return self.next_id

    def answer_host(self, m):
        self.wanted.append((m.id, m.name))
        addrs = self.hosts.get(m.name, [])
        self.child.engine.send("HOST_ADDRS", id=m.id, name=m.name, failed=not addrs, addrs=addrs)

    def collect(self, ids, timeout=PATIENCE_S):
        results = {i: Result() for i in ids}
        open_ids = set(ids)
        end = time.monotonic() + timeout
        while open_ids:
            m = self.child.engine.receive(end - time.monotonic())
            if m.type == "HOST_WANTED":
                self.answer_host(m)
                continue
            r = results[m.id]
            if m.type == "PROFILE":
                r.head = m
            elif m.type == "PROFILE_RULE":
                r.rules.append(m)
            elif m.type == "PROFILE_NOTE":
                r.notes.append(m)
            elif m.type in ("PROFILE_TLS", "PROFILE_LIMIT", "PROFILE_LINK"):
                r.parts.append(m)
            else:
                r.failure = m if m.type == "FETCH_FAILED" else None
                r.unchanged = m.type == "NOT_MODIFIED"
                open_ids.discard(m.id)
        return results

    def fetch(self, url, timeout=PATIENCE_S, etag=""):
        i = self.begin(url, etag)
        return self.collect([i], timeout)[i]

    def arrives(self, url, state, *words):
        """The file is read, and the head says what its signature is worth and why."""
        r = self.fetch(url)
        assert r.failure is None, r.failure.text
        assert r.head.signature == state, (r.head.signature, r.head.signature_text)
        for word in words:
            assert word in r.head.signature_text, r.head.signature_text
        assert r.head.rule_count == len(r.rules) > 0
        return r.head

    def fails(self, url, error, *words):
        r = self.fetch(url)
        assert r.failure is not None, f"fetched: {r.head}"
        assert r.failure.error == error, dict(r.failure)
        assert r.head is None
        for word in words:
            assert word in r.failure.text, r.failure.text
        return r

    def close(self):
        log = self.child.stop()
        self.web.close()
        return log


@pytest.fixture
def make_rig(tmp_path, pki):
    rigs = []

    def make(*args, **options):
        rigs.append(Rig(tmp_path, pki, *args, **options))
        return rigs[-1]

    yield make
    for rig in rigs:
        running = rig.child.running()
        log = rig.close()
        assert running and rig.child.process.returncode == 0, log


@pytest.fixture
def rig(make_rig):
    return make_rig()


# ---- good ----


def test_signed_file_becomes_a_profile(rig):
    url = rig.publish()
    r = rig.fetch(url)
    assert r.failure is None
    assert r.head.url == url and r.head.systeminfo == "A test device"
    assert r.head.signature == VALID and r.head.signer == "CN=signer"
    assert r.head.signature_text == "" and r.head.signer_key == rig.pki.mud.key_id()
    assert r.head.sha256 == hashlib.sha256(rig.web.pages["/light.json"]).digest()
    assert r.head.rule_count == len(r.rules) == 2
    assert r.head.note_count == len(r.notes)
    assert r.rules[0].name == "cloud.maker.test" and r.rules[0].peer_port_lo == 443
    assert rig.wanted == [(1, HOST), (1, HOST)]


def test_request_headers(rig):
    rig.fetch(rig.publish())
    (_, first, h1), (_, second, h2) = rig.web.requests
    assert first == "/light.json" and second == "/light.json.p7s"
    assert h1["Accept"] == "application/mud+json, application/json;q=0.5"
    assert h2["Accept"] == "application/pkcs7-signature"
    assert h1["User-Agent"].startswith("cardea/") and h1["Accept-Language"]
    assert "Cookie" not in h1 and "Authorization" not in h1


def test_redirects_are_followed_and_each_host_is_asked(rig):
    rig.publish("/real.json")
    data = mud_file(rig.web.url("/start.json"), rig.web.url("/real.json.p7s"))
    rig.web.pages["/real.json"] = data
    rig.web.pages["/real.json.p7s"] = rig.pki.sign(data)
    rig.web.redirect("/start.json", rig.web.url("/hop.json", OTHER), 301)
    rig.web.redirect("/hop.json", "/real.json", 308)
    r = rig.fetch(rig.web.url("/start.json"))
    assert r.failure is None and r.head.url == rig.web.url("/start.json")
    assert [name for _, name in rig.wanted] == [HOST, OTHER, OTHER, HOST]


def test_relative_signature(rig):
    data = mud_file(rig.web.url("/d/light.json"), "light.p7s")
    rig.web.pages["/d/light.json"] = data
    rig.web.pages["/d/light.p7s"] = rig.pki.sign(data)
    assert rig.fetch(rig.web.url("/d/light.json")).failure is None


def test_large_file_with_many_rules(rig):
    r = rig.fetch(rig.publish(extra=400))
    assert r.failure is None and r.head.rule_count == len(r.rules) == 402


def test_many_fetches_at_once(rig):
    active, peak, lock = [0], [0], threading.Lock()
    urls = [rig.publish(f"/m{i}.json") for i in range(20)]

    def slow(data):
        def page(h):
            with lock:
                active[0] += 1
                peak[0] = max(peak[0], active[0])
            time.sleep(0.15)
            with lock:
                active[0] -= 1
            h.send(200, data)

        return page

    for i in range(20):
        rig.web.pages[f"/m{i}.json"] = slow(rig.web.pages[f"/m{i}.json"])
    results = rig.collect([rig.begin(u) for u in urls])
    assert all(r.failure is None and r.head.url == u for r, u in zip(results.values(), urls))
    assert 2 <= peak[0] <= ipc.LIMITS["LIMIT_FETCHES"]


def test_queue_is_bounded(rig):
    ids = [rig.begin(f"https://h{i}.test/x.json") for i in range(100)]
    results = rig.collect(ids)
    too_many = [r for r in results.values() if r.failure.error == ERROR["CARDEA_ELIMIT"]]
    assert len(too_many) >= 100 - 64 - ipc.LIMITS["LIMIT_FETCHES"]


def test_etag(rig):
    url = rig.publish()
    data = rig.web.pages["/light.json"]

    def page(h):
        if h.headers["If-None-Match"] == 'W/"7"':
            h.send(304, b"", ETag='W/"7"')
        else:
            h.send(200, data, ETag='W/"7"')

    rig.web.pages["/light.json"] = page
    r = rig.fetch(url)
    assert r.head.etag == 'W/"7"' and "If-None-Match" not in rig.web.requests[0][2]
    rig.web.requests.clear()
    r = rig.fetch(url, etag=r.head.etag)
    assert r.unchanged and r.head is None and r.failure is None
    # the signature was checked when the file came: it is not got again either
    assert [path for _, path, _ in rig.web.requests] == ["/light.json"]
    r = rig.fetch(url, etag='"6"')
    assert r.head.signature == VALID and r.head.etag == 'W/"7"'


def test_etag_of_an_earlier_courier(make_rig):
    """Its anchors may have been others: the file and its signature are checked anew."""
    rig = make_rig()
    url = rig.publish()
    data = rig.web.pages["/light.json"]
    rig.web.pages["/light.json"] = lambda h: h.send(200, data, ETag='"7"')
    assert rig.fetch(url, etag='"7"').head.signature == VALID
    assert "If-None-Match" not in rig.web.requests[0][2]
    rig.fetch(url, etag='"7"')
    assert rig.web.requests[2][2]["If-None-Match"] == '"7"'


@pytest.mark.parametrize("etags", [["no quotes"], ['"a"', '"b"'], ['"' + "x" * 300 + '"'], ['"\xe4"'], ['"a b"']])
def test_strange_etags_are_none(rig, etags):
    url = rig.publish()
    data = rig.web.pages["/light.json"]

    def page(h):
        h.send_response(200)
        for etag in etags:
            h.send_header("ETag", etag)
        h.send_header("Content-Length", str(len(data)))
        h.end_headers()
        h.wfile.write(data)

    rig.web.pages["/light.json"] = page
    r = rig.fetch(url)
    assert r.failure is None and r.head.etag == ""


def test_not_modified_unasked_is_a_failure(rig):
    rig.web.pages["/light.json"] = lambda h: h.send(304, b"")
    rig.fails(rig.web.url("/light.json"), ERROR["CARDEA_EPEER"], "304")


# ---- unsigned ----


def unsigned(rig):
    rig.web.pages["/u.json"] = mud_file(rig.web.url("/u.json"))
    return rig.web.url("/u.json")


def test_unsigned_file(rig):
    head = rig.arrives(unsigned(rig), NONE, "names no signature")
    assert head.signer == head.signer_key == ""


def test_unsigned_file_is_mended(rig):
    url = unsigned(rig)
    data = rig.web.pages["/u.json"].replace(b'"is-supported": true', b'"is-supported": "true"')
    rig.web.pages["/u.json"] = data
    r = rig.fetch(url)
    assert r.failure is None and r.head.is_supported and r.notes


# ---- wrong signatures: the engine decides what they are worth ----


def test_flipped_byte(rig):
    head = rig.arrives(rig.publish(flip=b"test device"), INVALID, "other bytes")
    assert head.signer == head.signer_key == ""  # it never signed this


def test_wrong_signer(rig):
    head = rig.arrives(rig.publish(signer=rig.pki.wrong_signer), UNTRUSTED, "trust anchor", "wrong-signer")
    assert head.signer == "CN=wrong-signer" and head.signer_key == rig.pki.stranger.key_id()


def test_expired_signer(rig):
    head = rig.arrives(rig.publish(signer=rig.pki.expired), INVALID, "expired")
    assert head.signer == "CN=expired"


def test_signer_without_digital_signature(rig):
    rig.arrives(rig.publish(signer=rig.pki.no_usage), INVALID, "does not allow signatures")


def test_no_anchor(make_rig):
    rig = make_rig([("mud_anchor", "")])
    head = rig.arrives(rig.publish(), UNTRUSTED, "no anchor")
    assert head.signer == "CN=signer"
    rig.arrives(rig.publish(flip=b"test device"), INVALID, "other bytes")
    rig.arrives(rig.publish(signer=rig.pki.expired), INVALID, "expired")


def test_signature_is_garbage(rig):
    url = rig.publish()
    rig.web.pages["/light.json.p7s"] = b"\x30\x82\xff\xff" + b"A" * 400
    rig.arrives(url, INVALID, "not one CMS object")


def test_signature_is_missing(rig):
    url = rig.publish()
    del rig.web.pages["/light.json.p7s"]
    rig.fails(url, ERROR["CARDEA_EPEER"], "signature", "404")


def test_signature_is_too_big(rig):
    url = rig.publish()
    rig.web.pages["/light.json.p7s"] = b"A" * (64 * 1024 + 1)
    rig.fails(url, ERROR["CARDEA_ELIMIT"], "signature", "65536")


def test_signature_comes_later(rig):
    """A file that names a signature is never taken for one that names none."""
    url = rig.publish()
    signature = rig.web.pages.pop("/light.json.p7s")
    rig.fails(url, ERROR["CARDEA_EPEER"], "signature")
    rig.web.pages["/light.json.p7s"] = signature
    rig.arrives(url, VALID)


def test_strict_or_mended(rig):
    """What a maker signs must be right; what nobody vouches for is read as far as it goes."""
    data = mud_file(rig.web.url("/bad.json"), rig.web.url("/bad.p7s"))
    data = data.replace(b'"is-supported": true', b'"is-supported": "true"')
    rig.web.pages["/bad.json"] = data
    rig.web.pages["/bad.p7s"] = rig.pki.sign(data, rig.pki.wrong_signer)
    rig.arrives(rig.web.url("/bad.json"), UNTRUSTED)
    rig.web.pages["/bad.p7s"] = rig.pki.sign(data)
    rig.fails(rig.web.url("/bad.json"), ERROR["CARDEA_EMALFORMED"], "line")


def test_file_of_another_device(rig):
    data = mud_file(rig.web.url("/camera.json"), rig.web.url("/light.p7s"))
    rig.web.pages["/light.json"] = data
    rig.web.pages["/light.p7s"] = rig.pki.sign(data)
    r = rig.fetch(rig.web.url("/light.json"))
    assert r.failure is None and r.head.url == rig.web.url("/camera.json")


# ---- hostile servers ----


def test_unknown_ca(make_rig, pki):
    rig = make_rig(tls=pki.unknown_server)
    rig.fails(rig.publish(), ERROR["CARDEA_EUNTRUSTED"], "certificate")
    assert rig.web.requests == []


def test_certificate_of_another_name(rig):
    rig.hosts["evil.test"] = ["127.0.0.1"]
    rig.fails(rig.web.url("/light.json", "evil.test"), ERROR["CARDEA_EUNTRUSTED"])
    assert rig.web.requests == []


def test_ten_megabytes(rig):
    rig.web.pages["/huge.json"] = b" " * (10 << 20)
    rig.fails(rig.web.url("/huge.json"), ERROR["CARDEA_ELIMIT"], "262144")


def endless(h):
    h.send_response(200)
    h.end_headers()
    while True:
        h.wfile.write(b" " * 4096)


def test_endless_body(rig):
    rig.web.pages["/endless.json"] = endless
    # by its size, before its time is over (LIMIT_FETCH_S): that would be another error
    rig.fails(rig.web.url("/endless.json"), ERROR["CARDEA_ELIMIT"])


def test_endless_headers(rig):
    def page(h):
        h.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            h.wfile.write(b"X-A: " + b"b" * 900 + b"\r\n")

    rig.web.pages["/h.json"] = page
    r = rig.fetch(rig.web.url("/h.json"))
    assert r.failure.error in (ERROR["CARDEA_ELIMIT"], ERROR["CARDEA_EPEER"])
    # the limit over many short lines is ours, not the library's
    rig.web.pages["/n.json"] = lambda h: h.send(200, b"{}", **{f"X-{i}": "y" * 90 for i in range(400)})
    rig.fails(rig.web.url("/n.json"), ERROR["CARDEA_ELIMIT"], "header")


def test_slow_body(rig):
    def page(h):
        h.send_response(200)
        h.send_header("Content-Length", "1000")
        h.end_headers()
        for _ in range(200):
            h.wfile.write(b" ")
            time.sleep(1)

    rig.web.pages["/slow.json"] = page
    start = time.monotonic()
    rig.fails(rig.web.url("/slow.json"), -110)  # ETIMEDOUT
    assert time.monotonic() - start < ipc.LIMITS["LIMIT_FETCH_S"] + SLACK_S


def test_cut_body(rig):
    def page(h):
        h.send_response(200)
        h.send_header("Content-Length", "5000")
        h.end_headers()
        h.wfile.write(b"{")
        h.close_connection = True

    rig.web.pages["/cut.json"] = page
    rig.fails(rig.web.url("/cut.json"), ERROR["CARDEA_EPEER"])


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"{", b"[1,2]", b"\x00\x01\x02", b'{"a":1,"a":2}', b"[" * 100_000])
def test_wrong_content(rig, body):
    rig.web.pages["/x.json"] = body
    r = rig.fetch(rig.web.url("/x.json"))
    assert r.failure.error in (ERROR["CARDEA_EMALFORMED"], ERROR["CARDEA_ESIGNATURE"])


def test_empty_file(rig):
    rig.web.pages["/empty.json"] = b""
    rig.fails(rig.web.url("/empty.json"), ERROR["CARDEA_EPEER"], "empty")


def test_missing_file(rig):
    rig.fails(rig.web.url("/none.json"), ERROR["CARDEA_EPEER"], "404", "tell the maker")


def test_compressed_body_is_not_unpacked(rig):
    import gzip

    bomb = gzip.compress(b" " * (64 << 20))
    rig.web.pages["/bomb.json"] = lambda h: h.send(200, bomb, Content_Encoding="gzip")
    rig.fails(rig.web.url("/bomb.json"), ERROR["CARDEA_EMALFORMED"])
    assert "Accept-Encoding" not in rig.web.requests[0][2]


# ---- redirects and addresses ----


def test_redirect_loop(rig):
    rig.web.redirect("/a.json", "/b.json")
    rig.web.redirect("/b.json", "/a.json")
    rig.fails(rig.web.url("/a.json"), ERROR["CARDEA_ELOOP"], "redirects lead back")


def test_redirect_chain_is_bounded(rig):
    for i in range(20):
        rig.web.redirect(f"/r{i}", f"/r{i + 1}")
    rig.fails(rig.web.url("/r0"), ERROR["CARDEA_ELIMIT"], "more than 5 redirects")
    assert len(rig.web.requests) == ipc.LIMITS["LIMIT_REDIRECTS"] + 1


@pytest.mark.parametrize("to", ["http://maker.test/x.json", "file:///etc/passwd", "gopher://maker.test/", "ftp://maker.test/x"])
def test_redirect_to_another_scheme(rig, to):
    rig.web.redirect("/x.json", to)
    r = rig.fetch(rig.web.url("/x.json"))
    assert r.failure.error < 0 and "redirect" in r.failure.text
    assert len(rig.wanted) == 1


def test_redirect_to_a_literal_address(rig):
    rig.web.redirect("/x.json", f"https://127.0.0.1:{rig.web.port}/light.json")
    rig.fails(rig.web.url("/x.json"), ERROR["CARDEA_EREFUSED"])


def test_redirect_into_the_lan(make_rig):
    rig = make_rig([("lan_prefix", "127.0.0.2/32")])
    rig.hosts["inside.test"] = ["127.0.0.2"]
    rig.web.redirect("/x.json", rig.web.url("/light.json", "inside.test"))
    rig.fails(rig.web.url("/x.json"), ERROR["CARDEA_EREFUSED"], "127.0.0.2", "inside the home")


@pytest.mark.parametrize(
    "addr",
    ["127.0.0.1", "192.168.1.1", "10.0.0.1", "169.254.169.254", "224.0.0.1", "0.0.0.0", "255.255.255.255",
     "100.64.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1",
     "64:ff9b::c0a8:101", "2002:c0a8:101::1", "::127.0.0.1", "fec0::1"],
)  # fmt: skip
def test_no_way_into_the_house(make_rig, addr):
    rig = make_rig(private=False)
    rig.hosts[HOST] = [addr]
    rig.fails(rig.web.url("/light.json"), ERROR["CARDEA_EREFUSED"], "inside the home")
    assert rig.web.requests == []


def test_only_the_given_addresses_are_tried(make_rig):
    rig = make_rig([("lan_prefix", "127.0.0.0/30")])
    rig.hosts[HOST] = ["127.0.0.1", "127.0.0.9"]  # the first is refused
    url = rig.publish()
    r = rig.fetch(url)  # nobody listens on the second
    assert r.failure.error == -111 and rig.web.requests == []


def test_second_address_works(rig):
    with socket.socket() as s:
        s.bind(("127.0.0.7", 0))  # bound, so refused
    rig.hosts[HOST] = ["127.0.0.7", "127.0.0.1"]
    assert rig.fetch(rig.publish()).failure is None


def test_unknown_host(rig):
    r = rig.fails("https://nowhere.test/x.json", -113, "nowhere.test")
    assert "internet" in r.failure.text


@pytest.mark.parametrize("url", ["http://maker.test/x", "https://user@maker.test/x", "https:///x", "ftp://maker.test/", "", "https://127.0.0.1/x"])
def test_bad_urls(rig, url):
    r = rig.fetch(url)
    assert r.failure is not None and r.failure.text and rig.wanted == []


# ---- reports to makers ----

REPORT_ID = 1 << 63  # as the engine counts them


def report(rig, url, body, timeout=PATIENCE_S):
    """REPORT_DONE; hosts are answered meanwhile."""
    rig.next_id += 1
    i, raw = REPORT_ID + rig.next_id, body.encode()
    rig.child.engine.send("REPORT", id=i, url=url, length=len(raw))
    for at in range(0, len(raw), 4096):
        rig.child.engine.send("REPORT_PART", id=i, text=raw[at : at + 4096])
    end = time.monotonic() + timeout
    while True:
        m = rig.child.engine.receive(end - time.monotonic())
        if m.type == "REPORT_DONE":
            assert m.id == i
            return m
        assert m.type == "HOST_WANTED" and m.id == i
        rig.answer_host(m)


def test_a_report_is_posted(rig):
    rig.web.pages["/r"] = lambda h: h.send(204, b"")
    body = json.dumps({"a": "x" * 60000})
    m = report(rig, rig.web.url("/r"), body)
    assert (m.error, m.text) == (0, "")
    ((host, path, headers, got),) = rig.web.posts
    assert got.decode() == body and path == "/r"
    assert headers["Content-Type"] == "application/yang-data+json"
    assert headers["Content-Length"] == str(len(body))
    assert not {"Expect", "Cookie", "Referer", "Authorization"} & set(headers)
    # the process fetches as before
    assert rig.fetch(rig.publish()).failure is None
    assert [r[1] for r in rig.web.requests] == ["/light.json", "/light.json.p7s"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_report_is_not_redirected(rig, status):
    rig.web.pages["/r"] = lambda h: h.send(status, b"", Location=rig.web.url("/other", OTHER))
    rig.web.pages["/other"] = lambda h: h.send(200, b"")
    m = report(rig, rig.web.url("/r"), "{}")
    assert m.error == ERROR["CARDEA_EPEER"] and "elsewhere" in m.text
    assert [p[1] for p in rig.web.posts] == ["/r"] and rig.web.requests == []
    assert len(rig.wanted) == 1


def test_reports_that_are_not_taken(rig):
    rig.web.pages["/no"] = lambda h: h.send(500, b"no")
    assert "500" in report(rig, rig.web.url("/no"), "{}").text
    rig.web.pages["/long"] = lambda h: h.send(200, b"x" * 200_000)
    assert report(rig, rig.web.url("/long"), "{}").error == ERROR["CARDEA_ELIMIT"]
    for url in ("http://maker.test/r", "https://127.0.0.1/r", "file:///etc/passwd"):
        assert report(rig, url, "{}").error < 0
    assert len(rig.web.posts) == 2


def test_no_report_into_the_house(make_rig):
    rig = make_rig(private=False)
    m = report(rig, rig.web.url("/r"), "{}")
    assert m.error == ERROR["CARDEA_EREFUSED"] and "inside the home" in m.text
    assert rig.web.posts == []


def test_no_report_to_a_server_that_nobody_vouches_for(make_rig, pki):
    rig = make_rig(tls=pki.unknown_server)
    rig.web.pages["/r"] = lambda h: h.send(200, b"")
    assert report(rig, rig.web.url("/r"), "{}").error == ERROR["CARDEA_EUNTRUSTED"]
    assert rig.web.posts == []


def test_all_places_at_once(make_rig):
    """Every fetch and every report that may be, with all roots of the system each, stays
    within the memory of the process."""
    rig = make_rig([("https_ca", "/etc/ssl/certs/ca-certificates.crt")])
    gate = threading.Barrier(ipc.LIMITS["LIMIT_FETCHES"] + ipc.LIMITS["LIMIT_REPORTS"])

    def together(h):
        gate.wait(18)  # after LIMIT_FETCH_S it would be given up
        h.send(200, b"{}")

    rig.web.pages["/r"] = rig.web.pages["/f.json"] = together
    fetches = [rig.begin(rig.web.url("/f.json")) for _ in range(ipc.LIMITS["LIMIT_FETCHES"])]
    reports = [REPORT_ID + i for i in range(ipc.LIMITS["LIMIT_REPORTS"])]
    text = "x" * 4096
    for i in reports:
        rig.child.engine.send("REPORT", id=i, url=rig.web.url("/r"), length=4096 * 16)
        for _ in range(16):
            rig.child.engine.send("REPORT_PART", id=i, text=text)
    ends = {}
    while len(ends) < len(fetches) + len(reports):
        m = rig.child.engine.receive(PATIENCE_S)
        if m.type == "HOST_WANTED":
            rig.answer_host(m)
        elif m.type in ("REPORT_DONE", "FETCH_FAILED"):
            ends[m.id] = m.error
    assert [ends[i] for i in reports] == [0] * len(reports)
    assert [len(p[3]) for p in rig.web.posts] == [4096 * 16] * len(reports)
    # got, and no MUD file
    assert {ends[i] for i in fetches} == {ERROR["CARDEA_EMALFORMED"]}


def test_a_slow_collector_is_left(rig):
    rig.web.pages["/slow"] = lambda h: time.sleep(100)
    start = time.monotonic()
    assert report(rig, rig.web.url("/slow"), "{}").error == -110
    assert time.monotonic() - start < ipc.LIMITS["LIMIT_FETCH_S"] + SLACK_S


# ---- the engine ----


def test_engine_restart_drops_fetches(rig):
    rig.web.pages["/slow.json"] = lambda h: time.sleep(100)
    rig.child.engine.send("FETCH", id=1, url=rig.web.url("/slow.json"))
    rig.answer_host(rig.child.engine.expect("HOST_WANTED"))
    assert ipc.wait_until(lambda: rig.web.requests)
    rig.child.engine.close()
    rig.child.connect_engine()
    assert rig.child.engine.silent(0.5)
    assert rig.fetch(rig.publish()).failure is None  # with the same id 1


def test_answers_for_nobody_are_ignored(rig):
    rig.child.engine.send("HOST_ADDRS", id=99, name=HOST, failed=False, addrs=["127.0.0.1"])
    i = rig.begin(rig.publish())
    rig.child.engine.expect("HOST_WANTED")
    rig.child.engine.send("HOST_ADDRS", id=i, name="evil.test", failed=False, addrs=["127.0.0.9"])
    rig.child.engine.send("HOST_ADDRS", id=i, name=HOST, failed=False, addrs=["127.0.0.1"])
    assert rig.collect([i])[i].failure is None


def test_misbehaving_engine_is_cut_off(rig):
    rig.child.engine.send("DNS_RELEASE", id=1)
    with pytest.raises((EOFError, ConnectionError)):
        rig.child.engine.receive()
    rig.child.connect_engine()
    assert rig.fetch(rig.publish()).failure is None


# ---- the process ----


def test_it_is_sandboxed_and_small(make_rig):
    rig = make_rig([("https_ca", "/etc/ssl/certs/ca-certificates.crt")])
    assert rig.child.hello.layers & 0b101111 == 0b101111
    assert rig.child.own_kb() <= 6 * 1024
    for i in range(10):
        assert rig.fetch(rig.publish(f"/p{i}.json", extra=100)).failure is None
    assert ipc.wait_until(lambda: rig.child.own_kb() <= 6 * 1024), rig.child.own_kb()


@pytest.mark.parametrize(
    "setting",
    [("https_ca", "/nonexistent"), ("mud_anchor", "/etc/hostname"), ("lan_prefix", "10.0.0.1/8"), ("allow_private", "maybe")],
)  # fmt: skip
def test_bad_settings_end_the_process(tmp_path, pki, setting):
    with pytest.raises(RuntimeError):
        Rig(tmp_path, pki, [setting])
