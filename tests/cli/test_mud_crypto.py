# SPDX-License-Identifier: GPL-2.0-or-later
"""cardea mud sign and verify, both ways with `openssl cms`: every kind of bad signature
has its own sentence."""

import json
import os
import shutil
import subprocess

import pytest

from test_offline import mud_file, write

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl")

NOW = "2026-06-01T00:00:00Z"
SIGNER = "keyUsage=critical,digitalSignature\nbasicConstraints=CA:FALSE\n"


def openssl(*args, folder, code=0):
    done = subprocess.run(["openssl", *args], cwd=folder, capture_output=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=60)
    assert done.returncode == code, (args, done.stderr)
    return done


class Authority:
    """Makes certificates for whoever asks, by the openssl command alone."""

    def __init__(self, folder, name="Root"):
        self.folder, self.name = folder, name
        self.pem = os.path.join(folder, name + ".pem")
        write(folder, name + ".cnf", f"""
[ca]
default_ca = me
[me]
new_certs_dir = {folder}
database = {folder}/{name}.index
rand_serial = yes
default_md = sha256
policy = any
private_key = {folder}/{name}.key
certificate = {self.pem}
unique_subject = no
[any]
organizationName = optional
commonName = optional
""".encode())
        write(folder, name + ".index", b"")
        # valid for longer than this machine's today, so that --at may choose
        self.issue(name, "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n",
                   "20100101000000Z", "20990101000000Z", more=["-selfsign"])

    def issue(self, name, extensions=SIGNER, start="20260101000000Z",
              end="20981231000000Z", key="ec", more=(), subject=None):
        make = (["-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else [])
        openssl("req", "-newkey", key, *make, "-nodes", "-keyout", name + ".key", "-out",
                name + ".csr", "-utf8", "-subj", subject or f"/O=Maker/CN={name}",
                folder=self.folder)
        write(self.folder, name + ".ext", extensions.encode())
        openssl("ca", "-batch", "-config", self.name + ".cnf", "-in", name + ".csr", "-out",
                name + ".pem", "-notext", "-startdate", start, "-enddate", end, "-extfile",
                name + ".ext", "-keyfile", (name if more else self.name) + ".key", *more,
                folder=self.folder)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("pki"))
    root = Authority(folder)
    root.issue("Signer")
    write(folder, "lamp.json", mud_file())
    return root


def sign_by_openssl(folder, name, *more, out="sig.p7s", content="lamp.json"):
    openssl("cms", "-sign", "-binary", "-in", content, "-signer", name + ".pem", "-inkey",
            name + ".key", "-outform", "DER", "-out", out, *more, folder=folder)
    return os.path.join(folder, out)


def verify(cli, home, signature, *more, code=0, mud="lamp.json", anchor=None):
    return cli("mud", "verify", os.path.join(home.folder, mud), "--signature", signature,
               "--anchor", anchor or home.pem, "--at", NOW, *more, code=code)


def sign(cli, home, out, *more, name="Signer", mud="lamp.json", code=0):
    folder = home.folder
    return cli("mud", "sign", os.path.join(folder, mud), "--key",
               os.path.join(folder, name + ".key"), "--cert",
               os.path.join(folder, name + ".pem"), "--out", out, *more, code=code)


def no(done):
    """The one reason."""
    assert done.stderr == "" and done.stdout.count("\n") == 1
    return done.stdout


@pytest.mark.parametrize("key", ["ec", "rsa:2048"])
def test_ours_is_good_for_openssl_and_for_us(cli, home, folder, key):
    name = "Signer" + key[:2]
    home.issue(name, key=key)
    out = os.path.join(folder, "lamp.p7s")
    done = sign(cli, home, out, name=name)
    assert done.stdout.endswith(f"lamp.json: signed: {out}\n") and done.stderr == ""
    openssl("cms", "-verify", "-binary", "-in", out, "-inform", "DER", "-content",
            "lamp.json", "-CAfile", "Root.pem", "-purpose", "any", "-out", "/dev/null",
            folder=home.folder)
    assert no(verify(cli, home, out)).endswith(f"good signature by CN={name},O=Maker\n")
    told = json.loads(verify(cli, home, out, "--json").stdout)
    assert told == {"schema": "cardea.mud.verify/1", "valid": True,
                    "file": os.path.join(home.folder, "lamp.json"), "reason": None,
                    "signer": f"CN={name},O=Maker"}


@pytest.mark.parametrize("key", ["ec", "rsa:2048"])
def test_openssls_is_good_for_us(cli, home, key):
    name = "Theirs" + key[:2]
    home.issue(name, key=key)
    for more in ((), ("-noattr",), ("-md", "sha512"), ("-nosmimecap",)):
        done = verify(cli, home, sign_by_openssl(home.folder, name, *more))
        assert no(done).endswith(f"good signature by CN={name},O=Maker\n")


def test_ed25519_as_far_as_openssl_goes(cli, home, folder):
    """RFC 8419: the library of some systems has it for CMS, that of others not."""
    home.issue("Ed", key="ed25519")
    done = subprocess.run(["openssl", "cms", "-sign", "-binary", "-in", "lamp.json", "-signer",
                           "Ed.pem", "-inkey", "Ed.key", "-outform", "DER", "-out", "ed.p7s"],
                          cwd=home.folder, capture_output=True, check=False, timeout=60)
    out = os.path.join(folder, "x.p7s")
    if done.returncode:
        assert "this kind of key" in no(sign(cli, home, out, name="Ed", code=6))
        assert not os.path.exists(out)
        return
    verify(cli, home, os.path.join(home.folder, "ed.p7s"))
    sign(cli, home, out, name="Ed")
    verify(cli, home, out)
    verify_by_openssl(home, out)


def verify_by_openssl(home, signature, content="lamp.json", code=0):
    openssl("cms", "-verify", "-binary", "-in", signature, "-inform", "DER", "-content",
            content, "-CAfile", "Root.pem", "-purpose", "any", "-out", "/dev/null",
            folder=home.folder, code=code)


def test_both_refuse_the_same(cli, home, folder):
    """What we made is bad for openssl exactly when it is bad for us."""
    out = os.path.join(folder, "x.p7s")
    sign(cli, home, out)
    verify_by_openssl(home, out)
    write(home.folder, "changed.json", mud_file(systeminfo="another"))
    verify_by_openssl(home, out, "changed.json", code=4)
    assert "made over other bytes" in no(verify(cli, home, out, code=6, mud="changed.json"))
    # line ends count: the file is signed as bytes (RFC 8520 13.1)
    with open(os.path.join(home.folder, "lamp.json"), "rb") as f:
        text = f.read()
    write(home.folder, "crlf.json", text.replace(b"\n", b"\r\n") + b"\r\n")
    verify_by_openssl(home, out, "crlf.json", code=4)
    assert "made over other bytes" in no(verify(cli, home, out, code=6, mud="crlf.json"))


def test_names_as_rfc_4514_writes_them(cli, home):
    home.issue("Odd", subject="/O=M\u00fcller, Lamps/CN=Odd")
    done = verify(cli, home, sign_by_openssl(home.folder, "Odd"))
    assert no(done).endswith(
        "good signature by CN=Odd,O=M\\C3\\BCller\\, Lamps\n")


def test_flipped_byte(cli, home):
    signature = sign_by_openssl(home.folder, "Signer")
    with open(os.path.join(home.folder, "lamp.json"), "rb") as f:
        data = bytearray(f.read())
    for at in (0, len(data) // 2, len(data) - 1):
        other = bytearray(data)
        other[at] ^= 1
        write(home.folder, "other.json", bytes(other))
        assert "made over other bytes" in no(verify(cli, home, signature, code=6,
                                                    mud="other.json"))
    told = json.loads(verify(cli, home, signature, "--json", code=6,
                             mud="other.json").stdout)
    assert told["valid"] is False and told["signer"] is None
    assert "other bytes" in told["reason"]
    with open(signature, "rb") as f:
        sig = bytearray(f.read())
    sig[-3] ^= 1
    assert "other bytes" in no(verify(cli, home, write(home.folder, "bad.p7s", bytes(sig)),
                                      code=6))


def test_expired_and_not_yet(cli, home):
    home.issue("Brief", end="20260301000000Z")
    signature = sign_by_openssl(home.folder, "Brief")
    assert "expired on 2026-03-01" in no(verify(cli, home, signature, code=6))
    verify(cli, home, signature, "--at", "2026-02-01T00:00:00Z")
    early = no(verify(cli, home, signature, "--at", "2025-12-01T00:00:00Z", code=6))
    assert "valid only from 2026-01-01" in early and "clock" in early
    # a stranger's signature that is over, too, is first of all over
    assert "expired on" in no(verify(cli, home, signature, code=6, anchor=os.path.join(
        home.folder, "Signer.pem")))


def test_wrong_key_usage(cli, home, folder):
    home.issue("Cipher", "keyUsage=keyEncipherment\n")
    home.issue("Bare", "basicConstraints=CA:FALSE\n")
    for name, reason in (("Cipher", "does not allow signatures"), ("Bare", "no key usage")):
        signature = sign_by_openssl(home.folder, name)
        assert reason in no(verify(cli, home, signature, code=6))
        out = os.path.join(folder, "x.p7s")
        assert reason in no(sign(cli, home, out, name=name, code=6))
        assert not os.path.exists(out)


def test_wrong_signer(cli, home, tmp_path):
    stranger = Authority(str(tmp_path), "Stranger")
    stranger.issue("Signer")
    shutil.copy(os.path.join(home.folder, "lamp.json"), tmp_path)
    signature = sign_by_openssl(str(tmp_path), "Signer")
    assert "does not lead to a configured trust anchor" in no(
        verify(cli, home, signature, code=6))
    verify(cli, home, signature, anchor=stranger.pem)


def test_chain(cli, home, folder):
    home.issue("Middle", "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", "Leaf.key", "-out", "Leaf.csr", "-subj", "/CN=Leaf",
            folder=home.folder)
    write(home.folder, "Leaf.ext", SIGNER.encode())
    openssl("x509", "-req", "-in", "Leaf.csr", "-CA", "Middle.pem", "-CAkey", "Middle.key",
            "-out", "Leaf.pem", "-days", "20000", "-extfile", "Leaf.ext",
            folder=home.folder)
    out = os.path.join(folder, "x.p7s")
    later = ("--at", "2060-01-01T00:00:00Z")
    sign(cli, home, out, name="Leaf")
    assert "trust anchor" in no(verify(cli, home, out, *later, code=6))
    sign(cli, home, out, "--chain", os.path.join(home.folder, "Middle.pem"), name="Leaf")
    verify(cli, home, out, *later)
    openssl("cms", "-verify", "-binary", "-in", out, "-inform", "DER", "-content",
            "lamp.json", "-CAfile", "Root.pem", "-purpose", "any", "-attime", "2840140800",
            "-out", "/dev/null", folder=home.folder)


def test_mudsigner(cli, home):
    """The device's certificate names who signs (RFC 8520 11)."""
    der = subprocess.run(["openssl", "x509", "-in", "Signer.pem", "-outform", "DER"],
                         cwd=home.folder, capture_output=True, check=True).stdout
    at = der.rindex(b"\x30", 0, der.index(b"Signer") - 11)
    while der[at + 2] != 0x31:  # the Name that the subject is: SEQUENCE of SETs
        at = der.rindex(b"\x30", 0, at)
    name = der[at:at + 2 + der[at + 1]]
    other = name.replace(b"Signer", b"Sinner")
    assert name.endswith(b"Signer") and name[0] == 0x30
    signature = sign_by_openssl(home.folder, "Signer")
    oid = "1.3.6.1.5.5.7.1.30=DER:"
    home.issue("Right", oid + name.hex(":") + "\n")
    home.issue("Wrong", oid + other.hex(":") + "\n")
    home.issue("Junk", oid + "30:7f:00\n")
    home.issue("Mute", "basicConstraints=CA:FALSE\n")

    def ask(who, code):
        return verify(cli, home, signature, "--device-cert",
                      os.path.join(home.folder, who + ".pem"), code=code)

    ask("Right", 0)
    ask("Mute", 0)
    assert "signed by CN=Sinner,O=Maker, and it is not" in no(ask("Wrong", 6))
    assert "cannot be read" in no(ask("Junk", 6))
    write(home.folder, "None.pem", b"-----BEGIN CERTIFICATE-----\n")
    assert "not one PEM certificate" in no(ask("None", 6))


def test_what_is_no_signature(cli, home, folder):
    for data in (b"", b"\x30", b"-----BEGIN CMS-----\n", bytes(100000), os.urandom(500)):
        done = verify(cli, home, write(folder, "x.p7s", data), code=6)
        assert "not one CMS object" in no(done) or "too big" in no(done)
    attached = sign_by_openssl(home.folder, "Signer", "-nodetach")
    assert "content of its own" in no(verify(cli, home, attached, code=6))


def test_what_cannot_be_asked(cli, home, folder):
    signature = sign_by_openssl(home.folder, "Signer")
    lamp = os.path.join(home.folder, "lamp.json")
    assert "--anchor is missing" in cli("mud", "verify", lamp, "--signature", signature,
                                        code=2).stderr
    assert "is no time" in verify(cli, home, signature, "--at", "noon", code=2).stderr
    assert "No such file" in verify(cli, home, "/nowhere.p7s", code=1).stderr
    assert "no PEM certificate" in verify(cli, home, signature, anchor=lamp, code=1).stderr
    assert "--key is missing" in cli("mud", "sign", lamp, code=2).stderr
    assert "--out FILE" in cli("mud", "sign", lamp, "--key", "k", "--cert", "c",
                               code=2).stderr


def test_encrypted_certificates_ask_nobody(cli, home, folder):
    """A stranger's file must not make somebody type a pass phrase."""
    pem = os.path.join(home.folder, "Root.pem")
    sealed, out = os.path.join(folder, "sealed.pem"), os.path.join(folder, "x.p7s")
    with open(pem, encoding="ascii") as f:
        begin, rest = f.read().split("\n", 1)
    write(folder, "sealed.pem", "\n".join((
        begin, "Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC," + "00" * 16, "",
        rest)).encode())
    sign(cli, home, out)
    lamp = os.path.join(home.folder, "lamp.json")
    quiet, never = os.pipe()  # nothing ever comes
    try:
        for anchors, device in ((sealed, pem), (pem, sealed)):
            done = cli("mud", "verify", lamp, "--signature", out, "--anchor", anchors,
                       "--device-cert", device, "--at", NOW, code=None, stdin=quiet,
                       timeout=60)
            assert done.returncode and "pass phrase" not in done.stderr
    finally:
        os.close(quiet)
        os.close(never)


def test_what_is_not_signed(cli, home, folder):
    out = os.path.join(folder, "x.p7s")
    pem = os.path.join(home.folder, "Root.pem")
    lamp = os.path.join(home.folder, "lamp.json")
    done = cli("mud", "sign", lamp, "--key", os.path.join(home.folder, "Signer.key"),
               "--cert", pem, "--out", out, code=6)
    assert "the key is not the one of the certificate" in no(done)
    done = cli("mud", "sign", lamp, "--key", pem, "--cert", pem, "--out", out, code=6)
    assert "not one PEM private key" in no(done)
    openssl("pkey", "-in", "Signer.key", "-aes128", "-passout", "pass:x", "-out",
            "locked.key", folder=home.folder)
    done = cli("mud", "sign", lamp, "--key", os.path.join(home.folder, "locked.key"),
               "--cert", os.path.join(home.folder, "Signer.pem"), "--out", out, code=6)
    assert "encrypted" in no(done)
    home.issue("Past", start="20200101000000Z", end="20210101000000Z")
    assert "has expired" in no(sign(cli, home, out, name="Past", code=6))
    home.issue("Small", key="rsa:1024")
    assert "the key is too weak" in no(sign(cli, home, out, name="Small", code=6))
    assert not os.path.exists(out)
    write(home.folder, "wild.json", mud_file(**{"is-supported": "true"}))
    done = sign(cli, home, out, mud="wild.json")
    assert "does not conform to RFC 8520" in done.stderr and os.path.exists(out)
