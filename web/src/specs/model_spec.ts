// The JSON that travels inside a network and says how to use it.

import { SpecError } from "../errors.js";
import { onnxMetadata } from "./onnx_metadata.js";

const SCHEMA_VERSION = 1;
const METADATA_KEY = "frsdk.spec";
const N_PARAMS = 62;
const N_CELL_VALUES = 15;

// As measured for the first built-in detector, whose file does not state them.
const SECOND_LOOK = [0.45, 0.75];
const FOUR_LOOKS = [0.9, 0.65];

/** A network's input: float32 planes, (value - mean) / std per channel. */
export interface InputSpec {
  readonly name: string;
  /** Pixels of a side of the square. */
  readonly size: number;
  readonly colourOrder: "BGR" | "RGB";
  /** Per channel, on the 0..255 scale. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** How to use a reconstruction network. */
export interface ModelSpec {
  readonly input: InputSpec;
  readonly outputName: string;
  /** 62 numbers, added to the whitened output times `paramStd`. */
  readonly paramMean: Float32Array;
  readonly paramStd: Float32Array;
  readonly faceModel: {
    readonly name: string;
    readonly sha256: string;
    readonly nVertices: number;
  };
  readonly licence: string;
}

/** How to use a face detector, whose cells give a score, a box and five points. */
export interface DetectorSpec {
  readonly input: InputSpec;
  readonly outputName: string;
  readonly strides: readonly number[];
  readonly minScore: number;
  readonly maxIou: number;
  /** Scale, shift x, shift y from a box to the network's square. */
  readonly boxRule: readonly [number, number, number];
  /** A face that scores from the first up to the second is looked at once more. */
  readonly secondLook: readonly [number, number];
  /**
   * A face that scores below the first is looked at in four directions, and needs the second there.
   */
  readonly fourLooks: readonly [number, number];
  readonly licence: string;
}

type Json = Record<string, unknown>;

/** @throws SpecError when the file is no reconstruction network of frsdk's. */
export function modelSpecOf(file: Uint8Array, source: string): ModelSpec {
  const spec = documentOf(file, source);
  if (spec.kind)
    throw new SpecError(`${source}: holds a ${spec.kind}, not a reconstruction network`);
  const part = partOf(spec, "face_model", source);
  const output = partOf(spec, "output", source);
  return {
    input: inputOf(spec, source),
    outputName: textOf(output, "name", source),
    paramMean: Float32Array.from(numbersOf(spec, "param_mean", N_PARAMS, source)),
    paramStd: Float32Array.from(numbersOf(spec, "param_std", N_PARAMS, source)),
    faceModel: {
      name: textOf(part, "name", source),
      sha256: textOf(part, "sha256", source),
      nVertices: numberOf(part, "n_vertices", source),
    },
    licence: String(spec.licence ?? ""),
  };
}

/** @throws SpecError when the file is no face detector of frsdk's. */
export function detectorSpecOf(file: Uint8Array, source: string): DetectorSpec {
  const spec = documentOf(file, source);
  if (spec.kind !== "face detector") throw new SpecError(`${source}: not a face detector`);
  const input = inputOf(spec, source);
  const output = partOf(spec, "output", source);
  const strides = numbersOf(spec, "strides", undefined, source);
  const cells = strides.reduce((sum, stride) => sum + (input.size / stride) ** 2, 0);
  const shape = numbersOf(output, "shape", 2, source);
  if (shape[0] !== N_CELL_VALUES || shape[1] !== cells) {
    throw new SpecError(`${source}: expected an output of 15 x ${cells}, got ${shape.join(" x ")}`);
  }
  const [scale, shiftX, shiftY] = numbersOf(spec, "box_rule", 3, source);
  const [doubtfulFrom, sureFrom] = numbersOf(spec, "second_look", 2, source, SECOND_LOOK);
  const [checkedBelow, leastOwn] = numbersOf(spec, "four_looks", 2, source, FOUR_LOOKS);
  return {
    input,
    outputName: textOf(output, "name", source),
    strides,
    minScore: numberOf(spec, "min_score", source),
    maxIou: numberOf(spec, "max_iou", source),
    boxRule: [scale, shiftX, shiftY],
    secondLook: [doubtfulFrom, sureFrom],
    fourLooks: [checkedBelow, leastOwn],
    licence: String(spec.licence ?? ""),
  };
}

function documentOf(file: Uint8Array, source: string): Json {
  const text = onnxMetadata(file, source).get(METADATA_KEY);
  if (text === undefined) {
    throw new SpecError(`${source}: has no frsdk specification: give a network of frsdk-export`);
  }
  let spec: unknown;
  try {
    spec = JSON.parse(text);
  } catch (error) {
    throw new SpecError(`${source}: its specification is not JSON`, { cause: error });
  }
  if (typeof spec !== "object" || spec === null) {
    throw new SpecError(`${source}: its specification is no object`);
  }
  const version = numberOf(spec as Json, "schema_version", source);
  if (version > SCHEMA_VERSION) {
    throw new SpecError(
      `${source}: written by a newer frsdk (schema ${version}, this one reads ${SCHEMA_VERSION})`,
    );
  }
  return spec as Json;
}

function inputOf(spec: Json, source: string): InputSpec {
  const part = partOf(spec, "input", source);
  const shape = numbersOf(part, "shape", 3, source);
  const order = part.colour_order;
  if (order !== "BGR" && order !== "RGB") {
    throw new SpecError(`${source}: input.colour_order: expected BGR or RGB, got ${String(order)}`);
  }
  return {
    name: textOf(part, "name", source),
    size: shape[2],
    colourOrder: order,
    mean: numbersOf(part, "mean", 3, source),
    std: numbersOf(part, "std", 3, source),
  };
}

function partOf(spec: Json, name: string, source: string): Json {
  const value = spec[name];
  if (typeof value !== "object" || value === null) throw missing(name, "an object", source);
  return value as Json;
}

function textOf(spec: Json, name: string, source: string): string {
  const value = spec[name];
  if (typeof value !== "string" || !value) throw missing(name, "a text", source);
  return value;
}

function numberOf(spec: Json, name: string, source: string): number {
  const value = spec[name];
  if (typeof value !== "number") throw missing(name, "a number", source);
  return value;
}

/** A list of numbers; where the specification has no such field, the fallback. */
function numbersOf(
  spec: Json,
  name: string,
  length: number | undefined,
  source: string,
  fallback?: readonly number[],
): number[] {
  const value = spec[name] === undefined ? fallback : spec[name];
  const fits = Array.isArray(value) && value.every((item) => typeof item === "number");
  if (!fits || (length !== undefined && value.length !== length)) {
    throw missing(name, length === undefined ? "numbers" : `${length} numbers`, source);
  }
  return [...(value as number[])];
}

function missing(name: string, expected: string, source: string): SpecError {
  return new SpecError(`${source}: spec field ${name}: expected ${expected}`);
}
