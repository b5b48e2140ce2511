import { type FogToken, isEndMark } from "./canvas.ts";

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

/** What stands for a token that may end the answer, and for the one that does. */
const [MAYBE_END_LABEL, END_LABEL] = ["∎", "end"];

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
    const isEnd = isEndMark(text);
    const label = isUnknown ? "" : isEnd ? endLabelOf(state) : labelOf(text);
    const width = isUnknown ? COVERED_COLUMNS : Math.max(1, Array.from(label).length);
    const gap = column > 0 && (isUnknown || isEnd || /^\s/.test(text)) ? 1 : 0;
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

function endLabelOf(state: FogToken["state"]): string {
  return state === "committed" ? END_LABEL : MAYBE_END_LABEL;
}

function labelOf(text: string): string {
  return text.includes("\n") ? "⏎" : text.trim();
}
