import { expect, test } from "vitest";
import type { DecoderRow } from "./decoder_row.ts";
import { RunCost } from "./run_cost.ts";
import { row } from "./testing/row.ts";

function rows(count: number): readonly DecoderRow[] {
  return Array.from({ length: count }, (_, seed) => row(seed));
}

function learnt(msOf: (count: number) => number, counts: readonly number[]): RunCost {
  const cost = new RunCost();
  for (const count of counts) cost.learn(rows(count), msOf(count));
  return cost;
}

test("ratio() is in proportion before anything is known, and while all runs are of one size", () => {
  expect(new RunCost().ratio(rows(3), rows(1))).toBeCloseTo(3);
  expect(learnt(() => 40, [4, 4, 4]).ratio(rows(3), rows(1))).toBeCloseTo(3);
});

test("ratio() counts a row with guidance twice, and shadows with what they look at", () => {
  const cost = new RunCost();
  expect(cost.ratio([row(1, { cfgScale: 1 })], [row(1)])).toBeCloseTo(2);
  expect(cost.ratio([row(1, { shadow: [5, 6, 7, 8, 9] })], [row(1)])).toBeCloseTo(20 / 15);
});

test("ratio() learns what a run costs beside its rows", () => {
  const cost = learnt((count) => 10 + 5 * count, [1, 2, 4, 8]);
  expect(cost.ratio(rows(8), rows(1))).toBeCloseTo(50 / 15);
});

test("ratio() is 1 where a run costs the same however full it is", () => {
  expect(learnt(() => 7, [1, 2, 4, 8]).ratio(rows(8), rows(1))).toBeCloseTo(1);
});

test("ratio() forgets what no longer holds", () => {
  const cost = learnt(() => 7, [1, 2, 4, 8]);
  for (let run = 0; run < 100; run++) {
    for (const count of [1, 2, 4, 8]) cost.learn(rows(count), 5 * count);
  }
  expect(cost.ratio(rows(8), rows(1))).toBeCloseTo(8, 0);
});
