import { SIZES } from "@medv/model/make_checkpoint/sizes";
import { readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { progressBar } from "./progress_bar.ts";
import { readStageConfig } from "./stage_config.ts";
import { train } from "./train.ts";

const ROOT = join(import.meta.dirname, "../../..");
const STAGES = join(import.meta.dirname, "../stages");
const { values } = parseArgs({
  options: {
    out: { type: "string" },
    stage: { type: "string", multiple: true },
    stages: { type: "string", default: STAGES },
    minutes: { type: "string" },
    objective: { type: "string", default: "diffusion" },
    seed: { type: "string", default: "1" },
    images: { type: "string", default: "60000" },
    "image-directory": { type: "string", default: join(ROOT, ".cache/training/images") },
    threads: { type: "string", default: String(availableParallelism()) },
    // A kill costs at most this much.
    "save-seconds": { type: "string", default: "30" },
  },
});

let stopping = false;
process.on("SIGINT", () => {
  if (stopping) process.exit(130);
  stopping = true;
  process.stderr.write("\nSaving; a second Ctrl-C stops at once\n");
});

const { objective } = values;
if (objective !== "diffusion" && objective !== "autoregressive") {
  fail(`--objective must be diffusion or autoregressive: current value is "${objective}"`);
}
const minutes = values.minutes === undefined ? Infinity : positive("minutes", values.minutes);
const directory =
  values.out ?? join(ROOT, ".cache/training", objective === "diffusion" ? "phantom" : objective);
const until = performance.now() + minutes * 60_000;
const bar = progressBar((text) => void process.stderr.write(text), process.stderr.isTTY);
try {
  const done = await train({
    directory,
    imageDirectory: values["image-directory"],
    size: SIZES.tiny,
    stages: await readStages(),
    objective,
    seed: whole("seed", values.seed),
    images: whole("images", values.images),
    threads: whole("threads", values.threads),
    saveEveryMs: 1000 * positive("save-seconds", values["save-seconds"]),
    shouldStop: () => stopping || performance.now() > until,
    onImages: (count, total) => {
      const end = process.stderr.isTTY && count < total ? "\r" : "\n";
      if (process.stderr.isTTY || count % 10_000 === 0) {
        process.stderr.write(`drawing ${count}/${total} images${end}`);
      }
    },
    onStep: (event, { batch }) => bar(event, batch),
  });
  process.stdout.write(
    done
      ? `${join(directory, "checkpoint")}\n`
      : `Saved in ${directory}; the same command goes on from there\n`,
  );
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

/** All stages in order of their file names, or those that begin with what was asked for. */
async function readStages(): Promise<Awaited<ReturnType<typeof readStageConfig>>[]> {
  const files = (await readdir(values.stages)).filter((file) => file.endsWith(".json"));
  const sorted = files.toSorted();
  const wanted = values.stage ?? [""];
  for (const prefix of wanted) {
    if (!sorted.some((file) => file.startsWith(prefix))) {
      fail(`--stage must begin one of ${sorted.join(", ")}: current value is "${prefix}"`);
    }
  }
  return Promise.all(
    sorted
      .filter((file) => wanted.some((prefix) => file.startsWith(prefix)))
      .map((file) => readStageConfig(join(values.stages, file))),
  );
}

function positive(name: string, text: string): number {
  const value = Number(text);
  return value > 0 ? value : fail(`--${name} must be a number > 0: current value is "${text}"`);
}

function whole(name: string, text: string): number {
  const value = Number(text);
  return Number.isInteger(value) && value >= 1
    ? value
    : fail(`--${name} must be an integer >= 1: current value is "${text}"`);
}

function fail(message: string): never {
  process.stderr.write(
    `${message.startsWith("Cannot") ? message : `Cannot train as ${message}`}\n`,
  );
  process.exit(2);
}
