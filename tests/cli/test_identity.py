# SPDX-License-Identifier: GPL-2.0-or-later
"""cardea-identity, as RADIUS and DHCP servers call it, against a daemon that says what a
test wants."""

import glob
import json
import os
import shutil
import subprocess
import threading
import time

import pytest

MAC = "02:00:00:00:00:10"
URL = "https://maker.example/lock.json"
EXTENSIONS = """
[req]
distinguished_name = dn
[dn]
[good]
1.3.6.1.5.5.7.1.25 = ASN1:IA5STRING:%(url)s
1.3.6.1.5.5.7.1.30 = ASN1:SEQUENCE:signer
[url]
1.3.6.1.5.5.7.1.25 = ASN1:IA5STRING:%(url)s
[none]
basicConstraints = CA:FALSE
[utf8]
1.3.6.1.5.5.7.1.25 = ASN1:UTF8String:%(url)s
[octets]
1.3.6.1.5.5.7.1.25 = DER:41:42:43
[behind]
1.3.6.1.5.5.7.1.25 = DER:16:0a:68:74:74:70:73:3a:2f:2f:61:2f:00
[nul]
1.3.6.1.5.5.7.1.25 = DER:16:0c:68:74:74:70:73:3a:2f:2f:61:2f:00:62
[plain]
1.3.6.1.5.5.7.1.25 = ASN1:IA5STRING:http://maker.example/lock.json
[user]
1.3.6.1.5.5.7.1.25 = ASN1:IA5STRING:https://maker.example@evil.example/lock.json
[long]
1.3.6.1.5.5.7.1.25 = ASN1:IA5STRING:https://maker.example/%(long)s
[nosigner]
1.3.6.1.5.5.7.1.25 = ASN1:IA5STRING:%(url)s
1.3.6.1.5.5.7.1.30 = ASN1:UTF8String:Lab Maker
[emptysigner]
1.3.6.1.5.5.7.1.25 = ASN1:IA5STRING:%(url)s
1.3.6.1.5.5.7.1.30 = DER:30:00
[signer]
a = SET:organization
b = SET:common
[organization]
a = SEQUENCE:organization_value
[organization_value]
a = OID:organizationName
b = UTF8:Lab\\, Inc.
[common]
a = SEQUENCE:common_value
[common_value]
a = OID:commonName
b = PRINTABLESTRING:Lab Maker
""" % {"url": URL, "long": "x" * 600}
BROKEN = ("utf8", "octets", "behind", "nul", "plain", "user", "long", "nosigner",
          "emptysigner")

pytestmark = pytest.mark.skipif(not shutil.which("openssl"),
                                reason="openssl is not installed")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """kind of extensions -> a PEM file with them."""
    folder = tmp_path_factory.mktemp("certificates")
    config, key = folder / "openssl.cnf", folder / "key.pem"
    config.write_text(EXTENSIONS)
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout",
                    "-out", key], check=True, capture_output=True)
    made = {}
    for serial, kind in enumerate(("good", "url", "none", *BROKEN), 0xab01):
        made[kind] = str(folder / (kind + ".pem"))
        subprocess.run(["openssl", "req", "-x509", "-config", config, "-extensions", kind,
                        "-key", key, "-days", "3650", "-set_serial", str(serial),
                        "-subj", "/O=Lab, Inc./CN=" + kind, "-out", made[kind]],
                       check=True, capture_output=True)
    der = made["der"] = str(folder / "good.der")
    subprocess.run(["openssl", "x509", "-in", made["good"], "-outform", "DER", "-out", der],
                   check=True)
    return made


@pytest.fixture
def hook_program(program):
    base = os.path.dirname(os.path.dirname(program))
    return glob.glob(os.path.join(base, "**", "cardea-identity"), recursive=True)[0]


