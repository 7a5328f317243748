# SPDX-License-Identifier: GPL-2.0-or-later
"""Every published manifest, token and COSE object, against the committed table. The files
are not ours to publish: CARDEA_DATA names the folder that has them in identity/.
CARDEA_GOLDEN_WRITE=1 writes the table anew.

Columns: file, SHA-256, what reads it, state or tier, signature's algorithm, why."""

import glob
import hashlib
import json
import os
import re
import subprocess

import pytest

import cbor_diag
from conftest import find_cardea

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.path.join(os.environ.get("CARDEA_DATA", os.path.join(ROOT, "../shared/data")),
                    "identity")
TABLE = os.path.join(ROOT, "tests/data/attest-expected.tsv")
NONCE = "01" * 32  # of the published PSA tokens

CARDEA = find_cardea()
pytestmark = pytest.mark.skipif(not os.path.isdir(DATA), reason="no ../shared/data")


def call(content, tmp_path, *args):
    path = os.path.join(tmp_path, "file")
    with open(path, "wb") as f:
        f.write(content)
    done = subprocess.run([CARDEA, args[0], args[1], path, *args[2:], "--json"],
                          capture_output=True, timeout=120, check=False)
    assert done.returncode in (0, 6), done.stderr
    return json.loads(done.stdout)


def public_pem(key):
    """A COSE example's key as PEM."""
    def octets(name):
        text = key[name + "_hex"] if name + "_hex" in key else None
        if text:
            return bytes.fromhex(text)
        import base64
        return base64.urlsafe_b64decode(key[name] + "=" * (-len(key[name]) % 4))
    if key["kty"] == "EC":
        oid, size = {"P-256": ("06082a8648ce3d030107", 32), "P-384": ("06052b81040022", 48),
                     "P-521": ("06052b81040023", 66)}[key["crv"]]
        algorithm = bytes.fromhex("06072a8648ce3d0201" + oid)
        point = b"\4" + octets("x").rjust(size, b"\0") + octets("y").rjust(size, b"\0")
    else:
        algorithm = bytes.fromhex({"Ed25519": "06032b6570", "Ed448": "06032b6571"}[key["crv"]])
        point = octets("x")

    def der(tag, content):
        n = len(content)
        length = bytes([n]) if n < 128 else b"\x81" + bytes([n])
        return bytes([tag]) + length + content
    info = der(0x30, der(0x30, algorithm) + der(3, b"\0" + point))
    import base64
    body = base64.encodebytes(info).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{body}-----END PUBLIC KEY-----\n"


def suit_rows(tmp_path):
    key = os.path.join(DATA, "suit/libcsuit/trust_anchor_secp256r1_pub.pem")
    for path in sorted(glob.glob(DATA + "/suit/libcsuit/*.suit")):
        with open(path, "rb") as f:
            content = f.read()
        yield path, content, "suit", call(content, tmp_path, "suit", "inspect", "--key", key)
    for path in sorted(glob.glob(DATA + "/suit/example*.txt")):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for i, block in enumerate(re.findall(r"~~~\n([0-9a-f\n]{64,})\n~~~", text)):
            content = bytes.fromhex("".join(block.split()))
            yield f"{path}#{i}", content, "suit", call(
                content, tmp_path, "suit", "inspect", "--key", key)


def token_rows(tmp_path):
    key = os.path.join(DATA, "psa/tfm-es-iak.pem")
    for path in sorted(glob.glob(DATA + "/psa/*.cbor")):
        with open(path, "rb") as f:
            content = f.read()
        yield path, content, "eat", call(content, tmp_path, "eat", "verify", "--key", key,
                                         "--nonce", NONCE)
    with open(DATA + "/eat/valid_cwt.diag", encoding="utf-8") as f:
        content = cbor_diag.encode(f.read())
    yield DATA + "/eat/valid_cwt.diag", content, "eat", call(
        content, tmp_path, "eat", "verify", "--key", key, "--nonce", NONCE)


def cose_rows(tmp_path):
    """As tokens: their payload is a text, so that none is ever affirming, but what the
    signature is worth is told."""
    for path in sorted(glob.glob(DATA + "/cose/*/*.json")):
        with open(path, encoding="utf-8") as f:
            example = json.load(f)
        signer = example["input"].get("sign0")
        if not signer or "key" not in signer or signer["key"].get("kty") not in ("EC", "OKP"):
            continue
        pem = os.path.join(tmp_path, "key.pem")
        with open(pem, "w", encoding="ascii") as f:
            f.write(public_pem(signer["key"]))
        content = bytes.fromhex(example["output"]["cbor"])
        yield path, content, "cose", call(content, tmp_path, "eat", "verify", "--key", pem,
                                          "--nonce", NONCE)


def rows(tmp_path):
    for source in (suit_rows, token_rows, cose_rows):
        for path, content, kind, said in source(tmp_path):
            result = said.get("state") or (
                said["signature"] if kind == "cose" else said["tier"])
            yield "\t".join((os.path.relpath(path, DATA),
                             hashlib.sha256(content).hexdigest(), kind, result,
                             str(said["alg"]), said["why"] or ""))


def test_every_published_object_is_judged_as_expected(tmp_path):
    found = list(rows(tmp_path))
    if os.environ.get("CARDEA_GOLDEN_WRITE"):
        with open(TABLE, "w", encoding="utf-8") as f:
            f.write("\n".join(found) + "\n")
    with open(TABLE, encoding="utf-8") as f:
        assert f.read().splitlines() == found


CLAIMS = sorted(glob.glob(DATA + "/psa/[FG]*.diag"))


@pytest.mark.parametrize("path", CLAIMS, ids=[os.path.basename(c) for c in CLAIMS])
def test_psa_claims(tmp_path, path):
    """Claims without a signature: in a frame of ours, where they are what decides."""
    from attest_make import Key, sign1
    key = Key(tmp_path)
    with open(path, encoding="utf-8") as f:
        claims = cbor_diag.encode(f.read())
    said = None
    token = os.path.join(tmp_path, "token")
    with open(token, "wb") as f:
        f.write(sign1(key, -7, claims))
    nonce = re.search(r"10:\s*h'([0-9a-f\s]+)'", open(path, encoding="utf-8").read())
    done = subprocess.run([CARDEA, "eat", "verify", token, "--key", key.path, "--nonce",
                           "".join(nonce.group(1).split()), "--json"],
                          capture_output=True, timeout=120, check=False)
    said = json.loads(done.stdout)
    assert said["signature"] == "valid"
    if os.path.basename(path).startswith("GOOD"):
        assert said["tier"] == "warning" and "nobody said" in said["why"]
    else:
        assert said["tier"] == "contraindicated"
