# SPDX-License-Identifier: GPL-2.0-or-later
"""The verbs that speak to a daemon, against one that says what a test wants."""

import datetime
import json
import os
import pty
import re
import shutil
import subprocess
import threading

import pytest

HOSTILE = "evil\x1b[2J\u202etxt\u200b\x9b31m\x07"


def ago(**kwargs):
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**kwargs)
    return then.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def device(number, name, state="protected", problem="", **more):
    return {"id": number, "name": name, "mac": "02:00:00:00:00:%02x" % number,
            "state": state, "hostname": "host-%d" % number, "vendor_class": "",
            "mud_url": "", "problem": problem, "first_seen": ago(days=3),
            "last_seen": ago(hours=2, minutes=10), "addresses": [
                {"address": "fe80::%d" % number, "source": "nd", "until": None},
                {"address": "192.0.2.%d" % number, "source": "dhcpv4",
                 "until": ago(hours=-1, minutes=-10)}], **more}


DEVICES = [device(1, "kitchen-cam"), device(2, "phone", "learning", "it names no MUD URL"),
           device(3, "Küchenlampe 灯")]


def process(name, pid, running=True):
    return {"name": name, "running": running, "pid": pid, "restarts": 0,
            "sandbox": "rlimit chroot uid no_new_privs seccomp"}


STATUS = {
    "schema": "cardea.status/1", "version": "0.1.0", "ready": True,
    "sentence": "3 devices: 2 protected, 1 learning, 0 new.", "backend": "nftables",
    "backend_lacks": "", "started": ago(hours=5, minutes=1), "devices": 3,
    "states": {"new": 0, "learning": 1, "protected": 2},
    "sandbox": [process("parent", os.getpid()), process("sensor", 0, running=False)],
    "sensor": {"frames": 10, "malformed": 0, "dropped": 7, "violations": 0},
    "events_suppressed": 0, "refused_transactions": 0}

RULES = [
    {"id": 1, "source": "manufacturer", "direction": "from-device", "action": "accept",
     "sentence": "may open TCP to cloud.lamps.example port 443 (IPv4)",
     "status": "enforced", "detail": "", "acl": "from4", "ace": "cloud", "line": 42},
    {"id": 2, "source": "manufacturer", "direction": "from-device", "action": "accept",
     "sentence": "may send anything to its own controller", "status": "not enforced yet",
     "detail": "needs a choice of the controller", "acl": "from4", "ace": "hub",
     "line": 132},
    {"id": 3, "source": "manufacturer", "direction": "to-device", "action": "accept",
     "sentence": "may receive TCP from cloud.lamps.example port 443", "status": "reply",
     "detail": "", "acl": "to4", "ace": "back", "line": 224},
    {"id": 9, "source": "base", "direction": "from-device", "action": "accept",
     "sentence": "may send UDP to this gateway port 53", "status": "enforced",
     "detail": "", "acl": "", "ace": "", "line": 0}]


def element(kind, family=4, **more):
    return {"set": kind, "family": family, **more}


def box(lo, hi, proto=(6, 6), device_port=(0, 65535), peer_port=(443, 443)):
    return {"peer_from": lo, "peer_to": hi, "proto_from": proto[0], "proto_to": proto[1],
            "device_port_from": device_port[0], "device_port_to": device_port[1],
            "peer_port_from": peer_port[0], "peer_port_to": peer_port[1]}


MAC = "02:00:00:00:00:01"
ELEMENTS = [
    element("managed", 0, mac=MAC),
    element("policed", device="192.0.2.1"),
    element("policed", 6, device="2001:db8::1"),
    element("bound", mac=MAC, device="192.0.2.1"),
    element("bound", 6, mac=MAC, device="2001:db8::1"),
    element("owned", device="192.0.2.1"),
    element("owned", 6, device="2001:db8::1"),
    element("local", **box("192.0.2.0", "192.0.2.255")),
    element("local", 6, **box("2001:db8::", "2001:db8::ffff")),
    element("out", mac=MAC, **box("198.51.100.7", "198.51.100.7")),
    element("out", 6, mac=MAC, **box("2001:db8:7::1", "2001:db8:7::1")),
    element("out-range", mac=MAC, **box("203.0.113.0", "203.0.113.127", (0, 255),
                                        (0, 65535), (0, 65535))),
    element("out-range", 6, mac=MAC, **box("2001:db8:8::", "2001:db8:8::ff", (17, 17),
                                           (1024, 65535), (5000, 5001))),
    element("in-range", device="192.0.2.1", **box("192.0.2.7", "192.0.2.9", (6, 6),
                                                  (80, 81), (0, 65535))),
    element("in-range", 6, device="2001:db8::1", **box("2001:db8::7", "2001:db8::7"))]


