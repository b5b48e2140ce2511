import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/** A data set's file and the folder that it lies in. */
export type FoundFile = { readonly file: string; readonly folder: string };

/**
 * Finds the file of a data set: `path` itself if it is a file, else `preferred` in it, else the only file there that
 * ends in `extension`.
 *
 * @throws {Error} If there is none, or more than one.
 */
export async function findFile(
  path: string,
  preferred: string,
  extension: ".json" | ".jsonl",
): Promise<FoundFile> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new Error(`Cannot find the data as "${path}" does not exist`, { cause });
  });
  if (found.isFile()) return { file: path, folder: dirname(path) };
  const names = (await readdir(path)).filter((name) => name.endsWith(extension)).toSorted();
  const [only] = names;
  if (names.includes(preferred)) return { file: join(path, preferred), folder: path };
  if (only !== undefined && names.length === 1) return { file: join(path, only), folder: path };
  const there = names.length === 0 ? `no ${extension} file` : names.join(", ");
  throw new Error(
    `Cannot find the data as "${path}" must hold ${preferred} or one ${extension} file: there is ${there}; give the file itself as --path`,
  );
}
