// The sky: what is drawn in it, the camera, what lies under a pixel or within an outline, and flights.

import { along, apart, distance, FROM_ABOVE, matrix, projectAll, unit, whole } from "./camera.js";
import { FlatPainter } from "./canvas.js";
import { Painter } from "./gl.js";
import { Hand } from "./hand.js";

const FLIGHT = 700; // ms
const CLOSEST = 0.08; // smallest distance at the end of a flight
const LIMITS = { near: 0.02, far: 8 }; // distances of the camera from its center
const SEEN = 0.9; // share of the surrounding places that are in view at the end of a flight
const NEAR = 12; // pixels: largest distance of a click from a product
const DIM = 110; // of 255: how bright a product is that a filter leaves out
const RING = 22; // pixels
const CALM = window.matchMedia("(prefers-reduced-motion: reduce)");

export class View {
  /** `callbacks` has hover(hit or null, x, y), click(hit, event), drawn(outline, event), moved() and hint(sentence); a hit is {product: row} or {marker: number}. */
  constructor(holder, callbacks, { flat = false } = {}) {
    Object.assign(this, { holder, callbacks, codes: new Uint16Array(0) });
    const canvas = document.createElement("canvas");
    this.painter = flat ? null : Painter.on(canvas);
    this.solid = Boolean(this.painter);
    this.painter ??= new FlatPainter(canvas);
    holder.append(canvas);
    this.canvas = canvas;
  }

