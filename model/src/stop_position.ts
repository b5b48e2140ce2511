import { cast, int64s, scalar } from "./onnx/constants.ts";
import type { Graph } from "./onnx/graph.ts";
import { reduceLast, unsqueeze } from "./onnx/reduce.ts";
import type { Value } from "./onnx/value.ts";

/**
 * Stands for "no stop is known". Below 2^31, as ONNX Runtime 1.30 on x64 compares int64 in ReduceMin by their lower half
 * at times, where 2^31 is less than any position.
 */
export const NO_STOP = 2 ** 30;

/**
 * Looks for stop sequences in the answer, as the published sampler does after each step: the first listed sequence that
 * stands anywhere sets the stop; once there is one, only the first listed is looked for, and it can only move left.
 *
 * @param tokenIds int64 `[rows, columns]`, the sequence and whatever stands behind it.
 * @param options.sequences int64 `[rows, stops, width]`, padded with -1 at the end; a row of -1 matches nothing.
 * @param options.start int64 `[rows]`, first position of the answer.
 * @param options.end int64 `[rows]`, the position after its last.
 * @param options.known int64 `[rows]`, position found so far or {@link NO_STOP}.
 * @returns int64 `[rows]`
 */
export function stopPosition(
  graph: Graph,
  tokenIds: Value,
  options: {
    readonly sequences: Value;
    readonly start: Value;
    readonly end: Value;
    readonly known: Value;
    /** int64 `[sequence]`: 0, 1, 2 … */
    readonly range: Value;
  },
): Value {
  const { sequences, start, end, known, range } = options;
  const rows = tokenIds.shape[0];
  const width = sequences.shape[2];
  const one = scalar(graph, "int64", 1);
  const none = scalar(graph, "int64", NO_STOP);

  const offsets = graph.op(
    "Range",
    [scalar(graph, "int64", 0), axisLength(graph, sequences, 2), one],
    { shape: [width ?? 1] },
  );
  const columns = graph.op("Add", [unsqueeze(graph, range, [1]), unsqueeze(graph, offsets, [0])]);
  const last = graph.op("Sub", [axisLength(graph, range, 0), one]);
  const windows = graph.op("Gather", [tokenIds, graph.op("Min", [columns, last])], {
    attributes: { axis: 1 },
  }); // [rows, sequence, width]

  const wanted = unsqueeze(graph, sequences, [1]); // [rows, 1, stops, width]
  const padding = graph.op("Less", [wanted, scalar(graph, "int64", 0)]);
  const equal = graph.op("Equal", [unsqueeze(graph, windows, [2]), wanted]);
  const fits = cast(graph, graph.op("Or", [equal, padding]), "int32");
  const matches = graph.op("Greater", [
    reduceLast(graph, "ReduceMin", fits), // [rows, sequence, stops]
    scalar(graph, "int32", 0),
  ]);

  const tokens = cast(graph, graph.op("Not", [padding]), "int64");
  const lengths = reduceLast(graph, "ReduceSum", tokens); // [rows, 1, stops]
  const at = unsqueeze(graph, range, [0, 2]); // [1, sequence, 1]
  const begins = graph.op("GreaterOrEqual", [at, unsqueeze(graph, start, [1, 2])]);
  const ends = graph.op("LessOrEqual", [
    graph.op("Add", [at, lengths]),
    unsqueeze(graph, end, [1, 2]),
  ]);
  const real = graph.op("Greater", [lengths, scalar(graph, "int64", 0)]);
  const inside = graph.op("And", [graph.op("And", [begins, ends]), real]);
  const found = graph.op("And", [matches, inside]);
  const places = graph.op("Where", [found, at, none]);
  const swapped = graph.op("Transpose", [places], { attributes: { perm: { ints: [0, 2, 1] } } });
  const first = reduceLast(graph, "ReduceMin", swapped); // [rows, stops]

  // float32, as CUDA has no ArgMax of integers.
  const hit = cast(graph, graph.op("Less", [first, none]), "float32");
  const which = graph.op("ArgMax", [hit], { attributes: { axis: 1, keepdims: 1 } }); // [rows, 1]
  const flat = { shape: [rows ?? 1] };
  const axis = int64s(graph, [1]);
  const chosen = graph.op(
    "Squeeze",
    [graph.op("GatherElements", [first, which], { attributes: { axis: 1 } }), axis],
    flat,
  );
  const leading = graph.op(
    "Squeeze",
    [
      graph.op("Slice", [first, int64s(graph, [0]), int64s(graph, [1]), axis], {
        shape: [rows ?? 1, 1],
      }),
      axis,
    ],
    flat,
  );
  const isKnown = graph.op("Less", [known, none]);
  return graph.op("Where", [isKnown, graph.op("Min", [known, leading]), chosen]);
}

function axisLength(graph: Graph, value: Value, axis: number): Value {
  const shape = graph.op("Shape", [value]);
  return graph.op("Gather", [shape, scalar(graph, "int64", axis)]);
}
