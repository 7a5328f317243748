# SPDX-License-Identifier: GPL-2.0-or-later
"""COSE signatures, judged a second time by an implementation that is not ours and not
OpenSSL's command: @auth0/cose, by node. tools/npm-modules fetches it; without node or the
module these tests are skipped."""

import json
import os
import shutil
import subprocess

import pytest

import attest_make as make
import test_attest_data as published
from conftest import find_cardea

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = os.path.join(published.ROOT, "build/npm")
CARDEA = find_cardea()
pytestmark = [
    pytest.mark.skipif(not shutil.which("node"), reason="no node"),
    pytest.mark.skipif(not os.path.isdir(MODULES + "/node_modules/@auth0/cose"),
                       reason="no npm module @auth0/cose: tools/npm-modules fetches it"),
    pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl")]

ALGS = {"P-256": (-7, -9), "P-384": (-35, -51), "P-521": (-36, -52),
        "ED25519": (-8, -19), "ED448": (-8, -53)}
# Published objects on which the two differ, and who is right.
DIFFER = {  # ours; why
    "cose/sign1-tests/sign-pass-01.json": (True, "published as good: empty headers that "
                                           "were sent as a map are signed as nothing"),
    "cose/sign1-tests/sign-pass-03.json": (False, "has no tag: what it is is a guess"),
}


def theirs(questions):
    """(kind, content, PEM) each; their answers in that order."""
    lines = "".join(json.dumps({"kind": kind, "bytes": content.hex(), "key": pem}) + "\n"
                    for kind, content, pem in questions)
    done = subprocess.run(["node", HERE + "/npm/cose.cjs", MODULES], input=lines, text=True,
                          capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(questions)
    return answers


def ours(tmp_path, kind, content, pem):
    """Whether the signature holds; for a manifest also its digest."""
    key = os.path.join(tmp_path, "asked.pem")
    with open(key, "w", encoding="ascii") as f:
        f.write(pem)
    how = (["suit", "inspect"] if kind == "suit" else
           ["eat", "verify", "--nonce", published.NONCE])
    said = published.call(content, tmp_path, *how, "--key", key)
    return said["state" if kind == "suit" else "signature"] == "valid", said["why"]


def read_text(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


@pytest.mark.skipif(not os.path.isdir(published.DATA), reason="no ../shared/data")
def test_published_objects(tmp_path, monkeypatch):
    """What test_attest_data asks us about is asked there, too."""
    asked = []

    def note(content, _tmp_path, *args):
        kind = "suit" if args[0] == "suit" else "cose"
        asked.append((kind, content, read_text(args[args.index("--key") + 1])))
        return {"state": "", "tier": "", "signature": "", "alg": None, "why": None}

    names = []
    with monkeypatch.context() as patch:
        patch.setattr(published, "call", note)
        for rows in (published.suit_rows, published.token_rows, published.cose_rows):
            names += [os.path.relpath(path, published.DATA)
                      for path, *_ in rows(os.fspath(tmp_path))]
    valid = 0
    for name, question, answer in zip(names, asked, theirs(asked), strict=True):
        good, why = ours(tmp_path, *question)
        told = f"{name}: {why}; they: {answer}"
        they = answer["verdict"] == "valid"
        assert (good, they) == ((DIFFER[name][0], not DIFFER[name][0]) if name in DIFFER
                                else (good, good)), told
        valid += good
    assert valid >= 25  # or nothing was compared


@pytest.fixture(scope="module", name="made")
def fixture_made(tmp_path_factory):
    """Objects of our own, of every algorithm: (kind, algorithm, content, PEM, another's)."""
    folder = tmp_path_factory.mktemp("keys")
    keys = {curve: make.Key(folder, curve) for curve in ALGS}
    others = {curve: make.Key(folder, curve, "other-" + curve) for curve in ALGS}
    out = []
    for curve, algs in ALGS.items():
        pems = read_text(keys[curve].path), read_text(others[curve].path)
        for alg in algs:
            claims = make.psa_claims(bytes(range(32)), bytes(32))
            out.append(("cose", alg, make.sign1(keys[curve], alg, claims), *pems))
            out.append(("suit", alg, make.envelope(
                make.manifest(b"image", "https://updates.maker.example/1.bin"),
                lambda d, k=keys[curve], a=alg: make.sign1(k, a, d, detached=True)), *pems))
    return out


def test_every_algorithm(tmp_path, made):
    right = [(kind, content, pem) for kind, _, content, pem, _ in made]
    wrong = [(kind, content, other) for kind, _, content, _, other in made]
    for questions, expected in ((right, True), (wrong, False)):
        for (_, alg, *_), question, answer in zip(made, questions, theirs(questions),
                                                  strict=True):
            assert answer["alg"] == alg and answer["by"] == (
                "frame" if alg in (-9, -19, -51, -52, -53) else "library")
            assert (answer["verdict"] == "valid") == expected, answer
            assert ours(tmp_path, *question)[0] == expected, (alg, question[0])


def test_no_changed_octet_is_valid_to_us_alone(tmp_path, made):
    """They read laxly where we do not, never the other way round."""
    questions = []
    for kind, alg, content, pem, _ in made:
        if alg in (-7, -19):
            for at in range(0, len(content), 5):
                bad = bytearray(content)
                bad[at] ^= 1 << at % 8
                questions.append((kind, bytes(bad), pem))
    lax = 0
    for question, answer in zip(questions, theirs(questions), strict=True):
        good, why = ours(tmp_path, *question)
        assert not good or answer["verdict"] == "valid", (question, why, answer)
        lax += answer["verdict"] == "valid" and not good
    assert len(questions) > 150 and lax < len(questions) // 10
