# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs that make and walk the captures of the L rows, on captures made here."""
import os
import struct
import subprocess
import sys

import pytest

ROOT = os.path.join(os.path.dirname(__file__), "../..")
sys.path[:0] = [ROOT, os.path.dirname(__file__)]

from bench import beds  # noqa: E402
from bench_frames import Home, udp, write  # noqa: E402

BUILDS = ("build/release", "build/gcc", "build/clang")


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
