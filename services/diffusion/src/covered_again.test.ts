import { expect, test } from "vitest";
import { coveredCanvas } from "./canvas.ts";
import { coveredInAnswer, coveredPlaces } from "./covered_again.ts";

test("coveredPlaces() tells the places of a run that were covered again", () => {
  const told = {
    tokenIds: Int32Array.of(0, 7, 8),
    commitStep: Int32Array.of(-1, 1, -1),
    commitConfidence: Float32Array.of(0, 0.5, 0),
    coveredStep: Int32Array.of(-1, 3, 2),
  };
  expect(coveredPlaces([10, 11, 12], told)).toEqual([
    { place: 11, tokenId: 7, commitStep: 1, commitConfidence: 0.5, coveredStep: 3 },
    { place: 12, tokenId: 8, commitStep: -1, commitConfidence: 0, coveredStep: 2 },
  ]);
});

test("coveredInAnswer() counts from the answer's start, and knows what committed before the run", () => {
  const before = { ...coveredCanvas(3, 0), step: 20 };
  before.commitStep[2] = 15;
  before.commitConfidence[2] = 0.75;
  const places = [
    { place: 11, tokenId: 7, commitStep: 1, commitConfidence: 0.5, coveredStep: 3 },
    { place: 12, tokenId: 8, commitStep: -1, commitConfidence: 0, coveredStep: 2 },
  ];
  expect(coveredInAnswer(places, before, { canvasStart: 10 })).toEqual([
    { position: 1, tokenId: 7, commitStep: 21, commitConfidence: 0.5, coveredStep: 23 },
    { position: 2, tokenId: 8, commitStep: 15, commitConfidence: 0.75, coveredStep: 22 },
  ]);
});
