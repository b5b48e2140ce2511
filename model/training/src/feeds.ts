import { Tensor } from "onnxruntime-node";
import type { StateTensor } from "./training_state.ts";

/** A tensor on its way into a run. */
export type Feed = {
  readonly dtype: "float32" | "int64" | "uint8";
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array | Uint8Array;
};

export type Feeds = Readonly<Record<string, Feed>>;

export function floats(shape: readonly number[], data: Float32Array): Feed {
  return { dtype: "float32", shape, data };
}

/** Whole numbers as int64. */
export function integers(shape: readonly number[], values: Iterable<number>): Feed {
  return { dtype: "int64", shape, data: BigInt64Array.from(values, BigInt) };
}

/** A float32 `[]`. */
export function number(value: number): Feed {
  return { dtype: "float32", shape: [], data: new Float32Array([value]) };
}

/** A float32 tensor of the state, as it stands. */
export function tensorFeed({ shape, data }: StateTensor): Feed {
  return { dtype: "float32", shape, data };
}

/** The same tensors as ONNX Runtime takes them, without a copy. */
export function ortTensors(feeds: Feeds): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, data, shape }]) => [
      name,
      // The constructor is overloaded per dtype; it checks the pair itself.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      new Tensor(dtype as "float32", data as Float32Array, shape),
    ]),
  );
}
