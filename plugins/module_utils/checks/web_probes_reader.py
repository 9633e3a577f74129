# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a log in blocks of whole lines.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

# A line longer than this is no line that a web server wrote.
LINE_LIMIT = 1048576


def whole_lines(blocks, too_long):
    """Yield the same text in blocks that end where a line ends; the last line of all gets its line break.

    C(too_long) is called for each line that is longer than C(LINE_LIMIT): it is left out, a break stands in its place.
    """
    rest, skipping = b"", False
    for block in blocks:
        if skipping:
            cut = block.find(b"\n")
            if cut < 0:
                continue
            block, skipping = block[cut:], False
        cut = block.rfind(b"\n") + 1
        if cut:
            # A view, so that the text is copied once. Zeros are what is left around a hole.
            yield b"".join((rest, memoryview(block)[:cut])).lstrip(b"\0")
            rest = block[cut:]
        else:
            rest += block
        if len(rest) > LINE_LIMIT:
            too_long(rest)
            rest, skipping = b"", True
    if rest:
        yield rest + b"\n"
