# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script that travels to a server: the enabled checks and what they import, as one Python program for `python3 -I -S -`.

Each module of plugins/module_utils is read, stripped of its words for readers and compressed once, and that is kept beside it; a payload is
then a join of ready pieces, so that a thousand hosts cost no more than one. For a server whose Python is known to be of the controller's
version the modules that every host loads travel compiled as well.
"""

from __future__ import annotations

import base64
import functools
import json
import re
import typing as t
import zlib
from pathlib import Path

from . import compiled, kept

MODULE_UTILS = Path(__file__).resolve().parent.parent / "module_utils"

ENGINE = "engine"

_MAKER = kept.stamp(Path(__file__), Path(compiled.__file__))

# Runs on the server before anything else is there: an importer for the modules that travel. Each is compiled when it is first imported,
# so that what a host does not need (a function imports it) costs it nothing, and a check that cannot be loaded costs only itself.
# The code of a module that travels compiled is taken where this Python would compile it to the same: its magic number says so.
# Loading leaves nothing to collect; the engine switches the collector on before the checks run.
PROGRAM = """\
import binascii, gc, marshal, sys, zlib
gc.disable()
def _bottomup(sources, request, codes, magic):
    if sys.implementation.name != "cpython" or getattr(sys.modules.get("_frozen_importlib_external"), "MAGIC_NUMBER", None) != magic:
        codes = {}
    spec = type(sys.__spec__)
    class Importer:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name in ("bottomup", "bottomup.checks", "bottomup.host"):
                return spec(name, Importer, is_package=True)
            if name[:9] == "bottomup." and name[9:] in sources:
                return spec(name, Importer)
        @staticmethod
        def create_module(spec):
            pass
        @staticmethod
        def exec_module(module):
            part = module.__name__[9:]
            if part in sources:
                module.__file__ = part.replace(".", "/") + ".py"
                packed = zlib.decompress(binascii.a2b_base64(codes.get(part) or sources[part]))
                exec(marshal.loads(packed) if part in codes else compile(packed, module.__file__, "exec", 0, True, 2), module.__dict__)
    def load(part):
        __import__("bottomup." + part)
        return sys.modules["bottomup." + part]
    sys.meta_path.insert(0, Importer)
    load("engine").main(lambda name: load("checks." + name).run, request)
