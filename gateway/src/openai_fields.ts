import { z } from "zod";
import { neutral } from "./neutral_field.ts";

const label = z.string().nullish().meta({ description: "Taken, without effect on an answer." });

/** Labels and hints of OpenAI's callers. */
export const labelFields = {
  user: label,
  metadata: z
    .record(z.string(), z.string())
    .nullish()
    .meta({ description: "Taken, without effect on an answer; it is not kept." }),
  safety_identifier: label,
  prompt_cache_key: label,
};

const nothing = z.array(z.unknown()).max(0);

/** OpenAI's fields that are not offered, each with the values that ask for nothing. */
export const neutralFields = {
  store: neutral(z.literal(false)),
  // Only the committed token's is known when the answer comes out.
  top_logprobs: neutral(z.literal(0)),
  top_p: neutral(z.literal(1)),
  presence_penalty: neutral(z.literal(0)),
  frequency_penalty: neutral(z.literal(0)),
  logit_bias: neutral(z.strictObject({})),
  tools: neutral(nothing),
  tool_choice: neutral(z.literal("none")),
  // Without tools there is nothing to run side by side.
  parallel_tool_calls: neutral(z.boolean()),
  functions: neutral(nothing),
  function_call: neutral(z.literal("none")),
  response_format: neutral(z.strictObject({ type: z.literal("text") })),
  modalities: neutral(z.tuple([z.literal("text")])),
  reasoning_effort: neutral(z.literal("none")),
  verbosity: neutral(z.literal("medium")),
  service_tier: neutral(z.enum(["auto", "default"])),
  audio: neutral(),
  prediction: neutral(),
  moderation: neutral(),
  web_search_options: neutral(),
  prompt_cache_options: neutral(),
  prompt_cache_retention: neutral(),
};
