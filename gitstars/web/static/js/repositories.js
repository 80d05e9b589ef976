// The list of repositories with search, and the dialog of one with its star history.

import { get, post, repositoryPath } from "./api.js";
import { TimeChart } from "./chart.js";
import { confirm } from "./confirm.js";
import { $, facts, make, refill, setText } from "./dom.js";
import { away, epoch, number, words } from "./format.js";

const STATUSES = ["completed", "processing", "pending", "rate_limited", "restricted", "pagination_limited", "failed"];
const SORTS = [["-completed", "newest completed first"], ["name", "by name"], ["-stars", "most stars first"], ["status", "by status"]];
const PAGE = 25;
const TYPING_MS = 250;
const stored = ({ processed_stargazers: done, total_stargazers: total }) => (total === null ? number(done ?? 0) : `${number(done ?? 0)} of ${number(total)}`);
/** Why a complete list is shorter than its length: GitHub counts them, and does not name them. */
const ghosts = ({ ghosts: count }) => (count ? `${number(count)} of deleted users` : "");

/** One account's right to list a repository; of a refusal what GitHub said, and what to change. */
function accessOf({ login, may_list: may, face, text, advice, accepted_permissions: lacks, look_again_at: again }) {
  const verdict = may ? "may list it" : may === false ? "may not list it" : "has not tried";
  const said = may === false ? [face, text].filter(Boolean).join(": ") : "";
  return make("li", {},
    make("strong", {}, login), ` ${verdict}${said ? ` – ${said}` : ""}`,
    lacks ? make("p", {}, `GitHub asks for: ${lacks}`) : null,
    advice ? make("p", {}, `What to do: ${advice}`) : null,
    may === false && again ? make("p", { className: "note" }, `Asked again ${away(again)}`) : null,
  );
}

export class Repositories {
  /** `attempt(action, { done })` runs an action and tells how it went. */
  constructor(attempt) {
    this.attempt = attempt;
    this.status = "";
    this.offset = 0;
    this.open = null;
    this.asked = 0;
    /** The last question found no answer; and whether something shown changes without an event. */
    this.isBehind = false;
    this.isMoving = false;
    this.history = new TimeChart($("history"), "stars", { dates: true });
    $("sort").append(...SORTS.map(([value, label]) => make("option", { value }, label)));
    let typing;
    $("q").addEventListener("input", () => {
      clearTimeout(typing);
      typing = setTimeout(() => this.turnTo(0), TYPING_MS);
    });
    $("repo-search").addEventListener("submit", (event) => {
      event.preventDefault();
      this.turnTo(0);
    });
    $("sort").addEventListener("change", () => this.turnTo(0));
    $("earlier").addEventListener("click", () => this.turnTo(this.offset - PAGE));
    $("later").addEventListener("click", () => this.turnTo(this.offset + PAGE));
    $("reprocess").addEventListener("click", () => this.reprocess());
    $("repo").addEventListener("close", () => this.focusRow(this.open.id));
  }

  /** The row that a dialog was opened from may be another element by now, to which the browser cannot give the focus back. */
  focusRow(id) {
    const holder = document.activeElement;
    if (holder !== document.body && !$("repo").contains(holder)) return;
    const link = [...$("repos").querySelectorAll("[data-key]")].find((element) => element.dataset.key === id);
    (link ?? $("q")).focus({ preventScroll: true });
  }

  turnTo(offset) {
    this.offset = Math.max(0, offset);
    this.attempt(() => this.load());
  }

  /** What no event will bring. */
  async keepUp() {
    if (this.isBehind || this.isMoving) await this.refresh();
  }

  /** Both the list and the repository that is looked at. */
  async refresh() {
    await Promise.all([this.load(), $("repo").open ? this.showOne(this.open.id, true) : null]);
  }

  async load() {
    const number = ++this.asked;
    this.isBehind = true;
    const query = new URLSearchParams({ limit: PAGE, offset: this.offset, sort: $("sort").value });
    if (this.status) query.set("status", this.status);
    if ($("q").value.trim()) query.set("q", $("q").value.trim());
    const answer = await get(`/repos?${query}`);
    // An answer that was overtaken by a later question is not shown.
    if (number !== this.asked) return;
    this.isBehind = false;
    this.show(answer);
  }

