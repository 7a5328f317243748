# SPDX-License-Identifier: GPL-2.0-or-later
"""Other settings while the gateway works: each class of them takes effect, only what has to
starts anew, no packet is lost, and what nobody confirms comes back, whatever happens."""

import contextlib
import http.client
import json
import os
import signal
import socket
import threading
import time

import pytest

from lab import dns, internet

PACE = 0.02  # seconds between packets
MEDIA_PORT = 5004


class Control(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("cardea")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


class Settings:
    def __init__(self, cardea):
        self.cardea = cardea

    def get(self, path):
        return self._ask("GET", path=path)[1]

    def _ask(self, method, body=None, path="/v1/settings"):
        c = Control(self.cardea.socket)
        c.request(method, path, None if body is None else json.dumps(body))
        reply = c.getresponse()
        told = json.loads(reply.read())
        c.close()
        return reply.status, told

    def all(self):
        status, told = self._ask("GET")
        assert status == 200, told
        return {"%s.%s" % (i["section"], i["key"]): i for i in told["items"]}

    def pending(self):
        return self._ask("GET")[1]["pending"]

    def __getitem__(self, key):
        return self.all()[key]["value"]

    def post(self, **body):
        return self._ask("POST", body)

    def post_to(self, path, **body):
        return self._ask("POST", body, path)

    def set(self, key, value, confirm_within=0):
        status, told = self.post(set={key: value}, confirm_within=confirm_within)
        assert status == 200, told
        return told

    def file(self):
        with open(self.cardea.config, "rb") as f:
            return f.read()

    def pids(self):
        return {p["name"]: p["pid"] for p in self.cardea.status()["sandbox"]
                if p["name"] != "web"}

    def restarts(self):
        return {p["name"]: p["restarts"] for p in self.cardea.status()["sandbox"]}

    def all_run(self):
        status = self.cardea.status()
        return status and status["ready"] and all(
            p["running"] for p in status["sandbox"] if p["name"] != "web")

    def wait_others(self, before, names):
        """Until exactly these processes are others, and run."""
        def there():
            status = self.cardea.status()
            if not status or not status["ready"]:
                return None
            now = {p["name"]: p["pid"] for p in status["sandbox"] if p["name"] != "web"}
            running = all(p["running"] for p in status["sandbox"] if p["name"] != "web")
            changed = {n for n in now if now[n] != before.get(n)}
            assert changed <= set(names), changed
            return running and changed == set(names)

        self.cardea.wait(there, what="new " + ", ".join(names))


class Traffic:
    """Allowed by the devices' profiles, each packet numbered and echoed: one that does not
    come back was lost on its way."""

    def __init__(self, home):
        self.home = home
        self.sent = self.echoed = self.words = 0
        self.lost = []
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=f) for f in (self._stream, self._talk)]

    def __enter__(self):
        bulb, camera = self.home["bulb"], self.home["camera"]
        self._tcp = bulb.connect(bulb.resolve(internet.CLOUD_NAME)[0], 443)
        self._tcp.settimeout(30)
        self._udp = camera.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self._udp.settimeout(30)
        self._udp.connect((internet.MEDIA6, MEDIA_PORT))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._tcp.close()
        self._udp.close()

    def _stream(self):
        while not self._stopping.wait(PACE):
            self.sent += 1
            word = b"frame %d" % self.sent
            try:
                self._udp.send(word)
                while self._udp.recv(64) != word:
                    pass  # one that took longer; it counts as lost already
                self.echoed += 1
            except OSError as error:
                self.lost.append("frame %d: %s" % (self.sent, error))

    def _talk(self):
        while not self._stopping.wait(PACE):
            word = b"word %d." % self.words
            try:
                self._tcp.sendall(word)
                got = b""
                while len(got) < len(word):
                    got += self._tcp.recv(64)
                if got != word:
                    self.lost.append("garbled: %r" % got)
                self.words += 1
            except OSError as error:
                self.lost.append("conversation: %s" % error)
                return


