import { DomainError } from "@medv/proto";
import type { EmbeddingHandle } from "@medv/proto/embedding";
import type { RemoteCache } from "@medv/runtime/remote_cache/remote_cache";
import type { PreparedImage } from "./image/image_preprocessor.ts";
import { CONFIRMED_BY_NONE, confirmedByEither, type ConfirmedBy } from "./confirmed_by.ts";
import { decodeHandle, encodeHandle, handleName } from "./kept_handle.ts";
import type { Services } from "./services.ts";
import { SharedCache } from "./shared_cache.ts";

/** Who encodes, where handles are shared, and how long they hold. */
export type EmbeddingHandlesOptions = {
  readonly services: Pick<Services, "forgetEmbedding"> & {
    readonly vision: Pick<Services["vision"], "encode">;
  };
  /** Where gateways share them. */
  readonly remote: RemoteCache;
  readonly ttlMs: number;
  /** For one image, in the queue of the vision service too. */
  readonly encodeTimeoutMs: number;
};

/** Whose image it is, under which key, for which request. */
export type HandleContext = {
  readonly key: string;
  readonly tenantScope: string;
  readonly requestId: string;
};

/** A handle, and whether the vision tower did not run for it. */
export type Encoding = { readonly handle: EmbeddingHandle; readonly cached: boolean };

/** A handle is a few hundred bytes. */
const MAX_HANDLES = 16_384;

/** Has images encoded, once each, and keeps the handles of their embeddings. */
export class EmbeddingHandles {
  readonly #options: EmbeddingHandlesOptions;
  readonly #encodings: SharedCache<Encoding>;
  /** Those that no question has come for. */
  readonly #unasked = new WeakSet<Encoding>();
  /** Ends the work under way; a caller that goes away does not. */
  readonly #closed: AbortSignal;

  constructor(options: EmbeddingHandlesOptions, closed: AbortSignal) {
    this.#options = options;
    this.#closed = closed;
    const { ttlMs } = options;
    this.#encodings = new SharedCache({ maxSize: MAX_HANDLES, ttlMs, sizeOf: () => 1 });
  }

  /**
   * The handle of an image, for a question about it; it is encoded unless that was done before. A run of the vision tower is
   * the first question's, also where {@link getAhead} began it.
   *
   * @throws {DomainError} What the vision service throws.
   */
  async get(image: PreparedImage, context: HandleContext, signal: AbortSignal): Promise<Encoding> {
    const encoding = await this.#get(image, context, signal);
    const isFirst = this.#unasked.delete(encoding);
    return { handle: encoding.handle, cached: !isFirst || encoding.cached };
  }

  /**
   * Has an image encoded before anybody asks about it.
   *
   * @throws {DomainError} As {@link get}.
   */
  async getAhead(image: PreparedImage, context: HandleContext, signal: AbortSignal): Promise<void> {
    await this.#get(image, context, signal);
  }

  /** Drops a handle whose embedding turned out to be gone. */
  async drop({ key, tenantScope }: HandleContext): Promise<void> {
    this.#encodings.delete(key);
    // A cache that cannot be reached does not give the old handle back.
    await this.#options.remote.delete(handleName(tenantScope, key)).catch(() => {});
  }

  /** Whether this gateway has the handle, or waits for it. */
  has(key: string): boolean {
    return this.#encodings.has(key);
  }

  /**
   * Forgets a handle, and has every replica of both services forget its embedding.
   *
   * @returns Those that had to; none where no embedding is known of.
   * @throws {DomainError} If something may be left.
   */
  async forget({ key, tenantScope, requestId }: HandleContext): Promise<ConfirmedBy> {
    const { remote, services } = this.#options;
    let confirmed = CONFIRMED_BY_NONE;
    do {
      const kept = await this.#encodings.settled(key);
      // Surely: what is not found here is asked of nobody.
      const handle = kept?.handle ?? presentHandle(await remote.find(handleName(tenantScope, key)));
      if (handle !== undefined) {
        const { digest } = handle;
        const forgotten = { digest, tenantScope, requestId };
        const asked = await services.forgetEmbedding(forgotten, this.#closed);
        confirmed = confirmedByEither(confirmed, asked);
      }
      // Not before: whoever tries again after a replica failed, at whichever gateway, has to know what to ask for.
      await remote.delete(handleName(tenantScope, key));
      // An encoding that began meanwhile is no part of what was forgotten: it gets a round of its own.
      if (kept !== undefined && this.#encodings.peek(key) === kept) this.#encodings.delete(key);
    } while (this.#encodings.has(key));
    return confirmed;
  }

  async #get(image: PreparedImage, context: HandleContext, signal: AbortSignal): Promise<Encoding> {
    const produce = async (): Promise<Encoding> => {
      const encoding = await this.#encode(image, context);
      this.#unasked.add(encoding);
      return encoding;
    };
    return await this.#encodings.get(context.key, { produce }, signal);
  }

  async #encode(
    image: PreparedImage,
    { key, tenantScope, requestId }: HandleContext,
  ): Promise<Encoding> {
    const { remote, services, ttlMs, encodeTimeoutMs } = this.#options;
    const shared = await this.#shared(key, tenantScope);
    if (shared !== undefined) return { handle: shared, cached: true };
    const { pixels, tiles, imageSize, preprocessingVersion } = image;
    const { handle, cached } = await services.vision.encode(
      { tenantScope, preprocessingVersion, pixels, tiles, imageSize },
      { signal: this.#closed, requestId, deadline: new Date(Date.now() + encodeTimeoutMs) },
    );
    if (handle === undefined) {
      throw new DomainError("internal", "Cannot use the encoding as it has no handle");
    }
    // Nobody waits for it.
    void remote.set(handleName(tenantScope, key), encodeHandle(handle), ttlMs / 1000);
    return { handle, cached };
  }

  /** What another gateway was told, unless the service has let go of it by now. */
  async #shared(key: string, tenantScope: string): Promise<EmbeddingHandle | undefined> {
    return presentHandle(await this.#options.remote.get(handleName(tenantScope, key)));
  }
}

/** What lies in the cache, unless it has expired. */
function presentHandle(bytes: Uint8Array | undefined): EmbeddingHandle | undefined {
  const handle = bytes && decodeHandle(bytes);
  return Number(handle?.expiresAt?.seconds ?? 0) * 1000 > Date.now() ? handle : undefined;
}
