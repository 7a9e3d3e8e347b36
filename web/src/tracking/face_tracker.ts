// Faces through a stream of frames.

import { InputError } from "../errors.js";
import type { Face } from "../face.js";
import type { Pixels } from "../imaging/pixels.js";
import { readPicture, type Picture } from "../imaging/read_picture.js";
import { roiFromLandmarks, rollFromLandmarks, type Roi } from "../imaging/roi.js";
import type { FaceReconstructor } from "../reconstructor.js";
import { FaceSmoother } from "./face_smoother.js";
import { smoothingFromOption, type Smoothing } from "./smoothing_settings.js";
import { TrackedFace } from "./tracked_face.js";
import { SAME_IOU, Track, bestOwner, keptByOwner, overlap } from "./tracks.js";

const REMEMBERED_S = 1 + 1e-6;
const SMALLEST_SIDE_PX = 16;
const CALM = 5; // times as long between two looks while the faces are there

/** What may be set of a tracker. */
export interface TrackerOptions {
  /** Most faces to follow; the largest are taken. 1 when left out. */
  readonly maxFaces?: number;
  /** "balanced", "steady" or "responsive", or constants of your own; null gives raw results. */
  readonly smoothing?: string | Smoothing | null;
  /**
   * While fewer faces than `maxFaces` are there, the least time between two looks for more, 0.08 s.
   * While some are there and none was lost within a second, five times as long passes.
   */
  readonly redetectS?: number;
  /** Presence below which a face is lost, 0..1; 0.4 when left out. */
  readonly minPresence?: number;
}

/**
 * Keeps the faces of one stream: finds them, follows them, loses them, finds them again.
 *
 * A face is detected once and then followed by the network alone, which looks where its unsmoothed
 * landmarks were a frame ago. In every frame each face is checked to be there; one that is not is
 * lost, and looked for at once. A face that comes back within a second at the same place and size
 * keeps its id. One tracker belongs to one stream; many may share a reconstructor.
 */
export class FaceTracker {
  private readonly maxFaces: number;
  private readonly smoothing: Smoothing | null;
  private readonly redetectS: number;
  private readonly minPresence: number;
  private busy = false;
  private nextId = 0;
  private alive: Track[] = [];
  private lost: Track[] = [];
  private timeS: number | undefined;
  private lookedS = -Infinity;
  private shape = "";

  /** @throws InputError when an option has an impossible value. */
  constructor(
    /** What reconstructs the faces. */
    readonly reconstructor: FaceReconstructor,
    options: TrackerOptions = {},
  ) {
    const { maxFaces = 1, smoothing = "balanced", redetectS = 0.08, minPresence = 0.4 } = options;
    if (!(maxFaces >= 1)) throw new InputError(`expected maxFaces >= 1, got ${maxFaces}`);
    if (!(redetectS >= 0 && redetectS < Infinity)) {
      throw new InputError(`expected redetectS of 0 or more seconds, got ${redetectS}`);
    }
    if (!(minPresence >= 0 && minPresence <= 1)) {
      throw new InputError(`expected minPresence in 0..1, got ${minPresence}`);
    }
    this.smoothing = smoothingFromOption(smoothing);
    this.maxFaces = maxFaces;
    this.redetectS = redetectS;
    this.minPresence = minPresence;
  }

  /**
   * Find or follow the faces in the next frame.
   *
   * @param frame A frame of another size than the one before begins anew.
   * @param timestampS When it was taken, seconds from any start, later than the one before.
   * @returns The faces, by id.
   * @throws InputError when the frame is unusable, the time is not later than the last one, or the
   *   frame before is still at work. The tracker's state is as before.
   * @throws BackendError when the engine failed, or the reconstructor is closed.
   */
  async track(frame: Picture, timestampS: number): Promise<TrackedFace[]> {
    if (this.busy) throw new InputError("the last frame is still at work: await it first");
    this.busy = true;
    try {
      const image = await readPicture(frame);
      return await this.next(image, this.checkedTime(timestampS));
    } finally {
      this.busy = false;
    }
  }

  /** Forget all faces and the time, for another stream; ids go on. */
  reset(): void {
    if (this.busy) throw new InputError("the last frame is still at work: reset it afterwards");
    this.forget();
  }

  private forget(): void {
    this.alive = [];
    this.lost = [];
    this.timeS = undefined;
    this.lookedS = -Infinity;
    this.shape = "";
  }

