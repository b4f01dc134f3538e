// Guests and processes: what each shares, what it brings, what it suffers. Sorted and searched here; rows are kept by
// process, and only what changed is touched, so that two hundred of them cost next to nothing.

import { $, arrange, attribute, make, sortHead, text } from "./dom.js";
import { count, counted, name, percent, size, stall, word } from "./format.js";

const part = row => row.resident_bytes > 0 ? Math.min(1, row.saved_bytes / (row.resident_bytes + (row.zero_pages ?? 0) * 4096)) : null;
const title = row => name(row.guest ?? row.name);
const states = { merging: "merging", opted_in: "nothing merged yet", named: "waits for its rule" };

const columns = [
  { key: "pick", title: "Look at", plain: true, hidden: true, kind: "pick" },
  { key: "title", title: "Name", kind: "text", value: row => title(row).toLowerCase() },
  { key: "state", title: "State", kind: "text wide", value: row => states[row.state] ?? row.state },
  { key: "engine", title: "Engine", kind: "text wide", term: "engine", value: row => `${row.engine} ${row.domain ?? ""}` },
  { key: "rule", title: "Rule", kind: "text wide", term: "rule", value: row => row.rule ?? "" },
  { key: "memory", title: "Memory", kind: "number wide", term: "memory", value: row => row.resident_bytes },
  { key: "share", title: "Shared", kind: "number wide", term: "share", value: part },
  { key: "saved", title: "Saved", kind: "number", term: "saved", value: row => row.saved_bytes },
  { key: "profit", title: "Profit", kind: "number", term: "profit", value: row => row.profit_bytes },
  { key: "breaks", title: "COW breaks", kind: "number wide", term: "breaks", value: row => row.cow_breaks_total },
  { key: "stall", title: "Longest stall", kind: "number wide", term: "stall", value: row => row.stall_microseconds_max },
];

const cells = {
  state: row => states[row.state] ?? word(row.state),
  engine: row => row.engine === "user" ? `user, ${name(row.domain)}` : "kernel",
  rule: row => name(row.rule ?? "–"),
  memory: row => size(row.resident_bytes),
  share: row => percent(part(row)),
  saved: row => size(row.saved_bytes),
  profit: row => size(row.profit_bytes),
  breaks: row => count(row.cow_breaks_total),
  stall: row => stall(row.stall_microseconds_max),
};

const known = new Map(), picked = new Set(), opened = new Set();
let list = null, sort = { key: "saved", down: true }, onpick = () => { }, decisionsOf = async () => [];

export const pickedPids = () => (list?.processes ?? []).filter(row => picked.has(row.pid)).map(row => row.pid);
export const nameOf = pid => {
  const row = list?.processes.find(row => row.pid === pid);
  return row ? title(row) : null;
};
export const firstRows = (most, domain) => (list?.processes ?? []).filter(row => domain == null || domainOf(row) === domain).slice(0, most);
export const domainOf = row => row.engine === "user" ? `user ${row.domain}` : "kernel";

export function startProcesses(options) {
  ({ onpick, decisionsOf } = options);
  const table = $("process-table");
  table.append(make("thead", {}, make("tr", {}, ...columns.map(column => sortHead(column, () => sortBy(column))))), make("tbody"));
  $("search").addEventListener("input", show);
}

export function showProcesses(next) {
  list = next;
  const pids = new Set(next.processes.map(row => row.pid));
  for (const pid of picked) if (!pids.has(pid)) picked.delete(pid);
  show();
}

function sortBy(column) {
  sort = { key: column.key, down: sort.key === column.key ? !sort.down : column.kind.startsWith("number") };
  show();
}

const matches = (row, needle) => [row.guest, row.name, row.pid, row.rule, row.domain, row.engine, row.control_group, states[row.state] ?? row.state]
  .some(value => value != null && String(value).toLowerCase().includes(needle));

/** Nothing comes last whichever way; equals stay in the order of their numbers. */
function compare(column) {
  return (one, other) => {
    const left = column.value(one), right = column.value(other);
    if (left == null || right == null) return (left == null) - (right == null) || one.pid - other.pid;
    const order = typeof left === "string" ? left.localeCompare(right, "en", { numeric: true }) : left - right;
    return (sort.down ? -order : order) || one.pid - other.pid;
  };
}

