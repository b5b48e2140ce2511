import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** SHA-256 of every file of a checkpoint, lower-case hexadecimal, by its path in the directory. */
export type CheckpointSums = ReadonlyMap<string, string>;

/**
 * Reads a file as `sha256sum` writes it: digest, two blanks (or blank and asterisk), path.
 *
 * @throws {RangeError} Naming the line that is none of that, or leaves the directory.
 */
export async function readCheckpointSums(path: string): Promise<CheckpointSums> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new RangeError(`Cannot read checksums as "${path}" cannot be read`, { cause: error });
  });
  const lines = text.split(/\r?\n/).entries();
  return new Map(
    [...lines]
      .filter(([, line]) => line !== "")
      .map(([index, line]) => {
        const [, digest, name] = /^([0-9a-f]{64}) [ *](?:\.\/)?(\S.*)$/.exec(line) ?? [];
        if (digest === undefined || name === undefined || /^\/|(?:^|\/)\.\.(?:\/|$)/.test(name)) {
          throw new RangeError(
            `Cannot read checksums as line ${index + 1} of "${path}" must be "SHA-256  path inside the directory": current value is "${line}"`,
          );
        }
        return [name, digest];
      }),
  );
}

/**
 * Checks every listed file of `directory` byte by byte.
 *
 * @param needed Paths in the directory that are going to be read: each must be listed.
 * @throws {RangeError} Naming the file that is not listed, missing, or changed.
 */
export async function verifyCheckpoint(
  directory: string,
  sumsPath: string,
  needed: readonly string[],
): Promise<void> {
  const sums = await readCheckpointSums(sumsPath);
  const unlisted = needed.find((name) => !sums.has(name));
  if (unlisted !== undefined) {
    throw new RangeError(
      `Cannot open checkpoint "${directory}" as every file must be listed in "${sumsPath}": "${unlisted}" is not`,
    );
  }
  for (const [name, expected] of sums) {
    const found = await sha256Of(join(directory, name)).catch((error: unknown) => {
      throw new RangeError(
        `Cannot open checkpoint "${directory}" as file "${name}" of "${sumsPath}" cannot be read`,
        { cause: error },
      );
    });
    if (found !== expected) {
      throw new RangeError(
        `Cannot open checkpoint "${directory}" as file "${name}" must have SHA-256 ${expected}: found ${found}; it is damaged or another version, fetch it again`,
      );
    }
  }
}

/** Lower-case hexadecimal SHA-256 of a file of any size. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}
