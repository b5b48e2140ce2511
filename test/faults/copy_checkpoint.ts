import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

const PHANTOM = join(import.meta.dirname, "../../model/checkpoints/phantom");

/** A copy of the embedded checkpoint without int8 weights, for as long as the test runs. */
export function copyCheckpoint(): string {
  const folder = join(mkdtempSync(join(tmpdir(), "checkpoint-")), "phantom");
  cpSync(PHANTOM, folder, { recursive: true, filter: (path) => !path.includes(".int8.") });
  onTestFinished(() => rmSync(join(folder, ".."), { recursive: true, force: true }));
  return folder;
}
