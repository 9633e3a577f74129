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
import time

from .plain import open_plain

# sbin first: the tools that the checks need are mostly an administrator's.
COMMAND_DIRS = (b"/usr/sbin", b"/usr/bin", b"/sbin", b"/bin", b"/usr/local/sbin", b"/usr/local/bin")

# A command sees this and nothing else of our environment: English messages, no pager, no colour.
COMMAND_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}

READ_BLOCK = 65536

# Where only the kernel and root put files: they are opened as they are. Anywhere else a user may have laid a link to a device.
TRUSTED = (b"/proc/", b"/sys/", b"/run/systemd/", b"/var/lib/dpkg/")

# Seconds that a command gets at least, however late it is: most answer at once.
COMMAND_LEAST = 2

# Seconds that a command may take where nobody waits: a module may be asked for all that there is.
COMMAND_MOST = 3600

# What is said where C(is_late) ended a reading.
TIME_WAS_UP = "the time was up, the rest was not read"

Command = collections.namedtuple("Command", "rc out err timed_out truncated")


class Machine:
    """Access of one check to its server.

    C(root) is where the file tree starts (bytes): C(b"/"), or a made-up tree in a test.
    C(now) is the server's time in seconds since 1970, taken once, so that a check judges by one clock.
    C(commands) replaces C(run) in a test: a callable that takes argv (list of bytes) and returns a Command.
    C(deadline): when the check is to end its reading and tell what it has (C(time.time)); None where nobody waits.
    """

    def __init__(self, root=b"/", now=None, commands=None):
        self.root = root
        self.now = time.time() if now is None else now
        self.deadline = None
        self._commands = commands

    def is_late(self):
        """Return whether the time for reading is over: a check that goes on is stopped, and what it found is lost."""
        return self.deadline is not None and time.time() >= self.deadline

    def hurry(self, seconds):
        """Let reading be over in C(seconds), if it is not sooner anyway."""
        ends = time.time() + seconds
        self.deadline = ends if self.deadline is None else min(self.deadline, ends)

    def _in_time(self, timeout):
        if self.deadline is None:
            return timeout
        return min(timeout, max(COMMAND_LEAST, self.deadline - time.time()))

    def path(self, path):
        """Return an absolute path (bytes) of the server as a path that can be opened."""
        if self.root == b"/":
            return path
        return self.root.rstrip(b"/") + path

    def read(self, path, limit=1048576):
        """Return the first C(limit) bytes of a plain file; loops, since files in /proc answer in short reads.

        Raises OSError where it cannot be read, and for what is no plain file.
        """
        if path.startswith(TRUSTED):
            descriptor = os.open(self.path(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        else:
            descriptor = open_plain(self.path(path))
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

        C(timed_out) and C(truncated) say that it was stopped after C(timeout) seconds, at C(deadline) or after C(limit) bytes of output:
        its answer is then not whole. A command that cannot be started has rc 127 and the reason in err.
        """
        if self._commands is not None:
            return self._commands(argv)
        # Most hosts give most checks no reason to start anything.
        from . import commands

        return Command(*commands.run(argv, COMMAND_ENVIRONMENT, self._in_time(timeout), limit, stdin))

    def stream(self, argv, timeout=COMMAND_MOST, limit=1 << 40, source=None, memory=None):
        """Start a command whose answer is too long to be held and return a Stream of its output; close it, or use it in C(with).

        C(source) is a file descriptor that becomes its standard input, C(memory) its limit of address space in bytes.
        """
        from . import commands

        if self._commands is not None:
            return commands.Stream(None, self._commands(argv), 0, limit)
        return commands.stream(argv, COMMAND_ENVIRONMENT, self._in_time(timeout), limit, source, memory)
