import { type DomainCode, DomainError } from "@medv/proto";
import {
  type AnswerEnd,
  type AnswerStart,
  type DescribeModelResponse,
  type DraftToken,
  FinishReason,
  type GenerateResponse,
  type TextDelta,
} from "@medv/proto/diffusion";
import { profileName } from "@medv/proto/profile_name";
import { admitQuestion, type Asker, type Question } from "./admit_question.ts";
import type { GrantedImages } from "./auth/granted_images.ts";
import type { AnswerEvent, ChoiceEvent, DraftedToken } from "./answer_event.ts";
import type { AnswerRequest } from "./answer_request.ts";
import { askDecoder } from "./ask_decoder.ts";
import type { FetchImage } from "./image_fetch/fetch_image.ts";
import { type ImageContext, padded } from "./image_context.ts";
import type { EncodedImage, ImageStore } from "./image_store.ts";
import type { GatewayMetrics } from "./gateway_metrics.ts";
import type { DecoderPrice } from "./limits/decoder_price.ts";
import type { TenantLimits } from "./limits/tenant_limits.ts";
import type { ModelDescription } from "./model_description.ts";
import { NOTICE } from "./notice.ts";
import { preprocessSettings } from "./preprocess_settings.ts";
import type { Services } from "./services.ts";
import { systemFingerprint } from "./system_fingerprint.ts";
import { type AnswerBefore, usageOf } from "./usage.ts";

/** What an answer is made from. */
export type AnswerSources = {
  readonly services: Services;
  readonly model: ModelDescription;
  readonly images: ImageStore;
  readonly metrics: GatewayMetrics;
  readonly limits: TenantLimits;
  readonly price: DecoderPrice;
  readonly grantedImages: GrantedImages;
  readonly fetchImage: FetchImage;
  /** Time for an answer, from its request to its end. */
  readonly answerTimeoutMs: number;
};

/**
 * What is answered to a request.
 *
 * @param onAdmitted Told what is then asked.
 * @throws What {@link admitQuestion} and {@link answerQuestion} throw.
 */
export async function* streamAnswer(
  sources: AnswerSources,
  request: AnswerRequest,
  asker: Asker,
  signal: AbortSignal,
  onAdmitted?: (question: Question) => void,
): AsyncGenerator<AnswerEvent> {
  const time = timeFor(sources, signal);
  const question = await admitQuestion(sources, request, asker, time.inTime);
  onAdmitted?.(question);
  yield* answerQuestion(sources, question, signal, time);
}

/**
 * Encodes the images, then streams the answers, each from its start to its end, side by side. An embedding that the vision
 * service does not keep any more, or that another tower made, is encoded again, once, as long as nothing of the answer was
 * given out.
 *
 * @param time What is left for it.
 * @throws {DomainError} What the image store and the diffusion service throw; `unknown_model`. The signal's reason, and a
 * `TimeoutError` where the time ran out before the decoder was asked.
 */
export async function* answerQuestion(
  sources: AnswerSources,
  question: Question,
  signal: AbortSignal,
  time: AnswerTime = timeFor(sources, signal),
): AsyncGenerator<AnswerEvent> {
  const { services, model, images, metrics, price } = sources;
  const { settings, requestId, tenantScope } = question;
  const { startedAt, deadline, inTime } = time;
  const description = await model.require(question.model, inTime, requestId);
  const imageContext = imageContextOf(question, description);
  const fingerprint = systemFingerprint(description);
  let encoded = await Promise.all(
    question.images.map((source) => images.encode(source, imageContext, inTime)),
  );
  for (const [index, each] of encoded.entries()) yield imageReady(index, each);

  const starts = new Map<number, AnswerStart>();
  let hasText = false;
  for (let attempt = 1; ; attempt++) {
    try {
      const responses = askDecoder(
        {
          generate: services.diffusion.generate,
          onAskedAgain: () => metrics.onAskedAgain(),
        },
        {
          model: question.model,
          messages: question.messages,
          images: encoded.map(toReference),
          settings,
          priority: question.priority,
          choices: question.choices,
          tenantScope,
        },
        { signal, requestId, deadline },
      );
      for await (const { event, choice } of responses) {
        if (event.case === "answerStart") starts.set(choice, event.value);
        const progress = {
          model: question.model,
          fingerprint,
          start: starts.get(choice),
          first: starts.get(0),
          encoded,
        };
        const shown = toEvent(event, progress);
        if (shown.type === "text-delta" && !hasText) {
          hasText = true;
          metrics.onFirstText((performance.now() - startedAt) / 1000);
        }
        if (shown.type === "answer-end") metrics.onAnswer(shown.usage);
        if (event.case === "answerEnd" && progress.start !== undefined) {
          price.learn(settings, progress.start, event.value);
        }
        yield { choice, ...shown };
      }
      return;
    } catch (error) {
      const isStale = error instanceof DomainError && STALE.has(error.code);
      if (!isStale || starts.size > 0 || attempt > 1) throw error;
    }
    encoded = await Promise.all(
      question.images.map((source) => images.encodeAgain(source, imageContext, inTime)),
    );
  }
}

