/** A tensor as it crosses threads: row-major, float16 as its bits, bool as bytes. */
export type TensorData = {
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  readonly data: TensorArray;
};

export type TensorDtype = "float32" | "float16" | "float64" | "int64" | "int32" | "uint8" | "bool";

export type TensorArray =
  | Float32Array
  | Uint16Array
  | Float64Array
  | BigInt64Array
  | Int32Array
  | Uint8Array;

/** Tensors by the names of a graph's inputs or outputs. */
export type NamedTensors = Readonly<Record<string, TensorData>>;
