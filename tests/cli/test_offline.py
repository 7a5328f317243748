# SPDX-License-Identifier: GPL-2.0-or-later
"""The verbs that need no daemon, the start of one, completions and manual pages."""

import json
import os
import pty
import re
import shutil
import socket
import struct
import subprocess
import threading
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIXTURES = os.path.join(ROOT, "tests/unit/mud_fixtures")
MAC, GATEWAY_MAC = bytes([2, 0, 0, 0, 0, 7]), bytes([2, 0, 0, 0, 0, 1])
MAC_TEXT = "02:00:00:00:00:07"
DEVICE, GATEWAY = "192.0.2.7", "192.0.2.1"


def ace(name, matches):
    return {"name": name, "matches": matches, "actions": {"forwarding": "accept"}}


def mud_file(**changes):
    """Allows TCP to 198.51.100.0/24 port 443, and no more."""
    lists = {"access-lists": {"access-list": [{"name": "from"}]}}
    back = {"access-lists": {"access-list": [{"name": "to"}]}}
    tcp = {"ietf-mud:direction-initiated": "from-device"}
    return {
        "ietf-mud:mud": {
            "mud-version": 1, "mud-url": "https://lamps.example/lamp.json",
            "last-update": "2026-03-01T07:00:00Z", "cache-validity": 48,
            "is-supported": True, "systeminfo": "A lamp", "from-device-policy": lists,
            "to-device-policy": back, **changes},
        "ietf-access-control-list:acls": {"acl": [
            {"name": "from", "type": "ipv4-acl-type", "aces": {"ace": [ace("cloud", {
                "ipv4": {"protocol": 6, "destination-ipv4-network": "198.51.100.0/24"},
                "tcp": {"destination-port": {"operator": "eq", "port": 443}, **tcp}})]}},
            {"name": "to", "type": "ipv4-acl-type", "aces": {"ace": [ace("cloud", {
                "ipv4": {"protocol": 6, "source-ipv4-network": "198.51.100.0/24"},
                "tcp": {"source-port": {"operator": "eq", "port": 443}, **tcp}})]}}]}}


def write(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else json.dumps(data).encode())
    return path


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total & 0xffff) + (total >> 16)
    return ~((total & 0xffff) + (total >> 16)) & 0xffff


def syn(to, port, source_port=40000):
    tcp = struct.pack("!HHIIBBHHH", source_port, port, 1, 0, 5 << 4, 2, 1024, 0, 0)
    src, dst = socket.inet_aton(DEVICE), socket.inet_aton(to)
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, 0, src, dst)
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return GATEWAY_MAC + MAC + b"\x08\x00" + ip + tcp


def record(frame, second=0):
    return struct.pack("<IIII", 1790000000 + second, 0, len(frame), len(frame)) + frame


def capture(*frames):
    return struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1) + b"".join(
        record(f, i) for i, f in enumerate(frames))


ALLOWED, REFUSED = syn("198.51.100.9", 443), syn("203.0.113.5", 80)


@pytest.fixture
def profile(folder):
    return write(folder, "lamp.json", mud_file())


def replay(cli, *args, code=0, **kwargs):
    return cli("replay", *args, "--device", MAC_TEXT, "--lan", "192.0.2.0/24", "--gateway",
               GATEWAY, code=code, **kwargs)


# ---- mud ----

def test_lint_of_a_good_file(cli, profile):
    out = cli("mud", "lint", profile).stdout
    assert out.endswith("%s: conforms to RFC 8520: 2 rules, 2 warnings\n" % profile)
    told = json.loads(cli("mud", "lint", profile, "--json").stdout)
    assert told["schema"] == "cardea.mud.lint/1" and told["answer"] == "conforms"


def test_lint_finds_the_place(cli, folder):
    path = write(folder, "bad.json", json.dumps(mud_file(**{"cache-validity": 999}),
                                                indent=1).encode())
    with open(path, encoding="ascii") as f:
        line = [i for i, x in enumerate(f, 1) if "999" in x][0]
    done = cli("mud", "lint", path, code=6)
    assert re.match(r"%s:%d:\d+: error: cache-validity" % (re.escape(path), line),
                    done.stdout)
    told = json.loads(cli("mud", "lint", path, "--json", code=6).stdout)
    assert told["answer"] == "repaired"


