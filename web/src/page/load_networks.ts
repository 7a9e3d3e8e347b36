// Open the networks that lie beside the page.

import mjs from "onnxruntime-web/ort-wasm-simd-threaded.mjs?url";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import { BackendError } from "../errors.js";
import { FaceReconstructor, type ReconstructorOptions } from "../reconstructor.js";

/** Where the models lie: beside the page, wherever that is. */
export const MODELS = new URL("models/", document.baseURI);

/** The files that run the networks on WASM. */
export const WASM_PATHS = {
  mjs: new URL(mjs, document.baseURI).href,
  wasm: new URL(wasm, document.baseURI).href,
};

/**
 * A warmed-up reconstructor: on WebGPU where the build and the browser have it, else on WASM.
 *
 * @param gpu False after the GPU was lost.
 */
export async function loadNetworks(gpu = true): Promise<FaceReconstructor> {
  if (import.meta.env.MODE === "webgpu" && gpu) {
    const { webgpuOptions } = await import("./webgpu_networks.js");
    const options = await webgpuOptions();
    try {
      if (options) return await opened(options);
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      console.info(`WASM instead of WebGPU: ${error.message}`);
    }
  }
  return opened({ wasmPaths: WASM_PATHS });
}

async function opened(options: ReconstructorOptions): Promise<FaceReconstructor> {
  const reconstructor = await FaceReconstructor.create({ models: MODELS, ...options });
  await reconstructor.warmUp();
  return reconstructor;
}
