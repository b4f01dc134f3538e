// The page: asks the daemon every two seconds, and shows what came. Everything else is in the modules below.

import { get, getPlan, postEstimate, Refused, Unreachable } from "./api.js";
import { hasLibrary, showCharts, startCharts, zoom, zoomed } from "./charts.js";
import { loadEarlier, offerEarlier, showDecisions, startDecisions } from "./decisions.js";
import { $, attribute, complain, make, text } from "./dom.js";
import { showDomains } from "./domains.js";
import { clock, duration, moment, percent, ratio, size } from "./format.js";
import { startGlossary } from "./glossary.js";
import { showNow } from "./now.js";
import { startPlan } from "./plan.js";
import { showProcesses, startProcesses } from "./processes.js";
import { describe, disablePlanProfile, estimateIsRunning, refuse, showEstimate, startSharing } from "./sharing.js";
import { ranges, Timeline } from "./timeline.js";

const every = { status: 2000, tables: 4000, abilities: 10_000, history: 30_000, hidden: 20_000 };
const timeline = new Timeline();
const seen = { status: null, domains: null, decisions: -1, hasEarlier: false, earlierAt: -Infinity, estimates: 0, estimateShown: null, tablesAt: -Infinity, abilitiesAt: -Infinity, historyAt: -Infinity, reachedAt: null, lostAt: null };
let range = ranges[0][1], turning = null, isTurning = false, isWanted = false;

/** One round: the status always, the rest where it is due. */
async function turn() {
  const now = performance.now();
  const status = await get("api/v1/status");
  seen.reachedAt = new Date();
  seen.lostAt = null;
  const isOther = seen.status && (status.pid !== seen.status.pid || status.started_at !== seen.status.started_at);
  if (isOther || now - seen.tablesAt >= every.tables - 200) {
    seen.tablesAt = now;
    await tables();
  }
  timeline.note(status, seen.domains);
  seen.status = status;
  showNow(status, seen.domains, timeline.cost);
  showAbout(status);
  await abilities(isOther, now);
  await history(isOther, now);
  await decisions(isOther, now, status.self.decisions_total);
  if (estimateIsRunning() || seen.estimateShown == null || seen.estimates > seen.estimateShown || isOther) await estimate();
  drawTime();
}

/**
 * A part of a round. What the daemon refuses is said in the section that it is missing from, and asked for again: who
 * answers is reachable.
 */
async function part(section, about, why, ask) {
  try {
    await ask();
    complain(section, about, null);
    return true;
  } catch (failure) {
    if (!(failure instanceof Refused)) throw failure;
    complain(section, about, `${why}: ${failure.message}`);
    return false;
  }
}

async function tables() {
  await Promise.all([
    part("processes", "table", "Processes cannot be looked up for now", async () => showProcesses(await get("api/v1/processes"))),
    part("domains", "table", "Domains cannot be looked up for now", async () => {
      seen.domains = await get("api/v1/domains");
      showDomains(seen.domains);
    }),
  ]);
  describe();
}

/** A daemon may keep no history, and a reload of its policy may change that; another page may have asked for an estimate. */
async function abilities(isOther, now) {
  if (!isOther && now - seen.abilitiesAt < every.abilities) return;
  seen.abilitiesAt = now;
  await part("time", "abilities", "Whether a history is kept cannot be told for now", async () => {
    const able = await get("api/v1/dashboard");
    timeline.hasHistory = able.history;
    seen.estimates = able.estimates;
  });
}

/** Where it cannot be read for now, the page keeps the past that it has, and asks again sooner than usual. */
async function history(isOther, now) {
  if (!timeline.hasHistory) {
    complain("time", "history", null);
    return;
  }
  if (!isOther && now - seen.historyAt < every.history) return;
  seen.historyAt = now;
  // By the host's clock: this device's may be another.
  const to = Math.ceil(Date.parse(seen.status.taken_at) / 1000);
  const isRead = await part("time", "history", "The plots go on with what this page has", async () => timeline.takeHistory(await getHistory(to - range, to)));
  if (!isRead) seen.historyAt -= every.history - every.abilities;
}

/** As fine as the plots can show it. */
function getHistory(from, to) {
  return get(`api/v1/history?from=${from}&to=${to}&points=${Math.min(1000, Math.max(120, Math.round($("charts").clientWidth)))}`);
}

/** Of a span by itself the history has more points; until they are here, or where they cannot be had, those of the whole do. */
async function showSpan() {
  const span = zoomed;
  timeline.takeDetail(null);
  drawTime();
  if (!span || !timeline.hasHistory) return;
  try {
    const detail = await getHistory(Math.floor(span[0]), Math.ceil(span[1]) + 1);
    if (zoomed !== span) return;
    timeline.takeDetail(detail);
    drawTime();
  } catch (failure) {
    if (!(failure instanceof Unreachable || failure instanceof Refused)) throw failure;
  }
}

/** A daemon holds its own latest decisions only; what came before them, also before its start, is the history's to tell. */
async function decisions(isOther, now, total) {
  if (isOther || total !== seen.decisions) {
    await part("decisions", "latest", "The latest decisions cannot be had for now", async () => {
      showDecisions(await get("api/v1/decisions"));
      seen.decisions = total;
    });
  }
  // The one before may have told more before it ended than this page heard.
  if (isOther) seen.hasEarlier = false;
  offerEarlier(timeline.hasHistory);
  if (timeline.hasHistory && !seen.hasEarlier && (isOther || now - seen.earlierAt >= every.abilities)) {
    seen.earlierAt = now;
    seen.hasEarlier = await earlier(true);
  }
}

