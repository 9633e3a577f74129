# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schemas of the collection, ready to judge a document."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

FOLDER = Path(__file__).resolve().parent.parent / "plugins" / "plugin_utils" / "schemas"


@functools.cache
def validator(name: str) -> Draft202012Validator:
    """Return the validator of a schema by its file name without the ending: ``host-1``."""
    schemas = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json")}
    registry: Registry[Any] = Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in schemas.values())
    Draft202012Validator.check_schema(schemas[name])
    return Draft202012Validator(schemas[name], registry=registry)


def faults(name: str, document: object) -> list[str]:
    """Return what a document does wrong by its schema."""
    return [f"{error.json_path}: {error.message[:200]}" for error in validator(name).iter_errors(document)]
