// Numbers as people read them: the same units and roundings as the command line has.

const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Bytes with a fitting binary unit: 812 MiB, 2.1 GiB. */
export function size(bytes) {
  if (bytes == null || Number.isNaN(bytes)) return "–";
  let value = Math.abs(bytes), unit = 0;
  while (unit + 1 < units.length && Number(value.toFixed(value < 99.95 ? 1 : 0)) >= 1024) {
    value /= 1024;
    unit++;
  }
  const text = value.toFixed(unit === 0 || value >= 99.95 ? 0 : 1);
  return `${bytes < 0 ? "−" : ""}${text} ${units[unit]}`;
}

/** A count with thousands apart. */
export const count = number => number == null ? "–" : number.toLocaleString("en-US", { maximumFractionDigits: 0 });

/** A number with a word that agrees with it. */
export const counted = (number, one, many) => `${count(number)} ${number === 1 ? one : many}`;

/** A part of one, as a percentage; below ten with one decimal. */
export function percent(part) {
  if (part == null || !Number.isFinite(part)) return "–";
  const value = part * 100;
  return `${value !== 0 && Math.abs(value) < 9.95 ? value.toFixed(Math.abs(value) < 0.095 ? 2 : 1) : value.toFixed(0)} %`;
}

/** Coverage, rounded down: it must not look better than it is. */
export function ratio(value) {
  if (value == null || Number.isNaN(value)) return "–";
  if (value >= 99.95) return "> 99×";
  const digits = value < 10 ? 100 : 10;
  return `${(Math.floor(value * digits) / digits).toFixed(value < 10 ? 2 : 1)}×`;
}

/** Microseconds: 480 us, 2.4 ms, 1.2 s. */
export function stall(microseconds) {
  if (microseconds == null) return "–";
  if (microseconds < 999.5) return `${microseconds.toFixed(0)} µs`;
  return microseconds < 999_500 ? `${(microseconds / 1e3).toFixed(microseconds < 99_950 ? 1 : 0)} ms` : `${(microseconds / 1e6).toFixed(1)} s`;
}

/** Seconds: 0.4 s, 12 s, 3 min, 5 h, 12 days. */
export function duration(seconds) {
  if (seconds == null) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${seconds.toFixed(0)} s`;
  if (seconds < 7200) return `${(seconds / 60).toFixed(0)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(0)} h` : `${(seconds / 86_400).toFixed(0)} days`;
}

const two = number => String(number).padStart(2, "0");

/** The time of day here. */
export const clock = date => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;

/** Day and time here; the day is left out where it is today. */
export function moment(date) {
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? clock(date) : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(date)}`;
}

/** A word of the API as people write it: page_out, opted_in. */
export const word = text => String(text ?? "").replaceAll("_", " ");

/** A name that a process chose for itself: without what would turn or break the line. */
export const name = text => String(text ?? "").replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\u2028\u2029]/gu, "?");
