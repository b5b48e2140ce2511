import type { DecoderInputs } from "./decoder_inputs.ts";
import { cast, scalar } from "./onnx/constants.ts";
import { Graph } from "./onnx/graph.ts";
import { anyLast, reduceLast, unsqueeze } from "./onnx/reduce.ts";
import type { Value } from "./onnx/value.ts";
import { pickToken, positionSeeds, uniform } from "./pick_token.ts";
import { NO_STOP, stopPosition } from "./stop_position.ts";
import { transfer } from "./transfer.ts";

/** What a denoise step changes; carried from step to step. */
export type DecoderState = {
  /** int64 `[rows, sequence]` */
  readonly tokenIds: Value;
  /** int64 `[rows, sequence]`: step of this run at which a position committed, -1 where it did not. */
  readonly commitStep: Value;
  /** float32 `[rows, sequence]`: confidence at commit. */
  readonly commitConfidence: Value;
  /** int64 `[rows]` */
  readonly stop: Value;
  /** int64 `[rows]`: forward passes that this row took part in. */
  readonly forwardPasses: Value;
  /** int64 `[rows, active]`, float32 `[rows, active]`: the last prediction for every active position. */
  readonly prediction: Value;
  readonly confidence: Value;
  /** bool `[rows]`: the block needs no further step. */
  readonly done: Value;
};

export type StepContext = {
  readonly inputs: DecoderInputs;
  /** int64 `[rows, active]`, padding at 0. */
  readonly activeIndex: Value;
  /** int64 `[sequence]`: 0, 1, 2 … */
  readonly range: Value;
  readonly maskId: number;
  readonly vocabulary: number;
};

/**
 * From logits to the next canvas: suppress, pick, rank, commit, look for a stop.
 *
 * @param logits float32 `[rows, active, vocabulary]`
 * @param step int64 `[]`, counted from the start of the run.
 * @see {@link https://arxiv.org/abs/2502.09992 | Nie et al. 2025}, Algorithm 5, and the published sampler
 */
export function denoiseStep(
  graph: Graph,
  logits: Value,
  state: DecoderState,
  step: Value,
  context: StepContext,
): DecoderState {
  const { inputs, activeIndex } = context;
  const maskId = scalar(graph, "int64", context.maskId);
  const suppressed = suppress(graph, guide(graph, logits, inputs), inputs.forbidden);

  const rowStep = graph.op("Add", [inputs.stepOffset, step]);
  const noiseSeed = positionSeeds(graph, inputs.seed, rowStep, inputs.active);
  const prediction = pickToken(graph, suppressed, {
    temperature: inputs.temperature,
    noiseSeed,
    vocabulary: context.vocabulary,
  });
  const confidence = graph.op("Where", [
    unsqueeze(graph, inputs.randomRemasking, [1]),
    cast(graph, uniform(graph, noiseSeed), "float32"),
    probability(graph, suppressed, prediction),
  ]);

  const current = gatherActive(graph, state.tokenIds, activeIndex);
  const masked = maskedActive(graph, current, inputs.active, maskId);
  const notDone = graph.op("Not", [unsqueeze(graph, state.done, [1])]);
  const limit = graph.op("Min", [inputs.blockEnd, state.stop]);
  const before = graph.op("Less", [inputs.active, unsqueeze(graph, limit, [1])]);
  const eligible = graph.op("And", [masked, before]);
  const chosen = transfer(graph, confidence, masked, eligible, {
    quota: columnOf(graph, inputs.quota, step),
    factor: inputs.factor,
  });
  // A predicted mask token leaves the position masked, so it commits nothing.
  const real = graph.op("Not", [graph.op("Equal", [prediction, maskId])]);
  const commit = graph.op("And", [graph.op("And", [chosen, notDone]), real]);

  const tokenIds = write(graph, state.tokenIds, commit, prediction, context);
  const stop = stopPosition(graph, tokenIds, {
    sequences: inputs.stopSequences,
    start: inputs.canvasStart,
    end: inputs.canvasEnd,
    known: state.stop,
    range: context.range,
  });
  const stepColumn = graph.op("Add", [
    step,
    graph.op("Mul", [prediction, scalar(graph, "int64", 0)]),
  ]);
  return {
    tokenIds,
    commitStep: write(graph, state.commitStep, commit, stepColumn, context),
    commitConfidence: write(graph, state.commitConfidence, commit, confidence, context),
    stop: graph.op("Where", [state.done, state.stop, stop]),
    forwardPasses: graph.op("Add", [
      state.forwardPasses,
      cast(graph, graph.op("Not", [state.done]), "int64"),
    ]),
    prediction: graph.op("Where", [notDone, prediction, state.prediction]),
    confidence: graph.op("Where", [notDone, confidence, state.confidence]),
    done: graph.op("Or", [state.done, blockDone(graph, tokenIds, stop, maskId, context)]),
  };
}