@pytest.fixture
def hook(hook_program, folder):
    def run(*args, code=0, env=None, timeout=120):
        environment = {"PATH": os.environ["PATH"], "CARDEA_SOCKET":
                       os.path.join(folder, "control.sock"),
                       # a sandbox lets nobody look for leaks
                       "ASAN_OPTIONS": "detect_leaks=0", **(env or {})}
        done = subprocess.run([hook_program, *args], env=environment, timeout=timeout,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        done.stderr = done.stderr.decode()
        assert code == done.returncode, (args, done.returncode, done.stderr)
        assert not done.stdout or code == 0
        return done

    return run


@pytest.fixture
def told(daemon):
    """What the daemon was told; it takes all."""
    daemon.routes["POST", "/v1/identities"] = (200, {"schema": "cardea.identity/1",
                                                     "mac": MAC})
    return lambda: [json.loads(body) for _, _, _, body in daemon.requests]


CLAIM = {"mac": MAC, "source": "certificate", "mud_url": URL,
         "mud_signer": "CN=Lab Maker,O=Lab\\, Inc."}


@pytest.mark.parametrize("kind", ["good", "der"])
@pytest.mark.parametrize("mac", [MAC, "02-00-00-00-00-10", "0200.0000.0010",
                                 "020000000010"])
def test_certificate(hook, told, certificates, kind, mac):
    done = hook("certificate", "--mac", mac, certificates[kind])
    assert told() == [CLAIM]
    assert URL in done.stderr


def test_certificate_without_signer(hook, told, certificates):
    hook("--mac", MAC, "certificate", certificates["url"])
    assert told() == [{k: v for k, v in CLAIM.items() if k != "mud_signer"}]


def test_no_mud_url_refuses_nobody(hook, told, certificates):
    done = hook("certificate", "--mac", MAC, certificates["none"])
    assert "names no MUD URL" in done.stderr and not told()


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_extensions(hook, told, certificates, kind):
    done = hook("certificate", "--mac", MAC, certificates[kind], code=1)
    assert "cannot be used" in done.stderr and not told()
    done = hook("certificate", "--admit", "--mac", MAC, certificates[kind])
    assert "cannot be used" in done.stderr and not told()


def test_the_same_extension_twice(hook, told, certificates, folder):
    """OpenSSL makes no such certificate: one of two OIDs is made the other's."""
    with open(certificates["der"], "rb") as f:
        der = f.read()
    url, signer = (bytes.fromhex("06082b060105050701" + n) for n in ("19", "1e"))
    assert der.count(url) == der.count(signer) == 1
    path = os.path.join(folder, "twice.der")
    with open(path, "wb") as f:
        f.write(der.replace(signer, url))
    done = hook("certificate", "--mac", MAC, path, code=1)
    assert "more than one" in done.stderr and not told()


def test_what_is_no_certificate(hook, told, certificates, folder):
    with open(certificates["der"], "rb") as f:
        der = f.read()
    cases = [b"", b"\0" * 100, b"-----BEGIN CERTIFICATE-----\n", der + b"\0",
             b"\x30\x80" * 30000, *(der[:n] for n in range(0, len(der), 17))]
    path = os.path.join(folder, "case")
    for case in cases:
        with open(path, "wb") as f:
            f.write(case)
        assert "no certificate" in hook("certificate", "--mac", MAC, path, code=1).stderr
    with open(path, "wb") as f:
        f.write(b"x" * 65537)
    hook("certificate", "--mac", MAC, path, code=2)
    hook("certificate", "--mac", MAC, folder, code=2)
    hook("certificate", "--mac", MAC, path + "-missing", code=2)
    os.mkfifo(path + "-fifo")
    hook("certificate", "--mac", MAC, path + "-fifo", code=2)
    assert not told()


def flipped(der):
    """Every octet of the certificate wrong once."""
    for at in range(len(der)):
        yield der[:at] + bytes([der[at] ^ 0x40]) + der[at + 1:]


def test_damaged_certificates_end_in_order(hook, told, certificates, folder):
    with open(certificates["der"], "rb") as f:
        der = f.read()
    path = os.path.join(folder, "case")
    for case in list(flipped(der))[::9]:
        with open(path, "wb") as f:
            f.write(case)
        done = hook("certificate", "--mac", MAC, path, code=any_code)
        assert "Sanitizer" not in done.stderr
    for claim in told():
        assert claim["mac"] == MAC and claim["mud_url"].startswith("https://")


class Any:
    def __eq__(self, code):
        return code in (0, 1)

    __hash__ = None


any_code = Any()


@pytest.fixture
def held(folder):
    path = os.path.join(folder, "held")
    os.mkdir(path, 0o700)
    return path


def proven(held, serial, *more):
    return ("certificate", "--mac", MAC, "--held", held, "--serial", serial, *more)


def test_held_until_proven(hook, told, certificates, held):
    hook("hold", "--mac", MAC, "--held", held, certificates["good"])
    assert not told()
    hook(*proven(held, "ab01", "--issuer", "/O=Lab, Inc./CN=good"))
    assert told() == [CLAIM]
    assert [os.stat(os.path.join(held, f)).st_mode & 0o777
            for f in os.listdir(held)] == [0o600]


@pytest.mark.parametrize("serial, issuer", [
    ("ab02", "/O=Lab, Inc./CN=good"), ("ab01", "/O=Lab, Inc./CN=other"), ("", ""),
    ("ab01", "/O=Lab, Inc./CN=goo"), ("ab01", "/O=Lab, Inc./CN=goods")])
def test_a_certificate_that_was_only_shown(hook, told, certificates, held, serial, issuer):
    """Somebody shows another's certificate for this MAC; the key was never proven."""
    hook("hold", "--mac", MAC, "--held", held, certificates["good"])
    done = hook(*proven(held, serial, "--issuer", issuer))
    assert "another certificate" in done.stderr and not told()


def test_nothing_waits(hook, told, held):
    assert "resumed" in hook(*proven(held, "ab01")).stderr
    assert not told()


def test_places_are_limited(hook, certificates, held):
    for n in range(300):
        hook("hold", "--mac", "02:00:00:00:%02x:%02x" % divmod(n, 256), "--held", held,
             certificates["none"])
    assert len(os.listdir(held)) == 256


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o1777])
def test_others_may_not_write_there(hook, told, certificates, held, mode):
    """Who could put a certificate there could say what a device is."""
    hook("hold", "--mac", MAC, "--held", held, certificates["good"])
    os.chmod(held, mode)
    done = hook("hold", "--mac", MAC, "--held", held, certificates["good"], code=2)
    assert "others may write there" in done.stderr and "0700" in done.stderr
    done = hook(*proven(held, "ab01"), code=2)
    assert "others may write there" in done.stderr and not told()


