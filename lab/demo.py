# SPDX-License-Identifier: GPL-2.0-or-later
"""python3 -m lab.demo [--once] [--story NAME] [--build-dir DIR]: a virtual home protected
by Cardea.

Plays its stories, each step observed where the packets arrive: "home" is an evening in a
house, "quarantine" a camera that is taken over and comes back. Then it leaves a prompt at
the gateway (--once: exits instead, 0 only if every step was observed).

With INTERFACE=name[,name...] in the environment it runs on real LAN interfaces instead:
it writes a configuration, starts the gateway and follows its events until Ctrl-C. Then
UPLINK=name may say where the internet is (default: the default route's interface); its
name servers come from /etc/resolv.conf, and MUD_ANCHORS=file[,file...] names the
authorities whose MUD signatures are believed."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile

from . import DEVICES, Home, LabError, demo_quarantine, dns, frames, internet, reaper
from .cardea import Cardea, find_build
from .frames import TCP, UDP
from .gateway import MAC as GATEWAY_MAC
from .netns import Process
from .story import Story

MANAGED = ("bulb", "camera", "plug", "hub", "printer")


def is_syn(packet):
    return packet.flags == frames.SYN


_WHERE = {"bpf": "programs at all ports of the LAN bridge",
          "nft": "tables inet cardea and bridge cardea"}


class Play:
    """The chapters, in order. Each looks at the world's end of the wire."""

    DEVICES = tuple(DEVICES)

    def __init__(self, home, story):
        self.home, self.story = home, story
        self.gateway, self.internet = home.gateway, home.internet

    def run(self, build_dir):
        self.gateway_starts(build_dir)
        self.devices_join()
        self.profiles_arrive()
        self.bulb_reaches_its_cloud()
        self.camera_streams()
        self.camera_turns_bad()
        self.neighbours()
        self.strangers()
        self.owner_keeps_the_house()

    def gateway_starts(self, build_dir):
        story = self.story
        story.chapter("The gateway")
        self.owners_rules = self.gateway.rules()
        self.cardea = self.gateway.start_cardea(build_dir)
        story.step("Cardea is ready", True, self.cardea.status()["sentence"])
        story.attempt("its rules are in the kernel, beside the owner's", lambda: (
            self.gateway.enforced_by() in _WHERE
            and self.gateway.rules() == self.owners_rules,
            _WHERE.get(self.gateway.enforced_by(), "")))

    def devices_join(self):
        self.story.chapter("Six devices are plugged in")
        self.home.join_all()
        for device in self.home.devices.values():
            self.story.attempt(
                "%s joined (%s)" % (device.name, device.client),
                lambda d=device: (self.cardea.wait(lambda: self.cardea.devices().get(d.mac),
                                                   what="the device"),
                                  "%s, %s" % (d.ipv4, d.ipv6)))

    def profiles_arrive(self):
        self.story.chapter("What each is for, in its maker's signed words (RFC 8520)")
        for name in MANAGED:
            self.story.attempt("%s: profile verified, device protected" % name,
                               lambda n=name: self._protected(n))
        self.story.attempt("phone: no profile, so it is watched and not hindered",
                           lambda: (self.cardea.wait_state(self.home["phone"].mac,
                                                           "learning"), ""))
        self.story.quote("cardea device list", self.cardea.cli("device", "list").stdout)

    def _protected(self, name):
        mac = self.home[name].mac
        self.cardea.wait_state(mac, "protected")
        signer = "Lab Maker"
        told = self.cardea.cli("device", "show", mac).stdout
        return signer in told, "signer: " + signer

    def bulb_reaches_its_cloud(self):
        self.story.chapter("The bulb talks to its cloud")
        for family, qtype in (("IPv4", dns.A), ("IPv6", dns.AAAA)):
            self.story.attempt("by name over %s, from the first packet on" % family,
                               lambda q=qtype: self._cloud(self.home["bulb"], q))

    def _cloud(self, device, qtype):
        sink = self.internet.sink
        address = device.resolve(internet.CLOUD_NAME, qtype)[0]
        sink.clear()
        echoed = device.echo_tcp(address, 443)
        syns = sink.count(dst=address, dport=443, proto=TCP, match=is_syn)
        return echoed and syns == 1, "%s: 1 connection, %d SYN arrived" % (address, syns)

    def camera_streams(self):
        self.story.chapter("The camera sends its pictures to the prefix it declared")
        for address in (internet.MEDIA4, internet.MEDIA6):
            self.story.attempt(
                "media over %s" % ("IPv6" if ":" in address else "IPv4"),
                lambda a=address: (self.home["camera"].echo_udp(a, 5004),
                                   "%s udp 5004 answered" % a))

    def camera_turns_bad(self):
        story, camera = self.story, self.home["camera"]
        story.chapter("The camera is taken over and calls its command server")
        found = camera.resolve(internet.C2_NAME, tries=1, timeout=1)
        story.note("it asks for %s: %s" % (internet.C2_NAME, found or "no answer"))
        for address in (internet.C2_4, internet.C2_6):
            story.attempt("nothing reaches %s" % address, lambda a=address: self._c2(a))
        story.attempt("the owner is told", self._told)

    def _c2(self, address):
        camera, sink = self.home["camera"], self.internet.sink
        sink.clear()
        connected = camera.echo_tcp(address, 4444, timeout=1)
        sent = sum(camera.send_udp(address, internet.ANY_UDP) for _ in range(50))
        source = camera.ipv6 if ":" in address else camera.ipv4
        for _ in range(50):
            camera.send_frame(frames.icmp_echo(camera.mac, GATEWAY_MAC, source, address))
        arrived = sink.count(dst=address)
        return (not connected and arrived == 0,
                "1 connection, %d datagrams, 50 pings tried; %d packets arrived"
                % (sent, arrived))

    def _told(self):
        def refused():
            return [e for e in self.cardea.events() if e.get("kind") == "violation"
                    and internet.C2_4 in str(e)]

        event = self.cardea.wait(refused, what="an event about it")[0]
        why = self.cardea.why(str(event["id"]))
        self.story.quote("cardea why %s" % event["id"], why)
        return internet.C2_4 in why, ""

    def neighbours(self):
        story = self.story
        story.chapter("Neighbours on the same bridge, where a router sees nothing")
        plug, phone, hub = self.home["plug"], self.home["phone"], self.home["hub"]
        for value in (0, 1):
            self.gateway.bridge_nf(value)
            story.attempt("the phone switches the plug (bridge-nf %d)" % value,
                          lambda: (phone.echo_tcp(plug.ipv4, 9999)
                                   and phone.echo_tcp(plug.ula, 9999), "tcp 9999"))
            story.attempt("the hub prints (bridge-nf %d)" % value, lambda: (
                hub.echo_tcp(self.home["printer"].ipv4, 9100), "tcp 9100"))
            story.attempt("the camera cannot touch the plug (bridge-nf %d)" % value,
                          self._lateral)
        self.gateway.bridge_nf(0)

    def _lateral(self):
        plug, camera = self.home["plug"], self.home["camera"]
        plug.sink.clear()
        for address in (plug.ipv4, plug.ula):
            if camera.echo_tcp(address, 9999, timeout=0.5):
                return False, "%s answered" % address
        arrived = plug.sink.count(src_mac=camera.mac, proto=(TCP, UDP))
        return arrived == 0, "%d of its frames at the plug's port" % arrived

    def strangers(self):
        self.story.chapter("Strangers")
        self.story.attempt("a guest who uses the bulb's address is stopped", self._spoof)
        for address in (self.home["plug"].ipv4, self.home["plug"].ipv6):
            self.story.attempt("a scanner on the internet does not reach %s" % address,
                               lambda a=address: self._scan(a))

    def _spoof(self):
        guest = self.home.add_device("guest", 0x77).join().wait_ready()
        bulb, sink = self.home["bulb"], self.internet.sink
        sink.clear()
        for port in range(9000, 9050):
            guest.send_frame(frames.udp(guest.mac, GATEWAY_MAC, bulb.ipv4, internet.CLOUD4,
                                        443, port))
        theirs = sink.count(dst=internet.CLOUD4, proto=UDP, dport=range(9000, 9050))
        for port in range(9000, 9050):
            guest.send_frame(frames.udp(guest.mac, GATEWAY_MAC, guest.ipv4,
                                        internet.CLOUD4, 443, port))
        own = sink.count(dst=internet.CLOUD4, proto=UDP, dport=range(9000, 9050)) - theirs
        return (theirs == 0 and own == 50,
                "0 of 50 arrived with the bulb's address, %d of 50 with its own" % own)

    def _scan(self, address):
        sink = self.home["plug"].sink
        sink.clear()
        answered = self.internet.probe(address, 9999)
        arrived = sink.count(dst=address, proto=TCP)
        return not answered and arrived == 0, "%d packets at the plug's port" % arrived

    def owner_keeps_the_house(self):
        story = self.story
        story.chapter("The owner's house stays the owner's")
        story.attempt("the owner's own rules are untouched", lambda: (
            self.gateway.rules() == self.owners_rules, "ip owner_nat, inet owner_filter, "
            "bridge owner_bridge"))
        story.attempt("the daemon stops, the protection stays", self._stopped)
        story.attempt("it starts again and knows the house", self._again)

    def _stopped(self):
        self.cardea.stop()
        held, detail = self._c2(internet.C2_4)
        return held and self.gateway.enforced_by() in _WHERE, detail

    def _again(self):
        self.cardea.start()
        self.cardea.wait_state(self.home["bulb"].mac, "protected")
        return self._cloud(self.home["bulb"], dns.A)


