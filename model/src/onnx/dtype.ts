import { TensorProto_DataType as DataType } from "@medv/proto/onnx";

/** Element types that our graphs use, by the names of ONNX Runtime's JavaScript tensors. */
export type DType =
  | "float32"
  | "float16"
  | "bfloat16"
  | "float64"
  | "int64"
  | "int32"
  | "uint32"
  | "uint8"
  | "int8"
  | "bool";

/** ONNX's number for each element type. */
export const ONNX_DATA_TYPE: Readonly<Record<DType, DataType>> = {
  float32: DataType.FLOAT,
  float16: DataType.FLOAT16,
  bfloat16: DataType.BFLOAT16,
  float64: DataType.DOUBLE,
  int64: DataType.INT64,
  int32: DataType.INT32,
  uint32: DataType.UINT32,
  uint8: DataType.UINT8,
  int8: DataType.INT8,
  bool: DataType.BOOL,
};

/** Bytes of one element. */
export const BYTES_PER_ELEMENT: Readonly<Record<DType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  float64: 8,
  int64: 8,
  int32: 4,
  uint32: 4,
  uint8: 1,
  int8: 1,
  bool: 1,
};

export const FLOATS: readonly DType[] = ["float32", "float16", "bfloat16", "float64"];
export const INTEGERS: readonly DType[] = ["int64", "int32", "uint32", "uint8", "int8"];
export const NUMBERS: readonly DType[] = [...FLOATS, ...INTEGERS];
export const ANY: readonly DType[] = [...NUMBERS, "bool"];
