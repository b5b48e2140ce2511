import type { Graph } from "../onnx/graph.ts";
import type { Value } from "../onnx/value.ts";
import { int8Linear } from "./int8_linear.ts";
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
  const as = lastPart(name);
  const bias = options.bias ? weights.parameter(`${name}.bias`, [options.out]) : undefined;
  const int8 = weights.int8?.(`${name}.weight`);
  if (int8 !== undefined) return int8Linear(graph, x, int8, { bias, as });
  const weight = weights.parameter(`${name}.weight`, [options.out, options.in]);
  const inputs = bias === undefined ? [x, weight] : [x, weight, bias];
  return graph.op("Gemm", inputs, { attributes: { transB: 1 }, as });
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
