// The galaxy without WebGL: the same chart on a canvas in two dimensions, with the functions that sky.js has.

const GROUND = "#0b0d13";
const NEAR = 12; // pixels: how far from a point a click may be
const STILL = 6;
const CLOSEST = 40; // times
const CLOSE = 16; // times: how near a flight ends
const SEEN = 0.9; // share of what lies around the end of a flight that is in view there
const ROUND = 20_000; // products up to which they are round, which takes longer
const ROOM = 1.06; // that is left at the edges

export class Flat {
  static async open(holder, heard) {
    const flat = new Flat();
    flat.holder = holder;
    flat.heard = heard;
    flat.canvas = document.createElement("canvas");
    flat.canvas.className = "sky-flat";
    holder.append(flat.canvas);
    flat.view = { x: 0, y: 0, zoom: 1 };
    flat.lineEnds = [];
    flat.marked = null;
    return flat;
  }

  async draw({ place, sizes, paint, stars }) {
    Object.assign(this, { place, sizes, coloured: paint, shown: stars });
    this.view = this.#whole();
    this.#listen();
    new ResizeObserver(() => this.#render()).observe(this.holder);
    this.#paintNow();
  }

  async move(place, stars) {
    Object.assign(this, { place, shown: stars });
    this.view = this.#whole();
    this.#render();
  }

  async paint(paint, sizes, stars) {
    Object.assign(this, { coloured: paint, sizes, shown: stars });
    this.#render();
  }

  async lines(from, to, colour) {
    this.lineEnds = to.map((end) => [from, end]);
    this.lineColour = colour;
    this.#render();
  }

  async mark(place) {
    this.marked = place;
    this.#render();
  }

  camera() {
    return [this.view.x, this.view.y, this.view.zoom].map((value) => Number(value.toFixed(3)));
  }

  async look([x, y, zoom]) {
    this.view = { x, y, zoom };
    this.#render();
  }

  /** Go to a place, near enough to see most of the places `around` it; null shows all. */
  async fly(place, around) {
    this.view = place ? { x: place.x, y: place.y, zoom: this.#zoomOn(around.map(({ x, y }) => [x - place.x, y - place.y]), SEEN) } : this.#whole();
    this.#render();
  }

  /** Where a place is seen, in pixels of the holder. */
  project(place) {
    return this.#onScreen(place);
  }

  #whole() {
    const [x, y] = [this.place.x, this.place.y].map((axis) => {
      const sorted = Float32Array.from(axis).sort();
      const at = (share) => sorted[Math.floor(share * (sorted.length - 1))];
      return (at(0.005) + at(0.995)) / 2;
    });
    return { x, y, zoom: this.#zoomOn(Array.from(this.place.x, (one, row) => [one - x, this.place.y[row] - y]), 0.998) };
  }

  /** How near this share of the offsets from the middle of the view is seen. */
  #zoomOn(offsets, share) {
    const width = this.holder.clientWidth + 2 * this.holder.offsetLeft; // less what the panel covers
    const needed = offsets.map(([x, y]) => Math.max(Math.abs(x) / width, Math.abs(y) / this.holder.clientHeight)).sort((a, b) => a - b);
    const most = needed[Math.floor(share * (needed.length - 1))] || 0;
    return Math.min(CLOSE, 1 / (2 * ROOM * most * this.#unit()));
  }

  /** Pixels a place is wide from the middle to its edge, unmagnified. */
  #unit() {
    return Math.min(this.holder.clientWidth, this.holder.clientHeight) / 2;
  }

  #scale() {
    return this.#unit() * this.view.zoom;
  }

  #onScreen({ x, y }) {
    const scale = this.#scale();
    return [this.canvas.clientWidth / 2 + (x - this.view.x) * scale, this.canvas.clientHeight / 2 - (y - this.view.y) * scale];
  }

  #render() {
    this.frame ??= requestAnimationFrame(() => this.#paintNow());
  }

