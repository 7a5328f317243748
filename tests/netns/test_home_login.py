# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may use the gateway's page, on a real gateway from devices of its LAN: the first owner,
every route for every role, foreign pages, planted and stolen cookies, guessing, tokens, devices
that are held, restarts and crashes."""

import http.client
import itertools
import json
import os
import signal
import socket
import ssl
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GATEWAY, PORT = "192.168.1.1", 8443
COOKIE = "__Host-cardea"
PEOPLES = (("laptop", 0x61), ("tablet", 0x62), ("console", 0x63))
OWNER, VIEWER = "four words of it", "another long one"


class Answer:
    def __init__(self, r):
        self.status, self.fields, self.body = r.status, r.headers, r.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def cookie(self):
        given = self.fields.get("Set-Cookie", "")
        return given.partition("=")[2].partition(";")[0] if given else None


TOO_OFTEN = b"This address asks more than a device has to"


class Browser:
    """One device, and what it keeps of a login."""

    def __init__(self, home, device):
        self.home, self.device = home, device
        self.cookie = self.csrf = self.token = None

    def connect(self, timeout=30):
        sock = self.device.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.settimeout(timeout)
        sock.connect((GATEWAY, PORT))
        trust = ssl.create_default_context(
            cafile=os.path.join(self.home.cardea.state, "dns-tls", "cert.pem"))
        trust.check_hostname = False
        trust.verify_flags |= 0x80000  # X509_V_FLAG_PARTIAL_CHAIN
        return trust.wrap_socket(sock)

    def open(self, method, path, body=None, **fields):
        c = http.client.HTTPConnection("%s:%d" % (GATEWAY, PORT))
        c.sock = self.connect()
        sent = {"Accept": "application/json"}
        if self.cookie:
            sent["Cookie"] = "%s=%s" % (COOKIE, self.cookie)
        if self.csrf and method == "POST":
            sent["X-Cardea-Csrf"] = self.csrf
        if self.token:
            sent["Authorization"] = "Bearer " + self.token
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent.update({k.replace("_", "-"): v for k, v in fields.items()})
        c.request(method, path, None if body is None else json.dumps(body),
                  {k: v for k, v in sent.items() if v is not None})
        return c, c.getresponse()

    def ask(self, method, path, body=None, **fields):
        """As often as the process web has it: who asks more than a device has to is refused,
        before or after the handshake, and waits."""
        end = time.monotonic() + 90
        while True:
            try:
                c, r = self.open(method, path, body, **fields)
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError, ConnectionResetError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.3)
                continue
            try:
                answer = Answer(r)
            finally:
                c.close()
            if TOO_OFTEN not in answer.body or time.monotonic() > end:
                return answer
            time.sleep(0.3)

    def get(self, path, **fields):
        return self.ask("GET", path, **fields)

    def post(self, path, body, **fields):
        return self.ask("POST", path, body, **fields)

    def keep(self, answer):
        assert answer.status == 200, answer.body
        if answer.cookie is not None:
            self.cookie = answer.cookie
        self.csrf = answer.json["csrf"]
        return answer

    def log_in(self, user, password):
        self.cookie = self.csrf = None
        return self.keep(self.post("/v1/session", {"user": user, "password": password}))

    @property
    def role(self):
        return self.get("/v1/session").json["role"]


def piped(home, stdin, *args, code=0):
    done = home.gateway.ns.run(
        [home.cardea.programs["cardea"], "--socket", home.cardea.socket, *args],
        stdin=stdin, check=False)
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture(scope="module")
def people(opened):
    """The first owner by the setup secret, as a person has it; and others. Devices that are
    protected by a profile do not even reach the page: people have some of their own."""
    for name, octet in PEOPLES:
        opened.add_device(name, octet)
    for name, _ in PEOPLES:
        opened[name].join()
    for name, _ in PEOPLES:
        opened[name].wait_ready(30)
        opened.cardea.wait_state(opened[name].mac, "new", "learning")
    browser = Browser(opened, opened["phone"])
    told = opened.cardea.json("web")
    assert told["owner"] is False and "https://%s:%d/" % (GATEWAY, PORT) in told["urls"]
    assert browser.get("/v1/session").json["setup"] is True
    wrong = browser.post("/v1/setup", {"secret": "0000 0000 0000 0000", "password": OWNER})
    assert wrong.status == 403
    secret = told["setup"]["secret"]
    made = browser.post("/v1/setup", {"secret": secret.upper().replace("-", " "),
                                      "password": OWNER})
    browser.keep(made)
    assert browser.role == "owner"
    again = browser.post("/v1/setup", {"secret": secret, "password": OWNER + "!"})
    assert again.status == 403
    assert "undo with: cardea user remove ben" in piped(
        opened, VIEWER + "\n", "user", "add", "ben", "--role", "viewer").stderr
    piped(opened, VIEWER + "\n", "user", "add", "isp", "--role", "isp")
    assert opened.cardea.json("web")["setup"] is None
    yield browser
    for name, _ in PEOPLES:
        opened.remove_device(name)


def copy_of(session, device):
    """The same login at another device: cookies are bound to none."""
    browser = Browser(session.home, device)
    browser.cookie, browser.csrf = session.cookie, session.csrf
    return browser


@pytest.fixture
def owner(home, people):
    """The first owner's session, which holds until the last test."""
    assert people.role == "owner"
    return copy_of(people, home["phone"])


