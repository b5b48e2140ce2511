import type { ImageChoice, ImageDescription } from "./decoded_image.ts";
import type { ImageLimits } from "./image_limits.ts";
import type { PreprocessSettings, PreprocessedImage } from "./preprocess_pixels.ts";
import { ProcessPool } from "./process_pool.ts";

/** A file, and what is wanted of it. */
export type ImageFile = { readonly bytes: Uint8Array; readonly choice: ImageChoice };

/** What a process needs to know of one image. */
export type PreprocessJob = ImageFile & {
  readonly settings: PreprocessSettings;
  readonly limits: ImageLimits;
};

/** Tiles, and what may be known of the file they came from. */
export type PreparedImage = PreprocessedImage & { readonly description: ImageDescription };

export type ImagePreprocessorOptions = {
  /** Processes, which is also how many images are decoded at the same time. */
  readonly processes: number;
  /** Bound on what one process may reserve, the runtime's own 600 MB included. */
  readonly memoryBytes: number;
  /** Time for one image. */
  readonly timeoutMs: number;
  /** Bound on the files that wait for a process. */
  readonly queueBytes: number;
};

/** Turns image files into tiles, in processes apart: whatever the bytes do there, the gateway lives. */
export class ImagePreprocessor {
  readonly #pool: ProcessPool<PreprocessJob, PreparedImage>;

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
   * @param file Its bytes, which the caller keeps, and which frame and window of it are wanted.
   * @param settings Of the model; "pad" where a request has several images.
   * @param limits Checked before decoding.
   * @param signal Rejects with its reason at once and ends the work.
   * @throws {DomainError} `unsupported_image`, `image_too_large`, `damaged_image`; `undecodable_image` where the decoder
   * crashed, took too long or wanted too much memory; `overloaded` where too many wait; `unavailable` after `close()`;
   * `internal` where the settings are impossible or no process starts; `invalid_request` where the file does not have the
   * frame or window.
   */
  preprocess(
    { bytes, choice }: ImageFile,
    settings: PreprocessSettings,
    limits: ImageLimits,
    signal: AbortSignal,
  ): Promise<PreparedImage> {
    return this.#pool.run({ bytes, choice, settings, limits }, bytes.length, signal);
  }

  /** Processes that an image crashed, kept busy too long or filled. */
  get losses(): number {
    return this.#pool.losses;
  }

  /** Lets the images in hand finish, refuses those that wait, and ends the processes. */
  close(): Promise<void> {
    return this.#pool.close();
  }
}
