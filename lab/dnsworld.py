# SPDX-License-Identifier: GPL-2.0-or-later
"""A world of names with signatures: a root of its own, name servers (NSD, zones signed by
ldns-signzone) and a recursive resolver that speaks TLS (Unbound), in one namespace."""

import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time

from . import dns
from .netns import LabError, Netns
from .pki import EXPIRED, Authority

PREFIX = "cardea-names-"
SERVER = "203.0.113.53"  # all zones
RESOLVER = "203.0.113.54"  # Unbound, in clear and by TLS
TAP = "203.0.113.55"  # TLS that is looked into
LISTEN = "192.0.2.1"  # of the resolver under test
CLIENTS = ("192.0.2.10", "192.0.2.11", "192.0.2.12")
DOT_NAME = "dot.lab.example"
ALGORITHM = "ECDSAP256SHA256"
TTL = 600

ROOT_ZONE = """$ORIGIN .
$TTL {ttl}
. IN SOA ns.root. root.root. {serial} 3600 600 86400 5
. IN NS ns.root.
ns.root. IN A {server}
{keys}
direct. {short} IN A 198.18.0.1
*.direct. {short} IN A 198.18.0.2
open. IN NS ns.root.
{delegations}
"""

ZONES = {
    "example": """$ORIGIN example.
$TTL {ttl}
@ IN SOA ns.root. root.root. {serial} 3600 600 86400 5
@ IN NS ns.root.
www IN A 198.18.1.1
www IN AAAA 2001:db8:ffff:100::1
bogus IN A 198.18.1.66
short 2 IN A 198.18.1.2
quick 10 IN A 198.18.1.3
alias IN CNAME www
inside IN A 192.168.7.7
mixed IN A 198.18.1.4
mixed IN A 10.1.2.3
loop IN A 127.0.0.1
link IN A 169.254.1.1
lan6 IN AAAA 2001:db8:77::5
ula IN AAAA fd00::1
mapped IN AAAA ::ffff:192.168.7.7
nat64 IN AAAA 64:ff9b::c0a8:707
*.many IN A 198.18.1.5
""",
    "old": """$ORIGIN old.
$TTL {ttl}
@ IN SOA ns.root. root.root. {serial} 3600 600 86400 5
@ IN NS ns.root.
www IN A 198.18.2.1
""",
    "open": """$ORIGIN open.
$TTL {ttl}
@ IN SOA ns.root. root.root. {serial} 3600 600 86400 5
@ IN NS ns.root.
www IN A 198.18.3.1
short 2 IN A 198.18.3.2
""",
}

NSD = """server:
  ip-address: {server}
  username: ""
  server-count: 1
  database: ""
  zonesdir: {folder}
  pidfile: {folder}/nsd.pid
  xfrdfile: {folder}/xfrd.state
  zonelistfile: {folder}/zones.list
  logfile: {folder}/nsd.log
  cookie-secret-file: ""
remote-control:
  control-enable: no
"""

UNBOUND = """server:
  interface: {resolver}
  interface: {resolver}@853
  tls-service-key: {key}
  tls-service-pem: {cert}
  access-control: 0.0.0.0/0 allow
  do-ip6: no
  root-hints: {folder}/root.hints
  module-config: "iterator"
  username: ""
  chroot: ""
  directory: {folder}
  pidfile: {folder}/unbound-{name}.pid
  use-syslog: no
  logfile: ""
  so-rcvbuf: 0
  so-sndbuf: 0
  local-zone: test. transparent
  {more}
remote-control:
  control-enable: no
"""


def _run(*argv, cwd=None):
    done = subprocess.run(argv, capture_output=True, text=True, cwd=cwd, check=False)
    if done.returncode:
        raise LabError("%s: %s" % (" ".join(argv), done.stderr.strip() or done.stdout))
    return done.stdout


def sweep():
    """What worlds of processes that are gone have left."""
    listed = os.listdir("/run/netns") if os.path.isdir("/run/netns") else []
    for name in listed:
        match = re.match(PREFIX + r"(\d+)-", name)
        if match and not os.path.exists("/proc/" + match.group(1)):
            pids = subprocess.run(["ip", "netns", "pids", name], text=True, check=False,
                                  capture_output=True).stdout.split()
            for pid in pids:
                os.kill(int(pid), signal.SIGKILL)
            subprocess.run(["ip", "netns", "del", name], check=False)


