# SPDX-License-Identifier: GPL-2.0-or-later
"""cardea config without a gateway: files, words, exit codes, and the manual."""

import json
import os
import re
import stat
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

OWNERS = b"""# The house, \xe2\x80\x9cours\xe2\x80\x9d
[lan]
interfaces = [ "br-lan",   # the rooms
   "br-guest" ]

  [dns] # names
  # rate = 50
  upstream=["9.9.9.9"]   # quad nine

[log]\r
level = "info"\r
"""


@pytest.fixture
def owners(tmp_path):
    path = tmp_path / "cardea.toml"
    path.write_bytes(OWNERS)
    return path


def settings(cli, path):
    told = json.loads(cli("config", "get", "--file", str(path), "--json").stdout)
    assert told["schema"] == "cardea.settings/1" and told["pending"] is None
    return {"%s.%s" % (i["section"], i["key"]): i["value"] for i in told["items"]}


@pytest.mark.parametrize("key, words, value, old, new", [
    ("dns.upstream", ["1.1.1.1", "2620:fe::fe"], ["1.1.1.1", "2620:fe::fe"],
     b'["9.9.9.9"]', b'["1.1.1.1", "2620:fe::fe"]'),
    ("dns.upstream", ["1.1.1.1, 8.8.8.8"], ["1.1.1.1", "8.8.8.8"],
     b'["9.9.9.9"]', b'["1.1.1.1", "8.8.8.8"]'),
    ("dns.upstream", ["--default"], [], b'["9.9.9.9"]', b"[]"),
    ("dns.rate", ["70"], 70, b"# rate = 50\n", b"# rate = 50\n  rate = 70\n"),
    ("dns.tls", ["false"], False, b"# quad nine\n", b"# quad nine\n  tls = false\n"),
    ("log.level", ["debug"], "debug", b'"info"', b'"debug"'),
    ("lan.interfaces", ["br0"], ["br0"],
     b'[ "br-lan",   # the rooms\n   "br-guest" ]', b'["br0"]'),
    ("stop.open", ["true"], True, b'level = "info"\r\n',
     b'level = "info"\r\n\n[stop]\nopen = true\n'),
])
def test_one_value_and_no_other_byte(cli, owners, key, words, value, old, new):
    before = settings(cli, owners)
    done = cli("config", "set", key, *words, "--file", str(owners))
    assert key in done.stderr and done.stdout == ""
    assert owners.read_bytes() == OWNERS.replace(old, new, 1)
    assert settings(cli, owners) == dict(before, **{key: value})
    assert cli("config", "get", key, "--file", str(owners)).stdout.splitlines() == (
        value if isinstance(value, list) else
        [{True: "true", False: "false"}.get(value, str(value))])


def test_a_file_keeps_its_mode(cli, owners):
    owners.chmod(0o640)
    cli("config", "set", "dns.rate", "9", "--file", str(owners))
    assert stat.S_IMODE(owners.stat().st_mode) == 0o640
    assert os.listdir(owners.parent) == [owners.name]


@pytest.mark.parametrize("words, code, said", [
    (["dns.rte", "1"], 4, 'did you mean "dns.rate"'),
    (["rate", "1"], 4, 'did you mean "dns.rate"'),
    (["dns.rate", "0"], 2, "whole number from 1 to 1000000"),
    (["dns.rate", "1\n[paths]\nlibexec = \"/tmp\""], 2, "whole number"),
    (["dns.rate", "1", "2"], 2, "one value"),
    (["dns.tls", "yes"], 2, "true or false"),
    (["log.level", "loud"], 2, "one of error, warn, info, debug"),
    (["dns.upstream", "dns.example"], 2, "give an address"),
    (["dns.upstream", *["9.9.9.9"] * 9], 2, "eight"),
    (["dns.name", "a\x1b[31m.example"], 2, "control character"),
    (["dns.rate"], 2, "missing"),
    (["dns.rate", ""], 2, "empty"),
    (["dns.rate", "9", "--default"], 2, "no room"),
    (["dns.rte", "--default"], 4, 'did you mean "dns.rate"'),
])
def test_what_is_wrong_is_said_and_not_written(cli, owners, words, code, said):
    done = cli("config", "set", *words, "--file", str(owners), code=code)
    assert said in done.stderr and "\x1b" not in done.stderr
    assert owners.read_bytes() == OWNERS


def test_dry_run(cli, owners):
    done = cli("config", "set", "dns.rate", "9", "--file", str(owners), "--dry-run")
    assert "would be" in done.stderr and owners.read_bytes() == OWNERS


