# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTML of strangers, made so that Python's parser reads it in one pass.

That parser looks for the end of each comment, declaration and tag up to the end of the page: of a page of ``<!`` it would take hours.
"""

from __future__ import annotations

import re

# A sign that begins no tag that ends soon. A tag may hold such signs in quotes, and be as long as it likes where it holds none.
_NO_TAG = re.compile(r"<(?!/?[A-Za-z](?:[^<>]*|[^>]{0,200})>)")


def tags_only(page: str) -> str:
    """Return a page without its comments and declarations; what else begins no whole tag is text."""
    first, *others = page.split("<!--")
    return _NO_TAG.sub("&lt;", first + "".join(part.partition("-->")[2] for part in others))
