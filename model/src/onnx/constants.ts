import { ONNX_DATA_TYPE, type DType } from "./dtype.ts";
import type { Graph } from "./graph.ts";
import type { Value } from "./value.ts";

/** A scalar constant of the given dtype. */
export function scalar(
  graph: Graph,
  dtype: "float32" | "float64" | "int64" | "int32" | "bool",
  value: number,
): Value {
  const name = `${dtype}_${value}`;
  if (dtype === "float32") return graph.constant(name, dtype, [], new Float32Array([value]));
  if (dtype === "float64") return graph.constant(name, dtype, [], new Float64Array([value]));
  if (dtype === "int64") return graph.constant(name, dtype, [], new BigInt64Array([BigInt(value)]));
  if (dtype === "int32") return graph.constant(name, dtype, [], new Int32Array([value]));
  return graph.constant(name, dtype, [], new Uint8Array([value]));
}

/** A one-dimensional int64 constant, as shapes and axes are given. */
export function int64s(graph: Graph, values: readonly number[]): Value {
  const data = new BigInt64Array(values.map(BigInt));
  return graph.constant(`int64s_${values.join("_")}`, "int64", [values.length], data);
}

export function cast(graph: Graph, value: Value, dtype: DType): Value {
  if (value.dtype === dtype) return value;
  return graph.op("Cast", [value], { attributes: { to: ONNX_DATA_TYPE[dtype] } });
}
