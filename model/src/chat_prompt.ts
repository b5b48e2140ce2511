import { joinAtImages } from "./split_at_images.ts";
import type { Tokenizer } from "./tokenizer.ts";

export type ChatMessage = {
  readonly role: "system" | "user" | "assistant";
  readonly text: string;
  /** Images that stand before the text. */
  readonly images: number;
};

export type ChatPromptOptions = {
  /** Used when the conversation does not begin with a system message. */
  readonly systemPrompt: keyof typeof SYSTEM_PROMPTS;
  /** Keeps the newline after an image, as in training; the published inference path drops it. */
  readonly keepImageNewline: boolean;
};

/** The two system prompts of the published conversation templates, `llava_llada` and `llava_llada_med`. */
export const SYSTEM_PROMPTS = {
  general: systemPrompt("language and vision assistant"),
  medical: systemPrompt("medical language and vision assistant"),
} as const;

/**
 * The prompt of a conversation, with a placeholder for each image, ending with an open assistant header.
 *
 * Control tokens are written by id and texts are encoded as text, so no message can forge a turn.
 */
export function chatPrompt(
  tokenizer: Pick<Tokenizer, "encodeText" | "special">,
  messages: readonly ChatMessage[],
  options: ChatPromptOptions,
): Int32Array {
  const { special } = tokenizer;
  const pieces: number[][] = [[special.bos]];
  const piece = (): number[] => pieces.at(-1) ?? [];
  const header = (role: string): void => {
    piece().push(special.startHeader, ...tokenizer.encodeText(role), special.endHeader);
  };
  const all: readonly ChatMessage[] =
    messages[0]?.role === "system"
      ? messages
      : [{ role: "system", text: SYSTEM_PROMPTS[options.systemPrompt], images: 0 }, ...messages];
  for (const message of all) {
    header(message.role);
    const text = message.text.trim();
    if (message.images === 0) {
      piece().push(...tokenizer.encodeText(`\n\n${text}`));
    } else {
      piece().push(...tokenizer.encodeText("\n\n"));
      for (let image = 1; image <= message.images; image++) {
        const after = image === message.images ? `\n${text}` : "\n";
        pieces.push([...tokenizer.encodeText(after)]);
      }
    }
    piece().push(special.eot);
  }
  header("assistant");
  piece().push(...tokenizer.encodeText("\n\n"));
  return Int32Array.from(
    joinAtImages(pieces, { bos: special.bos, keepFirst: options.keepImageNewline }),
  );
}

function systemPrompt(what: string): string {
  return `You are a helpful ${what}. You are able to understand the visual content that the user provides, and assist the user with a variety of tasks using natural language.`;
}
