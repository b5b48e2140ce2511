import { defineConfig } from "vitest/config";

/** Tests that start many processes, and wait for what befalls them. */
const PROCESSES = "test/{faults,load}/**/*.test.ts";

export default defineConfig({
  test: {
    reporters: ["default"],
    // Tests say what is right, not how fast: these only end what hangs, on however slow a machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "code",
          include: ["**/src/**/*.test.ts", "deploy/**/*.test.ts", "test/**/*.test.ts"],
          exclude: ["**/node_modules/**", PROCESSES],
        },
      },
      {
        extends: true,
        test: {
          name: "processes",
          include: [PROCESSES],
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
    ],
  },
});
