# SPDX-License-Identifier: GPL-2.0-or-later
"""datapath - the program in the kernel alone: loads the built object with libbpf, fills
its maps, and runs frames through it with BPF_PROG_TEST_RUN, without any interface.

The layouts are those of src/enforce/bpf/datapath.h; each is checked against the size
that the object itself states for its map. The object is CARDEA_DATAPATH, or the one in
CARDEA_BUILD (default: build/release), or is compiled here with clang.
"""
import ctypes
import ipaddress
import mmap
import os
import pathlib
import struct
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CARDEA_BUILD", ROOT / "build" / "release"))

PASS, DROP = 0xffffffff, 2  # TC_ACT_UNSPEC, TC_ACT_SHOT
MANAGED, POLICED, OWNED, LIMITED, GATEWAY, NAMED, ARMS = 1, 2, 4, 8, 16, 32, 64
OPENS_BOX, ARMS_BOX = 0, 1
EXACT, BOX, BY_GATEWAY, BY_REDIRECT, BY_NOBODY = 1, 2, 3, 4, 5
DENY, SPOOFED, ROGUE, FRAGMENT, MALFORMED = 3, 4, 5, 6, 7
REFUSED, LEARNED, LIVE, ENDED = 1, 2, 3, 4
NO_SUBJECT = 0xffffffff
COUNTERS = "frames refused events_lost learned unasked dns_hard".split()
SECOND = 1_000_000_000
NOBODY = 0  # the subject of all that have none
CACHE_BYTES = 4 * 32768 * 64  # BPF_CACHE_CPUS * BPF_CACHE_EACH
SUBJECTS_USED = 64  # tests use no higher number

TCP, UDP, ICMP, ICMP6, IGMP, GRE = 6, 17, 1, 58, 2, 47
FIN, SYN, RST, ACK = 1, 2, 4, 16


# --- bytes ------------------------------------------------------------------------

def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def mac8(text):
    return mac(text) + b"\0\0"


def addr(text):
    return ipaddress.ip_address(text).packed


def addr16(text):
    """As the maps have it: IPv4 mapped into IPv6."""
    a = addr(text)
    return a if len(a) == 16 else bytes(10) + b"\xff\xff" + a


def addr_text(b):
    if b[:12] == bytes(10) + b"\xff\xff":
        return str(ipaddress.ip_address(b[12:]))
    return str(ipaddress.ip_address(b))


def be16(n):
    return struct.pack("!H", n)


def ether(src, dst, kind, payload, vlans=()):
    tags = b"".join(struct.pack("!HH", kind_, tci) for kind_, tci in vlans)
    return mac(dst) + mac(src) + tags + be16(kind) + payload


def ip4(src, dst, proto, payload, frag=0, number=7, hops=64, options=b"", total=None):
    ihl = 5 + len(options) // 4
    length = ihl * 4 + len(payload) if total is None else total
    return struct.pack("!BBHHHBBH", 0x40 | ihl, 0, length, number, frag, hops, proto,
                       0) + addr(src) + addr(dst) + options + payload


def ip6(src, dst, proto, payload, hops=64, length=None):
    return struct.pack("!IHBB", 6 << 28, len(payload) if length is None else length,
                       proto, hops) + addr(src) + addr(dst) + payload


def udp(sport, dport, data=b"x" * 18):
    return struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data


def tcp(sport, dport, flags, data=b""):
    return struct.pack("!HHIIBBHHH", sport, dport, 1, 1, 0x50, flags, 9, 0, 0) + data


def icmp(kind, code=0, number=0, data=b"x" * 8):
    return struct.pack("!BBHHH", kind, code, 0, number, 1) + data


def arp(sender_mac, sender, target="10.1.0.99", operation=2):
    return (struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + mac(sender_mac)
            + addr(sender) + bytes(6) + addr(target))


# --- libbpf -----------------------------------------------------------------------

