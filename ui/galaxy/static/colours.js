// Colour of every product by a scheme: a number into a palette, and the legend that says what the numbers mean.

import { FAULT, NO_CONFIDENCE } from "./chart.js";

export const DUST = 0; // numbers of the palette that every scheme has
const LIT = 1;
const FIRST = 2;
const FIXED = ["#3a425a", "#ffffff"];
const UNKNOWN = "#7d879c";
const STAR = "#929bb3"; // where colours do not mean categories
const SHOWN = 40; // brands and clusters with a colour of their own
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

/** {palette, codes, legend}: `codes` one number a row, legend entries {name, colour, code, choice}. */
export function colourBy(chart, scheme) {
  const made = MAKERS[scheme](chart);
  const palette = [...FIXED, ...made.entries.map((entry) => entry.colour)];
  const codes = new Uint16Array(chart.rows);
  for (let row = 0; row < chart.rows; row++) codes[row] = FIRST + made.number(row);
  const used = new Set(codes);
  const legend = made.entries.map((entry, i) => ({ ...entry, code: FIRST + i })).filter(({ code }) => used.has(code));
  return { palette, codes, legend };
}

const MAKERS = {
  category(chart) {
    const entries = chart.tops.map((top, i) => ({
      name: top.path, colour: topColour(chart, i + 1), choice: { category: top.path },
    }));
    entries.push({ name: "no category", colour: UNKNOWN });
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
    entries[FAULT.unknown] = { name: "not known", colour: UNKNOWN };
    entries[FAULT.right] = { name: "right", colour: "#5fc79a" };
    entries[FAULT.near] = { name: "wrong below the top level", colour: "#f0b455" };
    entries[FAULT.wrong] = { name: "wrong at the top level", colour: "#f0657a" };
    return { entries, number: (row) => chart.columns.correct[row] };
  },
  confidence(chart) {
    const entries = Array.from({ length: STEPS }, (_, step) => ({
      name: `${(100 * step) / STEPS} to ${(100 * (step + 1)) / STEPS} %`, colour: between(step / (STEPS - 1)),
    }));
    entries.push({ name: "not known", colour: UNKNOWN });
    const { confidence } = chart.columns;
    const number = (row) => {
      const value = confidence[row];
      return value === NO_CONFIDENCE ? STEPS : Math.min(STEPS - 1, Math.floor((value / 254) * STEPS));
    };
    return { entries, number };
  },
};

/** Cluster -> last name of the star that most of its products are of. */
function commonest(chart) {
  const counts = new Map();
  chart.columns.cluster.forEach((number, row) => {
    const star = chart.starOf[chart.columns.category[row]];
    if (star < 0) return;
    if (!counts.has(number)) counts.set(number, new Uint32Array(chart.stars.length));
    counts.get(number)[star]++;
  });
  const named = (own) => chart.stars[own.indexOf(Math.max(...own))].path.split(" > ").at(-1);
  return new Map([...counts].map(([number, own]) => [number, named(own)]));
}

/** The largest groups with a colour each, the others together. */
function most(chart, column, describe, unknown) {
  const counts = new Map();
  for (const number of column) counts.set(number, (counts.get(number) ?? 0) + 1);
  const none = counts.delete(0);
  const ordered = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || a - b);
  const { palette } = chart.header;
  const entries = ordered.slice(0, SHOWN).map((number, i) => ({ ...describe(number), colour: palette[i % palette.length] }));
  const numbers = new Map(ordered.slice(0, SHOWN).map((number, i) => [number, i]));
  if (ordered.length > SHOWN) entries.push({ name: `${ordered.length - SHOWN} others`, colour: UNKNOWN });
  const others = entries.length - 1;
  if (none) entries.push({ name: unknown, colour: UNKNOWN });
  return { entries, number: (row) => (column[row] === 0 ? entries.length - 1 : numbers.get(column[row]) ?? others) };
}

/**
 * Colour and size of every product: `codes` of the scheme where it passes the mask (null: all do) and is among the
 * members (a set of rows, or nothing), else dust; where some were found (a set of rows, or null), these alone are lit.
 */
export function shade(scheme, mask, members, found) {
  const codes = new Uint16Array(scheme.length).fill(DUST);
  const sizes = new Float32Array(scheme.length).fill(0.6 * dot(scheme.length));
  const passes = (row) => (found ? found.has(row) : (!mask || mask[row]) && (!members || members.has(row)));
  let shown = 0;
  for (let row = 0; row < codes.length; row++) {
    if (!passes(row)) continue;
    codes[row] = found ? LIT : scheme[row];
    shown++;
  }
  const size = dot(shown) * (found ? 1.5 : 1);
  for (let row = 0; row < codes.length; row++) if (codes[row] !== DUST) sizes[row] = size;
  return { codes, sizes, shown };
}

/** Pixels across a product, smaller the more of them there are. */
const dot = (count) => Math.min(7, Math.max(2, 30 / Math.max(1, count) ** 0.25));

/** Which stars have a product that is shown, in the order of `blocks.stars`. */
export function litStars(chart, codes) {
  const lit = new Uint8Array(chart.stars.length);
  chart.columns.category.forEach((number, row) => {
    if (codes[row] !== DUST && chart.starOf[number] >= 0) lit[chart.starOf[number]] = 1;
  });
  return lit;
}

/** Sizes (pixels), colours and edges of the stars, in the order of `blocks.stars`: those without light are dust as well. */
export function starLooks(chart, scheme, lit) {
  const most = Math.sqrt(chart.stars[0]?.count ?? 1);
  const own = (node) => (scheme === "category" ? topColour(chart, chart.topOf[node.numbers[0]]) : STAR);
  return {
    sizes: chart.stars.map((node, i) => (5 + 13 * (Math.sqrt(node.count) / most)) * (lit[i] ? 1 : 0.6)),
    colours: chart.stars.map((node, i) => (lit[i] ? own(node) : FIXED[DUST])),
    edges: chart.stars.map((_, i) => (lit[i] ? "rgba(255,255,255,.7)" : FIXED[DUST])),
  };
}

/** Colour of a top-level category by its number in `topOf`. */
function topColour(chart, number) {
  const { palette } = chart.header;
  return number ? palette[(number - 1) % palette.length] : UNKNOWN;
}

function between(share) {
  const mixed = COLD.map((cold, i) => Math.round(cold + share * (HOT[i] - cold)));
  return `rgb(${mixed.join(",")})`;
}
