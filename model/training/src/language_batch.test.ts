import { loadTokenizer } from "@medv/model/tokenizer";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Feeds } from "./feeds.ts";
import { openImageStore, type ImageStore } from "./images/image_store.ts";
import { languageBatch, type LanguageBatchOptions } from "./language_batch.ts";

const tokenizer = await loadTokenizer(join(import.meta.dirname, "../../checkpoints/phantom"));
const STAGE: LanguageBatchOptions["stage"] = {
  batch: 16,
  images: "words",
  glimpse: undefined,
  patchWords: false,
  mixture: { quiz: 1 },
  lastAnswer: false,
  conversationMask: false,
  maskRate: [0, 1],
};

let directory = "";
let store: ImageStore;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "images-"));
  const images = { split: "train", seed: 1, count: 16, imageSize: 96, patchSize: 12 } as const;
  store = await openImageStore(directory, images, () => {});
});
afterAll(async () => {
  store.close();
  await rm(directory, { recursive: true, force: true });
});

function batch(change: Partial<LanguageBatchOptions["stage"]>, seed = "a"): Feeds {
  return languageBatch(store, tokenizer, {
    stage: { ...STAGE, ...change },
    objective: "diffusion",
    imageSize: 96,
    imageRows: 64,
    seed,
  });
}

function numbers(feeds: Feeds, name: string): readonly number[] {
  return Array.from(feeds[name]?.data ?? [], Number);
}

test("languageBatch() spreads the masking probabilities of a batch evenly over the stage's range", () => {
  const drawn = numbers(batch({ maskRate: [0.4, 0.8] }), "t");
  const sorted = drawn.toSorted((left, right) => left - right);
  expect(sorted[0]).toBeGreaterThanOrEqual(0.4);
  expect(sorted.at(-1)).toBeLessThan(0.8);
  sorted.slice(1).forEach((t, index) => expect(t - (sorted[index] ?? 0)).toBeCloseTo(0.4 / 16));
  expect(drawn).not.toEqual(sorted);
});

test("languageBatch() lets every part of a quiz go on where the image ends", () => {
  const feeds = batch({});
  const [rows = 0, sequence = 0] = feeds["token_ids"]?.shape ?? [];
  const [parts, positions] = [numbers(feeds, "parts"), numbers(feeds, "positions")];
  for (let row = 0; row < rows; row++) {
    const own = parts.slice(row * sequence, (row + 1) * sequence);
    const common = own.lastIndexOf(0) + 1;
    own.forEach((part, place) => {
      const start = part === 0 ? 0 : own.indexOf(part) - common;
      expect(positions[row * sequence + place]).toBe(place - start);
    });
  }
});

test("languageBatch() shows a glimpse of few patches, one of each kind among them", () => {
  const glimpse = batch({ glimpse: 6 });
  const all = batch({});
  expect(glimpse["row_words"]?.shape[0]).toBe(16 * 6);
  expect(kinds(glimpse, 6)).toEqual(kinds(all, 64));
});

/** The different texts that stand for the patches of each of 16 images. */
function kinds(feeds: Feeds, rows: number): readonly string[][] {
  const [words, weights] = [numbers(feeds, "row_words"), numbers(feeds, "row_weight")];
  const width = feeds["row_words"]?.shape[1] ?? 0;
  return Array.from({ length: 16 }, (_, image) => {
    const each = Array.from({ length: rows }, (__, row) => {
      const from = (image * rows + row) * width;
      return words.slice(from, from + width).filter((___, index) => weights[from + index] === 1);
    });
    return [...new Set(each.map((row) => row.join(" ")))].toSorted();
  });
}
