import { type ImageLimits, restrictDecoders } from "./decode_image.ts";
import type { PreprocessSettings, PreprocessedImage } from "./preprocess_pixels.ts";
import { WorkerPool } from "./worker_pool.ts";

/** What a worker thread needs to know of one image. */
export type PreprocessJob = {
  /** The file. */
  readonly bytes: Uint8Array;
  readonly settings: PreprocessSettings;
  readonly limits: ImageLimits;
};

/** Turns image files into tiles, off the event loop. */
export class ImagePreprocessor {
  readonly #pool: WorkerPool<PreprocessJob, PreprocessedImage>;

  /**
   * @param options.workers Threads, which is also how many images are decoded at the same time.
   * @throws {RangeError} If `workers` is not a positive integer.
   */
  constructor({ workers }: { readonly workers: number }) {
    restrictDecoders(); // before any thread decodes
    this.#pool = new WorkerPool(new URL("preprocess_worker.ts", import.meta.url), workers);
  }

  /**
   * Decodes an image and makes its tiles.
   *
   * @param bytes The file, which the caller keeps.
   * @param settings Of the model; "pad" where a request has several images.
   * @param limits Checked before decoding.
   * @param signal Rejects with its reason at once; an image in hand is finished and thrown away.
   * @throws {DomainError} `unsupported_image`, `image_too_large`, `damaged_image`; `unavailable` after `close()`;
   * `internal` where the settings are impossible or the thread died.
   */
  preprocess(
    bytes: Uint8Array,
    settings: PreprocessSettings,
    limits: ImageLimits,
    signal: AbortSignal,
  ): Promise<PreprocessedImage> {
    return this.#pool.run({ bytes, settings, limits }, signal);
  }

  /** Lets the images in hand finish, refuses those that wait, and ends the threads. */
  close(): Promise<void> {
    return this.#pool.close();
  }
}
