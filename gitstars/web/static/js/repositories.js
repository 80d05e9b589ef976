// The list of repositories with search, and the dialog of one with its star history.

import { get, post, repositoryPath } from "./api.js";
import { TimeChart } from "./chart.js";
import { confirm } from "./confirm.js";
import { $, facts, make, refill, setText } from "./dom.js";
import { away, epoch, number, words } from "./format.js";

const STATUSES = ["completed", "processing", "pending", "rate_limited", "restricted", "pagination_limited", "failed"];
const SORTS = [["-completed", "completed last"], ["name", "by name"], ["-stars", "largest first"], ["status", "by status"]];
const PAGE = 25;
const TYPING_MS = 250;

export class Repositories {
  /** `attempt(action, done)` runs an action and tells how it went. */
  constructor(attempt) {
    this.attempt = attempt;
    this.status = "";
    this.offset = 0;
    this.open = null;
    this.asked = 0;
    this.history = new TimeChart($("history"), "stars a week", { bars: true });
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
  }

  turnTo(offset) {
    this.offset = Math.max(0, offset);
    this.attempt(() => this.load());
  }

  async load() {
    const number = ++this.asked;
    const query = new URLSearchParams({ limit: PAGE, offset: this.offset, sort: $("sort").value });
    if (this.status) query.set("status", this.status);
    if ($("q").value.trim()) query.set("q", $("q").value.trim());
    const answer = await get(`/repos?${query}`);
    // An answer that was overtaken by a later question is not shown.
    if (number === this.asked) this.show(answer);
  }

  show({ repos, total }) {
    const rows = repos.map((repo) => {
      const name = make("button", { className: "link", type: "button", "data-key": repo.id, onclick: () => this.attempt(() => this.showOne(repo.id)) }, repo.full_name);
      const stored = repo.total_stargazers === null ? number(repo.processed_stargazers ?? 0) : `${number(repo.processed_stargazers ?? 0)} of ${number(repo.total_stargazers)}`;
      return make("tr", {},
        make("td", {}, name),
        make("td", {}, make("span", { className: `status ${repo.status}` }, words(repo.status))),
        make("td", { className: "number" }, stored),
        make("td", { className: "reason" }, repo.reason ?? ""),
        make("td", { className: "number again" }, away(repo.next_retry_at)),
      );
    });
    refill($("repos"), rows.length ? rows : [make("tr", {}, make("td", { className: "empty", colSpan: 5 }, "No repository fits."))]);
    setText($("range"), total ? `${number(this.offset + 1)}–${number(this.offset + repos.length)} of ${number(total)}` : "none");
    $("earlier").disabled = this.offset === 0;
    $("later").disabled = this.offset + repos.length >= total;
  }

  showCounts(counts) {
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const chip = (status, label, count) => make("button", {
      type: "button",
      "data-key": `status-${status}`,
      "aria-pressed": String(this.status === status),
      onclick: () => {
        this.status = status;
        this.showCounts(counts);
        this.turnTo(0);
      },
    }, `${label} ${number(count)}`);
    refill($("statuses"), [chip("", "all", all), ...STATUSES.filter((status) => counts[status] || this.status === status).map((status) => chip(status, words(status), counts[status] ?? 0))]);
  }

  async showOne(id) {
    const repo = await get(repositoryPath(id));
    this.open = repo;
    setText($("repo-title"), repo.full_name);
    $("repo-why").replaceChildren(make("span", { className: `status ${repo.status}` }, words(repo.status)), repo.reason ? ` – ${repo.reason}` : "");
    $("repo-facts").replaceChildren(...facts([
      ["Stars stored", `${number(repo.processed_stargazers ?? 0)}${repo.total_stargazers === null ? "" : ` of ${number(repo.total_stargazers)}`}`],
      ["Notes", repo.notes],
      ["Tried again", away(repo.next_retry_at)],
      ["Completed", away(repo.completed_at)],
      ["Failures", repo.error_count || null],
      ["GitHub's id", repo.github_id],
    ]));
    if (!$("repo").open) $("repo").showModal();
    this.showHistory(repo.history ?? []);
  }

  showHistory(weeks) {
    $("history").hidden = weeks.length === 0;
    if (weeks.length) this.history.show(weeks.map(({ week }) => epoch(week)), weeks.map(({ total }) => total));
    const sum = weeks.reduce((stars, { total }) => stars + total, 0);
    const text = weeks.length ? `${number(sum)} stars in ${number(weeks.length)} weeks` : "No history is stored for this repository.";
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
    }, `${repo.full_name} is queued.`);
  }
}
