import { Profile } from "@medv/proto/diffusion";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openEmbeddedDecoder } from "./embedded_decoder.ts";

let decoder: Awaited<ReturnType<typeof openEmbeddedDecoder>>;

beforeAll(async () => {
  decoder = await openEmbeddedDecoder();
});
afterAll(() => decoder.release());

const warm = { profile: Profile.BALANCED, genLength: 24, minTokens: 24, temperature: 2 };

test("generate() gives n answers, each as its own seed gives it alone", async () => {
  const together = await decoder.ask({ ...warm, seed: 41n }, 3);
  expect(together.map(({ start }) => start?.seed)).toEqual([41n, 42n, 43n]);
  const texts = together.map(({ text }) => text);
  expect(new Set(texts).size).toBe(3);
  const alone: string[] = [];
  for (const seed of [41n, 42n, 43n]) {
    alone.push(...(await decoder.ask({ ...warm, seed })).map(({ text }) => text));
  }
  expect(texts).toEqual(alone);
});

test("generate() tells the tokens of the text with their log-confidence at commit", async () => {
  const [answer] = await decoder.ask({ ...warm, suffix: " So it ends.", logprobs: true });
  const tokens = answer?.tokens ?? [];
  expect(
    tokens
      .map(({ text }) => text)
      .join("")
      .trim(),
  ).toBe(answer?.text);
  const confidences = (answer?.drafts.at(-1)?.tokens ?? []).map(({ confidence }) => confidence);
  expect(confidences).toHaveLength(24);
  for (const [place, confidence] of confidences.entries()) {
    expect(tokens[place]?.logprob).toBeCloseTo(Math.log(confidence), 5);
  }
  expect(tokens.slice(24).map(({ logprob }) => logprob)).toEqual(tokens.slice(24).map(() => 0));
  expect((await decoder.ask(warm))[0]?.tokens).toEqual([]);
});

test("generate() refuses more answers than it gives to one question", async () => {
  await expect(decoder.ask({}, 17)).rejects.toThrow("Cannot use n 17");
});
