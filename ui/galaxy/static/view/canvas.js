// Draws the galaxy without WebGL, on a 2D canvas: the same scene and camera as gl.js, without glow.

import { projectAll } from "./camera.js";
import { roomy } from "./gl.js";

const GROUND = "#07080e";
const DOT = 22; // pixels: largest product

export class FlatPainter {
  constructor(canvas) {
    Object.assign(this, { canvas, scene: {}, pen: canvas.getContext("2d") });
  }

  set(scene) {
    for (const [name, content] of Object.entries(scene)) this.scene[name] = { ...this.scene[name], ...content };
  }

  paint({ camera, width, height, usual }) {
    const { canvas, pen, scene } = this;
    const sharp = Math.min(2, window.devicePixelRatio || 1);
    [canvas.width, canvas.height] = [width * sharp, height * sharp];
    pen.scale(sharp, sharp);
    pen.fillStyle = GROUND;
    pen.fillRect(0, 0, width, height);
    const seen = (name) => scene[name]?.place?.length && { ...scene[name], at: projectAll(columns(scene[name].place), camera, width, height) };
    const products = seen("products");
    if (products) this.#products(products, usual, 0.7 * roomy(width, height));
    const lines = seen("lines");
    if (lines) this.#lines(lines);
    for (const [name, draw] of [["markers", star], ["ring", ring]]) {
      const things = seen(name);
      if (!things) continue;
      things.size.forEach((size, i) => {
        if (!things.at.depth[i] || !size) return;
        pen.fillStyle = pen.strokeStyle = color(things.color, i);
        draw(pen, things.at.x[i], things.at.y[i], size / 2);
      });
    }
  }

  /** Squares, since circles take long; grouped by color, since a change of color does too. */
  #products({ at, color: colors, size }, usual, times) {
    const groups = new Map();
    const packed = new Uint32Array(colors.buffer, colors.byteOffset, colors.length / 4);
    packed.forEach((one, row) => {
      if (!at.depth[row]) return;
      if (!groups.has(one)) groups.set(one, []);
      groups.get(one).push(row);
    });
    for (const rows of groups.values()) {
      this.pen.fillStyle = color(colors, rows[0]);
      for (const row of rows) {
        const side = Math.min(DOT, Math.max(1.5, times * size[row] * (usual / at.depth[row]) ** 0.6));
        this.pen.fillRect(at.x[row] - side / 2, at.y[row] - side / 2, side, side);
      }
    }
  }

  #lines({ at, color: colors }) {
    this.pen.strokeStyle = color(colors, 0);
    this.pen.lineWidth = 1;
    this.pen.beginPath();
    for (let i = 0; i + 1 < at.x.length; i += 2) {
      if (!at.depth[i] || !at.depth[i + 1]) continue;
      this.pen.moveTo(at.x[i], at.y[i]);
      this.pen.lineTo(at.x[i + 1], at.y[i + 1]);
    }
    this.pen.stroke();
  }
}

const color = (bytes, i) => `rgba(${bytes[4 * i]},${bytes[4 * i + 1]},${bytes[4 * i + 2]},${bytes[4 * i + 3] / 255})`;

function columns(place) {
  const n = place.length / 3;
  const [x, y, z] = [0, 1, 2].map((axis) => Float32Array.from({ length: n }, (_, i) => place[3 * i + axis]));
  return { x, y, z };
}

function star(pen, x, y, half) {
  const waist = half / 5;
  pen.beginPath();
  for (const [right, down] of [[0, -half], [waist, -waist], [half, 0], [waist, waist], [0, half], [-waist, waist], [-half, 0], [-waist, -waist]]) {
    pen.lineTo(x + right, y + down);
  }
  pen.fill();
}

function ring(pen, x, y, half) {
  pen.lineWidth = 2;
  pen.beginPath();
  pen.arc(x, y, half, 0, 2 * Math.PI);
  pen.stroke();
}
