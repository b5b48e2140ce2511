import { expect, test } from "vitest";
import type { FogToken } from "./canvas.ts";
import { layoutTokens } from "./layout.ts";

function token(text: string): FogToken {
  return { text, confidence: 1, state: text === "" ? "covered" : "committed", revised: false };
}

test.each([
  {
    title: "puts a gap before a word and none before its end",
    texts: ["no", "dule", " a"],
    expected: ["0:0", "0:2", "0:7"],
  },
  {
    title: "begins a new line where a word does not fit",
    texts: ["four", " five", " six"],
    expected: ["0:0", "0:5", "1:0"],
  },
  {
    title: "begins a new line after a line break",
    texts: ["a", "\n", "b"],
    expected: ["0:0", "0:2", "1:0"],
  },
  {
    title: "gives what is unknown the width of a short word",
    texts: ["", "", ""],
    expected: ["0:0", "0:5", "1:0"],
  },
])("layoutTokens() $title", ({ texts, expected }) => {
  const { places } = layoutTokens(texts.map(token), 11);
  expect(places.map(({ line, column }) => `${line}:${column}`)).toEqual(expected);
});

test.each([
  { state: "draft", label: "∎", width: 1 },
  { state: "committed", label: "end", width: 3 },
] as const)(
  "layoutTokens() shows a $state end mark as $label, apart from the word before",
  (end) => {
    const { state, ...expected } = end;
    const { places } = layoutTokens([token("A"), { ...token("<|eot_id|>"), state }], 10);
    expect(places[1]).toMatchObject({ ...expected, column: 2 });
  },
);
