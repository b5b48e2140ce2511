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

export function tensorFeed({ shape, data }: StateTensor): Feed {
  return { dtype: "float32", shape, data };
}
