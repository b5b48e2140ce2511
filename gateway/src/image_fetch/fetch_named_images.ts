import type { ImageSource, NamedImage } from "../image_url.ts";
import type { FetchImage } from "./fetch_image.ts";

/** The images, with the bytes of those that are named by a URL. */
export async function fetchNamedImages(
  images: readonly NamedImage[],
  fetchImage: FetchImage,
  signal: AbortSignal,
): Promise<readonly ImageSource[]> {
  return await Promise.all(
    images.map(async (image): Promise<ImageSource> => {
      if (image.type !== "url") return image;
      return { type: "bytes", bytes: await fetchImage(image.url, image.field, signal) };
    }),
  );
}
