// One network, open in onnxruntime-web.

import type { InferenceSession } from "onnxruntime-web";
import { BackendError, messageOf } from "../errors.js";
import type { InputSpec } from "../specs/model_spec.js";
import type { OrtModule, Runtime } from "./runtime.js";

/** What a loaded runtime needs to open networks. */
export interface Engine {
  readonly ort: OrtModule;
  readonly provider: Runtime["provider"];
  readonly threads: number;
}

/** Where the WASM files of onnxruntime-web lie: a folder's URL, or one of each file. */
export type WasmPaths = string | { mjs?: string | URL; wasm?: string | URL };

/**
 * Load a runtime.
 *
 * @throws BackendError when the browser cannot run it.
 */
export async function openEngine(
  runtime: Runtime,
  threads: number | undefined,
  wasmPaths: WasmPaths | undefined,
): Promise<Engine> {
  try {
    const ort = await runtime.load();
    if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
    const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
    const cores = globalThis.navigator?.hardwareConcurrency ?? 1;
    // Threads need shared memory. They wait for each other at each of the many small layers, so that
    // half of the cores is left to the browser and to others.
    const usual = Math.min(4, Math.max(1, Math.floor(cores / 2)));
    ort.env.wasm.numThreads = isolated ? (threads ?? usual) : 1;
    return { ort, provider: runtime.provider, threads: ort.env.wasm.numThreads };
  } catch (error) {
    if (error instanceof BackendError) throw error;
    throw new BackendError(`the engine cannot be loaded: ${messageOf(error)}`, { cause: error });
  }
}

/** A network whose calls come one after the other. */
export class NetworkSession {
  private last: Promise<unknown> = Promise.resolve();
  private closed = false;

  private constructor(
    private readonly engine: Engine,
    private readonly session: InferenceSession,
    private readonly input: InputSpec,
    private readonly outputName: string,
  ) {}

  /**
   * Open a network.
   *
   * @param graph The bytes of its .onnx file.
   * @throws BackendError when the engine refuses it.
   */
  static async open(
    engine: Engine,
    graph: Uint8Array,
    input: InputSpec,
    outputName: string,
  ): Promise<NetworkSession> {
    try {
      const session = await engine.ort.InferenceSession.create(graph, {
        executionProviders: [engine.provider],
        graphOptimizationLevel: "all",
      });
      return new NetworkSession(engine, session, input, outputName);
    } catch (error) {
      throw new BackendError(`the network cannot be opened: ${messageOf(error)}`, { cause: error });
    }
  }

  /**
   * Run the network.
   *
   * @param batch (n, 3, size, size).
   * @param count n.
   * @throws BackendError when the engine failed (a lost GPU among others) or is closed.
   */
  run(batch: Float32Array, count: number): Promise<Float32Array> {
    const result = this.last.then(() => this.runNow(batch, count));
    this.last = result.catch(() => undefined);
    return result;
  }

  /** Free the network once its calls have ended; a second call does nothing. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.last;
    await this.session.release();
  }

  private async runNow(batch: Float32Array, count: number): Promise<Float32Array> {
    if (this.closed) throw new BackendError("the network is closed");
    const { size, name } = this.input;
    try {
      const tensor = new this.engine.ort.Tensor("float32", batch, [count, 3, size, size]);
      const outputs = await this.session.run({ [name]: tensor });
      return outputs[this.outputName].data as Float32Array;
    } catch (error) {
      throw new BackendError(`the engine failed: ${messageOf(error)}`, { cause: error });
    }
  }
}
