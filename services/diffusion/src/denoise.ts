import type { MergedPrompt } from "@medv/model/merge_prompt";
import { NO_STOP } from "@medv/model/stop_position";
import { transferSchedule } from "@medv/model/transfer_schedule";
import { countMasked, type Canvas } from "./canvas.ts";
import { choose, openChoice } from "./choose.ts";
import { coveredInAnswer, type CoveredAgain } from "./covered_again.ts";
import type { DecoderRow, Embeddings, RowResult } from "./decoder_row.ts";
import type { DenoiseSettings } from "./denoise_settings.ts";
import { firstCanvas } from "./first_canvas.ts";
import { fitWords } from "./fit_words.ts";
import { grow } from "./grow.ts";
import { viewOf, type View } from "./view.ts";

/** One run of the block decoder for one answer, by itself or together with others. */
export type RunRow = (row: DecoderRow, signal: AbortSignal) => Promise<RowResult>;

/** How the canvas looks after a run. Positions count from the start of the answer. */
export type RunEnd = {
  readonly block: number;
  /** `[length]`, mask tokens where nothing is committed. */
  readonly tokenIds: Int32Array;
  /** `[length]`: denoise step of the answer at which a position committed; -1 where it did not. */
  readonly commitStep: Int32Array;
  /** `[length]`: confidence at commit. */
  readonly commitConfidence: Float32Array;
  /** First position of the block, with what was predicted from there on in the last step. */
  readonly activeStart: number;
  readonly prediction: Int32Array;
  readonly confidence: Float32Array;
  /** The position after the block's last. */
  readonly blockEnd: number;
  /** Position of the stop, or undefined. */
  readonly stop: number | undefined;
  /** Positions before it will not change any more. */
  readonly settled: number;
  readonly forwardPasses: number;
  /** Tokens that were covered again so far. */
  readonly revisions: number;
  /** What the run covered again, each position with the last token that it lost. */
  readonly coveredAgain: readonly CoveredAgain[];
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
  asked: DenoiseRequest,
  signal: AbortSignal,
): AsyncGenerator<RunEnd> {
  let request = asked;
  let canvas = firstCanvas(request.settings, request.maskId);
  let start = 0;
  for (let round = 0; ; round++) {
    const { blockLength, plan } = request.settings;
    const choice = plan.type === "template" ? openChoice(plan) : undefined;
    const fillEnd = choice?.start ?? canvas.tokenIds.length;
    while (start < fillEnd && canvas.stop > start) {
      const end = Math.min(start + blockLength, fillEnd);
      canvas = yield* denoiseBlock(run, { request, canvas, start, end }, signal);
      start = end;
    }
    if (plan.type === "template" && choice !== undefined) {
      const made = await choose(run, { request, plan, canvas, choice }, signal);
      request = { ...request, settings: made.settings };
      yield runEnd(made.canvas, CHOSEN, { request, start, end: made.start, isFilled: true });
      ({ canvas, start } = made);
      continue;
    }
    const next = longerCanvas(canvas, request, round);
    if (next === undefined) return;
    ({ canvas, start } = next);
  }
}

/** A canvas to go on with, and the position to go on from, where the plan does not take the filled one for the answer. */
function longerCanvas(
  canvas: Canvas,
  { settings, maskId }: DenoiseRequest,
  round: number,
): { readonly canvas: Canvas; readonly start: number } | undefined {
  const { genLength: most, blockLength, plan } = settings;
  switch (plan.type) {
    case "fixed":
    case "template":
      return undefined;
    case "adaptive":
      return grow(canvas, plan, { blockLength, most, maskId });
    case "words":
      return fitWords(canvas, plan, { round, most, maskId });
    default:
      return plan satisfies never;
  }
}

/** A choice leaves nothing that is only predicted, and covers nothing again. */
const CHOSEN = {
  prediction: new Int32Array(),
  confidence: new Float32Array(),
  coveredAgain: [],
} as const satisfies Partial<RunEnd>;

type Block = {
  readonly request: DenoiseRequest;
  readonly canvas: Canvas;
  readonly start: number;
  readonly end: number;
};

