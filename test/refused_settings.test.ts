import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROCESSES } from "./start_process.ts";

test.each([
  { name: "gateway", variable: "MEDV_ANSWER_TIMEOUT_SECONDS" },
  { name: "vision", variable: "MEDV_EMBEDDING_TTL_SECONDS" },
  { name: "diffusion", variable: "MEDV_MAX_BATCH_ROWS" },
] as const)(
  "$name ends with 1 before it listens where $variable is wrong, and says why",
  ({ name, variable }) => {
    const { entry, ready } = PROCESSES[name];
    const env = { ...process.env, [variable]: "soon" };
    // One that listens would not end by itself.
    const options = { env, encoding: "utf8", timeout: 100_000 } as const;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(import.meta.dirname, "..", entry)],
      options,
    );
    expect(stdout + stderr).toMatch(
      new RegExp(`Cannot read ${variable} as it must be an integer >= 1: .*soon`),
    );
    expect({ status, listened: stdout.includes(`"${ready}"`) }).toEqual({
      status: 1,
      listened: false,
    });
  },
);
