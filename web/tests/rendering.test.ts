// Meshes as pixels.

import { expect, test } from "vitest";
import { rasterMesh, vertexNormals } from "../src/rendering/mesh_raster.js";

/** Two triangles of a square from (x0, y0) to (x1, y1) at a depth, facing the camera. */
function square(x0: number, y0: number, x1: number, y1: number, z: number): number[][] {
  return [
    [x0, y0, z],
    [x0, y1, z],
    [x1, y1, z],
    [x1, y0, z],
  ];
}

const CORNERS = [0, 1, 2, 0, 2, 3];

function meshOf(...squares: number[][][]): { vertices: Float32Array; triangles: Int32Array } {
  return {
    vertices: Float32Array.from(squares.flat(2)),
    triangles: Int32Array.from(squares.flatMap((_, i) => CORNERS.map((corner) => corner + 4 * i))),
  };
}

/** Alpha of a part at a pixel of the canvas. */
function alpha(part: ReturnType<typeof rasterMesh>, x: number, y: number): number {
  if (part === null) return 0;
  const [i, j] = [x - part.x, y - part.y];
  if (i < 0 || j < 0 || i >= part.width || j >= part.height) return 0;
  return part.data[(j * part.width + i) * 4 + 3];
}

test("a square covers its pixels' centres, its outline less", () => {
  const part = rasterMesh(meshOf(square(2, 3, 8, 9, 0)), 20, 20, 1);
  expect([part?.x, part?.y, part?.width, part?.height]).toEqual([2, 3, 7, 7]);
  for (let y = 0; y < 20; y++) {
    for (let x = 0; x < 20; x++) {
      const inside = x >= 2 && x <= 8 && y >= 3 && y <= 9;
      const outline = inside && (x === 2 || x === 8 || y === 3 || y === 9);
      if (outline) expect([153, 204]).toContain(alpha(part, x, y));
      else expect(alpha(part, x, y)).toBe(inside ? 255 : 0);
    }
  }
});

test("twice as large on a canvas of twice the size", () => {
  const mesh = meshOf(square(2, 3, 8, 9, 0));
  const part = rasterMesh(mesh, 40, 40, 2);
  // Pixel 2 covers [4, 6) there: its centre lies at 4.5.
  expect([part?.x, part?.y]).toEqual([4, 6]);
  expect(alpha(part, 10, 12)).toBe(255);
});

test("the nearer of two is seen, and the shade is that of its normal", () => {
  const tilted = square(0, 0, 10, 10, 0);
  tilted[2][2] = tilted[3][2] = -10; // turned to one side
  const near = square(0, 0, 4, 10, 5);
  const part = rasterMesh(meshOf(tilted, near), 12, 12, 1);
  const red = (x: number) => part?.data[(5 * part.width + x) * 4] ?? 0;
  const frontal = 222 * (0.3 + (0.76 * 0.85) / Math.hypot(0.4, 0.65, 0.85));
  expect(Math.abs(red(2) - frontal)).toBeLessThanOrEqual(1);
  expect(red(7)).not.toBe(red(2));
  const swapped = rasterMesh(meshOf(near, tilted), 12, 12, 1);
  expect(swapped?.data).toEqual(part?.data); // whatever the order
});

test("what faces away or lies outside is not seen", () => {
  const mesh = meshOf(square(2, 2, 8, 8, 0));
  const turned = { ...mesh, triangles: Int32Array.from([...mesh.triangles].reverse()) };
  expect(rasterMesh(turned, 12, 12, 1)?.data.some((value) => value > 0)).toBe(false);
  expect(rasterMesh(meshOf(square(-9, 2, -3, 8, 0)), 12, 12, 1)).toBeNull();
  const half = rasterMesh(meshOf(square(-5, 2, 5, 8, 0)), 12, 12, 1);
  expect([half?.x, half?.width]).toEqual([0, 6]);
  expect(alpha(half, 0, 5)).toBeGreaterThan(0);
});

test("normals point toward the camera", () => {
  const { vertices, triangles } = meshOf(square(0, 0, 4, 4, 0));
  const normals = vertexNormals(vertices, triangles);
  for (let i = 0; i < normals.length; i += 3) {
    expect([Math.abs(normals[i]), Math.abs(normals[i + 1])]).toEqual([0, 0]);
    expect(normals[i + 2]).toBeGreaterThan(0);
  }
});