def routes():
    with open(os.path.join(ROOT, "web/openapi.json"), encoding="utf-8") as f:
        paths = json.load(f)["paths"]
    for path, methods in paths.items():
        for method, route in methods.items():
            if method in ("get", "post"):
                yield method.upper(), path.replace("{object}", "nobody"), route["x-roles"]


# With every secret of the house: by root's socket alone, whoever is logged in.
ROOTS = ("/v1/backup", "/v1/restore")


@pytest.mark.parametrize("user, role", [(None, None), ("owner", "owner"), ("ben", "viewer"),
                                        ("isp", "isp")])
def test_every_route_for_every_role(home, people, user, role):
    browser = copy_of(people, home["phone"]) if role == "owner" else Browser(
        home, home["phone"])
    devices = itertools.cycle(home[n] for n in ("phone", "laptop", "tablet", "console"))
    if user and role != "owner":
        browser.log_in(user, VIEWER)
    before = {m: d["name"] for m, d in home.cardea.devices().items()}
    count = 0
    for method, path, roles in routes():
        if path in ("/v1/stream", "/v1/session"):
            continue  # stays open, or is asked all the time
        browser.device = next(devices)  # each may ask so often and no more
        body = {"no_such": 1} if method == "POST" else None
        status = home.cardea.wait(lambda m=method, p=path, b=body: (
            lambda a: a.status if a.status != 429 else 0)(browser.ask(m, p, b)),
            what="a place")
        allowed = "anybody" in roles or role in roles
        if path in ROOTS and allowed:
            assert status in (400, 403), (method, path, status)
        elif allowed:
            assert status not in (401, 403), (method, path, status)
            assert method == "GET" or status >= 400, (method, path, status)
        else:
            assert status == (403 if role else 401), (method, path, status)
        count += 1
    assert count > 60
    assert {m: d["name"] for m, d in home.cardea.devices().items()} == before


def test_cookie(home, people):
    mine = Browser(home, home["phone"])
    answer = mine.log_in("ben", VIEWER)
    parts = [p.strip() for p in answer.fields["Set-Cookie"].split(";")]
    assert parts[0].startswith(COOKIE + "=")
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Strict"} <= set(parts[1:])
    assert not any(p.startswith("Domain") for p in parts)
    assert answer.fields["Cache-Control"] == "no-store"
    assert mine.cookie not in str(home.cardea.log())
    with open(os.path.join(home.cardea.state, "cardea.db"), "rb") as f:
        assert bytes.fromhex(mine.cookie) not in f.read()


