/* Copyright (c) 2026 The bottomup.security authors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Copy buttons, and the viewer of a large fleet. The page can be read without this script.
 * Every text becomes a text node: the policy of the page (trusted types) lets no markup be made of one. */
"use strict";
(() => {
  const PAGE_ROWS = 50;
  const byId = (id) => document.getElementById(id);

  /* An element with attributes; texts become text nodes, what is missing is left out. */
  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "on") for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value !== undefined) node.setAttribute(name, value);
    }
    node.append(...children.flat(3).filter((child) => child instanceof Node || typeof child === "string"));
    return node;
  }
  const sign = (words) => make("span", { "aria-hidden": "true" }, words);
  const quiet = (...words) => make("p", { class: "quiet" }, ...words);
  const number = (value) => value.toLocaleString("en-US");
  const spaced = (name) => name.replaceAll("_", " ");
  /* A text in which a line ends between words where it can: not behind the hyphens of an option or of a version. */
  const unbroken = (words) => words.split(/( )/).map((word) => (/^-|[^\s'"(][^\w\s]\w/.test(word) ? make("bdi", {}, word) : word));
  const clock = (time) => `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;

  /* Copy buttons ---------------------------------------------------------------------------------------------- */
  const told = make("p", { role: "status", class: "unseen" });

  async function copy(button, pre) {
    const words = [...pre.querySelectorAll("code")].map((line) => line.textContent).join("\n");
    let done = true;
    try {
      await navigator.clipboard.writeText(words);
    } catch {
      getSelection().selectAllChildren(pre);
      done = document.execCommand("copy");
      if (done) getSelection().removeAllRanges();
    }
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    told.textContent = done ? "Copied to the clipboard" : "The commands are selected";
    setTimeout(() => { button.textContent = "Copy"; told.textContent = ""; }, 2000);
  }

  function addCopyButtons(root) {
    for (const pre of root.querySelectorAll("pre.command")) {
      const name = pre.querySelector("code").textContent;
      const button = make("button", { type: "button", class: "copy", "aria-label": `Copy ${name.slice(0, 80)}` }, "Copy");
      button.addEventListener("click", () => copy(button, pre));
      pre.before(button); // it floats: only the lines beside it are shorter
    }
  }

  /* Data islands ---------------------------------------------------------------------------------------------- */
  async function island(name) {
    const bytes = Uint8Array.from(atob(byId(`island-${name}`).textContent.replace(/\s/g, "")), (letter) => letter.charCodeAt(0));
    const lines = (await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text()).split("\n");
    lines.pop();
    return lines;
  }

  const GROUP = ["anchor", "rule", "severity", "title", "remedy", "commands", "references"];
  const HOST = ["name", "status", "reason", "families", "cells", "counts", "groups", "news"];
  const CELL = ["kind", "sign", "word", "why", "rank"];
  const named = (names) => (values) => Object.fromEntries(names.map((name, place) => [name, values[place]]));

  /* The fleet as the first island has it; its details are read when the first host is opened. */
  async function readFleet() {
    const lines = await island("rows");
    const fleet = { ...JSON.parse(lines[0]), groups: JSON.parse(lines[1]).map(named(GROUP)), cells: JSON.parse(lines[2]).map(named(CELL)) };
    fleet.rows = lines.slice(3).map((line, place) => ({ ...named(HOST)(JSON.parse(line)), place }));
    fleet.byName = new Map(fleet.rows.map((row) => [row.name, row]));
    for (const group of fleet.groups) group.words = `${group.title} ${group.rule}`.toLowerCase();
    let details;
    fleet.detail = async (row) => {
      details ||= island("details");
      const [whole, findings, facts, expected, digest] = JSON.parse((await details)[row.place]);
      return { whole, findings, facts, expected, digest };
    };
    return fleet;
  }

  /* What is shown: kept in the address, so that a view can be bookmarked and sent -------------------------------- */
  const NOTHING = { host: "", group: "", find: "", worst: "", family: "", state: "", sort: "", page: 1 };

  function wanted() {
    const given = location.hash.includes("=") ? new URLSearchParams(location.hash.slice(1).replaceAll("+", "%2B")) : new URLSearchParams();
    const view = { ...NOTHING };
    for (const name of Object.keys(NOTHING)) if (given.has(name)) view[name] = given.get(name);
    view.page = Math.max(1, parseInt(view.page, 10) || 1);
    return view;
  }

  function address(view) {
    const parts = Object.entries(view).filter(([name, value]) => value !== NOTHING[name]);
    return `#${parts.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&") || "matrix"}`;
  }

  /* Choosing and sorting ---------------------------------------------------------------------------------------- */
  const STATES = {
    new: ["with something new", (row) => row.news > 0],
    unseen: ["not wholly looked at", (row, fleet) => row.status !== "checked" || row.cells.some((cell) => fleet.cells[cell].word.includes("incomplete"))],
    quiet: ["without a finding", (row) => row.status === "checked" && !row.counts.some(Boolean)],
  };

  function chosen(fleet, view) {
    const words = view.find.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = words.map((word) => new Set(fleet.groups.flatMap((group, place) => (group.words.includes(word) ? [place] : []))));
    const family = fleet.families.indexOf(view.family);
    const group = view.group ? fleet.groups.findIndex((one) => one.anchor === view.group) : -1;
    const worst = fleet.severities.findIndex(([name]) => name === view.worst);
    return fleet.rows.filter((row) =>
      words.every((word, place) => row.name.toLowerCase().includes(word) || row.reason.toLowerCase().includes(word) || row.groups.some((one) => hits[place].has(one))) &&
      (!view.family || row.families.includes(family)) &&
      (!view.group || row.groups.includes(group)) &&
      (!view.worst || row.counts.slice(0, worst + 1).some(Boolean)) &&
      (!STATES[view.state] || STATES[view.state][1](row, fleet)));
  }

  const byName = new Intl.Collator("en", { numeric: true }).compare;

  function sorted(fleet, rows, view) {
    const down = view.sort.startsWith("-");
    const key = down ? view.sort.slice(1) : view.sort;
    const check = fleet.checks.indexOf(key);
    const order = key === "host" ? (a, b) => byName(a.name, b.name) : check < 0 ? undefined : (a, b) => fleet.cells[a.cells[check]].rank - fleet.cells[b.cells[check]].rank || a.place - b.place;
    if (order) rows.sort(down ? (a, b) => order(b, a) : order);
    return rows;
  }

  /* One host ---------------------------------------------------------------------------------------------------- */
  function commandsOf(lines) {
    return lines.length ? make("div", { class: "typed" }, make("pre", { class: "command" }, lines.map((line) => make("code", {}, unbroken(line))))) : "";
  }

  function findingOf(fleet, place, own) {
    const group = { ...fleet.groups[place], ...own };
    const [severity, shape] = fleet.severities[group.severity];
    const [count, last, first] = own.times || [];
    const times = [group.rule, count > 1 && `×${number(count)}`, last && `last ${clock(last)}`, first && `known since ${first.slice(0, 10)}`];
    const title = byId(group.anchor) ? make("a", { href: `#${group.anchor}` }, unbroken(group.title)) : unbroken(group.title);
    return make("div", { class: "item" },
      make("h4", {}, make("span", { class: `sev ${severity}` }, sign(shape), ` ${severity}`), " ", own.state && make("span", { class: "news" }, own.state), own.state && " ", title),
      own.accepted && make("p", { class: "quiet" }, `Accepted: ${own.accepted}`),
      group.remedy && make("p", { class: "remedy" }, group.remedy),
      commandsOf(group.commands),
      quiet(times.filter(Boolean).join(" · ")),
      own.evidence && own.evidence.length > 0 && make("dl", { class: "evidence" }, own.evidence.map(([source, text]) => make("div", {}, make("dt", {}, source), make("dd", {}, text)))),
      own.cut && quiet(`and ${number(own.cut)} more`));
  }

  function stateOf(fleet, row) {
    const [shape, word] = fleet.states[row.status];
    return row.status !== "checked" && make("span", { class: `state ${row.status}` }, sign(shape), ` ${word}`);
  }

  async function hostPane(fleet, row, close) {
    const detail = await fleet.detail(row);
    const cells = fleet.checks.map((check, place) => [check, fleet.cells[row.cells[place]]]).filter(([, cell]) => cell.rank > 4 && cell.kind !== "ok" && cell.kind !== "lost");
    const pane = make("article", { class: "host pane", "aria-labelledby": "pane-title", tabindex: "-1" },
      make("header", {}, make("h3", { id: "pane-title", class: "hostname" }, row.name), stateOf(fleet, row),
        make("button", { type: "button", class: "plain", on: { click: close } }, "Close")),
      make("div", { class: "body" },
        row.reason && make("p", {}, row.reason),
        detail.expected || quiet("Not in the inventory of this run."),
        detail.facts && make("p", { class: "facts" }, detail.facts),
        cells.map(([check, cell]) => make("p", { class: "cell" }, make("span", { class: `state ${cell.kind}` }, sign(cell.sign), ` ${spaced(check)}: ${cell.word}`), " ", cell.why)),
        row.groups.map((group, place) => findingOf(fleet, group, detail.findings[place])),
        row.groups.length === 0 && row.status === "checked" && quiet("No finding on what was looked at."),
        detail.digest.length > 0 && make("dl", { class: "digest" }, detail.digest.map(([label, text]) => make("div", {}, make("dt", {}, label), make("dd", {}, text)))),
        !detail.whole && quiet("There was no room on this page for the evidence of this host and the digest of its logs: report.json has them.")));
    pane.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
    addCopyButtons(pane);
    return pane;
  }

  /* The table --------------------------------------------------------------------------------------------------- */
  function heading(key, words, view, go) {
    const now = view.sort === key ? "ascending" : view.sort === `-${key}` ? "descending" : "none";
    const next = now === "none" ? key : now === "ascending" ? `-${key}` : "";
    return make("th", { scope: "col", "aria-sort": now },
      make("button", { type: "button", class: "sort", "data-sort": key, on: { click: () => go({ sort: next, page: 1 }) } }, words, sign({ none: " ↕", ascending: " ↑", descending: " ↓" }[now])));
  }

  function tableRow(fleet, row, view) {
    const link = make("a", { href: address({ ...view, host: row.name }) }, row.name);
    const cells = row.status === "checked" || row.status === "partial"
      ? row.cells.map((place) => fleet.cells[place]).map((cell) => make("td", { class: cell.kind, title: cell.why }, sign(cell.sign), ` ${cell.word}`))
      : make("td", { class: "lost", colspan: fleet.checks.length }, sign(fleet.states[row.status][0]), ` ${fleet.states[row.status][1]}: ${row.reason.slice(0, 120)}`);
    return make("tr", { class: row.name === view.host && "open" }, make("th", { scope: "row" }, link), cells);
  }

  function table(fleet, rows, view, go) {
    return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of hosts and checks" },
      make("table", { class: "matrix" },
        make("thead", {}, make("tr", {}, heading("host", "Host", view, go), fleet.checks.map((check) => heading(check, spaced(check), view, go)))),
        make("tbody", {}, rows.map((row) => tableRow(fleet, row, view)))));
  }

  function pager(count, view, go) {
    const pages = Math.max(1, Math.ceil(count / PAGE_ROWS));
    const step = (words, page) => make("button", { type: "button", class: "plain", disabled: page < 1 || page > pages, on: { click: () => go({ page }) } }, words);
    const first = (view.page - 1) * PAGE_ROWS + 1;
    const shown = count ? `${number(first)} to ${number(Math.min(count, first + PAGE_ROWS - 1))} of ${number(count)}` : "No host is like this";
    return make("div", { class: "pager" }, step("Previous", view.page - 1), make("span", { role: "status" }, shown), step("Next", view.page + 1));
  }

  function choice(label, name, options, view, go) {
    const select = make("select", { name, on: { change: () => go({ [name]: select.value, page: 1 }) } }, options.map(([value, words]) => make("option", { value, selected: view[name] === value }, words)));
    return make("label", {}, make("span", {}, label), select);
  }

  function toolbar(fleet, view, go) {
    const field = make("input", { type: "search", name: "find", value: view.find, autocomplete: "off", spellcheck: "false", placeholder: "host, package, rule ( / )" });
    field.addEventListener("input", () => go({ find: field.value, page: 1 }));
    const worst = [["", "any"], ...fleet.severities.map(([name], place) => [name, place ? `${name} or worse` : name])];
    const states = [["", "all"], ...Object.entries(STATES).map(([name, [words]]) => [name, words])];
    return make("form", { class: "tools", role: "search", on: { submit: (event) => event.preventDefault() } },
      make("label", { class: "wide" }, make("span", {}, "Find"), field),
      choice("Findings", "worst", worst, view, go),
      fleet.families.length > 1 && choice("Group", "family", [["", "all"], ...[...fleet.families].sort(byName).map((name) => [name, name])], view, go),
      choice("Hosts", "state", states, view, go));
  }

  /* The viewer: toolbar, the open host, the table; drawn anew whenever the address changes ------------------------- */
  function viewer(fleet, root) {
    let view = wanted();
    let tools;
    const body = make("div", {});
    const place = make("div", {});
    root.append(body);

    function go(change) {
      view = { ...view, ...change };
      history.replaceState(null, "", address(view));
      drawTable();
    }

    function drawTable() {
      const rows = sorted(fleet, chosen(fleet, view), view);
      view.page = Math.min(view.page, Math.max(1, Math.ceil(rows.length / PAGE_ROWS)));
      const focused = document.activeElement && document.activeElement.dataset.sort;
      const group = view.group && fleet.groups.find((one) => one.anchor === view.group);
      const only = group && make("p", {}, `Only hosts with: ${group.title} `, make("button", { type: "button", class: "plain", on: { click: () => go({ group: "", page: 1 }) } }, "Show all"));
      place.replaceChildren(...[only, table(fleet, rows.slice((view.page - 1) * PAGE_ROWS, view.page * PAGE_ROWS), view, go), pager(rows.length, view, go)].filter(Boolean));
      if (focused) place.querySelector(`[data-sort="${focused}"]`).focus();
    }

    async function drawHost(scroll) {
      for (const old of root.querySelectorAll(".pane, .lost-host")) old.remove();
      if (!view.host) return;
      const name = view.host;
      const row = fleet.byName.get(name);
      const close = () => { location.hash = address({ ...view, host: "" }); };
      const pane = row ? await hostPane(fleet, row, close) : make("p", { class: "lost-host", role: "status" }, `This run has no host named ${name}.`);
      if (view.host !== name) return;
      tools.after(pane);
      if (scroll) { pane.scrollIntoView({ block: "start" }); pane.focus({ preventScroll: true }); }
    }

    async function draw(scroll) {
      view = wanted();
      tools = toolbar(fleet, view, go);
      body.replaceChildren(tools, place);
      drawTable();
      await drawHost(scroll);
      if (scroll && !view.host) root.scrollIntoView({ block: "start" });
    }

    addEventListener("hashchange", () => { if (location.hash.includes("=") || location.hash === "#matrix") draw(true); });
    addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.target.closest("input, select, textarea")) return;
      event.preventDefault();
      tools.querySelector("input").focus();
    });
    return draw(location.hash.includes("="));
  }

  /* Names of hosts on the rest of the page become links into the viewer. */
  function linkHosts(fleet) {
    for (const node of document.querySelectorAll("span.name")) {
      if (fleet.byName.has(node.textContent)) node.replaceWith(make("a", { class: "name", href: address({ ...NOTHING, host: node.textContent }) }, node.textContent));
    }
    for (const node of document.querySelectorAll(".finding .more-names")) {
      const anchor = node.closest(".finding").id;
      node.replaceWith(make("a", { class: "name", href: address({ ...NOTHING, group: anchor }) }, node.textContent.replace(", see report.json", "")));
    }
  }

  async function start() {
    document.body.append(told);
    addCopyButtons(document);
    if (!byId("viewer") || typeof DecompressionStream === "undefined") return;
    const fleet = await readFleet();
    byId("static-matrix").remove();
    byId("viewer").hidden = false;
    linkHosts(fleet);
    await viewer(fleet, byId("viewer"));
    document.documentElement.dataset.ready = String(fleet.rows.length);
  }

  start();
})();
