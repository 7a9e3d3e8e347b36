// The detector's rules against Python's.

import { expect, test } from "vitest";
import type { NetworkSession } from "../src/backends/network_session.js";
import { BuiltinDetector } from "../src/detectors/builtin_detector.js";
import { InputError } from "../src/errors.js";
import { DEFAULT_BOX_RULE, roiFromBox } from "../src/detectors/detection.js";
import { CellDecoder, rollOfPoints } from "../src/detectors/detector_outputs.js";
import { lookedAgain, type Look } from "../src/detectors/doubtful_faces.js";
import { agreement } from "../src/detectors/face_presence.js";
import {
  targetsFromBoxes,
  targetsFromDetections,
  targetsFromRois,
} from "../src/detectors/face_rois.js";
import { levelSides, ownFacesInImage, tilesOf } from "../src/detectors/image_tiles.js";
import { iou, nonMaximumSuppression } from "../src/detectors/non_maximum_suppression.js";
import { fivePoints, landmarksContradict } from "../src/detectors/point_agreement.js";
import { rightWayUp } from "../src/detectors/wrong_way_up.js";
import type { DetectorSpec } from "../src/specs/model_spec.js";
import { apart, expected, picture } from "./expected.js";

const image = picture(100, 80);

test.each(expected.levels)("levels of a picture of %d px", (longer, size, finest, sides) => {
  expect(levelSides(longer, size, finest)).toEqual(sides);
});

test("tiles are Python's", () => {
  const tiles = tilesOf(picture(700, 300), 320, 408.3);
  expect(tiles).toHaveLength(expected.tiles.length);
  tiles.forEach((tile, i) => {
    const { scale, corner, own, sum } = expected.tiles[i];
    expect(apart([tile.scaleX, tile.scaleY], scale)).toBeLessThan(1e-12);
    expect([tile.x, tile.y]).toEqual(corner);
    expect(tile.own.map((value) => Math.min(Math.max(value, -1e9), 1e9))).toEqual(own);
    const { data } = tile.pixels;
    expect(data.reduce((total, value, at) => total + (at % 4 === 3 ? 0 : value), 0)).toBe(sum);
  });
});

test("a tile keeps the faces whose centre is its own", () => {
  const [, left] = tilesOf(picture(700, 300), 320, 408.3);
  const face = (x: number, side: number) => ({
    box: [x, 10, x + side, 10 + side],
    score: 1,
    points: [],
  });
  const [first] = ownFacesInImage(left, [face(20, 40)]);
  expect(first.box[0]).toBeCloseTo((20 + left.x) / left.scaleX, 9);
  expect(ownFacesInImage(left, [face(left.own[2], 40), face(20, 200)])).toEqual([]);
});

test("non-maximum suppression keeps what Python keeps", () => {
  const { boxes, scores, kept } = expected.nms;
  const found = boxes.map((box, i) => ({ box, score: scores[i], index: i }));
  expect(nonMaximumSuppression(found, 0.4, 0.75).map((each) => each.index)).toEqual(kept);
});

test("the overlap of boxes", () => {
  expect(iou([0, 0, 2, 2], [1, 1, 3, 3])).toBeCloseTo(1 / 7, 12);
  expect(iou([0, 0, 1, 1], [2, 2, 3, 3])).toBe(0);
});

test("roll from five points, and the square of a leaning box", () => {
  expected.rolls.points.forEach((points, i) => {
    expect(rollOfPoints(points)).toBeCloseTo(expected.rolls.degrees[i], 9);
  });
  expect(
    apart(roiFromBox([10, 20, 60, 90], DEFAULT_BOX_RULE, 30).xyxy, expected.box_roi),
  ).toBeLessThan(1e-9);
});

const spec: DetectorSpec = {
  input: { name: "images", size: 64, colourOrder: "BGR", mean: [0, 0, 0], std: [1, 1, 1] },
  outputName: "cells",
  strides: [32],
  minScore: 0.5,
  maxIou: 0.4,
  boxRule: [1, 0, 0],
  secondLook: [0.45, 0.75],
  fourLooks: [0.9, 0.65],
  licence: "",
};

