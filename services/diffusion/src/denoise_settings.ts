/** How an answer is denoised, every field decided. */
export type DenoiseSettings = {
  /** `exact`: a full forward at every step. `prefix`: keys and values before the block are kept between refreshes. */
  readonly profile: "exact" | "prefix";
  readonly genLength: number;
  readonly blockLength: number;
  /** Denoise steps of the whole answer. */
  readonly steps: number;
  readonly temperature: number;
  readonly cfgScale: number;
  readonly remasking: "low_confidence" | "random";
  /** Token sequences that end the answer. */
  readonly stopSequences: readonly (readonly number[])[];
  /** Tokens that stand after the canvas. */
  readonly suffixIds: readonly number[];
  readonly forbiddenIds: readonly number[];
  /** Factor of the upstream threshold rule; undefined for the transfer schedule. */
  readonly threshold: number | undefined;
  /** Denoise steps from one full forward to the next; only `prefix`. */
  readonly prefixRefreshInterval: number;
  /** In `[0, 2^31 - 1)`. */
  readonly seed: number;
};
