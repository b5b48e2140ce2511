import { DomainError } from "@medv/proto";
import { Role } from "@medv/proto/diffusion";
import { z } from "zod";
import { type NamedImage, parseImageUrl } from "./image_url.ts";
import type { GenerateInput } from "./services.ts";

const textPart = z.strictObject({ type: z.literal("text"), text: z.string() });

const imagePart = z.strictObject({
  type: z.literal("image_url"),
  image_url: z.strictObject({
    url: z.string().meta({
      description:
        "`data:<type>;base64,<bytes>`, `medv-image:<id>` with the id of an upload, or an `https:` URL where the operator allows its host.",
    }),
    detail: z.literal("auto").optional(),
  }),
});

const part = z
  .discriminatedUnion("type", [
    textPart.meta({ id: "TextPart" }),
    imagePart.meta({ id: "ImagePart", description: "In messages of the user only." }),
  ])
  .meta({ id: "ContentPart" });

const message = z
  .strictObject({
    role: z.enum(["system", "developer", "user", "assistant"]).meta({
      description: "A system or developer message must be the first; the last is the user's.",
    }),
    content: z.union([z.string(), z.array(part).min(1)]),
    // OpenAI clients send an earlier answer back with this member.
    refusal: z.null().optional(),
  })
  .meta({ id: "Message" });

/** More than fit the context of the published model: each is fetched, decoded and encoded before that is known. */
const MAX_IMAGES = 32;

/** The `messages` of both answer routes. */
export const messagesSchema = z
  .array(message)
  .meta({ description: `With at most ${MAX_IMAGES} images in all.` });

/** A conversation as the decoder takes it, images by index. */
export type Conversation = {
  readonly messages: NonNullable<GenerateInput["messages"]>;
  readonly images: readonly NamedImage[];
};

const ROLES = {
  system: Role.SYSTEM,
  // OpenAI's newer name for it.
  developer: Role.SYSTEM,
  user: Role.USER,
  assistant: Role.ASSISTANT,
} as const;

/**
 * Brings messages into the decoder's shape; neighbouring text parts are joined by a newline.
 *
 * @param maxImageBytes Cap on each image.
 * @throws {DomainError} `invalid_messages`, or what {@link parseImageUrl} throws.
 */
export function toConversation(
  messages: z.output<typeof messagesSchema>,
  maxImageBytes: number,
): Conversation {
  checkOrder(messages);
  const images: NamedImage[] = [];
  const converted = messages.map(({ role, content }, index) => {
    const parts =
      typeof content === "string" ? [{ type: "text", text: content } as const] : content;
    const placed: {
      content: { case: "text"; value: string } | { case: "image"; value: number };
    }[] = [];
    for (const [place, each] of parts.entries()) {
      if (each.type === "text") {
        const last = placed.at(-1)?.content;
        if (last?.case === "text") last.value += `\n${each.text}`;
        else placed.push({ content: { case: "text", value: each.text } });
        continue;
      }
      const field = `messages[${index}].content[${place}].image_url`;
      if (role !== "user") {
        throw invalid(
          `Cannot place the image as only user messages may have one: role is "${role}"`,
          field,
        );
      }
      if (images.length === MAX_IMAGES) {
        throw invalid(
          `Cannot answer as a conversation may have at most ${MAX_IMAGES} images: this is one more`,
          field,
        );
      }
      placed.push({ content: { case: "image", value: images.length } });
      images.push(parseImageUrl(each.image_url.url, `${field}.url`, maxImageBytes));
    }
    return { role: ROLES[role], parts: placed };
  });
  return { messages: converted, images };
}

function checkOrder(messages: z.output<typeof messagesSchema>): void {
  if (messages.length === 0) {
    throw invalid("Cannot answer as the conversation must have a message: it is empty", "messages");
  }
  const late = messages.findIndex(({ role }, index) => ROLES[role] === Role.SYSTEM && index > 0);
  if (late !== -1) {
    throw invalid("Cannot answer as a system message must be the first", `messages[${late}]`);
  }
  const last = messages.length - 1;
  const role = messages[last]?.role;
  if (role !== "user") {
    throw invalid(
      `Cannot answer as the last message must be the user's: role is "${role}"`,
      `messages[${last}].role`,
    );
  }
}

function invalid(text: string, field: string): DomainError {
  return new DomainError("invalid_messages", text, { field });
}
