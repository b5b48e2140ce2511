/** The words of a text in lower case, whatever stands between them. */
export function plainWords(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
}

/** How many words an answer has. */
export function countWords(text: string): number {
  return text.split(/\s+/u).filter((word) => word !== "").length;
}

/** Whether `text` begins with `sentence`, by their words. */
export function beginsWith(text: string, sentence: string): boolean {
  const words = plainWords(text);
  const wanted = plainWords(sentence);
  return wanted.length > 0 && wanted.every((word, index) => words[index] === word);
}

/** Whether a sentence of the text occurs twice, by its words. */
export function repeatsSentence(text: string): boolean {
  const sentences = text
    .split(/[.!?]+(?=\s|$)|\n+/u)
    .map((sentence) => plainWords(sentence).join(" "))
    .filter((sentence) => sentence !== "");
  return new Set(sentences).size < sentences.length;
}

/** Whether a word stands twice in a row within a sentence, as where places that were filled together do not fit. */
export function repeatsWord(text: string): boolean {
  return text
    .split(/[^\p{L}\p{N}'\s]+/u)
    .map(plainWords)
    .some((words) => words.some((word, index) => word === words[index + 1]));
}
