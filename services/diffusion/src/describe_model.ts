import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  Profile,
  SystemPrompt,
  Remasking,
  type DescribeModelResponseSchema,
} from "@medv/proto/diffusion";
import type { DecoderSession } from "./decoder_session.ts";
import { DEFAULTS } from "./resolve_settings.ts";

/** What the gateway needs to know of the model: its name, how images are preprocessed, and the defaults. */
export function describeModel(
  model: string,
  { checkpoint, contextLength }: Pick<DecoderSession, "checkpoint" | "contextLength">,
): MessageInitShape<typeof DescribeModelResponseSchema> {
  const { image, vision } = checkpoint.config;
  return {
    model,
    modelDigest: checkpoint.digest,
    preprocessing: {
      imageSize: vision.imageSize,
      aspectRatio: image.aspectRatio,
      gridPinpoints: image.gridPinpoints.map(([width, height]) => ({ width, height })),
    },
    contextLength,
    profiles: [Profile.EXACT, Profile.PREFIX],
    defaults: {
      profile: Profile.EXACT,
      genLength: DEFAULTS.genLength,
      blockLength: DEFAULTS.genLength,
      steps: DEFAULTS.genLength,
      temperature: DEFAULTS.temperature,
      cfgScale: DEFAULTS.cfgScale,
      remasking: Remasking.LOW_CONFIDENCE,
      systemPrompt: SystemPrompt.GENERAL,
    },
  };
}