def test_foreign_pages(home, owner):
    """What makes the owner's browser ask lacks the word, or cannot send JSON."""
    mac = home["bulb"].mac
    change = {"name": "stolen"}
    good = owner.csrf
    for csrf in (None, "0" * 64, good[:-1], good + "0"):
        owner.csrf = csrf
        assert owner.post("/v1/devices/" + mac, change).status == 403
    owner.csrf = good
    form = owner.post("/v1/devices/" + mac, change, Content_Type="text/plain")
    assert form.status == 415
    foreign = owner.post("/v1/devices/" + mac, change, Origin="https://evil.example")
    assert foreign.status in (200, 403)
    other = Browser(home, home["phone"])
    other.log_in("ben", VIEWER)
    owner.csrf = other.csrf
    assert owner.post("/v1/devices/" + mac, change).status == 403
    owner.csrf = good
    name = home.cardea.device(mac)["name"]
    if foreign.status == 403:
        assert name != "stolen"
    home.cardea.cli("device", "rename", mac, "bulb")


def test_planted_and_forged_cookies(home, owner):
    planted = "ab" * 32
    victim = Browser(home, home["phone"])
    victim.cookie = planted
    victim.keep(victim.post("/v1/session", {"user": "ben", "password": VIEWER}))
    assert victim.cookie != planted
    victim.cookie = planted
    assert victim.role is None
    for forged in (owner.cookie[:-1], owner.cookie + "0", owner.cookie.upper() + "x",
                   "", "a" * 4000, "%s; %s=%s" % (owner.cookie, COOKIE, planted)):
        victim.cookie = forged
        assert victim.get("/v1/devices").status in (400, 401, 431), forged
    assert owner.role == "owner"


def test_replayed_after_logout(home, people):
    mine = Browser(home, home["phone"])
    mine.log_in("ben", VIEWER)
    copy = copy_of(mine, home["laptop"])
    assert copy.role == "viewer"
    assert mine.post("/v1/session", {"end": True}).status == 200
    assert copy.role is None
    assert copy.get("/v1/devices").status == 401
    mine.log_in("ben", VIEWER)
    copy = copy_of(mine, home["laptop"])
    mine.log_in("ben", VIEWER)
    assert copy.role == "viewer"
    assert mine.post("/v1/session", {"end_all": True}).status == 200
    assert copy.role is None


def test_guessing(home, people):
    """Who guesses waits; the owner where he was made one, at another device that has not
    failed, and root, do not."""
    guesser, answers = Browser(home, home["console"]), []
    # a slow machine takes longer for a password than the first pauses are: they double
    while not answers or (answers[-1].status == 401 and len(answers) < 9):
        answers.append(guesser.post(
            "/v1/session", {"user": "owner", "password": "wrong %d" % len(answers) * 3}))
    assert [a.status for a in answers[:3]] == [401] * 3
    assert answers[-1].status == 429 and int(answers[-1].fields["Retry-After"]) >= 1
    Browser(home, home["phone"]).log_in("owner", OWNER)
    piped(home, VIEWER + "\n", "user", "password", "ben")
    told = [e for e in home.cardea.events() if e["kind"] == "access"]
    assert any("console" in e["text"] and "refused" in e["text"] for e in told)
    assert sum("refused" in e["text"] and "console" in e["text"] for e in told) < 3


def test_tokens(home, owner):
    made = owner.post("/v1/tokens", {"name": "panel", "role": "viewer", "days": 1}).json
    program = Browser(home, home["tablet"])
    program.token = made["token"]
    assert program.role == "viewer"
    assert program.get("/v1/devices").status == 200
    assert program.post("/v1/devices/" + home["bulb"].mac, {"name": "x"}).status == 403
    shown = home.cardea.cli("token", "list").stdout
    assert "panel" in shown and "(hidden)" in shown and made["token"] not in shown
    assert made["token"] not in json.dumps(owner.get("/v1/tokens").json)
    program.token = made["token"][:-1] + ("0" if made["token"][-1] != "0" else "1")
    assert program.get("/v1/devices").status == 401
    program.token = made["token"]
    home.cardea.cli("token", "remove", str(made["id"]))
    assert program.get("/v1/devices").status == 401


def is_refused(browser):
    """Before its first octet. While the rules change, the handshake may still have begun."""
    try:
        browser.connect(5).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        pass
    return False