  show({ repos, total }) {
    const query = this.status || $("q").value.trim();
    this.isMoving = repos.some(({ status }) => status === "processing");
    const rows = repos.map((repo) => {
      const name = make("button", { className: "link", type: "button", "data-key": repo.id, onclick: () => this.attempt(() => this.showOne(repo.id)) }, repo.full_name);
      return make("tr", {},
        make("td", {}, name),
        make("td", {}, make("span", { className: `status ${repo.status}` }, words(repo.status))),
        make("td", { className: "number" }, stored(repo)),
        make("td", { className: "reason" }, repo.reason ?? ghosts(repo)),
        make("td", { className: "number again" }, away(repo.next_retry_at)),
      );
    });
    refill($("repos"), rows.length ? rows : [make("tr", {}, make("td", { className: "empty", colSpan: 5 }, query ? "No repository fits." : "No repository yet: those that an account starred appear here."))]);
    setText($("range"), total ? `${number(this.offset + 1)}–${number(this.offset + repos.length)} of ${number(total)}` : "none");
    $("earlier").disabled = this.offset === 0;
    $("later").disabled = this.offset + repos.length >= total;
  }

  showCounts(counts) {
    this.counts = counts;
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const chip = (status, label, count) => make("button", {
      type: "button",
      "data-key": `status-${status}`,
      "aria-pressed": String(this.status === status),
      onclick: () => {
        this.status = status;
        this.showCounts(this.counts);
        this.turnTo(0);
      },
    }, `${label} ${number(count)}`);
    refill($("statuses"), [chip("", "all", all), ...STATUSES.filter((status) => counts[status] || this.status === status).map((status) => chip(status, words(status), counts[status] ?? 0))]);
  }

  /** `isAgain`: only if the dialog is still open by the time the answer is there. */
  async showOne(id, isAgain = false) {
    const path = repositoryPath(id);
    const [repo, history] = await Promise.all([get(path), get(`${path}/history?per=week`)]);
    if (isAgain && !($("repo").open && this.open.id === id)) return;
    this.open = repo;
    setText($("repo-title"), repo.full_name);
    $("repo-why").replaceChildren(make("span", { className: `status ${repo.status}` }, words(repo.status)), repo.reason ? ` – ${repo.reason}` : "");
    $("repo-facts").replaceChildren(...facts([
      ["Stars stored", stored(repo)],
      ["Of these", ghosts(repo)],
      ["Waits", repo.obstacle],
      ["Notes", repo.status === "completed" ? null : repo.notes],
      ["Tried again", away(repo.next_retry_at)],
      ["Completed", away(repo.completed_at)],
      ["Failures", repo.error_count || null],
      ["GitHub's id", repo.github_id],
    ]));
    $("repo-access").replaceChildren(...repo.access.map(accessOf));
    $("access-title").hidden = repo.access.length === 0;
    if (!$("repo").open) $("repo").showModal();
    this.showHistory(history);
  }

  /** `note` says where the figures come from; it stands beside them. */
  showHistory({ points, note }) {
    $("history").hidden = points.length === 0;
    if (points.length) this.history.show(points.map(({ day }) => epoch(`${day}T00:00:00Z`)), points.map(({ total }) => total));
    const text = points.length ? `${number(points.at(-1).total)} stars in ${number(points.length)} weeks (${note}).` : `${note[0].toUpperCase()}${note.slice(1)}.`;
    setText($("history-note"), text);
    $("history").setAttribute("aria-label", `Star history: ${text}`);
  }

  async reprocess() {
    const repo = this.open;
    const answer = await confirm({ title: `Collect ${repo.full_name} again?`, text: "It goes ahead of what waits, and uses the budget of an account that starred it.", action: "Collect again", offerForce: true });
    if (answer === null) return;
    await this.attempt(async () => {
      await post(`${repositoryPath(repo.id)}/reprocess`, answer);
      await Promise.all([this.showOne(repo.id), this.load()]);
    }, { done: `${repo.full_name} is queued.` });
  }
}
