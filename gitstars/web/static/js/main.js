// The dashboard: asks for the key once, shows what the admin API tells, and stays live through its events.

import { get, keys, listen, post, Refusal } from "./api.js";
import { showAccounts } from "./accounts.js";
import { offerAccount } from "./add_account.js";
import { confirm } from "./confirm.js";
import { $, setText } from "./dom.js";
import { offerFollowing } from "./follow.js";
import { clockTime } from "./format.js";
import { showEvent, showQueue, showWorkers } from "./operations.js";
import { Overview } from "./overview.js";
import { Repositories } from "./repositories.js";

const REFRESH_MS = 2000;
/** Events come in bursts: the lists are read again once, this long after the first. */
const BURST_MS = 1000;
const TOLD_MS = 6000;
const REFUSED = "The server refuses this key.";
/** Nobody answered, or the database does not. */
const OUTAGE = [0, 503];

const overview = new Overview();
const repositories = new Repositories(attempt);
let stopListening = null;
let burst = null;
let told = null;
let lostAt = null;

/** `withHistory`: the speed of the last hours too, for a page that was not there to see it. */
async function refresh(withHistory = false) {
  const [stats, accounts, workers, queue] = await Promise.all([get(withHistory ? "/stats?history=true" : "/stats"), get("/accounts"), get("/workers"), get("/queue")]);
  overview.show(stats);
  repositories.showCounts(stats.repositories);
  showAccounts(accounts.accounts);
  $("login-page").hidden = !accounts.has_login_page;
  showWorkers(workers);
  showQueue(queue);
}

/** Run `action`; say `done` when it went well, and what went wrong when not. `quiet`: nobody asked for it, and the header tells an outage. */
async function attempt(action, { done = "", quiet = false } = {}) {
  try {
    await action();
    if (done) tell(done);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (!stopListening) return;
    if (error.status === 401) signOut(REFUSED);
    else if (!(quiet && OUTAGE.includes(error.status))) tell(error.message, "problem");
  }
}

/** In front of everything: a modal dialog would hide it, from screen readers too, so it moves into the one that is open. */

function tell(text, kind = "") {
  clearTimeout(told);
  const notice = $("notice");
  const place = $("confirm").open ? $("confirm") : document.querySelector("dialog[open]") ?? document.body;
  if (notice.parentElement !== place) place.append(notice);
  notice.dataset.kind = kind;
  setText(notice, text);
  told = setTimeout(() => setText(notice, ""), TOLD_MS);
}

function setLive(state) {
  $("live").dataset.state = state;
  if (state === "refused") signOut(REFUSED);
  if (state === "lost") {
    lostAt ??= new Date();
    setText($("live"), `Connection lost at ${clockTime(lostAt)}, trying again…`);
  }
  if (state === "live") {
    lostAt = null;
    setText($("live"), "Live");
    attempt(() => Promise.all([refresh(true), repositories.refresh()]), { quiet: true });
  }
}

function onEvent(event) {
  showEvent(event);
  burst ??= setTimeout(() => {
    burst = null;
    attempt(() => Promise.all([refresh(), repositories.refresh()]), { quiet: true });
  }, BURST_MS);
}

/** Read again and again until signed out; a slow server is not asked twice at once. */
async function keepReading() {
  const session = stopListening;
  while (session === stopListening) {
    await attempt(() => Promise.all([refresh(), repositories.keepUp()]), { quiet: true });
    await new Promise((wake) => setTimeout(wake, REFRESH_MS));
  }
}

function open() {
  $("login").hidden = true;
  $("main").hidden = false;
  $("actions").hidden = false;
  stopListening = listen(onEvent, setLive);
  keepReading();
}

function signOut(reason = "") {
  keys.forget();
  stopListening?.();
  stopListening = null;
  clearTimeout(burst);
  burst = null;
  lostAt = null;
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  for (const id of ["main", "actions", "health"]) $(id).hidden = true;
  setText($("live"), "");
  $("login").hidden = false;
  setText($("login-problem"), reason);
  $("key").value = "";
  $("key").focus();
}

offerAccount(attempt, tell);
offerFollowing(attempt, tell);

$("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  setText($("login-problem"), "");
  const key = $("key").value.trim();
  // A header cannot carry other characters, so no key has them.
  if (/[^\x20-\x7e]/.test(key)) {
    signOut(REFUSED);
    return;
  }
  keys.keep(key, $("remember").checked);
  try {
    await get("/stats/summary");
    open();
    $("main").focus({ preventScroll: true });
  } catch (error) {
    signOut(error.status === 401 ? REFUSED : error.message);
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
    }, { done: "Collecting is paused." });
  }
});
$("resume").addEventListener("click", () =>
  attempt(async () => {
    await post("/resume");
    await refresh();
    $("pause").focus();
  }, { done: "Collecting goes on." }));
$("scale").addEventListener("submit", async (event) => {
  event.preventDefault();
  const count = Number($("count").value);
  if (await confirm({ title: count === 1 ? "Run 1 worker?" : `Run ${count} workers?`, text: "Busy workers retire at their next page. It stays so until told otherwise.", action: "Set" })) {
    await attempt(async () => {
      await post("/workers/scale", { count });
      await refresh();
    }, { done: `${count === 1 ? "1 worker" : `${count} workers`} from now on.` });
  }
});
$("automatic").addEventListener("click", () =>
  attempt(async () => {
    await post("/workers/scale", { automatic: true });
    await refresh();
    $("count").focus();
  }, { done: "The load decides again how many workers there are." }));
$("clear-queue").addEventListener("click", async () => {
  const text = "The repositories stay pending in the database, and the next scan queues them again.";
  if (await confirm({ title: "Clear the queue?", text, action: "Clear", danger: true })) {
    await attempt(async () => {
      await post("/queue/clear");
      await refresh();
    }, { done: "The queue is cleared." });
  }
});

if (keys.read()) open();
else signOut();
