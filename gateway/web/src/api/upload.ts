import { request } from "./request.ts";

/** Between which values grey is shown, as a radiologist sets it: the level in the middle, and the width around it. */
export type GreyWindow = { readonly center: number; readonly width: number };

/** What the gateway made of an image, as `POST /v1/images` answers. */
export type Upload = {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly tiles: number;
  readonly tile_size: number;
  readonly grid_width: number;
  readonly grid_height: number;
  /** Of grey DICOM, and of other grey of 16 bits where it was asked for; a table has neither center nor width. */
  readonly window?: Partial<GreyWindow>;
  /** Smallest and largest value of such an image. */
  readonly value_range?: readonly [least: number, most: number];
  readonly expires_at: string;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
};

/**
 * Sends an image.
 *
 * @param window The file's own first one where it is not given.
 * @throws {ProblemError} What the gateway says of it.
 */
export async function upload(image: Blob, window: GreyWindow | undefined): Promise<Upload> {
  return await post(queryOf(window), { body: image });
}

/**
 * Has an image that was sent before shown through another window, without sending it again.
 *
 * @param id Of that image.
 * @throws {ProblemError} What the gateway says of it, `unknown_image` where it does not keep it any more.
 */
export async function uploadAgain(id: string, window: GreyWindow | undefined): Promise<Upload> {
  const query = queryOf(window);
  query.set("from", id);
  return await post(query, {});
}

/**
 * Lets the gateway forget an image.
 *
 * @throws {ProblemError} What the gateway says of it, `unknown_image` where it does not keep it any more.
 */
export async function discard(id: string): Promise<void> {
  await request(`/v1/images/${id}`, { method: "DELETE" });
}

function queryOf(window: GreyWindow | undefined): URLSearchParams {
  return window === undefined
    ? new URLSearchParams()
    : new URLSearchParams({ center: String(window.center), width: String(window.width) });
}

async function post(query: URLSearchParams, init: RequestInit): Promise<Upload> {
  const response = await request(`/v1/images?${query}`, { ...init, method: "POST" });
  // The gateway's own answer.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (await response.json()) as Upload;
}
