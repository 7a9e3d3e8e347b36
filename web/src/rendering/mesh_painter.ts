// Shaded meshes by WebGL 2.

import type { Face } from "../face.js";

const VERTEX_SHADER = `
attribute vec3 position;
attribute vec3 normal;
uniform vec4 view; // width, height, nearest z, depth
varying float shade;
void main() {
  vec3 light = normalize(vec3(-0.4, -0.65, 0.85));
  shade = 0.3 + 0.76 * max(dot(normalize(normal), light), 0.0);
  vec2 place = (position.xy + 0.5) / view.xy * 2.0 - 1.0;
  gl_Position = vec4(place.x, -place.y, (view.z - position.z) / view.w * 2.0 - 1.0, 1.0);
}`;
const FRAGMENT_SHADER = `
precision mediump float;
varying float shade;
void main() { gl_FragColor = vec4(min(vec3(0.871, 0.804, 0.761) * shade, 1.0), 1.0); }`;

/** What is painted of a face. */
export type Meshed = Pick<Face, "vertices" | "triangles">;

/** Paints meshes on a canvas of its own; one serves all frames. */
export class MeshPainter {
  private readonly canvas = new OffscreenCanvas(1, 1);
  private readonly gl: WebGL2RenderingContext | null;
  private program: WebGLProgram | null = null;
  private indices: Int32Array | undefined;

  constructor() {
    this.gl = this.canvas.getContext("webgl2", { antialias: true, premultipliedAlpha: true });
    this.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    this.canvas.addEventListener("webglcontextrestored", () => (this.program = null));
  }

  /** Whether this browser can paint now: not without WebGL, nor while its GPU is lost. */
  get works(): boolean {
    return this.gl !== null && !this.gl.isContextLost();
  }

  /**
   * A picture of meshes, transparent beside them.
   *
   * @param faces In image pixels.
   * @param scale Pixels of the picture per image pixel.
   * @returns The painter's own canvas, until the next call; null where it cannot paint.
   */
  paint(
    faces: readonly Meshed[],
    width: number,
    height: number,
    scale: number,
  ): OffscreenCanvas | null {
    const { gl, canvas } = this;
    if (gl === null || !this.works) return null;
    const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== wide) canvas.width = wide;
    if (canvas.height !== high) canvas.height = high;
    this.program ??= linked(gl);
    if (this.program === null) return null;
    gl.useProgram(this.program);
    gl.viewport(0, 0, wide, high);
    gl.enable(gl.DEPTH_TEST);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    for (const face of faces) {
      gl.clear(gl.DEPTH_BUFFER_BIT); // faces have no common depth: the later lies in front
      this.paintOne(gl, this.program, face, width, height);
    }
    return canvas;
  }

  private paintOne(
    gl: WebGL2RenderingContext,
    program: WebGLProgram,
    { vertices, triangles }: Meshed,
    width: number,
    height: number,
  ): void {
    let [near, far] = [-Infinity, Infinity];
    for (let i = 2; i < vertices.length; i += 3) {
      near = Math.max(near, vertices[i]);
      far = Math.min(far, vertices[i]);
    }
    gl.uniform4f(gl.getUniformLocation(program, "view"), width, height, near, near - far || 1);
    this.upload(gl, program, "position", vertices);
    this.upload(gl, program, "normal", vertexNormals(vertices, triangles));
    if (this.indices !== triangles) {
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.bufferOf(gl, "indices"));
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, Uint32Array.from(triangles), gl.STATIC_DRAW);
      this.indices = triangles;
    }
    gl.drawElements(gl.TRIANGLES, triangles.length, gl.UNSIGNED_INT, 0);
  }

  private readonly buffers = new Map<string, WebGLBuffer | null>();

  private bufferOf(gl: WebGL2RenderingContext, name: string): WebGLBuffer | null {
    if (!this.buffers.has(name)) this.buffers.set(name, gl.createBuffer());
    return this.buffers.get(name) ?? null;
  }

  private upload(
    gl: WebGL2RenderingContext,
    program: WebGLProgram,
    name: string,
    values: Float32Array,
  ): void {
    const place = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.bufferOf(gl, name));
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, 3, gl.FLOAT, false, 0, 0);
  }
}

/** Sums of the triangles' normals at their corners: x right, y down, z toward the camera. */
export function vertexNormals(vertices: Float32Array, triangles: Int32Array): Float32Array {
  const normals = new Float32Array(vertices.length);
  for (let i = 0; i < triangles.length; i += 3) {
    const [a, b, c] = [triangles[i] * 3, triangles[i + 1] * 3, triangles[i + 2] * 3];
    const ux = vertices[b] - vertices[a];
    const uy = vertices[b + 1] - vertices[a + 1];
    const uz = vertices[b + 2] - vertices[a + 2];
    const vx = vertices[c] - vertices[a];
    const vy = vertices[c + 1] - vertices[a + 1];
    const vz = vertices[c + 2] - vertices[a + 2];
    // Corners run counter-clockwise where y points up, so that here the product is turned round.
    const nx = uz * vy - uy * vz;
    const ny = ux * vz - uz * vx;
    const nz = uy * vx - ux * vy;
    for (const corner of [a, b, c]) {
      normals[corner] += nx;
      normals[corner + 1] += ny;
      normals[corner + 2] += nz;
    }
  }
  return normals;
}

function linked(gl: WebGL2RenderingContext): WebGLProgram | null {
  const program = gl.createProgram();
  for (const [kind, text] of [
    [gl.VERTEX_SHADER, VERTEX_SHADER],
    [gl.FRAGMENT_SHADER, FRAGMENT_SHADER],
  ] as const) {
    const shader = gl.createShader(kind);
    if (shader === null) return null;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}
