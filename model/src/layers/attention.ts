import type { Graph } from "../onnx/graph.ts";
import type { Value } from "../onnx/value.ts";

/** Keys (rotated) and values of one layer, `[rows, heads, keys, head_dim]` each. */
export type KeyValue = { readonly key: Value; readonly value: Value };

/**
 * Multi-head attention without a causal mask, scaled by `1 / sqrt(head_dim)`, softmax in float32.
 *
 * @param query `[rows, queries, hidden]`
 * @param key `[rows, keys, hidden]`
 * @param value `[rows, keys, hidden]`
 * @param options.bias Added to the scores, `[rows, 1, queries, past + keys]`; 0 where a key may be seen.
 * @param options.past Keys and values that stand before these.
 * @returns `[rows, queries, hidden]`
 * @see {@link https://arxiv.org/abs/1706.03762 | Vaswani et al. 2017}, §3.2
 */
export function attention(graph: Graph, ...given: AttentionInputs): Value {
  // ONNX Runtime 1.30 on the CPU leaves the past out where nobody asks for past and present joined.
  const [attended] = attend(graph, given, given[3].past === undefined ? 1 : 3);
  if (attended === undefined) throw new RangeError("Cannot attend as the operator gives nothing");
  return attended;
}

/** {@link attention}, with its keys and values as a later pass takes them. */
export function keptAttention(
  graph: Graph,
  ...given: AttentionInputs
): { readonly attended: Value; readonly kept: KeyValue } {
  const [attended, key, value] = attend(graph, given, 3);
  if (attended === undefined || key === undefined || value === undefined) {
    throw new RangeError("Cannot keep keys and values as the operator gives none");
  }
  return { attended, kept: { key, value } };
}

type AttentionInputs = readonly [
  query: Value,
  key: Value,
  value: Value,
  options: { readonly heads: number; readonly bias?: Value; readonly past?: KeyValue },
];

function attend(
  graph: Graph,
  [query, key, value, { heads, bias, past }]: AttentionInputs,
  outputs: number,
): readonly Value[] {
  const all = [query, key, value, undefined, undefined, bias, past?.key, past?.value];
  const inputs = all.slice(0, all.findLastIndex((each) => each !== undefined) + 1);
  return graph.ops("MultiHeadAttention", inputs, {
    attributes: { num_heads: heads },
    outputs,
    as: "attention",
  });
}
