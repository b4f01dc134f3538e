"use strict";
// Draws the report from the one block of data in this file. Text from the data goes in as text, never as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { estimate, order, strips } = data;
  const { totals, targets } = estimate;
  const PAGE = 4096, SHOWN_AT_FIRST = 24, TABLE_HEAT_MOST = 12;
  const $ = id => document.getElementById(id);

  // --- small tools -----------------------------------------------------------------------------------------------
  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (name === "style") Object.assign(node.style, value);
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
    }
    node.append(...children.filter(child => child !== null && child !== undefined));
    return node;
  }

  const count = number => number.toLocaleString("en-US");
  const percent = (part, whole) => {
    const value = whole === 0 ? 0 : 100 * part / whole;
    return value.toFixed(value > 0 && value < 9.95 ? 1 : 0) + " %";
  };
  function size(bytes) {
    const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let value = Math.abs(bytes), unit = 0;
    while (unit < 5 && +value.toFixed(value < 99.95 ? 1 : 0) >= 1024) { value /= 1024; unit++; }
    return (bytes < 0 ? "-" : "") + value.toFixed(unit === 0 || value >= 99.95 ? 0 : 1) + " " + units[unit];
  }
  const mebibytes = bytes => (bytes / 1048576).toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const label = target => `${target.pid} ${shown(target.name)}`;
  // Control characters, and those that turn the direction of text, would spoil the line they stand in.
  const shown = text => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\uFFFD") || "?";
  const who = target => el("div", { class: "who", title: label(target) }, el("small", {}, String(target.pid)), shown(target.name));

  // --- the tip under the pointer or the keyboard's cursor -----------------------------------------------------------
  const tip = $("tip");
  function showTip(text, x, y) {
    tip.textContent = text;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.width - 8)) + "px";
    tip.style.top = (y + 18 + box.height > innerHeight ? Math.max(4, y - box.height - 12) : y + 18) + "px";
  }
  const hideTip = () => { tip.hidden = true; };

  // --- canvases: drawn again when the colours, the width or the sharpness of the screen change ------------------------
  const drawings = [];
  function drawing(canvas, draw) {
    const redraw = () => {
      const box = canvas.getBoundingClientRect();
      if (box.width === 0) return;
      const ratio = Math.max(2, devicePixelRatio || 1);
      canvas.width = Math.round(box.width * ratio);
      canvas.height = Math.round(box.height * ratio);
      const context = canvas.getContext("2d");
      context.scale(ratio, ratio);
      draw(context, box.width, box.height);
    };
    drawings.push(redraw);
    return redraw;
  }
  const redrawAll = () => drawings.forEach(redraw => redraw());
  let resizing = 0;
  addEventListener("resize", () => { cancelAnimationFrame(resizing); resizing = requestAnimationFrame(redrawAll); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
  addEventListener("beforeprint", redrawAll);
  addEventListener("afterprint", redrawAll);

  // --- stacked bars -----------------------------------------------------------------------------------------------
  const hasVolatile = totals.volatile_pages > 0;
  const SEGMENTS = [
    ["savable", "savable"], ["zero", "zero"], ["kept", "kept"], ["shared", "already shared"],
    ...(hasVolatile ? [["volatile", "volatile"]] : []),
  ];
  function segments(counts, savableBytes) {
    const savable = savableBytes / PAGE;
    const kept = counts.present_pages - counts.already_shared_pages - counts.zero_pages - counts.volatile_pages - savable;
    return { savable, zero: counts.zero_pages, kept: Math.max(0, kept), shared: counts.already_shared_pages, volatile: counts.volatile_pages };
  }
  function key(entries) {
    return el("ul", { class: "key" }, ...entries.map(([name, text]) => el("li", {}, el("i", { class: name }), text)));
  }
  function bar(parts, widthShare, owner) {
    const total = Object.values(parts).reduce((sum, part) => sum + part, 0) || 1;
    const words = SEGMENTS.map(([name, text]) => `${text} ${size(parts[name] * PAGE)}`).join(", ");
    const box = el("div", { class: "bar", role: "img", "aria-label": `${owner}: ${words}`, style: { width: Math.max(0.4, 100 * widthShare) + "%" } });
    for (const [name, text] of SEGMENTS) {
      if (parts[name] <= 0) continue;
      const piece = el("span", { class: name, "data-pages": parts[name], style: { flex: `${parts[name]} 0 0` } });
      const say = event => showTip(`${owner}\n${text}: ${size(parts[name] * PAGE)} (${percent(parts[name], total)})\n${count(Math.round(parts[name]))} pages`, event.clientX, event.clientY);
      piece.addEventListener("pointermove", say);
      piece.addEventListener("pointerdown", say);
      piece.addEventListener("pointerleave", hideTip);
      box.append(piece);
      labelLater.push([piece, size(parts[name] * PAGE), text]);
    }
    return box;
  }
  // Labels only where they fit, measured once everything has its width.
  const labelLater = [];
  function writeLabels() {
    const widths = labelLater.map(([piece]) => piece.getBoundingClientRect().width);
    labelLater.forEach(([piece, amount, name], index) => {
      piece.textContent = widths[index] > 150 ? `${name} ${amount}` : widths[index] > 62 ? amount : "";
    });
  }
  addEventListener("resize", () => requestAnimationFrame(writeLabels));

  function inSteps(parent, items, make) {
    const add = part => parent.append(...part.map(make));
    add(items.slice(0, SHOWN_AT_FIRST));
    if (items.length <= SHOWN_AT_FIRST) return;
    const more = el("button", { class: "more", type: "button" }, `Show all ${count(items.length)}`);
    more.addEventListener("click", () => {
      more.remove();
      add(items.slice(SHOWN_AT_FIRST));
      redrawAll();
      writeLabels();
    });
    parent.after(more);
  }

  // --- head -----------------------------------------------------------------------------------------------------
  function drawHead() {
    const at = estimate.taken_at.replace("T", " ").slice(0, 16) + " UTC";
    $("origin").textContent = `Samepage estimate \u00b7 ${shown(data.host)} \u00b7 Linux ${shown(data.kernel)} \u00b7 ${at} \u00b7 `
      + (targets.length === 1 ? label(targets[0]) : `${count(targets.length)} processes`);
    const frames = (totals.present_pages - totals.already_shared_pages) * PAGE;
    const figure = (name, term, value, more) => el("div", { id: "figure-" + name, "data-value": value },
      el("dt", {}, term), el("dd", { class: "big" }, size(value)), el("dd", { class: "more" }, more));
    $("figures").append(
      figure("savable", "Savable", totals.savable_bytes, `${percent(totals.savable_bytes, frames)} of ${size(frames)} in memory`),
      figure("net", "Net of metadata", totals.net_savable_bytes, `${size(totals.metadata_bytes)} for the kernel's records`),
      figure("zero", "Zero pages", totals.zero_savable_bytes, "would go too; counted apart"),
      figure("shared", "Already shared", totals.already_shared_pages * PAGE,
        totals.ksm_merged_pages > 0 ? `${count(totals.ksm_merged_pages)} pages merged by KSM` : "forks; KSM merged none"));
    $("whole").append(key(SEGMENTS), bar(segments(totals, totals.savable_bytes), 1, "All together"));
    const notices = [...data.warnings, ...targets.filter(target => target.note).map(target => `${label(target)}: ${shown(target.note)}`)];
    if (data.frame_identity) notices.push(data.frame_identity);
    $("notices").append(...notices.slice(0, 20).map(text => el("li", {}, text)));
    if (notices.length > 20) $("notices").append(el("li", {}, `and ${count(notices.length - 20)} notes more`));
    $("cost").textContent = [data.huge_pages, data.cost].filter(Boolean).join(" ");
  }

  function drawBars() {
    if (targets.length < 2) return void $("processes").remove();
    const most = Math.max(...targets.map(target => target.present_pages));
    inSteps($("bars"), order, index => {
      const target = targets[index];
      return el("div", { class: "row" }, who(target),
        el("div", { class: "bar-box" }, bar(segments(target, target.attributed_bytes), target.present_pages / most, label(target))),
        el("div", { class: "sum" }, size(target.present_pages * PAGE)),
        target.note ? el("div", { class: "flag" }, shown(target.note)) : null);
    });
  }

  // --- who shares with whom -----------------------------------------------------------------------------------------
  function mix(low, high, part) {
    const at = (hex, index) => parseInt(hex.slice(1 + 2 * index, 3 + 2 * index), 16);
    return [0, 1, 2].map(index => Math.round(at(low, index) + (at(high, index) - at(low, index)) * part));
  }
  const shade = (value, most) => mix(colour("heat-low"), colour("heat-high"), most === 0 ? 0 : Math.sqrt(value / most));
  const css = rgb => `rgb(${rgb.join(" ")})`;
  const readableOn = rgb => (rgb[0] * 0.299 + rgb[1] * 0.587 + rgb[2] * 0.114) > 140 ? "#10202c" : "#f4f8fb";

  // Neighbours are those that share most: families of like processes come out as blocks.
  function familyOrder(matrix) {
    const left = new Set(order.slice(1)), sequence = [order[0]];
    while (left.size > 0) {
      const last = matrix[sequence.at(-1)];
      let best = -1;
      const isNamesake = index => targets[index].name === targets[sequence.at(-1)].name;
      for (const index of left) {
        if (best < 0 || last[index] > last[best] || (last[index] === last[best] && isNamesake(index) && !isNamesake(best))) best = index;
      }
      sequence.push(best);
      left.delete(best);
    }
    return sequence;
  }
  function pairText(matrix, row, column) {
    if (row === column) return `${label(targets[row])}\n${size(matrix[row][row] * PAGE)} of different contents`;
    const smaller = Math.min(matrix[row][row], matrix[column][column]);
    return `${label(targets[row])}\n${label(targets[column])}\n${size(matrix[row][column] * PAGE)} in common (${count(matrix[row][column])} contents),\n`
      + `${percent(matrix[row][column], smaller)} of the smaller one`;
  }

  function drawSharing() {
    const matrix = estimate.sharing.shared_contents;
    if (targets.length < 2) return void $("sharing").remove();
    if (matrix.length !== targets.length) {
      $("sharing-lead").textContent = "Above 256 processes the pairs are not counted. Choose fewer of them.";
      return;
    }
    $("sharing-lead").textContent = "Different contents (zero pages left out) that two processes both hold; on the diagonal, all that a process holds. "
      + "Processes that share most stand next to each other."
      + (estimate.sharing.truncated ? " There were too many combinations to tell all apart: the numbers off the diagonal are lower bounds." : "");
    const sequence = familyOrder(matrix);
    let most = 0;
    for (const row of sequence) for (const column of sequence) if (row !== column) most = Math.max(most, matrix[row][column]);
    const ramp = el("div", { class: "ramp" }, "0", el("i", {}), size(most * PAGE), el("span", {}, "(square-root scale)"));
    $("heat").append(ramp, targets.length <= TABLE_HEAT_MOST ? heatTable(matrix, sequence, most) : heatCanvas(matrix, sequence, most));
  }

  function heatTable(matrix, sequence, most) {
    const cells = [];
    const table = el("table", { class: "heat-table" },
      el("caption", { class: "axis", style: { textAlign: "left", captionSide: "bottom", paddingTop: ".3rem" } }, "MiB in common"),
      el("thead", {}, el("tr", {}, el("td", {}), ...sequence.map(index => el("th", { scope: "col", title: shown(targets[index].name) }, String(targets[index].pid))))),
      el("tbody", {}, ...sequence.map(row => el("tr", {}, el("th", { scope: "row" }, String(targets[row].pid), el("span", {}, " " + shown(targets[row].name))),
        ...sequence.map(column => {
          const cell = el("td", { class: row === column ? "self" : null, "data-contents": matrix[row][column] }, mebibytes(matrix[row][column] * PAGE));
          const say = event => showTip(pairText(matrix, row, column), event.clientX, event.clientY);
          cell.addEventListener("pointermove", say);
          cell.addEventListener("pointerleave", hideTip);
          if (row !== column) cells.push([cell, matrix[row][column]]);
          return cell;
        })))));
    const paint = () => cells.forEach(([cell, value]) => {
      const rgb = shade(value, most);
      cell.style.background = css(rgb);
      cell.style.color = readableOn(rgb);
    });
    drawings.push(paint);
    return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Contents in common, in MiB" }, table);
  }

  function heatCanvas(matrix, sequence, most) {
    const n = sequence.length;
    const canvas = el("canvas", {
      tabindex: 0, role: "img", style: { width: "100%", maxWidth: Math.min(640, n * 26) + "px", aspectRatio: "1" },
      "aria-label": `Heat map of ${n} by ${n} processes. Use the arrow keys to read single pairs; the strongest pairs are listed beside it.`,
    });
    let cursor = null;
    const redraw = drawing(canvas, (context, width) => {
      const step = width / n, gap = step > 8 ? 1 : 0;
      for (let row = 0; row < n; row++) {
        for (let column = 0; column < n; column++) {
          context.fillStyle = row === column ? colour("line") : shadeOf(matrix[sequence[row]][sequence[column]]);
          context.fillRect(column * step, row * step, Math.ceil(step) - gap, Math.ceil(step) - gap);
        }
      }
      if (cursor) {
        context.strokeStyle = colour("ink");
        context.lineWidth = 2;
        context.strokeRect(cursor[1] * step, cursor[0] * step, step, step);
      }
    });
    // Ten thousand cells: shades are made once for each redraw, not once for each cell.
    let shades = [];
    const shadeOf = value => shades[most === 0 ? 0 : Math.round(Math.sqrt(value / most) * 63)];
    drawings.splice(drawings.indexOf(redraw), 0, () => { shades = Array.from({ length: 64 }, (_, index) => css(mix(colour("heat-low"), colour("heat-high"), index / 63))); });
    const tell = (row, column, x, y) => showTip(pairText(matrix, sequence[row], sequence[column]), x, y);
    pointAt(canvas, (x, y, event) => {
      const side = canvas.getBoundingClientRect().width;
      const at = value => Math.max(0, Math.min(n - 1, Math.floor(value / side * n)));
      tell(at(y), at(x), event.clientX, event.clientY);
    });
    byKeys(canvas, (down, right) => {
      cursor = cursor ? [clamp(cursor[0] + down, n), clamp(cursor[1] + right, n)] : [0, 0];
      redraw();
      const box = canvas.getBoundingClientRect();
      tell(cursor[0], cursor[1], box.left + (cursor[1] + 1) * box.width / n, box.top + (cursor[0] + 1) * box.width / n);
    }, () => { cursor = null; redraw(); });
    return el("div", { class: "heat-wrap" }, el("div", {}, canvas, families(sequence)), strongest(matrix, sequence));
  }

  // The names along the axis: one line for each run of processes of one name.
  function families(sequence) {
    const runs = [];
    sequence.forEach((index, at) => {
      const name = shown(targets[index].name);
      if (runs.at(-1)?.name === name) runs.at(-1).count++;
      else runs.push({ name, from: at, count: 1 });
    });
    if (runs.length > 40) return null;
    return el("p", { class: "axis" }, "From the top left: " + runs.map(run => run.count === 1 ? run.name : `${run.count} \u00d7 ${run.name}`).join(", ") + ".");
  }

  function strongest(matrix, sequence) {
    const pairs = [];
    for (let a = 0; a < sequence.length; a++) for (let b = a + 1; b < sequence.length; b++) pairs.push([sequence[a], sequence[b], matrix[sequence[a]][sequence[b]]]);
    pairs.sort((x, y) => y[2] - x[2]);
    return el("div", { class: "pairs" }, el("h3", {}, "Strongest pairs"), el("table", { class: "list" },
      el("thead", {}, el("tr", {}, el("th", { class: "text", scope: "col" }, "Process"), el("th", { class: "text", scope: "col" }, "shares with"), el("th", { scope: "col" }, "in common"))),
      el("tbody", {}, ...pairs.slice(0, 10).map(([a, b, contents]) => el("tr", {},
        el("td", { class: "text" }, label(targets[a])), el("td", { class: "text" }, label(targets[b])), el("td", {}, size(contents * PAGE)))))));
  }

  // --- address spaces -----------------------------------------------------------------------------------------------
  function drawStrips() {
    if (estimate.sampling) $("space-lead").append(" This is a sample: only duplicates of sampled contents are marked, and the rest looks unique.");
    $("space-key").append(key([["savable", "duplicate"], ["zero", "zero"], ["kept", "unique"]]));
    const some = order.filter(index => strips[index].length > 0);
    if (some.length === 0) return void $("space").remove();
    inSteps($("strips"), some, index => {
      const cells = strips[index], target = targets[index];
      const chunks = cells.reduce((sum, cell) => sum + cell.chunks, 0);
      const canvas = el("canvas", {
        tabindex: 0, role: "img",
        "aria-label": `Address space of ${label(target)}: ${count(chunks)} windows of 2 MiB. Use the left and right arrow keys to read them.`,
      });
      strip(canvas, cells, chunks, label(target));
      return el("div", { class: some.length <= 3 ? "strip tall" : "strip" }, who(target), canvas, el("div", { class: "sum" }, `${count(chunks)} \u00d7 2 MiB`));
    });
  }

  function strip(canvas, cells, chunks, owner) {
    const GAP = 7;
    let lefts = [], cursor = -1;
    const redraw = drawing(canvas, (context, width, height) => {
      const gaps = cells.filter(cell => cell.after_gap).length;
      const perChunk = Math.max(0, width - gaps * GAP) / chunks;
      const [duplicate, zero, kept, ink] = ["savable", "zero", "kept", "soft"].map(colour);
      let x = 0;
      lefts = [];
      cells.forEach((cell, index) => {
        if (cell.after_gap) {
          context.fillStyle = ink;
          for (const dot of [0.3, 0.5, 0.7]) context.fillRect(x + GAP / 2 - 0.75, height * dot - 0.75, 1.5, 1.5);
          x += GAP;
        }
        const span = cell.chunks * perChunk, full = cell.chunks * 512;
        lefts.push(x);
        let bottom = height;
        for (const [pages, fill] of [[cell.duplicate_pages, duplicate], [cell.zero_pages, zero], [cell.present_pages - cell.duplicate_pages - cell.zero_pages, kept]]) {
          const tall = height * pages / full;
          context.fillStyle = fill;
          context.fillRect(x, bottom - tall, span + 0.3, tall);
          bottom -= tall;
        }
        if (index === cursor) {
          context.strokeStyle = colour("ink");
          context.lineWidth = 2;
          context.strokeRect(x, 1, Math.max(3, span), height - 2);
        }
        x += span;
      });
    });
    const tell = (index, x, y) => {
      const cell = cells[index];
      showTip(`${owner}\n0x${cell.start} \u2013 0x${cell.end}\n${size(cell.present_pages * PAGE)} present`
        + (cell.huge_chunks > 0 ? `, ${count(cell.huge_chunks)} of ${count(cell.chunks)} windows one huge page` : "")
        + `\n${percent(cell.duplicate_pages, cell.present_pages)} duplicate, ${percent(cell.zero_pages, cell.present_pages)} zero`, x, y);
    };
    pointAt(canvas, (x, _, event) => {
      let index = lefts.findIndex(left => left > x);
      index = (index < 0 ? cells.length : index) - 1;
      if (index >= 0) tell(index, event.clientX, event.clientY);
    });
    byKeys(canvas, (_, right) => {
      cursor = clamp(cursor + right, cells.length);
      redraw();
      const box = canvas.getBoundingClientRect();
      tell(cursor, box.left + lefts[cursor], box.bottom - 10);
    }, () => { cursor = -1; redraw(); });
  }

  const clamp = (value, n) => Math.max(0, Math.min(n - 1, value));
  function pointAt(canvas, act) {
    const move = event => { const box = canvas.getBoundingClientRect(); act(event.clientX - box.left, event.clientY - box.top, event); };
    canvas.addEventListener("pointermove", move);
    canvas.addEventListener("pointerdown", move);
    canvas.addEventListener("pointerleave", hideTip);
  }
  function byKeys(canvas, move, leave) {
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    canvas.addEventListener("keydown", event => {
      if (event.key === "Escape") { hideTip(); return; }
      if (!steps[event.key]) return;
      event.preventDefault();
      move(...steps[event.key]);
    });
    canvas.addEventListener("blur", () => { hideTip(); leave(); });
  }

  // --- tables ---------------------------------------------------------------------------------------------------
  const bytesOf = field => target => target[field] * PAGE;
  const COLUMNS = [
    { id: "pid", head: "PID", value: target => target.pid, text: String },
    { id: "name", head: "Process", value: target => shown(target.name), text: String, isText: true },
    { id: "savable", head: "Savable", value: target => target.attributed_bytes, total: totals.savable_bytes },
    { id: "net", head: "Net", value: target => target.attributed_net_bytes, total: totals.net_savable_bytes },
    ...(targets.length > 1 ? [{ id: "alone", head: "Alone", about: "Savable if only this process were merged", value: bytesOf("savable_pages"), isAlone: true }] : []),
    { id: "present", head: "Present", value: bytesOf("present_pages") },
    { id: "zero", head: "Zero", value: bytesOf("zero_pages") },
    { id: "distinct", head: "Distinct", value: bytesOf("distinct_pages") },
    { id: "shared", head: "Shared", about: "Pages whose frame something else maps too", value: bytesOf("pages_on_shared_frames") },
    ...(totals.ksm_merged_pages > 0 ? [{ id: "ksm", head: "KSM", value: bytesOf("ksm_merged_pages") }] : []),
    ...(hasVolatile ? [{ id: "volatile", head: "Volatile", value: bytesOf("volatile_pages") }] : []),
    ...(totals.swapped_pages > 0 ? [{ id: "swapped", head: "In swap", value: bytesOf("swapped_pages") }] : []),
    ...(totals.huge_pages > 0 ? [{ id: "split", head: "Split", about: "Huge pages that merging would split, in pages of 2 MiB", value: target => target.huge_pages_to_split, text: count }] : []),
  ];
  function drawTable() {
    if (targets.length < 2) $("numbers-lead").textContent = "In MiB.";
    const body = el("tbody", {});
    let sorted = { id: "savable", down: true };
    const heads = COLUMNS.map(column => {
      const button = el("button", { type: "button", title: column.about }, column.head);
      button.addEventListener("click", () => {
        sorted = { id: column.id, down: sorted.id === column.id ? !sorted.down : !column.isText };
        fill();
      });
      return el("th", { scope: "col", class: column.isText ? "text" : null }, button);
    });
    const cell = (column, value) => el("td", { class: column.isText ? "text" : null, "data-column": column.id, "data-value": value },
      (column.text ?? mebibytes)(value));
    function fill() {
      const { value, isText } = COLUMNS.find(column => column.id === sorted.id);
      const rows = [...targets].sort((a, b) => (isText ? value(a).localeCompare(value(b)) : value(a) - value(b)) * (sorted.down ? -1 : 1) || a.pid - b.pid);
      body.replaceChildren(...rows.map(target => el("tr", { "data-pid": target.pid }, ...COLUMNS.map(column => cell(column, column.value(target))))));
      heads.forEach((head, index) => COLUMNS[index].id === sorted.id
        ? head.setAttribute("aria-sort", sorted.down ? "descending" : "ascending") : head.removeAttribute("aria-sort"));
    }
    fill();
    const foot = COLUMNS.map(column => column.id === "pid" || column.isAlone ? el("td", {})
      : column.isText ? el("td", { class: "text" }, "All together") : cell(column, column.total ?? column.value(totals)));
    $("table").append(el("table", { class: "list" }, el("thead", {}, el("tr", {}, ...heads)), body,
      targets.length > 1 ? el("tfoot", {}, el("tr", { id: "table-total" }, ...foot)) : null));
  }

  function drawReasons() {
    if (data.reasons.length === 0) return void $("rest").remove();
    $("reasons").append(el("div", { class: "scroll" }, el("table", { class: "list" },
      el("thead", {}, el("tr", {}, el("th", { class: "text", scope: "col" }, "What"), el("th", { scope: "col" }, "In memory"), el("th", { class: "mapped", scope: "col" }, "Mapped"),
        el("th", { class: "text", scope: "col" }, "Why, and what to do"))),
      el("tbody", {}, ...data.reasons.map(reason => el("tr", { class: reason.mendable ? "mend" : null },
        el("td", { class: "text" }, reason.label), el("td", {}, size(reason.resident_bytes)), el("td", { class: "mapped" }, size(reason.mapped_bytes)),
        el("td", { class: "wrap" }, reason.explanation + (reason.holder ? ` Most of it: ${shown(reason.holder)}.` : ""))))))));
  }

  drawHead();
  drawBars();
  drawSharing();
  drawStrips();
  drawTable();
  drawReasons();
  redrawAll();
  writeLabels();
})();
