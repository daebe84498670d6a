// The galaxy: holds what is chosen, found and filtered together, and tells the view, the panel and the legend of it.

import { Chart } from "./chart.js";
import { colourBy, DUST, litStars, shade, starLooks } from "./colours.js";
import { make, many } from "./dom.js";
import { Filters } from "./filters.js";
import { Flat } from "./flat.js";
import { listen } from "./keys.js";
import { follow, readLink, share } from "./link.js";
import { Names } from "./names.js";
import { foundPanel, productPanel, starPanel } from "./panel.js";
import { hasWebGL, Sky } from "./sky.js";
import { Tip } from "./tip.js";

const MOST_LINES = 2000;
const NARROW = window.matchMedia("(max-width: 760px)"); // as in galaxy.css: the panel is below the sky
const NO_WEBGL = "This browser shows no 3D (WebGL is off or missing), so the galaxy is drawn flat.";

/**
 * Open the galaxy in `element`, the component's.
 *
 * `server` has product, star and find (`ui/tabs/galaxy.py`), which answer {refused: sentence} where they cannot; `send` tells
 * Gradio of an event; `props.value` names the products a search found, and `watch` says when it is another search.
 */
export async function start({ element, server, props, watch, send }) {
  const root = element.querySelector(".sky");
  const galaxy = new Galaxy(root, server, send);
  let opened = false;
  watch("value", () => opened && props.value && galaxy.showFound(props.value));
  try {
    await galaxy.open();
    opened = true;
    await (props.value ? galaxy.showFound(props.value) : follow(galaxy, readLink(window.location.search)));
  } catch (error) {
    galaxy.say(error.message, true);
    throw error;
  }
}

class Galaxy {
  constructor(root, server, send) {
    Object.assign(this, { root, server, send, chosen: null, found: null, trail: [] });
    this.parts = Object.fromEntries(["controls", "stage", "holder", "view", "names", "tip", "home", "panel", "legend", "status", "alert"].map((name) => [name, root.querySelector(`.sky-${name}`)]));
    const close = () => this.close();
    this.go = {
      product: (row) => this.choose(row), category: (path) => this.only({ category: path }), link: () => share(this),
      send: (name, product_id) => send(name, { product_id }), close,
    };
  }

  async open() {
    this.say("Opening the galaxy …");
    const solid = hasWebGL();
    const heard = { hover: (hit, x, y) => this.hover(hit, x, y), click: (hit) => this.click(hit), moved: () => this.names?.update() };
    const opened = [Chart.open(this.root.dataset.version), (solid ? Sky : Flat).open(this.parts.view, heard)];
    [this.chart, this.view] = await Promise.all(opened);
    this.tip = new Tip(this.parts.tip, this.parts.holder, this.chart);
    this.filters = new Filters(this.chart, {
      heard: {
        asked: () => this.say("", true), changed: () => this.repaint(), layout: (name) => this.lay(name), colour: () => this.repaint(true),
        star: (path) => (path ? this.chooseStar(path) : this.close()), refused: (sentence) => this.say(sentence, true),
      },
      find: (text) => this.server.find(text),
    });
    this.parts.controls.replaceChildren(this.filters.element);
    if (!solid) {
      this.filters.layout = this.filters.fields.layout.value = "umap2";
      this.parts.controls.append(make("p", { class: "hint sky-note", role: "note" }, NO_WEBGL));
    }
    this.place = await this.chart.layout(this.filters.layout);
    this.coloured = colourBy(this.chart, this.filters.scheme);
    this.starPlaces = this.chart.starPlaces(this.place);
    const { paint, sizes } = this.shade();
    await this.view.draw({ place: this.place, sizes, paint, stars: this.stars() });
    this.names = new Names(this.parts.names, this.view, this.chart.stars);
    this.name();
    performance.mark("galaxy-drawn");
    this.root.dataset.drawn = String(this.chart.rows);
    this.legend();
    this.parts.holder.addEventListener("pointerleave", () => this.hover(null));
    this.parts.home.addEventListener("click", () => this.view.fly(null));
    listen(this);
  }

