import { cast, scalar } from "@medv/model/onnx/constants";
import type { Graph } from "@medv/model/onnx/graph";
import type { Value } from "@medv/model/onnx/value";
import { inputOf, outputOf, type GradientRule, type RuleContext } from "./rule.ts";
import { sumAxis, sumTo } from "./sum_to.ts";

/** Operators that work on each number by itself, and those that pick between numbers. */
export const ELEMENTWISE_RULES: Readonly<Record<string, GradientRule>> = {
  Identity: ({ gradient }) => [gradient],
  Add: (context) => [back(context, 0, (g) => g), back(context, 1, (g) => g)],
  Sub: (context) => [
    back(context, 0, (g) => g),
    back(context, 1, (g) => context.graph.op("Neg", [g])),
  ],
  Mul: (context) => [
    back(context, 0, (g, [, right]) => context.graph.op("Mul", [g, right])),
    back(context, 1, (g, [left]) => context.graph.op("Mul", [g, left])),
  ],
  Div: ({ graph, ...rest }) => [
    back({ graph, ...rest }, 0, (g, [, right]) => graph.op("Div", [g, right])),
    back({ graph, ...rest }, 1, (g, [, right], y) =>
      graph.op("Neg", [graph.op("Div", [graph.op("Mul", [g, y]), right])]),
    ),
  ],
  Sum: ({ graph, gradient, node }) =>
    node.inputs.map((term) => term && sumTo(graph, gradient, term)),
  Neg: ({ graph, gradient }) => [graph.op("Neg", [gradient])],
  Exp: ({ graph, gradient, node }) => [graph.op("Mul", [gradient, outputOf(node)])],
  Log: ({ graph, gradient, node }) => [graph.op("Div", [gradient, inputOf(node, 0)])],
  Sqrt: ({ graph, gradient, node }) => [
    graph.op("Div", [times(graph, gradient, 0.5), outputOf(node)]),
  ],
  Sigmoid: ({ graph, gradient, node }) => {
    const y = outputOf(node);
    const slope = graph.op("Mul", [y, graph.op("Sub", [scalar(graph, "float32", 1), y])]);
    return [graph.op("Mul", [gradient, slope])];
  },
  Gelu: ({ graph, gradient, node }) => {
    const slope = node.attributes["approximate"] === "tanh" ? tanhGeluSlope : geluSlope;
    return [graph.op("Mul", [gradient, slope(graph, inputOf(node, 0))])];
  },
  Cast: ({ graph, gradient, node }) => [cast(graph, gradient, inputOf(node, 0).dtype)],
  Where: ({ graph, gradient, node, needs }) => {
    const condition = inputOf(node, 0);
    const zero = scalar(graph, "float32", 0);
    return [
      undefined,
      needs(1)
        ? sumTo(graph, graph.op("Where", [condition, gradient, zero]), inputOf(node, 1))
        : undefined,
      needs(2)
        ? sumTo(graph, graph.op("Where", [condition, zero, gradient]), inputOf(node, 2))
        : undefined,
    ];
  },
  Softmax: ({ graph, gradient, node }) => {
    const y = outputOf(node);
    const weighted = graph.op("Mul", [gradient, y]);
    const sum = sumAxis(graph, weighted, y.shape.length - 1);
    return [graph.op("Sub", [weighted, graph.op("Mul", [y, sum])])];
  },
};

/** The gradient in one side of an operator with two inputs, undoing its broadcasting. */
function back(
  { graph, node, gradient, needs }: RuleContext,
  index: 0 | 1,
  local: (gradient: Value, inputs: readonly [Value, Value], output: Value) => Value,
): Value | undefined {
  if (!needs(index)) return undefined;
  const inputs = [inputOf(node, 0), inputOf(node, 1)] as const;
  return sumTo(graph, local(gradient, inputs, outputOf(node)), inputs[index]);
}

/** Slope of `x Φ(x)`: `Φ(x) + x φ(x)`. */
function geluSlope(graph: Graph, x: Value): Value {
  const cumulative = times(
    graph,
    plus(graph, graph.op("Erf", [times(graph, x, Math.SQRT1_2)]), 1),
    0.5,
  );
  const bell = times(
    graph,
    graph.op("Exp", [times(graph, graph.op("Mul", [x, x]), -0.5)]),
    1 / Math.sqrt(2 * Math.PI),
  );
  return graph.op("Add", [cumulative, graph.op("Mul", [x, bell])]);
}

/** Slope of `0.5 x (1 + tanh(c (x + 0.044715 x³)))`, `c = sqrt(2 / π)`. */
function tanhGeluSlope(graph: Graph, x: Value): Value {
  const c = Math.sqrt(2 / Math.PI);
  const square = graph.op("Mul", [x, x]);
  const inner = graph.op("Mul", [x, plus(graph, times(graph, square, 0.044715 * c), c)]);
  const t = graph.op("Tanh", [inner]);
  const innerSlope = plus(graph, times(graph, square, 3 * 0.044715 * c), c);
  const rise = graph.op("Sub", [scalar(graph, "float32", 1), graph.op("Mul", [t, t])]);
  const curved = graph.op("Mul", [graph.op("Mul", [x, rise]), innerSlope]);
  return times(graph, graph.op("Add", [plus(graph, t, 1), curved]), 0.5);
}

function times(graph: Graph, value: Value, factor: number): Value {
  return graph.op("Mul", [value, scalar(graph, "float32", factor)]);
}

function plus(graph: Graph, value: Value, term: number): Value {
  return graph.op("Add", [value, scalar(graph, "float32", term)]);
}
