// Asks the daemon. All paths are relative, so that the page works below any path of a reverse proxy.

const patience = 8000;

/** Nobody answers. */
export class Unreachable extends Error { }

/** Somebody answers, but with no document: the message is the reason, as far as one was given. */
export class Refused extends Error {
  constructor(status, reason) {
    super(reason || `status ${status}`);
    this.status = status;
  }
}

async function ask(path, options = {}) {
  try {
    return await fetch(path, { signal: AbortSignal.timeout(patience), credentials: "same-origin", ...options });
  } catch (failure) {
    throw new Unreachable(failure.message);
  }
}

/** What a body says in its first line: the daemon's are one line of text, those of a proxy may be a page. */
async function reasonOf(answer) {
  const isText = answer.headers.get("Content-Type")?.startsWith("text/plain");
  return isText ? (await answer.text().catch(() => "")).trim().split("\n")[0].slice(0, 300) : "";
}

/** A document. */
export async function get(path) {
  const answer = await ask(path);
  if (!answer.ok) throw new Refused(answer.status, await reasonOf(answer));
  try {
    return await answer.json();
  } catch (failure) {
    if (failure instanceof SyntaxError) throw new Refused(answer.status, "the answer is no JSON");
    throw new Unreachable(failure.message);
  }
}

/** The answer to a plan: a plan, or why there is none. */
export async function getPlan(query) {
  try {
    const answer = await ask(`api/v1/plan?${query}`);
    return answer.ok ? { plan: await answer.json() } : { reason: (await answer.text()).trim() };
  } catch {
    return { reason: "The daemon cannot be reached." };
  }
}

/** Begins an estimate: where it stands, or why it was refused. */
export async function postEstimate(pids) {
  try {
    const answer = await ask(`api/v1/estimate?pid=${pids.join(",")}`, { method: "POST", headers: { "X-Samepage": "dashboard" } });
    return answer.ok ? { desk: await answer.json() } : { reason: (await answer.text()).trim() };
  } catch {
    return { reason: "The daemon cannot be reached." };
  }
}