@pytest.fixture(scope="module")
def house():
    from lab import Home

    with Home(("bulb", "camera", "phone")) as home:
        home.gateway.always = {"life": {"isolate": False}}
        home.cardea = home.gateway.start_cardea()
        home.join_all()
        for name in ("bulb", "camera"):
            home.cardea.wait_state(home[name].mac, "protected")
        home.settings = Settings(home.cardea)
        yield home


@pytest.fixture
def settings(house):
    """Each test leaves the file as it found it, and nothing waits."""
    before = house.settings.file()
    yield house.settings
    assert house.cardea.process.alive(), house.cardea.log()[-4000:]
    assert house.settings.pending() is None
    if house.settings.file() != before:
        with open(house.cardea.config, "wb") as f:
            f.write(before)
        assert house.settings.post(reload=True)[0] == 200
        house.cardea.wait(house.settings.all_run, what="all processes")


def rcode(house, name):
    answer = dns.ask(house["bulb"].ns, house["bulb"].resolvers[0], name)
    return None if answer is None else answer.rcode


def test_each_class_takes_effect_and_no_packet_is_lost(house, settings):
    cardea, phone = house.cardea, house["phone"]
    zone = house.internet.zone
    other = zone.add("other.maker.example", internet.CLOUD4)
    restarts = settings.restarts()

    with Traffic(house) as traffic:
        # at once, by the engine
        before = settings.pids()
        told = settings.set("dns.unlisted", "nxdomain")
        assert told["changes"] == [{"key": "dns.unlisted", "from": "answer",
                                    "to": "nxdomain", "applies": "now"}]
        cardea.wait(lambda: rcode(house, other) == 3, what="no such name")
        settings.set("dns.unlisted", "answer")
        cardea.wait(lambda: rcode(house, other) == 0, what="the name again")
        settings.set("mud.report", True)
        cardea.wait(lambda: settings.get("/v1/reports?device=camera")["enabled"], what="reports")
        settings.set("mud.report", False)
        settings.set("life.probation", 3600)
        settings.set("probe.calm", "60")

        # at once, by the resolver: the second question within a second is one too many
        settings.set("dns.rate", 1)
        settings.set("dns.burst", 1)
        fresh = zone.fresh(12)
        assert answered(phone, fresh[:10]) < 10
        settings.set("dns.burst", 250)
        settings.set("dns.rate", 50)
        cardea.wait(lambda: phone.resolve(fresh[10], timeout=1, tries=1),
                    what="an answer again")

        # by everybody
        settings.set("log.level", "debug")
        cardea.wait(lambda: "enforcer: debug" in cardea.log(), what="a word for debugging")
        settings.set("log.level", "info")
        assert settings.pids() == before

        # a process each
        for key, value, names in (
                ("dns.upstream", [internet.DNS4, "2001:db8:ffff:153::53"], ["resolver"]),
                ("dns.tls", False, ["resolver"]),
                ("dns.tls", True, ["resolver"]),
                ("mud.allow_private", True, ["courier"]),
                ("learn.enabled", False, ["sensor"]),
                ("learn.enabled", True, ["sensor"]),
                ("dns.foreign", "refuse", ["enforcer"])):
            before = settings.pids()
            settings.set(key, value)
            settings.wait_others(before, names)
            assert settings[key] == value
            fresh = zone.fresh(1)[0]
            cardea.wait(lambda n=fresh: phone.resolve(n, timeout=3), what="names after " + key)

        # ports: nobody but web, and only when somebody comes
        before = settings.pids()
        for key, value, open_port, shut in (("web.http_port", 8919, 8919, 8909),
                                            ("web.enabled", False, None, 8919),
                                            ("web.enabled", True, 8919, None),
                                            ("web.http_port", 8909, 8909, 8919)):
            settings.set(key, value)
            assert open_port is None or opens(house, open_port), (key, value)
            # who has the port that is closed is on its way out
            cardea.wait(lambda p=shut: p is None or not opens(house, p),
                        what="port %s shut" % shut)

        # with the next start
        told = settings.set("enforce.nflog_group", 1868)
        assert told["changes"][0]["applies"] == "restart"
        item = settings.all()["enforce.nflog_group"]
        assert (item["value"], item["running"]) == (1868, 1867)
        assert settings.pids() == before

    assert traffic.lost == []
    assert traffic.echoed == traffic.sent > 100 and traffic.words > 100
    # nobody counts this as a fault
    assert settings.restarts() == restarts
    # what a device may not reach it could not reach meanwhile either
    assert not house["camera"].echo_tcp(internet.C2_4, 443, timeout=0.5)


