// Entry of a worker thread: see image_preprocessor.ts.
import { DomainError } from "@medv/proto";
import { type MessagePort, parentPort } from "node:worker_threads";
import { decodeImage } from "./decode_image.ts";
import type { PreprocessJob } from "./image_preprocessor.ts";
import { type PreprocessedImage, preprocessPixels } from "./preprocess_pixels.ts";
import type { WorkerReply, WorkerRequest } from "./worker_pool.ts";

if (parentPort === null) {
  throw new TypeError("Cannot preprocess images as this module must run in a worker thread");
}
serve(parentPort);

function serve(port: MessagePort): void {
  port.on("message", (request: WorkerRequest<PreprocessJob>) => {
    switch (request.type) {
      case "job":
        void answer(port, request.job);
        return;
      case "close":
        port.close();
        return;
      default:
        request satisfies never;
    }
  });
}

async function answer(port: MessagePort, job: PreprocessJob): Promise<void> {
  try {
    const image = await decodeImage(job.bytes, job.limits);
    const result = preprocessPixels(image, job.settings);
    const reply: WorkerReply<PreprocessedImage> = { type: "done", result };
    port.postMessage(reply, [result.pixels.buffer]);
  } catch (error) {
    port.postMessage(failure(error));
  }
}

function failure(error: unknown): WorkerReply<never> {
  if (error instanceof DomainError) {
    const { code, message, hint, cause } = error;
    return { type: "failed", code, message, hint, cause };
  }
  return {
    type: "failed",
    code: "internal",
    message: "Cannot preprocess the image as its settings and memory must suffice: see the cause",
    hint: undefined,
    cause: error,
  };
}
