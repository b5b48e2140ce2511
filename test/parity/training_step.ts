import { openCheckpoint, type Checkpoint } from "@medv/model/checkpoint";
import { imageRows } from "@medv/model/image_rows";
import { mergeImageRows } from "@medv/model/merge_image_rows";
import { mergePrompt } from "@medv/model/merge_prompt";
import { int64s } from "@medv/model/onnx/constants";
import { Graph } from "@medv/model/onnx/graph";
import type { Value } from "@medv/model/onnx/value";
import { readTensorBytes } from "@medv/model/safetensors";
import { patches, visionTower } from "@medv/model/vision_tower";
import { gradients } from "@medv/training/autodiff/gradients";
import { IGNORE_LABEL, languageLoss } from "@medv/training/loss/language_loss";
import { mergeLabels } from "@medv/training/merge_labels";
import { adamW, OPTIMIZER } from "@medv/training/optimizer";
import { parameterInputs } from "@medv/training/parameters";
import type { Oracle, OracleTensor } from "./oracle.ts";
import { openGraph, type Feed } from "./run_graph.ts";

export type TrainConfig = {
  readonly vocab_size: number;
  readonly special_ids_tiny: { readonly mask: number };
};

/** The graph of one step over the oracle's batch of two samples with an image each. */
export async function openStep(
  oracle: Oracle,
  { trainsVision, steps }: { readonly trainsVision: boolean; readonly steps: boolean },
): Promise<{
  readonly run: (feeds: Readonly<Record<string, Feed>>) => Promise<Record<string, Feed>>;
  readonly parameters: Readonly<Record<string, Feed>>;
  readonly trained: readonly Value[];
  readonly labels: readonly number[];
  readonly targets: readonly number[];
}> {
  const tensors = await oracle.tensors("train_step.safetensors");
  const config = await oracle.json<TrainConfig>("config.json");
  const checkpoint = await openCheckpoint(oracle.directory, { file: "weights_f32.safetensors" });
  const { vision } = checkpoint.config;
  const graph = new Graph();
  const weights = parameterInputs(graph);
  const pixels = graph.input("pixels", "float32", ["tiles", 3, vision.imageSize, vision.imageSize]);
  const features = visionTower(graph, weights, pixels, vision);
  const visionNames = new Set(weights.values.keys());
  const embedding = graph.op("Reshape", [features, int64s(graph, [-1, vision.hiddenSize])], {
    shape: ["image_tokens", vision.hiddenSize],
  });
  const shape = ["rows", "sequence"];
  const embeds = mergeImageRows(
    graph,
    weights,
    checkpoint.config,
    {
      tokenIds: graph.input("token_ids", "int64", shape),
      embedding,
      imageRow: graph.input("image_row", "int64", [...shape, "taps"]),
      imageWeight: graph.input("image_weight", "float32", [...shape, "taps"]),
    },
    { newline: false, vocabulary: config.vocab_size },
  );
  const parts = languageLoss(
    graph,
    weights,
    checkpoint.config,
    {
      embeds,
      labels: graph.input("labels", "int64", shape),
      positions: graph.input("positions", "int64", shape),
      targets: graph.input("targets", "int64", ["targets"]),
    },
    {
      objective: {
        type: "diffusion",
        t: graph.input("t", "float32", ["rows"]),
        u: graph.input("u", "float32", shape),
        maskToken: config.special_ids_tiny.mask,
      },
      vocabulary: config.vocab_size,
    },
  );
  const trained = [...weights.values.values()].filter(
    ({ name }) => trainsVision || !visionNames.has(name),
  );
  const grads = gradients(graph, parts.loss, trained);
  for (const [name, value] of Object.entries({ ...parts, embeds })) graph.output(value, name);
  if (steps) adamW(graph, trained, grads, OPTIMIZER);
  else grads.forEach((value, index) => graph.output(value, `gradient.${trained[index]?.name}`));

  const side = Math.sqrt(patches(vision));
  const layout = { width: 1, height: 1, tiles: 1, gridWidth: 0, gridHeight: 0 };
  const rows = imageRows(layout, side, checkpoint.config.image);
  const { shape: given, data } = tensors("input_ids");
  const [samples = 0, length = 0] = given;
  const merged = Array.from({ length: samples }, (_, sample) => {
    const sampleIds = Int32Array.from(data.slice(sample * length, (sample + 1) * length));
    const labels = tensors("labels").data.slice(sample * length, (sample + 1) * length);
    const offsets = [sample * side * side];
    return {
      prompt: mergePrompt(sampleIds, [rows], { offsets, taps: 1 }),
      labels: mergeLabels(sampleIds, labels, [rows.length]),
    };
  });
  const sequence = merged[0]?.labels.length ?? 0;
  const labels = merged.flatMap((each) => each.labels);
  const targets = places(labels);
  const both = [samples, sequence];
  const feeds = {
    pixels: float(tensors("pixel_values")),
    token_ids: ids(
      both,
      merged.flatMap(({ prompt }) => [...prompt.tokenIds]),
    ),
    labels: ids(both, labels),
    positions: ids(
      both,
      merged.flatMap((each) => [...each.labels.keys()]),
    ),
    targets: ids([targets.length], targets),
    image_row: ids(
      [...both, 1],
      merged.flatMap(({ prompt }) => [...prompt.imageRow]),
    ),
    image_weight: {
      dtype: "float32" as const,
      shape: [...both, 1],
      data: Float32Array.from(merged.flatMap(({ prompt }) => [...prompt.imageWeight])),
    },
  };
  const run = await openGraph({ bytes: graph.toBytes(), folder: oracle.directory });
  return {
    run: (more) => run({ ...feeds, ...more }),
    parameters: await readParameters(checkpoint, weights.values),
    trained,
    labels,
    targets,
  };
}

export async function readParameters(
  checkpoint: Checkpoint,
  values: ReadonlyMap<string, Value>,
): Promise<Record<string, Feed>> {
  const feeds: Record<string, Feed> = {};
  for (const { name, shape } of values.values()) {
    const sizes = shape.map(Number);
    const tensor = checkpoint.tensor(name, sizes);
    const bytes = await readTensorBytes(tensor.file, tensor);
    feeds[name] = { dtype: "float32", shape: sizes, data: new Float32Array(bytes.buffer) };
  }
  return feeds;
}

export function places(labels: readonly number[]): number[] {
  return labels.flatMap((label, index) => (label === IGNORE_LABEL ? [] : [index]));
}

export function float({ shape, data }: OracleTensor): Feed {
  return { dtype: "float32", shape, data: Float32Array.from(data) };
}

export function ids(shape: readonly number[], values: Iterable<number>): Feed {
  return { dtype: "int64", shape, data: BigInt64Array.from(values, BigInt) };
}

export function number(value: number): Feed {
  return { dtype: "float32", shape: [], data: new Float32Array([value]) };
}

export function slice({ shape, data }: OracleTensor, index: number): OracleTensor {
  const rest = shape.slice(1);
  const size = rest.reduce((product, dim) => product * dim, 1);
  return { shape: rest, data: data.slice(index * size, (index + 1) * size) };
}

/** The rows of `[..., columns]` at the given flattened places. */
export function rowsOf({ shape, data }: OracleTensor, wanted: readonly number[]): Float32Array {
  const columns = shape.at(-1) ?? 1;
  return Float32Array.from(
    wanted.flatMap((row) => [...data.slice(row * columns, (row + 1) * columns)]),
  );
}
