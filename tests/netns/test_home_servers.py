# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad MUD servers, bad signatures, bad name servers: the device stays watched with a clear
reason, and the network stays up."""

import re
import time

import pytest

from lab import dns, internet, mudfiles
from lab.web import Page

# How each file or server is bad, and what the reason says beside the URL.
CASES = {
    "unsigned": "names no signature",
    "flipped": "changed after it was signed",
    "stranger": "trust anchor",
    "expired-signer": "expired on 2021",
    "wrong-usage": "key usage",
    "no-signature-file": "signature .*404",
    "signature-is-garbage": "not one CMS object",
    "not-json": "no MUD file",
    "wrong-schema": "ietf-mud:mud is missing",
    "missing-file": "no such file",
    "server-error": "answered 500",
    "redirect-loop": "redirects lead back",
    "redirect-to-http": "must begin with https",
    "expired-web": "certificate has expired",
    "unknown-host": "no address",
    "endless": "more than 262144 bytes",
    "hangup": "premature end|partial|closed",
    "slow": "too slow|timed out|seconds",
    "plain-http": "must begin with https",
    "into-the-house": "inside the home",
}


def good_body(url):
    return mudfiles.build(url, "A thing", "Lab Maker", "thing",
                          [mudfiles.cloud(internet.CLOUD_NAME)])


def prepare(net, case):
    """Set the server up; the URL that the device will show."""
    url, signer, web = internet.mud_url(case), net.pki.signer, net.web
    body = good_body(url)
    if case == "unsigned":
        web.publish(url, mudfiles.build(url, "A thing", "Lab Maker", "thing",
                                        [mudfiles.cloud(internet.CLOUD_NAME)],
                                        signature=False))
    elif case == "flipped":
        web.publish(url, body.replace(b"A thing", b"A thin6"), signature=signer.sign(body))
    elif case in ("stranger", "expired-signer", "wrong-usage"):
        by = {"stranger": net.pki.stranger, "expired-signer": net.pki.expired,
              "wrong-usage": net.pki.wrong_usage}[case]
        web.publish(url, body, by)
    elif case == "no-signature-file":
        web.publish(url, body)
    elif case == "signature-is-garbage":
        web.publish(url, body, signature=b"\x30\x82\xff\xff" + bytes(300))
    elif case == "not-json":
        web.publish(url, b"{\"ietf-mud:mud\": ", signer)
    elif case == "wrong-schema":
        web.publish(url, b'{"hello": "world"}', signer)
    elif case == "server-error":
        web.pages[url] = Page(b"no", "text/plain", 500)
    elif case == "redirect-loop":
        web.pages[url] = Page(b"", status=302, headers={"Location": url})
    elif case == "redirect-to-http":
        web.pages[url] = Page(b"", status=302, headers={
            "Location": url.replace("https:", "http:")})
    elif case == "expired-web":
        url = "https://%s/%s.json" % (internet.EXPIRED_HOST, case)
        web.publish(url, good_body(url), signer)
    elif case == "unknown-host":
        url = "https://nowhere.example/%s.json" % case
    elif case in ("endless", "hangup", "slow"):
        behave = {"slow": "drip"}.get(case, case)
        web.pages[url] = Page(body, behave=behave)
    elif case == "plain-http":
        url = url.replace("https:", "http:")
    elif case == "into-the-house":
        net.zone.add("inside.maker.example", "192.168.1.1")
        url = "https://inside.maker.example/%s.json" % case
    return url


@pytest.fixture(scope="module")
def bad_devices(opened):
    """One device per case, all plugged in at once."""
    found = {}
    for i, case in enumerate(CASES):
        url = prepare(opened.internet, case)
        name = "x-%d" % i
        found[case] = opened.add_device(name, 0x80 + i, "udhcpc", url).join()
    for device in found.values():
        device.wait_ready()
    yield found
    for device in found.values():
        opened.remove_device(device.name)


@pytest.mark.parametrize("case", CASES)
def test_bad_profile(home, bad_devices, case):
    device, cardea = bad_devices[case], home.cardea

    def problem():
        shown = cardea.device(device.mac)
        last = shown["problem"] if shown else ""
        return shown if last and "being fetched" not in last else None

    shown = cardea.wait(problem, timeout=120, what="a problem text")
    assert shown["state"] == "learning"
    reason = shown["problem"].replace(device.mud_url, "URL")
    assert re.search(CASES[case], reason), reason
    assert device.mud_url == shown["mud_url"]
    # watched means: not hindered
    assert device.echo_tcp(internet.CLOUD4, 443)
    assert device.echo_udp(internet.CLOUD6, internet.ANY_UDP)
    # and the house goes on
    assert home["bulb"].echo_tcp(home["bulb"].resolve(internet.CLOUD_NAME)[0], 443)


def test_a_private_server_is_not_asked(home, bad_devices):
    """The URL that points into the house made no connection there."""
    assert not any("inside.maker.example" in url for url, _ in home.internet.web.requests)


def test_the_request_is_that_of_the_standard(home):
    wanted = [accept for url, accept in home.internet.web.requests
              if url == internet.mud_url("bulb")]
    assert wanted and all("application/mud+json" in accept for accept in wanted)


BAD_NAMES = ("spoof_id", "wrong_question", "loop", "garbage", "silent", "servfail")


@pytest.mark.parametrize("bad", BAD_NAMES)
def test_bad_name_server(home, bad):
    zone, phone = home.internet.zone, home["phone"]
    name = zone.add("%s.bad.example" % bad.replace("_", "-"), internet.CLOUD4)
    zone.misbehave[name] = bad
    assert phone.resolve(name, timeout=1, tries=1) == []
    start = time.monotonic()
    fresh = zone.fresh(1)[0]
    assert phone.resolve(fresh) == zone.records[fresh][dns.A]
    assert time.monotonic() - start < 3.0, "one bad name delays the others"


def test_slow_name_delays_nobody_else(home):
    zone, phone = home.internet.zone, home["phone"]
    name = zone.add("slow.bad.example", internet.CLOUD4)
    zone.misbehave[name] = "slow"
    assert phone.resolve(name, timeout=0.2, tries=1) == []
    start = time.monotonic()
    fresh = zone.fresh(1)[0]
    assert phone.resolve(fresh) == zone.records[fresh][dns.A]
    assert time.monotonic() - start < 2.5  # the slow one takes three


def test_300_addresses_are_bounded(home):
    """An answer that is an attack on the sets is cut or refused, and nothing else is."""
    zone = home.internet.zone
    name = zone.add("many.bad.example", internet.CLOUD4)
    zone.misbehave[name] = "many"
    answer = dns.ask(home["phone"].ns, home["phone"].resolvers[0], name)
    assert answer is None or len(answer.addresses) <= 128
    assert home["bulb"].resolve(internet.CLOUD_NAME) == [internet.CLOUD4]
