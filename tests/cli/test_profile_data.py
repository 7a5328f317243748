# SPDX-License-Identifier: GPL-2.0-or-later
"""The published extended profiles, and the captures made with them, against two committed
tables. The files are not ours to publish: CARDEA_DATA names the folder that has them in
profiles/ and pcap/ (../shared/data). CARDEA_GOLDEN_WRITE=1 writes the tables anew.

profile-expected.tsv: file, SHA-256, what is imported, and each error and repair as
LINE:LEVEL (FILE:LINE:LEVEL in what it includes).
profile-replay.tsv: capture at the device's own port, what the device sent or was sent, what
is accepted, and why the rest is not.
profile-rest.tsv: of those captures, what the published profile lacks: the policy of the
layer that is learned from it, what the published profile says against the packets, how many
they are, and how many of them the device sent."""

import glob
import hashlib
import json
import os

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.environ.get("CARDEA_DATA", os.path.join(ROOT, "../shared/data"))
PROFILES = os.path.join(DATA, "profiles")
FAMILIES = ("fdekeers-iot-firewall-2023", "profile-translator-blocklist",
            "smart-home-firewall")
LATENCY = os.path.join(DATA, "pcap/smart-home-firewall/eval/latency")
EXPECTED = os.path.join(ROOT, "tests/data/profile-expected.tsv")
REPLAYED = os.path.join(ROOT, "tests/data/profile-replay.tsv")
COLUMNS = ("file", "sha256", "policies", "interactions", "roles", "notes")
RESTS = os.path.join(ROOT, "tests/data/profile-rest.tsv")
REST_COLUMNS = ("capture", "lacked", "why", "packets", "sent")
REPLAY_COLUMNS = ("capture", "own", "accepted", "refused")
# Where a device was attached: there is all that it sent and was sent, both ways.
PORTS = {"tplink-plug": "wlan2.4", "tuya-motion": "wlan2.4", "philips-hue": "lan",
         "smartthings-hub": "lan"}
# The published tools have these built in.
GATEWAY = "  gateway: {mac: 'c0:56:27:73:46:0b', ipv4: 192.168.1.1}"
PHONE = "  phone: {mac: '3c:cd:5d:a2:a9:d7', ipv4: 192.168.1.222}"

needs_profiles = pytest.mark.skipif(
    not os.path.isdir(PROFILES), reason="the files of tests/data/profile-expected.tsv are "
                                        "not here: set CARDEA_DATA")
needs_captures = pytest.mark.skipif(
    not (os.path.isdir(LATENCY) and os.path.isdir(PROFILES)),
    reason="the captures of tests/data/profile-replay.tsv are not here: set CARDEA_DATA")


def read_table(path, columns):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        lines = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
    return [dict(zip(columns, line)) for line in lines]


def compare(path, columns, rows):
    if os.environ.get("CARDEA_GOLDEN_WRITE"):
        with open(path, "w", encoding="utf-8") as f:
            f.write("# " + "\t".join(columns) + "\n")
            for row in rows:
                f.write("\t".join(row[c] for c in columns) + "\n")
    assert rows == read_table(path, columns)


def family_of(path):
    return os.path.join(PROFILES, os.path.relpath(path, PROFILES).split(os.sep)[0])


def published():
    return sorted(p for family in FAMILIES for p in
                  glob.glob(os.path.join(PROFILES, family, "**/*.yaml"), recursive=True))


def note_text(note, path):
    place = f"{note['line']}:{note['level']}"
    return place if note["file"] == path else f"{note['file']}:{place}"


