import type { Random } from "./random.ts";

const SIDE = 32;

/**
 * Smooth noise over the body, about -1 to 1.
 *
 * @param frequency Bumps in a body unit.
 */
export function smoothNoise(random: Random, frequency: number): (x: number, y: number) => number {
  const grid = Float32Array.from({ length: SIDE * SIDE }, () => random.between(-1, 1));
  const at = (column: number, row: number): number =>
    grid[(row & (SIDE - 1)) * SIDE + (column & (SIDE - 1))] ?? 0;
  return (x, y) => {
    const [u, v] = [(x + 8) * frequency, (y + 8) * frequency];
    const [column, row] = [Math.floor(u), Math.floor(v)];
    const [fx, fy] = [smoothstep(u - column), smoothstep(v - row)];
    const top = at(column, row) * (1 - fx) + at(column + 1, row) * fx;
    const bottom = at(column, row + 1) * (1 - fx) + at(column + 1, row + 1) * fx;
    return top * (1 - fy) + bottom * fy;
  };
}

function smoothstep(t: number): number {
  return t * t * (3 - 2 * t);
}
