import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Tokenizer } from "@medv/model/tokenizer";
import type { BlockDraftSchema } from "@medv/proto/diffusion";
import type { RunEnd } from "./denoise.ts";

/** The block under way: committed tokens, and what the model would put in the others. */
export function blockDraft(
  end: RunEnd,
  { special, tokenText }: Pick<Tokenizer, "special" | "tokenText">,
): MessageInitShape<typeof BlockDraftSchema> {
  const coveredAgain = new Map(end.coveredAgain.map((token) => [token.position, token]));
  return {
    block: end.block,
    forwardPasses: end.forwardPasses,
    revisions: end.revisions,
    canvasLength: end.tokenIds.length,
    tokens: Array.from({ length: end.blockEnd - end.activeStart }, (_, at) => {
      const position = end.activeStart + at;
      const committed = end.tokenIds[position] !== special.mask;
      // Given text is there before the first step.
      const step = committed ? end.commitStep[position] : undefined;
      const lost = coveredAgain.get(position);
      const id = committed ? end.tokenIds[position] : end.prediction[at];
      return {
        position,
        text: tokenText(id ?? special.mask),
        confidence: (committed ? end.commitConfidence[position] : end.confidence[at]) ?? 0,
        committed,
        ...(step !== undefined && step >= 0 && { step }),
        ...(lost !== undefined && {
          coveredAgain: {
            text: tokenText(lost.tokenId),
            confidence: lost.commitConfidence,
            step: lost.commitStep,
            coveredStep: lost.coveredStep,
          },
        }),
      };
    }),
  };
}