def answered(device, names):
    """How many of so many questions at once."""
    number = 0
    with device.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((device.resolvers[0], 53))
        for name in names:
            s.send(dns.query(name, dns.A)[1])
        s.settimeout(1)
        with contextlib.suppress(TimeoutError):
            while s.recv(4096):
                number += 1
    return number


def opens(house, port):
    """Somebody at the gateway's address listens there."""
    s = house["phone"].socket(socket.AF_INET, socket.SOCK_STREAM)
    s.settimeout(30)
    try:
        s.connect(("192.168.1.1", port))
        return True
    except ConnectionRefusedError:
        return False
    finally:
        s.close()


BAD = (
    ({"dns.rate": 0}, 400, "dns.rate"),
    ({"dns.rate": "many"}, 400, "dns.rate"),
    ({"dns.rate": "1\n[paths]\nlibexec = \"/tmp\""}, 400, "dns.rate"),
    ({"dns.rate": [1]}, 400, "dns.rate"),
    ({"dns.rate": {"a": 1}}, 400, "dns.rate"),
    ({"dns.rte": 1}, 400, "dns.rte"),
    ({"log.level": "loud"}, 400, "log.level"),
    ({"dns.tls": "yes"}, 400, "dns.tls"),
    ({"dns.upstream": ["dns.example"]}, 400, "dns.upstream"),
    ({"dns.upstream": ["192.0.2.%d" % i for i in range(9)]}, 400, "dns.upstream"),
    ({"dns.upstream": ["192.0.2.1", "192.0.2.2@853#a.example"]}, 400, "dns.upstream"),
    ({"dns.name": "x" * 300}, 400, "dns.name"),
    ({"dns.tls_cert": "/nowhere/cert.pem"}, 400, "dns.tls_cert"),
    ({"mud.anchors": ["/nowhere/ca.pem"]}, 400, "mud.anchors"),
    ({"lan.interfaces": ["nope0"]}, 400, "lan.interfaces"),
    ({"lan.interfaces": []}, 400, "lan.interfaces"),
    ({"hook.group": "no-such-group"}, 400, "hook.group"),
    ({"web.http_port": 8908}, 400, "web.http_port"),
    ({"paths.libexec": "/tmp"}, 403, "paths.libexec"),
    ({"paths.state": "/etc"}, 403, "paths.state"),
    ({"process.uid_base": 2000}, 403, "process.uid_base"),
    # one that is right does not save the other
    ({"dns.burst": 7, "dns.cache_kb": 1}, 400, "dns.cache_kb"),
)


