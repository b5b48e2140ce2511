import { setTimeout as sleep } from "node:timers/promises";
import { until } from "@medv/runtime/testing/until";
import { afterEach, expect, test } from "vitest";
import { percentile } from "../bench/median.ts";
import { ask, type Outcome, tally } from "../faults/ask.ts";
import { type Cluster, startCluster } from "../faults/cluster.ts";
import { LONG } from "../faults/length.ts";
import { allNumbers, type ProcessNumbers } from "./process_numbers.ts";

let cluster: Cluster | undefined;
afterEach(() => cluster?.stop());

const SECONDS = LONG ? 180 : 15;
const OVER = 5;
/** What garbage that is not collected yet may take. */
const GROWTH_MB = 256;
/** Answers that run together. */
const ROWS = 16;

test(`with ${OVER} times what it can do for ${SECONDS} s, what is taken in is done in time and the rest is told when to come back`, async ({
  annotate,
}) => {
  cluster = await startCluster({
    settings: { MEDV_MAX_QUEUE_SECONDS: "2", MEDV_ANSWER_TIMEOUT_SECONDS: "30" },
  });
  const url = cluster.url();
  const perSecond = await capacity(url);
  const asked: Promise<Outcome>[] = [];
  const startedAt = performance.now();
  // Heaps grow to what the load needs in its first third, and no further.
  let grown: readonly ProcessNumbers[] | undefined;
  while (performance.now() - startedAt < SECONDS * 1000) {
    if (performance.now() - startedAt > (SECONDS * 1000) / 3) grown ??= await allNumbers(cluster);
    const due = ((performance.now() - startedAt) / 1000) * OVER * perSecond;
    while (asked.length < due) asked.push(ask(url));
    await sleep(10);
  }
  const outcomes = await Promise.all(asked);
  const after = await allNumbers(cluster);
  const accepted = outcomes.filter(({ type }) => type !== "refused");
  const refused = outcomes.filter(({ type }) => type === "refused");
  const refusalMs = refused.map(({ ms }) => ms);
  await annotate(
    JSON.stringify({
      perSecond,
      outcomes: tally(outcomes),
      refusalMs: { p50: percentile(refusalMs, 50), p99: percentile(refusalMs, 99) },
      acceptedMs: {
        p99: percentile(
          accepted.map(({ ms }) => ms),
          99,
        ),
      },
      numbers: { grown, after },
    }),
  );
  expect(accepted.length).toBeGreaterThan(0);
  const whole = accepted.filter(({ type }) => type === "whole");
  expect(whole.length).toBeGreaterThanOrEqual(0.99 * accepted.length);
  expect(refused.length).toBeGreaterThan(0);
  for (const { status, retryAfter } of refused) {
    expect([429, 503]).toContain(status);
    expect(Number(retryAfter)).toBeGreaterThanOrEqual(1);
  }
  for (const [index, { residentMb }] of after.entries()) {
    expect(residentMb).toBeLessThan((grown?.[index]?.residentMb ?? 0) + GROWTH_MB);
  }
  await until(async () => (await ask(url)).type === "whole");
  expect(tally(await Promise.all([ask(url), ask(url), ask(url)]))).toEqual({ whole: 3 });
});

/** Answers a second when as many ask as run together; also what teaches the decoder its prices. */
async function capacity(url: string): Promise<number> {
  const startedAt = performance.now();
  let answers = 0;
  const endsAt = startedAt + (LONG ? 20_000 : 3_000);
  await Promise.all(
    Array.from({ length: ROWS }, async () => {
      while (performance.now() < endsAt) if ((await ask(url)).type === "whole") answers += 1;
    }),
  );
  return answers / ((performance.now() - startedAt) / 1000);
}
