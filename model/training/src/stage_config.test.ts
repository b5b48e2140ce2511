import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { learningRate } from "./learning_rate.ts";
import { readStageConfig } from "./stage_config.ts";

const STAGES = join(import.meta.dirname, "../stages");
const VALID = {
  name: "2_test",
  task: "language",
  trains: ["language"],
  steps: 10,
  batch: 4,
  learning_rate: 0.001,
  warmup: 0.1,
  images: "pixels",
  mixture: { dialogue: 1 },
};

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "stage-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function read(content: string): Promise<unknown> {
  const path = join(directory, "stage.json");
  await writeFile(path, content);
  return readStageConfig(path);
}

test.each(["0a_vision", "0b_captions", "0c_questions", "1_alignment", "2_instruction", "3_drill"])(
  "readStageConfig() reads the stage %s that the repository ships",
  async (name) => {
    expect(await readStageConfig(join(STAGES, `${name}.json`))).toMatchObject({ name });
  },
);

test.each([
  { change: { steps: 0 }, rule: "steps must be an integer >= 1: current value is 0" },
  { change: { task: "speech" }, rule: 'task must be "vision" or "language"' },
  { change: { trains: ["all"] }, rule: "trains must be a list of vision, projector, language" },
  { change: { mixture: {} }, rule: "mixture must be weights of caption, dialogue, concise" },
  { change: { mixture: { poem: 1 } }, rule: "mixture must be weights of caption" },
  { change: { images: "all" }, rule: "images must be none, words, pixels" },
  {
    change: { mask_rate: [0.5, 0.2] },
    rule: "mask_rate must be two numbers, 0 <= low < high <= 1",
  },
  { change: { glimpse: 0 }, rule: "glimpse must be an integer >= 1" },
  { change: { warmup: 2 }, rule: "warmup must be a number from 0 to 1" },
])("readStageConfig() refuses $change", async ({ change, rule }) => {
  await expect(read(JSON.stringify({ ...VALID, ...change }))).rejects.toThrow(rule);
});

test("readStageConfig() says when a file is missing or no JSON", async () => {
  await expect(readStageConfig(join(directory, "none.json"))).rejects.toThrow("no such file");
  await expect(read("{")).rejects.toThrow("must be JSON");
});

test("learningRate() rises over the warm-up and falls to a tenth", () => {
  const rates = [0, 4, 9, 55, 100].map((step) =>
    learningRate(step, { peak: 1, warmup: 0.1, steps: 100 }),
  );
  expect(rates.map((rate) => rate.toFixed(2))).toEqual(["0.10", "0.50", "1.00", "0.55", "0.10"]);
});
