// The controls above the galaxy, and which products pass the filters; the others are dimmed.

import { byCount, FAULT, NO_CONFIDENCE, readMask } from "../data/chart.js";
import { SCHEMES } from "../data/colors.js";
import { make, many } from "./dom.js";

const PAUSE = 250; // ms after the last letter
const MAX_SUGGESTIONS = 40; // names that a field offers while someone types
const LAYOUTS = [["umap3", "In space"], ["umap2", "Flat map"], ["pca", "In space, by PCA"]];
const EMPTY = { text: "", category: "", brand: "", split: "", language: "", wrong: false, unsure: false, below: 50 };

export class Filters {
  /**
   * `callbacks` has started(), changed(), cleared(), layout(name), color(scheme), marker(path) and refused(sentence);
   * `find` asks for the rows that contain a text. The state is `wanted`, `kept`, `layout` and `scheme`.
   */
  constructor(chart, { callbacks, find }) {
    Object.assign(this, { chart, callbacks, find, wanted: { ...EMPTY }, layout: "umap3", scheme: "category", textMask: null, kept: null });
    const missing = new Set(chart.header.missing);
    this.fields = {};
    const layout = this.#select("layout", "View", LAYOUTS, (value) => { this.layout = value; callbacks.layout(value); });
    const schemes = SCHEMES.filter((scheme) => !missing.has(scheme.needs)).map(({ id, label }) => [id, label]);
    const scheme = this.#select("scheme", "Color by", schemes, (value) => { this.scheme = value; callbacks.color(value); });
    const text = this.#text("text", "Words in title or brand", "search");
    const row = [layout, scheme, this.#markers(), text];
    const more = [];
    if (!missing.has("categories")) more.push(this.#text("category", "Category", "text", () => this.#categories()));
    if (!missing.has("brands")) more.push(this.#text("brand", "Brand", "text", () => this.chart.brands ?? []));
    for (const [name, label] of [["split", "Part (split)"], ["language", "Language"]]) {
      const names = chart.header[`${name}s`];
      if (names.length) more.push(this.#select(name, label, [["", "all"], ...names.map((one) => [one, one])], () => this.#change(name)));
    }
    if (!missing.has("predictions")) more.push(this.#check("wrong", "Wrong predictions only"));
    if (!missing.has("confidences")) more.push(this.#check("unsure", "Confidence below"), this.#range());
    const clear = make("button", { type: "button", class: "galaxy-clear" }, "Clear filters");
    clear.addEventListener("click", () => this.clear());
    this.summary = make("summary", {}, "Filters");
    const folded = make("details", { class: "galaxy-more" }, this.summary, make("div", { class: "galaxy-row" }, ...more, clear));
    this.element = make("form", { class: "galaxy-filters" }, make("div", { class: "galaxy-row" }, ...row), folded);
    this.element.addEventListener("submit", (event) => event.preventDefault());
    this.fields.brand?.addEventListener("focus", () => chart.brandNames(), { once: true });
    if (missing.size) {
      const list = [...missing].join(", ");
      this.element.append(make("p", { class: "hint" }, `This catalogue has no ${list}, so the filters and colors that need them are missing.`));
    }
  }

  get active() {
    return this.#count > 0;
  }

  get #count() {
    const { below, ...rest } = this.wanted;
    return Object.values(rest).filter(Boolean).length + (this.kept ? 1 : 0);
  }

  /** Show only some products (a set of rows), or all again for null. */
  keep(rows) {
    this.kept = rows;
    this.callbacks.changed();
  }

  /** Whether a row passes, as a function; null without a filter. */
  mask() {
    this.summary.textContent = this.active ? `Filters (${this.#count} set)` : "Filters";
    if (!this.active) return null;
    const { wanted, chart } = this;
    const { category, brand, split, language, correct, confidence } = chart.columns;
    const categories = wanted.category && new Set(chart.tree.get(wanted.category).numbers);
    const number = (names, name) => (name ? names.indexOf(name) + 1 : 0);
    const brandNumber = number(chart.brands ?? [], wanted.brand);
    const splitNumber = number(chart.header.splits, wanted.split);
    const languageNumber = number(chart.header.languages, wanted.language);
    const most = (254 * wanted.below) / 100;
    const mask = new Uint8Array(chart.rows);
    for (let row = 0; row < chart.rows; row++) {
      mask[row] = (!categories || categories.has(category[row])) && (!brandNumber || brand[row] === brandNumber)
        && (!splitNumber || split[row] === splitNumber) && (!languageNumber || language[row] === languageNumber)
        && (!wanted.wrong || correct[row] === FAULT.near || correct[row] === FAULT.wrong)
        && (!wanted.unsure || (confidence[row] !== NO_CONFIDENCE && confidence[row] < most))
        && (!this.textMask || this.textMask[row]) && (!this.kept || this.kept.has(row)) ? 1 : 0;
    }
    return (row) => mask[row] === 1;
  }

  /** Set filters as if they had been typed; a value that this catalogue does not have is reported and left out. */
  async set(wanted) {
    this.callbacks.started();
    for (const [name, value] of Object.entries(wanted)) {
      const field = this.fields[name];
      if (!field) continue;
      if (field.type === "checkbox") field.checked = Boolean(value);
      else field.value = value;
      if (name === "below") field.dispatchEvent(new Event("input"));
      await this.#change(name, true);
    }
    this.callbacks.changed();
  }

  clear() {
    this.kept = null;
    this.callbacks.cleared();
    return this.set(EMPTY);
  }

  focus() {
    this.fields.text.focus();
  }

  /** Select a category in the list of markers; none for undefined. */
  showMarker(path) {
    this.fields.marker.value = path ?? "";
  }

  async #change(name, quiet = false) {
    if (!quiet) this.callbacks.started();
    const field = this.fields[name];
    let value = field.type === "checkbox" ? field.checked : field.value.trim();
    if (name === "brand" && value) await this.chart.brandNames();
    const unknown = (name === "category" && value && !this.chart.tree.has(value))
      || (name === "brand" && value && !this.chart.brands.includes(value));
    field.setCustomValidity?.(unknown ? "unknown" : "");
    if (unknown) {
      this.callbacks.refused(`No ${name} of this catalogue is called "${value}".`);
      value = "";
    }
    if (name === "text") {
      const turn = (this.turn = {});
      const answer = value ? await this.find(value) : null;
      if (this.turn !== turn) return; // a newer text was typed meanwhile
      if (answer?.refused) return this.callbacks.refused(answer.refused);
      this.textMask = answer && readMask(answer.mask, this.chart.rows);
    }
    this.wanted[name] = name === "below" ? Number(value) : value;
    if (!quiet) this.callbacks.changed();
  }

  #categories() {
    this.names ??= [...this.chart.tree.values()].sort(byCount).map((node) => node.path);
    return this.names;
  }

  /** List of all markers by name, for the keyboard and for screen readers. */
  #markers() {
    const markers = [...this.chart.markers].sort((a, b) => (a.path < b.path ? -1 : 1));
    const list = this.#select("marker", "Go to category", [["", "none"]], (path) => this.callbacks.marker(path));
    for (const top of this.chart.tops) {
      const below = markers.filter(({ path }) => path.startsWith(`${top.path} > `));
      const options = below.map(({ path, count }) => make("option", { value: path }, `${path.split(" > ").at(-1)} (${many(count)})`));
      if (options.length) list.querySelector("select").append(make("optgroup", { label: top.path }, ...options));
    }
    return list;
  }

  #select(name, label, options, changed) {
    const select = make("select", { name }, ...options.map(([value, text]) => make("option", { value }, text)));
    select.addEventListener("change", () => changed(select.value));
    this.fields[name] = select;
    return make("label", { class: "galaxy-field" }, make("span", {}, label), select);
  }

  #text(name, label, type, names = null) {
    const field = make("input", { name, type, autocomplete: "off", maxlength: "300" });
    const parts = [make("span", {}, label), field];
    if (names) {
      const list = make("datalist", { id: `galaxy-${name}-names` });
      field.setAttribute("list", list.id);
      const offer = () => {
        const part = field.value.toLowerCase();
        const matches = [];
        for (const one of names()) {
          if (one.toLowerCase().includes(part) && matches.push(one) === MAX_SUGGESTIONS) break;
        }
        list.replaceChildren(...matches.map((value) => make("option", { value })));
      };
      field.addEventListener("focus", offer);
      field.addEventListener("input", offer);
      parts.push(list);
    }
    const apply = () => {
      clearTimeout(this.typing);
      if (field.value.trim() !== this.wanted[name]) this.#change(name);
    };
    // a text filters while it is typed; a name does as soon as it is one, and is reported when it is none in the end
    field.addEventListener("input", () => {
      clearTimeout(this.typing);
      if (!names || !field.value || names().includes(field.value)) this.typing = setTimeout(apply, PAUSE);
    });
    field.addEventListener("change", apply);
    this.fields[name] = field;
    return make("label", { class: "galaxy-field" }, ...parts);
  }

  #check(name, label) {
    const box = make("input", { name, type: "checkbox" });
    box.addEventListener("change", () => this.#change(name));
    this.fields[name] = box;
    return make("label", { class: "galaxy-check" }, box, make("span", {}, label));
  }

  #range() {
    const range = make("input", { name: "below", type: "range", min: "5", max: "100", step: "5", value: String(EMPTY.below) });
    const output = make("output", {}, `${EMPTY.below}%`);
    range.addEventListener("input", () => { output.textContent = `${range.value}%`; });
    range.addEventListener("change", () => {
      output.textContent = `${range.value}%`;
      this.fields.unsure.checked = true;
      this.wanted.unsure = true;
      this.#change("below");
    });
    range.setAttribute("aria-label", "Confidence below, in percent");
    this.fields.below = range;
    return make("span", { class: "galaxy-check" }, range, output);
  }
}
