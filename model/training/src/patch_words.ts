import type { Tokenizer } from "@medv/model/tokenizer";
import { MODALITIES, type Finding } from "@medv/phantoms/phantom";
import { attributesOf, attributeWord, MODALITY_WORDS } from "@medv/phantoms/text/words";
import type { Random } from "@medv/phantoms/random";
import { floats, integers, type Feeds } from "./feeds.ts";
import { PATCH_CLASSES, type RenderedImage } from "./images/rendered_image.ts";

/**
 * What lies in each patch, in words: `row_words` int64 and `row_weight` float32 `[images * patches, words]`, with weight 0
 * on padding. The sum of their token embeddings can stand in for an image row.
 */
export function patchWords(
  images: readonly RenderedImage[],
  tokenizer: Pick<Tokenizer, "encodeText">,
  glimpse?: { readonly rows: number; readonly random: Random },
): Feeds {
  const rows = images.flatMap((image) => {
    const all = rowsOf(image, tokenizer);
    return glimpse === undefined ? all : glimpsed(image.patches, glimpse).map((i) => all[i] ?? []);
  });
  const width = Math.max(1, ...rows.map(({ length }) => length));
  return {
    row_words: integers(
      [rows.length, width],
      rows.flatMap((row) => Array.from({ length: width }, (_, index) => row[index] ?? 0)),
    ),
    row_weight: floats(
      [rows.length, width],
      Float32Array.from(
        rows.flatMap((row) => Array.from({ length: width }, (_, i) => (i < row.length ? 1 : 0))),
      ),
    ),
  };
}

/** Some of an image's patches in their order, one of each kind among them. */
function glimpsed(
  patches: RenderedImage["patches"],
  { rows, random }: { readonly rows: number; readonly random: Random },
): readonly number[] {
  const shuffled = random.shuffle([...patches.keys()]);
  const firsts = shuffled.filter(
    (patch, index) => shuffled.findIndex((each) => patches[each] === patches[patch]) === index,
  );
  const rest = shuffled.filter((patch) => !firsts.includes(patch));
  return [...firsts, ...rest].slice(0, rows).toSorted((left, right) => left - right);
}

function rowsOf(
  { patches, facts }: RenderedImage,
  { encodeText }: Pick<Tokenizer, "encodeText">,
): readonly (readonly number[])[] {
  const known = new Map<number, readonly number[]>();
  return Array.from(patches, (index) => {
    const words =
      known.get(index) ?? encodeText(wordsOf(PATCH_CLASSES[index] ?? "", facts?.findings));
    known.set(index, words);
    return words;
  });
}

/** With a leading blank, as words stand inside of a sentence. */
function wordsOf(name: string, findings: readonly Finding[] = []): string {
  if (name === "outside") return "";
  const modality = MODALITIES.find((each) => each === name);
  if (modality !== undefined) return ` ${MODALITY_WORDS[modality].name}`;
  const finding = findings.find(({ kind }) => kind === name);
  if (finding === undefined) return ` ${name}`;
  return attributesOf(finding).reduce(
    (words, attribute) => `${words} ${attributeWord(finding, attribute)}`,
    ` ${name}`,
  );
}
