// The built page, served by frsdk and open in Debian's Chromium.

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";

/** The repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The browser's program: CHROMIUM, or where Debian installs it. */
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** The Python that has frsdk. */
export const PYTHON = process.env.PYTHON ?? "python3";

/** How a tab is opened. */
export interface OpenOptions {
  readonly ready?: boolean;
  readonly permissions?: string[];
  /** Done before the page is loaded. */
  readonly before?: (page: Page) => Promise<unknown>;
}

/** What a test needs of the page. */
export interface PageUnderTest {
  readonly url: string;
  readonly browser: Browser;
  /** Everything that was asked of any host. */
  readonly requests: string[];
  /** Errors and warnings of the console, and uncaught ones. */
  readonly complaints: string[];
  /** A new tab with the page, its networks loaded unless `ready` is false. */
  open(options?: OpenOptions): Promise<Page>;
  close(): Promise<void>;
}

/** The path of scikit-image's astronaut. */
export function astronautPath(): string {
  const code =
    "import pathlib, skimage; print(pathlib.Path(skimage.__file__).parent / 'data' / 'astronaut.png')";
  return execFileSync(PYTHON, ["-c", code]).toString().trim();
}

/** Arguments that make Chromium pretend a camera that shows the astronaut, and allow it. */
export function pretendedCamera(): string[] {
  const clip = join(mkdtempSync(join(tmpdir(), "frsdk-web-")), "camera.y4m");
  execFileSync(PYTHON, [join(ROOT, "web", "browser", "make_camera_clip.py"), clip], { cwd: ROOT });
  return [
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    `--use-file-for-fake-video-capture=${clip}`,
  ];
}

/** Serve the page and start the browser. */
export async function servePage(
  args: readonly string[] = [],
  weights = "research",
): Promise<PageUnderTest> {
  if (!existsSync(CHROMIUM)) throw new Error(`no Chromium at ${CHROMIUM}: set CHROMIUM`);
  const server = spawn(PYTHON, ["-u", "-m", "frsdk", "web", "--weights", weights, "--port", "0"], {
    cwd: ROOT,
  });
  const url = await firstUrl(server);
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", ...args],
  });
  const requests: string[] = [];
  const complaints: string[] = [];
  return {
    url,
    browser,
    requests,
    complaints,
    async open(options = {}) {
      const context = await browser.newContext({
        viewport: { width: 1200, height: 900 },
        colorScheme: "light",
        permissions: options.permissions ?? [],
      });
      const page = await context.newPage();
      page.on("request", (request) => requests.push(request.url()));
      page.on("console", (line) => {
        if (["error", "warning"].includes(line.type())) complaints.push(line.text());
      });
      page.on("pageerror", (error) => complaints.push(String(error)));
      await options.before?.(page);
      await page.goto(url);
      if (options.ready !== false) await page.locator("#camera:enabled").waitFor();
      return page;
    },
    async close() {
      await browser.close();
      server.kill();
    },
  };
}

function firstUrl(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const read = (chunk: Buffer) => {
      text += String(chunk);
      const found = /http:\S+/.exec(text);
      if (found) resolve(found[0]);
    };
    server.stdout?.on("data", read);
    server.stderr?.on("data", read);
    server.on("exit", () => reject(new Error(`frsdk web ended: ${text}`)));
    server.on("error", reject);
  });
}
