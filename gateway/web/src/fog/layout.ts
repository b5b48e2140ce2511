import type { FogToken } from "./canvas.ts";

/** Where a token stands, in columns and lines of a fixed-width font. */
export type Place = {
  readonly position: number;
  readonly column: number;
  readonly line: number;
  /** Columns that it covers. */
  readonly width: number;
  /** What is drawn: without the space before it, special tokens as a sign. */
  readonly label: string;
};

export type Layout = { readonly places: readonly Place[]; readonly lines: number };

/** Width of a place of which nothing is known: a short word. */
const COVERED_COLUMNS = 4;

/** Sign for the token that ends an answer, and for what stands behind it. */
const END_LABEL = "∎";

/**
 * Sets tokens in lines like text.
 *
 * @param columns Of a line; a longer token has a line of its own.
 */
export function layoutTokens(tokens: readonly FogToken[], columns: number): Layout {
  const places: Place[] = [];
  let line = 0;
  let column = 0;
  for (const [position, { text, state }] of tokens.entries()) {
    const isUnknown = state === "covered" && text === "";
    const label = isUnknown ? "" : labelOf(text);
    const width = isUnknown ? COVERED_COLUMNS : Math.max(1, Array.from(label).length);
    const gap = column > 0 && (isUnknown || /^\s/.test(text)) ? 1 : 0;
    if (column > 0 && column + gap + width > columns) {
      line += 1;
      column = 0;
    } else {
      column += gap;
    }
    places.push({ position, column, line, width, label });
    column += width;
    if (text.includes("\n")) {
      line += 1;
      column = 0;
    }
  }
  return { places, lines: line + 1 };
}

function labelOf(text: string): string {
  if (/^<\|.*\|>$/.test(text)) return END_LABEL;
  return text.includes("\n") ? "⏎" : text.trim();
}
