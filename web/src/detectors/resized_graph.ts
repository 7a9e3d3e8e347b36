// The detector's graph for squares of another size.
//
// Its file states one input size: in the input's dimensions, in how many cells each head is laid out,
// and, unless it names them only, in the output's. All are numbers in the file (protocol buffers,
// onnx.proto3), which are rewritten here.

import { SpecError } from "../errors.js";
import { partsOf, varintBytes, writtenPart, type Part } from "../specs/protocol_buffers.js";

const GRAPH = 7; // of ModelProto
const NODE = 1; // of GraphProto
const INPUT = 11;
const OUTPUT = 12;
const VALUE_INFO = 13;
const BYTES = 2;
const VARINT = 0;

/**
 * An ONNX detector that takes squares of another size.
 *
 * @param size Pixels of a side that it takes.
 * @param toSize Pixels of a side that the result takes, a multiple of every stride.
 * @throws SpecError when the graph is not laid out as `frsdk-export` lays it out.
 */
export function resizedGraph(
  model: Uint8Array,
  size: number,
  toSize: number,
  strides: readonly number[],
): Uint8Array {
  const cells = new Map(strides.map((s) => [(size / s) ** 2, (toSize / s) ** 2]));
  const sum = (numbers: Iterable<number>) => [...numbers].reduce((all, each) => all + each, 0);
  const [allCells, toCells] = [sum(cells.keys()), sum(cells.values())];
  let changed = 0;

  const isNumber = ({ field, wire, value }: Part, number: number) =>
    field === 1 && wire === VARINT && value === number;
  const inputSize = (part: Part): Uint8Array => {
    if (!isNumber(part, size)) return part.content;
    changed++;
    return varintBytes(toSize);
  };
  const outputCells = (part: Part): Uint8Array =>
    isNumber(part, allCells) ? varintBytes(toCells) : part.content;
  const tensor = (part: Part): Uint8Array => {
    if (part.field !== 9 || part.wire !== BYTES || part.content.length !== 24) return part.content;
    const values = new BigInt64Array(new Uint8Array(part.content).buffer); // (-1, n, cells)
    const wanted = cells.get(Number(values[2]));
    if (values[0] !== -1n || wanted === undefined) return part.content;
    changed++;
    values[2] = BigInt(wanted);
    return new Uint8Array(values.buffer);
  };
  const graph = rewritten(model, (part) => {
    if (part.field !== GRAPH) return part.content;
    return rewritten(part.content, (inner) => {
      if (inner.field === VALUE_INFO) return undefined; // sizes that no longer hold
      // ValueInfoProto: type (2) > tensor (1) > shape (2) > dim (1) > value (1)
      if (inner.field === INPUT) return along(inner.content, [2, 1, 2, 1], inputSize);
      if (inner.field === OUTPUT) return along(inner.content, [2, 1, 2, 1], outputCells);
      // NodeProto: attribute (5) > tensor (5) > raw data (9)
      return inner.field === NODE ? along(inner.content, [5, 5], tensor) : inner.content;
    });
  });
  if (changed !== 2 + cells.size) {
    throw new SpecError(`the detector's graph cannot be resized (${changed} sizes found)`);
  }
  return graph;
}

/** Change the parts of the message that a path of fields leads to. */
function along(
  message: Uint8Array,
  path: readonly number[],
  change: (part: Part) => Uint8Array,
): Uint8Array {
  return rewritten(message, (part) => {
    if (!path.length) return change(part);
    const leads = part.field === path[0] && part.wire === BYTES;
    return leads ? along(part.content, path.slice(1), change) : part.content;
  });
}

/** The message with the content of each part replaced, or the part left out. */
function rewritten(
  message: Uint8Array,
  change: (part: Part) => Uint8Array | undefined,
): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const part of partsOf(message)) {
    const content = change(part);
    if (content !== undefined) pieces.push(...writtenPart(part, content));
  }
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
