// The build of onnxruntime-web with WebGPU: a larger download, for browsers that have it.

import { BackendError } from "../errors.js";
import type { OrtModule, Runtime } from "./runtime.js";

/**
 * WebGPU. `load` fails where the browser has no adapter.
 *
 * Kept apart from the package's main entry, so that pages without it do not carry its 26 MB.
 */
export const webgpuRuntime: Runtime = {
  provider: "webgpu",
  load: async () => {
    if (!(await hasWebgpu())) {
      throw new BackendError("this browser has no WebGPU adapter: leave runtime out for WASM");
    }
    return (await import("onnxruntime-web/webgpu")) as unknown as OrtModule;
  },
};

/** Whether the browser has a WebGPU adapter. */
export async function hasWebgpu(): Promise<boolean> {
  const gpu = (navigator as { gpu?: { requestAdapter(): Promise<unknown> } }).gpu;
  if (gpu === undefined) return false;
  try {
    return (await gpu.requestAdapter()) !== null;
  } catch {
    return false; // a blocked adapter is none
  }
}
