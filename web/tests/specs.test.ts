// What the networks' files say of themselves.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { resizedGraph } from "../src/detectors/resized_graph.js";
import { SpecError } from "../src/errors.js";
import { detectorSpecOf, modelSpecOf } from "../src/specs/model_spec.js";
import { onnxMetadata } from "../src/specs/onnx_metadata.js";
import { partsOf, varintBytes } from "../src/specs/protocol_buffers.js";

/** An ONNX file that has nothing but a specification. */
function fileWithSpec(spec: object): Uint8Array {
  const text = (field: number, value: string) => {
    const bytes = new TextEncoder().encode(value);
    return [field * 8 + 2, ...varintBytes(bytes.length), ...bytes];
  };
  const entry = [...text(1, "frsdk.spec"), ...text(2, JSON.stringify(spec))];
  return Uint8Array.of(14 * 8 + 2, ...varintBytes(entry.length), ...entry);
}

const asset = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../frsdk/assets/${name}`, import.meta.url)));
const network = asset("network.onnx");
const detector = asset("face_detector.onnx");
const openDetector = asset("face_detector_open.onnx");

test("the network's specification is read from its file", () => {
  const spec = modelSpecOf(network, "network.onnx");
  expect(spec.input).toMatchObject({ name: "crops", size: 120, colourOrder: "BGR" });
  expect(spec.outputName).toBe("whitened_params");
  expect(spec.paramMean).toHaveLength(62);
  expect(Math.min(...spec.paramStd)).toBeGreaterThan(0);
  expect(spec.faceModel.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(spec.licence).toContain("research use only");
});

test("the detector's specification is read from its file", () => {
  const spec = detectorSpecOf(detector, "face_detector.onnx");
  expect(spec).toMatchObject({ strides: [8, 16, 32], outputName: "cells" });
  expect(spec.minScore).toBeGreaterThan(0);
  expect(spec.boxRule[0]).toBeGreaterThan(1);
  expect(spec).toMatchObject({ secondLook: [0.45, 0.75], fourLooks: [0.9, 0.65] }); // unstated
});

test("the open detector states its own thresholds", () => {
  expect(detectorSpecOf(openDetector, "face_detector_open.onnx")).toMatchObject({
    secondLook: [0.35, 0.75],
    fourLooks: [0.85, 0.4],
    minScore: 0.5,
    boxRule: [1.12, 0, 0.115],
  });
});

test.each([[[0.35]], [null], ["0.35"]])("unusable thresholds are named (%#)", (secondLook) => {
  const spec = JSON.parse(onnxMetadata(openDetector, "x").get("frsdk.spec") ?? "");
  const file = fileWithSpec({ ...spec, second_look: secondLook });
  expect(() => detectorSpecOf(file, "x.onnx")).toThrow(SpecError);
  expect(() => detectorSpecOf(file, "x.onnx")).toThrow(/second_look: expected 2 numbers/);
});

test("an output of stated cells is laid out for another size", () => {
  // GraphProto's output (12) > type (2) > tensor (1) > shape (2) > dim (1) > value (1)
  const numbersIn = (message: Uint8Array, path: readonly number[]): unknown[] =>
    [...partsOf(message)].flatMap((part) => {
      if (part.field !== path[0]) return [];
      return path.length === 1 ? [part.value] : numbersIn(part.content, path.slice(1));
    });
  const stated = [7, 12, 2, 1, 2, 1, 1];
  expect(numbersIn(openDetector, stated)).toEqual([15, 2100]);
  const resized = resizedGraph(openDetector, 320, 128, [8, 16, 32]);
  expect(numbersIn(resized, stated)).toEqual([15, 336]);
});

test("the detector's graph is laid out for another size", () => {
  const resized = resizedGraph(detector, 320, 128, [8, 16, 32]);
  expect(resized.length).toBeLessThan(detector.length + 100);
  expect([...onnxMetadata(resized, "x").keys()]).toEqual([...onnxMetadata(detector, "x").keys()]);
  expect(() => resizedGraph(network, 320, 128, [8, 16, 32])).toThrow(SpecError);
});

test.each([
  [detector, /holds a face detector/],
  [new TextEncoder().encode("<!doctype html><p>Not found"), /not an ONNX file/],
  [new Uint8Array(0), /has no frsdk specification/],
  [network.subarray(0, 5_000_000), /not an ONNX file, or a damaged one/],
])("another file is refused as a network (%#)", (file, text) => {
  expect(() => modelSpecOf(file, "x.onnx")).toThrow(SpecError);
  expect(() => modelSpecOf(file, "x.onnx")).toThrow(text);
});

test("a network is refused as a detector", () => {
  expect(() => detectorSpecOf(network, "x.onnx")).toThrow("x.onnx: not a face detector");
});

test("numbers of many bytes come back", () => {
  for (const value of [0, 127, 128, 300, 2 ** 31, 2 ** 40 + 5]) {
    const [part] = partsOf(Uint8Array.of(8, ...varintBytes(value)));
    expect(part).toMatchObject({ field: 1, wire: 0, value });
  }
});

test("a newer specification is refused", () => {
  const file = fileWithSpec({ schema_version: 99 });
  expect(() => modelSpecOf(file, "x.onnx")).toThrow(/written by a newer frsdk \(schema 99/);
});
