import { DomainError } from "@medv/proto";
import { assert, property } from "fast-check";
import { expect, test } from "vitest";
import { type AnswerValue, closingValue, decodeValue, encodeValue, errorOf } from "./answer_log.ts";
import { changes, mutated } from "./image/testing/mutation.ts";

test.each<AnswerValue>([
  { type: "event", event: { type: "text-delta", choice: 0, text: "Hello" } },
  { type: "left-out" },
  { type: "end" },
])("decodeValue() gives back what encodeValue() made of $type", (value) => {
  expect(decodeValue(encodeValue(value))).toEqual(value);
});

test("an error is the same for a caller at another gateway", () => {
  const error = new DomainError("overloaded", "Cannot answer as it is full", { hint: "wait" });
  const value = decodeValue(encodeValue(closingValue({ error })));
  expect(value?.type === "error" && errorOf(value)).toEqual(error);
});

test.each(["no JSON", "{}", '{"type":"event","event":{"type":"text-delta"}}'])(
  "decodeValue() finds no value in %j",
  (text) => {
    expect(decodeValue(Buffer.from(text))).toBeUndefined();
  },
);

test("decodeValue() finds a value or none in one that was changed", () => {
  const whole = encodeValue({
    type: "error",
    code: "overloaded",
    detail: "Cannot go on as it is full",
  });
  assert(
    property(changes, (each) => {
      const type = decodeValue(mutated(whole, each))?.type;
      expect(["undefined", "event", "left-out", "end", "error"]).toContain(String(type));
    }),
    { numRuns: 300, seed: 1 },
  );
});
