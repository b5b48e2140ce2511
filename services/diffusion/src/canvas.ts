import { NO_STOP } from "@medv/model/stop_position";

/** The answer under way: everything that changes from run to run. Positions count from its start. */
export type Canvas = {
  /** `[length]`, mask tokens where nothing is committed. */
  readonly tokenIds: Int32Array;
  /** `[length]`: denoise step of the answer at which a position committed; -1 where it did not. */
  readonly commitStep: Int32Array;
  /** `[length]`: confidence at commit. */
  readonly commitConfidence: Float32Array;
  /** Position of a stop, or NO_STOP. */
  readonly stop: number;
  /** Denoise steps made so far. */
  readonly step: number;
  /** Tokens that were covered again so far. */
  readonly revisions: number;
};

/** A canvas of which nothing is known. */
export function coveredCanvas(length: number, maskId: number): Canvas {
  return {
    tokenIds: new Int32Array(length).fill(maskId),
    commitStep: new Int32Array(length).fill(-1),
    commitConfidence: new Float32Array(length),
    stop: NO_STOP,
    step: 0,
    revisions: 0,
  };
}

/** Given text: it is there before the first step, and nothing of it is in doubt. */
export function givenCanvas(ids: readonly number[]): Canvas {
  return {
    ...coveredCanvas(ids.length, 0),
    tokenIds: Int32Array.from(ids),
    commitConfidence: new Float32Array(ids.length).fill(1),
  };
}

/** Whether a position holds given text. */
export function isGiven(
  { tokenIds, commitStep }: Canvas,
  position: number,
  maskId: number,
): boolean {
  return tokenIds[position] !== maskId && commitStep[position] === -1;
}

/** The canvas with a piece of it replaced; what follows, a stop too, moves along. */
export function spliced(
  canvas: Canvas,
  { start, end, piece }: { readonly start: number; readonly end: number; readonly piece: Canvas },
): Canvas {
  const splice = <T extends Int32Array | Float32Array>(whole: T, part: T, joined: T): T => {
    joined.set(whole.subarray(0, start));
    joined.set(part, start);
    joined.set(whole.subarray(end), start + part.length);
    return joined;
  };
  const moved = piece.tokenIds.length - (end - start);
  const { tokenIds, commitStep, commitConfidence } = coveredCanvas(
    canvas.tokenIds.length + moved,
    0,
  );
  return {
    ...canvas,
    tokenIds: splice(canvas.tokenIds, piece.tokenIds, tokenIds),
    commitStep: splice(canvas.commitStep, piece.commitStep, commitStep),
    commitConfidence: splice(canvas.commitConfidence, piece.commitConfidence, commitConfidence),
    stop: canvas.stop < NO_STOP && canvas.stop >= end ? canvas.stop + moved : canvas.stop,
  };
}

/** The canvas at another length, what stood there covered again from a position on; a stop there is forgotten. */
export function recovered(
  canvas: Canvas,
  { from, length, maskId }: { readonly from: number; readonly length: number; maskId: number },
): Canvas {
  const { tokenIds, commitStep, commitConfidence, step, revisions } = canvas;
  const covered = coveredCanvas(length, maskId);
  covered.tokenIds.set(tokenIds.subarray(0, from));
  covered.commitStep.set(commitStep.subarray(0, from));
  covered.commitConfidence.set(commitConfidence.subarray(0, from));
  const { length: before } = tokenIds;
  const committed = before - from - countMasked(canvas, from, before, maskId);
  return { ...covered, step, revisions: revisions + committed };
}

/** Mask tokens from one position up to another. */
export function countMasked(
  { tokenIds }: Canvas,
  from: number,
  to: number,
  maskId: number,
): number {
  return tokenIds.subarray(from, to).filter((id) => id === maskId).length;
}