  #paintNow() {
    this.frame = null;
    const { canvas, place, sizes, coloured, shown } = this;
    const sharp = window.devicePixelRatio || 1;
    canvas.width = this.holder.clientWidth * sharp;
    canvas.height = this.holder.clientHeight * sharp;
    const pen = canvas.getContext("2d");
    pen.scale(sharp, sharp);
    pen.fillStyle = GROUND;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    const byColour = coloured.palette.map(() => []);
    coloured.codes.forEach((code, row) => byColour[code].push(row));
    byColour.forEach((rows, code) => {
      pen.fillStyle = coloured.palette[code];
      pen.beginPath();
      for (const row of rows) {
        const [x, y] = this.#onScreen({ x: place.x[row], y: place.y[row] });
        const half = sizes[row] / 2;
        pen.moveTo(x + half, y);
        if (sizes.length <= ROUND) pen.arc(x, y, half, 0, 2 * Math.PI);
        else pen.rect(x - half, y - half, sizes[row], sizes[row]);
      }
      pen.fill();
    });
    pen.strokeStyle = this.lineColour ?? "#fff";
    pen.globalAlpha = 0.45;
    pen.beginPath();
    for (const [from, to] of this.lineEnds) {
      pen.moveTo(...this.#onScreen(from));
      pen.lineTo(...this.#onScreen(to));
    }
    pen.stroke();
    pen.globalAlpha = 1;
    shown.places.forEach((star, i) => this.#diamond(pen, star, shown.sizes[i], shown.colours[i], shown.edges[i]));
    this.heard.moved();
    if (this.marked) {
      pen.strokeStyle = "#fff";
      pen.lineWidth = 2;
      pen.beginPath();
      pen.arc(...this.#onScreen(this.marked), 10, 0, 2 * Math.PI);
      pen.stroke();
    }
  }

  #diamond(pen, star, size, colour, edge) {
    if (!size) return;
    const [x, y] = this.#onScreen(star);
    const half = size / 2;
    pen.fillStyle = colour;
    pen.strokeStyle = edge;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(x, y - half);
    pen.lineTo(x + half, y);
    pen.lineTo(x, y + half);
    pen.lineTo(x - half, y);
    pen.closePath();
    pen.fill();
    pen.stroke();
  }

  /** What lies nearest to a place on the screen: a star before a product, and dust never. */
  #find(clientX, clientY) {
    const box = this.canvas.getBoundingClientRect();
    const [px, py] = [clientX - box.left, clientY - box.top];
    const away = (place) => {
      const [x, y] = this.#onScreen(place);
      return Math.hypot(x - px, y - py);
    };
    const star = this.shown.places.findIndex((place, i) => this.shown.sizes[i] && away(place) <= Math.max(6, this.shown.sizes[i] / 2));
    if (star >= 0) return { star };
    let [best, product] = [NEAR, null];
    this.coloured.codes.forEach((code, row) => {
      if (!code) return;
      const distance = away({ x: this.place.x[row], y: this.place.y[row] });
      if (distance < best) [best, product] = [distance, row];
    });
    return product === null ? null : { product };
  }

  #listen() {
    const { canvas } = this;
    const held = new Map();
    let start = null;
    let asked = 0;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      held.set(event.pointerId, event);
      start = held.size === 1 ? { x: event.clientX, y: event.clientY } : null; // a second finger: a pinch, and no tap
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = held.get(event.pointerId);
      if (!before) {
        cancelAnimationFrame(asked);
        asked = requestAnimationFrame(() => this.heard.hover(this.#find(event.clientX, event.clientY), event.clientX, event.clientY));
        return;
      }
      if (held.size === 1) {
        this.view.x -= (event.clientX - before.clientX) / this.#scale();
        this.view.y += (event.clientY - before.clientY) / this.#scale();
      } else {
        const [other] = [...held.values()].filter((one) => one.pointerId !== event.pointerId);
        const gap = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
        this.#zoom(gap(event) / gap(before));
      }
      held.set(event.pointerId, event);
      this.#render();
    });
    const up = (event) => {
      held.delete(event.pointerId);
      const still = start && Math.hypot(event.clientX - start.x, event.clientY - start.y) <= STILL;
      const hit = still && event.type === "pointerup" ? this.#find(event.clientX, event.clientY) : null;
      if (hit) this.heard.click(hit);
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("pointerleave", () => this.heard.hover(null));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.#zoom(Math.exp(-event.deltaY / 400));
      this.#render();
    }, { passive: false });
  }

  #zoom(times) {
    this.view.zoom = Math.min(CLOSEST, Math.max(0.5, this.view.zoom * times));
  }
}
