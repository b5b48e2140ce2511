import type { ModelConfig } from "./config.ts";

/** How the tiles of one image lie. */
export type TileLayout = {
  /** Original size in pixels, after orientation. */
  readonly width: number;
  readonly height: number;
  /** Tiles in all; the first is the whole image. */
  readonly tiles: number;
  /** Tiles across and down without the first; 0 by 0 for a single tile. */
  readonly gridWidth: number;
  readonly gridHeight: number;
};

/** Stands for the learned `image_newline` vector. */
export const NEWLINE_ROW = -2;

/** One position of the prompt: which rows of the embedding it is made of. */
export type ImageRow = readonly { readonly row: number; readonly weight: number }[];

/** Taps of a position: one, or four where the map is shrunk. */
export function imageTaps(config: ModelConfig): 1 | 4 {
  const { aspectRatio, mergeType } = config.image;
  return aspectRatio.startsWith("anyres_max_") && mergeType === "spatial_unpad" ? 4 : 1;
}

/**
 * The image rows that stand in place of one `<image>`, in order.
 *
 * @param side Patches along one side of a tile.
 * @returns Rows of the embedding `[tiles * side², hidden]`, counted from its start.
 * @see {@link https://arxiv.org/abs/2407.07895 | Li et al. 2024}, and `prepare_inputs_labels_for_multimodal` of LLaVA-NeXT
 */
export function imageRows(
  layout: TileLayout,
  side: number,
  { aspectRatio, mergeType }: ModelConfig["image"],
): readonly ImageRow[] {
  const base = Array.from({ length: side * side }, (_, row) => single(row));
  const unpads = mergeType.includes("unpad");
  if (layout.tiles === 1) return unpads ? [...base, single(NEWLINE_ROW)] : base;
  if (mergeType === "flat") {
    return Array.from({ length: layout.tiles * side * side }, (_, row) => single(row));
  }

  let map = tileMap(layout, side);
  if (unpads) {
    map = unpad(map, layout);
    const limit = aspectRatio.startsWith("anyres_max_")
      ? Number(aspectRatio.slice("anyres_max_".length))
      : Infinity;
    map = shrink(map, limit * side * side);
    map = map.map((line) => [...line, single(NEWLINE_ROW)]);
  }
  return [...base, ...map.flat()];
}

type TileMap = readonly (readonly ImageRow[])[];

function single(row: number): ImageRow {
  return [{ row, weight: 1 }];
}

/** The patches of all tiles but the first as one map, `side * gridHeight` lines of `side * gridWidth`. */
function tileMap({ gridWidth, gridHeight }: TileLayout, side: number): TileMap {
  return Array.from({ length: side * gridHeight }, (_, y) =>
    Array.from({ length: side * gridWidth }, (_unused, x) => {
      const tile = 1 + Math.floor(y / side) * gridWidth + Math.floor(x / side);
      return single(tile * side * side + (y % side) * side + (x % side));
    }),
  );
}

/** Cuts the lines or columns that hold only padding; an odd remainder leaves one more, as in the published code. */
function unpad(map: TileMap, { width, height }: TileLayout): TileMap {
  const h = map.length;
  const w = map[0]?.length ?? 0;
  if (width / height > w / h) {
    const padding = Math.floor((h - Math.trunc(height * (w / width))) / 2);
    return map.slice(padding, h - padding);
  }
  const padding = Math.floor((w - Math.trunc(width * (h / height))) / 2);
  return map.map((line) => line.slice(padding, w - padding));
}

/** Bilinear shrink (half-pixel centres, no antialias, edges clamped) to about `limit` cells. */
function shrink(map: TileMap, limit: number): TileMap {
  const h = map.length;
  const w = map[0]?.length ?? 0;
  const times = Math.sqrt((h * w) / limit);
  if (times <= 1.1) return map;
  const newHeight = Math.floor(h / times);
  const newWidth = Math.floor(w / times);
  return Array.from({ length: newHeight }, (_, y) => {
    const [top, bottom, down] = neighbours(y, h, newHeight);
    return Array.from({ length: newWidth }, (_unused, x) => {
      const [left, right, across] = neighbours(x, w, newWidth);
      return [
        tap(map, top, left, (1 - down) * (1 - across)),
        tap(map, top, right, (1 - down) * across),
        tap(map, bottom, left, down * (1 - across)),
        tap(map, bottom, right, down * across),
      ];
    });
  });
}

/** One source cell's share of a target cell. */
function tap(map: TileMap, line: number, column: number, weight: number): ImageRow[number] {
  return { row: map[line]?.[column]?.[0]?.row ?? 0, weight };
}

/** The two source cells around a target cell, and how far it lies towards the second. */
function neighbours(target: number, from: number, to: number): readonly [number, number, number] {
  const centre = Math.max((target + 0.5) * (from / to) - 0.5, 0);
  const first = Math.floor(centre);
  return [first, Math.min(first + 1, from - 1), centre - first];
}
