import type { DecoderInputs } from "./decoder_inputs.ts";
import { type DecoderState, mapFields, type StepContext } from "./decoder_state.ts";
import { doubt } from "./doubt.ts";
import { scalar } from "./onnx/constants.ts";
import { Graph } from "./onnx/graph.ts";
import { anyLast, countLast, unsqueeze } from "./onnx/reduce.ts";
import type { Value } from "./onnx/value.ts";
import { filledLike, gatherPlaces, targetPlaces, writePlaces } from "./places.ts";

const COVERED = [
  "tokenIds",
  "commitStep",
  "commitConfidence",
  "revisions",
  "coveredStep",
  "coveredIds",
  "coveredCommitStep",
  "coveredConfidence",
] as const satisfies readonly (keyof DecoderState)[];

/** The part of the state that covering again changes. */
export type Covered = Pick<DecoderState, (typeof COVERED)[number]>;

type CoverOptions = {
  /** float32 `[rows, shadow]`: probability of what stands there, looked at as if it were covered. */
  readonly standing: (graph: Graph) => Value;
  /** bool `[rows, shadow]`: see {@link settledShadows}. */
  readonly settled: Value;
  /** int64 `[rows]`: commits of the step. */
  readonly commits: Value;
  /** bool `[rows]`: the row takes part in the step. */
  readonly moving: Value;
  /** int64 `[]`, counted from the start of the run. */
  readonly step: Value;
  readonly maskId: Value;
  readonly context: StepContext;
};

/**
 * Puts mask tokens back where the step has come to doubt what stands there. Nothing is computed when no row is careful:
 * most runs have no shadows to look at.
 */
export function coverAgain(graph: Graph, state: Covered, options: CoverOptions): Covered {
  const changed = new Graph(graph);
  const next = covered(changed, state, options);
  const same = new Graph(graph);
  for (const field of COVERED) {
    changed.output(next[field]);
    same.output(same.op("Identity", [state[field]]));
  }
  const results = graph.ops("If", [anyLast(graph, carefulRows(graph, options.context.inputs))], {
    graphs: { then_branch: changed, else_branch: same },
    as: "revised",
  });
  return mapFields(COVERED, (field, index) => {
    const value = results[index];
    if (value === undefined) throw new RangeError(`Cannot find "${field}" in the branch's results`);
    return value;
  });
}

function covered(graph: Graph, state: Covered, options: CoverOptions): Covered {
  const { settled, commits, moving, step, maskId, context } = options;
  const standing = options.standing(graph);
  const { inputs, shadowIndex, sequence } = context;
  const doubted = doubt(graph, standing, settled, {
    places: inputs.shadow,
    bound: inputs.doubt,
    committed: commits,
  });
  const commit = graph.op("And", [doubted, unsqueeze(graph, moving, [1])]);
  const targets = targetPlaces(graph, commit, shadowIndex, sequence);
  const fill = (target: Value, value: Value): Value =>
    writePlaces(graph, target, targets, filledLike(graph, value, shadowIndex));
  const note = (known: Value, now: Value): Value => graph.op("Where", [commit, now, known]);
  return {
    tokenIds: fill(state.tokenIds, maskId),
    commitStep: fill(state.commitStep, scalar(graph, "int64", -1)),
    commitConfidence: fill(state.commitConfidence, scalar(graph, "float32", 0)),
    revisions: graph.op("Add", [state.revisions, countLast(graph, commit)]),
    coveredStep: note(state.coveredStep, step),
    coveredIds: note(state.coveredIds, gatherPlaces(graph, state.tokenIds, shadowIndex)),
    coveredCommitStep: note(
      state.coveredCommitStep,
      gatherPlaces(graph, state.commitStep, shadowIndex),
    ),
    coveredConfidence: note(
      state.coveredConfidence,
      gatherPlaces(graph, state.commitConfidence, shadowIndex),
    ),
  };
}

/** Shadowed places that hold a token of the answer which may be covered again. */
export function settledShadows(
  graph: Graph,
  state: DecoderState,
  maskId: Value,
  { inputs, shadowIndex }: StepContext,
): Value {
  const token = gatherPlaces(graph, state.tokenIds, shadowIndex);
  const real = graph.op("GreaterOrEqual", [inputs.shadow, scalar(graph, "int64", 0)]);
  const open = graph.op("And", [real, unsqueeze(graph, carefulRows(graph, inputs), [1])]);
  const filled = graph.op("Not", [graph.op("Equal", [token, maskId])]);
  const beforeStop = graph.op("LessOrEqual", [inputs.shadow, unsqueeze(graph, state.stop, [1])]);
  return graph.op("And", [graph.op("And", [filled, beforeStop]), open]);
}

/** Rows that cover again what they doubt, bool `[rows]`. */
export function carefulRows(graph: Graph, inputs: DecoderInputs): Value {
  return graph.op("Greater", [inputs.doubt, scalar(graph, "float32", 0)]);
}
