// The tooltip beside the mouse: a category's name and count, or a product's title and photo, fetched once the mouse rests.

import { address } from "./chart.js";
import { make, many, picture } from "./dom.js";

const PAUSE = 120; // ms
const APART = 14; // pixels from the mouse

export class Tip {
  constructor(element, holder, chart) {
    Object.assign(this, { element, holder, chart });
  }

  hide() {
    clearTimeout(this.resting);
    this.shown = null;
    this.element.hidden = true;
  }

  marker({ path, count }, x, y) {
    this.hide();
    this.#put(x, y, make("b", {}, path), make("span", {}, `${many(count)} products`));
  }

  product(row, x, y) {
    if (this.shown === row) return;
    this.hide();
    this.shown = row;
    this.resting = setTimeout(async () => {
      const answer = await fetch(address(`title/${row}?v=${this.chart.version}`));
      if (!answer.ok) return;
      const { title } = await answer.json();
      if (this.shown !== row) return;
      const category = this.chart.header.categories[this.chart.columns.category[row] - 1];
      this.#put(x, y, picture(address(`thumbnail/${row}`)), make("b", { dir: "auto" }, title || "untitled"), make("span", {}, category ?? "no category"));
    }, PAUSE);
  }

  #put(x, y, ...content) {
    const box = this.holder.getBoundingClientRect();
    this.element.replaceChildren(...content);
    this.element.hidden = false;
    const within = (at, size, room) => `${Math.max(4, Math.min(at + APART, room - size - 4))}px`;
    this.element.style.left = within(x - box.left, this.element.offsetWidth, box.width);
    this.element.style.top = within(y - box.top, this.element.offsetHeight, box.height);
  }
}
