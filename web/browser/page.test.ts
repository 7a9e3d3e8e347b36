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

beforeAll(async () => {
  served = await servePage(pretendedCamera());
});

afterAll(() => served?.close());

afterEach(() => {
  const elsewhere = served.requests.filter(
    (url) => !url.startsWith(served.url) && !/^(blob|data):/.test(url),
  );
  expect(elsewhere).toEqual([]); // nothing is asked of another host, whatever a visitor does
  expect(served.complaints).toEqual([]);
});

async function shot(page: Page, name: string): Promise<void> {
  const folder = process.env.SHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

async function choose(page: Page, path: string): Promise<void> {
  await page.locator("#file").setInputFiles(path);
  await page.waitForFunction(
    () => !/Looking|Ready/.test(document.getElementById("message")!.textContent!),
  );
}

const textOf = (page: Page, selector: string) => page.locator(selector).innerText();

/** Whether the canvas shows anything but one colour. */
function isPainted(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const canvas = document.getElementById("canvas") as HTMLCanvasElement;
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size > 100;
  });
}

describe("a picture", () => {
  test("shows its face, the numbers, and what runs", async () => {
    const page = await served.open();
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(await textOf(page, "#engine")).toMatch(/^Runs on WASM, \d threads?\.$/);
    expect(await textOf(page, ".privacy")).toContain("Nothing leaves your machine");
    await shot(page, "start");
    await choose(page, ASTRONAUT);
    expect(await page.locator("#results tbody tr").count()).toBe(1);
    const cells = await page.locator("#results tbody td").allInnerTexts();
    expect(cells[0]).toBe("1");
    for (const angle of cells.slice(1, 4)) expect(angle).toMatch(/^[+−]?\d+°$/);
    expect(Number(cells[4])).toBeGreaterThan(0.8);
    expect(await isPainted(page)).toBe(true);
    await shot(page, "picture");
  });

  test("is drawn without what is switched off", async () => {
    const page = await served.open({ colorScheme: "dark" });
    await choose(page, ASTRONAUT);
    const canvas = page.locator("#canvas");
    const whole = await canvas.evaluate((c: HTMLCanvasElement) => c.toDataURL());
    await page.locator("#show-mesh").uncheck();
    const without = await canvas.evaluate((c: HTMLCanvasElement) => c.toDataURL());
    expect(without).not.toBe(whole);
    await shot(page, "dark");
    await page.locator("#show-mesh").check();
    expect(await canvas.evaluate((c: HTMLCanvasElement) => c.toDataURL())).toBe(whole);
  });

  test("gives its numbers with Python's names", async () => {
    const page = await served.open();
    await choose(page, ASTRONAUT);
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
    const page = await served.open();
    await choose(page, path);
    expect(await page.locator("#results tbody tr").count()).toBe(1);
    expect(await textOf(page, "#speed")).toMatch(/^4000 × 4000/);
  });

  test.each([
    ["notes.txt", "no picture at all", /Notes\.txt is no picture that this browser reads/],
    ["empty.png", "", /Empty\.png is empty \(0 bytes\)/],
  ])("that is none: %s", async (name, content, text) => {
    const path = join(FOLDER, name);
    writeFileSync(path, content);
    const page = await served.open();
    await choose(page, path);
    expect(await textOf(page, "#message.error")).toMatch(text);
    await choose(page, ASTRONAUT); // and the page goes on
    expect(await page.locator("#results tbody tr").count()).toBe(1);
  });

  test("without a face says so", async () => {
    const path = join(FOLDER, "grey.png");
    execFileSync(PYTHON, [
      "-c",
      `import cv2, numpy; cv2.imwrite(${JSON.stringify(path)}, numpy.full((64, 64, 3), 90, 'u1'))`,
    ]);
    const page = await served.open();
    await choose(page, path);
    expect(await textOf(page, "#message")).toBe("No face was found in this picture.");
    expect(await page.locator("#results").isVisible()).toBe(false);
  });
});

describe("the camera", () => {
  test("follows one face, pauses in the background, stops", async () => {
    const page = await served.open();
    await page.locator("#camera").click();
    await page.locator("#results td").first().waitFor();
    await page.waitForTimeout(2000);
    expect((await page.locator("#results tbody td").allInnerTexts())[0]).toBe("1");
    expect(await textOf(page, "#speed")).toMatch(/^640 × 480, \d+ ms a frame$/);
    await shot(page, "camera");
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    expect(await textOf(page, "#message")).toContain("Paused");
    await page.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: false, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    expect(await textOf(page, "#message")).toBe("");
    await page.locator("#camera").click();
    expect(await textOf(page, "#camera")).toBe("Start camera");
    expect(await isPainted(page)).toBe(true); // the last frame stays
  });

  test.each([
    ["NotFoundError", /No camera was found/],
    ["NotAllowedError", /not allowed for this page/],
    ["NotReadableError", /in use by another program/],
    ["", /https pages and to 127\.0\.0\.1/],
  ])("that cannot be used (%s) is one sentence", async (name, text) => {
    const page = await served.open({
      before: (tab) =>
        tab.addInitScript((error) => {
          const devices = { getUserMedia: () => Promise.reject(new DOMException("no", error)) };
          Object.defineProperty(navigator, "mediaDevices", { value: error ? devices : undefined });
        }, name),
    });
    await page.locator("#camera").click();
    await page.locator("#message.error").waitFor();
    expect(await textOf(page, "#message")).toMatch(text);
    expect(await page.locator("#camera").isEnabled()).toBe(true);
  });

  test("that is unplugged is told", async () => {
    const page = await served.open({
      before: (tab) =>
        tab.addInitScript(() => {
          const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
          navigator.mediaDevices.getUserMedia = async (wanted) => {
            const stream = await ask(wanted);
            (globalThis as any).tracks = stream.getTracks();
            return stream;
          };
        }),
    });
    await page.locator("#camera").click();
    await page.locator("#results td").first().waitFor();
    await page.evaluate(() => {
      // The tracks of a stream end like this when the device goes.
      const ended = (globalThis as any).tracks as MediaStreamTrack[];
      ended.forEach((track) => track.dispatchEvent(new Event("ended")));
    });
    await page.locator("#message.error").waitFor();
    expect(await textOf(page, "#message")).toContain("unplugged");
  });
});

describe("the page", () => {
  test("works by keyboard", async () => {
    const page = await served.open();
    const order: string[] = [];
    for (let i = 0; i < 4; i++) {
      await page.keyboard.press("Tab");
      order.push(await page.evaluate(() => document.activeElement?.id ?? ""));
    }
    expect(order.slice(0, 3)).toEqual(["camera", "file", "show-mesh"]);
    await page.locator("#show-mesh").focus();
    await page.keyboard.press("Space");
    expect(await page.locator("#show-mesh").isChecked()).toBe(false);
  });

  test("fits a narrow screen", async () => {
    const page = await served.open({ viewport: { width: 360, height: 740 } });
    await choose(page, ASTRONAUT);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBeLessThanOrEqual(360);
    await shot(page, "narrow");
  });

  test("without its networks says what is missing", async () => {
    const page = await served.open({
      ready: false,
      before: (tab) =>
        tab.route("**/network.onnx", (route) => route.fulfill({ status: 200, body: "<p>moved" })),
    });
    await page.locator("#message.error").waitFor();
    expect(await textOf(page, "#message")).toContain("The network: not an ONNX file");
    expect(await page.locator("#camera").isDisabled()).toBe(true);
  });
});
