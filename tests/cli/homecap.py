# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures of a made-up home: a device that boots, asks for names and talks, as frames
with their times. Addresses are those of documentation, names end in .example."""

import socket
import struct

from lab import frames

GATEWAY_MAC, GATEWAY = "02:00:00:00:00:01", "192.168.7.1"
PHONE_MAC, PHONE = "02:00:00:00:00:55", "192.168.7.55"
START = 1790000000


def name_wire(name):
    return b"".join(bytes([len(x)]) + x.encode() for x in name.split(".")) + b"\0"


def dhcp(op, mac, kind, address="0.0.0.0", options=b""):
    body = struct.pack("!BBBBIHH", op, 1, 6, 0, 77, 0, 0) + b"\0" * 4
    body += socket.inet_aton(address) + b"\0" * 8
    body += frames.mac_bytes(mac).ljust(16, b"\0") + b"\0" * 192
    return body + b"\x63\x82\x53\x63" + bytes([53, 1, kind]) + options + b"\xff"


class Device:
    """Talks to the gateway and to the world; frames: (seconds, bytes)."""

    def __init__(self, mac="02:00:00:00:00:07", address="192.168.7.7", now=START):
        self.mac, self.address, self.now = mac, address, float(now)
        self.frames, self.port = [], 40000

    def put(self, frame, after=0.01):
        self.now += after
        self.frames.append((self.now, frame))

    def wait(self, seconds):
        self.now += seconds

    def out(self, build, dst, *args, dst_mac=GATEWAY_MAC, **kwargs):
        self.put(build(self.mac, dst_mac, self.address, dst, *args, **kwargs))

    def back(self, build, src, *args, src_mac=GATEWAY_MAC, **kwargs):
        self.put(build(src_mac, self.mac, src, self.address, *args, **kwargs))

    def boot(self, host="lamp"):
        """DHCP from the beginning."""
        own = bytes([12, len(host)]) + host.encode() + b"\x3c\x05lampd"
        lease = (b"\x36\x04" + socket.inet_aton(GATEWAY) + b"\x03\x04"
                 + socket.inet_aton(GATEWAY) + b"\x06\x04" + socket.inet_aton(GATEWAY)
                 + b"\x01\x04\xff\xff\xff\x00\x33\x04\x00\x00\x0e\x10")
        for kind, answer in ((1, 2), (3, 5)):
            self.put(frames.udp(self.mac, frames.BROADCAST, "0.0.0.0", "255.255.255.255",
                                68, 67, dhcp(1, self.mac, kind, options=own)))
            self.put(frames.udp(GATEWAY_MAC, self.mac, GATEWAY, self.address, 67, 68,
                                dhcp(2, self.mac, answer, self.address, lease)))
        return self

    def ask(self, name, *addresses):
        self.port += 1
        question = name_wire(name) + struct.pack("!HH", 1, 1)
        self.out(frames.udp, GATEWAY, self.port, 53,
                 struct.pack("!HHHHHH", self.port, 0x100, 1, 0, 0, 0) + question)
        answers = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 300, 4)
                           + socket.inet_aton(a) for a in addresses)
        self.back(frames.udp, GATEWAY, 53, self.port,
                  struct.pack("!HHHHHH", self.port, 0x8180, 1, len(addresses), 0, 0)
                  + question + answers)
        return self

    def tcp(self, address, port, size=400, dst_mac=GATEWAY_MAC, answered=True):
        self.port += 1
        there, mine = (address, self.port, port), (address, port, self.port)
        self.out(frames.tcp, *there, dst_mac=dst_mac)
        if not answered:
            return self
        self.back(frames.tcp, *mine, flags=frames.SYN | frames.ACK, src_mac=dst_mac)
        self.out(frames.tcp, *there, flags=frames.ACK, payload=b"q" * 100, dst_mac=dst_mac)
        self.back(frames.tcp, *mine, flags=frames.ACK, payload=b"a" * size,
                  src_mac=dst_mac)
        self.out(frames.tcp, *there, flags=frames.ACK | frames.FIN, dst_mac=dst_mac)
        self.back(frames.tcp, *mine, flags=frames.ACK | frames.FIN, src_mac=dst_mac)
        return self

    def udp(self, address, port, payload=b"x" * 48, dst_mac=GATEWAY_MAC, answered=True):
        self.port += 1
        self.out(frames.udp, address, self.port, port, payload, dst_mac=dst_mac)
        if answered:
            self.back(frames.udp, address, port, self.port, payload, src_mac=dst_mac)
        return self

    def asked(self, port, address=PHONE, mac=PHONE_MAC):
        """Somebody of the house opens a conversation with it."""
        self.port += 1
        there, mine = (address, port, self.port), (address, self.port, port)
        self.back(frames.tcp, *mine, src_mac=mac)
        self.out(frames.tcp, *there, flags=frames.SYN | frames.ACK, dst_mac=mac)
        self.back(frames.tcp, *mine, flags=frames.ACK, payload=b"on", src_mac=mac)
        self.out(frames.tcp, *there, flags=frames.ACK, payload=b"ok", dst_mac=mac)
        return self

    def cloud(self, name="cloud.lamps.example", address="198.51.100.9", port=443):
        return self.ask(name, address).tcp(address, port)

    def day(self, times=1):
        """Boots and calls home, now and then."""
        for _ in range(times):
            self.boot().cloud().ask("0.pool.ntp.example", "203.0.113.7")
            self.udp("203.0.113.7", 123)
            self.wait(4 * 3600)
        return self


def pcap(*devices, linktype=1, strip=0):
    """All frames in order of time; strip: octets that go from the front of each."""
    every = sorted((f for d in devices for f in d.frames), key=lambda f: f[0])
    out = [struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, linktype)]
    for when, frame in every:
        frame = frame[strip:]
        out.append(struct.pack("<IIII", int(when), int(when % 1 * 1e6), len(frame),
                               len(frame)) + frame)
    return b"".join(out)


def write(path, *devices, **kwargs):
    with open(path, "wb") as f:
        f.write(pcap(*devices, **kwargs))
    return path
