// Color of every product by a scheme: an index into a palette, and the legend of that palette.

import { FAULT, NO_CONFIDENCE } from "./chart.js";

export const DIMMED = 0; // entries of the palette that every scheme has
const HIGHLIGHT = 1;
const FIRST = 2;
const FIXED = ["#3a425a", "#ffffff"];
const UNKNOWN = "#7d879c";
const MARKER_COLOR = "#929bb3"; // where colors do not stand for categories
const SHOWN = 40; // brands and clusters with a color of their own
const STEPS = 10; // of confidence
const COLD = [0x6a, 0x4c, 0x93];
const HOT = [0xf9, 0xe0, 0x7f];

export const SCHEMES = [
  { id: "category", label: "Category", needs: "categories" },
  { id: "cluster", label: "Cluster", needs: "clusters" },
  { id: "correct", label: "Correctness", needs: "predictions" },
  { id: "confidence", label: "Confidence", needs: "confidences" },
  { id: "brand", label: "Brand", needs: "brands" },
];

/** {palette, codes, legend}: `codes` one number a row, legend entries {name, color, code, choice}. */
export function colorBy(chart, scheme) {
  const made = MAKERS[scheme](chart);
  const palette = [...FIXED, ...made.entries.map((entry) => entry.color)];
  const codes = new Uint16Array(chart.rows);
  for (let row = 0; row < chart.rows; row++) codes[row] = FIRST + made.number(row);
  const used = new Set(codes);
  const legend = made.entries.map((entry, i) => ({ ...entry, code: FIRST + i })).filter(({ code }) => used.has(code));
  return { palette, codes, legend };
}

const MAKERS = {
  category(chart) {
    const entries = chart.tops.map((top, i) => ({
      name: top.path, color: topColor(chart, i + 1), choice: { category: top.path },
    }));
    entries.push({ name: "no category", color: UNKNOWN });
    const { category } = chart.columns;
    return { entries, number: (row) => (chart.topOf[category[row]] || entries.length) - 1 };
  },
  cluster(chart) {
    const names = commonest(chart);
    const describe = (number) => ({ name: [`cluster ${number - 1}`, names.get(number)].filter(Boolean).join(": ") });
    return most(chart, chart.columns.cluster, describe, "no cluster");
  },
  brand: (chart) => most(chart, chart.columns.brand, (number) => {
    const name = chart.brands[number - 1];
    return { name, choice: { brand: name } };
  }, "no brand"),
  correct(chart) {
    const entries = [];
    entries[FAULT.unknown] = { name: "unknown", color: UNKNOWN };
    entries[FAULT.right] = { name: "right", color: "#5fc79a" };
    entries[FAULT.near] = { name: "wrong below the top level", color: "#f0b455" };
    entries[FAULT.wrong] = { name: "wrong at the top level", color: "#f0657a" };
    return { entries, number: (row) => chart.columns.correct[row] };
  },
  confidence(chart) {
    const entries = Array.from({ length: STEPS }, (_, step) => ({
      name: `${(100 * step) / STEPS} to ${(100 * (step + 1)) / STEPS}%`, color: between(step / (STEPS - 1)),
    }));
    entries.push({ name: "unknown", color: UNKNOWN });
    const { confidence } = chart.columns;
    const number = (row) => {
      const value = confidence[row];
      return value === NO_CONFIDENCE ? STEPS : Math.min(STEPS - 1, Math.floor((value / 254) * STEPS));
    };
    return { entries, number };
  },
};

/** Cluster -> last level of the depth-2 category that most of its products belong to. */
function commonest(chart) {
  const counts = new Map();
  chart.columns.cluster.forEach((number, row) => {
    const marker = chart.markerOf[chart.columns.category[row]];
    if (marker < 0) return;
    if (!counts.has(number)) counts.set(number, new Uint32Array(chart.markers.length));
    counts.get(number)[marker]++;
  });
  const nameOf = (perMarker) => chart.markers[perMarker.indexOf(Math.max(...perMarker))].path.split(" > ").at(-1);
  return new Map([...counts].map(([number, perMarker]) => [number, nameOf(perMarker)]));
}

