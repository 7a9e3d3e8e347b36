import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [process.env.FPS ? "browser/fps.measure.ts" : "browser/**/*.test.ts"],
    environment: "node",
    fileParallelism: false,
    testTimeout: 400_000,
    hookTimeout: 400_000,
  },
});
