// Three plots above one another in time: what merging saves, what it costs, and how well it is covered. uPlot draws them;
// where the program was built without it a plain line of our own does.

import uPlot from "./uplot.js";
import { $, attribute, make, text } from "./dom.js";
import { moment, percent, ratio, size } from "./format.js";
import { drawPlain } from "./plain-plot.js";

const panels = [
  { key: "saved", title: "Saved", column: 1, colour: "--saved", format: size, fill: true, binary: true },
  { key: "cost", title: "Cost: ksmd, of a core", column: 2, colour: "--cost", format: percent, fill: true, empty: "ksmd’s processor time is not visible to the daemon" },
  { key: "coverage", title: "Coverage", column: 3, colour: "--cover", format: ratio, line: 1, empty: "nothing was merged in this time" },
];

const colourOf = variable => getComputedStyle(document.documentElement).getPropertyValue(variable).trim();

/** Whether the program was built with the library. */
export const hasLibrary = uPlot != null;

/** The span that is zoomed into, in seconds since 1970; null: none. */
export let zoomed = null;

let data = null, sync = null, told = null;

/** Begins with empty frames. Where another span is shown, that is told. */
export function startCharts(onzoom) {
  sync = uPlot?.sync("time");
  told = onzoom;
  for (const panel of panels) {
    panel.value = make("b", { class: "reading" }, "–");
    panel.at = make("time", { class: "reading-at" });
    panel.box = make("div", { class: "plot", tabindex: "0", role: "img", "data-chart": panel.key });
    panel.none = make("p", { class: "empty", hidden: true });
    panel.frame = make("figure", {}, make("figcaption", {}, make("span", {}, panel.title), panel.value, panel.at), panel.box, panel.none);
    panel.box.addEventListener("keydown", event => press(panel, event));
    panel.box.addEventListener("dblclick", () => zoom(null));
    $("charts").append(panel.frame);
  }
  new ResizeObserver(() => redraw()).observe($("charts"));
  for (const query of ["(prefers-color-scheme: dark)", "(resolution: 1dppx)"]) {
    matchMedia(query).addEventListener("change", () => { panels.forEach(drop); redraw(); });
  }
}

/** Shows columns as a timeline gives them. */
export function showCharts(next) {
  data = next;
  redraw();
}

/** Shows a span only, or all again; so it does where another range is chosen. */
export function zoom(span) {
  // A mouse that lets go tells all plots of it, as they are bound to each other.
  if (span && zoomed && Math.abs(span[0] - zoomed[0]) < 1 && Math.abs(span[1] - zoomed[1]) < 1) return;
  zoomed = span;
  told();
}

function redraw() {
  if (!data) return;
  for (const panel of panels) {
    const values = data.columns[panel.column];
    const known = values.filter(value => value != null);
    const isEmpty = known.length < 2;
    panel.none.hidden = !isEmpty;
    panel.box.hidden = isEmpty;
    text(panel.none, data.columns[0].length < 2 ? "the first points come in a moment" : panel.empty ?? "there are no figures of this time");
    if (isEmpty) {
      drop(panel);
      text(panel.value, "–");
      continue;
    }

    const [from, to] = span(), shown = values.filter((value, index) => value != null && data.columns[0][index] >= from && data.columns[0][index] <= to);
    attribute(panel.box, "data-points", String(shown.length));
    attribute(panel.box, "aria-label", `${panel.title} over time: ${shown.length === 0 ? "no points" : `from ${panel.format(shown[0])} to ${panel.format(shown.at(-1))}, between ${minMax(shown).map(panel.format).join(" and ")}`}. Arrow keys read single points; plus and minus zoom.`);
    if (!panel.plot || panel.plot.over?.isConnected === false) create(panel);
    if (uPlot) update(panel, values);
    else drawPlain(panel.box, data.columns[0], values, data.from, data.to, panel, colourOf(panel.colour));
    if (!panel.isReading) readLast(panel, values);
  }
}

