/**
 * What the decoder's passes cost on a checkpoint of which only the shapes matter, in float32 and in the precision that the
 * device is quicker in: a full forward, a step that feeds one block, and answers with and without the dual cache. All in one
 * process and turn by turn, so that what else the machine does meets them alike; medians.
 *
 *     npm run make:checkpoint -- --size small --out DIR
 *     npm run bench:forward -- DIR [--device cpu|cuda|webgpu] [--precisions float32,int8] [--rounds 5] [--out DIR]
 *
 * The last precision is the one whose passes are timed in full; on a GPU float32,float16 are the default.
 *
 * @module
 */
import { PRECISIONS, type Precision } from "@medv/diffusion/config";
import { openDecoder, type DecoderSession } from "@medv/diffusion/decoder_session";
import { DEVICES, type Device } from "@medv/runtime";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { deviceMatrix } from "../device_matrix.ts";
import { int8Matrix, operations, weights, type MatrixRun } from "../int8_matrix.ts";
import { machine } from "../machine.ts";
import { median } from "../median.ts";
import { writeResults } from "../write_results.ts";
import { dualCache, fullForward, fullForwards, time } from "./passes.ts";

const ROOT = join(import.meta.dirname, "../../..");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    device: { type: "string", default: "cpu" },
    precisions: { type: "string" },
    rounds: { type: "string", default: "5" },
    out: { type: "string", default: join(ROOT, ".cache/bench") },
  },
});
const [directory] = positionals;
const rounds = Number(values.rounds);
const device = DEVICES.find((name) => name === values.device);
const names = values.precisions ?? (device === "cpu" ? "float32,int8" : "float32,float16");
const precisions = names
  .split(",")
  .flatMap((name) => PRECISIONS.find((each) => each === name) ?? []);
const quick = precisions.at(-1);
if (
  directory === undefined ||
  !(rounds >= 1) ||
  device === undefined ||
  quick === undefined ||
  precisions.length !== names.split(",").length
) {
  process.stderr.write(
    `Usage: npm run bench:forward -- DIR [--device ${DEVICES.join("|")}] [--precisions ${PRECISIONS.join(",")}] [--rounds N] [--out DIR]\n`,
  );
  process.exit(2);
}

/** Canvas of a full forward, block of a step, and an image's worth of prompt. */
const [HEAD, BLOCK, PROMPT, LENGTH] = [64, 32, 800, 64];
const ROWS = [320, 512] as const;

const open = (precision: Precision): Promise<DecoderSession> =>
  openDecoder(
    {
      checkpoint: directory,
      threads: availableParallelism(),
      device,
      precision,
      cacheDirectory: join(ROOT, ".cache/int8"),
      onQuantizeProgress: () => undefined,
      maxBatchRows: 1,
      runMemoryBytes: 8 * 2 ** 30,
      onRun: () => undefined,
      onExit: (error) => {
        throw error;
      },
    },
    new AbortController().signal,
  );
const decoders = new Map<Precision, DecoderSession>();
for (const precision of precisions) decoders.set(precision, await open(precision));
const quickest = decoders.get(quick) ?? (await open(quick));
const { language } = quickest.checkpoint.config;

/** What the device does at best: in int8 products of as many rows, in float16 of thousands, and of one to read weights. */
const peaks =
  quick === "int8"
    ? { 320: await int8Matrix(320), 512: await int8Matrix(512), 1: await int8Matrix(1, 16 * 4096) }
    : await gpuPeaks(device);

const timed: Record<string, () => Promise<number>> = {
  "peak 320": peaks[320].run,
  "peak 512": peaks[512].run,
  "peak 1": peaks[1].run,
};
for (const [precision, decoder] of decoders) {
  for (const rows of ROWS) {
    timed[`${precision} forward ${rows}`] = () => time(decoder, fullForward(rows, HEAD));
  }
}
const steps = (count: number, length = LENGTH, prompt = PROMPT) =>
  time(quickest, dualCache(prompt, length, { blockLength: BLOCK, steps: count }));
