/**
 * The vision service: pixels in, embeddings by reference out.
 *
 * @module
 */
export { embeddingStore } from "./embedding_store.ts";
export type { Tower } from "./encode.ts";
export { createVisionService } from "./vision_service.ts";
