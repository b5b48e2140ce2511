import { expect, test } from "vitest";
import { splitJsonList } from "./split_json_list.ts";

test("splitJsonList() gives every element with the line that it begins in", () => {
  const text = '\uFEFF[\n  {"a": "x, ]\\" {"},\n  [1, [2]],\n  "b", 3\n]\n';
  expect(splitJsonList(text)).toEqual([
    { text: '{"a": "x, ]\\" {"}', line: 2 },
    { text: "[1, [2]]", line: 3 },
    { text: '"b"', line: 4 },
    { text: "3\n", line: 4 },
  ]);
  expect(splitJsonList("[]")).toEqual([]);
});

test("splitJsonList() goes on after an element that is no JSON, and gives the torn end of a cut file", () => {
  expect(
    splitJsonList('[\n{"a": oops},\n{"b": "no end},\n {"c": 1},\n{"d":').map(({ line }) => line),
  ).toEqual([2, 3]);
  expect(splitJsonList('[{"a": 1},\n{"b": ').at(-1)).toEqual({ text: '{"b": ', line: 2 });
});

test("splitJsonList() refuses what is no list", () => {
  expect(() => splitJsonList('{"a": [1]}')).toThrow("it must be a JSON list");
});
