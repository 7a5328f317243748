# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel's program learns from DNS answers, without a wire: messages go through
it by BPF_PROG_TEST_RUN (inline_dns.c) and its maps are compared with what wire/ and names/
make of the same bytes. Needs root, a kernel with BPF, and a build that has the program.

CARDEA_DNS_CASES is how many generated answers there are (default 20000)."""
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CARDEA_BUILD", ROOT / "build" / "release"))
DRIVE = BUILD / "tests" / "inline_dns"
OBJECT = BUILD / "src" / "enforce" / "bpf" / "datapath.bpf.o"
CASES = int(os.environ.get("CARDEA_DNS_CASES", "20000"))
SPOOFS = 11  # ways to be wrong
SECOND = 8   # of these: after them, the right answer comes as well and opens something


def drive(mode, seed, cases, expect=0):
    done = subprocess.run([DRIVE, OBJECT, mode, str(seed), str(cases)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=1800)
    assert done.returncode == expect, done.stderr[-4000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("seed", (1, 2))
def test_opens_what_names_would_bind(seed):
    found = drive("differential", seed, CASES // 2)
    assert found["differ"] == 0
    # and the generator makes all kinds: most are read, some are not, some fit no question
    assert found["opened"] > CASES
    assert found["hard"] > CASES // 20
    assert found["unasked"] > CASES // 20


def test_spoofed_answers_open_nothing():
    found = drive("spoofed", 3, 1000 * SPOOFS)
    assert found["differ"] == 0
    assert found["unasked"] == 10000  # one way is not from port 53: nobody looks at it
    assert found["opened"] > 2000 * SECOND


def test_a_flood_of_questions_and_names_starves_itself_alone():
    found = drive("flood", 4, 100000)
    assert found["differ"] == 0
    assert found["opened"] == 1024  # BPF_LEARNED_EACH: it got no more, and no less


def test_the_kernel_hashes_names_as_the_engine_does():
    found = drive("hash", 5, 5000)
    assert found["differ"] == 0
    assert found["opened"] > 3000
