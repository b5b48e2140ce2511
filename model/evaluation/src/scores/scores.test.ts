import { expect, test } from "vitest";
import type { Dialogue } from "../dialogue.ts";
import type { Prediction } from "../prediction.ts";
import type { ChatItem } from "../readers/llava_med_chat.ts";
import { chatScores } from "./chat_scores.ts";
import { costOf } from "./cost.ts";
import { majorityAnswers, type TopicQuestion } from "./majority_answers.ts";
import { mixedScore, questionScores, type ScoredQuestion } from "./question_scores.ts";

test("questionScores() has the published and the strict scores over the answered questions", () => {
  const questions: ScoredQuestion[] = [
    { id: "1", answer: "no", answerType: "CLOSED" },
    { id: "2", answer: "yes", answerType: "CLOSED" },
    { id: "3", answer: "left lung", answerType: "OPEN" },
    { id: "4", answer: "liver", answerType: "OPEN" },
    { id: "5", answer: "liver", answerType: "OPEN" },
  ];
  const texts = new Map([
    ["1", "It is abnormal."],
    ["2", "Yes."],
    ["3", "The left side"],
    ["4", "liver"],
  ]);
  const textOf = (id: string): string | undefined => texts.get(id);
  expect(questionScores(questions, textOf)).toEqual({
    openRecall: 75,
    closedAccuracy: 100,
    openExact: 50,
    closedExact: 50,
  });
  expect(mixedScore(questions, textOf)).toBe(87.5);
  expect(questionScores([], textOf).openRecall).toBeUndefined();
});

test("majorityAnswers() gives the most frequent answer of a topic, closed and open apart", () => {
  const textOf = majorityAnswers([
    question("1", "left"),
    question("2", "right"),
    question("3", "right"),
    question("4", "yes", { answerType: "CLOSED" }),
    question("5", "mild", { topic: undefined, question: "How severe?" }),
  ]);
  expect(["1", "2", "4", "5", "6"].map(textOf)).toEqual([
    "right",
    "right",
    "yes",
    "mild",
    undefined,
  ]);
});

test("costOf() counts passes, tokens, words and answers cut by a length that was not asked for", () => {
  const dialogues: Dialogue[] = [
    {
      image: "a",
      turns: [
        { id: "1", question: "" },
        { id: "2", question: "" },
      ],
    },
    {
      image: "a",
      turns: [
        { id: "3", question: "", genLength: 32 },
        { id: "4", question: "" },
      ],
    },
  ];
  const predictions = new Map([
    ["1", prediction("one two", "stop", 10)],
    ["2", prediction("one", "length", 30)],
    ["3", prediction("one two three", "length", 20)],
  ]);
  expect(costOf(dialogues, (id) => predictions.get(id))).toEqual({
    answers: 3,
    unanswered: 1,
    forwardPasses: 20,
    tokensPerForwardPass: 0.5,
    tokensPerSecond: 20,
    words: 2,
    cutByLength: 50,
  });
});

test("chatScores() is the mean of relative scores by type, domain and overall", () => {
  const items = [
    item("1", "conversation", ["ct_scan"]),
    item("2", "detailed_description", ["ct_scan", "mri"]),
    item("3", "conversation", ["gross"]),
  ];
  const given = new Map([
    ["1", { reference: 8, candidate: 4 }],
    ["2", { reference: 10, candidate: 10 }],
  ]);
  expect(Object.fromEntries(chatScores(items, (id) => given.get(id)))).toEqual({
    Conversation: 50,
    Description: 100,
    CXR: undefined,
    MRI: 100,
    Histology: undefined,
    Gross: undefined,
    CT: 75,
    Overall: 75,
  });
});

function question(id: string, answer: string, rest: Partial<TopicQuestion> = {}): TopicQuestion {
  return {
    id,
    answer,
    answerType: "OPEN",
    question: "q",
    topic: "side",
    ...rest,
  };
}

function prediction(text: string, finish: "stop" | "length", passes: number): Prediction {
  return {
    system: "s",
    question_id: "",
    prompt: "",
    text,
    finish_reason: finish,
    forward_passes: passes,
    completion_tokens: 10,
    elapsed_ms: 500,
  };
}

function item(id: string, type: string, domains: string[]): ChatItem {
  return {
    id,
    type,
    domains,
    image: "",
    question: "",
    figLabel: "",
    figCaption: "",
    inTextMention: "",
    reference: "",
  };
}
