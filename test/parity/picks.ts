import { Graph } from "@medv/model/onnx/graph";
import { gumbelArgMax } from "@medv/model/pick_token";
import { transferSchedule } from "@medv/model/transfer_schedule";
import { preprocessPixels } from "@medv/gateway/image/preprocess_pixels";
import { resizeBicubic } from "@medv/gateway/image/resize_bicubic";
import { tileGrid } from "@medv/gateway/image/tile_grid";
import { normalizedPixelLevels } from "@medv/model/vision_tower";
import { compareIds, type Report } from "./check.ts";
import type { Oracle } from "./oracle.ts";
import { openGraph } from "./run_graph.ts";

/** Which token a given noise picks at each temperature of the file. */
export async function checkGumbel(oracle: Oracle, report: Report): Promise<void> {
  const tensors = await oracle.tensors("gumbel.safetensors");
  const { shape, data } = tensors("logits");
  const graph = new Graph();
  const logits = graph.input("logits", "float32", ["positions", "vocabulary"]);
  const u = graph.input("u", "float64", ["positions", "vocabulary"]);
  const temperature = graph.input("temperature", "float32", []);
  graph.output(gumbelArgMax(graph, logits, u, temperature), "picked");
  const run = await openGraph({ bytes: graph.toBytes(), folder: oracle.directory });
  for (const name of await oracle.names("gumbel.safetensors")) {
    if (!name.startsWith("u_T")) continue;
    const value = name.slice("u_T".length);
    const { picked } = await run({
      logits: { dtype: "float32", shape, data: data },
      u: { dtype: "float64", shape, data: tensors(name).data },
      temperature: { dtype: "float32", shape: [], data: Float32Array.of(Number(value)) },
    });
    const actual = Array.from(picked?.data as BigInt64Array, Number);
    report.check(`gumbel T=${value}`, compareIds(actual, tensors(`argmax_T${value}`).data));
  }
}

export async function checkSchedules(oracle: Oracle, report: Report): Promise<void> {
  const cases = await oracle.json<Readonly<Record<string, readonly number[]>>>(
    "num_transfer_tokens.json",
  );
  for (const [name, expected] of Object.entries(cases)) {
    const [, masked = 0, steps = 0] = /^masks(\d+)_steps(\d+)$/.exec(name)?.map(Number) ?? [];
    report.check(
      `transfer schedule ${name}`,
      compareIds(transferSchedule(masked, steps), expected),
    );
  }
}

type PreprocessFile = Readonly<Record<string, unknown>>;
type PreprocessCase = {
  readonly pinpoints_wh: readonly (readonly [number, number])[];
  readonly grid_wh: readonly [number, number];
};

/** Resized, padded and tiled pixels, bit for bit. */
export async function checkPreprocessing(oracle: Oracle, report: Report): Promise<void> {
  const tensors = await oracle.tensors("image_preprocess.safetensors");
  const file = await oracle.json<PreprocessFile>("image_preprocess.json");
  for (const name of await oracle.names("image_preprocess.safetensors")) {
    const [, image = "", kind = "", size = ""] = /^(\w+)\.(\w+?)_(\d+)$/.exec(name) ?? [];
    if (image === "") continue;
    const source = tensors(`${image}.rgb`);
    const [height = 0, width = 0] = source.shape;
    const rgb = { data: source.data as Uint8Array<ArrayBuffer>, width, height };
    const imageSize = Number(size);
    if (kind === "resized_u8") {
      const { data } = resizeBicubic(rgb, imageSize, imageSize);
      report.check(`preprocess ${name}`, compareIds(data, tensors(name).data));
      continue;
    }
    const entry = file[image] as PreprocessCase;
    const result = preprocessPixels(rgb, {
      imageSize,
      aspectRatio: kind,
      gridPinpoints: entry.pinpoints_wh,
    });
    report.check(
      `preprocess ${name}`,
      compareIds(normalize(result.pixels, imageSize), tensors(name).data),
    );
    if (kind === "anyres") {
      report.check(
        `preprocess ${image} grid`,
        compareIds([result.gridWidth, result.gridHeight], entry.grid_wh),
      );
    }
  }
  for (const [name, grids] of Object.entries(file)) {
    const [, tile = "", first = ""] = /^real_grid_(\d+)_1x1_to_(\d+)x\d+$/.exec(name) ?? [];
    if (tile === "") continue;
    const side = Number(tile);
    const most = Number(first);
    const pinpoints = Array.from({ length: most * most }, (_, index): readonly [number, number] => [
      (Math.floor(index / most) + 1) * side,
      ((index % most) + 1) * side,
    ]);
    for (const [size, expected] of Object.entries(grids as Record<string, readonly number[]>)) {
      const [width = 0, height = 0] = size.split("x").map(Number);
      const grid = tileGrid([width, height], pinpoints, side);
      report.check(
        `preprocess grid ${size}`,
        compareIds([grid.gridWidth, grid.gridHeight], expected),
      );
    }
  }
}

/** u8 `[tiles, size, size, 3]` → normalised float32 `[tiles, 3, size, size]` */
function normalize(pixels: Uint8Array, size: number): Float32Array {
  const levels = normalizedPixelLevels();
  const plane = size * size;
  return Float32Array.from({ length: pixels.length }, (_, index) => {
    const tile = Math.floor(index / (3 * plane));
    const channel = Math.floor(index / plane) % 3;
    const place = index % plane;
    return levels[pixels[(tile * plane + place) * 3 + channel] ?? 0] ?? NaN;
  });
}
