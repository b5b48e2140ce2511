import type { ModelConfig } from "./config.ts";
import { linear } from "./layers/linear.ts";
import type { Weights } from "./layers/weights.ts";
import type { Graph } from "./onnx/graph.ts";
import type { Value } from "./onnx/value.ts";

/**
 * The `mlp2x_gelu` projector: from the vision tower's width to the language tower's, erf-GELU between.
 *
 * @param embedding float32 `[image_tokens, vision_hidden]`
 * @returns float32 `[image_tokens, hidden]`
 * @see {@link https://arxiv.org/abs/2310.03744 | Liu et al. 2023}, §3.3
 */
export function projector(
  graph: Graph,
  weights: Weights,
  embedding: Value,
  config: ModelConfig,
): Value {
  const hidden = config.language.hiddenSize;
  return graph.scope("mm_projector", () => {
    const first = linear(graph, weights, embedding, "model.mm_projector.0", {
      in: config.vision.hiddenSize,
      out: hidden,
      bias: true,
    });
    const active = graph.op("Gelu", [first], { attributes: { approximate: "none" } });
    return linear(graph, weights, active, "model.mm_projector.2", {
      in: hidden,
      out: hidden,
      bias: true,
    });
  });
}
