# SPDX-License-Identifier: GPL-2.0-or-later
"""The sensor process and the LAN's kernel filter against a real TLS library: every
ClientHello that a device sends is told once, whichever way it takes.

    device --+                       +-- cloud (routed)
             +-- bridge -- gateway --+
    plug ----+
"""

import contextlib
import os
import socket
import subprocess
import time

import pytest

import ipc
from lab import frames

PREFIX = "cdh-%d-" % os.getpid()
DEVICE, PLUG, GATEWAY = "02:00:00:00:00:10", "02:00:00:00:00:20", "02:00:00:00:00:01"
IP = {
    4: {"device": "10.7.0.10", "plug": "10.7.0.20", "lan": "10.7.0.1",
        "cloud": "203.0.113.9", "wan": "203.0.113.1"},
    6: {"device": "fd00:7::10", "plug": "fd00:7::20", "lan": "fd00:7::1",
        "cloud": "2001:db8:9::9", "wan": "2001:db8:9::1"},
}
TLS_PORT, DTLS_PORT, PLAIN_PORT = 8443, 5684, 8080
TLS13, TLS12, DTLS12 = 0x0304, 0x0303, 0xFEFD
COUNTS_EVERY_S = 10


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, **more)


def ip(ns, *words):
    return run("ip", "-n", PREFIX + ns, *words)


def inside(ns, *words):
    return ["ip", "netns", "exec", PREFIX + ns, *words]


def make_home():
    for ns in ("gateway", "device", "plug", "cloud"):
        run("ip", "netns", "add", PREFIX + ns)
        ip(ns, "link", "set", "lo", "up")
    run(*inside("gateway", "sysctl", "-qw", "net.ipv4.ip_forward=1",
                "net.ipv6.conf.all.forwarding=1"))
    ip("gateway", "link", "add", "lan", "address", GATEWAY, "type", "bridge")
    for ns, mac in (("device", DEVICE), ("plug", PLUG), ("cloud", "02:00:00:00:00:90")):
        side = "wan" if ns == "cloud" else "p-" + ns
        ip("gateway", "link", "add", side, "type", "veth", "peer", "name", "eth0",
           "address", mac, "netns", PREFIX + ns)
        if ns != "cloud":
            ip("gateway", "link", "set", side, "master", "lan")
        ip("gateway", "link", "set", side, "up")
    ip("gateway", "link", "set", "lan", "up")
    for family, length in ((4, "/24"), (6, "/64")):
        a = IP[family]
        flag = ["nodad"] if family == 6 else []
        for ns, dev, name in (("gateway", "lan", "lan"), ("gateway", "wan", "wan"),
                              ("device", "eth0", "device"), ("plug", "eth0", "plug"),
                              ("cloud", "eth0", "cloud")):
            ip(ns, "addr", "add", a[name] + length, "dev", dev, *flag)
    for ns, via in (("device", "lan"), ("plug", "lan"), ("cloud", "wan")):
        ip(ns, "link", "set", "eth0", "up")
        for family in (4, 6):
            ip(ns, "-%d" % family, "route", "add", "default", "via", IP[family][via])


