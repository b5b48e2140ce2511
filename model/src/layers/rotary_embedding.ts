import { cast } from "../onnx/constants.ts";
import type { Graph } from "../onnx/graph.ts";
import type { Value } from "../onnx/value.ts";
import type { ComputeDType } from "./weights.ts";

/** Cosines and sines of every position, `[positions, head_dim / 2]` each. */
export type RotaryTable = { readonly cos: Value; readonly sin: Value };

/**
 * Angles in single precision, as the published code computes them: at position 800 a double-precision table differs in the
 * fifth digit.
 *
 * @param options.theta Base of the frequencies, the checkpoint's `rope_theta`.
 * @param options.dtype Of the table: what the attention computes in, float32 unless told otherwise.
 * @see {@link https://arxiv.org/abs/2104.09864 | Su et al. 2021}, §3.4.2
 */
export function rotaryTable(
  graph: Graph,
  options: {
    readonly positions: number;
    readonly headDim: number;
    readonly theta: number;
    readonly dtype?: ComputeDType;
  },
): RotaryTable {
  const half = options.headDim / 2;
  const cos = new Float32Array(options.positions * half);
  const sin = new Float32Array(options.positions * half);
  for (let pair = 0; pair < half; pair++) {
    const exponent = Math.fround((2 * pair) / options.headDim);
    const frequency = Math.fround(1 / Math.fround(options.theta ** exponent));
    for (let position = 0; position < options.positions; position++) {
      const angle = Math.fround(position * frequency);
      cos[position * half + pair] = Math.cos(angle);
      sin[position * half + pair] = Math.sin(angle);
    }
  }
  const table = (name: string, data: Float32Array): Value =>
    cast(
      graph,
      graph.constant(name, "float32", [options.positions, half], data),
      options.dtype ?? "float32",
    );
  return { cos: table("rotary_cos", cos), sin: table("rotary_sin", sin) };
}

/**
 * Turns each pair `(i, i + head_dim / 2)` of every head by its position's angle.
 *
 * @param x `[rows, tokens, hidden]`
 * @param positions int64 `[rows, tokens]`
 */
export function rotaryEmbedding(
  graph: Graph,
  x: Value,
  positions: Value,
  options: { readonly table: RotaryTable; readonly heads: number; readonly as: string },
): Value {
  return graph.op("RotaryEmbedding", [x, positions, options.table.cos, options.table.sin], {
    attributes: { interleaved: 0, num_heads: options.heads, scale: { float: 1 } },
    as: options.as,
  });
}
