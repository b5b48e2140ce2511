import sharp, { type OverlayOptions } from "sharp";
import { drawFrom } from "./draw_phantom.ts";
import { encodePng } from "./encode_png.ts";
import { drawFacts } from "./draw_facts.ts";
import { MODALITIES, type PhantomFacts } from "./phantom.ts";
import { randomSource } from "./random.ts";
import { mention } from "./text/words.ts";

const COLUMNS = 8;
const CELL = { picture: 172, caption: 30, gap: 8 } as const;

/** Eight examples of each modality, a row each, with what they show written below: a PNG. */
export async function contactSheet(seed: number): Promise<Buffer> {
  const width = CELL.picture + CELL.gap;
  const height = CELL.picture + CELL.caption;
  const pictures: OverlayOptions[] = [];
  const captions: string[] = [];
  for (const [row, modality] of MODALITIES.entries()) {
    for (const [column, facts] of examples(modality, seed).entries()) {
      const { image } = drawFrom(facts, randomSource(`${seed}/sheet/${modality}/${column}`));
      const picture = await sharp(await encodePng(image))
        .toColourspace("srgb")
        .resize(CELL.picture, CELL.picture, { fit: "fill" })
        .png()
        .toBuffer();
      const [left, top] = [column * width, row * height];
      pictures.push({ input: picture, left, top });
      const said = facts.findings.length === 0 ? ["normal"] : facts.findings.map(mention);
      captions.push(
        ...said.map(
          (text, line) =>
            `<text x="${left + 2}" y="${top + CELL.picture + 11 + 12 * line}">${text}</text>`,
        ),
      );
    }
  }
  const size = { width: COLUMNS * width, height: MODALITIES.length * height };
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" font-family="sans-serif" font-size="9" fill="#222">${captions.join("")}</svg>`;
  return sharp({ create: { ...size, channels: 3, background: "#fff" } })
    .composite([...pictures, { input: Buffer.from(svg), left: 0, top: 0 }])
    .png({ palette: true, quality: 90 })
    .toBuffer();
}

/** The first facts of a seed that show the modality, the normal one only once. */
function examples(modality: PhantomFacts["modality"], seed: number): readonly PhantomFacts[] {
  const found: PhantomFacts[] = [];
  for (let index = 0; found.length < COLUMNS; index++) {
    const facts = drawFacts(randomSource(`${seed}/sheet/${index}`));
    const isSecondNormal =
      facts.findings.length === 0 && found.some(({ findings }) => findings.length === 0);
    if (facts.modality === modality && !isSecondNormal) found.push(facts);
  }
  return found;
}
