// The galaxy view without WebGL: the same chart on a 2D canvas, with the interface of view3d.js.

const GROUND = "#0b0d13";
const NEAR = 12; // pixels: largest distance of a click from a point
const STILL = 6;
const CLOSEST = 40; // largest zoom
const CLOSE = 16; // zoom at which a flight ends at most
const SEEN = 0.9; // share of the surrounding places that are in view at the end of a flight
const ROUND = 20_000; // products up to which they are drawn as circles, which is slower
const ROOM = 1.06; // margin at the edges

export class View2D {
  static async open(holder, callbacks) {
    const view = new View2D();
    view.holder = holder;
    view.callbacks = callbacks;
    view.canvas = document.createElement("canvas");
    view.canvas.className = "galaxy-flat";
    holder.append(view.canvas);
    view.view = { x: 0, y: 0, zoom: 1 };
    view.lineEnds = [];
    view.ringed = null;
    return view;
  }

  async draw({ place, sizes, paint, markers }) {
    Object.assign(this, { place, sizes, colors: paint, shown: markers });
    this.view = this.#whole();
    this.#listen();
    new ResizeObserver(() => this.#render()).observe(this.holder);
    this.#paintNow();
  }

  async move(place, markers) {
    Object.assign(this, { place, shown: markers });
    this.view = this.#whole();
    this.#render();
  }

  async paint(paint, sizes, markers) {
    Object.assign(this, { colors: paint, sizes, shown: markers });
    this.#render();
  }

  async lines(from, to, color) {
    this.lineEnds = to.map((end) => [from, end]);
    this.lineColor = color;
    this.#render();
  }

  async ring(place) {
    this.ringed = place;
    this.#render();
  }

  camera() {
    return [this.view.x, this.view.y, this.view.zoom].map((value) => Number(value.toFixed(3)));
  }

  async look([x, y, zoom]) {
    this.view = { x, y, zoom };
    this.#render();
  }

  /** Go to a place, close enough to see most of the places `around` it; null shows everything. */
  async fly(place, around) {
    this.view = place ? { x: place.x, y: place.y, zoom: this.#zoomOn(around.map(({ x, y }) => [x - place.x, y - place.y]), SEEN) } : this.#whole();
    this.#render();
  }

  /** Position of a place on the screen, in pixels of the holder. */
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

  /** Largest zoom at which this share of the offsets from the middle of the view is visible. */
  #zoomOn(offsets, share) {
    const width = this.holder.clientWidth + 2 * this.holder.offsetLeft; // without the part that the panel covers
    const needed = offsets.map(([x, y]) => Math.max(Math.abs(x) / width, Math.abs(y) / this.holder.clientHeight)).sort((a, b) => a - b);
    const most = needed[Math.floor(share * (needed.length - 1))] || 0;
    return Math.min(CLOSE, 1 / (2 * ROOM * most * this.#unit()));
  }

  /** Pixels per unit of a place at zoom 1. */
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
    const { canvas, place, sizes, colors, shown } = this;
    const sharp = window.devicePixelRatio || 1;
    canvas.width = this.holder.clientWidth * sharp;
    canvas.height = this.holder.clientHeight * sharp;
    const pen = canvas.getContext("2d");
    pen.scale(sharp, sharp);
    pen.fillStyle = GROUND;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    const byColor = colors.palette.map(() => []);
    colors.codes.forEach((code, row) => byColor[code].push(row));
    byColor.forEach((rows, code) => {
      pen.fillStyle = colors.palette[code];
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
    pen.strokeStyle = this.lineColor ?? "#fff";
    pen.globalAlpha = 0.45;
    pen.beginPath();
    for (const [from, to] of this.lineEnds) {
      pen.moveTo(...this.#onScreen(from));
      pen.lineTo(...this.#onScreen(to));
    }
    pen.stroke();
    pen.globalAlpha = 1;
    shown.places.forEach((marker, i) => this.#diamond(pen, marker, shown.sizes[i], shown.colors[i], shown.edges[i]));
    this.callbacks.moved();
    if (this.ringed) {
      pen.strokeStyle = "#fff";
      pen.lineWidth = 2;
      pen.beginPath();
      pen.arc(...this.#onScreen(this.ringed), 10, 0, 2 * Math.PI);
      pen.stroke();
    }
  }

  #diamond(pen, marker, size, color, edge) {
    if (!size) return;
    const [x, y] = this.#onScreen(marker);
    const half = size / 2;
    pen.fillStyle = color;
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

  /** The marker at a place on the screen, or else the nearest product that is not dimmed. */
  #find(clientX, clientY) {
    const box = this.canvas.getBoundingClientRect();
    const [px, py] = [clientX - box.left, clientY - box.top];
    const away = (place) => {
      const [x, y] = this.#onScreen(place);
      return Math.hypot(x - px, y - py);
    };
    const marker = this.shown.places.findIndex((place, i) => this.shown.sizes[i] && away(place) <= Math.max(6, this.shown.sizes[i] / 2));
    if (marker >= 0) return { marker };
    let [best, product] = [NEAR, null];
    this.colors.codes.forEach((code, row) => {
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
      start = held.size === 1 ? { x: event.clientX, y: event.clientY } : null; // a second finger makes it a pinch, not a tap
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = held.get(event.pointerId);
      if (!before) {
        cancelAnimationFrame(asked);
        asked = requestAnimationFrame(() => this.callbacks.hover(this.#find(event.clientX, event.clientY), event.clientX, event.clientY));
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
      if (hit) this.callbacks.click(hit);
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("pointerleave", () => this.callbacks.hover(null));
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