timed["block alone"] = () => time(quickest, fullForward(320, BLOCK));
timed["block with steps"] = () => steps(BLOCK, BLOCK, 320 - BLOCK);
timed["full forwards"] = () => time(quickest, fullForwards(PROMPT, LENGTH));
timed["dual cache, one token a step"] = () => steps(LENGTH);
timed["dual cache, three tokens a step"] = () => steps(22);

const samples = new Map<string, number[]>(Object.keys(timed).map((name) => [name, []]));
// The first round warms up.
for (let round = 0; round <= rounds; round++) {
  for (const [name, run] of Object.entries(timed)) {
    const ms = await run();
    if (round > 0) samples.get(name)?.push(ms);
  }
}
for (const decoder of decoders.values()) await decoder.release();
const ms = (name: string): number => median(samples.get(name) ?? []);
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

const lines = precisions.flatMap((precision) =>
  ROWS.map((rows) => {
    const forward = ms(`${precision} forward ${rows}`);
    const start = `| full forward of ${rows} rows, head on ${HEAD}, ${precision} | ${forward.toFixed(1)} ms |`;
    if (precision !== quick) return `${start} |`;
    const rate = operations(language, rows, HEAD) / forward;
    const most = peaks[rows].operations / ms(`peak ${rows}`);
    const [reference] = precisions;
    const ratio =
      reference === quick
        ? ""
        : `${(ms(`${reference} forward ${rows}`) / forward).toFixed(1)} × ${reference}, `;
    return `${start} ${ratio}${percent(rate / most)} of ${(most / 1e9).toFixed(2)} T operations a second |`;
  }),
);
const step = (ms("block with steps") - ms("block alone")) / (BLOCK - 1);
const bandwidth = peaks[1].bytes / ms("peak 1");
const read = (weights(language) * (quick === "int8" ? 1 : 2)) / step;
const full = ms("full forwards");
const ratio = (name: string): string =>
  `| ${name}, ${LENGTH} tokens after ${PROMPT} | ${ms(name).toFixed(0)} ms | ${(full / ms(name)).toFixed(1)} × full forwards, ${((1000 * LENGTH) / ms(name)).toFixed(0)} tokens a second |`;
lines.push(
  `| one step of ${BLOCK} rows | ${step.toFixed(2)} ms | ${(step / ms(`${quick} forward 320`)).toFixed(2)} of a full forward of 320 rows, ${percent(read / bandwidth)} of ${(bandwidth / 1e6).toFixed(0)} GB/s |`,
  `| full forwards, ${LENGTH} tokens after ${PROMPT} | ${full.toFixed(0)} ms | ${((1000 * LENGTH) / full).toFixed(0)} tokens a second |`,
  ratio("dual cache, one token a step"),
  ratio("dual cache, three tokens a step"),
);
const origin = `${machine()}, ${device}, ${precisions.join(" and ")}`;
const head = [`| ${quick} where nothing else is said | median | |`, "| --- | --- | --- |"];
process.stdout.write(`${[...head, ...lines].join("\n")}\n${origin}\n`);
const bars = (...shown: string[]) => shown.map((name) => ({ label: name, value: ms(name) }));
await writeResults(values.out, "forward", {
  origin,
  record: { samples: Object.fromEntries(samples) },
  chart: [
    {
      title: "milliseconds of a full forward",
      bars: bars(
        ...ROWS.flatMap((rows) => precisions.map((precision) => `${precision} forward ${rows}`)),
      ),
    },
    {
      title: `milliseconds of an answer of ${LENGTH} tokens after ${PROMPT}, ${quick}`,
      bars: bars(
        "full forwards",
        "dual cache, one token a step",
        "dual cache, three tokens a step",
      ),
    },
  ],
});

async function gpuPeaks(gpu: Device): Promise<Record<320 | 512 | 1, MatrixRun>> {
  const compute = await deviceMatrix(gpu, 4096, 16);
  return { 320: compute, 512: compute, 1: await deviceMatrix(gpu, 1, 32) };
}
