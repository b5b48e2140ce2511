import type { Tokenizer } from "@medv/model/tokenizer";

/** Plain report text, by which a tokenizer's tokens per word are estimated before there is an answer to count. */
const SAMPLE =
  "This is a chest X-ray. There is a small nodule in the left upper lung and no pleural effusion. The heart is of normal " +
  "size. The image shows a round lesion with a smooth border on the right side, which is brighter than the tissue around " +
  "it. No other abnormality is seen, and the remaining structures appear normal.";

/** How many words a text has: what white space parts. */
export function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

/** Tokens that a word takes on average. */
export function tokensPerWord({ encodeText }: Pick<Tokenizer, "encodeText">): number {
  return encodeText(SAMPLE).length / countWords(SAMPLE);
}
