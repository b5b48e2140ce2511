import { DomainError } from "@medv/proto";
import type { EmbeddingHandle } from "@medv/proto/embedding";
import type { RemoteCache } from "@medv/runtime/remote_cache/remote_cache";
import type { SharedNotices } from "@medv/runtime/remote_cache/shared_notices";
import { CONFIRMED_BY_NONE, confirmedByEither, type ConfirmedBy } from "./confirmed_by.ts";
import type { Emptied } from "./deletion_receipts.ts";
import { EmbeddingHandles, type EmbeddingHandlesOptions } from "./embedding_handles.ts";
import { followDeleted } from "./follow_deleted.ts";
import { encodeForgotten, type ForgottenImage } from "./forgotten_image.ts";
import type { ImagePreprocessor, PreparedImage } from "./image/image_preprocessor.ts";
import { bothWays, type ImageContext } from "./image_context.ts";
import { imageKey } from "./image_key.ts";
import type { ImageSource, SharedPixels } from "./image_url.ts";
import { imageName } from "./kept_image.ts";
import type { Log } from "./log.ts";
import { type KnownImage, PreparedImages } from "./prepared_images.ts";
import { sha256Hex } from "./sha256_hex.ts";
import { newImageId, type SentFile, type UploadedImage, UploadStore } from "./upload_store.ts";

/** An image that the vision service has encoded. */
export type EncodedImage = {
  readonly image: PreparedImage;
  readonly handle: EmbeddingHandle;
  /** False for the question for which the vision tower ran, also where that was ahead of it. */
  readonly cached: boolean;
};

export type ImageStoreOptions = {
  readonly preprocess: ImagePreprocessor["preprocess"];
  readonly services: EmbeddingHandlesOptions["services"];
  /** Where gateways share ids, pixels and the handles of embeddings. */
  readonly remote: RemoteCache;
  /** How gateways tell each other what was deleted; undefined where there is one only. */
  readonly notices: SharedNotices | undefined;
  readonly log: Pick<Log, "warn">;
  readonly maxImageBytes: number;
  readonly maxImagePixels: number;
  /** Bound on what is kept: half for the bytes as sent, half for pixels. */
  readonly cacheBytes: number;
  readonly ttlMs: number;
  /** Time for encoding one image. */
  readonly encodeTimeoutMs: number;
};

/**
 * Keeps what callers sent, its pixels and the handles of its embeddings, apart per tenant. The same bytes are
 * preprocessed and encoded once, also for concurrent callers.
 */
export class ImageStore {
  readonly #options: ImageStoreOptions;
  readonly #uploads: UploadStore;
  readonly #images: PreparedImages;
  readonly #handles: EmbeddingHandles;
  /** Work that callers share is not ended by one of them going away, only by {@link close}. */
  readonly #closed = new AbortController();

  constructor(options: ImageStoreOptions) {
    this.#options = options;
    const { services, ttlMs, remote, encodeTimeoutMs } = options;
    const maxSize = Math.floor(options.cacheBytes / 2);
    this.#uploads = new UploadStore({ remote, maxBytes: maxSize, ttlMs });
    this.#images = new PreparedImages({ ...options, maxSize }, this.#closed.signal);
    this.#handles = new EmbeddingHandles(
      { services, remote, ttlMs, encodeTimeoutMs },
      this.#closed.signal,
    );
    const forget = (image: ForgottenImage): Promise<void> => this.#onDeleted(image);
    const { notices, log } = options;
    if (notices !== undefined) void followDeleted(notices, { forget, log }, this.#closed.signal);
  }

  /** What is kept in this process: bytes as sent and pixels. */
  get bytes(): number {
    return this.#uploads.size + this.#images.size;
  }

