import type { MergedPrompt } from "@medv/model/merge_prompt";
import { NO_STOP } from "@medv/model/stop_position";
import { transferSchedule } from "@medv/model/transfer_schedule";
import type { DecoderRow, Embeddings, RowResult } from "./decoder_row.ts";
import type { DenoiseSettings } from "./denoise_settings.ts";

/** One run of the block decoder for one answer, by itself or together with others. */
export type RunRow = (row: DecoderRow, signal: AbortSignal) => Promise<RowResult>;

/** How the canvas looks after a run. Positions count from the start of the answer. */
export type RunEnd = {
  readonly block: number;
  /** `[genLength]`, mask tokens where nothing is committed. */
  readonly tokenIds: Int32Array;
  /** `[genLength]`: denoise step of the answer at which a position committed; -1 where it did not. */
  readonly commitStep: Int32Array;
  /** `[genLength]`: confidence at commit. */
  readonly commitConfidence: Float32Array;
  /** First position that got logits, with what was predicted there in the last step. */
  readonly activeStart: number;
  readonly prediction: Int32Array;
  readonly confidence: Float32Array;
  /** Position of the stop, or undefined. */
  readonly stop: number | undefined;
  /** Positions before it will not change any more. */
  readonly settled: number;
  readonly forwardPasses: number;
  /** Tokens that were covered again so far. */
  readonly revisions: number;
};

export type DenoiseRequest = {
  readonly prompt: MergedPrompt;
  readonly embeddings: Embeddings;
  readonly settings: DenoiseSettings;
  readonly maskId: number;
};

/**
 * Denoises an answer block by block, one event per run; a run is the grain of cancellation.
 *
 * @see {@link https://arxiv.org/abs/2502.09992 | Nie et al. 2025}, semi-autoregressive remasking
 * @see {@link https://arxiv.org/abs/2505.22618 | Wu et al. 2025} for the prefix and the dual cache
 * @throws The signal's reason, before the next run.
 */
export async function* denoise(
  run: RunRow,
  request: DenoiseRequest,
  signal: AbortSignal,
): AsyncGenerator<RunEnd> {
  const { settings, maskId } = request;
  const { genLength, blockLength } = settings;
  const blocks = Math.ceil(genLength / blockLength);
  const commitStep = new Int32Array(genLength).fill(-1);
  const commitConfidence = new Float32Array(genLength);
  let canvas = newCanvas(settings, maskId);

  for (let block = 0; block < blocks; block++) {
    const [start, end] = [block * blockLength, Math.min((block + 1) * blockLength, genLength)];
    if (canvas.stop <= start) return;
    const schedule = scheduleOf(settings, countMasked(canvas, start, end, maskId), blocks);
    const steps = schedule?.length ?? Infinity;
    for (let step = 0; step < steps;) {
      if (isDone(canvas, { start, end, maskId })) break;
      const view = viewOf(request, canvas, {
        start,
        end,
        quota: quotaOf(settings, schedule, step),
      });
      const result = await run(view.row, signal);
      const seen = view.canvasEnd - view.canvasStart;
      const at = (place: number): number => place - view.canvasStart;
      result.commitStep.subarray(view.canvasStart, view.canvasEnd).forEach((made, position) => {
        if (made < 0) return;
        commitStep[position] = canvas.step + made;
        commitConfidence[position] = result.commitConfidence[view.canvasStart + position] ?? 0;
      });
      const tokenIds = canvas.tokenIds.slice();
      tokenIds.set(result.tokenIds.subarray(view.canvasStart, view.canvasStart + seen));
      canvas = {
        tokenIds,
        stop: result.stop < NO_STOP ? at(result.stop) : NO_STOP,
        step: canvas.step + result.forwardPasses,
        revisions: canvas.revisions + result.revisions,
      };
      step += result.forwardPasses;
      const isFilled = isDone(canvas, { start, end, maskId });
      const gap = tokenIds.indexOf(maskId);
      yield {
        block,
        tokenIds,
        commitStep: commitStep.slice(),
        commitConfidence: commitConfidence.slice(),
        activeStart: start,
        prediction: result.prediction,
        confidence: result.confidence,
        stop: canvas.stop < NO_STOP ? canvas.stop : undefined,
        settled: Math.min(
          gap < 0 ? genLength : gap,
          settings.doubt > 0 && !isFilled ? start : genLength,
        ),
        forwardPasses: canvas.step,
        revisions: canvas.revisions,
      };
    }
  }
}

/** The answer under way: everything that changes from run to run. */
type Canvas = {
  /** `[genLength]`, mask tokens where nothing is committed. */
  readonly tokenIds: Int32Array;
  /** Position of a stop, or NO_STOP. */
  readonly stop: number;
  /** Denoise steps made so far. */
  readonly step: number;
  readonly revisions: number;
};

function newCanvas({ genLength }: DenoiseSettings, maskId: number): Canvas {
  const tokenIds = new Int32Array(genLength).fill(maskId);
  return { tokenIds, stop: NO_STOP, step: 0, revisions: 0 };
}

/** The transfer schedule of a block; undefined where rules decide and the block ends when it is filled. */
function scheduleOf(
  { steps }: DenoiseSettings,
  masked: number,
  blocks: number,
): Uint32Array | undefined {
  return steps === undefined ? undefined : transferSchedule(masked, steps / blocks);
}

/** Least commits at each step of the next run, the refresh among them. */
function quotaOf(
  { cache, refreshSteps }: DenoiseSettings,
  schedule: Uint32Array | undefined,
  step: number,
): readonly number[] {
  const most = cache === "none" ? 1 : refreshSteps;
  if (schedule === undefined) return Array.from({ length: most }, () => 1);
  return Array.from(
    { length: Math.min(most, schedule.length - step) },
    (_, index) => schedule[step + index] ?? 0,
  );
}

/** What a run is fed: prompt, canvas up to the window after the block, the last position, suffix. */
function viewOf(
  { prompt, embeddings, settings }: DenoiseRequest,
  canvas: Canvas,
  block: { readonly start: number; readonly end: number; readonly quota: readonly number[] },
): { readonly row: DecoderRow; readonly canvasStart: number; readonly canvasEnd: number } {
  const { genLength, suffixIds, suffixWindow, cache } = settings;
  const canvasStart = prompt.tokenIds.length;
  const seen = Math.min(genLength, block.end + (suffixWindow ?? genLength));
  const canvasEnd = canvasStart + seen;
  const last = seen < genLength ? [genLength - 1] : [];
  const tokenIds = Int32Array.from([
    ...prompt.tokenIds,
    ...canvas.tokenIds.subarray(0, seen),
    ...last.map((position) => canvas.tokenIds[position] ?? 0),
    ...suffixIds,
  ]);
  const positions = Int32Array.from([
    ...Array.from({ length: canvasEnd }, (_, place) => place),
    ...last.map((position) => canvasStart + position),
    ...suffixIds.map((_, index) => canvasStart + genLength + index),
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

function countMasked({ tokenIds }: Canvas, from: number, to: number, maskId: number): number {
  return tokenIds.subarray(from, to).filter((id) => id === maskId).length;
}

/** The block is filled, or a stop is known and nothing before it is masked. */
function isDone(
  canvas: Canvas,
  block: { readonly start: number; readonly end: number; readonly maskId: number },
): boolean {
  const { start, end, maskId } = block;
  if (countMasked(canvas, start, end, maskId) === 0) return true;
  return canvas.stop < NO_STOP && countMasked(canvas, 0, canvas.stop, maskId) === 0;
}
