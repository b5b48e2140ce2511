import type { ModelConfig } from "@medv/model/config";
import { linear } from "@medv/model/layers/linear";
import type { Weights } from "@medv/model/layers/weights";
import { int64s, scalar } from "@medv/model/onnx/constants";
import type { Graph } from "@medv/model/onnx/graph";
import { reduceLast, unsqueeze } from "@medv/model/onnx/reduce";
import type { Value } from "@medv/model/onnx/value";
import { patches } from "@medv/model/vision_tower";

/** Everything in the head that is thrown away after the vision stage stands under this name. */
export const VISION_HEAD = "vision_head.";

/** A question with few answers that every patch is asked. */
export type PatchTask = { readonly name: string; readonly classes: number };

/** What one batch tells the loss; `patches` counts those of all images. */
export type VisionBatch = {
  /** For every task int64 `[patches]`, and float32 `[patches]`: 0 where there is nothing to say. */
  readonly tasks: readonly (PatchTask & { readonly target: Value; readonly weight: Value })[];
  /** int64 `[images, words]` and float32 `[images, words]`: one over the caption's length, 0 on padding. */
  readonly captionIds: Value;
  readonly captionWeight: Value;
  /** float32 `[images, images]`: 1 where caption and image say the same, else -1. */
  readonly pairs: Value;
};

export type VisionLoss = {
  readonly loss: Value;
  readonly dense: Value;
  readonly contrastive: Value;
};

/**
 * How the vision tower learns to see without a language tower: what lies in which patch, which drawn images tell for
 * free, and which caption belongs to which image.
 *
 * @param features float32 `[images, patches, hidden]`
 * @see {@link https://arxiv.org/abs/2303.15343 | Zhai et al. 2023}, Algorithm 1
 */
export function visionLoss(
  graph: Graph,
  weights: Weights,
  features: Value,
  batch: VisionBatch,
  options: { readonly config: ModelConfig["vision"]; readonly vocabulary: number },
): VisionLoss {
  const width = options.config.hiddenSize;
  const flat = graph.op("Reshape", [features, int64s(graph, [-1, width])], {
    shape: ["patches", width],
  });
  const entropies = batch.tasks.map((task) => {
    const logits = linear(graph, weights, flat, `${VISION_HEAD}${task.name}`, {
      in: width,
      out: task.classes,
      bias: true,
    });
    return weightedEntropy(graph, logits, task.target, task.weight);
  });
  const dense = graph.op("Sum", entropies);

  const image = embedded(
    graph,
    weights,
    mean(graph, features, patches(options.config)),
    "image",
    width,
  );
  const table = weights.parameter(`${VISION_HEAD}words.weight`, [options.vocabulary, width]);
  const words = graph.op("Gather", [table, batch.captionIds], { attributes: { axis: 0 } });
  const weighted = graph.op("Mul", [words, unsqueeze(graph, batch.captionWeight, [2])]);
  const caption = graph.op("ReduceSum", [weighted, int64s(graph, [1])], {
    attributes: { keepdims: 0 },
    shape: ["tiles", width],
  });
  const text = embedded(graph, weights, caption, "text", width);
  const contrastive = pairLoss(graph, weights, image, text, batch.pairs);
  return { loss: graph.op("Add", [dense, contrastive]), dense, contrastive };
}

/** Cross-entropy averaged by weight, `[]`. */
function weightedEntropy(graph: Graph, logits: Value, target: Value, weight: Value): Value {
  const picked = graph.op("GatherElements", [logits, unsqueeze(graph, target, [1])], {
    attributes: { axis: -1 },
  });
  const entropy = graph.op("Sub", [
    reduceLast(graph, "ReduceLogSumExp", logits),
    reduceLast(graph, "ReduceSum", picked),
  ]);
  const sum = reduceLast(graph, "ReduceSum", graph.op("Mul", [entropy, weight]));
  const total = reduceLast(graph, "ReduceSum", weight);
  return graph.op("Div", [sum, graph.op("Max", [total, scalar(graph, "float32", 1)])]);
}

/** Linear, then to length 1: `[images, width]` → `[images, EMBEDDING]`. */
function embedded(graph: Graph, weights: Weights, x: Value, name: string, width: number): Value {
  const y = linear(graph, weights, x, `${VISION_HEAD}${name}`, {
    in: width,
    out: EMBEDDING,
    bias: true,
  });
  const squares = graph.op("ReduceSum", [graph.op("Mul", [y, y]), int64s(graph, [-1])], {
    attributes: { keepdims: 1 },
    shape: ["tiles", 1],
  });
  const length = graph.op("Sqrt", [graph.op("Add", [squares, scalar(graph, "float32", 1e-6)])]);
  return graph.op("Div", [y, length]);
}

const EMBEDDING = 64;

/** `-1/n Σ_ij log σ(z_ij (t x_i·y_j + b))` with learned temperature and bias. */
function pairLoss(graph: Graph, weights: Weights, image: Value, text: Value, pairs: Value): Value {
  const turned = graph.op("Transpose", [text], { attributes: { perm: { ints: [1, 0] } } });
  const similarity = graph.op("MatMul", [image, turned]); // [images, images]
  const temperature = graph.op("Exp", [weights.parameter(`${VISION_HEAD}log_temperature`, [1])]);
  const logits = graph.op("Add", [
    graph.op("Mul", [similarity, temperature]),
    weights.parameter(`${VISION_HEAD}pair_bias`, [1]),
  ]);
  const likelihood = graph.op("Log", [graph.op("Sigmoid", [graph.op("Mul", [logits, pairs])])]);
  const perImage = reduceLast(graph, "ReduceSum", likelihood);
  const sum = reduceLast(graph, "ReduceSum", perImage);
  const count = graph.op("Gather", [graph.op("Shape", [pairs]), scalar(graph, "int64", 0)]);
  const n = graph.op("Cast", [count], { attributes: { to: 1 } });
  return graph.op("Neg", [graph.op("Div", [sum, n])]);
}

function mean(graph: Graph, features: Value, count: number): Value {
  const [images = 1, , width = 1] = features.shape;
  const sum = graph.op("ReduceSum", [features, int64s(graph, [1])], {
    attributes: { keepdims: 0 },
    shape: [images, width],
  });
  return graph.op("Mul", [sum, scalar(graph, "float32", 1 / count)]);
}
