import { describe, expect, test } from "vitest";
import { address, choice, optionalText, positiveInteger, text } from "./environment.ts";

const NAME = "MEDV_X";

describe("positiveInteger()", () => {
  test.each([
    { value: undefined, expected: 7 },
    { value: "", expected: 7 },
    { value: "1", expected: 1 },
    { value: "268435456", expected: 268_435_456 },
  ])("reads $value as $expected", ({ value, expected }) => {
    expect(positiveInteger({ [NAME]: value }, NAME, 7)).toBe(expected);
  });

  test.each(["0", "abc", "1e9", "-3", "1.5", " 2", "99999999999999999999"])(
    'names the variable, the rule and the value for "%s"',
    (value) => {
      expect(() => positiveInteger({ [NAME]: value }, NAME, 7)).toThrow(
        `Cannot read MEDV_X as it must be an integer >= 1: current value is "${value}"`,
      );
    },
  );
});

describe("address()", () => {
  test.each(["127.0.0.1:50051", "vision:1", "[::1]:8080", "0.0.0.0:0"])("takes %s", (value) => {
    expect(address({ [NAME]: value }, NAME, "x:1")).toBe(value);
  });

  test.each(["50051", "host:", "host:70000", "http://host:1", "::1:80", ":80"])(
    "refuses %s",
    (value) => {
      expect(() => address({ [NAME]: value }, NAME, "x:1")).toThrow("as it must be host:port");
    },
  );
});

test("choice() refuses a word that is not offered", () => {
  const options = { choices: ["cpu", "cuda"], fallback: "cpu" } as const;
  expect(choice({}, NAME, options)).toBe("cpu");
  expect(choice({ [NAME]: "cuda" }, NAME, options)).toBe("cuda");
  expect(() => choice({ [NAME]: "tpu" }, NAME, options)).toThrow(
    'Cannot read MEDV_X as it must be one of cpu, cuda: current value is "tpu"',
  );
});

test("text() and optionalText() take an empty variable as not set", () => {
  expect(text({ [NAME]: "" }, NAME, "a")).toBe("a");
  expect(optionalText({ [NAME]: "" }, NAME)).toBeUndefined();
  expect(optionalText({ [NAME]: "b" }, NAME)).toBe("b");
});
