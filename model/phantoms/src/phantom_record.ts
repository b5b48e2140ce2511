import { drawFacts } from "./draw_facts.ts";
import type { Modality, PhantomFacts, Split } from "./phantom.ts";
import { randomOf, type Random } from "./random.ts";
import { caption } from "./text/captions.ts";
import { description, descriptionQuestion } from "./text/descriptions.ts";
import { dialogue } from "./text/dialogues.ts";
import type { Exchange, Topic } from "./text/exchange.ts";
import { NOT_A_PHANTOM } from "./text/not_a_phantom.ts";
import { exchanges } from "./text/questions.ts";

/** A line of `phantoms.jsonl`: an image, what is known of it, and what can be asked. */
export type PhantomRecord = {
  readonly id: string;
  /** Beside the file. */
  readonly image: string;
  /** Null for an image that is no phantom. */
  readonly modality: Modality | null;
  readonly facts: PhantomFacts | null;
  readonly caption: string;
  /** Each is asked on its own: one open and one closed where the facts allow it. */
  readonly questions: readonly RecordedExchange[];
  /** Asked one after the other. */
  readonly dialogue: readonly RecordedExchange[];
  /** For one image in {@link DESCRIBED_EVERY}. */
  readonly descriptions: readonly { readonly question: string; readonly answer: string }[];
};

export type RecordedExchange = {
  readonly question: string;
  readonly answer: string;
  readonly answer_type: "OPEN" | "CLOSED";
  readonly topic: Topic;
};

export const DESCRIBED_EVERY = 10;

/** Length of the reference description, in characters. */
const DESCRIPTION_LENGTH = 400;

/** Writes down what a phantom shows, with questions drawn by its number. @param facts Undefined for no phantom. */
export function phantomRecord(
  { split, seed, index }: { readonly split: Split; readonly seed: number; readonly index: number },
  facts: PhantomFacts | undefined,
): PhantomRecord {
  const random = randomOf(split, seed, index, "texts");
  const id = `${split}-${String(index).padStart(6, "0")}`;
  const asked = facts ?? drawFacts(random);
  const record = ({ question, answer, answerType, topic }: Exchange): RecordedExchange => ({
    question,
    answer: facts === undefined ? NOT_A_PHANTOM : answer,
    answer_type: facts === undefined ? "OPEN" : answerType,
    topic,
  });
  const questions = oneOfEach(exchanges(asked, random, { style: "concise" }));
  const turns = dialogue(asked, random, { style: "concise", turns: random.integer(2, 3) });
  return {
    id,
    image: `images/${id}.png`,
    modality: facts?.modality ?? null,
    facts: facts ?? null,
    caption: facts === undefined ? NOT_A_PHANTOM : caption(facts, random),
    questions: questions.map(record),
    // What is no phantom has nothing that later turns could refer back to.
    dialogue: facts === undefined ? [] : turns.map(record),
    descriptions: index % DESCRIBED_EVERY === 0 ? [described(facts, random)] : [],
  };
}

function oneOfEach(all: readonly Exchange[]): readonly Exchange[] {
  return (["OPEN", "CLOSED"] as const).flatMap((type) =>
    all.filter(({ answerType }) => answerType === type).slice(0, 1),
  );
}

function described(
  facts: PhantomFacts | undefined,
  random: Random,
): PhantomRecord["descriptions"][number] {
  const question = descriptionQuestion(random);
  if (facts === undefined) return { question, answer: NOT_A_PHANTOM };
  const length = { most: DESCRIPTION_LENGTH, measure: (sentence: string) => sentence.length };
  return { question, answer: description(facts, question, length) };
}
