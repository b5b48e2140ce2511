import { IGNORE_LABEL } from "./loss/language_loss.ts";

export type TurnTokens = {
  readonly startHeader: number;
  readonly eot: number;
  /** First token of the assistant's header. */
  readonly assistant: number;
};

/**
 * The turn that each position belongs to, read from the labels: with it as order, later turns see earlier ones and not
 * the reverse. Messages run from a start header to the next eot; a message is the assistant's when its next label is
 * the assistant's header; the number grows when another's message follows the assistant's; what lies between messages
 * belongs to the running turn.
 *
 * @see `generate_conversation_ids` in LLaDA-V's llava_arch.py
 */
export function conversationIds(labels: ArrayLike<number>, tokens: TurnTokens): Int32Array {
  const turns = new Int32Array(labels.length);
  let turn = 0;
  let previous: "assistant" | "other" | undefined;
  let inside = false;
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index] ?? IGNORE_LABEL;
    if (!inside && label === tokens.startHeader) {
      inside = true;
      const speaker = labels[index + 1] === tokens.assistant ? "assistant" : "other";
      if (speaker === "other" && previous === "assistant") turn++;
      previous = speaker;
    }
    turns[index] = turn;
    if (label === tokens.eot) inside = false;
  }
  return turns;
}