def test_lint_reads_stdin_and_bounds_it(cli, folder):
    with open(write(folder, "x", mud_file()), "rb") as f:
        assert "conforms" in cli("mud", "lint", "-", stdin=f).stdout
    big = write(folder, "big.json", b"[" * (300 << 10))
    assert "cannot be used" in cli("mud", "lint", big, code=6).stdout
    assert "No such file" in cli("mud", "lint", "none.json", code=1).stderr
    assert "directory" in cli("mud", "lint", folder, code=1).stderr.lower()


def test_view(cli, profile, folder):
    done = cli("mud", "view", profile)
    assert "may open TCP to 198.51.100.0/24 port 443" in done.stdout and not done.stderr
    assert json.loads(cli("mud", "view", profile, "--json").stdout)["schema"] == (
        "cardea.mud.view/1")
    wild = cli("mud", "view", os.path.join(FIXTURES, "wild.json"))
    assert re.search(r"profile repaired on import: \d+ repairs \(cardea mud lint shows "
                     r"them\)", wild.stderr)
    assert cli("mud", "view", os.path.join(FIXTURES, "wild.json"), "-q").stderr == ""
    broken = cli("mud", "view", write(folder, "b.json", b"{"), code=6)
    assert "cannot be used" in broken.stderr and broken.stdout == ""


def test_view_of_a_hostile_file(cli, folder):
    path = write(folder, "h.json", mud_file(systeminfo="x\u202ey \x1b[2J"[:60]))
    done = cli("mud", "view", path)
    assert "\x1b" not in done.stdout and "\u202e" not in done.stdout
    assert cli("mud", "view", path, "--json").stdout.isascii()


# ---- replay ----

def test_replay_of_what_is_allowed(cli, profile, folder):
    path = write(folder, "a.pcap", capture(ALLOWED, ALLOWED))
    out = replay(cli, path, "--profile", profile).stdout
    assert "2 packets in 1 flows; would be blocked: 0 packets" in out


def test_replay_of_what_is_not(cli, profile, folder):
    path = write(folder, "b.pcap", capture(ALLOWED, REFUSED))
    done = replay(cli, path, "--profile", profile, code=6)
    assert "203.0.113.5" in done.stdout and done.stderr == ""
    told = json.loads(replay(cli, path, "--profile", profile, "--json", code=6).stdout)
    assert told["schema"] == "cardea.replay/1" and told["device"] == MAC_TEXT
    assert told["blocked"] == {"packets": 1, "flows": 1}
    assert [(v["peer"], v["proto"], v["port"]) for v in told["violations"]] == [
        ("203.0.113.5", "tcp", 80)]
    assert told["lan"] == ["192.0.2.0/24"] and told["gateway"] == [GATEWAY]
    assert [r["packets"] for r in told["rules"] if r["id"] == 1] == [1]


def test_replay_from_stdin_by_address(cli, profile, folder):
    with open(write(folder, "c.pcap", capture(ALLOWED)), "rb") as f:
        done = cli("replay", "-", "--profile", profile, "--device", DEVICE, stdin=f)
    assert "Device 192.0.2.7" in done.stdout


def test_replay_repairs_a_profile(cli, folder):
    repaired = write(folder, "r.json", mud_file(**{"cache-validity": "48"}))
    path = write(folder, "d.pcap", capture(ALLOWED))
    done = replay(cli, path, "--profile", repaired)
    assert done.stderr == ("profile repaired on import: 1 repair (cardea mud lint shows "
                           "them)\n")


def test_replay_that_says_nothing(cli, profile, folder):
    empty = write(folder, "e.pcap", capture())
    assert "does not appear" in replay(cli, empty, "--profile", profile, code=4).stderr
    torn = write(folder, "t.pcap", capture(ALLOWED) + record(ALLOWED)[:-3])
    assert "not read to its end" in replay(cli, torn, "--profile", profile, code=1).stderr
    torn = write(folder, "u.pcap", capture(REFUSED) + record(ALLOWED)[:-3])
    replay(cli, torn, "--profile", profile, code=6)  # a block stands
    noise = write(folder, "n.pcap", b"nothing of that kind at all")
    assert "pcap or pcapng" in replay(cli, noise, "--profile", profile, code=1).stderr
    assert replay(cli, empty, "--profile", noise, code=1).stdout == ""


