import { chatPrompt } from "@medv/model/chat_prompt";
import type { Checkpoint } from "@medv/model/checkpoint";
import { imageRows, imageTaps } from "@medv/model/image_rows";
import { mergePrompt } from "@medv/model/merge_prompt";
import type { Tokenizer } from "@medv/model/tokenizer";
import { randomOf } from "@medv/phantoms/random";
import { exchanges } from "@medv/phantoms/text/questions";
import { renderImage } from "@medv/training/images/render_image";
import { openTower } from "@medv/vision/tower_session";
import { embeddingFloats } from "../../embedding_floats.ts";
import type { MaskedPrompt } from "./token_agreement.ts";

/** Questions about drawn images that no training saw, each followed by a masked canvas. */
export async function samplePrompts(
  checkpoint: Checkpoint,
  tokenizer: Tokenizer,
  { count, canvas }: { readonly count: number; readonly canvas: number },
): Promise<readonly MaskedPrompt[]> {
  const { vision, image } = checkpoint.config;
  const tower = await openTower({
    checkpoint: checkpoint.directory,
    visionCheckpoint: undefined,
    threads: 2,
    device: "cpu",
    precision: "float32",
    onExit: (error) => {
      throw error;
    },
  });
  const { imageSize, patchSize, hiddenSize } = vision;
  const side = Math.floor(imageSize / patchSize);
  const taps = imageTaps(checkpoint.config);
  const prompts: MaskedPrompt[] = [];
  for (let index = 0; index < count; index++) {
    const { pixels, facts } = renderImage("test", 1, index, vision);
    const asked =
      facts && exchanges(facts, randomOf("test", 1, index, "question"), { style: "concise" });
    const text = asked?.[0]?.question ?? "What does this image show?";
    const ids = chatPrompt(tokenizer, [{ role: "user", text, images: 1 }], {
      systemPrompt: "general",
      keepImageNewline: false,
    });
    const layout = { width: imageSize, height: imageSize, tiles: 1, gridWidth: 0, gridHeight: 0 };
    const merged = mergePrompt(ids, [imageRows(layout, side, image)], { offsets: [0], taps });
    const embedding = await tower.run(
      { dtype: "uint8", shape: [1, imageSize, imageSize, 3], data: pixels },
      new AbortController().signal,
    );
    const prompt = merged.tokenIds.length;
    const length = prompt + canvas;
    const row = new BigInt64Array(length * taps).fill(-1n);
    row.set(Array.from(merged.imageRow, BigInt));
    const weight = new Float32Array(length * taps);
    weight.set(merged.imageWeight);
    const tokenIds = new BigInt64Array(length).fill(BigInt(tokenizer.special.mask));
    tokenIds.set(Array.from(merged.tokenIds, BigInt));
    const positions = BigInt64Array.from({ length }, (_, position) => BigInt(position));
    prompts.push({
      canvas,
      feeds: {
        token_ids: { dtype: "int64", shape: [1, length], data: tokenIds },
        positions: { dtype: "int64", shape: [1, length], data: positions },
        image_row: { dtype: "int64", shape: [1, length, taps], data: row },
        image_weight: { dtype: "float32", shape: [1, length, taps], data: weight },
        embedding: {
          dtype: "float32",
          shape: [side * side, hiddenSize],
          data: embeddingFloats(embedding.data),
        },
      },
    });
  }
  await tower.release();
  return prompts;
}
