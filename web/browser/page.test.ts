// The page as a visitor meets it. SHOTS=folder keeps pictures of it.

import { execFileSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  PYTHON,
  ROOT,
  astronautPath,
  pretendedCamera,
  servePage,
  type PageUnderTest,
} from "./page_under_test.js";

const FOLDER = mkdtempSync(join(tmpdir(), "frsdk-page-"));
const ASTRONAUT = astronautPath();

let served: PageUnderTest;
let page: Page; // one for all: the networks are loaded once

beforeAll(async () => {
  served = await servePage(pretendedCamera());
  page = await served.open();
});

afterAll(() => served?.close());

afterEach(() => {
  const elsewhere = served.requests.filter(
    (url) => !url.startsWith(served.url) && !/^(blob|data):/.test(url),
  );
  expect(elsewhere).toEqual([]); // nothing is asked of another host, whatever a visitor does
  expect(served.complaints).toEqual([]);
});

async function shot(name: string): Promise<void> {
  const folder = process.env.SHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

async function choose(path: string): Promise<void> {
  await page.locator("#file").setInputFiles(path);
  await page.waitForFunction(
    () => !/Looking|Ready/.test(document.getElementById("message")!.textContent!),
  );
}

/** Until the first face of its frames is in the table. */
async function startCamera(): Promise<void> {
  await page.locator("#camera").click();
  await page.locator("#speed", { hasText: "a frame" }).waitFor();
  await page.locator("#results td").first().waitFor();
}

const textOf = (selector: string) => page.locator(selector).innerText();

/** Whether the canvas shows anything but one colour. */
function isPainted(): Promise<boolean> {
  return page.evaluate(() => {
    const canvas = document.getElementById("canvas") as HTMLCanvasElement;
    const copy = new OffscreenCanvas(canvas.width, canvas.height);
    const context = copy.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size > 100;
  });
}

describe("a picture", () => {
  test("shows its face, the numbers, and what runs", async () => {
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(await textOf("#engine")).toMatch(/^Runs on WASM, \d threads?\.$/);
    expect(await textOf("#terms")).toBe("Terms of the networks: research use only, model card.");
    expect(await textOf(".privacy")).toContain("Nothing leaves your machine");
    await shot("start");
    await choose(ASTRONAUT);
    expect(await page.locator("#results tbody tr").count()).toBe(1);
    const cells = await page.locator("#results tbody td").allInnerTexts();
    expect(cells[0]).toBe("1");
    for (const angle of cells.slice(1, 4)) expect(angle).toMatch(/^[+−]?\d+°$/);
    expect(Number(cells[4])).toBeGreaterThan(0.8);
    expect(await isPainted()).toBe(true);
    await shot("picture");
  });

  test("is drawn without what is switched off", async () => {
    await page.emulateMedia({ colorScheme: "dark" });
    await choose(ASTRONAUT);
    const canvas = page.locator("#canvas");
    const whole = await canvas.evaluate((c: HTMLCanvasElement) => c.toDataURL());
    await page.locator("#show-mesh").uncheck();
    const without = await canvas.evaluate((c: HTMLCanvasElement) => c.toDataURL());
    expect(without).not.toBe(whole);
    await shot("dark");
    await page.emulateMedia({ colorScheme: "light" });
    await page.locator("#show-mesh").check();
    expect(await canvas.evaluate((c: HTMLCanvasElement) => c.toDataURL())).toBe(whole);
  });

  test("gives its numbers with Python's names", async () => {
    await choose(ASTRONAUT);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.locator("#save-json").click(),
    ]);
    const path = join(FOLDER, "faces.json");
    await download.saveAs(path);
    const code =
      "import json, sys; from frsdk import FaceReconstructor, read_image\n" +
      "there = json.load(open(sys.argv[1]))['faces'][0]\n" +
      "here = FaceReconstructor()(read_image('sample:astronaut'))[0].to_dict()\n" +
      "missing = {k for k in here if k not in there and here[k] is not None}\n" +
      "assert not missing and not set(there) - set(here), (missing, set(there) - set(here))\n" +
      "assert set(there['pose']) <= set(here['pose'])\n" +
      "assert len(there['landmarks_px']) == 68 and len(there['params']) == 62";
    execFileSync(PYTHON, ["-c", code, path], { cwd: ROOT });
  });

  test("of 50 megapixels is scaled down and read", async () => {
    const path = join(FOLDER, "large.jpg");
    const code =
      "import cv2, sys; from frsdk import read_image\n" +
      "cv2.imwrite(sys.argv[1], cv2.resize(read_image('sample:astronaut'), (7072, 7072)))";
    execFileSync(PYTHON, ["-c", code, path], { cwd: ROOT });
    await choose(path);
    expect(await page.locator("#results tbody tr").count()).toBe(1);
    expect(await textOf("#speed")).toMatch(/^4000 × 4000/);
  });

  test.each([
    ["notes.txt", "no picture at all", /Notes\.txt is no picture that this browser reads/],
    ["empty.png", "", /Empty\.png is empty \(0 bytes\)/],
  ])("that is none: %s", async (name, content, text) => {
    const path = join(FOLDER, name);
    writeFileSync(path, content);
    await choose(path);
    expect(await textOf("#message.error")).toMatch(text);
    await choose(ASTRONAUT); // and the page goes on
    expect(await page.locator("#results tbody tr").count()).toBe(1);
  });

  test("without a face says so", async () => {
    const path = join(FOLDER, "grey.png");
    execFileSync(PYTHON, [
      "-c",
      `import cv2, numpy; cv2.imwrite(${JSON.stringify(path)}, numpy.full((64, 64, 3), 90, 'u1'))`,
    ]);
    await choose(path);
    expect(await textOf("#message")).toBe("No face was found in this picture.");
    expect(await page.locator("#results").isVisible()).toBe(false);
  });
});

