import { countWords } from "@medv/diffusion/words";
import { FinishReason, Profile } from "@medv/proto/diffusion";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openEmbeddedDecoder } from "./embedded_decoder.ts";

let decoder: Awaited<ReturnType<typeof openEmbeddedDecoder>>;

beforeAll(async () => {
  decoder = await openEmbeddedDecoder();
});
afterAll(() => decoder.release());

const PROFILES = [
  { name: "exact", profile: Profile.EXACT },
  { name: "prefix", profile: Profile.PREFIX },
  { name: "balanced", profile: Profile.BALANCED },
  { name: "careful", profile: Profile.CAREFUL },
];

test.each(PROFILES)(
  "generate() gives exactly as many tokens as are asked for with $name",
  async ({ profile }) => {
    const [answer] = await decoder.ask({ profile, minTokens: 21, maxTokens: 21, logprobs: true });
    expect(answer?.end).toMatchObject({ completionTokens: 21, finishReason: FinishReason.STOP });
    expect(answer?.tokens).toHaveLength(21);
  },
);

test.each(PROFILES)("generate() gives as many words as are asked for with $name", async (given) => {
  for (const words of [12, 40, 90]) {
    const [answer] = await decoder.ask({ profile: given.profile, words });
    expect(Math.abs(countWords(answer?.text ?? "") - words)).toBeLessThanOrEqual(words / 10);
  }
});

test.each(PROFILES)("generate() gives as many words about an image with $name", async (given) => {
  for (const [phantom, words] of [20, 45, 70].entries()) {
    const [answer] = await decoder.ask({ profile: given.profile, words }, 1, phantom);
    expect(Math.abs(countWords(answer?.text ?? "") - words)).toBeLessThanOrEqual(words / 10);
  }
});

test.each(PROFILES)("generate() grows an answer that does not end, with $name", async (given) => {
  const grows = { profile: given.profile, startLength: 8, blockLength: 8 };
  const [grown] = await decoder.ask({ ...grows, genLength: 40, minTokens: 30 });
  expect(grown?.start?.genLength).toBe(40);
  expect(grown?.end?.completionTokens).toBeGreaterThanOrEqual(30);
  const [first] = grown?.drafts ?? [];
  expect(first?.tokens).toHaveLength(8);
});

test("generate() ends where nothing but mask tokens may be predicted", async () => {
  const { size, special } = decoder.session.tokenizer;
  const forbiddenTokenIds = Array.from({ length: size }, (_, id) => id).filter(
    (id) => id !== special.mask,
  );
  const settings = { profile: Profile.BALANCED, genLength: 64, minTokens: 64, forbiddenTokenIds };
  const [answer] = await decoder.ask(settings);
  expect(answer?.text).toBe("");
  expect(answer?.drafts).toHaveLength(2);
});

test("generate() gives answers of every length together as each alone", async () => {
  const settings = [
    { profile: Profile.BALANCED, words: 20 },
    { profile: Profile.EXACT, minTokens: 9, maxTokens: 12 },
    { profile: Profile.BALANCED, startLength: 8, genLength: 48 },
    { profile: Profile.CAREFUL, genLength: 24 },
  ];
  const together = await Promise.all(settings.map((each) => decoder.ask(each)));
  for (const [index, each] of settings.entries()) {
    expect((await decoder.ask(each))[0]?.text).toBe(together[index]?.[0]?.text);
  }
});
