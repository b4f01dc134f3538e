// What the charts show: the daemon's history where it keeps one, and what this page has seen since it was opened.

const keptMax = 3600;

export const ranges = [["1 h", 3600], ["6 h", 21_600], ["1 day", 86_400], ["1 week", 604_800], ["1 month", 2_678_400]];

export class Timeline {
  #live = [];
  #last = null;
  #past = null;
  #detail = [];
  /** Whether the daemon keeps history; null until that is known. */
  hasHistory = null;
  openedAt = Date.now() / 1000;

  /** The part of a core that ksmd took between the last two looks. */
  cost = null;

  /** Notes a status; what was taken at the same moment counts once. */
  note(status, domains) {
    const at = Date.parse(status.taken_at) / 1000;
    if (this.#last && at <= this.#last.at && status.pid === this.#last.pid) return;
    const host = status.guard.scopes.find(scope => scope.name === "host");
    const cpu = status.host.ksmd_cpu_seconds;
    if (this.#last && cpu != null && this.#last.cpu != null && at - this.#last.at > 0.2 && cpu >= this.#last.cpu) {
      const share = (cpu - this.#last.cpu) / (at - this.#last.at);
      this.cost = this.cost == null ? share : this.cost * 0.7 + share * 0.3;
    } else if (cpu == null) {
      this.cost = null;
    }
    this.#last = { at, cpu, pid: status.pid };
    const saved = status.host.saved_bytes + (domains?.domains ?? []).reduce((sum, domain) => sum + domain.saved_bytes, 0);
    this.#live.push([at, saved, this.cost, host?.coverage ?? null, host?.exposure_bytes ?? null, host?.headroom_bytes ?? null]);
    if (this.#live.length > keptMax) this.#thin();
  }

  /** Takes in what the daemon's history has of all that is shown. */
  takeHistory(history) {
    this.#past = this.#rows(history);
  }

  /** Takes in what it has of a part of that, which is finer; null: nothing. */
  takeDetail(history) {
    this.#detail = history ? this.#rows(history) : [];
  }

  #rows(history) {
    const { times, series } = history;
    const of = key => series[key] ?? times.map(() => null);
    const both = (one, other) => one == null && other == null ? null : (one ?? 0) + (other ?? 0);
    const byUser = of("user_saved_bytes");
    const columns = [of("saved_bytes").map((saved, index) => both(saved, byUser[index])), of("ksmd_cpu_share"), of("coverage"), of("exposure_bytes"), of("headroom_bytes")];
    return times.map((at, index) => [at, ...columns.map(column => column[index])]);
  }

  /** Columns of the last so many seconds: times, saved, cost, coverage, exposure, headroom. */
  columns(seconds) {
    const to = this.#live.at(-1)?.[0] ?? Date.now() / 1000;
    // Without a history there is nothing from before the page was opened, and no use in an empty hour.
    const from = this.hasHistory ? to - seconds : Math.max(to - seconds, Math.min(this.#live[0]?.[0] ?? to, to - 60));
    const past = this.hasHistory && this.#past ? this.#past : [];
    const since = past.at(-1)?.[0] ?? -Infinity;
    const detail = this.hasHistory ? this.#detail : [], first = detail[0]?.[0], last = detail.at(-1)?.[0];
    const rows = [...past, ...this.#live.filter(row => row[0] > since)].filter(row => row[0] >= from && !(row[0] >= first && row[0] <= last));
    rows.push(...detail.filter(row => row[0] >= from));
    rows.sort((one, other) => one[0] - other[0]);
    return { from, to, columns: [0, 1, 2, 3, 4, 5].map(index => rows.map(row => row[index] ?? null)) };
  }

  /** Of what is older than ten minutes every second point goes, so that a page may stay open for weeks. */
  #thin() {
    const edge = this.#live.at(-1)[0] - 600;
    this.#live = this.#live.filter((row, index) => row[0] > edge || index % 2 === 0);
  }
}
