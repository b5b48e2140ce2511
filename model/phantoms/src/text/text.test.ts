import { expect, test } from "vitest";
import { drawFacts } from "../draw_facts.ts";
import type { PhantomFacts } from "../phantom.ts";
import { randomSource } from "../random.ts";
import { ANATOMY, KIND_SENTENCES } from "./appearance.ts";
import { caption } from "./captions.ts";
import { comparisons } from "./comparisons.ts";
import { description, descriptionQuestion } from "./descriptions.ts";
import { dialogue, followUp } from "./dialogues.ts";
import type { Exchange } from "./exchange.ts";
import { exchanges } from "./questions.ts";

const SAMPLES = Array.from({ length: 400 }, (_, index) => {
  const random = randomSource(`text ${index}`);
  return { facts: drawFacts(random), random };
});

const TWO_NODULES: PhantomFacts = {
  modality: "chest_xray",
  findings: [
    { kind: "nodule", side: "left", count: 2, size: "small", severity: undefined },
    { kind: "effusion", side: "right", count: undefined, size: undefined, severity: "severe" },
  ],
};

test("caption() names every finding with all that is known about it", () => {
  for (let index = 0; index < 20; index++) {
    const text = caption(TWO_NODULES, randomSource(`${index}`)).toLowerCase();
    expect(text).toContain("two small nodules on the left and a severe effusion on the right");
    expect(text).toContain("chest x-ray");
  }
});

test("exchanges() answers closed questions with yes or no, about as often", () => {
  const closed = SAMPLES.flatMap(({ facts, random }) => [
    ...exchanges(facts, random, { style: "concise" }),
  ]).filter(({ answerType }) => answerType === "CLOSED");
  expect(new Set(closed.map(({ answer }) => answer))).toEqual(new Set(["yes", "no"]));
  const yes = closed.filter(({ answer }) => answer === "yes").length / closed.length;
  expect(yes).toBeGreaterThan(0.35);
  expect(yes).toBeLessThan(0.65);
});

test("exchanges() begins the sentence about a closed question with its answer", () => {
  for (const { facts, random } of SAMPLES) {
    for (const { answer, answerType } of exchanges(facts, random, { style: "sentence" })) {
      expect(/^(Yes|No), /.test(answer) || answerType === "OPEN").toBe(true);
    }
  }
});

test.each([
  { topic: "side", answers: ["left", "right"] },
  { topic: "count", answers: ["two"] },
  { topic: "size", answers: ["small"] },
  { topic: "severity", answers: ["severe"] },
  { topic: "kind", answers: ["nodule and effusion"] },
])("exchanges() answers an open question about $topic from the facts", ({ topic, answers }) => {
  const found = new Set<string>();
  for (let index = 0; index < 60; index++) {
    for (const each of exchanges(TWO_NODULES, randomSource(`${index}`), { style: "concise" })) {
      if (each.topic === topic && each.answerType === "OPEN") found.add(each.answer);
    }
  }
  expect([...found].toSorted()).toEqual(answers);
});

test("comparisons() answers yes about as often as no", () => {
  const closed = SAMPLES.filter(({ facts }) => facts.findings.length > 0)
    .flatMap(({ facts, random }) => comparisons(facts, random, { style: "concise" }))
    .filter(({ answerType }) => answerType === "CLOSED");
  const yes = closed.filter(({ answer }) => answer === "yes").length / closed.length;
  expect(yes).toBeGreaterThan(0.4);
  expect(yes).toBeLessThan(0.6);
});

test("comparisons() says in a sentence what is not so beside what is", () => {
  const said = new Set<string>();
  for (let index = 0; index < 100; index++) {
    const random = randomSource(`${index}`);
    for (const each of comparisons(TWO_NODULES, random, { style: "sentence" })) {
      said.add(`${each.question} ${each.answer}`);
    }
  }
  for (const wanted of [
    "Is the nodule large? No, the nodules are not large but small.",
    "Is the nodule only on the right? No, the nodules are on the left, not on the right.",
    "Are there exactly three nodules? No, there are two nodules, not three.",
    "Is the effusion mild? No, the effusion is severe, not mild.",
    "Is there an effusion on the left? No, there is no effusion on the left.",
  ]) {
    expect(said).toContain(wanted);
  }
});

function hinted({ question }: Exchange): boolean {
  return /Answer concisely\.$|\[yes, no\]\.$/.test(question);
}

