import { resizeBicubic } from "@medv/gateway/image/resize_bicubic";
import type { RgbImage } from "@medv/gateway/image/rgb_image";
import { drawNonPhantom } from "@medv/phantoms/draw_non_phantom";
import { drawPhantom } from "@medv/phantoms/draw_phantom";
import { isPhantom } from "@medv/phantoms/is_phantom";
import { DENSE_CLASSES, MODALITIES, type PhantomImage, type Split } from "@medv/phantoms/phantom";
import { PATCH_CLASSES, type RenderedImage } from "./rendered_image.ts";

/** Share of a patch that a finding must cover to be what lies there. */
const FINDING_SHARE = 0.06;

/** Draws the image of a number, in the size that the vision tower takes. */
export function renderImage(
  split: Split,
  seed: number,
  index: number,
  size: { readonly imageSize: number; readonly patchSize: number },
): RenderedImage {
  const side = Math.floor(size.imageSize / size.patchSize);
  if (!isPhantom(index)) {
    return {
      pixels: resized(drawNonPhantom(split, seed, index), size.imageSize),
      patches: new Uint8Array(side * side).fill(PATCH_CLASSES.length - 1),
      facts: undefined,
    };
  }
  const { facts, image, labels } = drawPhantom(split, seed, index);
  return {
    pixels: resized(image, size.imageSize),
    patches: patchClasses(labels, image, side),
    facts,
  };
}

function resized(image: PhantomImage, size: number): Uint8Array {
  return resizeBicubic(rgb(image), size, size).data;
}

/** As the gateway decodes it: 16 bits cut to 8, grey in all three channels. */
function rgb({ width, height, channels, data }: PhantomImage): RgbImage {
  const shift = data instanceof Uint16Array ? 8 : 0;
  const pixels = new Uint8Array(width * height * 3);
  for (let index = 0; index < pixels.length; index++) {
    const source = channels === 3 ? index : Math.floor(index / 3);
    pixels[index] = (data[source] ?? 0) >> shift;
  }
  return { data: pixels, width, height };
}

/** The most frequent class of each patch; a finding wins as soon as it covers enough of it. */
function patchClasses(
  labels: Uint8Array,
  { width, height }: PhantomImage,
  side: number,
): Uint8Array {
  const classes = new Uint8Array(side * side);
  const counts = new Uint32Array(DENSE_CLASSES.length);
  const firstFinding = 1 + MODALITIES.length;
  for (let patch = 0; patch < classes.length; patch++) {
    const [row, column] = [Math.floor(patch / side), patch % side];
    const [top, bottom] = [row, row + 1].map((edge) => Math.round((edge * height) / side));
    const [left, right] = [column, column + 1].map((edge) => Math.round((edge * width) / side));
    counts.fill(0);
    for (let y = top ?? 0; y < (bottom ?? 0); y++) {
      for (let x = left ?? 0; x < (right ?? 0); x++) {
        const label = labels[y * width + x] ?? 0;
        counts[label] = (counts[label] ?? 0) + 1;
      }
    }
    const area = counts.reduce((sum, count) => sum + count, 0);
    const best = mostFrequent(counts, 0);
    const finding = mostFrequent(counts, firstFinding);
    classes[patch] = (counts[finding] ?? 0) >= FINDING_SHARE * area ? finding : best;
  }
  return classes;
}

function mostFrequent(counts: Uint32Array, from: number): number {
  let best = from;
  for (let index = from + 1; index < counts.length; index++) {
    if ((counts[index] ?? 0) > (counts[best] ?? 0)) best = index;
  }
  return best;
}
