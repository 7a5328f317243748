# SPDX-License-Identifier: GPL-2.0-or-later
"""cardea user, token and web, against a daemon that answers as it is told."""

import hashlib
import json
import os
import pty
import select
import subprocess

import pytest

SALT = bytes(range(32))
PASSWORD = "four words of it"
ANNA = {"name": "anna", "role": "owner", "since": "2026-11-20T10:00:00Z",
        "last_login": None, "sessions": 2}
TOKEN = {"id": 3, "name": "panel", "role": "viewer", "by": "anna",
         "since": "2026-11-20T10:00:00Z", "expires": "2099-11-20T10:00:00Z",
         "last_used": None}
SECRET = "k7qm-2rxt-0abc-9zzz"


def key_of(user, password=PASSWORD):
    return hashlib.scrypt(password.encode(), salt=SALT + user.encode(), n=1 << 10, r=8, p=2,
                          dklen=32).hex()


def web(secret=SECRET, until=None, **more):
    return dict({"schema": "cardea.web/1", "enabled": True,
                 "urls": ["https://192.168.1.1:8443/", "https://[fd00::1]:8443/"],
                 "fingerprint": "ab" * 32, "owner": False, "dry_run": False,
                 "setup": {"secret": secret, "until": until} if secret else None}, **more)


@pytest.fixture
def people(daemon):
    def changes(query, body):
        said = json.loads(body)
        user = dict(ANNA, name=said.get("name", "anna"), role=said.get("role", "owner"))
        return 200, dict(user, schema="cardea.user/1", was="owner",
                         dry_run=said.get("dry_run", False))

    def tokens(query, body):
        said = json.loads(body)
        dry = said.get("dry_run", False)
        return 200, dict(TOKEN, schema="cardea.token/1", dry_run=dry,
                         token=None if dry or said.get("remove") else "cardea_" + "0" * 64)

    daemon.routes["GET", "/v1/session"] = (200, {
        "schema": "cardea.session/1", "role": "owner",
        "scrypt": {"salt": SALT.hex(), "log2_n": 10, "r": 8, "p": 2}})
    daemon.routes["GET", "/v1/users"] = (
        200, {"schema": "cardea.user.list/1", "users": [ANNA]})
    daemon.routes["POST", "/v1/users"] = changes
    daemon.routes["POST", "/v1/users/anna"] = changes
    daemon.routes["GET", "/v1/tokens"] = (200, {
        "schema": "cardea.token.list/1", "tokens": [dict(TOKEN, over=False)]})
    daemon.routes["POST", "/v1/tokens"] = tokens
    daemon.routes["POST", "/v1/tokens/3"] = tokens
    daemon.routes["GET", "/v1/web"] = (200, web())
    return daemon


@pytest.fixture
def say(cli, tmp_path):
    """The command with that on its stdin."""
    def run(*args, stdin, **how):
        path = tmp_path / "stdin"
        path.write_bytes(stdin.encode())
        with open(path, "rb") as f:
            return cli(*args, stdin=f, **how)

    return run


def sent(daemon):
    return [json.loads(body) for method, _, _, body in daemon.requests if method == "POST"]


def test_list(cli, people):
    out = cli("user", "list").stdout
    assert "anna" in out and "owner" in out and "never" in out
    assert json.loads(cli("user", "list", "--json").stdout)["users"] == [ANNA]
    people.routes["GET", "/v1/users"] = (200, {"users": []})
    assert "`cardea web` shows how" in cli("user", "list").stderr


def test_a_password_leaves_as_a_key(say, people):
    done = say("user", "add", "ben", "--role", "viewer", stdin=PASSWORD + "\n")
    assert done.stdout == "ben may log in as viewer\n"
    assert "undo with: cardea user remove ben" in done.stderr
    assert sent(people) == [{"name": "ben", "role": "viewer", "key": key_of("ben")}]
    assert not any(PASSWORD in str(r) for r in people.requests)
    say("user", "password", "anna", stdin="grüße aus dem garten")
    assert sent(people)[-1] == {"key": key_of("anna", "grüße aus dem garten")}


