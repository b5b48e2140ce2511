/**
 * What callers meet at a running stack: answers a second alone and together, how soon a follow-up turn says something,
 * what the worker thread and gRPC add to a run, and what one tenant's flood does to another. The stack is started for it;
 * rounds take turns, so that what else the machine does meets both sides alike; medians.
 *
 *     npm run bench:serve -- [--checkpoint DIR] [--rounds 5] [--gen-length 64] [--out DIR]
 *
 * @module
 */
import { createApiKey, entryOf } from "@medv/gateway/auth/api_key";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { startStack } from "../../stack.ts";
import { ask, drawnImages, upload, type Caller } from "../caller.ts";
import { machine } from "../machine.ts";
import { median, percentile } from "../median.ts";
import { writeResults } from "../write_results.ts";
import { blockOverhead } from "./block_overhead.ts";

const ROOT = join(import.meta.dirname, "../../..");
const { values } = parseArgs({
  options: {
    checkpoint: { type: "string", default: join(ROOT, "model/checkpoints/phantom") },
    rounds: { type: "string", default: "5" },
    "gen-length": { type: "string", default: "64" },
    out: { type: "string", default: join(ROOT, ".cache/bench") },
  },
});
const [rounds, genLength] = [Number(values.rounds), Number(values["gen-length"])];
const ANSWER = { profile: "balanced", gen_length: genLength, min_tokens: genLength } as const;
/** Answers of a round, and of a flood at any time. */
const [ANSWERS, STEADY, FLOOD] = [16, 2, 32];

const keys = { ward: createApiKey(), flood: createApiKey() };
const stack = await startStack({
  MEDV_CHECKPOINT: values.checkpoint,
  MEDV_API_KEYS: Object.entries(keys)
    .map(([tenant, key]) => entryOf(tenant, key))
    .join(","),
});
try {
  await measure();
} finally {
  await stack.stop();
}

async function measure(): Promise<void> {
  const ward = await callerOf(keys.ward);
  const flooding = await callerOf(keys.flood);
  const images = drawnImages(1);
  const nextImage = async (): Promise<Buffer> => (await images.next()).value;
  const known = await upload(ward, await nextImage());
  const floodImage = await upload(flooding, await nextImage());
  // Warms up, and encodes the images.
  await Promise.all([ask(ward, known, ANSWER), ask(flooding, floodImage, ANSWER)]);
  const overhead = await blockOverhead(values.checkpoint, stack.addresses.diffusion);
  await overhead.bare();
  await overhead.served();

  const samples = {
    alone: [] as number[],
    together: [] as number[],
    first: [] as number[],
    followUp: [] as number[],
    bare: [] as number[],
    served: [] as number[],
  };
  for (let round = 0; round < rounds; round++) {
    samples.alone.push(await perSecond(() => inTurn(ward, known)));
    samples.together.push(await perSecond(() => atOnce(ward, known)));
    const png = await nextImage();
    const startedAt = performance.now();
    const id = await upload(ward, png);
    const uploadMs = performance.now() - startedAt;
    samples.first.push(uploadMs + (await ask(ward, id, ANSWER)).firstTextMs);
    samples.followUp.push((await ask(ward, id, ANSWER)).firstTextMs);
    samples.bare.push(await overhead.bare());
    samples.served.push(await overhead.served());
  }
  const alone = percentile(await timesOf(ward, known), 95);
  const steady = await besideOthers(ward, known, { flooding, floodImage, inFlight: STEADY });
  const flooded = await besideOthers(ward, known, { flooding, floodImage, inFlight: FLOOD });

  const m = Object.fromEntries(
    Object.entries(samples).map(([name, all]) => [name, median(all)]),
  ) as Readonly<Record<keyof typeof samples, number>>;
  const lines = [
    `| | median | |`,
    `| --- | --- | --- |`,
    `| answers of ${genLength} tokens, one at a time | ${m.alone.toFixed(2)} a second | |`,
    `| ${ANSWERS} at a time | ${m.together.toFixed(2)} a second | ${(m.together / m.alone).toFixed(1)} × |`,
    `| first committed text, first turn with upload and encode | ${m.first.toFixed(0)} ms | |`,
    `| first committed text, follow-up turn | ${m.followUp.toFixed(0)} ms | ${(100 * (1 - m.followUp / m.first)).toFixed(0)} % sooner |`,
    `| one run of the block decoder in the caller's thread | ${m.bare.toFixed(2)} ms | |`,
    `| the same by the service: worker thread, scheduler, gRPC | ${m.served.toFixed(2)} ms | ${(m.served - m.bare).toFixed(2)} ms more |`,
    `| p95 of a tenant's answers, alone | ${alone.toFixed(0)} ms | |`,
    `| beside another tenant's ${STEADY} at a time | ${steady.toFixed(0)} ms | |`,
    `| beside the other's ${FLOOD} at a time | ${flooded.toFixed(0)} ms | ${(100 * (flooded / steady - 1)).toFixed(0)} % more |`,
  ];
  process.stdout.write(`${lines.join("\n")}\n${machine()}\n`);
  await writeResults(values.out, "serve", {
    origin: machine(),
    record: { genLength, ...samples, p95: { alone, steady, flooded } },
    chart: [
      {
        title: `answers of ${genLength} tokens a second`,
        bars: [
          { label: "one at a time", value: m.alone },
          { label: `${ANSWERS} at a time`, value: m.together },
        ],
      },
      {
        title: "milliseconds to the first committed text",
        bars: [
          { label: "first turn, with upload and encode", value: m.first },
          { label: "follow-up turn", value: m.followUp },
        ],
      },
      {
        title: "milliseconds of a tenant's answers, 95th percentile",
        bars: [
          { label: "alone", value: alone },
          { label: `beside another's ${STEADY} at a time`, value: steady },
          { label: `beside another's ${FLOOD} at a time`, value: flooded },
        ],
      },
    ],
  });
}

async function callerOf(key: string): Promise<Caller> {
  const response = await fetch(`${stack.url}/v1/models`, {
    headers: { authorization: `Bearer ${key}` },
  });
  const { data } = z
    .object({ data: z.array(z.object({ id: z.string() })).min(1) })
    .parse(await response.json());
  return { url: stack.url, model: data[0]?.id ?? "", key };
}

async function inTurn(caller: Caller, image: string): Promise<void> {
  for (let index = 0; index < ANSWERS; index++) await ask(caller, image, ANSWER);
}

async function atOnce(caller: Caller, image: string): Promise<void> {
  await Promise.all(Array.from({ length: ANSWERS }, () => ask(caller, image, ANSWER)));
}

async function perSecond(answers: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await answers();
  return (1000 * ANSWERS) / (performance.now() - startedAt);
}

/** The 95th percentile of a tenant's answers, one after the other, while another tenant keeps so many in flight. */
async function besideOthers(
  caller: Caller,
  image: string,
  other: { readonly flooding: Caller; readonly floodImage: string; readonly inFlight: number },
): Promise<number> {
  const { flooding, floodImage, inFlight } = other;
  const over = new AbortController();
  const keepAsking = async (): Promise<void> => {
    while (!over.signal.aborted) await ask(flooding, floodImage, ANSWER);
  };
  const flood = Promise.all(Array.from({ length: inFlight }, keepAsking));
  const times = await timesOf(caller, image);
  over.abort();
  await flood;
  return percentile(times, 95);
}

/** Milliseconds of answers, one after the other. */
async function timesOf(caller: Caller, image: string): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < 20 * rounds; index++) {
    times.push((await ask(caller, image, ANSWER)).totalMs);
  }
  return times;
}