  /** What is going on, or what went wrong; the latter stays until something is asked again. */
  say(sentence, wrong = false) {
    this.parts[wrong ? "alert" : "status"].textContent = sentence;
  }

  /** What the view paints: colours and sizes of all products, by filters, chosen category and found products. */
  shade() {
    const members = this.chosen?.star && this.chosen.members;
    const found = this.found && new Set(this.found.rows);
    const { codes, sizes, shown } = shade(this.coloured.codes, this.filters.mask(), members, found);
    const lit = litStars(this.chart, codes);
    if (members) lit[this.starNumber(this.chosen.star)] = 1;
    Object.assign(this, { codes, shown, litStars: lit });
    return { paint: { codes, palette: this.coloured.palette }, sizes };
  }

  stars() {
    return { places: this.starPlaces, lit: this.litStars, ...starLooks(this.chart, this.filters.scheme, this.litStars) };
  }

  /** Names beside the stars, and the chosen one in the list of stars. */
  name() {
    this.names.show(this.stars(), this.chosen?.star ? this.starNumber(this.chosen.star) : -1);
    this.filters.showStar(this.chosen?.star);
  }

  async repaint(recolour = false) {
    if (recolour) {
      if (this.filters.scheme === "brand") await this.chart.brandNames();
      this.coloured = colourBy(this.chart, this.filters.scheme);
    }
    const { paint, sizes } = this.shade();
    this.legend();
    this.name();
    await this.view.paint(paint, sizes, this.stars());
    this.root.dataset.shown = String(this.shown);
  }

  async lay(name) {
    this.place = await this.chart.layout(name);
    this.starPlaces = this.chart.starPlaces(this.place);
    await this.view.move(this.place, this.stars());
    this.name();
    await this.connect();
  }

  at(row) {
    return { x: this.place.x[row], y: this.place.y[row], z: this.place.z[row] };
  }

  click(hit) {
    if (!hit) return;
    if (hit.star !== undefined) this.chooseStar(this.chart.stars[hit.star].path);
    else if (this.lit(hit.product)) this.choose(hit.product);
  }

  lit(row) {
    return this.codes[row] !== DUST;
  }

  /** A product: photo and facts, its neighbours, a line to each. */
  async choose(which, flight = true) {
    const turn = (this.turn = {});
    const details = await this.ask("product", typeof which === "number" ? { row: which } : which);
    if (!details || this.turn !== turn) return;
    this.chosen = { product: details.row, details };
    if (!this.trail.includes(details.row)) this.trail.push(details.row);
    this.show(productPanel(details, this.go));
    await this.connect();
    await this.repaint();
    if (flight) await this.view.fly(this.at(details.row), details.neighbours.map((one) => this.at(one.row)));
  }

  /** A star: gravity lines to its products, and those nearest and farthest. */
  async chooseStar(path, flight = true) {
    const turn = (this.turn = {});
    const details = await this.ask("star", path);
    if (!details || this.turn !== turn) return;
    const rows = this.chart.members(path);
    const step = Math.max(1, rows.length / MOST_LINES);
    const ends = Array.from({ length: Math.ceil(rows.length / step) }, (_, i) => rows[Math.floor(i * step)]);
    this.chosen = { star: path, members: new Set(rows), ends };
    this.found = null;
    this.show(starPanel(details, this.chart.children(path), ends.length, this.go));
    await this.repaint(); // the star is lit before its lines take its colour
    await this.connect();
    if (flight) await this.view.fly(this.starPlaces[this.starNumber(path)], ends.map((row) => this.at(row)));
  }

  starNumber(path) {
    return this.chart.stars.findIndex((node) => node.path === path);
  }

