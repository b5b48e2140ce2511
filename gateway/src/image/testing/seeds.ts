import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import sharp from "sharp";

/** A good file to begin with. */
export type Seed = { readonly name: string; readonly bytes: Uint8Array };

/** One of each format and of each DICOM coding: the files of the repository, and small ones that are made here. */
export async function seeds(): Promise<readonly Seed[]> {
  const kept = globSync(["phone.heic", "../dicom/testing/files/*.dcm"], {
    cwd: import.meta.dirname,
  });
  const picture = sharp({
    create: { width: 24, height: 16, channels: 4, background: "#8040c080" },
  });
  const made = (["jpeg", "png", "webp", "gif", "tiff", "avif"] as const).map(async (format) => ({
    name: format,
    bytes: await picture.clone().withMetadata({ orientation: 6 }).toFormat(format).toBuffer(),
  }));
  return [
    ...(await Promise.all(made)),
    ...kept.toSorted().map((file) => ({
      name: basename(file),
      bytes: readFileSync(join(import.meta.dirname, file)),
    })),
  ];
}
