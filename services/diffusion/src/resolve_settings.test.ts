import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { loadTokenizer } from "@medv/model/tokenizer";
import { Cache, GenerationSettingsSchema, Profile, Remasking } from "@medv/proto/diffusion";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { DenoiseSettings } from "./denoise_settings.ts";
import { PROFILES } from "./profiles.ts";
import { resolveSettings } from "./resolve_settings.ts";

const tokenizer = await loadTokenizer(
  fileURLToPath(new URL("../../../model/checkpoints/phantom", import.meta.url)),
);

function resolve(settings?: MessageInitShape<typeof GenerationSettingsSchema>): DenoiseSettings {
  const given = settings && create(GenerationSettingsSchema, settings);
  return resolveSettings(given, tokenizer, () => 7);
}

test("resolveSettings() takes the published sampler's settings for exact, and draws a seed", () => {
  expect(resolve({ profile: Profile.EXACT, genLength: 48 })).toMatchObject({
    profile: "exact",
    genLength: 48,
    blockLength: 48,
    steps: 48,
    cache: "none",
    refreshSteps: 1,
    doubt: 0,
    seed: 7,
  });
});

test.each([
  { profile: Profile.PREFIX, name: "prefix" },
  { profile: Profile.BALANCED, name: "balanced" },
  { profile: Profile.FAST, name: "fast" },
  { profile: Profile.CAREFUL, name: "careful" },
] as const)(
  "resolveSettings() takes the settings of profile $name from the table",
  ({ profile, name }) => {
    const { cache, rules, doubt } = PROFILES[name];
    expect(resolve({ profile })).toMatchObject({
      profile: name,
      cache,
      rules,
      doubt,
      steps: undefined,
    });
  },
);

test("resolveSettings() lets a request change any setting of its profile", () => {
  const settings = resolve({
    profile: Profile.BALANCED,
    genLength: 100,
    blockLength: 16,
    threshold: 0.8,
    cache: Cache.PREFIX,
    suffixWindow: 0,
    refreshSteps: 3,
    refreshCommits: 9,
    doubt: 0.25,
    minTokens: 10,
  });
  expect(settings).toMatchObject({
    genLength: 100,
    blockLength: 16,
    rules: { threshold: 0.8, risk: 0, entropy: -1, factor: -1 },
    cache: "prefix",
    suffixWindow: 0,
    refreshSteps: 3,
    refreshCommits: 9,
    doubt: 0.25,
    minTokens: 10,
  });
});

test("resolveSettings() spreads a schedule over blocks of any length where words or a template decide", () => {
  const exact = { profile: Profile.EXACT, template: "A{{9}}{{9}}" };
  expect(resolve({ ...exact, blockLength: 64 })).toMatchObject({ blockLength: 19, steps: 19 });
  expect(resolve({ ...exact, blockLength: 8 })).toMatchObject({ blockLength: 8, steps: 24 });
});

test("resolveSettings() lets a schedule decide as soon as steps are given", () => {
  expect(resolve({ profile: Profile.CAREFUL, genLength: 64, steps: 8 })).toMatchObject({
    steps: 8,
    doubt: 0,
  });
});

test.each([
  { settings: { steps: 8, risk: 1 }, fields: ["steps", "risk"] },
  { settings: { threshold: 0.9, entropy: 1 }, fields: ["threshold", "entropy"] },
  { settings: { cache: Cache.NONE, refreshSteps: 4 }, fields: ["refresh_steps", "cache"] },
  { settings: { cache: Cache.NONE, risk: 1, doubt: 0.5 }, fields: ["doubt", "cache"] },
  { settings: { profile: Profile.BALANCED, cfgScale: 1 }, fields: ["cfg_scale", "cache"] },
  {
    settings: { profile: Profile.BALANCED, remasking: Remasking.RANDOM },
    fields: ["remasking", "profile"],
  },
  { settings: { profile: Profile.BALANCED, steps: 64, doubt: 0.5 }, fields: ["doubt", "steps"] },
  {
    settings: { logprobs: true, remasking: Remasking.RANDOM },
    fields: ["logprobs", "remasking"],
  },
  {
    settings: { profile: Profile.EXACT, genLength: 10, blockLength: 4 },
    fields: ["block_length", "gen_length"],
  },
  { settings: { genLength: 8, blockLength: 4, steps: 3 }, fields: ["steps", "blocks"] },
])("resolveSettings() refuses $settings and names both fields", ({ settings, fields }) => {
  const refused = (): unknown => resolve(settings);
  for (const field of fields) expect(refused).toThrow(field);
});

test.each([
  { settings: { genLength: 0 }, field: "gen_length" },
  { settings: { threshold: 1.5 }, field: "threshold" },
  { settings: { doubt: -1 }, field: "doubt" },
  { settings: { genLength: 8, minTokens: 9 }, field: "min_tokens" },
  { settings: { temperature: 3 }, field: "temperature" },
  { settings: { forbiddenTokenIds: [1e6] }, field: "forbidden_token_ids" },
])("resolveSettings() refuses $settings as out of range", ({ settings, field }) => {
  expect(() => resolve(settings)).toThrow(`Cannot use ${field}`);
});