/** Nothing left to uncover in the block, or nothing before a known stop. */
function blockDone(
  graph: Graph,
  tokenIds: Value,
  stop: Value,
  maskId: Value,
  { inputs, activeIndex }: StepContext,
): Value {
  const current = gatherActive(graph, tokenIds, activeIndex);
  const masked = maskedActive(graph, current, inputs.active, maskId);
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

/** Classifier-free guidance: `u + (scale + 1)(c - u)`; rows without it are their own partners. */
function guide(graph: Graph, logits: Value, inputs: DecoderInputs): Value {
  const guided = new Graph(graph);
  const pick = (rows: Value): Value =>
    guided.op("Gather", [logits, rows], { attributes: { axis: 0 } });
  const unconditional = pick(inputs.unconditional);
  const scale = guided.op("Add", [inputs.cfgScale, scalar(guided, "float32", 1)]);
  const difference = guided.op("Sub", [pick(inputs.conditional), unconditional]);
  guided.output(
    guided.op("Add", [
      unconditional,
      guided.op("Mul", [unsqueeze(guided, scale, [1, 2]), difference]),
    ]),
  );
  const plain = new Graph(graph);
  plain.output(plain.op("Identity", [logits]));
  const any = anyLast(graph, graph.op("Greater", [inputs.cfgScale, scalar(graph, "float32", 0)]));
  return graph.op("If", [any], {
    graphs: { then_branch: guided, else_branch: plain },
    as: "guided",
  });
}

/** Forbidden ids get -inf, so they have no probability either. */
function suppress(graph: Graph, logits: Value, forbidden: Value): Value {
  const [rows, active] = logits.shape;
  const count = forbidden.shape[1] ?? 1;
  const shape = [rows ?? 1, active ?? 1, count];
  const lengths = graph.op(
    "Concat",
    [
      graph.op(
        "Slice",
        [
          graph.op("Shape", [logits]),
          ...[0, 2, 0].map((value) =>
            graph.constant("slice", "int64", [1], new BigInt64Array([BigInt(value)])),
          ),
        ],
        { shape: [2] },
      ),
      graph.op(
        "Slice",
        [
          graph.op("Shape", [forbidden]),
          ...[1, 2, 0].map((value) =>
            graph.constant("slice", "int64", [1], new BigInt64Array([BigInt(value)])),
          ),
        ],
        { shape: [1] },
      ),
    ],
    { attributes: { axis: 0 } },
  );
  const indices = graph.op("Expand", [unsqueeze(graph, forbidden, [1]), lengths], { shape });
  const updates = graph.op("Expand", [scalar(graph, "float32", -Infinity), lengths], { shape });
  return graph.op("ScatterElements", [logits, indices, updates], { attributes: { axis: 2 } });
}

/** Softmax probability of each picked token, without a softmax over the vocabulary. */
function probability(graph: Graph, logits: Value, picked: Value): Value {
  const chosen = graph.op("GatherElements", [logits, unsqueeze(graph, picked, [2])], {
    attributes: { axis: 2 },
  });
  const logit = reduceLast(graph, "ReduceMax", chosen);
  const total = reduceLast(graph, "ReduceLogSumExp", logits);
  return graph.op("Exp", [graph.op("Sub", [logit, total])]);
}

function maskedActive(graph: Graph, current: Value, active: Value, maskId: Value): Value {
  const real = graph.op("GreaterOrEqual", [active, scalar(graph, "int64", 0)]);
  return graph.op("And", [graph.op("Equal", [current, maskId]), real]);
}

/** `[rows, sequence]` → `[rows, active]` */
export function gatherActive(graph: Graph, value: Value, activeIndex: Value): Value {
  return graph.op("GatherElements", [value, activeIndex], { attributes: { axis: 1 } });
}

/** Writes `updates [rows, active]` where `commit` says so. */
function write(
  graph: Graph,
  target: Value,
  commit: Value,
  updates: Value,
  context: StepContext,
): Value {
  // Padding points at position 0, which several entries may share: one scratch column takes what does not commit.
  const scratch = graph.op("Gather", [graph.op("Shape", [target]), scalar(graph, "int64", 1)]);
  const [rows, sequence] = target.shape;
  const wide = graph.op("Concat", [target, column(graph, target)], { attributes: { axis: 1 } });
  const index = graph.op("Where", [commit, context.activeIndex, scratch]);
  const written = graph.op("ScatterElements", [wide, index, updates], { attributes: { axis: 1 } });
  const one = (value: number): Value =>
    graph.constant("slice", "int64", [1], new BigInt64Array([BigInt(value)]));
  return graph.op("Slice", [written, one(0), one(-1), one(1)], {
    shape: [rows ?? 1, sequence ?? 1],
  });
}

/** The first column, `[rows, 1]`. */
function column(graph: Graph, value: Value): Value {
  const one = (number: number): Value =>
    graph.constant("slice", "int64", [1], new BigInt64Array([BigInt(number)]));
  return graph.op("Slice", [value, one(0), one(1), one(1)], { shape: [value.shape[0] ?? 1, 1] });
}

/** Column `step` of `[rows, schedule]`. */
function columnOf(graph: Graph, table: Value, step: Value): Value {
  return graph.op("Gather", [table, step], { attributes: { axis: 1 } });
}