@pytest.mark.parametrize("flags,says", [
    (["--device", "lamp"], "MAC"), (["--lan", "192.0.2.7/24"], "host bits"),
    (["--gateway", "x"], "IP address"), (["--lan", "192.0.2.0/24"] * 17, "fewer")])
def test_replay_with_wrong_values(cli, profile, folder, flags, says):
    path = write(folder, "f.pcap", capture(ALLOWED))
    done = cli("replay", path, "--profile", profile, "--device", MAC_TEXT, *flags, code=2)
    assert says in done.stderr


def slow_capture(seconds):
    """A pipe that takes so long."""
    reader, writer = os.pipe()

    def feed():
        with os.fdopen(writer, "wb") as out:
            out.write(capture())
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                out.write(record(ALLOWED) * 4096)
                out.flush()
                time.sleep(0.2)

    threading.Thread(target=feed, daemon=True).start()
    return reader


def test_progress_is_a_line_where_there_is_no_terminal(cli, profile):
    reader = slow_capture(6)
    done = replay(cli, "-", "--profile", profile, stdin=reader)
    os.close(reader)
    assert re.fullmatch(r"(replay  \d+ packets\n)+", done.stderr)
    reader = slow_capture(0.5)
    assert replay(cli, "-", "--profile", profile, stdin=reader).stderr == ""
    os.close(reader)


def test_progress_is_a_bar_on_a_terminal(cli, profile):
    main, side = pty.openpty()
    reader = slow_capture(4)
    run = subprocess.Popen([cli.program, "replay", "-", "--profile", profile, "--device",
                            MAC_TEXT], stdin=reader, stdout=subprocess.DEVNULL,
                           stderr=side)
    assert run.wait(60) == 0
    shown = os.read(main, 65536).decode()
    for fd in (main, side, reader):
        os.close(fd)
    assert shown.count("\r\x1b[Kreplay") > 2 and shown.endswith("\r\x1b[K")


# ---- settings ----

def test_config_check(cli, folder):
    good = write(folder, "good.toml", b'[lan]\ninterfaces = ["br0"]\n')
    assert "right" in cli("config", "check", good).stderr
    bad = write(folder, "bad.toml", b'[lan]\ninterfacse = ["br0"]\n')
    done = cli("config", "check", bad, code=6)
    assert done.stderr.startswith(bad + ":2:1:") and "interfaces" in done.stderr
    told = json.loads(cli("config", "check", bad, "--json", code=6).stdout)
    assert told["valid"] is False and told["error"].startswith(bad + ":2:1:")
    assert json.loads(cli("config", "check", good, "--json").stdout)["valid"] is True
    cli("config", "check", "none.toml", code=6)


def test_config_schema_would_load(cli, folder):
    out = cli("config", "schema").stdout
    assert "# interfaces = []" in out
    cli("config", "check", write(folder, "s.toml", out.encode()))
    uncommented = re.sub(r"^# (\w+ = )", r"\1", out, flags=re.MULTILINE)
    cli("config", "check", write(folder, "u.toml", uncommented.encode()))
    assert json.loads(cli("config", "schema", "--json").stdout)["toml"] == out


# ---- start ----

FAKE = """#!%s
import json, os, socket, sys
config = sys.argv[sys.argv.index("--config") + 1]
run = [x.split('"')[1] for x in open(config) if x.startswith("run")][0]
assert "--background" in sys.argv
if os.fork():
    os._exit(%d)
sys.stderr.write("cardead: error: parent: there is no interface \\x1b[1mbr9\\n")
sys.stderr.flush()
if %d:
    os._exit(1)
os.makedirs(run, exist_ok=True)
s = socket.socket(socket.AF_UNIX)
s.bind(run + "/control.sock")
s.listen(8)
s.settimeout(60)
for i in range(%d):
    c, _ = s.accept()
    c.recv(65536)
    body = json.dumps({"schema": "cardea.status/1", "ready": i > 2}).encode()
    c.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %%d\\r\\n\\r\\n" %% len(body) + body)
    c.close()
"""


