# SPDX-License-Identifier: GPL-2.0-or-later
"""802.1X in the lab: an authority for device certificates, FreeRADIUS with
cardea-identity as its man page says, hostapd at a port, wpa_supplicant in a device."""

import glob
import os
import pwd
import shutil
import subprocess
import time

from lab.netns import LabError

USER = "freerad"  # Debian's
SECRET, PORT = "lab-radius", 1812
PROGRAMS = ("freeradius", "eapol_test", "hostapd", "wpa_supplicant", "openssl")


def missing():
    """What the tests of this kind want and this machine does not have."""
    absent = [p for p in PROGRAMS if not shutil.which(p)]
    try:
        pwd.getpwnam(USER)
    except KeyError:
        absent.append("user " + USER)
    return absent


_OPENSSL = """
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[server]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
[device]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
%(extensions)s
[signer]
a = SET:signer_rdn
[signer_rdn]
a = SEQUENCE:signer_value
[signer_value]
a = OID:commonName
b = UTF8:%(signer)s
"""


class Makers:
    """The authority of device certificates (802.1AR), and of the RADIUS server's own."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.ca = self._path("ca.pem")
        self._openssl("req", "-x509", "-config", self._config("", ""), "-extensions", "ca",
                      "-utf8", "-subj", "/O=Lab, Inc./CN=Geräte \\\\ CA", "-days", "3650",
                      *self._key("ca"), "-out", self.ca)
        self.server = self.issue("server", "server", "")

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _key(self, stem):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self._path(stem + ".key"))

    def _config(self, extensions, signer):
        with open(self._path("openssl.cnf"), "w", encoding="utf-8") as out:
            out.write(_OPENSSL % {"extensions": extensions, "signer": signer or "nobody"})
        return self._path("openssl.cnf")

    def _openssl(self, *args):
        done = subprocess.run(["openssl", *args], capture_output=True, text=True,
                              check=False)
        if done.returncode:
            raise LabError("openssl %s: %s" % (args[0], done.stderr))

    def issue(self, stem, kind="device", url=None, signer=None, url_type="IA5STRING"):
        """A key and a certificate; the paths of both."""
        lines = []
        if url:
            lines.append("1.3.6.1.5.5.7.1.25 = ASN1:%s:%s" % (url_type, url))
        if signer:
            lines.append("1.3.6.1.5.5.7.1.30 = ASN1:SEQUENCE:signer")
        config = self._config("\n".join(lines), signer)
        request, certificate = self._path(stem + ".csr"), self._path(stem + ".pem")
        self._openssl("req", "-new", "-config", config, "-subj", "/O=Lab, Inc./CN=" + stem,
                      *self._key(stem), "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey",
                      self._path("ca.key"), "-CAcreateserial", "-days", "3650",
                      "-extfile", config, "-extensions", kind, "-out", certificate)
        return self._path(stem + ".key"), certificate


    def steal(self, identity):
        """Somebody has seen this certificate, and has a key of which only the public half
        is right: clients believe it, and what it signs is wrong."""
        key, certificate = identity
        der = os.path.splitext(key)[0] + "-stolen.der"
        self._openssl("ec", "-in", key, "-outform", "DER", "-out", der)
        with open(der, "rb") as f:
            secret = bytearray(f.read())
        assert secret[2:7] == b"\2\1\1\4\x20"  # RFC 5915 3: version, private key
        secret[20] ^= 1
        with open(der, "wb") as f:
            f.write(secret)
        return der, certificate


_RADIUSD = """
prefix = /usr
raddbdir = %(folder)s
localstatedir = %(folder)s/run
logdir = %(folder)s/run
run_dir = %(folder)s/run
libdir = /usr/lib/freeradius
pidfile = %(folder)s/run/radiusd.pid
security {
	user = %(user)s
	group = %(user)s
	allow_core_dumps = no
	reject_delay = 0
	status_server = no
}
client lab {
	ipaddr = 127.0.0.1
	secret = %(secret)s
}
thread pool {
	start_servers = 2
	max_servers = 4
	min_spare_servers = 1
	max_spare_servers = 3
	max_requests_per_server = 0
}
modules {
	eap {
		default_eap_type = tls
		timer_expire = 60
		max_sessions = 64
		tls-config devices {
			private_key_file = %(key)s
			certificate_file = %(certificate)s
			ca_file = %(ca)s
			tls_min_version = "1.2"
			tls_max_version = "1.3"
			verify {
				tmpdir = %(held)s
				client = "%(identity)s hold --mac %%{Calling-Station-Id} --held %(held)s %%{TLS-Client-Cert-Filename}"
			}
		}
		tls {
			tls = devices
		}
	}
	exec cardea {
		wait = yes
		shell_escape = no
		timeout = 10
		program = "%(identity)s certificate --socket %(socket)s --mac %%{Calling-Station-Id} --held %(held)s --serial %%{TLS-Client-Cert-Serial} --issuer %%{TLS-Client-Cert-Issuer}"
	}
}
server default {
	listen {
		type = auth
		ipaddr = 127.0.0.1
		port = %(port)d
	}
	authorize {
		eap
	}
	authenticate {
		eap
	}
	post-auth {
		if (&TLS-Client-Cert-Serial) {
			cardea
		}
	}
}
"""


class Radius:
    """FreeRADIUS on the gateway. Its copy of cardea-identity is one that its user may
    run, wherever the build folder is."""

    def __init__(self, home, makers):
        self.folder = home.path("radius")
        self.held = os.path.join(self.folder, "held")
        for path in (self.folder, self.held, os.path.join(self.folder, "run")):
            os.makedirs(path)
        identity = os.path.join(self.folder, "cardea-identity")
        shutil.copy(self._find(home.cardea.programs["cardead"]), identity)
        key, certificate = makers.server
        with open(os.path.join(self.folder, "radiusd.conf"), "w", encoding="ascii") as out:
            out.write(_RADIUSD % {
                "folder": self.folder, "user": USER, "secret": SECRET, "key": key,
                "certificate": certificate, "ca": makers.ca, "held": self.held,
                "identity": identity, "port": PORT,
                "socket": os.path.join(home.cardea.run_dir, "identity.sock")})
        os.chmod(self.held, 0o700)
        for base, folders, files in os.walk(self.folder):
            for path in (base, *(os.path.join(base, n) for n in folders + files)):
                shutil.chown(path, USER, USER)
        os.chmod(key, 0o644)  # a key of the lab, read by another user
        self.process = home.gateway.ns.spawn(
            ["freeradius", "-X", "-d", self.folder, "-n", "radiusd"])
        self._wait()

    @staticmethod
    def _find(cardead):
        build = os.path.dirname(os.path.dirname(cardead))
        return glob.glob(os.path.join(build, "**", "cardea-identity"), recursive=True)[0]

    def _wait(self):
        deadline = time.monotonic() + 15
        while "Ready to process requests" not in self.process.log():
            if time.monotonic() > deadline or not self.process.alive():
                raise LabError("freeradius: " + self.process.log()[-2000:])
            time.sleep(0.1)

    def log(self):
        return self.process.log()

    def stop(self):
        self.process.stop()
        shutil.rmtree(self.folder)


_NETWORK = """
network={
	key_mgmt=IEEE8021X
	eap=TLS
	identity="device"
	ca_cert="%(ca)s"
	client_cert="%(certificate)s"
	private_key="%(key)s"
	eapol_flags=0
	phase1="tls_disable_tlsv1_3=%(no13)d"
}
"""


def _network(path, makers, identity, tls="1.2"):
    key, certificate = identity
    with open(path, "w", encoding="ascii") as out:
        out.write(_NETWORK % {"ca": makers.ca, "key": key, "certificate": certificate,
                              "no13": tls != "1.3"})
    return path


def eapol_test(home, makers, mac, identity, tls="1.2"):
    """One EAP-TLS conversation with the RADIUS server, as a switch would relay it for
    this MAC. True when access was granted."""
    path = _network(home.path("eapol_test.conf"), makers, identity, tls)
    done = home.gateway.ns.run(["eapol_test", "-c", path, "-a", "127.0.0.1", "-p",
                                str(PORT), "-s", SECRET, "-M", mac, "-t", "10"],
                               check=False)
    return done.returncode == 0 and done.stdout.rstrip().endswith("SUCCESS")


_HOSTAPD = """
interface=%(port)s
driver=wired
logger_stdout=-1
logger_stdout_level=1
ieee8021x=1
use_pae_group_addr=1
own_ip_addr=127.0.0.1
nas_identifier=lab
auth_server_addr=127.0.0.1
auth_server_port=%(radius)d
auth_server_shared_secret=%(secret)s
"""


class Port:
    """802.1X at a device's port of the bridge: hostapd there, wpa_supplicant behind."""

    def __init__(self, home, makers, device, identity):
        path = home.path("dev", device.name, "hostapd.conf")
        with open(path, "w", encoding="ascii") as out:
            out.write(_HOSTAPD % {"port": device.port, "radius": PORT, "secret": SECRET})
        self.hostapd = home.gateway.ns.spawn(["hostapd", path])
        conf = _network(home.path("dev", device.name, "supplicant.conf"), makers, identity)
        with open(conf, "a", encoding="ascii") as out:
            out.write("ap_scan=0\neapol_version=2\n")
        self.supplicant = device.ns.spawn(
            ["wpa_supplicant", "-D", "wired", "-i", "eth0", "-c", conf])

    def log(self):
        return self.hostapd.log() + self.supplicant.log()

    def stop(self):
        self.supplicant.stop()
        self.hostapd.stop()
