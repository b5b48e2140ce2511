import type { Graph } from "../onnx/graph.ts";
import type { Value } from "../onnx/value.ts";

/**
 * Root-mean-square normalization over the last axis; statistics in float32.
 *
 * @param x `[..., hidden]`
 * @param weight `[hidden]`
 * @param epsilon The checkpoint's `rms_norm_eps`.
 * @see {@link https://arxiv.org/abs/1910.07467 | Zhang and Sennrich 2019}, Eq. (4)
 */
export function rmsNorm(graph: Graph, x: Value, weight: Value, epsilon: number, as: string): Value {
  return graph.op("SimplifiedLayerNormalization", [x, weight], {
    attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
    as,
  });
}

/**
 * Layer normalization over the last axis.
 *
 * @param x `[..., hidden]`
 * @param weight `[hidden]`
 * @param bias `[hidden]`
 * @see {@link https://arxiv.org/abs/1607.06450 | Ba et al. 2016}
 */
export function layerNorm(
  graph: Graph,
  x: Value,
  weight: Value,
  bias: Value,
  options: { readonly epsilon: number; readonly as: string },
): Value {
  return graph.op("LayerNormalization", [x, weight, bias], {
    attributes: { axis: -1, epsilon: { float: options.epsilon } },
    as: options.as,
  });
}
