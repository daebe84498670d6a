// The galaxy view in three dimensions: Plotly's scatter3d with one trace for all products. Updates keep the camera.

import { along, distance, FROM_ABOVE, project, unit, whole } from "./camera.js";
import { address } from "./chart.js";

const [PRODUCTS, LINES, MARKERS, RING] = [0, 1, 2, 3]; // traces
const GROUND = "#0b0d13";
const STILL = 6; // pixels that the mouse may move during a click
const FLIGHT = 700; // ms
const LATE = 1500; // ms
const CLOSEST = 0.05; // smallest distance at the end of a flight; a scene is 1 long
const SEEN = 0.9; // share of the surrounding places that are in view at the end of a flight
const SPAN = 1.02; // half of each axis; a scene is 1 long, so a place is a scene coordinate times 2 SPAN

let loading = null;

function loadPlotly() {
  loading ??= new Promise((done, failed) => {
    if (window.Plotly) return done(window.Plotly);
    const script = document.createElement("script");
    script.src = address("data/plotly.min.js");
    script.onload = () => done(window.Plotly);
    script.onerror = () => failed(new Error("Plotly could not be loaded."));
    document.head.append(script);
  });
  return loading;
}

export function hasWebGL() {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("webgl") ?? canvas.getContext("experimental-webgl");
  context?.getExtension("WEBGL_lose_context")?.loseContext(); // browsers allow only a few contexts at once
  return Boolean(context);
}

const pointTrace = (extra) => ({
  type: "scatter3d", mode: "markers", x: [], y: [], z: [], hoverinfo: "none", showlegend: false,
  marker: { size: [], color: [], line: { width: 0 }, opacity: 1, ...extra },
});

export class View3D {
  /** `callbacks` has hover(hit or null, x, y), click(hit) and moved(); a hit is {product: row} or {marker: number}. */
  static async open(holder, callbacks) {
    const view = new View3D();
    view.plotly = await loadPlotly();
    view.holder = holder;
    view.callbacks = callbacks;
    view.flat = false;
    return view;
  }

  /** Draw everything, once; later changes have functions of their own. */
  async draw({ place, sizes, paint, markers }) {
    this.#goHome(place);
    const axis = { visible: false, showspikes: false, range: [-SPAN, SPAN], autorange: false };
    const layout = {
      paper_bgcolor: GROUND, margin: { l: 0, r: 0, t: 0, b: 0 }, uirevision: "kept", hovermode: "closest", autosize: true,
      scene: { xaxis: axis, yaxis: axis, zaxis: axis, bgcolor: GROUND, aspectmode: "cube", camera: this.#asPlotly(this.home), dragmode: "orbit" },
    };
    const products = pointTrace({ size: sizes, ...codes(paint) });
    Object.assign(products, { x: place.x, y: place.y, z: place.z });
    const lines = {
      type: "scatter3d", mode: "lines", x: [], y: [], z: [], hoverinfo: "skip", showlegend: false, connectgaps: false,
      line: { width: 2, color: "#fff" }, opacity: 0.45,
    };
    const centroids = pointTrace({ symbol: "diamond", line: { width: 1, color: markers.edges } });
    const ring = { ...pointTrace({ symbol: "circle-open", color: "#ffffff", size: 16 }), hoverinfo: "skip" };
    Object.assign(centroids, spread(markers.places));
    Object.assign(centroids.marker, { size: markers.sizes, color: markers.colors });
    await this.plotly.newPlot(this.holder, [products, lines, centroids, ring], layout, {
      displayModeBar: false, responsive: true, scrollZoom: true, doubleClick: false,
    });
    this.#listen();
  }

  #restyle(trace, change) {
    const wrapped = Object.fromEntries(Object.entries(change).map(([name, value]) => [name, [value]]));
    return this.plotly.restyle(this.holder, wrapped, [trace]);
  }

  async move(place, markers) {
    this.#goHome(place);
    this.#restyle(PRODUCTS, { x: place.x, y: place.y, z: place.z });
    this.#restyle(MARKERS, spread(markers.places));
    await this.plotly.relayout(this.holder, {
      "scene.dragmode": place.flat ? "pan" : "orbit",
      "scene.camera": this.#asPlotly(this.home),
    });
  }

  /** The view of a whole layout, which is also where a flight home ends. */
  #goHome(place) {
    this.flat = place.flat;
    const points = Array.from(place.x, (x, row) => scene({ x, y: place.y[row], z: place.z[row] }));
    this.home = whole(points, { aspect: this.#aspect(), flat: place.flat });
  }

  #aspect() {
    return this.holder.clientWidth / this.holder.clientHeight;
  }

