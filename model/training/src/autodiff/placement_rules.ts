import { int64s } from "@medv/model/onnx/constants";
import type { Graph } from "@medv/model/onnx/graph";
import { resolveAxis } from "@medv/model/onnx/shape";
import type { Value } from "@medv/model/onnx/value";
import { inputOf, outputOf, type GradientRule, type RuleContext } from "./rule.ts";
import { reshapeLike } from "./sum_to.ts";

/** Operators that move numbers, pick rows of them, or add them up. */
export const PLACEMENT_RULES: Readonly<Record<string, GradientRule>> = {
  Reshape: ({ graph, node, gradient }) => [reshapeLike(graph, gradient, inputOf(node, 0))],
  Unsqueeze: ({ graph, node, gradient }) => [reshapeLike(graph, gradient, inputOf(node, 0))],
  Transpose: ({ graph, node, gradient }) => {
    const perm = node.attributes["perm"];
    if (typeof perm !== "object" || !("ints" in perm)) {
      throw new RangeError("Cannot differentiate Transpose without its perm");
    }
    const inverse = perm.ints.map((_, axis) => perm.ints.indexOf(axis));
    return [graph.op("Transpose", [gradient], { attributes: { perm: { ints: inverse } } })];
  },
  Concat: ({ graph, node, gradient, needs }) => {
    const axis = resolveAxis(gradient.shape, integer(node.attributes["axis"]));
    let start = int64s(graph, [0]);
    return node.inputs.map((input, index) => {
      if (input === undefined) return undefined;
      const length = graph.op("Gather", [graph.op("Shape", [input]), int64s(graph, [axis])]);
      const end = graph.op("Add", [start, length]);
      const part = needs(index)
        ? graph.op("Slice", [gradient, start, end, int64s(graph, [axis])], { shape: input.shape })
        : undefined;
      start = end;
      return part;
    });
  },
  ReduceSum: (context) => {
    const { graph, node, gradient } = context;
    const x = inputOf(node, 0);
    return [
      graph.op("Expand", [keepDims(context, gradient), graph.op("Shape", [x])], {
        shape: x.shape,
      }),
    ];
  },
  /** The gradient of a log-sum-exp is the softmax. */
  ReduceLogSumExp: (context) => {
    const { graph, node, gradient } = context;
    const sum = keepDims(context, outputOf(node));
    const softmax = graph.op("Exp", [graph.op("Sub", [inputOf(node, 0), sum])]);
    return [graph.op("Mul", [softmax, keepDims(context, gradient)])];
  },
  /** Rows that were read more than once get the sum of what came back. */
  Gather: ({ graph, node, gradient }) => {
    const [data, indices] = [inputOf(node, 0), inputOf(node, 1)];
    const axis = integer(node.attributes["axis"] ?? 0);
    const [, width] = data.shape;
    if (axis !== 0 || data.shape.length !== 2 || width === undefined) {
      throw new RangeError(
        "Cannot differentiate Gather as only rows of a table have a gradient rule",
      );
    }
    const rows = graph.op("Reshape", [gradient, int64s(graph, [-1, Number(width)])], {
      shape: ["rows_read", width],
    });
    const flat = graph.op("Reshape", [indices, int64s(graph, [-1, 1])], {
      shape: ["rows_read", 1],
    });
    const wide = graph.op("Expand", [flat, graph.op("Shape", [rows])], {
      shape: ["rows_read", width],
    });
    return [scatterInto(graph, data, wide, rows, 0)];
  },
  GatherElements: ({ graph, node, gradient }) => {
    const data = inputOf(node, 0);
    const axis = resolveAxis(data.shape, integer(node.attributes["axis"] ?? 0));
    return [scatterInto(graph, data, inputOf(node, 1), gradient, axis)];
  },
};

/** Zeros of the shape of `data` with `updates` added at `indices`. */
function scatterInto(
  graph: Graph,
  data: Value,
  indices: Value,
  updates: Value,
  axis: number,
): Value {
  const zeros = graph.op("ConstantOfShape", [graph.op("Shape", [data])], { shape: data.shape });
  return graph.op("ScatterElements", [zeros, indices, updates], {
    attributes: { axis, reduction: "add" },
  });
}

/** A reduction's result with the reduced axes put back at length 1. */
function keepDims({ graph, node }: RuleContext, reduced: Value): Value {
  const { shape } = inputOf(node, 0);
  const axes = graph.integers(inputOf(node, 1)).map((axis) => resolveAxis(shape, axis));
  if (reduced.shape.length === shape.length) return reduced;
  return graph.op("Unsqueeze", [reduced, int64s(graph, axes)], {
    shape: shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim)),
  });
}

function integer(attribute: unknown): number {
  if (typeof attribute !== "number") throw new RangeError("Cannot differentiate without an axis");
  return attribute;
}
