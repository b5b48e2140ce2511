// Entry of a process: see image_preprocessor.ts.
import { DomainError } from "@medv/proto";
import process from "node:process";
import { decodeImage } from "./decode_image.ts";
import { restrictDecoders } from "./decode_picture.ts";
import type { PreparedImage, PreprocessJob } from "./image_preprocessor.ts";
import { qualityWarnings } from "./image_quality.ts";
import { preprocessPixels } from "./preprocess_pixels.ts";
import type { ProcessReply } from "./process_pool.ts";

restrictDecoders();
// The gateway decides when to leave, also where a signal reaches the whole group of processes.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});
process.on("disconnect", () => process.exit(0));
process.on("message", (job: PreprocessJob) => void answer(job).then(reply));
reply({ type: "ready" });

async function answer(job: PreprocessJob): Promise<ProcessReply<PreparedImage>> {
  try {
    const { data, ...rest } = await decodeImage(job.bytes, job.limits, job.choice);
    const image = { data, ...rest };
    const { width: _width, height: _height, ...description } = rest;
    const warnings = [...description.warnings, ...qualityWarnings(image)];
    return {
      type: "done",
      result: {
        ...preprocessPixels(image, job.settings),
        description: { ...description, warnings },
      },
    };
  } catch (error) {
    return failure(error);
  }
}

/** Only what may be shown: a library's message or a cause may quote what stands in the file. */
function failure(error: unknown): ProcessReply<never> {
  if (error instanceof DomainError) {
    const { code, message, field, hint } = error;
    return { type: "failed", code, message, field, hint };
  }
  return {
    type: "failed",
    code: "internal",
    message: "Cannot preprocess the image as its settings and memory must suffice",
    field: undefined,
    hint: undefined,
  };
}

function reply(message: ProcessReply<PreparedImage>): void {
  process.send?.(message);
}
