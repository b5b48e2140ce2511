import { expect, test } from "vitest";
import { coveredCanvas } from "./canvas.ts";
import { coveredInAnswer, coveredTokens } from "./covered_again.ts";

test("coveredTokens() tells the places of a run that were covered again", () => {
  const told = {
    step: Int32Array.of(-1, 3, 2),
    ids: Int32Array.of(0, 7, 8),
    since: Int32Array.of(-1, 1, -1),
    confidence: Float32Array.of(0, 0.5, 0),
  };
  expect(coveredTokens([10, 11, 12], told)).toEqual([
    { place: 11, tokenId: 7, since: 1, confidence: 0.5, step: 3 },
    { place: 12, tokenId: 8, since: -1, confidence: 0, step: 2 },
  ]);
});

test("coveredInAnswer() counts from the answer's start, and knows what committed before the run", () => {
  const before = { ...coveredCanvas(3, 0), step: 20 };
  before.commitStep[2] = 15;
  before.commitConfidence[2] = 0.75;
  const tokens = [
    { place: 11, tokenId: 7, since: 1, confidence: 0.5, step: 3 },
    { place: 12, tokenId: 8, since: -1, confidence: 0, step: 2 },
  ];
  expect(coveredInAnswer(tokens, before, { canvasStart: 10 })).toEqual([
    { position: 1, tokenId: 7, commitStep: 21, commitConfidence: 0.5, step: 23 },
    { position: 2, tokenId: 8, commitStep: 15, commitConfidence: 0.75, step: 22 },
  ]);
});
