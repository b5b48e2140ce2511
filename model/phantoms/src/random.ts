import type { Split } from "./phantom.ts";

/** Low and high, for `between()`. */
export type Range = readonly [low: number, high: number];

/** A seeded stream of random numbers; the same seed gives the same stream on every machine. */
export type Random = {
  /** In [0, 1). */
  uniform(): number;
  /** In [low, high). */
  between(low: number, high: number): number;
  /** A whole number, both ends included. */
  integer(low: number, high: number): number;
  /** Mean 0, standard deviation 1. */
  normal(): number;
  chance(probability: number): boolean;
  pick<T>(choices: readonly T[]): T;
  shuffle<T>(items: readonly T[]): T[];
};

/** A stream of its own for each split, seed, number and purpose. */
export function randomOf(split: Split, seed: number, index: number, purpose: string): Random {
  return randomSource(`${split}/${seed}/${index}/${purpose}`);
}

/** @param seed Any text. */
export function randomSource(seed: string): Random {
  let state = hashOf(seed);
  // mulberry32: 32 bits of state are plenty for one picture.
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const integer = (low: number, high: number): number =>
    low + Math.floor(uniform() * (high - low + 1));
  const pick = <T>(choices: readonly T[]): T => {
    const choice = choices[integer(0, choices.length - 1)];
    if (choice === undefined) throw new RangeError("Cannot pick as there are no choices");
    return choice;
  };
  return {
    uniform,
    between: (low, high) => low + uniform() * (high - low),
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    chance: (probability) => uniform() < probability,
    pick,
    shuffle: <T>(items: readonly T[]): T[] => {
      const left = [...items];
      return items.map(() => left.splice(integer(0, left.length - 1), 1)).flat();
    },
  };
}

/** FNV-1a, finished as in MurmurHash3 so that neighbouring seeds start far apart. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
