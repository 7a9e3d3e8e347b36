// The page: wires the controls to the networks.

import * as frsdk from "../index.js";
import { Camera } from "./camera.js";
import { FaceTable, type Shown } from "./face_table.js";
import { MODELS, WASM_PATHS, loadNetworks } from "./load_networks.js";
import { Stage, drawable, type View } from "./stage.js";
import { showTerms } from "./terms.js";

const FIT_PIXELS = 16_000_000; // larger pictures are scaled down: phones have no memory for more

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const cameraButton = element<HTMLButtonElement>("camera");
const fileInput = element<HTMLInputElement>("file");
const message = element("message");
const stageFigure = element("stage");
const speed = element("speed");
const stage = new Stage(element<HTMLCanvasElement>("canvas"));
const table = new FaceTable(element<HTMLTableElement>("results"), element("none"));
const saveJson = element<HTMLButtonElement>("save-json");
const savePng = element<HTMLButtonElement>("save-png");

/** What is on the stage, to draw it again when the view changes. */
let shown:
  | {
      source: CanvasImageSource | frsdk.Pixels;
      width: number;
      height: number;
      faces: readonly Shown[];
    }
  | undefined;
let camera: Camera | undefined;
let opening = false;
let asked = 0; // how often something was asked for: what was asked for earlier is not shown
let reconstructor: frsdk.FaceReconstructor | undefined;

function say(text: string, isError = false): void {
  message.textContent = text;
  message.classList.toggle("error", isError);
}

function fail(error: unknown): void {
  if (!(error instanceof frsdk.FrsdkError)) console.error(error);
  say(error instanceof Error ? sentence(error.message) : String(error), true);
}

function sentence(text: string): string {
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?)]$/.test(upper) ? upper : `${upper}.`;
}

function view(): View {
  const checked = (id: string) => element<HTMLInputElement>(id).checked;
  return {
    mesh: checked("show-mesh"),
    landmarks: checked("show-landmarks"),
    axes: checked("show-axes"),
    box: checked("show-box"),
  };
}

function show(
  source: CanvasImageSource | frsdk.Pixels,
  width: number,
  height: number,
  faces: readonly Shown[],
): void {
  shown = { source, width, height, faces };
  stage.draw(source, width, height, faces, view());
  table.show(faces, "No face found.");
  element("empty").hidden = true;
  saveJson.disabled = faces.length === 0;
  savePng.disabled = false;
}

async function showPicture(file: Blob): Promise<void> {
  if (reconstructor === undefined) return;
  const own = ++asked;
  stopCamera();
  say("Looking at the picture…");
  try {
    const pixels = await frsdk.readPicture(file, { fitPixels: FIT_PIXELS });
    if (own !== asked) return;
    const start = performance.now();
    const faces = await reconstructor.reconstruct(pixels);
    if (own !== asked) return;
    const elapsed = performance.now() - start;
    stage.mirror(false);
    show(drawable(pixels), pixels.width, pixels.height, faces);
    speed.textContent = `${pixels.width} × ${pixels.height}, ${elapsed.toFixed(0)} ms`;
    say(faces.length ? "" : "No face was found in this picture.");
  } catch (error) {
    const again = await replacesLostGpu(error);
    if (own !== asked) return;
    if (again) await showPicture(file);
    else fail(error);
  }
}

async function startCamera(): Promise<void> {
  if (reconstructor === undefined || opening) return;
  const own = ++asked;
  opening = true;
  say("Waiting for the camera…");
  try {
    const opened = await Camera.open(() => {
      stopCamera();
      say("The camera was switched off or unplugged.", true);
    });
    if (own !== asked) {
      opened.close(); // a picture came meanwhile
      return;
    }
    camera = opened;
    cameraButton.textContent = "Stop camera";
    stage.mirror(element<HTMLInputElement>("mirror").checked);
    say("");
    void follow(camera, reconstructor);
  } catch (error) {
    if (own === asked) fail(error);
  } finally {
    opening = false;
  }
}

