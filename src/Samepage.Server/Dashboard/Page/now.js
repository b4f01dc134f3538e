// Coverage as the big number, what it means, and what merging brings and costs at this moment.

import { $, attribute, make, text } from "./dom.js";
import { count, counted, duration, name, percent, ratio, size, word } from "./format.js";
import { term } from "./glossary.js";

const levels = {
  calm: ["calm", ""],
  hold: ["growth held", "The guard lets nothing merge further until coverage recovers."],
  warn: ["warning", "The guard lets nothing merge further, and has warned."],
  provision: ["providing swap", "The guard provides swap, as far as the policy allows."],
  page_out: ["pushing memory out", "The guard pushes cold memory of low-priority processes out."],
  refuse: ["guests refused", "The guard admits no new guest."],
};

/** In one or two sentences: would the host get through the night if all merged pages broke? */
export function meaning(scope) {
  if (scope.coverage == null) return "Nothing is merged, so nothing can break apart: merging puts nothing at risk tonight.";
  const need = size(scope.exposure_bytes), have = size(Math.max(0, scope.headroom_bytes));
  const base = `If every merged page broke apart tonight, the host would need ${need} and could supply ${have}`;
  if (scope.coverage >= 2) return `${base}. It would hold, with room to spare.`;
  if (scope.coverage >= 1.25) return `${base}. It would hold.`;
  if (scope.coverage >= 1) return `${base}. It would only just hold.`;
  return `${base}. It would not hold: ${size(scope.exposure_bytes - scope.headroom_bytes)} would be missing, and programs would be killed.`;
}

const tone = scope => scope.coverage != null && scope.coverage < 1 || scope.level === "refuse" || scope.level === "page_out" ? "act"
  : scope.level !== "calm" || scope.coverage != null && scope.coverage < 1.25 ? "watch" : "calm";

export function showNow(status, domains, cost) {
  const host = status.guard.scopes.find(scope => scope.name === "host") ?? status.guard.scopes[0];
  const groups = status.guard.scopes.filter(scope => scope !== host).sort((one, other) => coverageOf(one) - coverageOf(other));
  const tightest = groups.find(scope => coverageOf(scope) < coverageOf(host) || scope.level !== "calm");
  if (host) showCoverage(host);
  showTightest(tightest);
  showScopes(groups);
  showTiles(status, domains, cost);
  const also = tightest ? `, tightest ${ratio(tightest.coverage)}` : "";
  document.title = host ? `${host.coverage == null ? "nothing merged" : `${ratio(host.coverage)} covered`}${also} · Samepage` : "Samepage";
}

/** Where nothing is merged nothing can break. */
const coverageOf = scope => scope?.coverage ?? Infinity;

/** The host may be calm while a control group runs out: the group that is worse off is named beside the big number. */
function showTightest(scope) {
  const line = $("tightest");
  line.hidden = !scope;
  if (!scope) return;
  attribute(line, "data-tone", tone(scope));
  text(line, `Tightest: ${name(scope.name)} ${ratio(scope.coverage)}, ${levels[scope.level]?.[0] ?? word(scope.level)}`);
}

function showCoverage(scope) {
  const [title, extra] = levels[scope.level] ?? [word(scope.level), ""];
  attribute($("coverage"), "data-tone", tone(scope));
  text($("level"), title);
  text($("coverage-number"), scope.coverage == null ? "Nothing merged" : ratio(scope.coverage));
  $("coverage-number").classList.toggle("words", scope.coverage == null);
  text($("meaning"), [meaning(scope), extra].filter(Boolean).join(" "));
  $("balance").hidden = scope.coverage == null;
  const most = Math.max(scope.exposure_bytes, scope.headroom_bytes, 1);
  for (const [key, bytes] of [["exposure", scope.exposure_bytes], ["headroom", scope.headroom_bytes]]) {
    text($(key), size(bytes));
    $(`bar-${key}`).style.width = `${Math.max(0, bytes) / most * 100}%`;
  }
}

/** Control groups have limits of their own, and may be tighter than the host. */
function showScopes(scopes) {
  const box = $("scopes");
  if (scopes.length === 0) {
    box.replaceChildren();
    return;
  }

  const rows = scopes.slice(0, 8);
  box.replaceChildren(make("table", { class: "small" }, make("caption", {}, counted(scopes.length, "control group with a limit", "control groups with a limit")),
    make("tbody", {}, ...rows.map(scope => make("tr", { "data-tone": tone(scope) },
      make("th", { scope: "row" }, name(scope.name)), make("td", { class: "number" }, ratio(scope.coverage)),
      make("td", {}, levels[scope.level]?.[0] ?? word(scope.level)))))));
}

const modes = {
  resting: "resting", converged: "converged", working: "working", hurrying: "hurrying", waiting: "waiting", spent: "budget spent",
  held: "held by the guard", absent: "no KSM in this kernel",
};

function tile(id, title, value, more, tone) {
  const box = $("tiles");
  let entry = $(`tile-${id}`);
  if (!entry) {
    entry = make("div", { id: `tile-${id}` }, make("dt", {}, title), make("dd", { class: "value" }), make("dd", { class: "more" }));
    box.append(entry);
  }
  text(entry.children[1], value);
  text(entry.children[2], more);
  attribute(entry, "data-tone", tone ?? null);
}

function showTiles(status, domains, cost) {
  const own = domains?.domains ?? [], kernel = domains?.kernel;
  const saved = status.host.saved_bytes + own.reduce((sum, domain) => sum + domain.saved_bytes, 0);
  const profit = kernel ? kernel.profit_bytes + own.reduce((sum, domain) => sum + domain.saved_bytes - domain.keeper_rss_bytes, 0) : null;
  tile("saved", term("saved", "Saved now"), size(saved), profit == null ? "" : `${size(profit)} after what merging itself takes`, profit < 0 ? "watch" : null);
  tile("cost", term("cost", "Cost now"), cost == null ? "–" : percent(cost),
    cost == null ? "ksmd’s processor time is not visible here" : `of a core, by ksmd; ${duration(status.governor.budget_left_seconds)} of its budget left`);
  tile("governor", term("governor"), modes[status.governor.mode] ?? word(status.governor.mode), status.governor.reason);
  const scope = status.guard.scopes[0];
  tile("pressure", term("pressure"), `${percent((scope?.memory_pressure_percent ?? 0) / 100)}`,
    `waiting for memory; ${percent(status.host.cpu_pressure_percent / 100)} for a processor`);
  tile("eligible", "Taking part", counted(status.host.eligible_processes + own.reduce((sum, domain) => sum + domain.members, 0), "process", "processes"),
    `${size(status.host.eligible_bytes)} in the kernel’s engine; ${count(status.host.full_scans_total)} full scans since boot`);
  tile("self", "The daemon itself", size(status.self.resident_bytes),
    `${duration(status.self.cpu_seconds)} of processor time since ${new Date(status.started_at).toLocaleString("sv-SE").slice(0, 16)}`);
}
