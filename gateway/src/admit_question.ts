import type { AnswerSources } from "./answer.ts";
import type { AnswerRequest } from "./answer_request.ts";
import type { ClientGrant } from "./auth/client_tokens.ts";
import { checkImages, checkModel } from "./auth/grant_rules.ts";
import type { GrantedImages } from "./auth/granted_images.ts";
import { fetchNamedImages, urlsOf } from "./image_fetch/fetch_named_images.ts";
import type { ImageSource } from "./image_url.ts";
import { sha256Hex } from "./sha256_hex.ts";

/** What the model is asked, once it is known that its caller may: all that has to be known to ask it again. */
export type Question = Omit<AnswerRequest, "conversation"> & {
  readonly messages: AnswerRequest["conversation"]["messages"];
  readonly images: readonly ImageSource[];
  readonly tenantScope: string;
  readonly requestId: string;
};

/** Who asks, for which request. */
export type Asker = {
  readonly tenantScope: string;
  readonly requestId: string;
  /** All that the caller may do, where it has a client token. */
  readonly grant?: ClientGrant | undefined;
};

/**
 * Counts a request against what its caller may ask, and fetches its images.
 *
 * @throws {DomainError} What fetching an image throws; `unknown_model`, `rate_limit_exceeded`, `forbidden`.
 */
export async function admitQuestion(
  { model, price, limits, fetchImage, grantedImages }: AnswerSources,
  { conversation, ...request }: AnswerRequest,
  { tenantScope, requestId, grant }: Asker,
  signal: AbortSignal,
): Promise<Question> {
  checkModel(grant, request.model);
  checkImages(grant, urlsOf(conversation.images).size);
  const description = await model.require(request.model, signal, requestId);
  const predictedMs = price.predict(request.settings, description) * request.choices;
  await limits.takeDecoderMs(tenantScope, predictedMs);
  const images = await fetchNamedImages(conversation.images, fetchImage, signal);
  if (grant !== undefined) await takeImages(grant, images, grantedImages);
  return { ...request, messages: conversation.messages, images, tenantScope, requestId };
}

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