def event(number, kind="violation", name="kitchen-cam", **more):
    return {"schema": "cardea.event/1", "id": number, "kind": kind,
            "first": ago(hours=3), "last": ago(hours=2, minutes=5), "device": name,
            "mac": MAC, "text": "Blocked: %s -> 203.0.113.77." % name,
            "reason": "not-listed", "packets": 5, **more}


def why(allowed):
    return {"schema": "cardea.why/1", "device": "kitchen-cam", "enforced": True,
            "allowed": allowed, "verdict": "allow" if allowed else "violation",
            "reason": "rule" if allowed else "not-listed", "direction": "from-device",
            "peer": "198.51.100.7", "name": None, "proto": "tcp", "port": 443,
            "text": ("Allowed: kitchen-cam may." if allowed else
                     "Blocked: kitchen-cam -> 198.51.100.7. It is not listed."),
            "profile": "https://lamps.example/lamp.json",
            "rule": RULES[0] if allowed else None,
            "event": None if allowed else event(12)}


def refusal(error, following):
    return {"schema": "cardea.error/1", "error": error, "next": following}


NO_DEVICE = (404, refusal('no device has the name, MAC, address or id "kitchen"',
                          "`cardea device list` shows all"))


@pytest.fixture
def house(daemon):
    daemon.routes.update({
        ("GET", "/v1/status"): (200, STATUS),
        ("GET", "/v1/devices"): (200, {"schema": "cardea.device.list/1",
                                       "devices": DEVICES}),
        ("GET", "/v1/devices/kitchen-cam"): (200, {
            "schema": "cardea.device/1", **DEVICES[0], "profile": {
                "url": "https://lamps.example/lamp.json", "signature": "valid",
                "signer": "CN=Lab Maker", "systeminfo": "A lamp", "mfg_name": "Lamps",
                "model_name": "lamp7", "is_supported": True, "last_update": ago(days=40),
                "fetched": ago(days=1), "rules": 12, "notes": [
                    {"level": "info", "line": 8, "path": "/x", "text": "ignored"}]},
            "names": [{"name": "cloud.lamps.example", "address": "198.51.100.7",
                       "until": ago(hours=-5, minutes=-5)}]}),
        ("GET", "/v1/devices/kitchen"): NO_DEVICE,
        ("GET", "/v1/events"): (200, {"schema": "cardea.event.list/1", "events": [
            event(11, "device-joined", packets=0), event(12)]}),
        ("GET", "/v1/why"): (200, why(False)),
        ("GET", "/v1/policy"): lambda query, body: (200, {
            "schema": "cardea.policy/1", "backend": "nftables", "devices": [
                {"device": "kitchen-cam", "mac": MAC, "state": "protected", "problem": "",
                 "profile": "https://lamps.example/lamp.json", "rules": RULES,
                 **({"elements": ELEMENTS} if query.get("elements") == "1" else {})}]}),
    })
    return daemon


# ---- reading verbs ----

def test_status_is_one_screen(cli, house):
    out = cli().stdout
    assert out.startswith(STATUS["sentence"])
    assert re.search(r"phone +learning +it names no MUD URL", out)
    assert "kitchen-cam" not in out  # nothing is wrong with it
    assert "nftables" in out and "started 5 hours ago" in out
    assert "7 frames were missed" in out
    assert re.search(r"parent +running +%d +0 +rlimit chroot" % os.getpid(), out)
    assert re.search(r"sensor +not running", out)
    assert len(out.splitlines()) <= 24
    assert cli("status").stdout == out


