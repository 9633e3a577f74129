# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The situations: how each is set up, what happens to it, and what the check must say.

A situation is a generator: up to its first C(yield), which hands out the process id, everything is as installed; what follows is the change.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import needs
from restart_workshop import Workshop

Steps = Callable[[Workshop, Path], Iterator[int]]


class Situation(NamedTuple):
    name: str
    wanted: str | None  # the reason, None where the process must not be listed as stale
    steps: Steps


SITUATIONS: list[Situation] = []


def situation(wanted: str | None) -> Callable[[Steps], Steps]:
    def add(steps: Steps) -> Steps:
        SITUATIONS.append(Situation(steps.__name__, wanted, steps))
        return steps

    return add


# Libraries that are gone or replaced


def _library(name: bytes, change: str) -> Steps:
    def steps(shop: Workshop, place: Path) -> Iterator[int]:
        library = shop.copy(shop.library, os.fsencode(place) + b"/" + name)
        yield shop.hold("dlopen", library)
        if change == "replace":
            shop.replace(library)
        else:
            library.unlink()

    return steps


for _title, _name, _change, _wanted in (
    ("library_removed", b"libsample.so.1", "remove", "removed"),
    ("library_replaced", b"libsample.so.1", "replace", "replaced"),
    ("library_with_blank", b"lib sample.so", "replace", "replaced"),
    ("library_with_newline", b"lib\nsample.so", "replace", "replaced"),
    ("library_with_octal_text", b"lib\\012sample.so", "replace", "replaced"),
    ("library_not_utf8", b"lib\xff\xfesample.so", "replace", "replaced"),
):
    SITUATIONS.append(Situation(_title, _wanted, _library(_name, _change)))


@situation("replaced")
def library_under_the_name_of_rpm(shop: Workshop, place: Path) -> Iterator[int]:
    library = shop.copy(shop.library, place / "x.so;5f3a1b2c")
    yield shop.hold("dlopen", library)
    shop.copy(shop.newer, place / "x.so")
    library.unlink()


@situation("replaced")
def old_inode_keeps_a_hard_link(shop: Workshop, place: Path) -> Iterator[int]:
    library = shop.copy(shop.library, place / "x.so")
    os.link(library, place / "kept")
    yield shop.hold("dlopen", library)
    shop.replace(library)


@situation("shadowed")
def library_moved_aside(shop: Workshop, place: Path) -> Iterator[int]:
    library = shop.copy(shop.library, place / "x.so")
    yield shop.hold("dlopen", library)
    library.rename(place / "x.so.old")
    shop.copy(shop.newer, library)


@situation("shadowed")
def library_moved_aside_under_an_own_name(shop: Workshop, place: Path) -> Iterator[int]:
    library = shop.copy(shop.library, place / "libsample.so.1")
    yield shop.hold("dlopen", library)
    library.rename(place / "libsample.so.1-before-tuesday")
    shop.copy(shop.newer, library)


@situation("shadowed")
def soname_link_moved_to_a_new_version(shop: Workshop, place: Path) -> Iterator[int]:
    library = shop.copy(shop.library, place / "libsample.so.1.0.1")
    (place / "libsample.so.1").symlink_to(library.name)
    yield shop.hold("dlopen", place / "libsample.so.1")
    shop.copy(shop.newer, place / "libsample.so.1.0.2")
    (place / "libsample.so.1").unlink()
    (place / "libsample.so.1").symlink_to("libsample.so.1.0.2")


@situation(None)
def started_from_the_name_aside(shop: Workshop, place: Path) -> Iterator[int]:
    shop.copy(shop.newer, place / "x.so")
    yield shop.hold("dlopen", shop.copy(shop.library, place / "x.so.old"))


@situation("overwritten")
def library_overwritten_in_place(shop: Workshop, place: Path) -> Iterator[int]:
    library = shop.copy(shop.library, place / "x.so")
    os.utime(library, (1, 1))
    yield shop.hold("dlopen", library)
    with library.open("r+b") as stream:
        stream.write(shop.newer.read_bytes())


@situation(None)
def library_relabelled(shop: Workshop, place: Path) -> Iterator[int]:
    library = shop.copy(shop.library, place / "x.so")
    yield shop.hold("dlopen", library)
    library.chmod(0o700)
    os.link(library, place / "second.so")


