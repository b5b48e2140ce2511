import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A file of the page, held in memory. */
export type PageFile = { readonly bytes: Uint8Array<ArrayBuffer>; readonly contentType: string };

/** The files of the page by their path, such as "/assets/main-Ab12.js"; empty where it was not built. */
export type Page = ReadonlyMap<string, PageFile>;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};

/**
 * Reads the page that was built into `folder`.
 *
 * @param folder A file URL that ends in "/"; if there is none, the page is empty.
 * @throws {TypeError} If a file is of a kind that is not served.
 */
export async function readPage(folder: URL): Promise<Page> {
  const page = new Map<string, PageFile>();
  for (const name of await filesOf(folder)) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType === undefined) {
      throw new TypeError(`Cannot serve the page as the kind of a file is not known: "${name}"`);
    }
    const bytes = new Uint8Array(await readFile(new URL(name, folder)));
    page.set(`/${name}`, { bytes, contentType });
  }
  return page;
}

/** The files below `folder`, by their path from there. */
async function filesOf(folder: URL): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name).slice(fileURLToPath(folder).length));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
