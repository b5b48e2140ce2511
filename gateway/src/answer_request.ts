import { DomainError } from "@medv/proto";
import { Priority } from "@medv/proto/diffusion";
import { z } from "zod";
import { type Conversation, messagesSchema, toConversation } from "./conversation.ts";
import { settingsFields, toGenerationSettings } from "./generation_settings.ts";
import { parseWith } from "./schema_error.ts";
import type { GenerateInput } from "./services.ts";

/** What is asked of the model, the same for both routes. */
export type AnswerRequest = {
  readonly model: string;
  readonly conversation: Conversation;
  readonly settings: NonNullable<GenerateInput["settings"]>;
  /** Answers to the conversation. */
  readonly choices: number;
  readonly priority: Priority;
};

/** An {@link AnswerRequest} and what becomes of the answer when its reader goes away. */
export type NativeRequest = AnswerRequest & { readonly onDisconnect: "cancel" | "continue" };

/** An {@link AnswerRequest} and how OpenAI's route answers it. */
export type ChatRequest = AnswerRequest & {
  readonly stream: boolean;
  readonly includeUsage: boolean;
};

const PRIORITIES = { interactive: Priority.INTERACTIVE, batch: Priority.BATCH } as const;

const answerSchema = z.strictObject({
  model: z.string(),
  messages: messagesSchema,
  n: z.int().min(1).max(16).nullish(),
  priority: z.enum(["interactive", "batch"]).default("interactive"),
  ...settingsFields,
});

const nativeSchema = answerSchema.extend({
  on_disconnect: z.enum(["cancel", "continue"]).default("cancel"),
});

const chatSchema = answerSchema.extend({
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean().optional() }).nullish(),
  // Labels of the caller's own, without effect on an answer.
  user: z.string().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});

/** OpenAI's fields that are not offered, each with the values that ask for nothing. */
const UNSUPPORTED: Readonly<Record<string, readonly unknown[]>> = {
  store: [false],
  // Only the committed token's is known when the answer comes out.
  top_logprobs: [0],
  top_p: [1],
  presence_penalty: [0],
  frequency_penalty: [0],
  logit_bias: [],
  tools: [],
  tool_choice: ["none"],
  parallel_tool_calls: [],
  functions: [],
  function_call: ["none"],
  response_format: [],
  audio: [],
  modalities: [],
  prediction: [],
  reasoning_effort: [],
  verbosity: [],
  service_tier: ["auto", "default"],
  web_search_options: [],
  safety_identifier: [],
  prompt_cache_key: [],
};

/**
 * Reads the body of `POST /v1/answers`.
 *
 * @throws {DomainError} `invalid_request`, `invalid_messages`, `invalid_setting`, `unsupported_field`, `image_too_large`.
 */
export function parseNativeRequest(body: unknown, maxImageBytes: number): NativeRequest {
  const request = parseWith(nativeSchema, body);
  return { ...toAnswerRequest(request, maxImageBytes), onDisconnect: request.on_disconnect };
}

/**
 * Reads the body of `POST /v1/chat/completions`. A field that would have no effect is refused by name.
 *
 * @throws {DomainError} As {@link parseNativeRequest}.
 */
export function parseChatRequest(body: unknown, maxImageBytes: number): ChatRequest {
  const request = parseWith(chatSchema, withoutUnsupported(body));
  return {
    ...toAnswerRequest(request, maxImageBytes),
    stream: request.stream ?? false,
    includeUsage: request.stream_options?.include_usage ?? false,
  };
}

function toAnswerRequest(
  request: z.output<typeof answerSchema>,
  maxImageBytes: number,
): AnswerRequest {
  return {
    model: request.model,
    settings: toGenerationSettings(request),
    conversation: toConversation(request.messages, maxImageBytes),
    choices: request.n ?? 1,
    priority: PRIORITIES[request.priority],
  };
}

function withoutUnsupported(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const kept = Object.entries(body).filter(([field, value]) => {
    const neutral = Object.hasOwn(UNSUPPORTED, field) ? UNSUPPORTED[field] : undefined;
    if (neutral === undefined) return true;
    if (value === null || neutral.includes(value)) return false;
    throw new DomainError("unsupported_field", `Cannot answer as "${field}" is not supported`, {
      field,
      hint: "leave it out",
    });
  });
  return Object.fromEntries(kept);
}