class RunOpts(ctypes.Structure):
    _fields_ = [("sz", ctypes.c_size_t), ("data_in", ctypes.c_char_p),
                ("data_out", ctypes.c_char_p), ("data_size_in", ctypes.c_uint32),
                ("data_size_out", ctypes.c_uint32), ("ctx_in", ctypes.c_void_p),
                ("ctx_out", ctypes.c_void_p), ("ctx_size_in", ctypes.c_uint32),
                ("ctx_size_out", ctypes.c_uint32), ("retval", ctypes.c_uint32),
                ("repeat", ctypes.c_int), ("duration", ctypes.c_uint32),
                ("flags", ctypes.c_uint32), ("cpu", ctypes.c_uint32),
                ("batch_size", ctypes.c_uint32)]


def library():
    lib = ctypes.CDLL("libbpf.so.1", use_errno=True)
    for name in ("bpf_object__open_file", "bpf_object__find_map_by_name",
                 "bpf_object__find_program_by_name", "ring_buffer__new"):
        getattr(lib, name).restype = ctypes.c_void_p
    for name in ("bpf_map__key_size", "bpf_map__value_size"):
        getattr(lib, name).restype = ctypes.c_uint32
    return lib


def object_path():
    if "CARDEA_DATAPATH" in os.environ:
        return os.environ["CARDEA_DATAPATH"]
    for path in BUILD.rglob("datapath.bpf.o"):
        return str(path)
    made = os.path.join(tempfile.mkdtemp(), "datapath.bpf.o")
    triplet = subprocess.run(["cc", "-print-multiarch"], capture_output=True, text=True)
    subprocess.run(["clang", "-O2", "-g", "-target", "bpf", "-mcpu=v3", "-I", ROOT / "src",
                    "-idirafter", "/usr/include/" + triplet.stdout.strip(), "-c",
                    ROOT / "src/enforce/bpf/datapath.bpf.c", "-o", made], check=True)
    return made


LAYOUT = {  # map: key, value
    "settings": ("I", "II%dsQQII32sQ" % (32 * 32)),
    "totals": ("I", "II"),
    "subjects": ("I", "QIIQQQQQQQQQIIIIIIQ8s"),
    "boxes": ("I", "16s16sHHHHBBBBIQQQII"),
    "gates": ("I", "Q"),
    "macs": ("8s", "II"),
    "addrs": ("16s", "II"),
    "bound": ("16s8s", "B"),
    "policy": ("I2sBB16s", "QQQII"),
    "ethers": ("I2sBB8s", "QQQII"),
    "flows": ("16s16s2s2sB3s", "QQII6sBBIIII"),
    "frags": ("16s16sII", "Q2s2sBBH"),
    "refused": ("IBBBB2sH8s16s16s", "QQQQQQQ2s2sI"),
    "counters": ("I", None),
}
SUBJECT = ("boxes epoch flows byte_ns_256 packet_ns byte_bucket packet_bucket refused "
           "opens opens_over over flows_full refused_kinds queries learned begun "
           "arms zero resets").split()
FLOW = ("until count subject epoch mac by flags mac_subject addr_subject box "
        "zero").split()
EVENT = "IIQQQI2s2s" + LAYOUT["refused"][0] + "I"


def pack(layout, *values):
    return struct.pack("=" + layout, *values)


