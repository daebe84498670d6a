// The galaxy in three dimensions: Plotly's scatter3d, one trace for the products; its camera is left where it is.

import { address } from "./chart.js";

const [PRODUCTS, LINES, STARS, MARK] = [0, 1, 2, 3]; // traces
const GROUND = "#0b0d13";
const STILL = 6; // pixels that a click may move
const FLIGHT = 700; // ms
const LATE = 1500; // ms
const HOME = { eye: { x: 1.05, y: 1.05, z: 0.65 }, center: { x: 0, y: 0, z: 0 }, up: { x: 0, y: 0, z: 1 } };
const ABOVE = { eye: { x: 0, y: 0, z: 1.6 }, center: { x: 0, y: 0, z: 0 }, up: { x: 0, y: 1, z: 0 } };
const SPAN = 1.02; // half of each axis; a scene is one long, so a place is a scene coordinate times 2 SPAN

let loading = null;

function loadPlotly() {
  loading ??= new Promise((done, failed) => {
    if (window.Plotly) return done(window.Plotly);
    const script = document.createElement("script");
    script.src = address("data/plotly.min.js");
    script.onload = () => done(window.Plotly);
    script.onerror = () => failed(new Error("Plotly did not arrive."));
    document.head.append(script);
  });
  return loading;
}

export function hasWebGL() {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("webgl") ?? canvas.getContext("experimental-webgl");
  context?.getExtension("WEBGL_lose_context")?.loseContext(); // browsers allow few at once
  return Boolean(context);
}

const marker = (extra) => ({
  type: "scatter3d", mode: "markers", x: [], y: [], z: [], hoverinfo: "none", showlegend: false,
  marker: { size: [], color: [], line: { width: 0 }, opacity: 1, ...extra },
});

export class Sky {
  /** `heard` has hover(hit or null, x, y) and click(hit); a hit is {product: row} or {star: number}. */
  static async open(holder, heard) {
    const sky = new Sky();
    sky.plotly = await loadPlotly();
    sky.holder = holder;
    sky.heard = heard;
    sky.flat = false;
    return sky;
  }

  /** Draw everything: done once, for what changes later has functions of its own. */
  async draw({ place, sizes, paint, stars }) {
    const axis = { visible: false, showspikes: false, range: [-SPAN, SPAN], autorange: false };
    const layout = {
      paper_bgcolor: GROUND, margin: { l: 0, r: 0, t: 0, b: 0 }, uirevision: "kept", hovermode: "closest", autosize: true,
      scene: { xaxis: axis, yaxis: axis, zaxis: axis, bgcolor: GROUND, aspectmode: "cube", camera: structuredClone(HOME), dragmode: "orbit" },
    };
    const products = marker({ size: sizes, ...codes(paint) });
    Object.assign(products, { x: place.x, y: place.y, z: place.z });
    const lines = {
      type: "scatter3d", mode: "lines", x: [], y: [], z: [], hoverinfo: "skip", showlegend: false, connectgaps: false,
      line: { width: 2, color: "#fff" }, opacity: 0.45,
    };
    const centroids = marker({ symbol: "diamond", line: { width: 1, color: "rgba(255,255,255,.7)" } });
    const mark = { ...marker({ symbol: "circle-open", color: "#ffffff", size: 16 }), hoverinfo: "skip" };
    Object.assign(centroids, spread(stars.places));
    Object.assign(centroids.marker, { size: stars.sizes, color: stars.colours });
    await this.plotly.newPlot(this.holder, [products, lines, centroids, mark], layout, {
      displayModeBar: false, responsive: true, scrollZoom: true, doubleClick: false,
    });
    this.#listen();
  }

