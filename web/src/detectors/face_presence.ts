// Whether a crop shows the face that the landmarks say.

import { NetworkSession, type Engine } from "../backends/network_session.js";
import { networkInput } from "../imaging/face_crop.js";
import { blackPixels, type Pixels } from "../imaging/pixels.js";
import { resizeArea, resizeLinear, wholeOf } from "../imaging/resize.js";
import { boundsOf } from "../imaging/roi.js";
import type { DetectorSpec } from "../specs/model_spec.js";
import { CellDecoder, type Found } from "./detector_outputs.js";
import { fivePoints } from "./point_agreement.js";
import { resizedGraph } from "./resized_graph.js";

const SIZE = 128;
const LEAST_SCORE = 0.02;
// Of the face's size: within the first the points agree fully, from the second on not at all.
const AGREES = 0.1;
const DISAGREES = 0.3;

/**
 * Looks at the network's own crops with the detector, at 128 px.
 *
 * A presence is the detector's score times how well its five points agree with the landmarks: 1 for
 * a mean distance of at most 0.10 of the face's size, falling to 0 at 0.30.
 */
export class FacePresence {
  private readonly decoder: CellDecoder;

  private constructor(
    private readonly session: NetworkSession,
    private readonly spec: DetectorSpec,
  ) {
    this.decoder = new CellDecoder(spec);
  }

  /** Open the detector's network for crops. */
  static async open(engine: Engine, graph: Uint8Array, spec: DetectorSpec): Promise<FacePresence> {
    const smaller = { ...spec, input: { ...spec.input, size: SIZE } };
    const resized = resizedGraph(graph, spec.input.size, SIZE, spec.strides);
    const session = await NetworkSession.open(engine, resized, smaller.input, spec.outputName);
    return new FacePresence(session, smaller);
  }

  /**
   * Presence of the face of each crop, 0..1.
   *
   * @param crops The network's crops.
   * @param landmarks Of each crop (68, 3), crop pixels.
   */
  async measure(
    crops: readonly Pixels[],
    landmarks: readonly ArrayLike<number>[],
  ): Promise<number[]> {
    if (!crops.length) return [];
    const squares = crops.map(fitted);
    const batch = networkInput(
      squares.map((square) => square.pixels),
      this.spec.input,
    );
    const output = await this.session.run(batch, crops.length);
    const length = this.decoder.length;
    return squares.map(({ scale, margin }, index) => {
      const cells = output.subarray(index * length, (index + 1) * length);
      const points = Float64Array.from(landmarks[index], (v) => (v + 0.5) * scale + margin);
      return this.decoder
        .decode(cells, LEAST_SCORE)
        .reduce((most, found) => Math.max(most, found.score * agreement(found, points)), 0);
    });
  }

  /** Free the network. */
  close(): Promise<void> {
    return this.session.close();
  }
}

/** How well a detection's five points agree with 68 landmarks x, y, z on the same plane: 0..1. */
export function agreement(found: Found, landmarks: ArrayLike<number>): number {
  const own = fivePoints(landmarks);
  const [x0, y0, x1, y1] = boundsOf(landmarks);
  const size = Math.max(Math.sqrt((x1 - x0) * (y1 - y0)), 1e-6);
  let sum = 0;
  for (let i = 0; i < 10; i += 2) {
    sum += Math.hypot(found.points[i] - own[i], found.points[i + 1] - own[i + 1]);
  }
  const share = (DISAGREES - sum / 5 / size) / (DISAGREES - AGREES);
  return Math.min(Math.max(share, 0), 1);
}

/** A crop as a square of SIZE, with the scale and the margin that led there. */
function fitted(crop: Pixels): { pixels: Pixels; scale: number; margin: number } {
  const side = crop.width;
  const rest = SIZE - side;
  if (rest < 0 || rest % 2 !== 0 || side * 2 < SIZE) {
    const resize = side > SIZE ? resizeArea : resizeLinear;
    return { pixels: resize(crop, wholeOf(crop), SIZE, SIZE), scale: SIZE / side, margin: 0 };
  }
  const margin = rest / 2;
  const pixels = blackPixels(SIZE, SIZE);
  const [source, target] = [wholePixels(crop), wholePixels(pixels)];
  for (let y = 0, to = 0; y < SIZE; y++) {
    const row = Math.min(Math.max(y - margin, 0), side - 1) * side;
    for (let x = 0; x < SIZE; x++, to++) {
      target[to] = source[row + Math.min(Math.max(x - margin, 0), side - 1)]; // the edge is repeated
    }
  }
  return { pixels, scale: 1, margin };
}

/** RGBA as one number a pixel; of pictures with a buffer of their own. */
function wholePixels({ data }: Pixels): Uint32Array {
  return new Uint32Array(data.buffer, data.byteOffset, data.length / 4);
}
