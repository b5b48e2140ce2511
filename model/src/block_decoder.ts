import { attentionBias, innerBias } from "./attention_bias.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { ModelConfig } from "./config.ts";
import { decoderInputs } from "./decoder_inputs.ts";
import { type DecoderState, mapFields, type StepContext } from "./decoder_state.ts";
import { denoiseStep } from "./denoise_step.ts";
import { addColumn, dropColumn, gatherPlaces } from "./places.ts";
import type { KeyValue } from "./layers/attention.ts";
import { languageHead, languageTower } from "./language_tower.ts";
import { rotaryTable, type RotaryTable } from "./layers/rotary_embedding.ts";
import {
  checkpointWeights,
  commonFolder,
  int8Weights,
  unpackedWeights,
  type ComputeDType,
  type Weights,
} from "./layers/weights.ts";
import { int64s, scalar } from "./onnx/constants.ts";
import { Graph } from "./onnx/graph.ts";
import type { OnnxModel } from "./onnx/model.ts";
import { embedTokens, mergeImageRows } from "./merge_image_rows.ts";
import { anyLast, unsqueeze } from "./onnx/reduce.ts";
import type { Value } from "./onnx/value.ts";
import type { QuantizedFile } from "./quantize/quantized_file.ts";
import { IMAGE_NEWLINE } from "./tensor_names.ts";

export type BlockDecoderOptions = {
  /** Ids that the tokenizer has; logits beyond it do not exist. */
  readonly vocabulary: number;
  readonly maskId: number;
  readonly eotId: number;
  /** Longest merged sequence that is served. */
  readonly contextLength: number;
  /** What the towers compute in, float32 unless given; logits and what is made of them are float32 always. */
  readonly dtype?: ComputeDType;
  /** Weights of the linear layers, between activations in float32. */
  readonly int8?: QuantizedFile;
};

/**
 * One block as one run: a refresh (full bidirectional forward over the sequence) that commits tokens, then `steps` inner
 * steps that feed only the active positions against the kept keys and values. With `steps` 0 every run is one step of
 * the published sampler.
 *
 * Inputs: those of `decoderInputs()`. Outputs: the fields of {@link DecoderState} that
 * `STATE_OUTPUTS` names.
 */
export function blockDecoderModel(checkpoint: Checkpoint, options: BlockDecoderOptions): OnnxModel {
  const graph = new Graph();
  const { int8 } = options;
  const folder = commonFolder([...checkpoint.files, ...(int8 === undefined ? [] : [int8.path])]);
  const floats = checkpointWeights(graph, checkpoint, folder, options.dtype);
  const weights = int8 === undefined ? floats : int8Weights(graph, floats, { file: int8, folder });
  const state = blockDecoder(graph, weights, checkpoint.config, {
    ...options,
    newline: checkpoint.has(IMAGE_NEWLINE),
  });
  for (const [field, name] of STATE_OUTPUTS) graph.output(state[field], name);
  return { bytes: graph.toBytes(), folder };
}

/** What of the state comes out, and under which name. */
const STATE_OUTPUTS = [
  ["tokenIds", "canvas_ids"],
  ["commitStep", "commit_step"],
  ["commitConfidence", "commit_confidence"],
  ["stop", "stop_position"],
  ["forwardPasses", "forward_passes"],
  ["revisions", "revisions"],
  ["coveredStep", "covered_step"],
  ["coveredIds", "covered_ids"],
  ["coveredCommitStep", "covered_commit_step"],
  ["coveredConfidence", "covered_confidence"],
  ["prediction", "prediction"],
  ["confidence", "confidence"],
  ["asked", "asked_confidence"],
] as const satisfies readonly (readonly [keyof DecoderState, string])[];