class Datapath:
    """One loaded copy of the program with empty maps."""

    def __init__(self):
        self.lib = library()
        self.events = []
        self.open(object_path())
        self.check_layout()
        handler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p,
                                   ctypes.c_size_t)
        self.handler = handler(self.on_event)
        self.ring = ctypes.c_void_p(self.lib.ring_buffer__new(
            self.fd("events"), self.handler, None, None))

    def open(self, path):
        self.object = ctypes.c_void_p(
            self.lib.bpf_object__open_file(str(path).encode(), None))
        assert self.object.value, "cannot open " + path
        loaded = self.lib.bpf_object__load(self.object)
        assert loaded == 0, "the kernel refused the program: %d" % loaded
        self.fds = {}
        self.cache = mmap.mmap(self.fd("cache"), CACHE_BYTES)

    def close(self):
        self.cache.close()
        self.lib.ring_buffer__free(self.ring)
        self.lib.bpf_object__close(self.object)

    def map(self, name):
        found = self.lib.bpf_object__find_map_by_name(self.object, name.encode())
        assert found, name
        return ctypes.c_void_p(found)

    def fd(self, name):
        if name not in self.fds:
            self.fds[name] = self.lib.bpf_map__fd(self.map(name))
        return self.fds[name]

    def check_layout(self):
        for name, (key, value) in LAYOUT.items():
            assert self.lib.bpf_map__key_size(self.map(name)) == struct.calcsize("=" + key)
            if value:
                assert self.lib.bpf_map__value_size(self.map(name)) == struct.calcsize(
                    "=" + value), name

    def on_event(self, _, data, size):
        raw = ctypes.string_at(data, size)
        f = struct.unpack("=" + EVENT, raw[:struct.calcsize("=" + EVENT)])
        self.events.append(dict(
            kind=f[0], ttl=f[1], hash=f[2], packets=f[3], bytes=f[4], length=f[5],
            device_port=struct.unpack("!H", f[6])[0],
            peer_port=struct.unpack("!H", f[7])[0], subject=f[8], to_device=f[9],
            reason=f[10], proto=f[11], family=f[12],
            port=struct.unpack("!H", f[13])[0], icmp=f[14], mac=f[15][:6].hex(":"),
            device=addr_text(f[16]), peer=addr_text(f[17])))
        return 0

    def told(self, kind=None):
        """Events since the last call."""
        self.lib.ring_buffer__consume(self.ring)
        found, self.events = self.events, []
        return [e for e in found if kind is None or e["kind"] == kind]

    def clear(self):
        """As it was loaded, but for boxes that no subject has."""
        for name in ("macs", "addrs", "bound", "policy", "ethers", "flows", "frags",
                     "refused", "gates"):
            for key in self.keys(name):
                self.drop(name, key)
        epoch = self.subject(NOBODY)["epoch"]  # goes on: some is remembered by it
        for number in range(SUBJECTS_USED):
            self.put_alone("subjects", pack("I", number), bytes(128))
        self.set_subject(NOBODY, epoch=epoch)
        self.put("totals", pack("I", 0), bytes(8))
        for i in range(len(COUNTERS)):
            self.put("counters", pack("I", i), bytes(8 * 256))
        self.cache[:] = bytes(CACHE_BYTES)
        self.settings()
        self.told()

    # --- maps

    def put_alone(self, name, key, value):
        if self.lib.bpf_map_update_elem(self.fd(name), key, value, ctypes.c_uint64(0)):
            raise OSError(ctypes.get_errno(), "update of " + name)

    def put(self, name, key, value):
        """As the loader does: whatever changes, the epoch of subject 0 moves."""
        self.put_alone(name, key, value)
        nobody = bytearray(self.get("subjects", pack("I", NOBODY)))
        struct.pack_into("=I", nobody, 8, struct.unpack_from("=I", nobody, 8)[0] + 1)
        self.put_alone("subjects", pack("I", NOBODY), bytes(nobody))

    def get(self, name, key):
        size = self.lib.bpf_map__value_size(self.map(name))
        value = ctypes.create_string_buffer(size * 64)
        if self.lib.bpf_map_lookup_elem(self.fd(name), key, value):
            return None
        return value.raw[:size]

    def drop(self, name, key):
        return self.lib.bpf_map_delete_elem(self.fd(name), key) == 0

    def keys(self, name):
        size = struct.calcsize("=" + LAYOUT[name][0])
        found, following = [], ctypes.create_string_buffer(size)
        while self.lib.bpf_map_get_next_key(
                self.fd(name), found[-1] if found else None, following) == 0:
            found.append(following.raw)
        return found

    def items(self, name):
        layout = LAYOUT[name]
        for key in self.keys(name):
            value = self.get(name, key)
            if value is not None:
                yield (struct.unpack("=" + layout[0], key),
                       struct.unpack("=" + layout[1], value))

    # --- what the loader does

    def settings(self, local=(), redirect=0, limits=0, asked=(None, None)):
        ranges = b"".join(addr16(lo) + addr16(hi) for lo, hi in local)
        self.put("settings", pack("I", 0),
                 pack(LAYOUT["settings"][1], 2, len(local), ranges, 1, 2, redirect,
                      limits, b"".join(addr16(a) if a else bytes(16) for a in asked), 0))

    def mac(self, text, subject, flags=MANAGED):
        self.put("macs", mac8(text), pack("II", subject, flags))

    def address(self, text, subject, flags=POLICED | OWNED):
        self.put("addrs", addr16(text), pack("II", subject, flags))

    def bind(self, hw, text):
        self.put("bound", addr16(text) + mac8(hw), b"\1")

    def unbind(self, hw, text):
        assert self.drop("bound", addr16(text) + mac8(hw))

    @staticmethod
    def exact_key(subject, peer, proto, port):
        return pack(LAYOUT["policy"][0], subject, be16(port), proto, 0, addr16(peer))

    def exact(self, subject, peer, proto, port, seconds=0):
        until = time.clock_gettime_ns(time.CLOCK_MONOTONIC) + seconds * SECOND
        self.put("policy", self.exact_key(subject, peer, proto, port),
                 pack("QQQII", until if seconds else 0, 0, 0, 0, 0))

    def unexact(self, subject, peer, proto, port):
        assert self.drop("policy", self.exact_key(subject, peer, proto, port))

    def entry(self, subject, peer, proto, port):
        """until, packets, bytes"""
        value = self.get("policy", self.exact_key(subject, peer, proto, port))
        return value and struct.unpack("=QQQII", value)[:3]

    def box(self, index, lo, hi, proto=(0, 255), device=(0, 65535), peer=(0, 65535),
            until=0, kind=OPENS_BOX, gate=0, open_s=0):
        family = 6 if ":" in lo else 4
        self.put("boxes", pack("I", index), pack(
            LAYOUT["boxes"][1], addr16(lo), addr16(hi), *device, *peer, *proto, family,
            kind, gate, until, 0, 0, 0, open_s))

    def box_count(self, index):
        return struct.unpack("=" + LAYOUT["boxes"][1],
                             self.get("boxes", pack("I", index)))[12:14]

    def subject(self, number):
        values = struct.unpack("=" + LAYOUT["subjects"][1],
                               self.get("subjects", pack("I", number)))
        return dict(zip(SUBJECT, values))

    def set_subject(self, number, **changes):
        values = self.subject(number) | changes
        self.put("subjects", pack("I", number),
                 pack(LAYOUT["subjects"][1], *(values[n] for n in SUBJECT), b""))

    def boxes_of(self, number, first, count):
        self.set_subject(number, boxes=first << 32 | count)

    def bump(self, number):
        self.set_subject(number, epoch=self.subject(number)["epoch"] + 1)

    def ether(self, subject, kind, peer=None, to_device=0):
        self.put("ethers", pack(LAYOUT["ethers"][0], subject, be16(kind), to_device,
                                int(peer is None), mac8(peer) if peer else bytes(8)),
                 pack("QQQII", 0, 0, 0, 0, 0))

    def flows(self):
        found = []
        for k, v in self.items("flows"):
            f = dict(zip(FLOW, v))
            f["packets"], f["bytes"] = f["count"] >> 40, f["count"] & (1 << 40) - 1
            f["lasts"] = (f["until"] - time.clock_gettime_ns(time.CLOCK_MONOTONIC)) / SECOND
            f.update(device=addr_text(k[0]), peer=addr_text(k[1]),
                     device_port=struct.unpack("!H", k[2])[0],
                     peer_port=struct.unpack("!H", k[3])[0], proto=k[4])
            found.append(f)
        return found

    def later(self):
        """A second passes: processors ask the flows again."""
        words = memoryview(self.cache).cast("I")
        for place in range(13, CACHE_BYTES // 4, 16):  # cache_entry.ticks
            if words[place]:
                words[place] = words[place] - (1 << 16) & 0xffffffff
        words.release()

    def change_flow(self, *conversation, **changes):
        self.write_flow(*conversation, **changes)
        self.later()

    def write_flow(self, device, peer, proto, device_port, peer_port, **changes):
        key = pack(LAYOUT["flows"][0], addr16(device), addr16(peer), be16(device_port),
                   be16(peer_port), proto, b"")
        values = dict(zip(FLOW, struct.unpack("=" + LAYOUT["flows"][1],
                                              self.get("flows", key)))) | changes
        self.put("flows", key, pack(LAYOUT["flows"][1], *values.values()))

    def refused(self):
        found = []
        for k, v in self.items("refused"):
            found.append(dict(
                subject=k[0], to_device=k[1], reason=k[2], proto=k[3], family=k[4],
                port=struct.unpack("!H", k[5])[0], icmp=k[6], mac=k[7][:6].hex(":"),
                device=addr_text(k[8]), peer=addr_text(k[9]), packets=v[0], bytes=v[1],
                told=v[2], key=k, value=v))
        return found

    def counter(self, name):
        raw = ctypes.create_string_buffer(8 * 256)
        self.lib.bpf_map_lookup_elem(self.fd("counters"),
                                     pack("I", COUNTERS.index(name)), raw)
        return sum(struct.unpack("=256Q", raw.raw))

    # --- programs

    def program(self, name):
        return self.lib.bpf_program__fd(ctypes.c_void_p(
            self.lib.bpf_object__find_program_by_name(self.object, name.encode())))

    def run(self, name, frame, ifindex=0, repeat=1, mark=0):
        """(verdict, ns); .out is the frame as it is then"""
        skb = bytearray(192)
        struct.pack_into("=I", skb, 8, mark)
        struct.pack_into("=I", skb, 36, ifindex)  # __sk_buff.ingress_ifindex
        room = ctypes.create_string_buffer(max(2048, len(frame)))
        ctx = ctypes.create_string_buffer(bytes(skb), len(skb))
        opts = RunOpts(sz=ctypes.sizeof(RunOpts), data_in=frame, data_size_in=len(frame),
                       ctx_in=ctypes.cast(ctx, ctypes.c_void_p), ctx_size_in=len(skb),
                       data_out=ctypes.cast(room, ctypes.c_char_p),
                       data_size_out=len(room), repeat=repeat)
        error = self.lib.bpf_prog_test_run_opts(self.program(name), ctypes.byref(opts))
        assert error == 0, "test run: %d" % error
        self.out = room.raw[:opts.data_size_out]
        return opts.retval, opts.duration

    def ingress(self, frame):
        return self.run("ingress", frame, 7)[0]

    def egress(self, frame):
        """Of a packet that is forwarded."""
        return self.run("egress", frame, 7)[0]

    def local(self, frame):
        """Of a packet that the gateway itself sends."""
        return self.run("egress", frame, 0)[0]

    def sweep(self, subject=NO_SUBJECT):
        layout = "=Q6I"
        ctx = ctypes.create_string_buffer(struct.pack(layout, 0, subject, 0, 0, 0, 0, 0))
        opts = RunOpts(sz=ctypes.sizeof(RunOpts), ctx_in=ctypes.cast(ctx, ctypes.c_void_p),
                       ctx_size_in=struct.calcsize(layout))
        error = self.lib.bpf_prog_test_run_opts(self.program("sweep"), ctypes.byref(opts))
        assert error == 0, "sweep: %d" % error
        names = "now subject flows ended kept_open refused_gone queries_gone".split()
        return dict(zip(names, struct.unpack_from(layout, ctx)))
