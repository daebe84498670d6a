// Photos in place of points: where products are far enough apart on the screen, each shown one becomes its thumbnail.

import { make } from "../side/dom.js";

const SIDE = 46; // pixels
const MOST = 36;
const CLOSE = 2.2; // how much nearer than the whole the camera is when photos appear
const PAUSE = 140; // ms that the camera rests first

export class Photos {
  /** `photo(row)` gives an address, the promise of one, or null. */
  constructor(element, view, photo) {
    Object.assign(this, { element, view, photo, tags: new Map() });
  }

  update() {
    for (const [row, tag] of this.tags) this.#put(row, tag);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.#choose(), PAUSE);
  }

  #choose() {
    const { view } = this;
    const wanted = new Set(view.nearness >= CLOSE ? this.#nearest() : []);
    for (const [row, tag] of this.tags) {
      if (wanted.has(row)) continue;
      tag.remove();
      this.tags.delete(row);
    }
    for (const row of wanted) {
      if (this.tags.has(row)) continue;
      const tag = make("img", { alt: "", decoding: "async" });
      const none = () => tag.remove();
      tag.addEventListener("error", none, { once: true });
      Promise.resolve(this.photo(row)).then((address) => (address ? (tag.src = address) : none()), none);
      this.tags.set(row, tag);
      this.#put(row, tag);
      this.element.append(tag);
    }
    this.element.dataset.photos = String(this.tags.size);
  }

  /** Rows in view, nearest first, no two of whose photos overlap. */
  #nearest() {
    const { view } = this;
    const { x, y, depth } = view.screen();
    const { width, height, codes } = view;
    const seen = [];
    for (let row = 0; row < x.length; row++) {
      if (codes[row] && depth[row] && x[row] > 0 && y[row] > 0 && x[row] < width && y[row] < height) seen.push(row);
    }
    seen.sort((a, b) => depth[a] - depth[b] || a - b);
    const taken = new Map(); // cells of the screen -> places in them
    const chosen = [];
    for (const row of seen) {
      const [column, line] = [Math.floor(x[row] / SIDE), Math.floor(y[row] / SIDE)];
      const around = [-1, 0, 1].flatMap((i) => [-1, 0, 1].flatMap((j) => taken.get(`${column + i} ${line + j}`) ?? []));
      if (around.some(([ax, ay]) => Math.abs(ax - x[row]) < SIDE && Math.abs(ay - y[row]) < SIDE)) continue;
      chosen.push(row);
      if (chosen.length === MOST) break;
      const cell = `${column} ${line}`;
      taken.set(cell, [...(taken.get(cell) ?? []), [x[row], y[row]]]);
    }
    return chosen;
  }

  #put(row, tag) {
    const { x, y, depth } = this.view.screen();
    tag.hidden = !depth[row];
    tag.style.transform = `translate(${(x[row] - SIDE / 2).toFixed(1)}px, ${(y[row] - SIDE / 2).toFixed(1)}px)`;
  }
}
