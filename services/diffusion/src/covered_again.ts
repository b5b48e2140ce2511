import type { Canvas } from "./canvas.ts";
import type { View } from "./view.ts";

/** A place of a run where a token committed, or stood, and then was covered again. Place and steps count in the run. */
export type CoveredPlace = {
  readonly place: number;
  readonly tokenId: number;
  /** Step at which it had committed, and its confidence; -1 and 0 where that was before the run. */
  readonly commitStep: number;
  readonly commitConfidence: number;
  readonly coveredStep: number;
};

/** The same in the answer: position and steps count from its start. */
export type CoveredAgain = {
  readonly position: number;
  readonly tokenId: number;
  readonly commitStep: number;
  readonly commitConfidence: number;
  readonly coveredStep: number;
};

/**
 * What a run covered again, each place with the last token that it lost.
 *
 * @param places `[shadow]`: where the run looked.
 * @param told `[shadow]` each, as the block decoder's outputs tell it.
 */
export function coveredPlaces(
  places: readonly number[],
  told: {
    readonly tokenIds: Int32Array;
    readonly commitStep: Int32Array;
    readonly commitConfidence: Float32Array;
    readonly coveredStep: Int32Array;
  },
): readonly CoveredPlace[] {
  return places
    .map((place, index) => ({
      place,
      tokenId: told.tokenIds[index] ?? 0,
      commitStep: told.commitStep[index] ?? -1,
      commitConfidence: told.commitConfidence[index] ?? 0,
      coveredStep: told.coveredStep[index] ?? -1,
    }))
    .filter(({ coveredStep }) => coveredStep >= 0);
}

/**
 * Tells it in the answer's own count.
 *
 * @param before The canvas before the run, which knows when a token of an earlier run committed.
 */
export function coveredInAnswer(
  places: readonly CoveredPlace[],
  before: Canvas,
  { canvasStart }: Pick<View, "canvasStart">,
): readonly CoveredAgain[] {
  return places.map(({ place, tokenId, commitStep, commitConfidence, coveredStep }) => {
    const position = place - canvasStart;
    const isOfRun = commitStep >= 0;
    return {
      position,
      tokenId,
      commitStep: isOfRun ? before.step + commitStep : (before.commitStep[position] ?? 0),
      commitConfidence: isOfRun ? commitConfidence : (before.commitConfidence[position] ?? 0),
      coveredStep: before.step + coveredStep,
    };
  });
}
