import type { Random } from "./random.ts";
import { blob, type Shape } from "./shapes.ts";

/** A blob around the origin that works out its waves only near its edge: most of a picture is far from it. */
export function roundBody(
  axes: readonly [number, number],
  roughness: number,
  random: Random,
): Shape {
  const { distance, bounds } = blob([0, 0], axes, roughness, random);
  const most = bounds[2] / axes[0];
  const deep = 1.9 - most;
  return {
    distance: (x, y) => {
      const [u, v] = [x / axes[0], y / axes[1]];
      const reach = u * u + v * v;
      if (reach < deep * deep) return -0.5;
      return reach > most * most ? 1 : distance(x, y);
    },
    bounds,
  };
}
