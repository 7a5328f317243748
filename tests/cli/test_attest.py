# SPDX-License-Identifier: GPL-2.0-or-later
"""cardea suit inspect and cardea eat verify, on manifests and tokens that the openssl
command signed; each way to cheat has its own sentence."""

import hashlib
import json
import os
import shutil
import subprocess

import pytest

import attest_make as make
from conftest import find_cardea

CARDEA = find_cardea()
pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl")

ALGS = {"P-256": (-7, -9), "P-384": (-35, -51), "P-521": (-36, -52),
        "ED25519": (-8, -19), "ED448": (-8, -53)}
IMAGE = b"the firmware" * 100
URI = "https://updates.maker.example/1.bin"
NONCE = bytes(range(32))
RUNS = hashlib.sha256(IMAGE).digest()


@pytest.fixture(scope="module", name="keys")
def fixture_keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return {curve: make.Key(folder, curve) for curve in ALGS} | {
        "other": make.Key(folder, "P-256", "other")}


def call(tmp_path, content, *args):
    path = os.path.join(tmp_path, "file")
    with open(path, "wb") as f:
        f.write(content)
    done = subprocess.run([CARDEA, *args[:2], path, *args[2:], "--json"], timeout=120,
                          capture_output=True, check=False)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr.decode()


def suit(tmp_path, content, key=None, *more):
    return call(tmp_path, content, "suit", "inspect",
                *(["--key", key.path] if key else []), *more)


def eat(tmp_path, content, key, *more, nonce=NONCE):
    return call(tmp_path, content, "eat", "verify", "--key", key.path, "--nonce",
                nonce.hex(), *more)


def signed(key, alg=-9, **how):
    return make.envelope(make.manifest(IMAGE, URI, **how),
                         lambda d: make.sign1(key, alg, d, detached=True))


@pytest.mark.parametrize("curve", ALGS)
def test_every_algorithm(tmp_path, keys, curve):
    for alg in ALGS[curve]:
        code, said = suit(tmp_path, signed(keys[curve], alg), keys[curve], "--vendor",
                          "maker.example", "--accepted", "1")
        assert (code, said["state"], said["doubts"]) == (0, "valid", [])
        assert said["manifest"]["uris"] == [
            {"uri": URI, "component": 0, "integrated": False}]
        assert said["manifest"]["images"][0]["digest"] == RUNS.hex()
        assert said["manifest"]["images"][0]["size"] == len(IMAGE)
        token = make.sign1(keys[curve], alg, make.psa_claims(NONCE, RUNS))
        code, said = eat(tmp_path, token, keys[curve], "--digest", RUNS.hex())
        assert (code, said["tier"], said["why"]) == (0, "affirming", None)


def test_every_octet_of_a_manifest_counts(tmp_path, keys):
    """No changed octet leaves it valid and without doubt, but for those that say nothing:
    the label of an empty header."""
    whole = signed(keys["P-256"])
    for at in range(0, len(whole), 7):
        bad = bytearray(whole)
        bad[at] ^= 0x04
        code, said = suit(tmp_path, bytes(bad), keys["P-256"])
        assert code == 6 and said["state"] != "valid", at
    for cut in range(0, len(whole), 11):
        code, said = suit(tmp_path, whole[:cut], keys["P-256"])
        assert code == 6 and said["state"] == "invalid", cut


def test_manifests_not_to_be_installed(tmp_path, keys):
    key = keys["P-256"]
    unsigned = make.envelope(make.manifest(IMAGE, URI))
    assert suit(tmp_path, unsigned, key)[1]["state"] == "unsigned"
    assert suit(tmp_path, signed(key))[1]["state"] == "unchecked"
    assert "did not make" in suit(tmp_path, signed(keys["other"]), key)[1]["why"]
    assert "not one of its algorithm" in suit(
        tmp_path, signed(keys["ED25519"], -19), key)[1]["why"]
    for more, how, why in ((("--accepted", "7"), {"sequence": 6}, "old firmware"),
                           (("--vendor", "other.example"), {}, "vendor-id"),
                           ((), {"conditions": False}, "any device would take it")):
        code, said = suit(tmp_path, signed(key, **how), key, *more)
        assert code == 6 and said["state"] == "valid" and why in said["why"]


def test_one_good_signature_is_enough(tmp_path, keys):
    both = make.envelope(make.manifest(IMAGE, URI),
                         lambda d: make.sign1(keys["other"], -9, d, detached=True),
                         lambda d: make.sign1(keys["P-256"], -9, d, detached=True))
    assert suit(tmp_path, both, keys["P-256"])[0] == 0


