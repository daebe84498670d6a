// Histograms of the catalogue's columns that filter one another: a click on a bar keeps its products.

import { make, many } from "./dom.js";

const FIRST = 6; // columns that are unfolded

export class Facets {
  /** `columns` are the chart's (`Chart.facets`); `changed` is called after a click. */
  constructor(columns, changed) {
    Object.assign(this, { columns, changed, chosen: new Map() });
  }

  get active() {
    return this.chosen.size > 0;
  }

  clear() {
    this.chosen.clear();
  }

  /** Whether a row passes the chosen bars, as a function; without those of one column. */
  mask(without = null) {
    const wanted = [...this.chosen].filter(([id]) => id !== without);
    if (!wanted.length) return null;
    const tests = wanted.map(([id, bars]) => [this.columns.find((column) => column.id === id).bars, bars]);
    return (row) => tests.every(([bars, chosen]) => chosen.has(bars[row]));
  }

  /**
   * Elements of all columns. `passes(column id)` gives the test of the products that are counted, which leaves out the
   * column's own bars; `compared` those in outline behind them, or null.
   */
  draw(passes, compared = null) {
    return this.columns.map((column, i) => this.#column(column, counted(column, passes(column.id)), compared && counted(column, compared), i < FIRST));
  }

  #column(column, counts, others, open) {
    const bars = column.kind === "number" ? column.edges.slice(1).map((_, i) => this.#range(column, i)) : column.names;
    const total = sum(counts) || 1;
    const among = others ? sum(others) || 1 : 1;
    const share = (i) => counts[i + 1] / total;
    const other = (i) => (others ? others[i + 1] / among : 0);
    const most = Math.max(...bars.map((_, i) => Math.max(share(i), other(i)))) || 1;
    const chosen = this.chosen.get(column.id);
    const list = make("div", { class: column.kind === "number" ? "galaxy-bins" : "galaxy-bars", role: "group", "aria-label": column.label });
    bars.forEach((name, i) => {
      const label = `${name}: ${many(counts[i + 1])}${others ? `, ${Math.round(100 * share(i))}% of the selection, ${Math.round(100 * other(i))}% of the rest` : ""}`;
      const bar = make("button", { type: "button", title: label, "aria-label": label, "aria-pressed": String(Boolean(chosen?.has(i + 1))), "data-bar": `${column.id} ${i}` },
        make("span", {}, column.kind === "number" ? "" : name), make("i", {}, column.kind === "number" ? "" : many(counts[i + 1])));
      bar.style.setProperty("--share", String(share(i) / most));
      bar.style.setProperty("--other", String(other(i) / most));
      bar.addEventListener("click", () => this.#toggle(column.id, i + 1));
      list.append(bar);
    });
    const ends = column.kind === "number" ? make("p", { class: "galaxy-ends" }, make("span", {}, short(column.edges[0])), make("span", {}, short(column.edges.at(-1)))) : null;
    const folded = make("details", chosen ? { class: "galaxy-set" } : {}, make("summary", {}, column.label), list, ends);
    folded.open = this.folds?.get(column.id) ?? open;
    folded.addEventListener("toggle", () => (this.folds ??= new Map()).set(column.id, folded.open));
    return folded;
  }

  #range({ edges }, i) {
    return `${short(edges[i])} to ${short(edges[i + 1])}`;
  }

  #toggle(id, bar) {
    const chosen = this.chosen.get(id) ?? new Set();
    if (!chosen.delete(bar)) chosen.add(bar);
    if (chosen.size) this.chosen.set(id, chosen);
    else this.chosen.delete(id);
    this.changed();
  }
}

const short = (value) => Number(value.toPrecision(3)).toLocaleString("en-GB");
const sum = (counts) => counts.reduce((all, one) => all + one, 0) - counts[0];

function counted({ bars }, passes) {
  const counts = new Uint32Array(256);
  for (let row = 0; row < bars.length; row++) if (!passes || passes(row)) counts[bars[row]]++;
  return counts;
}
