import { appendFileSync, existsSync, truncateSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { z } from "zod";

/** A file with one JSON object a line, which grows; the last line of a key counts. */
export class JsonLog<T> {
  readonly file: string;
  readonly #keyOf: (entry: T) => string;
  readonly #entries = new Map<string, { readonly entry: T; readonly line: number }>();
  #lines = 0;

  private constructor(file: string, keyOf: (entry: T) => string) {
    this.file = file;
    this.#keyOf = keyOf;
  }

  /**
   * Opens a log that may have been left in the middle of a line, which is dropped.
   *
   * @throws {Error} If a whole line is not what the log writes, with file and line.
   */
  static async open<T>(
    file: string,
    schema: z.ZodType<T>,
    keyOf: (entry: T) => string,
  ): Promise<JsonLog<T>> {
    const log = new JsonLog(file, keyOf);
    if (!existsSync(file)) return log;
    const bytes = await readFile(file);
    const end = bytes.lastIndexOf("\n") + 1;
    if (end < bytes.length) truncateSync(file, end);
    for (const [index, line] of bytes.toString("utf8", 0, end).split("\n").slice(0, -1).entries()) {
      try {
        log.#keep(schema.parse(JSON.parse(line)));
      } catch (cause) {
        throw new Error(
          `Cannot resume as ${file}:${index + 1} is not a line of this file: remove it and run again`,
          { cause },
        );
      }
    }
    return log;
  }

  get(key: string): T | undefined {
    return this.#entries.get(key)?.entry;
  }

  /** The line that holds the entry, counted from 1. */
  lineOf(key: string): number | undefined {
    return this.#entries.get(key)?.line;
  }

  append(entry: T): void {
    appendFileSync(this.file, `${JSON.stringify(entry)}\n`);
    this.#keep(entry);
  }

  #keep(entry: T): void {
    this.#lines++;
    this.#entries.set(this.#keyOf(entry), { entry, line: this.#lines });
  }
}
