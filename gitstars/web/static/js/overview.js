// What stands at the top: health, the numbers of this moment, and the speed over the last hours.

import { TimeChart } from "./chart.js";
import { $, make, refill, setText } from "./dom.js";
import { compact, duration, epoch, number } from "./format.js";

/** As many as six hours of readings bring. */
const MOST_POINTS = 12000;

export class Overview {
  constructor() {
    this.chart = new TimeChart($("speed"), "stars a second");
    this.times = [];
    this.values = [];
    $("span").addEventListener("change", () => this.drawSpeed());
  }

  show(stats) {
    const state = stats.paused ? "paused" : stats.status;
    const badge = $("health");
    badge.hidden = false;
    badge.className = `badge ${state}`;
    setText(badge, state);
    badge.title = stats.reasons.join("; ");
    $("pause").hidden = stats.paused;
    $("resume").hidden = !stats.paused;
    this.showReasons(stats.reasons);
    this.showTiles(stats);
    this.takeSpeeds(stats.rates, epoch(stats.at));
  }

  showReasons(reasons) {
    $("reasons").hidden = !reasons.length;
    setText($("reasons"), reasons.join("; "));
  }

  showTiles({ rates, stars_kept: kept, totals, repositories, queue, workers, uptime_seconds: uptime, version, database }) {
    const known = Object.values(repositories).reduce((sum, count) => sum + count, 0);
    const oldest = queue.oldest_seconds ? `oldest ${duration(queue.oldest_seconds)}` : "";
    const tiles = [
      ["stars-now", "Stars a second", number(rates.stars_per_second), "now"],
      ["stars-kept", "Stars", compact(kept), "in the database"],
      ["stars-stored", "Stars written", compact(totals.stars_stored), `${number(totals.pages_stored)} pages, since the start`],
      ["repos-completed", "Repositories", number(repositories.completed ?? 0), `completed of ${number(known)}`],
      ["waiting", "Waiting", number(queue.depth), oldest],
      ["workers-busy", "Workers", `${workers.busy}/${workers.count}`, "busy"],
      ["up", "Up", duration(uptime), `gitstars ${version}, database ${database.reachable ? `${database.latency_ms.toFixed(1)} ms` : "unreachable"}`],
    ];
    refill($("tiles"), tiles.map(([id, name, value, note]) => make("div", { id: `tile-${id}` }, make("dt", {}, name), make("dd", {}, value), note ? make("dd", {}, note) : null)));
  }

  /** The server's history first, then one point with each reading, all by the server's clock. */
  takeSpeeds({ history, stars_per_second: now }, at) {
    if (history) {
      this.times = history.map(([at]) => at);
      this.values = history.map(([, speed]) => speed);
    }
    if (at > (this.times.at(-1) ?? 0)) {
      this.times.push(at);
      this.values.push(now);
    }
    this.times.splice(0, this.times.length - MOST_POINTS);
    this.values.splice(0, this.values.length - MOST_POINTS);
    this.drawSpeed();
  }

  drawSpeed() {
    const since = (this.times.at(-1) ?? 0) - Number($("span").value);
    const start = Math.max(0, this.times.findIndex((at) => at >= since));
    const values = this.values.slice(start);
    this.chart.show(this.times.slice(start), values);
    const most = Math.max(0, ...values);
    $("speed").setAttribute("aria-label", `Stars stored a second: ${number(values.at(-1) ?? 0)} now, ${number(most)} at most in the ${$("span").selectedOptions[0].text}`);
  }
}
