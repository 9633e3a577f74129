# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A made-up day of a busy Rails shop, in nginx's combined format, with labelled probes in it.

Assets 55 %, pages and API 43.5 %, broken links 0.5 %, probes 1 %; one address in eight is IPv6. 650,000 lines are 158 MB, packed 24 MB,
with 120,000 different targets. The same seed gives the same bytes.
"""

from __future__ import annotations

import gzip
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# What people look for in a shop, with words that also begin attacks.
PLAIN = [
    "lamp",
    "chair",
    "pen",
    "paper",
    "book",
    "earring",
    "oil",
    "coffee",
    "mug",
    "shirt",
    "blue",
    "red",
    "green",
    "large",
    "small",
    "kids",
    "garden",
    "tools",
    "summer",
    "sale",
    "bicycle",
    "helmet",
    "l'oréal",
    "jack&jones",
    "h&m",
    "100%",
    "c++",
    "size:42",
    "a/b",
    "wooden",
    "steel",
    "glass",
    "carpet",
    "curtain",
    "pillow",
    "blanket",
    "mirror",
    "shelf",
    "desk",
    "sofa",
    "armchair",
    "kettle",
    "toaster",
    "grinder",
    "filter",
    "bag",
    "wallet",
    "belt",
    "scarf",
    "gloves",
    "boots",
]
NASTY = [
    "table",
    "union",
    "select",
    "drop",
    "exec",
    "order",
    "insert",
    "update",
    "delete",
    "console",
    "shell",
    "script",
    "alert",
    "etc",
    "hosts",
    "admin",
    "sleep",
    "count",
    "case",
    "when",
    "and",
    "or",
    "having",
    "group",
    "by",
    "from",
    "where",
    "null",
    "true",
    "java",
    "ruby",
    "php",
    "python",
    "rails",
    "cat",
    "cut",
    "echo",
    "find",
    "head",
    "less",
    "more",
    "sort",
    "tail",
    "top",
    "who",
    "net",
    "ping",
    "dir",
    "type",
    "o'neill",
    "c#",
    ".net",
    "#1",
    "(new)",
]
SECTIONS = (
    "books",
    "lamps",
    "union-jacks",
    "scripts",
    "shells",
    "tables",
    "select-series",
    "garden",
    "kids",
    "console-games",
    "envelopes",
    "git-mugs",
    "config-kits",
)
PAGES = (
    "/",
    "/",
    "/",
    "/cart",
    "/checkout",
    "/login",
    "/logout",
    "/files/Screenshot%20(2).png",
    "/password/new",
    "/account",
    "/account/orders",
    "/help",
    "/contact",
    "/select_plan",
    "/about",
    "/blog/2018/02/etc-passwd",
    "/blog/2024/sql-injection-explained",
    "/blog/2023/what-is-xss",
    "/terms",
    "/.well-known/apple-app-site-association",
    "/.well-known/acme-challenge/x8Jd0aa",
    "/robots.txt",
    "/sitemap.xml",
    "/favicon.ico",
    "/manifest.json",
    "/service-worker.js",
    "/cable",
    "/up",
    "/health",
)
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.{} Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{}.0) Gecko/20100101 Firefox/{}.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_{} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 14; SM-S{}B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "ShopApp/4.{} (Android)",
)
ROBOTS = (
    "Mozilla/5.0",
    "python-requests/2.31.0",
    "Go-http-client/1.1",
    "curl/7.88.1",
    "-",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/91.0 Safari/537.36",
    "Mozilla/5.0 zgrab/0.x",
)


class Probe(NamedTuple):
    category: str
    request: str


class Label(NamedTuple):
    line: int
    category: str
    request: str


def _hex(chance: random.Random, length: int) -> str:
    return f"{chance.getrandbits(4 * length):0{length}x}"


def _asset(chance: random.Random, prints: Sequence[str]) -> str:
    kind = chance.random()
    if kind < 0.45:
        number = chance.randrange(60)
        name = ("application", "vendor", "logo", "admin", "checkout", "print", "charts")[number % 7]
        return f"/assets/{name}-{prints[number][:32]}.{('js', 'css', 'svg', 'png', 'woff2')[number % 5]}"
    if kind < 0.6:
        return f"/packs/js/{chance.choice(('runtime', 'main', 'cart'))}-{chance.choice(prints)[:20]}.js"
    number = chance.randrange(3000)
    return f"/images/uploads/{number % 1000}/thumb_{prints[number % 300][number % 50 :][:12]}.jpg"


def _words(chance: random.Random) -> str:
    from urllib.parse import quote_plus

    return quote_plus(" ".join(chance.choice(NASTY if chance.random() < 0.15 else PLAIN) for _unused in range(chance.randrange(1, 4))))


def _page(chance: random.Random, prints: Sequence[str]) -> str:
    kind = chance.random()
    if kind < 0.22:
        number = int(chance.random() ** 2 * 34000)
        return f"/products/{number}-{SECTIONS[number % len(SECTIONS)]}"
    if kind < 0.4:
        user = chance.randrange(20000)
        return f"/users/{user}/orders/{100 * user + chance.randrange(2)}"
    if kind < 0.52:
        return f"/search?q={_words(chance)}&page={chance.randrange(1, 20)}&commit=Search"
    if kind < 0.62:
        order = chance.choice(("name", "price", "-price"))
        return f"/categories/{chance.choice(SECTIONS)}/items?sort={order}&utf8=%E2%9C%93&filter%5Bcolor%5D%5B%5D={chance.choice(('red', 'blue'))}"
    if kind < 0.7:
        number = int(chance.random() ** 2 * 9000)
        print_ = prints[number % 300]
        return f"/rails/active_storage/blobs/redirect/{print_[number % 60 :]}{print_}--{prints[number % 299][:40]}/photo_{number}.jpg"
    if kind < 0.78:
        return f"/api/v2/items/{int(chance.random() ** 2 * 20000)}.json?fields=name,price&include=reviews"
    if kind < 0.82:
        return f"/login?return_to=https%3A%2F%2Fshop.example.com%2Fproducts%2F{chance.randrange(12000)}"
    if kind < 0.86:
        return f"/?utm_source=newsletter&utm_medium=e-mail&utm_campaign=sale_{chance.randrange(40)}&gclid={_hex(chance, 20)}"
    return chance.choice(PAGES)


def _address(chance: random.Random) -> str:
    if chance.random() < 0.12:
        return f"2001:db8:{chance.randrange(200):x}:{chance.randrange(200):x}::{chance.randrange(65536):x}"
    return f"{chance.randrange(11, 223)}.{chance.randrange(256)}.{chance.randrange(40)}.{chance.randrange(1, 255)}"


def lines(seed: int, count: int, probes: Sequence[Probe], begin: int, labels: list[Label], unique: bool = False) -> Iterator[str]:
    """Yield the lines of one day; what was planted goes to C(labels). C(unique): no request comes twice."""
    chance = random.Random(seed)
    prints = [_hex(chance, 64) for _unused in range(300)]
    people = [(_address(chance), chance.choice(AGENTS).replace("{}", str(chance.randrange(90, 130)))) for _unused in range(20000)]
    robots = [(_address(chance), chance.choice(ROBOTS)) for _unused in range(300)]
    stamp, second = "", -1
    for number in range(1, count + 1):
        now = begin + number * 86400 // count
        if now != second:
            second = now
            when = time.gmtime(now)
            stamp = f"{when.tm_mday:02d}/{MONTHS[when.tm_mon - 1]}/{when.tm_year}:{when.tm_hour:02d}:{when.tm_min:02d}:{when.tm_sec:02d} +0000"
        kind = chance.random()
        who, agent = people[int(chance.random() ** 2 * len(people))]
        referer = "https://shop.example.com/" if chance.random() < 0.7 else f"https://shop.example.com/search?q={chance.choice(SECTIONS)}"
        method, protocol, size = "GET", "HTTP/2.0", chance.randrange(300, 90000)
        if kind < 0.55:
            target, status = _asset(chance, prints), chance.choice(("200", "200", "304"))
        elif kind < 0.985:
            target, status = _page(chance, prints), chance.choice(("200", "200", "200", "200", "200", "200", "302", "304", "200", "200"))
            if chance.random() < 0.06:
                method, target, status = "POST", target.partition("?")[0], "302"
            elif chance.random() < 0.01:
                status = chance.choice(("401", "404", "422", "499"))
        elif kind < 0.99:
            target, status, size = f"/images/old/{chance.randrange(400)}.png", "404", 1564
        else:
            probe = chance.choice(probes)
            who, agent = robots[int(chance.random() ** 2 * len(robots))]
            status = chance.choice(("404",) * 12 + ("400", "403", "301"))
            labels.append(Label(number, probe.category, probe.request))
            yield f'{who} - - [{stamp}] "{probe.request}" {status} {chance.choice((153, 548, 1564))} "-" "{agent}"\n'
            continue
        if unique:
            target += f"{'&' if '?' in target else '?'}r={number}{chance.choice(SECTIONS)}{_hex(chance, 12)}"
        yield f'{who} - - [{stamp}] "{method} {target} {protocol}" {status} {size} "{referer}" "{agent}"\n'


def write(path: Path, seed: int, count: int, probes: Sequence[Probe], begin: int = 1794700800, unique: bool = False) -> list[Label]:
    """Write one day (packed where the name ends with .gz) and return its labels."""
    labels: list[Label] = []
    with gzip.open(path, "wt", compresslevel=6, encoding="utf-8") if path.suffix == ".gz" else open(path, "w", encoding="utf-8") as out:
        out.writelines(lines(seed, count, probes, begin, labels, unique))
    return labels
