# SPDX-License-Identifier: GPL-2.0-or-later
"""What the table of commands promises, for every row of it: --json with its schema,
--dry-run that changes nothing, a way back that is told, and no danger without a word."""

import json
import os
import re
import shlex
import signal
import subprocess

import pytest

from conftest import hears_interrupts
from test_offline import ALLOWED, ROOT, capture, mud_file, write

DOC = os.path.join(ROOT, "docs/extended-profiles.md")
HERE = os.path.dirname(os.path.abspath(__file__))
MAC = "02:00:00:00:00:07"

# Members that any verb may look at; of each only what it knows is used.
ANSWER = {
    "id": 3, "name": "kitchen-cam", "device": "kitchen-cam", "mac": MAC, "state": "quarantined",
    "quarantine": "it scans", "hold": "full", "class": "camera", "mud_url":
    "https://example.com/cam.json", "text": "it may", "kind": "refuse", "peer": "a.example",
    "port_from": 0, "port_to": 65535, "answer": "accepted", "ready": True, "sentence": "Good.",
    "old": "a", "new": "b", "previous_name": "cam", "allowed": True, "window": "02:00-05:00",
    "versions": [{"version": 1, "name": "x", "at": None, "bytes": 1, "sha256": "00"}],
    "decisions": [{"id": 3, "text": "May it?", "answer": "open", "kind": "port"}],
    "devices": [], "verdict": "taken", "sent": True, "outcome": "delivered",
    "users": [{"name": "owner", "role": "owner"}],
    "scrypt": {"salt": "00" * 32, "log2_n": 4, "r": 8, "p": 1}, "items": [
        {"section": "dns", "key": "upstream", "type": "list", "value": [], "default": [],
         "help": "whom to ask", "applies": "now"}],
    "changes": [
        {"id": 3, "sentence": "lamp is now called x.", "can_undo": True, "undone": False,
         "undoes": 0, "key": "dns.upstream", "from": [], "to": ["9.9.9.9"],
         "applies": "now"}]}

# These judge files; what proves their schema stands beside their other tests, or here.
OFFLINE = {
    "mud lint": ["lamp.json"], "mud view": ["lamp.json"], "mud diff": ["lamp.json", "lamp.json"],
    "policy diff": ["lamp.json", "lamp.json"], "policy explain": [
        "ads.example.com", "--owner", "refuse ads.example.com"],
    "replay": ["day.pcap", "--profile", "lamp.json", "--device", MAC, "--lan", "192.0.2.0/24"],
    "config check": ["cardea.toml"], "config schema": [], "help": [],
    "profile lint": ["lamp.yaml"],
    "profile bind": ["lamp.yaml", "home.yaml"],
    "profile replay": ["lamp.yaml", "day.pcap", "--binding", "home.yaml"],
    "suit inspect": ["update.suit"], "eat verify": ["token.cbor", "--key", "maker.pem", "--nonce", "00" * 32],
}
ELSEWHERE = {"mud verify": "test_mud_crypto.py", "dns dnr": "test_dns.py",
             "profile life": "test_profile_life.py", "learn": "test_learn.py"}
STREAMS = {"watch"}  # never ends by itself
WHOLE = {"start",  # runs a program
         "restore"}  # wants a backup: test_backup.py has these tests for it


def table(cli):
    told = json.loads(cli("help", "--json").stdout)
    assert told["schema"] == "cardea.help/1"
    return {c["noun"] + (" " + c["verb"] if c["verb"] else ""): c
            for c in told["commands"] if not c["hidden"]}


def flags(command):
    return {f["name"] for f in command["flags"]}


@pytest.fixture
def files(folder):
    """What the examples name."""
    for name in ("lamp.json", "lamp-1.json", "lamp-2.json", "cam.json", "wild.json", "tv.json"):
        write(folder, name, mud_file())
    with open(DOC, encoding="utf-8") as f:
        template, binding = re.findall(r"```yaml\n(.*?)```", f.read(), re.S)
    write(folder, "lamp.yaml", template.encode())
    write(folder, "home.yaml", binding.encode())
    write(folder, "password", b"a sentence to log in with\n")
    write(folder, "house.json", json.dumps({"schema": "cardea.house/1", "decisions": [
        {"kind": "port", "answer": "accepted"}]}).encode())
    write(folder, "new.toml", b'[lan]\ninterfaces = ["br0"]\n')
    for name in ("csirt.pem", "export.bin", "token.cbor",
                 "cam.cose", "clean.json", "update.suit"):
        write(folder, name, b"{}")
    key = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], check=True,
                         capture_output=True).stdout
    write(folder, "maker.pem", subprocess.run(["openssl", "pkey", "-pubout"], input=key,
                                              check=True, capture_output=True).stdout)
    write(folder, "day.pcap", capture(ALLOWED))
    write(folder, "cardea.toml", b'[lan]\ninterfaces = ["br0"]\n')
    return folder


