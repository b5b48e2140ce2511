import { attentionBias } from "@medv/model/attention_bias";
import type { Checkpoint } from "@medv/model/checkpoint";
import { languageHead, languageTower } from "@medv/model/language_tower";
import { rotaryTable } from "@medv/model/layers/rotary_embedding";
import {
  checkpointWeights,
  commonFolder,
  int8Weights,
  type Weights,
} from "@medv/model/layers/weights";
import { mergeImageRows } from "@medv/model/merge_image_rows";
import { int64s } from "@medv/model/onnx/constants";
import { Graph } from "@medv/model/onnx/graph";
import { reduceLast } from "@medv/model/onnx/reduce";
import type { Value } from "@medv/model/onnx/value";
import type { QuantizedFile } from "@medv/model/quantize/quantized_file";
import { IMAGE_NEWLINE } from "@medv/model/tensor_names";

/** One full forward as a graph, and what it was written with. */
export type TowerGraph = {
  readonly graph: Graph;
  readonly folder: string;
  readonly floats: Weights;
  readonly int8: Weights;
  /** Weights of linear layers in the order in which they were asked for, which is the order of the layers. */
  readonly linear: readonly string[];
  /** float32 `[sequence, vocabulary]` */
  readonly logits: Value;
};

/** The forward over one merged prompt, every linear layer in float32 or in int8. */
export function towerGraph(
  checkpoint: Checkpoint,
  file: QuantizedFile,
  {
    vocabulary,
    precision,
  }: { readonly vocabulary: number; readonly precision: "float32" | "int8" },
): TowerGraph {
  const { config } = checkpoint;
  const { hiddenSize, headDim, ropeTheta, maxPositions } = config.language;
  const graph = new Graph();
  const folder = commonFolder([...checkpoint.files, file.path]);
  const floats = checkpointWeights(graph, checkpoint, folder);
  const int8 = int8Weights(graph, floats, { file, folder });
  const linear: string[] = [];
  const weights: Weights = {
    ...(precision === "int8" ? int8 : floats),
    parameter: (name, shape) => {
      if (shape.length === 2) linear.push(name);
      return floats.parameter(name, shape);
    },
  };

  const tokenIds = graph.input("token_ids", "int64", [1, "sequence"]);
  const taps = [1, "sequence", "taps"];
  const inputs = {
    tokenIds,
    embedding: graph.input("embedding", "float32", ["image_tokens", config.vision.hiddenSize]),
    imageRow: graph.input("image_row", "int64", taps),
    imageWeight: graph.input("image_weight", "float32", taps),
  };
  const positions = graph.input("positions", "int64", [1, "sequence"]);
  const embedded = mergeImageRows(graph, weights, config, inputs, {
    vocabulary,
    newline: checkpoint.has(IMAGE_NEWLINE),
  });
  const x = graph.op("Reshape", [embedded, int64s(graph, [-1, hiddenSize])], {
    shape: ["sequence", hiddenSize],
  });
  const shape = graph.op("Concat", [graph.op("Shape", [tokenIds]), int64s(graph, [hiddenSize])], {
    attributes: { axis: 0 },
  });
  const rotary = rotaryTable(graph, { positions: maxPositions, headDim, theta: ropeTheta });
  const everywhere = graph.op("GreaterOrEqual", [positions, int64s(graph, [0])]);
  const bias = attentionBias(graph, everywhere, positions, "float32");
  const pass = { positions, shape, bias, rotary };
  const { hidden } = languageTower(graph, weights, x, pass, config.language);
  const logits = languageHead(graph, weights, hidden, config.language, vocabulary);
  return { graph, folder, floats, int8, linear, logits };
}

/** Adds what a greedy sampler needs: the best token of every position and its probability. */
export function addPrediction(graph: Graph, logits: Value): void {
  const best = reduceLast(graph, "ReduceMax", logits);
  const total = reduceLast(graph, "ReduceLogSumExp", logits);
  graph.output(
    graph.op("ArgMax", [logits], { attributes: { axis: -1, keepdims: 0 } }),
    "prediction",
  );
  graph.output(graph.op("Exp", [graph.op("Sub", [best, total])]), "confidence");
}
