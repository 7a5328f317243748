# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs that make and walk the captures of the L rows, on captures made here."""
import os
import struct
import subprocess
import sys

import pytest

ROOT = os.path.join(os.path.dirname(__file__), "../..")
sys.path.insert(0, ROOT)

from bench import beds  # noqa: E402

BUILDS = ("build/release", "build/gcc", "build/clang")
BROADCAST = b"\xff" * 6
OUTSIDE = bytes([203, 0, 113, 9])


class Home:
    """Who is who in a replica."""

    def __init__(self, replica=0):
        self.device, self.gateway = (bytes([2, 0xaa, 0xbb, octet ^ replica, *tail])
                                     for octet, *tail in ((1, 2, 3), (4, 5, 0xfe)))
        self.ip, self.gateway_ip = (bytes([192, 168, 1 ^ replica, n]) for n in (11, 1))

    def sends(self, packet):
        return ether(self.device, self.gateway, 0x0800, packet)

    def gets(self, packet):
        return ether(self.gateway, self.device, 0x0800, packet)

    def frames(self):
        """Of two captures."""
        return [
            arp(self.device, self.ip, self.gateway_ip),
            self.sends(udp(self.ip, self.gateway_ip, (4000, 53), dns("a.example"))),
            self.gets(udp(self.gateway_ip, self.ip, (53, 4000), dns(
                "a.example", [OUTSIDE, OUTSIDE[::-1]], True))),
            self.sends(tcp(self.ip, OUTSIDE, (4001, 443), b"odd")),
        ], [
            dhcp_offer(self),
            self.sends(udp(self.ip, OUTSIDE, (5, 6), b"wrong", True)),
            self.sends(tcp(self.ip, OUTSIDE, (4001, 443))),
        ]


def words_sum(data):
    data += b"\0" * (len(data) & 1)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def checksum(data):
    return struct.pack("!H", ~words_sum(data) & 0xffff)


def ip(src, dst, proto, body):
    head = bytearray(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 7, 0, 64, proto,
                                 0, src, dst))
    head[10:12] = checksum(bytes(head))
    return bytes(head) + body


def udp(src, dst, ports, payload, is_wrong=False):
    body = bytearray(struct.pack("!HHHH", *ports, 8 + len(payload), 0) + payload)
    pseudo = src + dst + struct.pack("!BBH", 0, 17, len(body))
    body[6:8] = checksum(pseudo + bytes(body))
    if is_wrong:
        body[7] ^= 1
    return ip(src, dst, 17, bytes(body))


def tcp(src, dst, ports, payload=b""):
    body = bytearray(struct.pack("!HHIIBBHHH", *ports, 1, 1, 0x50, 0x10, 1000, 0, 0) + payload)
    body[16:18] = checksum(src + dst + struct.pack("!BBH", 0, 6, len(body)) + bytes(body))
    return ip(src, dst, 6, bytes(body))


def ether(src, dst, kind, body):
    return dst + src + struct.pack("!H", kind) + body