def capture(interface):
    """The socket that the parent would open for this interface of the gateway."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        run(*inside("gateway", ipc.binary("tests/capture_socket"), interface),
            stdin=theirs)
        _, fds, _, _ = socket.recv_fds(ours, 1, 1)
    return socket.socket(fileno=fds[0])


class Home:
    """The sensor at the bridge, and servers wherever a device could turn to."""

    def __init__(self, folder):
        self.folder = folder
        self.servers = []
        self.child = None
        key, cert = str(folder / "key.pem"), str(folder / "cert.pem")
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert,
            "-subj", "/CN=cloud.example", "-days", "2")
        for ns in ("cloud", "plug", "device"):
            for port, kind in ((TLS_PORT, ()), (DTLS_PORT, ("-dtls",))):
                # one program listens to one family
                for family in ("-4", "-6"):
                    self.serve(ns, "openssl", "s_server", family, "-key", key, "-cert",
                               cert, "-accept", str(port), "-quiet", *kind)
        with capture("lan") as sock:
            self.child = ipc.Child(
                "cardea-sensor",
                [("uid", "65534"), ("chroot", str(folder / "empty"))],
                [("SOCKET_CAPTURE", sock)])
        self.wait_for_servers()
        self.drain()

    def serve(self, ns, *words):
        self.servers.append(subprocess.Popen(
            inside(ns, *words), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL))

    def wait_for_servers(self):
        for ns in ("cloud", "plug", "device"):
            assert ipc.wait_until(lambda ns=ns: len(run(*inside(
                ns, "ss", "-Hlntu")).stdout.splitlines()) >= 4, 20, 0.1)

    def client(self, ns, to, *more, dtls=False):
        """What became of the conversation is not ours to judge."""
        family = 6 if ":" in to else 4
        host = "[%s]" % to if family == 6 else to
        port = DTLS_PORT if dtls else TLS_PORT
        subprocess.run(
            inside(ns, "timeout", "20", "openssl", "s_client", "-connect",
                   "%s:%d" % (host, port), *(["-dtls"] if dtls else []), *more),
            input="Q\n", text=True, capture_output=True, check=False)

    def messages(self, silence=0.5):
        """All that the sensor says until it is silent for so long."""
        while True:
            try:
                yield self.child.engine.receive(silence)
            except TimeoutError:
                return

    def hellos(self, least=1):
        """So many are waited for; then it has to be silent."""
        found, end = [], time.monotonic() + ipc.PATIENCE_S
        while len(found) < least and time.monotonic() < end:
            found += [m for m in self.messages() if m.type == "SEEN_HELLO"]
        return found or [m for m in self.messages() if m.type == "SEEN_HELLO"]

    def drain(self):
        for _ in self.messages(0.3):
            pass

    def counts(self):
        """The next regular report."""
        end = time.monotonic() + COUNTS_EVERY_S + ipc.PATIENCE_S
        while time.monotonic() < end:
            m = self.child.engine.receive(end - time.monotonic())
            if m.type == "SENSOR_COUNTS":
                return m
        raise TimeoutError("no counts")

    def close(self):
        log = self.child.stop() if self.child else ""
        for server in self.servers:
            server.terminate()
        for server in self.servers:
            server.wait(10)
        return log


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hello")
    (folder / "empty").mkdir()
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    home = None
    try:
        make_home()
        home = Home(folder)
        yield home
        assert home.child.running(), home.child.log
    finally:
        log = home.close() if home else ""
        for ns in ("gateway", "device", "plug", "cloud"):
            subprocess.run(["ip", "netns", "del", PREFIX + ns], check=False,
                           capture_output=True)
        if home:
            assert home.child.process.returncode == 0, log


@pytest.fixture
def home(opened):
    opened.drain()
    return opened


def check(m, family, to, proto, port):
    assert m.mac == DEVICE
    assert (m.device, m.peer) == (IP[family]["device"], IP[family][to])
    assert (m.proto, m.peer_port) == (proto, port)
    assert m.device_port > 1023
    assert abs(m.when / 1e9 - time.time()) < 60


@pytest.mark.parametrize("family", (4, 6))
@pytest.mark.parametrize("to", ("cloud", "plug"))
def test_a_hello_is_told_once(home, family, to):
    """Routed or from port to port of the bridge."""
    home.client("device", IP[family][to], "-servername", "cloud.example",
                "-alpn", "h2,http/1.1", "-min_protocol", "TLSv1.2")
    hellos = home.hellos()
    assert len(hellos) == 1
    m = hellos[0]
    check(m, family, to, socket.IPPROTO_TCP, TLS_PORT)
    assert m.server_name == "cloud.example"
    assert m.alpn == "h2,http/1.1"
    assert m.versions == [TLS13, TLS12]
    assert 0x1301 in m.ciphers and 29 in m.groups and 0x0403 in m.signatures
    assert {0, 10, 13, 16, 43, 51} <= set(m.extensions)


@pytest.mark.parametrize("family", (4, 6))
@pytest.mark.parametrize("to", ("cloud", "plug"))
def test_dtls_too(home, family, to):
    """The second one bears the server's cookie (RFC 6347 4.2.1) and is no news."""
    home.client("device", IP[family][to], "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256",
                "-min_protocol", "DTLSv1.2", dtls=True)
    hellos = home.hellos()
    assert len(hellos) == 1
    check(hellos[0], family, to, socket.IPPROTO_UDP, DTLS_PORT)
    assert hellos[0].versions == [DTLS12]
    assert 0xC02B in hellos[0].ciphers


def test_what_was_asked_for_is_what_is_told(home):
    home.client("device", IP[4]["cloud"], "-tls1_2", "-cipher",
                "ECDHE-ECDSA-AES128-GCM-SHA256", "-curves", "P-256",
                "-sigalgs", "ECDSA+SHA256", "-noservername")
    (m,) = home.hellos()
    assert m.versions == [TLS12]
    assert set(m.ciphers) == {0xC02B, 0x00FF}
    assert m.groups == [23]
    assert m.signatures == [0x0403]
    assert (m.server_name, m.alpn, m.modes) == ("", "", [])


def test_only_what_devices_send(home):
    """Neither the gateway's own conversations nor those that the cloud begins."""
    for family in (4, 6):
        home.client("gateway", IP[family]["device"])
        home.client("gateway", IP[family]["cloud"])
        home.client("cloud", IP[family]["device"])
    assert home.hellos(0) == []
    home.client("plug", IP[4]["device"])
    (m,) = home.hellos()
    assert m.mac == PLUG


LONG = ",".join("%02d" % i + "x" * 200 for i in range(12))


def test_a_long_hello_is_whole_when_it_comes_whole(home):
    """Segments are as the sender's stack hands them on, not as they would be on a
    cable; merged ones (GRO) look the same."""
    home.client("device", IP[4]["cloud"], "-alpn", LONG)
    (m,) = home.hellos()
    assert m.alpn.startswith("00xxx") and m.alpn.endswith(",...")
    assert 51 in m.extensions


