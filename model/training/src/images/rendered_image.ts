import { DENSE_CLASSES, type PhantomFacts } from "@medv/phantoms/phantom";

/** One image as the vision tower takes it, and what is known about it. */
export type RenderedImage = {
  /** uint8 `[size, size, 3]`, by the gateway's own resize. */
  readonly pixels: Uint8Array;
  /** `[patches]`: index into {@link PATCH_CLASSES}. */
  readonly patches: Uint8Array;
  /** Undefined for an image that is no phantom. */
  readonly facts: PhantomFacts | undefined;
};

/** What a patch can show; the last is an image that is no phantom. */
export const PATCH_CLASSES: readonly string[] = [...DENSE_CLASSES, "not a phantom"];
