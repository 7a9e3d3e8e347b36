"use strict";

// One canvas that shows a mesh and lets it be turned by mouse, touch and keyboard.

const VERTEX = `
attribute vec3 position, normal; attribute vec2 uv;
uniform mat4 turn; uniform vec3 middle; uniform vec2 scale; uniform float near, depth;
varying vec3 facing; varying vec2 at;
void main() {
  vec4 p = turn * vec4(position - middle, 1.0);
  facing = (turn * vec4(normal, 0.0)).xyz;
  at = uv;
  float w = near - p.z;
  gl_Position = vec4(p.xy * scale * near, (depth - p.z) / depth * w - w, w);
}`;
const FRAGMENT = `
precision mediump float;
varying vec3 facing; varying vec2 at;
uniform sampler2D picture; uniform float textured;
void main() {
  vec3 n = normalize(gl_FrontFacing ? facing : -facing);
  float light = 0.3 + 0.76 * max(dot(n, normalize(vec3(-0.4, 0.65, 0.85))), 0.0);
  vec3 skin = vec3(0.87, 0.80, 0.76) * light;
  gl_FragColor = vec4(mix(skin, texture2D(picture, at).rgb, textured), 1.0);
}`;
const START = { yaw: 0, pitch: 0, zoom: 1 };

class OrbitView {
  constructor(canvas, onMessage) {
    this.canvas = canvas;
    this.state = { ...START };
    this.textured = true;
    this.gl = canvas.getContext("webgl", { antialias: true, preserveDrawingBuffer: true });
    if (!this.gl) {
      onMessage("This browser has no WebGL: the mesh can be saved, but not shown here.");
      return;
    }
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      onMessage("The graphics driver stopped; reload the page.");
    });
    canvas.addEventListener("webglcontextrestored", () => { this.prepare(); this.show(this.mesh); });
    this.prepare();
    this.listen();
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  prepare() {
    const gl = this.gl, program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
    gl.useProgram(program);
    gl.getExtension("OES_element_index_uint");
    gl.enable(gl.DEPTH_TEST);
    this.program = program;
    this.buffers = { position: gl.createBuffer(), normal: gl.createBuffer(), uv: gl.createBuffer() };
    this.indexBuffer = gl.createBuffer();
    this.pictureName = gl.createTexture();
  }

  async show(mesh) {
    this.mesh = mesh;
    if (!this.gl || !mesh) return;
    const low = [1e30, 1e30, 1e30], high = [-1e30, -1e30, -1e30], p = mesh.positions;
    for (let i = 0; i < p.length; i++) {
      low[i % 3] = Math.min(low[i % 3], p[i]);
      high[i % 3] = Math.max(high[i % 3], p[i]);
    }
    this.middle = low.map((value, k) => (value + high[k]) / 2);
    this.radius = Math.hypot(...low.map((value, k) => (high[k] - value) / 2));
    const gl = this.gl;
    const put = (name, values, size) => {
      const place = gl.getAttribLocation(this.program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
      gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, gl.FLOAT, false, 0, 0);
    };
    put("position", p, 3);
    put("normal", mesh.normals, 3);
    put("uv", mesh.uv || new Float32Array(p.length / 3 * 2), 2);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.indexBuffer);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.indices, gl.STATIC_DRAW);
    this.hasPicture = false;
    if (mesh.picture) {
      const picture = await createImageBitmap(mesh.picture);
      if (this.mesh !== mesh) return; // another face was chosen meanwhile
      gl.bindTexture(gl.TEXTURE_2D, this.pictureName);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, picture);
      for (const [key, value] of [[gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
        [gl.TEXTURE_MIN_FILTER, gl.LINEAR], [gl.TEXTURE_MAG_FILTER, gl.LINEAR]]) {
        gl.texParameteri(gl.TEXTURE_2D, key, value);
      }
      this.hasPicture = true;
    }
    this.draw();
  }

  reset() { this.state = { ...START }; this.draw(); }

  move(yaw, pitch, zoom = 1) {
    const limit = (value, end) => Math.min(end, Math.max(-end, value));
    this.state.yaw += yaw;
    this.state.pitch = limit(this.state.pitch + pitch, Math.PI / 2);
    this.state.zoom = Math.min(8, Math.max(0.5, this.state.zoom * zoom));
    this.draw();
  }

  draw() {
    const gl = this.gl, canvas = this.canvas;
    if (!gl || !this.mesh || gl.isContextLost()) return;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    gl.viewport(0, 0, width, height);
    gl.clearColor(0.137, 0.153, 0.169, 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const { yaw, pitch, zoom } = this.state, place = (name) => gl.getUniformLocation(this.program, name);
    const cy = Math.cos(yaw), sy = Math.sin(yaw), cp = Math.cos(pitch), sp = Math.sin(pitch);
    // Columns of Rx(pitch) Ry(yaw).
    gl.uniformMatrix4fv(place("turn"), false, [cy, sp * sy, -cp * sy, 0, 0, cp, sp, 0, sy, -sp * cy, cp * cy, 0, 0, 0, 0, 1]);
    gl.uniform3fv(place("middle"), this.middle);
    const fit = zoom * Math.min(width, height) * 1.25 / this.radius;
    gl.uniform2f(place("scale"), fit / width, fit / height);
    gl.uniform1f(place("near"), 6 * this.radius);
    gl.uniform1f(place("depth"), 2 * this.radius);
    gl.uniform1f(place("textured"), this.textured && this.hasPicture ? 1 : 0);
    gl.drawElements(gl.TRIANGLES, this.mesh.indices.length, gl.UNSIGNED_INT, 0);
  }

  listen() {
    const canvas = this.canvas, fingers = new Map();
    const spread = () => { const [a, b] = [...fingers.values()]; return Math.hypot(a.x - b.x, a.y - b.y); };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    canvas.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      const old = fingers.size === 2 ? spread() : 0;
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (fingers.size === 2) this.move(0, 0, spread() / Math.max(old, 1));
      else this.move((event.clientX - before.x) / 150, (event.clientY - before.y) / 150);
    });
    for (const kind of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(kind, (event) => fingers.delete(event.pointerId));
    }
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.move(0, 0, Math.exp(-event.deltaY / 500));
    }, { passive: false });
    canvas.addEventListener("dblclick", () => this.reset());
    const step = Math.PI / 24;
    const keys = {
      ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step],
      "+": [0, 0, 1.15], "=": [0, 0, 1.15], "-": [0, 0, 1 / 1.15],
    };
    canvas.addEventListener("keydown", (event) => {
      if (!(event.key in keys) || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.move(...keys[event.key]);
    });
  }
}