@pytest.mark.parametrize("to", ("cloud", "plug"))
def test_a_split_hello_is_known_in_part(home, to):
    ip("device", "link", "set", "eth0", "gso_max_segs", "1")
    try:
        home.client("device", IP[4][to], "-servername", "cloud.example", "-alpn", LONG)
        (m,) = home.hellos()
    finally:
        ip("device", "link", "set", "eth0", "gso_max_segs", "65535")
    assert m.server_name == "cloud.example"
    assert 0x1301 in m.ciphers
    assert 51 not in m.extensions  # it came later
    assert not m.versions or TLS13 in m.versions


BODY = bytes(32) + bytes.fromhex("00" "0004c02bc02f" "0100")
HELLO = bytes.fromhex("160301002f" "0100002b" "0303") + BODY
DTLS_HELLO = bytes.fromhex("16feff" "0000000000000000" "0038" "0100002c" "0000" "000000"
                           "00002c" "fefd") + BODY[:33] + b"\0" + BODY[33:]
SEND = ("import socket, sys\n"
        "s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n"
        "s.bind(('eth0', 0))\n"
        "data = sys.stdin.buffer.read()\n"
        "size = int(sys.argv[1])\n"
        "for i in range(0, len(data), size): s.send(data[i:i + size])\n")


def send_raw(frame_list):
    """Frames of one length, past the device's stack."""
    subprocess.run(inside("device", "python3", "-c", SEND, str(len(frame_list[0]))),
                   check=True, input=b"".join(frame_list))


@pytest.mark.parametrize("kind", (0, 60), ids=("hop-by-hop", "destination"))
def test_extension_headers_hide_nothing(home, kind):
    """The kernel's filter lets the kernel walk them."""
    source, target = "fd00:7::77", IP[6]["cloud"]
    for proto, hello, count in ((6, HELLO, 1), (17, DTLS_HELLO, 1), (6, b"x" * 52, 0)):
        if proto == 6:
            inner = frames.tcp(DEVICE, GATEWAY, source, target, 4000 + kind, 443,
                               frames.ACK, payload=hello)
        else:
            inner = frames.udp(DEVICE, GATEWAY, source, target, 4000 + kind, 443, hello)
        options = bytes([proto, 0, 1, 4, 0, 0, 0, 0])  # padding
        send_raw([frames.ip(DEVICE, GATEWAY, source, target, kind, options + inner[54:])])
        hellos = home.hellos(count)
        assert len(hellos) == count
        for m in hellos:
            assert (m.device, m.peer, m.proto) == (source, target, proto)
            assert m.ciphers == [0xC02B, 0xC02F]


def test_ordinary_traffic_stays_in_the_kernel(home):
    """The sensor does not even see it."""
    family = 4
    home.serve("cloud", "python3", "-c",
               "import socket\n"
               "s = socket.create_server(('', %d))\n"
               "while True:\n"
               "    c, _ = s.accept()\n"
               "    while c.recv(65536): pass\n" % PLAIN_PORT)
    home.client("device", IP[family]["cloud"])  # neighbours know each other
    send = ("import socket, time\n"
            "for i in range(50):\n"
            "    try:\n"
            "        s = socket.create_connection((%r, %d)); break\n"
            "    except OSError: time.sleep(0.5)\n"
            "for i in range(2000): s.sendall(b'GET / HTTP/1.1' * 40)\n"
            "u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "for i in range(2000): u.sendto(b'x' * 500, (%r, 9999))\n"
            % (IP[family]["cloud"], PLAIN_PORT, IP[family]["cloud"]))
    before = home.counts()
    run(*inside("device", "python3", "-c", send))
    after = home.counts()
    assert after.frames - before.frames < 20  # neighbours' talk
    assert after.dropped == before.dropped
    assert after.malformed == before.malformed


def test_a_flood_is_bounded_and_counted(home):
    """A hello's start in packets without any connection."""
    count = 2000

    def frame(i):
        return frames.tcp("02:00:00:00:00:77", GATEWAY, "10.7.0.77", "203.0.113.200",
                          2000 + i, 443, frames.ACK, payload=HELLO)

    before, start = home.counts(), time.monotonic()
    send_raw([frame(i) for i in range(count)])
    took = time.monotonic() - start
    told, dropped, end = 0, 0, time.monotonic() + COUNTS_EVERY_S + ipc.PATIENCE_S
    while time.monotonic() < end and told + dropped < count:
        with contextlib.suppress(TimeoutError):
            m = home.child.engine.receive(1)
            if m.type == "SEEN_HELLO":
                told += 1
                assert m.ciphers == [0xC02B, 0xC02F] and m.versions == [0x0303]
            elif m.type == "SENSOR_COUNTS":
                dropped = m.dropped - before.dropped
    assert 60 <= told < 200 + 20 * took < count
    assert told + dropped == count
