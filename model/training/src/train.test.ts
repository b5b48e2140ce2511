import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";

const STAGES = {
  "1_see.json": {
    name: "1_see",
    task: "vision",
    trains: ["vision"],
    steps: 50,
    batch: 2,
    learning_rate: 0.001,
    warmup: 0.1,
  },
  "2_speak.json": {
    name: "2_speak",
    task: "language",
    trains: ["language", "projector"],
    steps: 50,
    batch: 2,
    learning_rate: 0.001,
    warmup: 0.1,
    images: "pixels",
    patch_words: true,
    mixture: { concise: 1, dialogue: 1 },
  },
};

let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "train-"));
  await Promise.all(
    Object.entries(STAGES).map(([file, stage]) =>
      writeFile(join(directory, file), JSON.stringify(stage)),
    ),
  );
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Runs the command; kills it without warning as soon as a line of its progress says so. */
async function train(
  out: string,
  { killAt, objective = "diffusion" }: { killAt?: string; objective?: string } = {},
): Promise<number | null> {
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, "main.ts"),
      ...["--out", join(directory, out), "--images", "40", "--stages", directory],
      ...["--image-directory", join(directory, "images"), "--save-seconds", "0.001"],
      ...["--objective", objective],
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    lines.push(line);
    if (killAt !== undefined && line.includes(killAt)) child.kill("SIGKILL");
  });
  await once(child, "exit");
  if (killAt === undefined && child.exitCode !== 0) throw new Error(lines.join("\n"));
  return child.exitCode;
}

test("npm run train, killed twice and started again, ends with the weights of an undisturbed run", async () => {
  await train("undisturbed");
  expect(await train("killed", { killAt: "1_see ██████████·········· 25/50" })).toBeNull();
  expect(await train("killed", { killAt: "2_speak ██████████·········· 25/50" })).toBeNull();
  await train("killed");

  const read = (out: string): Promise<Buffer> =>
    readFile(join(directory, out, "checkpoint/model.safetensors"));
  const [undisturbed, killed] = await Promise.all([read("undisturbed"), read("killed")]);
  expect(killed.equals(undisturbed)).toBe(true);
  const record: unknown = JSON.parse(
    await readFile(join(directory, "killed/checkpoint/training.json"), "utf8"),
  );
  expect(record).toMatchObject({
    seed: 1,
    objective: "diffusion",
    stages: [
      { stage: "1_see", steps: 50 },
      { stage: "2_speak", steps: 50 },
    ],
  });
}, 300_000);

test("npm run train -- --objective autoregressive writes the twin's checkpoint, whose loss falls", async () => {
  await train("twin", { objective: "autoregressive" });
  const record: unknown = JSON.parse(
    await readFile(join(directory, "twin/checkpoint/training.json"), "utf8"),
  );
  expect(record).toMatchObject({ objective: "autoregressive" });
  const { losses } = record as { losses: { stage: string; loss: number }[] };
  const spoken = losses.filter(({ stage }) => stage === "2_speak").map(({ loss }) => loss);
  expect(spoken.at(-1)).toBeLessThan(spoken[0] ?? 0);
}, 300_000);
