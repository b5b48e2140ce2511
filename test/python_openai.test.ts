import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { expect, test } from "vitest";
import { startStack } from "./stack.ts";

/** The interpreter that has the package, where there is one. */
const PYTHON = process.env["PYTHON"] ?? "python3";
const isMissing = spawnSync(PYTHON, ["-c", "import openai"]).status !== 0;
const skipped = isMissing ? " (skipped as PYTHON, or python3, has no package openai)" : "";

type Answers = {
  readonly models: readonly string[];
  readonly text: string;
  readonly finish_reason: string;
  /** Prompt, completion and total. */
  readonly usage: readonly [number, number, number];
  readonly streamed_text: string;
  readonly streamed_usages: readonly Answers["usage"][];
};

test.skipIf(isMissing)(
  `Python's openai package lists models, asks about an image, and streams the same with its usage${skipped}`,
  async () => {
    const stack = await startStack();
    try {
      const png = await sharp({
        create: { width: 60, height: 40, channels: 3, background: "#204080" },
      })
        .png()
        .toBuffer();
      const image = `data:image/png;base64,${png.toString("base64")}`;
      const script = join(import.meta.dirname, "python_openai.py");
      const { stdout } = await promisify(execFile)(PYTHON, [script, `${stack.url}/v1`, image], {
        // The package takes proxies from the environment.
        env: { ...process.env, NO_PROXY: "127.0.0.1", no_proxy: "127.0.0.1" },
      });
      const answers = JSON.parse(stdout) as Answers;
      expect(answers.models).toEqual(["llada-medv-phantom"]);
      expect(answers.text).not.toBe("");
      expect(["stop", "length"]).toContain(answers.finish_reason);
      const [prompt, completion, total] = answers.usage;
      expect(completion).toBeGreaterThanOrEqual(4);
      expect(total).toBe(prompt + completion);
      expect(answers.streamed_text).toBe(answers.text);
      expect(answers.streamed_usages).toEqual([answers.usage]);
    } finally {
      await stack.stop();
    }
  },
);