def test_dry_run_changes_nothing(cli, say, people):
    done = say("user", "add", "ben", "--dry-run", stdin=PASSWORD + "\n")
    assert "could log in as viewer" in done.stdout and "undo" not in done.stderr
    done = cli("user", "remove", "anna", "--dry-run")
    assert "could no longer" in done.stdout
    cli("token", "add", "panel", "--dry-run")
    cli("token", "remove", "3", "--dry-run")
    assert all(body["dry_run"] is True for body in sent(people))


@pytest.mark.parametrize("typed", ["", "short", "x" * 257, "\n" + PASSWORD])
def test_passwords_that_are_none(say, people, typed):
    assert "password" in say("user", "add", "ben", stdin=typed, code=2).stderr
    assert sent(people) == []


@pytest.mark.parametrize("name, code", [("anna", 5), ("Ben", 2), ("1ben", 2), ("a" * 32, 2),
                                        ("ben;rm", 2), ("ben\u202e", 2)])
def test_names_that_are_none(cli, people, name, code):
    """Said before a password is asked for."""
    cli("user", "add", name, code=code)
    assert sent(people) == []


def test_nobody_of_that_name(cli, people):
    assert "`cardea user list`" in cli("user", "password", "ben", code=4).stderr


def test_typed_without_echo(people, program):
    """On a terminal, twice, and never shown."""
    primary, other = pty.openpty()
    run = subprocess.Popen([program, "--socket", people.path, "user", "password", "anna"],
                           stdin=other, stdout=subprocess.PIPE, stderr=other)
    os.close(other)
    seen = b""

    def until(word):
        nonlocal seen
        while word not in seen:
            assert select.select([primary], [], [], 60)[0], seen
            seen += os.read(primary, 1024)
        seen = seen.partition(word)[2]

    until(b"New password: ")
    os.write(primary, PASSWORD.encode() + b"\n")
    until(b"Once more: ")
    os.write(primary, PASSWORD.encode() + b"\n")
    out, _ = run.communicate(timeout=60)
    while select.select([primary], [], [], 0)[0]:
        try:
            seen += os.read(primary, 1024)
        except OSError:
            break
    os.close(primary)
    assert run.returncode == 0 and b"anna has another password" in out
    assert PASSWORD.encode() not in seen + out
    assert sent(people)[-1] == {"key": key_of("anna")}


def test_tokens(cli, people):
    out = cli("token", "list").stdout
    assert "panel" in out and "(hidden)" in out and "cardea_" not in out
    done = cli("token", "add", "panel", "--role", "isp", "--days", "90")
    assert done.stdout == "cardea_" + "0" * 64 + "\n"
    assert "undo with: cardea token remove 3" in done.stderr
    assert sent(people)[-1] == {"name": "panel", "role": "isp", "days": 90}
    assert "opens nothing any more" in cli("token", "remove", "3").stdout
    assert "--days" in cli("token", "add", "panel", "--days", "0", code=2).stderr
    assert "--days" in cli("token", "add", "panel", "--days", "many", code=2).stderr


def test_web_shows_the_way_in(cli, people):
    done = cli("web")
    assert "https://192.168.1.1:8443/" in done.stdout and "[fd00::1]" in done.stdout
    assert ":".join(["AB"] * 32) in done.stdout and SECRET in done.stdout
    assert "Nobody owns this gateway yet" in done.stderr
    assert "\u2588" not in done.stdout
    people.routes["GET", "/v1/web"] = (200, web(None, owner=True))
    done = cli("web")
    assert SECRET not in done.stdout and "--new-secret" in done.stderr
    people.routes["GET", "/v1/web"] = (200, web(None, urls=[], fingerprint=None))
    assert "page_port" in cli("web").stderr


def test_web_new_secret(cli, people):
    people.routes["POST", "/v1/web"] = (
        200, web(SECRET, "2099-11-20T10:00:00Z", owner=True))
    done = cli("web", "--new-secret")
    assert SECRET in done.stdout and "once" in done.stderr
    assert sent(people)[-1] == {"new_secret": True, "dry_run": False}
    told = json.loads(cli("web", "--new-secret", "--json").stdout)
    assert told["setup"]["secret"] == SECRET


def test_web_as_a_picture(cli, people):
    lines = [x for x in cli("web", "--picture").stdout.splitlines() if "\u2588" in x]
    if not lines:
        pytest.skip("built without libqrencode")
    assert len(lines) > 15 and len({len(x) for x in lines}) == 1
