# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's BPF and tc, as much as measuring needs: small programs made here, and the
maps and programs of an enforcer that runs (bpf(2), tc-bpf(8))."""

import array
import contextlib
import ctypes
import errno
import os
import socket
import struct

_libc = ctypes.CDLL(None, use_errno=True)
_SYS_BPF = {"x86_64": 321, "aarch64": 280, "riscv64": 280}.get(os.uname().machine)
(MAP_CREATE, MAP_LOOKUP, MAP_UPDATE, MAP_DELETE, MAP_NEXT, PROG_LOAD) = range(6)
PROG_TEST_RUN, PROG_BY_ID, MAP_BY_ID, INFO_BY_FD, MAP_UPDATE_BATCH = 10, 13, 14, 15, 26
ARRAY = 2
PERCPU = (5, 6, 10)  # hash, array, LRU hash
TYPE_TC, TYPE_XDP = 3, 6
XDP_PASS, XDP_ABORTED, TC_SHOT = 2, 0, 2
LIVE_FRAMES = 2  # BPF_F_TEST_XDP_LIVE_FRAMES
ATTR = 160  # union bpf_attr
# helper functions
LOOKUP = 1


def bpf(command, attr):
    """(result, the attribute as the kernel left it)"""
    if _SYS_BPF is None:
        raise RuntimeError("no bpf(2) known on " + os.uname().machine)
    buffer = ctypes.create_string_buffer(attr, ATTR)
    result = _libc.syscall(_SYS_BPF, command, buffer, ATTR)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, "bpf(%d): %s" % (command, os.strerror(number)))
    return result, buffer


def _address(buffer):
    return ctypes.addressof(buffer)


def _possible_cpus():
    with open("/sys/devices/system/cpu/possible", encoding="ascii") as possible:
        return int(possible.read().strip().replace(",", "-").split("-")[-1]) + 1


class Map:
    """By a descriptor, which it closes."""

    def __init__(self, fd, key_size, value_size, kind=ARRAY):
        self.fd, self.key_size, self.kind = fd, key_size, kind
        if kind in PERCPU:  # a value for each CPU that there could be
            value_size = (value_size + 7) // 8 * 8 * _possible_cpus()
        self._value = ctypes.create_string_buffer(value_size)
        self._key = ctypes.create_string_buffer(key_size)
        self._next, self._last = (ctypes.create_string_buffer(key_size) for _ in "ab")

    @classmethod
    def array(cls, value_size, entries):
        fd, _ = bpf(MAP_CREATE, struct.pack("=IIII", ARRAY, 4, value_size, entries))
        return cls(fd, 4, value_size)

    def close(self):
        os.close(self.fd)

    def __getitem__(self, key):
        """The value's bytes; of an array by number."""
        self._key.raw = struct.pack("=I", key) if isinstance(key, int) else key
        bpf(MAP_LOOKUP, struct.pack("=IIQQ", self.fd, 0, _address(self._key),
                                    _address(self._value)))
        return self._value.raw

    def each_cpu(self, key):
        """Of 64-bit numbers."""
        return struct.unpack("=%dQ" % (len(self._value) // 8), self[key])

    def __setitem__(self, key, value):
        self._key.raw = struct.pack("=I", key) if isinstance(key, int) else key
        self._value.raw = value
        bpf(MAP_UPDATE, struct.pack("=IIQQ", self.fd, 0, _address(self._key),
                                    _address(self._value)))

    def fill(self, values):
        """An array from its start, in one step."""
        keys = array.array("I", range(len(values)))
        packed = ctypes.create_string_buffer(b"".join(values))
        bpf(MAP_UPDATE_BATCH, struct.pack(
            "=QQQQIIQQ", 0, 0, keys.buffer_info()[0], _address(packed), len(values),
            self.fd, 0, 0))

    def keys(self):
        """Of a hash, while nobody changes it."""
        previous = 0
        while True:
            try:
                bpf(MAP_NEXT, struct.pack("=IIQQ", self.fd, 0, previous,
                                          _address(self._next)))
            except OSError as error:
                if error.errno == errno.ENOENT:
                    return
                raise
            self._last.raw = self._next.raw
            previous = _address(self._last)
            yield self._last.raw


# ---- programs ----

def insn(code, dst=0, src=0, off=0, imm=0):
    return struct.pack("=BBhi", code, dst | src << 4, off, imm)


def map_address(dst, fd):
    return insn(0x18, dst, 1, 0, fd) + insn(0)


EXIT = insn(0x95)


def call(helper):
    return insn(0x85, imm=helper)


def move(dst, value):
    return insn(0xb7, dst, imm=value)


def program_load(kind, code):
    text = ctypes.create_string_buffer(code)
    licence = ctypes.create_string_buffer(b"GPL")
    log = ctypes.create_string_buffer(1 << 16)
    try:
        return bpf(PROG_LOAD, struct.pack(
            "=IIQQIIQ", kind, len(code) // 8, _address(text), _address(licence), 1,
            len(log), _address(log)))[0]
    except OSError as error:
        raise RuntimeError("the kernel refuses a program: %s\n%s" % (
            error, log.value.decode(errors="replace")[-500:])) from error


def test_run(program, data, repeat=1, context=b"", live_batch=0):
    """(what the program returned, nanoseconds of one run)"""
    frame = ctypes.create_string_buffer(data, len(data))
    around = ctypes.create_string_buffer(context, max(len(context), 1))
    attr = struct.pack("=IIIIQQIIIIQQIII", program, 0, len(data), 0, _address(frame), 0,
                       repeat, 0, len(context), 0,
                       _address(around) if context else 0, 0,
                       LIVE_FRAMES if live_batch else 0, 0, live_batch)
    _, left = bpf(PROG_TEST_RUN, attr)
    retval, = struct.unpack_from("=I", left, 4)
    took, = struct.unpack_from("=I", left, 36)
    return retval, took


# ---- what a process has ----

def _ids(pid, word):
    """The ids in a process's descriptors: word is map_id or prog_id."""
    found = set()
    folder = "/proc/%d/fdinfo" % pid
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError), \
                open(os.path.join(folder, name), encoding="ascii") as info:
            for line in info:
                if line.startswith(word + ":"):
                    found.add(int(line.split()[1]))
    return found


def _info(fd):
    info = ctypes.create_string_buffer(256)
    bpf(INFO_BY_FD, struct.pack("=IIQ", fd, len(info), _address(info)))
    return info.raw


def maps_of(pid):
    """Name -> Map"""
    found = {}
    for number in _ids(pid, "map_id"):
        fd = bpf(MAP_BY_ID, struct.pack("=III", number, 0, 0))[0]
        # struct bpf_map_info
        info = _info(fd)
        kind, _, key, value = struct.unpack_from("=4I", info)
        found[info[24:40].split(b"\0")[0].decode()] = Map(fd, key, value, kind)
    return found


def map_names(pid):
    maps = maps_of(pid)
    for found in maps.values():
        found.close()
    return set(maps)


def programs_of(pid):
    """Name -> descriptor"""
    found = {}
    for number in _ids(pid, "prog_id"):
        fd = bpf(PROG_BY_ID, struct.pack("=III", number, 0, 0))[0]
        found[_info(fd)[64:80].split(b"\0")[0].decode()] = fd
    return found


# ---- tc ----

NEWQDISC, NEWTFILTER = 36, 44
CLSACT_HANDLE, CLSACT, EGRESS = 0xffff0000, 0xfffffff1, 0xfffffff3
LAST_PRIORITY = 60000  # behind everybody else's filters
REQUEST, ACK, CREATE = 1, 4, 0x400


def _attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


def _tc(netlink, kind, ifindex, handle, parent, info, attributes):
    body = struct.pack("=BxxxiIII", 0, ifindex, handle, parent, info) + attributes
    netlink.send(struct.pack("=IHHII", 16 + len(body), kind, REQUEST | ACK | CREATE, 1, 0)
                 + body)
    code, = struct.unpack_from("=i", netlink.recv(4096), 16)
    if code and -code != errno.EEXIST:
        raise OSError(-code, "tc: " + os.strerror(-code))


def attach_egress(interface, program):
    """In this thread's network namespace; behind all other filters of the interface."""
    ifindex = socket.if_nametoindex(interface)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        _tc(netlink, NEWQDISC, ifindex, CLSACT_HANDLE, CLSACT, 0,
            _attribute(1, b"clsact\0"))
        options = (_attribute(6, struct.pack("=I", program)) + _attribute(7, b"bench\0")
                   + _attribute(8, struct.pack("=I", 1)))
        _tc(netlink, NEWTFILTER, ifindex, 0, EGRESS,
            LAST_PRIORITY << 16 | socket.htons(3),  # ETH_P_ALL
            _attribute(1, b"bpf\0") + _attribute(2, options))
