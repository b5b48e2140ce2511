import type { ImageRow } from "./image_rows.ts";

/** Id that stands for an image in a prompt before its rows are merged in. */
export const IMAGE_PLACEHOLDER = -200;

/** A prompt with every image's rows in place, ready for the block decoder. */
export type MergedPrompt = {
  /** `[length]`; 0 where an image row stands. */
  readonly tokenIds: Int32Array;
  /** `[length, taps]`: row of the concatenated embeddings; -1 for text, -2 for image_newline. */
  readonly imageRow: Int32Array;
  /** `[length, taps]` */
  readonly imageWeight: Float32Array;
  readonly taps: number;
  /** Positions that are image rows. */
  readonly imageRows: number;
};

/**
 * Replaces the k-th placeholder by the k-th image's rows; the last image is used again when there are more placeholders.
 *
 * @param ids Token ids with {@link IMAGE_PLACEHOLDER}.
 * @param images Rows of each image, counted from the start of its own embedding.
 * @param offsets Where each image's embedding starts in the concatenation of all.
 */
export function mergePrompt(
  ids: Int32Array,
  images: readonly (readonly ImageRow[])[],
  { offsets, taps }: { readonly offsets: readonly number[]; readonly taps: number },
): MergedPrompt {
  const tokens: number[] = [];
  const rows: (ImageRow | undefined)[] = [];
  let image = 0;
  for (const id of ids) {
    if (id !== IMAGE_PLACEHOLDER) {
      tokens.push(id);
      rows.push(undefined);
      continue;
    }
    const index = Math.min(image++, images.length - 1);
    const offset = offsets[index] ?? 0;
    for (const row of images[index] ?? []) {
      tokens.push(0);
      rows.push(
        row.map((tap) => ({ row: tap.row < 0 ? tap.row : tap.row + offset, weight: tap.weight })),
      );
    }
  }
  const imageRow = new Int32Array(tokens.length * taps).fill(-1);
  const imageWeight = new Float32Array(tokens.length * taps);
  rows.forEach((row, position) => {
    row?.forEach((tap, index) => {
      imageRow[position * taps + index] = tap.row;
      imageWeight[position * taps + index] = tap.weight;
    });
  });
  return {
    tokenIds: Int32Array.from(tokens),
    imageRow,
    imageWeight,
    taps,
    imageRows: rows.filter((row) => row !== undefined).length,
  };
}
