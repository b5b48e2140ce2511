import type { ModelConfig } from "@medv/model/config";
import { embedTokens, placeImageRows } from "@medv/model/merge_image_rows";
import { int64s, scalar } from "@medv/model/onnx/constants";
import { Graph } from "@medv/model/onnx/graph";
import type { Value } from "@medv/model/onnx/value";
import { projector } from "@medv/model/projector";
import { VISION_PREFIX } from "@medv/model/tensor_names";
import { normalizePixels, visionTower } from "@medv/model/vision_tower";
import { gradients } from "../autodiff/gradients.ts";
import { languageLoss, type Objective } from "../loss/language_loss.ts";
import { visionLoss, type PatchTask } from "../loss/vision_loss.ts";
import { adamW, OPTIMIZER } from "../optimizer.ts";
import { parameterInputs, type ParameterInputs } from "../parameters.ts";
import { hasParts, type StageConfig } from "../stage_config.ts";
import { distanceToWords, wordRows } from "./word_rows.ts";

/** One training step as one graph: batch, parameters and moments in; loss, parameters and moments out. */
export type TrainStep = {
  readonly bytes: Uint8Array;
  /** Shape of every parameter that goes in. */
  readonly parameters: ReadonlyMap<string, readonly number[]>;
  /** Names of those that come out changed. */
  readonly trained: readonly string[];
};

/** The step of a language stage. */
export function languageStep(
  config: ModelConfig,
  stage: Pick<StageConfig, "trains" | "images" | "patchWords" | "mixture" | "conversationMask">,
  options: {
    readonly objective: Objective["type"];
    readonly vocabulary: number;
    readonly maskToken: number;
  },
): TrainStep {
  const graph = new Graph();
  const weights = parameterInputs(graph);
  const { vocabulary } = options;
  const shape = ["rows", "sequence"];
  const tokenIds = graph.input("token_ids", "int64", shape);
  const size = { vocabulary, hiddenSize: config.language.hiddenSize };
  const rows = imageRows(graph, weights, config, { stage, size });
  const embeds =
    rows === undefined
      ? embedTokens(graph, weights, tokenIds, size)
      : placeImageRows(
          graph,
          weights,
          {
            tokenIds,
            imageRows: rows.rows,
            imageRow: graph.input("image_row", "int64", [...shape, 1]),
            imageWeight: graph.input("image_weight", "float32", [...shape, 1]),
          },
          { ...size, newline: false },
        );
  const causal = options.objective === "autoregressive";
  const { loss } = languageLoss(
    graph,
    weights,
    config,
    {
      embeds,
      labels: graph.input("labels", "int64", shape),
      positions: graph.input("positions", "int64", shape),
      targets: graph.input("targets", "int64", ["targets"]),
      ...((causal || stage.conversationMask) && { order: graph.input("order", "int64", shape) }),
      ...(hasParts(stage) && { parts: graph.input("parts", "int64", shape) }),
    },
    {
      vocabulary,
      objective: causal
        ? { type: "autoregressive" }
        : {
            type: "diffusion",
            t: graph.input("t", "float32", ["rows"]),
            u: graph.input("u", "float32", shape),
            maskToken: options.maskToken,
          },
    },
  );
  const total =
    rows?.distance === undefined
      ? loss
      : graph.op("Add", [
          loss,
          graph.op("Mul", [rows.distance, scalar(graph, "float32", DISTANCE_WEIGHT)]),
        ]);
  return finish(graph, weights, total, stage.trains);
}

/** The distance to the words of a patch is small by nature: embeddings are. */
const DISTANCE_WEIGHT = 5;

/** What stands in the place of an image, and how far it is from the words of its patches. */
function imageRows(
  graph: Graph,
  weights: ParameterInputs,
  config: ModelConfig,
  options: {
    readonly stage: Pick<StageConfig, "images" | "patchWords">;
    readonly size: { readonly vocabulary: number; readonly hiddenSize: number };
  },
): { readonly rows: Value; readonly distance?: Value } | undefined {
  const { stage, size } = options;
  if (stage.images === "none") return undefined;
  const words =
    stage.images === "words" || stage.patchWords ? wordRows(graph, weights, size) : undefined;
  if (stage.images === "words" && words !== undefined) return { rows: words };
  const rows = projector(graph, weights, imageEmbedding(graph, weights, config), config);
  if (words === undefined) return { rows };
  return { rows, distance: distanceToWords(graph, rows, words, size.hiddenSize) };
}

/** The step of the vision stage. */
export function visionStep(
  config: ModelConfig,
  tasks: readonly PatchTask[],
  vocabulary: number,
): TrainStep {
  const graph = new Graph();
  const weights = parameterInputs(graph);
  const features = towerFeatures(graph, weights, config);
  const words = ["tiles", "words"];
  const { loss } = visionLoss(
    graph,
    weights,
    features,
    {
      tasks: tasks.map((task) => ({
        ...task,
        target: graph.input(`${task.name}_target`, "int64", ["patches"]),
        weight: graph.input(`${task.name}_weight`, "float32", ["patches"]),
      })),
      captionIds: graph.input("caption_ids", "int64", words),
      captionWeight: graph.input("caption_weight", "float32", words),
      pairs: graph.input("pairs", "float32", ["tiles", "tiles"]),
    },
    { config: config.vision, vocabulary },
  );
  return finish(graph, weights, loss, ["vision"]);
}

function towerFeatures(graph: Graph, weights: ParameterInputs, config: ModelConfig): Value {
  const size = config.vision.imageSize;
  const pixels = graph.input("pixels", "uint8", ["tiles", size, size, 3]);
  return visionTower(graph, weights, normalizePixels(graph, pixels), config.vision);
}

function imageEmbedding(graph: Graph, weights: ParameterInputs, config: ModelConfig): Value {
  const features = towerFeatures(graph, weights, config);
  return graph.op("Reshape", [features, int64s(graph, [-1, config.vision.hiddenSize])], {
    shape: ["image_tokens", config.vision.hiddenSize],
  });
}

function finish(
  graph: Graph,
  weights: ParameterInputs,
  loss: Value,
  trains: StageConfig["trains"],
): TrainStep {
  const trained = [...weights.values.values()].filter(({ name }) => trains.includes(partOf(name)));
  const grads = gradients(graph, loss, trained);
  graph.output(loss, "loss");
  adamW(graph, trained, grads, OPTIMIZER);
  return {
    bytes: graph.toBytes(),
    parameters: new Map(
      Array.from(weights.values.values(), ({ name, shape }) => [name, shape.map(Number)]),
    ),
    trained: trained.map(({ name }) => name),
  };
}

/** The part of the network that a parameter belongs to. */
function partOf(name: string): StageConfig["trains"][number] {
  if (name.startsWith("model.mm_projector.")) return "projector";
  return name.startsWith("model.") && !name.startsWith(VISION_PREFIX)
    ? "language"
    : name === "lm_head.weight"
      ? "language"
      : "vision";
}
