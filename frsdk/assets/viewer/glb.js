"use strict";

// A binary glTF file as frsdk writes it: one mesh, float attributes, 32-bit indices, one picture.

function bytesFromBase64(text) {
  const binary = atob(text), bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function parseGlb(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getUint32(12, true);
  const json = JSON.parse(new TextDecoder().decode(bytes.subarray(20, 20 + size)));
  const start = 20 + size + 8;
  const viewBytes = (index) => {
    const { byteOffset = 0, byteLength } = json.bufferViews[index];
    return bytes.slice(start + byteOffset, start + byteOffset + byteLength); // aligned copy
  };
  const array = (index, Type) => {
    const accessor = json.accessors[index];
    return new Type(viewBytes(accessor.bufferView).buffer, accessor.byteOffset || 0);
  };
  const { attributes, indices } = json.meshes[0].primitives[0];
  const picture = (json.images || [])[0];
  return {
    positions: array(attributes.POSITION, Float32Array),
    normals: array(attributes.NORMAL, Float32Array),
    uv: attributes.TEXCOORD_0 === undefined ? null : array(attributes.TEXCOORD_0, Float32Array),
    indices: array(indices, Uint32Array),
    picture: picture ? new Blob([viewBytes(picture.bufferView)], { type: picture.mimeType }) : null,
  };
}
