# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the history."""

from __future__ import annotations

import pytest

from ansible_collections.bottomup.security.plugins.plugin_utils import settings

DATABASES = {None: "", "": "", "off": "off", "Off": "off", False: "off", "False": "off", "sqlite:////x": "sqlite:////x", "postgresql+psycopg://a@b/c": None}


@pytest.mark.parametrize("given", DATABASES, ids=repr)
def test_database(given: object) -> None:
    assert settings.database(given) == (DATABASES[given] if DATABASES[given] is not None else given)  # type: ignore[index]


@pytest.mark.parametrize("given", ["user:secret@db", "/var/lib/x.sqlite3", True, 5, ["sqlite://"], "://secret"], ids=repr)
def test_bad_database_is_told_without_its_value(given: object) -> None:
    with pytest.raises(settings.SettingError, match="daily_check_database is not a database URL") as caught:
        settings.database(given)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("given", [0, "0", 90, " 90 ", 36500])
def test_keep_days(given: object) -> None:
    assert settings.keep_days(given) == int(str(given))


@pytest.mark.parametrize("given", [-1, "", None, True, "ten", "1.5", 10**6], ids=repr)
def test_bad_keep_days_is_told(given: object) -> None:
    with pytest.raises(settings.SettingError, match="daily_check_keep_days is "):
        settings.keep_days(given)
