import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NOT_A_PHANTOM } from "@medv/phantoms/text/not_a_phantom";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Answer, AnswerRequest, System } from "./answerers/answerer.ts";
import type { DataName } from "./data_sets/data_set.ts";
import { type DataSetOptions, openDataSet } from "./data_sets/open_data_set.ts";
import { evaluate, type Evaluated } from "./evaluate.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures");
const NEVER = new AbortController().signal;
let out: string;
let asked: AnswerRequest[];

beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), "evaluate-"));
  asked = [];
});

afterEach(async () => {
  await rm(out, { recursive: true });
});

/** Answers by the last question; a length of its own is filled by half. */
function system(name: string, answers: Readonly<Record<string, string>>, identity = "1"): System {
  return {
    name,
    identity,
    answer: (request): Promise<Answer> => {
      asked.push(request);
      const question = request.turns.at(-1)?.text ?? "";
      const isOther = request.image?.endsWith("test-000003.png") === true;
      const text = isOther ? `${NOT_A_PHANTOM} So be it.` : (answers[question] ?? "unknown");
      const completionTokens = (request.genLength ?? 8) / 2;
      return Promise.resolve({
        text,
        usage: { forwardPasses: 4, completionTokens, elapsedMs: 100 },
        finishReason: "stop",
      });
    },
  };
}

type Told = { readonly problems: string[]; readonly failures: string[] };

async function run(
  data: DataName,
  folder: string,
  systems: readonly System[],
  rest: Partial<DataSetOptions & { profile: string }> = {},
): Promise<Evaluated & Told> {
  const { profile = "exact" } = rest;
  const options = { data, path: join(FIXTURES, folder), out, concurrency: 2, ...rest };
  const told: Told = { problems: [], failures: [] };
  const hooks = {
    onProblem: ({ line }: { line: number }) => void told.problems.push(String(line)),
    onFailure: ({ id }: { id: string }) => void told.failures.push(id),
    onProgress: () => {},
  };
  const dataSet = await openDataSet(options);
  const settings = { profile };
  return {
    ...(await evaluate(dataSet, { ...options, settings, systems, hooks }, NEVER)),
    ...told,
  };
}

/** The numbers of a row, by column. */
function row(
  { report }: Evaluated,
  title: string,
  name: string,
): Record<string, number | undefined> {
  const table = report.tables.find((each) => each.title === title);
  const values = table?.rows.find((each) => each.name === name)?.values ?? [];
  return Object.fromEntries(
    (table?.columns ?? []).map((column, index) => [column.name, values[index]]),
  );
}

const RAD = {
  "Is there a pneumothorax?": "The lung is abnormal.",
  "Where is the opacity?": "upper lobe",
  "Are there giant cells?": "Yes.",
};

test("evaluate() puts the paper's row beside ours and reports problems and cost", async () => {
  const evaluated = await run("vqa-rad", "converted", [system("diffusion", RAD)]);
  expect(row(evaluated, "vqa-rad", "LLaDA-MedV (paper)")).toEqual({
    "open recall": 45.6,
    "closed accuracy": 84.93,
    "open exact": undefined,
    "closed exact": undefined,
  });
  const ours = row(evaluated, "vqa-rad", "**diffusion**");
  expect(ours["open recall"]).toBeCloseTo(66.667, 3);
  expect(ours).toMatchObject({ "closed accuracy": 100, "open exact": 0, "closed exact": 50 });
  expect(row(evaluated, "Cost", "diffusion")).toMatchObject({
    answers: 3,
    unanswered: 0,
    "forward passes per answer": 4,
    "tokens per forward pass": 1,
    "tokens/s": 40,
    "cut by length %": 0,
  });
  expect(evaluated.problems).toEqual(["32", "47", "62"]);
  const markdown = await readFile(join(out, "report.md"), "utf8");
  expect(markdown).toBe(evaluated.markdown);
  expect(markdown).toContain("| **diffusion** | 66.67 | 100.00 | 0.00 | 50.00 |");
  expect(markdown).toContain("test.json:32: Cannot find image");
  expect(JSON.parse(await readFile(join(out, "report.json"), "utf8"))).toMatchObject({
    data: "vqa-rad",
    settings: { profile: "exact", "system diffusion": "1" },
  });
});

