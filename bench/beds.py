# SPDX-License-Identifier: GPL-2.0-or-later
"""A bed is a gateway for the measurements of forwarding:

    p-g   br0 (bridge) ── routed ── wan
     └ p-d

Frames come in on p-g (or, as replies, on wan) as a driver would hand them over, and are
counted and freed where they would be handed to a driver again, on wan or p-d: flood.py.
Neighbours are static and IPv6 is off, so that nothing but these frames moves."""

import contextlib
import ctypes
import fcntl
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import tempfile

from . import kernel, traffic
from .figures import CannotRun
from .flood import Flood, Sink, tied
from .traffic import ENTRIES, GATEWAY_MAC, NEIGHBOUR_MAC, device, entry, local_entry

PREFIX = "cdb-"
CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)


def programs(build):
    """Name -> path of everything executable in the build folder."""
    found = {}
    for folder, _, names in os.walk(build):
        for name in names:
            path = os.path.join(folder, name)
            if name not in found and os.path.isfile(path) and os.access(path, os.X_OK):
                found[name] = path
    return found


def run(*argv, stdin=None):
    done = subprocess.run(argv, input=stdin, text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError("%s: %s" % (" ".join(argv)[:200], done.stderr.strip()[:500]))
    return done.stdout


@contextlib.contextmanager
def inside(namespace):
    """This thread, and the programs it starts."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    there = os.open("/run/netns/" + namespace, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _libc.setns(there, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        _libc.setns(home, CLONE_NEWNET)
        os.close(there)
        os.close(home)


class Talker:
    """A program that answers each line with one line."""

    def __init__(self, namespace, *argv):
        with inside(namespace):
            self._popen = subprocess.Popen(argv, stdin=subprocess.PIPE, text=True,
                                           stdout=subprocess.PIPE, bufsize=1,
                                           stderr=subprocess.PIPE, start_new_session=True)

    def tell(self, line):
        self._popen.stdin.write(line + "\n")

    def ask(self, line):
        self.tell(line)
        self._popen.stdin.flush()
        return self.hear()

    def hear(self):
        answer = self._popen.stdout.readline()
        if not answer:
            raise RuntimeError("%s ended: %s" % (self._popen.args[0],
                                                 self._popen.stderr.read()[-500:]))
        return answer.split()

    def close(self):
        with contextlib.suppress(OSError, ValueError):
            self._popen.stdin.close()
        try:
            self._popen.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._popen.pid, signal.SIGKILL)
            self._popen.wait()


class Workshop:
    """Everything that a run makes: namespaces, programs, files. All of it ends with it."""

    def __init__(self, build):
        self.build = build
        self.programs = programs(build)
        self.name = "%s%d-" % (PREFIX, os.getpid())
        self.running, self._namespaces, self._kept = [], [], []
        self.folder = tempfile.mkdtemp(prefix=self.name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for talker in reversed(self.running):
            talker.close()
        for thing in self._kept:
            thing.close()
        for namespace in self._namespaces:
            subprocess.run(["ip", "netns", "del", namespace], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def program(self, name):
        if name not in self.programs:
            raise RuntimeError("%s is not built" % name)
        return self.programs[name]

    def layout(self):
        """Where the counts are in the BPF back end's maps, by the compiler that made the
        enforcer."""
        words = run(self.program("bench_layout")).split()
        return dict(zip(words[::2], map(int, words[1::2])))

    def path(self, name):
        return os.path.join(self.folder, name)

    def namespace(self, short):
        name = self.name + short
        run("ip", "netns", "add", name)
        self._namespaces.append(name)
        with inside(name):
            for kind in ("all", "default"):
                _write("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % kind, 1)
        run("ip", "-n", name, "link", "set", "lo", "up")
        return name

    def keep(self, thing):
        """What has a close() that is to be called at the end."""
        self._kept.append(thing)
        return thing

    def drop(self, namespace):
        self._namespaces.remove(namespace)
        run("ip", "netns", "del", namespace)

    def talker(self, namespace, *argv, is_first=False):
        """is_first: it and what it starts run before all others, as far as this is
        allowed: not for what takes longer than a second, of which the kernel keeps a
        twentieth back."""
        chrt = shutil.which("chrt")
        if is_first and chrt and not subprocess.run(
                [chrt, "-f", "1", "true"], capture_output=True, check=False).returncode:
            argv = (chrt, "-f", "1", *argv)
        self.running.append(Talker(namespace, *argv))
        return self.running[-1]

    def end(self, talker):
        self.running.remove(talker)
        talker.close()


def _write(path, value):
    with open(path, "w", encoding="ascii") as knob:
        knob.write(str(value))


def _gro(interface):
    """GRO on: a veth takes frames like a network card then, and these can be made to come
    in on it. By ioctl, for ethtool(8) is often not installed."""
    value = ctypes.create_string_buffer(struct.pack("=II", 0x2c, 1))  # ETHTOOL_SGRO
    request = struct.pack("@16sP16x", interface.encode(), ctypes.addressof(value))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8946, request)  # SIOCETHTOOL


class Bed:
    """One gateway. Where frames of a kind come in, and where they leave."""

    IN = {"reply": "wan"}
    OUT = {"reply": "p-g", "bridged": "p-d", "denied-bridged": "p-d"}

    def __init__(self, shop, name, cpu):
        self.shop, self.name, self.cpu = shop, name, cpu
        self._floods, self.sinks, self.drive, self.pid = {}, {}, None, None
        self.gw, ends = shop.namespace(name + "-gw"), shop.namespace(name + "-ends")
        batch = ["link add br0 address %s type bridge stp_state 0 mcast_snooping 0"
                 % GATEWAY_MAC]
        for port in ("p-g", "p-d", "wan"):
            batch += ["link add %s type veth peer name %s-far netns %s" % (port, port, ends),
                      "link set %s up" % port]
        batch += ["link set p-g master br0", "link set p-d master br0", "link set br0 up",
                  "link set wan address " + traffic.WAN_MAC,
                  "addr add %s/12 dev br0" % traffic.GATEWAY,
                  "addr add %s/24 dev wan" % traffic.UPLINK,
                  "neigh add %s lladdr %s dev wan nud permanent" % (traffic.PEER,
                                                                    traffic.PEER_MAC),
                  "route add %s via %s" % (traffic.WORLD, traffic.PEER)]
        run("ip", "-n", self.gw, "-batch", "-", stdin="\n".join(batch) + "\n")
        run("ip", "-n", ends, "-batch", "-", stdin="".join(
            "link set %s-far up arp off\n" % port for port in ("p-g", "p-d", "wan")))
        run("bridge", "-n", self.gw, "fdb", "replace", NEIGHBOUR_MAC, "dev", "p-d", "master",
            "static")
        with inside(self.gw):
            _write("/proc/sys/net/ipv4/ip_forward", 1)
            for kind in ("all", "default", "br0", "wan"):
                _write("/proc/sys/net/ipv4/conf/%s/rp_filter" % kind, 0)
            for port in ("p-g", "wan"):
                _gro(port)
        self.bridge_nf(0)

    def second_uplink(self, prefix):
        """Where packets to this prefix leave: wan2."""
        run("ip", "-n", self.gw, "-batch", "-", stdin=(
            "link add wan2 type veth peer name wan2-far\nlink set wan2 up\n"
            "link set wan2-far up\naddr add 192.0.2.1/24 dev wan2\n"
            "neigh add 192.0.2.2 lladdr %s dev wan2 nud permanent\n"
            "route add %s via 192.0.2.2\n" % (traffic.PEER_MAC, prefix)))
        self.sink("wan2")

    def sink(self, interface):
        if interface not in self.sinks:
            with inside(self.gw):
                self.sinks[interface] = self.shop.keep(Sink(interface))
        return self.sinks[interface]

    def bridge_nf(self, value):
        """Whether bridged packets also pass the ip hooks; where the kernel can do it."""
        with inside(self.gw), contextlib.suppress(FileNotFoundError):
            _write("/proc/sys/net/bridge/bridge-nf-call-iptables", value)

    def nft(self, text):
        with inside(self.gw):
            run("nft", "-f", "-", stdin=text)

    def frames(self, key, frames, interface="p-g"):
        """Frames that flood() then knows by this key."""
        with inside(self.gw):
            self._floods[key] = self.shop.keep(
                Flood(socket.if_nametoindex(interface), frames))

    def flood(self, kind, count, packets, is_fresh=False):
        """(CPU nanoseconds per packet, delivered share): packets of the first count frames
        of a kind."""
        if (kind, count) not in self._floods:
            self.frames((kind, count), traffic.frames(kind, count),
                        self.IN.get(kind, "p-g"))
        sink = self.sink(self.OUT.get(kind, "wan"))
        before = sink.count()
        with inside(self.gw), tied(self.cpu):
            cost = self._floods[kind, count].send(packets, is_fresh)
        return cost / packets, (sink.count() - before) / packets

    def send(self, key, packets, start=None, cpu=None):
        """Of frames(): nothing is counted."""
        with inside(self.gw), tied(self.cpu if cpu is None else cpu):
            return self._floods[key].send(packets, start=start)

    # what a bed can be

    def start(self, backend):
        """Ours, the real enforcer, without any policy yet."""
        self.drive = self.shop.talker(self.gw, self.shop.program("enforcer_drive"),
                                      self.shop.program("cardea-enforcer"))
        for line in ("lan br0", "gateway_mac " + GATEWAY_MAC, "nflog_group 7",
                     "backend " + backend):
            self.drive.tell("config " + line)
        answer = self.drive.ask("start")
        if answer[0] != "ready":
            raise CannotRun("the enforcer does not start with the %s back end: %s"
                            % (backend, " ".join(answer)))
        self.pid = int(next(word for word in answer if word.startswith("pid="))[4:])
        if backend == "bpf" and "subjects" not in kernel.map_names(self.pid):
            raise CannotRun("the enforcer does not take the BPF back end here")
        self.drive.tell("local " + traffic.LAN)

    def neighbours(self, entries):
        """The gateway knows the devices: no ARP on the way to them."""
        run("ip", "-n", self.gw, "-batch", "-", stdin="".join(
            "neigh replace %s lladdr %s dev br0 nud permanent\n" % device(i)[::-1]
            for i in range(entries // ENTRIES)))

    def commit(self):
        answer = self.drive.ask("commit")
        if answer[:2] != ["done", "error=0"]:
            raise RuntimeError("the enforcer: " + " ".join(answer))

    def devices(self, count, first=0):
        """Known and managed, with no permission."""
        for i in range(first, first + count):
            mac, address = device(i)
            for line in ("managed " + mac, "policed " + address, "owned " + address,
                         "bound %s %s" % (mac, address)):
                self.drive.tell(line)

    def enforce(self, backend, entries):
        """Ours, with so many permissions, spread over devices of ENTRIES each."""
        self.start(backend)
        self.devices(entries // ENTRIES)
        self.allow(map(entry, range(entries)))

    def allow(self, entries):
        for mac, _, destination, port in entries:
            self.drive.tell("out %s %s udp %d" % (mac, destination, port))
        self.commit()

    def allow_neighbour(self, entries):
        self.allow(map(local_entry, range(entries)))

    def restart(self, backend, entries):
        """As if no packet had come yet."""
        self.drive.ask("shutdown open")
        self.shop.end(self.drive)
        self.enforce(backend, entries)

    def flat(self, entries):
        """The same permissions as somebody would write them who knows nft well: one set,
        one rule."""
        rows = ", ".join("%s . %s . udp . %d" % (mac, destination, port)
                         for mac, _, destination, port in map(entry, range(entries)))
        self.nft("table inet flat {\nset allowed { type ether_addr . ipv4_addr . inet_proto "
                 ". inet_service; size %d; elements = { %s } }\n"
                 "chain forward {\ntype filter hook forward priority 0; policy drop;\n"
                 "ether saddr . ip daddr . meta l4proto . th dport @allowed accept\n}\n}\n"
                 % (entries, rows))

    def linear(self, entries):
        """As simple gateways do it: a rule for each permission, in random order."""
        rules = "\n".join("ether saddr %s ip daddr %s udp dport %d accept"
                          % (mac, destination, port)
                          for mac, _, destination, port in _shuffled(entries))
        self.nft("table inet linear {\nchain forward {\ntype filter hook forward priority 0;"
                 " policy drop;\n%s\n}\n}\n" % rules)

    def legacy(self, entries):
        """The same with iptables' older tables."""
        restore = shutil.which("iptables-legacy-restore")
        if not restore:
            raise CannotRun("iptables-legacy is not installed")
        rules = "\n".join("-A FORWARD -m mac --mac-source %s -d %s -p udp --dport %d -j ACCEPT"
                          % (mac, destination, port)
                          for mac, _, destination, port in _shuffled(entries))
        with inside(self.gw):
            run(restore, stdin="*filter\n:INPUT ACCEPT\n:FORWARD DROP\n:OUTPUT ACCEPT\n"
                "%s\nCOMMIT\n" % rules)

    def track(self):
        """Connection tracking alone, as on every gateway with address translation."""
        self.nft("table inet track { chain forward { type filter hook forward priority 0; "
                 "ct state invalid drop; }; }")

    def forget_connections(self):
        with inside(self.gw):
            _conntrack_flush()


def _shuffled(entries):
    order = list(range(entries))
    random.Random(1).shuffle(order)
    return map(entry, order)


def _conntrack_flush():
    """ctnetlink's delete without a key deletes all (nfnetlink subsystem 1, message 2)."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as netlink:
        message = struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 5, 1, 0, 0, 0, 0)
        netlink.send(message)
        netlink.recv(4096)


def sweep():
    """What runs that were killed have left."""
    for name in sorted(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else []:
        pid = name[len(PREFIX):].split("-")[0]
        if name.startswith(PREFIX) and pid.isdigit() and not os.path.exists("/proc/" + pid):
            subprocess.run(["ip", "netns", "del", name], check=False)
