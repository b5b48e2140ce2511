import { afterEach, expect, test, vi } from "vitest";
import type { DecoderRow, RowResult } from "./decoder_row.ts";
import { row } from "./testing/row.ts";
import { RunBatcher, UNWATCHED, type BatchLimits, type RunCaller } from "./run_batcher.ts";

const LIMITS: BatchLimits = { maxRows: 4, fits: () => true, costRatio: () => 1 };
const { signal: never } = new AbortController();

function caller(tenantScope: string, priority: RunCaller["priority"] = "interactive"): RunCaller {
  return { tenantScope, priority };
}

/** A batcher whose runs wait to be let go, and the seeds of every run's rows. */
function held(limits: BatchLimits = LIMITS) {
  const runs: number[][] = [];
  const gates: (() => void)[] = [];
  const batcher = new RunBatcher(async (rows) => {
    runs.push(rows.map(({ seed }) => seed));
    await new Promise<void>((resolve) => gates.push(resolve));
    return rows.map(({ seed }) => ({ forwardPasses: seed }) as RowResult);
  }, limits);
  const letGo = async (): Promise<void> => {
    while (gates.length === 0) await new Promise(setImmediate);
    gates.shift()?.();
  };
  const ask = (seed: number, who = caller("a"), change: Partial<DecoderRow> = {}, signal = never) =>
    batcher.run(row(seed, change), who, signal, UNWATCHED);
  return { runs, letGo, ask, batcher };
}

afterEach(() => vi.useRealTimers());

test("run() puts rows that wait into one run, and gives each its own result", async () => {
  const { runs, letGo, ask } = held();
  const first = ask(1);
  await letGo();
  await first;
  const together = [ask(2), ask(3), ask(4)];
  await letGo();
  expect((await Promise.all(together)).map((result) => result.forwardPasses)).toEqual([2, 3, 4]);
  expect(runs).toEqual([[1], [2, 3, 4]]);
});

test("run() keeps to the most rows and to what fits into memory", async () => {
  const { runs, letGo, ask } = held({
    ...LIMITS,
    maxRows: 3,
    fits: (rows, positions) => rows * positions <= 40,
  });
  const long = { tokenIds: new Int32Array(20) };
  const answers = [
    ask(1),
    ask(2),
    ask(3),
    ask(4),
    ask(5, caller("a"), long),
    ask(6, caller("a"), long),
  ];
  for (let run = 0; run < 3; run++) await letGo();
  await Promise.all(answers);
  expect(runs).toEqual([[1, 2, 3], [4, 5], [6]]);
});

test("run() does not mix full forwards with runs of many steps", async () => {
  const { runs, letGo, ask } = held();
  const answers = [ask(1), ask(2, caller("a"), { quota: [1] }), ask(3)];
  await letGo();
  await letGo();
  await Promise.all(answers);
  expect(runs).toEqual([[1, 3], [2]]);
});

test("run() lets a tenant that asks for little pass one that floods", async () => {
  const { runs, letGo, ask } = held({ ...LIMITS, maxRows: 1 });
  const answers = [1, 2, 3, 4].map((seed) => ask(seed, caller("flood")));
  await new Promise(setImmediate);
  answers.push(ask(10, caller("small")));
  for (let run = 0; run < 5; run++) await letGo();
  await Promise.all(answers);
  expect(runs.flat().indexOf(10)).toBeLessThanOrEqual(2);
});

const IN_PROPORTION: BatchLimits = {
  ...LIMITS,
  costRatio: (more, rows) => more.length / rows.length,
};

test("run() gives tenants that ask at the same time one row each where every row prolongs a run", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const { runs, letGo, ask } = held(IN_PROPORTION);
  const answers = [
    ...[1, 2, 3, 4].map((seed) => ask(seed, caller("flood"))),
    ask(10, caller("small")),
  ];
  for (let run = 0; run < 4; run++) await letGo();
  await Promise.all(answers);
  expect(runs).toEqual([[1, 10], [2], [3], [4]]);
});

test("run() keeps a place for who has just had a run, and no longer", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const { runs, letGo, ask } = held(IN_PROPORTION);
  const small = ask(10, caller("small"));
  while (runs.length < 1) await new Promise(setImmediate);
  // However long the run takes.
  vi.advanceTimersByTime(60_000);
  await letGo();
  await small;
  const answers = [1, 2, 3, 4, 5].map((seed) => ask(seed, caller("flood")));
  await letGo();
  while (runs.length < 3) await new Promise(setImmediate);
  vi.advanceTimersByTime(1000);
  await letGo();
  await letGo();
  await Promise.all(answers);
  expect(runs).toEqual([[10], [1], [2], [3, 4, 5]]);
});

test("run() gives a tenant more rows beside another's where that hardly prolongs a run", async () => {
  const { runs, letGo, ask } = held();
  const answers = [
    ...[1, 2, 3, 4].map((seed) => ask(seed, caller("flood"))),
    ask(10, caller("small")),
  ];
  for (let run = 0; run < 2; run++) await letGo();
  await Promise.all(answers);
  expect(runs.map((run) => run.length)).toEqual([4, 1]);
  expect(runs[0]).toContain(10);
});

test("run() runs batch rows where interactive ones leave room", async () => {
  const { runs, letGo, ask } = held({ ...LIMITS, maxRows: 2 });
  const answers = [
    ask(1, caller("a", "batch")),
    ask(2, caller("b", "batch")),
    ask(3, caller("c")),
    ask(4, caller("d")),
  ];
  await letGo();
  await letGo();
  await Promise.all(answers);
  expect(runs).toEqual([
    [3, 4],
    [1, 2],
  ]);
});

test("run() drops a row whose caller leaves, and runs the others", async () => {
  const { runs, letGo, ask } = held({ ...LIMITS, maxRows: 1 });
  const leaving = new AbortController();
  const first = ask(1);
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  const second = ask(2, caller("a"), {}, leaving.signal);
  const third = ask(3);
  leaving.abort(new Error("gone"));
  await expect(second).rejects.toThrow("gone");
  await letGo();
  await letGo();
  await Promise.all([first, third]);
  expect(runs).toEqual([[1], [3]]);
});

test("run() gives a failed run's error to all of its rows, and goes on", async () => {
  let runs = 0;
  const batcher = new RunBatcher((rows) => {
    runs++;
    if (runs === 1) return Promise.reject(new Error("broken"));
    return Promise.resolve(rows.map(() => ({ forwardPasses: 1 }) as RowResult));
  }, LIMITS);
  const ask = () => batcher.run(row(1), caller("a"), never, UNWATCHED);
  const results = await Promise.allSettled([ask(), ask()]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await ask()).toMatchObject({ forwardPasses: 1 });
});

test("RunBatcher tells every row its share of the run", async () => {
  const shares: number[] = [];
  const { runs, batcher, letGo } = held();
  const watch = { ...UNWATCHED, ran: (shareMs: number) => shares.push(shareMs) };
  const asked = [1, 2].map((seed) => batcher.run(row(seed), caller("a"), never, watch));
  const startedAt = performance.now();
  await letGo();
  await Promise.all(asked);
  const elapsedMs = performance.now() - startedAt;
  expect(runs).toEqual([[1, 2]]);
  expect(shares).toHaveLength(2);
  expect(shares[0]).toBe(shares[1]);
  expect(shares[0]).toBeLessThanOrEqual(elapsedMs);
});
