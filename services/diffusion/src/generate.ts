import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Checkpoint } from "@medv/model/checkpoint";
import type { Tokenizer } from "@medv/model/tokenizer";
import { DomainError } from "@medv/proto";
import {
  FinishReason,
  GenerateResponseSchema,
  Priority,
  type GenerateRequest,
  type GenerateResponse,
} from "@medv/proto/diffusion";
import type { EmbeddingHandle } from "@medv/proto/embedding";
import type { CallContext } from "@medv/proto/grpc";
import type { Logger } from "@medv/runtime";
import { CommittedTextStream } from "./committed_text.ts";
import type { Embeddings } from "./decoder_row.ts";
import type { DecoderMetrics } from "./decoder_metrics.ts";
import type { DecoderSession } from "./decoder_session.ts";
import { denoise, type RunEnd } from "./denoise.ts";
import type { DenoiseSettings } from "./denoise_settings.ts";
import type { EmbeddingRows } from "./embedding_source.ts";
import { profileNumber } from "@medv/proto/profile_name";
import { promptOf, type Prompt } from "./prompt_of.ts";
import { resolveSettings } from "./resolve_settings.ts";

export type GenerateOptions = {
  readonly model: string;
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
  /** Longest merged sequence, answer included. */
  readonly contextLength: number;
  readonly fits: DecoderSession["fits"];
  readonly run: DecoderSession["run"];
  readonly readEmbedding: (handle: EmbeddingHandle, signal: AbortSignal) => Promise<EmbeddingRows>;
  readonly randomSeed: () => number;
  readonly metrics: Pick<DecoderMetrics, "onAnswer">;
  readonly logger: Logger;
};

/** Answers one conversation: start, a draft after each run, text as it becomes final, end. */
export async function* generate(
  request: GenerateRequest,
  context: CallContext,
  options: GenerateOptions,
): AsyncGenerator<GenerateResponse> {
  const { signal, requestId } = context;
  const { tokenizer, logger } = options;
  const startedAt = performance.now();
  if (request.model !== options.model) {
    throw new DomainError(
      "unknown_model",
      `Cannot answer as the model served is "${options.model}"`,
      {
        field: "model",
      },
    );
  }
  const settings = resolveSettings(request.settings, tokenizer, options.randomSeed);
  const prompt = promptOf(request, options.checkpoint, tokenizer);
  checkLength(prompt, settings, options);
  const embeddings = await joinEmbeddings(request, prompt, options, signal);
  const embeddingMs = performance.now() - startedAt;
  yield event({
    case: "answerStart",
    value: {
      promptTokens: prompt.merged.tokenIds.length,
      imageRows: prompt.merged.imageRows,
      profile: profileNumber(settings.profile),
      genLength: settings.genLength,
      blockLength: settings.blockLength,
      steps: settings.steps ?? 0,
      seed: BigInt(settings.seed),
    },
  });

  const decodeStartedAt = performance.now();
  const text = new CommittedTextStream(
    (ids) => tokenizer.decode(ids),
    request.settings?.stop ?? [],
  );
  let last: RunEnd | undefined;
  let stopped = false;
  let firstRunMs = 0;
  let queueMs = 0;
  const waited = (waitedMs: number): void => {
    queueMs += waitedMs;
  };
  const caller = {
    tenantScope: request.tenantScope,
    priority: request.priority === Priority.BATCH ? "batch" : "interactive",
  } as const;
  const denoising = denoise(
    (row, runSignal) => options.run(row, caller, runSignal, waited),
    {
      prompt: prompt.merged,
      embeddings: embeddings.rows,
      settings,
      maskId: tokenizer.special.mask,
    },
    signal,
  );
  for await (const end of denoising) {
    firstRunMs ||= performance.now() - decodeStartedAt;
    last = end;
    yield event({ case: "blockDraft", value: draft(end, settings, tokenizer) });
    const released = text.push(settledFront(end), false);
    if (released.delta !== "") yield event({ case: "textDelta", value: { text: released.delta } });
    if (released.stopped) {
      stopped = true;
      break;
    }
  }
  if (!stopped && last !== undefined) {
    const ids = settledFront(last);
    const { delta, stopped: met } = text.push(withSuffix(ids, last, settings), true);
    stopped = met;
    if (delta !== "") yield event({ case: "textDelta", value: { text: delta } });
  }
  const decodeMs = performance.now() - decodeStartedAt;
  const finished = stopped || last?.stop !== undefined;
  const end = {
    finishReason: finished ? FinishReason.STOP : FinishReason.LENGTH,
    completionTokens: last?.stop ?? settings.genLength,
    forwardPasses: last?.forwardPasses ?? 0,
    queueMs,
    embeddingMs,
    decodeMs,
    embeddingsPulled: embeddings.pulled,
    revisions: last?.revisions ?? 0,
  };
  yield event({ case: "answerEnd", value: end });
  const profile = profileNumber(settings.profile);
  options.metrics.onAnswer({ ...end, profile, embeddings: prompt.images.length });
  logger.info(
    {
      requestId,
      promptTokens: prompt.merged.tokenIds.length,
      imageRows: prompt.merged.imageRows,
      genLength: settings.genLength,
      ...end,
      firstRunMs,
    },
    "answer-end",
  );
}

