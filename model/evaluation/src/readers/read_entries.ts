import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { Problem } from "./problem.ts";
import { type ListElement, splitJsonList } from "./split_json_list.ts";

/** One entry of a file and where it begins. */
export type Entry<T> = { readonly value: T; readonly line: number };

/** What a file holds, and what is wrong with it. */
export type Entries<T> = {
  readonly entries: readonly Entry<T>[];
  readonly problems: readonly Problem[];
};

/**
 * Reads a JSON list, or a file with one JSON value a line if its name ends in `.jsonl`.
 *
 * @param convert Checks one value; what it throws is reported with file and line.
 * @throws {Error} If the file cannot be opened, or is no list.
 */
export async function readEntries<T>(
  file: string,
  convert: (value: unknown) => T,
): Promise<Entries<T>> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new Error(`Cannot read "${file}" as it cannot be opened`, { cause });
  });
  const entries: Entry<T>[] = [];
  const problems: Problem[] = [];
  for (const [index, element] of split(file, text).entries()) {
    const { line } = element;
    try {
      entries.push({ value: convert(JSON.parse(element.text)), line });
    } catch (error) {
      const place = file.endsWith(".jsonl") ? "the line" : `item ${index + 1}`;
      problems.push({ file, line, message: `Cannot read ${place} as ${reasonOf(error)}` });
    }
  }
  return { entries, problems };
}

function split(file: string, text: string): ListElement[] {
  if (file.endsWith(".jsonl")) {
    return text
      .split("\n")
      .map((each, index) => ({ text: each.trim(), line: index + 1 }))
      .filter((each) => each.text !== "");
  }
  try {
    return splitJsonList(text);
  } catch (cause) {
    throw new Error(`Cannot read "${file}" as ${reasonOf(cause)}`, { cause });
  }
}

/** Names the field, never its value: texts of patients stay out of reports. */
function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    return `"${issue?.path.join(".") ?? ""}" is invalid: ${issue?.message ?? ""}`;
  }
  // The parser's own message quotes the text.
  if (error instanceof SyntaxError && !error.message.startsWith("it ")) return "it is no JSON";
  return error instanceof Error ? error.message : String(error);
}
