# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens in the house is told to the one address that the owner wrote down: signed,
once, to his house in clear or to the world by TLS; and it is shown before it is sent."""

import hashlib
import hmac
import http.server
import json
import os
import socket
import threading

import pytest

from lab import internet
from lab.web import Page

PORT, SECRET = 8123, b"not known to others"
WORLD = "https://%s/notify?x=1" % internet.MUD_HOST


class Receiver:
    """Home automation on a device of the LAN: keeps what it is sent; answers as told."""

    def __init__(self, device):
        receiver = self
        self.taken, self.status = [], 200

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.taken.append((self.path, dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((device.ipv4, PORT), Handler, False)
        self.server.socket.close()
        self.server.socket = device.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.server.socket.bind((device.ipv4, PORT))
        self.server.socket.listen(8)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://%s:%d/api/webhook/secret" % (device.ipv4, PORT)

    def notices(self):
        return [json.loads(body) for _path, _headers, body in self.taken]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def house(opened, tmp_path_factory):
    key = tmp_path_factory.mktemp("hook") / "key"
    key.write_bytes(SECRET + b"\n")
    os.chmod(key, 0o600)
    opened.key = str(key)
    opened.receiver = Receiver(opened["phone"])
    restart(opened, url=opened.receiver.url, key=opened.key)
    yield opened
    opened.receiver.close()
    restart(opened)


def restart(home, **webhook):
    home.cardea.stop()
    home.gateway.start_cardea(webhook=webhook)
    home.cardea.wait_state(home["bulb"].mac, "protected")


def sink(home):
    rows = home.gateway.ns.run(["curl", "-s", "--unix-socket", home.cardea.socket,
                                "http://cardea/v1/sinks"]).stdout
    return {row["id"]: row for row in json.loads(rows)["sinks"]}


def test(home):
    done = home.gateway.ns.run(["curl", "-s", "--unix-socket", home.cardea.socket,
                                "-d", '{"test":true}', "-H", "Content-Type: application/json",
                                "http://cardea/v1/sinks/webhook"])
    return json.loads(done.stdout)


test.__test__ = False  # it is a verb here


def test_what_happens_is_told_signed_and_once(house):
    told = house.receiver
    house.cardea.cli("quarantine", "add", house["plug"].mac, "--reason", "It hums.")
    house.cardea.wait(lambda: [n for n in told.notices() if "hums" in n["text"]],
                      what="the message")
    path, headers, body = [t for t in told.taken if b"hums" in t[2]][0]
    assert path == "/api/webhook/secret" and headers["Content-Type"] == "application/json"
    wanted = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    assert headers["X-Cardea-Signature"] == "sha256=" + wanted
    notice = json.loads(body)
    assert set(notice) == {"schema", "id", "at", "kind", "device", "text"}
    assert notice["schema"] == "cardea.notice/1"
    assert notice["text"].endswith("wants: It hums.")
    assert notice["device"] == house.cardea.device(house["plug"].mac)["name"]
    assert house["plug"].mac not in body.decode() and house["plug"].ipv4 not in body.decode()
    ids = [n["id"] for n in told.notices()]
    assert len(ids) == len(set(ids)) and ids == sorted(ids)
    row = sink(house)["webhook"]
    assert row["enabled"] and row["outcome"] == "delivered" and row["last"]
    assert row["to"] == "http://%s:%d/(hidden)" % (house["phone"].ipv4, PORT)


def test_refused_packets_are_no_messages(house):
    before = len(house.receiver.taken)
    camera = house["camera"]
    for port in range(7000, 7004):
        assert not camera.connect("203.0.113.99", port, timeout=0.3)
    house.cardea.wait(lambda: [e for e in house.cardea.events() if e["kind"] == "violation" and
                               e.get("port") == 7003], what="the refused packets")
    assert "sent" in test(house)
    house.cardea.wait(lambda: [n for n in house.receiver.notices() if n["kind"] == "test"],
                      what="the test")
    new = house.receiver.notices()[before:]
    assert not [n for n in new if n["kind"] == "violation"], new


def test_what_is_shown_is_what_is_sent(house):
    sample = sink(house)["webhook"]["sample"]
    notice = json.loads(sample)
    sent = [body.decode() for _p, _h, body in house.receiver.taken
            if json.loads(body)["id"] == notice["id"]]
    assert sent == [sample]


def test_a_receiver_that_fails_is_tried_again(house):
    house.receiver.status = 500
    house.cardea.cli("quarantine", "add", house["printer"].mac, "--reason", "smoke")

    def tries():
        return [n for n in house.receiver.notices() if "smoke" in n["text"]]

    house.cardea.wait(tries, what="the first try")
    house.cardea.wait(lambda: "answered 500" in (sink(house)["webhook"]["outcome"] or ""),
                      what="the failure")
    house.receiver.status = 204
    house.cardea.wait(lambda: len(tries()) == 2, timeout=90, what="the second try")
    house.cardea.wait(lambda: sink(house)["webhook"]["outcome"] == "delivered",
                      what="that it arrived")
    assert tries()[0] == tries()[1]


def test_the_world_is_told_by_tls_alone(house):
    net = house.internet
    net.web.pages[WORLD] = Page(b"", status=204)
    restart(house, url=WORLD)
    assert test(house)["sent"]
    house.cardea.wait(lambda: [p for p in net.web.posts if p[0] == WORLD], what="the test")
    assert "X-Cardea-Signature" not in net.web.posts[-1][1]
    house.cardea.stop()
    bad = house.gateway.ns.run([house.cardea.programs["cardea"], "config", "check",
                                "/dev/stdin"], check=False, stdin=(
                                    '[webhook]\nurl = "http://%s/"\n' % internet.MUD_HOST))
    assert bad.returncode != 0 and "2:" in bad.stderr and "without TLS" in bad.stderr
    house.gateway.start_cardea(webhook={"enabled": False, "url": WORLD})
    assert test(house)["error"] == "nobody is to be told"
    assert not sink(house)["webhook"]["enabled"]
