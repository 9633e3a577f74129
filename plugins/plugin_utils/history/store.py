# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the history and the way to them: SQLite by default, PostgreSQL by URL.

The only module that knows SQLAlchemy; import it late, the report must be made without it too.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.pool import NullPool

from .lives import Life, Looks, Memory

VERSION = 2
# A run of 5,000 hosts holds the database for a few seconds: eight of them that end at once take turns for a minute.
WAIT_SECONDS = 120

# SQLite takes 999 values in a statement at the least.
CHUNK = 400

# One writer at a time, on every controller that uses the database: a number of our own for PostgreSQL's lock.
ADVISORY_LOCK = 0x626F74746F6D7570 % 2**31

metadata = sa.MetaData()

meta = sa.Table("meta", metadata, sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text, nullable=False))

runs = sa.Table(
    "run",
    metadata,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("started", sa.Text),
    sa.Column("ended", sa.Text, index=True),
    sa.Column("counts", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

hosts = sa.Table(
    "host",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("expected", sa.Text, nullable=False),
    sa.Column("looks", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

findings = sa.Table(
    "finding",
    metadata,
    sa.Column("host", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, primary_key=True),
    sa.Column("check", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("first_seen", sa.Text, nullable=False),
    sa.Column("opened_run", sa.Text, nullable=False),
    sa.Column("opened_look", sa.Integer, nullable=False),
    sa.Column("times_opened", sa.Integer, nullable=False),
    sa.Column("seen_before", sa.Integer, nullable=False),
    sa.Column("last_seen", sa.Text),
    sa.Column("gone", sa.Text),
    sa.Column("gone_run", sa.Text),
    sqlite_with_rowid=False,
)

# What the fleet has seen: clients that sent probes, users and the addresses of their logins. The empty name of a kind says since when.
seen = sa.Table(
    "seen",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("first_run", sa.Text, nullable=False),
    sa.Column("last_seen", sa.Text, nullable=False, index=True),
    sqlite_with_rowid=False,
)

_LIFE = [findings.c[item.name] for item in fields(Life)]


class HistoryError(Exception):
    """The history cannot be used; the text says why, without the password of a URL."""


class Locked(HistoryError):
    """Another run held the database for too long."""


def _first(connection: Connection) -> None:
    metadata.create_all(connection, [meta, runs, hosts, findings])


def _second(connection: Connection) -> None:
    metadata.create_all(connection, [seen])


# version -> what makes it of the version before. A step is never changed once it was released.
STEPS: dict[int, Callable[[Connection], None]] = {1: _first, 2: _second}


def default_url(state_dir: Path) -> str:
    return str(URL.create("sqlite", database=str(state_dir / "history.sqlite3")))


class Store:
    """The database. Everything happens in one transaction of :meth:`writing`, as a whole or not at all."""

    def __init__(self, url: str, wait: float = WAIT_SECONDS) -> None:
        try:
            self.url = make_url(url)
            backend = self.url.get_backend_name()
        except (sa.exc.SQLAlchemyError, ValueError) as error:
            raise HistoryError("daily_check_database is not a database URL such as sqlite:////path or postgresql+psycopg://user@host/name") from error
        if backend not in ("sqlite", "postgresql"):
            raise HistoryError(f"daily_check_database is of {backend}: sqlite and postgresql are supported")
        self.wait = wait
        self.sqlite = backend == "sqlite"
        self.engine = self._engine()

    @property
    def path(self) -> Path | None:
        """Return the file of SQLite."""
        return Path(self.url.database) if self.sqlite and self.url.database and self.url.database != ":memory:" else None

    def _engine(self) -> Engine:
        arguments: dict[str, Any] = {"timeout": self.wait} if self.sqlite else {"connect_timeout": 10}
        try:
            engine = sa.create_engine(self.url, poolclass=NullPool, connect_args=arguments)
        except ImportError as error:
            raise HistoryError(f"the driver of {self.url.drivername} is not installed: {error.name}") from error
        except sa.exc.SQLAlchemyError as error:
            raise HistoryError(f"{self.url.drivername} cannot be used: {_words(error)}") from error
        if self.sqlite:
            # The driver's own transactions begin late and end early; ours hold the write lock from the first read on.
            sa.event.listen(engine, "connect", lambda connection, _record: setattr(connection, "isolation_level", None))
            sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        return engine

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection in the one writing transaction that there is, on tables of this version. Raises HistoryError."""
        try:
            if self.path is not None:
                # Made before SQLite does it, so that it is the owner's alone.
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            with self.engine.begin() as connection:
                if not self.sqlite:
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(self.wait * 1000)}")
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
                _migrate(connection)
                yield connection
        except OSError as error:
            raise HistoryError(f"{self.path}: {error.strerror or error}") from error
        except sa.exc.SQLAlchemyError as error:
            words = _words(error)
            kind = Locked if "locked" in words or "lock timeout" in words else HistoryError
            raise kind(f"{self.path or self.url.render_as_string(hide_password=True)}: {words}") from error
        except (ValueError, TypeError, KeyError) as error:
            raise HistoryError(f"{self.path or 'the database'} holds what cannot be read: {type(error).__name__}") from error


def _migrate(connection: Connection) -> None:
    """Bring the tables forward to this version; in the caller's transaction, so that a kill leaves the old ones."""
    version = 0
    if sa.inspect(connection).has_table("meta"):
        version = int(connection.execute(sa.select(meta.c.value).where(meta.c.name == "version")).scalar() or 0)
    if version > VERSION:
        raise HistoryError(f"the history is of version {version}, this collection knows {VERSION}: use the newer collection, or another database")
    for step in range(version + 1, VERSION + 1):
        STEPS[step](connection)
        connection.execute(sa.delete(meta).where(meta.c.name == "version"))
        connection.execute(sa.insert(meta).values(name="version", value=str(step)))


def read(connection: Connection, names: Sequence[str]) -> dict[str, Memory]:
    """Return what is known of some hosts, at most CHUNK of them; of an unknown one an empty memory."""
    memories = {name: Memory(name) for name in names}
    for name, looks in connection.execute(sa.select(hosts.c.name, hosts.c.looks).where(hosts.c.name.in_(names))):
        memories[name].looks = {check: Looks(*values) for check, values in json.loads(looks).items()}
    for name, *values in connection.execute(sa.select(findings.c.host, *_LIFE).where(findings.c.host.in_(names))):
        life = Life(*values)
        memories[name].lives[life.fingerprint] = life
    return memories


def write(connection: Connection, memories: Sequence[Memory], now: str) -> None:
    """Write what has changed of some hosts; ``now`` is when they were expected last."""
    kept = [{"name": item.host, "expected": now, "looks": json.dumps({key: item.looks[key].as_list() for key in sorted(item.looks)})} for item in memories]
    _many(connection, sa.delete(hosts).where(hosts.c.name == sa.bindparam("b_name")), [{"b_name": row["name"]} for row in kept])
    _many(connection, sa.insert(hosts), kept)
    added, changed = [], []
    for item in memories:
        added += [{"host": item.host, **asdict(item.lives[key])} for key in sorted(item.added)]
        changed += [{"b_host": item.host, "b_fingerprint": key, **_changing(item.lives[key])} for key in sorted(item.changed - item.added)]
    _many(connection, sa.insert(findings), added)
    where = (findings.c.host == sa.bindparam("b_host"), findings.c.fingerprint == sa.bindparam("b_fingerprint"))
    _many(connection, sa.update(findings).where(*where), changed)


def _changing(life: Life) -> dict[str, Any]:
    return {key: value for key, value in asdict(life).items() if key not in ("fingerprint", "check", "rule", "subject", "first_seen")}


def _many(connection: Connection, statement: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statement, rows)


def write_run(connection: Connection, run_id: str, started: str | None, ended: str, counts: dict[str, Any]) -> None:
    """Write the numbers of a run; those of an earlier report of the same run are replaced."""
    connection.execute(sa.delete(runs).where(runs.c.run_id == run_id))
    connection.execute(sa.insert(runs).values(run_id=run_id, started=started, ended=ended, counts=json.dumps(counts, sort_keys=True)))


def run_before(connection: Connection, run_ids: Sequence[str], ended: str) -> str | None:
    """Return when the newest other run ended that is not later than this one."""
    return connection.execute(sa.select(sa.func.max(runs.c.ended)).where(runs.c.run_id.not_in(run_ids), runs.c.ended <= ended)).scalar()


def run_rows(connection: Connection, since: str) -> list[dict[str, Any]]:
    """Return the numbers of all runs since then, oldest first."""
    rows = connection.execute(sa.select(runs.c.run_id, runs.c.ended, runs.c.counts).where(runs.c.ended >= since).order_by(runs.c.ended, runs.c.run_id))
    return [{"run_id": run_id, "ended": ended, **json.loads(counts)} for run_id, ended, counts in rows]


def first_seen(connection: Connection, kind: str, names: Sequence[str], run_id: str, now: str) -> set[str]:
    """Remember what this run saw of a kind, and return which names no run before it has seen; none in the first run that looks."""
    known: dict[str, str] = {}
    names = ["", *dict.fromkeys(name for name in names if name)]
    for start in range(0, len(names), CHUNK):
        chosen = (seen.c.kind == kind, seen.c.name.in_(names[start : start + CHUNK]))
        known.update((name, first) for name, first in connection.execute(sa.select(seen.c.name, seen.c.first_run).where(*chosen)))
        connection.execute(sa.update(seen).where(*chosen, seen.c.last_seen < now).values(last_seen=now))
    fresh = [name for name in names if name not in known]
    _many(connection, sa.insert(seen), [{"kind": kind, "name": name, "first_run": run_id, "last_seen": now} for name in fresh])
    if known.get("", run_id) == run_id:
        return set()
    return {name for name in names if name and known.get(name, run_id) == run_id}


def forget(connection: Connection, before: str) -> None:
    """Drop runs, resolved findings, and hosts that no run expected, all since that time. Open findings of other hosts stay."""
    gone = sa.select(hosts.c.name).where(hosts.c.expected < before)
    connection.execute(sa.delete(findings).where(findings.c.host.in_(gone)))
    connection.execute(sa.delete(hosts).where(hosts.c.expected < before))
    connection.execute(sa.delete(findings).where(findings.c.gone < before))
    connection.execute(sa.delete(runs).where(runs.c.ended < before))
    connection.execute(sa.delete(seen).where(seen.c.last_seen < before))


def days_before(ended: str, days: int) -> str:
    """Return the time so many days before another."""
    then = datetime.datetime.strptime(ended[:19], "%Y-%m-%dT%H:%M:%S") - datetime.timedelta(days=days)
    return then.strftime("%Y-%m-%dT%H:%M:%SZ")


def clear(connection: Connection) -> None:
    """Drop all that is known, for a rebuild in the same transaction."""
    for table in (findings, hosts, runs, seen):
        connection.execute(sa.delete(table))


def _words(error: BaseException) -> str:
    """Return the reason in one line; SQLAlchemy's own text would hold the statement and its values."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    return (said[0] if said else type(error).__name__)[:300]
