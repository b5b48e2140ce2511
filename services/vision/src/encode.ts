import { DomainError } from "@medv/proto";
import { DataType } from "@medv/proto/embedding";
import type { CallContext } from "@medv/proto/grpc";
import type { EncodeRequest } from "@medv/proto/vision";
import { inSpan, type Logger, type TensorData } from "@medv/runtime";
import { Coalescer } from "./coalesce.ts";
import { embeddingDigest } from "./embedding_digest.ts";
import { handleOf, type HandleInit } from "./embedding_handle.ts";
import type { Embedding, EmbeddingStore } from "./embedding_store.ts";
import type { TowerQueue } from "./tower_queue.ts";
import type { VisionMetrics } from "./vision_metrics.ts";

/** The vision tower as the service sees it. */
export type Tower = {
  /** Digest of the tower's configuration and weights. */
  readonly digest: string;
  /** Side of a tile in pixels. */
  readonly imageSize: number;
  /** uint8 `[tiles, size, size, 3]` → float32 or float16 `[tiles, patches, hidden]`. */
  readonly run: (pixels: TensorData, signal: AbortSignal) => Promise<TensorData>;
};

/** What the handlers of the service work with. */
export type EncodeOptions = {
  readonly tower: Tower;
  readonly store: EmbeddingStore;
  readonly maxTiles: number;
  readonly queue: TowerQueue;
  readonly metrics: VisionMetrics;
  readonly logger: Logger;
};

/** The answer to Encode. */
export type Encoded = {
  readonly handle: HandleInit;
  readonly cached: boolean;
  readonly encodeMs: number;
};

/** `found`: another process had put it into the shared cache, so that the tower did not run. */
type TowerRun = {
  readonly embedding: Embedding;
  readonly encodeMs: number;
  readonly found: boolean;
};

/** The Encode handler: runs the tower once per digest, also for callers that come at the same time. */
export function createEncode(
  options: EncodeOptions,
): (request: EncodeRequest, context: CallContext) => Promise<Encoded> {
  const { tower, store, queue, metrics, logger } = options;
  const runs = new Coalescer<TowerRun>();
  let encodes = 0;
  return async (request, { signal, requestId }) => {
    const startedAt = performance.now();
    checkRequest(request, options);
    const { tenantScope, preprocessingVersion, pixels, tiles, imageSize } = request;
    const shape = [tiles, imageSize, imageSize, 3];
    const digest = embeddingDigest({
      tenantScope,
      preprocessingVersion,
      towerDigest: tower.digest,
      shape,
      pixels,
    });
    const kept = store.get(digest, tenantScope);
    const answer = (embedding: Embedding, cached: boolean, encodeMs: number): Encoded => {
      store.keep(digest, embedding);
      const elapsedMs = performance.now() - startedAt;
      logger.info({ requestId, digest, tiles, cached, encodeMs, elapsedMs, encodes }, "encode-end");
      return {
        handle: handleOf(digest, embedding, tower.digest, store.ttlSeconds),
        cached,
        encodeMs,
      };
    };
    if (kept !== undefined) {
      metrics.onEncode({ origin: "memory", seconds: 0 });
      return answer(kept, true, 0);
    }
    const encode = async (shared: AbortSignal): Promise<TowerRun> => {
      const found = await store.find(digest, tenantScope);
      if (found !== undefined) return { embedding: found, encodeMs: 0, found: true };
      const runStartedAt = performance.now();
      const output = await queue.run(tiles, () => {
        encodes += 1;
        return inSpan("encode", { "medv.tiles": tiles }, () =>
          tower.run({ dtype: "uint8", shape, data: pixels }, shared),
        );
      });
      const encodeMs = performance.now() - runStartedAt;
      const embedding = {
        tenantScope,
        preprocessingVersion,
        dtype: wireType(output),
        shape: output.shape,
        bytes: new Uint8Array(output.data.buffer, output.data.byteOffset, output.data.byteLength),
      };
      // Who pulls it may ask another replica.
      await store.share(digest, embedding);
      return { embedding, encodeMs, found: false };
    };
    const { value, shared } = await runs.run(digest, encode, signal);
    const { embedding, encodeMs, found } = value;
    const origin = found ? "shared_cache" : shared ? "joined" : "run";
    metrics.onEncode({ origin, seconds: encodeMs / 1000 });
    return answer(embedding, shared || found, shared ? 0 : encodeMs);
  };
}

function checkRequest(request: EncodeRequest, { tower, maxTiles }: EncodeOptions): void {
  const { tiles, imageSize, pixels } = request;
  if (imageSize !== tower.imageSize) {
    throw invalid("image_size", `image_size must be the tower's ${tower.imageSize}`, imageSize);
  }
  if (tiles < 1 || tiles > maxTiles) {
    throw invalid("tiles", `tiles must be 1 to ${maxTiles}`, tiles);
  }
  const bytes = tiles * imageSize * imageSize * 3;
  if (pixels.byteLength !== bytes) {
    throw invalid(
      "pixels",
      `pixels must have ${bytes} bytes for [${tiles}, ${imageSize}, ${imageSize}, 3]`,
      pixels.byteLength,
    );
  }
}

function invalid(field: string, rule: string, value: number): DomainError {
  return new DomainError("invalid_request", `Cannot encode as ${rule}: current value is ${value}`, {
    field,
  });
}

function wireType({ dtype }: TensorData): DataType {
  if (dtype === "float16") return DataType.FLOAT16;
  if (dtype === "float32") return DataType.FLOAT32;
  throw new TypeError(`Cannot keep the embedding as its type is not on the wire: "${dtype}"`);
}
