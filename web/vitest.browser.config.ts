import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [process.env.FPS ? "browser/fps.measure.ts" : "browser/**/*.test.ts"],
    environment: "node",
    maxWorkers: process.env.FPS ? 1 : 2, // the GPU by software is slow, and runs beside the others
    testTimeout: 400_000,
    hookTimeout: 400_000,
  },
});