"""


# What is left out, and the texts in which nothing is. Expressions, since a parser would take a second of every run: a test compares what they
# make of each module with what Python's parser makes of it.
_COMMENT = re.compile(r"[ \t]*#.*")
_WORDS = re.compile(
    r"""
      (?P<before> \A (?: \#.*\n | \s*\n )* | :[ \t]*(?:\#.*)?\n\s* ) (?P<docstring> r?\"{3}(?:\\[\s\S]|[^\\])*?\"{3} )
    | (?P<text> \"{3}(?:\\[\s\S]|[^\\])*?\"{3} | '{3}(?:\\[\s\S]|[^\\])*?'{3} | "(?:\\[\s\S]|[^"\\\n])*" | '(?:\\[\s\S]|[^'\\\n])*' )
    | [ \t]*\#.*
    """,
    re.VERBOSE,
)
_IMPORT = re.compile(r"^(?P<indent>[ \t]*)from (?P<dots>\.+)(?P<module>[\w.]*) import (?P<names>\([^)]*\)|.*)", re.MULTILINE)


class Source(t.NamedTuple):
    """One module: what it imports of ours, what of that when it is loaded and not in a function, and its text ready for the wire."""

    imports: tuple[str, ...]
    first: tuple[str, ...]
    packed: str


def available_checks() -> list[str]:
    """Return the names of the checks that this collection has: the public modules of module_utils/checks that have a `run`."""
    return list(_available_checks())


@functools.cache
def _available_checks() -> tuple[str, ...]:
    paths = sorted((MODULE_UTILS / "checks").glob("*.py"))
    return tuple(path.stem for path in paths if "\ndef run(options, machine):" in path.read_text(encoding="utf-8"))


@functools.cache
def source(name: str) -> Source:
    """Return the module `checks.restart`, `host.finding` or `engine` of module_utils."""
    path = MODULE_UTILS / _file(name)
    imports, first, packed = json.loads(kept.kept(path, "source", _MAKER, lambda: _source(name, path)))
    return Source(tuple(imports), tuple(first), packed)


def _source(name: str, path: Path) -> bytes:
    written = strip(path.read_text(encoding="utf-8"))
    imports = _imports(name, written)
    return json.dumps([list(imports), [part for part in imports if imports[part]], _packed(written.encode("utf-8"), 9)]).encode("ascii")


@functools.cache
def code(name: str) -> str:
    """Return the same module compiled, ready for the wire."""
    path = MODULE_UTILS / _file(name)
    # It shrinks by no more with more work.
    return kept.kept(path, "code", _MAKER, lambda: _packed(compiled.code(path.read_bytes(), _file(name)), 1).encode("ascii")).decode("ascii")


def _file(name: str) -> str:
    return name.replace(".", "/") + ".py"


def _packed(content: bytes, level: int) -> str:
    return base64.b64encode(zlib.compress(content, level)).decode("ascii")


def _imports(name: str, stripped: str) -> dict[str, bool]:
    """Return the relative imports of a module, in order of appearance: the name below module_utils -> whether loading the module imports it."""
    package = name.split(".")[:-1]
    found: dict[str, bool] = {}
    for match in _IMPORT.finditer(stripped):
        base = package[: len(package) - len(match["dots"]) + 1]
        folder = [*base, *match["module"].split(".")] if match["module"] else base
        if match["module"] and (MODULE_UTILS / "/".join(folder)).with_suffix(".py").exists():
            names = [".".join(folder)]
        else:
            names = [".".join([*folder, words.split()[0]]) for words in match["names"].strip("()").split(",") if words.strip()]
        for part in names:
            found[part] = found.get(part, False) or not match["indent"]
    return found


def strip(written: str) -> str:
    """Return a module without comments and docstrings; every line keeps its number, so that an error names the right one."""
    return _WORDS.sub(_without, written)


def _without(match: re.Match[str]) -> str:
    if match["text"]:
        return match["text"]
    if match["docstring"] is None:
        return ""
    # A pass in its place: the body may hold nothing else.
    before = _COMMENT.sub("", match["before"])
    return before + ("pass" if before.startswith(":") else "") + "\n" * match["docstring"].count("\n")


@functools.cache
def order(name: str) -> tuple[str, ...]:
    """Return a module's import closure, each module behind what it imports, itself last."""
    found: list[str] = []

    def visit(part: str, path: tuple[str, ...]) -> None:
        if part in path:
            raise ValueError(f"module_utils imports itself in a circle: {' -> '.join([*path, part])}")
        if part not in found:
            for imported in source(part).imports:
                visit(imported, (*path, part))
            found.append(part)

    visit(name, ())
    return tuple(found)


def loaded(names: t.Iterable[str]) -> set[str]:
    """Return the modules that are imported on every host where these are: not those that only some function asks for."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        part = waiting.pop()
        if part not in found:
            found.add(part)
            waiting.extend(source(part).first)
    return found


@functools.cache
def _program(checks: tuple[str, ...], with_code: bool) -> str:
    names = (ENGINE, *(f"checks.{check}" for check in checks))
    parts = sorted({part for name in names for part in order(name)})
    # The others would make the way longer for every host, and few hosts would have them compiled otherwise.
    with_codes = sorted(loaded(names)) if with_code else ()
    sources = "{" + ",\n".join(f'"{part}": "{source(part).packed}"' for part in parts) + "}"
    codes = "{" + ",\n".join(f'"{part}": "{code(part)}"' for part in with_codes) + "}"
    return f"{PROGRAM}\n_SOURCES = {sources}\n_CODES = {codes}\n"


def build(checks: t.Sequence[str], request: t.Mapping[str, t.Any], python: str = "") -> bytes:
    """Return the program for these checks and this request (see engine.main) as Python source, ASCII only.

    C(python) is the version that the server's Python had last time, if that is known. It only decides what travels: any Python can run the program.
    """
    # JSON text inside a Python string: the request holds a user's options, none of which may become code.
    words = json.dumps(json.dumps(request))
    program = _program(tuple(checks), compiled.fits(python))
    return f"{program}import json\n_bottomup(_SOURCES, json.loads({words}), _CODES, {compiled.MAGIC!r})\n".encode("ascii")


def prepare() -> None:
    """Read, compile and compress every module now, in the process that the workers are forked from."""
    names = (ENGINE, *(f"checks.{check}" for check in available_checks()))
    for name in names:
        order(name)
    for part in loaded(names):
        code(part)
