import { int64s } from "@medv/model/onnx/constants";
import type { Graph } from "@medv/model/onnx/graph";
import type { Shape } from "@medv/model/onnx/shape";
import type { Value } from "@medv/model/onnx/value";
import { inputOf, type GradientRule, type RuleContext } from "./rule.ts";
import { reshapeLike, sumAxis, sumTo } from "./sum_to.ts";

/** Operators that are one matrix product. */
export const MATRIX_RULES: Readonly<Record<string, GradientRule>> = {
  /** `y = x Wᵀ + b`: `dx = g W`, `dW = gᵀ x`, `db` = column sums of `g`. */
  Gemm: ({ graph, node, gradient, needs }) => {
    if (node.attributes["transB"] !== 1 || node.attributes["transA"] === 1) {
      throw new RangeError("Cannot differentiate Gemm as only x · Wᵀ has a gradient rule");
    }
    const [x, weight] = [inputOf(node, 0), inputOf(node, 1)];
    const bias = node.inputs[2];
    return [
      needs(0) ? graph.op("Gemm", [gradient, weight]) : undefined,
      needs(1) ? graph.op("Gemm", [gradient, x], { attributes: { transA: 1 } }) : undefined,
      bias !== undefined && needs(2)
        ? reshapeLike(graph, sumAxis(graph, gradient, 0), bias)
        : undefined,
    ];
  },
  MatMul: ({ graph, node, gradient, needs }) => {
    const [left, right] = [inputOf(node, 0), inputOf(node, 1)];
    return [
      needs(0)
        ? sumTo(
            graph,
            graph.op("FusedMatMul", [gradient, right], { attributes: { transB: 1 } }),
            left,
          )
        : undefined,
      needs(1)
        ? sumTo(
            graph,
            graph.op("FusedMatMul", [left, gradient], { attributes: { transA: 1 } }),
            right,
          )
        : undefined,
    ];
  },
  Conv: convolution,
};

/**
 * A convolution whose patches do not overlap (stride = kernel, no padding), as patch embeddings are: one matrix product
 * over the patches. The gradient in the pixels is not needed by any training.
 */
function convolution({ graph, node, gradient, needs }: RuleContext): (Value | undefined)[] {
  const [pixels, weight] = [inputOf(node, 0), inputOf(node, 1)];
  const [outputs, channels, size] = weight.shape;
  if (
    typeof size !== "number" ||
    typeof channels !== "number" ||
    typeof outputs !== "number" ||
    needs(0) ||
    !isInts(node.attributes["strides"], [size, size]) ||
    node.attributes["pads"] !== undefined
  ) {
    throw new RangeError(
      "Cannot differentiate Conv as only the weights of one with stride = kernel have a gradient rule",
    );
  }
  const rows = turned(graph, gradient, [0, 2, 3, 1], ["patches", outputs]); // [patches, outputs]
  const bias = node.inputs[2];
  const side = gradient.shape[2];
  if (typeof side !== "number") throw new RangeError("Cannot differentiate Conv of unknown size");
  const used = graph.op(
    "Slice",
    [
      pixels,
      int64s(graph, [0, 0]),
      int64s(graph, [side * size, side * size]),
      int64s(graph, [2, 3]),
    ],
    { shape: [pixels.shape[0] ?? 1, channels, side * size, side * size] },
  );
  const split = graph.op("Reshape", [used, int64s(graph, [0, channels, side, size, side, size])], {
    shape: [pixels.shape[0] ?? 1, channels, side, size, side, size],
  });
  const patches = turned(graph, split, [0, 2, 4, 1, 3, 5], ["patches", channels * size * size]);
  const product = graph.op("Gemm", [rows, patches], { attributes: { transA: 1 } });
  return [
    undefined,
    needs(1) ? reshapeLike(graph, product, weight) : undefined,
    bias !== undefined && needs(2) ? reshapeLike(graph, sumAxis(graph, rows, 0), bias) : undefined,
  ];
}

/** Turns the axes, then flattens to two. */
function turned(graph: Graph, value: Value, perm: readonly number[], shape: Shape): Value {
  const result = graph.op("Transpose", [value], { attributes: { perm: { ints: perm } } });
  const columns = shape[1];
  if (typeof columns !== "number") throw new RangeError("Cannot flatten to an unknown width");
  return graph.op("Reshape", [result, int64s(graph, [-1, columns])], { shape });
}

function isInts(attribute: unknown, expected: readonly number[]): boolean {
  return (
    typeof attribute === "object" &&
    attribute !== null &&
    "ints" in attribute &&
    JSON.stringify(attribute.ints) === JSON.stringify(expected)
  );
}
