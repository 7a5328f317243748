# SPDX-License-Identifier: GPL-2.0-or-later
"""The arithmetic of the calibration, and the allowlists that stand beside it, without the
learner and without data."""
import argparse
import json
import os
import sys

import pytest

ROOT = os.path.join(os.path.dirname(__file__), "../..")
sys.path[:0] = [ROOT, os.path.dirname(__file__)]

from bench import allowlists, calibration, report  # noqa: E402
from bench.calibration import Fold, Line  # noqa: E402
from bench.figures import MET, MISSED  # noqa: E402
from bench.frame import Missing  # noqa: E402
from bench_frames import OUTSIDE, Home, dns, ip, tcp, udp, write  # noqa: E402

HOME = Home()
ELSEWHERE = bytes([203, 0, 113, 10])


def episode(path, packets, order="<"):
    """packets: of the device when they begin with its address, else to it."""
    write(path, [(100.0 + n, HOME.sends(packet) if packet[12:16] == HOME.ip
                  else HOME.gets(packet)) for n, packet in enumerate(packets)], order)
    return allowlists.Episode(path, HOME.device)


def test_a_conversation_is_listed_by_address_and_by_name(tmp_path):
    seen = episode(tmp_path / "a.pcap", [
        udp(HOME.ip, HOME.gateway_ip, (4000, 53), dns("Cloud.example")),
        udp(HOME.gateway_ip, HOME.ip, (53, 4000), dns("Cloud.example", [OUTSIDE], True)),
        tcp(HOME.ip, OUTSIDE, (4001, 443), flags=2),
        tcp(OUTSIDE, HOME.ip, (443, 4001), flags=0x12),
    ], order=">")
    assert seen.start == 100.0
    assert seen.exact == {(True, 17, 53, HOME.gateway_ip), (True, 6, 443, OUTSIDE)}
    assert seen.named == {(True, 17, 53, HOME.gateway_ip), (True, 6, 443, "cloud.example")}


@pytest.mark.parametrize("packet,expected", [
    (tcp(ELSEWHERE, HOME.ip, (5000, 80), flags=2), (False, 6, 80, ELSEWHERE)),
    (tcp(HOME.ip, ELSEWHERE, (80, 5000), flags=0x12), (False, 6, 80, ELSEWHERE)),
    # under way: the lower port has the service
    (tcp(ELSEWHERE, HOME.ip, (443, 5000)), (True, 6, 443, ELSEWHERE)),
    (tcp(HOME.ip, ELSEWHERE, (80, 5000)), (False, 6, 80, ELSEWHERE)),
    (udp(ELSEWHERE, HOME.ip, (123, 5000), b""), (True, 17, 123, ELSEWHERE)),
    (udp(ELSEWHERE, HOME.ip, (5000, 6000), b""), (False, 17, 6000, ELSEWHERE)),
    (ip(ELSEWHERE, HOME.ip, 1, b"\x08\0\0\0"), (False, 1, 8, ELSEWHERE)),
])
def test_who_began_a_conversation(tmp_path, packet, expected):
    assert episode(tmp_path / "a.pcap", [packet]).exact == {expected}


def test_errors_and_the_network_itself_need_no_entry(tmp_path):
    assert not episode(tmp_path / "a.pcap", [
        ip(ELSEWHERE, HOME.ip, 1, b"\x03\x01\0\0"), ip(HOME.ip, ELSEWHERE, 2, b"\x16\0\0\0"),
    ]).exact


def test_others_and_broken_captures_do_not_count(tmp_path):
    path = tmp_path / "a.pcap"
    write(path, [(1.0, HOME.sends(tcp(HOME.ip, OUTSIDE, (4001, 443)))),
                 (2.0, HOME.sends(tcp(HOME.ip, ELSEWHERE, (4001, 443))))])
    path.write_bytes(path.read_bytes()[:-1])
    assert len(allowlists.Episode(path, HOME.device).exact) == 1
    assert not allowlists.Episode(path, b"\2\0\0\0\0\1").exact
    path.write_bytes(b"no capture")
    with pytest.raises(ValueError):
        allowlists.Episode(path, HOME.device)


def test_a_circle_of_names_ends():
    message = b"\0\5\x81\x80\0\1\0\1\0\0\0\0" + b"\xc0\x0c" + b"\0\1\0\1"
    assert not allowlists.answers(message)


