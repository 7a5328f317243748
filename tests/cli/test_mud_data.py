# SPDX-License-Identifier: GPL-2.0-or-later
"""Every file of the collection of public MUD files, against the committed table. The
files themselves are not ours to publish: CARDEA_DATA names the folder that has them in
mud/ (../shared/data). CARDEA_GOLDEN_WRITE=1 writes the table anew.

Columns: file, SHA-256, strict and import verdict of `mud lint`, repairs, entries, and
where yanglint with the modules of the RFCs sees it another way: why."""

import collections
import glob
import hashlib
import json
import os
import shutil
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DATA = os.path.join(os.environ.get("CARDEA_DATA", os.path.join(ROOT, "../shared/data")),
                    "mud")
TABLE = os.path.join(ROOT, "tests/data/mud-expected.tsv")
COLUMNS = ("file", "sha256", "strict", "import", "repairs", "aces", "reason")
MODULES = ("ietf-mud@2019-01-28", "ietf-access-control-list@2019-03-04", "ietf-acldns",
           "ietf-mud-tls@2025-04-18", "ietf-acl-tls@2025-04-18",
           "ietf-mud-transparency@2023-10-10", "ietf-ol@2024-04-26")
# Why a rule of the UNSW files is not enforced as it stands there.
UNSW_REASONS = {
    "enforced": (),
    "reply": (),
    "approximated": ("by the address 255.255.255.255 alone",),
    "previewed": ("a private address that the maker cannot know",),
    "not enforceable here": ("is a length, not a type", "no IPv6 packet has the address"),
}
# Extensions that no RFC defines: their nodes stay, and yanglint cannot know them.
FOREIGN = ("nist-mud:", "ietf-mud-reporter-extension:")


def read_table():
    with open(TABLE, encoding="utf-8") as f:
        lines = [line.rstrip("\n").split("\t") for line in f if not line.startswith("#")]
    return [dict(zip(COLUMNS, line)) for line in lines]


def verdict(valid):
    return "valid" if valid else "invalid"


