import { DomainError } from "@medv/proto";
import { expect, test } from "vitest";
import { type AnswerValue, closingValue, decodeValue, encodeValue, errorOf } from "./answer_log.ts";

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
