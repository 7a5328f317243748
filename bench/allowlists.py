# SPDX-License-Identifier: GPL-2.0-or-later
"""What simple learners make of captures: lists of what was seen. A reading of captures of
its own, which shares nothing with Cardea's, and the baselines of calibration.py.

A conversation is who began it, protocol, the service's port, and the peer: its address,
or the name by which the device was told that address. Neither list predicts anything: what
is on it is all there is."""

import struct

NAMES_MOST = 32  # pointers in a name of DNS
IGMP, TCP, UDP, ICMP, ICMP6 = 2, 6, 17, 1, 58
GROUP = 1  # of a MAC address's first octet


def packets(path):
    """(time, frame) of a classic capture of Ethernet; up to where it breaks."""
    with open(path, "rb") as capture:
        data = capture.read()
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">"}.get(data[:4])
    if not order:
        raise ValueError("%s is not a classic capture" % path)
    at = 24
    while at + 16 <= len(data):
        seconds, micro, length, _ = struct.unpack_from(order + "IIII", data, at)
        if at + 16 + length > len(data):
            return
        yield seconds + micro / 1e6, data[at + 16:at + 16 + length]
        at += 16 + length


def _name(message, at):
    """(name, where it ends)"""
    labels, end = [], None
    for _ in range(NAMES_MOST):
        length = message[at]
        if length >= 0xc0:
            end = end or at + 2
            at = (length & 0x3f) << 8 | message[at + 1]
        elif length:
            labels.append(message[at + 1:at + 1 + length].decode("latin-1").lower())
            at += 1 + length
        else:
            return ".".join(labels), end or at + 1
    raise ValueError("a circle of names")


def answers(message):
    """Address -> the name that was asked for, of an answer."""
    found = {}
    try:
        flags, questions, count = struct.unpack_from("!HHH", message, 2)
        if not flags & 0x8000 or questions != 1:
            return found
        asked, at = _name(message, 12)
        at += 4
        for _ in range(count):
            _, at = _name(message, at)
            kind, _, _, length = struct.unpack_from("!HHIH", message, at)
            at += 10
            if (kind, length) in ((1, 4), (28, 16)):
                found[message[at:at + length]] = asked
            at += length
    except (struct.error, IndexError, ValueError):
        pass  # what came before counts
    return found


def _transport(frame):
    """(source, destination, protocol, transport) of an IP packet, or None; addresses as
    octets."""
    kind, at = struct.unpack_from("!H", frame, 12)[0], 14
    if kind == 0x8100 and len(frame) >= 18:
        kind, at = struct.unpack_from("!H", frame, 16)[0], 18
    if kind == 0x0800 and len(frame) >= at + 20:
        length = (frame[at] & 15) * 4
        if struct.unpack_from("!H", frame, at + 6)[0] & 0x1fff:
            return None
        return (frame[at + 12:at + 16], frame[at + 16:at + 20], frame[at + 9],
                frame[at + length:])
    if kind == 0x86dd and len(frame) >= at + 40:
        return (frame[at + 8:at + 24], frame[at + 24:at + 40], frame[at + 6],
                frame[at + 40:])
    return None


def _ports(protocol, transport):
    if protocol in (TCP, UDP) and len(transport) >= 8:
        return struct.unpack_from("!HH", transport)
    if protocol in (ICMP, ICMP6) and transport:
        return transport[0], transport[0]
    return 0, 0


def _is_network(protocol, transport):
    """What no list needs: errors about other packets (RFC 792, RFC 4443), and what the
    network itself is made of (IGMP, RFC 2710, RFC 4861)."""
    kind = transport[0] if transport else 0
    return protocol == IGMP or protocol == ICMP and kind in (3, 4, 5, 11, 12) or (
        protocol == ICMP6 and (1 <= kind <= 4 or 130 <= kind <= 143))


def _is_begun(protocol, transport, is_ours, ours, theirs):
    """Whether the device began it, by its first packet that was seen."""
    if protocol == TCP and len(transport) >= 14:
        flags = transport[13]
        if flags & 0x12 == 0x12:
            return not is_ours
        if not flags & 2:  # it was under way: services have the lower port
            return theirs < ours
    if protocol == UDP and not is_ours and theirs < 1024 <= ours:
        return True
    return is_ours


class Episode:
    """What a capture has of a device: by exact address, and by name."""

    def __init__(self, path, mac):
        self.start, self.exact, self.named = None, set(), set()
        self._seen, self._names = set(), {}
        for time, frame in packets(path):
            if self.start is None:
                self.start = time
            if len(frame) >= 14 and mac in (frame[:6], frame[6:12]):
                self._take(frame, frame[6:12] == mac)

    def _take(self, frame, is_ours):
        found = _transport(frame)
        if not found or not is_ours and frame[0] & GROUP:
            return
        source, destination, protocol, transport = found
        if _is_network(protocol, transport):
            return
        ports = _ports(protocol, transport)
        (ours, theirs), peer = (ports, destination) if is_ours else (ports[::-1], source)
        if protocol == UDP and 53 in ports:
            self._names.update(answers(transport[8:]))
        key = (protocol, ours, theirs, peer)
        if key in self._seen:
            return
        self._seen.add(key)
        begun = _is_begun(protocol, transport, is_ours, ours, theirs)
        port = theirs if begun else ours
        self.exact.add((begun, protocol, port, peer))
        self.named.add((begun, protocol, port, self._names.get(peer, peer)))


def refused(train, test, by):
    """What the list of the training refuses, for each episode of the test."""
    known = set().union(*(getattr(episode, by) for episode in train))
    return [getattr(episode, by) - known for episode in test]
