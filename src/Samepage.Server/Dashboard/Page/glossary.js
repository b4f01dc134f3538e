// What the words mean, where they stand: a tip for whatever carries data-term, by pointer, keyboard and touch.

import { $, make } from "./dom.js";

const words = {
  coverage: ["Coverage", "Headroom divided by exposure. At 1 the host could just supply what it would need if every merged page broke at once; below, it could not."],
  exposure: ["Exposure", "The memory that would be needed if every merged page were written to, and so took a frame of its own again, at the same moment."],
  headroom: ["Headroom", "The memory the host could supply for that: what is available now, plus free swap, less a small reserve."],
  saved: ["Saved", "Pages that share a frame with an equal one, in bytes. For a process, the one frame of each content that remains is not deducted."],
  profit: ["Profit", "What is saved, less what merging keeps for this process to do its work (64 bytes for each page that it tracks). Below zero, merging costs more than it brings."],
  breaks: ["COW breaks", "Writes that took a page out of sharing: the writer gets a copy of its own. The kernel counts these for the host as a whole only; the user engine counts them for each process."],
  stall: ["Longest stall", "The longest time a process was kept waiting for its own memory while it was being merged. The kernel’s engine does not measure that."],
  share: ["Shared", "The part of the process’s memory that is merged with equal pages."],
  memory: ["Memory", "Resident memory as the kernel counts it. Merged pages count for every process that maps them; pages of zeros that were merged do not."],
  cost: ["Cost", "The processor time that ksmd, the kernel’s merging thread, takes: 100 % is one core."],
  governor: ["Governor", "Decides how fast ksmd scans, within its budget of processor time, and stops it when there is nothing left to gain."],
  guard: ["Guard", "Watches coverage and pressure, and acts step by step: it holds growth, warns, provides swap, pushes cold memory out, refuses new guests. It never kills."],
  engine: ["Engine", "Who merges: kernel is KSM in unmodified processes; user is Samepage’s own merging, in memory that asked for it."],
  domain: ["Domain", "A trust domain: pages are merged only inside one. The kernel’s engine is one domain."],
  rule: ["Rule", "The rule of the policy that this process falls under."],
  stable: ["Stable pages", "Frames that stand for several equal pages."],
  pressure: ["Pressure", "The part of the last ten seconds in which somebody waited for memory, or for a processor."],
  metadata: ["Metadata", "What the kernel keeps in memory to be able to merge: 64 bytes for each page it tracks and for each stable page."],
  estimate: ["Estimate", "A look at the pages of processes: what merging would save, and what they have in common. It reads, and changes nothing."],
};

export const term = (key, title) => make("button", { type: "button", class: "term", "data-term": key }, title ?? words[key][0]);

let owner = null;

function show(target) {
  const entry = words[target.dataset.term];
  if (!entry) return;
  hide();
  owner = target;
  const tip = $("tip");
  tip.textContent = entry[1];
  tip.hidden = false;
  target.setAttribute("aria-describedby", "tip");
  const box = target.getBoundingClientRect(), own = tip.getBoundingClientRect();
  const left = Math.min(Math.max(8, box.left), document.documentElement.clientWidth - own.width - 8);
  const below = box.bottom + 6;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${below + own.height > window.innerHeight ? Math.max(8, box.top - own.height - 6) : below}px`;
}

function hide() {
  owner?.removeAttribute("aria-describedby");
  owner = null;
  $("tip").hidden = true;
}

export function startGlossary() {
  const of = event => event.target instanceof Element ? event.target.closest("[data-term]") : null;
  document.addEventListener("pointerover", event => { const target = of(event); if (target) show(target); else if (owner && owner !== document.activeElement) hide(); });
  document.addEventListener("focusin", event => { const target = of(event); if (target?.matches(":focus-visible")) show(target); else hide(); });
  document.addEventListener("click", event => { const target = of(event); if (target) show(target); else hide(); });
  document.addEventListener("keydown", event => { if (event.key === "Escape") hide(); });
  window.addEventListener("scroll", hide, { passive: true, capture: true });
  $("glossary").append(...Object.values(words).map(([title, meaning]) => make("div", {}, make("dt", {}, title), make("dd", {}, meaning))));
}
