import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Deno for this machine, as the package's own start script finds it; nothing is installed for it. */
export const DENO = denoOfPackage();

/** Why there is none; undefined where there is. */
export const DENO_MISSING =
  DENO === undefined ? "the deno package has none for this machine" : undefined;

function denoOfPackage(): string | undefined {
  const suffix = process.platform === "linux" ? "-glibc" : "";
  const name = `@deno/${process.platform}-${process.arch}${suffix}`;
  try {
    const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
    const path = join(folder, process.platform === "win32" ? "deno.exe" : "deno");
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined; // An optional package for another machine is not there.
  }
}
