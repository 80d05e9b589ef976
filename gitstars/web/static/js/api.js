// The admin API: calls with the key, and the stream of events, read with fetch because EventSource cannot send the key.

const STORED = "gitstars-admin-key";
const RETRY_MS = [500, 1000, 2000, 5000];
/** The server sends a heartbeat every 15 s: silence for longer means that the connection is dead. */
const SILENCE_MS = 45000;
const CALL_MS = 20000;

/** An answer that says no; `status` 0: nobody answered. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const keys = {
  read: () => sessionStorage.getItem(STORED) ?? localStorage.getItem(STORED),
  keep(key, remember) {
    keys.forget();
    (remember ? localStorage : sessionStorage).setItem(STORED, key);
  },
  forget() {
    sessionStorage.removeItem(STORED);
    localStorage.removeItem(STORED);
  },
};

export async function call(method, path, body) {
  let answer;
  let decoded;
  try {
    answer = await fetch(path, {
      method,
      headers: { Authorization: `Bearer ${keys.read() ?? ""}`, ...(body ? { "Content-Type": "application/json" } : {}) },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_MS),
    });
    decoded = await answer.json();
  } catch {
    throw new Refusal(answer?.ok === false ? answer.status : 0, "The server does not answer.");
  }
  if (!answer.ok) throw new Refusal(answer.status, decoded?.error?.message ?? `The server answered ${answer.status}.`);
  return decoded;
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);
/** The route of a repository, by whatever names it. */
export const repositoryPath = (id) => `/repos/${encodeURIComponent(id)}`;

/** Reads `/events` until `stop()`; connects again with growing pauses. `onState` hears "live", "lost" and "refused". */
export function listen(onEvent, onState) {
  let attempt = 0;
  let stopped = false;
  let abort = new AbortController();

  async function read() {
    abort = new AbortController();
    let watchdog = setTimeout(() => abort.abort(), SILENCE_MS);
    try {
      const answer = await fetch("/events", { headers: { Authorization: `Bearer ${keys.read() ?? ""}` }, signal: abort.signal, cache: "no-store" });
      if (answer.status === 401) return "refused";
      if (!answer.ok || !answer.body) return "lost";
      attempt = 0;
      onState("live");
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return "lost";
        clearTimeout(watchdog);
        watchdog = setTimeout(() => abort.abort(), SILENCE_MS);
        text += value;
        const blocks = text.split("\n\n");
        text = blocks.pop();
        for (const event of blocks.map(parse)) if (event) onEvent(event);
      }
    } catch {
      return "lost";
    } finally {
      clearTimeout(watchdog);
      abort.abort();
    }
  }

  (async () => {
    while (!stopped) {
      const state = await read();
      if (stopped) return;
      onState(state);
      if (state === "refused") return;
      await new Promise((wake) => setTimeout(wake, RETRY_MS[Math.min(attempt++, RETRY_MS.length - 1)]));
    }
  })();
  return () => {
    stopped = true;
    abort.abort();
  };
}

/** One event of the stream: {kind, data}; null for a comment. */
function parse(block) {
  const fields = {};
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).trimStart();
  }
  return fields.data ? { kind: fields.event ?? "message", data: JSON.parse(fields.data) } : null;
}
