// Shaded meshes by a z-buffer of our own: as quick as reading a small one back from a GPU.

import type { Face } from "../face.js";
import type { Pixels } from "../imaging/pixels.js";

/** What is painted of a face. */
export type Meshed = Pick<Face, "vertices" | "triangles">;

/** A part of a canvas: its pixels, and where its first one lies. */
export interface RasterPart extends Pixels {
  readonly x: number;
  readonly y: number;
}

const SKIN = [222, 205, 194];
const LIGHT = [-0.4, -0.65, 0.85].map((value) => value / Math.hypot(0.4, 0.65, 0.85));
const AMBIENT = 0.3;
const DIFFUSE = 0.76;

/**
 * A mesh with smooth shading, transparent beside it.
 *
 * Triangles that face away are left out. Pixels of the outline are half transparent, by how many of
 * their neighbours the mesh covers.
 *
 * @param face In image pixels: x right, y down, z toward the camera.
 * @param scale Canvas pixels per image pixel.
 * @returns The part of a canvas of width x height that the mesh touches; null where there is none.
 */
export function rasterMesh(
  { vertices, triangles }: Meshed,
  width: number,
  height: number,
  scale: number,
): RasterPart | null {
  const points = onCanvas(vertices, scale);
  const part = partUnder(points, width, height);
  if (part === null) return null;
  for (let i = 0; i < points.length; i += 3) {
    points[i] -= part.x;
    points[i + 1] -= part.y;
  }
  const shades = vertexShades(vertices, triangles);
  const shown = new Float32Array(part.width * part.height); // 0: none
  fill(points, shades, triangles, shown, part.width, part.height);
  return { ...part, data: painted(shown, part.width, part.height) };
}

/** Points whose integers are pixel centres of the canvas. */
function onCanvas(vertices: Float32Array, scale: number): Float32Array {
  const points = new Float32Array(vertices.length);
  for (let i = 0; i < points.length; i += 3) {
    points[i] = (vertices[i] + 0.5) * scale - 0.5;
    points[i + 1] = (vertices[i + 1] + 0.5) * scale - 0.5;
    points[i + 2] = vertices[i + 2];
  }
  return points;
}

function partUnder(
  points: Float32Array,
  width: number,
  height: number,
): { x: number; y: number; width: number; height: number } | null {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 3) {
    if (points[i] < x0) x0 = points[i];
    if (points[i] > x1) x1 = points[i];
    if (points[i + 1] < y0) y0 = points[i + 1];
    if (points[i + 1] > y1) y1 = points[i + 1];
  }
  const [left, top] = [Math.max(Math.floor(x0), 0), Math.max(Math.floor(y0), 0)];
  const [right, bottom] = [Math.min(Math.ceil(x1), width - 1), Math.min(Math.ceil(y1), height - 1)];
  if (!(left <= right && top <= bottom)) return null;
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** The nearest triangle's shade at the centre of each pixel. */
function fill(
  points: Float32Array,
  shades: Float32Array,
  triangles: Int32Array,
  shown: Float32Array,
  width: number,
  height: number,
): void {
  const nearest = new Float32Array(shown.length).fill(-Infinity);
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t], triangles[t + 1], triangles[t + 2]];
    const ax = points[a * 3];
    const ay = points[a * 3 + 1];
    const bx = points[b * 3] - ax;
    const by = points[b * 3 + 1] - ay;
    const cx = points[c * 3] - ax;
    const cy = points[c * 3 + 1] - ay;
    const area = by * cx - bx * cy; // corners run counter-clockwise where y points up
    if (!(area > 0)) continue;
    const left = Math.max(Math.ceil(ax + Math.min(0, bx, cx)), 0);
    const right = Math.min(Math.floor(ax + Math.max(0, bx, cx)), width - 1);
    const top = Math.max(Math.ceil(ay + Math.min(0, by, cy)), 0);
    const bottom = Math.min(Math.floor(ay + Math.max(0, by, cy)), height - 1);
    if (left > right || top > bottom) continue;
    const z = points[a * 3 + 2];
    const [toB, toC] = [points[b * 3 + 2] - z, points[c * 3 + 2] - z];
    const shade = shades[a];
    const [shadeB, shadeC] = [shades[b] - shade, shades[c] - shade];
    const unit = 1 / area;
    for (let y = top; y <= bottom; y++) {
      const dy = y - ay;
      for (let x = left; x <= right; x++) {
        const dx = x - ax;
        const second = (dy * cx - dx * cy) * unit;
        const third = (dx * by - dy * bx) * unit;
        if (second < 0 || third < 0 || second + third > 1) continue;
        const depth = z + second * toB + third * toC;
        const at = y * width + x;
        if (depth <= nearest[at]) continue;
        nearest[at] = depth;
        shown[at] = shade + second * shadeB + third * shadeC;
      }
    }
  }
}

/** RGBA of shades; the outline's alpha is the share of its neighbourhood that is covered. */
function painted(shown: Float32Array, width: number, height: number): Uint8ClampedArray {
  const data = new Uint8ClampedArray(shown.length * 4);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      const shade = shown[at];
      if (shade === 0) continue;
      const covered =
        1 +
        Number(x > 0 && shown[at - 1] > 0) +
        Number(x + 1 < width && shown[at + 1] > 0) +
        Number(y > 0 && shown[at - width] > 0) +
        Number(y + 1 < height && shown[at + width] > 0);
      const to = at * 4;
      data[to] = SKIN[0] * shade;
      data[to + 1] = SKIN[1] * shade;
      data[to + 2] = SKIN[2] * shade;
      data[to + 3] = covered * 51;
    }
  }
  return data;
}

/** How light each vertex is, 0.3 and more: shaded by the normals' cosine to the light. */
function vertexShades(vertices: Float32Array, triangles: Int32Array): Float32Array {
  const normals = vertexNormals(vertices, triangles);
  const [x, y, z] = LIGHT;
  const shades = new Float32Array(normals.length / 3);
  for (let i = 0; i < shades.length; i++) {
    const [nx, ny, nz] = [normals[i * 3], normals[i * 3 + 1], normals[i * 3 + 2]];
    const length = Math.sqrt(nx * nx + ny * ny + nz * nz) || 1;
    shades[i] = AMBIENT + DIFFUSE * Math.max((nx * x + ny * y + nz * z) / length, 0);
  }
  return shades;
}

/** Sums of the triangles' normals at their corners: x right, y down, z toward the camera. */
export function vertexNormals(vertices: Float32Array, triangles: Int32Array): Float32Array {
  const normals = new Float32Array(vertices.length);
  for (let i = 0; i < triangles.length; i += 3) {
    const a = triangles[i] * 3;
    const b = triangles[i + 1] * 3;
    const c = triangles[i + 2] * 3;
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
    normals[a] += nx;
    normals[a + 1] += ny;
    normals[a + 2] += nz;
    normals[b] += nx;
    normals[b + 1] += ny;
    normals[b + 2] += nz;
    normals[c] += nx;
    normals[c + 1] += ny;
    normals[c + 2] += nz;
  }
  return normals;
}