@situation("identical")
def library_installed_again(shop: Workshop, place: Path) -> Iterator[int]:
    library = shop.copy(shop.library, place / "x.so")
    yield shop.hold("dlopen", library)
    shop.replace(library, shop.library)


# Executables


@situation("replaced")
def executable_replaced(shop: Workshop, place: Path) -> Iterator[int]:
    program = shop.copy(shop.holder, place / "program")
    yield shop.start(program)
    shop.replace(program, shop.static)


@situation("removed")
def executable_removed(shop: Workshop, place: Path) -> Iterator[int]:
    program = shop.copy(shop.holder, place / "program")
    yield shop.start(program)
    program.unlink()


@situation("replaced")
def static_executable_replaced(shop: Workshop, place: Path) -> Iterator[int]:
    program = shop.copy(shop.static, place / "program")
    yield shop.start(program)
    shop.replace(program, shop.holder)


@situation("shadowed")
def folder_of_a_program_swapped(shop: Workshop, place: Path) -> Iterator[int]:
    (place / "app").mkdir()
    (place / "app.new").mkdir()
    shop.copy(shop.static, place / "app.new" / "program")
    yield shop.start(shop.copy(shop.holder, place / "app" / "program"))
    (place / "app").rename(place / "app.old")
    (place / "app.new").rename(place / "app")


@situation("shadowed")
def executable_moved_aside(shop: Workshop, place: Path) -> Iterator[int]:
    program = shop.copy(shop.holder, place / "program")
    yield shop.start(program)
    program.rename(place / "program.old")
    shop.copy(shop.static, program)


@situation(None)
def executable_in_memory(shop: Workshop, place: Path) -> Iterator[int]:
    # As runc and lxc-attach do: the program copies itself into a memory file and runs that.
    yield shop.start("/usr/bin/python3", "-c", f"""
import os
copy = os.memfd_create("lxc-attach", 0)
os.write(copy, open({str(shop.static)!r}, "rb").read())
os.execve(copy, ["lxc-attach"], {{}})
""")


# Scripts


def _python(shop: Workshop, script: Path) -> int:
    return shop.start("/usr/bin/python3", script)


WAIT = "print('ready', flush=True)\nimport time\ntime.sleep(100000)\n"


@situation("script")
def python_script_replaced(shop: Workshop, place: Path) -> Iterator[int]:
    script = place / "daemon.py"
    script.write_text(WAIT)
    yield _python(shop, script)
    (place / "new").write_text("# fixed\n" + WAIT)
    (place / "new").rename(script)


@situation("script")
def python_script_edited(shop: Workshop, place: Path) -> Iterator[int]:
    script = place / "daemon.py"
    script.write_text(WAIT)
    yield _python(shop, script)
    with script.open("a") as stream:
        stream.write("# fixed\n")


@situation("module")
def python_module_replaced(shop: Workshop, place: Path) -> Iterator[int]:
    (place / "lib").mkdir()
    (place / "lib" / "worker.py").write_text("version = 1\n")
    script = place / "daemon.py"
    script.write_text(f"import sys\nsys.path.insert(0, '{place}/lib')\nimport worker\n" + WAIT)
    yield _python(shop, script)
    (place / "new").write_text("version = 2\n")
    (place / "new").rename(place / "lib" / "worker.py")


@situation("replaced")
def python_extension_replaced(shop: Workshop, place: Path) -> Iterator[int]:
    found = sorted(Path("/usr/lib").glob("python3*/lib-dynload/_*.so"))
    if not found:
        needs.missing("needs a Python with extension modules")
    extension = shop.copy(found[0], place / found[0].name)
    yield shop.start("/usr/bin/python3", "-c", f"import ctypes, os\nctypes.CDLL({str(extension)!r}, os.RTLD_LAZY)\n" + WAIT)
    shop.replace(extension)


@situation(None)
def python_command_without_script(shop: Workshop, place: Path) -> Iterator[int]:
    yield shop.start("/usr/bin/python3", "-c", WAIT, place / "not-a-script.py")
    (place / "not-a-script.py").write_text("new\n")


# What is no program


