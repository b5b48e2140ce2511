import { int64s } from "@medv/model/onnx/constants";
import type { Graph } from "@medv/model/onnx/graph";
import type { Dim } from "@medv/model/onnx/shape";
import type { Value } from "@medv/model/onnx/value";
import { inputOf, outputOf, type GradientRule } from "./rule.ts";
import { reshapeLike, sumAxis } from "./sum_to.ts";

/** Attention and the rotation of its queries and keys. */
export const ATTENTION_RULES: Readonly<Record<string, GradientRule>> = {
  /** A rotation is undone by the opposite angle. */
  RotaryEmbedding: ({ graph, node, gradient }) => [
    graph.op(
      "RotaryEmbedding",
      [gradient, inputOf(node, 1), inputOf(node, 2), graph.op("Neg", [inputOf(node, 3)])],
      { attributes: node.attributes },
    ),
  ],
  /**
   * The probabilities are computed again instead of kept. Row sums of `dP ∘ P` are those of `dO ∘ O`, which is narrower.
   *
   * @see {@link https://arxiv.org/abs/2205.14135 | Dao et al. 2022}, appendix B.2
   */
  MultiHeadAttention: ({ graph, node, gradient }) => {
    const heads = node.attributes["num_heads"];
    const hidden = gradient.shape[2];
    if (typeof heads !== "number" || typeof hidden !== "number") {
      throw new RangeError("Cannot differentiate MultiHeadAttention of unknown width");
    }
    const scale = { float: 1 / Math.sqrt(hidden / heads) };
    const split = (value: Value): Value => splitHeads(graph, value, heads, hidden);
    const [q, k, v] = [split(inputOf(node, 0)), split(inputOf(node, 1)), split(inputOf(node, 2))];
    const g = split(gradient);

    const scores = graph.op("FusedMatMul", [q, k], { attributes: { transB: 1, alpha: scale } });
    const bias = node.inputs[5];
    const biased = bias === undefined ? scores : graph.op("Add", [scores, bias]);
    const p = graph.op("Softmax", [biased], { attributes: { axis: -1 } }); // [rows, heads, queries, keys]
    const rowSum = sumAxis(graph, graph.op("Mul", [g, split(outputOf(node))]), 3); // [rows, heads, queries, 1]
    const dP = graph.op("FusedMatMul", [g, v], { attributes: { transB: 1 } });
    const dScores = graph.op("Mul", [p, graph.op("Sub", [dP, rowSum])]);
    const join = (value: Value, target: Value): Value =>
      reshapeLike(
        graph,
        graph.op("Transpose", [value], { attributes: { perm: { ints: [0, 2, 1, 3] } } }),
        target,
      );
    const product = (left: Value, right: Value, transA: number, alpha: { float: number }): Value =>
      graph.op("FusedMatMul", [left, right], { attributes: { transA, alpha } });
    return [
      join(product(dScores, k, 0, scale), inputOf(node, 0)),
      join(product(dScores, q, 1, scale), inputOf(node, 1)),
      join(product(p, g, 1, { float: 1 }), inputOf(node, 2)),
    ];
  },
};

/** `[rows, tokens, hidden]` → `[rows, heads, tokens, head_dim]` */
function splitHeads(graph: Graph, value: Value, heads: number, hidden: number): Value {
  const [rows = 1, tokens = 1]: readonly Dim[] = value.shape;
  const split = graph.op("Reshape", [value, int64s(graph, [0, 0, heads, hidden / heads])], {
    shape: [rows, tokens, heads, hidden / heads],
  });
  return graph.op("Transpose", [split], { attributes: { perm: { ints: [0, 2, 1, 3] } } });
}
