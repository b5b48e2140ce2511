import { Cache, Remasking, type GenerationSettings } from "@medv/proto/diffusion";
import type { Tokenizer } from "@medv/model/tokenizer";
import { NO_RULES, type TransferRules } from "./decoder_row.ts";
import type { DenoiseSettings } from "./denoise_settings.ts";
import { profileName } from "@medv/proto/profile_name";
import { DEFAULT_PROFILE, PROFILES } from "./profiles.ts";
import { MAX_GEN_LENGTH, resolveLength } from "./resolve_length.ts";
import { contradiction, invalid, within } from "./setting_error.ts";

/** What holds where a request says nothing, whatever the profile. */
export const DEFAULTS = { genLength: 64, temperature: 0, cfgScale: 0 } as const;

type Settings = GenerationSettings | undefined;

/**
 * Decides every setting of an answer: what the request says, then what its profile says.
 *
 * @throws {DomainError} `invalid_setting`, naming the fields, when a value is out of range or two do not fit together.
 */
export function resolveSettings(
  settings: Settings,
  tokenizer: Pick<Tokenizer, "encodeText" | "decode" | "special" | "size">,
  randomSeed: () => number,
): DenoiseSettings {
  const profile = profileName(settings?.profile) ?? DEFAULT_PROFILE;
  const base = PROFILES[profile];
  const length = resolveLength(settings, tokenizer, DEFAULTS.genLength);
  const { genLength, plan } = length;
  const firstLength = plan.type === "adaptive" ? plan.startLength : genLength;
  const cache = CACHES[settings?.cache ?? Cache.UNSPECIFIED] ?? base.cache;
  // Who asks for words or gives a template does not know the length in tokens.
  const isLengthOwn = plan.type === "words" || plan.type === "template";
  const blockLength = Math.min(
    genLength,
    within(
      "block_length",
      settings?.blockLength ?? base.blockLength ?? firstLength,
      1,
      isLengthOwn || settings?.blockLength === undefined ? MAX_GEN_LENGTH : genLength,
    ),
  );
  const chosen = chosenRule(settings);
  const isScheduled = chosen === undefined ? base.scheduled : chosen === "steps";
  const steps = !isScheduled
    ? undefined
    : isLengthOwn
      ? blockLength * Math.ceil(genLength / blockLength)
      : scheduledSteps(settings, genLength, blockLength);
  const doubt = within("doubt", settings?.doubt ?? (isScheduled ? 0 : base.doubt), 0, 1);
  refuseContradictions(settings, { cache, isScheduled, doubt });
  const { special, size } = tokenizer;
  const forbidden = settings?.forbiddenTokenIds ?? [];
  for (const id of forbidden) within("forbidden_token_ids", id, 0, size - 1);
  return {
    ...length,
    profile,
    blockLength,
    steps,
    rules: chosen === undefined ? base.rules : rulesOf(settings),
    cache,
    suffixWindow:
      settings?.suffixWindow === undefined
        ? base.suffixWindow
        : within("suffix_window", settings.suffixWindow, 0, MAX_GEN_LENGTH),
    refreshSteps:
      cache === "none"
        ? 1
        : within(
            "refresh_steps",
            settings?.refreshSteps ??
              (base.cache === cache ? base.refreshSteps : Math.max(base.refreshSteps, blockLength)),
            1,
            MAX_GEN_LENGTH,
          ),
    refreshCommits: within(
      "refresh_commits",
      settings?.refreshCommits ?? base.refreshCommits,
      1,
      2 ** 31,
    ),
    doubt,
    temperature: within("temperature", settings?.temperature ?? DEFAULTS.temperature, 0, 2),
    cfgScale: within("cfg_scale", settings?.cfgScale ?? DEFAULTS.cfgScale, 0, 100),
    remasking: settings?.remasking === Remasking.RANDOM ? "random" : "low_confidence",
    // The text is searched for stop strings too, as one may be spelled with other tokens than it encodes to.
    stopSequences: [
      [special.eot],
      ...(settings?.stop ?? []).map((stop) => tokenizer.encodeText(stop)),
    ].filter((sequence) => sequence.length > 0),
    forbiddenIds: [special.eos, special.bos, special.startHeader, special.endHeader, ...forbidden],
    seed: settings?.seed === undefined ? randomSeed() : Number(settings.seed % BigInt(SEEDS)),
  };
}