# Without an object or an answer that they can go by, these look before they ask.
EXAMPLES = {"quarantine release": "cardea quarantine release kitchen-cam --code 1234",
            "profile learn": "cardea profile learn lamp --again",
            "advisory issuer": "cardea advisory issuer remove csirt",
            "device vault": "cardea device vault remove kitchen-cam --number 1",
            "stop": "cardea stop --open",
            "attest key": "cardea attest key remove 3",
            "undo": "cardea undo 3", "events": "cardea events",
            "web": "cardea web --new-secret", "user remove": "cardea user remove owner"}
# What has left the house cannot be called back.
OUT_OF_THE_HOUSE = {"report send"}


def example(name, command):
    words = shlex.split(EXAMPLES.get(name, command["example"]))
    while ">" in words:
        words = words[:words.index(">")]
    return [w for w in words[1:] if w not in ("--dry-run", "--json")]


def test_every_reading_verb_has_json_with_its_schema(cli, daemon, files):
    for name, c in table(cli).items():
        if c["does"] != "read" or name in STREAMS:
            continue
        assert c["gives"], name
        if name in ELSEWHERE:
            with open(os.path.join(HERE, ELSEWHERE[name]), encoding="utf-8") as f:
                assert c["gives"] in f.read(), name
            continue
        daemon.otherwise = (200, {**ANSWER, "schema": c["gives"]})
        words = [*name.split(), *OFFLINE[name]] if name in OFFLINE else example(name, c)
        done = cli(*words, "--json", code=None)
        assert done.returncode in (0, 6), (name, done.stderr)
        if name == "decide show":  # one of the list
            continue
        assert json.loads(done.stdout)["schema"] == c["gives"], name
        assert done.stdout.isascii() and done.stdout.count("\n") == 1, name


def test_every_change_can_be_tried(cli, daemon, files):
    daemon.otherwise = (200, {**ANSWER, "schema": "x/1"})
    tried = 0
    for name, c in table(cli).items():
        if c["does"] not in ("change", "danger"):
            continue
        assert "dry-run" in flags(c), name
        if name in WHOLE:
            continue
        daemon.requests.clear()
        with open(os.path.join(files, "password"), "rb") as password:
            done = cli(*example(name, c), "--dry-run", code=None, stdin=password)
        posts = [json.loads(body) for method, _, _, body in daemon.requests
                 if method == "POST"]
        assert all(p.get("dry_run") for p in posts), (name, posts)
        assert done.returncode == 0, (name, done.stderr)
        with open(os.path.join(files, "password"), "rb") as password:
            done = cli(*example(name, c), "--dry-run", "--json", code=None, stdin=password)
        assert json.loads(done.stdout)["schema"], (name, done.stdout)
        tried += 1
    assert tried > 30


def test_every_change_tells_the_way_back(cli, daemon, files):
    daemon.otherwise = (200, {**ANSWER, "schema": "x/1"})
    daemon.headers = b"Cardea-Change: 7\r\n"
    for name, c in table(cli).items():
        if c["does"] not in ("change", "danger") or name in WHOLE | {"stop"}:
            continue
        yes = ["--yes"] if "yes" in flags(c) else []
        with open(os.path.join(files, "password"), "rb") as password:
            done = cli(*example(name, c), *yes, stdin=password)
        if name in OUT_OF_THE_HOUSE:
            continue
        assert re.search(r"undo with: cardea \S+|change your mind with: cardea|cannot be undone"
                         r"|undo by handing in", done.stderr), (name, done.stderr)


def test_danger_wants_a_word(cli, daemon, files):
    daemon.otherwise = (200, {**ANSWER, "schema": "x/1"})
    dangers = 0
    for name, c in table(cli).items():
        assert ("yes" in flags(c)) == (c["does"] == "danger"), name
        if c["does"] != "danger" or name == "restore":
            continue
        daemon.requests.clear()
        done = cli(*example(name, c), code=2)
        assert "next: add --yes" in done.stderr, name
        assert all(method == "GET" for method, *_ in daemon.requests), name
        dangers += 1
    assert dangers > 5


def test_a_change_without_a_way_back_says_so(cli, daemon):
    daemon.otherwise = (200, {**ANSWER, "schema": "x/1"})
    daemon.headers = b"Cardea-Change: 7; final\r\n"
    assert "there is no way back" in cli("advisory", "withdraw", "3").stderr
    daemon.headers = b"Cardea-Change: 7\r\n"
    assert "undo with: cardea undo 7" in cli("advisory", "withdraw", "3").stderr
    for odd in (b"x", b"0", b"-1", b"99999999999", b"7 7", b"7\x1b[2J", b"", b"9" * 400):
        daemon.headers = b"Cardea-Change: " + odd + b"\r\n"
        done = cli("advisory", "withdraw", "3", code=None)
        assert "\x1b" not in done.stderr and "cardea undo 9" not in done.stderr


