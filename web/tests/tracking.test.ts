// The tracker: smoothing against Python's, and who is followed, lost and found again.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BackendError, InputError } from "../src/errors.js";
import { Face } from "../src/face.js";
import { Roi } from "../src/imaging/roi.js";
import { rotationFromAngles } from "../src/morphable/head_pose.js";
import { MorphableModel } from "../src/morphable/morphable_model.js";
import type { FaceReconstructor, ReconstructOptions } from "../src/reconstructor.js";
import { FaceSmoother } from "../src/tracking/face_smoother.js";
import { faceOf, landmarkMiddle, stateOf } from "../src/tracking/face_state.js";
import { FaceTracker, type TrackerOptions } from "../src/tracking/face_tracker.js";
import { AdaptiveGain, gain } from "../src/tracking/one_euro.js";
import { rotationFromVector, vectorFromRotation } from "../src/tracking/rotation_vectors.js";
import { PRESETS, smoothingFromOption } from "../src/tracking/smoothing_settings.js";
import { apart, expected } from "./expected.js";

const file = readFileSync(new URL("../../frsdk/assets/facemodel.npz", import.meta.url));
const faceModel = await MorphableModel.fromNpz(file, "facemodel.npz");
const balanced = PRESETS.get("balanced")!;

function faceAt(params: ArrayLike<number>, roi: Roi, presence = 0.8): Face {
  return new Face({
    params: Float32Array.from(params),
    roi,
    score: 0.9,
    faceModel,
    cropSize: 120,
    presence,
  });
}

describe("smoothing", () => {
  test("gives the landmarks that Python's gives", () => {
    const smoother = new FaceSmoother(balanced, faceModel);
    const { dt_s: dtS, frames } = expected.stream;
    frames.forEach(({ params, roi, smooth }) => {
      const face = smoother.next(faceAt(params, new Roi(...roi)), dtS);
      expect(apart(face.landmarks, smooth)).toBeLessThan(0.01);
    });
    const raw = faceAt(frames[11].params, new Roi(...frames[11].roi));
    expect(apart(raw.landmarks, frames[11].smooth)).toBeGreaterThan(0.1); // it does something
  });

  test("a face taken apart is put together again", () => {
    const { params, roi } = expected.stream.frames[3];
    const face = faceAt(params, new Roi(...roi));
    const { middle } = landmarkMiddle(faceModel);
    const again = faceOf(stateOf(face, middle), middle, face);
    expect(apart(again.landmarks, face.landmarks)).toBeLessThan(1e-3);
    expect(apart(again.params, face.params)).toBeLessThan(1e-4);
  });

  test("a still face is taken less and less, a moving one nearly whole", () => {
    const still = new AdaptiveGain(balanced);
    const moving = new AdaptiveGain(balanced);
    let [calm, quick] = [1, 0];
    for (let i = 0; i < 60; i++) {
      calm = still.next([1e-4 * (i % 2 ? 1 : -1)], 1 / 30).value;
      quick = moving.next([0.05], 1 / 30).value;
    }
    expect(calm).toBeLessThan(0.1);
    expect(quick).toBeGreaterThan(0.9);
    expect(gain(0, 1 / 30)).toBe(0);
  });

  test.each([
    [0.3, -0.2, 0.1],
    [0, 0, 0],
    [1e-13, 0, 0],
    [Math.PI - 1e-4, 0, 0],
    [0, 2, -2],
  ])("the rotation of %d, %d, %d has that vector", (...vector) => {
    expect(apart(vectorFromRotation(rotationFromVector(vector)), vector)).toBeLessThan(1e-7);
  });

  test("half a turn has a vector of length pi", () => {
    const [x, y, z] = vectorFromRotation(rotationFromAngles(180, 0, 0));
    expect(Math.hypot(x, y, z)).toBeCloseTo(Math.PI, 6);
    expect(Math.abs(y)).toBeCloseTo(Math.PI, 6);
  });

  test("an unknown preset or an impossible constant is refused", () => {
    expect(() => smoothingFromOption("soft")).toThrow(/balanced, steady, responsive/);
    expect(() => smoothingFromOption({ ...balanced, lead: 2 })).toThrow(/lead of at most 1/);
    expect(() => smoothingFromOption({ ...balanced, beta: NaN })).toThrow(InputError);
    expect(smoothingFromOption(null)).toBeNull();
  });
});

const frame = { width: 640, height: 480, data: new Uint8ClampedArray(640 * 480 * 4) };
const S = 1 / 30;

/** A reconstructor that sees the faces whose middles are in `there`. */
class Scene {
  there: [number, number][] = [];
  detections = 0;

