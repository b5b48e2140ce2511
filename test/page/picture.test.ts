import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { CHEST_TOKENS, scriptedDenoise } from "./scripted_denoise.ts";
import { startPage } from "./start_page.ts";

test("npm run picture draws a still and a moving SVG of an answer that it asked for", async () => {
  const served = await startPage();
  const folder = await mkdtemp(join(tmpdir(), "picture-"));
  try {
    const script = { tokens: CHEST_TOKENS, blockLength: 16, perStep: 2, revises: true, runMs: 1 };
    served.seen.script = scriptedDenoise(script);
    const [still, moving] = [join(folder, "still.svg"), join(folder, "moving.svg")];
    await promisify(execFile)(process.execPath, [
      join(import.meta.dirname, "../../gateway/web/draw_picture.ts"),
      ...["--url", served.url, "--still", still, "--moving", moving],
    ]);
    const picture = await readFile(still, "utf8");
    expect(picture).toMatch(/^<svg xmlns[\s\S]*<\/svg>$/);
    // The mark that ends the answer is none of its tokens.
    expect(picture).toContain("after 25 forward passes: 47 of 47 tokens");
    expect(picture).not.toContain("∎");
    expect(picture.match(/fog-revised"/g)?.length).toBeGreaterThan(1);
    expect(picture).not.toContain("undefined");
    expect((await readFile(moving, "utf8")).match(/<animate /g)).toHaveLength(16);
  } finally {
    await rm(folder, { recursive: true });
    await served.stop();
  }
}, 120_000);
