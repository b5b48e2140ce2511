import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** A good file to begin with. */
export type Seed = { readonly name: string; readonly bytes: Uint8Array };

/** One of each format and of each DICOM coding, all of them files of the repository. */
export function seeds(): readonly Seed[] {
  const files = globSync(
    ["seeds/*", "phone.heic", "sticker.heic", "inks.*", "../dicom/testing/files/*.dcm"],
    {
      cwd: import.meta.dirname,
    },
  );
  return files.toSorted().map((file) => ({
    name: basename(file),
    bytes: readFileSync(join(import.meta.dirname, file)),
  }));
}
