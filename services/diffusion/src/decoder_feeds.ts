import type { MergedPrompt } from "@medv/model/merge_prompt";
import type { TensorData } from "@medv/runtime/tensor_data";
import type { DenoiseSettings } from "./denoise_settings.ts";

/** The answer under way: everything that changes from run to run. */
export type Canvas = {
  /** `[genLength]`, mask tokens where nothing is committed. */
  readonly tokenIds: Int32Array;
  /** Position of a stop in the merged sequence, or NO_STOP. */
  readonly stop: number;
  /** Denoise steps made so far. */
  readonly step: number;
};

/** One run of the block decoder. */
export type BlockRun = {
  /** First position that gets logits, and the one after the last, in the merged sequence. */
  readonly activeStart: number;
  readonly activeEnd: number;
  /** Nothing at or after it commits. */
  readonly blockEnd: number;
  /** Positions to commit at each step, one entry for the refresh and one for every inner step. */
  readonly quota: readonly number[];
};

/** The images' embeddings, one after another: float32 `[imageTokens, hidden]`. */
export type Embeddings = {
  readonly data: Float32Array;
  readonly tokens: number;
  readonly hidden: number;
};

/** Feeds of one answer; with classifier-free guidance a second row without the prompt goes along. */
export function decoderFeeds(
  prompt: MergedPrompt,
  embeddings: Embeddings,
  settings: DenoiseSettings,
  options: { readonly canvas: Canvas; readonly run: BlockRun; readonly maskId: number },
): Record<string, TensorData> {
  const { canvas, run, maskId } = options;
  const rows = settings.cfgScale > 0 ? 2 : 1;
  const promptLength = prompt.tokenIds.length;
  const length = promptLength + settings.genLength + settings.suffixIds.length;
  const tokenIds = new BigInt64Array(rows * length);
  const imageRow = new BigInt64Array(rows * length * prompt.taps).fill(-1n);
  const imageWeight = new Float32Array(rows * length * prompt.taps);
  for (let row = 0; row < rows; row++) {
    const ids = row === 0 ? prompt.tokenIds : new Int32Array(promptLength).fill(maskId);
    const sequence = [...ids, ...canvas.tokenIds, ...settings.suffixIds];
    tokenIds.set(sequence.map(BigInt), row * length);
  }
  imageRow.set(Array.from(prompt.imageRow, BigInt));
  imageWeight.set(prompt.imageWeight);

  const active = Array.from({ length: run.activeEnd - run.activeStart }, (_, index) =>
    BigInt(run.activeStart + index),
  );
  const width = Math.max(1, ...settings.stopSequences.map((sequence) => sequence.length));
  const stops = settings.stopSequences.length === 0 ? [[]] : settings.stopSequences;
  const stopSequences = stops.flatMap((sequence) =>
    Array.from({ length: width }, (_, index) => BigInt(sequence[index] ?? -1)),
  );
  const forbidden = settings.forbiddenIds.map(BigInt);
  const repeat = <T>(values: readonly T[]): T[] =>
    Array.from({ length: rows }, () => values).flat();
  const int64 = (shape: readonly number[], values: readonly bigint[]): TensorData => ({
    dtype: "int64",
    shape: [rows, ...shape],
    data: BigInt64Array.from(repeat(values)),
  });
  const float32 = (value: number): TensorData => ({
    dtype: "float32",
    shape: [rows],
    data: new Float32Array(rows).fill(value),
  });
  return {
    token_ids: { dtype: "int64", shape: [rows, length], data: tokenIds },
    embedding:
      embeddings.tokens > 0
        ? { dtype: "float32", shape: [embeddings.tokens, embeddings.hidden], data: embeddings.data }
        : {
            dtype: "float32",
            shape: [1, embeddings.hidden],
            data: new Float32Array(embeddings.hidden),
          },
    image_row: { dtype: "int64", shape: [rows, length, prompt.taps], data: imageRow },
    image_weight: { dtype: "float32", shape: [rows, length, prompt.taps], data: imageWeight },
    length: int64([], [BigInt(length)]),
    active: int64([active.length], active),
    block_end: int64([], [BigInt(run.blockEnd)]),
    canvas_start: int64([], [BigInt(promptLength)]),
    canvas_end: int64([], [BigInt(promptLength + settings.genLength)]),
    quota: int64([run.quota.length], run.quota.map(BigInt)),
    factor: float32(settings.threshold ?? -1),
    temperature: float32(settings.temperature),
    random_remasking: {
      dtype: "bool",
      shape: [rows],
      data: new Uint8Array(rows).fill(settings.remasking === "random" ? 1 : 0),
    },
    seed: int64([], [BigInt(settings.seed)]),
    step_offset: int64([], [BigInt(canvas.step)]),
    forbidden: int64([forbidden.length], forbidden),
    cfg_scale: float32(settings.cfgScale),
    conditional: { dtype: "int64", shape: [rows], data: new BigInt64Array(rows) },
    unconditional: {
      dtype: "int64",
      shape: [rows],
      data: new BigInt64Array(rows).fill(BigInt(rows - 1)),
    },
    stop_sequences: int64([stops.length, width], stopSequences),
    stop: int64([], [BigInt(canvas.stop)]),
    steps: { dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(run.quota.length - 1)) },
  };
}
