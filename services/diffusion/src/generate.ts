import type { Checkpoint } from "@medv/model/checkpoint";
import type { Tokenizer } from "@medv/model/tokenizer";
import { DomainError } from "@medv/proto";
import { Priority, type GenerateRequest, type GenerateResponse } from "@medv/proto/diffusion";
import type { EmbeddingHandle } from "@medv/proto/embedding";
import type { CallContext } from "@medv/proto/grpc";
import { inSpan, type Logger } from "@medv/runtime";
import { answerChoice } from "./answer_choice.ts";
import type { DecoderMetrics } from "./decoder_metrics.ts";
import type { DecoderSession } from "./decoder_session.ts";
import type { DenoiseSettings } from "./denoise_settings.ts";
import type { EmbeddingRows } from "./embedding_source.ts";
import { joinEmbeddings } from "./join_embeddings.ts";
import { mergeStreams } from "./merge_streams.ts";
import { promptOf, type Prompt } from "./prompt_of.ts";
import { resolveSettings, SEEDS } from "./resolve_settings.ts";
import type { Workload } from "./workload.ts";

export type GenerateOptions = {
  readonly model: string;
  readonly checkpoint: Checkpoint;
  readonly tokenizer: Tokenizer;
  /** Longest merged sequence, answer included. */
  readonly contextLength: number;
  readonly fits: DecoderSession["fits"];
  readonly run: DecoderSession["run"];
  readonly readEmbedding: (handle: EmbeddingHandle, signal: AbortSignal) => Promise<EmbeddingRows>;
  readonly workload: Workload;
  readonly randomSeed: () => number;
  readonly metrics: Pick<DecoderMetrics, "onAnswer">;
  readonly logger: Logger;
};

/** Most answers to one conversation. */
const MAX_CHOICES = 16;

/**
 * Answers one conversation, several times where it asks for that: prompt and embeddings are made once, and the answers
 * share their runs.
 *
 * @throws {DomainError} `unknown_model`, `invalid_setting`, `invalid_messages`, `context_too_long`, `overloaded`, or what an embedding
 * that cannot be had throws; the signal's reason.
 */
export async function* generate(
  request: GenerateRequest,
  context: CallContext,
  options: GenerateOptions,
): AsyncGenerator<GenerateResponse> {
  const { signal, requestId } = context;
  const { tokenizer, checkpoint, logger } = options;
  const startedAt = performance.now();
  if (request.model !== options.model) {
    throw new DomainError(
      "unknown_model",
      `Cannot answer as the model served is "${options.model}"`,
      { field: "model" },
    );
  }
  const choices = choicesOf(request);
  const settings = resolveSettings(request.settings, tokenizer, options.randomSeed);
  const prompt = promptOf(request, checkpoint, tokenizer);
  checkLength(prompt, settings, options);
  const { hiddenSize: hidden } = checkpoint.config.vision;
  const { readEmbedding } = options;
  const joined = await inSpan("find-embeddings", { "medv.images": prompt.images.length }, () =>
    joinEmbeddings(request, prompt.images, { hidden, readEmbedding }, signal),
  );
  const embeddingMs = performance.now() - startedAt;

  const caller = {
    tenantScope: request.tenantScope,
    priority: request.priority === Priority.BATCH ? "batch" : "interactive",
  } as const;
  const admitted = options.workload.admit({
    profile: settings.profile,
    tokens: choices * settings.genLength,
    positions: positionsOf(prompt, settings),
    deadline: context.deadline,
  });
  const answers = Array.from({ length: choices }, (_, choice) =>
    answerChoice(
      {
        choice,
        prompt: prompt.merged,
        embeddings: joined.rows,
        settings: { ...settings, seed: (settings.seed + choice) % SEEDS },
        stop: request.settings?.stop ?? [],
        logprobs: request.settings?.logprobs ?? false,
        embeddingMs,
        embeddingsPulled: joined.pulled,
      },
      {
        tokenizer,
        run: (row, waited, runSignal) =>
          options.run(row, caller, runSignal, { waited, ran: admitted.ran }),
        onEnd: (end) => {
          options.metrics.onAnswer(end);
          logger.info({ requestId, choice, ...end }, "answer-end");
        },
      },
      signal,
    ),
  );
  let whole = false;
  try {
    yield* mergeStreams(answers);
    whole = true;
  } finally {
    admitted.end(whole);
  }
}

function choicesOf({ choices }: GenerateRequest): number {
  if (choices <= MAX_CHOICES) return Math.max(1, choices);
  throw new DomainError(
    "invalid_setting",
    `Cannot use n ${choices} as it must be from 1 to ${MAX_CHOICES}`,
    { field: "n" },
  );
}

function positionsOf({ merged }: Prompt, { genLength, suffixIds }: DenoiseSettings): number {
  return merged.tokenIds.length + genLength + suffixIds.length;
}

function checkLength(
  prompt: Prompt,
  settings: DenoiseSettings,
  { contextLength, fits }: Pick<GenerateOptions, "contextLength" | "fits">,
): void {
  const length = positionsOf(prompt, settings);
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
