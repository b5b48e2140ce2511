import type { StepContext } from "./denoise_step.ts";
import { int64s, scalar } from "./onnx/constants.ts";
import type { Graph } from "./onnx/graph.ts";
import { anyLast, unsqueeze } from "./onnx/reduce.ts";
import type { Value } from "./onnx/value.ts";

/** 0 where a key may be seen and -inf-like where not, `[rows, 1, queries, keys]`. */
export function attentionBias(graph: Graph, visible: Value, queries: Value): Value {
  const keys = unsqueeze(graph, visible, [1, 2]); // [rows, 1, 1, keys]
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
    // Finite, so that a row of padding gives numbers and not NaN; far below any score.
    scalar(graph, "float32", -1e9),
  ]);
  return graph.op("Expand", [bias, flat], {
    shape: [rows ?? 1, 1, count ?? 1, visible.shape[1] ?? 1],
  });
}

/** Which of the kept and of the active keys an active position sees: its own new keys replace the kept ones. */
export function innerBias(graph: Graph, { inputs, range }: StepContext): Value {
  const replaced = anyLast(
    graph,
    graph.op("Equal", [unsqueeze(graph, range, [0, 2]), unsqueeze(graph, inputs.active, [1])]),
  ); // [rows, sequence]
  const inside = graph.op("Less", [
    unsqueeze(graph, range, [0]),
    unsqueeze(graph, inputs.length, [1]),
  ]);
  const kept = graph.op("And", [inside, graph.op("Not", [replaced])]);
  const real = graph.op("GreaterOrEqual", [inputs.active, scalar(graph, "int64", 0)]);
  const visible = graph.op("Concat", [kept, real], { attributes: { axis: 1 } });
  return attentionBias(graph, visible, inputs.active);
}
