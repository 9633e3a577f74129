# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that the checks start: bounded in time and output, without a shell.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers. Not the library's subprocess: importing that costs a server as much CPU as a
whole check, and none of its ways of starting is needed but one.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import resource
import select
import signal
import time

READ_BLOCK = 65536

# One that speaks line by line (rpm) is left to speak for a moment (seconds), not listened to for every line.
LITTLE = 1024
MOMENT = 0.001

# Of what a command says on its standard error this much is kept.
ERROR_LIMIT = 65536

# What Python ignores and a command must not: it is to end when nobody reads it any more.
DEFAULT_SIGNALS = ("SIGPIPE", "SIGXFSZ")


class Process:
    """A command that runs. C(out), C(err) and C(feed) are our ends of its streams, C(feed) None where nothing is fed.

    C(environment) is all that it sees of one, C(source) a descriptor that becomes its standard input, C(memory) its limit of address space
    in bytes. Raises OSError or ValueError where it cannot be started.
    """

    def __init__(self, argv, environment, source=None, feeding=False, memory=None):
        self._open = []
        try:
            theirs, self.feed = self._pipe() if feeding else (source, None)
            null = self._hold(os.open(os.devnull, os.O_RDONLY)) if theirs is None else theirs
            self.out, out = self._pipe()
            self.err, err = self._pipe()
            self.pid = _start(argv, environment, (null, out, err), memory)
        except BaseException:
            self.close()
            raise
        self.rc = None
        ours = (self.out, self.err, self.feed)
        for descriptor in [one for one in self._open if one not in ours]:
            self.drop(descriptor)

    def _hold(self, descriptor):
        self._open.append(descriptor)
        return descriptor

    def _pipe(self):
        return tuple(self._hold(end) for end in os.pipe())

    def drop(self, descriptor):
        """Close one of our ends."""
        self._open.remove(descriptor)
        os.close(descriptor)

    def close(self):
        """Close what is still open."""
        for descriptor in list(self._open):
            self.drop(descriptor)

    def end(self, deadline, stop):
        """Wait until the deadline for the command to end, or kill it right now (C(stop)); return its code, below zero that of a signal."""
        pause = 0.0005
        give_up = max(deadline, time.time() + 0.1)
        while not stop and not self._ended(os.WNOHANG):
            stop = time.time() >= give_up
            time.sleep(pause)
            pause = min(0.05, 2 * pause)
        if self.rc is None:
            os.kill(self.pid, signal.SIGKILL)
            self._ended(0)
        self.close()
        return self.rc

    def _ended(self, flags):
        pid, state = os.waitpid(self.pid, flags)
        if pid:
            self.rc = -os.WTERMSIG(state) if os.WIFSIGNALED(state) else os.WEXITSTATUS(state)
        return pid != 0


def _start(argv, environment, streams, memory):
    """Return the number of a new process that has become the command; raise the OSError that kept it from that."""
    if any(b"\0" in word for word in argv):
        raise ValueError("embedded null byte")
    told, tell = os.pipe()
    try:
        pid = os.fork()
        if pid == 0:
            _become(argv, environment, streams, memory, tell)
    except OSError:
        os.close(told)
        raise
    finally:
        os.close(tell)
    # Empty where it became the command: that end is closed by becoming it.
    reason = os.read(told, 20)
    os.close(told)
    if reason:
        os.waitpid(pid, 0)
        raise OSError(int(reason), os.strerror(int(reason)), os.fsdecode(argv[0]))
    return pid


def _become(argv, environment, streams, memory, tell):
    """Never returns."""
    try:
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
        _close_others(tell)
        for name in DEFAULT_SIGNALS:
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        if memory is not None:
            hard = resource.getrlimit(resource.RLIMIT_AS)[1]
            memory = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        os.chdir("/")
        os.execve(argv[0], argv, environment)
    except OSError as error:
        os.write(tell, b"%d" % (error.errno or 0))
    finally:
        os._exit(127)


