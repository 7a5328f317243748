# SPDX-License-Identifier: GPL-2.0-or-later
"""Firmware manifests and attestation tokens, signed by the openssl command: another
implementation than the one under test. What the lab's devices and makers say, and what
the tests of the command line are given."""

import hashlib
import os
import struct
import subprocess

PART = {"P-256": 32, "P-384": 48, "P-521": 66}
HASH = {"P-256": "sha256", "P-384": "sha384", "P-521": "sha512"}


def head(major, value):
    """The first octets of any CBOR item (RFC 8949 3)."""
    if value < 24:
        return bytes([major << 5 | value])
    for info, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if value < 1 << (8 * struct.calcsize(form)):
            return bytes([major << 5 | info]) + struct.pack(form, value)
    raise ValueError(value)


def tstr(text):
    return head(3, len(text.encode())) + text.encode()


def bstr(content):
    return head(2, len(content)) + content


def number(value):
    return head(0, value) if value >= 0 else head(1, -1 - value)


def array(*items):
    return head(4, len(items)) + b"".join(items)


def cbor_map(pairs):
    return head(5, len(pairs)) + b"".join(number(k) + v for k, v in pairs.items())


def run(folder, *args):
    return subprocess.run(["openssl", *args], cwd=folder, check=True, timeout=60,
                          capture_output=True, stdin=subprocess.DEVNULL).stdout


class Key:
    """curve: P-256, P-384, P-521, ED25519 or ED448."""

    def __init__(self, folder, curve="P-256", name=None):
        self.folder, self.curve = str(folder), curve
        self.name = name or curve
        self.path = os.path.join(self.folder, self.name + ".pub.pem")
        how = (["-algorithm", curve] if curve.startswith("ED") else
               ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:" + curve])
        run(folder, "genpkey", *how, "-out", self.name + ".pem")
        run(folder, "pkey", "-in", self.name + ".pem", "-pubout", "-out", self.path)

    def sign(self, text):
        with open(os.path.join(self.folder, "text"), "wb") as f:
            f.write(text)
        if self.curve.startswith("ED"):
            return run(self.folder, "pkeyutl", "-sign", "-rawin", "-inkey",
                       self.name + ".pem", "-in", "text")
        return raw(run(self.folder, "dgst", "-" + HASH[self.curve], "-sign",
                       self.name + ".pem", "text"), PART[self.curve])


def raw(der, part):
    """r || s of an ECDSA-Sig-Value."""
    at = 2 if der[1] < 0x80 else 3
    out = b""
    for _ in range(2):
        length = der[at + 1]
        out += int.from_bytes(der[at + 2:at + 2 + length], "big").to_bytes(part, "big")
        at += 2 + length
    return out


def sign1(key, alg, payload, detached=False, unprotected=b"\xa0"):
    """A tagged COSE_Sign1 (RFC 9052 4.2)."""
    protected = cbor_map({1: number(alg)})
    signature = key.sign(array(tstr("Signature1"), bstr(protected), bstr(b""),
                               bstr(payload)))
    return head(6, 18) + array(bstr(protected), unprotected,
                               b"\xf6" if detached else bstr(payload), bstr(signature))


def digest(content):
    return array(number(-16), bstr(hashlib.sha256(content).digest()))


def vendor_uuid(domain):
    namespace = bytes.fromhex("6ba7b8109dad11d180b400c04fd430c8")
    uuid = bytearray(hashlib.sha1(namespace + domain.encode()).digest()[:16])
    uuid[6] = uuid[6] & 0x0f | 0x50
    uuid[8] = uuid[8] & 0x3f | 0x80
    return bytes(uuid)


def manifest(image, uri, sequence=1, vendor="maker.example", conditions=True):
    """One component, fetched from uri when it is installed."""
    shared = [number(20), cbor_map({
        1: bstr(vendor_uuid(vendor)), 2: bstr(b"\x22" * 16), 3: bstr(digest(image)),
        14: number(len(image))})]
    if conditions:
        shared += [number(1), number(15), number(2), number(15)]
    common = cbor_map({2: array(array(bstr(b"\0"))), 4: bstr(array(*shared))})
    install = array(number(20), cbor_map({21: tstr(uri)}), number(21), number(2))
    return cbor_map({1: number(1), 2: number(sequence), 3: bstr(common),
                     20: bstr(install)})


def envelope(content, *auths):
    """auths: functions from the digest's bytes to a COSE object."""
    signed = digest(bstr(content))
    wrapper = array(bstr(signed), *(bstr(a(signed)) for a in auths))
    return head(6, 107) + cbor_map({2: bstr(wrapper), 3: bstr(content)})


def psa_claims(nonce, measurement, **more):
    claims = {10: bstr(nonce), 256: bstr(b"\x01" + b"\x33" * 32), 2394: number(1),
              2395: number(0x3000), 2396: bstr(b"\x44" * 32),
              265: tstr("tag:psacertified.org,2023:psa#tfm"),
              2399: array(cbor_map({1: tstr("ARoT"), 2: bstr(measurement),
                                    5: bstr(b"\x55" * 32)}))}
    claims.update({int(k[1:]): v for k, v in more.items()})
    return cbor_map({k: v for k, v in claims.items() if v is not None})


def record(section=20):
    """Of a report: where in its manifest something happened."""
    return array(array(number(0)), number(section), number(3), number(0), cbor_map({}))


def manifest_digest(content):
    """What reports and signatures are about: the manifest within its string."""
    return hashlib.sha256(bstr(content)).digest()


def report(content, nonce, failed=None):
    """Of the installation of the manifest with this content (draft-ietf-suit-report), to
    be signed by the device; failed: the number of a reason."""
    result = b"\xf5" if failed is None else cbor_map({
        5: number(-7), 6: record(), 7: number(failed)})
    claims = {99: array(array(number(-16), bstr(manifest_digest(content)))),
              2: None if nonce is None else bstr(nonce),
              3: array(record()), 4: result}
    return cbor_map({k: v for k, v in claims.items() if v is not None})


def ear(nonce, status=2, executables=2, issued=1767225600, **more):
    """What a verifier says (draft-ietf-rats-ear), to be signed by it."""
    part = cbor_map({1000: number(status), 1001: cbor_map({2: number(executables)})})
    claims = {265: tstr("tag:ietf.org,2026:rats/ear#04"), 6: number(issued),
              1004: cbor_map({0: tstr("https://verifier.example"), 1: tstr("1")}),
              266: head(5, 1) + tstr("PSA") + part,
              10: None if nonce is None else bstr(nonce)}
    claims.update({int(k[1:]): v for k, v in more.items()})
    return cbor_map({k: v for k, v in claims.items() if v is not None})
