import type { DType } from "./dtype.ts";
import type { Shape } from "./shape.ts";

/** A tensor that a graph computes, is given, or holds. */
export type Value = { readonly name: string; readonly dtype: DType; readonly shape: Shape };