/** The tokens from the start that will not change any more, up to a stop. */
function settledFront({ tokenIds, settled, stop }: RunEnd): Int32Array {
  return tokenIds.subarray(0, Math.min(settled, stop ?? settled));
}

/** The published sampler returns the suffix behind the answer. */
function withSuffix(ids: Int32Array, end: RunEnd, settings: DenoiseSettings): Int32Array {
  const whole = ids.length === (end.stop ?? settings.genLength);
  return whole ? Int32Array.from([...ids, ...settings.suffixIds]) : ids;
}

/** The block under way: committed tokens, and what the model would put in the others. */
function draft(end: RunEnd, settings: DenoiseSettings, tokenizer: Tokenizer) {
  const first = end.block * settings.blockLength;
  const length = Math.min(settings.blockLength, settings.genLength - first);
  return {
    block: end.block,
    forwardPasses: end.forwardPasses,
    revisions: end.revisions,
    tokens: Array.from({ length }, (_, index) => {
      const position = first + index;
      const committed = end.tokenIds[position] !== tokenizer.special.mask;
      const at = position - end.activeStart;
      const id = committed ? end.tokenIds[position] : end.prediction[at];
      return {
        position,
        text: tokenizer.tokenText(id ?? tokenizer.special.mask),
        confidence: (committed ? end.commitConfidence[position] : end.confidence[at]) ?? 0,
        committed,
        ...(committed && { step: end.commitStep[position] ?? 0 }),
      };
    }),
  };
}

function checkLength(
  prompt: Prompt,
  settings: DenoiseSettings,
  { contextLength, fits }: Pick<GenerateOptions, "contextLength" | "fits">,
): void {
  const length = prompt.merged.tokenIds.length + settings.genLength + settings.suffixIds.length;
  if (length > contextLength) {
    throw new DomainError(
      "context_too_long",
      `Cannot answer as prompt, image rows and answer take ${length} positions: the model has ${contextLength}`,
      { field: "messages", hint: "shorten the conversation or ask for a shorter answer" },
    );
  }
  if (!fits(length)) {
    throw new DomainError(
      "context_too_long",
      `Cannot answer as ${length} positions do not fit into the memory that a run may take`,
      {
        field: "messages",
        hint: "shorten the conversation or the answer, or raise MEDV_RUN_MEMORY_BYTES",
      },
    );
  }
}

async function joinEmbeddings(
  request: GenerateRequest,
  prompt: Prompt,
  options: GenerateOptions,
  signal: AbortSignal,
): Promise<{ readonly rows: Embeddings; readonly pulled: number }> {
  const hidden = options.checkpoint.config.vision.hiddenSize;
  const parts: Float32Array[] = [];
  let pulled = 0;
  for (const index of prompt.images) {
    const handle = request.images[index]?.handle;
    if (handle === undefined) continue;
    const rows = await options.readEmbedding(handle, signal);
    if (rows.pulled) pulled++;
    parts.push(rows.data);
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const data = new Float32Array(length);
  let offset = 0;
  for (const part of parts) {
    data.set(part, offset);
    offset += part.length;
  }
  return { rows: { data, tokens: length / hidden, hidden }, pulled };
}

type EventInit = NonNullable<MessageInitShape<typeof GenerateResponseSchema>["event"]>;

function event(value: EventInit): GenerateResponse {
  return create(GenerateResponseSchema, { event: value });
}
