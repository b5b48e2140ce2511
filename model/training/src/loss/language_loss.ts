import type { ModelConfig } from "@medv/model/config";
import { rotaryTable } from "@medv/model/layers/rotary_embedding";
import { languageHead, languageTower } from "@medv/model/language_tower";
import type { Weights } from "@medv/model/layers/weights";
import { embedTokens } from "@medv/model/merge_image_rows";
import { cast, int64s, scalar } from "@medv/model/onnx/constants";
import type { Graph } from "@medv/model/onnx/graph";
import { countLast, reduceLast, unsqueeze } from "@medv/model/onnx/reduce";
import type { Value } from "@medv/model/onnx/value";

/** Positions that are no targets carry this label. */
export const IGNORE_LABEL = -100;

/** Smallest masking probability: p = (1 - ε) t + ε. */
const EPSILON = 1e-3;

/** What one batch tells the loss; `sequence` counts merged positions, image rows among them. */
export type LanguageBatch = {
  /** float32 `[rows, sequence, hidden]`: token embeddings with image rows in their places. */
  readonly embeds: Value;
  /** int64 `[rows, sequence]`; {@link IGNORE_LABEL} where nothing is to be learnt. */
  readonly labels: Value;
  /** int64 `[rows, sequence]`: 0, 1, 2 … */
  readonly positions: Value;
  /** int64 `[targets]`: places in the flattened batch whose label is not ignored. */
  readonly targets: Value;
  /** int64 `[rows, sequence]`: a position sees those whose number is not greater; absent for full attention. */
  readonly order?: Value;
  /** int64 `[rows, sequence]`: a position sees those of its own part and of part 0; absent where all see all. */
  readonly parts?: Value;
};

/** How a batch is turned into a loss. */
export type Objective =
  | {
      readonly type: "diffusion";
      /** float32 `[rows]` and `[rows, sequence]`, uniform in [0, 1). */
      readonly t: Value;
      readonly u: Value;
      readonly maskToken: number;
    }
  /** Labels are the next tokens already; the attention must be causal. */
  | { readonly type: "autoregressive" };

export type LanguageLoss = {
  /** float32 `[]` */
  readonly loss: Value;
  /** bool `[rows, sequence]` */
  readonly masked: Value;
  /** float32 `[rows]`: the probability with which each row was masked. */
  readonly probability: Value;
  /** float32 `[targets, vocabulary]` */
  readonly logits: Value;
};

/**
 * The training loss over the same towers that serve: `1/rows · Σ_rows Σ_masked CE / (p · N)`, no shift, one p a sample,
 * N its targets.
 *
 * @see {@link https://arxiv.org/abs/2502.09992 | Nie et al. 2025}, Algorithm 2
 */
