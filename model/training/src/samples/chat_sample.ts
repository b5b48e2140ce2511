import { IMAGE_PLACEHOLDER } from "@medv/model/merge_prompt";
import type { Tokenizer } from "@medv/model/tokenizer";
import { IGNORE_LABEL } from "../loss/language_loss.ts";

/** A tokenized training sample; {@link IMAGE_PLACEHOLDER} stands for its image. */
export type Sample = {
  readonly ids: readonly number[];
  readonly labels: readonly number[];
  /**
   * The part of the sample that each token belongs to: a part sees itself and part 0, which sees itself alone. Absent
   * where all see all.
   */
  readonly parts?: readonly number[];
};

export type SampleTurn = { readonly question: string; readonly answer: string };

/** How a chat's text is laid out around its messages. */
export type ChatLayout = {
  readonly systemPrompt: string;
  /** Whether the first question comes with an image, whose rows stand before it. */
  readonly image: boolean;
  /**
   * Keeps the newline after the image, as the published training does; the published inference path drops it.
   */
  readonly keepNewline: boolean;
};

type Tokens = Pick<Tokenizer, "encodeText" | "special">;

/**
 * A conversation as LLaDA-V tokenizes it for training: one bos, then every message with its header and eot, nothing
 * trimmed. Targets are all tokens of the assistant's messages, header and eot among them, and everywhere bos, header
 * marks and eot.
 *
 * @param options.canvasEnd How many more eot follow the last one. The sampler never writes eos, so what it leaves behind
 * the end of an answer on its canvas is eot, and an answer must not mind it.
 * @param options.lastAnswer Only the last answer is a target; the others are given, as when a follow-up is asked.
 * @see `preprocess_llada` in LLaDA-V's train.py
 */
export function chatSample(
  { encodeText, special }: Tokens,
  turns: readonly SampleTurn[],
  options: ChatLayout & { readonly canvasEnd: number; readonly lastAnswer?: boolean },
): Sample {
  const always = new Set([special.bos, special.startHeader, special.endHeader, special.eot]);
  const ids: number[] = [];
  const labels: number[] = [];
  const push = (tokens: readonly number[], target: boolean): void => {
    ids.push(...tokens);
    labels.push(...tokens.map((id) => (target || always.has(id) ? id : IGNORE_LABEL)));
  };
  const message = (role: string, content: readonly number[], target: boolean): void =>
    push(
      [special.startHeader, ...encodeText(role), special.endHeader, ...content, special.eot],
      target,
    );
  push([special.bos], false);
  message("system", encodeText(`\n\n${options.systemPrompt}`), false);
  turns.forEach(({ question, answer }, index) => {
    const after = options.keepNewline ? `\n${question}` : question;
    const content =
      options.image && index === 0
        ? [...encodeText("\n\n"), IMAGE_PLACEHOLDER, ...encodeText(after)]
        : encodeText(`\n\n${question}`);
    message("user", content, false);
    const isTarget = options.lastAnswer !== true || index === turns.length - 1;
    message("assistant", encodeText(`\n\n${answer}`), isTarget);
  });
  push(
    Array.from({ length: options.canvasEnd }, () => special.eot),
    true,
  );
  return { ids, labels };
}

/**
 * Many chats about one image as one sample: system prompt and image stand once, and every chat is a part that sees them
 * and itself. A chat costs a fifth of what it does alone. Of each the last answer is learnt.
 */
export function quizSample(
  tokens: Tokens,
  conversations: readonly (readonly SampleTurn[])[],
  layout: ChatLayout,
): Sample {
  const chats = conversations.map((turns) =>
    chatSample(tokens, turns, { ...layout, canvasEnd: 1, lastAnswer: true }),
  );
  const [first] = chats;
  if (first === undefined) return { ids: [], labels: [], parts: [] };
  const shared = first.ids.indexOf(IMAGE_PLACEHOLDER) + 1;
  const own = chats.map(({ ids, labels }) => ({
    ids: ids.slice(shared),
    labels: labels.slice(shared),
  }));
  return {
    ids: [...first.ids.slice(0, shared), ...own.flatMap(({ ids }) => ids)],
    labels: [...first.labels.slice(0, shared), ...own.flatMap(({ labels }) => labels)],
    parts: [
      ...first.ids.slice(0, shared).map(() => 0),
      ...own.flatMap(({ ids }, index) => ids.map(() => index + 1)),
    ],
  };
}

/**
 * Questions and answers about one image without any of a chat's marks, each pair a part as in {@link quizSample}. Only
 * answers are targets: twice as many are learnt in the same time, and the marks are soon learnt afterwards.
 */
export function plainQuizSample(
  { encodeText }: Tokens,
  exchanges: readonly SampleTurn[],
  image: boolean,
): Sample {
  const ids = image ? [IMAGE_PLACEHOLDER] : [];
  const labels = image ? [IGNORE_LABEL] : [];
  const parts = image ? [0] : [];
  exchanges.forEach(({ question, answer }, index) => {
    const asked = encodeText(`${question}\n`);
    const answered = encodeText(`${answer}\n`);
    ids.push(...asked, ...answered);
    labels.push(...asked.map(() => IGNORE_LABEL), ...answered);
    parts.push(...[...asked, ...answered].map(() => index + 1));
  });
  return { ids, labels, parts };
}

/**
 * An image and its caption, as the alignment stage trains: no bos, no marks, every token of the caption a target.
 *
 * @see `preprocess_plain` in LLaDA-V's train.py
 */
export function captionSample({ encodeText }: Tokens, caption: string, image: boolean): Sample {
  const text = encodeText(`${caption}\n`);
  return {
    ids: image ? [IMAGE_PLACEHOLDER, ...text] : text,
    labels: image ? [IGNORE_LABEL, ...text] : text,
  };
}
