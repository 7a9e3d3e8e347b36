// The face model, its files and head pose against Python's.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FaceModelError } from "../src/errors.js";
import { Roi } from "../src/imaging/roi.js";
import {
  anglesFromRotation,
  poseFromParams,
  rotationFromAngles,
} from "../src/morphable/head_pose.js";
import { MorphableModel, cropPose, imagePose } from "../src/morphable/morphable_model.js";
import { nearestRotation } from "../src/morphable/nearest_rotation.js";
import { float32FromHalf, readNpz } from "../src/morphable/npz.js";
import { apart, expected } from "./expected.js";

const file = readFileSync(new URL("../../frsdk/assets/facemodel.npz", import.meta.url));
const model = await MorphableModel.fromNpz(file, "facemodel.npz");
const params = Float32Array.from(expected.face.params);
const [x0, y0, side, roll] = expected.face.roi;
const roi = new Roi(x0, y0, side, roll);

describe("the built-in face model", () => {
  test("has its name and sizes", () => {
    expect(model.name).toBe("frsdk-face-1");
    expect(model.basis.length).toBe(51 * 3 * model.nVertices);
    expect(model.triangles.length % 3).toBe(0);
  });

  test("decodes the landmarks that Python decodes", () => {
    expect(
      apart(model.landmarks(params, cropPose(params, 120)), expected.face.landmarks),
    ).toBeLessThan(1e-4);
  });

  test("has the landmarks among its vertices", () => {
    const vertices = model.vertices(params, imagePose(params, roi, 120));
    const landmarks = model.landmarks(params, imagePose(params, roi, 120));
    model.landmarkIndices.forEach((vertex, i) => {
      expect(
        apart(vertices.subarray(vertex * 3, vertex * 3 + 3), landmarks.subarray(i * 3, i * 3 + 3)),
      ).toBeLessThan(1e-3);
    });
  });
});

describe("head pose", () => {
  test("is Python's", () => {
    const pose = poseFromParams(params, roi, 120);
    const numbers = [pose.yawDeg, pose.pitchDeg, pose.rollDeg, pose.scale, ...pose.translation];
    expect(apart(numbers, expected.face.pose)).toBeLessThan(1e-5);
    expect(apart(pose.rotation, expected.face.rotation)).toBeLessThan(1e-6);
    const forms = [...pose.quaternionWxyz, ...pose.direction, ...pose.matrix];
    expect(apart(forms, expected.face.forms)).toBeLessThan(1e-5);
  });

  test.each([
    [20, -30, 40],
    [-80, 60, -170],
    [150, 5, 12],
    [0, 0, 0],
  ])("angles %d, %d, %d come back", (yaw, pitch, roll) => {
    expect(
      apart(anglesFromRotation(rotationFromAngles(yaw, pitch, roll)), [yaw, pitch, roll]),
    ).toBeLessThan(1e-9);
  });

  test("looking straight up, roll is 0", () => {
    const [yaw, pitch, roll] = anglesFromRotation(rotationFromAngles(25, 90, 10));
    expect([pitch, roll]).toEqual([90, 0]);
    expect(
      apart(rotationFromAngles(yaw, pitch, roll), rotationFromAngles(25, 90, 10)),
    ).toBeLessThan(1e-9);
  });

  test("of a bent block the nearest rotation is taken", () => {
    const wanted = rotationFromAngles(33, -12, 7);
    const bent = wanted.map((value, i) => 2.5 * value + (i % 4 === 0 ? 1e-3 : 0));
    const { rotation, scale } = nearestRotation(bent);
    expect(apart(rotation, wanted)).toBeLessThan(1e-3);
    expect(scale).toBeCloseTo(2.5, 2);
  });

  test("a mirrored or flat block gives a proper rotation", () => {
    for (const block of [
      [1, 0, 0, 0, 1, 0, 0, 0, -1e-3],
      [1, 2, 0, 0, 1, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0, 0, 0, 0],
    ]) {
      const { rotation: r } = nearestRotation(Float64Array.from(block));
      const det =
        r[0] * (r[4] * r[8] - r[5] * r[7]) -
        r[1] * (r[3] * r[8] - r[5] * r[6]) +
        r[2] * (r[3] * r[7] - r[4] * r[6]);
      if (block.some((value) => value !== 0)) expect(det).toBeCloseTo(1, 6);
      expect(r.every(Number.isFinite)).toBe(true);
    }
  });
});

test("half precision is widened exactly", () => {
  const halves = Uint16Array.of(0, 0x8000, 0x3c00, 0xbc00, 0x3555, 0x7bff, 0x0001, 0x7c00, 0x03ff);
  const wide = float32FromHalf(halves);
  expect([...wide]).toEqual([
    0,
    -0,
    1,
    -1,
    Math.fround(0.333251953125),
    65504,
    2 ** -24,
    Infinity,
    Math.fround(1023 * 2 ** -24),
  ]);
});

test("a packed archive is read too", async () => {
  // numpy.savez_compressed of `a` = arange(6) int32 (2, 3) and `b` int16
  const packed = readFileSync(new URL("./fixtures/packed.npz", import.meta.url));
  const arrays = await readNpz(packed, "packed.npz");
  const a = arrays.get("a");
  expect([...(arrays.get("b")?.data ?? [])]).toEqual([-300, 7]);
  expect(a?.shape).toEqual([2, 3]);
  expect([...(a?.data ?? [])]).toEqual([0, 1, 2, 3, 4, 5]);
});

describe("a damaged face model is refused by name", () => {
  test.each([
    ["cut off", file.subarray(0, 1_000_000)],
    ["empty", new Uint8Array(0)],
    ["no archive", new TextEncoder().encode("<!doctype html>".repeat(50))],
  ])("%s", async (_, bytes) => {
    await expect(MorphableModel.fromNpz(bytes, "my.npz")).rejects.toThrow(FaceModelError);
    await expect(MorphableModel.fromNpz(bytes, "my.npz")).rejects.toThrow(/^my\.npz: damaged/);
  });
  test("without its arrays", async () => {
    const packed = readFileSync(new URL("./fixtures/packed.npz", import.meta.url));
    await expect(MorphableModel.fromNpz(packed, "a.npz")).rejects.toThrow("a.npz: lacks basis");
  });
});
