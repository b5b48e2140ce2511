import type { AnswerEnd, AnswerStart } from "@medv/proto/diffusion";
import type { EncodedImage } from "./image_store.ts";

/** OpenAI's `usage`, and what an answer of this model costs besides. */
export type Usage = {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly details: {
    /** "miss" when the request needed a run of the vision tower, "hit" when its images were there. */
    readonly image_cache: "hit" | "miss" | "none";
    readonly image_rows: number;
    readonly forward_passes: number;
    /** Tokens that were covered again. */
    readonly revisions: number;
    readonly queue_ms: number;
    readonly embedding_ms: number;
    readonly decode_ms: number;
  };
};

/** What an answer cost, from its first and last event. */
export function usageOf(
  start: AnswerStart | undefined,
  end: AnswerEnd,
  encoded: readonly EncodedImage[],
): Usage {
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
      queue_ms: end.queueMs,
      embedding_ms: end.embeddingMs,
      decode_ms: end.decodeMs,
    },
  };
}

function imageCache(encoded: readonly EncodedImage[]): "hit" | "miss" | "none" {
  if (encoded.length === 0) return "none";
  return encoded.every(({ cached }) => cached) ? "hit" : "miss";
}
