import { normalizeAnswer } from "./normalize_answer.ts";

/**
 * The published test of a closed question: the answer holds "yes" or "no" and the reference, each as a mere substring.
 * So "abnormal" counts as "no", and a reference that is neither yes nor no seldom counts.
 *
 * @returns 1 or 0; their mean is the published accuracy.
 */
export function closedHit(prediction: string, reference: string): number {
  const text = normalizeAnswer(prediction);
  const isAnswer = text.includes("yes") || text.includes("no");
  return isAnswer && text.includes(normalizeAnswer(reference)) ? 1 : 0;
}
