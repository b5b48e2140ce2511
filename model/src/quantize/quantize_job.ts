import type { TensorReference } from "../checkpoint.ts";

/** A run of rows of one weight: where they are read, and where their parts are written. */
export type QuantizeJob = {
  readonly source: string;
  readonly dtype: TensorReference["dtype"];
  /** Of the first row, in bytes from the start of the source. */
  readonly offset: number;
  readonly byteLength: number;
  /** Channels of a row. */
  readonly width: number;
  /** Rows of the whole weight, and the first of these. */
  readonly out: number;
  readonly firstRow: number;
  readonly draft: string;
  /** Of the whole weight and of its scales, in bytes from the start of the draft. */
  readonly weightOffset: number;
  readonly scaleOffset: number;
};
