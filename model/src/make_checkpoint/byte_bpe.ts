/** A byte-level vocabulary: single bytes first, then one entry a merge. */
export type ByteBpe = {
  readonly vocab: Readonly<Record<string, number>>;
  readonly merges: readonly (readonly [string, string])[];
};

/** How text is cut before merging: letters with one leading space, single digits, single newlines, signs, blanks. */
export const SPLIT_PATTERN =
  "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+|\\r?\\n|[^\\S\\r\\n]+(?!\\S)|[^\\S\\r\\n]+";

/**
 * Learns merges from a text, the most frequent pair first and the earlier among equals.
 *
 * @see {@link https://arxiv.org/abs/1508.07909 | Sennrich et al. 2016}
 */
export function trainByteBpe(corpus: string, size: number): ByteBpe {
  const letters = byteLetters();
  const vocab: Record<string, number> = {};
  for (const letter of letters) vocab[letter] = Object.keys(vocab).length;
  const words = countWords(corpus, letters);
  const merges: (readonly [string, string])[] = [];
  while (Object.keys(vocab).length < size) {
    const best = mostFrequentPair(words);
    if (best === undefined) break;
    merges.push(best);
    vocab[best.join("")] = Object.keys(vocab).length;
    for (const word of words) word.parts = mergePair(word.parts, best);
  }
  return { vocab, merges };
}

type Word = { parts: readonly string[]; readonly count: number };

/** GPT-2's printable stand-in for each byte. */
function byteLetters(): readonly string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(printable ? byte : next++);
  });
}

function countWords(corpus: string, letters: readonly string[]): Word[] {
  const counts = new Map<string, number>();
  for (const [word] of corpus.matchAll(new RegExp(SPLIT_PATTERN, "gu"))) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const encoder = new TextEncoder();
  return Array.from(counts, ([word, count]) => ({
    parts: Array.from(encoder.encode(word), (byte) => letters[byte] ?? ""),
    count,
  }));
}

function mostFrequentPair(words: readonly Word[]): readonly [string, string] | undefined {
  const pairs = new Map<string, { readonly pair: readonly [string, string]; count: number }>();
  for (const { parts, count } of words) {
    for (let index = 0; index + 1 < parts.length; index++) {
      const pair = [parts[index] ?? "", parts[index + 1] ?? ""] as const;
      const key = pair.join(" ");
      const known = pairs.get(key);
      if (known === undefined) pairs.set(key, { pair, count });
      else known.count += count;
    }
  }
  let best: { readonly pair: readonly [string, string]; readonly count: number } | undefined;
  for (const each of pairs.values()) if (each.count > (best?.count ?? 1)) best = each;
  return best?.pair;
}

function mergePair(parts: readonly string[], [left, right]: readonly [string, string]): string[] {
  const merged: string[] = [];
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] ?? "";
    if (part === left && parts[index + 1] === right) {
      merged.push(left + right);
      index++;
    } else {
      merged.push(part);
    }
  }
  return merged;
}