def fake(folder, code=0, dies=0, answers=4):
    path = write(folder, "cardead", (FAKE % (shutil.which("python3") or "/usr/bin/python3",
                                             code, dies, answers)).encode())
    os.chmod(path, 0o755)
    config = write(folder, "c.toml", b'[lan]\ninterfaces = ["br0"]\n[paths]\nrun = "%s"\n'
                   % (folder + "/run").encode())
    return {"CARDEAD": path, "CARDEA_SOCKET": ""}, config


def test_start_waits_until_it_is_ready(cli, folder):
    env, config = fake(folder)
    began = time.monotonic()
    done = cli("start", "--config", config, env=env)
    assert done.stdout == "Cardea is running.\n" and "undo with" in done.stderr
    assert time.monotonic() - began < 28  # it would wait for half a minute
    with open(folder + "/run.log", encoding="ascii") as f:
        assert "there is no interface" in f.read()


def test_start_of_what_runs(cli, folder):
    env, config = fake(folder, answers=6)
    cli("start", "--config", config, env=env)
    assert "already" in cli("start", "--config", config, env=env).stdout


def test_a_start_that_fails_shows_why(cli, folder):
    env, config = fake(folder, dies=1)
    began = time.monotonic()
    done = cli("start", "--config", config, code=1, env=env)
    assert "there is no interface \\x1b[1mbr9" in done.stderr
    assert time.monotonic() - began < 25  # its end is seen, not waited for
    env, config = fake(folder, code=7)
    cli("start", "--config", config, code=7, env=env)


def test_start_with_wrong_settings(cli, folder):
    env, _ = fake(folder)
    bad = write(folder, "bad.toml", b"[lan]\nx = 1\n")
    assert ":2:1:" in cli("start", "--config", bad, code=2, env=env).stderr
    env["CARDEAD"] = "/nonexistent"
    config = fake(folder)[1]
    assert "CARDEAD" in cli("start", "--config", config, code=1, env=env).stderr


def test_start_dry_run(cli, folder):
    env, config = fake(folder)
    out = cli("start", "--config", config, "--dry-run", env=env).stdout
    assert out == "would run: %s --config %s --background\n" % (env["CARDEAD"], config)
    assert not os.path.exists(folder + "/run")


# ---- completions and manual pages ----

SHELLS = {"bash": "cardea.bash", "zsh": "_cardea", "fish": "cardea.fish"}


