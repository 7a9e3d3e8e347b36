// The wire format of protocol buffers, as far as ONNX files use it.

/** A field of a message. */
export interface Part {
  readonly field: number;
  /** 0 a varint, 1 eight bytes, 2 a length and bytes, 5 four bytes. */
  readonly wire: number;
  /** Its bytes; a varint's own bytes. */
  readonly content: Uint8Array;
  /** Of a varint. */
  readonly value: number;
}

/**
 * The fields of a message in their order.
 *
 * @throws RangeError when the bytes are no message.
 */
export function* partsOf(message: Uint8Array): Generator<Part> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 63; factor *= 128) {
      if (at >= message.length) break;
      const byte = message[at++];
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new RangeError("a damaged protocol buffer");
  };
  while (at < message.length) {
    const key = varint();
    const [field, wire] = [Math.floor(key / 8), key % 8];
    let value = 0;
    let start = at;
    if (wire === 0) value = varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === 2) {
      const length = varint();
      start = at;
      at += length;
    } else at = Infinity;
    if (at > message.length) throw new RangeError("a damaged protocol buffer");
    yield { field, wire, content: message.subarray(start, at), value };
  }
}

/** The pieces of a field as bytes, with another content. */
export function writtenPart(part: Part, content: Uint8Array): Uint8Array[] {
  const key = varintBytes(part.field * 8 + part.wire);
  return part.wire === 2 ? [key, varintBytes(content.length), content] : [key, content];
}

/** A whole number, seven bits a byte, the lowest first. */
export function varintBytes(value: number): Uint8Array {
  const out: number[] = [];
  while (value > 0x7f) {
    out.push((value % 128) + 0x80);
    value = Math.floor(value / 128);
  }
  out.push(value);
  return Uint8Array.from(out);
}
