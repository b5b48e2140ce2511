import { expect, test } from "vitest";
import { closedHit } from "./closed_hit.ts";
import { exactMatch } from "./exact_match.ts";
import { normalizeAnswer } from "./normalize_answer.ts";
import { openRecall } from "./open_recall.ts";

/** From the LLaVA-Med v1.0.0 evaluator, as `vqa_metrics.json` of the oracle has them. */
const ORACLE = [
  {
    said: "Yes, there is a pneumothorax.",
    right: "yes",
    normal: "yes there is pneumothorax",
    hit: 1,
    recall: 1,
  },
  { said: "The image is abnormal", right: "no", normal: "image is abnormal", hit: 1, recall: 0 },
  {
    said: "This is a normal chest x-ray",
    right: "yes",
    normal: "this is normal chest x ray",
    hit: 0,
    recall: 0,
  },
  { said: "Not seen", right: "no", normal: "not seen", hit: 1, recall: 0 },
  {
    said: "right right right",
    right: "right lung",
    normal: "right right right",
    hit: 0,
    recall: 0.75,
  },
  {
    said: "It's a CT-scan of the abdomen/pelvis (axial)",
    right: "CT scan",
    normal: "it's ct scan of abdomen pelvis axial",
    hit: 0,
    recall: 1,
  },
  { said: "two", right: "2", normal: "2", hit: 0, recall: 1 },
  {
    said: "The tumor measures 3.5 cm, 1,000 HU",
    right: "3.5 cm",
    normal: "tumor measures 3.5 cm 1000 hu",
    hit: 0,
    recall: 1,
  },
  { said: "", right: "liver", normal: "", hit: 0, recall: 0 },
  { said: "liver", right: "liver and spleen", normal: "liver", hit: 0, recall: 0.3333333333333333 },
  {
    said: "They dont show it; isnt visible",
    right: "don't",
    normal: "they don't show it isn't visible",
    hit: 0,
    recall: 1,
  },
  { said: "none of the above", right: "0", normal: "0 of above", hit: 0, recall: 1 },
] as const;

test.each(ORACLE)('the published metrics of "$said" for "$right" are reproduced', (vector) => {
  const { said, right, normal, hit, recall } = vector;
  expect(normalizeAnswer(said)).toBe(normal);
  expect(closedHit(said, right)).toBe(hit);
  expect(openRecall(said, right)).toBeCloseTo(recall, 12);
});

test.each([
  { said: "No.", right: "no", exact: 1 },
  { said: "The image is abnormal", right: "no", exact: 0 },
  { said: "No, the image is normal", right: "no", exact: 0 },
  { said: "The right upper lobe", right: "right upper lobe", exact: 1 },
  { said: "a", right: "the", exact: 0 },
])('exactMatch() of "$said" and "$right" is $exact', ({ said, right, exact }) => {
  expect(exactMatch(said, right)).toBe(exact);
});

test("normalizeAnswer() removes 32 dots and leaves those before digits", () => {
  expect(normalizeAnswer(`${".".repeat(33)}a .5`)).toBe(".a .5");
});
