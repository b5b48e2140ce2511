/** What the judge gave the reference (assistant 1) and the candidate (assistant 2). */
export type JudgeScores = { readonly reference: number; readonly candidate: number };

const NUMBER = /^\d+(\.\d+)?$/;

/**
 * Reads a judge's reply: its first line must be two numbers and nothing else.
 *
 * @returns undefined if it is not, or if the reference got nothing that one could divide by.
 */
export function parseReply(text: string): JudgeScores | undefined {
  const [line = ""] = text.trim().split("\n");
  const [reference = "", candidate = "", ...rest] = line.trim().split(/[\s,]+/);
  if (rest.length > 0 || !NUMBER.test(reference) || !NUMBER.test(candidate)) return undefined;
  const scores = { reference: Number(reference), candidate: Number(candidate) };
  return scores.reference > 0 ? scores : undefined;
}
