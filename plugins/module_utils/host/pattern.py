# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions that cost nothing until they are asked.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers. The checks know hundreds of expressions, a host meets a few of them: compiling
all of them at every start would cost it more than most checks do.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re


class Pattern:
    """A regular expression with the methods and attributes of a compiled one, compiled when the first of them is asked for.

    An attribute that was asked for stays with the instance: from then on it is found as fast as the compiled one's own.
    """

    def __init__(self, expression, flags=0):
        self._expression = expression
        self._flags = flags

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        compiled = self.__dict__.get("_compiled")
        if compiled is None:
            compiled = self._compiled = re.compile(self._expression, self._flags)
        value = getattr(compiled, name)
        setattr(self, name, value)
        return value
