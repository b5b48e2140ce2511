import { normalizeAnswer } from "./normalize_answer.ts";

/**
 * The published recall of an open question: words of the prediction that the reference has, counted as often as they
 * are said, over those and the reference's words that were not said. Saying a right word twice raises it.
 *
 * @returns From 0 to 1; the mean is the published open score.
 */
export function openRecall(prediction: string, reference: string): number {
  const said = wordCounts(prediction);
  const wanted = wordCounts(reference);
  let found = 0;
  let missed = 0;
  for (const [word, count] of wanted) {
    const times = said.get(word);
    if (times === undefined) missed += count;
    else found += times;
  }
  return found === 0 ? 0 : found / (found + missed);
}

function wordCounts(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of normalizeAnswer(text).split(" ")) {
    if (word !== "") counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}
