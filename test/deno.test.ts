import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { DENO, DENO_MISSING } from "./deno_executable.ts";

const ROOT = join(import.meta.dirname, "..");
const missing = DENO_MISSING === undefined ? "" : ` (skipped: ${DENO_MISSING})`;

/** Tests of the API: those that ask the app itself, without a cache's server beside it. */
const API_TESTS = globSync("gateway/src/**/*.test.ts", { cwd: ROOT }).filter((file) => {
  const source = readFileSync(join(ROOT, file), "utf8");
  return source.includes("startScriptedGateway(") && !source.includes("redis_tests");
});

const RUNTIME = process.versions["deno"] === undefined ? "node" : "deno";

test("these tests run where they are meant to", () => {
  expect(RUNTIME).toBe(process.env["TEST_RUNTIME"] ?? "node");
});

test.skipIf(DENO === undefined || RUNTIME === "deno")(
  `the tests of the API pass on Deno as they do on Node${missing}`,
  { timeout: 1_200_000 },
  async () => {
    expect(API_TESTS.length).toBeGreaterThan(10);
    const folder = await mkdtemp(join(tmpdir(), "deno "));
    try {
      const report = join(folder, "report.json");
      const run = ["run", "--allow-all", "--no-lock", "--no-remote"];
      const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
      const config = ["run", "--root", ".", "--config", "test/vitest.config.ts"];
      const reporter = ["--reporter=json", `--outputFile=${report}`, "--maxWorkers=1"];
      const files = [...API_TESTS, "test/openai_fields.test.ts", "test/deno.test.ts"];
      const env = {
        ...process.env,
        TEST_RUNTIME: "deno",
        // What Deno compiles is not left with whoever runs this.
        DENO_DIR: folder,
        DENO_NO_UPDATE_CHECK: "1",
      };
      await promisify(execFile)(DENO ?? "", [...run, vitest, ...config, ...reporter, ...files], {
        cwd: ROOT,
        env,
        maxBuffer: 64 << 20,
      }).catch(() => undefined); // The report tells of tests that fail.
      expect(outcome(readFileSync(report, "utf8"))).toEqual({ failed: [], files: files.length });
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

type Report = {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
};

/** Which tests failed and why, and how many files had one that passed. */
function outcome(text: string): { readonly failed: readonly string[]; readonly files: number } {
  const report = JSON.parse(text) as Report;
  const failed = report.testResults.flatMap(({ name, message, assertionResults }) => [
    ...(message === "" ? [] : [`${name}: ${message}`]),
    ...assertionResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join("; ")}`),
  ]);
  const files = report.testResults.filter(({ assertionResults }) =>
    assertionResults.some(({ status }) => status === "passed"),
  );
  return { failed, files: files.length };
}
