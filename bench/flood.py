# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames, as fast as one core can, and what they cost.

The kernel makes the frames (BPF_PROG_RUN with live frames) and hands them to the stack as
a network card's driver does, in batches, as received on a port: no cable, no queue and no
system call in between. What leaves the gateway is counted and freed where it would be
handed to a driver, by a program at the egress of that interface (Sink). All of this
happens on the one thread that asked for it, so its CPU time is the whole cost; what the
kernel's own thread of the same CPU (ksoftirqd) took over meanwhile is added."""

import contextlib
import os
import struct
import threading
import time

from . import kernel
from .kernel import EXIT, call, insn, map_address, move

FRAME = 60
SLOT = 64  # of a frame in the map
BATCH = 64  # frames at once: what NAPI lets a driver hand over
SPORT_AT = 34  # Ethernet 14, IPv4 20
PORT_FIRST, PORT_COUNT = 2000, 60000


def _lookup(fd):
    """r0 = the value at the index in r8. Never absent, but the verifier asks."""
    return (insn(0x63, 10, 8, -4) + map_address(1, fd) + insn(0xbf, 2, 10)
            + insn(0x07, 2, imm=-4) + call(kernel.LOOKUP) + insn(0x55, 0, off=2)
            + move(0, 0) + EXIT)


def _generator(frames, counter, count, is_fresh):
    """Fills each frame with the next of the list: memory read in order is there in time.
    is_fresh gives each a source port of its own, so that each is a new conversation."""
    code = (insn(0x61, 7, 1, 0) + insn(0x61, 3, 1, 4) + insn(0xbf, 1, 7)
            + insn(0x07, 1, imm=FRAME) + insn(0xbd, 1, 3, 2) + move(0, kernel.XDP_ABORTED)
            + EXIT)
    code += move(8, 0) + _lookup(counter)  # r9 = how many came before
    code += (insn(0x79, 9, 0, 0) + insn(0xbf, 8, 9) + insn(0x07, 8, imm=1)
             + insn(0x7b, 0, 8, 0))
    code += insn(0xbf, 8, 9) + insn(0x97, 8, imm=count) + _lookup(frames)
    for at in range(0, FRAME, 4):
        code += insn(0x61, 1, 0, at) + insn(0x63, 7, 1, at)
    if is_fresh:
        code += (insn(0x97, 9, imm=PORT_COUNT) + insn(0x07, 9, imm=PORT_FIRST)
                 + insn(0xdc, 9, imm=16) + insn(0x6b, 7, 9, SPORT_AT))
    return kernel.program_load(kernel.TYPE_XDP, code + move(0, kernel.XDP_PASS) + EXIT)


class Sink:
    """Counts and frees what would leave by an interface; behind all its other filters."""

    def __init__(self, interface):
        """In this thread's network namespace."""
        self._count = kernel.Map.array(8, 1)
        code = (move(8, 0) + _lookup(self._count.fd) + move(1, 1)
                + insn(0xdb, 0, 1, 0)  # atomic add
                + move(0, kernel.TC_SHOT) + EXIT)
        self._program = kernel.program_load(kernel.TYPE_TC, code)
        kernel.attach_egress(interface, self._program)

    def count(self):
        return struct.unpack("=Q", self._count[0])[0]

    def close(self):
        os.close(self._program)
        self._count.close()


class Flood:
    """Frames of one list, as received on one interface of this thread's namespace."""

    def __init__(self, ifindex, frames):
        self._context = struct.pack("=6I", 0, FRAME, 0, ifindex, 0, 0)
        self._frames = kernel.Map.array(SLOT, len(frames))
        self._frames.fill([frame.ljust(SLOT, b"\0") for frame in frames])
        self._counter = kernel.Map.array(8, 1)
        self._count, self._first, self._programs = len(frames), frames[0], {}

    def _program(self, is_fresh):
        if is_fresh not in self._programs:
            self._programs[is_fresh] = _generator(self._frames.fd, self._counter.fd,
                                                  self._count, is_fresh)
        return self._programs[is_fresh]

    def send(self, packets, is_fresh=False, start=None):
        """Nanoseconds of CPU time. start: the first one's number."""
        program = self._program(is_fresh)
        if start is not None:
            self._counter[0] = struct.pack("=Q", start)
        before = _own_time()
        kernel.test_run(program, self._first, packets, self._context, BATCH)
        return _own_time() - before

    def close(self):
        for program in self._programs.values():
            os.close(program)
        self._frames.close()
        self._counter.close()


_helpers = {}  # CPU -> the file with ksoftirqd's time


def _helper(cpu):
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdigit():
                with open("/proc/%s/comm" % name, encoding="utf-8") as comm:
                    if comm.read().strip() == "ksoftirqd/%d" % cpu:
                        return "/proc/%s/schedstat" % name
    return ""


def _own_time():
    """CPU time of this thread, and of ksoftirqd on its CPU, to which it is tied."""
    cpu = min(os.sched_getaffinity(0))
    if cpu not in _helpers:
        _helpers[cpu] = _helper(cpu)
    helped = 0
    if _helpers[cpu]:
        with open(_helpers[cpu], encoding="ascii") as schedstat:
            helped = int(schedstat.read().split()[0])
    return time.thread_time_ns() + helped


@contextlib.contextmanager
def tied(cpu):
    """This thread to one CPU, and before others there: their time would not count, but
    what they leave in the caches would. Where that is refused (a control group without
    real-time share), without."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.sched_setaffinity(0, before)


class Background:
    """Does something again and again in a thread of its own, until told to stop."""

    def __init__(self, work):
        self._work, self._stop, self._error = work, threading.Event(), None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            while not self._stop.is_set():
                self._work()
        except Exception as error:  # told by stop()
            self._error = error

    def stop(self):
        self._stop.set()
        self._thread.join()
        if self._error:
            raise self._error
