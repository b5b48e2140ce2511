import { int64s } from "./onnx/constants.ts";
import type { Graph } from "./onnx/graph.ts";
import type { Value } from "./onnx/value.ts";

/**
 * What stands at some places of each row.
 *
 * @param value `[rows, columns]`
 * @param index int64 `[rows, places]`, not negative.
 * @returns `[rows, places]`, of the value's dtype.
 */
export function gatherPlaces(graph: Graph, value: Value, index: Value): Value {
  return graph.op("GatherElements", [value, index], { attributes: { axis: 1 } });
}

/**
 * Where to write: the places that commit, and a column behind the sequence for all others. Padding points at place 0,
 * which several entries may share, so what does not commit has to go somewhere else.
 *
 * @param commit bool `[rows, places]`
 * @param index int64 `[rows, places]`
 * @param behind int64 `[]`: length of the sequence.
 * @returns int64 `[rows, places]`
 */
export function targetPlaces(graph: Graph, commit: Value, index: Value, behind: Value): Value {
  return graph.op("Where", [commit, index, behind]);
}

/**
 * @param value `[rows, sequence + 1]`
 * @param targets int64 `[rows, places]`: see {@link targetPlaces}.
 * @param updates `[rows, places]`, of the value's dtype.
 */
export function writePlaces(graph: Graph, value: Value, targets: Value, updates: Value): Value {
  return graph.op("ScatterElements", [value, targets, updates], { attributes: { axis: 1 } });
}

/** Adds the column behind the sequence; what stands in it is never read. */
export function addColumn(graph: Graph, value: Value): Value {
  const [rows = 1] = value.shape;
  const first = graph.op(
    "Slice",
    [value, int64s(graph, [0]), int64s(graph, [1]), int64s(graph, [1])],
    {
      shape: [rows, 1],
    },
  );
  return graph.op("Concat", [value, first], { attributes: { axis: 1 } });
}

/** Takes the column behind the sequence away. */
export function dropColumn(graph: Graph, value: Value, shape: Value["shape"]): Value {
  return graph.op("Slice", [value, int64s(graph, [0]), int64s(graph, [-1]), int64s(graph, [1])], {
    shape,
  });
}

/** `value []` repeated in the shape of `like`. */
export function filledLike(graph: Graph, value: Value, like: Value): Value {
  return graph.op("Expand", [value, graph.op("Shape", [like])], { shape: like.shape });
}
