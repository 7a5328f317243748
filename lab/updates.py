# SPDX-License-Identifier: GPL-2.0-or-later
"""A maker who mends its devices, and what such a device does when it is told that it is
held: it fetches the signed manifest and the image, starts anew, and shows what it runs."""

import base64
import hashlib
import http.client
import json
import os
import ssl
import time

from . import signed
from .gateway import LAN4
from .internet import UPDATE_HOST
from .netns import PATIENCE, LabError
from .web import Page

VENDOR = "maker.example"  # above the authority of its MUD URLs
ONE_START = 31  # seconds
ESP256 = -9
ES256 = -7
PORTAL_TLS, PORTAL_CLEAR = 8908, 8909
CHALLENGE, EVIDENCE = "/.well-known/cardea/challenge", "/.well-known/cardea/evidence"
TOKEN = "application/eat+cwt"
ENVELOPE = "application/suit-envelope+cose"


class Release:
    """One version of a model's firmware, as its maker publishes it."""

    def __init__(self, sequence, image, envelope, url, envelope_url):
        self.sequence, self.image, self.envelope = sequence, image, envelope
        self.url, self.envelope_url = url, envelope_url
        self.digest = hashlib.sha256(image).digest()


class Maker:
    """Signs manifests (draft-ietf-suit-manifest) and puts them on its update host."""

    def __init__(self, lab, folder, name="maker"):
        self._pages = lab.internet.web.pages
        os.makedirs(folder, exist_ok=True)
        self.key = signed.Key(folder, "P-256", name)

    def release(self, model, sequence, size=200_000, vendor=VENDOR,
                published=True):
        block = b"%s firmware %d " % (model.encode(), sequence)
        image = (block * (size // len(block) + 1))[:size]
        stem = "https://%s/%s-%d" % (UPDATE_HOST, model, sequence)
        content = signed.manifest(image, stem + ".bin", sequence, vendor)
        envelope = signed.envelope(
            content, lambda d: signed.sign1(self.key, ESP256, d, detached=True))
        if published:
            self._pages[stem + ".bin"] = Page(image, "application/octet-stream")
            self._pages[stem + ".suit"] = Page(envelope, ENVELOPE)
        return Release(sequence, image, envelope, stem + ".bin", stem + ".suit")


class Answer:
    def __init__(self, response):
        self.status, self.kind = response.status, response.getheader("Content-Type", "")
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class _Connection(http.client.HTTPConnection):
    def __init__(self, device, address, port, host, context, timeout):
        super().__init__(host, port, timeout=timeout)
        self._device, self._address, self._context = device, address, context

    def connect(self):
        sock = self._device.connect(self._address, self.port, timeout=self.timeout)
        if sock is None:
            raise OSError("%s port %d does not answer" % (self._address, self.port))
        self.sock = (self._context.wrap_socket(sock, server_hostname=self.host)
                     if self._context else sock)


class Firmware:
    """The part of a device that updates it and vouches for it. key: of the device, which
    the owner's gateway was told of; malware does not have it."""

    def __init__(self, device, key, web_ca, runs=None):
        self.device, self.key, self.runs = device, key, runs
        self._world = ssl.create_default_context(cafile=web_ca)
        # the gateway's own: a device has no way to know the name of it
        self._house = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._house.check_hostname = False
        self._house.verify_mode = ssl.CERT_NONE
        self.started = time.monotonic()

    def _ask(self, address, port, host, context, method, path, body=None, kind=None,
             timeout=PATIENCE):
        connection = _Connection(self.device, address, port, host, context, timeout)
        try:
            connection.request(method, path, body, {"Content-Type": kind} if kind else {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def fetch(self, url):
        """By name, from the world; the body."""
        host, _, path = url.removeprefix("https://").partition("/")
        found = self.device.resolve(host)
        if not found:
            raise LabError("%s: no address for %s" % (self.device.name, host))
        answer = self._ask(found[0], 443, host, self._world, "GET", "/" + path)
        if answer.status != 200:
            raise LabError("%s: %d" % (url, answer.status))
        return answer.body

    def portal(self, method, path, body=None, kind=None, tls=True, gateway=LAN4):
        """What the gateway's face towards devices says; None: nobody is there."""
        port = PORTAL_TLS if tls else PORTAL_CLEAR
        try:
            return self._ask(gateway, port, gateway, self._house if tls else None, method,
                             path, body, kind)
        except (OSError, http.client.HTTPException):
            return None

    def update(self, release):
        """Fetches, installs, starts anew: a new DHCP lease is asked for."""
        self.runs = self.fetch(release.url)
        if self.runs != release.image:
            raise LabError("another image came than was published")
        self.restart()

    def restart(self):
        """Starts within ONE_START count as one: a client that repeats itself is no reboot."""
        time.sleep(max(0, self.started + ONE_START - time.monotonic()))
        self.started = time.monotonic()
        self.device.leave()
        self.device.join()
        self.device.wait_ready()

    def challenge(self, tls=True):
        """The gateway's nonce for this device."""
        answer = self.portal("GET", CHALLENGE, tls=tls)
        if answer is None or answer.status != 200:
            raise LabError("no challenge: %s" % (
                answer and (answer.status, answer.body[:200])))
        said = answer.json()["eat_nonce"]
        return base64.urlsafe_b64decode(said + "=" * (-len(said) % 4))

    def token(self, nonce, key=None, image=None):
        """A PSA token (RFC 9783) over the nonce, by the device's key and for the image that
        runs, unless told otherwise."""
        measured = hashlib.sha256(self.runs if image is None else image).digest()
        claims = signed.psa_claims(nonce, measured)
        return signed.sign1(key or self.key, ES256, claims)

    def post(self, body, kind=TOKEN, tls=True):
        return self.portal("POST", EVIDENCE, body, kind, tls)
