import type { Split } from "@medv/phantoms/phantom";
import { parentPort } from "node:worker_threads";
import { renderImage } from "./render_image.ts";

/** A run of images to draw. */
export type RenderJob = {
  readonly split: Split;
  readonly seed: number;
  readonly start: number;
  readonly count: number;
  readonly imageSize: number;
  readonly patchSize: number;
};

export type RenderReply = {
  readonly start: number;
  /** Records one after another: pixels, then patch classes. */
  readonly records: Uint8Array;
  /** A JSON line an image; `null` for one that is no phantom. */
  readonly facts: string;
};

parentPort?.on("message", (job: RenderJob) => {
  const images = Array.from({ length: job.count }, (_, offset) =>
    renderImage(job.split, job.seed, job.start + offset, job),
  );
  const size = images.reduce((sum, image) => sum + image.pixels.length + image.patches.length, 0);
  const records = new Uint8Array(size);
  let offset = 0;
  for (const { pixels, patches } of images) {
    records.set(pixels, offset);
    records.set(patches, offset + pixels.length);
    offset += pixels.length + patches.length;
  }
  const facts = images.map((image) => `${JSON.stringify(image.facts ?? null)}\n`).join("");
  const reply: RenderReply = { start: job.start, records, facts };
  parentPort?.postMessage(reply, [records.buffer]);
});
