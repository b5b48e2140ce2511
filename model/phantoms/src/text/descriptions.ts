import { kindsOf } from "../draw_facts.ts";
import type { PhantomFacts } from "../phantom.ts";
import type { Random } from "../random.ts";
import { ANATOMY, APPEARANCE } from "./appearance.ts";
import { DESCRIPTION_FORMS, type DescriptionForm } from "./description_forms.ts";
import { listed, mention, MODALITY_WORDS } from "./words.ts";

/** Asks for a long answer. */
export function descriptionQuestion(random: Random): string {
  return random.pick(DESCRIPTION_FORMS.flatMap(({ questions }) => questions));
}

/** How long a description may be, in what `measure` counts, such as tokens. */
export type DescriptionLength = {
  readonly most: number;
  readonly measure: (text: string) => number;
};

/**
 * The description of a wanted length that a question asks for, in the order of a report: the anatomy, what is absent, what
 * a finding looks like, and last what was found, which is never left out. No sentence stands in it twice.
 *
 * So from both ends a place tells its sentence: the anatomy is the same at every image of a modality, and what was found
 * ends where the description does.
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
  let chosen: readonly Sentence[] = [conclusion(facts, form)];
  for (const sentence of supply(facts, form)) {
    const longer = [...chosen, sentence].toSorted((left, right) => left.place - right.place);
    if (measure(textOf(longer)) <= most) chosen = longer;
  }
  return textOf(chosen);
}

/**
 * A sentence and where in the description it belongs: from 0 the anatomy, from 30 what fills, at 40 what is absent, from 50
 * what findings look like, at 60 the conclusion, and behind it what fills three tokens.
 */
type Sentence = { readonly text: string; readonly place: number };

function textOf(sentences: readonly Sentence[]): string {
  return sentences.map(({ text }) => text).join(" ");
}

/** Everything important in one sentence, for a description that has room for no more. */
function conclusion({ modality, findings }: PhantomFacts, form: DescriptionForm): Sentence {
  const image = MODALITY_WORDS[modality];
  const said = listed(findings.map(mention));
  return { text: findings.length === 0 ? form.normal(image) : form.found(image, said), place: 60 };
}

/** All other sentences, those that say most first and the shortest last, where they fill what is left. */
function supply({ modality, findings }: PhantomFacts, form: DescriptionForm): readonly Sentence[] {
  const present = findings.map(({ kind }) => kind);
  const appearance = present.map((kind, index) => ({ text: APPEARANCE[kind], place: 50 + index }));
  const missing = kindsOf(modality).filter((kind) => !present.includes(kind));
  const absent = missing.length > 0 ? [{ text: form.absent(missing), place: 40 }] : [];
  const anatomy = ANATOMY[modality].map((text, index) => ({ text, place: index }));
  const filling = [
    { text: "The quality is good.", place: 30 },
    { text: "A drawn image.", place: 31 },
    { text: "Nothing else.", place: 70 },
  ];
  return [...appearance, ...absent, ...anatomy, ...filling];
}
