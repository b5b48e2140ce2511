import type { ModelConfig } from "@medv/model/config";
import { renderImage } from "@medv/training/images/render_image";
import type { TowerSession } from "@medv/vision/tower_session";
import { embeddingFloats } from "./embedding_floats.ts";

/** The embedding of the drawn image of this number, of those that no training saw. */
export async function embedPhantom(
  tower: TowerSession,
  vision: ModelConfig["vision"],
  number: number,
  signal: AbortSignal,
): Promise<Float32Array> {
  const { pixels } = renderImage("validation", 1, number, vision);
  const shape = [1, vision.imageSize, vision.imageSize, 3];
  const { data } = await tower.run({ dtype: "uint8", shape, data: pixels.slice() }, signal);
  return embeddingFloats(data);
}
