import { DomainError } from "@medv/proto";
import { inSpan } from "@medv/runtime/tracing/span";
import type { RemoteCache } from "@medv/runtime/remote_cache/remote_cache";
import type { ImagePreprocessor, PreparedImage } from "./image/image_preprocessor.ts";
import type { ImageContext } from "./image_context.ts";
import { imageKey } from "./image_key.ts";
import { decodeImage, encodeImage, imageName } from "./kept_image.ts";
import { type Making, SharedCache } from "./shared_cache.ts";
import { unknownImage, type UploadedImage } from "./upload_store.ts";

/** What is known of an image before its pixels are looked at; id and time of one that was uploaded, and where it was named. */
export type KnownImage = Pick<UploadedImage, "digest" | "choice" | "bytes"> &
  Partial<Pick<UploadedImage, "id" | "expiresAt">> & { readonly field?: string };

export type PreparedImagesOptions = {
  readonly preprocess: ImagePreprocessor["preprocess"];
  /** Where gateways share pixels. */
  readonly remote: RemoteCache;
  readonly maxImageBytes: number;
  readonly maxImagePixels: number;
  /** Bound on the pixels that are kept, in bytes. */
  readonly maxSize: number;
  readonly ttlMs: number;
};

/** Pixels as the model wants them, kept by {@link imageKey}: the same bytes are preprocessed once, also for concurrent callers. */
export class PreparedImages {
  readonly #options: PreparedImagesOptions;
  readonly #kept: SharedCache<PreparedImage>;
  readonly #closed: AbortSignal;

  /** @param closed Ends the work that callers share, which is not ended by one of them going away. */
  constructor(options: PreparedImagesOptions, closed: AbortSignal) {
    this.#options = options;
    const { maxSize, ttlMs } = options;
    this.#kept = new SharedCache({ maxSize, ttlMs, sizeOf: ({ pixels }) => pixels.length + 1 });
    this.#closed = closed;
  }

  /** Bytes of what is kept. */
  get size(): number {
    return this.#kept.size;
  }

  has(key: string): boolean {
    return this.#kept.has(key);
  }

  /** Forgets an image, also one that is being prepared. */
  async forget(key: string): Promise<void> {
    await this.#kept.settled(key);
    this.#kept.delete(key);
  }

  /**
   * Decodes and preprocesses an image, unless that was done before.
   *
   * @throws {DomainError} `unsupported_image`, `damaged_image`, `image_too_large`; `unknown_image` where another gateway
   * has its bytes and its pixels are not shared any more.
   */
  async get(known: KnownImage, context: ImageContext, signal: AbortSignal): Promise<PreparedImage> {
    const key = imageKey({ ...known, ...context });
    try {
      return await this.#kept.get(key, this.#making(key, known, context), signal);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== "unknown_image") throw error;
      if (known.bytes === undefined) throw unknownImage(known.field);
      // It waited, with somebody who has only the id, for pixels that are not shared any more.
      return await this.get(known, context, signal);
    }
  }

  /**
   * Lets other gateways have the pixels.
   *
   * @throws {DomainError} As {@link get}.
   */
  async share(
    known: KnownImage & Pick<UploadedImage, "id">,
    context: ImageContext,
    { ttlMs, signal }: { readonly ttlMs: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const { remote } = this.#options;
    const image = await this.get(known, context, signal);
    const name = imageName(context.tenantScope, known.id, imageKey({ ...known, ...context }));
    await remote.set(name, encodeImage(image), ttlMs / 1000);
  }

  /** From its bytes; without them it is what another gateway shared, and kept no longer than there. */
  #making(key: string, known: KnownImage, context: ImageContext): Making<PreparedImage> {
    const { id, expiresAt, bytes, choice } = known;
    if (bytes === undefined) {
      const ttlMs = Math.max(1, (expiresAt?.getTime() ?? 0) - Date.now());
      return { produce: () => this.#pull(key, id, context), ttlMs };
    }
    const { maxImageBytes, maxImagePixels, preprocess } = this.#options;
    const limits = { maxImageBytes, maxImagePixels };
    const produce = (): Promise<PreparedImage> =>
      inSpan("preprocess", { "medv.image_bytes": bytes.length }, () =>
        preprocess({ bytes, choice }, context.settings, limits, this.#closed),
      );
    return { produce };
  }

  async #pull(
    key: string,
    id: string | undefined,
    { tenantScope }: ImageContext,
  ): Promise<PreparedImage> {
    if (id === undefined) throw unknownImage();
    const packed = await this.#options.remote.get(imageName(tenantScope, id, key));
    if (packed === undefined) throw unknownImage();
    const image = decodeImage(packed);
    if (image === undefined) throw unknownImage();
    return image;
  }
}
