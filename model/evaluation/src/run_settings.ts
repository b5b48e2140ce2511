import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { AnswerSettings, System } from "./answerers/answerer.ts";

/** Everything that predictions of one folder have in common, as text. */
type RunSettings = Readonly<Record<string, string>>;

const schema = z.record(z.string(), z.string());

/** What makes answers differ: the data, how they are decoded, and by which weights. */
export async function runSettings(
  file: string,
  settings: AnswerSettings,
  systems: readonly System[],
): Promise<RunSettings> {
  const digest = createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
  return {
    "data digest": digest,
    profile: settings.profile,
    "gen-length": String(settings.genLength ?? "default"),
    steps: String(settings.steps ?? "default"),
    "block-length": String(settings.blockLength ?? "default"),
    ...Object.fromEntries(systems.map(({ name, identity }) => [`system ${name}`, identity])),
  };
}

/**
 * Keeps the settings beside the predictions, so that a later run cannot mix answers that were made in another way.
 *
 * @throws {Error} If the folder holds predictions made with other settings.
 */
export async function keepRunSettings(out: string, settings: RunSettings): Promise<void> {
  const file = join(out, "settings.json");
  const kept = existsSync(file) ? schema.parse(JSON.parse(await readFile(file, "utf8"))) : {};
  for (const [name, value] of Object.entries(settings)) {
    const before = kept[name];
    if (before !== undefined && before !== value) {
      throw new Error(
        `Cannot resume in "${out}" as its answers were made with another ${name} ("${before}", now "${value}"): choose another --out or remove it`,
      );
    }
  }
  await writeFile(file, `${JSON.stringify({ ...kept, ...settings }, undefined, 2)}\n`);
}
