import { expect, test } from "vitest";
import { applyFrame, coveredCanvas, meanConfidence } from "./canvas.ts";
import { framesOf } from "./frames_of.ts";

type Token = { text: string; confidence: number; committed: boolean; step?: number };

function draft(forwardPasses: number, tokens: readonly Token[]) {
  return {
    type: "block-draft" as const,
    choice: 0,
    block: 0,
    forward_passes: forwardPasses,
    revisions: 0,
    tokens: tokens.map((token, position) => ({ position, ...token })),
  };
}

const sure = { text: "a", confidence: 0.9, committed: true, step: 0 };
const open = { text: "b", confidence: 0.2, committed: false };

test("framesOf() keeps only what changed", () => {
  const canvas = coveredCanvas(2, 2);
  const [first] = framesOf(draft(1, [sure, open]), canvas);
  expect(first?.changes).toHaveLength(2);
  if (first === undefined) throw new Error("no frame");
  const [second] = framesOf(
    draft(2, [sure, { ...open, confidence: 0.4 }]),
    applyFrame(canvas, first),
  );
  expect(second?.changes).toEqual([{ position: 1, text: "b", confidence: 0.4, committed: false }]);
});

test("framesOf() tells the steps of one run apart, provisional tokens last", () => {
  const tokens = [sure, { ...sure, step: 1 }, { ...sure, step: 2 }, open];
  const frames = framesOf(draft(3, tokens), coveredCanvas(4, 4));
  expect(frames.map(({ changes }) => changes.map(({ position }) => position))).toEqual([
    [0],
    [1],
    [2, 3],
  ]);
  expect(frames.map(({ forwardPasses }) => forwardPasses)).toEqual([1, 2, 3]);
});

test("applyFrame() marks a token that is covered again, and leaves it marked", () => {
  let canvas = coveredCanvas(1, 1);
  for (const token of [sure, open, { ...sure, step: 2 }]) {
    for (const frame of framesOf(draft(1, [token]), canvas)) canvas = applyFrame(canvas, frame);
  }
  expect(canvas.tokens[0]).toMatchObject({ state: "committed", revised: true });
});

test("meanConfidence() counts committed tokens of the answer only", () => {
  let canvas = coveredCanvas(3, 3);
  const tokens = [sure, open, { ...sure, confidence: 0.1 }];
  for (const frame of framesOf(draft(1, tokens), canvas)) canvas = applyFrame(canvas, frame);
  expect(meanConfidence(canvas, 2)).toBe(0.9);
  expect(meanConfidence(coveredCanvas(3, 3), 3)).toBeUndefined();
});
