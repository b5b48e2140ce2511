import { expect, test } from "vitest";
import { CommittedTextStream } from "./committed_text.ts";

/** Each id is a UTF-16 unit, which is enough to cut text anywhere. */
function decode(ids: Int32Array): string {
  return String.fromCharCode(...ids);
}

function pieces(text: string, stops: readonly string[]): readonly string[] {
  const ids = Int32Array.from(text, (unit) => unit.charCodeAt(0));
  const stream = new CommittedTextStream(decode, stops);
  return Array.from(
    ids,
    (_, index) => stream.push(ids.subarray(0, index + 1), index + 1 === ids.length).delta,
  );
}

test.each([
  { text: "  A clear lung. ", stops: [], expected: "A clear lung." },
  { text: "left STOP right", stops: ["STOP"], expected: "left" },
  { text: "left STO right", stops: ["STOP"], expected: "left STO right" },
  { text: "one\n\ntwo", stops: ["\n\n"], expected: "one" },
  { text: "", stops: [], expected: "" },
])("CommittedTextStream.push() joined gives $expected", ({ text, stops, expected }) => {
  expect(pieces(text, stops).join("")).toBe(expected);
});

test("CommittedTextStream.push() holds white space back until something follows it", () => {
  expect(pieces("a b", [])).toEqual(["a", "", " b"]);
});

test("CommittedTextStream.push() holds an unfinished character back", () => {
  const stream = new CommittedTextStream((ids) => (ids.length === 1 ? "\uFFFD" : "é"), []);
  expect(stream.push(Int32Array.of(1), false).delta).toBe("");
  expect(stream.push(Int32Array.of(1, 2), true).delta).toBe("é");
});

test.each([
  { text: "ab c", stops: [], released: [1, 2, 2, 4] },
  { text: " ab ", stops: [], released: [0, 2, 3, 3] },
  { text: "ab#c", stops: ["#"], released: [1, 2, 2, 2] },
])(
  "CommittedTextStream.releasedTokens() counts the tokens that begin in what is released of $text",
  ({ text, stops, released }) => {
    const ids = Int32Array.from(text, (unit) => unit.charCodeAt(0));
    const stream = new CommittedTextStream(decode, stops);
    const counts = Array.from(ids, (_, index) => {
      const front = ids.subarray(0, index + 1);
      stream.push(front, index + 1 === ids.length);
      return stream.releasedTokens(front);
    });
    expect(counts).toEqual(released);
  },
);

test("CommittedTextStream.releasedTokens() counts every token of a character", () => {
  const stream = new CommittedTextStream((ids) => ["", "\uFFFD", "é"][ids.length] ?? "", []);
  stream.push(Int32Array.of(1), false);
  expect(stream.releasedTokens(Int32Array.of(1))).toBe(0);
  stream.push(Int32Array.of(1, 2), true);
  expect(stream.releasedTokens(Int32Array.of(1, 2))).toBe(2);
});
