import { expect, test } from "vitest";
import { choose, openChoice, templateCanvas } from "./choose.ts";
import type { DecoderRow, RowResult } from "./decoder_row.ts";
import type { DenoiseRequest } from "./denoise.ts";
import type { TemplateLength } from "./length_plan.ts";
import type { TemplatePart } from "./template.ts";

const MASK = 9;
const PROMPT = 2;

/** What `choose()` and the view read of a request. */
function requestOf(plan: TemplateLength, minTokens: number): DenoiseRequest {
  return {
    prompt: { tokenIds: new Int32Array(PROMPT) },
    settings: { plan, minTokens, suffixIds: [], cache: "none", doubt: 0.5, rules: { risk: 1 } },
    maskId: MASK,
  } as unknown as DenoiseRequest;
}

async function chosen(
  parts: readonly TemplatePart[],
  probability: Readonly<Record<number, number>>,
) {
  const plan: TemplateLength = { type: "template", parts };
  const canvas = templateCanvas(plan, MASK);
  const rows: DecoderRow[] = [];
  const run = async (row: DecoderRow): Promise<RowResult> => {
    rows.push(row);
    return { asked: Float32Array.from(row.askedIds, (id) => probability[id] ?? 0) } as RowResult;
  };
  const choice = openChoice(plan);
  if (choice === undefined) throw new TypeError("Cannot choose as the template has no choice");
  const request = requestOf(plan, canvas.tokenIds.length);
  const { signal } = new AbortController();
  const made = await choose(run, { request, plan, canvas, choice }, signal);
  return { ...made, rows };
}

const PARTS: readonly TemplatePart[] = [
  { type: "fixed", ids: [1] },
  { type: "choice", options: [[2, 3, 4], [5], [6, 7]] },
  { type: "fixed", ids: [8] },
];

test.each([
  {
    what: "the likeliest",
    probability: { 2: 0.1, 3: 0.1, 4: 0.1, 5: 0.2, 6: 0.9, 7: 0.8 },
    ids: [6, 7],
  },
  {
    what: "by the mean over tokens",
    probability: { 2: 0.5, 3: 0.5, 4: 0.5, 5: 0.4, 6: 0.1 },
    ids: [2, 3, 4],
  },
  { what: "the first of equals", probability: { 5: 0.5, 6: 0.5, 7: 0.5 }, ids: [5] },
  { what: "one that nothing speaks for", probability: {}, ids: [2, 3, 4] },
  { what: "one where nothing is known", probability: { 2: NaN, 5: NaN }, ids: [2, 3, 4] },
])("choose() takes $what", async ({ probability, ids }) => {
  const { canvas, start, settings } = await chosen(PARTS, probability);
  expect([...canvas.tokenIds]).toEqual([1, ...ids, 8]);
  expect(start).toBe(1 + ids.length);
  expect(settings.minTokens).toBe(2 + ids.length);
  expect(openChoice(settings.plan as TemplateLength)).toBeUndefined();
  const told = (probability as Record<number, number>)[ids[0] ?? 0] ?? 0;
  expect(canvas.commitConfidence[1]).toBeCloseTo(told > 0 ? told : 0);
});

test("choose() asks about each option with its gap covered, as wide as the option, what follows in its place", async () => {
  const { rows, canvas } = await chosen(PARTS, {});
  expect(rows.map(({ tokenIds }) => [...tokenIds.subarray(PROMPT)])).toEqual([
    [1, MASK, MASK, MASK, 8],
    [1, MASK, 8],
    [1, MASK, MASK, 8],
  ]);
  expect(rows.map(({ askedIds }) => askedIds)).toEqual([[2, 3, 4], [5], [6, 7]]);
  for (const row of rows) {
    expect(row).toMatchObject({
      activeStart: PROMPT + 1,
      quota: [0],
      shadow: [],
      rules: { risk: 0 },
    });
  }
  expect(canvas.step).toBe(3);
});
