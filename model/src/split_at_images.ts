import { IMAGE_PLACEHOLDER } from "./merge_prompt.ts";

/**
 * Joins the tokenized pieces of a prompt, an image between each and the next, as the published inference path does:
 * when the first piece begins with bos, every later piece is taken to begin with one too and loses its first token. The
 * tokenizer adds no bos, so what is lost is the newline after the image.
 *
 * @param pieces Token ids of the text before, between and after the images.
 * @param options.keepFirst Keeps that token, as in training.
 */
export function joinAtImages(
  pieces: readonly (readonly number[])[],
  options: { readonly bos: number; readonly keepFirst: boolean },
): number[] {
  const [first = [], ...rest] = pieces;
  const drop = first[0] === options.bos && !options.keepFirst ? 1 : 0;
  return [...first, ...rest.flatMap((piece) => [IMAGE_PLACEHOLDER, ...piece.slice(drop)])];
}
