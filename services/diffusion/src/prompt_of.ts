import { chatPrompt, type ChatMessage } from "@medv/model/chat_prompt";
import type { Checkpoint } from "@medv/model/checkpoint";
import { imageRows, imageTaps } from "@medv/model/image_rows";
import { mergePrompt, type MergedPrompt } from "@medv/model/merge_prompt";
import type { Tokenizer } from "@medv/model/tokenizer";
import { DomainError } from "@medv/proto";
import { Role, SystemPrompt, type GenerateRequest, type Message } from "@medv/proto/diffusion";

export type Prompt = {
  readonly merged: MergedPrompt;
  /** Index into the request's images, in the order in which their embeddings are joined. */
  readonly images: readonly number[];
};

/**
 * The merged prompt of a conversation: template, tokens, and every image's rows in its place.
 *
 * @throws {DomainError} `invalid_messages` for an empty conversation, a wrong order or an image that is not there.
 */
export function promptOf(
  request: GenerateRequest,
  checkpoint: Checkpoint,
  tokenizer: Tokenizer,
): Prompt {
  const { messages, images: references, settings } = request;
  if (messages.at(-1)?.role !== Role.USER) {
    throw invalid("Cannot answer as the conversation must end with a user message", "messages");
  }
  const images: number[] = [];
  const chat = messages.map((message, index) => {
    const { text, used } = readParts(message, index, references.length);
    images.push(...used);
    return { role: roleOf(message, index), text, images: used.length } satisfies ChatMessage;
  });
  const ids = chatPrompt(tokenizer, chat, {
    systemPrompt: settings?.systemPrompt === SystemPrompt.MEDICAL ? "medical" : "general",
    keepImageNewline: settings?.keepImageNewline ?? false,
  });
  const { vision, image } = checkpoint.config;
  const side = Math.floor(vision.imageSize / vision.patchSize);
  const offsets: number[] = [];
  let total = 0;
  const rows = images.map((index) => {
    const reference = references[index];
    const tiles = reference?.handle?.shape[0] ?? 0;
    if (reference === undefined || tiles !== 1 + reference.gridWidth * reference.gridHeight) {
      throw invalid(`Cannot place image ${index} as its tiles do not fit its grid`, "images");
    }
    offsets.push(total);
    total += tiles * side * side;
    return imageRows({ ...reference, tiles }, side, image);
  });
  return {
    merged: mergePrompt(ids, rows, { offsets, taps: imageTaps(checkpoint.config) }),
    images,
  };
}

function roleOf(message: Message, index: number): ChatMessage["role"] {
  if (message.role === Role.USER) return "user";
  if (message.role === Role.ASSISTANT) return "assistant";
  if (message.role === Role.SYSTEM && index === 0) return "system";
  throw invalid(
    "Cannot read the conversation as roles must be user or assistant, with system only at the start",
    `messages[${index}].role`,
  );
}

function readParts(
  message: Message,
  index: number,
  known: number,
): { readonly text: string; readonly used: readonly number[] } {
  const texts: string[] = [];
  const used: number[] = [];
  for (const { content } of message.parts) {
    if (content.case === "text") texts.push(content.value);
    else if (content.case === "image") {
      if (message.role !== Role.USER || content.value >= known) {
        throw invalid(
          "Cannot read the conversation as an image must be of the request and in a user message",
          `messages[${index}]`,
        );
      }
      used.push(content.value);
    }
  }
  return { text: texts.join("\n"), used };
}

function invalid(message: string, field: string): DomainError {
  return new DomainError("invalid_messages", message, { field });
}
