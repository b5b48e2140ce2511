import { create } from "@bufbuild/protobuf";
import { blockDecoderModel } from "@medv/model/block_decoder";
import { openCheckpoint, type Checkpoint } from "@medv/model/checkpoint";
import { mergePrompt } from "@medv/model/merge_prompt";
import { quantizeCheckpoint } from "@medv/model/quantize/quantize_checkpoint";
import type { QuantizedFile } from "@medv/model/quantize/quantized_file";
import { loadTokenizer, type Tokenizer } from "@medv/model/tokenizer";
import { GenerationSettingsSchema } from "@medv/proto/diffusion";
import { SessionWorker, type Device } from "@medv/runtime";
import type { Precision } from "./config.ts";
import { decoderFeeds, rowResults } from "./decoder_feeds.ts";
import type { DecoderLoad } from "./decoder_metrics.ts";
import { copiesOf, type DecoderRow } from "./decoder_row.ts";
import { denoise, type RunRow } from "./denoise.ts";
import { resolveSettings } from "./resolve_settings.ts";
import { type BatchLimits, RunBatcher, UNWATCHED, type RunBatch } from "./run_batcher.ts";
import { RunCost } from "./run_cost.ts";
import { runBytes } from "./run_memory.ts";

export type DecoderOptions = {
  readonly checkpoint: string;
  readonly visionCheckpoint?: string | undefined;
  /** Files in the format of `sha256sum`, by which the two directories are checked. */
  readonly checkpointSums?: string | undefined;
  readonly visionCheckpointSums?: string | undefined;
  readonly threads: number;
  readonly device: Device;
  readonly precision: Precision;
  readonly cacheDirectory: string;
  /** Told how far the int8 weights are when they have to be made: bytes read so far and in all. */
  readonly onQuantizeProgress: (done: number, total: number) => void;
  /** Answers that may run together. */
  readonly maxBatchRows: number;
  /** What a run may take beside the weights. */
  readonly runMemoryBytes: number;
  /** Told of every run when it is over. */
  readonly onRun: (run: { readonly rows: number; readonly seconds: number }) => void;
  /** Told when the session dies by itself. */
  readonly onExit: (error: Error) => void;
};

/** A loaded and warmed up block decoder. */
export type DecoderSession = {
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
  readonly contextLength: number;
  /** Whether an answer of so many positions can be run at all. */
  readonly fits: (positions: number) => boolean;
  readonly run: RunBatcher["run"];
  readonly load: () => Omit<DecoderLoad, "queuedSeconds" | "embeddingBytes">;
  release(): Promise<void>;
};

/**
 * Loads the checkpoint's decoder, makes its int8 weights at the first start, and denoises one short answer, so that the
 * first caller does not pay for warming up.
 *
 * @param signal Ends the minutes that the int8 weights may take, without a half-written file; what is short goes on.
 * @throws The signal's reason.
 */
export async function openDecoder(
  options: DecoderOptions,
  signal: AbortSignal,
): Promise<DecoderSession> {
  const { threads, device, onExit } = options;
  const checkpoint = await openCheckpoint(options.checkpoint, {
    visionDirectory: options.visionCheckpoint,
    sums: options.checkpointSums,
    visionSums: options.visionCheckpointSums,
  });
  const tokenizer = await loadTokenizer(options.checkpoint);
  const { language, maxLength } = checkpoint.config;
  const contextLength = Math.min(language.maxPositions, maxLength ?? Infinity);
  const vocabulary = tokenizer.size;
  const int8 = await int8Weights({ checkpoint, vocabulary }, options, signal);
  const { bytes, folder } = blockDecoderModel(checkpoint, {
    vocabulary,
    dtype: options.precision === "float16" ? "float16" : "float32",
    ...(int8 !== undefined && { int8 }),
    maskId: tokenizer.special.mask,
    eotId: tokenizer.special.eot,
    contextLength,
  });
  const session = await SessionWorker.start({
    model: bytes,
    externalDataFolder: folder,
    threads,
    device,
    onExit,
  });
  let inHand: readonly DecoderRow[] = [];
  const cost = new RunCost();
  const runBatch: RunBatch = async (rows) => {
    inHand = rows;
    const startedAt = performance.now();
    try {
      const outputs = await session.run(decoderFeeds(rows, tokenizer.special.mask), NEVER);
      return rowResults(outputs, rows);
    } finally {
      inHand = [];
      options.onRun({ rows: rows.length, seconds: (performance.now() - startedAt) / 1000 });
    }
  };
  const limits: BatchLimits = {
    maxRows: options.maxBatchRows,
    fits: (rows, positions) =>
      runBytes(checkpoint.config, rows, positions) <= options.runMemoryBytes,
    costRatio: (more, rows) => cost.ratio(more, rows),
  };
  // A batcher of its own: a session's first run is its slowest, which tells nothing of others, and comes from no tenant.
  const warming = new RunBatcher(runBatch, limits);
  await warmUp(
    (row, runSignal) => warming.run(row, WARM_UP_CALLER, runSignal, UNWATCHED),
    checkpoint,
    tokenizer,
  );
  const batcher = new RunBatcher(async (rows) => {
    const startedAt = performance.now();
    const results = await runBatch(rows);
    cost.learn(rows, performance.now() - startedAt);
    return results;
  }, limits);
  return {
    checkpoint,
    tokenizer,
    contextLength,
    fits: (positions) => runBytes(checkpoint.config, 2, positions) <= options.runMemoryBytes,
    run: (...call) => batcher.run(...call),
    load: () => ({
      waiting: batcher.waiting,
      running: inHand.length,
      memoryShare: bytesOf(inHand, checkpoint) / options.runMemoryBytes,
    }),
    release: () => session.release(),
  };
}

function bytesOf(rows: readonly DecoderRow[], { config }: Checkpoint): number {
  const longest = Math.max(0, ...rows.map(({ tokenIds }) => tokenIds.length));
  return rows.length === 0 ? 0 : runBytes(config, copiesOf(rows), longest);
}

async function int8Weights(
  { checkpoint, vocabulary }: { readonly checkpoint: Checkpoint; readonly vocabulary: number },
  options: DecoderOptions,
  signal: AbortSignal,
): Promise<QuantizedFile | undefined> {
  if (options.precision !== "int8") return undefined;
  const { threads, cacheDirectory: cacheFolder, onQuantizeProgress: progress } = options;
  return await quantizeCheckpoint(
    checkpoint,
    { vocabulary, cacheFolder, threads, progress },
    signal,
  );
}

/** A run that has started goes on for the answers that are still wanted. */
const { signal: NEVER } = new AbortController();
const WARM_UP_CALLER = { tenantScope: "", priority: "interactive" } as const;

async function warmUp(run: RunRow, checkpoint: Checkpoint, tokenizer: Tokenizer): Promise<void> {
  const shortest = create(GenerationSettingsSchema, { genLength: 1 });
  const settings = resolveSettings(shortest, tokenizer, () => 0);
  const prompt = mergePrompt(Int32Array.of(tokenizer.special.bos), [], { offsets: [], taps: 1 });
  const embeddings = {
    data: new Float32Array(),
    tokens: 0,
    hidden: checkpoint.config.vision.hiddenSize,
  };
  const request = { prompt, embeddings, settings, maskId: tokenizer.special.mask };
  for await (const end of denoise(run, request, new AbortController().signal)) void end;
}
