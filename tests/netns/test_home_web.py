# SPDX-License-Identifier: GPL-2.0-or-later
"""The owner's pages in a home, from a phone on the LAN: files, a login, changes, a live view,
and who does not get there."""

import contextlib
import http.client
import json
import os
import re
import socket
import ssl
import time

import pytest

NAME = "dns.cardea.internal"
PAGE = 8443
GATEWAY4, GATEWAY6 = "192.168.1.1", "fd00:c0de:1::1"
PASSWORD = "three small words"


def trust(home):
    context = ssl.create_default_context(
        cafile=os.path.join(home.cardea.state, "dns-tls", "cert.pem"))
    context.verify_flags |= 0x80000  # X509_V_FLAG_PARTIAL_CHAIN
    return context


class Browser:
    """Keeps its cookie and its word against forgery, as the pages do."""

    def __init__(self, home, device, server=GATEWAY4, name=NAME):
        self.home, self.device, self.server = home, device, server
        self.host = f"{name}:{PAGE}"
        self.cookie, self.csrf = None, None

    def connect(self):
        family = socket.AF_INET6 if ":" in self.server else socket.AF_INET
        sock = self.device.socket(family, socket.SOCK_STREAM)
        sock.settimeout(30)
        sock.connect((self.server, PAGE))
        c = http.client.HTTPConnection(self.host)
        c.sock = trust(self.home).wrap_socket(sock, server_hostname=NAME)
        return c

    def fields(self, method, more):
        f = {"Host": self.host, "Accept-Encoding": "gzip", "Sec-Fetch-Site": "same-origin"}
        if self.cookie:
            f["Cookie"] = "__Host-cardea=" + self.cookie
        if method == "POST":
            f["Origin"] = "https://" + self.host
            f["Content-Type"] = "application/json"
            if self.csrf:
                f["X-Cardea-Csrf"] = self.csrf
        return {**f, **more}

    def ask(self, method, path, body=None, **more):
        with contextlib.closing(self.connect()) as c:
            text = None if body is None else json.dumps(body)
            c.request(method, path, text, {k: v for k, v in self.fields(
                method, {k.replace("_", "-"): v for k, v in more.items()}).items() if v})
            r = c.getresponse()
            octets = r.read()
        cookie = re.match("__Host-cardea=([^;]*)", r.headers.get("Set-Cookie") or "")
        if cookie:
            self.cookie = cookie[1]
        json_ = "json" in (r.headers.get("Content-Type") or "")
        return r.status, r.headers, json.loads(octets) if json_ and octets else octets

    def log_in(self, user, password):
        status, headers, said = self.ask("POST", "/v1/session",
                                         {"user": user, "password": password})
        if status == 200:
            self.csrf = said["csrf"]
        return status, headers, said


def web(home):
    return next((p for p in home.cardea.status()["sandbox"]
                 if p["name"] == "web" and p["running"]), None)


@pytest.fixture
def owner(home):
    """Made by the command line; so its key and the page's must be the same."""
    home.gateway.ns.run([home.cardea.programs["cardea"], "--socket", home.cardea.socket,
                         "user", "add", "webtest", "--role", "owner"], stdin=PASSWORD + "\n")
    yield "webtest"
    home.cardea.cli("user", "remove", "webtest")


def test_the_pages_are_there(home):
    status = home.cardea.status()["portal"]["page"]
    assert status == f"https://{NAME}:{PAGE}/" and status in home.cardea.cli("status").stdout
    phone = Browser(home, home["phone"])
    status, headers, octets = phone.ask("GET", "/devices/1/rules")
    assert status == 200 and headers["Content-Type"].startswith("text/html")
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["ETag"] and headers["Cache-Control"] == "no-cache"
    assert phone.ask("GET", "/", If_None_Match=headers["ETag"])[0] == 304
    assert {"seccomp", "chroot", "uid"} <= set(web(home)["sandbox"].split())
    # by either address, too: what a browser is given without DNS
    assert Browser(home, home["phone"], GATEWAY4, GATEWAY4).ask("GET", "/")[2] == octets
    assert Browser(home, home["phone"], GATEWAY6, f"[{GATEWAY6}]").ask("GET", "/")[2] == octets
    assert Browser(home, home["phone"], GATEWAY4, "evil.example").ask("GET", "/")[0] == 421


def test_a_visitor_sees_nothing(home):
    visitor = Browser(home, home["phone"])
    status, headers, said = visitor.ask("GET", "/v1/session")
    assert status == 200 and said["role"] is None and "scrypt" not in said
    assert headers["Cache-Control"] == "no-store"
    for path in ("/v1/status", "/v1/devices", "/v1/events", "/v1/stream", "/v1/settings"):
        status, _, said = visitor.ask("GET", path)
        assert status == 401 and said["schema"] == "cardea.error/1", path
    assert visitor.ask("POST", "/v1/stop", {})[0] in (401, 403)
    assert home.cardea.status()["ready"] is True


