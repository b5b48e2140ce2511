import type { ImageLimits } from "./decode_image.ts";
import type { PreprocessSettings, PreprocessedImage } from "./preprocess_pixels.ts";
import { ProcessPool } from "./process_pool.ts";

/** What a process needs to know of one image. */
export type PreprocessJob = {
  /** The file. */
  readonly bytes: Uint8Array;
  readonly settings: PreprocessSettings;
  readonly limits: ImageLimits;
};

export type ImagePreprocessorOptions = {
  /** Processes, which is also how many images are decoded at the same time. */
  readonly processes: number;
  /** Bound on what one process may reserve, the runtime's own 600 MB included. */
  readonly memoryBytes: number;
  /** Time for one image. */
  readonly timeoutMs: number;
};

/** Turns image files into tiles, in processes apart: whatever the bytes do there, the gateway lives. */
export class ImagePreprocessor {
  readonly #pool: ProcessPool<PreprocessJob, PreprocessedImage>;

  /** @throws {RangeError} If an option is not a positive integer. */
  constructor(options: ImagePreprocessorOptions) {
    this.#pool = new ProcessPool({
      module: new URL("preprocess_process.ts", import.meta.url),
      ...options,
    });
  }

  /**
   * Decodes an image and makes its tiles.
   *
   * @param bytes The file, which the caller keeps.
   * @param settings Of the model; "pad" where a request has several images.
   * @param limits Checked before decoding.
   * @param signal Rejects with its reason at once and ends the work.
   * @throws {DomainError} `unsupported_image`, `image_too_large`, `damaged_image`; `undecodable_image` where the decoder
   * crashed, took too long or wanted too much memory; `unavailable` after `close()`; `internal` where the settings are
   * impossible or no process starts.
   */
  preprocess(
    bytes: Uint8Array,
    settings: PreprocessSettings,
    limits: ImageLimits,
    signal: AbortSignal,
  ): Promise<PreprocessedImage> {
    return this.#pool.run({ bytes, settings, limits }, signal);
  }

  /** Lets the images in hand finish, refuses those that wait, and ends the processes. */
  close(): Promise<void> {
    return this.#pool.close();
  }
}
