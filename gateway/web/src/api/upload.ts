import { request } from "./request.ts";

/** Between which values grey is shown, as a radiologist sets it: the level in the middle, and the width around it. */
export type GreyWindow = { readonly center: number; readonly width: number };

/** How an image is shown; the gateway decides what a person did not choose. */
export type ImageView = {
  /** From 1. */
  readonly frame?: number | undefined;
  readonly window?: GreyWindow | undefined;
};

/** What the gateway made of an image, as `POST /v1/images` answers. */
export type Upload = {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly tiles: number;
  readonly tile_size: number;
  readonly grid_width: number;
  readonly grid_height: number;
  /** Which of the file's frames it is, from 1. */
  readonly frame: { readonly number: number; readonly of: number };
  /** Of grey DICOM, and of other grey of 16 bits where it was asked for; a table has neither center nor width. */
  readonly window?: Partial<GreyWindow>;
  /** Smallest and largest value of such an image. */
  readonly value_range?: readonly [least: number, most: number];
  readonly expires_at: string;
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
};

/** Least width of a window: DICOM's function of one spans its width less 1. */
export const LEAST_WIDTH = 1;

/** Whether the values of an image lie so far apart that a window can leave some of them out. */
export function hasWindow({ value_range: [least, most] = [0, 0] }: Upload): boolean {
  return most - least > LEAST_WIDTH;
}

/** Whether there are frames to choose from: of several formats only the first can be had, as the gateway then says. */
export function hasFrames({ frame, warnings }: Upload): boolean {
  return frame.of > 1 && warnings.every(({ code }) => code !== "first_frame_only");
}

/**
 * Sends an image.
 *
 * @throws {ProblemError} What the gateway says of it.
 */
export async function upload(image: Blob, view: ImageView): Promise<Upload> {
  return await post(queryOf(view), { body: image });
}

/**
 * Has another view of an image that was sent before, without sending it again.
 *
 * @param id Of that image.
 * @throws {ProblemError} What the gateway says of it, `unknown_image` where it does not keep it any more.
 */
export async function uploadAgain(id: string, view: ImageView): Promise<Upload> {
  const query = queryOf(view);
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

function queryOf({ frame, window }: ImageView): URLSearchParams {
  return new URLSearchParams({
    ...(frame !== undefined && { frame: String(frame) }),
    ...(window !== undefined && { center: String(window.center), width: String(window.width) }),
  });
}

async function post(query: URLSearchParams, init: RequestInit): Promise<Upload> {
  const response = await request(`/v1/images?${query}`, { ...init, method: "POST" });
  // The gateway's own answer.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (await response.json()) as Upload;
}
