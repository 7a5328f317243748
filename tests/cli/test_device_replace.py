# SPDX-License-Identifier: GPL-2.0-or-later
"""What devices were configured with, and who takes whose place, as commands."""

import json

import pytest

VAULT = {"schema": "cardea.vault/1", "device": "cam", "mac": "02:00:00:00:00:10",
         "versions": [{"version": 3, "name": "export.bin", "at": None, "bytes": 3,
                       "sha256": "ab" * 32}]}
CONTENT = {"schema": "cardea.vault.version/1", "device": "cam", "version": 3,
           "name": "export.bin", "content": "00ff41"}
SWAP = {"schema": "cardea.replacement/1", "old": "cam (old)", "old_mac": "02:00:00:00:00:10",
        "new": "cam", "new_mac": "02:00:00:00:00:11", "dry_run": False,
        "recognised": "both say the same MUD URL", "carried": ["name: cam"],
        "not_carried": ["its keys"]}
DEVICE = {"schema": "cardea.device/1", "name": "cam", "mac": "02:00:00:00:00:10"}


@pytest.fixture
def house(daemon):
    daemon.routes.update({
        ("GET", "/v1/vaults/cam"): (200, VAULT),
        ("POST", "/v1/vaults/cam"): (200, VAULT),
        ("GET", "/v1/views/cam"): (200, {"schema": "cardea.view/1", "name": "cam"}),
        ("POST", "/v1/replacements/new"): (200, SWAP),
        ("POST", "/v1/retired/cam"): (200, DEVICE),
        ("GET", "/v1/devices"): (200, {"devices": []}),
    })
    return daemon


def posted(house):
    return [json.loads(body) for method, *_, body in house.requests if method == "POST"]


def test_put(cli, house, tmp_path):
    (tmp_path / "export.bin").write_bytes(b"\x00\xffA")
    done = cli("device", "vault", "put", "cam", str(tmp_path / "export.bin"))
    assert posted(house) == [{"name": "export.bin", "bytes": "00ff41", "dry_run": False}]
    assert "undo with: cardea device vault remove cam --number 3" in done.stderr
    (tmp_path / "big").write_bytes(b" " * (256 * 1024 + 1))
    cli("device", "vault", "put", "cam", str(tmp_path / "big"), code=1)


def test_get(cli, house, tmp_path):
    house.routes[("GET", "/v1/vaults/cam")] = (200, CONTENT)
    out = tmp_path / "out"
    cli("device", "vault", "get", "cam", "--out", str(out))
    assert out.read_bytes() == b"\x00\xffA"
    assert ("GET", "/v1/vaults/cam") == house.requests[-1][:2]
    cli("device", "vault", "get", "cam", "--out", str(out), code=5)  # it is there
    cli("device", "vault", "get", "cam", code=2)


def test_list_remove_and_usage(cli, house):
    assert "export.bin" in cli("device", "vault", "list", "cam").stdout
    cli("device", "vault", "remove", "cam", code=2)
    cli("device", "vault", "remove", "cam", "--number", "3", "--dry-run")
    assert posted(house) == [{"remove": 3, "dry_run": True}]
    for words in (["put", "cam"], ["sing", "cam"], ["list", "cam", "x"]):
        cli("device", "vault", *words, code=2)


def test_view(cli, house):
    assert json.loads(cli("device", "view", "cam").stdout)["schema"] == "cardea.view/1"


def test_replace(cli, house):
    done = cli("device", "replace", "cam", "new", "--yes")
    assert posted(house) == [{"of": "cam", "anyway": False, "dry_run": False}]
    assert "cam takes the place of cam (old) (both say the same MUD URL)" in done.stdout
    assert "+ name: cam" in done.stdout and "- its keys" in done.stdout
    assert ("undo with: cardea device readmit 02:00:00:00:00:10 && cardea device replace "
            "02:00:00:00:00:11 02:00:00:00:00:10 --anyway") in done.stderr
    done = cli("device", "replace", "cam", "new", "--anyway", "--dry-run")
    assert posted(house)[-1] == {"of": "cam", "anyway": True, "dry_run": True}
    assert "would take" in done.stdout and "undo" not in done.stderr


def test_retire_and_readmit(cli, house):
    done = cli("device", "retire", "cam", "--yes")
    assert "undo with: cardea device readmit cam" in done.stderr
    cli("device", "readmit", "cam", "--dry-run")
    assert posted(house) == [{"retire": True, "dry_run": False},
                             {"retire": False, "dry_run": True}]
