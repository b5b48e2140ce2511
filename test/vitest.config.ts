import { defineConfig } from "vitest/config";
import { LONG } from "./faults/length.ts";

/** Tests that start many processes, and wait for what befalls them. */
const PROCESSES = "test/{faults,load}/**/*.test.ts";
/** The longest of the short ones takes half a minute. */
const PROCESSES_MS = LONG ? 900_000 : 240_000;

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
          testTimeout: PROCESSES_MS,
        },
      },
    ],
  },
});
