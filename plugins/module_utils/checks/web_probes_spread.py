# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several files at once: one process for each share of them, at most half of the cores.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import pickle

# A process costs about as much as reading this much text.
SHARE_MINIMUM = 4 << 20
WORKERS_LIMIT = 16


def workers(options):
    """Return how many processes may read: the option C(workers), else half of the cores."""
    given = options.get("workers")
    if given:
        return max(1, min(WORKERS_LIMIT, int(given)))
    try:
        cores = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        cores = os.cpu_count() or 1
    return max(1, min(WORKERS_LIMIT, cores // 2))


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
