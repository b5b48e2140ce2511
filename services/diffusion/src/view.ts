import { NO_STOP } from "@medv/model/stop_position";
import { isGiven, type Canvas } from "./canvas.ts";
import type { DecoderRow } from "./decoder_row.ts";
import type { DenoiseRequest } from "./denoise.ts";

/** What a run is fed of an answer. */
export type View = {
  readonly row: DecoderRow;
  /** Places of the canvas in the row, as far as it is seen in one piece. */
  readonly canvasStart: number;
  readonly canvasEnd: number;
};

/**
 * Prompt, canvas up to the window after the block, the last position, suffix.
 *
 * @param block.quota Least commits at each step of the run.
 */
export function viewOf(
  { prompt, embeddings, settings, maskId }: DenoiseRequest,
  canvas: Canvas,
  block: { readonly start: number; readonly end: number; readonly quota: readonly number[] },
): View {
  const { suffixIds, suffixWindow, cache } = settings;
  const { length } = canvas.tokenIds;
  const canvasStart = prompt.tokenIds.length;
  const seen = Math.min(length, block.end + (suffixWindow ?? length));
  const canvasEnd = canvasStart + seen;
  const last = seen < length ? [length - 1] : [];
  const tokenIds = Int32Array.from([
    ...prompt.tokenIds,
    ...canvas.tokenIds.subarray(0, seen),
    ...last.map((position) => canvas.tokenIds[position] ?? 0),
    ...suffixIds,
  ]);
  const positions = Int32Array.from([
    ...Array.from({ length: canvasEnd }, (_, place) => place),
    ...last.map((position) => canvasStart + position),
    ...suffixIds.map((_, index) => canvasStart + length + index),
  ]);
  const blockEnd = canvasStart + block.end;
  return {
    canvasStart,
    canvasEnd,
    row: {
      ...prompt,
      ...settings,
      embeddings,
      tokenIds,
      positions,
      activeStart: canvasStart + block.start,
      activeEnd: cache === "prefix" ? tokenIds.length : blockEnd,
      askedIds: [],
      shadow:
        settings.doubt > 0
          ? openPositions(canvas, block, maskId).map((position) => canvasStart + position)
          : [],
      blockEnd,
      canvasStart,
      canvasEnd,
      quota: block.quota,
      commitLimit: settings.refreshCommits,
      randomRemasking: settings.remasking === "random",
      stepOffset: canvas.step,
      eotFrom: canvasStart + settings.minTokens,
      stop: canvas.stop < NO_STOP ? canvasStart + canvas.stop : NO_STOP,
    },
  };
}

/** Positions of the block that may be covered again: given text stays. */
function openPositions(
  canvas: Canvas,
  { start, end }: { readonly start: number; readonly end: number },
  maskId: number,
): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index).filter(
    (position) => !isGiven(canvas, position, maskId),
  );
}
