import type { MergedPrompt } from "@medv/model/merge_prompt";
import { NO_STOP } from "@medv/model/stop_position";
import { transferSchedule } from "@medv/model/transfer_schedule";
import type { TensorData } from "@medv/runtime/tensor_data";
import { decoderFeeds, type Canvas, type Embeddings } from "./decoder_feeds.ts";
import type { DenoiseSettings } from "./denoise_settings.ts";

/** One run of the block decoder graph. */
export type RunDecoder = (
  feeds: Record<string, TensorData>,
  signal: AbortSignal,
) => Promise<Record<string, TensorData>>;

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
  readonly forwardPasses: number;
};

/**
 * Denoises an answer block by block, one event per run; a run is the grain of cancellation.
 *
 * @see {@link https://arxiv.org/abs/2502.09992 | Nie et al. 2025}, semi-autoregressive remasking
 * @see {@link https://arxiv.org/abs/2505.22618 | Wu et al. 2025} for the `prefix` profile
 * @throws The signal's reason, before the next run.
 */
export async function* denoise(
  run: RunDecoder,
  request: {
    readonly prompt: MergedPrompt;
    readonly embeddings: Embeddings;
    readonly settings: DenoiseSettings;
    readonly maskId: number;
  },
  signal: AbortSignal,
): AsyncGenerator<RunEnd> {
  const { prompt, settings, maskId } = request;
  const { genLength, blockLength } = settings;
  const start = prompt.tokenIds.length;
  const end = start + genLength + settings.suffixIds.length;
  const stepsPerBlock = settings.steps / (genLength / blockLength);
  const commitStep = new Int32Array(genLength).fill(-1);
  const commitConfidence = new Float32Array(genLength);
  let canvas: Canvas = { tokenIds: new Int32Array(genLength).fill(maskId), stop: NO_STOP, step: 0 };
  let forwardPasses = 0;

  for (let block = 0; block < genLength / blockLength; block++) {
    const blockStart = start + block * blockLength;
    if (canvas.stop <= blockStart) return;
    const schedule = transferSchedule(
      countMasked(canvas, blockStart - start, blockLength, maskId),
      stepsPerBlock,
    );
    for (let step = 0; settings.threshold !== undefined || step < stepsPerBlock;) {
      if (isDone(canvas, { blockStart, blockLength, start, maskId })) break;
      const steps = stepsOfRun(settings, stepsPerBlock - step);
      const activeEnd = settings.profile === "exact" ? blockStart + blockLength : end;
      const outputs = await run(
        decoderFeeds(prompt, request.embeddings, settings, {
          canvas,
          maskId,
          run: {
            activeStart: blockStart,
            activeEnd,
            blockEnd: blockStart + blockLength,
            quota: Array.from({ length: steps }, (_, index) => schedule[step + index] ?? 0),
          },
        }),
        signal,
      );
      const made = Number(int64(outputs, "forward_passes")[0] ?? 0n);
      const ids = int64(outputs, "canvas_ids").subarray(start, start + genLength);
      const steppedAt = int64(outputs, "commit_step").subarray(start, start + genLength);
      const confidences = float32(outputs, "commit_confidence").subarray(start, start + genLength);
      steppedAt.forEach((at, position) => {
        if (at < 0n) return;
        commitStep[position] = canvas.step + Number(at);
        commitConfidence[position] = confidences[position] ?? 0;
      });
      canvas = {
        tokenIds: Int32Array.from(ids, Number),
        stop: Number(int64(outputs, "stop_position")[0] ?? BigInt(NO_STOP)),
        step: canvas.step + made,
      };
      forwardPasses += made;
      step += made;
      const active = activeEnd - blockStart;
      yield {
        block,
        tokenIds: canvas.tokenIds,
        commitStep: commitStep.slice(),
        commitConfidence: commitConfidence.slice(),
        activeStart: blockStart - start,
        prediction: Int32Array.from(int64(outputs, "prediction").subarray(0, active), Number),
        confidence: float32(outputs, "confidence").slice(0, active),
        stop: canvas.stop < NO_STOP ? canvas.stop - start : undefined,
        forwardPasses,
      };
    }
  }
}

/** Denoise steps of the next run, the refresh among them. */
function stepsOfRun(settings: DenoiseSettings, left: number): number {
  if (settings.profile === "exact") return 1;
  const interval = settings.prefixRefreshInterval;
  return settings.threshold === undefined ? Math.min(interval, left) : interval;
}

function countMasked(canvas: Canvas, from: number, count: number, maskId: number): number {
  return canvas.tokenIds.subarray(from, from + count).filter((id) => id === maskId).length;
}

/** The block is filled, or a stop is known and nothing before it is masked. */
function isDone(
  canvas: Canvas,
  block: {
    readonly blockStart: number;
    readonly blockLength: number;
    readonly start: number;
    readonly maskId: number;
  },
): boolean {
  const { blockStart, blockLength, start, maskId } = block;
  if (countMasked(canvas, blockStart - start, blockLength, maskId) === 0) return true;
  return canvas.stop < NO_STOP && countMasked(canvas, 0, canvas.stop - start, maskId) === 0;
}

function int64(outputs: Record<string, TensorData>, name: string): BigInt64Array {
  const data = outputs[name]?.data;
  if (!(data instanceof BigInt64Array))
    throw new TypeError(`Cannot read output "${name}" as int64`);
  return data;
}

function float32(outputs: Record<string, TensorData>, name: string): Float32Array {
  const data = outputs[name]?.data;
  if (!(data instanceof Float32Array))
    throw new TypeError(`Cannot read output "${name}" as float32`);
  return data;
}
