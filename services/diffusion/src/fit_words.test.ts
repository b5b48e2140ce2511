import { expect, test } from "vitest";
import { coveredCanvas, type Canvas } from "./canvas.ts";
import { fitWords } from "./fit_words.ts";

const MASK = 9;

/** Fills what is covered with words of so many tokens; 2 begins a word, 1 goes on with it. */
function fill(canvas: Canvas, tokensPerWord: number): Canvas {
  const tokenIds = canvas.tokenIds.map((id, place) =>
    id === MASK ? (place % tokensPerWord === 0 ? 2 : 1) : id,
  );
  return { ...canvas, tokenIds };
}

const countWords = (ids: Int32Array): number => ids.filter((id) => id === 2).length;

test.each([
  { words: 40, estimate: 40, tokensPerWord: 2 },
  { words: 40, estimate: 80, tokensPerWord: 3 },
  { words: 40, estimate: 120, tokensPerWord: 2 },
  { words: 10, estimate: 15, tokensPerWord: 1 },
  { words: 3, estimate: 9, tokensPerWord: 2 },
])(
  "fitWords() comes to $words words where $estimate tokens were expected and each takes $tokensPerWord",
  ({ words, estimate, tokensPerWord }) => {
    const kept = Math.floor(estimate / 2);
    const plan = { type: "words", words, startLength: estimate, kept, countWords } as const;
    let canvas = fill(coveredCanvas(estimate, MASK), tokensPerWord);
    const front = canvas.tokenIds.slice(0, kept);
    for (let round = 0; ; round++) {
      const next = fitWords(canvas, plan, { round, most: 3 * estimate, maskId: MASK });
      if (next === undefined) break;
      expect(next.start).toBeGreaterThanOrEqual(kept);
      canvas = fill(next.canvas, tokensPerWord);
    }
    expect(Math.abs(countWords(canvas.tokenIds) - words)).toBeLessThanOrEqual(words * 0.1);
    expect(canvas.tokenIds.slice(0, kept)).toEqual(front);
  },
);

test("fitWords() gives up after some rounds, and never outgrows its room", () => {
  const plan = { type: "words", words: 50, startLength: 60, kept: 30, countWords } as const;
  let canvas = fill(coveredCanvas(60, MASK), 1000);
  let rounds = 0;
  for (;;) {
    const next = fitWords(canvas, plan, { round: rounds, most: 90, maskId: MASK });
    if (next === undefined) break;
    canvas = fill(next.canvas, 1000);
    rounds += 1;
  }
  expect(rounds).toBe(8);
  expect(canvas.tokenIds).toHaveLength(90);
});
