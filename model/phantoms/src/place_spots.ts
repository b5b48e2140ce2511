import type { Random } from "./random.ts";
import type { Shape, Point } from "./shapes.ts";

/** A round thing, in body units. */
export type Spot = { readonly centre: Point; readonly radius: number };

type Placement = {
  /** Where the spots must lie. */
  readonly region: Shape;
  readonly radii: readonly number[];
  /** Least distance between two centres, in radii. */
  readonly spacing: number;
  /** Spots that are there already. */
  readonly taken: readonly Spot[];
  /** What the spots should not cover; leaving the region is worse, touching the worst. */
  readonly avoid: Shape;
};

/** Tries at the whole arrangement, and at each spot of it. */
const [ARRANGEMENTS, TRIES] = [50, 30];

/** Spots apart from one another; where there is too little room, the roomiest arrangement tried. */
export function placeSpots(placement: Placement, random: Random): readonly Spot[] {
  const { region, radii, spacing, taken, avoid } = placement;
  const [left, top, right, bottom] = region.bounds;
  let best: readonly Spot[] = [];
  let most = -Infinity;
  for (let arrangement = 0; arrangement < ARRANGEMENTS && most < 0; arrangement++) {
    const spots: Spot[] = [];
    let least = Infinity;
    for (const radius of radii) {
      let [spot, room]: [Spot, number] = [{ centre: [0, 0], radius }, -Infinity];
      for (let attempt = 0; attempt < TRIES && room < 0; attempt++) {
        const centre: Point = [random.between(left, right), random.between(top, bottom)];
        let apart = Infinity;
        for (const other of taken) apart = Math.min(apart, distance(centre, other) - 1.3 * radius);
        for (const other of spots) {
          apart = Math.min(apart, distance(centre, other) - (spacing - 1) * radius);
        }
        const inside = -region.distance(...centre) - radius - 0.02;
        const clear = avoid.distance(...centre) - 1.3 * radius;
        const here = Math.min(3 * apart, 2 * inside, clear);
        if (here > room) [spot, room] = [{ centre, radius }, here];
      }
      spots.push(spot);
      least = Math.min(least, room);
    }
    if (least > most) [best, most] = [spots, least];
  }
  return best;
}

/** From a point to a spot's edge. */
function distance([x, y]: Point, { centre: [cx, cy], radius }: Spot): number {
  return Math.hypot(x - cx, y - cy) - radius;
}