def test_status_says_what_waits(cli, house):
    assert "clock" not in cli().stdout and "your word" not in cli().stdout
    house.routes["GET", "/v1/status"] = (
        200, dict(STATUS, clock_trusted=False, decisions=2))
    out = cli().stdout
    assert "The clock is not set: MUD files are neither fetched nor checked" in out
    assert "2 waiting for your word: `cardea decide list`" in out


def test_status_memory_adds_up(cli, house):
    told = json.loads(cli("status", "--memory", "--json").stdout)
    memory = told.pop("memory")
    assert told == STATUS
    with open("/proc/self/smaps_rollup", encoding="ascii") as f:
        own = int(re.search(r"^Pss: +(\d+) kB", f.read(), re.MULTILINE)[1])
    assert [p["name"] for p in memory["processes"]] == ["parent"]  # the one that runs
    assert abs(memory["processes"][0]["pss_kib"] - own) < own / 2
    assert memory["total_pss_kib"] == memory["processes"][0]["pss_kib"]
    assert memory["complete"] is True
    assert re.search(r"total +\d+", cli("--memory").stdout)


def test_status_wait(cli, house):
    late = []

    def slowly(query, body):
        late.append(1)
        return 200, dict(STATUS, ready=len(late) > 3)

    house.routes["GET", "/v1/status"] = slowly
    assert json.loads(cli("status", "--wait", "--json").stdout)["ready"] is True
    assert len(late) > 3


def test_status_wait_ends(cli, house):
    house.routes["GET", "/v1/status"] = (200, dict(STATUS, ready=False))
    done = cli("status", "--wait", code=8)
    assert "30 seconds" in done.stderr and done.stdout == ""


def test_device_list(cli, house):
    lines = cli("device", "list").stdout.splitlines()
    assert lines[0].split() == ["NAME", "STATE", "ADDRESS", "MAC", "LAST", "SEEN", "WHY"]
    assert re.match(r"kitchen-cam +protected +192\.0\.2\.1 +02:00:00:00:00:01 +"
                    r"2 hours ago", lines[1])
    assert "Küchenlampe 灯" in lines[3]
    # aligned: a wide letter takes two columns
    assert lines[1].index("protected") == lines[3].index("protected") + 1


def test_device_list_of_nobody(cli, house):
    house.routes["GET", "/v1/devices"] = (200, {"schema": "x", "devices": []})
    done = cli("device", "list")
    assert done.stdout == "" and "first packet" in done.stderr
    assert cli("device", "list", "-q").stderr == ""


def test_device_show(cli, house):
    out = cli("device", "show", "kitchen-cam").stdout
    for text in ("kitchen-cam", "protected", MAC, "192.0.2.1 (from dhcpv4, ends in 1 hour)",
                 "valid, by CN=Lab Maker", "1 month ago", "supported by its maker", "12",
                 "info: ignored (line 8, /x)",
                 "cloud.lamps.example is 198.51.100.7, ends in 5 hours"):
        assert text in out, text


def test_a_device_without_profile(cli, house):
    house.routes["GET", "/v1/devices/phone"] = (200, dict(DEVICES[1], profile=None,
                                                          names=[]))
    assert re.search(r"Profile +none", cli("device", "show", "phone").stdout)


def test_events(cli, house):
    lines = cli("events").stdout.splitlines()
    assert re.match(r" *12 +2 hours ago +kitchen-cam +violation +Blocked: .*"
                    r"\(5 packets\)", lines[2])
    cli("events", "--device", "a b&c", "--limit=7", "--after", "3")
    assert house.requests[-1][2] == {"device": "a b&c", "limit": "7", "after": "3"}
    rows = [json.loads(x) for x in cli("events", "--jsonl").stdout.splitlines()]
    assert [r["id"] for r in rows] == [11, 12]


