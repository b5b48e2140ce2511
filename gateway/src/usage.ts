import type { AnswerEnd, AnswerStart } from "@medv/proto/diffusion";
import { z } from "zod";
import type { EncodedImage } from "./image_store.ts";

const milliseconds = z.number();

/** OpenAI's `usage`, and what an answer of this model costs besides. */
export const usageSchema = z
  .object({
    prompt_tokens: z.int(),
    completion_tokens: z.int(),
    total_tokens: z.int(),
    details: z.object({
      image_cache: z.enum(["hit", "miss", "none"]).meta({
        description:
          "`miss` when the vision tower ran for the request, also ahead of it as this gateway was sent the image; `hit` when its images were there.",
      }),
      image_rows: z.int(),
      forward_passes: z.int(),
      revisions: z.int().meta({ description: "Tokens that were covered again." }),
      seed: z.string().meta({
        description:
          "In decimal; of the first answer, where there are several. Sent with the same request, it gives the same again.",
      }),
      queue_ms: milliseconds,
      embedding_ms: milliseconds,
      decode_ms: milliseconds,
    }),
  })
  .meta({ id: "Usage" });

/** {@link usageSchema}'s value. */
export type Usage = Readonly<z.output<typeof usageSchema>>;

/** What is known of an answer before its end. */
export type AnswerBefore = {
  readonly start: AnswerStart | undefined;
  /** Start of the first of several answers. */
  readonly first: AnswerStart | undefined;
  readonly encoded: readonly EncodedImage[];
};

/** What an answer cost, from its first and last event. */
export function usageOf(end: AnswerEnd, { start, first, encoded }: AnswerBefore): Usage {
  const promptTokens = start?.promptTokens ?? 0;
  return {
    prompt_tokens: promptTokens,
    completion_tokens: end.completionTokens,
    total_tokens: promptTokens + end.completionTokens,
    details: {
      image_cache: imageCache(encoded),
      image_rows: start?.imageRows ?? 0,
      forward_passes: end.forwardPasses,
      revisions: end.revisions,
      seed: String(first?.seed ?? 0n),
      queue_ms: end.queueMs,
      embedding_ms: end.embeddingMs,
      decode_ms: end.decodeMs,
    },
  };
}

/** What answers to one conversation cost together: they share its prompt, and run at the same time. */
export function together(left: Usage | undefined, right: Usage): Usage {
  if (left === undefined) return right;
  const [one, other] = [left.details, right.details];
  return {
    prompt_tokens: left.prompt_tokens,
    completion_tokens: left.completion_tokens + right.completion_tokens,
    total_tokens: left.total_tokens + right.completion_tokens,
    details: {
      ...one,
      forward_passes: one.forward_passes + other.forward_passes,
      revisions: one.revisions + other.revisions,
      queue_ms: Math.max(one.queue_ms, other.queue_ms),
      decode_ms: Math.max(one.decode_ms, other.decode_ms),
    },
  };
}

function imageCache(encoded: readonly EncodedImage[]): "hit" | "miss" | "none" {
  if (encoded.length === 0) return "none";
  return encoded.every(({ cached }) => cached) ? "hit" : "miss";
}
