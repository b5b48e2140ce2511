import type { PhantomFacts } from "../phantom.ts";
import type { Random } from "../random.ts";
import { listed, mention, MODALITY_WORDS, upperFirst } from "./words.ts";

/** One sentence with all that is known, as a figure's caption. */
export function caption({ modality, findings }: PhantomFacts, random: Random): string {
  const { article, name } = MODALITY_WORDS[modality];
  const said = listed(findings.map(mention));
  if (findings.length === 0) {
    return random.pick([
      `Normal ${name}.`,
      `${upperFirst(name)} without abnormality.`,
      `A normal ${name} with no finding.`,
      `${upperFirst(article)} ${name} that shows nothing abnormal.`,
    ]);
  }
  return random.pick([
    `${upperFirst(name)} with ${said}.`,
    `${upperFirst(name)} showing ${said}.`,
    `${upperFirst(article)} ${name} that shows ${said}.`,
    `${upperFirst(said)}, seen in ${article} ${name}.`,
  ]);
}