  /**
   * Decodes and preprocesses a file and keeps it under a new id; where a cache is shared, other gateways know the id and
   * have the pixels when this resolves.
   *
   * @throws {DomainError} `unsupported_image`, `damaged_image`, `image_too_large`.
   */
  async upload(
    file: SentFile,
    context: ImageContext,
    signal: AbortSignal,
  ): Promise<{ readonly upload: UploadedImage; readonly image: PreparedImage }> {
    const { remote, ttlMs } = this.#options;
    const id = newImageId();
    const known = { ...file, id };
    const image = await this.preprocess(known, context, signal);
    if (remote.isShared) {
      // The other gateways do not get the bytes, so they need the pixels for one image and for several.
      const ways = bothWays(context);
      await Promise.all(ways.map(async (way) => this.#images.share(known, way, { ttlMs, signal })));
    }
    return { upload: await this.#uploads.add(id, known, context.tenantScope), image };
  }

  /**
   * The upload with this id.
   *
   * @throws {DomainError} `unknown_image`.
   */
  async find(id: string, tenantScope: string): Promise<UploadedImage> {
    return await this.#uploads.find(id, tenantScope);
  }

  /**
   * An upload with its bytes as sent.
   *
   * @throws {DomainError} `unknown_image`, also where another gateway took them.
   */
  async fileOf(id: string, tenantScope: string, field: string): Promise<SentFile> {
    return await this.#uploads.fileOf(id, tenantScope, field);
  }

  /**
   * Forgets an upload and all that came from it: pixels, handles and embeddings, in this process and those of other
   * gateways, in every replica of both services and in the shared cache.
   *
   * @returns What confirmed it; other gateways are told, and do not answer.
   * @throws {DomainError} `unknown_image`; `unavailable` if something may be left; the id still holds then, but where that is of a question
   * that began meanwhile.
   */
  async delete(id: string, context: ImageContext): Promise<Emptied> {
    const { remote, notices } = this.#options;
    const { tenantScope, requestId } = context;
    const upload = await this.#uploads.find(id, tenantScope);
    const keys = bothWays(context).map((way) => imageKey({ ...upload, ...way }));
    for (const key of keys) await remote.delete(imageName(tenantScope, id, key));
    const forgotten = { id, tenantScope, keys, requestId };
    const first = await this.#forget(forgotten);
    await notices?.post(encodeForgotten(forgotten));
    await this.#uploads.delete(id, tenantScope);
    // Once more, for a question that had begun before the id was unknown.
    const { vision, diffusion } = confirmedByEither(first, await this.#forget(forgotten));
    return {
      sharedCache: remote.isShared,
      visionReplicas: vision.size,
      diffusionReplicas: diffusion.size,
    };
  }

  /**
   * Decodes and preprocesses an image, unless that was done before.
   *
   * @throws {DomainError} `unsupported_image`, `damaged_image`, `image_too_large`; `unknown_image` where another gateway
   * has its bytes and its pixels are not shared any more.
   */
  async preprocess(
    known: KnownImage,
    context: ImageContext,
    signal: AbortSignal,
  ): Promise<PreparedImage> {
    return await this.#images.get(known, context, signal);
  }

  /**
   * Encodes an image, unless that was done before.
   *
   * @throws {DomainError} As {@link preprocess}; what the vision service throws.
   */
  async encode(
    source: ImageSource,
    context: ImageContext,
    signal: AbortSignal,
  ): Promise<EncodedImage> {
    const { image, key } = await this.#prepare(source, context, signal);
    return { image, ...(await this.#handles.get(image, { ...context, key }, signal)) };
  }

  /**
   * Encodes an image before anybody asks about it.
   *
   * @throws {DomainError} As {@link encode}.
   */
  async encodeAhead(
    source: ImageSource,
    context: ImageContext,
    signal: AbortSignal,
  ): Promise<void> {
    const { image, key } = await this.#prepare(source, context, signal);
    await this.#handles.getAhead(image, { ...context, key }, signal);
  }

  /** Encodes again what the vision service turned out not to keep any more. */
  async encodeAgain(
    source: ImageSource,
    context: ImageContext,
    signal: AbortSignal,
  ): Promise<EncodedImage> {
    const key = imageKey({ ...(await this.#known(source, context)), ...context });
    await this.#handles.drop({ ...context, key });
    return await this.encode(source, context, signal);
  }

  /**
   * Lets other gateways have the pixels of an image that came with a question.
   *
   * @throws {DomainError} As {@link preprocess}.
   */
  async share(bytes: Uint8Array, context: ImageContext, ttlMs: number): Promise<SharedPixels> {
    const known = { id: newImageId(), digest: await sha256Hex(bytes), choice: {}, bytes };
    await this.#images.share(known, context, { ttlMs, signal: this.#closed.signal });
    return { type: "pixels", id: known.id, digest: known.digest };
  }

  /**
   * The inverse of {@link share}.
   *
   * @throws {DomainError} `unavailable` if other gateways may still have the pixels.
   */
  async unshare({ id, digest }: SharedPixels, context: ImageContext): Promise<void> {
    const key = imageKey({ digest, choice: {}, ...context });
    await this.#options.remote.delete(imageName(context.tenantScope, id, key));
  }

  /** Aborted by {@link close}; for work that no request waits for. */
  get signal(): AbortSignal {
    return this.#closed.signal;
  }

  /** Ends the work under way. */
  close(): void {
    this.#closed.abort(new DomainError("unavailable", "Cannot encode as the gateway is stopping"));
  }

  async #prepare(
    source: ImageSource,
    context: ImageContext,
    signal: AbortSignal,
  ): Promise<{ readonly image: PreparedImage; readonly key: string }> {
    const known = await this.#known(source, context);
    const image = await this.preprocess(known, context, signal);
    return { image, key: imageKey({ ...known, ...context }) };
  }

  async #known(source: ImageSource, { tenantScope }: ImageContext): Promise<KnownImage> {
    if (source.type === "id") {
      const { id, field } = source;
      return { ...(await this.#uploads.find(id, tenantScope, field)), field };
    }
    if (source.type === "pixels") return { id: source.id, digest: source.digest, choice: {} };
    return { digest: await sha256Hex(source.bytes), choice: {}, bytes: source.bytes };
  }

  /**
   * Forgets what was made of an image, here and in the services: all of it that can be, whatever else fails.
   *
   * @returns The replicas that had to.
   * @throws {DomainError} If something may be left.
   */
  async #forget({ keys, ...whose }: Omit<ForgottenImage, "id">): Promise<ConfirmedBy> {
    for (const key of keys) await this.#images.forget(key);
    const ends = await Promise.allSettled(
      keys.map((key) => this.#handles.forget({ key, ...whose })),
    );
    let confirmed = CONFIRMED_BY_NONE;
    for (const end of ends) {
      if (end.status === "rejected") throw end.reason;
      confirmed = confirmedByEither(confirmed, end.value);
    }
    return confirmed;
  }

  /** Another gateway deleted an image, and knows nothing of what this one had or has in hand. */
  async #onDeleted({ id, keys, ...whose }: ForgottenImage): Promise<void> {
    this.#uploads.drop(id, whose.tenantScope);
    const here = keys.filter((key) => this.#images.has(key) || this.#handles.has(key));
    await this.#forget({ keys: here, ...whose });
  }
}
