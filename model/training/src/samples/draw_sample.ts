import { SYSTEM_PROMPTS } from "@medv/model/chat_prompt";
import type { Tokenizer } from "@medv/model/tokenizer";
import { drawFacts } from "@medv/phantoms/draw_facts";
import type { PhantomFacts } from "@medv/phantoms/phantom";
import type { Random } from "@medv/phantoms/random";
import { caption } from "@medv/phantoms/text/captions";
import { comparisons } from "@medv/phantoms/text/comparisons";
import { description, descriptionQuestion } from "@medv/phantoms/text/descriptions";
import { dialogue, followUp } from "@medv/phantoms/text/dialogues";
import { NOT_A_PHANTOM } from "@medv/phantoms/text/not_a_phantom";
import { exchanges } from "@medv/phantoms/text/questions";
import { isQuizKind, type QuizKind, type SampleKind } from "../stage_config.ts";
import {
  captionSample,
  chatSample,
  plainQuizSample,
  quizSample,
  type Sample,
  type SampleTurn,
} from "./chat_sample.ts";

export type DrawSampleOptions = {
  readonly image: boolean;
  /** Rows that the image takes in the sequence. */
  readonly imageRows: number;
  /** Most exchanges of a conversation. */
  readonly turns: number;
  /** Only the last answer is learnt. */
  readonly lastAnswer: boolean;
  /** Length of a description's sequence, image rows among them, which it fills. */
  readonly sequence: number;
};

/**
 * One sample about an image, with texts drawn anew at every call.
 *
 * @param facts Undefined for an image that is no phantom, which gets the same answer whatever is asked.
 */
export function drawSample(
  tokenizer: SampleTokens,
  kind: SampleKind,
  facts: PhantomFacts | undefined,
  random: Random,
  options: DrawSampleOptions,
): Sample {
  if (kind === "caption") {
    const text = facts === undefined ? NOT_A_PHANTOM : caption(facts, random);
    return captionSample(tokenizer, text, options.image);
  }
  if (kind === "plain_quiz") {
    return plainQuizSample(tokenizer, quiz(facts, random, PLAIN_EXCHANGES), options.image);
  }
  if (kind === "plain_comparison") {
    return plainQuizSample(tokenizer, compared(facts, random, PLAIN_EXCHANGES), options.image);
  }
  const chat = {
    // The published system prompts; which of the two the weights were trained with is not known, so both are met.
    systemPrompt: random.pick([SYSTEM_PROMPTS.general, SYSTEM_PROMPTS.medical]),
    image: options.image,
    keepNewline: random.chance(0.5),
  };
  if (isQuizKind(kind)) {
    return quizSample(tokenizer, conversations(kind, facts, random), chat);
  }
  if (kind !== "description") {
    const canvasEnd = random.chance(0.5) ? 0 : random.integer(1, MOST_CANVAS_END);
    const { lastAnswer } = options;
    const conversation = turns(kind, facts, random, options.turns);
    return chatSample(tokenizer, conversation, { ...chat, canvasEnd, lastAnswer });
  }
  const question = descriptionQuestion(random);
  const length = (answer: string): number =>
    chatSample(tokenizer, [{ question, answer }], { ...chat, canvasEnd: 0 }).ids.length +
    (options.image ? options.imageRows - 1 : 0);
  const answer =
    facts === undefined
      ? NOT_A_PHANTOM
      : description(facts, question, {
          most: options.sequence - length(""),
          measure: (text) => tokenizer.encodeText(text).length,
        });
  const canvasEnd = Math.max(0, options.sequence - length(answer));
  return chatSample(tokenizer, [{ question, answer }], { ...chat, canvasEnd });
}

/** An answer's canvas is often longer than the answer. */
const MOST_CANVAS_END = 24;

/** Chats of a quiz, of one with dialogues, and exchanges of one without a chat's marks. */
const QUIZ_EXCHANGES = 8;
const QUIZ_DIALOGUES = 4;
const QUIZ_FOLLOW_UPS = 5;
const PLAIN_EXCHANGES = 16;

function conversations(
  kind: QuizKind,
  facts: PhantomFacts | undefined,
  random: Random,
): readonly (readonly SampleTurn[])[] {
  if (kind === "dialogue_quiz") {
    return Array.from({ length: QUIZ_DIALOGUES }, () =>
      turns("dialogue", facts, random, random.integer(2, MOST_DIALOGUE_TURNS)),
    );
  }
  if (kind === "follow_up_quiz") {
    return Array.from({ length: QUIZ_FOLLOW_UPS }, () =>
      asked(facts, random, (about) =>
        followUp(about, random, random.chance(0.8) ? "concise" : "sentence"),
      ),
    );
  }
  const draw = kind === "quiz" ? quiz : compared;
  return draw(facts, random, QUIZ_EXCHANGES).map((exchange) => [exchange]);
}

/** So many turns the longest dialogues have, the last of which often asks what else there is. */
const MOST_DIALOGUE_TURNS = 4;

/** Sentences say more than short answers do, and are learnt from sooner. */
function quiz(
  facts: PhantomFacts | undefined,
  random: Random,
  most: number,
): readonly SampleTurn[] {
  const drawn = (["sentence", "concise", "concise"] as const).flatMap((style) =>
    asked(facts, random, (about) => exchanges(about, random, { style })),
  );
  return random.shuffle(drawn).slice(0, most);
}

/**
 * Short answers alone: all that is learnt is whether two things are the same, and among the words of a sentence that is
 * learnt ten times more slowly.
 */
function compared(
  facts: PhantomFacts | undefined,
  random: Random,
  most: number,
): readonly SampleTurn[] {
  const drawn = [0, 1].flatMap(() =>
    asked(facts, random, (about) => comparisons(about, random, { style: "concise" })),
  );
  return random.shuffle(drawn).slice(0, most);
}

type SampleTokens = Pick<Tokenizer, "encodeText" | "special">;

function turns(
  kind: "dialogue" | "concise" | "comparison",
  facts: PhantomFacts | undefined,
  random: Random,
  most: number,
): readonly SampleTurn[] {
  switch (kind) {
    case "dialogue":
      return asked(facts, random, (about) =>
        dialogue(about, random, {
          style: random.chance(0.4) ? "sentence" : "concise",
          turns: most,
        }),
      );
    // Several in a row, unrelated: more is learnt from one look at the image.
    case "concise":
      return asked(facts, random, (about) =>
        exchanges(about, random, { style: "concise" }).slice(0, most),
      );
    case "comparison":
      return asked(facts, random, (about) =>
        comparisons(about, random, {
          style: random.chance(0.75) ? "concise" : "sentence",
        }).slice(0, most),
      );
    default:
      return kind satisfies never;
  }
}

/** An image that is no phantom is asked what any phantom might be asked. */
function asked(
  facts: PhantomFacts | undefined,
  random: Random,
  ask: (facts: PhantomFacts) => readonly SampleTurn[],
): readonly SampleTurn[] {
  if (facts !== undefined) return ask(facts);
  const [first] = ask(drawFacts(random));
  return [{ question: first?.question ?? descriptionQuestion(random), answer: NOT_A_PHANTOM }];
}
