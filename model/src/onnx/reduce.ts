import { cast, int64s, scalar } from "./constants.ts";
import type { Graph } from "./graph.ts";
import type { Shape } from "./shape.ts";
import type { Value } from "./value.ts";

/** Whether any element along the last axis is true. */
export function anyLast(graph: Graph, value: Value): Value {
  return graph.op("Greater", [countLast(graph, value), scalar(graph, "int64", 0)]);
}

/** How many elements along the last axis are true, int64. */
export function countLast(graph: Graph, value: Value): Value {
  return reduceLast(graph, "ReduceSum", cast(graph, value, "int64"));
}

/** A reduction over the last axis, which it removes. */
export function reduceLast(
  graph: Graph,
  name: "ReduceSum" | "ReduceMax" | "ReduceMin" | "ReduceLogSumExp",
  value: Value,
): Value {
  return graph.op(name, [value, int64s(graph, [-1])], {
    attributes: { keepdims: 0 },
    shape: value.shape.slice(0, -1),
  });
}

/** Adds axes of length 1 at the given places of the result. */
export function unsqueeze(graph: Graph, value: Value, axes: readonly number[]): Value {
  let shape: Shape = value.shape;
  for (const axis of axes) shape = shape.toSpliced(axis, 0, 1);
  return graph.op("Unsqueeze", [value, int64s(graph, axes)], { shape });
}
