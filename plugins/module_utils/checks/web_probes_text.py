# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One spelling for what a client can write in a hundred ways: percent signs, case, slashes, overlong UTF-8.

Everything here works on one request as well as on many at once, one a line: no step adds or takes away a line.

Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.

Python 3.6, standard library only: this runs on the servers.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import bisect
import itertools

from ..host.pattern import Pattern

# What follows a percent sign. Line breaks become VT and FF, which no step below touches and which \s matches:
# a decoded line break must not move the requests that follow it.
_BYTES = {}
for _high in b"0123456789abcdefABCDEF":
    for _low in b"0123456789abcdefABCDEF":
        _pair = bytes(bytearray((_high, _low)))
        _BYTES[_pair] = bytes(bytearray((int(_pair, 16),)))
for _pair in (b"0a", b"0A"):
    _BYTES[_pair] = b"\x0b"
for _pair in (b"0d", b"0D"):
    _BYTES[_pair] = b"\x0c"

# nginx writes bytes below 32, above 126, the quote and the backslash as \xHH; Apache the same, and \" and \\ besides.
_ESCAPE = Pattern(rb"\\x([0-9a-fA-F]{2})")
# %u002e: the spelling of old IIS and of JavaScript's escape().
_WIDE = Pattern(rb"%[uU]00([0-9a-fA-F]{2})")

# Overlong UTF-8 of the dot, the slash and the backslash: no valid text holds these bytes.
_OVERLONG = (
    (b"\xc0\xae", b"."),
    (b"\xc0\x2e", b"."),
    (b"\xe0\x80\xae", b"."),
    (b"\xc0\xaf", b"/"),
    (b"\xe0\x80\xaf", b"/"),
    (b"\xc1\x9c", b"/"),
    (b"\xc1\x8c", b"/"),
)

# Lower case, the plus of a query as a space, the backslash of Windows as a slash.
_FOLD = bytearray(range(256))
for _code in range(ord("A"), ord("Z") + 1):
    _FOLD[_code] = _code + 32
_FOLD[ord("+")] = ord(" ")
_FOLD[ord("\\")] = ord("/")
_FOLD[ord("\t")] = _FOLD[ord("\r")] = ord(" ")
_FOLD[1] = 2  # \x01 keeps the place of a slash below
_FOLD = bytes(_FOLD)

# Everything but letters and the underscore ends a word.
_WORDS = bytes(bytearray(_code if _code == 95 or 97 <= _code <= 122 else 32 for _code in range(256)))
_DIGITS = b"0123456789"
_ZEROS = bytes(bytearray(48 if 48 <= _code <= 57 else _code for _code in range(256)))
# Stands in a skeleton for what C(normalise) undoes; no normalised text holds this byte.
ODD = b"\x01"
# The same as the fold, but for the bytes that C(normalise) may undo.
_RAW = bytearray(_FOLD)
for _code in itertools.chain(b"%\\\x01", range(128, 256)):
    _RAW[_code] = ord(ODD)
_RAW = bytes(_RAW)
# What it may undo after a slash; and the mark of a slash before a dot, see C(skeleton).
_SLASHED = Pattern(rb"/(?:[/*]|\./?)")
_MARKS = {b"//": b"/\x01/", b"/*": b"/\x01*", b"/./": b"/\x01./", b"/.": b"/\x03."}

# The end of nearly every request line.
_VERSIONS = (b" http/1.1 \n", b" http/2.0 \n", b" http/1.0 \n", b" http/3.0 \n")

ROUNDS = 3


def _percent(blob):
    pieces = blob.split(b"%")
    out = [pieces[0]]
    add = out.append
    for piece in pieces[1:]:
        byte = _BYTES.get(piece[:2])
        if byte is None:
            add(b"%")
            add(piece)
        else:
            add(byte)
            add(piece[2:])
    return b"".join(out)


def _escaped(match):
    return _BYTES[match.group(1)]


