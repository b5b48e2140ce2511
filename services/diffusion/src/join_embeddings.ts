import type { GenerateRequest } from "@medv/proto/diffusion";
import type { EmbeddingHandle } from "@medv/proto/embedding";
import type { Embeddings } from "./decoder_row.ts";
import type { EmbeddingRows } from "./embedding_source.ts";

/**
 * The embeddings of a prompt's images, one after another.
 *
 * @param images Index into the request's images, in the order in which they are joined.
 * @param options.hidden Width of a row.
 * @returns The rows, and how many images' had to be pulled from the vision service.
 */
export async function joinEmbeddings(
  request: Pick<GenerateRequest, "images">,
  images: readonly number[],
  options: {
    readonly hidden: number;
    readonly readEmbedding: (
      handle: EmbeddingHandle,
      signal: AbortSignal,
    ) => Promise<EmbeddingRows>;
  },
  signal: AbortSignal,
): Promise<{ readonly rows: Embeddings; readonly pulled: number }> {
  const { hidden, readEmbedding } = options;
  const parts: Float32Array[] = [];
  let pulled = 0;
  for (const index of images) {
    const handle = request.images[index]?.handle;
    if (handle === undefined) continue;
    const rows = await readEmbedding(handle, signal);
    if (rows.origin === "pulled") pulled++;
    parts.push(rows.data);
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const data = new Float32Array(length);
  let offset = 0;
  for (const part of parts) {
    data.set(part, offset);
    offset += part.length;
  }
  return { rows: { data, tokens: length / hidden, hidden }, pulled };
}
