import type { Canvas } from "./canvas.ts";
import type { View } from "./view.ts";

/** A token that a run committed, or found, and then covered again. Place and steps count in the run. */
export type CoveredToken = {
  readonly place: number;
  readonly tokenId: number;
  /** Step at which it had committed, and the confidence; -1 and 0 where that was before the run. */
  readonly since: number;
  readonly confidence: number;
  /** Step at which it was covered again. */
  readonly step: number;
};

/** The same in the answer: position and steps count from its start. */
export type CoveredAgain = {
  readonly position: number;
  readonly tokenId: number;
  readonly commitStep: number;
  readonly commitConfidence: number;
  readonly step: number;
};

/**
 * What a run covered again, each place with the last token that it lost.
 *
 * @param places `[shadow]`: where the run looked.
 * @param told `[shadow]` each, as the block decoder's outputs tell it.
 */
export function coveredTokens(
  places: readonly number[],
  told: {
    readonly step: Int32Array;
    readonly ids: Int32Array;
    readonly since: Int32Array;
    readonly confidence: Float32Array;
  },
): readonly CoveredToken[] {
  return places
    .map((place, index) => ({
      place,
      tokenId: told.ids[index] ?? 0,
      since: told.since[index] ?? -1,
      confidence: told.confidence[index] ?? 0,
      step: told.step[index] ?? -1,
    }))
    .filter(({ step }) => step >= 0);
}

/**
 * Tells it in the answer's own count.
 *
 * @param before The canvas before the run, which knows when a token of an earlier run committed.
 */
export function coveredInAnswer(
  tokens: readonly CoveredToken[],
  before: Canvas,
  { canvasStart }: Pick<View, "canvasStart">,
): readonly CoveredAgain[] {
  return tokens.map(({ place, tokenId, since, confidence, step }) => {
    const position = place - canvasStart;
    const isOfRun = since >= 0;
    return {
      position,
      tokenId,
      commitStep: isOfRun ? before.step + since : (before.commitStep[position] ?? 0),
      commitConfidence: isOfRun ? confidence : (before.commitConfidence[position] ?? 0),
      step: before.step + step,
    };
  });
}
