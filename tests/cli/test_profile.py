# SPDX-License-Identifier: GPL-2.0-or-later
"""cardea profile: extended profiles offline. The example of the documentation is one of
the files that are tested."""

import json
import os
import re
import struct

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOC = os.path.join(ROOT, "docs/extended-profiles.md")
PUBLISHED = """device-info:
  name: plug
  mac: 02:00:00:00:00:01
  ipv4: 192.168.1.5
single-policies:
  a:
    protocols:
      udp: {dst-port: 9}
      ip4: {src: self, dst: !include echo.yaml#device-info.ipv4}
"""


@pytest.fixture(name="files")
def fixture_files(folder):
    """The two documents of the manual, written out."""
    with open(DOC, encoding="utf-8") as f:
        template, binding = re.findall(r"```yaml\n(.*?)```", f.read(), re.S)
    for name, text in (("lamp.yaml", template), ("home.yaml", binding)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)
    return os.path.join(folder, "lamp.yaml"), os.path.join(folder, "home.yaml")


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def test_the_example_is_right(cli, files):
    for path in files:
        done = cli("profile", "lint", path)
        assert "0 errors, 0 repairs, 0 warnings" in done.stdout
    told = json.loads(cli("profile", "lint", files[0], "--json").stdout)
    assert told["schema"] == "cardea.profile.lint/1" and told["valid"]
    assert (told["policies"], told["interactions"], told["permits"]) == (2, 1, 1)


def test_a_misspelt_key_has_a_place_and_a_hint(cli, folder):
    path = write(folder, "x.yaml", "cardea-profile: 1\ndevice: {name: a}\npolicies:\n"
                 "  p:\n    match:\n      http: {url: /x}\n")
    done = cli("profile", "lint", path, code=6)
    assert f'{path}:6:14: error: "url" is not part of http; did you mean "uri"?' \
        in done.stdout
    told = json.loads(cli("profile", "lint", path, "--json", code=6).stdout)
    assert not told["valid"] and told["notes"][0]["line"] == 6
    cli("profile", "show", path, code=6)
    cli("profile", "bind", path, path, code=6)


def test_show(cli, files):
    done = cli("profile", "show", files[0])
    assert "never ipv4 dst self, tcp dst-port 23" in done.stdout
    assert "permits for 5 s" in done.stdout
    told = json.loads(cli("profile", "show", files[0], "--json").stdout)
    assert told["permits"][0]["within_ms"] == 5000
    assert told["policies"][1]["action"] == "deny"
    assert [s["name"] for s in told["interactions"][0]["steps"]] == \
        ["hello", "report", "answer"]


def test_bind_says_what_is_enforced(cli, files):
    told = json.loads(cli("profile", "bind", *files, "--json").stdout)
    assert all(r["bound"] for r in told["roles"])
    rules = {r["ace"]: r for r in told["rules"] if r["status"] != "reply"}
    assert (rules["no-telnet"]["status"], rules["no-telnet"]["action"]) == \
        ("enforced", "drop")
    assert rules["resolve"]["status"] == "approximated"
    assert "not looked at" in rules["resolve"]["why"]
    assert "only within 60 s after hello" in rules["report"]["why"]
    assert told["approximated"] and "rules:" in cli("profile", "bind", *files).stdout


def test_a_binding_of_another_template(cli, files, folder):
    with open(files[1], encoding="utf-8") as f:
        text = f.read()
    other = write(folder, "other.yaml", text.replace("template: lamp", "template: plug"))
    assert "not of lamp" in cli("profile", "bind", files[0], other, code=6).stderr
    wrong = write(folder, "wrong.yaml", text.replace("  hub:", "  hab:"))
    assert 'did you mean "hub"?' in cli("profile", "bind", files[0], wrong, code=6).stderr


