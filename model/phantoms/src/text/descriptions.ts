import { kindsOf } from "../draw_facts.ts";
import type { PhantomFacts } from "../phantom.ts";
import type { Random } from "../random.ts";
import { ANATOMY, KIND_SENTENCES } from "./appearance.ts";
import { DESCRIPTION_FORMS, type DescriptionForm } from "./description_forms.ts";
import { listed, mention, MODALITY_WORDS } from "./words.ts";

/** Asks for a long answer. */
export function descriptionQuestion(random: Random): string {
  return random.pick(DESCRIPTION_FORMS.flatMap(({ questions }) => questions));
}

/** How long a description may be, in what `measure` counts, such as tokens: of each sentence, with the space before it. */
export type DescriptionLength = {
  readonly most: number;
  readonly measure: (text: string) => number;
};

/**
 * The description of a wanted length that a question asks for, in the order of a report: what there is and is not of every
 * kind of finding, the anatomy, and last what was found, which is never left out. No sentence stands in it twice.
 *
 * All but what fills and what was found has the same length, and stands at every image of a modality at the same place. It
 * is as long as it may be, too: an end that comes sooner at one image than at another is one that a sampler puts anywhere.
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
  const end = conclusion(facts, form);
  const lengthOf = (sentences: readonly string[]): number =>
    sentences.reduce(
      (sum, sentence, index) => sum + measure(index === 0 ? sentence : ` ${sentence}`),
      0,
    );
  const all = report(facts);
  const fitting = all.findLastIndex(
    (_, index) => lengthOf([...all.slice(0, index + 1), end]) <= most,
  );
  // Where nothing is as short as what is left, one sentence of the report makes room for two that fill.
  const [longest = [end]] = [fitting + 1, fitting]
    .flatMap((count) =>
      FILLINGS.map((filling) => [...all.slice(0, Math.max(0, count)), ...filling, end]),
    )
    .map((sentences) => ({ sentences, length: lengthOf(sentences) }))
    .filter(({ length }) => length <= most)
    .toSorted((left, right) => right.length - left.length)
    .map(({ sentences }) => sentences);
  return longest.join(" ");
}

/** All that can be said before the conclusion, in its order. */
function report({ modality, findings }: PhantomFacts): readonly string[] {
  const found = new Set(findings.map(({ kind }) => kind));
  const kinds = kindsOf(modality).map((kind) =>
    found.has(kind) ? KIND_SENTENCES[kind].present : KIND_SENTENCES[kind].absent,
  );
  return [...kinds, ...ANATOMY[modality]];
}

/** Of three, four, five and six tokens, so that one or two of them have any length from three to eleven. */
const FILLING = [
  "Good quality.",
  "A drawn image.",
  "The picture is sharp.",
  "The picture is evenly lit.",
] as const;

/** What fills the rest: nothing, one, or two in their order. */
const FILLINGS: readonly (readonly string[])[] = [
  [],
  ...FILLING.map((sentence) => [sentence]),
  ...FILLING.flatMap((first, index) => FILLING.slice(index + 1).map((second) => [first, second])),
];

/** Everything important in one sentence. */
function conclusion({ modality, findings }: PhantomFacts, form: DescriptionForm): string {
  const image = MODALITY_WORDS[modality];
  return findings.length === 0
    ? form.normal(image)
    : form.found(image, listed(findings.map(mention)));
}
