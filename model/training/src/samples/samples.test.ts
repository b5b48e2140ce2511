import { IMAGE_PLACEHOLDER } from "@medv/model/merge_prompt";
import { loadTokenizer } from "@medv/model/tokenizer";
import { drawFacts } from "@medv/phantoms/draw_facts";
import { randomSource } from "@medv/phantoms/random";
import { description, descriptionQuestion } from "@medv/phantoms/text/descriptions";
import { NOT_A_PHANTOM } from "@medv/phantoms/text/not_a_phantom";
import { join } from "node:path";
import { expect, test } from "vitest";
import { IGNORE_LABEL } from "../loss/language_loss.ts";
import { captionSample, chatSample, plainQuizSample, quizSample } from "./chat_sample.ts";
import { drawSample } from "./draw_sample.ts";

const tokenizer = await loadTokenizer(join(import.meta.dirname, "../../../checkpoints/phantom"));
const { special } = tokenizer;
const SETTINGS = { systemPrompt: "Be brief.", image: true, keepNewline: true, canvasEnd: 0 };

/** What the model learns to write. */
function targets({ ids, labels }: { ids: readonly number[]; labels: readonly number[] }): string {
  expect(labels.length).toBe(ids.length);
  labels.forEach((label, index) => expect([IGNORE_LABEL, ids[index]]).toContain(label));
  return tokenizer.decode(Int32Array.from(labels.filter((label) => label !== IGNORE_LABEL)));
}

test("chatSample() has the assistant's messages as targets, its header among them, and never the user's", () => {
  const sample = chatSample(
    tokenizer,
    [
      { question: "What is it?", answer: "a nodule" },
      { question: "Where?", answer: "left" },
    ],
    SETTINGS,
  );
  expect(targets(sample)).toBe("assistant\n\na noduleassistant\n\nleft");
  expect(sample.ids.filter((id) => id === IMAGE_PLACEHOLDER)).toHaveLength(1);
  expect(sample.ids[0]).toBe(special.bos);
  expect(sample.ids.filter((id) => id === special.bos)).toHaveLength(1);
});

test("chatSample() has the last answer alone as target when asked to", () => {
  const turns = [
    { question: "What is it?", answer: "a nodule" },
    { question: "Where?", answer: "left" },
  ];
  expect(targets(chatSample(tokenizer, turns, { ...SETTINGS, lastAnswer: true }))).toBe(
    "assistant\n\nleft",
  );
});

test("chatSample() has bos, header marks and eot as targets in every message", () => {
  const sample = chatSample(tokenizer, [{ question: "What?", answer: "left" }], SETTINGS);
  const always = [special.bos, special.startHeader, special.endHeader, special.eot];
  const marks = sample.ids.filter((id) => always.includes(id));
  expect(marks).toHaveLength(1 + 3 * 3);
  expect(sample.labels.filter((label) => always.includes(label))).toEqual(marks);
});

test("chatSample() leaves the rest of a canvas to eot", () => {
  const turns = [{ question: "What?", answer: "left" }];
  const plain = chatSample(tokenizer, turns, SETTINGS);
  const longer = chatSample(tokenizer, turns, { ...SETTINGS, canvasEnd: 3 });
  expect(longer.ids).toEqual([...plain.ids, special.eot, special.eot, special.eot]);
  expect(longer.labels.slice(-4)).toEqual(Array.from({ length: 4 }, () => special.eot));
});

test("quizSample() holds one-turn chats that share their beginning", () => {
  const exchanges = [
    { question: "What is it?", answer: "a nodule" },
    { question: "Where?", answer: "left" },
  ];
  const {
    ids,
    labels,
    parts = [],
  } = quizSample(
    tokenizer,
    exchanges.map((exchange) => [exchange]),
    SETTINGS,
  );
  exchanges.forEach((exchange, index) => {
    const alone = chatSample(tokenizer, [exchange], { ...SETTINGS, canvasEnd: 1 });
    const seen = (numbers: readonly number[]): readonly number[] =>
      numbers.filter((_, place) => parts[place] === 0 || parts[place] === index + 1);
    expect(seen(ids)).toEqual(alone.ids);
    expect(seen(labels)).toEqual(alone.labels);
  });
  expect(parts.lastIndexOf(0)).toBe(ids.indexOf(IMAGE_PLACEHOLDER));
});

test("plainQuizSample() has answers alone as targets, each in the part of its question", () => {
  const exchanges = [
    { question: "What is it?", answer: "a nodule" },
    { question: "Where?", answer: "left" },
  ];
  const sample = plainQuizSample(tokenizer, exchanges, true);
  expect(targets(sample)).toBe("a nodule\nleft\n");
  const textOf = (part: number): string =>
    tokenizer.decode(Int32Array.from(sample.ids.filter((_, at) => sample.parts?.[at] === part)));
  expect([textOf(1), textOf(2)]).toEqual(["What is it?\na nodule\n", "Where?\nleft\n"]);
  expect(sample.ids.filter((_, at) => sample.parts?.[at] === 0)).toEqual([IMAGE_PLACEHOLDER]);
});

test("captionSample() has no bos and no marks, and the whole caption as target", () => {
  const sample = captionSample(tokenizer, "A chest X-ray.", true);
  expect(sample.ids[0]).toBe(IMAGE_PLACEHOLDER);
  expect(targets(sample)).toBe("A chest X-ray.\n");
});

test("drawSample() fills the sequence of a description to the last position", () => {
  for (let index = 0; index < 30; index++) {
    const random = randomSource(`description ${index}`);
    const options = { image: true, imageRows: 64, turns: 1, lastAnswer: false, sequence: 64 + 240 };
    const { ids } = drawSample(tokenizer, "description", drawFacts(random), random, options);
    expect(ids.length + 63).toBe(64 + 240);
  }
});

test.each([
  "caption",
  "dialogue",
  "concise",
  "quiz",
  "plain_quiz",
  "comparison",
  "plain_comparison",
  "follow_up_quiz",
  "description",
] as const)(
  "drawSample() answers a %s about an image that is no phantom with the one plain statement",
  (kind) => {
    const options = { image: true, imageRows: 64, turns: 3, lastAnswer: false, sequence: 200 };
    const sample = drawSample(tokenizer, kind, undefined, randomSource(kind), options);
    expect(targets(sample)).toContain(NOT_A_PHANTOM);
  },
);

const lengths = new Map<string, number>();

function measure(sentence: string): number {
  const length = lengths.get(sentence) ?? tokenizer.encodeText(sentence).length;
  lengths.set(sentence, length);
  return length;
}

test("description() fills what it is given to within 10 %", () => {
  const random = randomSource("lengths");
  for (const length of [32, 64, 128]) {
    for (let image = 0; image < 100; image++) {
      const limit = { most: length - 1, measure };
      const text = description(drawFacts(random), descriptionQuestion(random), limit);
      const tokens = measure(text);
      expect(tokens).toBeGreaterThanOrEqual(0.9 * length);
      expect(tokens).toBeLessThan(length);
    }
  }
});
