/** How a tensor is filled: seeded normal numbers, or one value. */
export type Fill =
  | { readonly kind: "normal"; readonly seed: number }
  | { readonly kind: "ones" | "zeros" };

const TABLE_SIZE = 1 << 16;
const DEVIATION = 0.02;
const BFLOAT16_ONE = 0x3f80;

/**
 * Fills `target` with bfloat16 numbers. Normal ones are drawn from a table of 65,536, so that 16.9 GB take minutes and
 * not hours; the same seed and start give the same bytes.
 *
 * @param start Index of the first element within its tensor.
 */
export function fillBfloat16(target: Uint16Array, fill: Fill, start: number): void {
  if (fill.kind !== "normal") {
    target.fill(fill.kind === "ones" ? BFLOAT16_ONE : 0);
    return;
  }
  const table = normalTable();
  for (let index = 0; index < target.length; index++) {
    target[index] = table[mix(start + index, fill.seed) & (TABLE_SIZE - 1)] ?? 0;
  }
}

let cachedTable: Uint16Array | undefined;

/** N(0, 0.02) at evenly spread quantiles by Box and Muller, rounded to bfloat16. */
function normalTable(): Uint16Array {
  cachedTable ??= Uint16Array.from({ length: TABLE_SIZE }, (_, index) => {
    const u = (mix(index, 1) + 0.5) / 2 ** 32;
    const v = (mix(index, 2) + 0.5) / 2 ** 32;
    return toBfloat16(DEVIATION * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v));
  });
  return cachedTable;
}

/** A 32-bit finaliser (murmur3's), after the seed is folded in. */
function mix(index: number, seed: number): number {
  let h = (Math.imul(index, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b) ^ (index / 2 ** 32)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const bits = new DataView(new ArrayBuffer(4));

function toBfloat16(value: number): number {
  bits.setFloat32(0, value);
  const word = bits.getUint32(0);
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}
