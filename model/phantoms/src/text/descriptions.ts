import { kindsOf } from "../draw_facts.ts";
import type { PhantomFacts } from "../phantom.ts";
import type { Random } from "../random.ts";
import { ANATOMY, APPEARANCE } from "./appearance.ts";
import { DESCRIPTION_FORMS, type DescriptionForm } from "./description_forms.ts";
import { indefinite, isPlural, listed, mention, MODALITY_WORDS, plural } from "./words.ts";

/** Asks for a long answer. */
export function descriptionQuestion(random: Random): string {
  return random.pick(DESCRIPTION_FORMS.flatMap(({ questions }) => questions));
}

/** How long a description may be: the sum over its sentences of what `measure` gives each, such as tokens. */
export type DescriptionLength = {
  readonly most: number;
  readonly measure: (sentence: string) => number;
};

/**
 * The description of a wanted length that a question asks for: what was found first, then what it looks like, what is
 * absent, the anatomy, and a conclusion. No sentence stands in it twice. Its first sentence, which says what was found,
 * is never left out.
 *
 * @param question One that {@link descriptionQuestion} gives.
 * @throws {RangeError} If the question asks for no description.
 */
export function description(
  facts: PhantomFacts,
  question: string,
  { most, measure }: DescriptionLength,
): string {
  const form = DESCRIPTION_FORMS.find(({ questions }) => questions.includes(question));
  if (form === undefined) {
    throw new RangeError(`Cannot describe as "${question}" asks for no description`);
  }
  const first = opening(facts, form);
  const chosen = [first];
  let length = measure(first.text);
  for (const sentence of supply(facts, form)) {
    const longer = length + measure(` ${sentence.text}`);
    if (longer > most || chosen.some(({ place }) => place === sentence.place)) continue;
    chosen.push(sentence);
    length = longer;
  }
  return chosen
    .toSorted((left, right) => left.place - right.place)
    .map(({ text }) => text)
    .join(" ");
}

/** A sentence and where in the description it belongs; of those of one place the first that there is room for stands. */
type Sentence = { readonly text: string; readonly place: number };

/** Everything important in one sentence, for a description that has room for no more. */
function opening({ modality, findings }: PhantomFacts, form: DescriptionForm): Sentence {
  const image = MODALITY_WORDS[modality];
  const said = listed(findings.map(mention));
  return { text: findings.length === 0 ? form.normal(image) : form.found(image, said), place: 0 };
}

/** All other sentences, those that say most first and the shortest last, where they fill what is left. */
function supply(facts: PhantomFacts, form: DescriptionForm): readonly Sentence[] {
  const { modality, findings } = facts;
  const present = findings.map(({ kind }) => kind);
  const appearance = findings.map(({ kind }, index) => ({
    text: APPEARANCE[kind],
    place: 1 + index,
  }));
  const missing = kindsOf(modality).filter((kind) => !present.includes(kind));
  const absent = missing.length > 0 ? [{ text: form.absent(missing), place: 10 }] : [];
  const anatomy = ANATOMY[modality].map((text, index) => ({ text, place: 20 + index }));
  const [first] = findings;
  const ending: Sentence[] = [
    {
      text:
        first === undefined
          ? "In conclusion, this is a normal image."
          : `In conclusion, the main finding${findings.length > 1 || isPlural(first) ? "s are" : " is"} ${listed(present.map((kind, index) => (isPluralAt(facts, index) ? plural(kind) : indefinite(kind))))}.`,
      place: 50,
    },
    { text: form.nothingElse, place: 40 },
    { text: "The quality is good.", place: 41 },
    { text: "A drawn image.", place: 42 },
    { text: "Nothing else.", place: 40 },
  ];
  return [...appearance, ...absent, ...anatomy, ...ending];
}

function isPluralAt({ findings }: PhantomFacts, index: number): boolean {
  const finding = findings[index];
  return finding !== undefined && isPlural(finding);
}
