// The dashboard: asks for the key once, shows what the admin API tells, and stays live through its events.

import { get, keys, listen, post, Refusal } from "./api.js";
import { showAccounts } from "./accounts.js";
import { confirm } from "./confirm.js";
import { $, setText } from "./dom.js";
import { showEvent, showQueue, showWorkers } from "./operations.js";
import { Overview } from "./overview.js";
import { Repositories } from "./repositories.js";

const REFRESH_MS = 2000;
/** Events come in bursts: the lists are read again once, this long after the first. */
const BURST_MS = 1000;
const TOLD_MS = 6000;
const STATES = { live: "Live", lost: "Connection lost, trying again…", refused: "" };

const overview = new Overview();
const repositories = new Repositories(attempt);
let stopListening = null;
let timer = null;
let burst = null;
let told = null;

/** `withHistory`: the speed of the last hours too, for a page that was not there to see it. */
async function refresh(withHistory = false) {
  const [stats, accounts, workers, queue] = await Promise.all([get(withHistory ? "/stats?history=true" : "/stats"), get("/accounts"), get("/workers"), get("/queue")]);
  overview.show(stats);
  repositories.showCounts(stats.repositories);
  showAccounts(accounts.accounts);
  showWorkers(workers);
  showQueue(queue);
}

/** Run `action`; say `done` when it went well, and what went wrong when not. */
async function attempt(action, done = "") {
  try {
    await action();
    if (done) tell(done);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 401) signOut("The server refuses this key.");
    else if (error.status !== 0) tell(error.message, "problem");
  }
}

function tell(text, kind = "") {
  clearTimeout(told);
  const notice = $("notice");
  notice.hidden = false;
  notice.dataset.kind = kind;
  setText(notice, text);
  told = setTimeout(() => (notice.hidden = true), TOLD_MS);
}

function setLive(state) {
  $("live").dataset.state = state;
  setText($("live"), STATES[state]);
  if (state === "refused") signOut("The server refuses this key.");
  if (state === "live") attempt(() => Promise.all([refresh(true), repositories.load()]));
}

function onEvent(event) {
  showEvent(event);
  burst ??= setTimeout(() => {
    burst = null;
    attempt(() => Promise.all([refresh(), repositories.load()]));
  }, BURST_MS);
}

function open() {
  $("login").hidden = true;
  $("main").hidden = false;
  $("actions").hidden = false;
  stopListening = listen(onEvent, setLive);
  timer = setInterval(() => attempt(() => refresh()), REFRESH_MS);
}

function signOut(reason = "") {
  keys.forget();
  stopListening?.();
  clearInterval(timer);
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  for (const id of ["main", "actions", "health"]) $(id).hidden = true;
  setText($("live"), "");
  $("login").hidden = false;
  setText($("login-problem"), reason);
  $("key").value = "";
  $("key").focus();
}

$("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  setText($("login-problem"), "");
  keys.keep($("key").value.trim(), $("remember").checked);
  try {
    await get("/stats/summary");
    open();
    $("main").focus({ preventScroll: true });
  } catch (error) {
    signOut(error.status === 401 ? "The server refuses this key." : error.message);
  }
});

$("sign-out").addEventListener("click", () => signOut());
$("pause").addEventListener("click", async () => {
  const text = "Workers stop at their next page, and a restart does not end it. New accounts are still seen.";
  if (await confirm({ title: "Pause collecting?", text, action: "Pause" })) {
    await attempt(async () => {
      await post("/pause");
      await refresh();
      $("resume").focus();
    }, "Collecting is paused.");
  }
});
$("resume").addEventListener("click", () =>
  attempt(async () => {
    await post("/resume");
    await refresh();
    $("pause").focus();
  }, "Collecting goes on."));
$("scale").addEventListener("submit", async (event) => {
  event.preventDefault();
  const count = Number($("count").value);
  if (await confirm({ title: `Run ${count} workers?`, text: "Busy workers retire at their next page. It stays so until told otherwise.", action: "Set" })) {
    await attempt(async () => {
      await post("/workers/scale", { count });
      await refresh();
    }, `${count} workers from now on.`);
  }
});
$("clear-queue").addEventListener("click", async () => {
  const text = "The repositories stay pending in the database, and the next scan queues them again.";
  if (await confirm({ title: "Clear the queue?", text, action: "Clear" })) {
    await attempt(async () => {
      await post("/queue/clear");
      await refresh();
    }, "The queue is cleared.");
  }
});

if (keys.read()) open();
else signOut();