  /** What a search found, or the neighbours among which a visitor's own product lies, lit up and flown to. */
  async showFound({ name, products, own }) {
    this.turn = {};
    this.chosen = null;
    this.found = { rows: products.map((one) => one.row), products, own };
    this.show(foundPanel(name, products, this.go));
    await this.connect();
    await this.repaint();
    if (products.length) await this.view.fly(this.middle(), this.found.rows.map((row) => this.at(row)));
  }

  /** Where found products lie: their mean, by similarity; a visitor's own product is put there. */
  middle() {
    const sum = { x: 0, y: 0, z: 0 };
    let total = 0;
    for (const { row, similarity } of this.found.products) {
      const weight = Math.max(similarity, 0.01) ** 4;
      total += weight;
      for (const axis of ["x", "y", "z"]) sum[axis] += weight * this.place[axis][row];
    }
    return { x: sum.x / total, y: sum.y / total, z: sum.z / total };
  }

  async connect() {
    const { chosen, found, view } = this;
    this.root.dataset.lines = String(chosen?.star ? chosen.ends.length : 0);
    if (chosen?.star) {
      const number = this.starNumber(chosen.star);
      await view.mark(null);
      return view.lines(this.starPlaces[number], chosen.ends.map((row) => this.at(row)), this.stars().colours[number]);
    }
    if (chosen) {
      const here = this.at(chosen.product);
      await view.mark(here);
      return view.lines(here, chosen.details.neighbours.map((one) => this.at(one.row)), "#8fb0ff");
    }
    const own = found?.own && found.products.length ? this.middle() : null;
    await view.mark(own);
    return view.lines(own, own ? found.rows.map((row) => this.at(row)) : [], "#8fb0ff");
  }

  async close() {
    this.turn = {};
    if (this.chosen) this.chosen = null;
    else this.found = null;
    this.trail = [];
    if (this.found) this.show(foundPanel("Found", this.found.products, this.go));
    else this.hide();
    await this.connect();
    await this.repaint();
  }

  only(filters) {
    this.chosen = this.found = null;
    this.hide();
    this.connect();
    return this.filters.set(filters);
  }

  show(content) {
    this.parts.panel.replaceChildren(content);
    this.parts.panel.hidden = false;
    this.parts.stage.classList.add("sky-told"); // the view makes room for the panel
    this.name();
    this.parts.panel.scrollTop = 0;
    if (NARROW.matches) this.parts.stage.scrollIntoView(); // the sky with its lines, and the head of the panel
  }

  hide() {
    this.parts.panel.hidden = true;
    this.parts.stage.classList.remove("sky-told");
    this.name();
  }

  async ask(name, question) {
    this.say("", true);
    try {
      const answer = await this.server[name](question);
      if (!answer.refused) return answer;
      this.say(answer.refused, true);
    } catch {
      this.say("The server did not answer; try again.", true);
    }
    return null;
  }

  hover(hit, x, y) {
    this.parts.holder.classList.toggle("sky-over", Boolean(hit));
    if (hit?.star !== undefined) this.tip.star(this.chart.stars[hit.star], x, y);
    else if (hit && this.lit(hit.product)) this.tip.product(hit.product, x, y);
    else this.tip.hide();
  }

  legend() {
    const { codes, legend, palette } = this.coloured;
    const counts = new Uint32Array(palette.length);
    codes.forEach((code, row) => { if (this.lit(row)) counts[code]++; });
    const chips = legend.map(({ name, colour, code, choice }) => {
      const dot = make("span", {});
      dot.style.background = colour;
      const chip = make(choice ? "button" : "div", choice ? { type: "button" } : {}, dot, name, " ", make("i", {}, many(counts[code])));
      if (choice) chip.addEventListener("click", () => this.only(choice));
      return make("li", counts[code] ? {} : { class: "sky-none" }, chip);
    });
    this.parts.legend.replaceChildren(...chips);
    this.say(`${many(this.shown)} of ${many(this.chart.rows)} products shown, ${many(this.chart.stars.length)} stars.`);
  }
}
