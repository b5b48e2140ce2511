import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readCheckpointSums, sha256Of } from "../checkpoint_sums.ts";
import { fetchFile } from "./fetch_file.ts";

/** Which files to fetch, from where, into which directory. */
export type FetchOptions = {
  /** URL of the folder that has the files; http or https. */
  readonly from: string;
  /** File in the format of `sha256sum` that lists them. */
  readonly sums: string;
  readonly to: string;
  readonly token?: string | undefined;
  /** Told of every file when it is there. */
  readonly onFile: (file: { readonly name: string; readonly fetched: boolean }) => void;
};

/**
 * Fetches every listed file that is not there yet as listed. What an earlier run left unfinished is gone on with, and a
 * file gets its name only when its digest is right.
 *
 * @throws {RangeError} If `from` is no such URL, or the list is wrong.
 * @throws {Error} Naming the file that cannot be fetched or is not as listed.
 */
export async function fetchCheckpoint(options: FetchOptions, signal: AbortSignal): Promise<void> {
  const base = baseOf(options.from);
  for (const [name, digest] of await readCheckpointSums(options.sums)) {
    const path = join(options.to, name);
    if (await has(path, digest)) {
      options.onFile({ name, fetched: false });
      continue;
    }
    const part = `${path}.part`;
    await mkdir(dirname(path), { recursive: true });
    const url = new URL(name.split("/").map(encodeURIComponent).join("/"), base);
    await fetchFile({ url, token: options.token }, part, signal);
    const found = await sha256Of(part);
    if (found !== digest) {
      await rm(part);
      throw new Error(
        `Cannot take "${url.href}" as its SHA-256 must be ${digest}: found ${found}; what came is thrown away`,
      );
    }
    await rename(part, path);
    options.onFile({ name, fetched: true });
  }
}

async function has(path: string, digest: string): Promise<boolean> {
  // Not there is the same as not as listed.
  return (await sha256Of(path).catch(() => undefined)) === digest;
}

function baseOf(from: string): URL {
  const url = URL.parse(from.endsWith("/") ? from : `${from}/`);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new RangeError(
      `Cannot fetch a checkpoint as --from must be an http or https URL: current value is "${from}"`,
    );
  }
  return url;
}