@situation(None)
def deleted_log_still_open(shop: Workshop, place: Path) -> Iterator[int]:
    log = shop.elsewhere("/var/log") / "app.log"
    log.touch()
    yield shop.hold("open", log)
    log.unlink()


@situation(None)
def deleted_log_in_opt(shop: Workshop, place: Path) -> Iterator[int]:
    (place / "app.log").touch()
    yield shop.hold("open", place / "app.log")
    (place / "app.log").unlink()


@situation(None)
def memory_file_with_data(shop: Workshop, place: Path) -> Iterator[int]:
    yield shop.hold("memfd-data")


@situation(None)
def memory_file_with_code(shop: Workshop, place: Path) -> Iterator[int]:
    yield shop.hold("memfd-code")


def _mapped_file(where: str | None, word: str, content: bytes) -> Steps:
    def steps(shop: Workshop, place: Path) -> Iterator[int]:
        file = (shop.elsewhere(where) if where else place) / "jna123.tmp"
        file.write_bytes(content.ljust(8192, b"\0"))
        yield shop.hold(word, file)
        file.unlink()

    return steps


for _title, _where, _word, _content in (
    ("deleted_data_in_var_lib", "/var/lib", "map-data", b"data"),
    ("deleted_data_in_opt", None, "map-data", b"data"),
    ("deleted_code_in_tmp", "/tmp", "map-code", b"\x7fELF"),
    ("deleted_code_in_shm", "/dev/shm", "map-code", b"\x7fELF"),
    ("deleted_code_that_is_no_elf", "/var/lib", "map-code", b"jit code"),
):
    SITUATIONS.append(Situation(_title, None, _mapped_file(_where, _word, _content)))


@situation("gone")
def deleted_elf_of_an_application(shop: Workshop, place: Path) -> Iterator[int]:
    library = shop.copy(shop.library, shop.elsewhere("/var/lib") / "plugin.so")
    yield shop.hold("dlopen", library)
    library.unlink()


@situation(None)
def shared_memory(shop: Workshop, place: Path) -> Iterator[int]:
    yield shop.hold("shared-memory")


@situation(None)
def file_that_is_really_called_deleted(shop: Workshop, place: Path) -> Iterator[int]:
    yield shop.hold("dlopen", shop.copy(shop.library, place / "x.so (deleted)"))


@situation(None)
def hostile_name_that_looks_like_a_mapping(shop: Workshop, place: Path) -> Iterator[int]:
    # maps shows the whole name of a data mapping: within it stands what looks like a deleted library.
    folder = place / "r-xp 00000000 fe:00 99 " / "usr" / "lib"
    folder.mkdir(parents=True)
    data = folder / "libc.so.6"
    data.write_bytes(b"data".ljust(8192))
    yield shop.hold("map-data", data)
    data.unlink()


# Other roots and mount namespaces


def _root(shop: Workshop, place: Path) -> Path:
    """Return a folder that can be a root: with /opt/x.so and nothing else."""
    root = place / "root"
    (root / "opt").mkdir(parents=True)
    (root / "proc").mkdir()
    shop.copy(shop.library, root / "opt" / "x.so")
    return root


def _in_root(words: tuple[str, ...], change: bool) -> Steps:
    def steps(shop: Workshop, place: Path) -> Iterator[int]:
        root = _root(shop, place)
        yield shop.hold(*[str(root) if word == "ROOT" else word for word in words], "dlopen", "/opt/x.so")
        if change:
            shop.replace(root / "opt" / "x.so")

    return steps


for _title, _words in (("chroot", ("chroot", "ROOT")), ("pivot_root", ("private-mounts", "pivot", "ROOT")),
                       ("chroot_in_namespace", ("private-mounts", "chroot", "ROOT"))):
    SITUATIONS.append(Situation(_title + "_clean", None, _in_root(_words, False)))
    SITUATIONS.append(Situation(_title + "_replaced", "replaced", _in_root(_words, True)))


@situation(None)
def other_file_mounted_over_a_path_of_the_host(shop: Workshop, place: Path) -> Iterator[int]:
    library = shop.copy(shop.newer, place / "x.so")
    other = shop.copy(shop.library, place / "other.so")
    yield shop.hold("private-mounts", "bind", other, library, "dlopen", library)