@pytest.mark.parametrize("shell", SHELLS)
def test_completions_agree_with_the_table(cli, shell):
    with open(os.path.join(ROOT, "completions", SHELLS[shell]), encoding="utf-8") as f:
        assert f.read() == cli("completion", shell).stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_completions_are_read_by_their_shell(shell):
    if not shutil.which(shell):
        pytest.skip("no " + shell)
    done = subprocess.run([shell, "-n", os.path.join(ROOT, "completions", SHELLS[shell])],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stderr == ""


def bash_offers(cli, line, env=None):
    words = line.split(" ")
    script = """source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
PATH=%s:$PATH; _cardea; printf '%%s\\n' "${COMPREPLY[@]}" """ % os.path.dirname(cli.program)
    done = subprocess.run(
        ["bash", "-c", script, "x", os.path.join(ROOT, "completions/cardea.bash"), *words],
        capture_output=True, text=True, check=True, cwd=cli.folder,
        env=dict(os.environ, CARDEA_SOCKET=cli.socket, **(env or {})))
    return done.stdout.split("\n")[:-1]


def test_bash_offers(cli, folder, daemon):
    daemon.routes["GET", "/v1/devices"] = (200, {"devices": [
        {"name": "kitchen cam"}, {"name": "$(touch owned)"}, {"name": "a\nb"}]})
    assert bash_offers(cli, "cardea st") == ["status", "start", "stop"]
    assert bash_offers(cli, "cardea device ") == [
        "list", "show", "rename", "add", "url", "set", "confirm", "view", "label", "vault",
        "replace", "retire", "readmit"]
    assert bash_offers(cli, "cardea --socket x device ren") == ["rename"]
    assert bash_offers(cli, "cardea why --proto ") == ["tcp", "udp", "icmp"]
    assert "--nft" in bash_offers(cli, "cardea policy show --")
    assert "--nft" not in bash_offers(cli, "cardea device show --")
    assert bash_offers(cli, "cardea device show k") == ["kitchen\\ cam"]
    assert bash_offers(cli, "cardea device show $") == ["\\$\\(touch\\ owned\\)"]
    assert len(bash_offers(cli, "cardea events --device ")) == 2
    write(folder, "lamp file.json", b"{}")
    assert bash_offers(cli, "cardea mud lint la") == ["lamp file.json"]
    assert not os.path.exists(folder + "/owned")


def fish_offers(cli, line):
    done = subprocess.run(
        ["fish", "--no-config", "-c", "source %s; set -gx PATH %s $PATH; complete -C '%s'" % (
            os.path.join(ROOT, "completions/cardea.fish"), os.path.dirname(cli.program),
            line)], capture_output=True, text=True, check=True, cwd=cli.folder,
        env=dict(os.environ, CARDEA_SOCKET=cli.socket, HOME=cli.folder))
    return {x.split("\t")[0] for x in done.stdout.splitlines()}


@pytest.mark.skipif(not shutil.which("fish"), reason="no fish")
def test_fish_offers(cli, daemon):
    daemon.routes["GET", "/v1/devices"] = (200, {"devices": [{"name": "kitchen cam"}]})
    assert fish_offers(cli, "cardea st") == {"status", "start", "stop"}
    assert fish_offers(cli, "cardea --socket x device ren") == {"rename"}
    assert fish_offers(cli, "cardea device show ") == {"kitchen cam"}
    assert fish_offers(cli, "cardea why --proto ") == {"tcp", "udp", "icmp"}
    assert "--nft" in fish_offers(cli, "cardea policy show --")
    assert "--nft" not in fish_offers(cli, "cardea device show --")


def manual(name):
    with open(os.path.join(ROOT, "man", name), encoding="ascii") as f:
        return f.read()


def test_the_manual_knows_every_command_and_flag(cli):
    text = manual("cardea.1")
    told = json.loads(cli("help", "--json").stdout)
    for c in told["commands"]:
        if not c["hidden"]:
            words = c["noun"] + (" " + c["verb"] if c["verb"] else "")
            section = re.search(r"^\.It Cm %s\b.*?(?=^\.It Cm|^\.Sh)" % words, text,
                                re.MULTILINE | re.DOTALL)
            assert section, words
            for f in c["flags"]:
                assert "-" + f["name"] in section[0], (words, f["name"])
    for f in told["flags"]:
        assert "Fl -%s" % f["name"] in text
    codes = re.findall(r"^\.It (\d+)$", text, re.MULTILINE)
    assert codes == re.findall(r"^  (\d+)  ", cli("help").stdout, re.MULTILINE)


def test_the_manual_is_made_from_the_table(cli):
    done = subprocess.run([os.path.join(ROOT, "tools/make-man"), "--check", cli.program],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_manual_knows_every_setting(cli):
    text = manual("cardea.toml.5")
    section, known = "", []
    for line in cli("config", "schema").stdout.splitlines():
        head = re.match(r"\[(\w+)\]$", line)
        key = re.match(r"# (\w+) = (.*)$", line)
        section = head[1] if head else section
        if key:
            known.append((section, key[1]))
            value = {"[]": "Bq", '""': "Qq"}.get(key[2], key[2].strip('"'))
            value = value if key[2][0] != '"' or key[2] == '""' else "Qq " + value
            assert "It Va %s No = %s\n" % (key[1], value) in text, line
    told = []
    for head, rest in re.findall(r"^\.Ss \[(\w+)\]\n(.*?)(?=^\.S[sh])", text,
                                 re.MULTILINE | re.DOTALL):
        told += [(head, key) for key in re.findall(r"It Va (\w+) No", rest)]
    assert told == known


@pytest.mark.parametrize("page", ["cardea.1", "cardea-identity.8", "cardea.toml.5",
                                  "cardead.8", "cardea-policy.7"])
def test_manual_pages_are_right(page):
    path = os.path.join(ROOT, "man", page)
    if not shutil.which("mandoc"):
        pytest.skip("no mandoc")
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", path],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
