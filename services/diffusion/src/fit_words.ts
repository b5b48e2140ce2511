import { NO_STOP } from "@medv/model/stop_position";
import { recovered, type Canvas } from "./canvas.ts";
import type { WordsLength } from "./length_plan.ts";

/** How far the count may be off, as a share of what is asked for. */
const TOLERANCE = 0.1;

/** How often an end is written again, and how many more tokens of it each time. */
const ROUNDS = 8;
const TAIL = 8;

/**
 * The canvas at the length that its own tokens per word suggest, its end covered, where it has too few or too many words.
 *
 * @param options.round How often its end was written again so far.
 * @param options.most Longest that it may become.
 * @returns The canvas, and the position from which it is to be filled; undefined where the answer is done.
 */
export function fitWords(
  canvas: Canvas,
  { words, startLength, kept, countWords }: WordsLength,
  options: { readonly round: number; readonly most: number; readonly maskId: number },
): { readonly canvas: Canvas; readonly start: number } | undefined {
  const { round, most, maskId } = options;
  const { length } = canvas.tokenIds;
  const count = countWords(canvas.tokenIds);
  const missing = words - count;
  const isStopped = canvas.stop < NO_STOP;
  if (isStopped || Math.abs(missing) <= words * TOLERANCE || round >= ROUNDS) return undefined;
  // One odd answer, such as a word of many tokens, is no measure of the next.
  const perWord = Math.min(length / Math.max(count, 1), (2 * startLength) / words);
  const change = Math.sign(missing) * Math.max(1, Math.round(Math.abs(missing) * perWord));
  const next = Math.min(Math.max(length + change, kept + 1), most);
  const start = Math.max(kept, Math.min(length, next) - TAIL * (round + 1));
  return { canvas: recovered(canvas, { from: start, length: next, maskId }), start };
}
