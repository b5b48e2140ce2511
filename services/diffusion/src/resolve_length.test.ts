import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { loadTokenizer } from "@medv/model/tokenizer";
import { GenerationSettingsSchema, Remasking } from "@medv/proto/diffusion";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { resolveLength, type ResolvedLength } from "./resolve_length.ts";

const tokenizer = await loadTokenizer(
  fileURLToPath(new URL("../../../model/checkpoints/phantom", import.meta.url)),
);
const { eot } = tokenizer.special;

function resolve(settings: MessageInitShape<typeof GenerationSettingsSchema>): ResolvedLength {
  return resolveLength(create(GenerationSettingsSchema, settings), tokenizer, 64);
}

test("resolveLength() takes the default, a length, or a length and a suffix", () => {
  expect(resolve({})).toEqual({
    genLength: 64,
    minTokens: 0,
    suffixIds: [],
    plan: { type: "fixed" },
  });
  expect(resolve({ genLength: 5, suffix: "x" })).toMatchObject({
    genLength: 5,
    suffixIds: tokenizer.encodeText("x"),
  });
});

test("resolveLength() puts an end behind max_tokens; with min_tokens the length is exact", () => {
  expect(resolve({ minTokens: 20, maxTokens: 20 })).toEqual({
    genLength: 20,
    minTokens: 20,
    suffixIds: [eot],
    plan: { type: "fixed" },
  });
});

test("resolveLength() lets a canvas grow from start_length up to gen_length", () => {
  expect(resolve({ startLength: 16, genLength: 128 })).toMatchObject({
    genLength: 128,
    plan: { type: "adaptive", startLength: 16, eotId: eot },
  });
  expect(resolve({ startLength: 64 }).plan).toEqual({ type: "fixed" });
});

test("resolveLength() expects the tokens that so many words take, with an end behind them", () => {
  const { genLength, minTokens, suffixIds, plan } = resolve({ words: 50 });
  if (plan.type !== "words") throw new TypeError("Cannot go on as the plan must be of words");
  expect(plan.startLength).toBeGreaterThanOrEqual(50);
  expect(plan.kept).toBeLessThan(plan.startLength);
  expect(genLength).toBeGreaterThan(plan.startLength);
  expect(minTokens).toBe(genLength);
  expect(suffixIds).toEqual([eot]);
  expect(plan.countWords(Int32Array.from(tokenizer.encodeText(" The heart\n is  large.")))).toBe(4);
});

test("resolveLength() is as long as the template with its longest choices, an end behind given text", () => {
  const [left, far] = [" left", " far from it"].map((text) => tokenizer.encodeText(text).length);
  const given = tokenizer.encodeText("Side:").length + Math.max(left ?? 0, far ?? 0);
  expect(resolve({ template: "Side: {{left|far from it}}" })).toMatchObject({
    genLength: given,
    minTokens: given,
    suffixIds: [eot],
  });
  expect(resolve({ template: "Side: {{left|far from it}}{{8}}" })).toMatchObject({
    genLength: given + 8,
    minTokens: given,
    suffixIds: [],
  });
});

test.each([
  { settings: { template: "{{9}}", genLength: 9 }, fields: ["template", "gen_length"] },
  { settings: { template: "{{9}}", minTokens: 9 }, fields: ["template", "min_tokens"] },
  { settings: { template: "{{9}}", maxTokens: 9 }, fields: ["template", "max_tokens"] },
  { settings: { template: "{{9}}", startLength: 9 }, fields: ["template", "start_length"] },
  { settings: { template: "{{9}}", words: 9 }, fields: ["template", "words"] },
  { settings: { template: "{{9}}", suffix: "x" }, fields: ["template", "suffix"] },
  { settings: { template: "{{9}}", stop: ["x"] }, fields: ["template", "stop"] },
  { settings: { template: "{{9}}", steps: 9 }, fields: ["template", "steps"] },
  { settings: { words: 9, genLength: 9 }, fields: ["words", "gen_length"] },
  { settings: { words: 9, minTokens: 9 }, fields: ["words", "min_tokens"] },
  { settings: { words: 9, maxTokens: 9 }, fields: ["words", "max_tokens"] },
  { settings: { words: 9, startLength: 9 }, fields: ["words", "start_length"] },
  { settings: { words: 9, steps: 9 }, fields: ["words", "steps"] },
  { settings: { words: 9, suffix: "x" }, fields: ["words", "suffix"] },
  { settings: { maxTokens: 9, genLength: 9 }, fields: ["max_tokens", "gen_length"] },
  { settings: { maxTokens: 9, startLength: 9 }, fields: ["max_tokens", "start_length"] },
  { settings: { maxTokens: 9, suffix: "x" }, fields: ["max_tokens", "suffix"] },
  {
    settings: { startLength: 9, remasking: Remasking.RANDOM },
    fields: ["start_length", "remasking"],
  },
])("resolveLength() refuses $settings and names both fields", ({ settings, fields }) => {
  const refused = (): unknown => resolve(settings);
  for (const field of fields) expect(refused).toThrow(field);
});

test.each([
  { settings: { genLength: 0 }, field: "gen_length" },
  { settings: { maxTokens: 5000 }, field: "max_tokens" },
  { settings: { minTokens: 9, maxTokens: 8 }, field: "min_tokens" },
  { settings: { startLength: 65 }, field: "start_length" },
  { settings: { words: 5000 }, field: "words" },
  { settings: { template: "{{4000}} {{4000}}" }, field: "the template" },
])("resolveLength() refuses $settings as out of range", ({ settings, field }) => {
  expect(() => resolve(settings)).toThrow(`Cannot use ${field}`);
});