def test_import_and_root(cli, folder):
    path = write(folder, "plug.yaml", PUBLISHED)
    write(folder, "echo.yaml", "device-info: {name: echo, ipv4: 192.168.1.9}\n")
    out, home = os.path.join(folder, "t.yaml"), os.path.join(folder, "b.yaml")
    done = cli("profile", "import", path, code=6)
    assert "no directory of profiles was named" in done.stderr
    done = cli("profile", "import", path, "--root", folder, "--out", out, "--binding", home)
    assert 'plug.yaml:9:7: repair: "ip4" is not part of protocols' in done.stderr
    with open(out, encoding="utf-8") as f:
        text = f.read()
    assert "dst: echo" in text and "192.168" not in text
    with open(home, encoding="utf-8") as f:
        assert "192.168.1.9" in f.read()
    cli("profile", "lint", out)
    cli("profile", "lint", home)
    cli("profile", "bind", out, home)
    inner = os.path.join(folder, "inner")
    os.mkdir(inner)
    assert "is not below" in cli("profile", "import", path, "--root", inner, code=2).stderr
    cli("profile", "import", out, code=6)
    cli("profile", "import", path, "--json", "--out", "-", code=2)
    for wrong in out, home: # the same in JSON, and nothing is written
        copy = os.path.join(folder, "copy.yaml")
        done = cli("profile", "import", wrong, "--json", "--out", copy, code=6)
        assert json.loads(done.stdout)["valid"] is False and not os.path.exists(copy)


def frame(src, dst, sport, dport):
    """An Ethernet frame with UDP between two hosts of the example's home."""
    macs = {5: 1, 1: 0xfe, 6: 2, 7: 3}
    eth = bytes([2, 0, 0, 0, 0, macs[dst], 2, 0, 0, 0, 0, macs[src]]) + b"\x08\x00"
    ip = struct.pack("!BBHHHBBH4B4B", 0x45, 0, 29, 0, 0, 64, 17, 0, 192, 168, 1, src,
                     192, 168, 1, dst)
    return eth + ip + struct.pack("!HHHH", sport, dport, 9, 0) + b"x"


def capture(folder, frames):
    path = os.path.join(folder, "x.pcap")
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for when, data in frames:
            f.write(struct.pack("<IIII", when, 0, len(data), len(data)) + data)
    return path


STEPS = """cardea-profile: 1
device: {name: lamp}
roles: {phone: {kind: phone}, hub: {kind: hub}}
permits:
  switch:
    trigger: {match: {ipv4: {src: phone, dst: hub}, udp: {dst-port: 1}}}
    effect: {match: {ipv4: {src: hub, dst: self}, udp: {dst-port: 2}}}
    within: 5 s
"""


def test_replay_in_two_homes(cli, files, folder):
    """phone -> hub -> lamp: in order it is accepted, alone it is not, and in another
    home once it is bound there."""
    template = write(folder, "steps.yaml", STEPS)
    with open(files[1], encoding="utf-8") as f:
        home = f.read()
    tap, effect = frame(6, 7, 9, 1), frame(7, 5, 9, 2)
    path = capture(folder, [(100, effect), (101, tap), (103, effect), (200, frame(7, 5, 8, 2))])
    done = cli("profile", "replay", template, path, "--binding", files[1], "--json", code=6)
    told = json.loads(done.stdout)
    assert (told["own"], told["accepted"]) == (3, 1)
    assert told["reasons"] == {"permit": 1, "its trigger was not seen in time": 2}
    assert [r["first"] for r in told["refused"]] == [1]
    path = capture(folder, [(101, tap), (103, effect)])
    done = cli("profile", "replay", template, path, "--binding", files[1])
    assert "1 of 1 packets accepted" in done.stdout
    # another home: other addresses, the same template
    moved = home.replace("192.168.1.5", "192.168.1.6#").replace(
        "192.168.1.7", "192.168.1.5").replace("192.168.1.6#", "192.168.1.7").replace(
        "00:00:01'", "00:00:0a'").replace("00:00:03'", "00:00:01'").replace(
        "00:00:0a'", "00:00:03'")
    other = write(folder, "other.yaml", moved)
    # the old hub is the lamp here: what it was sent and sent is not in the profile
    done = cli("profile", "replay", template, path, "--binding", other, code=6)
    assert "0 of 2 packets accepted" in done.stdout
    path = capture(folder, [(101, frame(6, 5, 9, 1)), (103, frame(5, 7, 9, 2))])
    done = cli("profile", "replay", template, path, "--binding", other)
    assert "1 accepted (permit)" in done.stdout.replace("  ", "")


def test_replay_wants_a_binding_and_a_capture(cli, files, folder):
    assert "--binding" in cli("profile", "replay", files[0], files[0], code=2).stderr
    cli("profile", "replay", files[0], files[1], "--binding", files[1], code=1)
    cli("profile", "replay", files[0], os.path.join(folder, "no"), "--binding", files[1],
        code=1)
