// Which build of onnxruntime-web runs the networks.

import type { InferenceSession, TensorConstructor } from "onnxruntime-web";

/** What is used of onnxruntime-web. */
export interface OrtModule {
  readonly InferenceSession: typeof InferenceSession;
  readonly Tensor: TensorConstructor;
  readonly env: {
    readonly wasm: {
      numThreads?: number;
      proxy?: boolean;
      wasmPaths?: string | { mjs?: string | URL; wasm?: string | URL };
    };
  };
}

/** A build of onnxruntime-web with the execution provider that it is loaded for. */
export interface Runtime {
  readonly provider: "wasm" | "webgpu";
  load(): Promise<OrtModule>;
}

/** WASM with SIMD, and threads where the page is cross-origin isolated: runs in every browser. */
export const wasmRuntime: Runtime = {
  provider: "wasm",
  load: async () => (await import("onnxruntime-web/wasm")) as unknown as OrtModule,
};
