import type { Random } from "./random.ts";

/** A round place that something takes up, in body units. */
export type Disc = {
  readonly kind: string;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
};

/** A disc that has no place yet. */
export type Unplaced = Omit<Disc, "x" | "y">;

/**
 * Moves discs about until none touches another; those of one kind end at least three radii apart.
 *
 * @param room Half axes of the ellipse around the origin that holds them all.
 */
export function spread(
  discs: readonly Unplaced[],
  room: readonly [number, number],
  random: Random,
): readonly Disc[] {
  let places: Disc[] = [];
  for (let attempt = 0; attempt < 12; attempt++) {
    places = discs.map((disc) => {
      const [angle, reach] = [random.between(0, 2 * Math.PI), Math.sqrt(random.uniform())];
      const [x, y] = [room[0] * reach * Math.cos(angle), room[1] * reach * Math.sin(angle)];
      return contained({ ...disc, x, y }, room);
    });
    for (let round = 0; round < 80; round++) {
      if (!pushApart(places, room)) return places;
    }
  }
  return places; // Crowded, yet as far apart as the pushing went.
}

/** One round of pushing; false once every gap is wide enough. */
function pushApart(places: Disc[], room: readonly [number, number]): boolean {
  let isCrowded = false;
  for (const [first, here] of places.entries()) {
    for (let second = first + 1; second < places.length; second++) {
      const [one, other] = [places[first] ?? here, places[second] ?? here];
      const sum = one.radius + other.radius;
      const gap = one.kind === other.kind ? 1.5 * sum : 1.15 * sum + 0.03;
      const [dx, dy] = [other.x - one.x, other.y - one.y];
      const distance = Math.max(Math.hypot(dx, dy), 1e-6);
      if (distance >= gap - 0.004) continue;
      isCrowded = true;
      const push = (gap - distance) / 2 / distance;
      places[first] = contained(moved(one, -dx * push, -dy * push), room);
      places[second] = contained(moved(other, dx * push, dy * push), room);
    }
  }
  return isCrowded;
}

function moved(disc: Disc, dx: number, dy: number): Disc {
  return { ...disc, x: disc.x + dx, y: disc.y + dy };
}

/** The disc, pulled in where it would reach out of the ellipse. */
function contained(disc: Disc, [rx, ry]: readonly [number, number]): Disc {
  const out = Math.hypot(disc.x / (rx - disc.radius), disc.y / (ry - disc.radius));
  return out <= 1 ? disc : { ...disc, x: disc.x / out, y: disc.y / out };
}
