import type { Checkpoint } from "@medv/model/checkpoint";
import { languageHead, languageTower } from "@medv/model/language_tower";
import { rotaryTable } from "@medv/model/layers/rotary_embedding";
import { checkpointWeights, commonFolder } from "@medv/model/layers/weights";
import { mergeImageRows } from "@medv/model/merge_image_rows";
import { int64s, scalar } from "@medv/model/onnx/constants";
import { Graph } from "@medv/model/onnx/graph";
import type { OnnxModel } from "@medv/model/onnx/model";
import { unsqueeze } from "@medv/model/onnx/reduce";
import type { Value } from "@medv/model/onnx/value";
import { normalizePixels, visionTower } from "@medv/model/vision_tower";

/**
 * The network of a checkpoint that was trained to write from left to right: image and tokens in, the most likely next
 * token out. Every position sees itself and what stands before it.
 *
 * Inputs: `pixels` uint8 `[tiles, size, size, 3]`; `token_ids` int64 `[1, sequence]`; `image_row` int64 and
 * `image_weight` float32 `[1, sequence, 1]`, as for the block decoder; `forbidden` int64 `[forbidden]`. Output:
 * `next_token` int64 `[1]`.
 */
export function nextTokenModel(checkpoint: Checkpoint, vocabulary: number): OnnxModel {
  const { config } = checkpoint;
  const { language, vision } = config;
  const graph = new Graph();
  const folder = commonFolder([...checkpoint.files, ...checkpoint.visionFiles]);
  const weights = checkpointWeights(graph, checkpoint, folder);
  const size = vision.imageSize;
  const pixels = graph.input("pixels", "uint8", ["tiles", size, size, 3]);
  const features = visionTower(graph, weights, normalizePixels(graph, pixels), vision);
  const tokenIds = graph.input("token_ids", "int64", ["rows", "sequence"]);
  const embeds = mergeImageRows(
    graph,
    weights,
    config,
    {
      tokenIds,
      embedding: graph.op("Reshape", [features, int64s(graph, [-1, vision.hiddenSize])], {
        shape: ["image_tokens", vision.hiddenSize],
      }),
      imageRow: graph.input("image_row", "int64", ["rows", "sequence", 1]),
      imageWeight: graph.input("image_weight", "float32", ["rows", "sequence", 1]),
    },
    { newline: false, vocabulary },
  );
  const flat = graph.op("Reshape", [embeds, int64s(graph, [-1, language.hiddenSize])], {
    shape: ["flat", language.hiddenSize],
  });
  const { positions, bias } = causal(graph, tokenIds);
  const { hidden } = languageTower(
    graph,
    weights,
    flat,
    {
      positions,
      shape: graph.op("Shape", [embeds]),
      bias,
      rotary: rotaryTable(graph, {
        positions: language.maxPositions,
        headDim: language.headDim,
        theta: language.ropeTheta,
      }),
    },
    language,
  );
  const last = graph.op("Gather", [hidden, int64s(graph, [-1])], { attributes: { axis: 0 } });
  const logits = languageHead(graph, weights, last, language, vocabulary); // [1, vocabulary]
  graph.output(mostLikely(graph, logits), "next_token");
  return { bytes: graph.toBytes(), folder };
}

/** Positions 0, 1, 2 … `[1, sequence]`, and what hides the later from the earlier, `[1, 1, sequence, sequence]`. */
function causal(
  graph: Graph,
  tokenIds: Value,
): { readonly positions: Value; readonly bias: Value } {
  const [zero, one] = [scalar(graph, "int64", 0), scalar(graph, "int64", 1)];
  const length = graph.op("Gather", [graph.op("Shape", [tokenIds]), one]);
  const range = graph.op("Range", [zero, length, one], { shape: ["sequence"] });
  const positions = unsqueeze(graph, range, [0]);
  const visible = graph.op("LessOrEqual", [
    unsqueeze(graph, positions, [1, 2]), // [1, 1, 1, keys]
    unsqueeze(graph, positions, [1, 3]), // [1, 1, queries, 1]
  ]);
  const bias = graph.op("Where", [
    visible,
    scalar(graph, "float32", 0),
    scalar(graph, "float32", -1e9),
  ]);
  return { positions, bias };
}

function mostLikely(graph: Graph, logits: Value): Value {
  const forbidden = graph.input("forbidden", "int64", ["forbidden"]);
  const indices = unsqueeze(graph, forbidden, [0]);
  const updates = graph.op(
    "Expand",
    [scalar(graph, "float32", -Infinity), graph.op("Shape", [indices])],
    {
      shape: indices.shape,
    },
  );
  const allowed = graph.op("ScatterElements", [logits, indices, updates], {
    attributes: { axis: 1 },
  });
  return graph.op("ArgMax", [allowed], { attributes: { axis: -1, keepdims: 0 } });
}