def judge(cli, path):
    """The row of a file as it is read now."""
    told = {}
    for mode in ("strict", "import"):
        flags = ["--import"] if mode == "import" else []
        done = cli("mud", "lint", *flags, path, "--json", code=None)
        told[mode] = json.loads(done.stdout)
        assert done.returncode == (0 if told[mode]["valid"] else 6)
        assert told[mode]["mode"] == mode
        assert told[mode]["valid"] == (not told[mode]["errors"])
    with open(path, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    return {"file": os.path.relpath(path, DATA), "sha256": digest,
            "strict": verdict(told["strict"]["valid"]),
            "import": verdict(told["import"]["valid"]),
            "repairs": str(len(told["import"]["repairs"])),
            "aces": str(told["import"]["aces"])}


def files():
    found = []
    for folder, _, names in os.walk(DATA):
        found += [os.path.join(folder, n) for n in names]
    return sorted(found)


def write_table(rows, old):
    reasons = {row["file"]: row["reason"] for row in old}
    with open(TABLE, "w", encoding="utf-8") as f:
        f.write("# " + "\t".join(COLUMNS) + "\n")
        for row in rows:
            row["reason"] = reasons.get(row["file"], "-")
            f.write("\t".join(row[c] for c in COLUMNS) + "\n")


needs_data = pytest.mark.skipif(
    not os.path.isdir(DATA),
    reason=f"the {sum(1 for _ in open(TABLE, encoding='utf-8')) - 1} files of "
           "tests/data/mud-expected.tsv are not here: set CARDEA_DATA")
needs_yanglint = pytest.mark.skipif(not shutil.which("yanglint"),
                                    reason="no yanglint: install libyang-tools")


@needs_data
def test_every_file_gets_its_verdict(cli):
    rows = [judge(cli, path) for path in files()]
    expected = read_table()
    if os.environ.get("CARDEA_GOLDEN_WRITE"):
        write_table([dict(row) for row in rows], expected)
        expected = read_table()
    for row in expected:
        row.pop("reason")
    assert rows == expected


def yanglint(path):
    modules = [os.path.join(DATA, "yang", m + ".yang") for m in MODULES]
    done = subprocess.run(["yanglint", "-p", os.path.join(DATA, "yang"), "-f", "json",
                           "-t", "config", *modules, path], capture_output=True,
                          check=False, timeout=60)
    return verdict(done.returncode == 0), done.stderr.decode(errors="replace")


@needs_data
@needs_yanglint
def test_strict_verdicts_are_those_of_yanglint():
    table = [row for row in read_table() if row["file"].endswith(".json")]
    assert len(table) > 60
    differ = {}
    for row in table:
        said, why = yanglint(os.path.join(DATA, row["file"]))
        if said != row["strict"] and row["reason"] == "-":
            differ[row["file"]] = why
        assert said != row["strict"] or row["reason"] == "-", \
            f"{row['file']}: the table explains a difference that is none"
    assert not differ


@needs_data
@needs_yanglint
def test_what_is_repaired_is_valid_for_both(cli, folder):
    out = os.path.join(folder, "out.json")
    repaired = 0
    for row in read_table():
        path = os.path.join(DATA, row["file"])
        code = 0 if row["import"] == "valid" else 6
        done = cli("mud", "repair", path, "--out", out, "--json", code=code)
        told = json.loads(done.stdout)
        assert told["valid"] == (code == 0) and len(told["repairs"]) == int(row["repairs"])
        if code:
            assert not os.path.exists(out)
            continue
        assert json.loads(cli("mud", "lint", out, "--json").stdout)["aces"] == told["aces"]
        with open(out, encoding="utf-8") as f:
            text = f.read()
        if not any(node in text for node in FOREIGN):
            assert yanglint(out)[0] == "valid", row["file"]
        repaired += row["strict"] == "invalid"
        os.unlink(out)
    assert repaired >= 40


@needs_data
@needs_yanglint
def test_tls_profiles_of_drafts_are_repaired_for_both(cli, folder):
    """As the drafts of RFC 9761 wrote them, and the example in its text."""
    with open(os.path.join(DATA, "ietf-examples/rfc9761-example-corrected.json"),
              encoding="utf-8") as f:
        data = json.load(f)
    matches = data["ietf-access-control-list:acls"]["acl"][0]["aces"]["ace"][0]["matches"]
    del matches["ietf-acl-tls:client-profiles"]
    matches["ietf-acl-tls:client-profile"] = {"tls-dtls-profiles": [
        {"supported-tls-versions": ["tls12", "tls13"], "cipher-suites": [4865, "4866"],
         "extension-types": [10], "supported-groups": [29], "psk-key-exchange-modes": [1],
         "signature-algorithms": [1027], "signature-algorithms-cert": [1027],
         "application-protocols": ["h2"], "cert-compression-algorithms": [2],
         "acceptlist-ta-certs": ["MIIB"], "certificate-authorities": ["CN=a"]}]}
    data["ietf-mud:mud"]["ietf-mud-tls:is-tls-dtls-profile-supported"] = "true"
    path, out = os.path.join(folder, "wild.json"), os.path.join(folder, "out.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump(data, f)
    assert yanglint(path)[0] == "invalid"
    cli("mud", "lint", path, code=6)
    cli("mud", "repair", path, "--out", out)
    cli("mud", "lint", out)
    assert yanglint(out) == ("valid", "")


@needs_data
def test_the_unsw_files_are_enforceable(cli):
    """Repaired, no list is empty, and what is not enforced says why."""
    seen, count = 0, collections.Counter()
    for path in sorted(glob.glob(os.path.join(DATA, "unsw/*.json"))):
        told = json.loads(cli("mud", "lint", "--import", path, "--json").stdout)
        assert told["valid"] and told["repairs"] and told["rules"]
        for rule in told["rules"]:
            why = UNSW_REASONS[rule["status"]]
            assert not why or any(w in rule["why"] for w in why), (path, rule)
        count.update(r["status"] for r in told["rules"])
        seen += 1
    assert seen == 20
    assert count["enforced"] > 0.95 * count.total()
