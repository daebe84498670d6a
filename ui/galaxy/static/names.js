// Names beside the category markers, as many as have room: the chosen one first, then the largest.

import { make } from "./dom.js";

const ROOM = 24_000; // square pixels of the view for one name
const GAP = 6; // pixels between names

export class Names {
  /** `view` has project(place), `markers` are the chart's, largest first. */
  constructor(element, view, markers) {
    Object.assign(this, { element, view, markers, tags: new Map(), chosen: -1 });
  }

  /** Set positions and sizes of the markers, which of them are visible, and the number of the chosen one or -1. */
  show({ places, sizes, visible }, chosen) {
    Object.assign(this, { places, sizes, visible, chosen });
    this.update();
  }

  /** Move the names to where their markers appear now, at most once a frame. */
  update() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.#place();
    });
  }

  #place() {
    const { clientWidth: width, clientHeight: height } = this.element;
    const left = 2 - this.element.offsetLeft; // the element may extend beyond the left edge
    const most = Math.max(5, Math.round((width * height) / ROOM));
    const order = this.markers.map((_, i) => i).sort((a, b) => (b === this.chosen) - (a === this.chosen) || a - b);
    const taken = [];
    for (const number of order) {
      const tag = this.#tag(number);
      const seen = this.visible[number] && taken.length < most ? this.view.project(this.places[number]) : null;
      const box = seen && { x: seen[0] - tag.width / 2, y: seen[1] + this.sizes[number] / 2 + 2, width: tag.width, height: tag.height };
      const free = box && box.x > left && box.y > 2 && box.x + box.width < width - 2 && box.y + box.height < height - 2
        && taken.every((other) => apart(box, other));
      tag.element.hidden = !free;
      tag.element.classList.toggle("galaxy-chosen", number === this.chosen);
      if (!free) continue;
      tag.element.style.transform = `translate(${Math.round(box.x)}px, ${Math.round(box.y)}px)`;
      taken.push(box);
    }
  }

  #tag(number) {
    if (!this.tags.size) {
      const made = this.markers.map(({ path }) => make("span", {}, path.split(" > ").at(-1)));
      this.element.replaceChildren(...made);
      made.forEach((element, i) => this.tags.set(i, { element, width: element.offsetWidth, height: element.offsetHeight }));
    }
    return this.tags.get(number);
  }
}

const apart = (a, b) =>
  a.x > b.x + b.width + GAP || b.x > a.x + a.width + GAP || a.y > b.y + b.height || b.y > a.y + a.height;
