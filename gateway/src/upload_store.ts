import { DomainError } from "@medv/proto";
import type { CacheName } from "@medv/runtime/remote_cache/cache_connection";
import type { RemoteCache } from "@medv/runtime/remote_cache/remote_cache";
import { z } from "zod";
import type { ImageChoice } from "./image/decoded_image.ts";
import type { ImageFile } from "./image/image_preprocessor.ts";
import { fromBytes, toBytes } from "./json_bytes.ts";
import { SharedCache } from "./shared_cache.ts";

/** An image that a caller sent, by its id. */
export type UploadedImage = {
  readonly id: string;
  /** SHA-256 of the bytes as sent. */
  readonly digest: string;
  readonly choice: ImageChoice;
  readonly expiresAt: Date;
  /** Missing where another gateway took them: they are not shared, as there may be names in them. */
  readonly bytes?: Uint8Array;
};

/** A file that a caller sent. */
export type SentFile = ImageFile & Pick<UploadedImage, "digest">;

/** Where ids are shared, how much is kept here and for how long. */
export type UploadStoreOptions = {
  /** Where gateways share what an id stands for. */
  readonly remote: RemoteCache;
  /** Bound on the bytes as sent. */
  readonly maxBytes: number;
  readonly ttlMs: number;
};

const ID = /^img_[0-9a-f]{32}$/;

const recordSchema = z.object({
  digest: z.string(),
  choice: z.object({
    frame: z.int().exactOptional(),
    window: z.union([z.int(), z.object({ center: z.number(), width: z.number() })]).exactOptional(),
  }),
  expiresAt: z.coerce.date(),
});

/** Knows what ids of images stand for, apart per tenant. */
export class UploadStore {
  readonly #options: UploadStoreOptions;
  readonly #uploads: SharedCache<UploadedImage>;

  constructor(options: UploadStoreOptions) {
    this.#options = options;
    const { maxBytes: maxSize, ttlMs } = options;
    this.#uploads = new SharedCache({ maxSize, ttlMs, sizeOf });
  }

  /** Keeps a file under an id that {@link newImageId} made; other gateways know it when this resolves. */
  async add(
    id: string,
    { bytes, choice, digest }: SentFile,
    tenantScope: string,
  ): Promise<UploadedImage> {
    const { remote, ttlMs } = this.#options;
    const record = { digest, choice, expiresAt: new Date(Date.now() + ttlMs) };
    const upload = { id, bytes, ...record };
    this.#uploads.set(uploadKey(tenantScope, id), upload);
    await remote.set(uploadName(tenantScope, id), toBytes(record), ttlMs / 1000);
    return upload;
  }

  /**
   * The upload with this id.
   *
   * @param field Of the request that named it.
   * @throws {DomainError} `unknown_image`.
   */
  async find(id: string, tenantScope: string, field?: string): Promise<UploadedImage> {
    const upload = await this.#look(id, tenantScope);
    if (upload !== undefined) return upload;
    throw unknownImage(field);
  }

  /**
   * The upload with this id, with its bytes as sent.
   *
   * @param field Of the request that named it.
   * @throws {DomainError} `unknown_image`, also where another gateway took them.
   */
  async fileOf(id: string, tenantScope: string, field: string): Promise<SentFile> {
    const { bytes, ...upload } = await this.find(id, tenantScope, field);
    if (bytes !== undefined) return { ...upload, bytes };
    throw new DomainError(
      "unknown_image",
      "Cannot show the image otherwise as its file is with another gateway",
      { hint: "send the file again with POST /v1/images", field },
    );
  }

  /** Sum of the bytes as sent, and one for each upload. */
  get size(): number {
    return this.#uploads.size;
  }

  /** Forgets what this gateway has of an upload that was deleted at another. */
  drop(id: string, tenantScope: string): void {
    this.#uploads.delete(uploadKey(tenantScope, id));
  }

  /** @throws {DomainError} `unavailable` if other gateways may still know the id. */
  async delete(id: string, tenantScope: string): Promise<void> {
    await this.#options.remote.delete(uploadName(tenantScope, id));
    this.#uploads.delete(uploadKey(tenantScope, id));
  }

  async #look(id: string, tenantScope: string): Promise<UploadedImage | undefined> {
    const own = this.#uploads.peek(uploadKey(tenantScope, id));
    if (own !== undefined || !ID.test(id)) return own;
    const value = await this.#options.remote.get(uploadName(tenantScope, id));
    if (value === undefined) return undefined;
    const record = fromBytes(recordSchema, value);
    return record && { id, ...record };
  }
}

/** An id that nobody can guess. */
export function newImageId(): string {
  return `img_${crypto.randomUUID().replaceAll("-", "")}`;
}

/** What a caller learns of an id that stands for nothing. */
export function unknownImage(field?: string): DomainError {
  return new DomainError(
    "unknown_image",
    "Cannot find the image as its id is not known or has expired",
    { hint: "upload it again with POST /v1/images", ...(field !== undefined && { field }) },
  );
}

function sizeOf({ bytes }: UploadedImage): number {
  return 1 + (bytes?.length ?? 0);
}

function uploadKey(tenantScope: string, id: string): string {
  return `${tenantScope}/${id}`;
}

function uploadName(tenantScope: string, id: string): CacheName {
  return { tenantScope, key: `upload/${id}` };
}
