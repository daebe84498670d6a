// Color of every product by a scheme: an index into a palette, and the legend of that palette.

import { FAULT, NO_CONFIDENCE } from "./chart.js";

export const DIMMED = 0; // entries of the palette that every scheme has
const HIGHLIGHT = 1;
const FIRST = 2;
const FIXED = ["#39415a", "#ffffff"];
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
    entries[FAULT.right] = { name: "right", color: "#3f8f74" };
    entries[FAULT.near] = { name: "wrong below the top level", color: "#f0b455" };
    entries[FAULT.wrong] = { name: "wrong at the top level", color: "#f0657a" };
    return { entries, number: (row) => chart.columns.correct[row] };
  },
  confidence(chart) {
    const { confidence } = chart.columns;
    const edges = quantiles(confidence);
    const entries = edges.slice(1).map((edge, step) => ({
      name: `${part(edges[step])} to ${part(edge)}%`, color: between(step / Math.max(1, edges.length - 2)),
    }));
    entries.push({ name: "unknown", color: UNKNOWN });
    const number = (row) => {
      const value = confidence[row];
      if (value === NO_CONFIDENCE) return entries.length - 1;
      const step = edges.findLastIndex((edge) => edge <= value);
      return Math.min(entries.length - 2, step);
    };
    return { entries, number };
  },
};

const part = (value) => Number(((100 * value) / 254).toFixed(1));

/** Edges of at most STEPS ranges that hold about as many products each, so that no color has nearly all of them. */
function quantiles(confidence) {
  const known = confidence.filter((value) => value !== NO_CONFIDENCE).sort();
  const at = (share) => known[Math.min(known.length - 1, Math.floor(share * known.length))] ?? 0;
  const edges = [...new Set(Array.from({ length: STEPS }, (_, step) => at(step / STEPS)))];
  return edges.at(-1) < 254 || edges.length < 2 ? [...edges, 254] : edges;
}

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
 * Color and size of every product. One that passes all `masks` (row -> boolean; null: all do) keeps its code of the
 * scheme; the others are dimmed. With found products (a set of rows, or null), these alone are highlighted.
 */
export function shade(scheme, masks, found) {
  const codes = new Uint16Array(scheme.length).fill(DIMMED);
  const sizes = new Float32Array(scheme.length).fill(0.75 * dot(scheme.length));
  const wanted = masks.filter(Boolean);
  let shown = 0;
  for (let row = 0; row < codes.length; row++) {
    if (found ? !found.has(row) : !wanted.every((passes) => passes(row))) continue;
    codes[row] = found ? HIGHLIGHT : scheme[row];
    shown++;
  }
  const size = Math.min(11, dot(scheme.length) * Math.min(2, (scheme.length / Math.max(1, shown)) ** 0.2)) * (found ? 1.4 : 1);
  for (let row = 0; row < codes.length; row++) if (codes[row] !== DIMMED) sizes[row] = size;
  return { codes, sizes, shown };
}

/** Diameter of a product in pixels, smaller the more of them there are: all together cover about the same area. */
const dot = (count) => Math.min(11, Math.max(2.2, 420 / Math.max(1, count) ** 0.5));

/** Which markers have a product that is not dimmed, in the order of `chart.markers`. */
export function visibleMarkers(chart, codes) {
  const visible = new Uint8Array(chart.markers.length);
  chart.columns.category.forEach((number, row) => {
    if (codes[row] !== DIMMED && chart.markerOf[number] >= 0) visible[chart.markerOf[number]] = 1;
  });
  return visible;
}

/** Sizes (pixels) and colors of the markers, in the order of `chart.markers`. */
export function markerLooks(chart, scheme) {
  const most = Math.sqrt(chart.markers[0]?.count ?? 1);
  const colorOf = (node) => (scheme === "category" ? topColor(chart, chart.topOf[node.numbers[0]]) : MARKER_COLOR);
  return { sizes: chart.markers.map((node) => 16 + 18 * (Math.sqrt(node.count) / most)), colors: chart.markers.map(colorOf) };
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