function blockDecoder(
  graph: Graph,
  weights: Weights,
  config: ModelConfig,
  options: BlockDecoderOptions & { readonly newline: boolean },
): DecoderState {
  const { vocabulary } = options;
  const inputs = decoderInputs(graph, config);
  const rotary = rotaryTable(graph, {
    positions: options.contextLength,
    headDim: config.language.headDim,
    theta: config.language.ropeTheta,
    dtype: weights.dtype,
  });
  const zero = scalar(graph, "int64", 0);
  const shape = graph.op("Shape", [inputs.tokenIds]);
  const sequence = graph.op("Gather", [shape, scalar(graph, "int64", 1)]);
  const range = graph.op("Range", [zero, sequence, scalar(graph, "int64", 1)], {
    shape: ["sequence"],
  });
  const context: StepContext = {
    ...options,
    inputs,
    activeIndex: graph.op("Max", [inputs.active, zero]),
    shadowIndex: graph.op("Max", [inputs.shadow, zero]),
    sequence,
    range,
    head: (where, hidden) => languageHead(where, weights, hidden, config.language, vocabulary),
  };
  const tower: Tower = { weights, config, rotary, newline: options.newline };
  const wide = { ...tower, weights: unpackedWeights(graph, weights, inputs.steps) };
  const refreshed = refresh(graph, wide, context);
  const first = denoiseStep(
    graph,
    {
      hidden: refreshed.hidden,
      current: gatherPlaces(graph, inputs.tokenIds, context.activeIndex),
      withShadow: false,
    },
    initialState(graph, context),
    zero,
    context,
  );
  const last = innerSteps(graph, tower, context, { kept: refreshed.keyValues, state: first });
  const inSequence = (value: Value): Value => dropColumn(graph, value, inputs.tokenIds.shape);
  return {
    ...last,
    tokenIds: inSequence(last.tokenIds),
    commitStep: inSequence(last.commitStep),
    commitConfidence: inSequence(last.commitConfidence),
  };
}

type Tower = {
  readonly weights: Weights;
  readonly config: ModelConfig;
  readonly rotary: RotaryTable;
  /** The checkpoint has an `image_newline`. */
  readonly newline: boolean;
};

/** The full forward: keys and values of the whole sequence, and what it gives at the active places. */
function refresh(
  graph: Graph,
  { weights, config, rotary, newline }: Tower,
  { inputs, activeIndex, range, vocabulary }: StepContext,
): { readonly hidden: Value; readonly keyValues: readonly KeyValue[] } {
  const hiddenSize = config.language.hiddenSize;
  const embedded = mergeImageRows(graph, weights, config, inputs, { newline, vocabulary });
  const x = graph.op("Reshape", [embedded, int64s(graph, [-1, hiddenSize])], {
    shape: ["rows*sequence", hiddenSize],
  });
  const shape = graph.op("Shape", [inputs.tokenIds]);
  const visible = graph.op("Less", [
    unsqueeze(graph, range, [0]),
    unsqueeze(graph, inputs.length, [1]),
  ]); // [rows, sequence]
  const { hidden, keyValues } = languageTower(
    graph,
    weights,
    x,
    {
      positions: inputs.positions,
      shape: towerShape(graph, inputs.tokenIds, hiddenSize),
      bias: attentionBias(graph, visible, inputs.positions, weights.dtype),
      rotary,
    },
    config.language,
  );
  const [zero, one] = [scalar(graph, "int64", 0), scalar(graph, "int64", 1)];
  const sequence = graph.op("Gather", [shape, one]);
  const rowIndex = graph.op("Range", [zero, graph.op("Gather", [shape, zero]), one], {
    shape: ["rows"],
  });
  const offset = graph.op("Mul", [unsqueeze(graph, rowIndex, [1]), sequence]);
  const flat = graph.op("Reshape", [graph.op("Add", [activeIndex, offset]), int64s(graph, [-1])], {
    shape: ["rows*queries"],
  });
  return {
    hidden: graph.op("Gather", [hidden, flat], { attributes: { axis: 0 } }),
    keyValues,
  };
}