/** Runs until the block is filled or its schedule ends; returns the canvas as it is then. */
async function* denoiseBlock(
  run: RunRow,
  { request, canvas: before, start, end }: Block,
  signal: AbortSignal,
): AsyncGenerator<RunEnd, Canvas> {
  const { settings, maskId } = request;
  let masked = countMasked(before, start, end, maskId);
  const schedule = scheduleOf(settings, masked);
  const steps = schedule?.length ?? Infinity;
  let canvas = before;
  for (let step = 0; step < steps;) {
    if (isDone(canvas, { start, end, maskId })) break;
    const quota = quotaOf(settings, schedule, step);
    const view = viewOf(request, canvas, { start, end, quota });
    const result = await run(view.row, signal);
    const coveredAgain = coveredInAnswer(result.coveredAgain, canvas, view);
    canvas = afterRun(canvas, view, result);
    step += result.forwardPasses;
    const isFilled = isDone(canvas, { start, end, maskId });
    yield runEnd(canvas, { ...result, coveredAgain }, { request, start, end, isFilled });
    const left = countMasked(canvas, start, end, maskId);
    // Whoever predicts mask tokens commits nothing: without a schedule that would go on for ever.
    if (schedule === undefined && left === masked) break;
    masked = left;
  }
  return canvas;
}

function afterRun(canvas: Canvas, view: View, result: RowResult): Canvas {
  const { canvasStart, canvasEnd } = view;
  const tokenIds = canvas.tokenIds.slice();
  const commitStep = canvas.commitStep.slice();
  const commitConfidence = canvas.commitConfidence.slice();
  tokenIds.set(result.tokenIds.subarray(canvasStart, canvasEnd));
  result.commitStep.subarray(canvasStart, canvasEnd).forEach((made, position) => {
    if (made < 0) return;
    commitStep[position] = canvas.step + made;
    commitConfidence[position] = result.commitConfidence[canvasStart + position] ?? 0;
  });
  return {
    tokenIds,
    commitStep,
    commitConfidence,
    stop: result.stop < NO_STOP ? result.stop - canvasStart : NO_STOP,
    step: canvas.step + result.forwardPasses,
    revisions: canvas.revisions + result.revisions,
  };
}

function runEnd(
  canvas: Canvas,
  {
    prediction,
    confidence,
    coveredAgain,
  }: Pick<RunEnd, "prediction" | "confidence" | "coveredAgain">,
  options: {
    readonly request: DenoiseRequest;
    readonly start: number;
    readonly end: number;
    readonly isFilled: boolean;
  },
): RunEnd {
  const { request, start, end, isFilled } = options;
  const { blockLength, doubt, plan } = request.settings;
  const { tokenIds, commitStep, commitConfidence, stop, step, revisions } = canvas;
  const gap = tokenIds.indexOf(request.maskId);
  return {
    block: Math.floor(start / blockLength),
    tokenIds,
    commitStep,
    commitConfidence,
    activeStart: start,
    prediction,
    confidence,
    coveredAgain,
    blockEnd: end,
    stop: stop < NO_STOP ? stop : undefined,
    settled: Math.min(
      gap < 0 ? tokenIds.length : gap,
      doubt > 0 && !isFilled ? start : Infinity,
      plan.type === "words" ? plan.kept : Infinity,
    ),
    forwardPasses: step,
    revisions,
  };
}

/** The transfer schedule of a block; undefined where rules decide and the block ends when it is filled. */
function scheduleOf(
  { steps, genLength, blockLength }: DenoiseSettings,
  masked: number,
): Uint32Array | undefined {
  const blocks = Math.ceil(genLength / blockLength);
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

/** The block is filled, or a stop is known and nothing before it is masked. */
function isDone(
  canvas: Canvas,
  block: { readonly start: number; readonly end: number; readonly maskId: number },
): boolean {
  const { start, end, maskId } = block;
  if (countMasked(canvas, start, end, maskId) === 0) return true;
  return canvas.stop < NO_STOP && countMasked(canvas, 0, canvas.stop, maskId) === 0;
}
