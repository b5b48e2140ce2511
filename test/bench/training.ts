/**
 * How fast a training step of the embedded checkpoint's language tower runs: forward, backward and AdamW.
 *
 *     npm run bench:training -- [--batch 32] [--sequence 160] [--runs 9] [--threads N]
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { readModelConfig } from "@medv/model/config";
import { randomSource } from "@medv/phantoms/random";
import { floats, integers, number, ortTensors, tensorFeed, type Feeds } from "@medv/training/feeds";
import { initialParameter } from "@medv/training/initial_parameters";
import { momentName, MOMENTS } from "@medv/training/optimizer";
import { languageStep, type TrainStep } from "@medv/training/step/train_step";
import { InferenceSession, type Tensor } from "onnxruntime-node";
import { machine } from "./machine.ts";
import { median } from "./median.ts";

const { values } = parseArgs({
  options: {
    batch: { type: "string", default: "32" },
    sequence: { type: "string", default: "160" },
    runs: { type: "string", default: "9" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});
const [batch = 0, sequence = 0, runs = 0, threads = 0] = [
  values.batch,
  values.sequence,
  values.runs,
  values.threads,
].map(Number);
if (![batch, sequence, runs, threads].every((each) => Number.isInteger(each) && each > 0)) {
  process.stderr.write(
    "Usage: npm run bench:training -- [--batch N] [--sequence N] [--runs N] [--threads N]\n",
  );
  process.exit(2);
}

const EMBEDDED = new URL("../../model/checkpoints/phantom/config.json", import.meta.url);
const json: unknown = JSON.parse(await readFile(EMBEDDED, "utf8"));
const config = readModelConfig(json, EMBEDDED.pathname);
const vocabulary = config.language.vocabSize;
const step = languageStep(
  config,
  {
    trains: ["language"],
    images: "none",
    patchWords: false,
    mixture: { dialogue: 1 },
    conversationMask: false,
  },
  { objective: "diffusion", vocabulary, maskToken: 1 },
);
const session = await InferenceSession.create(step.bytes, {
  logSeverityLevel: 3,
  intraOpNumThreads: threads,
});
const feeds = { ...parametersOf(step), ...ortTensors(batchOf()) };
const times: number[] = [];
// The first run allocates.
for (let run = 0; run <= runs; run++) {
  const start = performance.now();
  await session.run(feeds);
  if (run > 0) times.push(performance.now() - start);
}
await session.release();
const stepMs = median(times);
process.stdout.write(
  `${machine()}, ${threads} threads, width ${config.language.hiddenSize}, ${config.language.layers} layers, median of ${runs} steps
${batch} x ${sequence} rows: ${stepMs.toFixed(0)} ms, ${((1000 * batch) / stepMs).toFixed(1)} samples/s
`,
);

/** Every position a target: the most that the head can have to do. */
function batchOf(): Feeds {
  const random = randomSource("bench");
  const shape = [batch, sequence];
  const ids = Array.from({ length: batch * sequence }, () => random.integer(2, vocabulary - 1));
  const uniform = (length: number): Float32Array =>
    Float32Array.from({ length }, () => random.uniform());
  return {
    token_ids: integers(shape, ids),
    labels: integers(shape, ids),
    positions: integers(
      shape,
      ids.map((_, place) => place % sequence),
    ),
    targets: integers(
      [ids.length],
      ids.map((_, place) => place),
    ),
    t: floats([batch], uniform(batch)),
    u: floats(shape, uniform(ids.length)),
    learning_rate: number(1e-3),
    first_correction: number(0.1),
    second_correction: number(0.001),
  };
}

function parametersOf({ parameters, trained }: TrainStep): Record<string, Tensor> {
  const start = [...parameters].map(
    ([name, shape]) =>
      [name, initialParameter(name, shape, { seed: 1, layers: config.language.layers })] as const,
  );
  const moments = start
    .filter(([name]) => trained.includes(name))
    .flatMap(([name, { shape, data }]) =>
      MOMENTS.map(
        (moment) => [momentName(moment, name), { shape, data: data.map(() => 0) }] as const,
      ),
    );
  return ortTensors(
    Object.fromEntries([...start, ...moments].map(([name, tensor]) => [name, tensorFeed(tensor)])),
  );
}
