import { request } from "./request.ts";

/** What the gateway made of an image, as `POST /v1/images` answers. */
export type Upload = {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly tiles: number;
  readonly tile_size: number;
  readonly grid_width: number;
  readonly grid_height: number;
  readonly expires_at: string;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
};

/**
 * Sends an image.
 *
 * @throws {ProblemError} What the gateway says of it.
 */
export async function upload(image: Blob): Promise<Upload> {
  const response = await request("/v1/images", { method: "POST", body: image });
  // The gateway's own answer.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (await response.json()) as Upload;
}
