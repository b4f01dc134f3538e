// What was decided, and why: the latest first.

import { $, arrange, attribute, make, text } from "./dom.js";
import { counted, moment, name, word } from "./format.js";

const shownFirst = 60;
const rows = new Map();
let list = [], most = shownFirst;

export function startDecisions() {
  $("decision-table").append(
    make("thead", {}, make("tr", {}, ...["When", "Who", "About", "What", "Why"].map(title => make("th", { scope: "col", class: "text" }, title)))), make("tbody"), make("tfoot"));
  $("decision-who").addEventListener("change", show);
  $("decision-search").addEventListener("input", show);
}

export function showDecisions(next) {
  list = [...next.decisions].reverse();
  const names = [...new Set(list.map(decision => decision.who))].sort();
  const select = $("decision-who");
  if (names.join() !== [...select.options].slice(1).map(option => option.value).join()) {
    const before = select.value;
    select.replaceChildren(make("option", { value: "" }, "everybody"), ...names.map(who => make("option", { value: who }, word(who))));
    select.value = names.includes(before) ? before : "";
  }
  show();
}

const about = decision => decision.pid == null ? name(decision.scope) : `${decision.scope} ${decision.pid}`;

function show() {
  const who = $("decision-who").value, needle = $("decision-search").value.trim().toLowerCase();
  const found = list.filter(decision => (who === "" || decision.who === who)
    && (needle === "" || `${about(decision)} ${decision.what} ${decision.why}`.toLowerCase().includes(needle)));
  const kept = new Set(list.map(idOf));
  for (const id of rows.keys()) if (!kept.has(id)) rows.delete(id);
  const table = $("decision-table");
  arrange(table.tBodies[0], found.length > 0 ? found.slice(0, most).map(row)
    : [make("tr", {}, make("td", { colspan: 5, class: "empty" }, list.length === 0 ? "Nothing was decided yet." : "No decision is like that."))]);
  table.tFoot.replaceChildren(...found.length > most ? [make("tr", {}, make("td", { colspan: 5 }, make("button", { type: "button", onclick: () => { most *= 4; show(); } }, `Show more (${found.length - most})`)))] : []);
  text($("decisions-lead"), list.length === 0 ? "" : `${found.length === list.length ? "The latest" : `${found.length} of the latest`} ${counted(list.length, "decision", "decisions")}, newest first`);
}

/** Numbers begin anew with each daemon. */
const idOf = decision => `${decision.number} ${decision.at}`;

function row(decision) {
  const id = idOf(decision);
  let element = rows.get(id);
  if (!element) {
    element = make("tr", { "data-who": decision.who }, make("td", { class: "text when" }, make("time", { datetime: decision.at }, moment(new Date(decision.at)))),
      make("td", { class: "text" }, word(decision.who)), make("td", { class: "text" }, about(decision)),
      make("td", { class: "text what" }, name(decision.what)), make("td", { class: "text why" }, name(decision.why)));
    attribute(element, "data-number", String(decision.number));
    rows.set(id, element);
  }
  return element;
}