/** Inner steps against the kept keys and values, until every row rests or `steps` are made. */
function innerSteps(
  graph: Graph,
  { weights, config, rotary }: Tower,
  context: StepContext,
  { kept, state }: { readonly kept: readonly KeyValue[]; readonly state: DecoderState },
): DecoderState {
  const { inputs, activeIndex, shadowIndex, vocabulary } = context;
  const hiddenSize = config.language.hiddenSize;
  const bias = innerBias(graph, context, weights.dtype);
  const places = graph.op("Concat", [activeIndex, shadowIndex], { attributes: { axis: 1 } });
  const positions = gatherPlaces(graph, inputs.positions, places); // [rows, active + shadow]
  const masks = graph.op(
    "Expand",
    [scalar(graph, "int64", context.maskId), graph.op("Shape", [shadowIndex])],
    { shape: shadowIndex.shape },
  );

  const body = new Graph(graph, "loop");
  const iteration = body.input("inner.iteration", "int64", []);
  body.input("inner.condition", "bool", []);
  const carried = mapFields(STATE_FIELDS, (field) =>
    body.input(`inner.${field}`, state[field].dtype, state[field].shape),
  );
  const next = body.scope("inner", () => {
    const current = gatherPlaces(body, carried.tokenIds, activeIndex);
    const fed = body.op("Concat", [current, masks], { attributes: { axis: 1 } });
    const x = body.op(
      "Reshape",
      [embedTokens(body, weights, fed, { vocabulary, hiddenSize }), int64s(body, [-1, hiddenSize])],
      { shape: ["rows*queries", hiddenSize] },
    );
    const { hidden } = languageTower(
      body,
      weights,
      x,
      { positions, shape: towerShape(body, places, hiddenSize), bias, rotary, past: kept },
      config.language,
    );
    const step = body.op("Add", [iteration, scalar(body, "int64", 1)]);
    return denoiseStep(body, { hidden, current, withShadow: true }, carried, step, context);
  });
  body.output(anyMoving(body, next.resting));
  for (const field of STATE_FIELDS)
    body.output(body.op("Identity", [next[field]], { as: `inner.next.${field}` }));

  const results = graph.ops(
    "Loop",
    [inputs.steps, anyMoving(graph, state.resting), ...STATE_FIELDS.map((field) => state[field])],
    { graphs: { body }, as: "inner_steps" },
  );
  return mapFields(STATE_FIELDS, (field, index) => {
    const value = results[index];
    if (value === undefined) throw new RangeError(`Cannot find "${field}" in the loop's results`);
    return value;
  });
}

function initialState(
  graph: Graph,
  { inputs, activeIndex, shadowIndex }: StepContext,
): DecoderState {
  const like = (value: Value, dtype: "int64" | "float32" | "bool", fill: number): Value =>
    graph.op("Expand", [scalar(graph, dtype, fill), graph.op("Shape", [value])], {
      shape: value.shape,
    });
  const tokenIds = addColumn(graph, inputs.tokenIds);
  return {
    tokenIds,
    commitStep: like(tokenIds, "int64", -1),
    commitConfidence: like(tokenIds, "float32", 0),
    stop: inputs.stop,
    forwardPasses: like(inputs.length, "int64", 0),
    committed: like(inputs.length, "int64", 0),
    revisions: like(inputs.length, "int64", 0),
    coveredStep: like(shadowIndex, "int64", -1),
    coveredIds: like(shadowIndex, "int64", 0),
    coveredCommitStep: like(shadowIndex, "int64", -1),
    coveredConfidence: like(shadowIndex, "float32", 0),
    prediction: like(activeIndex, "int64", 0),
    confidence: like(activeIndex, "float32", 0),
    asked: like(activeIndex, "float32", 0),
    done: like(inputs.length, "bool", 0),
    resting: like(inputs.length, "bool", 0),
  };
}

const STATE_FIELDS = [
  "tokenIds",
  "commitStep",
  "commitConfidence",
  "stop",
  "forwardPasses",
  "committed",
  "revisions",
  "coveredStep",
  "coveredIds",
  "coveredCommitStep",
  "coveredConfidence",
  "prediction",
  "confidence",
  "asked",
  "done",
  "resting",
] as const satisfies readonly (keyof DecoderState)[];

function anyMoving(graph: Graph, resting: Value): Value {
  return anyLast(graph, graph.op("Not", [resting]));
}

/** Shape tensor `[rows, tokens, width]`. */
function towerShape(graph: Graph, tokens: Value, width: number): Value {
  return graph.op("Concat", [graph.op("Shape", [tokens]), int64s(graph, [width])], {
    attributes: { axis: 0 },
  });
}