def arp(src, sender, target):
    return ether(src, BROADCAST, 0x0806, struct.pack(
        "!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, src, sender, b"\0" * 6, target))


def dhcp_offer(home):
    body = struct.pack("!BBBBIHH4s4s4s4s16s", 2, 1, 6, 0, 1, 0, 0, b"\0" * 4, home.ip,
                       home.gateway_ip, b"\0" * 4, home.device + b"\0" * 10) + b"\0" * 192
    body += bytes([99, 130, 83, 99, 53, 1, 2, 54, 4]) + home.gateway_ip
    body += bytes([0, 3, 4]) + home.gateway_ip
    body += bytes([61, 7, 1]) + home.device + bytes([255])
    return home.gets(udp(home.gateway_ip, home.ip, (67, 68), body))


def dns(name, answers=(), is_answer=False):
    text = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    body = struct.pack("!6H", 5, 0x8180 if is_answer else 0x100, 1, len(answers), 0, 0)
    body += text + b"\0" + struct.pack("!HH", 1, 1)
    for address in answers:
        body += struct.pack("!HHHIH", 0xc00c, 1, 1, 60, 4) + address
    return body


def write(path, frames, order="<", linktype=1):
    with open(path, "wb") as out:
        out.write(struct.pack(order + "IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, linktype))
        for when, frame in frames:
            out.write(struct.pack(order + "IIII", int(when), int(when % 1 * 1e6), len(frame),
                                  len(frame)) + frame)


def read(path):
    data = path.read_bytes()
    assert struct.unpack("<IHHIIII", data[:24])[::6] == (0xa1b2c3d4, 1)
    at, frames = 24, []
    while at < len(data):
        seconds, micro, cap, _ = struct.unpack("<IIII", data[at:at + 16])
        frames.append((seconds * 1000000 + micro, data[at + 16:at + 16 + cap]))
        at += 16 + cap
    return frames


@pytest.fixture(scope="module", name="programs")
def found_programs():
    given = os.environ.get("CARDEA_BUILD")
    for folder in [given] if given else [os.path.join(ROOT, b) for b in BUILDS]:
        found = beds.programs(folder)
        if "bench_mix" in found:
            return found
    pytest.exit("no built bench_mix: run make, or set CARDEA_BUILD", returncode=1)


def run(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


@pytest.fixture(name="home")
def made_home(tmp_path):
    """A folder of captures, and the frames in it that can be read."""
    folder = tmp_path / "home"
    (folder / "below").mkdir(parents=True)
    first, second = Home().frames()
    first = list(zip((1000.5, 1001.0, 1001.2, 1002.0), first))
    second = list(zip((9.0, 9.5, 8.0), second))  # the clock jumps back
    write(folder / "one.pcap", first)
    write(folder / "below" / "two.pcap", second, order=">")
    write(folder / "wifi.pcap", [(1.0, b"\0" * 40)], linktype=105)
    (folder / "junk.pcap").write_bytes(b"no capture at all, but long enough")
    (folder / "notes.txt").write_text("none either")
    return folder, [frame for _, frame in first + second]


def mix(programs, home, path, replicas):
    return run(programs["bench_mix"], str(path), str(replicas), "100", str(home)).split()


def test_one_replica_is_the_captures_by_time(programs, home, tmp_path):
    folder, frames = home
    words = mix(programs, folder, tmp_path / "out.pcap", 1)
    assert words[:6] == ["files", "2", "skipped", "2", "packets", "7"]
    found = read(tmp_path / "out.pcap")
    assert int(words[7]) == (tmp_path / "out.pcap").stat().st_size
    assert sorted(frame for _, frame in found) == sorted(frames)
    times = [time for time, _ in found]
    assert times == sorted(times)
    # distances within a capture stay; a jump back does not move what follows
    at = {frame: time for time, frame in found}
    assert at[frames[3]] - at[frames[0]] == 1500000
    assert at[frames[5]] - at[frames[4]] == 500000 and at[frames[6]] == at[frames[5]]


def test_the_same_files_give_the_same_capture(programs, home, tmp_path):
    for name in ("a", "b"):
        mix(programs, home[0], tmp_path / name, 3)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_replica_is_another_home_with_right_checksums(programs, home, tmp_path):
    mix(programs, home[0], tmp_path / "out.pcap", 3)
    found = [frame for _, frame in read(tmp_path / "out.pcap")]
    assert len(found) == 21
    for replica in (1, 2):
        for frame in sum(Home(replica).frames(), []):
            assert frame in found, (replica, frame.hex())


def test_the_walk_counts_conversations_by_direction(programs, home, tmp_path):
    mix(programs, home[0], tmp_path / "out.pcap", 2)
    words = run(programs["bench_walk"], str(tmp_path / "out.pcap"), "flows").split()
    # a home: question, answer, TCP (twice the same), DHCP, UDP; ARP is none
    assert words[0] == "14" and words[2] == "10"
    assert run(programs["bench_walk"], str(tmp_path / "out.pcap")).split() == words[:2]


def test_the_table_of_flows_grows(programs, tmp_path):
    frames = [(1.0, Home().sends(udp(
        Home().ip, bytes([198, 18, n >> 8, n & 255]), (port, 9), b""))) for n in range(2000)
        for port in range(1, 36)]
    write(tmp_path / "many.pcap", frames)
    words = run(programs["bench_walk"], str(tmp_path / "many.pcap"), "flows").split()
    assert words[0] == words[2] == "70000"


def test_rows_are_what_was_asked_and_answered(programs, home):
    assert run(programs["bench_rows"], str(home[0] / "one.pcap")).splitlines() == [
        "02:aa:bb:01:02:03\ta.example\t",
        "02:aa:bb:04:05:fe\ta.example\t203.0.113.9,9.113.0.203"]
