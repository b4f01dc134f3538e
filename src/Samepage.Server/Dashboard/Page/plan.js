// What if: a plan of guests on a host, made by the daemon as `samepage plan` makes it.

import { $, make } from "./dom.js";
import { counted, ratio, size } from "./format.js";

export function startPlan(ask) {
  $("plan").addEventListener("submit", async event => {
    event.preventDefault();
    const query = new URLSearchParams([...new FormData($("plan"))].filter(([, value]) => String(value).trim() !== ""));
    const { plan, reason } = await ask(query);
    $("plan-result").replaceChildren(...plan ? answer(plan) : [make("p", { class: "notice", "data-tone": "watch" }, reason)]);
  });
}

function answer(plan) {
  const guests = counted(plan.guests, "guest", "guests");
  const room = plan.host_bytes - plan.reserve_bytes;
  const most = Math.max(plan.unmerged_bytes, plan.merged_bytes, plan.peak_bytes, room, 1);
  const bar = (title, bytes, kind) => {
    const fill = make("i", { class: kind });
    fill.style.width = `${bytes / most * 100}%`;
    return [make("span", { class: "label" }, title), make("span", { class: "track" }, fill), make("b", {}, size(bytes))];
  };
  const fits = plan.fits ? `${guests} of ${size(plan.guest.size_bytes)} fit` : `${guests} of ${size(plan.guest.size_bytes)} do not fit`;
  const merged = plan.guests_fit === plan.guests_fit_unmerged ? "" : `, ${plan.guests_fit_unmerged} with nothing merged`;
  const breaks = plan.coverage == null ? "Nothing would be merged, so nothing could break."
    : `If all merged pages broke at once they would need ${size(plan.exposure_bytes)}, and ${size(Math.max(0, plan.headroom_bytes))} would be there: coverage ${ratio(plan.coverage)}.`;
  const swap = plan.swap_for_breaks_bytes > 0 ? ` Have ${size(plan.swap_for_breaks_bytes)} more swap ready for that day.` : plan.coverage == null ? "" : " No more swap is needed for that.";
  return [
    make("p", { class: "answer", "data-tone": plan.fits ? null : "watch" }, `${fits}. At most ${plan.guests_fit} fit once merged${merged}. ${breaks}${swap}`),
    make("div", { class: "balance" }, ...bar("Room for guests", room, "headroom"), ...bar("With nothing merged", plan.unmerged_bytes, "plainly"), ...bar("Once merged", plan.merged_bytes, "exposure"), ...bar("While they arrive", plan.peak_bytes, "exposure")),
    make("details", {}, make("summary", {}, "What this takes for granted"), make("ul", { class: "plain-list" }, ...plan.assumptions.map(text => make("li", {}, text)))),
  ];
}