/** A handle that is of no use any more: its embedding is gone, or the services have another model by now. */
const STALE: ReadonlySet<DomainCode> = new Set(["embedding_not_found", "embedding_mismatch"]);

/** How a question's images are preprocessed, and for whom. */
export function imageContextOf(
  { images, requestId, tenantScope }: Pick<Question, "images" | "requestId" | "tenantScope">,
  description: DescribeModelResponse,
): ImageContext {
  const single = preprocessSettings(description);
  return { requestId, tenantScope, settings: images.length > 1 ? padded(single) : single };
}

type AnswerTime = {
  readonly startedAt: number;
  readonly deadline: Date;
  readonly inTime: AbortSignal;
};

/** The decoder is given the deadline itself: a connection on which nothing is heard by then is given up. */
function timeFor({ answerTimeoutMs }: AnswerSources, signal: AbortSignal): AnswerTime {
  return {
    startedAt: performance.now(),
    deadline: new Date(Date.now() + answerTimeoutMs),
    inTime: AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]),
  };
}

type Progress = AnswerBefore & { readonly model: string; readonly fingerprint: string };

function toEvent(event: GenerateResponse["event"], progress: Progress): ChoiceEvent {
  switch (event.case) {
    case "answerStart":
      return answerStart(event.value, progress);
    case "blockDraft": {
      const { block, forwardPasses, revisions, canvasLength, tokens } = event.value;
      return {
        type: "block-draft",
        block,
        forward_passes: forwardPasses,
        revisions,
        ...(canvasLength !== undefined && { canvas_length: canvasLength }),
        tokens: tokens.map(draftToken),
      };
    }
    case "textDelta":
      return textDelta(event.value);
    case "answerEnd":
      return answerEnd(event.value, progress);
    case undefined:
      throw new DomainError("internal", "Cannot read the answer as an event has no content");
    default:
      return event satisfies never;
  }
}

function draftToken({ coveredAgain, ...token }: DraftToken): DraftedToken {
  const { position, text, confidence, committed, step } = token;
  return {
    position,
    text,
    confidence,
    committed,
    ...(step !== undefined && { step }),
    ...(coveredAgain !== undefined && {
      covered_again: {
        text: coveredAgain.text,
        confidence: coveredAgain.confidence,
        step: coveredAgain.step,
        covered_step: coveredAgain.coveredStep,
      },
    }),
  };
}

function textDelta({ text, tokens }: TextDelta): ChoiceEvent {
  return {
    type: "text-delta",
    text,
    ...(tokens.length > 0 && {
      tokens: tokens.map((token) => ({ text: token.text, logprob: token.logprob })),
    }),
  };
}

function answerStart(
  start: AnswerStart,
  { model, fingerprint }: Pick<Progress, "model" | "fingerprint">,
): ChoiceEvent {
  return {
    type: "answer-start",
    model,
    system_fingerprint: fingerprint,
    prompt_tokens: start.promptTokens,
    image_rows: start.imageRows,
    profile: profileName(start.profile) ?? "unknown",
    gen_length: start.genLength,
    block_length: start.blockLength,
    steps: start.steps,
    seed: String(start.seed),
    ...(start.canvasLength !== undefined && { canvas_length: start.canvasLength }),
    ...(start.given.length > 0 && {
      given: start.given.map(({ position, text }) => ({ position, text })),
    }),
  };
}

function answerEnd(end: AnswerEnd, { fingerprint, ...before }: Progress): ChoiceEvent {
  return {
    type: "answer-end",
    finish_reason: end.finishReason === FinishReason.LENGTH ? "length" : "stop",
    usage: usageOf(end, before),
    system_fingerprint: fingerprint,
    notice: NOTICE,
  };
}

function imageReady(index: number, { image, cached }: EncodedImage): AnswerEvent {
  const { width, height, tiles } = image;
  return { type: "image-ready", index, width, height, tiles, cached };
}

function toReference({ image, handle }: EncodedImage) {
  const { width, height, gridWidth, gridHeight } = image;
  return { handle, width, height, gridWidth, gridHeight };
}
