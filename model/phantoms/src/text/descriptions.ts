import { kindsOf } from "../draw_facts.ts";
import type { PhantomFacts } from "../phantom.ts";
import type { Random } from "../random.ts";
import { ANATOMY, APPEARANCE } from "./appearance.ts";
import { indefinite, isPlural, listed, mention, MODALITY_WORDS, plural } from "./words.ts";

/** Asks for a long answer. */
export function descriptionQuestion(random: Random): string {
  return random.pick([
    "Describe this image in detail.",
    "Describe the findings in detail.",
    "Give a detailed description of the image.",
    "Write a detailed report of this image.",
    "What can be said about this image in detail?",
  ]);
}

/** How long a description may be: the sum over its sentences of what `measure` gives each, such as tokens. */
export type DescriptionLength = {
  readonly most: number;
  readonly measure: (sentence: string) => number;
};

/**
 * A description of a wanted length: what was found first, then what it looks like, what is absent, the anatomy, and a
 * conclusion. Words vary, but not what is said nor in which order, as in a report that follows a form: who fills all
 * places at once has to know what stands elsewhere. No sentence stands in it twice. Its first sentence, which says what was found, is never left out.
 */
export function description(
  facts: PhantomFacts,
  random: Random,
  { most, measure }: DescriptionLength,
): string {
  const first = opening(facts, random);
  const chosen = [first];
  let length = measure(first.text);
  for (const sentence of supply(facts, random)) {
    const longer = length + measure(` ${sentence.text}`);
    if (longer > most) continue;
    chosen.push(sentence);
    length = longer;
  }
  return chosen
    .toSorted((left, right) => left.place - right.place)
    .map(({ text }) => text)
    .join(" ");
}

/** A sentence and where in the description it belongs. */
type Sentence = { readonly text: string; readonly place: number };

/** Everything important in one sentence, for a description that has room for no more. */
function opening({ modality, findings }: PhantomFacts, random: Random): Sentence {
  const { article, name } = MODALITY_WORDS[modality];
  const said = listed(findings.map(mention));
  const texts =
    findings.length === 0
      ? [`This is a normal ${name}.`, `This ${name} shows nothing abnormal.`]
      : [`This ${name} shows ${said}.`, `This is ${article} ${name} with ${said}.`];
  return { text: random.pick(texts), place: 0 };
}

/** All other sentences, those that say most first and the shortest last, where they fill what is left. */
function supply(facts: PhantomFacts, random: Random): readonly Sentence[] {
  const { modality, findings } = facts;
  const present = findings.map(({ kind }) => kind);
  const appearance = findings.map(({ kind }, index) => ({
    text: APPEARANCE[kind],
    place: 1 + index,
  }));
  const absent = kindsOf(modality)
    .filter((kind) => !present.includes(kind))
    .map((kind, index) => ({
      text: random.pick([
        `There is no ${kind}.`,
        `No ${kind} is seen.`,
        `Signs of ${plural(kind)} are absent.`,
        `The image does not show ${indefinite(kind)}.`,
      ]),
      place: 10 + index,
    }));
  const anatomy = ANATOMY[modality].map((text, index) => ({ text, place: 20 + index }));
  const [first] = findings;
  const ending: Sentence[] = [
    {
      text:
        first === undefined
          ? "In conclusion, this is a normal image."
          : `In conclusion, the main finding${findings.length > 1 || isPlural(first) ? "s are" : " is"} ${listed(present.map((kind, index) => (isPluralAt(facts, index) ? plural(kind) : indefinite(kind))))}.`,
      place: 40,
    },
    { text: random.pick(["Nothing else is seen.", "No other change is seen."]), place: 30 },
  ];
  const fillers = ["It is a drawn image.", "The quality is good.", "The image is clear."].map(
    (text, index) => ({ text, place: 31 + index }),
  );
  return [...appearance, ...absent, ...anatomy, ...ending, ...fillers];
}

function isPluralAt({ findings }: PhantomFacts, index: number): boolean {
  const finding = findings[index];
  return finding !== undefined && isPlural(finding);
}