test("a cell is a box, a score and five points around its centre", () => {
  const decoder = new CellDecoder(spec);
  const output = new Float32Array(decoder.length).fill(-9); // 4 cells
  const values = [Math.log(3), 0.5, -0.25, 0, Math.log(2), 1, 1, 0, 0, 0, 0, 0, 0, 0, 0];
  values.forEach((value, i) => (output[i * 4 + 3] = value)); // the cell at 48, 48
  const [face, ...others] = decoder.decode(output, 0.5);
  expect(others).toEqual([]);
  expect(apart(face.box, [48, 8, 80, 72])).toBeLessThan(1e-5);
  expect(face.score).toBeCloseTo(0.75, 6);
  expect(face.points.slice(0, 4)).toEqual([80, 80, 48, 48]);
});

test("a doubtful face gets the mean of two looks, a sure one keeps its score", async () => {
  const sure = { box: [10, 10, 40, 40], score: 0.75, points: [] };
  const doubtful = { box: [50, 30, 80, 60], score: 0.5, points: [] };
  const seen: number[] = [];
  const look: Look = async (squares) => {
    seen.push(squares.length, squares[0].width);
    // Alone in its square, the face fills it: 64 px around the middle of 64.
    return [
      [
        { box: [0, 0, 64, 64], score: 0.9, points: [] },
        { box: [0, 0, 9, 9], score: 1, points: [] },
      ],
    ];
  };
  const scores = async (range: readonly [number, number]) =>
    (await lookedAgain(image, [sure, doubtful], 64, look, range)).map((face) => face.score);
  expect(await scores([0.45, 0.75])).toEqual([0.75, 0.7]);
  expect(seen).toEqual([1, 64]);
  expect(await scores([0.51, 0.75])).toEqual([0.75, 0.5]);
  expect(await scores([0.35, 0.5])).toEqual([0.75, 0.5]);
  expect(seen).toEqual([1, 64]); // nothing was doubtful
});

