import type { ProfileName } from "@medv/proto/profile_name";
import { NO_RULES } from "./decoder_row.ts";
import type { DenoiseSettings } from "./denoise_settings.ts";

/** What a profile decides. */
export type ProfileSettings = Pick<
  DenoiseSettings,
  "rules" | "cache" | "suffixWindow" | "refreshSteps" | "refreshCommits" | "doubt"
> & {
  /** Undefined: the whole answer is one block. */
  readonly blockLength: number | undefined;
  /** The transfer schedule decides, over as many steps as the answer has tokens unless a request says otherwise. */
  readonly scheduled: boolean;
};

const NEVER = 2 ** 31 - 1;

const EXACT: ProfileSettings = {
  blockLength: undefined,
  scheduled: true,
  rules: NO_RULES,
  cache: "none",
  suffixWindow: undefined,
  refreshSteps: 1,
  refreshCommits: NEVER,
  doubt: 0,
};

const BALANCED: ProfileSettings = {
  ...EXACT,
  blockLength: 32,
  scheduled: false,
  rules: { ...NO_RULES, factor: 0.4 },
  cache: "dual",
  refreshSteps: 32,
};

/**
 * Named sets of settings. `exact` and `prefix` are the published samplers; the others keep keys and values of everything
 * outside of the block and commit what is certain together. No profile leaves out masks far ahead: a model that fills
 * its canvas has to see all of it.
 */
export const PROFILES: Readonly<Record<ProfileName, ProfileSettings>> = {
  exact: EXACT,
  prefix: {
    ...EXACT,
    scheduled: false,
    rules: { ...NO_RULES, factor: 1 },
    cache: "prefix",
    refreshSteps: 32,
  },
  balanced: BALANCED,
  fast: { ...BALANCED, blockLength: 64, rules: { ...NO_RULES, factor: 2 }, refreshSteps: 64 },
  // Bolder, as what does not fit is covered again.
  careful: { ...BALANCED, rules: { ...NO_RULES, factor: 1 }, doubt: 0.5 },
};

/** Where a request names none. */
export const DEFAULT_PROFILE: ProfileName = "balanced";
