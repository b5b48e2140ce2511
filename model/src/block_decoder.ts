import { attentionBias, innerBias } from "./attention_bias.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { ModelConfig } from "./config.ts";
import { decoderInputs } from "./decoder_inputs.ts";
import { denoiseStep, gatherActive, type DecoderState, type StepContext } from "./denoise_step.ts";
import { languageHead, languageTower, type KeyValue } from "./language_tower.ts";
import { rotaryTable, type RotaryTable } from "./layers/rotary_embedding.ts";
import { checkpointWeights, commonFolder, type Weights } from "./layers/weights.ts";
import { int64s, scalar } from "./onnx/constants.ts";
import { Graph } from "./onnx/graph.ts";
import type { OnnxModel } from "./onnx/model.ts";
import { embedTokens, mergeImageRows } from "./merge_image_rows.ts";
import { anyLast, unsqueeze } from "./onnx/reduce.ts";
import type { Value } from "./onnx/value.ts";
import { IMAGE_NEWLINE } from "./tensor_names.ts";

export type BlockDecoderOptions = {
  /** Ids that the tokenizer has; logits beyond it do not exist. */
  readonly vocabulary: number;
  readonly maskId: number;
  /** Longest merged sequence that is served. */
  readonly contextLength: number;
};

/**
 * One block as one run: a refresh (full bidirectional forward over the sequence) that commits tokens, then `steps` inner
 * steps that feed only the active positions against the kept keys and values. With `steps` 0 every run is one step of
 * the published sampler.
 *
 * Inputs: those of `decoderInputs()`. Outputs: every field of {@link DecoderState}, named in {@link STATE_OUTPUTS}.
 */
export function blockDecoderModel(checkpoint: Checkpoint, options: BlockDecoderOptions): OnnxModel {
  const graph = new Graph();
  const folder = commonFolder(checkpoint.files);
  const weights = checkpointWeights(graph, checkpoint, folder);
  const state = blockDecoder(graph, weights, checkpoint.config, {
    ...options,
    newline: checkpoint.has(IMAGE_NEWLINE),
  });
  for (const field of STATE_FIELDS) graph.output(state[field], STATE_OUTPUTS[field]);
  return { bytes: graph.toBytes(), folder };
}

/** Names of the outputs. */
export const STATE_OUTPUTS = {
  tokenIds: "canvas_ids",
  commitStep: "commit_step",
  commitConfidence: "commit_confidence",
  stop: "stop_position",
  forwardPasses: "forward_passes",
  prediction: "prediction",
  confidence: "confidence",
  done: "done",
} as const satisfies Record<keyof DecoderState, string>;

function blockDecoder(
  graph: Graph,
  weights: Weights,
  config: ModelConfig,
  options: BlockDecoderOptions & { readonly newline: boolean },
): DecoderState {
  const inputs = decoderInputs(graph, config);
  const rotary = rotaryTable(graph, {
    positions: options.contextLength,
    headDim: config.language.headDim,
    theta: config.language.ropeTheta,
  });
  const zero = scalar(graph, "int64", 0);
  const shape = graph.op("Shape", [inputs.tokenIds]);
  const sequence = graph.op("Gather", [shape, scalar(graph, "int64", 1)]);
  const range = graph.op("Range", [zero, sequence, scalar(graph, "int64", 1)], {
    shape: ["sequence"],
  });
  const context: StepContext = {
    inputs,
    activeIndex: graph.op("Max", [inputs.active, zero]),
    range,
    maskId: options.maskId,
    vocabulary: options.vocabulary,
  };

  const refreshed = refresh(graph, weights, config, { context, rotary, ...options });
  const initial = initialState(graph, context);
  const first = denoiseStep(graph, refreshed.logits, initial, zero, context);
  return innerSteps(graph, weights, config, {
    context,
    rotary,
    kept: refreshed.keyValues,
    state: first,
    vocabulary: options.vocabulary,
  });
}

/** The full forward; logits only where they are asked for. */
function refresh(
  graph: Graph,
  weights: Weights,
  config: ModelConfig,
  options: {
    readonly context: StepContext;
    readonly rotary: RotaryTable;
    readonly newline: boolean;
    readonly vocabulary: number;
  },
): { readonly logits: Value; readonly keyValues: readonly KeyValue[] } {
  const { inputs, activeIndex, range } = options.context;
  const hiddenSize = config.language.hiddenSize;
  const embedded = mergeImageRows(graph, weights, config, inputs, options);
  const x = graph.op("Reshape", [embedded, int64s(graph, [-1, hiddenSize])], {
    shape: ["rows*sequence", hiddenSize],
  });
  const shape = graph.op("Shape", [inputs.tokenIds]);
  const positions = graph.op("Expand", [unsqueeze(graph, range, [0]), shape], {
    shape: ["rows", "sequence"],
  });
  const visible = graph.op("Less", [
    unsqueeze(graph, range, [0]),
    unsqueeze(graph, inputs.length, [1]),
  ]); // [rows, sequence]
  const { hidden, keyValues } = languageTower(
    graph,
    weights,
    x,
    {
      positions,
      shape: towerShape(graph, inputs.tokenIds, hiddenSize),
      bias: attentionBias(graph, visible, positions),
      rotary: options.rotary,
    },
    config.language,
  );
  const sequence = graph.op("Gather", [shape, scalar(graph, "int64", 1)]);
  const rowIndex = graph.op(
    "Range",
    [
      scalar(graph, "int64", 0),
      graph.op("Gather", [shape, scalar(graph, "int64", 0)]),
      scalar(graph, "int64", 1),
    ],
    { shape: ["rows"] },
  );
  const offset = graph.op("Mul", [unsqueeze(graph, rowIndex, [1]), sequence]);
  const flat = graph.op("Reshape", [graph.op("Add", [activeIndex, offset]), int64s(graph, [-1])], {
    shape: ["rows*active"],
  });
  const activeHidden = graph.op("Gather", [hidden, flat], { attributes: { axis: 0 } });
  return {
    logits: activeLogits(graph, weights, config, activeHidden, options),
    keyValues,
  };
}

