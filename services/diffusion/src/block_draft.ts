import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Tokenizer } from "@medv/model/tokenizer";
import type { BlockDraftSchema } from "@medv/proto/diffusion";
import type { RunEnd } from "./denoise.ts";
import type { DenoiseSettings } from "./denoise_settings.ts";

/** The block under way: committed tokens, and what the model would put in the others. */
export function blockDraft(
  end: RunEnd,
  settings: DenoiseSettings,
  { special, tokenText }: Pick<Tokenizer, "special" | "tokenText">,
): MessageInitShape<typeof BlockDraftSchema> {
  const first = end.block * settings.blockLength;
  const length = Math.min(settings.blockLength, settings.genLength - first);
  return {
    block: end.block,
    forwardPasses: end.forwardPasses,
    revisions: end.revisions,
    tokens: Array.from({ length }, (_, index) => {
      const position = first + index;
      const committed = end.tokenIds[position] !== special.mask;
      const at = position - end.activeStart;
      const id = committed ? end.tokenIds[position] : end.prediction[at];
      return {
        position,
        text: tokenText(id ?? special.mask),
        confidence: (committed ? end.commitConfidence[position] : end.confidence[at]) ?? 0,
        committed,
        ...(committed && { step: end.commitStep[position] ?? 0 }),
      };
    }),
  };
}
