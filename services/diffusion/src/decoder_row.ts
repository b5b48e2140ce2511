import type { CoveredPlace } from "./covered_again.ts";

/** The images' embeddings, one after another: float32 `[imageTokens, hidden]`. */
export type Embeddings = {
  readonly data: Float32Array;
  readonly tokens: number;
  readonly hidden: number;
};

/** One answer's part of a run of the block decoder. Places count in the sequence that is fed, prompt first. */
export type DecoderRow = {
  /** `[sequence]` */
  readonly tokenIds: Int32Array;
  /** `[sequence]`: positions in the whole answer; masks far ahead may be left out of the sequence. */
  readonly positions: Int32Array;
  readonly embeddings: Embeddings;
  /** `[prompt, taps]` */
  readonly imageRow: Int32Array;
  readonly imageWeight: Float32Array;
  readonly taps: number;
  /** First place that gets logits, and the one after the last. */
  readonly activeStart: number;
  readonly activeEnd: number;
  /** Tokens of which the run says how probable they are at the first active places. */
  readonly askedIds: readonly number[];
  /** Places that inner steps look at as if they were covered, to cover again what they doubt. */
  readonly shadow: readonly number[];
  /** Nothing at or after it commits. */
  readonly blockEnd: number;
  readonly canvasStart: number;
  readonly canvasEnd: number;
  /** Least positions to commit at each step, one entry for the refresh and one for every inner step. */
  readonly quota: readonly number[];
  /** After so many commits the row waits for the next refresh. */
  readonly commitLimit: number;
  readonly rules: TransferRules;
  /** Tokens of the block whose probability falls below it are covered again; 0 never. */
  readonly doubt: number;
  readonly temperature: number;
  readonly randomRemasking: boolean;
  /** In `[0, 2^31 - 1)`. */
  readonly seed: number;
  /** Denoise steps of the answer before this run. */
  readonly stepOffset: number;
  readonly forbiddenIds: readonly number[];
  /** First place where the answer may end. */
  readonly eotFrom: number;
  /** Above 0 the row is fed twice, once without its prompt. */
  readonly cfgScale: number;
  readonly stopSequences: readonly (readonly number[])[];
  /** Place of a stop known so far, or NO_STOP. */
  readonly stop: number;
};

/** The adaptive rules of a row, at the values where they do not hold unless chosen. */
export type TransferRules = {
  readonly factor: number;
  readonly threshold: number;
  readonly risk: number;
  readonly entropy: number;
};

/** Values at which no adaptive rule commits anything: what is left is the schedule. */
export const NO_RULES: TransferRules = { factor: -1, threshold: 2, risk: 0, entropy: -1 };

/** What a run left of one answer. */
export type RowResult = {
  /** `[sequence]` */
  readonly tokenIds: Int32Array;
  /** `[sequence]`: step of the run at which a place committed; -1 where it did not. */
  readonly commitStep: Int32Array;
  readonly commitConfidence: Float32Array;
  /** `[active]`: what was last predicted where a mask token stood. */
  readonly prediction: Int32Array;
  readonly confidence: Float32Array;
  /** `[active]`: probability of what was asked for. */
  readonly asked: Float32Array;
  readonly stop: number;
  readonly forwardPasses: number;
  readonly revisions: number;
  /** What the run covered again. */
  readonly coveredAgain: readonly CoveredPlace[];
};

/** Sequences that a run of these rows computes: one with guidance is computed with its prompt and without. */
export function copiesOf(rows: readonly DecoderRow[]): number {
  return rows.reduce((sum, { cfgScale }) => sum + (cfgScale > 0 ? 2 : 1), 0);
}

/**
 * Positions that a run of these rows computes: the whole sequence once, active places and shadows at every inner step, each
 * row padded to the largest.
 */
export function positionsOf(rows: readonly DecoderRow[]): number {
  const largest = (of: (row: DecoderRow) => number): number => Math.max(0, ...rows.map(of));
  const innerSteps = largest(({ quota }) => quota.length - 1);
  const queries = largest((row) => row.activeEnd - row.activeStart + row.shadow.length);
  return copiesOf(rows) * (largest(({ tokenIds }) => tokenIds.length) + innerSteps * queries);
}
