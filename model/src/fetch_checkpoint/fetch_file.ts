import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Where a file comes from. */
export type FileSource = {
  readonly url: URL;
  /** Bearer token; `fetch` itself keeps it from other hosts on a redirect. */
  readonly token?: string | undefined;
};

/**
 * Fetches a file into `path`, going on after the bytes that are there (RFC 9110, section 14.2). A cut connection is
 * tried again for as long as every try brings at least one byte.
 *
 * @throws {Error} If the server refuses, or a try brings nothing.
 */
export async function fetchFile(
  source: FileSource,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  while (true) {
    const before = await sizeOf(path);
    try {
      await fetchRest(source, path, before, signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if ((await sizeOf(path)) <= before) {
        throw new Error(
          `Cannot fetch "${source.url.href}" as no byte came after the first ${before}: ${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        );
      }
    }
  }
}

async function fetchRest(
  { url, token }: FileSource,
  path: string,
  start: number,
  signal: AbortSignal,
): Promise<void> {
  const headers = {
    // A compressed answer has other byte positions than the file.
    "accept-encoding": "identity",
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(start === 0 ? {} : { range: `bytes=${start}-` }),
  };
  const response = await fetch(url, { headers, signal });
  // Nothing follows what is there: the file is whole, or too long and will be found out by its digest.
  if (response.status === 416 && start > 0) return;
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new Error(`the server answered ${response.status}`);
  }
  // A server that knows no ranges answers 200 with the whole file.
  const flags = response.status === 206 ? "a" : "w";
  await pipeline(Readable.fromWeb(response.body), createWriteStream(path, { flags }), { signal });
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.size ?? 0;
}
