import { scalar } from "./onnx/constants.ts";
import type { Graph } from "./onnx/graph.ts";
import { countLast, unsqueeze } from "./onnx/reduce.ts";
import type { Value } from "./onnx/value.ts";
import { aheadOf } from "./transfer.ts";

/**
 * Decides which tokens are covered again: those whose probability, looked at as if they were covered, is below the
 * row's bound, the least probable first, and always fewer than the step has committed, so that every answer ends.
 *
 * @param standing float32 `[rows, shadow]`: probability of the token that stands there.
 * @param settled bool `[rows, shadow]`: a token that may be covered again.
 * @param options.places int64 `[rows, shadow]`
 * @param options.bound float32 `[rows]`
 * @param options.committed int64 `[rows]`: commits of this step.
 * @returns bool `[rows, shadow]`
 * @see {@link https://arxiv.org/abs/2507.18578 | Hong et al. 2025}, "Wide-In, Narrow-Out"
 */
export function doubt(
  graph: Graph,
  standing: Value,
  settled: Value,
  options: { readonly places: Value; readonly bound: Value; readonly committed: Value },
): Value {
  const isLow = graph.op("Less", [standing, unsqueeze(graph, options.bound, [1])]);
  const doubted = graph.op("And", [settled, isLow]);
  const order = graph.op("Where", [
    doubted,
    graph.op("Neg", [standing]),
    scalar(graph, "float32", -2),
  ]);
  const rank = countLast(graph, aheadOf(graph, order, options.places));
  const most = graph.op("Sub", [options.committed, scalar(graph, "int64", 1)]);
  return graph.op("And", [doubted, graph.op("Less", [rank, unsqueeze(graph, most, [1])])]);
}
