import type { Checkpoint } from "./checkpoint.ts";
import type { ModelConfig } from "./config.ts";
import { attention } from "./layers/attention.ts";
import { linear } from "./layers/linear.ts";
import { layerNorm } from "./layers/norms.ts";
import {
  checkpointWeights,
  commonFolder,
  type ComputeDType,
  type Weights,
} from "./layers/weights.ts";
import { cast, int64s } from "./onnx/constants.ts";
import { Graph } from "./onnx/graph.ts";
import type { OnnxModel } from "./onnx/model.ts";
import type { Value } from "./onnx/value.ts";
import { VISION_PREFIX } from "./tensor_names.ts";

type VisionConfig = ModelConfig["vision"];

/**
 * The vision service's graph: `pixels` uint8 `[tiles, size, size, 3]` → `embedding` `[tiles, patches, hidden]`, float16 unless
 * the checkpoint is float32.
 *
 * @param dtype What the tower computes in, float32 unless told otherwise.
 */
export function visionTowerModel(checkpoint: Checkpoint, dtype?: ComputeDType): OnnxModel {
  const { vision, torchDtype } = checkpoint.config;
  const graph = new Graph();
  const folder = commonFolder(checkpoint.visionFiles);
  const weights = checkpointWeights(graph, checkpoint, folder, dtype);
  const size = vision.imageSize;
  const pixels = graph.input("pixels", "uint8", ["tiles", size, size, 3]);
  const features = visionTower(graph, weights, normalizePixels(graph, pixels), vision);
  graph.output(
    cast(graph, features, torchDtype === "float32" ? "float32" : "float16"),
    "embedding",
  );
  return { bytes: graph.toBytes(), folder };
}

/**
 * The value that each of the 256 pixel levels has for the tower: `(level / 255 - 0.5) / 0.5`, rescaled in double
 * precision and normalised in single, as the published processor does.
 */
export function normalizedPixelLevels(): Float32Array {
  return Float32Array.from({ length: 256 }, (_, level) =>
    Math.fround(Math.fround(Math.fround(level * (1 / 255)) - 0.5) / 0.5),
  );
}

/**
 * SigLIP's image encoder without its last layer and without post_layernorm.
 *
 * @param pixelValues float32 `[tiles, 3, size, size]`, normalised.
 * @returns `[tiles, patches, hidden]`
 * @see {@link https://arxiv.org/abs/2303.15343 | Zhai et al. 2023}
 */
export function visionTower(
  graph: Graph,
  weights: Weights,
  pixelValues: Value,
  config: VisionConfig,
): Value {
  let x = embedPatches(graph, weights, pixelValues, config); // [tiles * patches, hidden]
  for (let layer = 0; layer < config.layers; layer++) {
    const input = x;
    x = graph.scope(`vision.layers.${layer}`, () =>
      encoderLayer(graph, weights, input, layer, config),
    );
  }
  return graph.op("Reshape", [x, tileShape(graph, config)], {
    shape: ["tiles", patches(config), config.hiddenSize],
    as: "tower_features",
  });
}

/** Patches of one tile. Pixels right and below of the last whole patch are not used. */
export function patches(config: VisionConfig): number {
  return Math.floor(config.imageSize / config.patchSize) ** 2;
}

/** uint8 `[tiles, size, size, 3]` → float32 `[tiles, 3, size, size]`; a table look-up keeps it exact. */
export function normalizePixels(graph: Graph, pixels: Value): Value {
  const levels = graph.constant("pixel_levels", "float32", [256], normalizedPixelLevels());
  const values = graph.op("Gather", [levels, cast(graph, pixels, "int32")]);
  return graph.op("Transpose", [values], { attributes: { perm: { ints: [0, 3, 1, 2] } } });
}

function embedPatches(
  graph: Graph,
  weights: Weights,
  pixelValues: Value,
  config: VisionConfig,
): Value {
  const { hiddenSize, patchSize } = config;
  const name = `${VISION_PREFIX}embeddings`;
  const side = Math.floor(config.imageSize / patchSize);
  const convolved = graph.op(
    "Conv",
    [
      cast(graph, pixelValues, weights.dtype),
      weights.parameter(`${name}.patch_embedding.weight`, [hiddenSize, 3, patchSize, patchSize]),
      weights.parameter(`${name}.patch_embedding.bias`, [hiddenSize]),
    ],
    {
      attributes: {
        kernel_shape: { ints: [patchSize, patchSize] },
        strides: { ints: [patchSize, patchSize] },
      },
      shape: ["tiles", hiddenSize, side, side],
    },
  );
  const flat = graph.op("Reshape", [convolved, int64s(graph, [0, hiddenSize, side * side])], {
    shape: ["tiles", hiddenSize, side * side],
  });
  const rows = graph.op("Transpose", [flat], { attributes: { perm: { ints: [0, 2, 1] } } });
  const positions = weights.parameter(`${name}.position_embedding.weight`, [
    side * side,
    hiddenSize,
  ]);
  const embedded = graph.op("Add", [rows, positions], { as: "vision.embeddings" });
  return graph.op("Reshape", [embedded, int64s(graph, [-1, hiddenSize])], {
    shape: ["tile_patches", hiddenSize],
  });
}

function encoderLayer(
  graph: Graph,
  weights: Weights,
  x: Value,
  layer: number,
  config: VisionConfig,
): Value {
  const { hiddenSize, intermediateSize, heads, normEpsilon } = config;
  const name = `${VISION_PREFIX}encoder.layers.${layer}`;
  const square = { in: hiddenSize, out: hiddenSize, bias: true };
  const normed = (input: Value, norm: string): Value =>
    layerNorm(
      graph,
      input,
      weights.parameter(`${name}.${norm}.weight`, [hiddenSize]),
      weights.parameter(`${name}.${norm}.bias`, [hiddenSize]),
      { epsilon: normEpsilon, as: norm },
    );

  const h = normed(x, "layer_norm1");
  const perTile = (input: Value): Value =>
    graph.op("Reshape", [input, tileShape(graph, config)], {
      shape: ["tiles", patches(config), hiddenSize],
    });
  const project = (part: string): Value =>
    perTile(linear(graph, weights, h, `${name}.self_attn.${part}`, square));
  const [q, k, v] = [project("q_proj"), project("k_proj"), project("v_proj")];
  const attended = graph.op(
    "Reshape",
    [attention(graph, q, k, v, { heads }), int64s(graph, [-1, hiddenSize])],
    { shape: ["tile_patches", hiddenSize] },
  );
  const y = graph.op("Add", [
    x,
    linear(graph, weights, attended, `${name}.self_attn.out_proj`, square),
  ]);

  const up = linear(graph, weights, normed(y, "layer_norm2"), `${name}.mlp.fc1`, {
    in: hiddenSize,
    out: intermediateSize,
    bias: true,
  });
  const active = graph.op("Gelu", [up], { attributes: { approximate: "tanh" } });
  const down = linear(graph, weights, active, `${name}.mlp.fc2`, {
    in: intermediateSize,
    out: hiddenSize,
    bias: true,
  });
  return graph.op("Add", [y, down], { as: "hidden" });
}

function tileShape(graph: Graph, config: VisionConfig): Value {
  return int64s(graph, [-1, patches(config), config.hiddenSize]);
}
