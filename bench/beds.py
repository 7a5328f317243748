# SPDX-License-Identifier: GPL-2.0-or-later
"""A bed is a gateway for the measurements of forwarding: two network namespaces,

    ends   g0 ──── p-g   br0 (bridge) ── routed ── wan ──── s0   ends
                          └ p-d ──── d0   ends

Frames go out at g0 and are counted where they arrive, at s0 or d0. Neighbours are static,
IPv6 is off and the receiving interfaces have other MACs than the frames carry, so that
nothing but these frames moves and the receiver drops each at once."""

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

PREFIX = "cdb-"
CLONE_NEWNET = 0x40000000
GATEWAY_MAC, WAN_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
PEER_MAC, NEIGHBOUR_MAC = "02:00:00:00:00:98", "02:00:00:00:00:99"
LAN, GATEWAY, NEIGHBOUR = "10.77.0.0/16", "10.77.255.1", "10.77.255.99"
UPLINK, PEER = "203.0.113.1", "203.0.113.2"
WORLD = "198.18.0.0/15"  # for benchmarks (RFC 2544)
DEVICES_MAX, ENTRIES = 1000, 10  # ENTRIES permissions per device
SPORT = 40000
FORBIDDEN_PORT = 9

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


def device(index):
    """(MAC, address)"""
    return ("02:00:01:%02x:%02x:%02x" % (index >> 16, index >> 8 & 255, index & 255),
            "10.77.%d.%d" % (index // 250, 1 + index % 250))


def entry(index):
    """(MAC, source, destination, port): one permission, and its packets. ENTRIES of
    these to a device."""
    mac, source = device(index // ENTRIES)
    return mac, source, "198.18.%d.%d" % (index >> 8, index & 255), 8000 + index % ENTRIES


def local_entry(index):
    """The same towards a neighbour on the bridge, told apart by port."""
    mac, source = device(index // ENTRIES)
    return mac, source, NEIGHBOUR, 8000 + index % ENTRIES


def frame(mac, to, source, destination, port):
    """A UDP datagram in 60 bytes, without UDP checksum (RFC 768)."""
    udp = struct.pack("!HHHH", SPORT, port, 26, 0) + b"bench".ljust(18, b"\0")
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
                       socket.inet_aton(source), socket.inet_aton(destination))
    total = sum(struct.unpack("!10H", head))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    head = head[:10] + struct.pack("!H", ~total & 0xffff) + head[12:]
    ether = bytes.fromhex((to + mac).replace(":", "")) + b"\x08\x00"
    return ether + head + udp


class Workshop:
    """Everything that a run makes: namespaces, programs, files. All of it ends with it."""

    def __init__(self, build):
        self.build = build
        self.programs = programs(build)
        self.name = "%s%d-" % (PREFIX, os.getpid())
        self.running, self._namespaces = [], []
        self.folder = tempfile.mkdtemp(prefix=self.name)
        self._frames = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for talker in reversed(self.running):
            talker.close()
        for namespace in self._namespaces:
            subprocess.run(["ip", "netns", "del", namespace], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def program(self, name):
        if name not in self.programs:
            raise RuntimeError("%s is not built" % name)
        return self.programs[name]

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

    def drop(self, namespace):
        self._namespaces.remove(namespace)
        run("ip", "netns", "del", namespace)

    def talker(self, namespace, *argv):
        self.running.append(Talker(namespace, *argv))
        return self.running[-1]

    def end(self, talker):
        self.running.remove(talker)
        talker.close()

    def frames(self, kind, count):
        """A file of frames: "routed", "bridged" or "forbidden" ones."""
        if (kind, count) not in self._frames:
            path = self.path("%s-%d" % (kind, count))
            with open(path, "wb") as out:
                for i in range(count):
                    mac, source, destination, port = (
                        entry(i) if kind == "routed" else local_entry(i))
                    if kind == "forbidden":
                        port = FORBIDDEN_PORT
                    out.write(frame(mac, GATEWAY_MAC if kind == "routed" else NEIGHBOUR_MAC,
                                    source, destination, port))
            self._frames[kind, count] = path
        return self._frames[kind, count]


def _write(path, value):
    with open(path, "w", encoding="ascii") as knob:
        knob.write(str(value))


def _gro(interface):
    """GRO on: a veth takes frames in batches then, as a network card hands them over.
    By ioctl, for ethtool(8) is often not installed."""
    value = ctypes.create_string_buffer(struct.pack("=II", 0x2c, 1))  # ETHTOOL_SGRO
    request = struct.pack("@16sP16x", interface.encode(), ctypes.addressof(value))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8946, request)  # SIOCETHTOOL


class Bed:
    def __init__(self, shop, name, cpu):
        self.shop, self.name, self._cpu, self._floods = shop, name, cpu, {}
        self.gw, self.ends = shop.namespace(name + "-gw"), shop.namespace(name + "-ends")
        batch = ["link add br0 address %s type bridge stp_state 0 mcast_snooping 0"
                 % GATEWAY_MAC]
        for port, far in (("p-g", "g0"), ("p-d", "d0"), ("wan", "s0")):
            batch += ["link add %s type veth peer name %s netns %s" % (port, far, self.ends),
                      "link set %s up" % port]
        batch += ["link set p-g master br0", "link set p-d master br0", "link set br0 up",
                  "link set wan address " + WAN_MAC,
                  "addr add %s/16 dev br0" % GATEWAY, "addr add %s/24 dev wan" % UPLINK,
                  "neigh add %s lladdr %s dev wan nud permanent" % (PEER, PEER_MAC),
                  "route add %s via %s" % (WORLD, PEER)]
        run("ip", "-n", self.ends, "-batch", "-", stdin="")
        run("ip", "-n", self.gw, "-batch", "-", stdin="\n".join(batch) + "\n")
        run("ip", "-n", self.ends, "-batch", "-", stdin="".join(
            "link set %s up arp off\n" % far for far in ("g0", "d0", "s0")))
        run("bridge", "-n", self.gw, "fdb", "replace", NEIGHBOUR_MAC, "dev", "p-d", "master",
            "static")
        with inside(self.gw):
            _write("/proc/sys/net/ipv4/ip_forward", 1)
            _gro("p-g")
            for kind in ("all", "default", "br0"):
                _write("/proc/sys/net/ipv4/conf/%s/rp_filter" % kind, 0)
        self.bridge_nf(0)

    def bridge_nf(self, value):
        """Whether bridged packets also pass the ip hooks; where the kernel can do it."""
        with inside(self.gw), contextlib.suppress(FileNotFoundError):
            _write("/proc/sys/net/bridge/bridge-nf-call-iptables", value)

    def nft(self, text):
        with inside(self.gw):
            run("nft", "-f", "-", stdin=text)

    def flood(self, kind, count, packets, mode="pick"):
        """(CPU nanoseconds per packet, delivered share, share that arrived late)"""
        key = kind, count
        if key not in self._floods:
            self._floods[key] = self.shop.talker(
                self.ends, self.shop.program("bench_flood"), "g0",
                "s0" if kind == "routed" else "d0", self.shop.frames(kind, count),
                str(self._cpu))
        sent, cost, arrived, late = map(int, self._floods[key].ask(
            "run %d %s" % (packets, mode)))
        return cost / sent, arrived / sent, late / sent

    # what a bed can be

    def enforce(self, entries):
        """Ours: the real enforcer, with so many permissions loaded, spread over devices
        of ENTRIES each."""
        drive = self.shop.talker(self.gw, self.shop.program("enforcer_drive"),
                                 self.shop.program("cardea-enforcer"))
        drive.tell("config lan br0")
        drive.tell("config gateway_mac " + GATEWAY_MAC)
        drive.tell("config nflog_group 7")
        answer = drive.ask("start")
        if answer[0] != "ready":
            raise RuntimeError("the enforcer does not start: " + " ".join(answer))
        drive.tell("local " + LAN)
        for i in range(entries // ENTRIES):
            mac, address = device(i)
            for line in ("managed " + mac, "policed " + address, "owned " + address,
                         "bound %s %s" % (mac, address)):
                drive.tell(line)
        for i in range(entries):
            mac, _, destination, port = entry(i)
            drive.tell("out %s %s udp %d" % (mac, destination, port))
        answer = drive.ask("commit")
        if answer[:2] != ["done", "error=0"]:
            raise RuntimeError("the enforcer: " + " ".join(answer))
        self.drive = drive

    def allow_neighbour(self, entries):
        for i in range(entries):
            mac, _, destination, port = local_entry(i)
            self.drive.tell("out %s %s udp %d" % (mac, destination, port))
        answer = self.drive.ask("commit")
        if answer[:2] != ["done", "error=0"]:
            raise RuntimeError("the enforcer: " + " ".join(answer))

    def linear(self, entries):
        """As simple gateways do it: a rule for each permission, in random order."""
        order = list(range(entries))
        random.Random(1).shuffle(order)
        rules = "\n".join("ether saddr %s ip daddr %s udp dport %d accept"
                          % (mac, destination, port)
                          for mac, _, destination, port in map(entry, order))
        self.nft("table inet linear {\nchain forward {\ntype filter hook forward priority 0;"
                 " policy drop;\n%s\n}\n}\n" % rules)

    def track(self):
        """Connection tracking alone, as on every gateway with address translation."""
        self.nft("table inet track { chain forward { type filter hook forward priority 0; "
                 "ct state invalid drop; }; }")

    def forget_flows(self):
        """As if no packet had come yet."""
        with inside(self.gw):
            if hasattr(self, "drive"):
                run("nft", "flush set inet cardea flows4; flush set inet cardea rate_f")
            _conntrack_flush()


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
