// Who merges: the kernel's engine, and the domains of the user engine.

import { $, make } from "./dom.js";
import { count, counted, duration, name, size, stall } from "./format.js";
import { term } from "./glossary.js";

const heads = [["Engine", "engine", "text"], ["State", null, "text"], ["Processes", null, "number"], ["Stable pages", "stable", "number wide"], ["Saved", "saved", "number"],
  ["Its own memory", "metadata", "number wide"], ["Processor time", "cost", "number"], ["COW breaks", "breaks", "number wide"], ["Longest stall", "stall", "number wide"]];
const ksmd = { scanning: "scans", stopped: "stands still; what is merged stays merged", absent: "not in this kernel", unmerging: "was told to unmerge everything" };
let said = "";

export function showDomains(list) {
  const { kernel, domains } = list;
  const rows = [
    ["kernel (ksmd)", ksmd[kernel.state] ?? kernel.state, count(kernel.processes), count(kernel.stable_pages), size(kernel.saved_bytes), size(kernel.metadata_bytes),
      duration(kernel.cpu_seconds), count(kernel.cow_breaks_total), "not measured"],
    ...domains.map(domain => [`user, ${name(domain.domain)}`, `keeper ${domain.keeper_pid}, up ${duration(domain.keeper_uptime_seconds)}`, count(domain.members),
      count(domain.stable_pages), size(domain.saved_bytes), size(domain.keeper_rss_bytes), duration(domain.cpu_seconds), count(domain.cow_breaks_total), stall(domain.stall_microseconds_max)]),
  ];
  const text = JSON.stringify(rows);
  if (text === said) return;
  said = text;
  const table = $("domain-table");
  // The head stays: its buttons may have the focus.
  if (!table.tHead) table.append(make("thead", {}, make("tr", {}, ...heads.map(([title, key, kind]) => make("th", { scope: "col", class: kind }, key ? term(key, title) : title)))));
  for (const part of [...table.tBodies, table.tFoot]) part?.remove();
  table.append(
    make("tbody", {}, ...rows.map(row => make("tr", {}, ...row.map((value, index) => make(index === 0 ? "th" : "td", { class: heads[index][2], scope: index === 0 ? "row" : null }, value))))),
    ...domains.length === 0 ? [make("tfoot", {}, make("tr", {}, make("td", { colspan: heads.length, class: "empty" }, "The user engine has no domain here: no process has joined one.")))] : []);
  table.dataset.domains = counted(domains.length, "domain", "domains");
}
