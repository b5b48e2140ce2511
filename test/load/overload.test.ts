import { setTimeout as sleep } from "node:timers/promises";
import { until } from "@medv/runtime/testing/until";
import { afterEach, expect, test } from "vitest";
import { percentile } from "../bench/median.ts";
import { ask, type Outcome, tally } from "../faults/ask.ts";
import { type Cluster, startCluster } from "../faults/cluster.ts";
import { LONG } from "../faults/length.ts";
import { allNumbers, type ProcessNumbers } from "../faults/process_numbers.ts";
import { readMetric } from "../read_metric.ts";
import { slope } from "./slope.ts";

let cluster: Cluster | undefined;
afterEach(() => cluster?.stop());

const SECONDS = LONG ? 180 : 10;
const OVER = 5;
const SAMPLE_MS = LONG ? 5_000 : 1_000;
/** What garbage that is not collected yet may take, at the end of a line through what was held. */
const GROWTH_MB = LONG ? 64 : 256;
/** Answers that run together. */
const ROWS = 16;
/** Work for the decoder, which is what there is too little of: those who ask need the same processors. */
const ANSWER = { genLength: 64 };
/** Answers whose end is predicted: not more work than is taken in. */
const AHEAD = 20;
/** Times are for the long version, which has the machine for itself. */
const REFUSAL_MS = LONG ? 50 : Infinity;
const RECOVERY_MS = LONG ? 5_000 : Infinity;
/** Connections that the gateway did not take in the ten seconds that the caller waits for one. */
const UNREACHED = LONG ? 0 : Infinity;

test(`with ${OVER} times what it can do for ${SECONDS} s, what is taken in is done in time and the rest is told when to come back`, async ({
  annotate,
}) => {
  cluster = await startCluster({
    settings: { MEDV_MAX_QUEUE_SECONDS: "2", MEDV_ANSWER_TIMEOUT_SECONDS: "30" },
  });
  const url = cluster.url();
  const perSecond = await capacity(url);
  const ahead = await workAhead(cluster);
  const asked: Promise<Outcome>[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + SECONDS * 1000;
  const sampling = sample(cluster, endsAt);
  while (performance.now() < endsAt) {
    const due = ((performance.now() - startedAt) / 1000) * OVER * perSecond;
    while (asked.length < due) asked.push(ask(url, ANSWER));
    await sleep(10);
  }
  const recovering = recovery(url);
  const outcomes = await Promise.all(asked);
  const recoveryMs = await recovering;
  const samples = await sampling;
  const accepted = outcomes.filter(({ status }) => status === 200);
  const unreached = outcomes.filter(({ status }) => status === undefined);
  const refused = outcomes.filter(({ type }) => type === "refused");
  const acceptedMs = accepted.map(({ ms }) => ms);
  const refusalMs = refused.map(({ ms }) => ms);
  // Heaps grow to what the load needs in its first third, and no further.
  const settled = samples.slice(Math.floor(samples.length / 3));
  const minutes = ((settled.length - 1) * SAMPLE_MS) / 60_000;
  const growthMb = cluster.replicas.map(({ name }, index) => ({
    name,
    growthMb:
      minutes *
      slope(
        settled.map((each) => each[index]?.residentMb ?? NaN),
        SAMPLE_MS,
      ),
  }));
  await annotate(
    JSON.stringify({
      perSecond,
      ahead,
      outcomes: tally(outcomes),
      refusalMs: { p50: percentile(refusalMs, 50), p99: percentile(refusalMs, 99) },
      acceptedMs: { p50: percentile(acceptedMs, 50), p99: percentile(acceptedMs, 99) },
      recoveryMs,
      growthMb,
      last: samples.at(-1),
    }),
  );
  expect(accepted.length).toBeGreaterThan(0);
  expect(unreached.length).toBeLessThanOrEqual(UNREACHED);
  const whole = accepted.filter(({ type }) => type === "whole");
  expect(whole.length).toBeGreaterThanOrEqual(0.99 * accepted.length);
  expect(refused.length).toBeGreaterThan(0);
  for (const { status, retryAfter } of refused) {
    expect([429, 503]).toContain(status);
    expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
  }
  for (const each of growthMb) expect(each.growthMb).toBeLessThan(GROWTH_MB);
  expect(percentile(refusalMs, 99)).toBeLessThan(REFUSAL_MS);
  expect(recoveryMs).toBeLessThan(RECOVERY_MS);
  expect(tally(await Promise.all(Array.from({ length: 3 }, () => ask(url, ANSWER))))).toEqual({
    whole: 3,
  });
});

/** Answers a second when as many ask as run together; also what teaches the decoder its prices. */
async function capacity(url: string): Promise<number> {
  const startedAt = performance.now();
  let answers = 0;
  const endsAt = startedAt + (LONG ? 20_000 : 3_000);
  await Promise.all(
    Array.from({ length: ROWS }, async () => {
      while (performance.now() < endsAt) {
        if ((await ask(url, ANSWER)).type === "whole") answers += 1;
      }
    }),
  );
  return answers / ((performance.now() - startedAt) / 1000);
}

/** How long the work of many that ask together is predicted to take, and how long it takes. */
async function workAhead(
  of: Cluster,
): Promise<{ readonly predictedSeconds: number; readonly seconds: number }> {
  const started = Promise.withResolvers<void>();
  let starts = 0;
  const onEvent = (name: string): void => {
    if (name === "answer-start" && ++starts === AHEAD) started.resolve();
  };
  const asked = Promise.all(
    Array.from({ length: AHEAD }, () => ask(of.url(), { ...ANSWER, onEvent })),
  );
  await Promise.race([started.promise, asked]);
  const { metricsUrl } = of.replica("diffusion");
  const predictedSeconds = await readMetric(metricsUrl, "medv_diffusion_queued_seconds");
  const predictedAt = performance.now();
  await asked;
  return { predictedSeconds, seconds: (performance.now() - predictedAt) / 1000 };
}

/** What every process holds, from time to time. */
async function sample(
  of: Cluster,
  endsAt: number,
): Promise<readonly (readonly ProcessNumbers[])[]> {
  const samples = [];
  while (performance.now() < endsAt) {
    await sleep(SAMPLE_MS);
    samples.push(await allNumbers(of));
  }
  return samples;
}

/** How long it takes from now to the end of an answer to somebody who asks again at each refusal. */
async function recovery(url: string): Promise<number> {
  const startedAt = performance.now();
  await until("it takes answers in again", async () => (await ask(url, ANSWER)).type === "whole");
  return performance.now() - startedAt;
}
