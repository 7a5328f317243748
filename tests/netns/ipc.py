# SPDX-License-Identifier: GPL-2.0-or-later
"""ipc - plays the parent and the engine for one child process of Cardea.

The messages are read from src/model/messages.def itself, so this module cannot
disagree with the programs that it tests. Encoding: u16 type, then the fields in order,
big endian; addr = u8 family (0, 4, 6) and its bytes; text = u16 length and bytes;
addrs = u16 count and addresses; chunk = u16 length and octets; u16s = u16 count and numbers; bool = one byte.
"""

import array
import ipaddress
import os
import pathlib
import re
import socket
import struct
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "src" / "model"
# What has to come may take so long: a loaded machine stands still for seconds.
PATIENCE_S = 30


def binary(name):
    """A built program. CARDEA_BUILD names the build directory."""
    build = pathlib.Path(os.environ.get("CARDEA_BUILD", ROOT / "build"))
    for path in (build / name, build / "src" / name, build / "src" / "proc" / name):
        if path.is_file():
            return str(path)
    raise FileNotFoundError(f"{name} is not built in {build} (set CARDEA_BUILD)")


def _without_comments(text):
    return re.sub(r"//[^\n]*", "", re.sub(r"/\*.*?\*/", "", text, flags=re.S))


def _load_messages():
    text = _without_comments((MODEL / "messages.def").read_text())
    messages = {}
    current = None
    pattern = r"MSG\((\w+),\s*\w+,\s*(\d+)\)|FIELD\((\w+),\s*(\w+)\)"
    for m in re.finditer(pattern, text):
        if m.group(1):
            current = []
            messages[m.group(1)] = (int(m.group(2)), current)
        else:
            current.append((m.group(3), m.group(4)))
    return messages


def _load_enum(header, name):
    text = _without_comments((MODEL / header).read_text())
    body = re.search(r"enum %s\s*\{(.*?)\}" % name, text, flags=re.S).group(1)
    names = [n.strip().split("=")[0].strip() for n in body.split(",")]
    return {n: i for i, n in enumerate(n for n in names if n)}


def _load_limits():
    text = (MODEL / "limits.h").read_text()
    return {k: int(v) for k, v in re.findall(r"#define (\w+) (\d+)\b(?! \*)", text)}


def _load_errors():
    text = (ROOT / "src" / "base" / "error.h").read_text()
    return {k: int(v) for k, v in re.findall(r"(CARDEA_E\w+) = (-\d+)", text)}


MESSAGES = _load_messages()
NAMES = {number: name for name, (number, _) in MESSAGES.items()}
ROLE = _load_enum("ids.h", "role")
SOCKET = _load_enum("messages.h", "socket_kind")
LIMITS = _load_limits()
ERRORS = _load_errors()

_INTS = {"u8": ">B", "u16": ">H", "u32": ">I", "u64": ">Q", "i64": ">q"}
_TEXTS = ("label", "text", "name", "url", "part")


def _put_addr(value):
    if value is None:
        return b"\0"
    a = ipaddress.ip_address(value)
    return bytes([a.version]) + a.packed


def _put(kind, value):
    if kind in _INTS:
        return struct.pack(_INTS[kind], value)
    if kind == "bool":
        return bytes([1 if value else 0])
    if kind in _TEXTS:
        raw = value.encode() if isinstance(value, str) else value
        return struct.pack(">H", len(raw)) + raw
    if kind == "addr":
        return _put_addr(value)
    if kind == "u16s":
        return struct.pack(">H%dH" % len(value), len(value), *value)
    if kind == "addrs":
        return struct.pack(">H", len(value)) + b"".join(map(_put_addr, value))
    if kind == "mac":
        return bytes.fromhex(value.replace(":", ""))
    if kind == "digest":
        return bytes(value)
    if kind == "chunk":
        return struct.pack(">H", len(value)) + bytes(value)
    raise ValueError(kind)


_EMPTY = {"addr": None, "addrs": (), "u16s": (), "mac": "00" * 6, "digest": bytes(32), "bool": False,
          "chunk": b""}


def encode(message, **fields):
    number, layout = MESSAGES[message]
    out = struct.pack(">H", number)
    for kind, name in layout:
        default = _EMPTY.get(kind, "" if kind in _TEXTS else 0)
        out += _put(kind, fields.pop(name, default))
    if fields:
        raise KeyError(f"{message} has no {sorted(fields)}")
    return out


