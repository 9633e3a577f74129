# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a run: read, checked and explained before the first connection is made."""

from __future__ import annotations

import datetime
import difflib
import os
import re
import secrets
import stat
import time
import typing as t
from pathlib import Path

from ansible_collections.bottomup.security.plugins.module_utils.engine import GRACE_SECONDS

from .accept.apply import Acceptances
from .accept.file import AcceptanceError, read_acceptances
from .accept.vex import VexStatements
from .accept.vex_file import read_statements
from .check_options import BadOption, checked_options
from .payload import available_checks
from .report.verdict import FAIL_ON, allowed_unreachable
from .report.write import DEFAULT, OUTPUTS
from .spool import RUN_ID, new_run_id

if t.TYPE_CHECKING:
    from .tell.channels import Channel

# The run's own id, made once in the process that all workers are forked from, so that every host of a run agrees on it.
_OWN_RUN_ID = new_run_id()

_SIZE = re.compile(r"(\d+)\s*([kmg]?)(?:i?b)?", re.IGNORECASE)
_DURATION = re.compile(r"(\d+)\s*(s|m|min|h)?", re.IGNORECASE)
_SIZE_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_DURATION_UNITS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}


class SettingError(Exception):
    """A variable has a value that cannot be used; the text names the variable, the value and what is allowed."""


def run_id(given: t.Any = None) -> str:
    """Return the id of this run: what the user gave (the slices of one job share theirs), else this process's own."""
    if given in (None, ""):
        return _OWN_RUN_ID
    if not isinstance(given, str) or not RUN_ID.fullmatch(given):
        raise SettingError(f"daily_check_run_id is {given!r}: letters, digits, '.', '_' and '-' only, at most 100 of them")
    return given


def state_dir(given: t.Any = None) -> Path:
    """Return the folder that keeps the runs: as given, else bottomup-security in XDG_STATE_HOME or ~/.local/state."""
    if given in (None, ""):
        base = os.environ.get("XDG_STATE_HOME", "")
        if not os.path.isabs(base):  # the XDG specification: a relative path is invalid, and to be ignored
            base = "~/.local/state"
        return Path(os.path.expanduser(base)) / "bottomup-security"
    if not isinstance(given, str):
        raise SettingError(f"daily_check_state_dir is {given!r}: a path is wanted")
    return Path(os.path.abspath(os.path.expanduser(given)))


def checks(given: t.Any, run_tags: t.Sequence[str] = (), skip_tags: t.Sequence[str] = ()) -> tuple[list[str], list[str]]:
    """Return (enabled, skipped) checks: those given (a list, or a text with commas), less what the play's tags leave out.

    A tag that is a check's name selects or skips that check; other tags are somebody else's.
    """
    known = available_checks()
    if given in (None, "", "all"):
        given = known
    if isinstance(given, str):
        given = [name.strip() for name in given.split(",")]
    if not isinstance(given, (list, tuple)) or not given:
        raise SettingError(f"daily_check_checks is {given!r}: a list of checks is wanted; there are {', '.join(known)}")
    unknown = [name for name in given if name not in known]
    if unknown:
        raise SettingError(f"daily_check_checks names {', '.join(map(repr, unknown))}: there is no such check; there are {', '.join(known)}")
    wanted = [name for name in known if name in given]
    selected = [name for name in known if name in run_tags]
    enabled = [name for name in wanted if (not selected or name in selected) and name not in skip_tags]
    return enabled, [name for name in wanted if name not in enabled]


def stray_tags(run_tags: t.Sequence[str]) -> str:
    """Return a warning where a run has tags and none is the name of a check: all checks run then, since they may be somebody else's."""
    named = [str(tag) for tag in run_tags if tag not in ("all", "tagged", "untagged", "always", "never")]
    if not named or set(named) & set(available_checks()):
        return ""
    close = next((match for tag in named for match in difflib.get_close_matches(tag, available_checks(), 1)), "")
    return f"no tag of this run ({', '.join(named)}) is the name of a check: all of them run{f'; is {close} meant?' if close else ''}"


def options(given: t.Any) -> dict[str, dict[str, t.Any]]:
    """Return the options of the checks, by check, each known and of its documented type."""
    try:
        return checked_options(given or {}, available_checks())
    except BadOption as error:
        raise SettingError(str(error)) from error


