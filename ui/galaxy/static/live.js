// A small galaxy that turns slowly behind the page's header: a sample of the products on a 2D canvas of its own.

import { readBlock, REACH } from "./data/chart.js";

const TURN = 0.00006; // radians a millisecond: a turn takes two minutes
const PACE = 50; // ms between frames
const BUSY = 8; // a slow machine draws seldom: at most one part in so many of its time
const GLOW = 9; // pixels
const REACHED = 1.05; // width of the galaxy over that of the strip
const [UP, DOWN] = [0.88, 0.47]; // it is seen from 28 degrees above
const CALM = window.matchMedia("(prefers-reduced-motion: reduce)");

/** Draw on `canvas` once the page is idle; `address` is that of the sample (`blocks.sample`). */
export async function live(canvas, address) {
  const answer = await fetch(address);
  if (!answer.ok) return;
  const { header, columns } = readBlock(await answer.arrayBuffer());
  const [x, y, z] = ["x", "y", "z"].map((axis) => Float32Array.from(columns[axis], (value) => value / REACH));
  const sprites = header.palette.map(sprite);
  let [seen, took] = [true, 0];
  const draw = (now) => {
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width) return;
    const started = performance.now();
    const sharp = Math.min(2, window.devicePixelRatio || 1);
    [canvas.width, canvas.height] = [width * sharp, height * sharp];
    const pen = canvas.getContext("2d");
    pen.scale(sharp, sharp);
    pen.globalCompositeOperation = "lighter";
    const [cos, sin] = [Math.cos(0.6 + now * TURN), Math.sin(0.6 + now * TURN)];
    const half = (REACHED * Math.max(width, 2 * height)) / 2;
    const tall = Math.max(0.8 * height, 0.3 * half); // flatter than it is, or the strip would show little of it
    for (let row = 0; row < x.length; row++) {
      const [across, deep] = [x[row] * cos - y[row] * sin, x[row] * sin + y[row] * cos];
      const near = 1.1 - 0.5 * deep;
      const size = GLOW * near;
      pen.globalAlpha = Math.min(1, 0.7 * near * near);
      pen.drawImage(sprites[columns.top[row]], width / 2 + across * half - size / 2, height / 2 - (z[row] * UP - deep * DOWN) * tall - size / 2, size, size);
    }
    took = performance.now() - started;
    canvas.dataset.frames = String(Number(canvas.dataset.frames ?? 0) + 1);
  };
  let last = -PACE;
  const step = (now) => {
    if (!canvas.isConnected) return;
    if (seen && !document.hidden && now - last >= Math.max(PACE, BUSY * took)) {
      last = now;
      draw(now);
    }
    if (!CALM.matches) requestAnimationFrame(step);
  };
  new IntersectionObserver(([entry]) => { seen = entry.isIntersecting; }).observe(canvas);
  new ResizeObserver(() => draw(last < 0 ? 0 : last)).observe(canvas);
  requestAnimationFrame(step);
}

function sprite(color) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 24;
  const pen = canvas.getContext("2d");
  const glow = pen.createRadialGradient(12, 12, 0, 12, 12, 12);
  glow.addColorStop(0, "#fff");
  glow.addColorStop(0.16, color);
  glow.addColorStop(0.4, `${color}44`);
  glow.addColorStop(1, `${color}00`);
  pen.fillStyle = glow;
  pen.fillRect(0, 0, 24, 24);
  return canvas;
}
