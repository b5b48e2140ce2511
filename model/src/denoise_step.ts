import { carefulRows, coverAgain, settledShadows } from "./cover_again.ts";
import type { DecoderInputs } from "./decoder_inputs.ts";
import type { DecoderState, StepContext } from "./decoder_state.ts";
import { cast, int64s, scalar } from "./onnx/constants.ts";
import type { Graph } from "./onnx/graph.ts";
import { anyLast, countLast, unsqueeze } from "./onnx/reduce.ts";
import type { Value } from "./onnx/value.ts";
import { filledLike, gatherPlaces, writePlaces } from "./places.ts";
import { predict, type Prediction } from "./predict.ts";
import { NO_STOP, stopPosition } from "./stop_position.ts";
import { transfer } from "./transfer.ts";

/** What the language tower gave for the places that a step feeds. */
export type StepQueries = {
  /** float32 `[rows * queries, hidden]`: the active places, then, where there are any, the shadows. */
  readonly hidden: Value;
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
  const masked = maskedActive(graph, state.tokenIds, maskId, context);
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
  const index = context.activeIndex;
  const covered = {
    tokenIds: writePlaces(graph, state.tokenIds, { commit, index, updates: active.token }),
    commitStep: writePlaces(graph, state.commitStep, {
      commit,
      index,
      updates: filledLike(graph, step, active.token),
    }),
    commitConfidence: writePlaces(graph, state.commitConfidence, {
      commit,
      index,
      updates: active.confidence,
    }),
    revisions: state.revisions,
  };
  const careful = carefulRows(graph, inputs);
  const revised =
    standing === undefined
      ? covered
      : coverAgain(graph, covered, { standing, settled, commits, moving, maskId, context });

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
  const keep = unsqueeze(graph, moving, [1]);
  return {
    ...revised,
    stop: nextStop,
    forwardPasses: graph.op("Add", [state.forwardPasses, cast(graph, moving, "int64")]),
    committed,
    prediction: graph.op("Where", [
      graph.op("And", [keep, masked]),
      active.token,
      state.prediction,
    ]),
    confidence: graph.op("Where", [
      graph.op("And", [keep, masked]),
      active.confidence,
      state.confidence,
    ]),
    asked: standing === undefined ? active.standing : state.asked,
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

/**
 * Asks the LM head about what is covered, and about what stands where a shadow looks; at the refresh, which has no
 * shadows, about the tokens that the run is asked for.
 */
function predicted(
  graph: Graph,
  { hidden, withShadow }: StepQueries,
  state: DecoderState,
  options: {
    readonly step: Value;
    readonly context: StepContext;
    readonly masked: Value;
    readonly settled: Value;
  },
): { readonly active: Prediction; readonly standing: Value | undefined } {
  const { step, context, masked, settled } = options;
  const { inputs, activeIndex, shadowIndex } = context;
  const inBlock = graph.op("Less", [inputs.active, unsqueeze(graph, inputs.blockEnd, [1])]);
  // Upstream's factor rule counts what is covered after the block too, and may take the last one of it.
  const usesFactor = graph.op("GreaterOrEqual", [inputs.factor, scalar(graph, "float32", 0)]);
  const wanted = graph.op("And", [
    masked,
    graph.op("Or", [inBlock, unsqueeze(graph, usesFactor, [1])]),
  ]);
  const join = (left: Value, right: Value): Value =>
    withShadow ? graph.op("Concat", [left, right], { attributes: { axis: 1 } }) : left;
  const all = predict(
    graph,
    {
      hidden,
      wanted: join(wanted, settled),
      places: join(inputs.active, inputs.shadow),
      tokens: withShadow
        ? join(
            gatherPlaces(graph, state.tokenIds, activeIndex),
            gatherPlaces(graph, state.tokenIds, shadowIndex),
          )
        : inputs.asked,
    },
    { ...context, step, head: (picked) => context.head(graph, picked) },
  );
  if (!withShadow) return { active: all, standing: undefined };
  const count = axisLength(graph, inputs.active);
  const part = (value: Value, isShadow: boolean): Value =>
    graph.op(
      "Slice",
      [
        value,
        ...(isShadow
          ? [count, int64s(graph, [Number.MAX_SAFE_INTEGER])]
          : [int64s(graph, [0]), count]),
        int64s(graph, [1]),
      ],
      { shape: (isShadow ? inputs.shadow : inputs.active).shape },
    );
  return {
    active: {
      token: part(all.token, false),
      confidence: part(all.confidence, false),
      entropy: part(all.entropy, false),
      standing: part(all.standing, false),
    },
    standing: part(all.standing, true),
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
  const masked = maskedActive(graph, tokenIds, maskId, context);
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

function maskedActive(
  graph: Graph,
  tokenIds: Value,
  maskId: Value,
  { inputs, activeIndex }: StepContext,
): Value {
  const current = gatherPlaces(graph, tokenIds, activeIndex);
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
