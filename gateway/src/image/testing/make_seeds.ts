/**
 * Makes `seeds/picture.*` beside this script: a small half transparent picture with an EXIF orientation in each format of libvips.
 *
 *     node gateway/src/image/testing/make_seeds.ts
 *
 * @module
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";

const FOLDER = join(import.meta.dirname, "seeds");
const picture = sharp({ create: { width: 24, height: 16, channels: 4, background: "#8040c080" } });

mkdirSync(FOLDER, { recursive: true });
for (const format of ["jpeg", "png", "webp", "gif", "tiff", "avif"] as const) {
  const turned = picture.clone().withMetadata({ orientation: 6 });
  await turned.toFormat(format).toFile(join(FOLDER, `picture.${format}`));
}
