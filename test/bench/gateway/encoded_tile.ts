import { DiffusionDecoder } from "@medv/proto/diffusion";
import type { EmbeddingHandle } from "@medv/proto/embedding";
import { type Client, createClient } from "@medv/proto/grpc";
import type { VisionEncoder } from "@medv/proto/vision";
import { EMBEDDING } from "./figures.ts";
import type { Services } from "./started.ts";

/** Never aborted. */
export const NEVER = new AbortController().signal;

/** Whose embeddings the bench asks for by itself. */
export const TENANT = EMBEDDING.tenantScope;

/** A black tile, encoded. */
export type EncodedTile = { readonly handle: EmbeddingHandle; readonly imageSize: number };

/** Has a tile encoded, past the gateway. */
export async function encodedTile(
  { diffusionAddress }: Services,
  vision: Client<typeof VisionEncoder.method>,
): Promise<EncodedTile> {
  const diffusion = createClient(DiffusionDecoder, diffusionAddress);
  const { preprocessing } = await diffusion.describeModel({}, { signal: NEVER });
  diffusion.close();
  const imageSize = preprocessing?.imageSize ?? 0;
  const pixels = new Uint8Array(imageSize * imageSize * 3);
  const { handle } = await vision.encode(
    { tenantScope: TENANT, preprocessingVersion: "1", pixels, tiles: 1, imageSize },
    { signal: NEVER },
  );
  if (handle === undefined) throw new Error("Cannot measure as the tile has no handle");
  return { handle, imageSize };
}