export function languageLoss(
  graph: Graph,
  weights: Weights,
  config: ModelConfig,
  batch: LanguageBatch,
  options: {
    readonly objective: Objective;
    readonly vocabulary: number;
  },
): LanguageLoss {
  const { language } = config;
  const { objective, vocabulary } = options;
  const size = { vocabulary, hiddenSize: language.hiddenSize };
  const one = scalar(graph, "float32", 1);
  const isTarget = graph.op("Not", [
    graph.op("Equal", [batch.labels, scalar(graph, "int64", IGNORE_LABEL)]),
  ]);
  const count = cast(graph, countLast(graph, isTarget), "float32"); // [rows]
  let masked = isTarget;
  let probability = graph.op("Add", [graph.op("Mul", [count, scalar(graph, "float32", 0)]), one]);
  let x = batch.embeds;
  if (objective.type === "diffusion") {
    probability = graph.op("Add", [
      graph.op("Mul", [objective.t, scalar(graph, "float32", 1 - EPSILON)]),
      scalar(graph, "float32", EPSILON),
    ]);
    const drawn = graph.op("Less", [objective.u, unsqueeze(graph, probability, [1])]);
    masked = graph.op("And", [drawn, isTarget]);
    const maskRow = embedTokens(graph, weights, int64s(graph, [objective.maskToken]), size); // [1, hidden]
    x = graph.op("Where", [unsqueeze(graph, masked, [2]), maskRow, batch.embeds]);
  }

  const flat = graph.op("Reshape", [x, int64s(graph, [-1, language.hiddenSize])], {
    shape: ["flat", language.hiddenSize],
  });
  const { hidden } = languageTower(graph, weights, flat, towerPass(graph, batch, config), language);
  const rows = graph.op("Gather", [hidden, batch.targets], { attributes: { axis: 0 } });
  const logits = languageHead(graph, weights, rows, language, vocabulary);

  const perRow = graph.op("Mul", [
    graph.op("Mul", [probability, graph.op("Max", [count, one])]),
    rowCount(graph, batch.labels),
  ]);
  const zero = scalar(graph, "float32", 0);
  const share = graph.op("Where", [
    masked,
    unsqueeze(graph, graph.op("Reciprocal", [perRow]), [1]),
    zero,
  ]); // [rows, sequence]
  const ids = unsqueeze(graph, gatherFlat(graph, batch.labels, batch.targets), [1]);
  const picked = graph.op("GatherElements", [logits, ids], { attributes: { axis: -1 } });
  const entropy = graph.op("Sub", [
    reduceLast(graph, "ReduceLogSumExp", logits),
    reduceLast(graph, "ReduceSum", picked),
  ]);
  const loss = reduceLast(
    graph,
    "ReduceSum",
    graph.op("Mul", [entropy, gatherFlat(graph, share, batch.targets)]),
  );
  return { loss, masked, probability, logits };
}

function towerPass(
  graph: Graph,
  { positions, order, parts }: LanguageBatch,
  { language }: ModelConfig,
): Parameters<typeof languageTower>[3] {
  const shape = graph.op(
    "Concat",
    [graph.op("Shape", [positions]), int64s(graph, [language.hiddenSize])],
    { attributes: { axis: 0 } },
  );
  const rotary = rotaryTable(graph, {
    positions: language.maxPositions,
    headDim: language.headDim,
    theta: language.ropeTheta,
  });
  const [first, second] = [
    ...(order === undefined ? [] : [compared(graph, "LessOrEqual", order)]),
    ...(parts === undefined ? [] : [sharesPart(graph, parts)]),
  ];
  if (first === undefined) return { positions, shape, rotary };
  const visible = second === undefined ? first : graph.op("And", [first, second]);
  const bias = graph.op("Where", [
    visible,
    scalar(graph, "float32", 0),
    scalar(graph, "float32", -1e9),
  ]);
  return { positions, shape, rotary, bias };
}

/** Every key's number against every query's, bool `[rows, 1, queries, keys]`. */
function compared(graph: Graph, operator: "LessOrEqual" | "Equal", numbers: Value): Value {
  return graph.op(operator, [
    unsqueeze(graph, numbers, [1, 2]), // [rows, 1, 1, keys]
    unsqueeze(graph, numbers, [1, 3]), // [rows, 1, queries, 1]
  ]);
}

function sharesPart(graph: Graph, parts: Value): Value {
  const common = graph.op("Equal", [unsqueeze(graph, parts, [1, 2]), scalar(graph, "int64", 0)]);
  return graph.op("Or", [compared(graph, "Equal", parts), common]);
}

/** How many rows the batch has, float32 `[]`. */
function rowCount(graph: Graph, labels: Value): Value {
  const shape = graph.op("Shape", [labels]);
  return cast(graph, graph.op("Gather", [shape, scalar(graph, "int64", 0)]), "float32");
}

function gatherFlat(graph: Graph, value: Value, places: Value): Value {
  const flat = graph.op("Reshape", [value, int64s(graph, [-1])], { shape: ["flat"] });
  return graph.op("Gather", [flat, places], { attributes: { axis: 0 } });
}
