import { expect, test } from "vitest";
import { parseTemplate, widthOfAll } from "./template.ts";

/** One token a character. */
const encoder = {
  encodeText: (text: string) => Array.from(text, (letter) => letter.charCodeAt(0)),
};

const read = (ids: readonly number[]): string => String.fromCharCode(...ids);

/** The parts as they read, a gap as its width. */
function parse(text: string): unknown[] {
  return parseTemplate(text, encoder, 100).map((part) => {
    if (part.type === "fixed") return read(part.ids);
    return part.type === "gap" ? part.tokens : part.options.map(read);
  });
}

test.each([
  { template: "A: {{3}} B: {{2}}", parts: ["A: ", 3, " B: ", 2], width: 12 },
  { template: "{{2}}!", parts: [2, "!"], width: 3 },
  { template: "{{left|up}} {{2}}", parts: [["left", "up"], " ", 2], width: 7 },
  { template: "Side: {{left|up}}.", parts: ["Side:", [" left", " up"], "."], width: 11 },
  { template: "{{a|bb}}-{{cc|d}}", parts: [["a", "bb"], "-", ["cc", "d"]], width: 5 },
  { template: "a{b} {{1}}", parts: ["a{b} ", 1], width: 6 },
])("parseTemplate() reads $template", ({ template, parts, width }) => {
  expect(parse(template)).toEqual(parts);
  expect(widthOfAll(parseTemplate(template, encoder, 100))).toBe(width);
});

test.each([
  "no gap",
  "{{0}}",
  "{{101}}",
  "{{}}",
  "{{only}}",
  "{{a|}}",
  "{{-3}}",
  `{{${"a|".repeat(32)}a}}`,
])("parseTemplate() refuses %s", (template) => {
  expect(() => parse(template)).toThrow(/Cannot use (the )?template/);
});