_RC = """
PS1='cardea home> '
on() { ip netns exec %(home)s-"$1" "${@:2}"; }
cat <<'TEXT'

You are at the gateway's console. Try:
  cardea                                 the house in one sentence
  cardea device list                     who lives here
  cardea events --follow &               what happens from now on
  on camera ping -c 2 203.0.113.66       mischief: any command, on any device
  on phone ping -c 2 203.0.113.66        the same, from one that is not managed
  cardea why camera 203.0.113.66         why was that?
  cardea policy show plug                what a device may do, and who says so
  cardea status                          where the rules are enforced, and by what
exit (or Ctrl-D) ends the home and everything in it.
TEXT
"""


def prompt(home, cardea):
    """A shell at the gateway, in which `cardea` finds its daemon."""
    rc = home.path("rc")
    with open(rc, "w", encoding="utf-8") as out:
        out.write(_RC % {"home": home.name})
    env = dict(os.environ, CARDEA_SOCKET=cardea.socket)
    env["PATH"] = os.path.dirname(cardea.programs["cardea"]) + ":" + env["PATH"]
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the shell's
    try:
        subprocess.run(["ip", "netns", "exec", home.gateway.ns.name, "bash", "--rcfile", rc,
                        "-i"], env=env, check=False)
    finally:
        signal.signal(signal.SIGINT, handler)


