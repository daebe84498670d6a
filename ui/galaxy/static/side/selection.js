// A selection of products by a box or a lasso, its panel, what can be done with it, and the histograms of the columns.

import { writeMask } from "../data/chart.js";
import { button, make, many, percent } from "./dom.js";
import { Facets } from "./facets.js";
import { panel } from "./panel.js";

export class Selection {
  /** `rows` is a set of rows, or null for no selection; `facets` follow once they are needed. */
  constructor(galaxy) {
    Object.assign(this, { galaxy, rows: null, facets: null, compared: false, shownAs: null });
  }

  /** Take the rows within an outline: alone, or "add"ed to or "subtract"ed from what was selected. */
  async take(rows, how) {
    const before = how === "replace" ? [] : (this.rows ?? []);
    if (how === "subtract") {
      const gone = new Set(rows);
      this.rows = new Set([...before].filter((row) => !gone.has(row)));
    } else this.rows = new Set([...before, ...rows]);
    if (!this.rows.size) {
      this.rows = null;
      this.galaxy.hint("No products are selected.");
    }
    await this.#changed();
  }

  async invert() {
    const { chart } = this.galaxy;
    const passes = this.galaxy.filterTest();
    const rows = Array.from({ length: chart.rows }, (_, row) => row).filter((row) => !this.rows?.has(row) && (!passes || passes(row)));
    this.rows = rows.length ? new Set(rows) : null;
    await this.#changed();
  }

  clear() {
    this.rows = null;
    this.shownAs = null;
    this.facets?.clear();
    this.compared = false;
  }

  /** Whether a row is selected, as a function; null without a selection. */
  mask() {
    return this.rows && ((row) => this.rows.has(row));
  }

  async #changed() {
    const { choices } = this.galaxy;
    choices.turn = {};
    choices.chosen = choices.found = null;
    choices.connect();
    this.words = null;
    this.shownAs = "selection";
    await this.#load();
    await this.galaxy.repaint();
    this.open();
    if (!this.rows) return;
    const rows = this.rows;
    const answer = await this.galaxy.ask("selection", { mask: writeMask(rows, this.galaxy.chart.rows) });
    if (answer && this.rows === rows) {
      this.words = answer.words;
      this.open();
    }
  }

  /** Show the histograms of all that is shown. */
  async columns() {
    this.shownAs = "columns";
    await this.#load();
    this.open();
  }

  async #load() {
    this.facets ??= new Facets(await this.galaxy.chart.facets(), async () => {
      await this.galaxy.repaint();
      this.open();
    });
  }

  /** Draw the panel anew, if it is the one that is wanted, where it was scrolled to; false if it is not. */
  open() {
    if (!this.shownAs || !this.facets) return false;
    if (this.shownAs === "selection" && !this.rows) {
      this.galaxy.hide();
      return false;
    }
    const { panel: element } = this.galaxy.parts;
    const [scrolled, focused] = [element.scrollTop, element.contains(document.activeElement) ? document.activeElement.dataset.bar : null];
    this.galaxy.show(this.rows ? this.#selected() : this.#all(), false);
    element.scrollTop = scrolled;
    if (focused) element.querySelector(`[data-bar="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    return true;
  }

  #all() {
    return panel("Columns", { close: () => this.#close() },
      make("p", { class: "hint" }, "A click on a bar keeps its products; all other bars follow."), ...this.#histograms());
  }

  #selected() {
    const { galaxy } = this;
    const { correct } = galaxy.chart.columns;
    const judged = [...this.rows].filter((row) => correct[row]);
    const right = judged.filter((row) => correct[row] === 1).length;
    const facts = judged.length ? ` · ${percent(right / judged.length)} predicted right` : "";
    const rows = () => [...this.rows];
    const kinds = galaxy.source.exports.map((kind) => button(`Export ${kind === "csv" ? "CSV" : "Parquet"}`, () => this.#export(kind)));
    return panel(`${many(this.rows.size)} selected`, { close: () => this.#close() },
      make("p", { class: "hint" }, `of ${many(galaxy.chart.rows)} products${facts}`),
      this.words?.length ? make("p", { class: "galaxy-words" }, "What sets them apart: ", ...this.words.map((word) => make("b", {}, word))) : null,
      make("div", { class: "galaxy-actions" },
        button("Only these", () => galaxy.filters.keep(new Set(rows()))), button("Invert", () => this.invert()),
        galaxy.source.searches ? button("Find similar", () => galaxy.choices.alike(rows())) : null,
        button("Compare with the rest", () => { this.compared = !this.compared; this.open(); }, { "aria-pressed": String(this.compared) }), ...kinds),
      ...this.#histograms());
  }

  #histograms() {
    const filters = this.galaxy.filterTest(false);
    const selected = this.mask();
    const all = (...tests) => {
      const wanted = tests.filter(Boolean);
      return wanted.length ? (row) => wanted.every((passes) => passes(row)) : null;
    };
    const rest = this.compared && selected ? all(filters, (row) => !selected(row)) : null;
    return this.facets.draw((id) => all(filters, selected, this.facets.mask(id)), rest);
  }

  async #close() {
    this.clear();
    this.galaxy.hide();
    await this.galaxy.repaint();
  }

  async #export(kind) {
    const answer = await this.galaxy.ask("export_rows", { mask: writeMask(this.rows, this.galaxy.chart.rows), kind });
    if (!answer) return;
    const bytes = Uint8Array.from(atob(answer.file), (letter) => letter.charCodeAt(0));
    const link = make("a", { href: URL.createObjectURL(new Blob([bytes])), download: answer.name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    this.galaxy.say(`${many(this.rows.size)} products are in ${answer.name}.`);
  }
}