def judge(cli, path, folder):
    out, home = os.path.join(folder, "t.yaml"), os.path.join(folder, "b.yaml")
    done = cli("profile", "import", path, "--root", family_of(path), "--out", out,
               "--binding", home, "--json", code=None)
    told = json.loads(done.stdout)
    assert done.returncode == (6 if told["errors"] else 0), done.stderr
    assert told["not_shown"] == 0
    # what was made of it is right, and made from itself it is the same
    lint = json.loads(cli("profile", "lint", out, "--json").stdout)
    assert lint["valid"] and lint["policies"] == told["policies"]
    cli("profile", "lint", home)
    with open(path, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    notes = [note_text(n, path) for n in told["notes"] if n["level"] in ("error", "repair")]
    return {"file": os.path.relpath(path, PROFILES), "sha256": digest,
            "policies": str(told["policies"]), "interactions": str(told["interactions"]),
            "roles": str(told["roles"]), "notes": " ".join(notes) or "-"}


@needs_profiles
def test_every_profile_imports_with_its_notes(cli, folder):
    rows = [judge(cli, path, folder) for path in published()]
    assert len(rows) == 34
    assert all(int(r["policies"]) + int(r["interactions"]) for r in rows)
    compare(EXPECTED, COLUMNS, rows)


@needs_profiles
@pytest.mark.parametrize("device, line, wrong, meant", [
    ("tuya-motion", 275, "ip4", "ipv4"), ("philips-hue", 379, "url", "uri"),
    ("philips-hue", 413, "url", "uri"), ("philips-hue", 447, "url", "uri"),
    ("smartthings-hub", 97, "type", "method")])
def test_the_known_errors_are_found(cli, device, line, wrong, meant):
    family = os.path.join(PROFILES, "smart-home-firewall")
    path = os.path.join(family, "devices", device, "profile.yaml")
    done = cli("profile", "lint", path, "--root", family, code=None)
    found = [x for x in done.stdout.splitlines()
             if f':{line}:' in x and f'"{wrong}"' in x and f'"{meant}"' in x]
    assert len(found) == 1, done.stdout


def bound(cli, device, folder):
    """Template and binding of a published profile in its authors' home."""
    family = os.path.join(PROFILES, "smart-home-firewall")
    path = os.path.join(family, "devices", device, "profile.yaml")
    out, home = os.path.join(folder, "t.yaml"), os.path.join(folder, "b.yaml")
    cli("profile", "import", path, "--root", family, "--out", out, "--binding", home)
    with open(home, encoding="utf-8") as f:
        text = f.read()
    assert "  gateway: {}" in text and "  phone: {}" in text
    text = text.replace("  gateway: {}", GATEWAY).replace("  phone: {}", PHONE)
    with open(home, "w", encoding="utf-8") as f:
        f.write(text + "networks: [192.168.1.0/24]\n")
    return out, home


@needs_captures
def test_the_latency_captures_replay(cli, folder):
    """Every packet that the profile has a policy for is accepted; what is refused is
    listed, with why."""
    rows = []
    for device, port in PORTS.items():
        out, home = bound(cli, device, folder)
        for kind in ("no-firewall", "base-firewall", "my-firewall"):
            path = os.path.join(LATENCY, device, kind, port + ".pcap")
            done = cli("profile", "replay", out, path, "--binding", home, "--json",
                       code=None)
            told = json.loads(done.stdout)
            refused = {}
            for r in told["refused"]:
                refused[r["reason"]] = refused.get(r["reason"], 0) + r["packets"]
            assert told["own"] - told["accepted"] == sum(refused.values())
            rows.append({"capture": f"{device}/{kind}/{port}", "own": str(told["own"]),
                         "accepted": str(told["accepted"]),
                         "refused": "; ".join(f"{n} {why}" for why, n in
                                              sorted(refused.items())) or "-"})
    compare(REPLAYED, REPLAY_COLUMNS, rows)
    assert sum(r["own"] == r["accepted"] for r in rows) >= 4


@needs_captures
def test_with_the_rest_every_packet_is_accepted(cli, folder):
    """The published profile and the layer that is learned from what it lacks, united."""
    rows = []
    for device, port in PORTS.items():
        out, home = bound(cli, device, folder)
        for kind in ("no-firewall", "base-firewall", "my-firewall"):
            path = os.path.join(LATENCY, device, kind, port + ".pcap")
            rest = os.path.join(folder, device + kind)
            told = json.loads(cli("profile", "replay", out, path, "--binding", home,
                                  "--learn-rest", rest, "--json").stdout)
            assert told["accepted"] == told["own"] and not told["refused"]
            rows += [{"capture": f"{device}/{kind}/{port}", "lacked": r["policy"],
                      "why": r["reason"], "packets": str(r["packets"]),
                      "sent": str(r["sent"])} for r in told["lacked"]]
            # and nothing more than that
            lacked = sum(r["packets"] for r in told["lacked"])
            assert lacked == told["layers"][1]["accepted"]
    compare(RESTS, REST_COLUMNS, rows)
