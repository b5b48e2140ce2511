import type { MessageInitShape } from "@bufbuild/protobuf";
import { SystemPrompt, Remasking, type DescribeModelResponseSchema } from "@medv/proto/diffusion";
import type { DecoderSession } from "./decoder_session.ts";
import { PROFILE_NAMES, profileNumber } from "@medv/proto/profile_name";
import { DEFAULT_PROFILE } from "./profiles.ts";
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
    profiles: PROFILE_NAMES.map(profileNumber),
    defaults: {
      profile: profileNumber(DEFAULT_PROFILE),
      genLength: DEFAULTS.genLength,
      temperature: DEFAULTS.temperature,
      cfgScale: DEFAULTS.cfgScale,
      remasking: Remasking.LOW_CONFIDENCE,
      systemPrompt: SystemPrompt.GENERAL,
    },
  };
}
