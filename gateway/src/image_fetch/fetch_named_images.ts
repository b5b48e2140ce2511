import type { ImageSource, NamedImage } from "../image_url.ts";
import type { FetchImage } from "./fetch_image.ts";

/** Each is held whole, and comes from a server that others ask too. */
const FETCHES_AT_ONCE = 4;

/** The images, with the bytes of those that are named by a URL: each URL is fetched once, and a few at a time. */
export async function fetchNamedImages(
  images: readonly NamedImage[],
  fetchImage: FetchImage,
  signal: AbortSignal,
): Promise<readonly ImageSource[]> {
  const fetched = await fetchAll(urlsOf(images), fetchImage, signal);
  return images.map((image) => {
    if (image.type !== "url") return image;
    const bytes = fetched.get(image.url);
    if (bytes === undefined) throw new TypeError("Cannot use the image as it was not fetched");
    return { type: "bytes", bytes };
  });
}

/** The different URLs, each with the field that names it first. */
export function urlsOf(images: readonly NamedImage[]): ReadonlyMap<string, string> {
  const urls = new Map<string, string>();
  for (const image of images) {
    if (image.type === "url" && !urls.has(image.url)) urls.set(image.url, image.field);
  }
  return urls;
}

async function fetchAll(
  urls: ReadonlyMap<string, string>,
  fetchImage: FetchImage,
  caller: AbortSignal,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const failed = new AbortController();
  const signal = AbortSignal.any([caller, failed.signal]);
  const fetched = new Map<string, Uint8Array>();
  // All take the next from the same list.
  const waiting = urls.entries();
  const fetchNext = async (): Promise<void> => {
    for (const [url, field] of waiting) fetched.set(url, await fetchImage(url, field, signal));
  };
  try {
    await Promise.all(Array.from({ length: FETCHES_AT_ONCE }, fetchNext));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
  return fetched;
}
