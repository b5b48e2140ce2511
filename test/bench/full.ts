/**
 * The published shapes on a CPU: writes a checkpoint of 8 billion random weights if there is none, makes its int8 weights,
 * serves it, and asks about an image. Prints time to ready, peak memory, seconds of a full forward and of a step that
 * feeds one block, and what share of this machine's own int8 rates that is.
 *
 *     npm run bench:full -- [DIR] [--gen-length 64] [--out DIR]
 *
 * DIR takes 16.9 GB, and 8.6 GB more for the int8 weights.
 *
 * @module
 */
import { readModelConfig } from "@medv/model/config";
import { SIZES } from "@medv/model/make_checkpoint/sizes";
import { writeCheckpoint } from "@medv/model/make_checkpoint/write_checkpoint";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { startStack, type ProcessName, type Stack } from "../stack.ts";
import { ask, drawnImages, upload } from "./caller.ts";
import { int8Matrix, operations, weights } from "./int8_matrix.ts";
import { machine } from "./machine.ts";
import { median } from "./median.ts";
import { writeResults } from "./write_results.ts";

const ROOT = join(import.meta.dirname, "../..");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "gen-length": { type: "string", default: "64" },
    out: { type: "string", default: join(ROOT, ".cache/bench") },
  },
});
const directory = resolve(positionals[0] ?? join(ROOT, ".cache/full"));
const genLength = Number(values["gen-length"]);
const BLOCK = 32;

if (!existsSync(directory)) await write();
/** Of products with many rows, and bytes of weights a millisecond where one row is all there is. */
const rates = {
  operations: await rateOf(await int8Matrix(512), "operations"),
  bytes: await rateOf(await int8Matrix(1, 16 * 4096), "bytes"),
};
const startedAt = performance.now();
const stack = await startStack({
  MEDV_CHECKPOINT: directory,
  MEDV_PRECISION: "int8",
  // On a CPU an answer takes minutes.
  MEDV_ENCODE_TIMEOUT_SECONDS: "900",
  MEDV_ANSWER_TIMEOUT_SECONDS: "1800",
  MEDV_MAX_QUEUE_SECONDS: "1800",
});
const readyMs = performance.now() - startedAt;
try {
  await measure(stack);
} finally {
  await stack.stop();
}

async function write(): Promise<void> {
  let shown = -1;
  await writeCheckpoint(directory, SIZES.full, 3, (written, total) => {
    const percent = Math.floor((100 * written) / total);
    if (percent === shown || percent % 10 !== 0) return;
    shown = percent;
    process.stderr.write(`writing ${percent} % of ${(total / 1e9).toFixed(1)} GB\n`);
  });
}

async function measure({ url }: Stack): Promise<void> {
  const caller = { url, model: `llada-medv-${basename(directory).toLowerCase()}` };
  const image = await upload(caller, (await drawnImages(1).next()).value);
  const settings = { gen_length: genLength, min_tokens: genLength };
  const oneForward = { ...settings, profile: "exact", steps: 1 };
  // The first one encodes the image, and pays for what a first run pays for.
  const first = await ask(caller, image, oneForward);
  const forward = await ask(caller, image, oneForward);
  const answer = await ask(caller, image, {
    ...settings,
    profile: "balanced",
    block_length: BLOCK,
  });

  const path = join(directory, "config.json");
  const { language } = readModelConfig(JSON.parse(await readFile(path, "utf8")), path);
  const rows = forward.usage.prompt_tokens + genLength;
  const forwardMs = forward.usage.details.decode_ms;
  const forwardLeast = operations(language, rows, genLength) / rates.operations;
  const { decode_ms: decodeMs, forward_passes: passes } = answer.usage.details;
  const blocks = genLength / BLOCK;
  const stepMs = (decodeMs - blocks * forwardMs) / (passes - blocks);
  const stepLeast = Math.max(
    operations(language, BLOCK, BLOCK) / rates.operations,
    weights(language) / rates.bytes,
  );
  const memory: [ProcessName, number][] = [];
  for (const name of ["vision", "diffusion", "gateway"] as const) {
    memory.push([name, (await peakBytes(stack, name)) / 1e9]);
  }
  const lines = [
    "| published shapes, int8 | |",
    "| --- | --- |",
    `| time to ready | ${seconds(readyMs)} |`,
    `| peak memory | ${memory.map(([name, size]) => `${name} ${size.toFixed(1)} GB`).join(", ")} |`,
    `| first answer by one full forward, image encoded | ${seconds(first.totalMs)} |`,
    `| answer of ${genLength} tokens, balanced, ${passes} forward passes | ${seconds(answer.totalMs)} |`,
    `| full forward of ${rows} rows | ${seconds(forwardMs)}, ${share(forwardLeast, forwardMs)} of the int8 matrix rate (${(rates.operations / 1e6).toFixed(0)} GOP/s) |`,
    `| step of ${BLOCK} rows | ${seconds(stepMs)}, ${share(stepLeast, stepMs)} of the roofline (weights at ${(rates.bytes / 1e6).toFixed(1)} GB/s) |`,
  ];
  process.stdout.write(`${lines.join("\n")}\n${machine()}\n`);
  const times = {
    "time to ready": readyMs,
    "first answer by one full forward, image encoded": first.totalMs,
    [`answer of ${genLength} tokens, balanced`]: answer.totalMs,
    [`full forward of ${rows} rows`]: forwardMs,
    [`step of ${BLOCK} rows`]: stepMs,
  };
  await writeResults(values.out, "full", {
    origin: machine(),
    record: { times, memory: Object.fromEntries(memory), rates, passes },
    chart: [
      {
        title: "seconds at the published shapes, int8",
        bars: Object.entries(times).map(([label, ms]) => ({ label, value: ms / 1000 })),
      },
      {
        title: "peak memory, GB",
        bars: memory.map(([label, value]) => ({ label, value })),
      },
    ],
  });
}

async function rateOf(
  matrix: Awaited<ReturnType<typeof int8Matrix>>,
  unit: "operations" | "bytes",
): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < 6; run++) times.push(await matrix.run());
  return matrix[unit] / median(times.slice(1));
}

/** The most that a process had in memory, in bytes; pages of mapped files among them. */
async function peakBytes(running: Stack, name: ProcessName): Promise<number> {
  const status = await readFile(`/proc/${running.process(name).pid}/status`, "utf8");
  return 1024 * Number(/VmHWM:\s+(\d+)/u.exec(status)?.[1]);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function share(leastMs: number, ms: number): string {
  return `${((100 * leastMs) / ms).toFixed(0)} %`;
}