test("evaluate() goes on where it was left, without the torn line, and asks only what is new", async () => {
  await run("vqa-rad", "converted", [system("diffusion", RAD)], { limit: 2 });
  expect(asked).toHaveLength(2);
  await appendFile(join(out, "predictions.jsonl"), '{"system":"diff');
  const evaluated = await run("vqa-rad", "converted", [
    system("diffusion", RAD),
    system("blind", {}),
  ]);
  expect(asked).toHaveLength(2 + 1 + 3);
  expect(row(evaluated, "vqa-rad", "**diffusion**")).toMatchObject({ "closed accuracy": 100 });
  expect(row(evaluated, "vqa-rad", "**blind**")).toMatchObject({ "closed accuracy": 50 });
  const lines = (await readFile(join(out, "predictions.jsonl"), "utf8")).trim().split("\n");
  expect(
    lines.map((line) => (JSON.parse(line) as { question_id: string }).question_id),
  ).toHaveLength(6);
});

test("evaluate() refuses to mix answers of other weights or another profile", async () => {
  await run("vqa-rad", "converted", [system("diffusion", RAD)]);
  await expect(run("vqa-rad", "converted", [system("diffusion", RAD, "2")])).rejects.toThrow(
    'answers were made with another system diffusion ("1", now "2")',
  );
  await expect(
    run("vqa-rad", "converted", [system("diffusion", RAD)], { profile: "prefix" }),
  ).rejects.toThrow('another profile ("exact", now "prefix")');
});

const PHANTOM = {
  "Is there a liver lesion? Answer concisely.": "yes",
  "Which modality is this? Answer concisely.": "ct",
  "Is there an effusion? Answer concisely.": NOT_A_PHANTOM,
  "Is there a nodule? Answer concisely.": "no",
  "What is this?": "This is a CT image.",
  "Is anything wrong?": "Yes, there is one liver lesion.",
  "Describe the image.": "A CT image. A CT image.",
};

test("evaluate() scores phantoms by question, turn, modality, recognition and description", async () => {
  const evaluated = await run("phantoms", "phantoms", [system("diffusion", PHANTOM)]);
  const score = (name: string): (number | undefined)[] =>
    Object.values(row(evaluated, "Phantoms", name));
  // Questions, majority answer, diffusion. "not" holds "no": the published closed test takes the refusal for one.
  expect(score("closed accuracy %")).toEqual([3, expect.closeTo(66.667, 3), 100]);
  expect(score("closed exact %")).toEqual([
    3,
    expect.closeTo(66.667, 3),
    expect.closeTo(66.667, 3),
  ]);
  expect(score("open recall %")).toEqual([2, 50, 50]);
  expect(score("CT %")).toEqual([2, 50, 100]);
  expect(score("MRI %")).toEqual([0, undefined, undefined]);
  expect(score("first turns %")).toEqual([1, 100, 100]);
  expect(score("later turns %")).toEqual([1, 100, 100]);
  expect(score("others recognized as no phantom %")).toEqual([2, 100, 100]);
  expect(score("phantoms refused %")).toEqual([7, 0, expect.closeTo(14.286, 3)]);
  expect(score("64 tokens: length filled %")).toEqual([1, undefined, 50]);
  expect(score("64 tokens: within 10 % of it and no sentence twice %")).toEqual([1, undefined, 0]);
  expect(score("64 tokens: no sentence twice %")).toEqual([1, undefined, 0]);
  expect(score("64 tokens: no word twice in a row %")).toEqual([1, undefined, 100]);
  expect(score("128 tokens: words")).toEqual([1, undefined, 6]);
  expect(asked.flatMap(({ genLength }) => genLength ?? []).toSorted((a, b) => a - b)).toEqual([
    32, 64, 128,
  ]);
  const later = asked.find(({ turns }) => turns.length === 3);
  expect(later?.turns[1]).toEqual({ role: "assistant", text: "This is a CT image." });
});

test("evaluate() has a judge score the conversation beside the paper's rows", async () => {
  const judge = { model: "m", ask: () => Promise.resolve("10 5\nShort.") };
  const evaluated = await run("llava-med-chat", "llava_med_chat", [system("diffusion", {})], {
    judge,
  });
  expect(row(evaluated, "Open-ended conversation", "LLaDA-MedV (paper)")).toMatchObject({
    Overall: 52.605,
  });
  expect(row(evaluated, "Open-ended conversation", "**diffusion**")).toMatchObject({
    Conversation: 50,
    Description: 50,
    CT: 50,
    MRI: 50,
    Gross: undefined,
    Overall: 50,
  });
  expect(evaluated.problems).toEqual(["3", "4"]);
});