def test_what_waits_is_no_link(hook, told, certificates, held):
    os.symlink(certificates["good"], os.path.join(held, "device-12"))
    assert "cannot be read" in hook(*proven(held, "ab01"), code=2).stderr
    assert not told()


def test_hold_where_a_killed_one_left_its_half(hook_program, hook, told, certificates, held):
    done = subprocess.run(
        ["sh", "-c", 'echo half >"$2/device-12.new-$$"; exec "$0" hold --mac "$1" --held '
         '"$2" "$3"', hook_program, MAC, held, certificates["good"]],
        capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    assert os.listdir(held) == ["device-12"]
    hook(*proven(held, "ab01"))
    assert told() == [CLAIM]


def test_hold_where_nothing_can_be_kept(hook, certificates, folder):
    done = hook("hold", "--mac", MAC, "--held", os.path.join(folder, "none"),
                certificates["good"], code=2)
    assert "--held" in done.stderr
    hook("hold", "--mac", MAC, "--held", folder, "/nonexistent", code=2)


LEASE = {"DNSMASQ_MUD_URL": URL}


@pytest.mark.parametrize("before", [(), ("dhcp",)])
@pytest.mark.parametrize("event", ["add", "old"])
def test_dhcp(hook, told, before, event):
    hook(*before, event, MAC, "192.0.2.9", "lamp", env=LEASE)
    assert told() == [{"mac": MAC, "source": "dhcp", "mud_url": URL}]


def test_dhcp_reserved_part_and_duid(hook, told):
    hook("add", "00:01:00:01:2b:3c", "2001:db8::9", env={
        "DNSMASQ_MUD_URL": URL + " 1 reserved", "DNSMASQ_MAC": MAC})
    assert told() == [{"mac": MAC, "source": "dhcp", "mud_url": URL}]
    hook("add", "00:01:00:01:2b:3c", "2001:db8::9", env=LEASE)
    assert len(told()) == 1


@pytest.mark.parametrize("words", [("del", MAC, "192.0.2.9"), ("init",),
                                   ("tftp", "1", "192.0.2.9", "/x"),
                                   ("add", "06-00:11", "192.0.2.9")])
def test_dhcp_events_that_say_nothing(hook, told, words):
    hook(*words, env=LEASE)
    assert not told()


def test_dhcp_without_url(hook, told):
    hook("add", MAC, "192.0.2.9")
    assert not told()


@pytest.mark.parametrize("name", ["-h", "--admit", "--socket=/dev/null", "--help"])
def test_dhcp_a_client_may_call_itself_so(hook, told, name):
    hook("add", MAC, "192.0.2.9", name, env=LEASE)
    assert len(told()) == 1


def test_dhcp_url_too_long(hook, told):
    hook("add", MAC, "192.0.2.9", env={"DNSMASQ_MUD_URL": URL + "x" * 600}, code=1)
    assert not told()


def test_refusal(hook, daemon, certificates):
    daemon.routes["POST", "/v1/identities"] = (409, {
        "schema": "cardea.error/1", "error": "no\x1b[2J", "next": "ask the owner"})
    done = hook("certificate", "--mac", MAC, certificates["good"], code=1)
    assert "ask the owner" in done.stderr and "\x1b" not in done.stderr
    hook("certificate", "--admit", "--mac", MAC, certificates["good"])


def test_no_daemon(hook, certificates):
    done = hook("certificate", "--mac", MAC, certificates["good"], code=2)
    assert "cardea start" in done.stderr
    hook("--admit", "certificate", "--mac", MAC, certificates["good"])
    hook("add", MAC, "192.0.2.9", env=LEASE, code=2)


def test_a_daemon_that_is_none(hook, daemon, certificates):
    for raw in (b"", b"SSH-2.0-x\r\n", b"\0" * 200000, b"HTTP/1.1 500 X\r\n\r\n\xff{"):
        daemon.raw = raw
        hook("certificate", "--mac", MAC, certificates["good"],
             code=1 if raw.startswith(b"HTTP") else 2)


def test_a_daemon_that_is_silent(hook, daemon, certificates):
    daemon.routes["POST", "/v1/identities"] = lambda *_: time.sleep(60) or (200, {})
    before = time.monotonic()
    hook("certificate", "--mac", MAC, certificates["good"], code=2)
    assert time.monotonic() - before < 25


def test_it_speaks_from_a_sandbox(hook_program, daemon, certificates):
    """While it waits for the answer it has read the certificate: nothing is left to it."""
    waits = threading.Event()

    def answer(*_):
        waits.wait(4.5)  # after five seconds it gives up
        return 200, {}

    daemon.routes["POST", "/v1/identities"] = answer
    with subprocess.Popen([hook_program, "certificate", "--mac", MAC, "--socket",
                           daemon.path, certificates["good"]], stderr=subprocess.DEVNULL,
                          env={"ASAN_OPTIONS": "detect_leaks=0"}) as process:
        while not daemon.requests and process.poll() is None:
            time.sleep(0.01)
        with open("/proc/%d/status" % process.pid, encoding="ascii") as f:
            status = dict(line.split(":\t", 1) for line in f.read().splitlines())
        waits.set()
        assert process.wait() == 0
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    assert int(status["CapEff"], 16) == 0 or os.geteuid() != 0
    if os.geteuid() == 0:
        assert status["Uid"].split() == status["Gid"].split() == ["65534"] * 4


@pytest.mark.parametrize("args", [
    (), ("certificate",), ("certificate", "--mac", MAC), ("certificate", "x"),
    ("certificate", "--mac", "02:00", "x"), ("certificate", "--mac", MAC + "x", "x"),
    ("certificate", "--mac", MAC, "--held", "/tmp"), ("hold", "--mac", MAC, "x"),
    ("sing", MAC), ("dhcp",), ("--loud",), ("certificate", "--mac", MAC, "x", "y")])
def test_wrong_usage(hook, args):
    assert hook(*args, code=2).stderr


def test_help_and_version(hook):
    assert b"--held" in hook("--help").stdout
    assert hook("--version").stdout.startswith(b"cardea-identity ")
