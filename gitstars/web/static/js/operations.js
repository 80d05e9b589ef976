// Workers, queue, and the log of what happens.

import { $, facts, make, refill, setText } from "./dom.js";
import { clockTime, duration, number, words } from "./format.js";

const EVENTS_SHOWN = 60;
const REPOSITORIES_SHOWN = 3;

export function showWorkers({ count, override, workers }) {
  if (document.activeElement !== $("count")) $("count").value = count;
  $("automatic").hidden = override === null;
  setText($("scaling"), override ? `Set by hand to ${range(override)}: the load does not change it.` : "The load decides how many there are.");
  refill($("workers"), workers.map(({ number: id, state, users, repositories }) => {
    const more = repositories.length > REPOSITORIES_SHOWN ? ` and ${repositories.length - REPOSITORIES_SHOWN} more` : "";
    return make("tr", {},
      make("td", { className: "number" }, String(id)),
      make("td", { className: "number" }, number(users.length)),
      make("td", { className: "reason" }, repositories.length ? `${repositories.slice(0, REPOSITORIES_SHOWN).join(", ")}${more}` : words(state)));
  }));
}

const range = ({ min, max }) => (min === max ? number(min) : `${number(min)}–${number(max)}`);

export function showQueue({ depth, by_priority: priorities, oldest_seconds: oldest, head }) {
  $("clear-queue").disabled = depth === 0;
  refill($("queue"), facts([
    ["Waiting", number(depth)],
    ...Object.entries(priorities).filter(([, count]) => count).map(([name, count]) => [words(name), number(count)]),
    ["Oldest", oldest ? duration(oldest) : null],
    ["Next", head.slice(0, 3).map(({ repo }) => repo).join(", ")],
  ]));
}

export function showEvent({ kind, data }) {
  const text = [words(kind.replaceAll(".", " ")), data.repo, data.reason].filter(Boolean).join(" · ");
  $("events").prepend(make("li", {}, make("time", {}, clockTime(data.at)), make("span", {}, text)));
  while ($("events").children.length > EVENTS_SHOWN) $("events").lastElementChild.remove();
}
