import { scalar } from "@medv/model/onnx/constants";
import type { Graph } from "@medv/model/onnx/graph";
import type { Value } from "@medv/model/onnx/value";
import { inputOf, type GradientRule, type RuleContext } from "./rule.ts";
import { sumAxis, sumTo } from "./sum_to.ts";

/** Normalizations over the last axis. */
export const NORMALIZATION_RULES: Readonly<Record<string, GradientRule>> = {
  /** With `n = x / rms`, `h = g w`: `dx = (h - n · mean(h n)) / rms`, `dw = Σ g n`. */
  SimplifiedLayerNormalization: (context) => {
    const { graph, node } = context;
    const x = inputOf(node, 0);
    const inverse = inverseRoot(context, graph.op("Mul", [x, x]));
    return scaled(context, graph.op("Mul", [x, inverse]), (h, normalized) =>
      graph.op("Mul", [
        graph.op("Sub", [h, graph.op("Mul", [normalized, meanOfProduct(graph, h, normalized)])]),
        inverse,
      ]),
    );
  },
  /** As above with `n = (x - mean) / std`, and the mean of `h` taken off as well. */
  LayerNormalization: (context) => {
    const { graph, node, gradient, needs } = context;
    const x = inputOf(node, 0);
    const centred = graph.op("Sub", [x, mean(graph, x)]);
    const inverse = inverseRoot(context, graph.op("Mul", [centred, centred]));
    const bias = node.inputs[2];
    return [
      ...scaled(context, graph.op("Mul", [centred, inverse]), (h, normalized) => {
        const along = graph.op("Mul", [normalized, meanOfProduct(graph, h, normalized)]);
        const rest = graph.op("Sub", [graph.op("Sub", [h, mean(graph, h)]), along]);
        return graph.op("Mul", [rest, inverse]);
      }),
      bias !== undefined && needs(2) ? sumTo(graph, gradient, bias) : undefined,
    ];
  },
};

/** Gradients in `x` and in the scale. */
function scaled(
  { graph, node, gradient, needs }: RuleContext,
  normalized: Value,
  back: (h: Value, normalized: Value) => Value,
): (Value | undefined)[] {
  const scale = inputOf(node, 1);
  return [
    needs(0) ? back(graph.op("Mul", [gradient, scale]), normalized) : undefined,
    needs(1) ? sumTo(graph, graph.op("Mul", [gradient, normalized]), scale) : undefined,
  ];
}

/** `1 / sqrt(mean(squares) + epsilon)` over the last axis. */
function inverseRoot({ graph, node }: RuleContext, squares: Value): Value {
  const epsilon = node.attributes["epsilon"];
  const value = typeof epsilon === "object" && "float" in epsilon ? epsilon.float : 1e-5;
  const variance = graph.op("Add", [mean(graph, squares), scalar(graph, "float32", value)]);
  return graph.op("Reciprocal", [graph.op("Sqrt", [variance])]);
}

function meanOfProduct(graph: Graph, left: Value, right: Value): Value {
  return mean(graph, graph.op("Mul", [left, right]));
}

function mean(graph: Graph, value: Value): Value {
  const length = value.shape.at(-1);
  if (typeof length !== "number") throw new RangeError("Cannot take a mean of unknown length");
  const sum = sumAxis(graph, value, value.shape.length - 1);
  return graph.op("Mul", [sum, scalar(graph, "float32", 1 / length)]);
}
