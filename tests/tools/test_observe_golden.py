# SPDX-License-Identifier: GPL-2.0-or-later
"""What is observed in real captures, against what tshark's fields say of them: every
conversation with its packets, every question, every server name. CARDEA_DATA names the
folder of the captures (default: ../shared/data beside the source)."""
import collections
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("CARDEA_DATA", ROOT.parent / "shared" / "data")) / "pcap"
SENTINEL = "iot-sentinel/captures_IoT-Sentinel"
CAPTURES = [
    f"{SENTINEL}/HueBridge/Setup-A-1-STA.pcap",
    f"{SENTINEL}/D-LinkCam/Setup-A-1-STA.pcap",
    f"{SENTINEL}/WeMoSwitch/Setup-A-1-STA.pcap",
    f"{SENTINEL}/TP-LinkPlugHS100/Setup-A-1-STA.pcap",
    f"{SENTINEL}/Withings/Setup-A-1-STA.pcap",
    "pingpong/wlan1.local.dns.pcap",
    "nku-lifecycle/xiaodu_plug/xiaodu_plug.pcap",
    "ndpi/alexa-app.pcapng",
    "smart-home-firewall/eval/latency/philips-hue/no-firewall/lan.pcap",
]
DNS_PORTS = {53, 5353}  # each question is a conversation of its own

RECORD = ("kind mac first last direction midstream answered proto address port peer "
          "peer_port place peer_mac naming name app detail out back out_bytes back_bytes")
Record = collections.namedtuple("Record", RECORD)


@pytest.fixture(scope="module")
def program():
    given = os.environ.get("CARDEA_BUILD")
    for folder in [given] if given else [ROOT / "build" / b for b in
                                         ("release", "gcc", "clang")]:
        path = pathlib.Path(folder) / "bench" / "bench_observe"
        if path.exists():
            return str(path)
    pytest.exit("no built bench_observe: run make, or set CARDEA_BUILD", returncode=1)


@pytest.fixture(params=CAPTURES)
def capture(request):
    path = DATA / request.param
    if not path.exists():
        pytest.skip(f"CARDEA_DATA holds no {request.param}")
    if not shutil.which("tshark"):
        pytest.skip("no tshark")
    return str(path)


def observed(program, capture):
    lines = subprocess.run([program, "-r", capture], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    return [Record(*line.split("\t")) for line in lines if line.startswith("record\t")]


def fields(capture, wanted, *names):
    """Rows of tshark's first values of these fields."""
    words = ["tshark", "-r", capture, "-n", "-Y", wanted, "-T", "fields", "-E",
             "occurrence=f"]
    for name in names:
        words += ["-e", name]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    return [line.split("\t") for line in done.stdout.splitlines()]


def ends(row):
    """The unordered ends of a packet, from src, src6, dst, dst6, ports of TCP and UDP."""
    four, six, to_four, to_six, tcp, to_tcp, udp, to_udp = row[:8]
    proto = "tcp" if tcp else "udp"
    return proto, frozenset([(four or six, int(tcp or udp)),
                             (to_four or to_six, int(to_tcp or to_udp))])


ENDS = ("ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "tcp.srcport", "tcp.dstport",
        "udp.srcport", "udp.dstport")


def of_record(r):
    return r.proto, frozenset([(r.address, int(r.port)), (r.peer, int(r.peer_port))])


def has_port(key, ports):
    return any(port in ports for _, port in key[1])


def one_each(records):
    """A conversation of two devices has two records: the first one's."""
    kept = {}
    for r in records:
        kept.setdefault((of_record(r), r.first, r.detail), r)
    return kept.values()


def test_every_conversation_with_its_packets(program, capture):
    shown = collections.Counter(
        ends(row) for row in fields(capture, "(tcp or udp) and not icmp and not icmpv6",
                                    *ENDS))
    seen = collections.Counter()
    for r in one_each(observed(program, capture)):
        if r.proto in ("tcp", "udp"):
            seen[of_record(r)] += int(r.out) + int(r.back)
    for table in (shown, seen):
        for key in [k for k in table if has_port(k, DNS_PORTS)]:
            del table[key]
    assert len(seen) > 2
    assert seen == shown


def test_every_question(program, capture):
    shown = {row[0].lower().rstrip(".") for row in fields(
        capture, "dns.flags.response == 0 and udp.dstport == 53 and not icmp",
        "dns.qry.name")}
    seen = {r.detail.split(" ", 1)[1] for r in observed(program, capture)
            if r.app == "dns" and r.direction == "from-device"}
    assert seen == shown


def test_every_server_name(program, capture):
    """Where DNS named a peer its server name is not shown; then it is TLS at least."""
    shown = {ends(row): row[8].lower() for row in fields(
        capture, "tls.handshake.type == 1 and not icmp", *ENDS,
        "tls.handshake.extensions_server_name")}
    records = observed(program, capture)
    apps = {of_record(r) for r in records if r.app in ("tls", "quic")}
    assert apps == set(shown)
    by_sni = {of_record(r): r.name for r in records if r.naming == "sni" and
              r.direction == "from-device"}
    assert by_sni == {key: shown[key] for key in by_sni}
    named = {of_record(r) for r in records if r.naming in ("sni", "dns")}
    assert {key for key, name in shown.items() if name} <= named
