// Faces drawn over their picture.

import type { Face } from "../face.js";
import { boundsOf } from "../imaging/roi.js";
import type { MeshPainter } from "./mesh_painter.js";

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
type Drawable = Pick<Face, "landmarks" | "vertices" | "triangles" | "box" | "pose">;

/** What is drawn; the parts that are left out are drawn. */
export interface DrawOptions {
  readonly landmarks?: boolean;
  readonly box?: boolean;
  readonly axes?: boolean;
  /** Paints the meshes; without one there are none. */
  readonly mesh?: MeshPainter | undefined;
  /** Pixels of the canvas per image pixel; 1 when left out. */
  readonly scale?: number;
}

// iBUG's 68 points as polylines: first, last (inclusive), closed.
const POLYLINES: readonly (readonly [number, number, boolean])[] = [
  [0, 16, false], // jaw
  [17, 21, false], // brow on the left of the picture
  [22, 26, false], // brow on the right
  [27, 30, false], // bridge of the nose
  [31, 35, false], // nostrils
  [36, 41, true], // eye on the left
  [42, 47, true], // eye on the right
  [48, 59, true], // lips, outer
  [60, 67, true], // lips, inner
];
const NOSE_TIP = 30;
const LINE = "#3cdc50";
const DOT = "#fafa28";
const BOX = "#28aaff";
const AXES = ["#eb3c3c", "#28be3c", "#2878f0"]; // x, y, z
const MESH_OPACITY = 0.55;

/**
 * Draw faces over what is on the canvas: mesh, landmarks as iBUG's polylines, box, and axes from the
 * tip of the nose: x (red) to the picture's right for a frontal face, y (green) up, z (blue) out of
 * the face. Lines and dots follow the size of the face.
 */
export function drawFaces(
  context: Context,
  faces: readonly Drawable[],
  options: DrawOptions = {},
): void {
  const { landmarks = true, box = true, axes = true, mesh, scale = 1 } = options;
  mesh?.paint(context, faces, scale, MESH_OPACITY);
  context.save();
  context.scale(scale, scale);
  context.translate(0.5, 0.5); // points are integers at pixel centres
  context.lineJoin = "round";
  context.lineCap = "round";
  for (const face of faces) {
    const [x0, y0, x1, y1] = boundsOf(face.landmarks);
    const size = Math.max(x1 - x0, y1 - y0);
    const line = Math.max(size / 230, 1.2 / scale);
    if (box) drawBox(context, face, line);
    if (landmarks) drawLandmarks(context, face.landmarks, line, Math.max(size / 130, 1.3 / scale));
    if (axes) drawAxes(context, face, size, line);
  }
  context.restore();
}

function drawBox(context: Context, { box }: Drawable, line: number): void {
  const [x0, y0, x1, y1] = box;
  context.strokeStyle = BOX;
  context.lineWidth = line;
  context.strokeRect(x0 - 0.5, y0 - 0.5, x1 - x0, y1 - y0);
}

function drawLandmarks(context: Context, points: Float32Array, line: number, dot: number): void {
  context.strokeStyle = LINE;
  context.lineWidth = line;
  context.beginPath();
  for (const [first, last, closed] of POLYLINES) {
    context.moveTo(points[first * 3], points[first * 3 + 1]);
    for (let i = first + 1; i <= last; i++) context.lineTo(points[i * 3], points[i * 3 + 1]);
    if (closed) context.lineTo(points[first * 3], points[first * 3 + 1]);
  }
  context.stroke();
  context.fillStyle = DOT;
  context.beginPath();
  for (let i = 0; i < points.length; i += 3) {
    context.moveTo(points[i] + dot, points[i + 1]);
    context.arc(points[i], points[i + 1], dot, 0, 2 * Math.PI);
  }
  context.fill();
}

function drawAxes(
  context: Context,
  { landmarks, pose }: Drawable,
  size: number,
  line: number,
): void {
  const [x, y] = [landmarks[NOSE_TIP * 3], landmarks[NOSE_TIP * 3 + 1]];
  const r = pose.rotation;
  // Column k is axis k in the y-up frame: the picture's y is the other way. Farthest first.
  for (const k of [0, 1, 2].sort((a, b) => r[6 + a] - r[6 + b])) {
    const [endX, endY] = [x + 0.45 * size * r[k], y - 0.45 * size * r[3 + k]];
    for (const [colour, wide] of [
      ["white", 3.4],
      [AXES[k], 2],
    ] as const) {
      context.strokeStyle = colour;
      context.lineWidth = line * wide;
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(endX, endY);
      context.stroke();
    }
  }
}
