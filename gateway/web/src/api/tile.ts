import { request } from "./request.ts";

/**
 * Fetches a tile as the gateway shows it: a plain `<img src>` would not carry the key.
 *
 * @throws {ProblemError} What the gateway says; the signal's reason.
 */
export async function readTile(imageId: string, tile: number, signal: AbortSignal): Promise<Blob> {
  const response = await request(`/v1/images/${imageId}/tiles/${tile}`, { signal });
  return await response.blob();
}
