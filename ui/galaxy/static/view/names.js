// Names in the sky: the chosen category, then the regions that are as large on the screen as a name wants, so that
// finer ones appear with zoom. No two overlap.

import { make } from "../side/dom.js";

const ROOM = 38_000; // square pixels of the view for one name
const GAP = 8; // pixels between names
const SMALL = 46; // pixels: radius on the screen from which a region is named
const LARGE = 420; // and up to which

export class Names {
  /** `view` has project(place), `markers` are the chart's; `regions` come later, largest first. */
  constructor(element, view, markers) {
    Object.assign(this, { element, view, markers, regions: [], tags: new Map(), chosen: -1 });
  }

  /** Name regions: {name, x, y, z, radius, count}. */
  name(regions) {
    for (const tag of this.tags.values()) tag.element.remove();
    this.tags.clear();
    this.regions = regions;
    this.update();
  }

  /** Set positions of the markers, and the number of the chosen one or -1. */
  show({ places, sizes }, chosen) {
    Object.assign(this, { places, sizes, chosen });
    this.update();
  }

  /** Move the names to where their regions appear now, at most once a frame. */
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
    const taken = [];
    const shown = new Set();
    const put = (key, text, seen, style) => {
      const tag = this.#tag(key, text);
      const box = { x: seen[0] - tag.width / 2, y: seen[1] - tag.height / 2, width: tag.width, height: tag.height };
      const free = box.x > left && box.y > 2 && box.x + box.width < width - 2 && box.y + box.height < height - 2
        && taken.every((other) => apart(box, other));
      if (!free) return;
      tag.element.style.transform = `translate(${Math.round(box.x)}px, ${Math.round(box.y)}px)`;
      tag.element.className = style;
      taken.push(box);
      shown.add(key);
    };
    if (this.chosen >= 0) {
      const seen = this.view.project(this.places[this.chosen]);
      if (seen) put(`m${this.chosen}`, this.markers[this.chosen].path.split(" > ").at(-1), [seen[0], seen[1] + this.sizes[this.chosen] / 2 + 8], "galaxy-chosen");
    }
    const said = new Set();
    const scale = height / (2 * Math.tan(Math.PI / 8));
    this.regions.forEach((region, i) => {
      if (taken.length >= most || said.has(region.name)) return;
      const seen = this.view.project(region);
      const radius = seen && (region.radius * scale) / seen[2];
      if (!seen || radius < SMALL || radius > LARGE) return;
      put(i, region.name, seen, radius > 150 ? "galaxy-wide" : "");
      if (shown.has(i)) said.add(region.name);
    });
    for (const [key, tag] of this.tags) tag.element.hidden = !shown.has(key);
  }

  #tag(key, text) {
    if (!this.tags.has(key)) {
      const element = make("span", {}, text);
      this.element.append(element);
      this.tags.set(key, { element, width: element.offsetWidth, height: element.offsetHeight });
    }
    return this.tags.get(key);
  }
}

const apart = (a, b) =>
  a.x > b.x + b.width + GAP || b.x > a.x + a.width + GAP || a.y > b.y + b.height || b.y > a.y + a.height;
