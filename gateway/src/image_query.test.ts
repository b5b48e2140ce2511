import { assert, constantFrom, object, oneof, property, string } from "fast-check";
import { expect, test } from "vitest";
import { imageChoice, imageQuery } from "./image_query.ts";
import { parseWith } from "./schema_error.ts";
import { CLEAR, outcomeOf } from "./testing/outcome_of.ts";

test("the query of an image is taken or clearly refused, whatever it says", () => {
  const value = oneof(string(), constantFrom("1", "0", "-1", "1e9", "40.5", "999999999", "NaN"));
  const query = object({
    key: constantFrom("frame", "window", "center", "width", "from", "toString"),
    values: [value],
    maxDepth: 0,
  });
  assert(
    property(query, (asked) => {
      expect(outcomeOf(() => imageChoice(parseWith(imageQuery, asked)))).toMatch(CLEAR);
    }),
    { numRuns: 300, seed: 1 },
  );
});
