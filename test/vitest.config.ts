import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["**/src/**/*.test.ts", "deploy/**/*.test.ts", "test/**/*.test.ts"],
    reporters: ["default"],
    // Tests say what is right, not how fast: these only end what hangs, on however slow a machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
