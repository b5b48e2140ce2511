import { carefulRows, coverAgain, settledShadows } from "./cover_again.ts";
import type { DecoderInputs } from "./decoder_inputs.ts";
import type { DecoderState, StepContext } from "./decoder_state.ts";
import { cast, int64s, scalar } from "./onnx/constants.ts";
import type { Graph } from "./onnx/graph.ts";
import { anyLast, countLast, unsqueeze } from "./onnx/reduce.ts";
import type { Value } from "./onnx/value.ts";
import { filledLike, gatherPlaces, targetPlaces, writePlaces } from "./places.ts";
import { predict, type Prediction } from "./predict.ts";
import { NO_STOP, stopPosition } from "./stop_position.ts";
import { transfer } from "./transfer.ts";

/** What the language tower gave for the places that a step feeds. */
export type StepQueries = {
  /** float32 `[rows * queries, hidden]`: the active places, then, where there are any, the shadows. */
  readonly hidden: Value;
  /** int64 `[rows, active]`: tokens that stand at the active places. */
  readonly current: Value;
  readonly withShadow: boolean;
};

/**
 * From hidden states to the next canvas: predict, rank, commit, cover again what is doubted, look for a stop.
 *
 * @param step int64 `[]`, counted from the start of the run.
 * @see {@link https://arxiv.org/abs/2502.09992 | Nie et al. 2025}, Algorithm 5, and the published sampler
 */
export function denoiseStep(
  graph: Graph,
  queries: StepQueries,
  state: DecoderState,
  step: Value,
  context: StepContext,
): DecoderState {
  const { inputs } = context;
  const maskId = scalar(graph, "int64", context.maskId);
  const moving = graph.op("Not", [state.resting]);
  const masked = isMasked(graph, queries.current, maskId, inputs);
  const settled = settledShadows(graph, state, maskId, context);
  const { active, standing } = predicted(graph, queries, state, {
    step,
    context,
    masked,
    settled,
  });

  const limit = graph.op("Min", [inputs.blockEnd, state.stop]);
  const before = graph.op("Less", [inputs.active, unsqueeze(graph, limit, [1])]);
  const chosen = transfer(
    graph,
    {
      places: inputs.active,
      confidence: active.confidence,
      entropy: active.entropy,
      masked,
      eligible: graph.op("And", [masked, before]),
    },
    { ...inputs, quota: columnOf(graph, inputs.quota, step) },
  );
  // A predicted mask token leaves the position masked, so it commits nothing.
  const real = graph.op("Not", [graph.op("Equal", [active.token, maskId])]);
  const commit = graph.op("And", [graph.op("And", [chosen, unsqueeze(graph, moving, [1])]), real]);
  const commits = countLast(graph, commit); // [rows]
  const targets = targetPlaces(graph, commit, context.activeIndex, context.sequence);
  const committing = {
    ...state,
    tokenIds: writePlaces(graph, state.tokenIds, targets, active.token),
    commitStep: writePlaces(
      graph,
      state.commitStep,
      targets,
      filledLike(graph, step, inputs.active),
    ),
    commitConfidence: writePlaces(graph, state.commitConfidence, targets, active.confidence),
  };
  const careful = carefulRows(graph, inputs);
  const revised =
    standing === undefined
      ? committing
      : coverAgain(graph, committing, {
          standing,
          settled,
          commits,
          moving,
          step,
          maskId,
          context,
        });

  // What is covered again may have been the stop itself.
  const stop = stopPosition(graph, revised.tokenIds, {
    sequences: inputs.stopSequences,
    start: inputs.canvasStart,
    end: inputs.canvasEnd,
    known: graph.op("Where", [careful, scalar(graph, "int64", NO_STOP), state.stop]),
    range: context.range,
  });
  const nextStop = graph.op("Where", [moving, stop, state.stop]);
  const done = graph.op("Or", [
    state.done,
    graph.op("And", [moving, blockDone(graph, revised.tokenIds, stop, maskId, context)]),
  ]);
  const committed = graph.op("Add", [state.committed, commits]);
  const looked = graph.op("And", [unsqueeze(graph, moving, [1]), masked]);
  return {
    ...revised,
    stop: nextStop,
    forwardPasses: graph.op("Add", [state.forwardPasses, cast(graph, moving, "int64")]),
    committed,
    prediction: graph.op("Where", [looked, active.token, state.prediction]),
    confidence: graph.op("Where", [looked, active.confidence, state.confidence]),
    asked: standing === undefined ? active.probability(graph, inputs.asked) : state.asked,
    done,
    resting: restingAfter(graph, { done, committed, step, inputs }),
  };
}