class _Reader:
    def __init__(self, data):
        self.data, self.pos = data, 0

    def take(self, n):
        if self.pos + n > len(self.data):
            raise ValueError("message too short")
        self.pos += n
        return self.data[self.pos - n : self.pos]

    def number(self, fmt):
        return struct.unpack(fmt, self.take(struct.calcsize(fmt)))[0]

    def addr(self):
        family = self.number(">B")
        if not family:
            return None
        return str(ipaddress.ip_address(self.take(4 if family == 4 else 16)))

    def get(self, kind):
        if kind in _INTS:
            return self.number(_INTS[kind])
        if kind == "bool":
            return bool(self.number(">B"))
        if kind in _TEXTS:
            return self.take(self.number(">H")).decode()
        if kind == "addr":
            return self.addr()
        if kind == "addrs":
            return [self.addr() for _ in range(self.number(">H"))]
        if kind == "u16s":
            return [self.number(">H") for _ in range(self.number(">H"))]
        if kind == "mac":
            return ":".join(f"{b:02x}" for b in self.take(6))
        if kind == "chunk":
            return bytes(self.take(self.number(">H")))
        return bytes(self.take(32))


class Message(dict):
    """Fields by name; .type is the message's name."""

    def __init__(self, name, fields):
        super().__init__(fields)
        self.type = name

    def __getattr__(self, name):
        return self[name]


def decode(data):
    r = _Reader(data)
    name = NAMES[r.number(">H")]
    m = Message(name, {field: r.get(kind) for kind, field in MESSAGES[name][1]})
    if r.pos != len(data):
        raise ValueError(f"{name}: {len(data) - r.pos} bytes too many")
    return m


class Channel:
    """One end of a SOCK_SEQPACKET pair."""

    def __init__(self, sock):
        self.sock = sock

    @staticmethod
    def pair():
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return Channel(ours), theirs

    def send(self, message, pass_fd=None, **fields):
        control = []
        if pass_fd is not None:
            fds = array.array("i", [pass_fd])
            control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)]
        self.sock.sendmsg([encode(message, **fields)], control)

    def receive(self, timeout=PATIENCE_S):
        """The next message; TimeoutError without one, EOFError at the end."""
        self.sock.settimeout(max(timeout, 0.001))
        try:
            data = self.sock.recv(16384)
        except socket.timeout:
            raise TimeoutError("no message") from None
        if not data:
            raise EOFError("channel closed")
        return decode(data)

    def expect(self, name, timeout=PATIENCE_S):
        m = self.receive(timeout)
        assert m.type == name, f"{m.type} instead of {name}: {dict(m)}"
        return m

    def silent(self, seconds):
        """True when nothing arrives for so long."""
        try:
            self.receive(seconds)
        except TimeoutError:
            return True
        return False

    def close(self):
        self.sock.close()


class Child:
    """A started process: settings sent, HELLO received, an engine channel open."""

    def __init__(self, program, config=(), sockets=(), engine=True, wrapper=()):
        self.parent, theirs = Channel.pair()
        self.engine = None
        fd = theirs.fileno()
        self.process = subprocess.Popen(
            [*wrapper, binary(program)],
            pass_fds=(3,),
            preexec_fn=lambda: os.dup2(fd, 3),
            stderr=subprocess.PIPE,
        )
        theirs.close()
        self.log = b""
        try: # a bad setting ends it while the others are on their way
            for key, value in config:
                self.parent.send("CONFIG", key=key, value=value)
            for kind, sock in sockets:
                self.parent.send("SOCKET", pass_fd=sock.fileno(), kind=SOCKET[kind])
            if engine:
                self.connect_engine()
            self.parent.send("CONFIG_END")
            self.hello = self.parent.expect("HELLO")
        except (EOFError, ConnectionError, TimeoutError) as e:
            raise RuntimeError(f"{program} did not start: {self.stop()}") from e

    @property
    def pid(self):
        return self.process.pid

    def connect_engine(self):
        self.engine, theirs = Channel.pair()
        self.parent.send("PEER", pass_fd=theirs.fileno(), role=ROLE["ROLE_ENGINE"])
        theirs.close()
        return self.engine

    def own_kb(self):
        """Memory that it wrote: unlike PSS, the same whoever else maps the libraries."""
        text = pathlib.Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return int(re.search(r"^Private_Dirty:\s+(\d+)", text, flags=re.M).group(1))

    def running(self):
        return self.process.poll() is None

    def stop(self, timeout=PATIENCE_S):
        """Orderly end; the exit code is checked by who cares. Returns the log."""
        try:
            self.parent.send("SHUTDOWN")
        except OSError:
            pass
        try:
            _, log = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            _, log = self.process.communicate()
            log += b"\nkilled: did not end in time"
        self.log += log or b""
        self.parent.close()
        if self.engine:
            self.engine.close()
        return self.log.decode(errors="replace")


def wait_until(condition, seconds=PATIENCE_S, step=0.01):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(step)
    return False
