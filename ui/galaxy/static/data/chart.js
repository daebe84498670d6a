// The chart of the galaxy: typed arrays from a source (source.js), and the category tree computed from them.

const KINDS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i2: Int16Array };
export const REACH = 32767; // farthest coordinate: positions lie within [-1, 1]
export const FAULT = { unknown: 0, right: 1, near: 2, wrong: 3 };
export const NO_CONFIDENCE = 255;

/** Header and columns of a block; `ui/galaxy/blocks.py` documents the layout. */
export function readBlock(buffer) {
  const bytes = new Uint8Array(buffer);
  const size = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size)));
  const columns = {};
  let at = 4 + size;
  for (const { name: column, type, length } of header.columns) {
    const width = Number(type[1]);
    columns[column] = unpack(bytes.subarray(at, at + width * length), KINDS[type], width, length);
    at += width * length;
  }
  return { header, columns };
}

function unpack(planes, Kind, width, length) {
  const joined = new Uint8Array(width * length);
  for (let plane = 0; plane < width; plane++) {
    for (let i = 0; i < length; i++) joined[i * width + plane] = planes[plane * length + i];
  }
  return new Kind(joined.buffer);
}

const scaled = (column) => Float32Array.from(column, (value) => value / REACH);

export class Chart {
  constructor(source, { header, columns }) {
    this.source = source;
    this.header = header;
    this.columns = columns;
    this.rows = header.rows;
    this.brands = null;
    this.places = { umap3: this.#place(columns) };
    this.#countCategories();
  }

  static async open(source) {
    return new Chart(source, readBlock(await source.block("points")));
  }

  async #block(name) {
    return readBlock(await this.source.block(name));
  }

  /** Coordinates of a layout: {x, y, z}, z of zeros where it is flat. */
  async layout(name) {
    if (!this.places[name]) this.places[name] = this.#place((await this.#block(name)).columns);
    return this.places[name];
  }

  /** Named regions of a layout, coarse to fine: {name, x, y, z, radius, count}. */
  async regions(name) {
    const { header } = await this.#block(`regions-${name}`);
    const scale = ({ x, y, z, radius, ...rest }) => ({ ...rest, x: x / REACH, y: y / REACH, z: z / REACH, radius: radius / REACH });
    return header.regions.map(scale);
  }

  /** Columns as bars: {id, label, kind, names, edges, bars}; `ui/galaxy/facets.py` documents them. */
  async facets() {
    if (!this.bars) {
      const { header, columns } = await this.#block("facets");
      this.bars = header.facets.map((facet) => ({ ...facet, bars: columns[facet.id] }));
    }
    return this.bars;
  }

  async brandNames() {
    if (!this.brands) this.brands = (await this.#block("brands")).header.brands;
    return this.brands;
  }

  #place({ x, y, z }) {
    return { x: scaled(x), y: scaled(y), z: z ? scaled(z) : new Float32Array(x.length), flat: !z };
  }

  /** Count every category at every depth: path -> {path, depth, count, numbers}; `numbers` are the paths at and below it. */
  #countCategories() {
    const counts = new Uint32Array(this.header.categories.length + 1);
    for (const number of this.columns.category) counts[number]++;
    this.tree = new Map();
    this.topOf = new Uint16Array(counts.length); // 0: unknown, else 1 + index into `tops`
    this.header.categories.forEach((path, i) => {
      const parts = path.split(" > ");
      parts.forEach((_, depth) => {
        const above = parts.slice(0, depth + 1).join(" > ");
        if (!this.tree.has(above)) this.tree.set(above, { path: above, depth: depth + 1, count: 0, numbers: [] });
        const node = this.tree.get(above);
        node.count += counts[i + 1];
        node.numbers.push(i + 1);
      });
    });
    this.tops = [...this.tree.values()].filter((node) => node.depth === 1).sort(byCount);
    this.tops.forEach((top, i) => { for (const number of top.numbers) this.topOf[number] = i + 1; });
    // a product whose category has depth 1 has no marker
    this.markers = [...this.tree.values()].filter((node) => node.depth === 2).sort(byCount);
    this.markerOf = new Int32Array(counts.length).fill(-1); // index into `markers`
    this.markers.forEach((node, i) => { for (const number of node.numbers) this.markerOf[number] = i; });
  }

  children(path) {
    const depth = this.tree.get(path).depth + 1;
    const below = [...this.tree.values()].filter((node) => node.depth === depth && node.path.startsWith(`${path} > `));
    return below.sort(byCount);
  }

  /** Rows of the products in a category or below it. */
  members(path) {
    const wanted = new Set(this.tree.get(path)?.numbers);
    const rows = [];
    this.columns.category.forEach((number, row) => { if (wanted.has(number)) rows.push(row); });
    return rows;
  }

  /** Positions of the markers in a layout: the mean of their members. */
  markerPlaces({ x, y, z }) {
    const sums = this.markers.map(() => [0, 0, 0, 0]);
    this.columns.category.forEach((number, row) => {
      const sum = sums[this.markerOf[number]];
      if (sum) { sum[0] += x[row]; sum[1] += y[row]; sum[2] += z[row]; sum[3]++; }
    });
    return sums.map(([sx, sy, sz, n]) => ({ x: sx / n, y: sy / n, z: sz / n }));
  }
}

export const byCount = (a, b) => b.count - a.count || (a.path < b.path ? -1 : 1);

/** Decode a mask of rows that the server sent in base64, one bit a row, lowest bit first. */
export function readMask(text, rows) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const mask = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) mask[row] = (bytes[row >> 3] >> (row & 7)) & 1;
  return mask;
}

/** The same mask as `readMask` reads, from rows. */
export function writeMask(selected, rows) {
  const bytes = new Uint8Array(Math.ceil(rows / 8));
  for (const row of selected) bytes[row >> 3] |= 1 << (row & 7);
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