class World:
    """A context manager. Has what Netns wants of a lab."""

    def __init__(self):
        sweep()
        self.name = "%s%d" % (PREFIX, os.getpid())
        self.folder = tempfile.mkdtemp(prefix=self.name + "-")
        os.chmod(self.folder, 0o755)
        os.makedirs(self.path("log"))
        self._processes = []
        self.nsd = self.unbound = self.ns = None
        self._serial = 0
        try:
            self.ns = Netns(self, "world")
            self.ns.ip_batch(["addr add %s/32 dev lo" % a
                              for a in (SERVER, RESOLVER, TAP, LISTEN, *CLIENTS)])
            self.keys = {z: self._key(z) for z in ("example", "old")}
            self.root_zsk, self.root_ksks = self._key("."), [self._key(".", True)]
            self.anchor = self._write("anchor.key", self._public(self.root_ksks[0]))
            self.hints = self._write("root.hints", ". 3600 IN NS ns.root.\n"
                                     "ns.root. 3600 IN A %s\n" % SERVER)
            self.pki = Authority(self.path("pki"), "Lab Resolver CA")
            self.server = self.pki.issue("dot", DOT_NAME, "server", names=[DOT_NAME])
            self.other = self.pki.issue("other", "other.example", "server",
                                        names=["other.example"])
            self.expired = self.pki.issue("late", DOT_NAME, "server", validity=EXPIRED,
                                          names=[DOT_NAME])
            self.stranger = Authority(self.path("stranger"), "Stranger CA").issue(
                "dot", DOT_NAME, "server", names=[DOT_NAME])
            self.sign()
            self.start_nsd()
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def remember(self, process):
        self._processes.append(process)
        return process

    def close(self):
        for process in self._processes:
            process.stop()
        if self.ns:
            self.ns.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as out:
            out.write(text)
        return self.path(name)

    # ---- keys and zones ----

    def _key(self, zone, ksk=False):
        """The stem of a key pair's files."""
        argv = ["ldns-keygen", "-a", ALGORITHM, *(["-k"] if ksk else []), zone]
        return _run(*argv, cwd=self.folder).strip()

    def _public(self, stem):
        with open(self.path(stem + ".key"), encoding="ascii") as key:
            return key.read()

    def _sign(self, zone, text, stems, *options):
        path = self._write("zone-%s" % (zone.rstrip(".") or "root"), text)
        _run("ldns-signzone", "-o", zone, "-f", path + ".signed", *options, path,
             *[self.path(s) for s in stems])
        return path + ".signed"

    def new_root_key(self):
        self.root_ksks.append(self._key(".", True))

    def drop_root_key(self):
        self.root_ksks.pop(0)

    def sign(self):
        """All zones anew, the root with the keys that it has now."""
        self._serial += 1
        fill = {"ttl": TTL, "serial": self._serial, "server": SERVER, "short": 1}
        self._sign("example.", ZONES["example"].format(**fill), [self.keys["example"]])
        path = self.path("zone-example.signed")
        with open(path, encoding="ascii") as signed:
            forged = signed.read().replace("198.18.1.66", "198.18.1.67")
        self._write("zone-example.signed", forged)
        self._sign("old.", ZONES["old"].format(**fill), [self.keys["old"]],
                   "-i", "20200101", "-e", "20210101")
        self._write("zone-open.signed", ZONES["open"].format(**fill))
        stems = [self.root_zsk, *self.root_ksks]
        # short lives, so that a change of keys is seen soon
        keys = "".join(self._public(s).replace("\tIN\t", "\t1\tIN\t") for s in stems)
        delegations = "".join(
            "%s. IN NS ns.root.\n%s" % (z, _run("ldns-key2ds", "-f", "-n", "-2", k + ".key",
                                                cwd=self.folder))
            for z, k in self.keys.items())
        self._sign(".", ROOT_ZONE.format(keys=keys, delegations=delegations, **fill), stems)

    # ---- servers ----

    def start_nsd(self):
        text = NSD.format(server=SERVER, folder=self.folder)
        for zone in (".", *(z + "." for z in ZONES)):
            text += 'zone:\n  name: "%s"\n  zonefile: zone-%s.signed\n' % (
                zone, zone.rstrip(".") or "root")
        config = self._write("nsd.conf", text)
        self.nsd = self.ns.spawn(["nsd", "-d", "-c", config])
        self._wait(SERVER, "direct")

    def stop_nsd(self):
        self.nsd.stop()

    def freeze_nsd(self, frozen):
        """All of its processes: what comes meanwhile stays in the sockets."""
        os.killpg(self.nsd.pid, signal.SIGSTOP if frozen else signal.SIGCONT)

    def restart_nsd(self):
        self.stop_nsd()
        self.start_nsd()

    def start_unbound(self, certificate=None, more=""):
        key, cert = certificate or self.server
        config = self._write("unbound.conf", UNBOUND.format(
            resolver=RESOLVER, key=key, cert=cert, folder=self.folder, name=os.getpid(),
            more=more))
        self.unbound = self.ns.spawn(["unbound", "-d", "-c", config])
        self._wait(RESOLVER, "direct")

    def stop_unbound(self):
        if self.unbound:
            self.unbound.stop()
        self.unbound = None

    def _wait(self, server, name):
        for _ in range(100):
            answer = dns.ask(self.ns, server, name, timeout=0.5, tries=1)
            if answer and answer.rcode == dns.NOERROR:
                return
            time.sleep(0.1)
        raise LabError("no answer from " + server)


class TlsTap:
    """DNS over TLS that keeps each query as it came, and asks RESOLVER in clear."""

    def __init__(self, world):
        self.world, self.queries = world, []
        key, cert = world.server
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(cert, key)
        self._socket = world.ns.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((TAP, 853))
        self._socket.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self):
        while True:
            try:
                conn, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn):
        try:
            with self._context.wrap_socket(conn, server_side=True) as tls:
                stream = tls.makefile("rwb")
                while len(head := stream.read(2)) == 2:
                    query = stream.read(struct.unpack("!H", head)[0])
                    self.queries.append(query)
                    answer = self._ask(query)
                    stream.write(struct.pack("!H", len(answer)) + answer)
                    stream.flush()
        except (OSError, ValueError):
            return

    def _ask(self, query):
        with self.world.ns.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(10)
            sock.connect((RESOLVER, 53))
            sock.send(query)
            return sock.recv(65535)
