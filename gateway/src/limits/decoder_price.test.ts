import { create } from "@bufbuild/protobuf";
import {
  AnswerEndSchema,
  AnswerStartSchema,
  DescribeModelResponseSchema,
  Profile,
} from "@medv/proto/diffusion";
import { expect, test } from "vitest";
import { DecoderPrice } from "./decoder_price.ts";

const model = create(DescribeModelResponseSchema, {
  contextLength: 512,
  defaults: { profile: Profile.EXACT, genLength: 64 },
});

function learn(price: DecoderPrice, profile: Profile, settings: { steps?: number } = {}): void {
  const start = create(AnswerStartSchema, { profile, genLength: 64 });
  const passes = settings.steps ?? 16;
  // 10 ms a pass, after 500 ms of waiting for others.
  const end = create(AnswerEndSchema, {
    forwardPasses: passes,
    decodeMs: 500 + passes * 10,
    queueMs: 500,
  });
  price.learn({ ...settings, profile }, start, end);
}

test("DecoderPrice.predict() takes a pass for each token before the first answer", () => {
  expect(new DecoderPrice().predict({}, model)).toBe(64 * 50);
});

test.each([
  { what: "the profile's own passes", settings: { genLength: 128 }, ms: 128 * (16 / 64) * 10 },
  { what: "the steps that are asked for", settings: { genLength: 128, steps: 4 }, ms: 4 * 10 },
  {
    what: "no more than fits the model",
    settings: { genLength: 1e9 },
    ms: 512 * (16 / 64) * 10,
  },
  {
    what: "nothing learnt of another profile",
    settings: { profile: Profile.EXACT, genLength: 8 },
    ms: 8 * 50,
  },
  {
    what: "nothing learnt without guidance for guided answers",
    settings: { genLength: 8, cfgScale: 1 },
    ms: 8 * 50,
  },
])("DecoderPrice.predict() counts $what", ({ settings, ms }) => {
  const price = new DecoderPrice();
  learn(price, Profile.FAST);
  expect(price.predict({ profile: Profile.FAST, ...settings }, model)).toBeCloseTo(ms, 6);
});

test("DecoderPrice.learn() keeps a profile's passes apart from those of a schedule", () => {
  const price = new DecoderPrice();
  learn(price, Profile.FAST);
  for (let round = 0; round < 20; round++) learn(price, Profile.FAST, { steps: 64 });
  expect(price.predict({ profile: Profile.FAST, genLength: 64 }, model)).toBeCloseTo(160, 6);
});

test("DecoderPrice.learn() ignores an answer without a pass", () => {
  const price = new DecoderPrice();
  price.learn({}, create(AnswerStartSchema, { genLength: 64 }), create(AnswerEndSchema));
  expect(price.predict({}, model)).toBe(64 * 50);
});
