import { sidedKinds } from "../draw_facts.ts";
import type { PhantomFacts } from "../phantom.ts";
import type { Random } from "../random.ts";
import { closedPrompt } from "./attribute_prompts.ts";
import { phrase, type Exchange, type Style } from "./exchange.ts";
import { closedModalityPrompt, presenceOn, presencePrompt, secondPrompt } from "./questions.ts";
import { attributesOf } from "./words.ts";

/**
 * Questions that compare what they name with what is there, in random order, with yes about as often as no: attributes
 * of every finding, kinds of findings, on one side too, what else is there, and the kind of image. Of what can be asked
 * these are the hardest.
 */
export function comparisons(
  facts: PhantomFacts,
  random: Random,
  { style }: { readonly style: Style },
): readonly Exchange[] {
  const { modality, findings } = facts;
  const sided = sidedKinds(modality);
  const sidedHere = findings.map(({ kind }) => kind).filter((kind) => sided.includes(kind));
  const prompts = [
    // Twice, so that of the same image both a value that fits and one that does not are asked for.
    ...findings.flatMap((finding) =>
      attributesOf(finding).flatMap((attribute) =>
        [0, 1].map(() => closedPrompt(finding, attribute, finding.kind, random)),
      ),
    ),
    closedModalityPrompt(facts, random),
    presencePrompt(facts, random),
    presencePrompt(facts, random),
    ...(sided.length > 0 ? [...sidedHere, random.pick(sided)] : []).flatMap((kind) => [
      presenceOn(facts, kind, "left"),
      presenceOn(facts, kind, "right"),
    ]),
    ...(findings.length > 0 ? [secondPrompt(facts, random)] : []),
  ];
  return random.shuffle(prompts).map((prompt) => phrase(prompt, random, style));
}