/** A color for each of the largest groups, and one for all others together. */
function most(chart, column, describe, unknown) {
  const counts = new Map();
  for (const number of column) counts.set(number, (counts.get(number) ?? 0) + 1);
  const none = counts.delete(0);
  const ordered = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || a - b);
  const { palette } = chart.header;
  const entries = ordered.slice(0, SHOWN).map((number, i) => ({ ...describe(number), color: palette[i % palette.length] }));
  const numbers = new Map(ordered.slice(0, SHOWN).map((number, i) => [number, i]));
  if (ordered.length > SHOWN) entries.push({ name: `${ordered.length - SHOWN} others`, color: UNKNOWN });
  const others = entries.length - 1;
  if (none) entries.push({ name: unknown, color: UNKNOWN });
  return { entries, number: (row) => (column[row] === 0 ? entries.length - 1 : numbers.get(column[row]) ?? others) };
}

/**
 * Color and size of every product. A product that passes the mask (null: all do) and is among the members (a set of
 * rows, or nothing) keeps its code of the scheme; the others are dimmed. With found products (a set of rows, or null),
 * these alone are highlighted and all others dimmed.
 */
export function shade(scheme, mask, members, found) {
  const codes = new Uint16Array(scheme.length).fill(DIMMED);
  const sizes = new Float32Array(scheme.length).fill(0.6 * dot(scheme.length));
  const passes = (row) => (found ? found.has(row) : (!mask || mask[row]) && (!members || members.has(row)));
  let shown = 0;
  for (let row = 0; row < codes.length; row++) {
    if (!passes(row)) continue;
    codes[row] = found ? HIGHLIGHT : scheme[row];
    shown++;
  }
  const size = dot(shown) * (found ? 1.5 : 1);
  for (let row = 0; row < codes.length; row++) if (codes[row] !== DIMMED) sizes[row] = size;
  return { codes, sizes, shown };
}

/** Diameter of a product in pixels, smaller the more of them there are. */
const dot = (count) => Math.min(7, Math.max(2, 30 / Math.max(1, count) ** 0.25));

/** Which markers have a product that is not dimmed, in the order of `chart.markers`. */
export function visibleMarkers(chart, codes) {
  const visible = new Uint8Array(chart.markers.length);
  chart.columns.category.forEach((number, row) => {
    if (codes[row] !== DIMMED && chart.markerOf[number] >= 0) visible[chart.markerOf[number]] = 1;
  });
  return visible;
}

/** Sizes (pixels), colors and edges of the markers, in the order of `chart.markers`; those that are not visible are dimmed. */
export function markerLooks(chart, scheme, visible) {
  const most = Math.sqrt(chart.markers[0]?.count ?? 1);
  const colorOf = (node) => (scheme === "category" ? topColor(chart, chart.topOf[node.numbers[0]]) : MARKER_COLOR);
  return {
    sizes: chart.markers.map((node, i) => (5 + 13 * (Math.sqrt(node.count) / most)) * (visible[i] ? 1 : 0.6)),
    colors: chart.markers.map((node, i) => (visible[i] ? colorOf(node) : FIXED[DIMMED])),
    edges: chart.markers.map((_, i) => (visible[i] ? "rgba(255,255,255,.7)" : FIXED[DIMMED])),
  };
}

/** Color of a top-level category by its number in `topOf`. */
function topColor(chart, number) {
  const { palette } = chart.header;
  return number ? palette[(number - 1) % palette.length] : UNKNOWN;
}

function between(share) {
  const mixed = COLD.map((cold, i) => Math.round(cold + share * (HOT[i] - cold)));
  return `rgb(${mixed.join(",")})`;
}
