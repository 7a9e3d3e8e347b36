// Faces by frsdk's own network.

import type { NetworkSession } from "../backends/network_session.js";
import { networkInput } from "../imaging/face_crop.js";
import type { Pixels } from "../imaging/pixels.js";
import type { DetectorSpec } from "../specs/model_spec.js";
import type { BoxRule, Detection } from "./detection.js";
import { CellDecoder, rollOfPoints, type Found } from "./detector_outputs.js";
import { lookedAgain, type Look } from "./doubtful_faces.js";
import { ownFacesInImage, tilesOf } from "./image_tiles.js";
import { nonMaximumSuppression } from "./non_maximum_suppression.js";
import { rightWayUp } from "./wrong_way_up.js";

const SEEN_PX = 14; // size in a tile of the smallest faces that are looked for by default
const SURELY_SEEN_PX = 24; // the same for faces that the caller asks for
const ONE_LOOK = 1.25; // times the tile's side: a finest level up to this is not worth more looks
const MIN_FACE_PX = 24;
const MOST_PX = 832; // longest finest level unless the caller asks for smaller faces
const BATCH = 8;
const MAX_COVER = 0.75;

/** What may be set of a detector. */
export interface DetectorOptions {
  /** Leave out faces below this score, 0..1; the network's own default when left out. */
  readonly minScore?: number | undefined;
  /**
   * Longer side of the smallest faces to find, image pixels: larger is faster. By default 24, or
   * a 1/59 of the picture's longer side where that is more.
   */
  readonly minFacePx?: number | undefined;
}

/**
 * frsdk's detector: from profile to profile, with five points a face. It knows faces up to 45 degrees
 * of roll (the open one to 30): what looks more like a face when it is turned is left out.
 */
export class BuiltinDetector {
  readonly boxRule: BoxRule;
  readonly minScore: number;
  private readonly decoder: CellDecoder;

  constructor(
    private readonly session: NetworkSession,
    private readonly spec: DetectorSpec,
    private readonly options: DetectorOptions = {},
  ) {
    const [scale, shiftX, shiftY] = spec.boxRule;
    this.boxRule = { scale, shiftX, shiftY };
    this.minScore = options.minScore ?? spec.minScore;
    this.decoder = new CellDecoder(spec);
  }

  /** The faces of a picture, best score first; boxes may reach over its edge. */
  async detect(image: Pixels): Promise<Detection[]> {
    const size = this.spec.input.size;
    const tiles = tilesOf(image, size, this.finestPx(image));
    const seen = await this.look(
      tiles.map((tile) => tile.pixels),
      Math.min(this.minScore, this.spec.secondLook[0]),
    );
    const found = tiles.flatMap((tile, index) => ownFacesInImage(tile, seen[index]));
    const inside = found.filter(({ box }) => {
      const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
      return x > 0 && y > 0 && x < image.width && y < image.height; // a black part holds no face
    });
    const kept = nonMaximumSuppression(inside, this.spec.maxIou, MAX_COVER);
    const look: Look = (squares, least) => this.look(squares, least);
    const sure = (await lookedAgain(image, kept, size, look, this.spec.secondLook))
      .sort((a, b) => b.score - a.score)
      .filter(({ score }) => score >= this.minScore);
    const upright = await rightWayUp(image, sure, size, look, this.spec.fourLooks);
    return upright.map(detectionFrom);
  }

  /** Longer side at which the smallest wanted faces are large enough for the network. */
  private finestPx(image: Pixels): number {
    const longer = Math.max(image.width, image.height);
    const wanted = this.options.minFacePx;
    if (wanted === undefined) return Math.min((longer * SEEN_PX) / MIN_FACE_PX, MOST_PX);
    const finest = (longer * SURELY_SEEN_PX) / wanted;
    return finest <= ONE_LOOK * this.spec.input.size ? 0 : finest;
  }

  /** What the network finds in each square, before non-maximum suppression. */
  private async look(squares: readonly Pixels[], minScore: number): Promise<Found[][]> {
    const found: Found[][] = [];
    for (let start = 0; start < squares.length; start += BATCH) {
      const batch = squares.slice(start, start + BATCH);
      const output = await this.session.run(networkInput(batch, this.spec.input), batch.length);
      const length = this.decoder.length;
      batch.forEach((_, index) => {
        const cells = output.subarray(index * length, (index + 1) * length); // (15, cells)
        found.push(this.decoder.decode(cells, minScore));
      });
    }
    return found;
  }
}

function detectionFrom({ box, score, points }: Found): Detection {
  const [x0, y0, x1, y1] = box;
  const pairs = [0, 2, 4, 6, 8].map((i) => [points[i] - 0.5, points[i + 1] - 0.5] as const);
  return { box: [x0, y0, x1, y1], score, rollDeg: rollOfPoints(points), points: pairs };
}
