import type { StepContext } from "./decoder_state.ts";
import type { ComputeDType } from "./layers/weights.ts";
import { cast, int64s, scalar } from "./onnx/constants.ts";
import type { Graph } from "./onnx/graph.ts";
import { anyLast, unsqueeze } from "./onnx/reduce.ts";
import type { Value } from "./onnx/value.ts";

/**
 * 0 where a key may be seen and -inf-like where not, `[rows, 1, queries, keys]`.
 *
 * @param visible bool `[rows, keys]`, or `[rows, queries, keys]` where it differs between queries.
 * @param queries Any `[rows, queries]`.
 * @param dtype Of the bias: what the attention computes in.
 */
export function attentionBias(
  graph: Graph,
  visible: Value,
  queries: Value,
  dtype: ComputeDType,
): Value {
  const keys = unsqueeze(graph, visible, visible.shape.length === 2 ? [1, 2] : [1]);
  const [rows, count] = queries.shape;
  const shape = graph.op(
    "Concat",
    [
      graph.op("Unsqueeze", [graph.op("Shape", [queries]), int64s(graph, [1])], { shape: [2, 1] }),
      graph.constant("ones", "int64", [2, 1], new BigInt64Array([1n, 1n])),
    ],
    { attributes: { axis: 1 } },
  );
  const flat = graph.op("Reshape", [shape, int64s(graph, [-1])], { shape: [4] }); // rows, 1, queries, 1
  const bias = graph.op("Where", [
    keys,
    scalar(graph, "float32", 0),
    scalar(graph, "float32", UNSEEN[dtype]),
  ]);
  return graph.op("Expand", [cast(graph, bias, dtype), flat], {
    shape: [rows ?? 1, 1, count ?? 1, visible.shape.at(-1) ?? 1],
  });
}

/** Finite, so that a row of padding gives numbers and not NaN; far below any score, and a number of its dtype. */
const UNSEEN: Readonly<Record<ComputeDType, number>> = { float32: -1e9, float16: -3e4 };

/**
 * What the active places and the shadows see, `[rows, 1, active + shadow, sequence + active + shadow]`: the kept keys
 * but those that active places give anew, and the active places' own. A shadow does not see the token in whose place it
 * looks, sees itself, and is seen by nobody else.
 *
 * @param dtype Of the bias: what the attention computes in.
 * @see {@link https://arxiv.org/abs/2507.18578 | Hong et al. 2025}, the shadow block
 */
export function innerBias(
  graph: Graph,
  { inputs, range }: StepContext,
  dtype: ComputeDType,
): Value {
  const { active, shadow, length } = inputs;
  const replaced = anyLast(
    graph,
    graph.op("Equal", [unsqueeze(graph, range, [0, 2]), unsqueeze(graph, active, [1])]),
  ); // [rows, sequence]
  const inside = graph.op("Less", [unsqueeze(graph, range, [0]), unsqueeze(graph, length, [1])]);
  const kept = graph.op("And", [inside, graph.op("Not", [replaced])]);
  const isReal = (places: Value): Value =>
    graph.op("GreaterOrEqual", [places, scalar(graph, "int64", 0)]);
  const join = (axis: number, ...parts: readonly Value[]): Value =>
    graph.op("Concat", [...parts], { attributes: { axis } });

  const queries = join(1, active, shadow); // [rows, queries]
  const isActive = join(1, isReal(active), falses(graph, shadow));
  const own = graph.op("Equal", [unsqueeze(graph, queries, [2]), unsqueeze(graph, active, [1])]); // [rows, queries, active]
  const seesActive = graph.op("And", [
    unsqueeze(graph, isReal(active), [1]),
    graph.op("Or", [unsqueeze(graph, isActive, [2]), graph.op("Not", [own])]),
  ]);
  const same = graph.op("Equal", [unsqueeze(graph, queries, [2]), unsqueeze(graph, shadow, [1])]); // [rows, queries, shadow]
  const isShadow = join(1, falses(graph, active), isReal(shadow));
  const seesShadow = graph.op("And", [same, unsqueeze(graph, isShadow, [2])]);
  // Every query sees the same kept keys: "place >= -1" is true of all, padding among them.
  const anyQuery = graph.op("GreaterOrEqual", [queries, scalar(graph, "int64", -1)]);
  const seesKept = graph.op("And", [unsqueeze(graph, kept, [1]), unsqueeze(graph, anyQuery, [2])]); // [rows, queries, sequence]
  return attentionBias(graph, join(2, seesKept, seesActive, seesShadow), queries, dtype);
}

function falses(graph: Graph, like: Value): Value {
  return graph.op("Less", [like, scalar(graph, "int64", -2)]);
}