def test_a_wrong_file_is_not_changed(cli, owners):
    wrong = OWNERS + b"\n[dns]\nrte = 1\n"
    owners.write_bytes(wrong)
    for words in (("get",), ("set", "dns.rate", "9")):
        done = cli("config", *words, "--file", str(owners), code=6)
        assert done.stderr.startswith('%s:14:1: unknown key "rte"; did you mean "rate"?'
                                      % owners)
    assert owners.read_bytes() == wrong


@pytest.mark.parametrize("text, said", [
    (b'[dns]\nupstream = ["9.9.9.9", "1.1.1.1@853#a.example"]\n', "all have a #name"),
    (b'[dns]\ntls_cert = "/a"\n', "dns.tls_key"),
    (b"[web]\nhttp_port = 8908\n", "https_port has that port"),
    (b"[web]\npage_port = 8909\n", "where devices ask"),
])
def test_check_sees_what_does_not_go_together(cli, tmp_path, text, said):
    path = tmp_path / "x.toml"
    path.write_bytes(text)
    assert said in cli("config", "check", str(path), code=6).stderr


def test_without_a_gateway(cli):
    nowhere = ("--socket", "/nonexistent/control.sock")
    for words in (("get",), ("set", "dns.rate", "9"), ("confirm",), ("rollback",),
                  ("apply",)):
        assert "not running" in cli("config", *words, *nowhere, code=3).stderr


@pytest.mark.parametrize("time", ["", "soon", "9s", "601", "11m", "90h", "-5", "9" * 30])
def test_times(cli, time):
    done = cli("config", "set", "dns.rate", "9", "--confirm-within", time, "--socket",
               "/nonexistent/s", code=2)
    assert "10 to 600 seconds" in done.stderr


def test_the_schema_says_all(cli):
    told = json.loads(cli("config", "schema", "--json").stdout)
    assert told["schema"] == "cardea.config.schema/1"
    items = {"%s.%s" % (s["section"], s["key"]): s for s in told["settings"]}
    assert len(items) == len(told["settings"]) == len(re.findall(r"^# \w+ = ", told["toml"],
                                                                re.MULTILINE))
    assert items["log.level"]["choices"] == ["error", "warn", "info", "debug"]
    assert (items["dns.rate"]["min"], items["dns.rate"]["max"]) == (1, 1000000)
    assert items["paths.libexec"]["by_hand"] is True
    assert items["dns.tls_cert"]["applies"] == "restart of resolver, web"


def test_the_manual_says_when_a_change_holds(cli):
    done = subprocess.run([os.path.join(ROOT, "tools", "make-settings"), "--check",
                           cli.program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_holds_at_once_is_told(cli):
    """Nobody says "now" of a setting that no process hears of."""
    with open(os.path.join(ROOT, "src", "proc", "parent_apply.c"), encoding="utf-8") as f:
        told = {"%s.%s" % m for m in re.findall(r'{"(\w+)", "(\w+)", ROLE_', f.read())}
    told |= {"stop.open", "log.level"}  # the parent's own, and everybody's
    known = json.loads(cli("config", "schema", "--json").stdout)["settings"]
    assert {"%s.%s" % (s["section"], s["key"]) for s in known
            if s["applies"] == "now"} <= told


def change_of(was):
    return 200, {"schema": "cardea.settings.change/1", "dry_run": False, "pending": None,
                 "changes": [{"key": "dns.upstream", "from": was, "to": ["9.9.9.9"],
                              "applies": "now"}]}


@pytest.mark.parametrize("was, way", [
    (["1.1.1.1", "8.8.8.8"], "config set dns.upstream 1.1.1.1 8.8.8.8"),
    (["a b", "it's"], "config set dns.upstream 'a b' 'it'\\''s'"),
    ([], "config set dns.upstream --default"),
    (["x\u202ey"], "cardea undo 7"),  # nobody can type it
    ([None], "undo with:"), ([3, {"a": []}, "b"], "undo with:"),
    (None, "undo with:"), ({}, "undo with:"), (True, "config set dns.upstream true"),
])
def test_whatever_a_value_is_called(cli, daemon, was, way):
    """A gateway that says what no setting is ends no command with a crash."""
    daemon.routes[("POST", "/v1/settings")] = change_of(was)
    daemon.headers = b"Cardea-Change: 7\r\n"
    done = cli("config", "set", "dns.upstream", "9.9.9.9")
    assert done.stdout.startswith("dns.upstream: ") and " -> 9.9.9.9 (now)" in done.stdout
    assert way in done.stderr
    item = {"section": "dns", "key": "upstream", "type": "list", "value": was, "default": was,
            "help": "", "applies": "now"}
    daemon.routes[("GET", "/v1/settings")] = 200, {
        "schema": "cardea.settings/1", "items": [item], "pending": None}
    assert "dns.upstream" in cli("config", "get").stdout
    cli("config", "get", "dns.upstream")