const CACHES: Readonly<Partial<Record<Cache, DenoiseSettings["cache"]>>> = {
  [Cache.NONE]: "none",
  [Cache.PREFIX]: "prefix",
  [Cache.DUAL]: "dual",
};

/** Seeds live below this prime; see `uniform()` in the model. */
export const SEEDS = 2147483647;

/** What can decide how much commits in a step: the schedule, or one of the rules with the largest value it may have. */
type Rule = "steps" | keyof TransferRules;
const MOST: Readonly<Record<keyof TransferRules, number>> = {
  factor: 1000,
  threshold: 1,
  risk: MAX_GEN_LENGTH,
  entropy: 1000,
};

/** The one rule that a request names, or undefined. */
function chosenRule(settings: Settings): Rule | undefined {
  const given = (["steps", "factor", "threshold", "risk", "entropy"] as const).filter(
    (rule) => settings?.[rule] !== undefined,
  );
  const [first, second] = given;
  if (first !== undefined && second !== undefined)
    throw contradiction(first, second, "one of them decides what commits");
  return first;
}

function rulesOf(settings: Settings): TransferRules {
  const rules: Record<keyof TransferRules, number> = { ...NO_RULES };
  for (const rule of ["factor", "threshold", "risk", "entropy"] as const) {
    const value = settings?.[rule];
    if (value !== undefined) rules[rule] = within(rule, value, 0, MOST[rule]);
  }
  return rules;
}

/** Denoise steps of the whole answer under the transfer schedule, spread evenly over blocks of one length. */
function scheduledSteps(settings: Settings, genLength: number, blockLength: number): number {
  if (genLength % blockLength !== 0) {
    const field =
      settings?.startLength === undefined || settings.blockLength !== undefined
        ? "block_length"
        : "start_length";
    throw invalid(
      field,
      `Cannot use ${field} ${blockLength} as it must divide gen_length ${genLength} where a schedule decides`,
      "choose a divisor, such as gen_length itself, or a rule such as risk",
    );
  }
  const blocks = genLength / blockLength;
  const steps = within("steps", settings?.steps ?? genLength, 1, 4 * MAX_GEN_LENGTH);
  if (steps % blocks !== 0) {
    throw invalid(
      "steps",
      `Cannot use ${steps} steps as they must be a multiple of the ${blocks} blocks`,
      "steps is gen_length / block_length times the steps of one block",
    );
  }
  return steps;
}

function refuseContradictions(
  settings: Settings,
  resolved: {
    readonly cache: DenoiseSettings["cache"];
    readonly isScheduled: boolean;
    readonly doubt: number;
  },
): void {
  const { cache, isScheduled, doubt } = resolved;
  if (cache === "none") {
    for (const [field, value] of [
      ["refresh_steps", settings?.refreshSteps],
      ["refresh_commits", settings?.refreshCommits],
    ] as const) {
      if (value !== undefined) {
        throw contradiction(field, "cache", 'every step is a full forward pass with cache "none"');
      }
    }
    if (doubt > 0) {
      throw contradiction(
        "doubt",
        "cache",
        'tokens are looked at again between full forwards only, and cache is "none"',
      );
    }
  } else if ((settings?.cfgScale ?? 0) > 0) {
    throw contradiction("cfg_scale", "cache", `guidance needs cache "none", and it is "${cache}"`);
  }
  if (settings?.logprobs === true && settings.remasking === Remasking.RANDOM) {
    throw contradiction("logprobs", "remasking", "random places commit without a probability");
  }
  if (isScheduled && doubt > 0) {
    throw contradiction("doubt", "steps", "a schedule leaves no step for what is covered again");
  }
  if (!isScheduled && settings?.remasking === Remasking.RANDOM) {
    throw contradiction(
      "remasking",
      "profile",
      "random places know no confidence that a rule could read; give steps",
    );
  }
}
