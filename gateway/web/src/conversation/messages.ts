import type { AnswerSettings, ChatImage, Turn } from "./conversation.ts";

type Part =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image_url"; readonly image_url: { readonly url: string } };
type Message = { readonly role: "user" | "assistant"; readonly content: string | readonly Part[] };

/** The body of a question: OpenAI's members, and the decoder's own under `diffusion`. */
export type AnswerBody = {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly max_tokens?: number;
  readonly diffusion: {
    readonly profile: string;
    readonly words?: number;
    readonly template?: string;
  };
};

/**
 * What is sent for the last of `turns`, after the first answer to each turn before it. A question without an answer is
 * left out; its images go with the next one, which is asked about them.
 *
 * @throws {TypeError} If an image was not uploaded.
 */
export function answerBody(
  model: string,
  turns: readonly Turn[],
  settings: AnswerSettings,
): AnswerBody {
  const last = turns.length - 1;
  let images: readonly ChatImage[] = [];
  const messages = turns.flatMap((turn, index): Message[] => {
    images = [...images, ...turn.images];
    const text = turn.answers[0]?.text ?? "";
    if (index < last && text === "") return [];
    const question = questionOf(turn.question, images);
    images = [];
    return index === last ? [question] : [question, { role: "assistant", content: text }];
  });
  return { model, messages, ...settingsOf(settings) };
}

/** What decides the length excludes all else that would. */
function settingsOf({ profile, genLength, words, template }: AnswerSettings) {
  if (template !== undefined) return { diffusion: { profile, template } };
  if (words !== undefined) return { diffusion: { profile, words } };
  return { max_tokens: genLength, diffusion: { profile } };
}

function questionOf(question: string, images: readonly ChatImage[]): Message {
  const parts = images.map(({ name, upload }): Part => {
    if (upload === undefined) {
      throw new TypeError(`Cannot ask as the image must be uploaded: "${name}"`);
    }
    return { type: "image_url", image_url: { url: `medv-image:${upload.id}` } };
  });
  return { role: "user", content: [...parts, { type: "text", text: question }] };
}
