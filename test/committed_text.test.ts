import type { RowResult } from "@medv/diffusion/decoder_row";
import { Profile } from "@medv/proto/diffusion";
import {
  array,
  assert,
  asyncProperty,
  constant,
  constantFrom,
  integer,
  oneof,
  option,
  record,
} from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openEmbeddedDecoder } from "./embedded_decoder.ts";

const RUNS = 100;
/** Answers that are asked for side by side. */
const TOGETHER = 10;

/** Of each seed the canvas as the decoder left it in its last run. */
const canvases = new Map<number, Int32Array>();
let decoder: Awaited<ReturnType<typeof openEmbeddedDecoder>>;

beforeAll(async () => {
  decoder = await openEmbeddedDecoder((row, { tokenIds }: RowResult) => {
    canvases.set(row.seed, tokenIds.slice(row.canvasStart, row.canvasEnd));
  });
});
afterAll(() => decoder.release());

/** The published decoding of a canvas: up to its end or to what is covered still, up to a stop text, trimmed. */
function textOf(canvas: Int32Array, stop: readonly string[]): string {
  const { tokenizer } = decoder.session;
  const { eot, mask } = tokenizer.special;
  const end = canvas.findIndex((id) => id === eot || id === mask);
  const text = tokenizer.decode(canvas.subarray(0, end < 0 ? canvas.length : end));
  const stops = stop.map((each) => text.indexOf(each)).filter((place) => place >= 0);
  return text.slice(0, Math.min(text.length, ...stops)).trim();
}

const CACHED = [Profile.PREFIX, Profile.BALANCED, Profile.FAST, Profile.CAREFUL] as const;

const lengths = [
  { genLength: 8 },
  { genLength: 16, blockLength: 8 },
  { genLength: 24, blockLength: 8, startLength: 8 },
  { minTokens: 12, maxTokens: 16, blockLength: 16 },
  { words: 3, blockLength: 8 },
  { words: 9 },
];

/** A schedule leaves no step for what is covered again; a run of few steps ends before its block is filled. */
const ways = oneof(
  constant({ profile: Profile.EXACT }),
  record({
    profile: constantFrom(...CACHED),
    doubt: constantFrom(0, 0.5, 0.9),
    refreshSteps: constantFrom(2, 3, 32),
  }),
);

const asked = record({
  way: ways,
  length: constantFrom(...lengths),
  temperature: constantFrom(0, 0.5, 2),
  stop: array(constantFrom("a", "e ", ". ", " the ", "in"), { maxLength: 2 }),
  phantom: option(integer({ min: 0, max: 3 }), { nil: undefined }),
});

test("generate() commits text that joined is the final canvas's, over 1,000 seeds", async () => {
  let seed = 1n;
  const seen = { texts: new Set<string>(), revisions: 0, cut: 0 };
  await assert(
    asyncProperty(array(asked, { minLength: TOGETHER, maxLength: TOGETHER }), async (questions) => {
      await Promise.all(
        questions.map(async ({ length, phantom, way, ...rest }) => {
          const settings = { ...rest, ...length, ...way, seed: seed++ };
          const [told] = await decoder.ask(settings, 1, phantom);
          const canvas = canvases.get(Number(settings.seed)) ?? new Int32Array();
          canvases.delete(Number(settings.seed));
          expect(told?.text).toBe(textOf(canvas, rest.stop));
          seen.texts.add(told?.text ?? "");
          seen.revisions += told?.end?.revisions ?? 0;
          if (told?.text !== textOf(canvas, [])) seen.cut += 1;
        }),
      );
    }),
    { numRuns: RUNS, seed: 1 },
  );
  expect(seed - 1n).toBe(BigInt(RUNS * TOGETHER));
  // It says something only of answers that differ, were changed on the way, and met a stop.
  expect(seen.texts.size).toBeGreaterThan(RUNS);
  expect(Math.min(seen.revisions, seen.cut)).toBeGreaterThan(10);
}, 1_200_000);
