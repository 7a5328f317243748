# SPDX-License-Identifier: GPL-2.0-or-later
"""A sink counts what really arrived at the far end of the wire.

It reads the interface by AF_PACKET, so it sees frames before the stack behind it judges
them: that a packet was stopped is proven here and nowhere else.
"""

import collections
import errno
import os
import socket
import struct
import threading

from . import frames
from .netns import PATIENCE, LabError

SOL_PACKET = 263
PACKET_STATISTICS = 6
BUFFER = 128 << 20  # a burst of a test fits in whole; drops are counted and reported
ROUNDS = 8  # hops that a packet may still have before it; see sync()


class Sink:
    def __init__(self, ns, ifname, peer_ns, peer_ifname):
        self._marker_out = peer_ns.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self._marker_out.bind((peer_ifname, 0))
        self._cond = threading.Condition()
        self._packets = collections.deque()
        self._counts = collections.Counter()
        self._markers = set()
        self._serial = 0
        self._dropped = 0
        self._closing = False
        self._sock = ns.socket(socket.AF_PACKET, socket.SOCK_RAW,
                               socket.htons(frames.ETH_P_ALL))
        self._sock.setsockopt(socket.SOL_SOCKET, 33, BUFFER)  # SO_RCVBUFFORCE
        # a packet socket knows no shutdown: the reader looks up now and then for the end
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO,
                              struct.pack("ll", 0, 100_000))
        self._sock.bind((ifname, frames.ETH_P_ALL))
        self._name = "%s:%s" % (ns.name, ifname)
        self._thread = threading.Thread(target=self._read, daemon=True,
                                        name="sink " + self._name)
        self._thread.start()

    def _read(self):
        while True:
            try:
                frame, address = self._sock.recvfrom(65536)
            except OSError as error:
                # told once when the link goes down; the kernel hooks it again at up
                idle = error.errno in (errno.EAGAIN, errno.ENETDOWN)
                if idle and not self._closing:
                    continue
                return
            if address[2] != socket.PACKET_OUTGOING:
                self._take(frame)

    def _take(self, frame):
        packet = frames.read(frame)
        if packet is None:
            return
        with self._cond:
            if packet.ethertype == frames.ETH_P_MARKER:
                self._markers.add(bytes(frame[14:22]))
                self._cond.notify_all()
                return
            self._packets.append(packet)
            self._counts[packet.src, packet.dst, packet.proto, packet.dport] += 1
            self._cond.notify_all()

    def sync(self, timeout=PATIENCE):
        """Return when everything sent before the call has been counted.

        Each link is a veth pair: a frame waits in the backlog of the CPU that sent it and
        keeps that CPU over all hops. Backlogs are first in, first out, so a marker sent
        on the last hop from CPU c comes after all that waited there; each further round
        lets the rest come one hop nearer.
        """
        home = os.sched_getaffinity(0)
        try:
            for _ in range(ROUNDS):
                for cpu in home:
                    os.sched_setaffinity(0, {cpu})
                    self._mark(timeout)
        finally:
            os.sched_setaffinity(0, home)
        if self.dropped:
            raise LabError("%s: the sink lost %d frames, its counts prove nothing"
                           % (self._name, self.dropped))
        return self

    def _mark(self, timeout):
        with self._cond:
            self._serial += 1
            tag = struct.pack("!Q", self._serial)
        self._marker_out.send(frames.ether("02:00:00:00:00:ff", frames.BROADCAST,
                                           frames.ETH_P_MARKER, tag))
        with self._cond:
            if not self._cond.wait_for(lambda: tag in self._markers, timeout):
                raise LabError("%s: a marker did not arrive in %g s" % (self._name, timeout))
            self._markers.discard(tag)

    @property
    def dropped(self):
        raw = self._sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
        self._dropped += struct.unpack("II", raw)[1]  # reading resets it
        return self._dropped

    def counts(self):
        """(src, dst, proto, destination port) -> frames, after a sync."""
        self.sync()
        with self._cond:
            return dict(self._counts)

    def packets(self, match=None, sync=True, **fields):
        """The packets so far that agree with all fields (a value or a container of
        values each) and with match(packet)."""
        if sync:
            self.sync()
        with self._cond:
            return [p for p in self._packets if _agrees(p, match, fields)]

    def count(self, match=None, **fields):
        return len(self.packets(match, **fields))

    def wait(self, number=1, timeout=5.0, match=None, **fields):
        """Wait until so many packets came; the number that really came."""
        def enough():
            return sum(_agrees(p, match, fields) for p in self._packets) >= number

        with self._cond:
            self._cond.wait_for(enough, timeout)
            return sum(_agrees(p, match, fields) for p in self._packets)

    def clear(self):
        self.sync()
        with self._cond:
            self._packets.clear()
            self._counts.clear()

    def close(self):
        self._closing = True
        self._thread.join()
        self._sock.close()
        self._marker_out.close()


def _agrees(packet, match, fields):
    for key, wanted in fields.items():
        value = getattr(packet, key)
        if isinstance(wanted, (set, frozenset, list, tuple, range)):
            if value not in wanted:
                return False
        elif value != wanted:
            return False
    return match is None or bool(match(packet))
