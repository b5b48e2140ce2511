import type { ProfileName } from "@medv/proto/profile_name";
import type { TransferRules } from "./decoder_row.ts";
import type { LengthPlan } from "./length_plan.ts";

/** How an answer is denoised, every field decided. */
export type DenoiseSettings = {
  /** Where the settings began, before a request changed some. */
  readonly profile: ProfileName;
  /** Longest that the canvas becomes, in tokens. */
  readonly genLength: number;
  readonly plan: LengthPlan;
  readonly blockLength: number;
  /** Denoise steps of the whole answer, where the transfer schedule alone decides; else undefined. */
  readonly steps: number | undefined;
  /** Rules that decide what commits beside the schedule's, or at least one position a step where there is none. */
  readonly rules: TransferRules;
  /**
   * What inner steps feed: nothing (`none`: every step is a full forward), the block and all after it (`prefix`), or the
   * block alone (`dual`).
   */
  readonly cache: "none" | "prefix" | "dual";
  /** Mask tokens after the block that are seen, beside the last position; undefined: all. */
  readonly suffixWindow: number | undefined;
  /** Denoise steps, and commits, from one full forward to the next; at a block's start there always is one. */
  readonly refreshSteps: number;
  readonly refreshCommits: number;
  /** Tokens of a block whose probability falls below it are covered again; 0 never. */
  readonly doubt: number;
  readonly temperature: number;
  readonly cfgScale: number;
  readonly remasking: "low_confidence" | "random";
  /** Token sequences that end the answer. */
  readonly stopSequences: readonly (readonly number[])[];
  /** The answer does not end before so many tokens. */
  readonly minTokens: number;
  /** Tokens that stand after the canvas. */
  readonly suffixIds: readonly number[];
  readonly forbiddenIds: readonly number[];
  /** In `[0, 2^31 - 1)`. */
  readonly seed: number;
};
