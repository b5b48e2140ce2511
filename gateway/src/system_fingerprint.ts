import type { DescribeModelResponse } from "@medv/proto/diffusion";
import { z } from "zod";
import { PREPROCESSING_VERSION } from "./image/preprocess_pixels.ts";

/** As it stands in answers. */
export const systemFingerprintSchema = z.string().meta({
  description:
    "Digest of the model's weights and graphs, and version of the preprocessing: where it and the seed are the same, so is the answer.",
});

/** What besides the request decides about an answer. */
export function systemFingerprint({
  modelDigest,
}: Pick<DescribeModelResponse, "modelDigest">): string {
  return `${modelDigest}/${PREPROCESSING_VERSION}`;
}
