import { blockDecoderModel } from "@medv/model/block_decoder";
import { openCheckpoint, type Checkpoint } from "@medv/model/checkpoint";
import { mergePrompt } from "@medv/model/merge_prompt";
import { loadTokenizer, type Tokenizer } from "@medv/model/tokenizer";
import { SessionWorker, type Device } from "@medv/runtime";
import { decoderFeeds, rowResults } from "./decoder_feeds.ts";
import type { DecoderRow } from "./decoder_row.ts";
import { denoise, type RunRow } from "./denoise.ts";
import { resolveSettings } from "./resolve_settings.ts";

export type DecoderOptions = {
  readonly checkpoint: string;
  readonly visionCheckpoint: string | undefined;
  readonly threads: number;
  readonly device: Device;
  /** Told when the session dies by itself. */
  readonly onExit: (error: Error) => void;
};

/** A loaded and warmed up block decoder. */
export type DecoderSession = {
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
  readonly contextLength: number;
  /** Runs in the order of the calls; `waited` is told how long a run stood in line. */
  readonly run: (
    ...call: [...Parameters<RunRow>, waited: (waitedMs: number) => void]
  ) => ReturnType<RunRow>;
  release(): Promise<void>;
};

/** Loads the checkpoint's decoder and denoises one short answer, so that the first caller does not pay for warming up. */
export async function openDecoder(options: DecoderOptions): Promise<DecoderSession> {
  const { threads, device, onExit, visionCheckpoint } = options;
  const checkpoint = await openCheckpoint(
    options.checkpoint,
    visionCheckpoint === undefined ? {} : { visionDirectory: visionCheckpoint },
  );
  const tokenizer = await loadTokenizer(options.checkpoint);
  const { language, maxLength } = checkpoint.config;
  const contextLength = Math.min(language.maxPositions, maxLength ?? Infinity);
  const { bytes, folder } = blockDecoderModel(checkpoint, {
    vocabulary: tokenizer.size,
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
  const runAlone: RunRow = async (row, signal) => {
    const outputs = await session.run(decoderFeeds([row], tokenizer.special.mask), signal);
    return onlyResult(rowResults(outputs, [row]), row);
  };
  let last = Promise.resolve();
  const run: DecoderSession["run"] = async (row, signal, waited) => {
    const askedAt = performance.now();
    const before = last;
    const turn = Promise.withResolvers<void>();
    last = turn.promise;
    try {
      await before;
      waited(performance.now() - askedAt);
      return await runAlone(row, signal);
    } finally {
      turn.resolve();
    }
  };
  await warmUp(runAlone, checkpoint, tokenizer);
  return { checkpoint, tokenizer, contextLength, run, release: () => session.release() };
}

function onlyResult<T>([result]: readonly T[], row: DecoderRow): T {
  if (result === undefined) {
    throw new RangeError(`Cannot find the result of a row of ${row.tokenIds.length} positions`);
  }
  return result;
}

async function warmUp(run: RunRow, checkpoint: Checkpoint, tokenizer: Tokenizer): Promise<void> {
  const settings = { ...resolveSettings(undefined, tokenizer, () => 0), steps: 1 };
  const prompt = mergePrompt(Int32Array.of(tokenizer.special.bos), [], { offsets: [], taps: 1 });
  const embeddings = {
    data: new Float32Array(),
    tokens: 0,
    hidden: checkpoint.config.vision.hiddenSize,
  };
  const request = { prompt, embeddings, settings, maskId: tokenizer.special.mask };
  for await (const end of denoise(run, request, new AbortController().signal)) void end;
}
