# SPDX-License-Identifier: GPL-2.0-or-later
"""Certificates and signatures of the lab's world, made by the openssl command.

Two trees that have nothing to do with each other: a web CA for HTTPS servers, and a CA
for the signers of MUD files (RFC 8520 section 13).
"""

import os
import subprocess

from .netns import LabError

_CA_CONFIG = """
[ca]
default_ca = lab
[lab]
dir = {folder}
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[ca_ext]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[signer]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[wrong_usage]
basicConstraints = CA:FALSE
keyUsage = critical,keyEncipherment
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""

_SERVER_EXT = """
[server]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""

VALID = ("20250101000000Z", "20450101000000Z")
EXPIRED = ("20200101000000Z", "20210101000000Z")


def _openssl(*args, stdin=None):
    done = subprocess.run(["openssl", *args], input=stdin, capture_output=True, check=False)
    if done.returncode != 0:
        raise LabError("openssl %s: %s" % (args[0], done.stderr.decode("utf-8", "replace")))
    return done.stdout


class Authority:
    """One CA and what it issues. Everything lies in one folder."""

    def __init__(self, folder, name):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self._config = self._write("ca.cnf", _CA_CONFIG.format(folder=folder))
        self._write("index.txt", "")
        self._write("serial", "1000\n")
        self.certificate = os.path.join(folder, "ca.pem")
        self._key = os.path.join(folder, "ca.key")
        _openssl("req", "-x509", "-config", self._config_with_req(), "-extensions", "ca_ext",
                 "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-days", "7300", "-subj", "/CN=" + name, "-keyout", self._key,
                 "-out", self.certificate)

    def _write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as out:
            out.write(text)
        return path

    def _config_with_req(self):
        return self._write("req.cnf", _CA_CONFIG.format(folder=self.folder)
                           + "[req]\ndistinguished_name = dn\n[dn]\n")

    def issue(self, stem, subject, extension, validity=VALID, names=None):
        """A key and certificate; returns both paths."""
        key, request = (os.path.join(self.folder, stem + e) for e in (".key", ".csr"))
        certificate = os.path.join(self.folder, stem + ".pem")
        _openssl("req", "-new", "-config", self._config_with_req(), "-newkey", "ec",
                 "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + subject,
                 "-keyout", key, "-out", request)
        extra = []
        if names:
            text = _SERVER_EXT.format(names=",".join("DNS:" + n for n in names))
            extra = ["-extfile", self._write(stem + ".ext", text)]
        _openssl("ca", "-batch", "-notext", "-config", self._config, "-keyfile", self._key,
                 "-cert", self.certificate, "-in", request, "-out", certificate,
                 "-extensions", extension, "-startdate", validity[0], "-enddate",
                 validity[1], *extra)
        return key, certificate


class Signer:
    """Signs MUD files: detached DER CMS over the exact bytes."""

    def __init__(self, key, certificate):
        self.key, self.certificate = key, certificate

    def sign(self, data):
        return _openssl("cms", "-sign", "-binary", "-outform", "DER", "-md", "sha256",
                        "-signer", self.certificate, "-inkey", self.key, stdin=data)


class Pki:
    """All the trust of the lab's world, good and bad."""

    def __init__(self, folder, hosts):
        self.web = Authority(os.path.join(folder, "web"), "Lab Web CA")
        self.web_ca = self.web.certificate
        self.server = self.web.issue("server", hosts[0], "server", names=hosts)
        self.expired_server = self.web.issue("expired", hosts[0], "server",
                                             validity=EXPIRED, names=hosts)
        self._mud = Authority(os.path.join(folder, "mud"), "Lab MUD Signing CA")
        self.anchor = self._mud.certificate
        self.signer = Signer(*self._mud.issue("signer", "Lab Maker", "signer"))
        self.expired = Signer(*self._mud.issue("old", "Lab Maker (expired)", "signer",
                                               validity=EXPIRED))
        self.wrong_usage = Signer(*self._mud.issue("usage", "Lab Encryptor", "wrong_usage"))
        stranger = Authority(os.path.join(folder, "stranger"), "Stranger CA")
        self.stranger = Signer(*stranger.issue("signer", "Stranger", "signer"))
