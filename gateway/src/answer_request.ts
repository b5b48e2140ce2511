import { DomainError } from "@medv/proto";
import { Priority } from "@medv/proto/diffusion";
import { z } from "zod";
import { type Conversation, messagesSchema, toConversation } from "./conversation.ts";
import { settingsFields, toGenerationSettings } from "./generation_settings.ts";
import { ANSWER_TTL_MS } from "./kept_answer.ts";
import { labelFields, neutralFields } from "./openai_fields.ts";
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
export type NativeRequest = AnswerRequest & {
  readonly onDisconnect: "cancel" | "continue";
  /** How long an answer that can be taken up is kept after its last event or reader. */
  readonly keptSeconds: number;
};

/** An {@link AnswerRequest} and how OpenAI's route answers it. */
export type ChatRequest = AnswerRequest & {
  readonly stream: boolean;
  readonly includeUsage: boolean;
};

const PRIORITIES = { interactive: Priority.INTERACTIVE, batch: Priority.BATCH } as const;

const MAX_CONTINUE_SECONDS = ANSWER_TTL_MS / 1000;

const answerSchema = z.strictObject({
  model: z.string(),
  messages: messagesSchema,
  n: z
    .int()
    .min(1)
    .max(16)
    .nullish()
    .meta({ description: "Answers to the conversation; each has the seed before it plus one." }),
  priority: z.enum(["interactive", "batch"]).default("interactive").meta({
    description: "`batch` runs where interactive answers leave room.",
  }),
  ...settingsFields,
});

/** The body of `POST /v1/answers`. */
export const nativeSchema = answerSchema
  .extend({
    on_disconnect: z.enum(["cancel", "continue"]).default("cancel").meta({
      description:
        "Whether the work goes on when its reader, or the last of those who asked under one `Idempotency-Key`, goes away, to be taken up by its id.",
    }),
    continue_seconds: z
      .int()
      .min(1)
      .max(MAX_CONTINUE_SECONDS)
      .optional()
      .meta({
        description: `With \`on_disconnect: "continue"\`, for how long after its last event or reader the answer can be taken up; ${MAX_CONTINUE_SECONDS} where it is missing.`,
      }),
  })
  .meta({ id: "AnswerRequest" });

/** The body of `POST /v1/chat/completions`. */
export const chatSchema = answerSchema
  .extend({
    stream: z.boolean().nullish(),
    stream_options: z
      .strictObject({
        include_usage: z.boolean().optional(),
        include_obfuscation: z.literal(false).optional(),
      })
      .nullish(),
    ...labelFields,
    ...neutralFields,
  })
  .meta({ id: "ChatRequest" });

/**
 * What `POST /v1/answers` asks for.
 *
 * @throws {DomainError} `invalid_request`, `invalid_messages`, `invalid_setting`, `unsupported_field`, `image_too_large`.
 */
export function toNativeRequest(
  request: z.output<typeof nativeSchema>,
  maxImageBytes: number,
): NativeRequest {
  const { on_disconnect: onDisconnect, continue_seconds: continueSeconds } = request;
  if (continueSeconds !== undefined && onDisconnect !== "continue") {
    throw new DomainError(
      "invalid_setting",
      `Cannot keep the answer for continue_seconds as on_disconnect must be "continue": it is "${onDisconnect}"`,
      { field: "continue_seconds" },
    );
  }
  const keptSeconds = continueSeconds ?? MAX_CONTINUE_SECONDS;
  return { ...toAnswerRequest(request, maxImageBytes), onDisconnect, keptSeconds };
}

/**
 * What `POST /v1/chat/completions` asks for.
 *
 * @throws {DomainError} As {@link toNativeRequest}.
 */
export function toChatRequest(
  request: z.output<typeof chatSchema>,
  maxImageBytes: number,
): ChatRequest {
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
