// The camera: where it stands, what it shows of a point, and from where points fill the view; points are [x, y, z].

export const TANGENT = Math.tan(Math.PI / 8); // of half the vertical field of view
const MAX_POINTS = 1500; // largest number of points; of more, every n-th is used
const SIDES = 12; // directions that are tried to find the widest view of a cloud
const RISE = 0.5; // radians: how far above the horizon the camera stands
const ROOM = 1.04; // margin at the edges
const EDGE = 0.005; // share of the points at each end that may be cut off
const SEEN = 0.985; // share of the points in view of the whole
const NEAREST = 0.004; // smallest depth of what is seen
const STEEPEST = 1.55; // radians above or below the horizon
export const UPRIGHT = [0, 0, 1];
export const FROM_ABOVE = { back: [0, 0, 1], up: [0, 1, 0] };

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const along = (from, way, far) => from.map((value, i) => value + way[i] * far);
export const unit = (a) => a.map((value) => value / (Math.hypot(...a) || 1));
export const apart = (a, b) => Math.hypot(...minus(a, b));

/** Three axes of a view: to its right, to its top, and back to the camera. */
function axes(back, up) {
  const right = unit(cross(up, back));
  return [right, cross(back, right), back];
}

const axesOf = ({ eye, center, up }) => axes(unit(minus(eye, center)), up);

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
    const [right, top] = axes(back, up);
    let center = [0, 0, 0];
    for (const axis of [right, top, back]) center = along(center, axis, middle(some.map((point) => dot(point, axis))));
    let far = 1;
    for (let round = 0; round < 3; round++) { // what is nearer looks larger, so the middle of the view is not that of the cloud
      far = Math.max(0.05, distance(some, { center, back, up, aspect, share: SEEN }));
      const seen = some.map((point) => project(point, { eye: along(center, back, far), center, up })).filter(Boolean);
      const shift = (axis, way) => { center = along(center, way, middle(seen.map((at) => at[axis])) * TANGENT * far); };
      shift(0, right);
      shift(1, top);
    }
    if (!best || far < best.far) best = { far, eye: along(center, back, far), center, up };
  }
  return best;
}

const middle = (values) => (quantile(values, EDGE) + quantile(values, 1 - EDGE)) / 2;

/** Project a point to [x, y]: 0 in the middle, 1 at the top and `aspect` at the right; null behind the camera. */
function project(point, { eye, center, up }) {
  const [right, top, back] = axes(unit(minus(eye, center)), up);
  const from = minus(point, eye);
  const deep = -dot(from, back);
  return deep > NEAREST ? [dot(from, right) / (deep * TANGENT), dot(from, top) / (deep * TANGENT)] : null;
}

/** Matrix of a camera for WebGL, column by column; with the width of the view over its height. */
export function matrix(camera, aspect) {
  const [right, top, back] = axesOf(camera);
  const { eye } = camera;
  const [sx, sy] = [1 / (TANGENT * aspect), 1 / TANGENT];
  const rows = [
    [...right.map((v) => v * sx), -dot(right, eye) * sx], [...top.map((v) => v * sy), -dot(top, eye) * sy],
    [...back.map((v) => -v), dot(back, eye) - 2 * NEAREST], [...back.map((v) => -v), dot(back, eye)],
  ];
  return new Float32Array(16).map((_, i) => rows[i % 4][i >> 2]);
}

/**
 * Positions of all points on the screen, in pixels from the top left: {x, y, depth} of Float32Array; depth is not
 * positive behind the camera.
 */
export function projectAll(place, camera, width, height) {
  const m = matrix(camera, width / height);
  const n = place.x.length;
  const [x, y, depth] = [new Float32Array(n), new Float32Array(n), new Float32Array(n)];
  for (let i = 0; i < n; i++) {
    const [a, b, c] = [place.x[i], place.y[i], place.z[i]];
    const w = m[3] * a + m[7] * b + m[11] * c + m[15];
    depth[i] = w > NEAREST ? w : 0;
    x[i] = (0.5 + (m[0] * a + m[4] * b + m[8] * c + m[12]) / w / 2) * width;
    y[i] = (0.5 - (m[1] * a + m[5] * b + m[9] * c + m[13]) / w / 2) * height;
  }
  return { x, y, depth };
}

/** Turn around the center: by pixels to the right and down, in a view of this height; it never tips over. */
export function turn({ eye, center, up }, right, down, height) {
  const from = minus(eye, center);
  const far = Math.hypot(...from);
  const around = Math.atan2(from[1], from[0]) - (right / height) * Math.PI;
  const rise = Math.asin(Math.max(-1, Math.min(1, from[2] / far))) + (down / height) * Math.PI;
  const tilt = Math.max(-STEEPEST, Math.min(STEEPEST, rise));
  const back = [Math.cos(around) * Math.cos(tilt), Math.sin(around) * Math.cos(tilt), Math.sin(tilt)];
  return { eye: along(center, back, far), center, up };
}

/** Move sideways, so that what is at the distance of the center follows the mouse. */
export function pan(camera, right, down, height) {
  const [toRight, toTop] = axesOf(camera);
  const step = (2 * TANGENT * apart(camera.eye, camera.center)) / height;
  const by = (point) => along(along(point, toRight, -right * step), toTop, down * step);
  return { ...camera, eye: by(camera.eye), center: by(camera.center) };
}

/** Bring everything `times` nearer around the place under a pixel, which stays there; `depth` of it, or that of the center. */
export function zoom(camera, times, { x, y, width, height, depth, limits }) {
  const [right, top, back] = axesOf(camera);
  const far = apart(camera.eye, camera.center);
  const share = Math.min(limits.far, Math.max(limits.near, far / times)) / far;
  const deep = depth || far;
  const [across, above] = [(2 * x - width) / height, 1 - (2 * y) / height].map((value) => value * TANGENT * deep);
  const target = along(along(along(camera.eye, back, -deep), right, across), top, above);
  const by = (point) => along(target, minus(point, target), share);
  const moved = { ...camera, eye: by(camera.eye), center: by(camera.center) };
  return deep === far ? moved : { ...moved, center: along(moved.eye, back, -Math.max(limits.near, far * share)) };
}
