// WebGPU where there is one (here by software), and a GPU that is lost.

import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT, astronautPath, servePage, type PageUnderTest } from "./page_under_test.js";

const DIST = join(ROOT, "web", "node_modules", "onnxruntime-web", "dist");

let served: PageUnderTest;
let page: Page;
let hasAdapter = false;

beforeAll(async () => {
  served = await servePage([
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--enable-features=Vulkan",
  ]);
  page = await served.open({
    // The page has WASM alone; the package's WebGPU build comes from node_modules.
    before: (tab) =>
      tab.route("**/ort/*", (route) => {
        const path = join(DIST, basename(new URL(route.request().url()).pathname));
        return existsSync(path) ? route.fulfill({ path }) : route.abort();
      }),
  });
  hasAdapter = await page.evaluate(async () => {
    const gpu = (navigator as any).gpu;
    return gpu !== undefined && (await gpu.requestAdapter()) !== null;
  });
});

afterAll(() => served?.close());

test("WebGPU finds the face that WASM finds; after a loss another reconstructor goes on", async ({
  skip,
}) => {
  if (!hasAdapter) skip("this Chromium has no WebGPU adapter");
  const picture = readFileSync(astronautPath()).toString("base64");
  // As text: in a function the test's own build would replace the import.
  await page.evaluate(
    "import('./ort/ort.webgpu.min.mjs').then((ort) => { globalThis.ort = ort; })",
  );
  const { engine, apart, failure, again } = await page.evaluate(async (text) => {
    const { FaceReconstructor, MODELS, WASM_PATHS, readPicture } = (globalThis as any).frsdk;
    const { ort } = globalThis as any;
    const runtime = { provider: "webgpu", load: async () => ort };
    const wasmPaths = new URL("ort/", document.baseURI).href;
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const pixels = await readPicture(new Blob([bytes]), { fitPixels: 256 * 256 }); // one look
    const gpu = await FaceReconstructor.create({ models: MODELS, runtime, wasmPaths });
    const cpu = await FaceReconstructor.create({ models: MODELS, wasmPaths: WASM_PATHS });
    const [there] = await gpu.reconstruct(pixels);
    const [here] = await cpu.reconstruct(pixels);
    const apart = here.landmarks.reduce(
      (most: number, value: number, i: number) =>
        Math.max(most, Math.abs(value - there.landmarks[i])),
      0,
    );
    (await ort.env.webgpu.device).destroy();
    const failure = await gpu.reconstruct(pixels).then(
      () => "none",
      (error: Error) => `${error.name}: ${error.message}`,
    );
    const again = (await cpu.reconstruct(pixels)).length;
    return { engine: gpu.engine, apart, failure, again };
  }, picture);
  console.log(`${engine}: landmarks at most ${apart.toFixed(3)} px from WASM's; lost: ${failure}`);
  expect(engine).toBe("WebGPU");
  expect(apart).toBeLessThan(0.3);
  expect(failure).toMatch(/^BackendError: the engine failed: /);
  expect(again).toBe(1);
});
