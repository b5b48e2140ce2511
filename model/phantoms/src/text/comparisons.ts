import { kindsOf } from "../draw_facts.ts";
import type { PhantomFacts } from "../phantom.ts";
import type { Random } from "../random.ts";
import { closedPrompt } from "./attribute_prompts.ts";
import { phrase, type Exchange, type Style } from "./exchange.ts";
import { presenceOf, secondPrompt } from "./questions.ts";
import { attributesOf } from "./words.ts";

/**
 * Questions that compare what they name with what is there, in random order: every attribute of every finding, every
 * kind of finding of the modality, and what else is there. Of what can be asked these are the hardest and the rarest.
 */
export function comparisons(
  facts: PhantomFacts,
  random: Random,
  { style }: { readonly style: Style },
): readonly Exchange[] {
  const { modality, findings } = facts;
  const prompts = [
    ...findings.flatMap((finding) =>
      attributesOf(finding).map((attribute) =>
        closedPrompt(finding, attribute, finding.kind, random),
      ),
    ),
    ...kindsOf(modality).map((kind) => presenceOf(facts, kind)),
    ...(findings.length > 0 ? [secondPrompt(facts, random)] : []),
  ];
  return random.shuffle(prompts).map((prompt) => phrase(prompt, random, style));
}
