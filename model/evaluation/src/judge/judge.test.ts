import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Prediction, Predictions } from "../prediction.ts";
import { formatProblem } from "../readers/problem.ts";
import { readLlavaMedChat } from "../readers/llava_med_chat.ts";
import { judgeAnswers } from "./judge_answers.ts";
import type { JudgeMessage } from "./judge_messages.ts";
import { parseReply } from "./parse_reply.ts";

const FIXTURE = join(import.meta.dirname, "../../fixtures/llava_med_chat");
const { items } = await readLlavaMedChat(FIXTURE);
const NEVER = new AbortController().signal;
let out: string;

beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), "judge-"));
});

afterEach(async () => {
  await rm(out, { recursive: true });
});

const predictions: Pick<Predictions, "get"> & Predictions = {
  get: (system, id): Prediction => ({
    system,
    question_id: id,
    prompt: "",
    text: `answer of ${system} to ${id}`,
    finish_reason: "stop",
    forward_passes: 1,
    completion_tokens: 1,
    elapsed_ms: 1,
  }),
  append: () => {},
};

test.each([
  { text: "8 6\nBecause.", scores: { reference: 8, candidate: 6 } },
  { text: "\n 7.5, 9 \r\n", scores: { reference: 7.5, candidate: 9 } },
  { text: "Assistant 1: 8", scores: undefined },
  { text: "8 6 7", scores: undefined },
  { text: "8\n6", scores: undefined },
  { text: "0 5", scores: undefined },
  { text: "", scores: undefined },
])("parseReply() reads $text as $scores", ({ text, scores }) => {
  expect(parseReply(text)).toEqual(scores);
});

test("judgeAnswers() writes a request for every answer, with the reference first, also without a judge", async () => {
  const judged = await judgeAnswers(
    items,
    predictions,
    { out, systems: ["a", "b"], concurrency: 2 },
    NEVER,
  );
  expect(judged.scoresOf("a", "0")).toBeUndefined();
  const lines = (await readFile(join(out, "judge_requests.jsonl"), "utf8")).trim().split("\n");
  expect(lines).toHaveLength(4);
  const first = JSON.parse(lines[0] ?? "") as { messages: JudgeMessage[] };
  const content = first.messages.at(-1)?.content ?? "";
  const places = [
    "Fig. 1: A made-up square.",
    "What is shown?",
    "A square.",
    "answer of a to 0",
  ].map((text) => content.lastIndexOf(text));
  expect(Math.min(...places)).toBeGreaterThan(0);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

test("judgeAnswers() asks the judge once, reports a reply that it cannot read, and asks again for that one only", async () => {
  const asked: string[] = [];
  const replies = ["8 6", "I would say eight", "8 4"];
  const judge = {
    model: "m",
    ask: (messages: readonly JudgeMessage[]): Promise<string> => {
      asked.push(messages.at(-1)?.content ?? "");
      return Promise.resolve(replies[asked.length - 1] ?? "");
    },
  };
  const options = { out, systems: ["a"], concurrency: 1, judge };
  const first = await judgeAnswers(items, predictions, options, NEVER);
  expect(first.scoresOf("a", "0")).toEqual({ reference: 8, candidate: 6 });
  expect(first.scoresOf("a", "1")).toBeUndefined();
  expect(first.problems.map(formatProblem)).toEqual([
    `${join(out, "judge_replies.jsonl")}:2: Cannot use the reply to "1" as its first line must be two numbers`,
  ]);
  const second = await judgeAnswers(items, predictions, options, NEVER);
  expect(asked).toHaveLength(3);
  expect(second.problems).toEqual([]);
  expect(second.scoresOf("a", "1")).toEqual({ reference: 8, candidate: 4 });
});

test("judgeAnswers() reads replies from a file and leaves out malformed ones by id and line", async () => {
  const file = join(out, "replies.jsonl");
  const lines = [
    { question_id: 0, text: "10 5" },
    { question_id: "1", system: "b", text: "10 8" },
    { question_id: "1", text: "none" },
  ];
  await writeFile(file, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n{torn`);
  const { scoresOf, problems } = await judgeAnswers(
    items,
    predictions,
    { out, systems: ["a", "b"], concurrency: 1, repliesFile: file },
    NEVER,
  );
  expect(scoresOf("a", "0")).toEqual({ reference: 10, candidate: 5 });
  expect(scoresOf("b", "1")).toEqual({ reference: 10, candidate: 8 });
  expect(scoresOf("a", "1")).toBeUndefined();
  expect(problems.map(({ line, message }) => [line, message])).toEqual([
    [4, "Cannot read the line as it is no JSON"],
    [3, 'Cannot use the reply to "1" as its first line must be two numbers'],
  ]);
});
