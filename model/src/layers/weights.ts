import { dirname, relative } from "node:path";
import type { Checkpoint, TensorReference } from "../checkpoint.ts";
import { cast, int64s } from "../onnx/constants.ts";
import { BYTES_PER_ELEMENT, type DType } from "../onnx/dtype.ts";
import type { Graph } from "../onnx/graph.ts";
import type { Value } from "../onnx/value.ts";
import { scaleName, type QuantizedFile } from "../quantize/quantized_file.ts";

/** What layers compute in: float32 is the reference, float16 is for GPUs. */
export type ComputeDType = "float32" | "float16";

/** How a layer asks for its parameters, whatever they lie in. */
export type Weights = {
  readonly dtype: ComputeDType;
  /** The parameter in that dtype, `[...shape]`. */
  parameter(name: string, shape: readonly number[]): Value;
  /** The parameter in its stored dtype, for operators that read only a few rows of it. */
  stored(name: string, shape: readonly number[]): Value;
  /** The weight `[out, in]` of a linear layer as int8; absent where weights are floats. */
  int8?(name: string): Int8Weight;
};

/** A linear layer's weight with a scale per output channel, its input channels turned by `rotationMatrix()`. */
export type Int8Weight = {
  /** int8 `[in, out]` */
  readonly weight: Value;
  /** float32 `[out]` */
  readonly scale: Value;
};

/**
 * Parameters that stay where they lie: each becomes an initializer that points into the checkpoint's file.
 *
 * A first axis smaller than the file's takes the first rows, which is how the vocabulary is cut to the tokenizer's size.
 *
 * @param folder The model's folder; every file of the checkpoint lies in or below it.
 * @param dtype What the layers compute in.
 */
export function checkpointWeights(
  graph: Graph,
  checkpoint: Checkpoint,
  folder: string,
  dtype: ComputeDType = "float32",
): Weights {
  const stored = (name: string, shape: readonly number[]): Value => {
    const tensor = checkpoint.tensor(name, shape);
    const kept = STORED_DTYPE[tensor.dtype];
    const byteLength = shape.reduce((total, dim) => total * dim, BYTES_PER_ELEMENT[kept]);
    return graph.weight(name, kept, shape, {
      location: relative(folder, tensor.file),
      offset: tensor.offset,
      byteLength,
    });
  };
  const casts = new Map<string, Value>();
  return {
    dtype,
    stored,
    parameter: (name, shape) => {
      const known = casts.get(name);
      if (known !== undefined) return known;
      const value = cast(graph, stored(name, shape), dtype);
      casts.set(name, value);
      return value;
    },
  };
}

/**
 * The same with every linear layer's weight from its int8 file.
 *
 * @param folder Holds the int8 file too.
 */
export function int8Weights(
  graph: Graph,
  weights: Weights,
  { file, folder }: { readonly file: QuantizedFile; readonly folder: string },
): Weights {
  const location = relative(folder, file.path);
  const external = (name: string, tensor: string, dtype: DType): Value => {
    const { shape, offset, byteLength } = file.tensor(tensor);
    return graph.weight(name, dtype, shape, { location, offset, byteLength });
  };
  return {
    ...weights,
    int8: (name) => ({
      // The float weight of this name may be in the graph too.
      weight: external(`${name}_int8`, name, "int8"),
      scale: external(scaleName(name), scaleName(name), "float32"),
    }),
  };
}

/**
 * The same weights, with int8 matrices that ONNX Runtime does not pack: it packs those that are constant anew for every
 * product, so two passes over the same weights hold them twice more, and products of many rows are quicker without
 * (`test/bench`).
 *
 * @param input int64 `[]`, any input of the graph: what is made with it is no constant to an optimizer.
 */
export function unpackedWeights(graph: Graph, weights: Weights, input: Value): Weights {
  if (weights.int8 === undefined) return weights;
  const zero = graph.op("Sub", [input, input]);
  return {
    ...weights,
    int8: (name) => {
      const known = weights.int8?.(name);
      if (known === undefined) throw new RangeError(`Cannot find the int8 weight of "${name}"`);
      const shape = graph.op("Add", [int64s(graph, known.weight.shape.map(Number)), zero]);
      const { weight, scale } = known;
      return { weight: graph.op("Reshape", [weight, shape], { shape: weight.shape }), scale };
    },
  };
}

/** The deepest folder that holds all the given files. */
export function commonFolder(files: readonly string[]): string {
  const [first, ...rest] = files.map(dirname);
  if (first === undefined) throw new RangeError("Cannot find a common folder of no files");
  return rest.reduce((common, folder) => {
    let candidate = common;
    while (folder !== candidate && !folder.startsWith(candidate === "/" ? "/" : `${candidate}/`)) {
      candidate = dirname(candidate);
    }
    return candidate;
  }, first);
}

const STORED_DTYPE: Readonly<Record<TensorReference["dtype"], DType>> = {
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
};