const earlier = isFromNow => part("decisions", "earlier", "Earlier decisions cannot be had for now", () =>
  loadEarlier(isFromNow, async before => (await get(`api/v1/decisions?before=${before}`)).decisions));

async function estimate() {
  await part("sharing", "estimate", "The latest estimate cannot be had for now", async () => {
    const desk = await get("api/v1/estimate");
    seen.estimateShown = desk.number;
    showEstimate(desk);
  });
}

/** One round at a time: who wants another while one is under way gets it right after. */
async function run() {
  clearTimeout(turning);
  if (isTurning) {
    isWanted = true;
    return;
  }
  isTurning = true;
  isWanted = false;
  try {
    await turn();
  } catch (failure) {
    // Of what is refused only the status comes as far as this.
    if (failure instanceof Unreachable || failure instanceof Refused) seen.lostAt ??= new Date();
    else console.error(failure);
  }
  isTurning = false;
  showLive();
  turning = setTimeout(run, isWanted ? 0 : document.hidden ? every.hidden : every.status);
}

function showLive() {
  const lost = seen.lostAt != null;
  attribute($("live"), "data-state", lost ? "lost" : "live");
  attribute(document.body, "data-lost", lost ? "" : null);
  text($("live"), lost ? `not reachable since ${moment(seen.lostAt)}` : `live${seen.status?.dry_run ? ", dry run" : ""}`);
  const notices = [];
  if (lost) notices.push(["act", seen.reachedAt ? `The daemon has not been reachable since ${moment(seen.lostAt)}. What you see is from ${clock(seen.reachedAt)}; the page goes on trying.` : "The daemon cannot be reached. The page goes on trying."]);
  if (seen.status?.dry_run) notices.push(["quiet", "The daemon runs with --dry-run: it acts on nothing, and says what it would do."]);
  if (seen.status?.policy.refused_reason) notices.push(["watch", `The policy on disk is not followed: ${seen.status.policy.refused_reason}. The one before it stays.`]);
  const said = JSON.stringify(notices);
  if ($("notices").dataset.said !== said) {
    $("notices").dataset.said = said;
    $("notices").replaceChildren(...notices.map(([tone, message]) => make("p", { class: "notice", "data-tone": tone }, message)));
  }
}

function showAbout(status) {
  const sources = status.policy.sources.length === 0 ? "no policy file, so the defaults hold" : status.policy.sources.join(", ");
  text($("about"), `Samepage ${status.version}, process ${status.pid}, serving for ${duration((Date.now() - Date.parse(status.started_at)) / 1000)}; ${sources}.${hasLibrary ? " Charts: uPlot (MIT)." : ""}`);
}

function drawTime() {
  const data = timeline.columns(range);
  showCharts(data);
  const since = new Date(timeline.openedAt * 1000);
  text($("time-lead"), timeline.hasHistory !== false ? hasLibrary ? "Drag to zoom in, double-click to see all again." : ""
    : `This daemon keeps no history: the plots begin when this page was opened, at ${moment(since)}.${hasLibrary ? " Drag to zoom in, double-click to see all again." : ""}`);
  if ($("time-table").open) drawTable(data);
}

/** At most forty rows of what the plots show, evenly spread: for those who cannot see plots, and for copying. */
function drawTable({ columns }) {
  const [from, to] = zoomed ?? [-Infinity, Infinity];
  const shown = columns[0].map((_, index) => index).filter(index => columns[0][index] >= from && columns[0][index] <= to);
  const step = Math.max(1, Math.ceil(shown.length / 40));
  const rows = shown.filter((_, index) => (shown.length - 1 - index) % step === 0).reverse();
  const formats = [at => moment(new Date(at * 1000)), size, percent, ratio, size, size];
  $("time-table").querySelector("div").replaceChildren(make("table", {},
    make("thead", {}, make("tr", {}, ...["When", "Saved", "Cost", "Coverage", "Exposure", "Headroom"].map((title, index) => make("th", { scope: "col", class: index === 0 ? "text" : "number" }, title)))),
    make("tbody", {}, ...rows.map(row => make("tr", {}, ...columns.map((column, index) => make("td", { class: index === 0 ? "text" : "number" }, formats[index](column[row]))))))));
}

function startRanges() {
  $("ranges").append(...ranges.map(([title, seconds]) => make("button", {
    type: "button", "aria-pressed": String(seconds === range), onclick: event => {
      range = seconds;
      for (const button of $("ranges").children) attribute(button, "aria-pressed", String(button === event.currentTarget));
      seen.historyAt = -Infinity;
      zoom(null);
      run();
    },
  }, title)));
}

startGlossary();
startRanges();
startCharts(showSpan);
startDecisions(() => earlier(false).catch(() => false));
startProcesses({ onpick: describe, decisionsOf: async pid => (await get(`api/v1/decisions?about=${pid}`)).decisions });
startSharing({
  ask: async pids => {
    const { desk, reason } = await postEstimate(pids);
    if (desk) showEstimate(desk);
    else refuse(reason);
  },
  ondone: estimate => disablePlanProfile(!estimate || estimate.partial),
});
startPlan(getPlan);
$("time-table").addEventListener("toggle", drawTime);
document.addEventListener("visibilitychange", () => { if (!document.hidden) run(); });
run();
