/**
 * What the decoder's passes cost in float32 and in int8 on a checkpoint of which only the shapes matter: a full forward,
 * a step that feeds one block, and answers with and without the dual cache. All in one process and turn by turn, so that
 * what else the machine does meets them alike; medians.
 *
 *     npm run make:checkpoint -- --size small --out DIR
 *     npm run bench:forward -- DIR [--rounds 5] [--out DIR]
 *
 * @module
 */
import { openDecoder, type DecoderSession } from "@medv/diffusion/decoder_session";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { int8Matrix, operations } from "../int8_matrix.ts";
import { machine } from "../machine.ts";
import { median } from "../median.ts";
import { writeResults } from "../write_results.ts";
import { dualCache, fullForward, fullForwards, time } from "./passes.ts";

const ROOT = join(import.meta.dirname, "../../..");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    out: { type: "string", default: join(ROOT, ".cache/bench") },
  },
});
const [directory] = positionals;
const rounds = Number(values.rounds);
if (directory === undefined || !(rounds >= 1)) {
  process.stderr.write("Usage: npm run bench:forward -- DIR [--rounds N] [--out DIR]\n");
  process.exit(2);
}

/** Canvas of a full forward, block of a step, and an image's worth of prompt. */
const [HEAD, BLOCK, PROMPT, LENGTH] = [64, 32, 800, 64];

const open = (precision: "float32" | "int8"): Promise<DecoderSession> =>
  openDecoder(
    {
      checkpoint: directory,
      threads: availableParallelism(),
      device: "cpu",
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
const [float32, int8] = [await open("float32"), await open("int8")];
const config = int8.checkpoint.config;
const matrices = { 320: await int8Matrix(320), 512: await int8Matrix(512) };

const timed: Readonly<Record<string, () => Promise<number>>> = {
  "float32 forward 320": () => time(float32, fullForward(320, HEAD)),
  "float32 forward 512": () => time(float32, fullForward(512, HEAD)),
  "int8 forward 320": () => time(int8, fullForward(320, HEAD)),
  "int8 forward 512": () => time(int8, fullForward(512, HEAD)),
  "int8 matrix 320": matrices[320].run,
  "int8 matrix 512": matrices[512].run,
  "int8 block alone": () => time(int8, fullForward(320, BLOCK)),
  "int8 block with steps": () =>
    time(int8, dualCache(320 - BLOCK, BLOCK, { blockLength: BLOCK, steps: BLOCK })),
  "int8 full forwards": () => time(int8, fullForwards(PROMPT, LENGTH)),
  "int8 dual cache, one token a step": () =>
    time(int8, dualCache(PROMPT, LENGTH, { blockLength: BLOCK, steps: LENGTH })),
  "int8 dual cache, three tokens a step": () =>
    time(int8, dualCache(PROMPT, LENGTH, { blockLength: BLOCK, steps: 22 })),
};
const samples = new Map<string, number[]>(Object.keys(timed).map((name) => [name, []]));
// The first round warms up.
for (let round = 0; round <= rounds; round++) {
  for (const [name, run] of Object.entries(timed)) {
    const ms = await run();
    if (round > 0) samples.get(name)?.push(ms);
  }
}
await float32.release();
await int8.release();
const ms = (name: string): number => median(samples.get(name) ?? []);

const lines = ([320, 512] as const).flatMap((rows) => {
  const [slow, quick] = [ms(`float32 forward ${rows}`), ms(`int8 forward ${rows}`)];
  const rate = operations(config.language, rows, HEAD) / quick;
  const most = matrices[rows].operations / ms(`int8 matrix ${rows}`);
  return [
    `| full forward, ${rows} rows, head on ${HEAD}: float32 | ${slow.toFixed(0)} ms | |`,
    `| the same in int8 | ${quick.toFixed(0)} ms | ${(slow / quick).toFixed(1)} × float32, ${((100 * rate) / most).toFixed(0)} % of the int8 matrix rate (${(most / 1e6).toFixed(0)} GOP/s) |`,
  ];
});
const refresh = ms("int8 block alone");
const step = (ms("int8 block with steps") - refresh) / (BLOCK - 1);
const full = ms("int8 full forwards");
const ratio = (name: string): string =>
  `| ${name}, ${LENGTH} tokens after ${PROMPT} | ${ms(`int8 ${name}`).toFixed(0)} ms | ${(full / ms(`int8 ${name}`)).toFixed(1)} × full forwards |`;
lines.push(
  `| one step of ${BLOCK} rows in int8 | ${step.toFixed(1)} ms | ${(step / ms("int8 forward 320")).toFixed(2)} of a full forward of 320 rows |`,
  `| full forwards, ${LENGTH} tokens after ${PROMPT} | ${full.toFixed(0)} ms | |`,
  ratio("dual cache, one token a step"),
  ratio("dual cache, three tokens a step"),
);
const head = ["| int8 and float32 | median | |", "| --- | --- | --- |"];
process.stdout.write(`${[...head, ...lines].join("\n")}\n${machine()}\n`);
const bars = (...names: string[]) => names.map((name) => ({ label: name, value: ms(name) }));
await writeResults(values.out, "forward", {
  origin: machine(),
  record: { samples: Object.fromEntries(samples) },
  chart: [
    {
      title: "milliseconds of a full forward",
      bars: bars(
        "float32 forward 320",
        "int8 forward 320",
        "float32 forward 512",
        "int8 forward 512",
      ),
    },
    {
      title: `milliseconds of an answer of ${LENGTH} tokens after ${PROMPT}`,
      bars: bars(
        "int8 full forwards",
        "int8 dual cache, one token a step",
        "int8 dual cache, three tokens a step",
      ),
    },
  ],
});
