import type { ModelConfig } from "../config.ts";
import { languageTensors } from "../tensor_names.ts";

/** The weight of a linear layer: its name and its `[out, in]`. */
export type LinearLayer = { readonly name: string; readonly out: number; readonly in: number };

/** Every linear layer of language tower, head and projector. */
export function linearLayers(config: ModelConfig, vocabulary: number): readonly LinearLayer[] {
  return [...languageTensors(config)].flatMap(([name, shape]) => {
    const [out = vocabulary, width] = shape;
    return shape.length === 2 && width !== undefined && name !== "model.embed_tokens.weight"
      ? [{ name, out, in: width }]
      : [];
  });
}
