import { NO_RULES, type DecoderRow } from "@medv/diffusion/decoder_row";
import { UNWATCHED } from "@medv/diffusion/run_batcher";
import { NO_STOP } from "@medv/model/stop_position";
import { FinishReason, Profile } from "@medv/proto/diffusion";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openEmbeddedDecoder } from "./embedded_decoder.ts";

let decoder: Awaited<ReturnType<typeof openEmbeddedDecoder>>;

beforeAll(async () => {
  decoder = await openEmbeddedDecoder();
});
afterAll(() => decoder.release());

const PROFILES = [
  { name: "exact", settings: { profile: Profile.EXACT } },
  { name: "prefix", settings: { profile: Profile.PREFIX } },
  { name: "balanced", settings: { profile: Profile.BALANCED, blockLength: 8 } },
  { name: "careful", settings: { profile: Profile.CAREFUL, risk: 8, doubt: 1 } },
  { name: "exact and guidance", settings: { profile: Profile.EXACT, cfgScale: 1 } },
  {
    name: "balanced, hot",
    settings: { profile: Profile.BALANCED, temperature: 2, blockLength: 64 },
  },
];

const TEMPLATE = "FINDINGS: {{20}} SIDE: {{left|both of them|none}}. SURE: {{yes|no}}!";

test.each(PROFILES)(
  "generate() fills a template's gaps and nothing else with $name",
  async (given) => {
    const [answer] = await decoder.ask({ ...given.settings, template: TEMPLATE, logprobs: true });
    expect(answer?.text).toMatch(
      /^FINDINGS: [^]* SIDE: (left|both of them|none)\. SURE: (yes|no)!$/,
    );
    expect(answer?.end?.finishReason).toBe(FinishReason.STOP);
    // Given text is certain, what fills a gap is not.
    const tokens = answer?.tokens ?? [];
    expect(tokens).toHaveLength(answer?.end?.completionTokens ?? 0);
    const before = decoder.session.tokenizer.encodeText("FINDINGS: ").length;
    const logprobs = tokens.map(({ logprob }) => logprob);
    expect(logprobs.slice(0, before)).toEqual(Array.from({ length: before }, () => 0));
    expect(logprobs.filter((logprob) => logprob < 0).length).toBeGreaterThan(10);
  },
);

test("generate() tells what is given, and how the canvas shrinks where a choice is short", async () => {
  const long = "on both of its sides";
  const template = `SIDE: {{left|${long}}}. {{4}} SURE: {{yes|no}}!`;
  // So that the short choice is made.
  const forbiddenTokenIds = decoder.session.tokenizer.encodeText(` ${long}`);
  const [answer] = await decoder.ask({ profile: Profile.EXACT, template, forbiddenTokenIds });
  const { start, drafts = [] } = answer ?? {};
  const canvas = Array.from({ length: start?.canvasLength ?? 0 }, () => "_");
  for (const { position, text } of start?.given ?? []) canvas[position] = text;
  expect(canvas.join("")).toMatch(/^SIDE:_+\. _+ SURE:_+!$/);
  const lengths = [canvas.length];
  for (const { tokens, canvasLength = 0 } of drafts) {
    const end = (tokens.at(-1)?.position ?? 0) + 1;
    canvas.splice(end, canvas.length - canvasLength);
    for (const { position, text } of tokens) canvas[position] = text;
    expect(canvas).toHaveLength(canvasLength);
    expect(canvas.join("")).toMatch(/^SIDE:.*\..* SURE:.*!$/s);
    lengths.push(canvasLength);
  }
  expect(canvas.join("")).toBe(answer?.text);
  expect(lengths.at(-1)).toBeLessThan(lengths[0] ?? 0);
});

test("generate() may end in a gap that nothing follows, and not before", async () => {
  const { tokenizer } = decoder.session;
  const { eot } = tokenizer.special;
  const [only] = tokenizer.encodeText("q");
  // Every gap must take this letter or the end, and the end is by far the likelier.
  const forbiddenTokenIds = Array.from({ length: tokenizer.size }, (_, id) => id).filter(
    (id) => id !== eot && id !== only,
  );
  const [answer] = await decoder.ask({
    profile: Profile.BALANCED,
    template: "It is {{3}} and{{12}}",
    forbiddenTokenIds,
  });
  expect(answer?.text).toMatch(/^It is qqq andq{0,11}$/);
  expect(answer?.end?.finishReason).toBe(FinishReason.STOP);
});

test("generate() fills templates beside other answers as each alone", async () => {
  const settings = [
    { profile: Profile.EXACT, template: TEMPLATE },
    { profile: Profile.BALANCED, template: "{{left|right}} {{12}}" },
    { profile: Profile.CAREFUL, genLength: 24 },
    { profile: Profile.EXACT, genLength: 16, minTokens: 12 },
  ];
  const together = await Promise.all(settings.map((each) => decoder.ask(each)));
  for (const [index, each] of settings.entries()) {
    expect((await decoder.ask(each))[0]?.text).toBe(together[index]?.[0]?.text);
  }
});

test("the refresh says how probable the tokens are that are asked for", async () => {
  const { tokenizer, checkpoint, run } = decoder.session;
  const tokenIds = Int32Array.of(
    tokenizer.special.bos,
    ...Array.from({ length: 6 }, () => tokenizer.special.mask),
  );
  const row: DecoderRow = {
    tokenIds,
    positions: Int32Array.from(tokenIds, (_, place) => place),
    embeddings: {
      data: new Float32Array(),
      tokens: 0,
      hidden: checkpoint.config.vision.hiddenSize,
    },
    imageRow: new Int32Array(),
    imageWeight: new Float32Array(),
    taps: 1,
    activeStart: 1,
    activeEnd: 7,
    askedIds: [],
    shadow: [],
    blockEnd: 7,
    canvasStart: 1,
    canvasEnd: 7,
    quota: [0],
    commitLimit: 99,
    rules: NO_RULES,
    doubt: 0,
    temperature: 0,
    randomRemasking: false,
    seed: 1,
    stepOffset: 0,
    forbiddenIds: [0],
    eotFrom: 0,
    cfgScale: 0,
    stopSequences: [],
    stop: NO_STOP,
  };
  const { signal } = new AbortController();
  const ask = (askedIds: readonly number[]) =>
    run({ ...row, askedIds }, { tenantScope: "", priority: "interactive" }, signal, UNWATCHED);
  const { prediction, confidence } = await ask([]);
  const asked = await ask([...prediction]);
  asked.asked.forEach((each, place) => expect(each).toBeCloseTo(confidence[place] ?? NaN, 6));
  const others = await ask(Array.from(prediction, (id) => id + 1));
  others.asked.forEach((each, place) => expect(each).toBeLessThan(confidence[place] ?? NaN));
  expect([...asked.tokenIds]).toEqual([...tokenIds]);
});