def seconds(name: str, given: t.Any, low: int, high: int) -> int:
    """Return a duration in seconds from a number or a text such as ``90``, ``2m`` or ``1h``, within low and high."""
    match = _DURATION.fullmatch(str(given).strip()) if not isinstance(given, bool) else None
    if match is None:
        raise SettingError(f"{name} is {given!r}: seconds, or a number with s, m or h are wanted (90, 2m, 1h)")
    value = int(match.group(1)) * _DURATION_UNITS[(match.group(2) or "").lower()]
    if not low <= value <= high:
        raise SettingError(f"{name} is {given!r}: it must be between {low} and {high} seconds")
    return value


def size(name: str, given: t.Any, low: int, high: int) -> int:
    """Return a number of bytes from a number or a text such as ``256M``, within low and high."""
    match = _SIZE.fullmatch(str(given).strip()) if not isinstance(given, bool) else None
    if match is None:
        raise SettingError(f"{name} is {given!r}: bytes, or a number with K, M or G are wanted (256M)")
    value = int(match.group(1)) * _SIZE_UNITS[match.group(2).lower()]
    if not low <= value <= high:
        raise SettingError(f"{name} is {given!r}: it must be between {low // 1048576} and {high // 1048576} MiB")
    return value


def timeout(given: t.Any) -> int:
    """Return the seconds that each check may take."""
    return seconds("daily_check_timeout", given, 1, 3600)


def task_timeout(given: t.Any) -> int:
    """Return the seconds of the whole trip to a host: a number alone, since it is Ansible's own keyword that takes it."""
    if isinstance(given, bool) or not re.fullmatch(r"[0-9]{1,5}", str(given).strip()) or not 1 <= int(given) <= 86400:
        raise SettingError(f"daily_check_task_timeout is {given!r}: seconds are wanted, a number between 1 and 86400")
    return int(given)


def short_trip(task_timeout: int, timeout: int, checks: int) -> str:
    """Return a warning where the trip to a host may end before its checks do: on a small server they run one after the other. Mostly empty."""
    longest = checks * (timeout + 2 * GRACE_SECONDS)
    if task_timeout >= longest:
        return ""
    words = f"daily_check_task_timeout is {task_timeout} s, and {checks} checks of {timeout} s each may take {longest} s on a server"
    return f"{words}: a host on which several hang would be lost as a whole"


def memory(given: t.Any) -> int:
    """Return the bytes of data that each check may use."""
    return size("daily_check_memory", given, 64 * 1048576, 16 * 1024**3)


def fail_on(given: t.Any) -> str:
    """Return from which severity on findings fail the run."""
    if given not in FAIL_ON:
        raise SettingError(f"daily_check_fail_on is {given!r}: one of {', '.join(FAIL_ON)} is wanted")
    return str(given)


def keep_days(given: t.Any) -> int:
    """Return how many days runs and resolved findings are kept; 0 keeps them for ever."""
    match = re.fullmatch(r"\d{1,5}", str(given).strip()) if not isinstance(given, bool) else None
    if match is None:
        raise SettingError(f"daily_check_keep_days is {given!r}: a number of days is wanted, 0 keeps all")
    return int(match.group())


def database(given: t.Any) -> str:
    """Return the URL of the history's database; empty is SQLite in the state folder, ``off`` is none. A bad URL is told without its password."""
    if given is None:
        return ""
    if given is False or str(given).lower() in ("off", "false"):  # what YAML makes of a plain off
        return "off"
    if not isinstance(given, str) or (given and not re.match(r"[a-z][a-z0-9+]*://", given)):
        raise SettingError("daily_check_database is not a database URL such as sqlite:////path or postgresql+psycopg://user@host/name, nor 'off'")
    return given


def today(now: float | None = None) -> datetime.date:
    """Return the day in UTC."""
    return datetime.datetime.fromtimestamp(time.time() if now is None else now, datetime.timezone.utc).date()


def accepted(given: t.Any, now: float | None = None) -> Acceptances:
    """Return the acceptances of a file; empty where none is named. SettingError has a line for each mistake in it."""
    day = today(now)
    if given in (None, ""):
        return Acceptances([], day)
    if not isinstance(given, str):
        raise SettingError(f"daily_check_accepted is {given!r}: the path of a YAML file is wanted")
    try:
        return Acceptances(read_acceptances(Path(os.path.expanduser(given)), day), day)
    except AcceptanceError as error:
        raise SettingError(str(error)) from error


