# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several files at once: one process for each share of them, at most half of the cores; beside it, where much is packed, one that unpacks.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import struct

try:
    import fcntl
except ImportError:  # no Linux
    fcntl = None

# A process costs about as much as reading this much text.
SHARE_MINIMUM = 4 << 20
WORKERS_LIMIT = 16
# With this much packed text to read, a process that unpacks ahead saves more time than its pipe costs.
AHEAD_MINIMUM = 48 << 20
# How far it may be ahead: what Linux gives a pipe without privileges.
_AHEAD = 1 << 20
_SET_PIPE_SIZE = 1031
_LENGTH = struct.Struct("=I")


def _cores():
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return os.cpu_count() or 1


def workers(options):
    """Return how many processes may read: the option C(workers), else half of the cores."""
    given = options.get("workers")
    if given:
        return max(1, min(WORKERS_LIMIT, int(given)))
    return max(1, min(WORKERS_LIMIT, _cores() // 2))


def unpacks_ahead(dealt):
    """Return whether each share should have a process that unpacks: there is a core for it, and enough to unpack."""
    packed = sum(entry[0].size for share in dealt for entry in share if entry[0].packed)
    return _cores() >= 2 * len(dealt) and packed >= AHEAD_MINIMUM * len(dealt)


def shares(opened, count):
    """Return the opened (log, ...) pairs dealt to at most C(count) shares of about the same size; each in the order given."""
    size = sum(entry[0].size for entry in opened)
    count = max(1, min(count, len(opened), size // SHARE_MINIMUM))
    if count == 1:
        return [opened]
    dealt = [[0, []] for _number in range(count)]
    for place, entry in sorted(enumerate(opened), key=lambda item: (-item[1][0].size, item[0])):
        least = min(dealt, key=lambda share: share[0])
        least[0] += entry[0].size
        least[1].append(place)
    return [[opened[place] for place in sorted(places)] for _size, places in dealt if places]


def spread(work, dealt):
    """Return the results of C(work(share)) for all shares, in their order; the first is done here, each other in a child process.

    A child that dies raises ChildProcessError here.
    """
    children = []
    try:
        for share in dealt[1:]:
            children.append(_start(work, share))
        results = [work(dealt[0])]
        while children:
            results.append(_finish(children.pop(0)))
        return results
    finally:
        for pid, descriptor in children:
            os.close(descriptor)
            os.kill(pid, 9)
            os.waitpid(pid, 0)


def _start(work, share):
    import pickle  # most hosts have too little to share

    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    status = 1
    try:
        os.close(reader)
        with os.fdopen(writer, "wb") as out:
            pickle.dump(work(share), out, pickle.HIGHEST_PROTOCOL)
        status = 0
    finally:
        # Nothing of the parent's may run again here: no finally, no atexit, no flush of its output.
        os._exit(status)


def _finish(child):
    import pickle

    pid, descriptor = child
    try:
        with os.fdopen(descriptor, "rb") as source:
            # What comes through this pipe was written by our own child.
            result = pickle.load(source)
    except (EOFError, pickle.UnpicklingError):
        result = None
    _pid, status = os.waitpid(pid, 0)
    if result is None or status:
        raise ChildProcessError("a process that read logs died: status %d" % status)
    return result


def ahead(blocks, said):
    """Yield what a generator yields, which a child process runs, some blocks ahead; what that adds to the list C(said) is added here as well."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            os.close(reader)
            _produce(blocks, said, writer)
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    import pickle

    ended = False
    try:
        with os.fdopen(reader, "rb") as source:
            while not ended:
                head = source.read(_LENGTH.size)
                length = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else -1
                block = source.read(length) if length > 0 else b""
                if length < 0 or len(block) < length:
                    said.append("the process that unpacked it died")
                    break
                if length:
                    yield block
                else:
                    ended = True
                    said.extend(pickle.loads(source.read()))
    finally:
        if not ended:
            os.kill(pid, 9)
        os.waitpid(pid, 0)


def _produce(blocks, said, writer):
    """Write each block behind its length; behind a length of zero what was said meanwhile."""
    import pickle

    before = len(said)
    if fcntl is not None:
        try:
            fcntl.fcntl(writer, _SET_PIPE_SIZE, _AHEAD)
        except OSError:
            pass  # the user has too many pipes: a smaller one works as well
    with os.fdopen(writer, "wb", 0) as out:
        for block in blocks:
            _write(out, _LENGTH.pack(len(block)))
            _write(out, block)
        _write(out, _LENGTH.pack(0))
        _write(out, pickle.dumps(said[before:]))


def _write(out, block):
    block = memoryview(block)
    while block:
        block = block[out.write(block) :]
