import type { Checkpoint } from "./checkpoint.ts";
import type { ModelConfig } from "./config.ts";
import { decoderInputs, type DecoderInputs } from "./decoder_inputs.ts";
import { denoiseStep, gatherActive, type DecoderState, type StepContext } from "./denoise_step.ts";
import { languageHead, languageTower, type KeyValue } from "./language_tower.ts";
import { rotaryTable, type RotaryTable } from "./layers/rotary_embedding.ts";
import { checkpointWeights, commonFolder, type Weights } from "./layers/weights.ts";
import { cast, int64s, scalar } from "./onnx/constants.ts";
import { Graph } from "./onnx/graph.ts";
import type { OnnxModel } from "./onnx/model.ts";
import { anyLast, unsqueeze } from "./onnx/reduce.ts";
import type { Value } from "./onnx/value.ts";
import { projector } from "./projector.ts";
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
 * Inputs: {@link DecoderInputs}. Outputs: every field of {@link DecoderState}, snake_case.
 */
export function blockDecoderModel(checkpoint: Checkpoint, options: BlockDecoderOptions): OnnxModel {
  const graph = new Graph();
  const folder = commonFolder(checkpoint.files);
  const weights = checkpointWeights(graph, checkpoint, folder);
  const state = blockDecoder(graph, weights, checkpoint.config, {
    ...options,
    newline: checkpoint.has(IMAGE_NEWLINE),
  });
  for (const [field, name] of Object.entries(STATE_OUTPUTS)) {
    graph.output(state[field as keyof DecoderState], name);
  }
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
      [embedTokens(body, weights, current, { vocabulary: options.vocabulary, hiddenSize }), int64s(body, [-1, hiddenSize])],
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
  for (const field of STATE_FIELDS) body.output(body.op("Identity", [next[field]], { as: `inner.next.${field}` }));

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

/** Token embeddings, with image rows (projected here) in their places. */
export function mergeImageRows(
  graph: Graph,
  weights: Weights,
  config: ModelConfig,
  inputs: Pick<DecoderInputs, "tokenIds" | "embedding" | "imageRow" | "imageWeight">,
  { newline, vocabulary }: { readonly newline: boolean; readonly vocabulary: number },
): Value {
  const hiddenSize = config.language.hiddenSize;
  const projected = projector(graph, weights, inputs.embedding, config);
  const last = newline
    ? graph.op("Reshape", [
        weights.float32(IMAGE_NEWLINE, [hiddenSize]),
        int64s(graph, [1, hiddenSize]),
      ], { shape: [1, hiddenSize] })
    : graph.constant("no_newline", "float32", [1, hiddenSize], new Float32Array(hiddenSize));
  const table = graph.op("Concat", [projected, last], { attributes: { axis: 0 } });
  const newlineRow = graph.op("Gather", [
    graph.op("Shape", [inputs.embedding]),
    scalar(graph, "int64", 0),
  ]);
  const minusTwo = scalar(graph, "int64", -2);
  const row = graph.op("Where", [
    graph.op("Equal", [inputs.imageRow, minusTwo]),
    newlineRow,
    graph.op("Max", [inputs.imageRow, scalar(graph, "int64", 0)]),
  ]);
  const taps = graph.op("Gather", [table, row], { attributes: { axis: 0 } }); // [rows, sequence, taps, hidden]
  const weighted = graph.op("Mul", [taps, unsqueeze(graph, inputs.imageWeight, [3])]);
  const image = graph.op("ReduceSum", [weighted, int64s(graph, [2])], {
    attributes: { keepdims: 0 },
    shape: ["rows", "sequence", hiddenSize],
  });
  const isImage = anyLast(
    graph,
    graph.op("Not", [graph.op("Equal", [inputs.imageRow, scalar(graph, "int64", -1)])]),
  );
  return graph.op(
    "Where",
    [unsqueeze(graph, isImage, [2]), image, embedTokens(graph, weights, inputs.tokenIds, { vocabulary, hiddenSize })],
    { as: "inputs_embeds" },
  );
}

function embedTokens(
  graph: Graph,
  weights: Weights,
  tokenIds: Value,
  size: { readonly vocabulary: number; readonly hiddenSize: number },
): Value {
  const table = weights.stored("model.embed_tokens.weight", [size.vocabulary, size.hiddenSize]);
  const rows = graph.op("Gather", [table, tokenIds], { attributes: { axis: 0 } });
  return cast(graph, rows, "float32");
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

/** 0 where a key may be seen and -inf-like where not, `[rows, 1, queries, keys]`. */
export function attentionBias(graph: Graph, visible: Value, queries: Value): Value {
  const keys = unsqueeze(graph, visible, [1, 2]); // [rows, 1, 1, keys]
  const [rows, count] = queries.shape;
  const shape = graph.op("Concat", [
    graph.op("Unsqueeze", [graph.op("Shape", [queries]), int64s(graph, [1])], { shape: [2, 1] }),
    int64s2(graph),
  ], { attributes: { axis: 1 } });
  const flat = graph.op("Reshape", [shape, int64s(graph, [-1])], { shape: [4] }); // rows, 1, queries, 1
  const bias = graph.op("Where", [
    keys,
    scalar(graph, "float32", 0),
    // Finite, so that a row of padding gives numbers and not NaN; far below any score.
    scalar(graph, "float32", -1e9),
  ]);
  return graph.op("Expand", [bias, flat], {
    shape: [rows ?? 1, 1, count ?? 1, visible.shape[1] ?? 1],
  });
}

/** Which of the kept and of the active keys an active position sees: its own new keys replace the kept ones. */
function innerBias(graph: Graph, { inputs, range }: StepContext): Value {
  const replaced = anyLast(
    graph,
    graph.op("Equal", [unsqueeze(graph, range, [0, 2]), unsqueeze(graph, inputs.active, [1])]),
  ); // [rows, sequence]
  const inside = graph.op("Less", [
    unsqueeze(graph, range, [0]),
    unsqueeze(graph, inputs.length, [1]),
  ]);
  const kept = graph.op("And", [inside, graph.op("Not", [replaced])]);
  const real = graph.op("GreaterOrEqual", [inputs.active, scalar(graph, "int64", 0)]);
  const visible = graph.op("Concat", [kept, real], { attributes: { axis: 1 } });
  return attentionBias(graph, visible, inputs.active);
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

const STATE_FIELDS = Object.keys(STATE_OUTPUTS) as readonly (keyof DecoderState)[];

function mapState(
  state: DecoderState,
  map: (value: Value, field: keyof DecoderState) => Value,
): DecoderState {
  return Object.fromEntries(
    STATE_FIELDS.map((field) => [field, map(state[field], field)]),
  ) as DecoderState;
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

function int64s2(graph: Graph): Value {
  return graph.constant("ones", "int64", [2, 1], new BigInt64Array([1n, 1n]));
}