test("a detector goes by its own specification's thresholds", async () => {
  const asked: number[] = [];
  const scoresWith = async (own: Partial<DetectorSpec>) => {
    const cells = new CellDecoder(spec);
    const output = new Float32Array(cells.length).fill(-9); // one face of 0.4 in the last cell
    const values = [Math.log(0.4 / 0.6), 0, 0, 0.5, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const run = async (_: Float32Array, count: number) => {
      asked.push(count);
      // The first look is the whole picture; each further one shows a sure face in its middle.
      const first = asked.length === 1;
      const at = (i: number) => (first ? values[i] : [9, -0.5, -0.5, LOG_2, LOG_2][i]);
      const filled = Float32Array.from(output);
      for (let i = 0; i < 5; i++) filled[i * 4 + 3] = at(i);
      return filled;
    };
    asked.length = 0;
    const session = { run } as unknown as NetworkSession;
    const detector = new BuiltinDetector(session, { ...spec, ...own }, {});
    return (await detector.detect(picture(64, 64))).map(({ score }) => score);
  };
  const LOG_2 = Math.log(2);
  expect(await scoresWith({})).toEqual([]);
  const [score] = await scoresWith({ secondLook: [0.35, 0.75], fourLooks: [0.6, 0.4] });
  expect(score).toBeCloseTo(0.7, 3);
  expect(asked).toHaveLength(2); // 0.7 is sure enough for 0.6
  expect(await scoresWith({ secondLook: [0.35, 0.75] })).toEqual([]); // and not for 0.9
  expect(asked).toHaveLength(3);
});

test("points that agree with the landmarks count fully, others not", () => {
  const landmarks = Float64Array.from(expected.face.landmarks);
  const mean = (first: number, axis: number) =>
    [0, 1, 2, 3, 4, 5].reduce((sum, i) => sum + landmarks[(first + i) * 3 + axis] / 6, 0);
  const at = (point: number) => [landmarks[point * 3], landmarks[point * 3 + 1]];
  const points = [
    mean(36, 0),
    mean(36, 1),
    mean(42, 0),
    mean(42, 1),
    ...at(30),
    ...at(48),
    ...at(54),
  ];
  const found = { box: [0, 0, 1, 1], score: 1, points };
  expect(agreement(found, landmarks)).toBe(1);
  const moved = (by: number) => ({
    ...found,
    points: points.map((value, i) => value + (i % 2 ? 0 : by)),
  });
  expect(agreement(moved(100), landmarks)).toBe(0);
  expect(agreement(moved(15), landmarks)).toBeGreaterThan(0);
  expect(agreement(moved(15), landmarks)).toBeLessThan(1);
});

test("targets: the largest faces first, a caller's in their order", () => {
  const face = (side: number) => ({
    box: [0, 0, side, side] as const,
    score: 1,
    rollDeg: 0,
    points: [],
  });
  const sides = targetsFromDetections([face(10), face(30), face(20)], DEFAULT_BOX_RULE);
  expect(sides.map((target) => target.box?.[2])).toEqual([30, 20, 10]);
  expect(
    targetsFromBoxes(
      [
        [1, 2, 30, 40],
        [5, 5, 60, 60],
      ],
      image,
    ).map((t) => t.box?.[0]),
  ).toEqual([1, 5]);
});

test.each([
  [
    () =>
      targetsFromBoxes(
        [
          [0, 0, 20, 20],
          [5, 5, 1, 9],
        ],
        image,
      ),
    /boxes\[1\]: expected x1 > x0/,
  ],
  [() => targetsFromBoxes([[0, 0, NaN, 5]], image), /boxes\[0\]: expected 4 finite numbers/],
  [() => targetsFromBoxes([[200, 0, 240, 40]], image), /outside the image of 100 x 80/],
  [() => targetsFromRois([[0, 0, 4, 4]], image), /shows no face/],
  [() => targetsFromRois([[0, 0, 20, 40]], image), /square/],
])("an unusable box or square is named (%#)", (call, text) => {
  expect(call).toThrow(InputError);
  expect(call).toThrow(text);
});

test("a box may have a roll", () => {
  const [{ roi }] = targetsFromBoxes([[10, 20, 60, 90, 30]], image);
  expect(roi.rollDeg).toBe(30);
  expect(apart(roi.xyxy, expected.box_roi)).toBeLessThan(1e-9);
});

test("a face that looks more like one turned is left out", async () => {
  const face = (score: number) => ({
    box: [20, 20, 60, 60],
    score,
    points: [30, 30, 50, 30, 40, 40, 32, 50, 48, 50],
  });
  const quarters = (scores: number[]) =>
    scores.map((score, k) => {
      const [x, y] = [16 + 32 * (k % 2), 16 + 32 * Math.floor(k / 2)];
      return { box: [x - 6.4, y - 6.4, x + 6.4, y + 6.4], score, points: [] };
    });
  const look = (scores: number[]) => async (squares: readonly unknown[]) =>
    squares.map(() => quarters(scores));
  const kept = async (score: number, seen: number[], limits: readonly [number, number]) =>
    (await rightWayUp(image, [face(score)], 64, look(seen), limits)).length;
  expect(await kept(0.8, [0.8, 0.1, 0.9, 0.1], [0.9, 0.65])).toBe(0);
  expect(await kept(0.8, [0.8, 0.1, 0.7, 0.1], [0.9, 0.65])).toBe(1);
  expect(await kept(0.8, [0.6, 0, 0, 0], [0.9, 0.65])).toBe(0);
  expect(await kept(0.8, [0.6, 0, 0, 0], [0.85, 0.4])).toBe(1);
  expect(await kept(0.95, [0, 0, 1, 0], [0.9, 0.65])).toBe(1);
  expect(await kept(0.87, [0, 0, 1, 0], [0.9, 0.65])).toBe(0);
  expect(await kept(0.87, [0, 0, 1, 0], [0.85, 0.4])).toBe(1);
});

test("landmarks far from the detector's points contradict it", () => {
  const { landmarks } = expected.face;
  const five = fivePoints(landmarks);
  const points = (by: number) => [0, 2, 4, 6, 8].map((i) => [five[i] + by, five[i + 1]] as const);
  expect(landmarksContradict(landmarks, points(21), 100)).toBe(false);
  expect(landmarksContradict(landmarks, points(23), 100)).toBe(true);
  expect(landmarksContradict(landmarks, [], 100)).toBe(false);
});
