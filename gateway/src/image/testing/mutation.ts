import {
  type Arbitrary,
  array,
  constant,
  constantFrom,
  integer,
  nat,
  oneof,
  record,
} from "fast-check";

/** One change of a file; places are shares of its length. */
type Change =
  | { readonly type: "set"; readonly place: number; readonly byte: number }
  | { readonly type: "word"; readonly place: number; readonly word: number }
  | { readonly type: "cut"; readonly place: number }
  | { readonly type: "drop" | "repeat"; readonly place: number; readonly length: number };

// Not `double`, most of whose numbers lie next to 0.
const place = nat(999_999).map((millionths) => millionths / 1e6);
/** Numbers at which lengths and sizes overflow, and any other. */
const word = oneof(
  constantFrom(0, 1, 0x7f_ff, 0x80_00, 0xff_ff, 0x7f_ff_ff_ff, 0x80_00_00_00, 0xff_ff_ff_ff),
  nat(0xff_ff_ff),
);

/** One to six changes, those of single bytes most often. */
export const changes: Arbitrary<readonly Change[]> = array(
  oneof(
    {
      weight: 6,
      arbitrary: record({ type: constant("set"), place, byte: nat(255) }),
    },
    { weight: 2, arbitrary: record({ type: constant("word"), place, word }) },
    { weight: 1, arbitrary: record({ type: constant("cut"), place }) },
    {
      weight: 1,
      arbitrary: record({
        type: constantFrom("drop", "repeat"),
        place,
        length: integer({ min: 1, max: 64 }),
      }),
    },
  ),
  { minLength: 1, maxLength: 6 },
);

/** The file with all changes made, one after the other. */
export function mutated(file: Uint8Array, all: readonly Change[]): Uint8Array {
  return all.reduce<Uint8Array>(apply, file);
}

function apply(file: Uint8Array, change: Change): Uint8Array {
  const at = Math.floor(change.place * file.length);
  switch (change.type) {
    case "set": {
      const out = Uint8Array.from(file);
      out[at] = change.byte;
      return out;
    }
    case "word": {
      const out = Buffer.from(file);
      if (at + 4 <= out.length) out.writeUInt32BE(change.word, at);
      return new Uint8Array(out);
    }
    case "cut":
      return file.slice(0, at);
    case "drop":
      return Uint8Array.from([...file.subarray(0, at), ...file.subarray(at + change.length)]);
    case "repeat":
      return Uint8Array.from([...file.subarray(0, at + change.length), ...file.subarray(at)]);
    default:
      return change satisfies never;
  }
}
