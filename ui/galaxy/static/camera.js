// Camera positions from which points fill the view, in the perspective of Plotly's scenes; points are [x, y, z].

const TANGENT = Math.tan(Math.PI / 8); // of half the vertical field of view
const MAX_POINTS = 1500; // largest number of points; of more, every n-th is used
const SIDES = 12; // directions that are tried to find the widest view of a cloud
const RISE = 0.42; // radians: how far above the horizon the camera stands
const ROOM = 1.06; // margin at the edges
export const UPRIGHT = [0, 0, 1];
export const FROM_ABOVE = { back: [0, 0, 1], up: [0, 1, 0] };

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const along = (from, way, far) => from.map((value, i) => value + way[i] * far);
export const unit = (a) => a.map((value) => value / (Math.hypot(...a) || 1));

/** Three axes of a view: to its right, to its top, and back to the camera. */
function axes(back, up) {
  const right = unit(cross(up, back));
  return [right, cross(back, right), back];
}

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** Distance from `center` of a camera that looks from direction `back` and sees this share of the points. */
export function distance(points, { center, back, up, aspect, share }) {
  const [right, top] = axes(back, up);
  const needed = points.map((point) => {
    const from = minus(point, center);
    return dot(from, back) + (ROOM / TANGENT) * Math.max(Math.abs(dot(from, right)) / aspect, Math.abs(dot(from, top)));
  });
  return quantile(needed, share);
}

/** The camera that shows a cloud as large as possible: from its widest side, or from above if it is flat. */
export function whole(points, { aspect, flat }) {
  const step = Math.ceil(points.length / MAX_POINTS);
  const some = points.filter((_, i) => i % step === 0);
  const sides = Array.from({ length: SIDES }, (_, i) => (2 * Math.PI * i) / SIDES).map((turn) => ({
    back: [Math.cos(turn) * Math.cos(RISE), Math.sin(turn) * Math.cos(RISE), Math.sin(RISE)], up: UPRIGHT,
  }));
  let best = null;
  for (const { back, up } of flat ? [FROM_ABOVE] : sides) {
    let center = [0, 0, 0];
    for (const axis of axes(back, up)) {
      const seen = some.map((point) => dot(point, axis));
      center = along(center, axis, (quantile(seen, 0.005) + quantile(seen, 0.995)) / 2);
    }
    const far = distance(some, { center, back, up, aspect, share: 0.998 });
    if (!best || far < best.far) best = { far, eye: along(center, back, far), center: center, up };
  }
  return best;
}

/** Project a point to [x, y]: 0 in the middle, 1 at the top and `aspect` at the right; null behind the camera. */
export function project(point, { eye, center, up }) {
  const [right, top, back] = axes(unit(minus(eye, center)), up);
  const from = minus(point, eye);
  const deep = -dot(from, back);
  return deep > 0.01 ? [dot(from, right) / (deep * TANGENT), dot(from, top) / (deep * TANGENT)] : null;
}
