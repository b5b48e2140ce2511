import type { ModelConfig } from "./config.ts";
import type { Graph } from "./onnx/graph.ts";
import type { Value } from "./onnx/value.ts";

/**
 * Everything that one run of the block decoder is told. Rows are answers decoded together; every limit is a tensor, so
 * rows with different settings share a run.
 */
export type DecoderInputs = {
  /** int64 `[rows, sequence]`: prompt, placeholders for image rows, canvas, suffix, padding. */
  readonly tokenIds: Value;
  /** float32 `[image_tokens, vision_hidden]`: the vision tower's output of all images, one after another. */
  readonly embedding: Value;
  /** int64 `[rows, sequence, taps]`: row of `embedding` at each position; -1 none, -2 image_newline. */
  readonly imageRow: Value;
  /** float32 `[rows, sequence, taps]`: weight of each tap, after the projector. */
  readonly imageWeight: Value;
  /** int64 `[rows, sequence]`: position in the whole answer, which is not the place where masks far ahead are left out. */
  readonly positions: Value;
  /** int64 `[rows]`: places in use; what follows is padding. */
  readonly length: Value;
  /** int64 `[rows, active]`: places that get logits, and that inner steps feed; -1 is padding. */
  readonly active: Value;
  /** int64 `[rows, active]`: tokens of which the refresh is to say how probable they are there. */
  readonly asked: Value;
  /** int64 `[rows, shadow]`: places that inner steps look at as if they were covered; -1 is padding. */
  readonly shadow: Value;
  /** int64 `[rows]`: nothing at or after it commits. */
  readonly blockEnd: Value;
  /** int64 `[rows]`: first position of the answer, and the one after its last. */
  readonly canvasStart: Value;
  readonly canvasEnd: Value;
  /** int64 `[rows, steps + 1]`: how many commit at each of this run's steps, whatever the other rules say. */
  readonly quota: Value;
  /** float32 `[rows]`: upstream's factor rule, which alone decides; negative where it does not hold. */
  readonly factor: Value;
  /** float32 `[rows]`: commits where the confidence is not below it; above 1 where the rule does not hold. */
  readonly threshold: Value;
  /** float32 `[rows]`: commits the most confident while their joint risk is below it; 0 where the rule does not hold. */
  readonly risk: Value;
  /** float32 `[rows]`: commits the least uncertain while their joint entropy is not above it; negative where not. */
  readonly entropy: Value;
  /** float32 `[rows]`: covers a token again when its probability, looked at as if covered, is below it; 0 never. */
  readonly doubt: Value;
  /** int64 `[rows]`: steps of this run that the row takes part in, and commits after which it waits for a refresh. */
  readonly stepLimit: Value;
  readonly commitLimit: Value;
  /** float32 `[rows]` */
  readonly temperature: Value;
  /** bool `[rows]`: commit at random places instead of the most confident ones. */
  readonly randomRemasking: Value;
  /** int64 `[rows]` in `[0, 2^31 - 1)`. */
  readonly seed: Value;
  /** int64 `[rows]`: denoise steps of the answer before this run. */
  readonly stepOffset: Value;
  /** int64 `[rows, forbidden]`: ids that are never chosen. */
  readonly forbidden: Value;
  /** int64 `[rows]`: first place where the answer may end. */
  readonly eotFrom: Value;
  /** float32 `[rows]`, and int64 `[rows]`: rows whose logits are combined. */
  readonly cfgScale: Value;
  readonly conditional: Value;
  readonly unconditional: Value;
  /** int64 `[rows, stops, stop_width]`, padded with -1. */
  readonly stopSequences: Value;
  /** int64 `[rows]`: stop known so far. */
  readonly stop: Value;
  /** int64 `[]`: inner steps after the refresh. */
  readonly steps: Value;
};

/** Declares the inputs on a graph; names on the wire to ONNX Runtime are snake_case. */
export function decoderInputs(graph: Graph, config: ModelConfig): DecoderInputs {
  const perRow = ["rows"];
  return {
    tokenIds: graph.input("token_ids", "int64", ["rows", "sequence"]),
    embedding: graph.input("embedding", "float32", ["image_tokens", config.vision.hiddenSize]),
    imageRow: graph.input("image_row", "int64", ["rows", "sequence", "taps"]),
    imageWeight: graph.input("image_weight", "float32", ["rows", "sequence", "taps"]),
    positions: graph.input("positions", "int64", ["rows", "sequence"]),
    length: graph.input("length", "int64", perRow),
    active: graph.input("active", "int64", ["rows", "active"]),
    asked: graph.input("asked", "int64", ["rows", "active"]),
    shadow: graph.input("shadow", "int64", ["rows", "shadow"]),
    blockEnd: graph.input("block_end", "int64", perRow),
    canvasStart: graph.input("canvas_start", "int64", perRow),
    canvasEnd: graph.input("canvas_end", "int64", perRow),
    quota: graph.input("quota", "int64", ["rows", "schedule"]),
    factor: graph.input("factor", "float32", perRow),
    threshold: graph.input("threshold", "float32", perRow),
    risk: graph.input("risk", "float32", perRow),
    entropy: graph.input("entropy", "float32", perRow),
    doubt: graph.input("doubt", "float32", perRow),
    stepLimit: graph.input("step_limit", "int64", perRow),
    commitLimit: graph.input("commit_limit", "int64", perRow),
    temperature: graph.input("temperature", "float32", perRow),
    randomRemasking: graph.input("random_remasking", "bool", perRow),
    seed: graph.input("seed", "int64", perRow),
    stepOffset: graph.input("step_offset", "int64", perRow),
    forbidden: graph.input("forbidden", "int64", ["rows", "forbidden"]),
    eotFrom: graph.input("eot_from", "int64", perRow),
    cfgScale: graph.input("cfg_scale", "float32", perRow),
    conditional: graph.input("conditional", "int64", perRow),
    unconditional: graph.input("unconditional", "int64", perRow),
    stopSequences: graph.input("stop_sequences", "int64", ["rows", "stops", "stop_width"]),
    stop: graph.input("stop", "int64", perRow),
    steps: graph.input("steps", "int64", []),
  };
}