def test_what_is_wrong_changes_nothing(house, settings):
    before, pids, file = settings.all(), settings.pids(), settings.file()
    for wish, status, field in BAD:
        got, told = settings.post(set=wish, confirm_within=0)
        assert (got, told.get("field")) == (status, field), (wish, told)
        assert told["next"] and told["error"], wish
    for body, field in (({"set": {}}, "set"), ({"set": []}, "set"), ({}, None),
                        ({"set": {"dns.rate": 5}, "confirm_within": 9}, "confirm_within"),
                        ({"set": {"dns.rate": 5}, "confirm_within": 601}, "confirm_within"),
                        ({"set": {"dns.rate": 5}, "confirm_within": "9"}, "confirm_within"),
                        ({"file": "[dns]\nrte = 1\n"}, None),
                        ({"file": ""}, "lan.interfaces"),
                        ({"confirm": False}, "confirm"), ({"nothing": True}, None)):
        got, told = settings.post(**body)
        assert got in (400, 403) and (field is None or told.get("field") == field), (body,
                                                                                   told)
    got, told = settings.post(set={"dns.rate": 77, "dns.cache_kb": 512}, dry_run=True)
    assert got == 200 and len(told["changes"]) == 2 and told["dry_run"] is True
    assert settings.all() == before and settings.pids() == pids
    assert settings.file() == file
    assert sorted(f for f in os.listdir(house.cardea.folder) if "conf" in f) in (
        ["cardea.conf"], ["cardea.conf", "cardea.conf.rolled-back"])


def test_what_nobody_confirms_comes_back(house, settings):
    cardea, file = house.cardea, settings.file()
    done = cardea.cli("config", "set", "dns.unlisted", "refuse", "--confirm-within", "25s")
    assert "config confirm" in done.stderr
    other = house.internet.zone.add("unheard.maker.example", internet.CLOUD4)
    cardea.wait(lambda: rcode(house, other) == 5, what="a refusal")
    assert settings.pending()["changes"][0]["key"] == "dns.unlisted"
    # one at a time, and an editor waits too
    assert settings.post(set={"dns.rate": 9})[0] == 409
    assert cardea.cli("config", "set", "dns.rate", "9", check=False).returncode == 5
    assert cardea.cli("config", "apply", check=False).returncode == 5
    cardea.wait(lambda: settings.pending() is None, what="the way back")
    assert settings.file() == file
    cardea.wait(lambda: rcode(house, other) == 0, what="the name again")
    assert cardea.cli("config", "confirm", check=False).returncode == 8
    assert any("Nobody confirmed" in e["text"] for e in cardea.events())
    with open(cardea.config + ".rolled-back", encoding="utf-8") as f:
        assert 'unlisted = "refuse"' in f.read()
    # ... and what somebody does stays; by himself he may take it back, too
    cardea.cli("config", "set", "dns.rate", "60", "--confirm-within", "60s")
    cardea.cli("config", "confirm")
    assert settings["dns.rate"] == 60 and settings.pending() is None
    cardea.cli("config", "set", "dns.rate", "61", "--confirm-within", "60s")
    assert "dns.rate: 61 -> 60" in cardea.cli("config", "rollback", "--dry-run").stdout
    assert settings["dns.rate"] == 61
    cardea.cli("config", "rollback")
    assert settings["dns.rate"] == 60
    assert b"rate = 60" in settings.file()
    assert not os.path.exists(cardea.config + ".before")


def test_what_is_so_already_waits_for_nobody(house, settings):
    """Neither the file nor a process is touched, and nobody is asked to confirm it."""
    cardea, file, pids = house.cardea, settings.file(), settings.pids()
    told = len(cardea.events())
    rate = settings["dns.rate"]
    for wish in ({"dns.rate": rate}, {"dns.rate": str(rate), "dns.unlisted": "answer"},
                 {"lan.interfaces": settings["lan.interfaces"]}):
        status, reply = settings.post(set=wish)
        assert status == 200 and reply["changes"] == [] and reply["pending"] is None, reply
    assert settings.pending() is None and settings.file() == file
    assert not os.path.exists(cardea.config + ".before")
    # a file that says the same in other words is kept, and nothing waits either
    status, reply = settings.post(file=file.decode() + "\n# the same house\n")
    assert status == 200 and reply["changes"] == [] and reply["pending"] is None, reply
    assert settings.file().endswith(b"# the same house\n") and settings.pids() == pids
    assert settings.pending() is None and not os.path.exists(cardea.config + ".before")
    new = [e["text"] for e in cardea.events()[told:]]
    assert not any("to be confirmed" in text for text in new), new
    done = cardea.cli("config", "set", "dns.rate", str(rate))
    assert "Nothing changes" in done.stderr and "undo with" not in done.stderr
    # what differs waits as ever
    settings.set("dns.rate", rate + 1, confirm_within=60)
    assert settings.pending()["changes"][0]["key"] == "dns.rate"
    assert settings.post(rollback=True)[0] == 200


