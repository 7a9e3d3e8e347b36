// Frames a second of the page with one tracked face at 640 x 480: `npm run fps`.
//
// On a machine with other work, frames a second say what that left. The processor time of a frame
// does not depend on it: one core gives at most 1000 / (that in ms) frames a second.

import { cpus, loadavg } from "node:os";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pretendedCamera, servePage, type PageUnderTest } from "./page_under_test.js";

const SECONDS = 8;

let served: PageUnderTest;
let page: Page;

beforeAll(async () => {
  served = await servePage(pretendedCamera());
  page = await served.open();
});

afterAll(() => served?.close());

test.each([
  ["landmarks and axes", false],
  ["landmarks, axes and mesh", true],
])("the camera with %s", async (what, mesh) => {
  await page.locator("#show-mesh").setChecked(mesh);
  await page.locator("#camera").click();
  await page.locator("#results td").first().waitFor();
  const before = await processorSeconds();
  const { frames, seconds, lost } = await page.evaluate(framesShown, SECONDS);
  const busy = perFrame(before, await processorSeconds(), frames);
  const speed = await page.locator("#speed").textContent();
  await page.locator("#camera").click();
  const engine = await page.locator("#engine").textContent();
  console.log(
    `${what}: ${(frames / seconds).toFixed(1)} frames/s (${speed}); ${busy}; a face in ` +
      `${frames - lost} of ${frames} frames; ${engine} ${cpus().length} CPUs ` +
      `(${cpus()[0].model.trim()}), load ${loadavg()[0].toFixed(1)}`,
  );
  expect(lost).toBe(0);
});

test("the tracker alone, without camera and drawing", async () => {
  const before = await processorSeconds();
  const { frames, seconds } = await page.evaluate(async (limit) => {
    const { FaceReconstructor, FaceTracker, MODELS, WASM_PATHS } = (globalThis as any).frsdk;
    const reconstructor = await FaceReconstructor.create({ models: MODELS, wasmPaths: WASM_PATHS });
    const tracker = new FaceTracker(reconstructor);
    const canvas = document.getElementById("canvas") as HTMLCanvasElement;
    const still = await createImageBitmap(canvas); // the camera's last frame
    await tracker.track(still, 0);
    const start = performance.now();
    let frames = 0;
    while (performance.now() - start < limit * 1000) {
      const faces = await tracker.track(still, ++frames / 30);
      if (faces.length !== 1) throw new Error("the face was lost");
    }
    return { frames, seconds: (performance.now() - start) / 1000 };
  }, SECONDS);
  const busy = perFrame(before, await processorSeconds(), frames);
  console.log(`the tracker alone: ${(frames / seconds).toFixed(1)} frames/s; ${busy} (with opening it)`);
  expect(frames).toBeGreaterThan(0);
});

/** Processor time so far of the browser's processes, by kind: the page, its camera, its drawing. */
async function processorSeconds(): Promise<Map<string, number>> {
  const session = await served.browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const names: Readonly<Record<string, string>> = { renderer: "page", GPU: "screen" };
  const seconds = new Map<string, number>();
  for (const { type, cpuTime } of processInfo) {
    const name = names[type] ?? (type.startsWith("video_capture") ? "pretended camera" : "rest");
    seconds.set(name, (seconds.get(name) ?? 0) + cpuTime);
  }
  return seconds;
}

function perFrame(
  before: Map<string, number>,
  after: Map<string, number>,
  frames: number,
): string {
  const parts = [...after].map(([name, seconds]) => {
    const spent = (1000 * (seconds - (before.get(name) ?? 0))) / frames;
    return `${name} ${spent.toFixed(1)}`;
  });
  return `processor ms a frame: ${parts.join(", ")}`;
}

/** Frames that reach the screen, and those without a face in the table. */
async function framesShown(
  limit: number,
): Promise<{ frames: number; seconds: number; lost: number }> {
  const canvas = document.getElementById("canvas") as HTMLCanvasElement;
  const table = document.getElementById("results") as HTMLTableElement;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  let frames = 0;
  let lost = 0;
  let waiting = false;
  const draw = context.putImageData;
  context.putImageData = function (this: CanvasRenderingContext2D, ...args: any[]) {
    if (!waiting) {
      waiting = true; // two frames before one repaint count once
      requestAnimationFrame(() => {
        waiting = false;
        frames++;
        if (table.hidden) lost++;
      });
    }
    return (draw as any).apply(this, args);
  } as typeof draw;
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, limit * 1000));
  context.putImageData = draw;
  return { frames, seconds: (performance.now() - start) / 1000, lost };
}
