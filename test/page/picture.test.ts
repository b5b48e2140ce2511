import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Script } from "@medv/gateway/testing/scripted_gateway";
import { FinishReason, Profile } from "@medv/proto/diffusion";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CHEST_TOKENS, scriptedDenoise } from "./scripted_denoise.ts";
import { startPage } from "./start_page.ts";

let served: Awaited<ReturnType<typeof startPage>>;
beforeAll(async () => {
  served = await startPage();
});
afterAll(() => served.stop());

/** Runs the command; gives what it drew. */
async function draw(script: Script): Promise<{ readonly still: string; readonly moving: string }> {
  served.seen.script = script;
  const folder = await mkdtemp(join(tmpdir(), "picture-"));
  try {
    const [still, moving] = [join(folder, "still.svg"), join(folder, "moving.svg")];
    await promisify(execFile)(process.execPath, [
      join(import.meta.dirname, "../../gateway/web/draw_picture.ts"),
      ...["--url", served.url, "--still", still, "--moving", moving],
    ]);
    return { still: await readFile(still, "utf8"), moving: await readFile(moving, "utf8") };
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("npm run picture draws a still and a moving SVG of an answer that it asked for", async () => {
  const script = { tokens: CHEST_TOKENS, blockLength: 16, perStep: 2, revises: true, runMs: 1 };
  const { still, moving } = await draw(scriptedDenoise(script));
  expect(still).toMatch(/^<svg xmlns[\s\S]*<\/svg>$/);
  // The mark that ends the answer is none of its tokens.
  expect(still).toContain("after 25 forward passes: 47 of 47 tokens");
  expect(still).not.toContain("∎");
  expect(still.match(/fog-revised"/g)?.length).toBeGreaterThan(1);
  expect(still).not.toContain("undefined");
  expect(moving.match(/<animate /g)).toHaveLength(16);
}, 120_000);

test("npm run picture draws what was covered again within a run: what stood there, and what came instead", async () => {
  const { still, moving } = await draw(oneRun);
  expect(chipsOf(still)).toEqual(["left: draft revised", "right: committed revised"]);
  expect([...new Set(chipsOf(moving))]).toEqual([
    "left: committed",
    "left: draft revised",
    "right: committed revised",
  ]);
}, 120_000);

/** One run of eight steps: each commits a token, but "left" is covered again in the seventh, and "right" takes its place. */
const oneRun: Script = async function* oneRun() {
  const words = [" small", " nodule", " on", " the", " right", " side", " of", " it"];
  const length = words.length;
  const tokens = words.map((text, position) => ({
    ...{ position, text, confidence: 0.9, committed: true, step: position },
    ...(text === " right" && {
      step: 7,
      coveredAgain: { text: " left", confidence: 0.6, step: 4, coveredStep: 6 },
    }),
  }));
  const start = { profile: Profile.CAREFUL, genLength: length, blockLength: length };
  yield { event: { case: "answerStart", value: start } };
  const draft = { block: 0, forwardPasses: length, revisions: 1, tokens };
  yield { event: { case: "blockDraft", value: draft } };
  yield { event: { case: "textDelta", value: { text: words.join("") } } };
  const end = { finishReason: FinishReason.LENGTH, completionTokens: length };
  yield { event: { case: "answerEnd", value: end } };
};

/** How "left" and "right" are drawn, in the order of the moments. */
function chipsOf(picture: string): readonly string[] {
  const chips = picture.matchAll(/<g class="([^"]*)"><text[^>]*>(left|right)</g);
  return [...chips].map(([, state, text]) => `${text}: ${state?.replaceAll("fog-", "")}`);
}
