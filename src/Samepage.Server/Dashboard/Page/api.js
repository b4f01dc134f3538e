// Asks the daemon. All paths are relative, so that the page works below any path of a reverse proxy.

const patience = 8000;

/** Nobody answers, or the daemon is still starting. */
export class Unreachable extends Error { }

/** The daemon answers that it does not answer this. */
export class Refused extends Error { }

async function ask(path, options = {}) {
  try {
    return await fetch(path, { signal: AbortSignal.timeout(patience), credentials: "same-origin", ...options });
  } catch (failure) {
    throw new Unreachable(failure.message);
  }
}

/** A document. */
export async function get(path) {
  const answer = await ask(path);
  if (!answer.ok) throw new (path.startsWith("api/v1/history") ? Refused : Unreachable)(`${path}: ${answer.status}`);
  return await answer.json();
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