def tell(given: t.Any) -> list[Channel]:
    """Return whom the run is told to. No message holds a value that may be a secret."""
    if given in (None, "", []):
        return []
    # Ansible keeps no bytecode of a collection: what most do not need would be compiled in every run.
    from .tell import chat
    from .tell.channels import Chat, TellError, channels

    try:
        found = channels(given)
        for channel in found:
            if isinstance(channel, Chat):
                chat.checked(channel)
    except TellError as error:
        raise SettingError(f"daily_check_tell, {error}") from None
    return found


def vex(given: t.Any, now: float | None = None) -> VexStatements:
    """Return the statements of VEX files, a list of paths or a text with commas; SettingError names the file and the mistake."""
    if isinstance(given, str):
        given = [name.strip() for name in given.split(",") if name.strip()]
    if not isinstance(given, (list, tuple, type(None))) or not all(isinstance(name, str) and name for name in given or ()):
        raise SettingError(f"daily_check_vex is {given!r}: a list of paths is wanted")
    try:
        return VexStatements((item for name in given or () for item in read_statements(Path(os.path.expanduser(name)))), today(now))
    except AcceptanceError as error:
        raise SettingError(str(error)) from error


def outputs(given: t.Any) -> list[str]:
    """Return the ways out that are wanted, a list or a text with commas, in the order in which they are written."""
    if given in (None, ""):
        given = DEFAULT
    if isinstance(given, str):
        given = [name.strip() for name in given.split(",")]
    if not isinstance(given, (list, tuple)) or not given:
        raise SettingError(f"daily_check_outputs is {given!r}: a list is wanted; there are {', '.join(OUTPUTS)}")
    unknown = [name for name in given if name not in OUTPUTS]
    if unknown:
        raise SettingError(f"daily_check_outputs names {', '.join(map(repr, unknown))}: there is no such output; there are {', '.join(OUTPUTS)}")
    return [name for name in OUTPUTS if name in given]


def report_dir(given: t.Any) -> Path | None:
    """Return the folder that the report is written to, made where it is missing; None where it is that of the run."""
    if given in (None, ""):
        return None
    if not isinstance(given, str):
        raise SettingError(f"daily_check_report_dir is {given!r}: a path is wanted")
    return writable(Path(os.path.abspath(os.path.expanduser(given))), "daily_check_report_dir")


def feeds_dir(given: t.Any, state: Path) -> Path:
    """Return the folder of the feeds, a mirror in the layout of their upstreams: as given, else C(feeds) in the state folder. It need not be there."""
    if given in (None, ""):
        return state / "feeds"
    if not isinstance(given, str):
        raise SettingError(f"daily_check_feeds_dir is {given!r}: a path is wanted")
    return Path(os.path.abspath(os.path.expanduser(given)))


def now(given: t.Any) -> float | None:
    """Return the time that the report is made at, in seconds since 1970; None for the clock's."""
    if given in (None, ""):
        return None
    try:
        if re.fullmatch(r"\d{9,11}", str(given)):
            return float(given)
        moment = datetime.datetime.fromisoformat(re.sub("Z$", "+00:00", str(given)))
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)).timestamp()
    except (ValueError, OverflowError):
        raise SettingError(f"daily_check_now is {given!r}: a time such as 2026-11-22T06:00:00Z, or seconds since 1970, is wanted") from None


def max_unreachable(given: t.Any, expected: int) -> int:
    """Return how many hosts may be unreachable without failing the run, from a count or a share such as ``5%``."""
    try:
        return allowed_unreachable(given, expected)
    except ValueError as error:
        raise SettingError(f"daily_check_{error}") from error


def writable(folder: Path, name: str = "daily_check_state_dir") -> Path:
    """Make a folder where it is missing (for its owner alone) and return it; SettingError where it cannot be written.

    The state folder must be trusted, too: who can write there can forge what is compared with, and lead root's writing elsewhere.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if name == "daily_check_state_dir":
            _trusted(folder)
        probe = folder / f".writable-{os.getpid()}-{secrets.token_hex(3)}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SettingError(f"{name} {folder} cannot be written: {error.strerror}; name another folder") from error
    return folder


def _trusted(folder: Path) -> None:
    """Raise SettingError where anybody may write, or where root is to write into somebody's folder. A team may share one by its group."""
    about = folder.stat()
    if about.st_mode & stat.S_IWOTH:
        raise SettingError(f"daily_check_state_dir {folder} can be written by anybody: chmod o-w, or name a folder inside of it")
    if os.geteuid() == 0 and about.st_uid != 0:
        raise SettingError(f"daily_check_state_dir {folder} belongs to user {about.st_uid}, and this run is root's: run as that user, or name another folder")
