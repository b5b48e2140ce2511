import { assert, constantFrom, property, string } from "fast-check";
import { expect, test } from "vitest";
import { parseImageUrl } from "./image_url.ts";
import { CLEAR, outcomeOf } from "./testing/outcome_of.ts";

test("parseImageUrl() takes or clearly refuses any text", () => {
  const heads = constantFrom("", "data:", "data:image/png;base64,", "medv-image:", "https:", "x:");
  assert(
    property(heads, string({ unit: "binary" }), (head, rest) => {
      expect(outcomeOf(() => parseImageUrl(head + rest, "url", 10))).toMatch(CLEAR);
    }),
    { numRuns: 300, seed: 1 },
  );
});