  private checkedTime(timestampS: number): number {
    if (!Number.isFinite(timestampS)) {
      throw new InputError(`expected a finite time in seconds, got ${timestampS}`);
    }
    if (this.timeS !== undefined && timestampS <= this.timeS) {
      throw new InputError(
        `expected a time after ${this.timeS} s, got ${timestampS} s: give frames in their order, ` +
          "and call reset() for another stream",
      );
    }
    return timestampS;
  }

  private async next(frame: Pixels, timeS: number): Promise<TrackedFace[]> {
    const shape = `${frame.width} x ${frame.height}`;
    if (this.shape && shape !== this.shape) this.forget();
    this.shape = shape;
    const dtS = this.timeS === undefined ? 0 : timeS - this.timeS;
    this.timeS = timeS;
    const lost = await this.follow(frame, timeS);
    this.lost = this.lost.filter((each) => timeS - each.lostS <= REMEMBERED_S);
    if (this.alive.length < this.maxFaces && (lost || this.isDue(timeS))) {
      await this.look(frame, timeS);
    }
    this.alive.sort((a, b) => a.id - b.id);
    return this.alive.map((track) => result(track, timeS, dtS));
  }

  private isDue(timeS: number): boolean {
    const calm = this.alive.length > 0 && this.lost.length === 0;
    return timeS - this.lookedS >= this.redetectS * (calm ? CALM : 1);
  }

  /** Reconstruct the faces where they were; whether one was lost. */
  private async follow(frame: Pixels, timeS: number): Promise<boolean> {
    const before = this.alive;
    const near = before.filter((track) => isInside(track.nextRoi, frame));
    const rois = near.map((track) => track.nextRoi);
    const faces = rois.length
      ? await this.reconstructor.reconstruct(frame, { rois, presence: true })
      : [];
    const there = near
      .map((track, index): [Track, Face] => [track, faces[index]])
      .filter(([, face]) => this.isThere(face));
    const kept = keptByOwner(there, timeS);
    for (const [track, face] of kept) track.take(face, nextRoi(face), timeS);
    this.alive = kept.map(([track]) => track);
    const gone = before.filter((track) => !this.alive.includes(track));
    for (const track of gone) track.lostS = timeS;
    this.lost.push(...gone);
    return gone.length > 0;
  }

  private isThere(face: Face): boolean {
    return (face.presence ?? 0) >= this.minPresence && nextRoi(face).side >= SMALLEST_SIDE_PX;
  }

  /** Detect, and take what is not followed yet. */
  private async look(frame: Pixels, timeS: number): Promise<void> {
    this.lookedS = timeS;
    const found = await this.reconstructor.reconstruct(frame);
    const fresh = found.filter((face) => !this.isFollowed(face));
    if (!fresh.length) return;
    const rois = fresh.map(nextRoi); // a second look, from the landmarks
    for (const face of await this.reconstructor.reconstruct(frame, { rois, presence: true })) {
      if (this.alive.length === this.maxFaces) return;
      if (!this.isThere(face) || this.isFollowed(face)) continue;
      const known = bestOwner(this.lost, face, timeS);
      if (known !== undefined) {
        this.lost = this.lost.filter((track) => track !== known);
        known.takeBack(face, nextRoi(face), timeS);
      }
      this.alive.push(known ?? this.newTrack(face, timeS));
    }
  }

  private isFollowed(face: Face): boolean {
    return this.alive.some((track) => overlap(face, track.face) >= SAME_IOU);
  }

  private newTrack(face: Face, timeS: number): Track {
    const smoother = this.smoothing && new FaceSmoother(this.smoothing, face.faceModel);
    return new Track(this.nextId++, timeS, face, nextRoi(face), smoother);
  }
}

function result(track: Track, timeS: number, dtS: number): TrackedFace {
  const raw = track.face;
  const smooth = track.smoother === null ? raw : track.smoother.next(raw, dtS);
  return new TrackedFace(track.id, timeS - track.firstS, raw.presence ?? 0, smooth, raw);
}

/** Where the network looks in the next frame. */
function nextRoi(face: Face): Roi {
  return roiFromLandmarks(face.landmarks, rollFromLandmarks(face.landmarks));
}

/** Whether the middle of a square lies in the frame. */
function isInside(roi: Roi, frame: Pixels): boolean {
  const [x, y] = [roi.x0 + roi.side / 2, roi.y0 + roi.side / 2];
  return x > 0 && y > 0 && x < frame.width && y < frame.height;
}
