import { Profile, Remasking, type GenerationSettings } from "@medv/proto/diffusion";
import { DomainError } from "@medv/proto";
import type { Tokenizer } from "@medv/model/tokenizer";
import type { DenoiseSettings } from "./denoise_settings.ts";

/** What holds where a request says nothing; the published demo's block and steps, at a length that fits a question. */
export const DEFAULTS = { genLength: 64, temperature: 0, cfgScale: 0 } as const;

/** The upstream cached sampler's own defaults. */
const PREFIX_DEFAULTS = { threshold: 1, prefixRefreshInterval: 32 } as const;

/** Longest answer that is taken, whatever the context would allow. */
const MAX_GEN_LENGTH = 4096;

/**
 * Decides every setting of an answer.
 *
 * @throws {DomainError} `invalid_setting`, naming the field, when a value is out of range or two do not fit together.
 */
export function resolveSettings(
  settings: GenerationSettings | undefined,
  tokenizer: Pick<Tokenizer, "encodeText" | "special" | "size">,
  randomSeed: () => number,
): DenoiseSettings {
  const profile = settings?.profile === Profile.PREFIX ? "prefix" : "exact";
  const genLength = within(
    "gen_length",
    settings?.genLength ?? DEFAULTS.genLength,
    1,
    MAX_GEN_LENGTH,
  );
  const blockLength = within("block_length", settings?.blockLength ?? genLength, 1, genLength);
  if (genLength % blockLength !== 0) {
    throw invalid(
      "block_length",
      `Cannot use block_length ${blockLength} as it must divide gen_length ${genLength}`,
      "choose a divisor, such as gen_length itself",
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
  const cfgScale = within("cfg_scale", settings?.cfgScale ?? DEFAULTS.cfgScale, 0, 100);
  if (profile === "exact") refuseCacheSettings(settings);
  else if (cfgScale > 0) {
    throw invalid(
      "cfg_scale",
      `Cannot use cfg_scale ${cfgScale} with profile "prefix" as the cached sampler has no guidance`,
      'use profile "exact"',
    );
  }
  const { special, size } = tokenizer;
  const forbidden = settings?.forbiddenTokenIds ?? [];
  for (const id of forbidden) within("forbidden_token_ids", id, 0, size - 1);
  return {
    profile,
    genLength,
    blockLength,
    steps,
    temperature: within("temperature", settings?.temperature ?? DEFAULTS.temperature, 0, 2),
    cfgScale,
    remasking: settings?.remasking === Remasking.RANDOM ? "random" : "low_confidence",
    // The text is searched for stop strings too, as one may be spelled with other tokens than it encodes to.
    stopSequences: [
      [special.eot],
      ...(settings?.stop ?? []).map((stop) => tokenizer.encodeText(stop)),
    ].filter((sequence) => sequence.length > 0),
    suffixIds: settings?.suffix === undefined ? [] : tokenizer.encodeText(settings.suffix),
    forbiddenIds: [special.eos, special.bos, special.startHeader, special.endHeader, ...forbidden],
    threshold:
      profile === "prefix"
        ? within("threshold", settings?.threshold ?? PREFIX_DEFAULTS.threshold, 0, 1000)
        : undefined,
    prefixRefreshInterval:
      profile === "prefix"
        ? within(
            "prefix_refresh_interval",
            settings?.prefixRefreshInterval ?? PREFIX_DEFAULTS.prefixRefreshInterval,
            1,
            MAX_GEN_LENGTH,
          )
        : 1,
    seed: settings?.seed === undefined ? randomSeed() : Number(settings.seed % SEEDS),
  };
}

/** Seeds live below this prime; see `uniform()` in the model. */
const SEEDS = 2147483647n;

function refuseCacheSettings(settings: GenerationSettings | undefined): void {
  for (const [field, value] of [
    ["threshold", settings?.threshold],
    ["prefix_refresh_interval", settings?.prefixRefreshInterval],
  ] as const) {
    if (value !== undefined) {
      throw invalid(
        field,
        `Cannot use ${field} with profile "exact" as nothing is cached there`,
        'use profile "prefix"',
      );
    }
  }
}

function within(field: string, value: number, least: number, most: number): number {
  if (!(value >= least && value <= most)) {
    throw invalid(field, `Cannot use ${field} ${value} as it must be from ${least} to ${most}`);
  }
  return value;
}

function invalid(field: string, message: string, hint?: string): DomainError {
  return new DomainError("invalid_setting", message, {
    field: `diffusion.${field}`,
    ...(hint === undefined ? {} : { hint }),
  });
}
