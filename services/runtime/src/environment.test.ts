import { expect, test } from "vitest";
import { address, choice, optionalText, positiveInteger, replicas, text } from "./environment.ts";

test.each([
  { value: undefined, expected: 64 },
  { value: "", expected: 64 },
  { value: "7", expected: 7 },
])("positiveInteger() reads $value as $expected", ({ value, expected }) => {
  expect(positiveInteger({ MEDV_STEPS: value }, "MEDV_STEPS", 64)).toBe(expected);
});

test.each(["0", "-1", "abc", "1e9", "1.5", " 1", "0x10", "9007199254740993"])(
  'positiveInteger() refuses "%s" by name',
  (value) => {
    expect(() => positiveInteger({ MEDV_STEPS: value }, "MEDV_STEPS", 64)).toThrow(
      new RangeError(
        `Cannot read MEDV_STEPS as it must be an integer >= 1: current value is "${value}"`,
      ),
    );
  },
);

test.each(["127.0.0.1:50051", "vision:80", "[::1]:0"])('address() takes "%s"', (value) => {
  expect(address({ MEDV_A: value }, "MEDV_A", "localhost:1")).toBe(value);
});

test.each(["50051", "host", "host:", ":1", "host:65536", "::1:80", "http://host:1"])(
  'address() refuses "%s"',
  (value) => {
    expect(() => address({ MEDV_A: value }, "MEDV_A", "localhost:1")).toThrow(
      /^Cannot read MEDV_A as it must be "host:port"/,
    );
  },
);

test.each(["vision:50051", "10.0.0.1:1,10.0.0.2:1", "[::1]:1,[::2]:2"])(
  'replicas() takes "%s"',
  (value) => {
    expect(replicas({ MEDV_A: value }, "MEDV_A", "localhost:1")).toBe(value);
  },
);

test.each([
  "vision",
  "a:1,b:1",
  "10.0.0.1:1,b:1",
  "10.0.0.1:1,[::1]:1",
  "10.0.0.1:1,",
  ",",
  "a:1 b:1",
])('replicas() refuses "%s"', (value) => {
  expect(() => replicas({ MEDV_A: value }, "MEDV_A", "localhost:1")).toThrow(
    /^Cannot read MEDV_A as it must be "host:port", or several "ip:port" between commas/,
  );
});

test("choice() lists the words when it refuses", () => {
  const options = { choices: ["cpu", "cuda"], fallback: "cpu" } as const;
  expect(choice({}, "MEDV_DEVICE", options)).toBe("cpu");
  expect(choice({ MEDV_DEVICE: "cuda" }, "MEDV_DEVICE", options)).toBe("cuda");
  expect(() => choice({ MEDV_DEVICE: "gpu" }, "MEDV_DEVICE", options)).toThrow(
    'Cannot read MEDV_DEVICE as it must be one of "cpu", "cuda": current value is "gpu"',
  );
});

test("text() takes the fallback for an empty variable", () => {
  expect(text({ MEDV_X: "" }, "MEDV_X", "a")).toBe("a");
  expect(optionalText({ MEDV_X: "" }, "MEDV_X")).toBeUndefined();
});
