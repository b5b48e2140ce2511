import type { Graph } from "../onnx/graph.ts";
import type { Value } from "../onnx/value.ts";
import type { Weights } from "./weights.ts";

/**
 * A linear layer as checkpoints store it: weight `[out, in]`, optional bias `[out]`.
 *
 * @param x `[tokens, in]`
 * @param name Full parameter name without `.weight`.
 * @returns `[tokens, out]`
 */
export function linear(
  graph: Graph,
  weights: Weights,
  x: Value,
  name: string,
  options: { readonly in: number; readonly out: number; readonly bias: boolean },
): Value {
  const weight = weights.float32(`${name}.weight`, [options.out, options.in]);
  const bias = options.bias ? [weights.float32(`${name}.bias`, [options.out])] : [];
  return graph.op("Gemm", [x, weight, ...bias], { attributes: { transB: 1 }, as: lastPart(name) });
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