def _close_others(tell):
    """Close what Python did not open: what it opens closes by itself."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) != tell:
            try:
                os.close(int(name))
            except OSError:
                pass  # the folder's own


def run(argv, environment, timeout, limit, fed):
    """Return (rc, out, err, timed_out, truncated) of a command that gets C(fed) (bytes) on its standard input; see Machine.run."""
    try:
        child = Process(argv, environment, feeding=bool(fed))
    except (OSError, ValueError) as error:
        return not_started(error)
    deadline = time.time() + timeout
    said = {child.out: bytearray(), child.err: bytearray()}
    timed_out = truncated = False
    for descriptor, block in _conversation(child, memoryview(fed), deadline):
        if descriptor is None:
            timed_out = True
            break
        said[descriptor] += block
        if sum(map(len, said.values())) > limit:
            truncated = True
            break
    out, err = said[child.out], said[child.err]
    return child.end(deadline, timed_out or truncated), bytes(out[:limit]), bytes(err[:ERROR_LIMIT]), timed_out, truncated


def _conversation(child, left, deadline):
    """Yield (descriptor, block) as they come, until both streams end; (None, b"") at the deadline. Feeds the command what is left to feed."""
    poll = select.poll()
    waiting = {child.out, child.err}
    for descriptor in waiting:
        poll.register(descriptor, select.POLLIN)
    if child.feed is not None:
        os.set_blocking(child.feed, False)
        poll.register(child.feed, select.POLLOUT)
        waiting.add(child.feed)
    while waiting:
        wait = deadline - time.time()
        if wait <= 0:
            yield None, b""
            return
        for descriptor, _events in poll.poll(1000 * wait):
            if descriptor == child.feed:
                more = left = _fed(descriptor, left)
            else:
                more = os.read(descriptor, READ_BLOCK)
            if not more:
                poll.unregister(descriptor)
                waiting.remove(descriptor)
                child.drop(descriptor)
            elif descriptor != child.feed:
                yield descriptor, more
                if len(more) < LITTLE:
                    time.sleep(MOMENT)


def _fed(descriptor, left):
    """Return what is left after a piece was written; nothing where the command does not want more."""
    try:
        return left[os.write(descriptor, left[:READ_BLOCK]):]
    except BrokenPipeError:
        return left[len(left):]


def not_started(error):
    """Return what C(run) returns, of a command that could not be started."""
    return 127, b"", ("%s" % error).encode("utf-8", "backslashreplace"), False, False


class Stream:
    """The output of a command, block by block as it comes.

    After the last block, or C(close), C(rc), C(err), C(timed_out) and C(truncated) say how it ended, as in a Command.
    C(close) before the last block kills the command.
    """

    def __init__(self, child, answer, deadline, limit):
        self._child, self._answer, self._deadline, self._limit = child, answer, deadline, limit
        self._error = bytearray()
        self.rc, self.err, self.timed_out, self.truncated = None, b"", False, False

    def __enter__(self):
        return self

    def __exit__(self, *_problem):
        self.close()

    def __iter__(self):
        """Yield the output in blocks (bytes) of any size."""
        if self._child is None:
            if self._answer[1]:
                yield self._answer[1]
        else:
            yield from self._blocks()
        self.close(finished=not (self.timed_out or self.truncated))

    def _blocks(self):
        for descriptor, block in _conversation(self._child, None, self._deadline):
            if descriptor is None:
                self.timed_out = True
                return
            if descriptor == self._child.err:
                self._error += block[: ERROR_LIMIT - len(self._error)]
                continue
            yield block
            self._limit -= len(block)
            if self._limit < 0:
                self.truncated = True
                return

    def close(self, finished=False):
        """End the command where it still runs, and take its exit code. May be called twice."""
        if self.rc is not None:
            return
        if self._child is None:
            self.rc, _out, self.err, self.timed_out, self.truncated = self._answer
            return
        self.rc = self._child.end(self._deadline, not finished)
        self.err = bytes(self._error)


def stream(argv, environment, timeout, limit, source, memory):
    """Return the Stream of a command; see Machine.stream."""
    try:
        return Stream(Process(argv, environment, source=source, memory=memory), None, time.time() + timeout, limit)
    except (OSError, ValueError) as error:
        return Stream(None, not_started(error), 0, limit)
