import { statSync } from "node:fs";
import { resolve, sep } from "node:path";

/**
 * Finds an image in the first folder that has it. A data set comes from elsewhere: a name that leads out of the folder
 * finds nothing.
 */
export function findImage(name: string, folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    const root = resolve(folder);
    const path = resolve(root, name);
    if (path.startsWith(root + sep) && isFile(path)) return path;
  }
  return undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