# ---- undo ----

CHANGES = {"schema": "cardea.change.list/1", "next": None, "changes": [
    {"id": 9, "at": None, "who": "root", "sentence": "b is called c again.", "command": None,
     "undone": False, "undoes": 8, "until": None, "can_undo": True, "why_not": None},
    {"id": 8, "at": None, "who": "anna\x1b[2J", "sentence": "c is now called b.",
     "command": None, "undone": True, "undoes": 0, "until": None, "can_undo": False,
     "why_not": "change 9 has undone it"},
    {"id": 7, "at": None, "who": "root", "sentence": "a is now called c.", "command": None,
     "undone": False, "undoes": 0, "until": None, "can_undo": True, "why_not": None}]}


def test_undo_takes_what_stands(cli, daemon):
    daemon.routes["GET", "/v1/changes"] = (200, CHANGES)
    daemon.routes["POST", "/v1/changes/7"] = (200, CHANGES["changes"][2])
    daemon.headers = b"Cardea-Change: 10\r\n"
    done = cli("undo")
    assert done.stdout == "undone: a is now called c.\n"
    assert done.stderr == "undo with: cardea undo 10\n"
    assert json.loads(daemon.requests[-1][3]) == {"undo": True, "dry_run": False}
    cli("undo", "8", code=4)
    out = cli("undo", "--list").stdout
    assert "change 9 has undone it" in out and "\x1b" not in out
    assert json.loads(cli("undo", "--list", "--json").stdout) == CHANGES
    daemon.routes["GET", "/v1/changes"] = (200, {**CHANGES, "changes": []})
    assert "nothing was changed" in cli("undo", code=4).stderr
    assert cli("undo", "--list").stdout == ""


def test_undo_says_what_is_in_the_way(cli, daemon):
    daemon.routes["POST", "/v1/changes/7"] = (409, {
        "schema": "cardea.error/1", "error": "change 9 changed the same once more",
        "next": "`cardea undo --list` shows what can be undone"})
    done = cli("undo", "7", code=5)
    assert "change 9" in done.stderr and done.stdout == ""


# ---- watch, verbose ----

def event(number, kind, mac=MAC):
    return {"schema": "cardea.event/1", "id": number, "kind": kind, "mac": mac, "device": "cam",
            "text": "what happened", "last": "2026-01-01T00:00:00Z"}


def test_watch_shows_what_is_asked_for(cli, daemon):
    daemon.lines = [event(1, "violation"), event(2, "renamed"),
                    event(3, "refused", "02:00:00:00:00:08")]
    daemon.routes["GET", "/v1/devices/cam"] = (200, {"name": "cam", "mac": MAC})
    out = cli("watch", code=3).stdout  # the stream ends with the daemon
    assert "violation" in out and "refused" in out and "renamed" not in out
    assert cli("watch", "events", code=3).stdout.count("\n") == 3
    lines = cli("watch", "verdicts", "--device", "cam", "--jsonl", code=3).stdout.splitlines()
    assert [json.loads(x)["id"] for x in lines] == [1]
    assert "one of flows" in cli("watch", "evnets", code=2).stderr
    assert "whose flows" in cli("watch", "flows", code=2).stderr


def test_watch_flows_shows_what_grows(cli, daemon):
    peer = {"where": "internet", "name": "cloud.example", "address": "203.0.113.5",
            "proto": "tcp", "port": 443, "inbound": False, "down": 0, "count": 1,
            "refused": 0, "verdict": "allowed"}
    asked = []

    def talks(_query, _body):
        asked.append(1)
        if len(asked) > 2:
            return (404, {"schema": "cardea.error/1", "error": "it is gone", "next": ""})
        return (200, {"schema": "cardea.talks/1", "peers": [{**peer, "up": 100 * len(asked)}]})

    daemon.routes["GET", "/v1/talks/cam"] = talks
    out = cli("watch", "flows", "--device", "cam", code=4).stdout
    assert out.count("\n") == 1 and "to tcp cloud.example:443  up 200, down 0" in out


def test_verbose_tells_what_is_asked(cli, daemon):
    daemon.otherwise = (200, {"schema": "x/1"})
    assert re.search(r"^GET /v1/devices: 200, \d+ ms$", cli("device", "list", "-v").stderr,
                     re.MULTILINE)
    assert "GET" not in cli("device", "list").stderr


