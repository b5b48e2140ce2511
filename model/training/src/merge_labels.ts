import { IMAGE_PLACEHOLDER } from "@medv/model/merge_prompt";
import { IGNORE_LABEL } from "./loss/language_loss.ts";

/**
 * Labels of a sample whose images have been merged in: image rows are never targets.
 *
 * @param imageRows Rows of each image, in the order of the placeholders.
 */
export function mergeLabels(
  ids: ArrayLike<number>,
  labels: ArrayLike<number>,
  imageRows: readonly number[],
): number[] {
  let image = 0;
  return Array.from(ids).flatMap((id, index) =>
    id === IMAGE_PLACEHOLDER
      ? Array.from(
          { length: imageRows[Math.min(image++, imageRows.length - 1)] ?? 0 },
          () => IGNORE_LABEL,
        )
      : [labels[index] ?? IGNORE_LABEL],
  );
}
