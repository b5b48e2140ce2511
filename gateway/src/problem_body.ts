import { DOMAIN_CODES } from "@medv/proto/domain_error";
import { z } from "zod";

const code = z
  .enum(DOMAIN_CODES)
  .meta({ description: "Stable: programs may match on it. The texts may change." });

/** What both a problem and an error in mid stream say. */
export const problemMembers = {
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code,
  field: z
    .string()
    .optional()
    .meta({ description: "Path of the offending field, such as `diffusion.block_length`." }),
  hint: z.string().optional().meta({ description: "What can be done about it." }),
  request_id: z.string(),
};

/** RFC 9457's members and ours. */
export const problemSchema = z
  .object({ type: z.string(), ...problemMembers })
  .meta({ id: "Problem", description: "An error of the native routes (RFC 9457)." });

/** OpenAI's error body. */
export const openAiErrorSchema = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.enum(["invalid_request_error", "rate_limit_error", "api_error"]),
      param: z.string().nullable(),
      code,
    }),
  })
  .meta({ id: "OpenAiError", description: "An error in OpenAI's shape." });

/** {@link problemSchema}'s value. */
export type Problem = Readonly<z.output<typeof problemSchema>>;

/** {@link openAiErrorSchema}'s value. */
export type OpenAiError = Readonly<z.output<typeof openAiErrorSchema>>;