describe("the camera", () => {
  test("follows one face, pauses in the background, stops", async () => {
    await startCamera();
    await page.waitForTimeout(1000);
    expect((await page.locator("#results tbody td").allInnerTexts())[0]).toBe("1");
    expect(await textOf("#speed")).toMatch(/^640 × 480, \d+ ms a frame$/);
    await shot("camera");
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    expect(await textOf("#message")).toContain("Paused");
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: false, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    expect(await textOf("#message")).toBe("");
    await page.locator("#camera").click();
    expect(await textOf("#camera")).toBe("Start camera");
    expect(await isPainted()).toBe(true); // the last frame stays
  });

  test.each([
    ["NotFoundError", /No camera was found/],
    ["NotAllowedError", /not allowed for this page/],
    ["NotReadableError", /in use by another program/],
    ["", /https pages and to 127\.0\.0\.1/],
  ])("that cannot be used (%s) is one sentence", async (name, text) => {
    await page.evaluate((error) => {
      const devices = { getUserMedia: () => Promise.reject(new DOMException("no", error)) };
      const value = error ? devices : undefined;
      Object.defineProperty(navigator, "mediaDevices", { value, configurable: true });
    }, name);
    await page.locator("#camera").click();
    await page.locator("#message.error").waitFor();
    expect(await textOf("#message")).toMatch(text);
    expect(await page.locator("#camera").isEnabled()).toBe(true);
    await page.evaluate(() => {
      delete (navigator as any).mediaDevices; // the browser's own again
      document.getElementById("message")!.className = "";
    });
  });

  test("that is unplugged is told", async () => {
    await page.evaluate(() => {
      const devices = navigator.mediaDevices;
      devices.getUserMedia = async (wanted) => {
        delete (devices as any).getUserMedia; // the browser's own again
        const stream = await devices.getUserMedia(wanted);
        (globalThis as any).tracks = stream.getTracks();
        return stream;
      };
    });
    await startCamera();
    await page.evaluate(() => {
      // The tracks of a stream end like this when the device goes.
      const ended = (globalThis as any).tracks as MediaStreamTrack[];
      ended.forEach((track) => track.dispatchEvent(new Event("ended")));
    });
    await page.locator("#message.error").waitFor();
    expect(await textOf("#message")).toContain("unplugged");
  });
});

describe("the page", () => {
  test("works by keyboard", async () => {
    await page.evaluate(() => {
      document.body.tabIndex = -1; // so that the first key begins at the top
      document.body.focus();
      document.body.removeAttribute("tabindex");
    });
    const order: string[] = [];
    for (let i = 0; i < 4; i++) {
      await page.keyboard.press("Tab");
      order.push(await page.evaluate(() => document.activeElement?.id ?? ""));
    }
    expect(order.slice(0, 3)).toEqual(["camera", "file", "show-mesh"]);
    await page.locator("#show-mesh").focus();
    await page.keyboard.press("Space");
    expect(await page.locator("#show-mesh").isChecked()).toBe(false);
    await page.keyboard.press("Space");
  });

  test("fits a narrow screen", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await choose(ASTRONAUT);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBeLessThanOrEqual(360);
    await shot("narrow");
    await page.setViewportSize({ width: 1200, height: 900 });
  });

  test("without its networks says what is missing", async () => {
    const bare = await served.open({
      ready: false,
      before: (tab) =>
        tab.route("**/network.onnx", (route) => route.fulfill({ status: 200, body: "<p>moved" })),
    });
    await bare.locator("#message.error").waitFor();
    expect(await bare.locator("#message").innerText()).toContain("The network: not an ONNX file");
    expect(await bare.locator("#camera").isDisabled()).toBe(true);
  });
});
