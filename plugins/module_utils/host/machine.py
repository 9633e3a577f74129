# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server that a check looks at: its files, its clock, its commands.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import os
import resource
import selectors
import signal
import subprocess
import time

# sbin first: the tools that the checks need are mostly an administrator's.
COMMAND_DIRS = (b"/usr/sbin", b"/usr/bin", b"/sbin", b"/bin", b"/usr/local/sbin", b"/usr/local/bin")

# A command sees this and nothing else of our environment: English messages, no pager, no colour.
COMMAND_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}

READ_BLOCK = 65536

Command = collections.namedtuple("Command", "rc out err timed_out truncated")


class Machine:
    """Access of one check to its server.

    C(root) is where the file tree starts (bytes): C(b"/"), or a made-up tree in a test.
    C(now) is the server's time in seconds since 1970, taken once, so that a check judges by one clock.
    C(commands) replaces C(run) in a test: a callable that takes argv (list of bytes) and returns a Command.
    """

    def __init__(self, root=b"/", now=None, commands=None):
        self.root = root
        self.now = time.time() if now is None else now
        self._commands = commands

    def path(self, path):
        """Return an absolute path (bytes) of the server as a path that can be opened."""
        if self.root == b"/":
            return path
        return self.root.rstrip(b"/") + path

    def read(self, path, limit=1048576):
        """Return the first C(limit) bytes of a file; loops, since files in /proc answer in short reads.

        Raises OSError where it cannot be read.
        """
        descriptor = os.open(self.path(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            blocks = []
            left = limit
            while left > 0:
                block = os.read(descriptor, min(left, READ_BLOCK))
                if not block:
                    break
                blocks.append(block)
                left -= len(block)
            return b"".join(blocks)
        finally:
            os.close(descriptor)

    def read_or_none(self, path, limit=1048576):
        """Like C(read), None where the file cannot be read."""
        try:
            return self.read(path, limit)
        except (OSError, ValueError):
            return None

    def which(self, name):
        """Return the full path (bytes) of an installed command, or None. PATH is not asked: it may be hostile."""
        for folder in COMMAND_DIRS:
            candidate = folder + b"/" + name
            if os.access(self.path(candidate), os.X_OK):
                return candidate
        return None

    def run(self, argv, timeout=10, limit=4194304, stdin=b""):
        """Run a command by its full path, without a shell, and return a Command (bytes).

        C(timed_out) and C(truncated) say that it was stopped after C(timeout) seconds or C(limit) bytes of output:
        its answer is then not whole. A command that cannot be started has rc 127 and the reason in err.
        """
        if self._commands is not None:
            return self._commands(argv)
        try:
            child = _start(argv, subprocess.PIPE if stdin else subprocess.DEVNULL)
        except (OSError, ValueError) as error:
            return _not_started(error)
        return _converse(child, stdin, time.time() + timeout, limit)

    def stream(self, argv, timeout=60, limit=1 << 40, source=subprocess.DEVNULL, memory=None):
        """Start a command whose answer is too long to be held and return a Stream of its output; close it, or use it in C(with).

        C(source) is a file descriptor that becomes its standard input, C(memory) its limit of address space in bytes.
        """
        if self._commands is not None:
            return Stream(None, self._commands(argv), 0, limit)
        try:
            child = _start(argv, source)
            if memory is not None:
                _limit_memory(child.pid, memory)
            return Stream(child, None, time.time() + timeout, limit)
        except (OSError, ValueError) as error:
            return Stream(None, _not_started(error), 0, limit)


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
            if self._answer.out:
                yield self._answer.out
        else:
            yield from self._blocks()
        self.close(finished=not (self.timed_out or self.truncated))

    def _blocks(self):
        out, err = self._child.stdout, self._child.stderr
        with selectors.DefaultSelector() as selector:
            selector.register(out, selectors.EVENT_READ)
            selector.register(err, selectors.EVENT_READ)
            while selector.get_map():
                wait = self._deadline - time.time()
                if wait <= 0:
                    self.timed_out = True
                    return
                for key, _events in selector.select(wait):
                    block = os.read(key.fileobj.fileno(), READ_BLOCK)
                    if not block:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is err:
                        self._error += block[: READ_BLOCK - len(self._error)]
                    else:
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
            self.rc, self.err, self.timed_out, self.truncated = self._answer.rc, self._answer.err, self._answer.timed_out, self._answer.truncated
            return
        self.rc = _end(self._child, self._deadline, not finished)
        self.err = bytes(self._error)


def _start(argv, stdin):
    # There is no AnsibleModule here whose run_command could be called.
    # pylint: disable-next=ansible-bad-function
    return subprocess.Popen(argv, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=COMMAND_ENVIRONMENT, close_fds=True, cwd="/")


def _limit_memory(pid, memory):
    try:
        resource.prlimit(pid, resource.RLIMIT_AS, (memory, memory))
    except (OSError, ValueError):
        pass  # it has ended already, or lives under a lower limit


def _not_started(error):
    return Command(127, b"", ("%s" % error).encode("utf-8", "backslashreplace"), False, False)


def _converse(child, stdin, deadline, limit):
    streams = {child.stdout: bytearray(), child.stderr: bytearray()}
    selector = selectors.DefaultSelector()
    for stream in streams:
        selector.register(stream, selectors.EVENT_READ)
    if child.stdin is not None:
        os.set_blocking(child.stdin.fileno(), False)
        selector.register(child.stdin, selectors.EVENT_WRITE)
    left = memoryview(stdin)
    timed_out = truncated = False
    while selector.get_map():
        wait = deadline - time.time()
        if wait <= 0:
            timed_out = True
            break
        for key, _events in selector.select(wait):
            stream = key.fileobj
            if stream is child.stdin:
                left = _feed(selector, stream, left)
                continue
            block = os.read(stream.fileno(), READ_BLOCK)
            if not block:
                selector.unregister(stream)
                continue
            streams[stream] += block
        if sum(len(buffer) for buffer in streams.values()) > limit:
            truncated = True
            break
    selector.close()
    rc = _end(child, deadline, timed_out or truncated)
    return Command(rc, bytes(streams[child.stdout][:limit]), bytes(streams[child.stderr][:65536]), timed_out, truncated)


def _feed(selector, stream, left):
    try:
        left = left[os.write(stream.fileno(), left[:READ_BLOCK]):]
    except BrokenPipeError:
        left = left[len(left):]
    if not left:
        selector.unregister(stream)
        stream.close()
    return left


def _end(child, deadline, stop):
    if stop:
        child.kill()
    else:
        try:
            child.wait(max(0.1, deadline - time.time()))
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
    rc = child.wait()
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream is not None:
            stream.close()
    return rc
