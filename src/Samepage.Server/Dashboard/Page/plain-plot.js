// A line over time without a library: enough to see where things go. No zoom; the table below has the figures.

import { make } from "./dom.js";
import { moment } from "./format.js";

const svg = (tag, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

export function drawPlain(box, times, values, from, to, panel, colour) {
  const width = 600, height = 130;
  const most = Math.max(panel.line ?? 0, ...values.filter(value => value != null)) || 1;
  let path = "", isDown = false;
  times.forEach((at, index) => {
    const value = values[index];
    if (value == null) {
      isDown = false;
      return;
    }
    path += `${isDown ? "L" : "M"}${((at - from) / (to - from) * width).toFixed(1)} ${(height - Math.max(0, value) / most * (height - 8)).toFixed(1)}`;
    isDown = true;
  });
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", class: "plain" });
  picture.append(svg("path", { d: path, fill: "none", stroke: colour, "stroke-width": 2, "vector-effect": "non-scaling-stroke" }));
  box.replaceChildren(picture, make("p", { class: "plain-axis" },
    make("span", {}, moment(new Date(from * 1000))), make("span", {}, `at most ${panel.format(most)}`), make("span", {}, moment(new Date(to * 1000)))));
}