STORIES = {"home": Play, "quarantine": demo_quarantine.Play}


def play_one(acting, story, build_dir, prompted):
    """One story in a home of its own, with a prompt at its end if wanted."""
    with Home(acting.DEVICES) as home:
        story.chapter("A home opens")
        story.step("gateway, internet and %d devices" % len(home.devices), True,
                   "namespaces %s-*" % home.name)
        acts = acting(home, story)
        try:
            acts.run(build_dir)
        except LabError as error:
            story.broken(error)
        else:
            if prompted:
                story.end()
                prompt(home, acts.cardea)
                story.told = True
    left = reaper.leftovers(home.name)
    if any(left.values()):
        story.step("nothing is left behind", False, str(left))


def play(args):
    find_build(args.build_dir)  # say so before the home is built
    story = Story()
    names = [args.story] if args.story else list(STORIES)
    for name in names:
        play_one(STORIES[name], story, args.build_dir,
                 not args.once and name == names[-1])
    return (1 if story.missing else 0) if story.told else story.end()


class Here:
    """This machine itself, in the place of a namespace."""

    def __init__(self, folder):
        self._log = os.path.join(folder, "cardead.log")

    def run(self, argv, check=True, timeout=60):
        return subprocess.run(argv, text=True, capture_output=True, timeout=timeout,
                              check=check)

    def spawn(self, argv):
        with open(self._log, "ab") as log:
            popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return Process(argv, popen, self._log)


def _name_servers():
    with open("/etc/resolv.conf", encoding="utf-8") as lines:
        return [line.split()[1] for line in lines if line.startswith("nameserver ")]


def _real_interfaces():
    interfaces = os.environ["INTERFACE"].split(",")
    routes = subprocess.run(["ip", "-o", "route", "show", "default"], text=True,
                            capture_output=True, check=True).stdout.split()
    found = routes[routes.index("dev") + 1] if "dev" in routes else None
    uplink = os.environ.get("UPLINK") or found
    for name in [*interfaces, *([uplink] if uplink else [])]:
        if not os.path.exists("/sys/class/net/" + name):
            raise LabError("there is no interface %s" % name)
    if uplink in interfaces:
        raise LabError("%s leads to the internet: INTERFACE has to name the LAN" % uplink)
    return interfaces


def real(args):
    """The gateway on this machine's own LAN; Ctrl-C ends it and takes its rules away."""
    folder = tempfile.mkdtemp(prefix="cardea-demo-")
    os.chmod(folder, 0o755)
    cardea = None
    try:
        sections = {"lan": {"interfaces": _real_interfaces()},
                    # a machine's own name servers often pass no signatures on
                    "dns": {"upstream": _name_servers(), "dnssec": False},
                    "stop": {"open": True}}
        anchors = os.environ.get("MUD_ANCHORS")
        if anchors:
            sections["mud"] = {"anchors": [os.path.abspath(a) for a in anchors.split(",")]}
        cardea = Cardea(Here(folder), folder, args.build_dir).start(sections)
        print("Cardea protects %s. Another terminal may ask it:\n  CARDEA_SOCKET=%s %s"
              % (os.environ["INTERFACE"], cardea.socket, cardea.programs["cardea"]))
        _follow(cardea)
    except KeyboardInterrupt:
        pass
    finally:
        if cardea:
            cardea.stop("--open") if cardea.status() else cardea.kill()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _follow(cardea):
    seen = set()
    while True:
        for event in sorted(cardea.events(), key=lambda e: e["id"]):
            if event["id"] not in seen:
                seen.add(event["id"])
                print("%s  %s" % (event["kind"], event["text"]), flush=True)
        if not cardea.process.alive():
            raise LabError("cardead ended:\n" + cardea.log()[-4000:])
        signal.sigtimedwait([], 1.0)


def main():
    parser = argparse.ArgumentParser(
        prog="python3 -m lab.demo", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--once", action="store_true",
                        help="unattended: exit 0 only if every step was observed")
    parser.add_argument("--story", choices=STORIES,
                        help="one of the stories; both, one after the other, without it")
    parser.add_argument("--build-dir", "--build", metavar="DIR",
                        help="where cardead and cardea were built")
    args = parser.parse_args()
    try:
        return real(args) if os.environ.get("INTERFACE") else play(args)
    except LabError as error:
        print("demo: %s" % error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