def test_events_follow(cli, house):
    house.lines = [event(13), event(14, name="phone", mac="02:00:00:00:00:02"),
                   event(15, text=HOSTILE)]
    done = cli("events", "--follow", code=3)
    assert re.search(r"^13  \d\d:\d\d:\d\d  violation  kitchen-cam: Blocked", done.stdout,
                     re.MULTILINE)
    assert done.stdout.index("12 ") < done.stdout.index("13  ") < done.stdout.index("14  ")
    assert "\x1b" not in done.stdout and "ended the stream" in done.stderr
    done = cli("events", "--follow", "--jsonl", "--device", "kitchen-cam", code=3)
    assert [json.loads(x)["id"] for x in done.stdout.splitlines()] == [11, 12, 13, 15]


def test_an_event_in_list_and_stream_is_shown_once(cli, house):
    listed = house.routes["GET", "/v1/events"][1]["events"][1]
    house.lines = [listed, event(13)]
    done = cli("events", "--follow", "--json", code=3)
    assert [json.loads(x)["id"] for x in done.stdout.splitlines()] == [11, 12, 13]


def test_why_blocked(cli, house):
    done = cli("why", "kitchen-cam", "stats.example", "--port", "443", "--proto=tcp",
               code=6)
    assert done.stdout.startswith("Blocked: kitchen-cam")
    assert "event     12" in done.stdout and "5 packets" in done.stdout
    assert house.requests[-1][2] == {"device": "kitchen-cam",
                                     "destination": "stats.example", "port": "443",
                                     "proto": "tcp"}
    cli("why", "12", code=6)
    assert house.requests[-1][2] == {"event": "12"}


def test_why_allowed(cli, house):
    house.routes["GET", "/v1/why"] = (200, why(True))
    out = cli("why", "kitchen-cam", "198.51.100.7").stdout
    assert "it may open TCP to cloud.lamps.example port 443 (IPv4)" in out
    assert "manufacturer, from4/cloud, line 42" in out


def test_policy_show(cli, house):
    out = cli("policy", "show", "kitchen-cam").stdout
    assert house.requests[-1][2] == {"device": "kitchen-cam"}
    assert "may open TCP to cloud.lamps.example port 443 (IPv4)" in out
    assert "manufacturer, from4/cloud, line 42" in out
    assert "! not enforced yet: needs a choice of the controller" in out
    assert "answers of a conversation" in out
    assert out.count("!") == 1
    assert re.search(r"^ +base$", out, re.MULTILINE)


def test_policy_in_nfts_words(cli, house):
    out = cli("policy", "show", "--nft").stdout
    lines = [x for x in out.splitlines() if not x.startswith("#")]
    assert len(lines) == len(ELEMENTS)
    assert "add element inet cardea managed { %s }" % MAC in lines
    assert ("add element inet cardea outr4 { %s . 203.0.113.0-203.0.113.127 . 0-255 . "
            "0-65535 . 0-65535 }" % MAC) in lines
    assert ("add element inet cardea inr4 { 192.0.2.1 . 192.0.2.7-192.0.2.9 . 6 . "
            "0-65535 . 80-81 }") in lines


SKELETON = """
table inet cardea {
 set managed { type ether_addr; }
%s
}
"""
SKELETON_FAMILY = """
 set policed$v { type $addr; }
 set bound$v { typeof ether saddr . $source; }
 set owned$v { typeof $source; }
 set local$v { typeof meta protocol . $ip saddr; flags interval; }
 set out$v { type ether_addr . $addr . inet_proto . inet_service; flags timeout; }
 set outr$v { type ether_addr . $addr . inet_proto . inet_service . inet_service;
  flags interval,timeout; }
 set inr$v { type $addr . $addr . inet_proto . inet_service . inet_service;
  flags interval,timeout; }
"""


def sets(version, addr, source, ip):
    text = SKELETON_FAMILY
    for word, value in (("$v", version), ("$addr", addr), ("$source", source),
                        ("$ip", ip)):
        text = text.replace(word, value)
    return text


