import { NO_STOP } from "@medv/model/stop_position";
import { recovered, type Canvas } from "./canvas.ts";
import type { AdaptiveLength } from "./length_plan.ts";

/** An end that is less probable than this may be no end at all on a longer canvas. */
const SURE_END = 0.5;

/**
 * A block more, where the answer does not end in its canvas, or ends unsurely: then from that end on it is covered.
 *
 * @param options.most Length beyond which the canvas does not grow.
 * @returns The canvas, and the position from which it is to be filled; undefined where the answer is done.
 * @see {@link https://arxiv.org/abs/2508.00819 | Li et al. 2025} on the end's confidence as a sign of the right length
 */
export function grow(
  canvas: Canvas,
  { eotId }: AdaptiveLength,
  options: { readonly blockLength: number; readonly most: number; readonly maskId: number },
): { readonly canvas: Canvas; readonly start: number } | undefined {
  const { blockLength, most, maskId } = options;
  const { tokenIds, commitConfidence, stop } = canvas;
  if (tokenIds.length >= most) return undefined;
  const hasStopped = stop < NO_STOP;
  const isSure = tokenIds[stop] !== eotId || (commitConfidence[stop] ?? 0) >= SURE_END;
  if (hasStopped && isSure) return undefined;
  const start = hasStopped ? stop : tokenIds.length;
  const length = Math.min(tokenIds.length + blockLength, most);
  return { canvas: recovered(canvas, { from: start, length, maskId }), start };
}
