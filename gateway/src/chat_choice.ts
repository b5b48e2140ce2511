import type { AnswerEvent, TokenLogprob } from "./answer_event.ts";
import type { ChatLogprobs } from "./chat_completion.ts";

/**
 * Tokens in OpenAI's shape. A token that ends within a character has no bytes of its own there.
 *
 * @param isAsked Whether the request has `logprobs`.
 */
export function chatLogprobs(
  tokens: readonly TokenLogprob[] | undefined,
  isAsked: boolean,
): ChatLogprobs {
  if (!isAsked) return null;
  const content = (tokens ?? []).map(({ text, logprob }) => ({
    token: text,
    logprob,
    bytes: text.includes("\uFFFD") ? null : Array.from(new TextEncoder().encode(text)),
    top_logprobs: [],
  }));
  return { content, refusal: null };
}

/** What has come of one choice of a whole completion. */
export type ChatChoice = {
  readonly content: string;
  readonly tokens: readonly TokenLogprob[];
  readonly finishReason?: "stop" | "length";
};

/** A choice of which nothing has come. */
export const NO_CHOICE: ChatChoice = { content: "", tokens: [] };

/** The choices after another event; one is done when it has a finish reason. */
export function withEvent(choices: readonly ChatChoice[], event: AnswerEvent): ChatChoice[] {
  return choices.map((choice, index) => {
    if (event.type === "image-ready" || event.choice !== index) return choice;
    if (event.type === "answer-end") return { ...choice, finishReason: event.finish_reason };
    if (event.type !== "text-delta") return choice;
    return {
      ...choice,
      content: choice.content + event.text,
      tokens: [...choice.tokens, ...(event.tokens ?? [])],
    };
  });
}
