// The two charts, drawn by uPlot (served beside this file), in the page's colours, as wide as their place.
/* global uPlot */

import { compact, number } from "./format.js";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const dark = matchMedia("(prefers-color-scheme: dark)");

const DAY_AND_TIME = { dateStyle: "medium", timeStyle: "short", hour12: false };
const CLOCK = { hour: "2-digit", minute: "2-digit", hour12: false };
/** Distances of ticks that are whole numbers: there is no half star. */
const WHOLE = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();
const MONTH_SECONDS = 28 * 86400;
/** Labels of ticks that are `step` seconds apart: as fine as they need to be to differ. */
const showClock = (at, step) => new Date(at * 1000).toLocaleTimeString([], step < 60 ? { ...CLOCK, second: "2-digit" } : CLOCK);
const showDate = (at, step) => new Date(at * 1000).toLocaleDateString([], step < MONTH_SECONDS ? { day: "numeric", month: "short" } : { month: "short", year: "numeric" });
/** Ticks less than a second apart have the same label: it is shown once. */
const differing = (labels) => labels.map((label, place) => (label === labels[place - 1] ? "" : label));

/** A line over time in `place`, the axis with the time of day or with `dates`; `show(times, values)` draws anew. Times are seconds since the epoch. */
export class TimeChart {
  constructor(place, label, { dates = false } = {}) {
    this.place = place;
    this.label = label;
    this.tick = dates ? showDate : showClock;
    this.data = [[], []];
    this.plot = null;
    new ResizeObserver(() => this.resize()).observe(place);
    dark.addEventListener("change", () => this.draw());
  }

  show(times, values) {
    this.data = [times, values];
    if (this.plot) this.plot.setData(this.data);
    else this.draw();
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.place;
    if (this.plot && width && (this.plot.width !== width)) this.plot.setSize({ width, height: height - 34 });
    else if (!this.plot && width && this.data[0].length) this.draw();
  }

  draw() {
    this.plot?.destroy();
    this.plot = null;
    const { clientWidth: width, clientHeight: height } = this.place;
    if (!width) return;
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } };
    this.plot = new uPlot(
      {
        width,
        height: height - 34,
        padding: [8, 32, 0, 0],
        scales: { y: { range: (_, low, high) => [0, Math.max(1, high * 1.1)] } },
        cursor: { drag: { x: false, y: false } },
        axes: [{ ...axis, size: 32, space: 72, values: (_, ticks, __, ___, step) => differing(ticks.map((at) => this.tick(at, step))) }, { ...axis, size: 56, incrs: WHOLE, values: (_, ticks) => ticks.map(compact) }],
        series: [
          { label: "time", value: (_, at) => (at ? new Date(at * 1000).toLocaleString([], DAY_AND_TIME) : "–") },
          {
            label: this.label,
            stroke: colour("--accent"),
            fill: `color-mix(in srgb, ${colour("--accent")} 18%, transparent)`,
            width: 2,
            points: { show: false },
            value: (_, value) => (value === null || value === undefined ? "–" : number(value)),
          },
        ],
      },
      this.data,
      this.place,
    );
  }
}