def test_interrupts_are_130(cli, daemon):
    daemon.routes["GET", "/v1/talks/cam"] = (200, {"schema": "cardea.talks/1", "peers": []})
    run = subprocess.Popen([cli.program, "watch", "flows", "--device", "cam"],
                           env={"CARDEA_SOCKET": cli.socket}, preexec_fn=hears_interrupts)
    while not daemon.requests:
        assert run.poll() is None
    run.send_signal(signal.SIGINT)
    assert run.wait(60) == 130


def test_a_pipe_that_closes_is_quiet(cli, daemon):
    daemon.routes["GET", "/v1/devices"] = (200, {"devices": [
        {"name": "n%d" % i, "mac": MAC} for i in range(5000)]})
    for trap in ("", "trap '' PIPE; "):
        done = subprocess.run(["sh", "-c", trap + '"$0" device list | head -1', cli.program],
                              env=dict(os.environ, CARDEA_SOCKET=cli.socket), text=True,
                              capture_output=True, check=False)
        assert done.stdout.startswith("NAME") and done.stderr == ""


# ---- rows, dry runs and hints that were wrong once ----

@pytest.mark.parametrize("words, route, member, one", [
    (["policy", "overlays"], "/v1/overlays", "overlays", {"text": "lan-only"}),
    (["decide", "list"], "/v1/decisions", "decisions", {"text": "May it?", "answer": "open"}),
    (["advisory", "list"], "/v1/advisories", "advisories", {"text": "It floods."})])
def test_each_row_has_its_own_number(cli, daemon, words, route, member, one):
    daemon.routes["GET", route] = (200, {member: [dict(one, id=i) for i in (3, 4, 11)]})
    lines = cli(*words).stdout.split("\n")
    assert [line.split()[0] for line in lines[1:] if line] == ["3", "4", "11"]


def test_each_probed_device_has_its_own_count(cli, daemon):
    daemon.routes["GET", "/v1/probes"] = (200, {"devices": [
        {"device": "a", "targets": 1}, {"device": "b", "targets": 22}]})
    out = cli("probe", "list", code=None).stdout
    assert re.search(r"^a .* 1 ", out, re.M) and re.search(r"^b .* 22 ", out, re.M), out


@pytest.mark.parametrize("words, route, said", [
    (["device", "vault", "put", "cam", "x"], "/v1/vaults/cam", "x would be put into the vault of cam"),
    (["device", "vault", "remove", "cam", "--number", "2"], "/v1/vaults/cam",
     "version 2 would be taken out of the vault of cam"),
    (["advisory", "shared", "add", "151.101.0.0/16"], "/v1/shared",
     "151.101.0.0/16 would be everybody's")])
def test_a_dry_run_says_what_would_change(cli, daemon, folder, words, route, said):
    write(folder, "x", b"1")
    daemon.routes["POST", route] = (200, {"device": "cam", "versions": [], "networks": []})
    assert said in cli(*words, "--dry-run").stdout


def test_a_removed_key_is_printed_as_it_was(cli, daemon):
    pem = "-----BEGIN PUBLIC KEY-----\nMCow\nBQYD\n-----END PUBLIC KEY-----\n"
    daemon.routes["POST", "/v1/attest-keys/3"] = (200, {
        "id": 3, "vendor": "maker.example", "use": "maker", "pem": pem[:-1] + "\u001b[2J\n"})
    out = cli("attest", "key", "remove", "3").stdout
    assert pem[:-1] in out and "\u001b" not in out


def test_names_are_offered_where_the_name_was_wrong_alone(cli, daemon):
    daemon.routes["GET", "/v1/devices"] = (200, {"devices": [{"name": "camera", "mac": MAC}]})
    daemon.otherwise = (404, {"error": "nothing was learned of camera yet", "next": "wait"})
    for name, offered in (("camera", False), (MAC, False), ("camra", True)):
        done = cli("profile", "approve", name, code=4)
        assert ("devices with such names: camera" in done.stderr) == offered, done.stderr


def test_whom_no_profile_binds_breaks_no_promise(cli, daemon):
    bound = {"device": "lamp", "profile": "https://a.example/l", "problem": None,
             "rules": [{"status": "enforced"}]}
    phone = {"device": "phone", "profile": None, "problem": "it names no MUD file", "rules": []}
    daemon.routes["GET", "/v1/status"] = (200, {"backend": "bpf", "ports": []})
    daemon.routes["GET", "/v1/policy"] = (200, {"devices": [bound, phone]})
    done = cli("policy", "check")
    assert "phone: no profile is in force: it names no MUD file" in done.stdout
    assert "All of it is enforced" in done.stderr
    daemon.routes["GET", "/v1/policy"] = (200, {"devices": [dict(bound, problem="it is stale"), phone]})
    assert "it is stale" in cli("policy", "check", code=6).stdout
