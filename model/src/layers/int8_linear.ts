import { int64s, scalar } from "../onnx/constants.ts";
import type { Graph } from "../onnx/graph.ts";
import type { Value } from "../onnx/value.ts";
import { rotationMatrix, rotationWidth } from "../quantize/rotation.ts";
import type { Int8Weight } from "./weights.ts";

/** Activations as integers: `x ≈ (integers - 128) / 127 * scale`, channels turned. */
type QuantizedRows = {
  /** uint8 `[tokens, in]` */
  readonly integers: Value;
  /** float32 `[tokens, 1]` */
  readonly scale: Value;
  /** float32 `[]` and uint8 `[]` */
  readonly step: Value;
  readonly zero: Value;
};

/**
 * A linear layer in int8: weights scaled per output channel, activations per row at run time. A scale per row keeps a
 * token of large numbers from blunting the others, and an answer from depending on its neighbours in the batch.
 *
 * @param x float32 `[tokens, in]`
 * @param bias float32 `[out]`
 * @returns float32 `[tokens, out]`
 */
export function int8Linear(
  graph: Graph,
  x: Value,
  { weight, scale }: Int8Weight,
  { bias, as }: { readonly bias: Value | undefined; readonly as: string },
): Value {
  const rows = quantizedRows(graph, x);
  const product = graph.op(
    "MatMulIntegerToFloat",
    [rows.integers, weight, rows.step, scale, rows.zero],
    { as: `${as}.product` },
  );
  const name = bias === undefined ? as : `${as}.scaled`;
  const scaled = graph.op("Mul", [product, rows.scale], { as: name });
  return bias === undefined ? scaled : graph.op("Add", [scaled, bias], { as });
}

const known = new WeakMap<Graph, WeakMap<Value, QuantizedRows>>();

/** Layers that read the same activations share their integers. */
function quantizedRows(graph: Graph, x: Value): QuantizedRows {
  const ofGraph = known.get(graph) ?? new WeakMap<Value, QuantizedRows>();
  known.set(graph, ofGraph);
  const rows = ofGraph.get(x) ?? quantize(graph, x);
  ofGraph.set(x, rows);
  return rows;
}

function quantize(graph: Graph, x: Value): QuantizedRows {
  const turned = turn(graph, x);
  const axes = int64s(graph, [1]);
  const largest = graph.op("ReduceMax", [graph.op("Abs", [turned]), axes], {
    shape: [x.shape[0] ?? 1, 1],
  });
  // A row of zeros must not become 0 / 0.
  const scale = graph.op("Max", [largest, scalar(graph, "float32", 1e-30)]);
  const step = scalar(graph, "float32", 1 / 127);
  const zero = graph.constant("uint8_128", "uint8", [], Uint8Array.of(128));
  const integers = graph.op("QuantizeLinear", [graph.op("Div", [turned, scale]), step, zero]);
  return { integers, scale, step, zero };
}

function turn(graph: Graph, x: Value): Value {
  const [tokens = 1, size] = x.shape;
  if (typeof size !== "number") throw new RangeError(`Cannot turn "${x.name}" of unknown width`);
  const width = rotationWidth(size);
  const matrix = graph.constant(
    `rotation_${width}`,
    "float32",
    [width, width],
    rotationMatrix(width),
  );
  const groups = graph.op("Reshape", [x, int64s(graph, [-1, width])], { shape: ["groups", width] });
  return graph.op("Reshape", [graph.op("MatMul", [groups, matrix]), int64s(graph, [-1, size])], {
    shape: [tokens, size],
  });
}
