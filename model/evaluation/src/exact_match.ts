import { normalizeAnswer } from "./normalize_answer.ts";

/** The strict test, for closed and open questions: after normalization both are the same, and not empty. */
export function exactMatch(prediction: string, reference: string): number {
  const text = normalizeAnswer(prediction);
  return text !== "" && text === normalizeAnswer(reference) ? 1 : 0;
}
