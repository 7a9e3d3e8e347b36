// Read what an ONNX file says of itself: onnxruntime-web does not pass its metadata on.

import { SpecError } from "../errors.js";
import { partsOf } from "./protocol_buffers.js";

const METADATA_PROPS = 14; // field of ModelProto: entries of key (1) and value (2)

/**
 * The metadata of an ONNX file by key. Weights are stepped over.
 *
 * @throws SpecError when the bytes are no protocol buffer.
 */
export function onnxMetadata(file: Uint8Array, source: string): Map<string, string> {
  const found = new Map<string, string>();
  try {
    for (const { field, content } of partsOf(file)) {
      if (field !== METADATA_PROPS) continue;
      const texts = new Map(
        [...partsOf(content)].map((part) => [part.field, new TextDecoder().decode(part.content)]),
      );
      found.set(texts.get(1) ?? "", texts.get(2) ?? "");
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new SpecError(`${source}: not an ONNX file, or a damaged one`, { cause: error });
  }
  return found;
}