@pytest.mark.parametrize("how", ("kill", "stop"))
def test_the_end_of_the_gateway_brings_it_back(house, settings, how):
    cardea, file = house.cardea, settings.file()
    settings.set("dns.unlisted", "refuse", confirm_within=600)
    assert settings.file() != file
    if how == "kill":
        parent = settings.pids()["parent"]
        os.kill(parent, signal.SIGKILL)
        cardea.process.popen.wait(30)
    else:
        cardea.stop()
    assert settings.file() != file  # nobody was there to bring it back
    # the kernel goes on without
    assert house["camera"].echo_udp(internet.MEDIA6, MEDIA_PORT)
    wait_alone(house)
    cardea.start()
    assert settings.file() == file and settings["dns.unlisted"] == "answer"
    assert settings.pending() is None
    cardea.wait(lambda: any("ended before its new settings were confirmed" in e["text"]
                            for e in cardea.events()), what="a word of it")
    assert cardea.cli("config", "confirm", check=False).returncode == 8


def wait_alone(house):
    """The processes of the gateway that was end by themselves."""
    def gone():
        return not house.gateway.ns.run(["ss", "-Hlun", "sport = :53", "and", "src",
                                         "192.168.1.1"], check=False).stdout.strip()

    deadline = time.monotonic() + 30
    while not gone():
        assert time.monotonic() < deadline, "somebody is left"
        time.sleep(0.05)


def test_by_hand(house, settings):
    cardea, file = house.cardea, settings.file()
    parent = settings.pids()["parent"]
    with open(cardea.config, "ab") as f:
        f.write(b"# mine \xff\n[dns]\nrate = 71 # a second\n")
    # until it is in force, nobody writes over it
    status, told = settings.post(set={"dns.burst": 99}, confirm_within=0)
    assert status == 409 and "by hand" in told["error"]
    os.kill(parent, signal.SIGHUP)
    cardea.wait(lambda: settings["dns.rate"] == 71, what="the file as it stands")
    # then one setting is changed, and no other byte
    cardea.cli("config", "set", "dns.rate", "72")
    assert settings.file() == file + b"# mine \xff\n[dns]\nrate = 72 # a second\n"
    with open(cardea.config, "ab") as f:
        f.write(b"[dns]\nrte = 1\n")
    done = cardea.cli("config", "apply", check=False)
    assert done.returncode == 2 and "rate" in done.stderr
    os.kill(parent, signal.SIGHUP)
    cardea.wait(lambda: "the settings stay as they are" in cardea.log(), what="a complaint")
    assert settings["dns.rate"] == 72
    with open(cardea.config, "wb") as f:
        f.write(file)
    done = cardea.cli("config", "apply")
    assert "dns.rate: 72 -> " in done.stdout
    assert settings.file() == file


def test_a_password_lies_beside_the_settings(house, settings):
    """Its first line goes to the broker, in clear: whoever may propose settings cannot have it be
    that of any file that root reads."""
    folder = os.path.dirname(os.path.realpath(house.cardea.config))
    inside, outside = os.path.join(folder, "mqtt.password"), os.path.join(folder, "inner")
    os.makedirs(outside, exist_ok=True)
    for path in (inside, os.path.join(outside, "x")):
        with open(path, "w", encoding="utf-8") as f:
            f.write("secret\n")
    link = os.path.join(folder, "link")
    if not os.path.lexists(link):
        os.symlink("/etc/shadow", link)
    for path in ("/etc/shadow", folder + "/../" + os.path.basename(folder) + "/inner/x",
                 os.path.join(outside, "x"), link):
        status, told = settings.post(set={"mqtt.password": path}, confirm_within=0)
        assert status == 403 and told["field"] == "mqtt.password", (path, told)
        assert settings["mqtt.password"] == ""
    status, told = settings.post(set={"mqtt.password": folder + "/none"}, confirm_within=0)
    assert status == 400, told
    status, told = settings.post(set={"mqtt.password": inside}, confirm_within=0)
    assert status == 200, told
    assert settings["mqtt.password"] == inside
    status, told = settings.post(set={"mqtt.password": ""}, confirm_within=0)
    assert status == 200, told


