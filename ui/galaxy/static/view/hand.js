// The mouse, fingers and the wheel on the sky: turning, moving, zooming, clicks, boxes and lassos.

import { pan, turn, zoom } from "./camera.js";

const STILL = 6; // pixels that the mouse may move during a click
const STEP = 4; // pixels between two corners of a lasso
const WHEEL = 500; // pixels of the wheel that bring everything e times nearer
const ZOOM_HINT = "Click the sky first, or hold Ctrl, to zoom with the wheel.";
const SVG = "http://www.w3.org/2000/svg";

export class Hand {
  /** `tool` is "turn", "box" or "lasso"; `awake` says whether the wheel and one finger belong to the sky. */
  constructor(view) {
    Object.assign(this, { view, tool: "turn", held: new Map(), outline: null });
    this.line = document.createElementNS(SVG, "svg");
    this.line.setAttribute("class", "galaxy-outline");
    this.line.append(document.createElementNS(SVG, "polygon"));
    view.holder.append(this.line);
    const { canvas } = view;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#up(event));
    canvas.addEventListener("pointerleave", () => view.callbacks.hover(null));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    document.addEventListener("pointerdown", (event) => this.wake(event.composedPath().includes(view.holder)), true);
  }

  wake(awake) {
    this.awake = awake;
    this.view.holder.classList.toggle("galaxy-awake", awake); // galaxy.css: then a finger no longer scrolls the page
  }

  use(tool) {
    this.tool = tool;
    this.view.holder.classList.toggle("galaxy-choosing", tool !== "turn");
  }

  #at(event) {
    const box = this.view.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #down(event) {
    this.view.flight = null;
    this.view.canvas.setPointerCapture(event.pointerId);
    this.held.set(event.pointerId, this.#at(event));
    this.start = this.held.size === 1 ? this.#at(event) : null; // a second finger makes it a pinch, not a tap
    this.outline = this.tool !== "turn" && this.held.size === 1 && event.button === 0 ? [this.start] : null;
    this.aside = event.button !== 0 || event.shiftKey;
  }

  #move(event) {
    const { view } = this;
    const now = this.#at(event);
    const before = this.held.get(event.pointerId);
    if (!before) {
      this.resting ??= requestAnimationFrame(() => {
        this.resting = null;
        this.under = view.find(...this.last);
        view.callbacks.hover(this.under, ...this.last);
      });
      this.last = now;
      return;
    }
    this.held.set(event.pointerId, now);
    const [right, down] = [now[0] - before[0], now[1] - before[1]];
    if (this.held.size > 1) this.#pinch(event.pointerId, before, now);
    else if (this.outline) this.#stretch(now);
    else view.stand(view.flat || this.aside ? pan(view.camera3, right, down, view.height) : turn(view.camera3, right, down, view.height));
  }

  #up(event) {
    this.held.delete(event.pointerId);
    const now = this.#at(event);
    const still = this.start && Math.hypot(now[0] - this.start[0], now[1] - this.start[1]) <= STILL;
    const outline = this.outline;
    this.outline = null;
    this.#draw([]);
    if (event.type !== "pointerup") return;
    if (still && event.button === 0) this.view.callbacks.click(this.view.find(...now), event);
    else if (outline?.length > 2) this.view.callbacks.drawn(outline, event);
  }

  #stretch(now) {
    const [from] = this.outline;
    if (this.tool === "box") this.outline = [from, [now[0], from[1]], now, [from[0], now[1]]];
    else {
      const last = this.outline.at(-1);
      if (Math.hypot(now[0] - last[0], now[1] - last[1]) >= STEP) this.outline.push(now);
    }
    this.#draw(this.outline);
  }

  #draw(outline) {
    this.line.firstChild.setAttribute("points", outline.map((corner) => corner.join()).join(" "));
  }

  #pinch(id, before, now) {
    const { view } = this;
    const [, other] = [...this.held].find(([one]) => one !== id);
    const gap = (one) => Math.hypot(one[0] - other[0], one[1] - other[1]) || 1;
    const middle = [0, 1].map((axis) => (now[axis] + other[axis]) / 2);
    const moved = pan(view.camera3, (now[0] - before[0]) / 2, (now[1] - before[1]) / 2, view.height);
    view.stand(moved);
    this.zoomAt(gap(now) / gap(before), ...middle);
  }

  #wheel(event) {
    if (!this.awake && !event.ctrlKey) return this.view.callbacks.hint(ZOOM_HINT);
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : 1) * (event.ctrlKey && Math.abs(event.deltaY) < 50 ? 4 : 1);
    this.zoomAt(Math.exp(-pixels / WHEEL), ...this.#at(event));
  }

  /** Zoom around a pixel, in space at the depth of the product there. */
  zoomAt(times, x, y) {
    const { view } = this;
    view.flight = null;
    const hit = view.flat || times <= 1 ? null : view.find(x, y);
    const depth = hit?.product === undefined ? 0 : view.screen().depth[hit.product];
    view.stand(zoom(view.camera3, times, { x, y, width: view.width, height: view.height, depth, limits: view.limits }));
  }
}