def decode(blob):
    r"""Return the text behind \xHH, %XX (up to three layers) and %u00XX; as many lines as before."""
    if b"\\x" in blob:
        blob = _ESCAPE.sub(_escaped, blob)
    for _round in range(ROUNDS):
        if b"%" not in blob:
            break
        if b"%u" in blob or b"%U" in blob:
            blob = _WIDE.sub(_escaped, blob)
        before = blob
        blob = _percent(blob)
        if blob == before:
            break
    return blob


def normalise(request):
    """Return what the signatures are matched against, of one request line or header as logged."""
    return normalise_all((request,))[0]


def normalise_all(requests):
    """Return the normalised texts of many requests: decoded, lower case, slashes and dots squeezed, without the usual version of HTTP.

    Each ends with a space. A request must not hold a line break.
    """
    blob = decode(b" \n".join(requests) + b" \n")
    if b"\xc0" in blob or b"\xc1" in blob or b"\xe0\x80" in blob:
        for overlong, plain in _OVERLONG:
            blob = blob.replace(overlong, plain)
    blob = blob.translate(_FOLD)
    for version in _VERSIONS:
        blob = blob.replace(version, b" \n")
    if blob.find(b"/**/") >= 0:
        blob = blob.replace(b"/**/", b" ")
    if blob.find(b"/./") >= 0:
        blob = blob.replace(b"/./", b"/").replace(b"/./", b"/")
    if blob.find(b"//") >= 0:
        blob = blob.replace(b"://", b":\x01\x01")
        while blob.find(b"//") >= 0:
            blob = blob.replace(b"//", b"/")
        blob = blob.replace(b":\x01\x01", b"://")
    texts = blob.split(b"\n")
    texts.pop()
    return texts


def skeleton(text):
    """Return normalised text without its digits.

    Requests that differ only in numbers have the same skeleton. A literal that is in the text has its own skeleton in the
    text's skeleton: leaving characters out on both sides cannot break it. So a search for skeletons of literals finds at
    least what a search for the literals would. A slash before a dot is marked: /12.json has none.
    """
    return text.replace(b"/.", b"/\x03.").translate(None, _DIGITS)


def rows_with(blob, needles, ends, rows):
    """Add to C(rows) the numbers of the texts that hold one of the needles; in the blob, text number n ends before C(ends[n])."""
    last = len(ends) - 1
    for needle in needles:
        place = blob.find(needle)
        while place >= 0:
            row = bisect.bisect_right(ends, place)
            rows.add(row)
            if row >= last:
                break
            place = blob.find(needle, ends[row])


def ends_of(texts):
    """Return where each of the texts ends, with its line break, once they are joined to one blob."""
    return list(itertools.accumulate([len(text) + 1 for text in texts]))


def _marked(match):
    return _MARKS[match.group()]


def raw_skeletons(requests):
    """Return the skeletons of a list of requests straight from what was logged; each ends with a space, as normalised texts do.

    A skeleton without C(ODD) is that of the normalised request: nothing but case, plus and tab had to be changed in it.
    """
    blob = _SLASHED.sub(_marked, b" \n".join(requests) + b" ")
    return blob.translate(_RAW, _DIGITS).split(b"\n")


def shapes_of(requests):
    """Return requests with each digit as a zero."""
    return b"\n".join(requests).translate(_ZEROS).split(b"\n")


def spaced(bones):
    """Return skeletons with a space for everything that ends a word."""
    return bones.translate(_WORDS)


def words(bones):
    """Return the words of a skeleton: its longest runs of letters and underscores, wherever a pattern can see a boundary."""
    return bones.translate(_WORDS).split()


def split(text):
    """Return (method, path, query) of one normalised request line; what is no HTTP has the method b""."""
    method, space, target = text.strip(b" ").partition(b" ")
    if not space or not method.replace(b"-", b"").replace(b"_", b"").isalpha():
        return b"", text, b""
    end = target.rfind(b" http/")
    if end >= 0:
        target = target[:end]
    path, _mark, query = target.partition(b"?")
    return method, path, query
