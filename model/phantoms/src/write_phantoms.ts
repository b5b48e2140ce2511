import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { drawNonPhantom } from "./draw_non_phantom.ts";
import { drawPhantom } from "./draw_phantom.ts";
import { encodePng } from "./encode_png.ts";
import { isPhantom } from "./is_phantom.ts";
import type { PhantomFacts, PhantomImage, Split } from "./phantom.ts";
import { phantomRecord } from "./phantom_record.ts";

export type PhantomSet = {
  readonly split: Split;
  readonly seed: number;
  readonly count: number;
};

/** Writes `phantoms.jsonl` and `images/` into a folder; the same set gives the same files. */
export async function writePhantoms(
  directory: string,
  { split, seed, count }: PhantomSet,
  progress: (done: number) => void,
): Promise<void> {
  await mkdir(join(directory, "images"), { recursive: true });
  const lines = await open(join(directory, "phantoms.jsonl"), "w");
  try {
    for (let index = 0; index < count; index++) {
      const { image, facts } = drawImage(split, seed, index);
      const record = phantomRecord({ split, seed, index }, facts);
      await writeFile(join(directory, record.image), await encodePng(image));
      await lines.write(`${JSON.stringify(record)}\n`);
      progress(index + 1);
    }
  } finally {
    await lines.close();
  }
}

function drawImage(
  split: Split,
  seed: number,
  index: number,
): { readonly image: PhantomImage; readonly facts: PhantomFacts | undefined } {
  if (isPhantom(index)) return drawPhantom(split, seed, index);
  return { image: drawNonPhantom(split, seed, index), facts: undefined };
}
