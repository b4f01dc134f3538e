// What was decided, and why: the latest first.

import { $, arrange, attribute, make, text } from "./dom.js";
import { counted, moment, name, word } from "./format.js";

const shownFirst = 60, keptMax = 5000;
const rows = new Map(), known = new Map();
let list = [], most = shownFirst, hasEarlier = false, earlierThan = null, isAll = false, isLoading = false, onearlier = () => { };

export function startDecisions(load) {
  onearlier = load;
  $("decision-table").append(
    make("thead", {}, make("tr", {}, ...["When", "Who", "About", "What", "Why"].map(title => make("th", { scope: "col", class: "text" }, title)))), make("tbody"), make("tfoot"));
  $("decision-who").addEventListener("change", show);
  $("decision-search").addEventListener("input", show);
}

/** Takes in what a daemon holds. What it has forgotten, or one before it told, stays. */
export function showDecisions(next) {
  take(next.decisions);
}

/** Whether there is a history that knows earlier ones. */
export function offerEarlier(isOffered) {
  const before = canLoad();
  hasEarlier = isOffered;
  if (before !== canLoad()) show();
}

/**
 * Asks for earlier ones. The daemon keeps those of processes for another time than those of the host, so that its oldest
 * says nothing of what is missing: the first question is about all up to now.
 */
export async function loadEarlier(isFromNow, ask) {
  if (isLoading) return;
  isLoading = true;
  try {
    const found = await ask(isFromNow || earlierThan == null ? endOfTime : (earlierThan / 1000).toFixed(3));
    if (!isFromNow || earlierThan == null) {
      // Those of its last millisecond are asked for again; where nothing but them comes, that was all.
      const oldest = found.length > 0 ? Date.parse(found[0].at) + 1 : earlierThan;
      isAll = oldest === earlierThan;
      earlierThan = oldest;
    }
    if (!isFromNow) most += 4 * shownFirst;
    take(found);
  } finally {
    isLoading = false;
  }
}

/** After whatever a clock says: the year 9999. */
const endOfTime = 253_402_300_799;

const canLoad = () => hasEarlier && !isAll && list.length < keptMax;

function take(decisions) {
  for (const decision of decisions) known.set(idOf(decision), decision);
  list = [...known.values()].map(decision => [Date.parse(decision.at), decision]).sort(([left, one], [right, other]) => right - left || other.number - one.number).map(([, decision]) => decision);
  for (const decision of list.splice(keptMax)) known.delete(idOf(decision));
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
  foot(table.tFoot, found.length > most ? `Show more (${found.length - most})` : canLoad() ? "Load earlier ones" : null, found.length > most ? () => { most *= 4; show(); } : onearlier);
  text($("decisions-lead"), list.length === 0 ? "" : `${found.length === list.length ? "The latest" : `${found.length} of the latest`} ${counted(list.length, "decision", "decisions")}, newest first`);
}

/** The button stays where it does the same: it may have the focus. */
function foot(box, title, onclick) {
  const button = box.querySelector("button");
  if (button) {
    button.onclick = onclick;
    text(button, title ?? "");
  } else if (title) {
    box.append(make("tr", {}, make("td", { colspan: 5 }, Object.assign(make("button", { type: "button" }, title), { onclick }))));
  }
  if (!title) box.replaceChildren();
}

/** Numbers begin anew with each daemon, and the history keeps times to the millisecond. */
const idOf = decision => `${decision.number} ${Date.parse(decision.at)}`;

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
