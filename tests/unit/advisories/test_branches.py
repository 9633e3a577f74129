# Copyright (c) 2026 The bottomup.security authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL's and Node's own lists of vulnerabilities, which speak of branches."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import advisories_mirror as mirrors
import needs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bottomup.security.plugins.plugin_utils.advisories import feed, installed_libraries, node, postgresql, verdict

NODE = {
    "1": {
        "cve": ["CVE-2025-0001"],
        "vulnerable": "20.x || 22.x || 23.x",
        "patched": "^20.19.2 || ^22.15.1",
        "ref": "https://nodejs.org/en/blog/vulnerability/may-2025",
        "description": "a hole",
        "severity": "high",
    },
    "2": {"cve": [], "vulnerable": ">=4.0.0 <4.1.1", "patched": "4.1.1", "ref": "javascript:x"},
    "3": {"cve": "x"},
}

ROW = """<tr><td><a href="/support/security/{0}/">{0}</a><br><a href="/about/">Announcement</a></td><td>{1}</td><td>{2}</td>
<td>{3}<br><a href="https://nvd">8.8</a><br><span>AV:N</span></td><td>a &lt;hole&gt;<br><a href="/x">more details</a></td></tr>"""

PAGE = f"""<!DOCTYPE html><html><body><table><thead><tr><th>Reference</th><th>Affected</th></tr></thead><tbody>
{ROW.format("CVE-2025-1094", "17, 16, 9.6", "17.4, 16.8, 9.6.24", "client")}
{ROW.format("CVE-2024-0985", "16, 15", "16.2", "core server")}
{ROW.format("CVE-2020-10733", "12", "12.3", "packaging")}
</tbody></table></body></html>"""


def hit(tmp_path: Path, name: str, version: str) -> dict[str, tuple[str, str | None]]:
    """Return verdict and fix of a component by the announcement's name."""
    (tmp_path / "node").mkdir()
    (tmp_path / "node" / "index.json").write_text(json.dumps(NODE))
    (tmp_path / "postgresql").mkdir()
    (tmp_path / "postgresql" / "security.html").write_text(PAGE)
    with mirrors.built(tmp_path, tmp_path / "index.sqlite") as base:
        hits = installed_libraries.judge_component(name, version, base)
        return {base.vuln(item.vid).id: (item.verdict, item.fixed) for item in hits}


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("node", "20.19.1", {"CVE-2025-0001": (verdict.AFFECTED, "20.19.2")}),
        ("node", "v22.15.0", {"CVE-2025-0001": (verdict.AFFECTED, "22.15.1")}),
        ("node", "20.19.2", {}),
        ("node", "21.0.0", {}),
        ("node", "24.1.0", {}),
        ("node", "23.5.0", {"CVE-2025-0001": (verdict.UNFIXED, None)}),
        ("node", "18.20.0", {"CVE-2025-0001": (verdict.UNKNOWN, None)}),
        ("postgresql", "17.3", {"CVE-2025-1094": (verdict.AFFECTED, "17.4")}),
        ("postgresql", "17.4", {}),
        ("postgresql", "16.10", {}),
        ("postgresql", "16.1", {"CVE-2024-0985": (verdict.AFFECTED, "16.2"), "CVE-2025-1094": (verdict.AFFECTED, "16.8")}),
        ("postgresql", "15.5", {"CVE-2024-0985": (verdict.UNFIXED, None)}),
        ("postgresql", "9.6.23", {"CVE-2024-0985": (verdict.UNKNOWN, None), "CVE-2025-1094": (verdict.AFFECTED, "9.6.24")}),
        ("postgresql", "18.0", {}),
    ],
)
def test_a_branch_is_fixed_by_its_own_version_and_what_is_older_than_the_list_is_unknown(name, version, expected, tmp_path):
    found = hit(tmp_path, name, version)
    found.pop("NODE-2", None)  # a range of another form: not told
    assert found == expected


def test_a_range_of_another_form_is_not_told(tmp_path):
    assert hit(tmp_path, "node", "24.0.0").get("NODE-2") == (verdict.UNKNOWN, None)


def test_what_a_record_says(tmp_path):
    (tmp_path / "page.html").write_text(PAGE)
    first = next(postgresql.read(tmp_path / "page.html"))
    assert (first.id, first.severity, first.score, first.title) == ("CVE-2025-1094", "high", 8.8, "a <hole>")
    assert first.url == "https://www.postgresql.org/support/security/CVE-2025-1094/"
    (tmp_path / "index.json").write_text(json.dumps(NODE))
    records = list(node.read(tmp_path / "index.json"))
    assert [(record.id, record.severity, record.url) for record in records] == [
        ("CVE-2025-0001", "high", "https://nodejs.org/en/blog/vulnerability/may-2025"),
        ("NODE-2", "", "https://nodejs.org/en/blog/vulnerability"),
    ]


@pytest.mark.parametrize("content", ["", "{}", "[]", "[" * 100_000, '{"1": 2}', "<html><body>Sorry</body></html>", "<table><tr><td>x</td></tr></table>"])
def test_what_is_no_list_is_refused(content, tmp_path):
    (tmp_path / "x").write_text(content)
    for reader in (node.read, postgresql.read):
        with pytest.raises(feed.FeedError):
            list(reader(tmp_path / "x"))


@given(st.lists(st.sampled_from(["<tr>", "<td>", "</td>", "</tr>", "<table>", "CVE-2025-1094", "17.4", "9.6", "99999.1", "1" * 3000, "x", "<"])))
def test_no_page_makes_the_reading_fail(parts):
    with tempfile.NamedTemporaryFile() as file:
        file.write("".join(parts).encode())
        file.flush()
        try:
            for record in postgresql.read(Path(file.name)):
                json.loads(record.packages[0].spec or "")
        except feed.FeedError:
            pass


def test_the_real_page(tmp_path):
    records = {record.id: record for record in postgresql.read(needs.shared_data("advisories/vendor-pages/postgresql/advisories.html"))}
    ranges = json.loads(records["CVE-2020-1720"].packages[0].spec or "")["ranges"]
    assert [["introduced", "9.6"], ["fixed", "9.6.17"]] in ranges
    assert [["introduced", "12"], ["fixed", "12.2"]] in ranges
    assert "CVE-2020-10733" not in records
