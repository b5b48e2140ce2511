import { ANY, FLOATS, NUMBERS } from "./dtype.ts";
import type { Operator } from "./node_view.ts";
import { inferIntegerMatMul, inferQuantize } from "./integer_rules.ts";
import {
  input,
  elementwise,
  comparison,
  inferWhere,
  inferCast,
  inferGemm,
  inferMatMul,
  inferFusedMatMul,
  inferNormalization,
  inferRotary,
  inferAttention,
  inferGather,
  inferScatter,
  inferConcat,
  inferReshape,
  inferStated,
  inferTranspose,
  inferReduceInput,
  inferArgMax,
  inferLoop,
  inferIf,
} from "./shape_rules.ts";

/** Domain of ONNX Runtime's own operators. */
export const MICROSOFT = "com.microsoft";

/** Every operator that our graphs may use. What is not here cannot be written. */
export const OPERATORS = {
  Add: elementwise(NUMBERS),
  Sub: elementwise(NUMBERS),
  Mul: elementwise(NUMBERS),
  Div: elementwise(NUMBERS),
  Mod: elementwise(NUMBERS),
  Min: elementwise(NUMBERS),
  Max: elementwise(NUMBERS),
  BitwiseXor: elementwise(["int64", "int32", "uint32"]),
  BitwiseAnd: elementwise(["int64", "int32", "uint32"]),
  Neg: elementwise(NUMBERS),
  Abs: elementwise(NUMBERS),
  Exp: elementwise(FLOATS),
  Log: elementwise(FLOATS),
  Sqrt: elementwise(FLOATS),
  Reciprocal: elementwise(FLOATS),
  Tanh: elementwise(FLOATS),
  Erf: elementwise(FLOATS),
  Sum: elementwise(FLOATS),
  Sigmoid: elementwise(FLOATS),
  Gelu: elementwise(FLOATS),
  Identity: elementwise(ANY),
  Not: elementwise(["bool"]),
  And: elementwise(["bool"]),
  Or: elementwise(["bool"]),
  Equal: comparison(),
  Less: comparison(),
  LessOrEqual: comparison(),
  Greater: comparison(),
  GreaterOrEqual: comparison(),
  Where: { infer: inferWhere },
  Cast: { infer: inferCast },
  Gemm: { infer: inferGemm },
  MatMul: { infer: inferMatMul },
  FusedMatMul: { domain: MICROSOFT, infer: inferFusedMatMul },
  QuantizeLinear: { infer: inferQuantize },
  MatMulIntegerToFloat: { domain: MICROSOFT, infer: inferIntegerMatMul },
  Conv: { infer: inferStated },
  LayerNormalization: { infer: inferNormalization },
  SimplifiedLayerNormalization: { infer: inferNormalization },
  Softmax: elementwise(FLOATS),
  RotaryEmbedding: { domain: MICROSOFT, infer: inferRotary },
  MultiHeadAttention: { domain: MICROSOFT, infer: inferAttention },
  Gather: { infer: inferGather },
  GatherElements: {
    infer: (node) => [{ dtype: input(node, 0).dtype, shape: input(node, 1).shape }],
  },
  ScatterElements: { infer: inferScatter },
  ConstantOfShape: {
    infer: (node) => inferStated(node).map(({ shape }) => ({ dtype: "float32", shape })),
  },
  Concat: { infer: inferConcat },
  Reshape: { infer: inferReshape },
  Expand: { infer: inferStated },
  Slice: { infer: inferStated },
  /** Places of what is true, one column each: int64 `[rank, places]`. */
  NonZero: {
    infer: (node) => inferStated(node).map(({ shape }) => ({ dtype: "int64" as const, shape })),
  },
  Transpose: { infer: inferTranspose },
  Unsqueeze: { infer: inferStated },
  Squeeze: { infer: inferStated },
  Shape: { infer: (node) => [{ dtype: "int64", shape: [input(node, 0).shape.length] }] },
  Range: { infer: inferStated },
  ReduceSum: { infer: inferReduceInput },
  ReduceMax: { infer: inferReduceInput },
  ReduceMin: { infer: inferReduceInput },
  ReduceLogSumExp: { infer: inferReduceInput },
  ArgMax: { infer: inferArgMax },
  Loop: { infer: inferLoop },
  If: { infer: inferIf },
} as const satisfies Record<string, Operator>;

export type OperatorName = keyof typeof OPERATORS;

/** Domain that an operator is looked up in; "" is ONNX's own. */
export function operatorDomain(name: OperatorName): string {
  const operator: Operator = OPERATORS[name];
  return operator.domain ?? "";
}
