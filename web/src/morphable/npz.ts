// Read NumPy's .npz files: zip archives of .npy arrays.

import { FaceModelError } from "../errors.js";

/** An array of an .npz file; text comes as `text`, float16, int8 and int16 widened. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array;
  readonly text?: string;
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
const MAX_COMMENT = 65_557;

/**
 * The arrays of an .npz file by name. float16, float32, float64, int8, int16, int32 and
 * texts are read.
 *
 * @throws FaceModelError when the archive is damaged or has another type inside.
 */
export async function readNpz(file: Uint8Array, source: string): Promise<Map<string, NpyArray>> {
  const arrays = new Map<string, NpyArray>();
  try {
    for (const [name, content] of await membersOf(file)) {
      arrays.set(name.replace(/\.npy$/, ""), npyArray(content, name));
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FaceModelError(`${source}: damaged or not an .npz file (${why})`, { cause: error });
  }
  return arrays;
}

async function membersOf(file: Uint8Array): Promise<[string, Uint8Array][]> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let end = file.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== END_OF_DIRECTORY) {
    end = end > file.length - MAX_COMMENT ? end - 1 : -1;
  }
  if (end < 0) throw new RangeError("no zip directory");
  const members: [string, Uint8Array][] = [];
  let at = view.getUint32(end + 16, true);
  for (let count = view.getUint16(end + 10, true); count > 0; count--) {
    if (view.getUint32(at, true) !== DIRECTORY_ENTRY) throw new RangeError("no zip entry");
    const method = view.getUint16(at + 10, true);
    const packed = view.getUint32(at + 20, true);
    const nameLength = view.getUint16(at + 28, true);
    const local = view.getUint32(at + 42, true);
    const name = new TextDecoder().decode(file.subarray(at + 46, at + 46 + nameLength));
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (view.getUint32(local, true) !== LOCAL_ENTRY) throw new RangeError("no zip member");
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    if (start + packed > file.length) throw new RangeError(`${name} is cut off`);
    const content = file.subarray(start, start + packed);
    members.push([name, method === 0 ? content : await inflated(content, method)]);
  }
  return members;
}

async function inflated(content: Uint8Array, method: number): Promise<Uint8Array> {
  if (method !== 8) throw new RangeError(`zip method ${method}`);
  const stream = new Blob([content.slice()])
    .stream()
    .pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function npyArray(bytes: Uint8Array, name: string): NpyArray {
  if (bytes[0] !== 0x93 || bytes[1] !== 0x4e) throw new RangeError(`${name} is no .npy array`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6] >= 2;
  const start = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));
  const type = /'descr':\s*'([^']+)'/.exec(header)?.[1] ?? "";
  const dims = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1] ?? "";
  if (/'fortran_order':\s*True/.test(header)) throw new RangeError(`${name} is column-major`);
  const shape = dims
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean)
    .map(Number);
  const count = shape.reduce((product, size) => product * size, 1);
  const content = new Uint8Array(bytes.subarray(start + length)); // a copy, so that it is aligned
  return { shape, ...valuesOf(content, type, count, name) };
}

function valuesOf(
  content: Uint8Array,
  type: string,
  count: number,
  name: string,
): { data: NpyArray["data"]; text?: string } {
  const sized = (bytes: number): ArrayBuffer => {
    if (content.length !== count * bytes) throw new RangeError(`${name} has another length`);
    return content.buffer as ArrayBuffer;
  };
  if (type === "<f4") return { data: new Float32Array(sized(4)) };
  if (type === "<f8") return { data: new Float64Array(sized(8)) };
  if (type === "<i4") return { data: new Int32Array(sized(4)) };
  if (type === "<i2") return { data: Int32Array.from(new Int16Array(sized(2))) };
  if (type === "|i1") return { data: Int32Array.from(new Int8Array(sized(1))) };
  if (type === "<f2") return { data: float32FromHalf(new Uint16Array(sized(2))) };
  const letters = /^<U(\d+)$/.exec(type);
  if (letters === null) throw new RangeError(`${name} has type ${type}`);
  const points = new Int32Array(sized(4 * Number(letters[1])));
  const text = String.fromCodePoint(...Array.from(points).filter((point) => point > 0));
  return { data: points, text };
}

/** IEEE half precision as float32, exactly. */
export function float32FromHalf(halves: Uint16Array): Float32Array {
  const out = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const bits = halves[i];
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    const size =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? fraction
            ? NaN
            : Infinity
          : (1 + fraction / 1024) * 2 ** (exponent - 15);
    out[i] = bits & 0x8000 ? -size : size;
  }
  return out;
}
