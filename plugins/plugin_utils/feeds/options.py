# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the feeds: read, checked and explained before anything is fetched."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Mapping

from ..settings import SettingError, seconds
from . import catalog
from .one import Upstream
from .pages import Page

# The options as the actions have them, and their defaults.
DEFAULTS: dict[str, t.Any] = {
    "feeds_mirror": "",
    "feeds_urls": {},
    "feeds_ecosystems": [],
    "feeds_accept_shrink": [],
    "feeds_ca": "",
    "feeds_max_age": "20h",
    "feeds_timeout": "10m",
    "pages": [],
}

_URL_LIMIT = 2000
_PAGES_LIMIT = 200


class Options(t.NamedTuple):
    """C(ecosystems) is empty for those that the fleet has; C(max_age) and C(timeout) are in seconds."""

    upstream: Upstream
    ecosystems: tuple[str, ...]
    accept_shrink: frozenset[str]
    ca: str
    max_age: int
    timeout: int
    pages: tuple[Page, ...]


def checked(given: Mapping[str, t.Any]) -> Options:
    """Return the options of an action. SettingError names the variable and what is allowed."""
    values = {name: given.get(name) if given.get(name) is not None else default for name, default in DEFAULTS.items()}
    return Options(
        Upstream(_urls(values["feeds_urls"]), _base("daily_check_feeds_mirror", values["feeds_mirror"], empty=True)),
        tuple(sorted(_names("daily_check_feeds_ecosystems", values["feeds_ecosystems"], catalog.ECOSYSTEMS, "ecosystem"))),
        _names("daily_check_feeds_accept_shrink", values["feeds_accept_shrink"], catalog.NAMES, "feed"),
        _ca(values["feeds_ca"]),
        seconds("daily_check_feeds_max_age", values["feeds_max_age"], 0, 366 * 86400),
        seconds("daily_check_feeds_timeout", values["feeds_timeout"], 1, 86400),
        pages(values["pages"]),
    )


def _urls(given: t.Any) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise SettingError(f"daily_check_feeds_urls is {given!r}: a mapping of feeds to base URLs is wanted; there are {', '.join(catalog.SOURCES)}")
    for name in given:
        if name not in catalog.SOURCES:
            raise SettingError(f"daily_check_feeds_urls names {name!r}: there is no such feed; there are {', '.join(catalog.SOURCES)}")
    return {str(name): _base(f"daily_check_feeds_urls.{name}", value) for name, value in given.items()}


def _base(name: str, given: t.Any, empty: bool = False) -> str:
    """Return a base URL, or the absolute path of a folder. The value is not repeated: it may hold a password."""
    if empty and given in (None, ""):
        return ""
    if isinstance(given, str) and 0 < len(given) <= _URL_LIMIT and given.isprintable() and " " not in given.partition("://")[0]:
        if catalog.is_http(given) or given.startswith("file:///"):
            return str(given)
        if "://" not in given and os.path.expanduser(given).startswith("/"):
            return os.path.expanduser(given)
    raise SettingError(f"{name} is no URL (https://, http://, file:///) and no absolute path of a folder")


def _names(variable: str, given: t.Any, known: t.Collection[str], what: str) -> frozenset[str]:
    """Return a list of names, which may be one text with commas."""
    if isinstance(given, str):
        given = [name.strip() for name in given.split(",") if name.strip()]
    if not isinstance(given, (list, tuple)):
        raise SettingError(f"{variable} is {given!r}: a list is wanted; there are {', '.join(known)}")
    unknown = [name for name in given if name not in known]
    if unknown:
        raise SettingError(f"{variable} names {', '.join(map(repr, unknown))}: there is no such {what}; there are {', '.join(known)}")
    return frozenset(map(str, given))


def _ca(given: t.Any) -> str:
    if given in (None, ""):
        return ""
    path = os.path.expanduser(given) if isinstance(given, str) else ""
    if not path or not os.path.exists(path):
        raise SettingError(f"daily_check_feeds_ca is {given!r}: the path of a file or folder of certificates is wanted")
    return path


def pages(given: t.Any) -> tuple[Page, ...]:
    """Return the announcement pages."""
    if not isinstance(given, (list, tuple)) or len(given) > _PAGES_LIMIT:
        raise SettingError(f"daily_check_pages is no list of at most {_PAGES_LIMIT} mappings with name and url")
    return tuple(_page(number, item) for number, item in enumerate(given))


def _page(number: int, item: t.Any) -> Page:
    where = f"daily_check_pages[{number}]"
    if not isinstance(item, Mapping) or set(item) - {"name", "url"}:
        raise SettingError(f"{where} is no mapping with name and url")
    name, url = item.get("name"), item.get("url")
    if not isinstance(name, str) or not 0 < len(name) <= 100 or not name.isprintable():
        raise SettingError(f"{where} has no name, a text of at most 100 characters")
    return Page(str(name), _base(f"{where}.url", url))
