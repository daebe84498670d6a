// What is chosen in the galaxy: a product, a category, found products or a selection; each has its panel and its lines.

import { writeMask } from "./data/chart.js";
import { share } from "./data/link.js";
import { categoryPanel, foundPanel, productPanel } from "./side/panel.js";

const MAX_LINES = 1500;
const LINE = "#8fb0ff";

export class Choices {
  constructor(galaxy) {
    Object.assign(this, { galaxy, chosen: null, found: null, trail: [] });
    this.go = {
      product: (row) => this.product(row), category: (path) => this.only({ category: path }), photo: (row) => galaxy.source.photo(row),
      link: () => share(galaxy), send: galaxy.send && ((name, product_id) => galaxy.send(name, { product_id })), close: () => this.close(),
    };
  }

  /** Choose a product by its row or {product_id}: its photo and facts, its neighbors, and a line to each of them. */
  async product(which, flight = true) {
    const { galaxy } = this;
    const turn = (this.turn = {});
    if (typeof which === "number") galaxy.view.ring(galaxy.at(which)); // at once; the answer follows
    const details = await galaxy.ask("product", typeof which === "number" ? { row: which } : which);
    if (!details || this.turn !== turn) return;
    this.chosen = { product: details.row, details };
    if (!this.trail.includes(details.row)) this.trail.push(details.row);
    galaxy.show(productPanel(details, this.go));
    this.connect();
    await galaxy.repaint();
    if (flight) await galaxy.view.fly(galaxy.at(details.row), details.neighbors.map((one) => galaxy.at(one.row)));
  }

  /** Choose a category: lines to its products, and the products nearest to its center and farthest from it. */
  async category(path, flight = true) {
    const { galaxy } = this;
    const { chart } = galaxy;
    const turn = (this.turn = {});
    const details = await galaxy.ask("category", path);
    if (!details || this.turn !== turn) return;
    const rows = chart.members(path);
    const step = Math.max(1, rows.length / MAX_LINES);
    const ends = Array.from({ length: Math.ceil(rows.length / step) }, (_, i) => rows[Math.floor(i * step)]);
    this.chosen = { category: path, members: new Set(rows), ends };
    this.found = null;
    galaxy.show(categoryPanel(details, chart.children(path), ends.length, this.go));
    await galaxy.repaint();
    this.connect();
    if (flight) await galaxy.view.fly(galaxy.markerPlaces[galaxy.markerNumber(path)], ends.map((row) => galaxy.at(row)));
  }

  /** Highlight products and fly to them: the results of a search, or the neighbors of a visitor's own product. */
  async highlight({ name, products, own_product: ownProduct }) {
    const { galaxy } = this;
    this.turn = {};
    this.chosen = null;
    this.found = { rows: products.map((one) => one.row), name, products, ownProduct };
    galaxy.show(foundPanel(name, products, this.go));
    this.connect();
    await galaxy.repaint();
    if (products.length) await galaxy.view.fly(this.middle(), this.found.rows.map((row) => galaxy.at(row)));
  }

  /** Mean position of the found products, weighted by similarity; a visitor's own product is placed there. */
  middle() {
    const { place } = this.galaxy;
    const sum = { x: 0, y: 0, z: 0 };
    let total = 0;
    for (const { row, similarity } of this.found.products) {
      const weight = Math.max(similarity, 0.01) ** 4;
      total += weight;
      for (const axis of ["x", "y", "z"]) sum[axis] += weight * place[axis][row];
    }
    return { x: sum.x / total, y: sum.y / total, z: sum.z / total };
  }

  connect() {
    const { chosen, found, galaxy } = this;
    const { view } = galaxy;
    galaxy.root.dataset.lines = String(chosen?.category ? chosen.ends.length : 0);
    if (chosen?.category) {
      const number = galaxy.markerNumber(chosen.category);
      view.ring(null);
      view.lines(galaxy.markerPlaces[number], number < 0 ? [] : chosen.ends.map((row) => galaxy.at(row)), galaxy.markers().colors[number]);
    } else if (chosen) {
      const here = galaxy.at(chosen.product);
      view.ring(here);
      view.lines(here, chosen.details.neighbors.map((one) => galaxy.at(one.row)), LINE);
    } else {
      const own = found?.ownProduct && found.products.length ? this.middle() : null;
      view.ring(own);
      view.lines(own, own ? found.rows.map((row) => galaxy.at(row)) : [], LINE);
    }
  }

  /** Products that are like those of a selection and not among them. */
  async alike(rows) {
    const answer = await this.galaxy.ask("similar_to", { mask: writeMask(rows, this.galaxy.chart.rows) });
    if (answer) await this.highlight({ name: "Similar to your selection", products: answer.products });
  }

  async close() {
    const { galaxy } = this;
    this.turn = {};
    if (this.chosen) this.chosen = null;
    else if (this.found) this.found = null;
    else galaxy.selection.clear();
    this.trail = [];
    if (this.found) galaxy.show(foundPanel(this.found.name, this.found.products, this.go));
    else if (!galaxy.selection.open()) galaxy.hide();
    this.connect();
    await galaxy.repaint();
  }

  only(filters) {
    this.chosen = this.found = null;
    this.galaxy.hide();
    this.connect();
    return this.galaxy.filters.set(filters);
  }
}