@pytest.mark.parametrize("why, claims", [
    ("debug port", {"_2395": None, "_265": None}),
    ("not 'secured'", {"_2395": make.number(0x5000)}),
    ("psa-implementation-id", {"_2396": None}),
    ("psa-instance-id", {"_256": make.bstr(b"\x02" + b"3" * 32)}),
    ("did not start what its maker", {"_262": b"\xf4"}),
    ("measurement of it failed", {"_274": make.array(make.array(
        make.tstr("s"), make.array(make.array(make.tstr("m"), make.number(2)))))}),
    ("cannot be read", {"_263": make.number(9)}),
    ("cannot be read", {"_10": make.bstr(b"short")}),
])
def test_tokens_that_bring_nobody_back(tmp_path, keys, why, claims):
    token = make.sign1(keys["P-256"], -7, make.psa_claims(NONCE, RUNS, **claims))
    code, said = eat(tmp_path, token, keys["P-256"], "--digest", RUNS.hex())
    assert code == 6 and said["tier"] != "affirming" and why in said["why"]


def test_forged_replayed_and_other_firmware(tmp_path, keys):
    key = keys["P-256"]
    token = make.sign1(key, -7, make.psa_claims(NONCE, RUNS))
    for said, why in ((eat(tmp_path, token, keys["other"]), "forged"),
                      (eat(tmp_path, token, key, nonce=bytes(32)), "replayed"),
                      (eat(tmp_path, token, key, "--digest", "00" * 32),
                       "not the one that was accepted")):
        assert said[0] == 6 and said[1]["tier"] == "contraindicated"
        assert why in said[1]["why"]
    code, said = eat(tmp_path, token, key)
    assert code == 6 and said["tier"] == "warning" and "nobody said" in said["why"]
    assert eat(tmp_path, token + b"\0", key)[1]["tier"] == "contraindicated"


def test_a_mac_proves_nothing_here(tmp_path, keys):
    mac = make.head(6, 17) + make.array(make.bstr(make.cbor_map({1: make.number(5)})),
                                        b"\xa0", make.bstr(make.psa_claims(NONCE, RUNS)),
                                        make.bstr(bytes(32)))
    code, said = eat(tmp_path, mac, keys["P-256"])
    assert code == 6 and said["signature"] == "unverifiable" and said["tier"] == "none"


def test_what_is_asked_wrongly(tmp_path, keys):
    path = os.path.join(tmp_path, "x")
    with open(path, "wb") as f:
        f.write(b"no key")
    for args, code, why in (
            (["eat", "verify", path, "--nonce", "00"], 2, "--key PEM is missing"),
            (["eat", "verify", path, "--key", keys["P-256"].path], 2, "--nonce HEX"),
            (["eat", "verify", path, "--key", keys["P-256"].path, "--nonce", "0g"], 2,
             "two hexadecimal digits"),
            (["suit", "inspect", path, "--key", path], 1, "no key in PEM"),
            (["suit", "inspect", path, "--accepted", "-1"], 2, "sequence number"),
            (["suit", "inspect", path + "y"], 1, "No such file")):
        done = subprocess.run([CARDEA, *args], capture_output=True, timeout=120,
                              check=False)
        assert done.returncode == code and why in done.stderr.decode(), args


def test_words_of_the_way_back(tmp_path):
    """What is asked wrongly is told before anybody is asked."""
    path = os.path.join(tmp_path, "x")
    with open(path, "wb") as f:
        f.write(b"\xa0")
    socket = os.path.join(tmp_path, "nobody.sock")
    for args, code, why in (
            (["suit", "accept", path], 2, "--device is missing"),
            (["suit", "accept", path + "y", "--device", "d"], 1, "No such file"),
            (["attest", "take", "d", path, "--kind", "word"], 2, "token, result"),
            (["attest", "key", "show"], 2, "list, add or remove"),
            (["attest", "key", "add", "maker.example"], 2, "in which file"),
            (["attest", "key", "remove"], 2, "which one"),
            (["attest", "key", "add", "maker.example", path], 3, "cardea"),
            (["attest", "take", "d", path], 3, "cardea"),
            (["attest", "show", "d"], 3, "cardea")):
        done = subprocess.run([CARDEA, "--socket", socket, *args], capture_output=True,
                              timeout=120, check=False)
        assert done.returncode == code and why in done.stderr.decode(), (args, done)
