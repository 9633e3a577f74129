# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the checks on the server, each in a child process of its own, and answer with one document.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers. A check is nice 19, limited in memory and in time; one that crashes,
hangs or is killed costs its own answer and nothing else. Where nobody reads the answer any more, the children end at once.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import json
import os
import resource
import select
import sys
import time

from .host.facts import facts
from .host.finding import STATUSES, iso, text
from .host.machine import Machine

# From SIGTERM to SIGKILL, and from SIGKILL to giving up on a process that hangs in the kernel (a dead NFS mount).
GRACE_SECONDS = 2

# One check's answer as JSON; the document as a whole is compressed after that and at most 16 MiB on the wire.
ANSWER_LIMIT = 8 * 1048576

READ_BLOCK = 1048576

# Of its time a check reads for so much; what is left is for judging what it has, and telling it.
READING = 0.75


# On every Linux. The module signal makes enumerations of its numbers, which takes a millisecond.
SIGKILL = 9
SIGTERM = 15


class Gone(Exception):
    """Nobody reads the answer any more."""


class Child:
    """One check in its own process: its pipe, its deadline and what it said."""

    def __init__(self, name, run, limits, machine):
        self.name = name
        self.started = time.time()
        self.deadline = self.started + limits["timeout"]
        self.timeout = limits["timeout"]
        self.said = bytearray()
        self.signals = 0
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reader)
            _be_the_check(name, run, limits, machine, writer)
        os.close(writer)
        os.set_blocking(reader, False)
        self.pipe = reader

    def read(self):
        """Take what the check has said so far; False at the end of its answer."""
        while len(self.said) <= ANSWER_LIMIT:
            try:
                block = os.read(self.pipe, READ_BLOCK)
            except OSError as error:
                if error.errno == errno.EAGAIN:
                    return True
                raise
            if not block:
                return False
            self.said += block
        self.kill(SIGKILL)
        return False

    def kill(self, number):
        """Send a signal to the check and to all that it started."""
        for send in (os.killpg, os.kill):
            try:
                send(self.pid, number)
            except OSError:
                pass

    def next_stop(self):
        """Return when this child must be looked at again: its deadline, then GRACE_SECONDS after each signal."""
        return self.deadline + self.signals * GRACE_SECONDS

    def stop(self):
        """Past the deadline: SIGTERM first, then SIGKILL. False when even that did not end it."""
        self.signals += 1
        if self.signals > 2:
            return False
        self.kill(SIGTERM if self.signals == 1 else SIGKILL)
        return True

    def close(self):
        """Reap the process, end what it left behind, and return the check's result as JSON (bytes)."""
        os.close(self.pipe)
        state, usage = _reap(self)
        spent = {
            "duration_ms": int((time.time() - self.started) * 1000),
            "cpu_ms": int((usage.ru_utime + usage.ru_stime) * 1000) if usage else 0,
            "max_rss_kb": usage.ru_maxrss if usage else 0,
        }
        ending = _ending(self, state)
        if ending is None:
            return b"%s,%s" % (bytes(self.said[:-1]), json.dumps(spent).encode("ascii")[1:])
        return _encode(dict(unfinished(*ending), **spent))


def unfinished(status, reason):
    """Return the result of a check that gave none."""
    return {"status": status, "status_reason": text(reason), "findings": [], "data": {}, "duration_ms": 0, "cpu_ms": 0, "max_rss_kb": 0}


