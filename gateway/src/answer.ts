import { type DomainCode, DomainError } from "@medv/proto";
import {
  type AnswerEnd,
  type AnswerStart,
  type DraftToken,
  FinishReason,
  type GenerateResponse,
  type TextDelta,
} from "@medv/proto/diffusion";
import { profileName } from "@medv/proto/profile_name";
import type { ClientGrant } from "./auth/client_tokens.ts";
import { checkImages, checkModel } from "./auth/grant_rules.ts";
import type { GrantedImages } from "./auth/granted_images.ts";
import type { AnswerEvent, ChoiceEvent, DraftedToken } from "./answer_event.ts";
import type { AnswerRequest } from "./answer_request.ts";
import { askDecoder } from "./ask_decoder.ts";
import type { FetchImage } from "./image_fetch/fetch_image.ts";
import { fetchNamedImages, urlsOf } from "./image_fetch/fetch_named_images.ts";
import { type EncodedImage, type ImageContext, type ImageStore, padded } from "./image_store.ts";
import type { GatewayMetrics } from "./gateway_metrics.ts";
import type { ImageSource } from "./image_url.ts";
import type { DecoderPrice } from "./limits/decoder_price.ts";
import type { TenantLimits } from "./limits/tenant_limits.ts";
import type { ModelDescription } from "./model_description.ts";
import { NOTICE } from "./notice.ts";
import { preprocessSettings } from "./preprocess_settings.ts";
import type { Services } from "./services.ts";
import { sha256Hex } from "./sha256_hex.ts";
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

/** Who asks, for which request. */
export type AnswerContext = {
  readonly tenantScope: string;
  readonly requestId: string;
  /** All that the caller may do, where it has a client token. */
  readonly grant?: ClientGrant | undefined;
};

/**
 * Encodes the images, then streams the answers, each from its start to its end, side by side. An embedding that the vision
 * service does not keep any more, or that another tower made, is encoded again, once, as long as nothing of the answer was
 * given out.
 *
 * @throws {DomainError} What fetching an image, the image store and the diffusion service throw; `unknown_model`,
 * `rate_limit_exceeded`, `forbidden`. The signal's reason, and a `TimeoutError` where the time ran out before the decoder was
 * asked.
 */
export async function* streamAnswer(
  {
    services,
    model,
    images,
    metrics,
    limits,
    price,
    grantedImages,
    fetchImage,
    answerTimeoutMs,
  }: AnswerSources,
  request: AnswerRequest,
  context: AnswerContext,
  signal: AbortSignal,
): AsyncGenerator<AnswerEvent> {
  const startedAt = performance.now();
  const deadline = new Date(Date.now() + answerTimeoutMs);
  // The decoder is given the deadline itself: a connection on which nothing is heard by then is given up.
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]);
  const { requestId, tenantScope, grant } = context;
  const { conversation, settings } = request;
  checkModel(grant, request.model);
  checkImages(grant, urlsOf(conversation.images).size);
  const description = await model.require(request.model, inTime, requestId);
  const predictedMs = price.predict(settings, description) * request.choices;
  await limits.takeDecoderMs(tenantScope, predictedMs);
  const sources = await fetchNamedImages(conversation.images, fetchImage, inTime);
  if (grant !== undefined) await takeImages(grant, sources, grantedImages);
  const single = preprocessSettings(description);
  const imageContext: ImageContext = {
    requestId,
    tenantScope,
    settings: sources.length > 1 ? padded(single) : single,
  };
  const fingerprint = systemFingerprint(description);
  let encoded = await Promise.all(
    sources.map((source) => images.encode(source, imageContext, inTime)),
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
          model: request.model,
          messages: conversation.messages,
          images: encoded.map(toReference),
          settings,
          priority: request.priority,
          choices: request.choices,
          tenantScope,
        },
        { signal, requestId, deadline },
      );
      for await (const { event, choice } of responses) {
        if (event.case === "answerStart") starts.set(choice, event.value);
        const progress = {
          model: request.model,
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
      sources.map((source) => images.encodeAgain(source, imageContext, inTime)),
    );
  }
}

/** A handle that is of no use any more: its embedding is gone, or the services have another model by now. */
const STALE: ReadonlySet<DomainCode> = new Set(["embedding_not_found", "embedding_mismatch"]);

/** Counts the images that come with the question; one that is named by its id was counted when it was sent. */
async function takeImages(
  grant: ClientGrant,
  sources: readonly ImageSource[],
  grantedImages: GrantedImages,
): Promise<void> {
  for (const source of sources) {
    if (source.type === "bytes") await grantedImages.take(grant, await sha256Hex(source.bytes));
  }
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
