import type { PreprocessSettings } from "./image/preprocess_pixels.ts";

/** Who asks, for which request. */
export type ImageContext = {
  readonly tenantScope: string;
  readonly requestId: string;
  /** How the model wants the image; part of the key. */
  readonly settings: PreprocessSettings;
};

/** How each of several images is preprocessed: one tile, on a grey square (the published code's rule). */
export function padded(settings: PreprocessSettings): PreprocessSettings {
  return { imageSize: settings.imageSize, aspectRatio: "pad", gridPinpoints: [] };
}

/** How an image is preprocessed that comes alone, and one that comes with others. */
export function bothWays(context: ImageContext): readonly ImageContext[] {
  return [context, { ...context, settings: padded(context.settings) }];
}