  #restyle(trace, change) {
    const wrapped = Object.fromEntries(Object.entries(change).map(([name, value]) => [name, [value]]));
    return this.plotly.restyle(this.holder, wrapped, [trace]);
  }

  move(place, stars) {
    this.flat = place.flat;
    this.#restyle(PRODUCTS, { x: place.x, y: place.y, z: place.z });
    this.#restyle(STARS, spread(stars.places));
    return this.plotly.relayout(this.holder, {
      "scene.dragmode": place.flat ? "pan" : "orbit",
      "scene.camera": structuredClone(place.flat ? ABOVE : HOME), // Plotly writes into what it is given
    });
  }

  paint(paint, sizes) {
    const { color, cmin, cmax, colorscale } = codes(paint);
    return this.#restyle(PRODUCTS, {
      "marker.color": color, "marker.cmin": cmin, "marker.cmax": cmax, "marker.colorscale": colorscale, "marker.size": sizes,
    });
  }

  stars(stars) {
    return this.#restyle(STARS, { "marker.size": stars.sizes, "marker.color": stars.colours });
  }

  /** Lines from a place to others; none for an empty list. */
  lines(from, to, colour) {
    const [x, y, z] = [[], [], []];
    for (const end of to) {
      x.push(from.x, end.x, null);
      y.push(from.y, end.y, null);
      z.push(from.z, end.z, null);
    }
    return this.#restyle(LINES, { x, y, z, "line.color": colour });
  }

  mark(place) {
    return this.#restyle(MARK, spread(place ? [place] : []));
  }

  camera() {
    const { eye, center, up } = this.holder.layout.scene.camera;
    return [eye, center, up].flatMap(({ x, y, z }) => [x, y, z].map((value) => Number(value.toFixed(3))));
  }

  look(numbers) {
    const [eye, center, up] = [0, 3, 6].map((at) => ({ x: numbers[at], y: numbers[at + 1], z: numbers[at + 2] }));
    return this.plotly.relayout(this.holder, { "scene.camera.eye": eye, "scene.camera.center": center, "scene.camera.up": up });
  }

  /** Fly to a place, to stand off `distance` from it; null flies home. */
  async fly(place, distance) {
    const start = this.camera();
    const home = this.flat ? ABOVE : HOME;
    let end = [home.eye, home.center, home.up].flatMap(({ x, y, z }) => [x, y, z]);
    if (place) {
      const center = [place.x, place.y, place.z].map((value) => value / (2 * SPAN));
      const away = this.flat ? [0, 0, 1] : [0, 1, 2].map((i) => start[i] - start[3 + i]);
      const length = Math.hypot(...away) || 1;
      const far = this.flat ? Math.max(distance, 0.35) : distance;
      end = [...center.map((value, i) => value + (away[i] / length) * far), ...center, ...start.slice(6)];
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

  // In three dimensions Plotly says "click" when the button goes down. It counts here when it comes up at the same place.
  // Of a tap, whose mouse events come after it, Plotly says so later.
  #listen() {
    let down = null;
    let under = null;
    let hit = null;
    let tapped = -Infinity;
    const mouse = { x: 0, y: 0 }; // what Plotly says of a hover in three dimensions does not tell where it was
    this.holder.addEventListener("pointermove", (event) => { [mouse.x, mouse.y] = [event.clientX, event.clientY]; }, true);
    const read = ({ points: [point] }) =>
      point.curveNumber === STARS ? { star: point.pointNumber } : point.curveNumber === PRODUCTS ? { product: point.pointNumber } : null;
    this.holder.addEventListener("pointerdown", (event) => {
      this.flight = null;
      down = { x: event.clientX, y: event.clientY };
      hit = event.pointerType === "touch" ? null : under;
      tapped = -Infinity;
    }, true);
    this.holder.on("plotly_click", (event) => {
      if (down) hit = read(event);
      else if (performance.now() - tapped < LATE) {
        tapped = -Infinity;
        this.heard.click(read(event));
      }
    });
    window.addEventListener("pointerup", (event) => {
      if (!down) return;
      const still = Math.hypot(event.clientX - down.x, event.clientY - down.y) <= STILL;
      down = null;
      if (still && hit) this.heard.click(hit);
      else if (still) tapped = performance.now();
    }, true);
    window.addEventListener("pointercancel", () => { down = null; }, true);
    this.holder.on("plotly_hover", (event) => {
      under = read(event);
      this.heard.hover(under, mouse.x, mouse.y);
    });
    this.holder.on("plotly_unhover", () => {
      under = null;
      this.heard.hover(null);
    });
  }
}

function spread(places) {
  return { x: places.map((place) => place.x), y: places.map((place) => place.y), z: places.map((place) => place.z) };
}

/** Numbers into a palette as Plotly takes them: a scale with a stop at every number. */
function codes({ codes: color, palette }) {
  const last = palette.length - 1;
  return { color, cmin: 0, cmax: last, colorscale: palette.map((colour, i) => [i / last, colour]), showscale: false };
}
