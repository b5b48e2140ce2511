import { PROFILE_NAMES } from "@medv/proto/profile_name";
import { z } from "zod";

/** A positive number of things, as far as the wire counts. */
export const count = z.int().min(1).max(0xffff_ffff);

const countOrNone = z.int().min(0).max(0xffff_ffff);

/** Settings that only a diffusion decoder has, named as in the published code where it has them. */
export const diffusionSchema = z
  .strictObject({
    profile: z.enum(PROFILE_NAMES).optional().meta({
      description: "A named set of these settings; what is given beside it takes its place.",
    }),
    gen_length: count.optional().meta({
      description: "Tokens of the canvas, which the answer may end in or fill.",
    }),
    block_length: count.optional().meta({ description: "Tokens that are refined together." }),
    steps: count.optional().meta({
      description: "Denoise steps of the answer: the transfer schedule decides what commits.",
    }),
    cfg_scale: z.number().min(0).optional().meta({
      description: "Strength of classifier-free guidance.",
    }),
    remasking: z.enum(["low_confidence", "random"]).optional().meta({
      description: "Which tokens stay covered in a step.",
    }),
    suffix: z.string().optional().meta({
      description: "Text behind the canvas, seen from the first step on.",
    }),
    forbidden_token_ids: z.array(countOrNone).optional(),
    factor: z.number().optional().meta({ description: "Commits by the published factor rule." }),
    threshold: z.number().optional().meta({
      description: "Commits where the confidence is not below it.",
    }),
    risk: z.number().optional().meta({
      description: "Commits while the sum of what the tokens lack in confidence is below it.",
    }),
    entropy: z.number().optional().meta({
      description:
        "Commits while the sum of the tokens' entropies but the largest is not above it, in nats.",
    }),
    cache: z.enum(["none", "prefix", "dual"]).optional().meta({
      description: "Which keys and values are kept between steps.",
    }),
    suffix_window: countOrNone.optional().meta({
      description: "Mask tokens after the block that are seen, beside the last position.",
    }),
    refresh_steps: count.optional().meta({
      description: "Denoise steps from one full forward to the next within a block.",
    }),
    refresh_commits: count.optional().meta({
      description: "Commits from one full forward to the next within a block.",
    }),
    doubt: z.number().optional().meta({
      description: "Below this probability a token of the block is covered again; 0 never.",
    }),
    min_tokens: countOrNone.optional().meta({
      description: "The answer does not end before so many tokens.",
    }),
    max_tokens: count.optional().meta({
      description: "The answer has ended by so many tokens: an end stands behind them.",
    }),
    start_length: count.optional().meta({
      description: "Tokens of a canvas that grows by a block, up to `gen_length`.",
    }),
    words: count.optional().meta({ description: "So many words, give or take a tenth." }),
    template: z.string().min(1).optional().meta({
      description:
        "The whole answer with gaps: `{{16}}` for so many tokens, `{{left|right}}` for the likeliest of the choices.",
    }),
    system_prompt: z.enum(["general", "medical"]).optional().meta({
      description: "Used where the conversation has no system message.",
    }),
    keep_image_newline: z.boolean().optional().meta({
      description: "Keeps the newline after an image, which the published code drops.",
    }),
  })
  .meta({ id: "DiffusionSettings" });