def test_a_whole_file_and_back_for_a_day(house, settings):
    cardea, file = house.cardea, settings.file()
    path = os.path.join(cardea.folder, "new.toml")
    with open(path, "wb") as f:
        f.write(b"# another\n" + file + b"[dns]\nrate = 81\nburst = 82\n")
    done = cardea.cli("config", "diff", path, check=False)
    assert done.returncode == 6 and "dns.burst" in done.stdout
    assert cardea.cli("config", "apply", path, "--dry-run").stdout == done.stdout
    assert settings.file() == file
    told = cardea.json("config", "apply", path)
    assert [c["key"] for c in told["changes"]] == ["dns.rate", "dns.burst"]
    assert settings.file().startswith(b"# another\n")
    assert cardea.cli("config", "diff", path).stdout == ""
    # what was changed can be undone, through the same route
    change = settings.get("/v1/changes?limit=1")["changes"][0]
    assert change["can_undo"] and "dns.rate = 81" in change["sentence"]
    status, told = settings.post_to("/v1/changes/%d" % change["id"], undo=True)
    assert status == 200 and told["undone"] is True, told
    assert (settings["dns.rate"], settings["dns.burst"]) == (50, 250)
    assert oct(os.stat(cardea.config).st_mode & 0o777) == "0o644"


def test_what_was_changed_since_is_not_undone(house, settings):
    """By whomever, and among others: the way back leads over nobody's word."""
    settings.set("dns.rate", 60)
    first = settings.get("/v1/changes?limit=1")["changes"][0]["id"]
    settings.post(set={"dns.rate": 61, "dns.burst": 251}, confirm_within=0)
    both = settings.get("/v1/changes?limit=1")["changes"][0]["id"]
    status, told = settings.post_to("/v1/changes/%d" % first, undo=True)
    assert status == 409 and "dns.rate was changed since" in told["error"], told
    # by an editor, which leaves no change behind
    with open(house.cardea.config, "ab") as f:
        f.write(b"[dns]\nburst = 252\n")
    os.kill(settings.pids()["parent"], signal.SIGHUP)
    house.cardea.wait(lambda: settings["dns.burst"] == 252, what="the file as it stands")
    status, told = settings.post_to("/v1/changes/%d" % both, undo=True)
    assert status == 409 and "dns.burst was changed since" in told["error"], told
    assert (settings["dns.rate"], settings["dns.burst"]) == (61, 252)
    settings.set("dns.burst", 251)
    for change, rate, burst in ((both, 60, 250), (first, 50, 250)):
        status, told = settings.post_to("/v1/changes/%d" % change, undo=True)
        assert status == 200 and told["undone"] is True, told
        assert (settings["dns.rate"], settings["dns.burst"]) == (rate, burst)


def test_a_way_back_that_is_spoilt_blocks_no_other(house, settings):
    cardea, before = house.cardea, house.cardea.config + ".before"
    settings.set("dns.rate", 60, confirm_within=600)
    with open(before, "wb") as f:
        f.write(b"[dns\n")
    status, told = settings.post(rollback=True)
    assert status == 500, told
    # nothing is half done: what waits goes on waiting, and can be kept
    assert settings["dns.rate"] == 60 and settings.pending() and os.path.exists(before)
    cardea.cli("config", "confirm")
    assert settings["dns.rate"] == 60 and settings.pending() is None
    assert settings.post(set={"dns.rate": 50}, confirm_within=0)[0] == 200
