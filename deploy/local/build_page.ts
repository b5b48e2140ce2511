import { execFile } from "node:child_process";
import { glob, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/**
 * Builds the page that the gateway serves, unless what is there is newer than every source of it. Nothing built is
 * committed, and a start needs no second command.
 *
 * @param root Of the repository.
 * @throws {Error} If the build fails, with what Vite says.
 */
export async function buildPage(root: string): Promise<void> {
  const web = join(root, "gateway/web");
  const built = await changedAt(join(web, "dist/index.html"));
  let newest = await changedAt(join(root, "package-lock.json"));
  for await (const file of glob("**/*", { cwd: web, exclude: ["dist"] })) {
    newest = Math.max(newest, await changedAt(join(web, file)));
  }
  if (built > newest) return;
  const vite = join(root, "node_modules/vite/bin/vite.js");
  await promisify(execFile)(process.execPath, [vite, "build", web, "--logLevel", "warn"]);
}

/** When a file was written, in milliseconds since 1970; 0 where there is none. */
async function changedAt(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
    throw error;
  }
}
