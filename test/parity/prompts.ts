import { mergeImageRows } from "@medv/model/merge_image_rows";
import { openCheckpoint } from "@medv/model/checkpoint";
import type { ModelConfig } from "@medv/model/config";
import { imageRows, imageTaps, type TileLayout } from "@medv/model/image_rows";
import { checkpointWeights, commonFolder } from "@medv/model/layers/weights";
import { mergePrompt } from "@medv/model/merge_prompt";
import { Graph } from "@medv/model/onnx/graph";
import { compareNumbers, type Report } from "./check.ts";
import type { Oracle, OracleConfig, OracleTensor } from "./oracle.ts";
import { openGraph } from "./run_graph.ts";
import { towerFeatures, weightsFile } from "./tower_features.ts";

type MergeCase = {
  readonly mm_patch_merge_type?: ModelConfig["image"]["mergeType"];
  readonly image_aspect_ratio?: string;
  readonly image_size_wh?: readonly [number, number];
  readonly image_grid_pinpoints?: readonly (readonly [number, number])[];
};

const EMBEDDINGS = 2e-4;

/** Image rows in their places: every splice variant that the directory has. */
export async function checkMerge(oracle: Oracle, report: Report): Promise<void> {
  const cases = await oracle.json<Readonly<Record<string, MergeCase>>>("merge.json");
  const tensors = await oracle.tensors("merge.safetensors");
  const names = await oracle.names("merge.safetensors");
  const mixed = await oracle.tensors("mixed_flat.safetensors");
  const pixels = oracle.has("vision.safetensors")
    ? (await oracle.tensors("vision.safetensors"))("pixel_values")
    : mixed("pixel_values");
  const merge = await openMerge(oracle);

  for (const [name, each] of Object.entries(cases)) {
    const ids = tensors(`${name}.inputs_embeds`).shape[0] ?? 1;
    const own = names.includes(`${name}.input_ids`);
    const input = own ? tensors(`${name}.input_ids`) : mixed("input_ids");
    const tiles = tileStacks(name, each, pixels, (key) =>
      names.includes(key) ? tensors(key) : tensors("anyres_small.tiles"),
    );
    if (ids > 1) {
      report.skip(`merge ${name}`, "a training batch; belongs to the training checks");
      continue;
    }
    const actual = await merge(Int32Array.from(input.data), tiles, each);
    report.check(
      `merge ${name}`,
      compareNumbers(actual, tensors(`${name}.inputs_embeds`).data, EMBEDDINGS),
    );
  }
  const flat = await merge(Int32Array.from(mixed("input_ids").data), [mixed("pixel_values")], {});
  report.check("merge mixed_flat", compareNumbers(flat, mixed("inputs_embeds").data, EMBEDDINGS));
}

/** The tiles of each image of a case. */
function tileStacks(
  name: string,
  each: MergeCase,
  pixels: OracleTensor,
  tensor: (key: string) => OracleTensor,
): readonly OracleTensor[] {
  if (each.image_aspect_ratio?.startsWith("anyres")) return [tensor(`${name}.tiles`)];
  const [count = 1, ...shape] = pixels.shape;
  const size = pixels.data.length / count;
  return Array.from({ length: count }, (_, index) => ({
    shape: [1, ...shape],
    data: pixels.data.slice(index * size, (index + 1) * size),
  }));
}

async function openMerge(
  oracle: Oracle,
): Promise<
  (ids: Int32Array, tiles: readonly OracleTensor[], each: MergeCase) => Promise<Float32Array>
> {
  const checkpoint = await openCheckpoint(oracle.directory, { file: weightsFile(oracle) });
  const { vocab_size: vocabulary } = await oracle.json<OracleConfig>("config.json");
  const { vision } = checkpoint.config;
  const graph = new Graph();
  const folder = commonFolder(checkpoint.files);
  const embeds = mergeImageRows(
    graph,
    checkpointWeights(graph, checkpoint, folder),
    checkpoint.config,
    {
      tokenIds: graph.input("token_ids", "int64", ["rows", "sequence"]),
      embedding: graph.input("embedding", "float32", ["image_tokens", vision.hiddenSize]),
      imageRow: graph.input("image_row", "int64", ["rows", "sequence", "taps"]),
      imageWeight: graph.input("image_weight", "float32", ["rows", "sequence", "taps"]),
    },
    { newline: checkpoint.has("model.image_newline"), vocabulary },
  );
  graph.output(embeds);
  const run = await openGraph({ bytes: graph.toBytes(), folder });
  const side = Math.floor(vision.imageSize / vision.patchSize);

  return async (ids, tiles, each) => {
    const image: ModelConfig["image"] = {
      aspectRatio: each.image_aspect_ratio ?? "square",
      mergeType: each.mm_patch_merge_type ?? "flat",
      gridPinpoints: [],
    };
    const taps = imageTaps({ ...checkpoint.config, image });
    const rows = tiles.map((stack) =>
      imageRows(layoutOf(stack, each, vision.imageSize), side, image),
    );
    const features = await Promise.all(tiles.map((stack) => towerFeatures(oracle, stack)));
    const offsets = tiles.map((_, index) =>
      tiles.slice(0, index).reduce((sum, stack) => sum + (stack.shape[0] ?? 1) * side * side, 0),
    );
    const prompt = mergePrompt(ids, rows, { offsets, taps });
    const length = prompt.tokenIds.length;
    const results = await run({
      token_ids: {
        dtype: "int64",
        shape: [1, length],
        data: BigInt64Array.from(prompt.tokenIds, BigInt),
      },
      embedding: {
        dtype: "float32",
        shape: [
          features.reduce((sum, part) => sum + part.length, 0) / vision.hiddenSize,
          vision.hiddenSize,
        ],
        data: Float32Array.from(features.flatMap((part) => [...part])),
      },
      image_row: {
        dtype: "int64",
        shape: [1, length, taps],
        data: BigInt64Array.from(prompt.imageRow, BigInt),
      },
      image_weight: { dtype: "float32", shape: [1, length, taps], data: prompt.imageWeight },
    });
    return results[embeds.name]?.data as Float32Array;
  };
}

/** The grid is the one pinpoint that has as many tiles and fits the image best; the oracle says its tiles only. */
function layoutOf(stack: OracleTensor, each: MergeCase, imageSize: number): TileLayout {
  const tiles = stack.shape[0] ?? 1;
  const [width, height] = each.image_size_wh ?? [1, 1];
  if (tiles === 1) return { width, height, tiles, gridWidth: 0, gridHeight: 0 };
  const grids = (each.image_grid_pinpoints ?? [])
    .map(([w, h]) => [w / imageSize, h / imageSize] as const)
    .filter(([w, h]) => w * h === tiles - 1);
  const error = ([w, h]: readonly [number, number]): number =>
    Math.abs(Math.log(w / h / (width / height)));
  const [gridWidth = 0, gridHeight = 0] = grids.toSorted((a, b) => error(a) - error(b))[0] ?? [];
  return { width, height, tiles, gridWidth, gridHeight };
}
