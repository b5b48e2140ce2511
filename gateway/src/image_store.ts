import { DomainError } from "@medv/proto";
import type { RemoteCache } from "@medv/runtime/remote_cache/remote_cache";
import type { EmbeddingHandle } from "@medv/proto/embedding";
import { inSpan } from "@medv/runtime/tracing/span";
import type { ImageChoice } from "./image/decoded_image.ts";
import type { ImageFile, ImagePreprocessor, PreparedImage } from "./image/image_preprocessor.ts";
import type { PreprocessSettings } from "./image/preprocess_pixels.ts";
import { imageDigest } from "./image_digest.ts";
import type { ImageSource } from "./image_url.ts";
import { decodeHandle, encodeHandle, handleName } from "./kept_handle.ts";
import type { Services } from "./services.ts";
import { SharedCache } from "./shared_cache.ts";

/** An image that a caller sent, by its id. */
export type UploadedImage = ImageFile & {
  readonly id: string;
  readonly expiresAt: Date;
};

/** An image that the vision service has encoded. */
export type EncodedImage = {
  readonly image: PreparedImage;
  readonly handle: EmbeddingHandle;
  /** True when this request needed no tower run. */
  readonly cached: boolean;
};

export type ImageStoreOptions = {
  readonly preprocess: ImagePreprocessor["preprocess"];
  readonly services: Services;
  /** Where gateways share the handles of embeddings. */
  readonly remote: RemoteCache;
  readonly maxImageBytes: number;
  readonly maxImagePixels: number;
  /** Bound on what is kept: half for the bytes as sent, half for pixels. */
  readonly cacheBytes: number;
  readonly ttlMs: number;
  /** Time for encoding one image. */
  readonly encodeTimeoutMs: number;
};

/** Who asks, for which request. */
export type ImageContext = {
  readonly tenantScope: string;
  readonly requestId: string;
  /** How the model wants the image; part of the key. */
  readonly settings: PreprocessSettings;
};

type Encoding = { readonly handle: EmbeddingHandle; readonly cached: boolean };

/** A handle is a few hundred bytes. */
const MAX_HANDLES = 16_384;

/** Time for both services to forget an embedding. */
const FORGET_MS = 10_000;

/**
 * Keeps what callers sent, its pixels and the handles of its embeddings, apart per tenant. The same bytes are
 * preprocessed and encoded once, also for concurrent callers.
 */
export class ImageStore {
  readonly #options: ImageStoreOptions;
  readonly #uploads: SharedCache<UploadedImage>;
  readonly #images: SharedCache<PreparedImage>;
  readonly #encodings: SharedCache<Encoding>;
  /** Work that callers share is not ended by one of them going away, only by {@link close}. */
  readonly #closed = new AbortController();

  constructor(options: ImageStoreOptions) {
    this.#options = options;
    const { ttlMs } = options;
    const maxSize = Math.floor(options.cacheBytes / 2);
    this.#uploads = new SharedCache({ maxSize, ttlMs, sizeOf: ({ bytes }) => bytes.length + 1 });
    this.#images = new SharedCache({ maxSize, ttlMs, sizeOf: ({ pixels }) => pixels.length + 1 });
    this.#encodings = new SharedCache({ maxSize: MAX_HANDLES, ttlMs, sizeOf: () => 1 });
  }

