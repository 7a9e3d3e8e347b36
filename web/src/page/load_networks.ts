// Open the networks that lie beside the page.

import mjs from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import type { Runtime } from "../backends/runtime.js";
import { FaceReconstructor } from "../reconstructor.js";

/** Where the models lie: beside the page, wherever that is. */
export const MODELS = new URL("models/", document.baseURI);

/** The files that run the networks on WASM. */
export const WASM_PATHS = {
  mjs: new URL(mjs, document.baseURI).href,
  wasm: new URL(wasm, document.baseURI).href,
};

/** A warmed-up reconstructor. */
export async function loadNetworks(runtime?: Runtime): Promise<FaceReconstructor> {
  const reconstructor = await FaceReconstructor.create({
    models: MODELS,
    wasmPaths: WASM_PATHS,
    ...(runtime && { runtime }),
  });
  await reconstructor.warmUp();
  return reconstructor;
}
