/** One element of a JSON list, not parsed. */
export type ListElement = {
  readonly text: string;
  /** Where it begins, counted from 1. */
  readonly line: number;
};

/**
 * Cuts a JSON list into the texts of its elements, so that a malformed one does not take the others with it.
 *
 * @throws {SyntaxError} If the text is no list.
 */
export function splitJsonList(text: string): ListElement[] {
  const elements: ListElement[] = [];
  let depth = 0;
  let line = 1;
  let quoted = false;
  let start = -1;
  let startLine = 1;
  const end = (index: number): void => {
    if (start !== -1) elements.push({ text: text.slice(start, index), line: startLine });
    start = -1;
  };
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? "";
    if (char === "\n") line++;
    if (quoted) {
      if (char === "\\" && text[i + 1] !== "\n") i++;
      // A string never holds a bare line break: one that is not closed ends there.
      else if (char === '"' || char === "\n") quoted = false;
      continue;
    }
    if (/\s|\uFEFF/.test(char)) continue;
    if (depth === 0) {
      if (char !== "[" || elements.length > 0) break;
      depth = 1;
      continue;
    }
    if (depth === 1 && (char === "," || char === "]")) {
      end(i);
      if (char === "]") return elements;
      continue;
    }
    if (start === -1) {
      start = i;
      startLine = line;
    }
    if (char === '"') quoted = true;
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
  }
  if (depth === 0) throw new SyntaxError("it must be a JSON list");
  end(text.length);
  return elements;
}