def test_held_devices_are_refused(home, owner):
    """Also with the owner's own session: what runs there is not trusted."""
    there = copy_of(owner, home["tablet"])
    waits = there.connect()  # from before
    mac = home["tablet"].mac
    held = owner.post("/v1/quarantine/" + mac, {"add": "a test"})
    assert held.status == 200, held.body
    try:
        # the kernel ends what it had open, or the gateway says why it does not serve
        waits.settimeout(2)
        try:
            waits.sendall(("POST /v1/quarantine/%s HTTP/1.1\r\nHost: %s:%d\r\nCookie: %s=%s\r\n"
                           "X-Cardea-Csrf: %s\r\nContent-Type: application/json\r\n"
                           "Content-Length: 16\r\n\r\n{\"release\":true}"
                           % (mac, GATEWAY, PORT, COOKIE, there.cookie, there.csrf)).encode())
            said = waits.recv(65536).decode()
        except OSError:
            said = ""
        assert not said or (said.startswith("HTTP/1.1 403 ") and "held" in said)
        home.cardea.wait(lambda: is_refused(there), what="the kernel's refusal")
        assert home.cardea.device(mac)["hold"] != "none"
        there.device = home["phone"]  # the session itself is as good as before
        assert there.role == "owner"
    finally:
        step = owner.post("/v1/quarantine/" + mac, {"release": True})
        assert step.status == 200, step.body
        owner.post("/v1/quarantine/" + mac, {"release": True, "code": step.json["code"]})
    home.cardea.wait(lambda: home.cardea.device(mac)["hold"] == "none", what="the release")
    assert Browser(home, home["tablet"]).get("/v1/session").status == 200


def engine(home):
    return next((p for p in (home.cardea.status() or {}).get("sandbox", [])
                 if p["name"] == "engine" and p["running"]), None)


def test_restart_and_kill_keep_sessions(home, owner):
    token = owner.post("/v1/tokens", {"name": "kept", "role": "isp"}).json["token"]
    before = engine(home)["pid"]
    os.kill(before, signal.SIGKILL)
    home.cardea.wait(lambda: (engine(home) or {"pid": before})["pid"] != before,
                     what="another engine")
    home.cardea.wait(lambda: home.cardea.status()["ready"], what="the rules")

    def asked():
        try:
            return owner.get("/v1/session").status == 200
        except OSError:
            return False

    home.cardea.wait(asked, what="the page")
    assert owner.role == "owner"
    assert owner.get("/v1/devices").status == 200
    program = Browser(home, home["laptop"])
    program.token = token
    assert program.role == "isp"
    assert program.get("/v1/devices").status == 403


def test_stream(home, owner):
    mac = home["bulb"].mac

    def follow(**fields):
        c, r = owner.open("GET", "/v1/stream", Accept="text/event-stream", **fields)
        assert r.status == 200 and r.headers.get_content_type() == "text/event-stream"
        return c, r

    def until(r, word):
        lines = []
        while not lines or word not in lines[-1]:
            line = r.readline().decode()
            assert line, lines
            lines.append(line)
        return lines

    c, r = follow()
    until(r, "retry:")
    home.cardea.cli("device", "rename", mac, "Lamp one")
    lines = until(r, "Lamp one")
    seen = next(x for x in lines if x.startswith("id: ")).split()[1]
    assert "event: event\n" in lines
    assert any('"what":"devices"' in x for x in until(r, '"devices"'))
    c.close()
    home.cardea.cli("device", "rename", mac, "bulb")
    c, r = follow(Last_Event_ID=seen)
    assert not any("is now called Lamp one" in x for x in until(r, "is now called bulb"))
    c.close()


def test_lost_password(home, owner):
    """Root is the way back: a new secret, and whoever was logged in is out."""
    told = home.cardea.json("web", "--new-secret")
    assert told["setup"]["until"]
    assert home.cardea.json("web")["setup"]["secret"] == "(hidden)"
    assert owner.get("/v1/web").json["setup"] is None
    assert owner.post("/v1/web", {"new_secret": True}).status == 403
    lost = Browser(home, home["laptop"])
    lost.keep(lost.post("/v1/setup", {"secret": told["setup"]["secret"], "user": "owner",
                                      "password": OWNER}))
    assert lost.role == "owner"
    assert owner.role is None
