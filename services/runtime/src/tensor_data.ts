/** Element types that cross the border of a session. */
export type TensorDtype = "float32" | "float16" | "float64" | "int64" | "int32" | "uint8" | "bool";

/** The elements: float16 as its 16 bits, bool as 0 and 1. */
export type TensorArray =
  | Float32Array
  | Uint16Array
  | Float64Array
  | BigInt64Array
  | Int32Array
  | Uint8Array;

/** A dense row-major tensor. */
export type TensorData = {
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  readonly data: TensorArray;
};

/** Tensors by the names of a graph's inputs or outputs. */
export type NamedTensors = Readonly<Record<string, TensorData>>;