  #asPlotly({ eye, center, up }) {
    const named = ([x, y, z]) => ({ x, y, z });
    return { eye: named(eye), center: named(center), up: named(up) };
  }

  /** Recolor products and markers in one call, since each call redraws; undefined values stay as they are. */
  paint(paint, sizes, markers) {
    const { color, cmin, cmax, colorscale } = codes(paint);
    return this.plotly.restyle(this.holder, {
      "marker.color": [color, markers.colors], "marker.size": [sizes, markers.sizes], "marker.line.color": [undefined, markers.edges],
      "marker.cmin": [cmin, undefined], "marker.cmax": [cmax, undefined], "marker.colorscale": [colorscale, undefined],
    }, [PRODUCTS, MARKERS]);
  }

  /** Draw lines from a place to others; none for an empty list. */
  lines(from, to, color) {
    const [x, y, z] = [[], [], []];
    for (const end of to) {
      x.push(from.x, end.x, null);
      y.push(from.y, end.y, null);
      z.push(from.z, end.z, null);
    }
    return this.#restyle(LINES, { x, y, z, "line.color": color });
  }

  ring(place) {
    return this.#restyle(RING, spread(place ? [place] : []));
  }

  /** Eye, center and up as nine numbers. */
  camera() {
    const { eye, center, up } = this.#seen();
    return [eye, center, up].flat().map((value) => Number(value.toFixed(3)));
  }

  /** The camera itself: the layout learns of its position late, and not at all during a touch. */
  #seen() {
    const { eye, center, up } = this.holder._fullLayout.scene._scene.getCamera();
    const listed = ({ x, y, z }) => [x, y, z];
    return { eye: listed(eye), center: listed(center), up: listed(up) };
  }

  /** Position of a place on the screen, in pixels of the holder; null behind the camera. */
  project(place) {
    const seen = project(scene(place), this.#seen());
    const half = this.holder.clientHeight / 2;
    return seen && [this.holder.clientWidth / 2 + seen[0] * half, half - seen[1] * half];
  }

  look(numbers) {
    const [eye, center, up] = [0, 3, 6].map((at) => numbers.slice(at, at + 3));
    return this.plotly.relayout(this.holder, { "scene.camera": this.#asPlotly({ eye, center, up }) });
  }

  /** Fly to a place, just close enough to see most of the places `around` it; null flies home. */
  async fly(place, around) {
    const start = this.camera();
    let end = [this.home.eye, this.home.center, this.home.up].flat();
    if (place) {
      const target = scene(place);
      const [eye, center, up] = [0, 3, 6].map((at) => start.slice(at, at + 3));
      const back = this.flat ? FROM_ABOVE.back : unit(eye.map((value, i) => value - center[i]));
      const aspect = (this.holder.clientWidth + 2 * this.holder.offsetLeft) / this.holder.clientHeight; // without the part that the panel covers
      const needed = around.length ? distance(around.map(scene), { center: target, back, up, aspect, share: SEEN }) : 0;
      const far = Math.min(this.home.far, Math.max(CLOSEST, needed));
      end = [along(target, back, far), target, up].flat();
    }
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const began = performance.now();
    const flight = (this.flight = {});
    for (let share = calm ? 1 : 0; this.flight === flight; ) {
      const eased = share * share * (3 - 2 * share);
      await this.look(start.map((value, i) => value + eased * (end[i] - value)));
      if (share >= 1) return;
      await new Promise((next) => requestAnimationFrame(next));
      share = Math.min(1, (performance.now() - began) / FLIGHT);
    }
  }

  // In three dimensions Plotly reports a click when the button goes down; here it counts when the button comes up at
  // the same place. A tap is reported after it ended, since its mouse events follow it.
  #listen() {
    let down = null;
    let under = null;
    let hit = null;
    let tapped = -Infinity;
    const mouse = { x: 0, y: 0 }; // Plotly's hover event in three dimensions has no position
    for (const name of ["plotly_relayouting", "plotly_relayout"]) this.holder.on(name, () => this.callbacks.moved());
    this.holder.addEventListener("touchmove", () => this.callbacks.moved(), true);
    new ResizeObserver(() => this.callbacks.moved()).observe(this.holder);
    this.holder.addEventListener("pointermove", (event) => { [mouse.x, mouse.y] = [event.clientX, event.clientY]; }, true);
    const read = ({ points: [point] }) =>
      point.curveNumber === MARKERS ? { marker: point.pointNumber } : point.curveNumber === PRODUCTS ? { product: point.pointNumber } : null;
    this.holder.addEventListener("pointerdown", (event) => {
      this.flight = null;
      if (!event.isPrimary) { // a second finger makes it a pinch, not a tap
        down = hit = null;
        return;
      }
      down = { x: event.clientX, y: event.clientY };
      hit = event.pointerType === "touch" ? null : under;
      tapped = -Infinity;
    }, true);
    this.holder.on("plotly_click", (event) => {
      if (down) hit = read(event);
      else if (performance.now() - tapped < LATE) {
        tapped = -Infinity;
        this.callbacks.click(read(event));
      }
    });
    window.addEventListener("pointerup", (event) => {
      if (!down) return;
      const still = Math.hypot(event.clientX - down.x, event.clientY - down.y) <= STILL;
      down = null;
      if (still && hit) this.callbacks.click(hit);
      else if (still) tapped = performance.now();
    }, true);
    window.addEventListener("pointercancel", () => { down = null; }, true);
    this.holder.on("plotly_hover", (event) => {
      under = read(event);
      this.callbacks.hover(under, mouse.x, mouse.y);
    });
    this.holder.on("plotly_unhover", () => {
      under = null;
      this.callbacks.hover(null);
    });
  }
}

/** A place in the coordinates of Plotly's camera. */
const scene = ({ x, y, z }) => [x / (2 * SPAN), y / (2 * SPAN), z / (2 * SPAN)];

function spread(places) {
  return { x: places.map((place) => place.x), y: places.map((place) => place.y), z: places.map((place) => place.z) };
}

/** Palette indices in Plotly's form: a color scale with a stop at every index. */
function codes({ codes: color, palette }) {
  const last = palette.length - 1;
  return { color, cmin: 0, cmax: last, colorscale: palette.map((color, i) => [i / last, color]), showscale: false };
}