  /** Keeps a file under a new unguessable id. */
  add({ bytes, choice }: ImageFile, tenantScope: string): UploadedImage {
    const id = `img_${crypto.randomUUID().replaceAll("-", "")}`;
    const expiresAt = new Date(Date.now() + this.#options.ttlMs);
    const upload = { id, bytes, choice, expiresAt };
    this.#uploads.set(uploadKey(tenantScope, id), upload);
    return upload;
  }

  /** Whether an upload is kept. */
  has(id: string, tenantScope: string): boolean {
    return this.#uploads.peek(uploadKey(tenantScope, id)) !== undefined;
  }

  /**
   * The upload with this id.
   *
   * @throws {DomainError} `unknown_image`.
   */
  find(id: string, tenantScope: string, field?: string): UploadedImage {
    const upload = this.#uploads.peek(uploadKey(tenantScope, id));
    if (upload !== undefined) return upload;
    throw new DomainError(
      "unknown_image",
      "Cannot find the image as its id is not known or has expired",
      { hint: "upload it again with POST /v1/images", ...(field !== undefined && { field }) },
    );
  }

  /**
   * Forgets an upload and all that came from it: pixels, handles and embeddings, in this process, in both services and
   * in the shared cache.
   *
   * @throws {DomainError} `unknown_image`; `unavailable` if something may be left, and then the id still holds.
   */
  async delete(id: string, context: ImageContext): Promise<void> {
    const { bytes, choice } = this.find(id, context.tenantScope);
    const digest = await imageDigest(bytes);
    for (const settings of [context.settings, padded(context.settings)]) {
      const key = imageKey(digest, choice, { ...context, settings });
      await this.#images.settled(key);
      this.#images.delete(key);
      const kept = await this.#encodings.settled(key);
      const handle = kept?.handle ?? (await this.#sharedHandle(key, context.tenantScope));
      this.#encodings.delete(key);
      await this.#options.remote.delete(handleName(context.tenantScope, key));
      if (handle !== undefined) await this.#forget(handle, context);
    }
    this.#uploads.delete(uploadKey(context.tenantScope, id));
  }

  /**
   * Decodes and preprocesses an image, unless that was done before.
   *
   * @throws {DomainError} `unsupported_image`, `damaged_image`, `image_too_large`.
   */
  async preprocess(
    file: ImageFile,
    context: ImageContext,
    signal: AbortSignal,
  ): Promise<PreparedImage> {
    const key = imageKey(await imageDigest(file.bytes), file.choice, context);
    return await this.#preprocessed(key, file, context, signal);
  }

  /**
   * Encodes an image, unless that was done before.
   *
   * @throws {DomainError} As {@link preprocess}; `unknown_image`; what the vision service throws.
   */
  async encode(
    source: ImageSource,
    context: ImageContext,
    signal: AbortSignal,
  ): Promise<EncodedImage> {
    const file = this.#fileOf(source, context);
    const key = imageKey(await imageDigest(file.bytes), file.choice, context);
    const image = await this.#preprocessed(key, file, context, signal);
    const run = (): Promise<Encoding> => this.#encode(key, image, context);
    const { value, fresh } = await this.#encodings.get(key, run, signal);
    return { image, handle: value.handle, cached: !fresh || value.cached };
  }

  /** Encodes again what the vision service turned out not to keep any more. */
  async encodeAgain(
    source: ImageSource,
    context: ImageContext,
    signal: AbortSignal,
  ): Promise<EncodedImage> {
    const { bytes, choice } = this.#fileOf(source, context);
    const key = imageKey(await imageDigest(bytes), choice, context);
    this.#encodings.delete(key);
    await this.#options.remote.delete(handleName(context.tenantScope, key)).catch(() => {}); // A cache that cannot be reached does not give the old handle back.
    return await this.encode(source, context, signal);
  }

  /** Aborted by {@link close}; for work that no request waits for. */
  get signal(): AbortSignal {
    return this.#closed.signal;
  }

  /** Ends the work under way. */
  close(): void {
    this.#closed.abort(new DomainError("unavailable", "Cannot encode as the gateway is stopping"));
  }

  #fileOf(source: ImageSource, { tenantScope }: ImageContext): ImageFile {
    return source.type === "bytes"
      ? { bytes: source.bytes, choice: {} }
      : this.find(source.id, tenantScope, source.field);
  }

  async #preprocessed(
    key: string,
    { bytes, choice }: ImageFile,
    context: ImageContext,
    signal: AbortSignal,
  ): Promise<PreparedImage> {
    const { maxImageBytes, maxImagePixels, preprocess } = this.#options;
    const limits = { maxImageBytes, maxImagePixels };
    const run = (): Promise<PreparedImage> =>
      inSpan("preprocess", { "medv.image_bytes": bytes.length }, () =>
        preprocess({ bytes, choice }, context.settings, limits, this.#closed.signal),
      );
    return (await this.#images.get(key, run, signal)).value;
  }

  async #encode(key: string, image: PreparedImage, context: ImageContext): Promise<Encoding> {
    const shared = await this.#sharedHandle(key, context.tenantScope);
    if (shared !== undefined) return { handle: shared, cached: true };
    const { pixels, tiles, imageSize, preprocessingVersion } = image;
    const { handle, cached } = await this.#options.services.vision.encode(
      { tenantScope: context.tenantScope, preprocessingVersion, pixels, tiles, imageSize },
      {
        signal: this.#closed.signal,
        requestId: context.requestId,
        deadline: new Date(Date.now() + this.#options.encodeTimeoutMs),
      },
    );
    if (handle === undefined) {
      throw new DomainError("internal", "Cannot use the encoding as it has no handle");
    }
    const name = handleName(context.tenantScope, key);
    // Nobody waits for it.
    void this.#options.remote.set(name, encodeHandle(handle), this.#options.ttlMs / 1000);
    return { handle, cached };
  }

  /** What another gateway was told, unless the service has let go of it by now. */
  async #sharedHandle(key: string, tenantScope: string): Promise<EmbeddingHandle | undefined> {
    const bytes = await this.#options.remote.get(handleName(tenantScope, key));
    if (bytes === undefined) return undefined;
    const handle = decodeHandle(bytes);
    return Number(handle.expiresAt?.seconds ?? 0) * 1000 > Date.now() ? handle : undefined;
  }

  async #forget({ digest }: EmbeddingHandle, context: ImageContext): Promise<void> {
    const { vision, diffusion } = this.#options.services;
    const { tenantScope, requestId } = context;
    const deadline = new Date(Date.now() + FORGET_MS);
    const call = { signal: this.#closed.signal, requestId, deadline };
    await Promise.all([
      vision.deleteEmbedding({ digest, tenantScope }, call),
      diffusion.forgetEmbedding({ digest, tenantScope }, call),
    ]);
  }
}

/** How each of several images is preprocessed: one tile, on a grey square (the published code's rule). */
export function padded(settings: PreprocessSettings): PreprocessSettings {
  return { imageSize: settings.imageSize, aspectRatio: "pad", gridPinpoints: [] };
}

function uploadKey(tenantScope: string, id: string): string {
  return `${tenantScope}/${id}`;
}

function imageKey(
  digest: string,
  { frame, window }: ImageChoice,
  { tenantScope, settings }: ImageContext,
): string {
  const { aspectRatio, imageSize, gridPinpoints } = settings;
  const shown = typeof window === "object" ? `${window.center}~${window.width}` : window;
  const choice = `${frame ?? ""},${shown ?? ""}`;
  return `${tenantScope}/${digest}/${choice}/${aspectRatio}/${imageSize}/${gridPinpoints.join(";")}`;
}
