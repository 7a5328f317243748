# SPDX-License-Identifier: GPL-2.0-or-later
"""The control API against its own description: a client that is made of web/openapi.json asks
a real gateway everything it may and much that it must not, as every role. No answer is a 5xx,
each is what its schema says, what the description forbids is refused with the member's name,
and whatever is refused has changed nothing.

CARDEA_API_REQUESTS is how many each role sends (default 1500 for the owner, 500 for who comes by
the page), CARDEA_API_SEED where the chance begins; both are printed. By root's socket the client
is the owner; as the others it comes by HTTPS from the house, with a token."""

import http.client
import json
import os
import random
import re
import socket
import ssl
import time
import urllib.parse

import pytest

import openapi
from lab import gateway

REQUESTS = int(os.environ.get("CARDEA_API_REQUESTS", "1500"))
# A page's clients are let ask 75 times a second, all together.
BY_PAGE = REQUESTS if "CARDEA_API_REQUESTS" in os.environ else 500
SEED = int(os.environ.get("CARDEA_API_SEED", "20260131"))
VISITORS = ("laptop", "tablet", "desk", "guest")  # without a MUD file: what people ask with
BLOCK = 20  # requests between two looks at the state
# What the owner has decided, and what is noted of it.
STATE = ("/v1/devices", "/v1/decisions?all=1", "/v1/overlays", "/v1/profiles",
         "/v1/controllers", "/v1/quarantine", "/v1/probes", "/v1/advisories?all=1",
         "/v1/advisory-log", "/v1/issuers", "/v1/shared", "/v1/attest-keys", "/v1/users",
         "/v1/tokens", "/v1/changes", "/v1/settings")
TRICKS = ("//v1/devices", "/v1//devices", "/v1/devices/", "/v1/devices/../status",
          "/v1/devices/%2e%2e", "/v1/devices/%00", "/v1/devices/a%00b", "/v1%2fdevices",
          "/v1/devices/%zz", "/v1/devices/a/b/c", "/v1", "/v2/devices", "/v1/device",
          "/v1/devices;x=1", "/v1/devices/%0d%0aSet-Cookie:x", "/v1/" + "a" * 3000,
          "/v1/devices/" + "a" * 300, "/v1/status/..", "/v1/./status")


class Answer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def json(self):
        return json.loads(self.body)


class Socket:
    """Asks by the control socket."""

    def __init__(self, path):
        self.path = path

    def ask(self, method, target, fields=(), body=None):
        connection = http.client.HTTPConnection("gateway", timeout=60)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(60)
        connection.sock.connect(self.path)
        return answer_of(connection, method, target, fields, body)


class Page:
    """Asks by HTTPS with a token, out of the namespaces of devices in turn: one address may
    ask so often, and all of them together. Who is told to come later does."""

    def __init__(self, spaces, host, port, token):
        self.host, self.port, self.token = host, port, token
        self.context = ssl._create_unverified_context()
        self.ways = [[space, None, 0.0] for space in spaces]  # the last: not before
        self.later = 0

    def connect(self, space):
        with space.entered():
            plain = socket.create_connection((self.host, self.port), timeout=60)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=60)
        connection.sock = self.context.wrap_socket(plain)
        return connection

    def ask(self, method, target, fields=(), body=None):
        fields = dict(fields, Authorization="Bearer " + self.token)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            way = self.way()
            fresh = way[1] is None
            try:
                if fresh:
                    way[1] = self.connect(way[0])
                answer, stays = exchange(way[1], method, target, fields, body)
            except (OSError, http.client.HTTPException):
                # one that stayed may have ended meanwhile; a new one is not to be had at once
                self.close(way, 0.5 if fresh else 0)
                continue
            if not stays:
                self.close(way, 0)
            if answer.status != 429 or "schema" in answer.json():
                return answer
            self.later += 1
            self.close(way, float(answer.fields["retry-after"]))
        raise AssertionError(f"{method} {target}: the gateway does not answer")

    def way(self):
        """The next that may be gone."""
        way = min(self.ways, key=lambda w: w[2])
        wait = way[2] - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        way[2] = time.monotonic()
        return way

    def close(self, way, wait):
        if way[1]:
            way[1].close()
        way[1], way[2] = None, time.monotonic() + wait


def exchange(connection, method, target, fields, body):
    connection.putrequest(method, target, skip_accept_encoding=True)
    for name, value in dict(fields).items():
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    reply = connection.getresponse()
    answer = Answer(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())
    return answer, not reply.will_close


def answer_of(connection, method, target, fields, body):
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in dict(fields).items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        try:
            connection.endheaders(body)
        except OSError:
            pass  # it was refused before it was all said
        reply = connection.getresponse()
        return Answer(reply.status, {k.lower(): v for k, v in reply.getheaders()},
                      reply.read())
    finally:
        connection.close()


