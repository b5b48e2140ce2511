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

/**
 * Named sets of settings. `exact` and `prefix` are the published samplers; the others keep keys and values of everything
 * outside of the block, see a window of what is still covered, and commit what is certain together.
 */
export const PROFILES: Readonly<Record<ProfileName, ProfileSettings>> = {
  exact: {
    blockLength: undefined,
    scheduled: true,
    rules: NO_RULES,
    cache: "none",
    suffixWindow: undefined,
    refreshSteps: 1,
    refreshCommits: NEVER,
    doubt: 0,
  },
  prefix: {
    blockLength: undefined,
    scheduled: false,
    rules: { ...NO_RULES, factor: 1 },
    cache: "prefix",
    suffixWindow: undefined,
    refreshSteps: 32,
    refreshCommits: NEVER,
    doubt: 0,
  },
  balanced: {
    blockLength: 32,
    scheduled: false,
    rules: { ...NO_RULES, risk: 0.3 },
    cache: "dual",
    suffixWindow: undefined,
    refreshSteps: 32,
    refreshCommits: NEVER,
    doubt: 0,
  },
  fast: {
    blockLength: 64,
    scheduled: false,
    rules: { ...NO_RULES, risk: 1 },
    cache: "dual",
    suffixWindow: undefined,
    refreshSteps: 64,
    refreshCommits: NEVER,
    doubt: 0,
  },
  careful: {
    blockLength: 32,
    scheduled: false,
    rules: { ...NO_RULES, risk: 0.3 },
    cache: "dual",
    suffixWindow: undefined,
    refreshSteps: 32,
    refreshCommits: NEVER,
    doubt: 0.5,
  },
};

export const DEFAULT_PROFILE: ProfileName = "exact";
