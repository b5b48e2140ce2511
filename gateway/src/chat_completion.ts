import { z } from "zod";
import { chatSchema } from "./answer_request.ts";
import { noticeSchema } from "./notice.ts";
import { idempotencyHeaders } from "./idempotency/keyed_request.ts";
import type { Operation } from "./openapi/operation.ts";
import { openAiErrorSchema } from "./problem_body.ts";
import { ANSWER_ERRORS } from "./answers_operation.ts";
import { systemFingerprintSchema } from "./system_fingerprint.ts";
import { usageSchema } from "./usage.ts";

const finishReason = z.enum(["stop", "length"]);

const logprobs = z
  .object({
    content: z.array(
      z.object({
        token: z.string(),
        logprob: z.number(),
        bytes: z
          .array(z.int())
          .nullable()
          .meta({ description: "Null for a token that ends within a character." }),
        top_logprobs: z.array(z.unknown()).max(0),
      }),
    ),
    refusal: z.null(),
  })
  .meta({ id: "ChatLogprobs", description: "Log-confidence of each token at commit." });

/** As a union: beside a reference to a schema, the document would lose the null. */
function nullable<T extends z.ZodType>(schema: T) {
  return z.union([schema, z.null()]);
}

/** What the objects of one answer have in common. */
const head = {
  id: z.string(),
  created: z.int().meta({ description: "Seconds since 1970." }),
  model: z.string(),
  system_fingerprint: systemFingerprintSchema,
};

/** A whole answer in OpenAI's shape. */
export const completionSchema = z
  .object({
    ...head,
    object: z.literal("chat.completion"),
    choices: z.array(
      z.object({
        index: z.int(),
        message: z.object({
          role: z.literal("assistant"),
          content: z.string(),
          refusal: z.null(),
        }),
        logprobs: nullable(logprobs),
        finish_reason: finishReason,
      }),
    ),
    usage: usageSchema,
    notice: noticeSchema,
  })
  .meta({ id: "ChatCompletion" });

/** A piece of a streamed answer in OpenAI's shape. */
export const chunkSchema = z
  .object({
    ...head,
    object: z.literal("chat.completion.chunk"),
    choices: z.array(
      z.object({
        index: z.int(),
        delta: z.object({
          role: z.literal("assistant").optional(),
          content: z.string().optional(),
        }),
        logprobs: nullable(logprobs),
        finish_reason: finishReason.nullable(),
      }),
    ),
    usage: nullable(usageSchema).optional(),
    notice: noticeSchema.optional().meta({ description: "In the last of each choice." }),
  })
  .meta({ id: "ChatCompletionChunk" });

/** OpenAI's `logprobs` of a choice; null where they were not asked for. */
export type ChatLogprobs = z.output<typeof logprobs> | null;

/** {@link completionSchema}'s value. */
export type ChatCompletion = z.output<typeof completionSchema>;

/** {@link chunkSchema}'s value. */
export type ChatChunk = z.output<typeof chunkSchema>;

/** `POST /v1/chat/completions`. */
export const chatOperation = {
  method: "post",
  path: "/",
  operationId: "createChatCompletion",
  tag: "Answers",
  summary: "An answer in OpenAI's shape",
  description:
    "Whole, or with `stream` as events without names: a chunk or an error in the data of each, `[DONE]` in the last. Only committed text is streamed.",
  request: { headers: idempotencyHeaders, json: chatSchema },
  responses: {
    200: {
      description: "The answer.",
      content: {
        "application/json": { schema: completionSchema },
        "text/event-stream": {
          schema: z.union([chunkSchema, openAiErrorSchema]).meta({ id: "ChatStreamData" }),
        },
      },
    },
  },
  access: "caller",
  errors: ANSWER_ERRORS,
  errorStyle: "openai",
} as const satisfies Operation;