  /** Draw everything, once; later changes have functions of their own. */
  draw({ place, sizes, paint, markers }) {
    this.place = place;
    this.painter.set({ products: { place: joined(place), ...this.#looks(paint, sizes) }, markers: stars(markers) });
    this.markers = markers;
    this.#goHome();
    this.camera3 = this.home;
    this.#paintNow();
    this.hand = new Hand(this);
    new ResizeObserver(() => this.#resized()).observe(this.holder);
  }

  get flat() {
    return this.place.flat;
  }

  get limits() {
    return LIMITS;
  }

  move(place, markers) {
    this.place = place;
    this.markers = markers;
    this.painter.set({ products: { place: joined(place) }, markers: stars(markers) });
    this.#goHome();
    this.stand(this.home);
  }

  paint(paint, sizes, markers) {
    this.markers = markers;
    this.painter.set({ products: this.#looks(paint, sizes), markers: stars(markers) });
    this.render();
  }

  #looks({ codes, palette }, sizes) {
    this.codes = codes;
    const bytes = palette.map(rgb);
    const color = new Uint8Array(4 * codes.length);
    codes.forEach((code, row) => {
      color.set(bytes[code], 4 * row);
      color[4 * row + 3] = code ? 255 : DIM;
    });
    return { color, size: sizes };
  }

  /** Draw lines from a place to others; none for an empty list. */
  lines(from, to, color) {
    const tint = color && rgb(color);
    this.painter.set({ lines: {
      place: Float32Array.from(to.flatMap((end) => [from.x, from.y, from.z, end.x, end.y, end.z])),
      color: Uint8Array.from(to.flatMap(() => [...tint, 90, ...tint, 90])), size: new Float32Array(2 * to.length),
    } });
    this.render();
  }

  ring(place) {
    const places = place ? [place] : [];
    this.painter.set({ ring: {
      place: Float32Array.from(places.flatMap(({ x, y, z }) => [x, y, z])), color: new Uint8Array(4 * places.length).fill(255),
      size: new Float32Array(places.length).fill(RING),
    } });
    this.render();
  }

  /** Eye, center and up as nine numbers. */
  camera() {
    const { eye, center, up } = this.camera3;
    return [eye, center, up].flat().map((value) => Number(value.toFixed(4)));
  }

  look(numbers) {
    const [eye, center, up] = [0, 3, 6].map((at) => numbers.slice(at, at + 3));
    if (numbers.length === 9 && numbers.every(Number.isFinite) && apart(eye, center) > 0) this.stand({ eye, center, up: unit(up) });
  }

  /** Put the camera somewhere: {eye, center, up}. */
  stand(camera) {
    this.camera3 = camera;
    this.render();
  }

  /** Distance of the camera from its center, over the distance from which the whole is seen. */
  get nearness() {
    return this.home.far / apart(this.camera3.eye, this.camera3.center);
  }

  get width() {
    return this.holder.clientWidth;
  }

  get height() {
    return this.holder.clientHeight;
  }

  /** Position of a place on the screen, in pixels of the holder; null behind the camera. */
  project({ x, y, z }) {
    const m = matrix(this.camera3, this.width / this.height);
    const at = (row) => m[row] * x + m[4 + row] * y + m[8 + row] * z + m[12 + row];
    const deep = at(3);
    return deep > 0.01 ? [(0.5 + at(0) / deep / 2) * this.width, (0.5 - at(1) / deep / 2) * this.height, deep] : null;
  }

  /** Positions of all products on the screen (`projectAll`), computed once a camera. */
  screen() {
    const now = [...this.camera(), this.width, this.height].join();
    if (this.projected?.now !== now || this.projected.place !== this.place) {
      this.projected = { now, place: this.place, at: projectAll(this.place, this.camera3, this.width, this.height) };
    }
    return this.projected.at;
  }

  /** The marker at a pixel of the holder, or else the nearest product that is not dimmed. */
  find(px, py) {
    const near = (i) => {
      const at = this.markers.visible[i] && this.project(this.markers.places[i]);
      return at && Math.hypot(at[0] - px, at[1] - py) <= Math.max(7, this.markers.sizes[i] / 3);
    };
    const marker = this.markers.places.findIndex((_, i) => near(i));
    if (marker >= 0) return { marker };
    const { x, y, depth } = this.screen();
    let [best, product] = [NEAR, null];
    for (let row = 0; row < x.length; row++) {
      if (!this.codes[row] || !depth[row]) continue;
      const away = Math.hypot(x[row] - px, y[row] - py);
      if (away < best) [best, product] = [away, row];
    }
    return product === null ? null : { product };
  }

  /** Rows of the products within an outline on the screen ([[x, y], ...]) that pass a test of a row (null: all do). */
  within(outline, passes) {
    const { x, y, depth } = this.screen();
    const rows = [];
    for (let row = 0; row < x.length; row++) {
      if ((!passes || passes(row)) && depth[row] && inside(outline, x[row], y[row])) rows.push(row);
    }
    return rows;
  }

  /** Fly to a place, just close enough to see most of the places `around` it; null flies home. */
  async fly(place, around) {
    const start = [this.camera3.eye, this.camera3.center, this.camera3.up].flat();
    let end = [this.home.eye, this.home.center, this.home.up].flat();
    if (place) {
      const target = [place.x, place.y, place.z];
      const [eye, center, up] = [0, 3, 6].map((at) => start.slice(at, at + 3));
      const back = this.flat ? FROM_ABOVE.back : unit(eye.map((value, i) => value - center[i]));
      const aspect = (this.width + 2 * this.holder.offsetLeft) / this.height; // without the part that the panel covers
      const points = around.map(({ x, y, z }) => [x, y, z]);
      const needed = points.length ? distance(points, { center: target, back, up, aspect, share: SEEN }) : 0;
      const far = Math.min(this.home.far, Math.max(CLOSEST, needed));
      end = [along(target, back, far), target, up].flat();
    }
    const began = performance.now();
    const flight = (this.flight = {});
    for (let share = CALM.matches ? 1 : 0; this.flight === flight; ) {
      const eased = share * share * (3 - 2 * share);
      this.look(start.map((value, i) => value + eased * (end[i] - value)));
      if (share >= 1) {
        if (!place) this.stand(this.home);
        return;
      }
      await new Promise((next) => requestAnimationFrame(next));
      share = Math.min(1, (performance.now() - began) / FLIGHT);
    }
  }

  /** The view of a whole layout, which is also where a flight home ends. */
  #goHome() {
    const points = Array.from(this.place.x, (x, row) => [x, this.place.y[row], this.place.z[row]]);
    this.home = whole(points, { aspect: (this.width || 1) / (this.height || 1), flat: this.flat });
    this.homeShape = this.width / this.height;
  }

  #resized() {
    if (!this.width) return;
    const atHome = this.camera3 === this.home;
    if (Math.abs(this.homeShape / (this.width / this.height) - 1) > 0.02) this.#goHome();
    if (atHome) this.camera3 = this.home;
    this.#paintNow(); // at once: an empty canvas would flicker
  }

  render() {
    this.frame ??= requestAnimationFrame(() => this.#paintNow());
  }

  #paintNow() {
    this.frame = null;
    if (!this.width) return;
    this.painter.paint({ camera: this.camera3, width: this.width, height: this.height, usual: this.home.far });
    this.callbacks.moved();
  }
}

function inside(outline, x, y) {
  let within = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    const [[ax, ay], [bx, by]] = [outline[i], outline[j]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) within = !within;
  }
  return within;
}

function joined({ x, y, z }) {
  const all = new Float32Array(3 * x.length);
  for (let i = 0; i < x.length; i++) [all[3 * i], all[3 * i + 1], all[3 * i + 2]] = [x[i], y[i], z[i]];
  return all;
}

function stars({ places, sizes, colors, visible }) {
  const shown = places.map((_, i) => i).filter((i) => visible[i]);
  return {
    place: Float32Array.from(shown.flatMap((i) => [places[i].x, places[i].y, places[i].z])),
    color: Uint8Array.from(shown.flatMap((i) => [...rgb(colors[i]), 255])), size: Float32Array.from(shown, (i) => sizes[i]),
  };
}

const known = new Map();

/** Red, green and blue of "#rrggbb" or "rgb(r,g,b)", 0 to 255. */
function rgb(text) {
  if (!known.has(text)) {
    const hex = /^#(..)(..)(..)$/.exec(text);
    known.set(text, hex ? hex.slice(1).map((pair) => parseInt(pair, 16)) : text.match(/\d+/g).slice(0, 3).map(Number));
  }
  return known.get(text);
}