/** A row rests when its block is done, its steps are made, or it waits for a refresh. */
function restingAfter(
  graph: Graph,
  options: {
    readonly done: Value;
    readonly committed: Value;
    readonly step: Value;
    readonly inputs: DecoderInputs;
  },
): Value {
  const { done, committed, step, inputs } = options;
  const next = graph.op("Add", [step, scalar(graph, "int64", 1)]);
  return [
    graph.op("GreaterOrEqual", [next, inputs.stepLimit]),
    graph.op("GreaterOrEqual", [committed, inputs.commitLimit]),
  ].reduce((left, right) => graph.op("Or", [left, right]), done);
}

/** Asks the LM head about what is covered, and about what stands where a shadow looks. */
function predicted(
  graph: Graph,
  { hidden, current, withShadow }: StepQueries,
  state: DecoderState,
  options: {
    readonly step: Value;
    readonly context: StepContext;
    readonly masked: Value;
    readonly settled: Value;
  },
): {
  readonly active: Prediction;
  /** Probability of what stands at the shadows, where a step has any. */
  readonly standing: ((graph: Graph) => Value) | undefined;
} {
  const { step, context, masked, settled } = options;
  const { inputs, shadowIndex } = context;
  const inBlock = graph.op("Less", [inputs.active, unsqueeze(graph, inputs.blockEnd, [1])]);
  // Upstream's factor rule counts what is covered after the block too, and may take the last one of it.
  const usesFactor = graph.op("GreaterOrEqual", [inputs.factor, scalar(graph, "float32", 0)]);
  const inReach = graph.op("Or", [inBlock, unsqueeze(graph, usesFactor, [1])]);
  const wanted = graph.op("And", [masked, inReach]);
  const join = (where: Graph, left: Value, right: Value): Value =>
    withShadow ? where.op("Concat", [left, right], { attributes: { axis: 1 } }) : left;
  const all = predict(
    graph,
    {
      hidden,
      wanted: join(graph, wanted, settled),
      places: join(graph, inputs.active, inputs.shadow),
    },
    { ...context, step, head: (picked) => context.head(graph, picked) },
  );
  if (!withShadow) return { active: all, standing: undefined };
  const count = axisLength(graph, inputs.active);
  const part = (where: Graph, value: Value, isShadow: boolean): Value =>
    where.op(
      "Slice",
      [
        value,
        ...(isShadow
          ? [count, int64s(where, [Number.MAX_SAFE_INTEGER])]
          : [int64s(where, [0]), count]),
        int64s(where, [1]),
      ],
      { shape: (isShadow ? inputs.shadow : inputs.active).shape },
    );
  return {
    active: {
      ...all,
      token: part(graph, all.token, false),
      confidence: part(graph, all.confidence, false),
      entropy: (where) => part(where, all.entropy(where), false),
    },
    standing: (where) => {
      const tokens = join(where, current, gatherPlaces(where, state.tokenIds, shadowIndex));
      return part(where, all.probability(where, tokens), true);
    },
  };
}

/** Nothing left to uncover in the block, or nothing before a known stop. */
function blockDone(
  graph: Graph,
  tokenIds: Value,
  stop: Value,
  maskId: Value,
  context: StepContext,
): Value {
  const { inputs } = context;
  const current = gatherPlaces(graph, tokenIds, context.activeIndex);
  const masked = isMasked(graph, current, maskId, inputs);
  const left = (limit: Value): Value => {
    const inside = graph.op("Less", [inputs.active, unsqueeze(graph, limit, [1])]);
    return anyLast(graph, graph.op("And", [masked, inside]));
  };
  const stopped = graph.op("And", [
    graph.op("Less", [stop, scalar(graph, "int64", NO_STOP)]),
    graph.op("Not", [left(stop)]),
  ]);
  return graph.op("Or", [graph.op("Not", [left(inputs.blockEnd)]), stopped]);
}

function isMasked(graph: Graph, current: Value, maskId: Value, inputs: DecoderInputs): Value {
  const real = graph.op("GreaterOrEqual", [inputs.active, scalar(graph, "int64", 0)]);
  return graph.op("And", [graph.op("Equal", [current, maskId]), real]);
}

function axisLength(graph: Graph, value: Value): Value {
  return graph.op("Gather", [graph.op("Shape", [value]), int64s(graph, [1])]);
}

/** Column `step` of `[rows, schedule]`. */
function columnOf(graph: Graph, table: Value, step: Value): Value {
  return graph.op("Gather", [table, step], { attributes: { axis: 1 } });
}
