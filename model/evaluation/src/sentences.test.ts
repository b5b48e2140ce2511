import { expect, test } from "vitest";
import { beginsWith, countWords, repeatsSentence, repeatsWord } from "./sentences.ts";

test.each([
  { text: "A lesion. No fluid. A LESION!", repeats: true },
  { text: "A lesion.\nA lesion", repeats: true },
  { text: "It is 3.5 cm. It is 3.5 mm.", repeats: false },
  { text: "A lesion. A lesion of the liver.", repeats: false },
  { text: "", repeats: false },
])('repeatsSentence() of "$text" is $repeats', ({ text, repeats }) => {
  expect(repeatsSentence(text)).toBe(repeats);
});

test.each([
  { text: "This is not a phantom; it is a cat.", begins: true },
  { text: "THIS is not a phantom", begins: true },
  { text: "This is not a phantomime", begins: false },
  { text: "Yes. This is not a phantom.", begins: false },
])('beginsWith() of "$text" is $begins', ({ text, begins }) => {
  expect(beginsWith(text, "This is not a phantom.")).toBe(begins);
});

test("countWords() counts what stands between blanks", () => {
  expect(countWords("  One x-ray,\ntwo lungs. ")).toBe(4);
  expect(countWords("")).toBe(0);
});

test.each([
  { text: "Signs of of nodules.", repeats: true },
  { text: "It is Is large.", repeats: true },
  { text: "There is no nodule. Nodule, or not? Not.", repeats: false },
  { text: "", repeats: false },
])('repeatsWord() of "$text" is $repeats', ({ text, repeats }) => {
  expect(repeatsWord(text)).toBe(repeats);
});
