import type { DecoderSession } from "@medv/diffusion/decoder_session";
import type { DenoiseRequest } from "@medv/diffusion/denoise";
import { chatPrompt } from "@medv/model/chat_prompt";
import { imageRows } from "@medv/model/image_rows";
import { mergePrompt } from "@medv/model/merge_prompt";
import { randomOf } from "@medv/phantoms/random";
import { descriptionQuestion } from "@medv/phantoms/text/descriptions";
import type { TowerSession } from "@medv/vision/tower_session";
import { embedPhantom } from "../../embed_phantom.ts";

/** Prompts that ask for a description of a drawn image each, ready for the decoder. */
export async function describePhantoms(
  count: number,
  tower: TowerSession,
  { checkpoint, tokenizer }: DecoderSession,
): Promise<readonly Omit<DenoiseRequest, "settings">[]> {
  const { vision, image } = checkpoint.config;
  const side = Math.floor(vision.imageSize / vision.patchSize);
  const layout = { width: 1, height: 1, tiles: 1, gridWidth: 0, gridHeight: 0 };
  const requests: Omit<DenoiseRequest, "settings">[] = [];
  for (let index = 0; index < count; index++) {
    const text = descriptionQuestion(randomOf("validation", 1, index, "bench"));
    const ids = chatPrompt(tokenizer, [{ role: "user", text, images: 1 }], {
      systemPrompt: "general",
      keepImageNewline: false,
    });
    requests.push({
      prompt: mergePrompt(ids, [imageRows(layout, side, image)], { offsets: [0], taps: 1 }),
      embeddings: {
        data: await embedPhantom(tower, vision, index, new AbortController().signal),
        tokens: side * side,
        hidden: vision.hiddenSize,
      },
      maskId: tokenizer.special.mask,
    });
  }
  return requests;
}
