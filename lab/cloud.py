# SPDX-License-Identifier: GPL-2.0-or-later
"""Echo services: what a device talks to, and what its own listeners are."""

import contextlib
import selectors
import socket
import struct
import threading

IP_PKTINFO = 8
IPV6_RECVPKTINFO, IPV6_PKTINFO = 49, 50


class Echo:
    """Echoes TCP and UDP of one namespace from one thread. A wildcard UDP socket answers
    from the address that was asked."""

    def __init__(self, ns):
        self._ns = ns
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._lock = threading.Lock()
        self._pending, self._closing = [], False
        self.accepted = []  # (peer address, local address) of each TCP connection
        self._thread = threading.Thread(target=self._run, daemon=True,
                                        name="echo " + ns.short)
        self._thread.start()

    def tcp(self, address, port):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = self._ns.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((address, port))
        sock.listen(1024)
        self._add(sock, self._accept)
        return self

    def udp(self, address, port):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = self._ns.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind((address, port))
        self._add(sock, self._datagram)
        return self

    def _add(self, sock, action):
        sock.setblocking(False)
        with self._lock:
            self._pending.append((sock, action))
        self._wake.send(b"x")

    def _run(self):
        while not self._closing:
            for key, _ in self._selector.select():
                if key.data is None:
                    self._register()
                else:
                    with contextlib.suppress(BlockingIOError, InterruptedError):
                        key.data(key.fileobj)
        self._selector.close()

    def _register(self):
        self._woken.recv(4096)
        with self._lock:
            pending, self._pending = self._pending, []
        for sock, action in pending:
            self._selector.register(sock, selectors.EVENT_READ, action)

    def _accept(self, sock):
        conn, peer = sock.accept()
        self._ns.adopt(conn).setblocking(False)
        self.accepted.append((peer[0], conn.getsockname()[0]))
        self._selector.register(conn, selectors.EVENT_READ, self._stream)

    def _stream(self, conn):
        try:
            data = conn.recv(65536)
            if data:
                conn.send(data)
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._selector.unregister(conn)
        conn.close()

    def _datagram(self, sock):
        data, control, _, peer = sock.recvmsg(65536, 256)
        reply = []
        for level, kind, value in control:
            if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
                # struct in_pktinfo: interface, source to use, address that was asked
                asked = struct.unpack("I4s4s", value[:12])[2]
                reply.append((level, kind, struct.pack("I4s4s", 0, asked, b"\0" * 4)))
            elif (level, kind) == (socket.IPPROTO_IPV6, IPV6_PKTINFO):
                reply.append((level, kind, value[:16] + struct.pack("I", 0)))
        with contextlib.suppress(OSError):
            sock.sendmsg([data], reply, 0, peer)

    def close(self):
        self._closing = True
        with contextlib.suppress(OSError):
            self._wake.send(b"x")
        self._thread.join(2)
        self._wake.close()
        self._woken.close()