def _unknown_on_host(change: bool) -> Steps:
    def steps(shop: Workshop, place: Path) -> Iterator[int]:
        hidden, seen = place / "hidden", place / "seen"
        hidden.mkdir()
        seen.mkdir()
        shop.copy(shop.library, hidden / "x.so")
        yield shop.hold("private-mounts", "bind", hidden, seen, "dlopen", seen / "x.so")
        if change:
            shop.replace(hidden / "x.so")

    return steps


SITUATIONS.append(Situation("path_unknown_on_the_host_clean", None, _unknown_on_host(False)))
SITUATIONS.append(Situation("path_unknown_on_the_host_replaced", "replaced", _unknown_on_host(True)))


def _overlay(change: str) -> Steps:
    def steps(shop: Workshop, place: Path) -> Iterator[int]:
        # The layers must not lie on an overlay themselves.
        layers = shop.mount("-t", "tmpfs", "layers", place / "layers")
        for name in ("lower", "upper", "work"):
            (layers / name).mkdir()
        shop.copy(shop.library, layers / "lower" / "x.so")
        options = f"lowerdir={layers}/lower,upperdir={layers}/upper,workdir={layers}/work"
        merged = shop.mount("-t", "overlay", "-o", options, "overlay", place / "merged")
        yield shop.hold("dlopen", merged / "x.so")
        if change == "touch":
            (merged / "x.so").touch()
        elif change == "replace":
            shop.replace(merged / "x.so")

    return steps


SITUATIONS.append(Situation("overlay_clean", None, _overlay("")))
SITUATIONS.append(Situation("overlay_copied_up", None, _overlay("touch")))
SITUATIONS.append(Situation("overlay_replaced", "replaced", _overlay("replace")))


def _file_system(name: str, size: int, change: bool) -> Steps:
    def steps(shop: Workshop, place: Path) -> Iterator[int]:
        folder = shop.folder / f"{name}-mount"
        if not folder.exists():
            needs.command(f"mkfs.{name}")
            folder = shop.file_system(name, size)
        part = folder / place.name
        if name == "btrfs":
            subprocess.run(["btrfs", "-q", "subvolume", "create", part], check=True)
        else:
            part.mkdir()
        library = shop.copy(shop.library, part / "x.so")
        yield shop.hold("dlopen", library)
        if change:
            shop.replace(library)

    return steps


for _kind, _size in (("btrfs", 128 << 20), ("xfs", 320 << 20)):
    SITUATIONS.append(Situation(_kind + "_clean", None, _file_system(_kind, _size, False)))
    SITUATIONS.append(Situation(_kind + "_replaced", "replaced", _file_system(_kind, _size, True)))


# What goes on without its first thread


@situation("replaced")
def first_thread_ended(shop: Workshop, place: Path) -> Iterator[int]:
    """Its own maps and links are empty then: only those of the threads that go on tell what it runs."""
    library = shop.copy(shop.library, place / "x.so")
    pid = shop.start("/usr/bin/python3", "-c", f"""
import ctypes, os, threading, time
ctypes.CDLL({str(library)!r})
threading.Thread(target=time.sleep, args=(100000,)).start()
print("ready", flush=True)
ctypes.CDLL(None).syscall({{"x86_64": 60, "aarch64": 93}}[os.uname().machine], 0)  # exit(2): of this thread alone
""")
    while Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z":
        os.sched_yield()
    yield pid
    shop.replace(library)


# What an old process loads anew


@situation(None)
def old_process_loads_a_new_file(shop: Workshop, place: Path) -> Iterator[int]:
    wish = place / "load"
    pid = shop.start("/usr/bin/python3", "-c", f"""
import ctypes, os, time
print("ready", flush=True)
while not os.path.exists({str(wish)!r}):
    time.sleep(0.05)
ctypes.CDLL({str(place / "x.so")!r})
os.rename({str(wish)!r}, {str(wish) + ".done"!r})
time.sleep(100000)
""")
    yield pid
    shutil.copyfile(shop.library, place / "x.so")  # without its time: as new as can be
    wish.touch()
    while not (place / "load.done").exists():
        os.sched_yield()
