// The page: `npm run build` writes it where the wheel and `frsdk web` look for it.
// `npm run build -- --mode webgpu` adds WebGPU, whose WASM takes 27 MB, for a site of your own.
import { defineConfig, type Plugin } from "vite";

// What the page may do, also on hosts that send no headers: nothing may be fetched from elsewhere,
// and nothing sent. (Not while developing, where Vite puts styles into the page.)
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob: mediastream:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const contentPolicy: Plugin = {
  name: "content-policy",
  apply: "build",
  transformIndexHtml: () => [
    {
      tag: "meta",
      attrs: { "http-equiv": "Content-Security-Policy", content: POLICY },
      injectTo: "head-prepend",
    },
  ],
};

export default defineConfig({
  base: "./", // a static host may serve it from any folder
  plugins: [contentPolicy],
  build: {
    outDir: "../frsdk/assets/web",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Names without a hash: what a wheel was built from before is replaced, not kept beside it.
    rolldownOptions: {
      output: {
        entryFileNames: "assets/[name].js",
        chunkFileNames: "assets/[name].js",
        assetFileNames: "assets/[name][extname]",
      },
    },
  },
  // Its glue and WASM are files of their own: workers must not start from the page's bundle.
  resolve: {
    conditions: ["onnxruntime-web-use-extern-wasm", "module", "browser", "development|production"],
  },
  server: {
    headers: {
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    },
    proxy: { "/models": "http://127.0.0.1:8000" }, // frsdk web
  },
});