test("exchanges() asks for a short answer only in the concise style", () => {
  for (const { facts, random } of SAMPLES) {
    expect(exchanges(facts, random, { style: "concise" }).every(hinted)).toBe(true);
    expect(exchanges(facts, random, { style: "sentence" }).some(hinted)).toBe(false);
  }
});

test("dialogue() has the turns that were asked for, and later ones that refer back", () => {
  const later = SAMPLES.flatMap(({ facts, random }) => {
    const turns = dialogue(facts, random, { style: "sentence", turns: 2 });
    expect(turns).toHaveLength(2);
    return turns.slice(1).map(({ question }) => question);
  });
  for (const wanted of ["And on the other side?", "How severe is it?", "Anything else?"]) {
    expect(later).toContain(wanted);
  }
});

test.each([150, 400, 600])(
  "description() keeps to %i characters, fills them and says nothing twice",
  (most) => {
    for (const { facts, random } of SAMPLES.slice(0, 100)) {
      const question = descriptionQuestion(random);
      const text = description(facts, question, { most, measure: (sentence) => sentence.length });
      const sentences = text.split(/(?<=\.) /);
      expect(new Set(sentences).size).toBe(sentences.length);
      expect(text.length).toBeLessThanOrEqual(most);
      expect(text.length).toBeGreaterThan(0.75 * most);
    }
  },
);

test("every sentence of a description but its end has eight words and stops", () => {
  const kinds = Object.values(KIND_SENTENCES).flatMap(({ present, absent }) => [present, absent]);
  for (const sentence of [...kinds, ...Object.values(ANATOMY).flat()]) {
    expect([sentence, wordsAndStops(sentence)]).toEqual([sentence, 8]);
  }
});

test("description() leaves nothing unfilled where there is room for two sentences and the last", () => {
  for (const { facts, random } of SAMPLES.slice(0, 100)) {
    for (const most of [45, 63, 64, 100, 127]) {
      const text = description(facts, descriptionQuestion(random), {
        most,
        measure: wordsAndStops,
      });
      expect([text, wordsAndStops(text)]).toEqual([text, most]);
    }
  }
});

function wordsAndStops(text: string): number {
  return text.match(/[\w-]+|[.,]/g)?.length ?? 0;
}

test("descriptionQuestion() alone decides the words of a description", () => {
  const questions = SAMPLES.map(({ random }) => descriptionQuestion(random));
  const texts = questions.map((question) => [
    question,
    description(TWO_NODULES, question, { most: 400, measure: ({ length }) => length }),
  ]);
  expect(new Set(questions).size).toBe(5);
  expect(new Map(texts.map(([question, text]) => [text, question])).size).toBe(4);
  expect(new Set(texts.map((text) => text.join())).size).toBe(5);
  expect(() => description(TWO_NODULES, "Why?", { most: 9, measure: () => 1 })).toThrow(RangeError);
});

test("texts are phrased in many ways", () => {
  const questions = SAMPLES.flatMap(({ facts, random }) => [
    ...exchanges(facts, random, { style: "sentence" }),
  ]);
  expect(new Set(questions.map(({ question }) => question)).size).toBeGreaterThan(250);
  expect(new Set(questions.map(({ answer }) => answer)).size).toBeGreaterThan(500);
});

test("followUp() asks last what only the turns before give a meaning", () => {
  const ends = new Map<string, Set<string>>();
  for (const { facts, random } of SAMPLES) {
    const turns = followUp(facts, random, "concise");
    const last = turns.at(-1);
    const answers = ends.get(last?.topic ?? "") ?? new Set();
    ends.set(last?.topic ?? "", answers.add(last?.answer ?? ""));
    expect(turns.length).toBeGreaterThan(1);
    expect(turns[0]?.topic).toMatch(/^(presence|side)$/);
  }
  expect([...ends.keys()].toSorted()).toEqual(["normal", "second finding", "side"]);
  expect(ends.get("second finding")?.size).toBeGreaterThan(10);
  expect(ends.get("side")).toEqual(new Set(["yes", "no"]));
});

test("description() ends with what was found, whatever stands before", () => {
  for (const most of [150, 400, 600]) {
    const text = description(TWO_NODULES, "Write a detailed report of this image.", {
      most,
      measure: ({ length }) => length,
    });
    expect(text).toMatch(
      /Chest X-ray with two small nodules on the left and a severe effusion on the right\.$/,
    );
  }
});
