import { openCheckpoint } from "@medv/model/checkpoint";
import { checkpointWeights, commonFolder } from "@medv/model/layers/weights";
import { Graph } from "@medv/model/onnx/graph";
import { visionTower } from "@medv/model/vision_tower";
import type { Oracle, OracleTensor } from "./oracle.ts";
import { openGraph } from "./run_graph.ts";

/** The weights of a directory that may have only one of the two files. */
export function weightsFile(oracle: Oracle): string {
  const f32 = "weights_f32.safetensors";
  return oracle.has(f32) ? f32 : "weights_bf16.safetensors";
}

/** The vision tower's output for normalised pixel values, `[tiles * patches, hidden]`. */
export async function towerFeatures(
  oracle: Oracle,
  pixelValues: OracleTensor,
): Promise<Float32Array> {
  const checkpoint = await openCheckpoint(oracle.directory, { file: weightsFile(oracle) });
  const { vision } = checkpoint.config;
  const graph = new Graph();
  const folder = commonFolder(checkpoint.visionFiles);
  const pixels = graph.input("pixel_values", "float32", [
    "tiles",
    3,
    vision.imageSize,
    vision.imageSize,
  ]);
  graph.output(
    visionTower(graph, checkpointWeights(graph, checkpoint, folder), pixels, vision),
    "features",
  );
  const run = await openGraph({ bytes: graph.toBytes(), folder });
  const { features } = await run({
    pixel_values: {
      dtype: "float32",
      shape: pixelValues.shape,
      data: pixelValues.data,
    },
  });
  return features?.data as Float32Array;
}