function show() {
  if (!list) return;
  const needle = $("search").value.trim().toLowerCase();
  const column = columns.find(column => column.key === sort.key);
  const rows = list.processes.filter(row => needle === "" || matches(row, needle)).sort(compare(column));
  const shown = [];
  const alive = new Set();
  for (const row of list.processes) alive.add(key(row));
  for (const row of rows) {
    const entry = entryOf(row);
    fill(entry, row);
    shown.push(entry.element);
    if (entry.detail) shown.push(entry.detail);
  }
  for (const at of known.keys()) if (!alive.has(at)) known.delete(at);
  const table = $("process-table");
  arrange(table.tBodies[0], shown.length > 0 ? shown : [emptyRow(needle)]);
  for (const head of table.tHead.rows[0].cells) {
    attribute(head, "aria-sort", head.dataset.key === sort.key ? sort.down ? "descending" : "ascending" : null);
  }
  const saved = rows.reduce((sum, row) => sum + row.saved_bytes, 0);
  const left = list.left_out > 0 ? `; ${count(list.left_out)} more that save least are left out` : "";
  const unread = list.unreadable_processes > 0 ? `; ${count(list.unreadable_processes)} may not be looked at` : "";
  text($("processes-lead"), list.processes.length === 0 ? "" : `${needle ? `${count(rows.length)} of ` : ""}${counted(list.processes.length, "process", "processes")}, ${size(saved)} of their memory on shared frames${left}${unread}`);
}

const key = row => `${row.pid}/${domainOf(row)}`;

function emptyRow(needle) {
  return make("tr", {}, make("td", { colspan: columns.length, class: "empty" }, needle
    ? `Nothing here is called “${needle}”.`
    : "No process takes part in merging yet. Name some in a rule of the policy, start them with samepage run, or opt them in with samepage enable."));
}

function entryOf(row) {
  let entry = known.get(key(row));
  if (!entry) {
    const box = make("input", { type: "checkbox", onchange: () => pick(row.pid, box.checked) });
    const more = make("button", { type: "button", class: "name", "aria-expanded": "false", onclick: () => toggle(row) });
    const small = make("small");
    entry = { box, more, small, cells: {}, element: make("tr", { "data-pid": row.pid }) };
    entry.element.append(make("td", { class: "pick" }, box), make("th", { scope: "row", class: "text" }, more, small));
    for (const column of columns.slice(2)) {
      const cell = make("td", { class: column.kind, "data-column": column.key });
      entry.cells[column.key] = cell;
      entry.element.append(cell);
    }
    known.set(key(row), entry);
  }
  return entry;
}

function fill(entry, row) {
  entry.row = row;
  text(entry.more, title(row));
  text(entry.small, row.guest ? `${name(row.name)} ${row.pid}` : `${row.pid}`);
  attribute(entry.box, "aria-label", `Estimate ${title(row)}, process ${row.pid}`);
  entry.box.checked = picked.has(row.pid);
  for (const [at, cell] of Object.entries(entry.cells)) {
    text(cell, cells[at](row));
  }
  entry.cells.share.style.setProperty("--part", `${(part(row) ?? 0) * 100}%`);
  attribute(entry.element, "data-tone", row.profit_bytes < 0 ? "watch" : null);
  attribute(entry.element, "data-saved", String(row.saved_bytes));
}

function pick(pid, isOn) {
  if (isOn) picked.add(pid);
  else picked.delete(pid);
  onpick();
}

async function toggle(row) {
  const at = key(row), entry = known.get(at);
  if (entry.detail) {
    entry.detail = null;
    opened.delete(at);
  } else {
    opened.add(at);
    const cell = make("td", { colspan: columns.length }, details(entry.row));
    entry.detail = make("tr", { class: "detail" }, cell);
    const decisions = await decisionsOf(row.pid).catch(() => null);
    cell.append(!decisions?.length ? make("p", { class: "empty" }, decisions ? "No decision about it is kept." : "Decisions about it cannot be had for now.")
      : make("ul", { class: "plain-list" }, ...decisions.slice(-5).reverse().map(decision => make("li", {}, `${word(decision.who)}: ${name(decision.what)}${decision.why ? ` – ${name(decision.why)}` : ""}`))));
  }
  attribute(entry.more, "aria-expanded", String(opened.has(at)));
  show();
}

function details(row) {
  const facts = [
    ["Process", `${name(row.name)} ${row.pid}`], ["State", cells.state(row)], ["Engine", cells.engine(row)], ["Rule", cells.rule(row)],
    ["Control group", name(row.control_group ?? "–")], ["Memory", size(row.resident_bytes)], ["Merged pages", count(row.merged_pages)],
    ["Zero pages", count(row.zero_pages)], ["COW breaks", row.cow_breaks_total == null ? "not counted by the kernel for a process" : count(row.cow_breaks_total)],
    ["Longest stall", row.stall_microseconds_max == null ? "not measured by the kernel" : stall(row.stall_microseconds_max)],
  ];
  return make("dl", { class: "facts" }, ...facts.map(([key, value]) => make("div", {}, make("dt", {}, key), make("dd", {}, value))));
}
