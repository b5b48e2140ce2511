import type { DType } from "./dtype.ts";
import type { Shape } from "./shape.ts";
import type { Value } from "./value.ts";

/** Whole numbers are INT attributes; `{ float }` is FLOAT. */
export type Attributes = Readonly<
  Record<
    string,
    number | string | { readonly float: number } | { readonly ints: readonly number[] }
  >
>;

/** A node as its operator's rule sees it. */
export type NodeView = {
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Attributes;
  /** The shape that the writer states, for operators whose shape is in their data. */
  readonly shape: Shape | undefined;
  /** How many outputs are wanted, of operators that can give more than one. */
  readonly outputs: number;
  /** Outputs of `Loop` and `If` bodies, by attribute name. */
  readonly bodies: Readonly<Record<string, readonly Value[]>>;
};

/** A node as it stands in a graph. */
export type GraphNode = {
  readonly operator: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
};

export type Result = { readonly dtype: DType; readonly shape: Shape };

/** How dtypes and shapes combine; throws a `RangeError` for what is not legal. */
export type Operator = {
  readonly domain?: string;
  readonly infer: (node: NodeView) => readonly Result[];
};
