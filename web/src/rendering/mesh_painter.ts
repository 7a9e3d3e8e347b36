// Shaded meshes onto a canvas.

import { rasterMesh, type Meshed } from "./mesh_raster.js";

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** Paints meshes by way of a canvas of its own; one serves all frames. */
export class MeshPainter {
  private canvas: OffscreenCanvas | undefined;

  /**
   * Paint meshes over what is on a canvas, each over those before: faces have no common depth.
   *
   * @param context Its transform must be none.
   * @param faces In image pixels.
   * @param scale Canvas pixels per image pixel.
   * @param opacity 0..1.
   */
  paint(context: Context, faces: readonly Meshed[], scale: number, opacity: number): void {
    const { width, height } = context.canvas;
    context.save();
    context.globalAlpha = opacity;
    for (const face of faces) {
      const part = rasterMesh(face, width, height, scale);
      if (part === null) continue;
      const own = this.contextOf(part.width, part.height);
      if (own === null) break;
      const image = own.createImageData(part.width, part.height);
      image.data.set(part.data);
      own.putImageData(image, 0, 0);
      const { x, y, width: wide, height: high } = part;
      context.drawImage(own.canvas, 0, 0, wide, high, x, y, wide, high);
    }
    context.restore();
  }

  /** The canvas, at least of this size: it grows in steps, for a face that comes nearer. */
  private contextOf(width: number, height: number): OffscreenCanvasRenderingContext2D | null {
    const { canvas } = this;
    if (canvas === undefined || canvas.width < width || canvas.height < height) {
      const [wide, high] = [width, height].map((side) => Math.ceil(side / 128) * 128);
      this.canvas = new OffscreenCanvas(wide, high);
    }
    return this.canvas?.getContext("2d", { willReadFrequently: true }) ?? null;
  }
}