  async reconstruct(_: unknown, options: ReconstructOptions = {}): Promise<Face[]> {
    const { params } = expected.face;
    if (options.rois === undefined) {
      this.detections++;
      return this.there.map(([x, y]) => faceAt(params, new Roi(x - 60, y - 60, 120)));
    }
    return options.rois.map((item) => {
      const roi = item as Roi;
      const [x, y] = [roi.x0 + roi.side / 2, roi.y0 + roi.side / 2];
      const seen = this.there.find((place) => Math.hypot(place[0] - x, place[1] - y) < 40);
      const [atX, atY] = seen ?? [x, y];
      return faceAt(params, new Roi(atX - 60, atY - 60, 120), seen ? 0.9 : 0.05);
    });
  }
}

function tracked(options: TrackerOptions = {}): { scene: Scene; tracker: FaceTracker } {
  const scene = new Scene();
  return { scene, tracker: new FaceTracker(scene as unknown as FaceReconstructor, options) };
}

describe("tracking", () => {
  test("a face is detected once and followed with its id", async () => {
    const { scene, tracker } = tracked();
    for (let i = 0; i < 20; i++) {
      scene.there = [[200 + 4 * i, 240]];
      const faces = await tracker.track(frame, i * S);
      expect(faces.map((face) => face.id)).toEqual([0]);
      expect(faces[0].ageS).toBeCloseTo(i * S, 9);
    }
    expect(scene.detections).toBe(1);
  });

  test("one that leaves is lost at once, and keeps its id within a second", async () => {
    const { scene, tracker } = tracked();
    scene.there = [[200, 240]];
    await tracker.track(frame, 0);
    scene.there = [];
    expect(await tracker.track(frame, S)).toEqual([]);
    scene.there = [[205, 240]];
    expect((await tracker.track(frame, 0.5)).map((face) => face.id)).toEqual([0]);
    scene.there = [];
    await tracker.track(frame, 0.6);
    scene.there = [[205, 240]];
    expect((await tracker.track(frame, 3)).map((face) => face.id)).toEqual([1]);
  });

  test("two faces keep their ids, and a third has no place", async () => {
    const { scene, tracker } = tracked({ maxFaces: 2, redetectS: 0 });
    scene.there = [
      [150, 200],
      [450, 200],
      [320, 400],
    ];
    for (let i = 0; i < 5; i++) {
      expect((await tracker.track(frame, i * S)).map((face) => face.id)).toEqual([0, 1]);
    }
  });

  test("a tab that was in the background goes on", async () => {
    const { scene, tracker } = tracked();
    scene.there = [[200, 240]];
    await tracker.track(frame, 0);
    const [face] = await tracker.track(frame, 600);
    expect(face.id).toBe(0);
    expect([...face.landmarks].every(Number.isFinite)).toBe(true);
  });

  test("a frame of another size begins anew", async () => {
    const { scene, tracker } = tracked();
    scene.there = [[200, 240]];
    await tracker.track(frame, 0);
    const other = { width: 480, height: 480, data: new Uint8ClampedArray(480 * 480 * 4) };
    expect((await tracker.track(other, S)).map((face) => face.id)).toEqual([1]);
  });

  test("times that run back, and a second frame before the first is done, are refused", async () => {
    const { scene, tracker } = tracked();
    scene.there = [[200, 240]];
    await tracker.track(frame, 1);
    await expect(tracker.track(frame, 1)).rejects.toThrow(/expected a time after 1 s/);
    await expect(tracker.track(frame, NaN)).rejects.toThrow(/finite/);
    const first = tracker.track(frame, 2);
    expect(() => tracker.reset()).toThrow(InputError);
    await expect(tracker.track(frame, 3)).rejects.toThrow(/still at work/);
    expect((await first).map((face) => face.id)).toEqual([0]);
    tracker.reset();
    expect((await tracker.track(frame, 0)).map((face) => face.id)).toEqual([1]);
  });

  test("an engine that fails does not block the tracker", async () => {
    const { scene, tracker } = tracked();
    scene.there = [[200, 240]];
    const whole = scene.reconstruct.bind(scene);
    scene.reconstruct = () => Promise.reject(new BackendError("the engine failed: device lost"));
    await expect(tracker.track(frame, 0)).rejects.toThrow(BackendError);
    scene.reconstruct = whole;
    expect(await tracker.track(frame, 1)).toHaveLength(1);
  });

  test.each([
    [{ maxFaces: 0 }, /maxFaces >= 1/],
    [{ redetectS: -1 }, /redetectS/],
    [{ minPresence: 2 }, /minPresence/],
  ])("an impossible option is refused: %o", (options, text) => {
    expect(() => tracked(options)).toThrow(text);
  });

  test("as JSON it has Python's names", async () => {
    const { scene, tracker } = tracked();
    scene.there = [[200, 240]];
    const [face] = await tracker.track(frame, 0);
    const json = JSON.parse(JSON.stringify(face));
    expect(json).toMatchObject({ id: 0, age_s: 0, presence: 0.9, score: 0.9, crop_size_px: 120 });
    expect(json.landmarks_px).toHaveLength(68);
  });
});
