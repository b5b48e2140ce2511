import type { DecoderInputs } from "./decoder_inputs.ts";
import type { Graph } from "./onnx/graph.ts";
import type { Value } from "./onnx/value.ts";

/** What a denoise step changes; carried from step to step. */
export type DecoderState = {
  /** int64 `[rows, sequence + 1]`; the column behind the sequence takes what does not commit, here and below. */
  readonly tokenIds: Value;
  /** int64 `[rows, sequence + 1]`: step of this run at which a position committed, -1 where it did not. */
  readonly commitStep: Value;
  /** float32 `[rows, sequence + 1]`: confidence at commit. */
  readonly commitConfidence: Value;
  /** int64 `[rows]` */
  readonly stop: Value;
  /** int64 `[rows]`: forward passes that this row took part in. */
  readonly forwardPasses: Value;
  /** int64 `[rows]`: commits of this run, and tokens that it covered again. */
  readonly committed: Value;
  readonly revisions: Value;
  /** int64 `[rows, shadow]`: step of this run at which a shadow's token was last covered again, -1 where it was not. */
  readonly coveredStep: Value;
  /** Of the same shape, what was covered then: token, step of this run at which it had committed (-1: before), confidence. */
  readonly coveredIds: Value;
  readonly coveredCommitStep: Value;
  readonly coveredConfidence: Value;
  /** int64 `[rows, active]`, float32 `[rows, active]`: the last prediction for every active position. */
  readonly prediction: Value;
  readonly confidence: Value;
  /** float32 `[rows, active]`: probability of the tokens that were asked for, as the refresh saw it. */
  readonly asked: Value;
  /** bool `[rows]`: the block needs no further step. */
  readonly done: Value;
  /** bool `[rows]`: the row takes no further part in this run. */
  readonly resting: Value;
};

export type StepContext = {
  readonly inputs: DecoderInputs;
  /** int64 `[rows, active]` and `[rows, shadow]`, padding at 0. */
  readonly activeIndex: Value;
  readonly shadowIndex: Value;
  /** int64 `[]` */
  readonly sequence: Value;
  /** int64 `[sequence]`: 0, 1, 2 … */
  readonly range: Value;
  readonly maskId: number;
  readonly eotId: number;
  readonly vocabulary: number;
  /** Final norm and LM head: `[n, hidden]` → `[n, vocabulary]`. */
  readonly head: (graph: Graph, hidden: Value) => Value;
};

/** Every one of these fields, made anew. */
export function mapFields<Field extends keyof DecoderState>(
  fields: readonly Field[],
  map: (field: Field, index: number) => Value,
): Pick<DecoderState, Field> {
  // fromEntries() forgets which names it was given.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(fields.map((field, index) => [field, map(field, index)])) as Pick<
    DecoderState,
    Field
  >;
}