function minMax(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function readLast(panel, values) {
  const index = values.findLastIndex(value => value != null);
  text(panel.value, panel.format(values[index]));
  showAt(panel, null);
}

const heightOf = () => innerWidth < 640 ? 130 : 170;

function create(panel) {
  if (!uPlot) return;
  const ink = colourOf("--soft"), grid = colourOf("--line"), colour = colourOf(panel.colour);
  const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  panel.plot = new uPlot({
    width: Math.max(200, panel.box.clientWidth), height: heightOf(), padding: [10, 16, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: sync.key, setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { size: 7 }, y: false },
    scales: { x: { time: true, range: () => span() }, y: { range: (_, low, high) => scale(panel, low, high) } },
    axes: [
      { ...axis, size: 30, space: 70, values: (_, splits) => splits.map(tick) },
      { ...axis, size: 66, space: 34, splits: panel.binary ? (_, __, low, high) => binarySplits(low, high) : undefined, values: (_, splits) => splits.map(value => panel.format(value)) },
    ],
    series: [{}, { stroke: colour, width: 1.75, fill: panel.fill ? `${colour}22` : undefined, spanGaps: false, points: { show: false } }],
    hooks: {
      setCursor: [plot => readCursor(panel, plot)],
      setSelect: [select],
      draw: panel.line ? [plot => drawLine(plot, panel.line)] : [],
    },
  }, [[], []], panel.box);
}

function update(panel, values) {
  const width = panel.box.clientWidth;
  if (width > 0 && (panel.plot.width !== width || panel.plot.height !== heightOf())) panel.plot.setSize({ width, height: heightOf() });
  panel.plot.setData([data.columns[0], values]);
}

function drop(panel) {
  panel.plot?.destroy();
  panel.plot = null;
}

const span = () => zoomed ?? [data.from, data.to];

/** From nothing up, with some air; a coverage shows where it reaches 1. */
function scale(panel, low, high) {
  const most = Math.max(high ?? 0, panel.line ?? 0);
  return [Math.min(0, low ?? 0) * 1.08, (most || (panel.binary ? 1 << 20 : 0.01)) * 1.12];
}

/** Round numbers of the unit that the labels have. */
function binarySplits(low, high) {
  const unit = 1024 ** Math.max(0, Math.floor(Math.log2(Math.max(high, -low, 1)) / 10));
  const raw = (high - low) / unit / 4, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map(factor => factor * power).find(candidate => candidate >= raw) * unit;
  const splits = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) splits.push(at);
  return splits;
}

function tick(at) {
  const [from, to] = span(), date = new Date(at * 1000), two = number => String(number).padStart(2, "0");
  if (to - from < 600) return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  if (to - from < 172_800) return `${two(date.getHours())}:${two(date.getMinutes())}`;
  return `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function drawLine(plot, value) {
  const y = Math.round(plot.valToPos(value, "y", true)), { left, width } = plot.bbox, context = plot.ctx;
  context.save();
  context.strokeStyle = colourOf("--act");
  context.setLineDash([6, 5]);
  context.beginPath();
  context.moveTo(left, y);
  context.lineTo(left + width, y);
  context.stroke();
  context.restore();
}

function readCursor(panel, plot) {
  const index = plot.cursor.idx;
  panel.isReading = index != null && plot.cursor.left >= 0;
  if (!panel.isReading) {
    if (data) readLast(panel, data.columns[panel.column]);
    return;
  }
  text(panel.value, panel.format(data.columns[panel.column][index]));
  showAt(panel, data.columns[0][index]);
}

function showAt(panel, at) {
  const date = at == null ? null : new Date(at * 1000);
  attribute(panel.at, "datetime", date?.toISOString());
  text(panel.at, date ? moment(date) : "");
}

function select(plot) {
  if (plot.select.width < 8) return;
  const span = [plot.posToVal(plot.select.left, "x"), plot.posToVal(plot.select.left + plot.select.width, "x")];
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  zoom(span);
}

function press(panel, event) {
  const [from, to] = span(), times = data?.columns[0] ?? [];
  const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 };
  if (event.key in steps && times.length > 0) {
    const first = times.findIndex(at => at >= from), last = times.findLastIndex(at => at <= to);
    if (first < 0 || last < first) return;
    // By its time: points come and go between two keys.
    const here = panel.readAt == null ? -1 : times.findIndex(at => at >= panel.readAt);
    const next = Math.min(Math.max((here < 0 ? last : here) + steps[event.key], first), last);
    panel.readAt = times[next];
    if (panel.plot) panel.plot.setCursor({ left: panel.plot.valToPos(panel.readAt, "x"), top: 0 });
    attribute(panel.box, "aria-description", `${moment(new Date(panel.readAt * 1000))}: ${panel.format(data.columns[panel.column][next])}`);
  } else if (event.key === "+" || event.key === "-") {
    const middle = (from + to) / 2, half = (to - from) / 2 * (event.key === "+" ? 0.5 : 2);
    zoom(event.key === "-" && half * 2 >= data.to - data.from ? null : [Math.max(data.from, middle - half), Math.min(data.to, middle + half)]);
  } else if (event.key === "Escape") {
    zoom(null);
  } else {
    return;
  }
  event.preventDefault();
}
