// Crops and resized pictures against OpenCV's.

import { describe, expect, test } from "vitest";
import { InputError } from "../src/errors.js";
import { cropFace, networkInput } from "../src/imaging/face_crop.js";
import { blackPixels, checkPixels } from "../src/imaging/pixels.js";
import { resizeArea, resizeLinear, wholeOf } from "../src/imaging/resize.js";
import { Roi, boundsOf, roiFromLandmarks, rollFromLandmarks } from "../src/imaging/roi.js";
import { roundHalfEven } from "../src/imaging/rounding.js";
import { apart, bgrOf, expected, picture } from "./expected.js";

const image = picture(53, 41);

describe("resizing has OpenCV's bits", () => {
  test.each(expected.linear)("interpolated to $size", ({ size, pixels }) => {
    expect(bgrOf(resizeLinear(image, wholeOf(image), size[0], size[1]))).toEqual(pixels);
  });
  test.each(expected.area)("averaged to $size", ({ size, pixels }) => {
    expect(bgrOf(resizeArea(image, wholeOf(image), size[0], size[1]))).toEqual(pixels);
  });
});

test.each(expected.crops)("a crop at $roi is Python's within one level", ({ roi, pixels }) => {
  const crop = bgrOf(cropFace(image, new Roi(roi[0], roi[1], roi[2], roi[3]), 12));
  expect(apart(crop, pixels)).toBeLessThanOrEqual(1);
  const mean = crop.reduce((sum, value, i) => sum + Math.abs(value - pixels[i]), 0) / crop.length;
  expect(mean).toBeLessThan(0.1);
});

test("a crop of whole pixels is the picture itself", () => {
  const crop = cropFace(image, new Roi(7, 9, 20, 0), 20);
  for (const [x, y] of [
    [0, 0],
    [19, 0],
    [4, 13],
    [19, 19],
  ]) {
    const at = (y * 20 + x) * 4;
    const there = ((y + 9) * 53 + x + 7) * 4;
    expect([...crop.data.subarray(at, at + 3)]).toEqual([...image.data.subarray(there, there + 3)]);
  }
});

test("the network's input is planes of blue, green, red, whitened", () => {
  const crop = blackPixels(2, 2);
  crop.data.set([255, 0, 128, 255], 4); // the second pixel
  const spec = {
    name: "x",
    size: 2,
    colourOrder: "BGR",
    mean: [127.5, 100, 0],
    std: [128, 50, 1],
  } as const;
  const batch = networkInput([crop], spec);
  expect(
    apart(batch, [
      -127.5 / 128,
      0.5 / 128,
      -127.5 / 128,
      -127.5 / 128,
      -2,
      -2,
      -2,
      -2,
      0,
      255,
      0,
      0,
    ]),
  ).toBeLessThan(1e-6);
});

test("the square of landmarks is Python's", () => {
  const { landmarks, landmark_roi } = expected.face;
  expect(apart(roiFromLandmarks(landmarks).xyxy, landmark_roi)).toBeLessThan(1e-9);
});

test("a turned face's square turns with it", () => {
  const { landmarks } = expected.face;
  const upright = roiFromLandmarks(landmarks, rollFromLandmarks(landmarks));
  const angle = (30 * Math.PI) / 180;
  const turned = landmarks.map((value, i) => {
    if (i % 3 === 2) return value;
    const [x, y] = i % 3 === 0 ? [value, landmarks[i + 1]] : [landmarks[i - 1], value];
    return i % 3 === 0
      ? x * Math.cos(angle) - y * Math.sin(angle)
      : x * Math.sin(angle) + y * Math.cos(angle);
  });
  const roi = roiFromLandmarks(turned, rollFromLandmarks(turned));
  expect(roi.rollDeg - upright.rollDeg).toBeCloseTo(30, 9);
  expect(roi.side).toBeCloseTo(upright.side, 9);
});

test.each([
  [0.5, 0],
  [1.5, 2],
  [2.4999, 2],
  [-0.5, 0],
  [-1.5, -2],
  [3.5, 4],
])("%d rounds to %d", (value, whole) => {
  expect(roundHalfEven(value) + 0).toBe(whole);
});

test("bounds are the smallest and largest x and y", () => {
  expect(boundsOf([3, 4, 9, -1, 8, 7])).toEqual([-1, 4, 3, 8]);
});

describe("what is unusable is refused", () => {
  test("a square that is none", () => {
    expect(() => Roi.fromXyxy([0, 0, 10, 20])).toThrow(/square/);
    expect(() => new Roi(0, 0, 0)).toThrow(InputError);
    expect(() => new Roi(0, NaN, 5)).toThrow(/finite/);
  });
  test("pixels that do not fill the picture", () => {
    expect(() => checkPixels({ width: 2, height: 2, data: new Uint8ClampedArray(12) })).toThrow(
      /2 x 2 with 12/,
    );
    expect(() => checkPixels({ width: 0, height: 2, data: new Uint8ClampedArray(0) })).toThrow(
      InputError,
    );
  });
});
