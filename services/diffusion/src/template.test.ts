import { expect, test } from "vitest";
import { parseTemplate, templateCanvas } from "./template.ts";

/** One token a character. */
const encoder = {
  encodeText: (text: string) => Array.from(text, (letter) => letter.charCodeAt(0)),
};
const EOT = 0;

function canvas(text: string, choices: readonly number[] = []) {
  const { genLength, fixed, minTokens } = templateCanvas(
    parseTemplate(text, encoder),
    choices,
    EOT,
  );
  const letters = Array.from({ length: genLength }, (_, position) => {
    const id = fixed.get(position);
    return id === undefined ? "_" : id === EOT ? "." : String.fromCharCode(id);
  });
  return { text: letters.join(""), minTokens };
}

test.each([
  { template: "A: {{3}} B: {{2}}", expected: "A: ___ B: __", minTokens: 10 },
  { template: "{{2}}!", expected: "__!.", minTokens: 4 },
  { template: "{{left|up}} {{2}}", choices: [1], expected: "up __", minTokens: 3 },
  { template: "{{left|up}}", choices: [], expected: "____.", minTokens: 5 },
  { template: "{{a|bb}}-{{cc|d}}", choices: [1, 0], expected: "bb-cc.", minTokens: 6 },
])("templateCanvas() lays out $template", ({ template, choices = [], expected, minTokens }) => {
  expect(canvas(template, choices)).toEqual({ text: expected, minTokens });
});

test.each(["no gap", "{{0}}", "{{}}", "{{only}}", "{{a|}}", "{{-3}}"])(
  "parseTemplate() refuses %s",
  (template) => {
    expect(() => parseTemplate(template, encoder)).toThrow("Cannot use the template");
  },
);
