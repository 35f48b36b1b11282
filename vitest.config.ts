import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["packages/*/{src,test,generate}/**/*.test.{ts,tsx}", "test/**/*.test.ts"],
    globalSetup: ["test/support/broker.ts"],
    reporters: ["default", ["json", { outputFile: "test/.output/report.json" }]],
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});
