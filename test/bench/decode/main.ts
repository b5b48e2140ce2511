/**
 * How fast each profile decodes: descriptions of drawn images at fixed lengths, all profiles in one process and turn by
 * turn, so that what else the machine does meets them alike. Medians of paired runs.
 *
 *     npm run bench:decode -- [--checkpoint DIR] [--lengths 64,128] [--samples 8] [--precision float32|int8|float16] [--device cpu|cuda|webgpu] [--out DIR]
 *
 * @module
 */
import { PRECISIONS } from "@medv/diffusion/config";
import { openDecoder } from "@medv/diffusion/decoder_session";
import { PROFILE_NAMES, profileNumber } from "@medv/proto/profile_name";
import { DEVICES } from "@medv/runtime";
import { openTower } from "@medv/vision/tower_session";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { machine } from "../machine.ts";
import { writeResults } from "../write_results.ts";
import { measure, type Measured } from "./measure.ts";
import { describePhantoms } from "./prompts.ts";

const ROOT = join(import.meta.dirname, "../../..");
const { values } = parseArgs({
  options: {
    checkpoint: { type: "string", default: join(ROOT, "model/checkpoints/phantom") },
    lengths: { type: "string", default: "64,128" },
    samples: { type: "string", default: "8" },
    precision: { type: "string", default: "float32" },
    device: { type: "string", default: "cpu" },
    out: { type: "string", default: join(ROOT, ".cache/bench") },
  },
});
const precision = PRECISIONS.find((name) => name === values.precision);
const device = DEVICES.find((name) => name === values.device);
if (precision === undefined || device === undefined) {
  process.stderr.write(`--precision: ${PRECISIONS.join(", ")}; --device: ${DEVICES.join(", ")}\n`);
  process.exit(2);
}
const shared = {
  checkpoint: values.checkpoint,
  visionCheckpoint: undefined,
  threads: availableParallelism(),
  device,
  onExit: (error: Error) => {
    throw error;
  },
} as const;
const tower = await openTower({
  ...shared,
  precision: precision === "float16" ? "float16" : "float32",
});
const decoder = await openDecoder(
  {
    ...shared,
    maxBatchRows: 1,
    runMemoryBytes: 8 * 2 ** 30,
    precision,
    cacheDirectory: join(ROOT, ".cache/int8"),
    onQuantizeProgress: () => undefined,
    onRun: () => undefined,
  },
  new AbortController().signal,
);
const rows: Measured[] = [];
for (const genLength of values.lengths.split(",").map(Number)) {
  const requests = await describePhantoms(Number(values.samples), tower, decoder);
  const settings = PROFILE_NAMES.map((name) => ({
    name,
    settings: { profile: profileNumber(name), genLength },
  }));
  rows.push(...(await measure(decoder, requests, settings)));
}
await tower.release();
await decoder.release();

const origin = `${machine()}, ${device}, ${precision}`;
process.stdout.write(`${table(rows)}\n${origin}\n`);
await writeResults(values.out, "decode", {
  origin,
  record: { rows },
  chart: Array.from(new Set(rows.map(({ genLength }) => genLength)), (length) => ({
    title: `tokens a second, descriptions of ${length} tokens`,
    bars: rows
      .filter(({ genLength }) => genLength === length)
      .map(({ name, tokensPerSecond }) => ({ label: name, value: tokensPerSecond })),
  })),
});

function table(measured: readonly Measured[]): string {
  const head =
    "| L | profile | tokens/s | × exact | ms an answer | forward passes | tokens a pass | revisions |";
  const rule = "| --- | --- | --- | --- | --- | --- | --- | --- |";
  return [
    head,
    rule,
    ...measured.map((row) => {
      const exact = measured.find(
        ({ name, genLength }) => name === "exact" && genLength === row.genLength,
      );
      const cells = [
        row.genLength,
        row.name,
        row.tokensPerSecond.toFixed(0),
        (row.tokensPerSecond / (exact?.tokensPerSecond ?? NaN)).toFixed(1),
        row.answerMs.toFixed(1),
        row.forwardPasses.toFixed(1),
        (row.tokens / row.forwardPasses).toFixed(2),
        row.revisions.toFixed(1),
      ];
      return `| ${cells.join(" | ")} |`;
    }),
  ].join("\n");
}
