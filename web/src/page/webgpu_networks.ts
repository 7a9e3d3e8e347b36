// WebGPU for the page, in builds that have it: `npm run build -- --mode webgpu`.

import mjs from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url";
import wasm from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import { hasWebgpu, webgpuRuntime } from "../backends/webgpu_runtime.js";
import type { ReconstructorOptions } from "../reconstructor.js";

/** What opens the networks on WebGPU; undefined where the browser has no adapter. */
export async function webgpuOptions(): Promise<
  Pick<ReconstructorOptions, "runtime" | "wasmPaths"> | undefined
> {
  if (!(await hasWebgpu())) return undefined;
  const absolute = (url: string) => new URL(url, document.baseURI).href;
  return { runtime: webgpuRuntime, wasmPaths: { mjs: absolute(mjs), wasm: absolute(wasm) } };
}
