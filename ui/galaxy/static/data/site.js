// Where the galaxy's data come from without a server: chunks that `ui/galaxy/site.py` wrote beside the page.

import { readBlock, readMask } from "./chart.js";

const TEXTS_AT_ONCE = 500; // as in site.py
const PHOTOS_AT_ONCE = 200;
const NOBODY = 2 ** 32 - 1;
const FORMULA = /^[=+\-@\t\r]/;
const CSV = ["product_id", "title", "brand", "category_path", "predicted_path", "language"];

export class Site {
  constructor() {
    Object.assign(this, { exports: ["csv"], searches: false, fetched: new Map(), addresses: new Map() });
  }

  /** Bytes of a block, unpacked here, since a plain file server names no encoding. */
  block(name) {
    return this.#once(name, async () => {
      const answer = await fetch(`data/${name}.bin`);
      if (!answer.ok) throw new Error(`The galaxy's data could not be loaded (${answer.status}).`);
      return new Response(answer.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
    });
  }

  #once(name, make) {
    if (!this.fetched.has(name)) {
      this.fetched.set(name, make());
      this.fetched.get(name).catch(() => this.fetched.delete(name));
    }
    return this.fetched.get(name);
  }

  #read(name) {
    return this.#once(`read ${name}`, async () => readBlock(await this.block(name)));
  }

  /** Address of a product's photo, null if it has none. */
  async photo(row) {
    if (this.addresses.has(row)) return this.addresses.get(row);
    const { header, columns } = await this.#read(`photos-${Math.floor(row / PHOTOS_AT_ONCE)}`);
    const place = row % PHOTOS_AT_ONCE;
    const [from, to] = [place ? header.ends[place - 1] : 0, header.ends[place]];
    const address = to > from ? URL.createObjectURL(new Blob([columns.photos.subarray(from, to)], { type: "image/webp" })) : null;
    this.addresses.set(row, address);
    return address;
  }

  async title(row) {
    return (await this.#read("titles")).header.titles[row];
  }

  async #texts(row) {
    const { header } = await this.#read(`texts-${Math.floor(row / TEXTS_AT_ONCE)}`);
    return header.products[row % TEXTS_AT_ONCE];
  }

  /** What the Space's server functions of these names answer. */
  ask(name, question) {
    const answers = { product: this.#product, category: this.#category, find: this.#find, selection: async () => ({ words: [] }), export_rows: this.#table };
    return answers[name].call(this, question);
  }

  async #confidence(row) {
    const value = (await this.#read("points")).columns.confidence[row];
    return value === 255 ? null : value / 254;
  }

  async #product({ row, product_id: id }) {
    if (row === undefined) row = await this.#rowOf(id);
    if (row < 0) return { refused: "The catalogue has no such product." };
    const [texts, { header, columns }] = await Promise.all([this.#texts(row), this.#read("neighbors")]);
    const places = Array.from({ length: header.each }, (_, i) => row * header.each + i);
    const neighbors = await Promise.all(places.map(async (place) => {
      const other = columns.rows[place];
      return { row: other, title: await this.title(other), similarity: columns.similarities[place] / 254 };
    }));
    const known = (text) => text || null;
    return {
      ...texts, row, neighbors, candidates: false, confidence: await this.#confidence(row),
      category_path: known(texts.category_path), predicted_path: known(texts.predicted_path),
    };
  }

  async #rowOf(id) {
    const rows = (await this.#read("points")).header.rows;
    for (let start = 0; start < rows; start += TEXTS_AT_ONCE) {
      const { header } = await this.#read(`texts-${start / TEXTS_AT_ONCE}`);
      const place = header.products.findIndex((one) => one.product_id === id);
      if (place >= 0) return start + place;
    }
    return -1;
  }

  async #category(path) {
    const { header, columns } = await this.#read("ends");
    const place = header.paths.indexOf(path);
    if (place < 0) return { refused: "The catalogue has no such category." };
    const list = (name) => Promise.all(Array.from({ length: header.each }, (_, i) => place * header.each + i)
      .filter((at) => columns[name][at] !== NOBODY)
      .map(async (at) => ({ row: columns[name][at], title: await this.title(columns[name][at]), distance: columns[`${name}_distances`][at] / 254 })));
    const points = await this.#read("points");
    const wanted = new Set(points.header.categories.map((one, i) => (one === path || one.startsWith(`${path} > `) ? i + 1 : 0)).filter(Boolean));
    const members = points.columns.category.reduce((all, number) => all + wanted.has(number), 0);
    return { category: path, members, nearest: await list("nearest"), farthest: await list("farthest") };
  }

  async #find(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const [{ header: { titles } }, { header: { brands } }, { columns: { brand } }] = await Promise.all(["titles", "brands", "points"].map((name) => this.#read(name)));
    const bytes = new Uint8Array(Math.ceil(titles.length / 8));
    titles.forEach((title, row) => {
      const whole = `${title}\n${brands[brand[row] - 1] ?? ""}`.toLowerCase();
      if (words.every((word) => whole.includes(word))) bytes[row >> 3] |= 1 << (row & 7);
    });
    return { mask: base64(bytes) };
  }

  /** The selected products as CSV; an apostrophe goes before what a spreadsheet would take for a formula. */
  async #table({ mask }) {
    const { header } = await this.#read("points");
    const rows = [...readMask(mask, header.rows)].flatMap((one, row) => (one ? [row] : []));
    const cell = (text, name) => `"${(name !== "product_id" && FORMULA.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
    const lines = await Promise.all(rows.map(async (row) => {
      const texts = await this.#texts(row);
      const sure = await this.#confidence(row);
      return [...CSV.map((name) => cell(texts[name], name)), sure === null ? "" : sure.toFixed(4)].join();
    }));
    const bytes = new TextEncoder().encode([[...CSV, "confidence"].join(), ...lines, ""].join("\n"));
    return { name: "selection.csv", file: base64(bytes) };
  }
}

function base64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
