import { findImage } from "./find_image.ts";
import type { Problem } from "./problem.ts";
import { readEntries } from "./read_entries.ts";

/** What every data set's entries have. */
export type Item = {
  readonly id: string;
  /** As the file names it; a path once it was found. */
  readonly image: string;
};

/** The entries that can be evaluated. */
export type Items<T> = {
  readonly file: string;
  readonly items: readonly T[];
  readonly problems: readonly Problem[];
  /** Entries that belong to another language or split. */
  readonly skipped: number;
};

export type ReadItemsOptions<T> = {
  /** Checks one value; `undefined` for one that is to be skipped. */
  readonly convert: (value: unknown) => T | undefined;
  /** Where images lie, tried in order. */
  readonly folders: readonly string[];
};

/** Reads entries with an id and an image each; a malformed one, a second one with an id, or one without its image is a problem. */
export async function readItems<T extends Item>(
  file: string,
  { convert, folders }: ReadItemsOptions<T>,
): Promise<Items<T>> {
  const { entries, problems: malformed } = await readEntries(file, convert);
  const problems = [...malformed];
  const items: T[] = [];
  const lines = new Map<string, number>();
  let skipped = 0;
  for (const { value, line } of entries) {
    if (value === undefined) {
      skipped++;
      continue;
    }
    const first = lines.get(value.id);
    if (first !== undefined) {
      const message = `Cannot use a second entry with id "${value.id}": the first is in line ${first}`;
      problems.push({ file, line, message });
      continue;
    }
    lines.set(value.id, line);
    const image = findImage(value.image, folders);
    if (image === undefined) {
      const message = `Cannot find image "${value.image}" of "${value.id}"`;
      problems.push({ file, line, message });
      continue;
    }
    items.push({ ...value, image });
  }
  return { file, items, problems: problems.toSorted((a, b) => a.line - b.line), skipped };
}