/** Inner steps against the kept keys and values, until every row is done or `steps` are made. */
function innerSteps(
  graph: Graph,
  weights: Weights,
  config: ModelConfig,
  options: {
    readonly context: StepContext;
    readonly rotary: RotaryTable;
    readonly kept: readonly KeyValue[];
    readonly state: DecoderState;
    readonly vocabulary: number;
  },
): DecoderState {
  const { context, state } = options;
  const { inputs, activeIndex } = context;
  const hiddenSize = config.language.hiddenSize;
  const bias = innerBias(graph, context);

  const body = new Graph(graph);
  const iteration = body.input("inner.iteration", "int64", []);
  body.input("inner.condition", "bool", []);
  const carried = mapState(state, (value, field) =>
    body.input(`inner.${field}`, value.dtype, value.shape),
  );
  const next = body.scope("inner", () => {
    const current = gatherActive(body, carried.tokenIds, activeIndex);
    const x = body.op(
      "Reshape",
      [
        embedTokens(body, weights, current, { vocabulary: options.vocabulary, hiddenSize }),
        int64s(body, [-1, hiddenSize]),
      ],
      { shape: ["rows*active", hiddenSize] },
    );
    const { hidden } = languageTower(
      body,
      weights,
      x,
      {
        positions: activeIndex,
        shape: towerShape(body, inputs.active, hiddenSize),
        bias,
        rotary: options.rotary,
        past: options.kept,
      },
      config.language,
    );
    const logits = activeLogits(body, weights, config, hidden, {
      context,
      vocabulary: options.vocabulary,
    });
    const step = body.op("Add", [iteration, scalar(body, "int64", 1)]);
    return denoiseStep(body, logits, carried, step, context);
  });
  body.output(anyNotDone(body, next.done));
  for (const field of STATE_FIELDS)
    body.output(body.op("Identity", [next[field]], { as: `inner.next.${field}` }));

  const results = graph.ops(
    "Loop",
    [inputs.steps, anyNotDone(graph, state.done), ...STATE_FIELDS.map((field) => state[field])],
    { graphs: { body }, as: "inner_steps" },
  );
  return mapState(state, (_, field) => {
    const value = results[STATE_FIELDS.indexOf(field)];
    if (value === undefined) throw new RangeError(`Cannot find "${field}" in the loop's results`);
    return value;
  });
}

function activeLogits(
  graph: Graph,
  weights: Weights,
  config: ModelConfig,
  hidden: Value,
  options: { readonly context: StepContext; readonly vocabulary: number },
): Value {
  const logits = languageHead(graph, weights, hidden, config.language, options.vocabulary);
  const shape = towerShape(graph, options.context.inputs.active, options.vocabulary);
  return graph.op("Reshape", [logits, shape], {
    shape: ["rows", "active", options.vocabulary],
    as: "logits",
  });
}

function initialState(graph: Graph, { inputs, activeIndex }: StepContext): DecoderState {
  const like = (value: Value, dtype: "int64" | "float32" | "bool", fill: number): Value =>
    graph.op("Expand", [scalar(graph, dtype, fill), graph.op("Shape", [value])], {
      shape: value.shape,
    });
  return {
    tokenIds: inputs.tokenIds,
    commitStep: like(inputs.tokenIds, "int64", -1),
    commitConfidence: like(inputs.tokenIds, "float32", 0),
    stop: inputs.stop,
    forwardPasses: like(inputs.length, "int64", 0),
    prediction: like(activeIndex, "int64", 0),
    confidence: like(activeIndex, "float32", 0),
    done: like(inputs.length, "bool", 0),
  };
}

const STATE_FIELDS = [
  "tokenIds",
  "commitStep",
  "commitConfidence",
  "stop",
  "forwardPasses",
  "prediction",
  "confidence",
  "done",
] as const satisfies readonly (keyof DecoderState)[];

function mapState(
  state: DecoderState,
  map: (value: Value, field: keyof DecoderState) => Value,
): DecoderState {
  const mapped = (field: keyof DecoderState): Value => map(state[field], field);
  return {
    tokenIds: mapped("tokenIds"),
    commitStep: mapped("commitStep"),
    commitConfidence: mapped("commitConfidence"),
    stop: mapped("stop"),
    forwardPasses: mapped("forwardPasses"),
    prediction: mapped("prediction"),
    confidence: mapped("confidence"),
    done: mapped("done"),
  };
}

function anyNotDone(graph: Graph, done: Value): Value {
  return anyLast(graph, graph.op("Not", [done]));
}

/** Shape tensor `[rows, tokens, width]`. */
function towerShape(graph: Graph, tokens: Value, width: number): Value {
  return graph.op("Concat", [graph.op("Shape", [tokens]), int64s(graph, [width])], {
    attributes: { axis: 0 },
  });
}
