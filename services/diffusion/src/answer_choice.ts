import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { MergedPrompt } from "@medv/model/merge_prompt";
import type { Tokenizer } from "@medv/model/tokenizer";
import {
  type AnswerStartSchema,
  FinishReason,
  GenerateResponseSchema,
  type GenerateResponse,
  type Profile,
} from "@medv/proto/diffusion";
import { profileNumber } from "@medv/proto/profile_name";
import { blockDraft } from "./block_draft.ts";
import { CommittedLogprobs } from "./committed_logprobs.ts";
import { CommittedTextStream } from "./committed_text.ts";
import type { DecoderRow, Embeddings, RowResult } from "./decoder_row.ts";
import { denoise, type RunEnd } from "./denoise.ts";
import type { DenoiseSettings } from "./denoise_settings.ts";
import { firstCanvas } from "./first_canvas.ts";
import { traceBlocks } from "./trace_blocks.ts";

/** One of the answers to a conversation. */
export type ChoiceRequest = {
  /** Which one, from 0. */
  readonly choice: number;
  readonly prompt: MergedPrompt;
  readonly embeddings: Embeddings;
  readonly settings: DenoiseSettings;
  /** Texts before which the answer ends. */
  readonly stop: readonly string[];
  /** Text comes with its tokens. */
  readonly logprobs: boolean;
  /** What it took to have the embeddings, and how many had to be pulled. */
  readonly embeddingMs: number;
  readonly embeddingsPulled: number;
};

export type ChoiceOptions = {
  readonly tokenizer: Tokenizer;
  /** @param waited Told how long the row stood in line, in milliseconds. */
  readonly run: (
    row: DecoderRow,
    waited: (waitedMs: number) => void,
    signal: AbortSignal,
  ) => Promise<RowResult>;
  /** Told numbers of the finished answer, none of its text. */
  readonly onEnd: (end: ChoiceEnd) => void;
};

/** What a finished answer was and took; times in milliseconds. */
export type ChoiceEnd = {
  readonly profile: Profile;
  readonly finishReason: FinishReason;
  readonly promptTokens: number;
  readonly imageRows: number;
  readonly genLength: number;
  readonly completionTokens: number;
  readonly forwardPasses: number;
  readonly revisions: number;
  readonly queueMs: number;
  readonly embeddingMs: number;
  readonly embeddingsPulled: number;
  readonly firstRunMs: number;
  readonly decodeMs: number;
};

/** One answer: start, a draft after each run, text as it becomes final, end. */
export async function* answerChoice(
  request: ChoiceRequest,
  { tokenizer, run, onEnd }: ChoiceOptions,
  signal: AbortSignal,
): AsyncGenerator<GenerateResponse> {
  const { choice, prompt, settings } = request;
  const event = (value: EventInit): GenerateResponse =>
    create(GenerateResponseSchema, { event: value, choice });
  const { mask, eot } = tokenizer.special;
  const promptTokens = prompt.tokenIds.length;
  yield event({
    case: "answerStart",
    value: {
      promptTokens,
      imageRows: prompt.imageRows,
      profile: profileNumber(settings.profile),
      genLength: settings.genLength,
      blockLength: settings.blockLength,
      steps: settings.steps ?? 0,
      seed: BigInt(settings.seed),
      ...canvasStart(settings, tokenizer),
    },
  });

  const startedAt = performance.now();
  const text = new CommittedTextStream((ids) => tokenizer.decode(ids), request.stop);
  const logprobs = new CommittedLogprobs(text, tokenizer);
  let last: RunEnd | undefined;
  let stopped = false;
  let firstRunMs = 0;
  let queueMs = 0;
  const waited = (waitedMs: number): void => {
    queueMs += waitedMs;
  };
  const push = (ids: Int32Array, end: RunEnd, isLast: boolean): GenerateResponse | undefined => {
    const { delta, stopped: met } = text.push(ids, isLast);
    stopped = met;
    if (delta === "") return undefined;
    const tokens = request.logprobs ? logprobs.next(ids, end) : [];
    return event({ case: "textDelta", value: { text: delta, tokens } });
  };
  const denoising = denoise(
    (row, runSignal) => run(row, waited, runSignal),
    { ...request, maskId: mask },
    signal,
  );
  for await (const end of traceBlocks(denoising, choice, () => queueMs)) {
    firstRunMs ||= performance.now() - startedAt;
    last = end;
    yield event({ case: "blockDraft", value: blockDraft(end, tokenizer) });
    const delta = push(settledFront(end), end, false);
    if (delta !== undefined) yield delta;
    if (stopped) break;
  }
  if (!stopped && last !== undefined) {
    const delta = push(withSuffix(filledFront(last, mask), last, settings), last, true);
    if (delta !== undefined) yield delta;
  }
  const finished = stopped || last?.stop !== undefined || settings.suffixIds[0] === eot;
  const end = {
    finishReason: finished ? FinishReason.STOP : FinishReason.LENGTH,
    completionTokens: last?.stop ?? last?.tokenIds.length ?? 0,
    forwardPasses: last?.forwardPasses ?? 0,
    revisions: last?.revisions ?? 0,
    queueMs,
    embeddingMs: request.embeddingMs,
    embeddingsPulled: request.embeddingsPulled,
    decodeMs: performance.now() - startedAt,
  };
  yield event({ case: "answerEnd", value: end });
  const { genLength } = settings;
  const { imageRows } = prompt;
  onEnd({
    ...end,
    profile: profileNumber(settings.profile),
    promptTokens,
    imageRows,
    genLength,
    firstRunMs,
  });
}

/** What is known of the canvas before the first run. */
function canvasStart(
  settings: DenoiseSettings,
  { special, tokenText }: Pick<Tokenizer, "special" | "tokenText">,
): Pick<MessageInitShape<typeof AnswerStartSchema>, "canvasLength" | "given"> {
  const { tokenIds } = firstCanvas(settings, special.mask);
  const given = [...tokenIds.entries()]
    .filter(([, id]) => id !== special.mask)
    .map(([position, id]) => ({ position, text: tokenText(id) }));
  return { canvasLength: tokenIds.length, given };
}

/** The tokens from the start that will not change any more, up to a stop. */
function settledFront({ tokenIds, settled, stop }: RunEnd): Int32Array {
  return tokenIds.subarray(0, Math.min(settled, stop ?? settled));
}

/** The tokens of the finished answer up to a stop, or to what a schedule left covered. */
function filledFront({ tokenIds, stop }: RunEnd, maskId: number): Int32Array {
  const gap = tokenIds.indexOf(maskId);
  return tokenIds.subarray(0, Math.min(gap < 0 ? tokenIds.length : gap, stop ?? Infinity));
}

/** The published sampler returns the suffix behind the answer. */
function withSuffix(ids: Int32Array, end: RunEnd, { suffixIds }: DenoiseSettings): Int32Array {
  const whole = ids.length === (end.stop ?? end.tokenIds.length);
  return whole ? Int32Array.from([...ids, ...suffixIds]) : ids;
}

type EventInit = NonNullable<MessageInitShape<typeof GenerateResponseSchema>["event"]>;
