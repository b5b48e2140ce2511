import { int64s, scalar } from "./onnx/constants.ts";
import type { Graph } from "./onnx/graph.ts";
import type { Value } from "./onnx/value.ts";

/**
 * What stands at some places of each row.
 *
 * @param value `[rows, sequence]`
 * @param index int64 `[rows, places]`, not negative.
 * @returns `[rows, places]`, of the value's dtype.
 */
export function gatherPlaces(graph: Graph, value: Value, index: Value): Value {
  return graph.op("GatherElements", [value, index], { attributes: { axis: 1 } });
}

/**
 * Writes where `commit` says so, and nowhere else.
 *
 * @param target `[rows, sequence]`
 * @param options.commit bool, `options.index` int64 and `options.updates` of the target's dtype, `[rows, places]` each.
 * @returns `[rows, sequence]`
 */
export function writePlaces(
  graph: Graph,
  target: Value,
  {
    commit,
    index,
    updates,
  }: { readonly commit: Value; readonly index: Value; readonly updates: Value },
): Value {
  // Padding points at position 0, which several entries may share: one scratch column takes what does not commit.
  const scratch = graph.op("Gather", [graph.op("Shape", [target]), scalar(graph, "int64", 1)]);
  const slice = (value: Value, start: number, end: number, width: Value["shape"][number]): Value =>
    graph.op("Slice", [value, int64s(graph, [start]), int64s(graph, [end]), int64s(graph, [1])], {
      shape: [target.shape[0] ?? 1, width],
    });
  const wide = graph.op("Concat", [target, slice(target, 0, 1, 1)], { attributes: { axis: 1 } });
  const places = graph.op("Where", [commit, index, scratch]);
  const written = graph.op("ScatterElements", [wide, places, updates], { attributes: { axis: 1 } });
  return slice(written, 0, -1, target.shape[1] ?? 1);
}

/** `value []` repeated in the shape of `like`. */
export function filledLike(graph: Graph, value: Value, like: Value): Value {
  return graph.op("Expand", [value, graph.op("Shape", [like])], { shape: like.shape });
}