def test_an_owner_changes_something(home, owner):
    browser = Browser(home, home["phone"])
    assert browser.log_in(owner, PASSWORD + "x")[0] in (401, 403)
    status, headers, said = browser.log_in(owner, PASSWORD)
    assert status == 200 and said["role"] == "owner" and said["user"] == owner
    cookie = headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    plug = home.cardea.device(home["plug"].mac)
    path = f"/v1/devices/{plug['id']}"
    status, headers, said = browser.ask("GET", path)
    assert status == 200 and said["mac"] == home["plug"].mac
    assert browser.ask("POST", path, {"name": "by-page"})[0] == 200
    assert home.cardea.device(home["plug"].mac)["name"] == "by-page"
    # another site's page has the cookie at best, and neither the word nor the origin
    for more in ({"X_Cardea_Csrf": None}, {"X_Cardea_Csrf": "0" * 64},
                 {"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}):
        status, _, said = browser.ask("POST", path, {"name": "by-evil"}, **more)
        assert status == 403, more
    assert home.cardea.device(home["plug"].mac)["name"] == "by-page"
    assert browser.ask("POST", path, {"name": plug["name"]})[0] == 200
    assert browser.ask("POST", "/v1/session", {"end": True})[0] == 200
    assert browser.ask("GET", path)[0] == 401


def test_an_event_as_it_happens(home, owner):
    browser = Browser(home, home["phone"])
    browser.log_in(owner, PASSWORD)
    with contextlib.closing(browser.connect()) as c:
        c.request("GET", "/v1/stream", headers=browser.fields("GET", {}))
        r = c.getresponse()
        assert r.status == 200 and r.headers["Content-Type"].startswith("text/event-stream")
        plug = home.cardea.device(home["plug"].mac)
        assert browser.ask("POST", f"/v1/devices/{plug['id']}", {"name": "seen-live"})[0] == 200
        lines = []
        end = time.monotonic() + 30
        while time.monotonic() < end and "seen-live" not in "".join(lines):
            lines.append(r.fp.readline().decode())
        assert any("seen-live" in line and line.startswith("data: ") for line in lines), lines
        assert any(line.startswith("id: ") for line in lines)
        browser.ask("POST", f"/v1/devices/{plug['id']}", {"name": plug["name"]})


def test_who_does_not_get_there(home):
    """A device with a profile has no business there, nor has the world outside."""
    def reaches(device, server, patience=1.5):
        sock = device.connect(server, PAGE, patience)
        if sock:
            sock.close()
        return sock is not None

    assert reaches(home["phone"], GATEWAY4, 30)
    assert not reaches(home["bulb"], GATEWAY4) and not reaches(home["bulb"], GATEWAY6)
    listeners = home.gateway.ns.run(["ss", "-Htln"]).stdout
    addresses = {line.split()[3].rsplit(":", 1)[0].strip("[]").split("%")[0]
                 for line in listeners.splitlines() if line.split()[3].endswith(f":{PAGE}")}
    assert {GATEWAY4, GATEWAY6} <= addresses and not addresses & {"0.0.0.0", "*", "::"}


def test_many_idle_clients_stop_nobody(home, owner):
    """The owner is known, and stays; devices have places of their own; root's socket too."""
    browser = Browser(home, home["phone"])
    browser.log_in(owner, PASSWORD)
    assert browser.ask("GET", "/v1/status")[0] == 200
    with contextlib.closing(browser.connect()) as c:
        c.request("GET", "/v1/status", headers=browser.fields("GET", {}))
        assert c.getresponse().read()
        crowd = []
        for _ in range(200):
            sock = home["phone"].socket(
                socket.AF_INET6, socket.SOCK_STREAM)
            sock.setblocking(False)
            sock.connect_ex((GATEWAY6, PAGE))
            crowd.append(sock)
        time.sleep(1)  # they come in as fast as they are taken
        c.request("GET", "/v1/status", headers=browser.fields("GET", {}))
        assert c.getresponse().read()
        assert browser.ask("GET", "/v1/status")[0] == 200
        assert home.cardea.status()["ready"] is True
        for sock in crowd:
            sock.close()


@pytest.fixture
def impatient(opened):
    opened.cardea.stop()
    opened.gateway.start_cardea(web={"idle": 1})
    yield opened
    opened.cardea.stop()
    opened.gateway.start_cardea()


def test_it_runs_while_somebody_looks(impatient):
    cardea, phone = impatient.cardea, impatient["phone"]
    cardea.wait_state(phone.mac, "learning")
    cardea.wait(lambda: web(impatient) is None, what="no web")
    impatient.gateway.ns.run([cardea.programs["cardea"], "--socket", cardea.socket,
                              "user", "add", "webtest", "--role", "viewer"],
                             stdin=PASSWORD + "\n")
    try:
        browser = Browser(impatient, phone)
        assert browser.log_in("webtest", PASSWORD)[0] == 200
        c = browser.connect()
        c.request("GET", "/v1/stream", headers=browser.fields("GET", {}))
        r = c.getresponse()  # which has the socket from here on
        assert r.status == 200
        end = time.monotonic() + 4  # four times as long as it stays without anybody
        while time.monotonic() < end:
            assert web(impatient)
            time.sleep(0.3)
        pid = web(impatient)["pid"]
        r.close()
        c.close()
        cardea.wait(lambda: web(impatient) is None, what="the end of web")
        # the next visit starts it, and the login holds
        assert browser.ask("GET", "/v1/status")[0] == 200
        assert web(impatient)["pid"] != pid and web(impatient)["restarts"] == 0
    finally:
        cardea.cli("user", "remove", "webtest")
