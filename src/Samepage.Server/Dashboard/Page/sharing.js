// Who shares with whom: an estimate of processes that the operator picks, run by the daemon, and shown as it comes.

import { $, attribute, make, text } from "./dom.js";
import { counted, duration, moment, name, percent, size } from "./format.js";
import { term } from "./glossary.js";
import { domainOf, firstRows, nameOf, pickedPids } from "./processes.js";

const usual = 16;
let shownNumber = null, isRunning = false, targetsMax = 64, ondone = () => { };

export function startSharing(options) {
  ondone = options.ondone;
  $("estimate").addEventListener("click", () => begin(options.ask));
  describe();
}

/** Which processes a click would look at: those picked, or those that save most in one domain. */
function chosen() {
  const pids = pickedPids();
  if (pids.length > 0) return pids.slice(0, targetsMax);
  const first = firstRows(1)[0];
  return first ? firstRows(usual, domainOf(first)).map(row => row.pid) : [];
}

export function describe() {
  const picked = pickedPids().length, pids = chosen();
  const which = picked > targetsMax ? `the first ${targetsMax} of the ${picked} processes picked above`
    : picked > 0 ? `the ${counted(picked, "process", "processes")} picked above`
      : pids.length === 1 ? "the one process there is" : `the ${pids.length} that save most; pick others above`;
  const lead = $("estimate-lead");
  const said = pids.length === 0 ? "There are no processes to look at yet." : ` reads the pages of ${which}, behind everything else that wants a processor, for a minute at most. It changes nothing.`;
  if (lead.dataset.said !== said) {
    lead.dataset.said = said;
    lead.replaceChildren(...pids.length === 0 ? [said] : [term("estimate", "An estimate"), said]);
  }
  $("estimate").disabled = isRunning || pids.length === 0;
}

async function begin(ask) {
  isRunning = true;
  describe();
  await ask(chosen());
}

export function refuse(reason) {
  isRunning = false;
  $("estimate-state").replaceChildren(make("p", { class: "notice", "data-tone": "watch" }, reason));
  describe();
}

export function showEstimate(desk) {
  targetsMax = desk.targets_max;
  isRunning = desk.state === "running";
  const box = $("estimate-state");
  if (isRunning) {
    const seconds = Math.max(0, (Date.now() - Date.parse(desk.started_at)) / 1000);
    if (!box.querySelector("progress")) box.replaceChildren(make("p", { class: "running" }, make("progress", { "aria-label": "Estimate under way" }), make("span")));
    text(box.querySelector("span"), `looking at ${counted(desk.pids.length, "process", "processes")} for ${duration(Math.floor(seconds))} (${desk.seconds_max} s at most)`);
  } else if (desk.state === "failed") {
    box.replaceChildren(make("p", { class: "notice", "data-tone": "watch" }, `Nothing came of it: ${desk.reason}`));
  } else {
    box.replaceChildren();
  }
  if (!isRunning && desk.number !== shownNumber) {
    shownNumber = desk.number;
    if (desk.estimate) showResult(desk.estimate);
    else $("estimate-result").replaceChildren();
    ondone(desk.estimate);
  }
  describe();
}

export const estimateIsRunning = () => isRunning;

function showResult(estimate) {
  const totals = estimate.totals;
  const partial = estimate.partial ? " The look was cut short, so this is of a part of them." : "";
  const sampled = estimate.sampling ? ` Contents were sampled, one in ${estimate.sampling.one_in}.` : "";
  const looked = `${moment(new Date(estimate.taken_at))}, in ${duration(estimate.cost.wall_seconds)} and ${duration(estimate.cost.cpu_seconds)} of processor time.`;
  $("estimate-result").replaceChildren(
    make("p", { class: "answer" }, `Merging ${counted(estimate.targets.length, "process", "processes")} would save ${size(totals.net_savable_bytes)} of ${size(totals.present_pages * 4096)} net, and ${size(totals.zero_savable_bytes)} of zeros.${totals.ksm_merged_pages > 0 ? ` ${size(totals.ksm_merged_pages * 4096)} are merged already.` : ""}${partial}${sampled}`),
    matrix(estimate), make("p", { class: "quiet" }, `Looked at ${looked}`));
}

/** Each cell: what two have in common; on the diagonal, what one has twice. */
function matrix(estimate) {
  const { targets, sharing } = estimate, contents = sharing.shared_contents;
  const isDense = targets.length > 12;
  const most = Math.max(1, ...contents.flatMap((row, i) => row.filter((_, j) => i !== j)));
  const names = targets.map(target => nameOf(target.pid) ?? name(target.name));
  const head = make("tr", {}, make("td"), ...targets.map((target, index) => make("th", { scope: "col", title: `${names[index]}, ${target.pid}` }, make("span", {}, isDense ? String(index + 1) : names[index]))));
  const rows = targets.map((target, i) => make("tr", {},
    make("th", { scope: "row" }, isDense ? `${i + 1} ` : "", names[i], make("small", {}, String(target.pid))),
    ...targets.map((other, j) => cell(contents[i][j], contents[i][j] / most, i === j, isDense, `${names[i]} and ${names[j]}`, target.present_pages))));
  return make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Matrix of who shares with whom" },
    make("table", { class: isDense ? "matrix dense" : "matrix" }, make("caption", {}, "Contents that two processes have in common; on the diagonal, those that one has more than once"), make("thead", {}, head), make("tbody", {}, ...rows)));
}

function cell(pages, part, isSelf, isDense, pair, present) {
  const bytes = size(pages * 4096);
  const box = make("td", { class: isSelf ? "self" : null, "data-contents": pages, title: `${isSelf ? pair.split(" and ")[0] : pair}: ${bytes}${present > 0 ? `, ${percent(pages / present)} of the first` : ""}` }, isDense ? make("span", { class: "unseen" }, bytes) : bytes);
  box.style.setProperty("--heat", isSelf ? "0" : part.toFixed(3));
  return box;
}

export const disablePlanProfile = isOff => attribute(document.querySelector("#plan option[value=estimate]"), "disabled", isOff ? "" : null);
