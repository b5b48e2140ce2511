import { CONTRACTIONS } from "./contractions.ts";

const MARKS = ';/[]"{}()=+\\_-><@`,?!'.split("");
const ARTICLES: ReadonlySet<string> = new Set(["a", "an", "the"]);
const NUMBERS: ReadonlyMap<string, string> = new Map([
  ["none", "0"],
  ...["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"].map(
    (word, number) => [word, String(number)] as const,
  ),
]);
const DIGIT_COMMA_DIGIT = /\p{Nd},\p{Nd}/u;
const DOT_BEFORE_NO_DIGIT = /\.(?!\p{Nd})/gu;
/** The published code gives a flag where its language expects a count; the flag's value is 32. */
const MOST_DOTS = 32;

/**
 * Brings an answer into the form that the published evaluation compares: lower case, without articles and most
 * punctuation, small numbers as digits, contractions with their apostrophe.
 */
export function normalizeAnswer(text: string): string {
  return withoutDots(withoutMarks(text.toLowerCase()))
    .split(/\s+/u)
    .filter((word) => word !== "")
    .map((word) => NUMBERS.get(word) ?? word)
    .filter((word) => !ARTICLES.has(word))
    .map((word) => CONTRACTIONS.get(word) ?? word)
    .join(" ")
    .replaceAll(",", "");
}

/** A mark that stands next to a blank anywhere is deleted everywhere, another one becomes a blank. */
function withoutMarks(text: string): string {
  const hasGroupedDigits = DIGIT_COMMA_DIGIT.test(text);
  return MARKS.reduce((rest, mark) => {
    const isDeleted = hasGroupedDigits || text.includes(`${mark} `) || text.includes(` ${mark}`);
    return rest.replaceAll(mark, isDeleted ? "" : " ");
  }, text);
}

function withoutDots(text: string): string {
  let count = 0;
  return text.replaceAll(DOT_BEFORE_NO_DIGIT, (dot) => (count++ < MOST_DOTS ? "" : dot));
}
