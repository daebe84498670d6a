// The tooltip beside the mouse: a category's name and count, or a product's title and photo, fetched once the mouse rests.

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
      const title = await this.chart.source.title(row);
      if (this.shown !== row) return;
      const category = this.chart.header.categories[this.chart.columns.category[row] - 1];
      this.#put(x, y, picture(this.chart.source.photo(row)), make("b", { dir: "auto" }, title || "untitled"), make("span", {}, category ?? "no category"));
    }, PAUSE);
  }

  #put(x, y, ...content) {
    this.element.replaceChildren(...content);
    this.element.hidden = false;
    const within = (at, size, room) => `${Math.max(4, at + APART + size > room - 4 ? at - APART - size : at + APART)}px`;
    this.element.style.left = within(x, this.element.offsetWidth, this.holder.clientWidth);
    this.element.style.top = within(y, this.element.offsetHeight, this.holder.clientHeight);
  }
}
