import type { Graph } from "../onnx/graph.ts";
import type { Value } from "../onnx/value.ts";

/**
 * Multi-head attention without a causal mask, scaled by `1 / sqrt(head_dim)`, softmax in float32.
 *
 * @param query `[rows, queries, hidden]`
 * @param key `[rows, keys, hidden]`
 * @param value `[rows, keys, hidden]`
 * @param options.bias Added to the scores, `[rows, 1, queries, keys]`; 0 where a key may be seen.
 * @returns `[rows, queries, hidden]`
 * @see {@link https://arxiv.org/abs/1706.03762 | Vaswani et al. 2017}, §3.2
 */
export function attention(
  graph: Graph,
  query: Value,
  key: Value,
  value: Value,
  options: { readonly heads: number; readonly bias?: Value },
): Value {
  const inputs = [query, key, value, undefined, undefined, options.bias];
  return graph.op("MultiHeadAttention", options.bias === undefined ? inputs.slice(0, 3) : inputs, {
    attributes: { num_heads: options.heads },
    as: "attention",
  });
}
