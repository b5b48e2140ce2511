import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readLlavaMedChat } from "./llava_med_chat.ts";
import { readPhantoms } from "./phantoms.ts";
import { formatProblem, type Problem } from "./problem.ts";
import { readVqa } from "./vqa.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures");
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "readers-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Problems with their file's name alone. */
function said(problems: readonly Problem[], root: string): string[] {
  return problems.map((problem) => formatProblem(problem).replace(`${root}/`, ""));
}

test("readVqa() reads the converted form and reports what is wrong with file and line", async () => {
  const root = join(FIXTURES, "converted");
  const { items, problems, skipped } = await readVqa("vqa-rad", root);
  expect(items).toEqual([
    {
      id: "rad_1",
      image: join(root, "images/lung_1.png"),
      question: "Is there a pneumothorax?",
      answer: "No",
      answerType: "CLOSED",
    },
    {
      id: "2",
      image: join(root, "images/lung_1.png"),
      question: "Where is the opacity?",
      answer: "right upper lobe",
      answerType: "OPEN",
    },
    {
      id: "rad_6",
      image: join(root, "images/slide_2.png"),
      question: "Are there giant cells?",
      answer: "Yes",
      answerType: "CLOSED",
    },
  ]);
  expect(said(problems, root)).toEqual([
    'test.json:32: Cannot find image "gone.png" of "rad_3"',
    'test.json:47: Cannot use a second entry with id "rad_1": the first is in line 2',
    expect.stringMatching(/^test\.json:62: Cannot read item 5 as "answer_type" is invalid: /),
  ]);
  expect(skipped).toBe(0);
});

test.each(["vqa-rad", "slake", "pathvqa"] as const)(
  "readVqa() reads the converted form as %s",
  async (data) => {
    expect((await readVqa(data, join(FIXTURES, "converted/test.json"))).items).toHaveLength(3);
  },
);

test("readVqa() reads SLAKE's original form and keeps its English questions", async () => {
  const { items, problems, skipped } = await readVqa("slake", join(FIXTURES, "slake"));
  expect(items.map(({ id, answer, answerType }) => [id, answer, answerType])).toEqual([
    ["11", "Yes", "CLOSED"],
    ["13", "CT", "OPEN"],
  ]);
  expect({ problems, skipped }).toEqual({ problems: [], skipped: 1 });
});

test("readVqa() reads VQA-RAD's original form and keeps its test split", async () => {
  const { items, problems, skipped } = await readVqa("vqa-rad", join(FIXTURES, "vqa_rad"));
  expect(items.map(({ id, answer, answerType }) => [id, answer, answerType])).toEqual([
    ["1", "2", "OPEN"],
    ["3", "no", "CLOSED"],
  ]);
  expect({ problems, skipped }).toEqual({ problems: [], skipped: 1 });
});

test("readVqa() reads on after an item that is no JSON, and quotes nothing of it", async () => {
  const root = join(FIXTURES, "converted");
  const good = (id: string) =>
    JSON.stringify({
      id,
      image: join(root, "images/lung_1.png"),
      conversations: [
        { from: "human", value: "<image>\nWhat?" },
        { from: "gpt", value: "lung" },
      ],
      answer_type: "OPEN",
    });
  await writeFile(join(folder, "test.json"), `[\n{"id": "a", secret},\n${good("b")}\n]`);
  const { items, problems } = await readVqa("slake", folder);
  // An image outside the data set's folder is not taken.
  expect(items).toEqual([]);
  expect(said(problems, folder)).toEqual([
    "test.json:2: Cannot read item 1 as it is no JSON",
    expect.stringMatching(/^test\.json:3: Cannot find image /),
  ]);
});

test("readVqa() says what it looked for where a folder has no data or too much", async () => {
  await expect(readVqa("pathvqa", folder)).rejects.toThrow(
    /must hold test\.json or one \.json file: there is no \.json file/,
  );
  await writeFile(join(folder, "a.json"), "[]");
  await writeFile(join(folder, "b.json"), "{}");
  await expect(readVqa("pathvqa", folder)).rejects.toThrow("there is a.json, b.json");
  await expect(readVqa("pathvqa", join(folder, "b.json"))).rejects.toThrow(
    "it must be a JSON list",
  );
  await expect(readVqa("pathvqa", join(folder, "c"))).rejects.toThrow("does not exist");
});

test("readLlavaMedChat() reads questions with their context and reports a torn line and a missing image", async () => {
  const root = join(FIXTURES, "llava_med_chat");
  const { items, problems } = await readLlavaMedChat(root);
  expect(items).toHaveLength(2);
  expect(items[1]).toEqual({
    id: "1",
    image: join(root, "images/made_up_1.png"),
    question: "Describe the image in detail.",
    type: "detailed_description",
    domains: ["mri"],
    figLabel: "Fig. 2",
    figCaption: "A made-up square.",
    inTextMention: "The square is shown in the figure.",
    reference: "A bright square on a dark ground.",
  });
  expect(said(problems, root)).toEqual([
    "llava_med_eval_qa50_qa.jsonl:3: Cannot read the line as it is no JSON",
    'llava_med_eval_qa50_qa.jsonl:4: Cannot find image "gone.png" of "3"',
  ]);
});

test("readPhantoms() reads images with and without facts and reports a second one with an id", async () => {
  const root = join(FIXTURES, "phantoms");
  const { items, problems } = await readPhantoms(root);
  expect(items.map(({ id, modality, facts }) => [id, modality, facts !== null])).toEqual([
    ["test-000001", "ct", true],
    ["test-000002", "chest_xray", true],
    ["test-000003", null, false],
  ]);
  expect(said(problems, root)).toEqual([
    'phantoms.jsonl:4: Cannot use a second entry with id "test-000001": the first is in line 1',
  ]);
});