def skeleton():
    """The sets as the product's own text declares them."""
    return SKELETON % (sets("4", "ipv4_addr", "ip saddr", "ip") +
                       sets("6", "ipv6_addr", "@nh,64,128", "ip6"))


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("nft"), reason="wants nft")
def test_nft_takes_it(cli, house, folder):
    path = os.path.join(folder, "rules.nft")
    with open(path, "w", encoding="utf-8") as f:
        f.write(skeleton() + cli("policy", "show", "--nft").stdout)
    done = subprocess.run(["unshare", "--net", "nft", "-f", path], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nft_takes_no_orders_from_the_daemon(cli, house):
    bad = [element("managed", 0, mac="x } ; flush ruleset"), element("what"),
           element("policed", device="192.0.2.1 }\nflush ruleset"),
           element("policed", 6, device="192.0.2.1"),
           element("out", mac=MAC, **box("192.0.2.1", "192.0.2.1", (6, 999)))]
    house.routes["GET", "/v1/policy"] = (200, {"schema": "cardea.policy/1", "devices": [
        {"device": "x\nflush ruleset", "elements": bad}]})
    done = cli("policy", "show", "--nft", code=1)
    assert "5 elements are not understood" in done.stderr
    assert all(x.startswith("#") for x in done.stdout.splitlines())


@pytest.mark.parametrize("command,code,route", [
    ("status", 0, "/v1/status"), ("device list", 0, "/v1/devices"),
    ("device show kitchen-cam", 0, "/v1/devices/kitchen-cam"),
    ("events", 0, "/v1/events"), ("why 12", 6, "/v1/why")])
def test_json_is_the_daemons_object(cli, house, command, code, route):
    done = cli(*command.split(), "--json", code=code)
    assert json.loads(done.stdout) == house.routes["GET", route][1]
    assert done.stdout.count("\n") == 1 and done.stdout.isascii()
    assert done.stderr == ""


# ---- changing verbs ----

def renamed(query, body):
    return 200, dict(DEVICES[0], name=json.loads(body)["name"],
                     previous_name="kitchen-cam", schema="cardea.device/1")


def test_rename_tells_how_to_undo(cli, house):
    house.routes["POST", "/v1/devices/kitchen-cam"] = renamed
    done = cli("device", "rename", "kitchen-cam", "Tom's cam")
    assert done.stdout == "kitchen-cam is now called Tom's cam\n"
    undo = re.search(r"undo with: (.*)", done.stderr)[1]
    words = subprocess.run(["sh", "-c", "set -- %s; printf '%%s\\n' \"$@\"" % undo],
                           capture_output=True, text=True, check=True).stdout
    assert words.splitlines() == ["cardea", "device", "rename", "Tom's cam", "kitchen-cam"]
    assert json.loads(house.requests[-1][3]) == {"name": "Tom's cam"}
    assert json.loads(cli("device", "rename", "kitchen-cam", "x", "--json").stdout)[
        "name"] == "x"


def test_rename_dry_run_changes_nothing(cli, house):
    done = cli("device", "rename", "kitchen-cam", "cam", "--dry-run")
    assert "kitchen-cam would be called cam" in done.stdout
    cli("device", "rename", "kitchen-cam", "PHONE", "--dry-run", code=5)
    cli("device", "rename", "kitchen-cam", "x" * 64, "--dry-run", code=2)
    cli("device", "rename", "kitchen", "cam", "--dry-run", code=4)
    assert all(method == "GET" for method, *_ in house.requests)


def test_an_undo_that_cannot_be_typed(cli, house):
    house.routes["POST", "/v1/devices/x"] = lambda query, body: (200, dict(
        renamed(query, body)[1], previous_name=HOSTILE))
    done = cli("device", "rename", "x", "y")
    assert "undo with" not in done.stderr and "no command to bring it back" in done.stderr


def stopping(house):
    def stop(query, body):
        house.stopped = json.loads(body)
        threading.Timer(0.3, house.close).start()
        return 200, {"schema": "cardea.stop/1", "open": house.stopped["open"]}

    house.routes["POST", "/v1/stop"] = stop


def test_stop_stays_protected(cli, house):
    stopping(house)
    done = cli("stop")
    assert "stay protected" in done.stdout and house.stopped == {"open": False}
    assert "undo with: cardea start" in done.stderr


def test_stop_open(cli, house):
    stopping(house)
    done = cli("stop", "--open", "--yes")
    assert "nothing is protected" in done.stdout and house.stopped == {"open": True}


def test_stop_dry_run(cli, house):
    assert "would stop" in cli("stop", "--open", "--dry-run").stdout
    assert all(method == "GET" for method, *_ in house.requests)


def test_stop_that_does_not_come(cli, house):
    house.routes["POST", "/v1/stop"] = (200, {"schema": "cardea.stop/1", "open": False})
    assert "10 seconds" in cli("stop", code=8).stderr


# ---- what goes wrong ----

def test_nobody_is_there(cli, folder):
    for command in (["status"], ["device", "list"], ["events", "--follow"], ["why", "1"],
                    ["policy", "show"], ["stop"], ["device", "rename", "a", "b"]):
        done = cli(*command, code=3)
        assert "cardea start" in done.stderr and done.stdout == ""
    assert "elsewhere" in cli("status", "--socket", folder + "/elsewhere", code=3).stderr
    assert "too long" in cli("status", "--socket", "/" + "x" * 200, code=2).stderr


@pytest.mark.parametrize("status,code", [(400, 2), (403, 7), (404, 4), (409, 5), (413, 2),
                                         (500, 1), (504, 8)])
def test_refusals_have_their_exit_codes(cli, house, status, code):
    house.routes["GET", "/v1/why"] = (status, refusal("what it was\x1b[1m", "what to do"))
    done = cli("why", "12", code=code)
    assert done.stderr.startswith("cardea: what it was\\x1b[1m\n  next: what to do\n")
    assert done.stdout == ""


def test_candidates_for_a_device(cli, house):
    done = cli("device", "show", "kitchen", code=4)
    assert "devices with such names: kitchen-cam" in done.stderr
    assert "`cardea device list`" in done.stderr


@pytest.mark.parametrize("raw", [
    b"", b"HTTP/1.1 200 OK\r\n", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nnot json",
    b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", b"\x00" * 20000,
    b"HTTP/1.1 200 OK\r\nX: " + b"y" * 20000])
def test_a_socket_that_is_no_daemon(cli, daemon, raw):
    daemon.raw = raw
    assert "control API" in cli("status", code=1).stderr
    assert "control API" in cli("events", "--follow", code=1).stderr


def test_a_reply_is_bounded(cli, daemon):
    daemon.raw = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"
    assert "too large" in cli("status", code=1).stderr
    daemon.raw = b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (9 << 20)
    assert "too large" in cli("status", code=1).stderr


# ---- hostile text, colour ----

def harmless(text):
    return not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", text)


def poisoned(value):
    if isinstance(value, dict):
        return {k: v if k in ("set", "mac", "state", "schema") else poisoned(v)
                for k, v in value.items()}
    if isinstance(value, list):
        return [poisoned(v) for v in value]
    return HOSTILE if isinstance(value, str) else value


@pytest.mark.parametrize("command", [
    "status", "device list", "device show kitchen-cam", "events", "why 12",
    "policy show", "policy show --nft"])
def test_hostile_text_does_not_reach_the_terminal(cli, house, command):
    for key, answer in list(house.routes.items()):
        if callable(answer):
            answer = answer({"elements": "1"}, b"")
        house.routes[key] = (answer[0], poisoned(answer[1]))
    code = 6 if command.startswith("why") else 1 if "--nft" in command else 0
    done = cli(*command.split(), code=code)
    assert harmless(done.stdout) and harmless(done.stderr)
    assert "\\x1b[2J\\u{202e}txt\\u{200b}\\x9b31m\\x07" in done.stdout
    told = cli(*command.replace(" --nft", "").split(), "--json",
               code=6 if code == 6 else 0).stdout
    assert harmless(told) and told.isascii()


def test_marks_do_not_climb(cli, house):
    house.routes["GET", "/v1/devices"] = (200, {"devices": [device(
        1, "e\u0301a" + "\u0300" * 9)]})
    out = cli("device", "list").stdout
    assert "e\u0301a\u0300\u0300\\u{300}" in out and out.count("\u0300") < 7


def on_terminal(cli, *args, env=None):
    main, side = pty.openpty()
    run = subprocess.Popen([cli.program, *args], stdout=side, stderr=side,
                           stdin=subprocess.DEVNULL,
                           env={"CARDEA_SOCKET": cli.socket, **(env or {}),
                                **{k: v for k, v in os.environ.items() if "SAN_" in k}})
    os.close(side)
    out = b""
    while True:
        try:
            more = os.read(main, 65536)
        except OSError:
            break
        if not more:
            break
        out += more
    os.close(main)
    return run.wait(60), out.decode()


def test_colour_is_for_terminals(cli, house):
    assert "\x1b" not in cli("device", "list").stdout
    assert "\x1b[32mprotected\x1b[0m" in on_terminal(cli, "device", "list")[1]
    assert "\x1b" not in on_terminal(cli, "device", "list", "--no-color")[1]
    assert "\x1b" not in on_terminal(cli, "device", "list", env={"NO_COLOR": "1"})[1]
    assert "\x1b" not in on_terminal(cli, "device", "list", "--json")[1]


def test_a_full_disk_is_no_answer(cli, house):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([cli.program, "device", "list"], stdout=full, check=False,
                              stderr=subprocess.PIPE, text=True,
                              env=dict(os.environ, CARDEA_SOCKET=cli.socket))
    assert done.returncode == 1 and "could not be written" in done.stderr


# ---- the command line ----

@pytest.mark.parametrize("words,says", [
    ("statsu", "did you mean status?"), ("device lst", "did you mean list?"),
    ("device", "device what?"), ("events --limti 3", "did you mean limit?"),
    ("device show", "something is missing"), ("device list x", "that is too much"),
    ("device list --nft", "--nft"), ("events --limit", "wants a value"),
    ("status --memory=yes", "takes no value"), ("status -x", "no flag"),
    ("why kitchen-cam", "not the number of an event"),
    ("why 12 --port 3", "has its port"), ("zebra", "no command"),
    ("replay x.pcap", "--profile"), ("device show a b c d e f", "too much")])
def test_usage_errors(cli, words, says):
    done = cli(*words.split(), code=2)
    assert says in done.stderr and done.stdout == ""


def test_an_empty_word_names_nothing(cli, house):
    assert "empty" in cli("device", "show", "", code=2).stderr
    assert house.requests == []


def test_flags_may_stand_anywhere(cli, house):
    assert cli("--json", "device", "list").stdout == cli("device", "--json", "list").stdout
    house.routes["GET", "/v1/devices/--odd"] = (200, DEVICES[0])
    cli("device", "show", "--", "--odd")
    assert house.requests[-1][1] == "/v1/devices/--odd"


def test_objects_are_encoded(cli, house):
    house.routes["GET", "/v1/devices/a/b?c=d% é"] = (200, DEVICES[0])
    cli("device", "show", "a/b?c=d% é")


def test_version_and_help(cli):
    assert re.fullmatch(r"cardea \d+\.\d+\.\d+\n", cli("--version").stdout)
    assert cli("-h").stdout == cli("help").stdout
    commands = json.loads(cli("help", "--json").stdout)["commands"]
    for c in commands:
        words = [c["noun"]] + ([c["verb"]] if c["verb"] else [])
        out = cli("help", *words).stdout
        assert out.startswith(c["example"])  # an example comes first
        assert out == cli(*words, "--help").stdout
        assert all("--" + f["name"] in out for f in c["flags"])
        assert c["hidden"] or " ".join(words) in cli("help").stdout
    assert "device rename" in cli("device", "--help").stdout
    cli("help", "nothing", code=2)


def test_a_flag_means_the_same_everywhere(cli):
    told = json.loads(cli("help", "--json").stdout)
    takes = {}
    for f in told["flags"] + [f for c in told["commands"] for f in c["flags"]]:
        takes.setdefault(f["name"], set()).add(f["value"] is None)
    assert [n for n, kinds in takes.items() if len(kinds) > 1] == []