def differences(a, b, where="$"):
    if isinstance(a, dict) and isinstance(b, dict):
        for key in {**a, **b}:
            yield from differences(a.get(key), b.get(key), f"{where}.{key}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, item in enumerate(a):
            yield from differences(item, b[i], f"{where}[{i}]")
    elif a != b:
        yield where, a, b


@pytest.fixture(scope="module")
def house():
    from lab import Home

    with Home(("bulb", "camera")) as home:
        for number, name in enumerate(VISITORS):
            home.add_device(name, 0x30 + number)
        home.gateway.always = {"life": {"isolate": False}}
        home.cardea = home.gateway.start_cardea()
        home.join_all()
        for name in ("bulb", "camera"):
            home.cardea.wait_state(home[name].mac, "protected")
        yield home


@pytest.fixture(scope="module")
def root(house):
    return Socket(house.cardea.socket)


def token_of(root, role):
    answer = root.ask("POST", "/v1/tokens", {"Content-Type": "application/json"},
                      json.dumps({"name": "property " + role, "role": role}).encode())
    assert answer.status == 200, answer.body
    return answer.json()["token"]


def page_port(root):
    return urllib.parse.urlsplit(root.ask("GET", "/v1/status").json()["portal"]["page"]).port


# ---- the client ----

class Client:
    def __init__(self, role, asker, root, house, seed):
        self.role, self.asker, self.root = role, asker, root
        self.rng = random.Random(f"{seed} {role}")
        self.spec = openapi.load()
        self.schemas = openapi.Schemas(self.spec)
        self.known = ["bulb", "camera", house["bulb"].mac, house["camera"].mac, "1", "2", "3",
                      "fields", "nobody"]
        self.maker = openapi.Maker(self.spec, self.rng, self.known)
        self.operations = [(path, method, op) for path, methods in self.spec["paths"].items()
                           for method, op in methods.items()]
        self.sent, self.counts, self.last = 0, {}, None
        self.changed = True

    # -- asking, and what holds of every answer --

    def ask(self, what, method, target, fields=(), body=None):
        """what: for whoever reads a failure."""
        self.last = (what, self.role, method, target, dict(fields), body and body[:400])
        try:
            answer = self.asker.ask(method, target, fields, body)
        except OSError as error:
            raise AssertionError(f"{self.last}: {error!r}") from error
        self.sent += 1
        self.counts[answer.status] = self.counts.get(answer.status, 0) + 1
        assert answer.status < 500, (self.last, answer.status, answer.body[:400])
        if answer.status >= 400:
            self.check_problem(answer)
        elif method == "POST" and answer.status == 200:
            self.changed = True
        return answer

    def check_problem(self, answer):
        assert answer.fields["content-type"] == "application/problem+json", self.last
        problem = answer.json()
        self.check({"$ref": "#/components/schemas/Problem"}, problem)
        assert problem["status"] == answer.status, self.last
        if isinstance(self.asker, Socket):
            assert problem["schema"] == "cardea.error/1", (self.last, problem)
            assert problem["error"] == problem["detail"], (self.last, problem)
        assert problem["next"] and problem["detail"], (self.last, problem)

    def check(self, schema, value):
        try:
            self.schemas.check(schema, value)
        except openapi.Broken as fault:
            raise AssertionError(f"{self.last}: {fault}") from None

    def may(self, operation):
        return self.role in operation["x-roles"] or "anybody" in operation["x-roles"]

    def is_stream(self, operation):
        return "text/event-stream" in operation["responses"]["200"]["content"]

    # -- what a request is made of --

    def target(self, path, operation, query=None):
        name = self.rng.choice(self.known) if self.rng.random() < 0.8 \
            else self.maker.text({"minLength": 1, "maxLength": 255}) or "x"
        if name in (".", ".."):
            name = "dots"  # as a segment no client sends them (RFC 3986 5.2.4): see TRICKS
        target = path.replace("{object}", urllib.parse.quote(name, safe=""))
        if query is None:
            query = self.query(operation)
        return target + ("?" + urllib.parse.urlencode(query) if query else "")

    def query_schema(self, operation):
        forms = operation.get("x-query-forms")
        if forms:
            return {"oneOf": forms}
        fields = [p for p in operation["parameters"] if p.get("in") == "query"]
        return {"type": "object", "properties": {p["name"]: p["schema"] for p in fields},
                "required": [p["name"] for p in fields if p["required"]],
                "additionalProperties": False}

    def query(self, operation):
        query = self.maker.value(self.query_schema(operation))
        if "follow" in query:
            query["follow"] = 0  # one that stays open is no answer
        return query

    def body(self, operation):
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        return self.maker.value(schema)

    # -- requests --

    def valid(self):
        path, method, operation = self.rng.choice(self.operations)
        if self.may(operation) and (self.is_stream(operation) or path == "/v1/stop"):
            return
        target = self.target(path, operation)
        fields, body = {}, None
        if method == "post":
            body = self.body(operation)
            if path == "/v1/settings":
                body["dry_run"] = True  # a port of its own is not for another's use
            body = json.dumps(body, ensure_ascii=self.rng.random() < 0.5).encode()
            fields["Content-Type"] = "application/json"
        answer = self.ask("valid", method.upper(), target, fields, body)
        if not self.may(operation):
            # a key where a password goes is refused by web, whoever says it
            by_web = isinstance(self.asker, Page) and body and b'"key"' in body
            assert answer.status in (401, 403) + (400,) * bool(by_web), \
                (self.last, answer.status)
            return
        wrong = (405, 406, 412, 413, 415) + ((401,) if "anybody" not in operation["x-roles"]
                                             else ())  # a log-in may fail
        assert answer.status not in wrong, (self.last, answer.status, answer.body)
        if answer.status == 200:
            self.check_good(method, operation, answer)
        if method == "get" and answer.status == 200:
            self.again(target, answer)
        elif method == "post" and self.rng.random() < 0.2:
            self.twice(target, fields, body)

    def check_good(self, method, operation, answer):
        content = operation["responses"]["200"]["content"]
        kind = answer.fields["content-type"].partition(";")[0]
        assert kind in content, (self.last, kind)
        if kind == "application/json":
            self.check(content[kind]["schema"], answer.json())
        if method == "get":
            assert re.fullmatch(r'"[0-9a-f-]+"', answer.fields["etag"]), self.last

    def again(self, target, answer):
        """What is known is not sent, if it is still so."""
        if self.rng.random() < 0.2:
            reply = self.ask("again", "GET", target,
                             {"If-None-Match": answer.fields["etag"]})
            assert reply.status in (200, 304), (self.last, reply.status)
            assert reply.status == 200 or not reply.body
            if reply.status == 200:
                assert reply.fields["etag"] != answer.fields["etag"], self.last

    def twice(self, target, fields, body):
        key = self.rng.randbytes(16).hex()
        fields = dict(fields, **{"Idempotency-Key": key})
        first = self.ask("once", "POST", target, fields, body)
        second = self.ask("twice", "POST", target, fields, body)
        if first.status == 200:
            if second.fields.get("idempotency-replayed"):
                assert second.body == first.body, self.last

    def invalid(self):
        """Every one of these has to be refused."""
        kind = self.rng.choice(("body", "body", "body", "body", "query", "query", "type",
                                "garbage", "method", "path", "match"))
        getattr(self, "invalid_" + kind)()

    def post_of(self):
        while True:
            path, method, operation = self.rng.choice(self.operations)
            if method == "post":
                return path, operation

    def refused(self, answer, operation, statuses):
        if not self.may(operation):
            statuses = (401, 403, *statuses)
        assert answer.status in statuses, (self.last, answer.status, answer.body[:300])

    def invalid_body(self):
        path, operation = self.post_of()
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        body = self.maker.wrong(schema)
        text = json.dumps(body).encode()
        answer = self.ask("wrong body", "POST", self.target(path, operation),
                          {"Content-Type": "application/json"}, text)
        self.refused(answer, operation, (400, 413))
        # what web refuses by itself (a key where a password goes) names no member
        if answer.status == 400 and isinstance(body, dict) and "schema" in answer.json():
            assert "field" in answer.json() or b"nested" in answer.body or \
                b"no JSON" in answer.body, (self.last, answer.body)

    def invalid_query(self):
        path, method, operation = self.rng.choice(self.operations)
        query = self.maker.wrong(self.query_schema(operation))
        if not isinstance(query, dict):
            query = {"x": 1}
        pairs = [(name, "" if value is None else value) for name, value in query.items()]
        body = None
        if method == "post":
            body = json.dumps(self.body(operation)).encode()
        schema = self.query_schema(operation)
        if self.reads_as(schema, query):
            return
        answer = self.ask("wrong query", method.upper(), self.target(path, operation, pairs),
                          {"Content-Type": "application/json"} if body else {}, body)
        # a NUL is none of a target's octets for web; its heads are shorter, too
        self.refused(answer, operation, (400, 404, 414, 431) if isinstance(self.asker, Page)
                     else (400,))

    def reads_as(self, schema, query):
        """As text it may be right: 7 for "7", or a 0 that is said as false."""
        said = {}
        for name, value in query.items():
            text = "" if value is None else str(value)
            said[name] = int(text) if re.fullmatch(r"-?\d{1,17}", text) else text
        loose = {name: str(value) for name, value in said.items()}
        return self.schemas.fits(schema, said) or self.schemas.fits(schema, loose) or \
            any(self.schemas.fits(schema, said | {n: loose[n]}) for n in said)

    def invalid_type(self):
        path, operation = self.post_of()
        kind = self.rng.choice(["text/plain", "application/x-www-form-urlencoded",
                                "multipart/form-data; boundary=x", "application/xml",
                                "application/json-patch+json"])
        answer = self.ask("wrong type", "POST", self.target(path, operation),
                          {"Content-Type": kind}, json.dumps(self.body(operation)).encode())
        # by a pipe another type is not even looked at by who could log in
        self.refused(answer, operation, (415, 403, 400))

    def invalid_garbage(self):
        path, operation = self.post_of()
        body = self.rng.choice([b"", b"{", b"[]", b"null", b"\xff\xfe", b"{\"a\":1}{", b"[" * 3000,
                                b"{\"a\":" * 500, b"{" + b" " * 9000, b"{\"a\":\"\xff\"}",
                                self.rng.randbytes(100), b"{\"a\":1,\"a\":1}"])
        answer = self.ask("garbage", "POST", self.target(path, operation),
                          {"Content-Type": "application/json"}, body)
        self.refused(answer, operation, (400, 413))

    def invalid_method(self):
        path, _, operation = self.rng.choice(self.operations)
        method = self.rng.choice([m for m in ("PUT", "PATCH", "DELETE", "GET", "POST", "QUERY")
                                  if m.lower() not in self.spec["paths"][path]])
        answer = self.ask("wrong method", method, self.target(path, operation, {}),
                          {"Content-Type": "application/json"}, b"{}")
        if isinstance(self.asker, Page):  # which methods there are at all is web's to say
            assert answer.status in (400, 401, 403, 404, 405, 501), (self.last, answer.status)
        else:
            assert answer.status == 405, (self.last, answer.status)
            assert method not in answer.fields["allow"], self.last

    def invalid_path(self):
        target = self.rng.choice(TRICKS)
        answer = self.ask("trick", self.rng.choice(("GET", "POST")), target,
                          {"Content-Type": "application/json"}, b"{}")
        assert answer.status in (400, 401, 403, 404, 405, 414, 431), (self.last, answer.status)

    def invalid_match(self):
        path, operation = self.post_of()
        if path == "/v1/stop" or "anybody" in operation["x-roles"]:
            return
        answer = self.ask("stale", "POST", self.target(path, operation),
                          {"Content-Type": "application/json", "If-Match": '"0-0"'},
                          json.dumps(self.body(operation)).encode())
        self.refused(answer, operation, (412, 400, 404, 409))

    # -- the state --

    def state(self):
        """What was decided, without what changes by itself: the second half of each tag."""
        out = {}
        for path in STATE:
            answer = self.root.ask("GET", path)
            if answer.status != 404:
                assert answer.status == 200, (path, answer.status, answer.body)
                out[path] = (answer.fields["etag"].strip('"').partition("-")[2], answer.body)
        return out

    def unchanged(self, before, what):
        after = self.state()
        for path, (tag, body) in before.items():
            if after[path][0] != tag:  # pytest would cut it short
                pytest.fail("%s: %s after %s" % (path, list(differences(
                    json.loads(body), json.loads(after[path][1])))[:5], what))

    def block_of_wrong(self):
        before, requests = self.state(), []
        for _ in range(BLOCK):
            self.invalid()
            requests.append(self.last)
        self.unchanged(before, requests)

    def block_of_right(self):
        for _ in range(BLOCK):
            if self.rng.random() < 0.05:
                before, self.changed = self.state(), False
                self.valid()
                if not self.changed:
                    self.unchanged(before, self.last)
            else:
                self.valid()

    def run(self, count):
        while self.sent < count:
            self.block_of_wrong()
            self.block_of_right()


def run(house, root, role, asker, count):
    print(f"seed {SEED}, {count} requests as {role}")
    client = Client(role, asker, root, house, SEED)
    began = time.monotonic()
    client.run(count)
    took = time.monotonic() - began
    print(f"{client.sent} in {took:.1f} s: {dict(sorted(client.counts.items()))}")
    assert client.counts.get(200, 0) > count // 20 or role == "isp"
    assert client.counts.get(400, 0) + client.counts.get(403, 0) > count // 4
    assert house.cardea.process.alive()
    assert root.ask("GET", "/v1/status").json()["ready"] is True


def through_web(house, root, role):
    return Page([house[name].ns for name in VISITORS], gateway.LAN4, page_port(root),
                token_of(root, role))


@pytest.mark.parametrize("role", ["viewer", "isp"])
def test_by_the_page_as(house, root, role):
    page = through_web(house, root, role)
    run(house, root, role, page, BY_PAGE)
    print(f"told to come later {page.later} times")


def test_as_the_owner(house, root):
    """Behind the others: by then some of the devices they ask from are held."""
    run(house, root, "owner", root, REQUESTS)
