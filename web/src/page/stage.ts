// The canvas with the picture and what is drawn over it.

import { isPixels, type Pixels } from "../imaging/pixels.js";
import { MeshPainter } from "../rendering/mesh_painter.js";
import { drawFaces } from "../rendering/overlay.js";
import type { Shown } from "./face_table.js";

const MOST_SIDE = 1600; // of the canvas; larger pictures are shown smaller

/** What the visitor wants to see. */
export interface View {
  readonly mesh: boolean;
  readonly landmarks: boolean;
  readonly axes: boolean;
  readonly box: boolean;
}

/** Draws pictures and faces. */
export class Stage {
  private readonly context: CanvasRenderingContext2D;
  private painter: MeshPainter | undefined;

  constructor(private readonly canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("this browser draws no pictures");
    this.context = context;
  }

  /** Draw a picture of width x height with its faces. */
  draw(
    source: CanvasImageSource | Pixels,
    width: number,
    height: number,
    faces: readonly Shown[],
    view: View,
  ): void {
    const scale = Math.min(1, MOST_SIDE / Math.max(width, height));
    const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
    if (this.canvas.width !== wide) this.canvas.width = wide;
    if (this.canvas.height !== high) this.canvas.height = high;
    if (!isPixels(source)) this.context.drawImage(source, 0, 0, wide, high);
    else if (scale < 1) this.context.drawImage(drawable(source), 0, 0, wide, high);
    else this.context.putImageData(imageOf(source), 0, 0);
    if (view.mesh) this.painter ??= new MeshPainter();
    const mesh = view.mesh ? this.painter : undefined;
    drawFaces(this.context, faces, { ...view, mesh, scale });
    const count = faces.length === 1 ? "1 face" : `${faces.length} faces`;
    const label = `Picture of ${width} x ${height} pixels with ${count}`;
    if (this.canvas.ariaLabel !== label) this.canvas.ariaLabel = label;
  }

  /** Show the camera as a mirror does, or a picture as it is. */
  mirror(mirrored: boolean): void {
    this.canvas.classList.toggle("mirrored", mirrored);
  }

  /** What is on the canvas as a PNG. */
  png(): Promise<Blob | null> {
    return new Promise((resolve) => this.canvas.toBlob(resolve, "image/png"));
  }
}

/** Pixels as something that can be drawn at any size. */
export function drawable(pixels: Pixels): OffscreenCanvas {
  const canvas = new OffscreenCanvas(pixels.width, pixels.height);
  canvas.getContext("2d")?.putImageData(imageOf(pixels), 0, 0);
  return canvas;
}

function imageOf(pixels: Pixels): ImageData {
  if (pixels instanceof ImageData) return pixels;
  const copy = new ImageData(pixels.width, pixels.height);
  copy.data.set(pixels.data);
  return copy;
}