function stopCamera(): void {
  if (camera === undefined) return;
  camera.close();
  camera = undefined;
  cameraButton.textContent = "Start camera";
  speed.textContent = "";
}

/** Whether an error was a lost GPU, instead of which WASM now runs. */
async function replacesLostGpu(error: unknown): Promise<boolean> {
  if (!(error instanceof frsdk.BackendError) || reconstructor?.engine !== "WebGPU") return false;
  say("The GPU was lost: going on with WASM.");
  reconstructor = await loadNetworks(false);
  element("engine").textContent = `Runs on ${reconstructor.engine}, after the GPU was lost.`;
  return true;
}

/** Follow the faces of the camera until it is stopped. */
async function follow(running: Camera, networks: frsdk.FaceReconstructor): Promise<void> {
  const count = element<HTMLSelectElement>("faces");
  let tracker = new frsdk.FaceTracker(networks, { maxFaces: Number(count.value) });
  let maxFaces = count.value;
  const times: number[] = [];
  let last = 0;
  while (camera === running) {
    await running.nextFrame();
    if (camera !== running) break;
    if (count.value !== maxFaces) {
      maxFaces = count.value;
      tracker = new frsdk.FaceTracker(networks, { maxFaces: Number(maxFaces) });
    }
    const now = performance.now() / 1000;
    if (now <= last) continue;
    last = now;
    try {
      const frame = await frsdk.readPicture(running.video);
      const { width, height } = frame;
      const faces = await tracker.track(frame, now);
      if (camera === running) show(frame, width, height, faces);
      times.push(performance.now() / 1000 - now);
      if (times.length > 30) times.shift();
      speed.textContent = speedText(width, height, times);
    } catch (error) {
      if (camera !== running) break;
      if ((await replacesLostGpu(error)) && reconstructor) return follow(running, reconstructor);
      stopCamera();
      fail(error);
    }
  }
}

function speedText(width: number, height: number, times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] * 1000;
  return `${width} × ${height}, ${median.toFixed(0)} ms a frame`;
}

function download(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function wire(): void {
  cameraButton.addEventListener("click", () => (camera ? stopCamera() : void startCamera()));
  fileInput.addEventListener("change", () => {
    const file = fileInput.files?.[0];
    fileInput.value = ""; // the same file may be chosen again
    if (file) void showPicture(file);
  });
  for (const box of document.querySelectorAll("#shown input")) {
    box.addEventListener("change", () => {
      if (camera) stage.mirror(element<HTMLInputElement>("mirror").checked);
      if (shown && !camera) show(shown.source, shown.width, shown.height, shown.faces);
    });
  }
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    stageFigure.classList.add("over");
  });
  document.addEventListener("dragleave", () => stageFigure.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    stageFigure.classList.remove("over");
    const file = event.dataTransfer?.files[0];
    if (file) void showPicture(file);
  });
  document.addEventListener("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (file) void showPicture(file);
  });
  saveJson.addEventListener("click", () => {
    const text = JSON.stringify({ faces: shown?.faces ?? [] }, null, 1);
    download(new Blob([text], { type: "application/json" }), "faces.json");
  });
  savePng.addEventListener("click", async () => {
    const picture = await stage.png();
    if (picture) download(picture, "faces.png");
  });
  document.addEventListener("visibilitychange", () => {
    if (camera === undefined) return;
    say(document.hidden ? "Paused while this tab is in the background." : "");
  });
}

async function start(): Promise<void> {
  wire();
  try {
    reconstructor = await loadNetworks();
    element("engine").textContent = `Runs on ${reconstructor.engine}.`;
    const { network, detector } = reconstructor.licences;
    showTerms(element("terms"), [network, detector], MODELS);
    cameraButton.disabled = false;
    fileInput.disabled = false;
    say("Ready.");
  } catch (error) {
    fail(error);
  }
}

// For the console, and for tests of the page.
Object.assign(globalThis, { frsdk: { ...frsdk, MODELS, WASM_PATHS } });
void start();
