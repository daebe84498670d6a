// Draws the galaxy with WebGL: products as soft points that brighten one another, a haze where they are dense, lines,
// and markers as stars. Everything is drawn in one frame from buffers that change only when colors or places do.

import { matrix } from "./camera.js";

const HAZE = 2500; // products that glow; of more, every n-th

const VERTEX = `#version 300 es
uniform mat4 seen;
uniform float scale, most, usual;
in vec3 place;
in vec4 color;
in float size;
out vec4 tint;
void main() {
  gl_Position = seen * vec4(place, 1.);
  float near = usual / max(gl_Position.w, .001); // 1 at the distance from which the whole is seen
  gl_PointSize = clamp(size * scale * pow(near, .6), 1.5 * scale, most * scale);
  tint = vec4(color.rgb, color.a * clamp(.45 + .55 * near, .3, 1.));
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
uniform int kind;
in vec4 tint;
out vec4 paint;
void main() {
  vec2 at = 2. * gl_PointCoord - 1.;
  float far = dot(at, at), glow;
  if (kind == 0) glow = far > 1. ? 0. : exp(-4. * far) * (1. - far);
  else if (kind == 1) glow = smoothstep(1., .1, far);
  else if (kind == 2) {
    vec2 away = abs(at);
    float rays = max(0., 1. - 14. * away.x * away.y - far) * smoothstep(1., .2, max(away.x, away.y));
    glow = clamp(rays * .7 + exp(-14. * far) * 1.3, 0., 1.);
  } else if (kind == 3) glow = smoothstep(.12, .0, abs(sqrt(far) - .8));
  else glow = 1.;
  paint = vec4(tint.rgb, 1.) * tint.a * glow;
}`;
const [SOFT, DOT, STAR, RING, LINE] = [0, 1, 2, 3, 4];

function build(gl) {
  const program = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(`The galaxy's shaders failed: ${gl.getProgramInfoLog(program)}`);
  return program;
}

/** A set of things to draw: places, colors (four bytes each) and sizes in pixels. */
class Things {
  constructor(gl, program) {
    this.gl = gl;
    this.array = gl.createVertexArray();
    this.count = 0;
    gl.bindVertexArray(this.array);
    this.buffers = {};
    for (const [name, length, type, whole] of [["place", 3, gl.FLOAT, false], ["color", 4, gl.UNSIGNED_BYTE, true], ["size", 1, gl.FLOAT, false]]) {
      const at = gl.getAttribLocation(program, name);
      this.buffers[name] = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, length, type, whole, 0, 0);
    }
  }

  set(content) {
    for (const [name, values] of Object.entries(content)) {
      this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.buffers[name]);
      this.gl.bufferData(this.gl.ARRAY_BUFFER, values, this.gl.DYNAMIC_DRAW);
      if (name === "place") this.count = values.length / 3;
    }
  }

  draw(mode) {
    if (!this.count) return;
    this.gl.bindVertexArray(this.array);
    this.gl.drawArrays(mode, 0, this.count);
  }
}

export class Painter {
  /** A painter on `canvas`; null where there is no WebGL 2. */
  static on(canvas) {
    const gl = canvas.getContext("webgl2", { antialias: false, alpha: false, powerPreference: "high-performance" });
    return gl ? new Painter(canvas, gl) : null;
  }

  constructor(canvas, gl) {
    Object.assign(this, { canvas, gl, scene: {} });
    this.#prepare();
    canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    canvas.addEventListener("webglcontextrestored", () => { this.#prepare(); this.set(this.scene); this.paint(this.last); });
  }

  #prepare() {
    const { gl } = this;
    this.program = build(gl);
    this.where = Object.fromEntries(["seen", "scale", "most", "usual", "kind"].map((name) => [name, gl.getUniformLocation(this.program, name)]));
    this.things = Object.fromEntries(["products", "haze", "lines", "markers", "ring"].map((name) => [name, new Things(gl, this.program)]));
    gl.useProgram(this.program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_COLOR); // lights add up, and never to more than white
  }

  /** Change what is drawn: any of {products, lines, markers, ring}, each {place, color, size} or part of it. */
  set(scene) {
    for (const [name, content] of Object.entries(scene)) {
      this.scene[name] = { ...this.scene[name], ...content };
      this.things[name].set(content);
    }
    if (scene.products) this.things.haze.set(haze(this.scene.products));
  }

  /** Draw a frame; `usual` is the distance from which the whole is seen. */
  paint(frame) {
    this.last = frame;
    const { gl, things, where, canvas } = this;
    const { camera, width, height, usual } = frame;
    const scale = Math.min(2, window.devicePixelRatio || 1);
    const size = [width * scale, height * scale].map((value) => Math.max(1, Math.round(value)));
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    gl.viewport(0, 0, ...size);
    gl.clearColor(0.027, 0.033, 0.055, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniformMatrix4fv(where.seen, false, matrix(camera, width / height));
    gl.uniform1f(where.scale, scale * roomy(width, height));
    gl.uniform1f(where.usual, usual);
    const draw = (name, kind, most, mode = gl.POINTS) => {
      gl.uniform1i(where.kind, kind);
      gl.uniform1f(where.most, most);
      things[name].draw(mode);
    };
    draw("haze", SOFT, 120);
    draw("products", DOT, 22);
    draw("lines", LINE, 1, gl.LINES);
    draw("markers", STAR, 60);
    draw("ring", RING, 40);
  }
}

/** How large points are in a view: a small one would be all white. */
export const roomy = (width, height) => Math.min(1.2, Math.max(0.5, Math.sqrt((width * height) / 650_000)));

function haze({ place, color, size }) {
  const n = size.length;
  const step = Math.max(1, Math.ceil(n / HAZE));
  const kept = Math.floor((n - 1) / step) + (n ? 1 : 0);
  const out = { place: new Float32Array(3 * kept), color: new Uint8Array(4 * kept), size: new Float32Array(kept) };
  for (let i = 0; i < kept; i++) {
    const row = i * step;
    out.place.set(place.subarray(3 * row, 3 * row + 3), 3 * i);
    out.color.set(color.subarray(4 * row, 4 * row + 3), 4 * i);
    out.color[4 * i + 3] = Math.min(38, color[4 * row + 3] * 0.15);
    out.size[i] = 52;
  }
  return out;
}
