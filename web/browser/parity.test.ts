// The page finds the faces that Python finds, and puts their landmarks where Python does.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PYTHON, ROOT, astronautPath, servePage, type PageUnderTest } from "./page_under_test.js";

const PHOTOS = join(ROOT, "..", "shared", "data", "photos");
const MOST_PX = 0.3; // of a landmark, at the crop's scale

interface FaceJson {
  readonly score: number;
  readonly roi_xyxy_px: readonly number[];
  readonly landmarks_px: readonly (readonly number[])[];
  readonly params: readonly number[];
  readonly crop_size_px: number;
  readonly pose: Record<string, number>;
  readonly face_model: { readonly sha256: string };
}

const astronaut = astronautPath();
const photos = existsSync(PHOTOS)
  ? readdirSync(PHOTOS)
      .filter((name) => name.endsWith(".jpg"))
      .sort()
      .map((name) => join(PHOTOS, name))
  : [];
const pictures = [astronaut, ...photos];

describe.each(["research", "open"])("%s weights", (weights) => {
  let served: PageUnderTest;
  let page: Page;
  let expected: Record<string, FaceJson[]>;
  const worst: string[] = [];

  beforeAll(async () => {
    const script = join(ROOT, "web", "browser", "expected_faces.py");
    const found = execFileSync(PYTHON, [script, weights, ...pictures], { cwd: ROOT, maxBuffer: 1 << 28 });
    expected = JSON.parse(found.toString()) as Record<string, FaceJson[]>;
    served = await servePage([], weights);
    page = await served.open();
  });

  afterAll(async () => {
    console.log(worst.join("\n"));
    await served?.close();
  });

  describe.each(pictures)("%s", (path) => {
    test("has the same faces", async () => {
      const there = await facesInBrowser(page, path);
      const here = expected[path];
      expect(here.length).toBeGreaterThan(0);
      expect(there.length).toBe(here.length);
      for (const face of here) {
        const same = nearest(face, there);
        const scale = face.crop_size_px / (face.roi_xyxy_px[2] - face.roi_xyxy_px[0]);
        const apart = face.landmarks_px.map((point, i) =>
          Math.hypot(...[0, 1].map((axis) => (point[axis] - same.landmarks_px[i][axis]) * scale)),
        );
        const largest = Math.max(...apart);
        const depth = Math.max(
          ...face.landmarks_px.map(
            (point, i) => Math.abs(point[2] - same.landmarks_px[i][2]) * scale,
          ),
        );
        const mean = apart.reduce((sum, value) => sum + value, 0) / apart.length;
        const score = Math.abs(face.score - same.score);
        worst.push(
          `${basename(path)}: landmarks ${mean.toFixed(3)} px on average, ${largest.toFixed(3)} at most` +
            `; z ${depth.toFixed(3)}; score ${score.toFixed(4)} apart`,
        );
        expect(largest).toBeLessThanOrEqual(MOST_PX);
        expect(score).toBeLessThan(0.02);
        for (const angle of ["yaw_deg", "pitch_deg", "roll_deg"]) {
          expect(Math.abs(face.pose[angle] - same.pose[angle])).toBeLessThan(0.3);
        }
        expect(same.face_model.sha256).toBe(face.face_model.sha256);
        expect(same.params).toHaveLength(face.params.length);
      }
    });
  });

  test("the terms and their files are those of the weights", async () => {
    const terms = page.locator("#terms");
    const words = weights === "open" ? "CC BY 4.0, model card, NOTICE" : "research use only, model card";
    expect(await terms.innerText()).toBe(`Terms of the networks: ${words}.`);
    const links = await terms
      .locator("a")
      .evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
    for (const link of links) expect((await page.request.get(link)).status()).toBe(200);
    expect(links[0]).toMatch(weights === "open" ? /MODEL_CARD_OPEN\.md$/ : /MODEL_CARD\.md$/);
  });

  test("the same crop gives the same landmarks: only the picture's decoding differs", async () => {
    const [face] = expected[astronaut];
    const roi = [...face.roi_xyxy_px];
    const [there] = await facesInBrowser(page, astronaut, { rois: [roi] });
    const script =
      "import json, sys; from frsdk import FaceReconstructor, read_image\n" +
      "weights, path, *roi = sys.argv[1:]\n" +
      "faces = FaceReconstructor(weights=weights)(read_image(path), rois=[[float(v) for v in roi]])\n" +
      "json.dump(faces[0].to_dict(), sys.stdout)";
    const args = ["-c", script, weights, astronaut, ...roi.map(String)];
    const here = JSON.parse(execFileSync(PYTHON, args, { cwd: ROOT }).toString()) as FaceJson;
    here.landmarks_px.forEach((point, i) => {
      expect(there.landmarks_px[i][0]).toBeCloseTo(point[0], 1);
      expect(there.landmarks_px[i][1]).toBeCloseTo(point[1], 1);
    });
  });
});

function nearest(face: FaceJson, others: readonly FaceJson[]): FaceJson {
  const apart = (other: FaceJson) =>
    Math.hypot(...[0, 1, 2, 3].map((i) => face.roi_xyxy_px[i] - other.roi_xyxy_px[i]));
  return [...others].sort((a, b) => apart(a) - apart(b))[0];
}

function facesInBrowser(
  page: Page,
  path: string,
  options: { rois?: number[][] } = {},
): Promise<FaceJson[]> {
  const file = readFileSync(path).toString("base64");
  return page.evaluate(
    async ([text, asked]) => {
      const { FaceReconstructor, MODELS, WASM_PATHS, readPicture } = (globalThis as any).frsdk;
      const state = globalThis as any;
      state.reconstructor ??= await FaceReconstructor.create({
        models: MODELS,
        wasmPaths: WASM_PATHS,
      });
      const bytes = Uint8Array.from(atob(text as string), (c) => c.charCodeAt(0));
      const pixels = await readPicture(new Blob([bytes]));
      const faces = await state.reconstructor.reconstruct(pixels, asked);
      return JSON.parse(JSON.stringify(faces));
    },
    [file, options] as const,
  );
}
