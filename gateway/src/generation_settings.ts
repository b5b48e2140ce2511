import { DomainError } from "@medv/proto";
import { Cache, Remasking, SystemPrompt } from "@medv/proto/diffusion";
import { profileNumber } from "@medv/proto/profile_name";
import { z } from "zod";
import { count, diffusionSchema } from "./diffusion_settings.ts";
import type { GenerateInput } from "./services.ts";

const stopText = z.string().min(1);

/** The fields of both answer routes that say how to decode. */
export const settingsFields = {
  max_tokens: count.nullish().meta({ description: "As `diffusion.gen_length`." }),
  max_completion_tokens: count.nullish().meta({ description: "As `diffusion.gen_length`." }),
  temperature: z.number().min(0).nullish(),
  seed: z.int().nullish(),
  logprobs: z.boolean().nullish().meta({ description: "Log-confidence of each token at commit." }),
  stop: z
    .union([stopText, z.array(stopText).max(4)])
    .nullish()
    .meta({
      description: "The answer ends before the first of these.",
    }),
  diffusion: diffusionSchema.optional(),
};

const settingsSchema = z.object(settingsFields);

const CACHES = { none: Cache.NONE, prefix: Cache.PREFIX, dual: Cache.DUAL } as const;
const REMASKINGS = { low_confidence: Remasking.LOW_CONFIDENCE, random: Remasking.RANDOM } as const;
const SYSTEM_PROMPTS = { general: SystemPrompt.GENERAL, medical: SystemPrompt.MEDICAL } as const;

/**
 * The decoder's settings; what the caller does not set stays unset, so that the profile's default holds.
 *
 * @throws {DomainError} `invalid_setting` if two fields give different lengths.
 */
export function toGenerationSettings(
  request: z.output<typeof settingsSchema>,
): NonNullable<GenerateInput["settings"]> {
  const { temperature, seed, stop, diffusion = {} } = request;
  const genLength = genLengthOf(request);
  return {
    ...(diffusion.profile && { profile: profileNumber(diffusion.profile) }),
    ...(genLength !== undefined && { genLength }),
    ...(diffusion.block_length !== undefined && { blockLength: diffusion.block_length }),
    ...(diffusion.steps !== undefined && { steps: diffusion.steps }),
    ...(typeof temperature === "number" && { temperature }),
    ...(diffusion.cfg_scale !== undefined && { cfgScale: diffusion.cfg_scale }),
    ...(diffusion.remasking && { remasking: REMASKINGS[diffusion.remasking] }),
    stop: typeof stop === "string" ? [stop] : (stop ?? []),
    ...(diffusion.suffix !== undefined && { suffix: diffusion.suffix }),
    forbiddenTokenIds: diffusion.forbidden_token_ids ?? [],
    ...(diffusion.factor !== undefined && { factor: diffusion.factor }),
    ...(diffusion.threshold !== undefined && { threshold: diffusion.threshold }),
    ...(diffusion.risk !== undefined && { risk: diffusion.risk }),
    ...(diffusion.entropy !== undefined && { entropy: diffusion.entropy }),
    ...(diffusion.cache && { cache: CACHES[diffusion.cache] }),
    ...(diffusion.suffix_window !== undefined && { suffixWindow: diffusion.suffix_window }),
    ...(diffusion.refresh_steps !== undefined && { refreshSteps: diffusion.refresh_steps }),
    ...(diffusion.refresh_commits !== undefined && { refreshCommits: diffusion.refresh_commits }),
    ...(diffusion.doubt !== undefined && { doubt: diffusion.doubt }),
    ...(diffusion.min_tokens !== undefined && { minTokens: diffusion.min_tokens }),
    ...(diffusion.max_tokens !== undefined && { maxTokens: diffusion.max_tokens }),
    ...(diffusion.start_length !== undefined && { startLength: diffusion.start_length }),
    ...(diffusion.words !== undefined && { words: diffusion.words }),
    ...(diffusion.template !== undefined && { template: diffusion.template }),
    // OpenAI's seed may be negative, the wire's is unsigned.
    ...(typeof seed === "number" && { seed: BigInt.asUintN(64, BigInt(seed)) }),
    logprobs: request.logprobs ?? false,
    ...(diffusion.system_prompt && { systemPrompt: SYSTEM_PROMPTS[diffusion.system_prompt] }),
    keepImageNewline: diffusion.keep_image_newline ?? false,
  };
}

/** `max_tokens`, its newer name and `gen_length` are one setting. */
function genLengthOf(request: z.output<typeof settingsSchema>): number | undefined {
  const given = [
    request.max_tokens,
    request.max_completion_tokens,
    request.diffusion?.gen_length,
  ].filter((value) => typeof value === "number");
  if (new Set(given).size > 1) {
    throw new DomainError(
      "invalid_setting",
      `Cannot choose the length as max_tokens, max_completion_tokens and diffusion.gen_length must agree: they are ${given.join(", ")}`,
      { field: "diffusion.gen_length", hint: "give one of them" },
    );
  }
  return given[0];
}