def test_refused_is_what_the_training_did_not_have(tmp_path):
    one, two = (episode(tmp_path / name, [tcp(HOME.ip, peer, (4001, 443), flags=2)])
                for name, peer in (("a", OUTSIDE), ("b", ELSEWHERE)))
    assert allowlists.refused([one], [one, two], "exact") == [
        set(), {(True, 6, 443, ELSEWHERE)}]


def folds(size, *cases, blocks=1.0):
    """cases: device, predicted, actual"""
    return [Fold(device, size, "unknown" if predicted is None else "settled", predicted,
                 actual, {"learned": (blocks, .5), "exact": (4 * blocks, 1),
                          "named": (2 * blocks, 1)}, True)
            for device, predicted, actual in cases]


def test_a_device_with_many_folds_counts_once():
    line = Line(folds(8, ("lamp", .04, .01), ("lamp", .02, .03), ("plug", 0, .04)))
    # of the lamp 3 and 1 points, of the plug 4
    assert line.error == pytest.approx(.03)
    assert line.predicted == pytest.approx(.015) and line.actual == pytest.approx(.03)


def result(given, shifted=()):
    return {row.name: row for row in calibration.rows(given, list(shifted))}


def test_the_bar_is_for_the_worst_size():
    few = folds(3, ("lamp", None, .2))
    good = folds(8, ("lamp", .02, .03)) + folds(15, ("lamp", .02, .039))
    rows = result(few + good)
    assert rows["L6"].verdict == MET and rows["L6"].median == pytest.approx(1.9)
    assert result(few + good + folds(10, ("lamp", .02, .05)))["L6"].verdict == MISSED
    # five are no promise yet
    assert result(few + good + folds(5, ("lamp", .02, .5)))["L6"].verdict == MET


def test_who_keeps_silent_does_not_pass():
    few, good = folds(3, ("lamp", None, .2)), folds(8, ("lamp", .02, .02), ("lamp", None, .9))
    assert result(few + good)["L6"].verdict == MISSED


def test_what_cannot_be_known_must_be_told_so():
    good = folds(8, ("lamp", .02, .02))
    assert result(folds(3, ("lamp", None, .2)) + good)["L6u"].verdict == MET
    assert result(folds(3, ("lamp", .1, .1), ("lamp", None, .1)) + good)["L6u"].verdict == MISSED


def test_another_operator_must_be_told():
    given = folds(3, ("lamp", None, .2)) + folds(8, ("lamp", .02, .02))
    other = folds(5, ("lamp", .01, .3))
    assert "L6c" not in result(given)
    assert result(given, other)["L6c"].verdict == MET
    silent = [fold._replace(foreign=False) for fold in other]
    assert result(given, silent + other)["L6c"].verdict == MISSED


def test_false_blocks_stand_beside_both_lists():
    rows = result(folds(3, ("lamp", None, .2)) + folds(8, ("lamp", .02, .02), blocks=.25))
    assert (rows["L6f"].a, rows["L6f"].b, rows["L6f"].median) == (1.0, .25, 4.0)
    assert rows["L6n"].median == 2.0


def test_the_table_is_printed_and_written():
    row = result(folds(1, ("lamp", None, .2)) + folds(8, ("lamp", .02, .03)),
                 folds(5, ("lamp", .01, .3)))["L6"].as_dict("machine", "date")
    assert [line[:5] for line in row["table"]["lines"]] == [
        ["1", "1", "20.0", "unknown", ""], ["8", "1", "3.0", "2.0", "1.0"],
        ["one operator", "1", "30.0", "1.0", "29.0"]]
    assert json.loads(json.dumps(row)) == row
    printed = report.line(row).splitlines()
    assert sum("one operator" in line for line in printed) == 1
    text = report.markdown([row], [], "machine", "date")
    assert "## L6: Calibration" in text and "| 8 | 1 | 3.0 | 2.0 | 1.0 | 50.0 |" in text


def test_without_data_it_says_so(monkeypatch):
    monkeypatch.delenv("CARDEA_DATA", raising=False)
    rows = list(calibration.measure(None, argparse.Namespace(rows={"L6"}), print))
    assert [(type(row), row.name, row.optional) for row in rows] == [(Missing, "L6", True)]
