// Accounts: progress with time left, budgets draining and resetting, the reason when one is out, and what one does or waits for.

import { $, make, refill, setText } from "./dom.js";
import { away, duration, number } from "./format.js";

const BUDGETS = [["core", "REST"], ["graphql", "GraphQL"]];
const LOW = 0.2;
/** Cards at first; where there are more accounts, what needs attention and what is at work come before the rest. */
const FEW = 12;
let showAll = false;

const rank = ({ reason, repositories: { settled, total } }) => (reason ? 0 : settled < total ? 1 : 2);

export function showAccounts(accounts) {
  const shown = showAll || accounts.length <= FEW ? accounts : [...accounts].sort((one, other) => rank(one) - rank(other)).slice(0, FEW);
  const cards = shown.map((account) =>
    make("article", { className: "account" },
      make("h3", {}, account.login || "?", make("span", {}, String(account.user_id))),
      account.reason ? make("p", { className: "why" }, account.reason) : null,
      make("p", { className: "activity" }, activity(account)),
      progress(account),
      BUDGETS.map(([name, label]) => account.budgets[name] && budget(label, account.budgets[name])),
    ));
  $("all-accounts").hidden = shown.length === accounts.length;
  setText($("all-accounts"), `Show all ${number(accounts.length)} accounts`);
  $("all-accounts").onclick = () => {
    showAll = true;
    showAccounts(accounts);
  };
  refill($("accounts"), cards.length ? cards : [make("p", { className: "note" }, "Nobody is signed in: add an account with a token of GitHub, or sign in to the web application.")]);
}

/** Why the account moves, or what it waits for and until when. */
function activity({ activity: now, repositories: { waiting } }) {
  if (!now) return waiting ? `Not served at present; ${number(waiting)} jobs wait.` : "Nothing to do.";
  const calls = Object.entries(now.slots).filter(([, count]) => count).map(([kind, count]) => `${number(count)} ${kind}`).join(", ");
  const until = now.waits_until ? `, ${away(now.waits_until)}` : "";
  return [
    calls ? `Calls under way: ${calls}.` : "",
    now.next_ask ? `Asks next: ${now.next_ask}.` : "",
    now.waits_for ? `Waits for: ${now.waits_for}${until}.` : "",
    now.progressed_at ? `Last progress ${away(now.progressed_at)}.` : "",
  ].filter(Boolean).join(" ");
}

function progress({ repositories: { settled, total }, seconds_left: left }) {
  const note = `${number(settled)} of ${number(total)} repositories${left ? `, about ${duration(left)} left` : ""}`;
  return meter("Progress", "", total ? settled / total : 0, note);
}

function budget(label, { remaining, limit, reset_at: reset }) {
  const left = remaining ?? limit;
  const note = `${number(left)} of ${number(limit)} left${reset ? `, full again ${away(reset)}` : ""}`;
  return meter(label, left < limit * LOW ? "budget low" : "budget", limit ? left / limit : 0, note);
}

function meter(label, kind, share, note) {
  const fill = make("i");
  fill.style.width = `${Math.round(100 * Math.min(1, Math.max(0, share)))}%`;
  const bar = make("div", { className: "track", role: "meter", "aria-label": label, "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": String(Math.round(share * 100)), "aria-valuetext": note }, fill);
  return make("div", { className: `meter ${kind}` }, make("span", {}, label), bar, make("small", {}, note));
}
