# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fail2ban keeps on disk of its bans: how often each address came back.

The server forgets a ban after C(dbpurgeage) (one day as shipped), so the counts reach back no further.
Schemas: fail2ban/server/database.py of 0.9 (1, 2), 0.10 (2) and 0.11 and up (4).

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

try:
    import sqlite3
except ImportError:  # a Python built without it
    sqlite3 = None

ROWS_LIMIT = 5000
BUSY_TIMEOUT = 1

# From this schema on there is a row per address and jail with its own count; before, every ban is a row.
COUNTED_SINCE = 4

QUERY_COUNTED = "SELECT ip, jail, bancount, timeofban FROM bips WHERE bancount >= ? ORDER BY bancount DESC, ip, jail LIMIT ?"
QUERY_ROWS = (
    "SELECT ip, jail, COUNT(*) AS bancount, MAX(timeofban) FROM bans GROUP BY ip, jail"
    " HAVING COUNT(*) >= ? ORDER BY bancount DESC, ip, jail LIMIT ?"
)


class DatabaseError(Exception):
    """The database cannot be read; the text says why."""


def repeated(machine, path, least):
    """Return (schema, [(address, jail, bans, last)]) of the addresses banned C(least) times or more. Raises DatabaseError."""
    if sqlite3 is None:
        raise DatabaseError("this Python has no sqlite3")
    try:
        connection = sqlite3.connect(_uri(machine.path(path)), timeout=BUSY_TIMEOUT, uri=True)
    except (sqlite3.Error, ValueError) as error:
        raise DatabaseError("%s" % error) from None
    try:
        connection.text_factory = lambda content: content.decode("utf-8", "backslashreplace")
        row = connection.execute("SELECT version FROM fail2banDb LIMIT 1").fetchone()
        schema = int(row[0]) if row else 0
        query = QUERY_COUNTED if schema >= COUNTED_SINCE else QUERY_ROWS
        return schema, [tuple(row) for row in connection.execute(query, (least, ROWS_LIMIT))]
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise DatabaseError("%s" % error) from None
    finally:
        connection.close()


def _uri(path):
    """Return the read-only URI of a path (bytes)."""
    quoted = "".join(chr(byte) if chr(byte).isalnum() and byte < 128 or byte in b"/._-" else "%%%02X" % byte for byte in path)
    return "file:%s?mode=ro" % quoted
