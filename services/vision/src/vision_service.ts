import type { Implementation } from "@medv/proto/grpc";
import type { VisionEncoder } from "@medv/proto/vision";
import { createEncode, type EncodeOptions } from "./encode.ts";
import { createReadEmbedding } from "./read_embedding.ts";

/** The handlers of the vision service around a tower and a store. */
export function createVisionService(
  options: EncodeOptions,
): Implementation<typeof VisionEncoder.method> {
  return {
    encode: createEncode(options),
    readEmbedding: createReadEmbedding(options.store, options.tower.digest),
    async deleteEmbedding({ digest, tenantScope }) {
      await options.store.delete(digest, tenantScope);
      return {};
    },
  };
}