def _ending(child, state):
    """Return None where the answer is whole, else (status, reason)."""
    if child.signals:
        hung = ", and it hangs in the kernel: see a dead network mount" if child.signals > 2 else ""
        return "timeout", "no answer within %d s%s" % (child.timeout, hung)
    if len(child.said) > ANSWER_LIMIT:
        return "error", "its answer is larger than %d MiB" % (ANSWER_LIMIT // 1048576)
    if state is None:
        return "error", "its process is gone, nobody knows how it ended"
    if os.WIFSIGNALED(state):
        number = os.WTERMSIG(state)
        memory = ": the kernel's out-of-memory killer?" if number == SIGKILL else ""
        return "error", "killed by signal %d%s" % (number, memory)
    if os.WEXITSTATUS(state) != 0 or not child.said.endswith(b"}"):
        return "error", "ended with code %d and no whole answer" % os.WEXITSTATUS(state)
    return None


def _reap(child):
    """Return (state, usage) of an ended child, (None, None) where it cannot be had; never waits for a process that hangs.

    What the check left behind is ended before its process is reaped: until then nobody else can have its number.
    """
    give_up = time.time() + GRACE_SECONDS
    ended = False
    while not ended and time.time() < give_up:
        try:
            ended = os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except OSError:
            return None, None
        if not ended:
            time.sleep(0.005)
    child.kill(SIGKILL)
    if not ended:
        return None, None
    return os.wait4(child.pid, 0)[1:]


def _encode(answer):
    return json.dumps(answer, separators=(",", ":"), sort_keys=True).encode("ascii")


def _be_the_check(name, run, limits, machine, writer):
    """Never returns. The check cannot write to the answer's stream, nor outlive its parent's patience."""
    code = 1
    try:
        os.setsid()
        os.nice(19)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        os.umask(0o077)
        _limit(resource.RLIMIT_CORE, 0)
        _limit(resource.RLIMIT_DATA, limits["memory"])
        _limit(resource.RLIMIT_CPU, int(limits["timeout"]) + 2 * GRACE_SECONDS)
        machine.deadline = time.time() + READING * limits["timeout"]
        answer = _encode(_judged(run, name, limits["options"].get(name) or {}, machine))
        with os.fdopen(writer, "wb") as stream:
            stream.write(answer)
        code = 0
    finally:
        os._exit(code)


def _limit(kind, value):
    """Lower a limit of this process; a lower one that is already there stays."""
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


def _judged(run, name, options, machine):
    try:
        answer = run(options, machine)
        if answer["status"] not in STATUSES:
            raise ValueError("status %r" % (answer["status"],))
        return answer
    except MemoryError:
        return unfinished("error", "needs more memory than its limit (daily_check_memory)")
    except Exception as error:
        return unfinished("error", "%s: %s (%s)" % (type(error).__name__, error, _where(error.__traceback__)))


def _where(traceback):
    """Return file:line of the innermost frame."""
    place = "?"
    while traceback is not None:
        place = "%s:%d" % (os.path.basename(traceback.tb_frame.f_code.co_filename), traceback.tb_lineno)
        traceback = traceback.tb_next
    return place


def _workers():
    """Half of the processors at most: the server has other work."""
    return max(1, len(os.sched_getaffinity(0)) // 2)


def run_checks(checks, limits, machine, reader_gone=lambda: False):
    """Run the checks and return {name: result as JSON (bytes)}.

    C(checks) is a list of (name, run) where run is the check's function or an exception raised while it was loaded;
    C(limits) is {timeout: seconds for each, memory: bytes for each, options: {name: {}}}.
    Raises Gone where C(reader_gone()) says that nobody waits for the answer; no child is left then.
    """
    answers = {}
    waiting = []
    for name, run in checks:
        if isinstance(run, Exception):
            answers[name] = _encode(unfinished("error", "cannot be loaded: %s: %s" % (type(run).__name__, run)))
        else:
            waiting.append((name, run))
    running = {}
    try:
        while waiting or running:
            while waiting and len(running) < _workers():
                name, run = waiting.pop(0)
                child = Child(name, run, limits, machine)
                running[child.pipe] = child
            for child in _ended(running, reader_gone):
                del running[child.pipe]
                answers[child.name] = child.close()
    finally:
        for child in running.values():
            child.kill(SIGKILL)
            child.close()
    return answers


def _ended(running, reader_gone):
    """Wait until something happens and return the children that are through."""
    pause = min(child.next_stop() for child in running.values()) - time.time()
    readable = select.select(list(running), [], [], min(1.0, max(0.0, pause)))[0]
    if reader_gone():
        raise Gone()
    ended = [running[pipe] for pipe in readable if not running[pipe].read()]
    for child in running.values():
        if child not in ended and time.time() >= child.next_stop() and not child.stop():
            ended.append(child)
    return ended


def stream_is_gone(descriptor):
    """Return a function that says whether the reader of a pipe or socket has gone away."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return lambda: bool(poll.poll(0))


def answer(checks, limits, reader_gone=lambda: False):
    """Run the checks and return the server's whole answer as JSON (bytes): started, ended, facts, checks."""
    started = time.time()
    machine = Machine(now=started)
    answers = run_checks(checks, limits, machine, reader_gone)
    head = _encode({"started": iso(started), "facts": facts(machine), "ended": iso(time.time())})
    parts = b",".join(json.dumps(name).encode("ascii") + b":" + answers[name] for name in sorted(answers))
    return b'%s,"checks":{%s}}' % (head[:-1], parts)


def main(load, request):
    """Answer a request on standard output, framed so that a login's own noise and a cut stream are told from the answer.

    C(load(name)) returns a check's run function; C(request) is {token, checks: [names], timeout, memory, options}.
    """
    import binascii
    import gc
    import zlib

    checks = []
    for name in request["checks"]:
        try:
            checks.append((name, load(name)))
        except Exception as error:
            checks.append((name, error))
    # What is loaded by now stays: no child's collector need look at it, and write to the memory that it shares with us.
    if hasattr(gc, "freeze"):
        gc.freeze()
    gc.enable()
    try:
        body = answer(checks, request, stream_is_gone(1))
    except Gone:
        raise SystemExit(1) from None
    form = "json"
    if len(body) > 50000:
        form, body = "zlib", binascii.b2a_base64(zlib.compress(body, 6), newline=False)
    # A server's login scripts may have written half a line before us: start on a new one.
    head = "\n==bottomup.security %s %s %d %08x==\n" % (request["token"], form, len(body), zlib.crc32(body) & 0xFFFFFFFF)
    sys.stdout.buffer.write(head.encode("ascii") + body + b"\n==end %s==\n" % request["token"].encode("ascii"))
    sys.stdout.buffer.flush()
